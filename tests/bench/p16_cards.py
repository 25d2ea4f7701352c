"""Every card of every page of the bench's organisation, through the whole server in one process: the page's
callback is posted as a browser posts it, in a compliance officer's session. Cold: no answer is kept, though the
tables' handles are; warm: the same question again. The line of a page is its slowest card, 95th percentile over the
rounds. Pages about one thing (an order, an alert) are left out. The full demo is measured the same way by
``python -m tests.bench.p16_cards HOME``.
"""

import json
import logging
import statistics
import sys
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import dash
from flask.testing import FlaskClient

from app.actions import users
from app.actions._roles import console
from app.actions.sessions import open_session
from app.actions.sign_in import identity_of
from app.context import Context
from app.factory import create_app
from app.gateway.limits import Budgets
from app.storage.records.people import Organisation, User
from tests.bench._firm import SLUG, days, settings_of
from tests.bench._firm import quotes as quotes_of
from tests.bench._measure import Bench, Row

TITLE = "Cards of the pages"
HERE = "http://127.0.0.1"
COLD, WARM = 5, 15
COLD_GOAL_MS = 500


@dataclass(frozen=True)
class Card:
    """One card with the seconds of its rounds."""

    page: str
    name: str
    cold: tuple[float, ...]
    warm: tuple[float, ...]


def measure(bench: Bench) -> list[Row]:
    context = bench.firm.context
    bench.firm.land(quotes=quotes_of(days()[-22:]))
    made = users.create(
        context.database, console(SLUG), email="bench@bench.test", name="Bench", role="compliance", password="bench-passphrase-1"
    )  # fmt: skip
    cards = timed_cards(context, SLUG, made.id)
    return [*_rows(cards)]


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
    return statistics.quantiles(seconds, n=20, method="inclusive")[-1]


def timed_cards(context: Context, org: str, user_id: str) -> list[Card]:
    """Return every card of every page without a variable path, timed."""
    many = Budgets(**dict.fromkeys(Budgets.__dataclass_fields__, "100000000 per minute"))
    app = create_app(context=context, budgets=many)
    logging.getLogger().setLevel(logging.ERROR)
    client = _signed_in(app.server, context, org, user_id)
    calls = json.loads(client.get("/_dash-dependencies", base_url=HERE).data)
    found = []
    for page in [
        entry["page"] for entry in dash.page_registry.values() if entry["page"].path_template is None
    ]:
        for call in calls:
            name = _card_of(call, page.key)
            if name is None:
                continue
            body = _body(call, page.path)
            _post(client, body)  # imports and handles
            cold = tuple(_after(_forget, context, client, body) for _ in range(COLD))
            warm = tuple(_post(client, body) for _ in range(WARM))
            found.append(Card(page.path, name, cold, warm))
    return found


def _signed_in(server: Any, context: Context, org: str, user_id: str) -> FlaskClient:
    with context.database.session(org) as session:
        user, firm = session.get(User, user_id), session.get(Organisation, org)
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
        return [
            {"id": one["id"], "property": one["property"], "value": values.get(one["property"])}
            for one in items
        ]

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


def _post(client: FlaskClient, body: str) -> float:
    began = time.perf_counter()
    answered = client.post(
        "/_dash-update-component", data=body, content_type="application/json", base_url=HERE, headers={"Origin": HERE}
    )  # fmt: skip
    seconds = time.perf_counter() - began
    if answered.status_code not in (200, 204):
        raise AssertionError(f"answered {answered.status}: {answered.data[:300]!r}")
    return seconds


def _after(first: Any, context: Context, client: FlaskClient, body: str) -> float:
    first(context)
    return _post(client, body)


def _forget(context: Context) -> None:
    # Another release reads none of the answers kept by this one.
    context.cache._release = uuid4().hex


def _told(home: str, org: str = "halyard") -> None:
    context = Context.open(settings_of(Path(home)))
    with context.database.session(org) as session:
        user = session.query(User).filter(User.role == "compliance").first()
    cards = timed_cards(context, org, user.id)
    for card in sorted(cards, key=lambda one: -p95(one.cold)):
        sys.stdout.write(
            f"{card.page:32} {card.name:16} cold {p95(card.cold) * 1e3:7.1f} ms  warm {p95(card.warm) * 1e3:6.1f} ms\n"
        )


if __name__ == "__main__":
    _told(*sys.argv[1:])
