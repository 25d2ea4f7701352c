"""Every question about trading and the portfolio, asked of firms at the edge: a figure or a reason, never more.

No route may fail, hide a number that is not finite behind a null, or leave a null without a reason.
"""

import base64
import json
import math
import re
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from analytics.portfolio.limit_measures import MEASURES
from app.actions import keys, orgs, sessions, users
from app.actions import limits as bounds
from app.actions._roles import console
from app.factory import create_app
from app.gateway import limits
from app.jobs._queue import JobQueue
from app.jobs.derive import derive
from app.jobs.limits import monitor
from app.jobs.risk_models import refresh_risk
from app.scope import Identity
from tests.acceptance._edge_worlds import WORLDS
from tests.app._world import land
from tests.tenancy.conftest import HERE
from tests.tenancy.test_callbacks import body_of, call, value_of
from tests.world import open_context

SECTIONS = ("/api/trading/", "/api/portfolio/")
# Plain, narrowed to what is there, to what is not, and to days on which nothing happened.
QUESTIONS = (
    "",
    "?account=A1&desk=D1",
    "?trader=T1",
    "?instrument=AAA",
    "?instrument=NOPE",
    "?account=A2",
    "?from=2031-01-01&to=2031-02-01",
    "?from=2026-11-20&to=2026-11-20",
    "?currency=CHF",
)
# What a route cannot be asked without.
NEEDED = {"/api/portfolio/performance/readings": "metric=sharpe_ratio"}
# Routes that make a file of orders refuse to make an empty one.
REFUSING = {"/api/portfolio/what-if/orders"}
ON_SCREEN = re.compile(r"(?<![\w+/])(NaN|nan|Infinity|inf|None)(?![\w+/=])|\\u221e")
# What a card keeps to know whether it was asked the same again.
KEPT = re.compile(r'--key":\{"data":"[^"]*"\}')
PACKED = re.compile(r'"bdata":"([^"]*)"')


@dataclass
class Firms:
    server: Any
    keys: dict[str, str]
    tokens: dict[str, str]
    context: Any
    cards: list[dict[str, Any]] = field(default_factory=list)

    def ask(self, world: str, path: str, method: str = "GET", **more: Any) -> Any:
        return self.server.test_client().open(
            path,
            method=method,
            base_url=HERE,
            headers={"Authorization": f"Bearer {self.keys[world]}"},
            **more,
        )

    def routes(self, method: str = "GET") -> list[str]:
        return sorted(
            rule.rule
            for rule in self.server.url_map.iter_rules()
            if rule.rule.startswith(SECTIONS) and method in (rule.methods or ())
        )


@pytest.fixture(scope="module")
def firms(tmp_path_factory) -> Firms:
    """Return one installation in which every world is an organisation, brought up to date by the jobs."""
    context = open_context(tmp_path_factory.mktemp("edges"))
    credentials, tokens = {}, {}
    for number, (name, tables) in enumerate(WORLDS.items()):
        org = f"edge{number}"
        orgs.create(context.database, console(org), slug=org, name=name.title())
        made = tables()
        if made:
            land(context, org, **made)
        for measure, about in MEASURES.items():
            bounds.add(
                context.database,
                replace(console(org), role="risk"),
                name=about.title,
                measure=measure,
                value=Decimal("0.01"),
                unit=about.unit,
                valid_from=date(2020, 1, 1),
            )
        derive(context, org, cause="test")
        monitor(context, org, cause="test")
        _, credentials[name] = keys.create(
            context.database, console(org), name="key", role="risk", scopes=("read", "write"), desks=None
        )
        user = users.create(
            context.database, console(org), email=f"risk@{org}.example", name="Risk", role="risk"
        )
        identity = Identity(org=org, user_id=user.id, name="Risk", role="risk")
        tokens[name] = sessions.open_session(context.database, identity)
    generous = limits.Budgets(**dict.fromkeys(limits.Budgets.__dataclass_fields__, "1000000/minute"))
    app = create_app(context=context, budgets=generous)
    # A NaN would otherwise be answered as a null and only logged.
    app.server.json.strict = True
    made = Firms(app.server, credentials, tokens, context)
    known = browser(made, "nothing").get("/_dash-dependencies", base_url=HERE).get_json()
    made.cards = [
        one
        for one in known
        if not one.get("clientside_function") and re.match(r'[.{"a-z:]*(trading|portfolio)-', one["output"])
    ]
    return made


def browser(firms: Firms, world: str) -> Any:
    client = firms.server.test_client()
    client.set_cookie("qd_session", firms.tokens[world], domain="127.0.0.1")
    return client


def sent(item: dict[str, Any], canary: str) -> Any:
    return "" if item["property"] == "search" else value_of(item, canary)


def unexplained(data: Any, *, reasons: str = "", where: str = "$") -> list[str]:
    """Return where a measure is null although nothing says why."""
    found: list[str] = []
    if isinstance(data, dict):
        if {"name", "value", "unit"} <= data.keys() and data["value"] is None and not data.get("reason"):
            found.append(f"{where} ({data['name']})")
        for name, value in data.items():
            found += unexplained(value, where=f"{where}.{name}")
    elif isinstance(data, list):
        for place, value in enumerate(data):
            found += unexplained(value, where=f"{where}[{place}]")
    return found


def not_finite(data: Any) -> bool:
    if isinstance(data, dict):
        return any(not_finite(value) for value in data.values())
    if isinstance(data, list):
        return any(not_finite(value) for value in data)
    return isinstance(data, float) and not math.isfinite(data)


def points(packed: str) -> Any:
    """Return the numbers of a plot; NaN is how a gap is drawn."""
    return np.frombuffer(base64.b64decode(json.loads(f'"{packed}"')), dtype="<f8")


@pytest.mark.parametrize("world", WORLDS)
def test_every_route_answers_with_figures_or_reasons(firms, world):
    failures: list[tuple[Any, ...]] = []
    turn = list(WORLDS).index(world)
    for place, rule in enumerate(firms.routes()):
        # Every question meets every route in one world or another, and the plain one in all of them.
        for query in ("", QUESTIONS[1 + (turn + place) % (len(QUESTIONS) - 1)]):
            more = NEEDED.get(rule, "")
            path = (
                rule.replace("<order_id>", "O1")
                + query
                + ("&" if query and more else "?" if more else "")
                + more
            )
            answer = firms.ask(world, path)
            allowed = {200, 404} if "<" in rule else {200, 422} if rule in REFUSING else {200}
            if answer.status_code not in allowed:
                failures.append((path, answer.status_code, answer.get_data(as_text=True)[:300]))
            elif answer.status_code == 200 and answer.is_json:
                body = answer.get_json()
                failures += [(path, "not finite")] if not_finite(body) else []
                failures += [(path, "null without a reason", at) for at in unexplained(body)[:3]]
    assert not failures


# What can be asked with a body: route, and what is asked of it in every world.
SHOCKS = {"instrument": {"AAA": -1.0, "BBB": 10.0}, "sector": {"Tech": -0.3}, "currency": {"EUR": -0.1}}
POSTED: dict[str, tuple[dict[str, Any], ...]] = {
    "/api/portfolio/stress": (
        {},
        {"shocks": {"factor": {"market": -0.2}}},
        {"shocks": SHOCKS},
        {"shocks": {"instrument": {"NOPE": 0.5}}},
        {"episode": "crisis_2007"},
        {"episode": "no_such_episode"},
        {"shocks": {"factor": {"market": -0.1}}, "reverse": {"loss": 1e15}},
        {"shocks": {"factor": {"market": 0.0}}, "reverse": {"loss": 0.01}},
        {"reverse": {"loss_nav": 1.0}},
        {"name": "Kept", "shocks": SHOCKS, "save": True},
    ),
    "/api/portfolio/what-if/scenarios": (
        {"name": "Half", "targets": "AAA:0.5"},
        {"name": "Short", "targets": "AAA:-10,BBB:10"},
        {"name": "Not held", "targets": "NOPE:0.1"},
        {"name": "No number", "targets": "AAA:NaN"},
    ),
    "/api/compliance/limits": (
        {"name": "Huge", "measure": "gross_exposure", "value": "1e30"},
        {"name": "Tiny", "measure": "leverage", "value": "0.000001"},
        {"name": "Nought", "measure": "drawdown", "value": "0"},
        {"name": "Nobody", "measure": "gross_exposure", "value": "1", "subject_kind": "desk", "subject_id": "NOPE"},
        {"name": "No measure", "measure": "luck", "value": "1"},
    ),
}  # fmt: skip
TARGETS = ("AAA:0.5", "AAA:-10,BBB:10", "AAA:0,BBB:0", "NOPE:0.1")
OBJECTIVES = (
    {"objective": "minimum_variance", "max_weight": 0.01},
    {"objective": "equal_weight", "long_only": False},
    {"objective": "maximum_ratio", "max_turnover": 0.0001},
    {"objective": "risk_budgeting", "budget": 10},
    {"objective": "hierarchical_risk_parity"},
    {"objective": "minimum_cvar", "max_sector": 0.2},
)


def faults(answer: Any, asked: Any, allowed: set[int]) -> list[tuple[Any, ...]]:
    """Return what is wrong with an answer: a status nobody declared, a number that is none, a null unexplained."""
    if answer.status_code not in allowed:
        return [(asked, answer.status_code, answer.get_data(as_text=True)[:300])]
    body = answer.get_json()
    found: list[tuple[Any, ...]] = [(asked, "not finite")] if not_finite(body) else []
    if answer.status_code >= 400:
        return found + ([] if body["detail"] else [(asked, "refused without a reason")])
    data = body["data"]
    found += [(asked, "null without a reason", at) for at in unexplained(data)[:3]]
    if isinstance(data, dict) and "pnl" in data and data["pnl"] is None and not data["reason"]:
        found.append((asked, "no P&L and no reason"))
    return found


def test_every_route_that_takes_a_body_is_asked_here(firms):
    asked = {*POSTED, "/api/portfolio/optimise"}
    routes = [*firms.routes("POST"), "/api/compliance/limits"]
    assert set(routes) == asked


@pytest.mark.parametrize("world", WORLDS)
def test_every_question_with_a_body_is_answered_or_refused_with_a_reason(firms, world):
    failures: list[tuple[Any, ...]] = []
    turn = list(WORLDS).index(world)
    for path, bodies in POSTED.items():
        for body in bodies:
            answer = firms.ask(world, path, "POST", json=body)
            failures += faults(answer, (path, body), {200, 201, 422})
    # Every pair of targets meets every kind of world in one of them or another.
    for targets in (TARGETS[turn % 4], TARGETS[(turn + 1) % 4]):
        path = f"/api/portfolio/what-if?targets={targets}"
        failures += faults(firms.ask(world, path), path, {200, 422})
        made = firms.ask(world, path.replace("what-if", "what-if/orders"))
        assert made.status_code in {200, 422}, (path, made.status_code)
        assert not ON_SCREEN.search(made.get_data(as_text=True)), path
    # What was set or kept above stands in these now.
    for path in ("/api/compliance/limits", "/api/portfolio/stress", "/api/portfolio/what-if/scenarios"):
        failures += faults(firms.ask(world, path), path, {200})
    for limit in firms.ask(world, "/api/compliance/limits").get_json()["data"]:
        if limit["name"] in {"Huge", "Tiny", "Nobody"}:
            path = f"/api/compliance/limits/{limit['limit_id']}"
            failures += faults(firms.ask(world, path), path, {200})
            failures += faults(firms.ask(world, f"{path}/retire", "POST", json={}), path, {200})
    assert not failures
    market = {"shocks": {"factor": {"market": -0.2}}}
    assert firms.ask(world, "/api/portfolio/stress", "POST", json=market).status_code == 200
    assert (
        firms.ask(world, "/api/portfolio/stress", "POST", json={"episode": "crisis_2007"}).status_code == 200
    )


@pytest.mark.parametrize("world", WORLDS)
def test_what_is_optimised_is_ready_or_infeasible_with_a_reason(firms, world):
    turn = list(WORLDS).index(world)
    body = OBJECTIVES[turn % len(OBJECTIVES)]
    accepted = firms.ask(world, "/api/portfolio/optimise", "POST", json=body)
    assert accepted.status_code == 202, accepted.get_data(as_text=True)
    JobQueue(firms.context)._work(accepted.get_json()["data"]["request_id"])
    done = firms.ask(world, "/api/portfolio/optimise", "POST", json=body)
    assert done.status_code == 200
    found = done.get_json()["data"]
    assert not not_finite(found)
    assert found["state"] in {"ready", "infeasible"}, found
    assert found["state"] == "ready" or found["result"]["reason"]


@pytest.mark.slow
@pytest.mark.parametrize("world", WORLDS)
def test_every_card_shows_a_figure_or_says_why_not(firms, world):
    assert len(firms.cards) > 30
    failures = []
    client = browser(firms, world)
    for callback in firms.cards:
        answer = call(client, body_of(callback, "x", sent))
        text = answer.get_data(as_text=True)
        if answer.status_code >= 400:
            failures.append((callback["output"], answer.status_code, text[:300]))
        elif '"data-state":"error"' in text.replace(" ", ""):
            failures.append((callback["output"], "error", text[:600]))
        words = KEPT.sub("", PACKED.sub("", text))
        if found := ON_SCREEN.search(words):
            failures.append(
                (callback["output"], found.group(), words[max(0, found.start() - 80) : found.end() + 40])
            )
        if any(np.isinf(points(packed)).any() for packed in PACKED.findall(text)):
            failures.append((callback["output"], "an infinity in a plot", ""))
    assert not failures, json.dumps(failures, indent=1)[:4000]


@pytest.mark.slow
@pytest.mark.parametrize(
    "world",
    [
        "nothing",
        "one observation",
        "zero variance",
        "only losses",
        "delisted",
        "owing",
        "no rate",
        "extremes",
    ],
)
def test_the_nightly_risk_models_keep_figures_or_reasons(firms, world):
    kept = refresh_risk(firms.context, f"edge{list(WORLDS).index(world)}", cause="test")
    assert not not_finite(json.loads(json.dumps(kept, default=str)))
    for path in ("/api/portfolio/risk", "/api/portfolio/risk/backtest"):
        answer = firms.ask(world, path)
        assert answer.status_code == 200
        assert unexplained(answer.get_json()) == []
