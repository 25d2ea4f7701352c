"""Every card of every page of the bench's organisation, through the whole server in one process: the page's
callback is posted as a browser posts it, in a compliance officer's session. Cold: no answer is kept, though the
tables' handles are; warm: the same question again. The line of a page is its slowest card, 95th percentile over the
rounds. Of the pages about one thing only the order's is measured, about the last order that was filled. Any home is
measured the same way, page by page, by ``python -m tests.bench.p16_cards HOME``, with the seconds of processor beside
those on the clock, and the most memory that the process held.
"""

import argparse
import json
import logging
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import dash
import polars as pl
from flask.testing import FlaskClient

from analytics.datasets import EXECUTIONS
from app.actions import users
from app.actions._roles import console
from app.actions.sessions import open_session
from app.actions.sign_in import identity_of
from app.context import Context
from app.factory import create_app
from app.gateway.limits import Budgets
from app.jobs.warm import warm
from app.storage.records.people import Organisation, User
from tests.bench._firm import SLUG, days, settings_of
from tests.bench._firm import quotes as quotes_of
from tests.bench._measure import Bench, Row

TITLE = "Cards of the pages"
HERE = "http://127.0.0.1"
COLD = 5  # cold questions of each card, and three times as many warm
COLD_GOAL_MS = 500


@dataclass(frozen=True)
class Card:
    """One card with the seconds of its rounds, on the clock and (``cold_cpu``) of the processor."""

    page: str
    name: str
    cold: tuple[float, ...]
    warm: tuple[float, ...]
    cold_cpu: tuple[float, ...]
    peak: float  # bytes that the process held at most meanwhile


@dataclass(frozen=True)
class Asked:
    """One question: seconds on the clock and of the processor, and the bytes held at most meanwhile."""

    seconds: float
    cpu: float
    peak: float


def measure(bench: Bench) -> list[Row]:
    context = bench.firm.context
    bench.firm.land(quotes=quotes_of(days()[-22:]))
    made = users.create(
        context.database, console(SLUG), email="bench@bench.test", name="Bench", role="compliance", password="bench-passphrase-1"
    )  # fmt: skip
    return _rows(list(timed_cards(context, SLUG, made.id)))


def _rows(cards: list[Card]) -> list[Row]:
    by_page = defaultdict(list)
    for card in cards:
        by_page[card.page].append(card)
    rows = []
    for page, found in sorted(by_page.items()):
        cold = max(found, key=lambda card: p95(card.cold))
        warm = max(found, key=lambda card: p95(card.warm))
        rows.append(
            Row(
                f"{page}, slowest card cold ({cold.name})",
                p95(cold.cold) * 1e3,
                "ms",
                goal=COLD_GOAL_MS,
                note=f"{len(found)} cards; slowest warm {warm.name} {p95(warm.warm) * 1e3:.0f} ms",
            )
        )
    return rows


def p95(seconds: tuple[float, ...]) -> float:
    """Return the 95th percentile, between the two nearest rounds."""
    if len(seconds) == 1:
        return seconds[0]
    return statistics.quantiles(seconds, n=20, method="inclusive")[-1]


def timed_cards(
    context: Context,
    org: str,
    user_id: str,
    *,
    pages: list[str] | None = None,
    rounds: int = COLD,
    ahead: bool = False,
) -> Iterator[Card]:
    """Yield every card of every page, or of those whose address begins with one of ``pages``, timed.

    ``ahead``: the job ``warm`` has run before the cards of a page are asked for, as it has after an import. What
    it asked itself is kept then; the rest rests on what it measured on the way.
    """
    many = Budgets(**dict.fromkeys(Budgets.__dataclass_fields__, "100000000 per minute"))
    app = create_app(context=context, budgets=many)
    logging.getLogger().setLevel(logging.ERROR)
    client = _signed_in(app.server, context, org, user_id)
    calls = json.loads(client.get("/_dash-dependencies", base_url=HERE).data)

    def forget() -> None:
        # Another release reads none of the answers kept by this one.
        context.cache._release = uuid4().hex

    for key, path in _paths(context, org):
        if pages and not path.startswith(tuple(pages)):
            continue
        bodies = {name: _body(call, path) for call in calls if (name := _card_of(call, key))}
        if rounds > 1:
            for body in bodies.values():
                _post(client, body)  # imports and handles
        cold: dict[str, list[Asked]] = {name: [] for name in bodies}
        kept: dict[str, list[float]] = {name: [] for name in bodies}
        for _ in range(rounds):
            if ahead:
                forget()
                warm(context, org, cause="bench")
            for name, body in bodies.items():
                if not ahead:
                    forget()
                cold[name].append(_post(client, body))
                kept[name] += [_post(client, body).seconds for _ in range(3)]
        for name, found in cold.items():
            peak = max(one.peak for one in found)
            seconds, cpu = (tuple(getattr(one, what) for one in found) for what in ("seconds", "cpu"))
            yield Card(path, name, seconds, tuple(kept[name]), cpu, peak)


def _paths(context: Context, org: str) -> list[tuple[str, str]]:
    """Return the page keys with the address to ask for."""
    found = []
    for page in [entry["page"] for entry in dash.page_registry.values()]:
        if page.path_template is None:
            found.append((page.key, page.path))
        elif page.path_template == "/trading/orders/<order_id>":
            rows = context.lake.scan(org, EXECUTIONS).filter(pl.col("order_id").is_not_null())
            last = rows.select("order_id", "transact_time_ns").top_k(1, by="transact_time_ns").collect()
            found += [(page.key, f"/trading/orders/{name}") for name in last["order_id"]]
    return found


def _signed_in(server: Any, context: Context, org: str, user_id: str) -> FlaskClient:
    with context.database.session(org) as session:
        user, firm = session.get_one(User, user_id), session.get_one(Organisation, org)
        identity = identity_of(user, firm)
    client: FlaskClient = server.test_client()
    client.set_cookie("qd_session", open_session(context.database, identity), domain="127.0.0.1")
    return client


def _card_of(call: dict[str, Any], key: str) -> str | None:
    """Return which card of the page a callback fills, if it fills one."""
    first = call["output"].strip(".").split("...")[0]
    item, _, prop = first.rpartition(".")
    parts = item.split("--")
    if call.get("clientside_function") or prop != "children" or len(parts) != 2 or parts[0] != key:
        return None
    asked = {f"{given['id']}.{given['property']}" for given in call["inputs"]}
    return parts[1] if "url.search" in asked or any(name.endswith(".search") for name in asked) else None


def _body(call: dict[str, Any], path: str) -> str:
    values = {"search": "", "pathname": path, "data": None}

    def sent(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [one | {"value": value_of(one)} for one in items]

    def value_of(one: dict[str, Any]) -> Any:
        # What the page is about stands in a store of its own.
        return path.rpartition("/")[2] if one["id"].endswith("--id") else values.get(one["property"])

    output = call["output"]
    names = output[2:-2].split("...") if output.startswith("..") else [output]
    outputs = [dict(zip(("id", "property"), name.rsplit(".", 1), strict=True)) for name in names]
    inputs = sent(call["inputs"])
    return json.dumps(
        {
            "output": output,
            "outputs": outputs if output.startswith("..") else outputs[0],
            "inputs": inputs,
            "state": sent(call["state"]),
            "changedPropIds": [f"{inputs[0]['id']}.{inputs[0]['property']}"],
        }
    )


def _post(client: FlaskClient, body: str) -> Asked:
    _forget_peak()
    began, busy = time.perf_counter(), time.process_time()
    answered = client.post(
        "/_dash-update-component", data=body, content_type="application/json", base_url=HERE, headers={"Origin": HERE}
    )  # fmt: skip
    found = Asked(time.perf_counter() - began, time.process_time() - busy, _peak())
    if answered.status_code not in (200, 204):
        raise AssertionError(f"answered {answered.status}: {answered.data[:300]!r}")
    return found


def _forget_peak() -> None:
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _peak() -> float:
    """Return the most memory held since it was forgotten, in bytes; 0 where the system does not tell."""
    told = Path("/proc/self/status")
    lines = told.read_text().splitlines() if told.exists() else []
    return next((float(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")), 0.0)


def _told(argv: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.p16_cards", description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("org", nargs="?", default="halyard")
    parser.add_argument("--pages", nargs="*", help="addresses that the pages begin with; all when left out")
    parser.add_argument("--rounds", type=int, default=COLD, help="cold questions of each card")
    parser.add_argument("--ahead", action="store_true", help="run the warm job before each round")
    asked = parser.parse_args(argv)
    context = Context.open(settings_of(asked.home))
    with context.database.session(asked.org) as session:
        user = session.query(User).filter(User.role == "compliance").limit(1).one()
    cards = timed_cards(
        context, asked.org, user.id, pages=asked.pages, rounds=asked.rounds, ahead=asked.ahead
    )
    for card in cards:
        sys.stdout.write(
            f"{card.page:32} {card.name:16} cold {p95(card.cold) * 1e3:8.1f} ms (processor {p95(card.cold_cpu) * 1e3:8.1f})"
            f"  warm {p95(card.warm) * 1e3:6.1f} ms  at most {card.peak / 2**20:6.0f} MiB\n"
        )
        sys.stdout.flush()


if __name__ == "__main__":
    _told(sys.argv[1:])
