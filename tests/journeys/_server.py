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
            process.kill()
            raise AssertionError(f"the server did not start:\n{log.read_text()[-4000:]}")
        time.sleep(0.2)
    return server


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
