"""The product as an operator starts it: one command, a home folder, a signal to stop."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parents[2]
START_S = 180  # for machines that do other things too
STOP_S = 120
END_S = 20  # for one that nobody needs any more


def seed_home(home: Path, size: str = "small") -> None:
    """Make the demo organisations in ``home``."""
    command = [sys.executable, "app.py", "demo", "--size", size, "--json"]
    subprocess.run(command, cwd=ROOT, env=environment(home), check=True, capture_output=True, timeout=280)


def environment(home: Path) -> dict[str, str]:
    """Return the settings of a server in ``home``, whatever this shell has set."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("QUARTERDECK_")}
    return kept | {"QUARTERDECK_HOME": str(home), "QUARTERDECK_LOG_FORMAT": "json"}


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Server:
    """A running installation."""

    home: Path
    port: int
    process: "subprocess.Popen[bytes]"
    log: Path

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def stop(self) -> int:
        """Ask it to stop, as a service manager does; returns its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_S)

    def end(self) -> None:
        """End it with all it started, whatever state it is in: nothing of it is left behind."""
        left = _family(self.process.pid)
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)  # it ends its children in order
            try:
                self.process.wait(END_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for one, born in left.items():
            if _born(one) == born:  # the same process still, not one that was given its number since
                os.kill(one, signal.SIGKILL)

    def complaints(self) -> list[str]:
        """Return what the server logged as gone wrong."""
        return [line for line in self.log.read_text().splitlines() if _is_bad(line)]


def start(home: Path) -> Server:
    """Start the server with its worker on a free port and wait until it says that it is ready."""
    port, log = free_port(), home / "server.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "app.py", "serve", "--port", str(port)],
            cwd=ROOT,
            env=environment(home),
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    server = Server(home, port, process, log)
    deadline = time.monotonic() + START_S
    while not _ready(server.base):
        if process.poll() is not None or time.monotonic() > deadline:
            server.end()
            raise AssertionError(f"the server did not start:\n{log.read_text()[-4000:]}")
        time.sleep(0.2)
    return server


def _family(pid: int) -> dict[int, str]:
    """Return what a process started, and what these did: process id to when each was born."""
    found: dict[int, str] = {}
    for path in Path("/proc").glob("[0-9]*"):
        chain, one = [], int(path.name)
        while one not in {0, 1, pid} and (parent := _stat(one)[1]) is not None:
            chain.append(one)
            one = int(parent)
        if one == pid:
            found |= {each: _born(each) or "" for each in chain}
    return found


def _born(pid: int) -> str | None:
    """Return when a process was born, in ticks since the machine was; None where there is none that runs."""
    state, _, born = _stat(pid)
    return None if state == "Z" else born


def _stat(pid: int) -> tuple[str | None, str | None, str | None]:
    """Return state, parent and birth of a process; None each where there is none."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None, None, None
    return fields[0], fields[1], fields[19]


def _ready(base: str) -> bool:
    try:
        with urlopen(f"{base}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def _is_bad(line: str) -> bool:
    try:
        said: Any = json.loads(line)
    except ValueError:
        return line.startswith("Traceback")
    return isinstance(said, dict) and str(said.get("level", "")).lower() in {"error", "critical"}
