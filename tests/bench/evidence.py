"""The evidence screen of every alert of one firm, over HTTP: all cards that stand on its page, and the REST answer.

A server of its own runs on a copy of a home in a child process. Each alert is asked once unmeasured and then
``--rounds`` times; a page is the sum of its cards, one after the other, its slowest card is what a browser that
asks for them at once waits for at least. Seconds of the server's processor stand beside those on the clock, which
mean something on an idle machine only. Run by ``python -m tests.bench.evidence HOME [ORG]``.
"""

import argparse
import http.client
import json
import logging
import multiprocessing
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from werkzeug.serving import make_server

from app.actions.sessions import open_session
from app.actions.sign_in import identity_of
from app.context import Context
from app.factory import create_app
from app.gateway.limits import Budgets
from app.gateway.pauses import spare_start
from app.queries.evidence_cards import chosen
from app.storage.records.people import Organisation, User
from tests.bench._firm import settings_of
from tests.bench.p16_cards import _body, _card_of, p95

PAGE = "compliance-alert"
# What stands on the page of every alert, beside the evidence that its rule chooses.
STANDING = ("story", "measures", "pins", "rule", "similar", "related", "decision", "queue")
GOAL_MS = 300
TICK = os.sysconf("SC_CLK_TCK")


@dataclass
class Timed:
    """Seconds on the clock and of the server's processor of what was asked of one alert."""

    detector: str
    page: list[float] = field(default_factory=list)
    slowest: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    rest: list[float] = field(default_factory=list)
    rest_cpu: list[float] = field(default_factory=list)
    cards: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))


def serve(home: str, port: Any) -> None:
    """Serve a home until killed; ``port`` is told once it is known."""
    many = Budgets(**dict.fromkeys(Budgets.__dataclass_fields__, "100000000 per minute"))
    app = create_app(context=Context.open(settings_of(Path(home))), budgets=many)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, app.server, threaded=True)
    spare_start()  # as the server of an installation does
    port.value = server.server_port
    server.serve_forever()


class Server:
    """A connection to the server, as one signed in, and what its process has used."""

    def __init__(self, pid: int, port: int, cookie: str) -> None:
        self.pid, self.here = pid, f"http://127.0.0.1:{port}"
        self.cookie = cookie
        self.wire = http.client.HTTPConnection(urlsplit(self.here).netloc, timeout=120)

    def cpu(self) -> float:
        """Return the seconds of processor used so far, in steps of a hundredth."""
        parts = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(parts[11]) + int(parts[12])) / TICK

    def ask(self, path: str, body: str | None = None) -> tuple[float, bytes]:
        """Return the seconds on the clock and the answer."""
        heads = {
            "Cookie": f"qd_session={self.cookie}",
            "Origin": self.here,
            "Content-Type": "application/json",
        }
        began = time.perf_counter()
        self.wire.request("GET" if body is None else "POST", path, body, heads)
        answered = self.wire.getresponse()
        data = answered.read()
        if answered.status not in (200, 204):
            raise AssertionError(f"{path} answered {answered.status}: {data[:300]!r}")
        return time.perf_counter() - began, data


def measured(server: Server, org: str, *, rounds: int) -> list[Timed]:
    """Return the times of every alert of the firm, in the order of the queue."""
    calls = json.loads(server.ask("/_dash-dependencies")[1])
    by_card = {name: call for call in calls if (name := _card_of(call, PAGE))}
    found: list[Timed] = []
    for alert in _alerts(server):
        path = f"/compliance/alerts/{alert['alert_id']}"
        bodies = {name: _body(by_card[name], path) for name in alert["cards"] if name in by_card}
        timed = Timed(alert["detector"])
        for turn in range(rounds + 1):
            busy = server.cpu()
            each = {name: server.ask("/_dash-update-component", body)[0] for name, body in bodies.items()}
            drawn = server.cpu()
            rest = server.ask(f"/api{path}/evidence")[0]
            answered = server.cpu()
            if not turn:
                continue
            timed.page.append(sum(each.values()))
            timed.slowest.append(max(each.values()))
            timed.cpu.append(drawn - busy)
            timed.rest.append(rest)
            timed.rest_cpu.append(answered - drawn)
            for name, seconds in each.items():
                timed.cards[name].append(seconds)
        found.append(timed)
    if not found:
        raise AssertionError(f"{org} has no alert to measure")
    return found


def _alerts(server: Server) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    after = ""
    while True:
        page = json.loads(server.ask(f"/api/compliance/alerts?limit=200{after}")[1])
        for row in page["data"]:
            whole = json.loads(server.ask(f"/api/compliance/alerts/{row['alert_id']}")[1])["data"]
            window = {name: _moment(value) for name, value in whole["window"].items()}
            found.append(whole | {"cards": (*STANDING, *chosen(whole | {"window": window}))})
        if not page["meta"]["next_cursor"]:
            return found
        after = f"&cursor={page['meta']['next_cursor']}"


def _moment(value: str | None) -> Any:
    return None if value is None else datetime.fromisoformat(value)


def told(found: list[Timed]) -> str:
    """Return the report: the whole firm, then each kind of alert, the slowest first."""

    def line(words: str, rows: list[Timed]) -> str:
        parts = []
        for name in ("page", "slowest", "rest"):
            seconds = tuple(one for row in rows for one in getattr(row, name))
            parts.append(
                f"{name} p50 {statistics.median(seconds) * 1e3:5.0f} p95 {p95(seconds) * 1e3:5.0f} ms"
            )
        # One reading of the processor is coarse; the mean over many is not.
        parts += [
            f"{name} mean {statistics.fmean(s for row in rows for s in getattr(row, name)) * 1e3:5.0f} ms"
            for name in ("cpu", "rest_cpu")
        ]
        return f"{words:26} " + "  ".join(parts)

    kinds: dict[str, list[Timed]] = defaultdict(list)
    cards: dict[str, list[float]] = defaultdict(list)
    for row in found:
        kinds[row.detector].append(row)
        for name, seconds in row.cards.items():
            cards[name] += seconds
    lines = [line(f"all {len(found)} alerts", found)]
    lines += [
        line(name, rows)
        for name, rows in sorted(kinds.items(), key=lambda kind: -max(p95(tuple(r.page)) for r in kind[1]))
    ]
    for name, seconds in sorted(cards.items(), key=lambda card: -p95(tuple(card[1]))):
        lines.append(
            f"  card {name:20} p50 {statistics.median(seconds) * 1e3:6.1f} p95 {p95(tuple(seconds)) * 1e3:6.1f} ms"
        )
    worst = p95(tuple(s for row in found for s in row.page)) * 1e3
    lines.append(
        f"goal {GOAL_MS} ms at the 95th percentile of a whole page: {'met' if worst <= GOAL_MS else 'missed'}"
    )
    return "\n".join(lines) + "\n"


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.evidence", description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("org", nargs="?", default="halyard")
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="quarterdeck-bench-") as folder:
        home = Path(folder) / "home"
        shutil.copytree(asked.home, home, ignore=shutil.ignore_patterns("run"))
        (home / "run").mkdir()
        context = Context.open(settings_of(home))
        with context.database.session(asked.org) as session:
            user = session.query(User).filter(User.role == "compliance").limit(1).one()
            identity = identity_of(user, session.get_one(Organisation, asked.org))
        cookie = open_session(context.database, identity)
        spawn = multiprocessing.get_context("spawn")
        port = spawn.Value("i", 0)
        child = spawn.Process(target=serve, args=(str(home), port), daemon=True)
        child.start()
        try:
            while not port.value:
                if not child.is_alive():
                    raise AssertionError("the server did not start")
                time.sleep(0.1)
            found = measured(Server(child.pid or 0, port.value, cookie), asked.org, rounds=asked.rounds)
        finally:
            child.terminate()
            child.join()
    sys.stdout.write(told(found))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
