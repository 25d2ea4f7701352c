"""Stress and what-if over REST: owner, a colleague bound to another desk, a stranger; what is refused."""

import csv
import io

import pytest

from app.actions import scenarios
from app.jobs._queue import JobQueue
from app.queries import stress, what_if
from tests.tenancy.conftest import HERE

SHOCK = {"shocks": {"sector": {"Energy": -0.2}}}


@pytest.fixture
def ask(installation):
    """Return a function that calls a route with the key of a role of a firm."""

    def call(role, method, path, *, firm=None, body=None, **headers):
        key = (firm or installation.one).keys[role]
        return installation.client().open(
            f"/api/portfolio/{path}",
            method=method,
            json=body,
            headers={"Authorization": f"Bearer {key}"} | {k.replace("_", "-"): v for k, v in headers.items()},
            base_url=HERE,
        )

    return call


def desk_of(installation, role):
    from app.desk import Desk
    from app.scope import Scope

    context = installation.context
    return Desk(context.lake, context.database, installation.one.people[role], Scope())


def test_the_catalogue_is_the_question_the_card_asks(installation, ask):
    answer = ask("risk", "GET", "stress").json["data"]
    found = stress.catalogue(desk_of(installation, "risk"))
    assert [row["pnl"] for row in answer["scenarios"]] == [row["pnl"] for row in found["scenarios"]]
    assert len(answer["scenarios"]) >= 11


def test_a_shock_hits_what_each_may_see(installation, ask):
    # The firm bought 100 AAA on desk 1 and sold 100 on desk 2: in all it holds nothing.
    whole = ask("risk", "POST", "stress", body=SHOCK).json["data"]
    owner = ask("trader", "POST", "stress", body=SHOCK).json["data"]
    colleague = ask("portfolio_manager", "POST", "stress", body=SHOCK).json["data"]
    assert owner["pnl"] == pytest.approx(-0.2 * 100 * 120)
    assert colleague["pnl"] == pytest.approx(0.2 * 100 * 120)
    assert whole["pnl"] == pytest.approx(0)
    stranger = ask("risk", "POST", "stress", firm=installation.other, body=SHOCK)
    assert installation.one.canary not in stranger.text


def test_a_scenario_is_kept_once_under_its_key_and_removed_by_its_owner(installation, ask):
    body = SHOCK | {"name": "Oil falls", "save": True}
    first = ask("risk", "POST", "stress", body=body, Idempotency_Key="s1")
    again = ask("risk", "POST", "stress", body=body, Idempotency_Key="s1")
    assert (first.status_code, again.data) == (201, first.data)
    scenario = first.json["data"]["id"]
    assert ask("risk", "POST", "stress", body=body).status_code == 409
    assert scenario in {row["id"] for row in ask("auditor", "GET", "stress").json["data"]["scenarios"]}
    assert ask("portfolio_manager", "DELETE", f"stress/{scenario}").status_code == 404
    assert ask("risk", "DELETE", f"stress/{scenario}", firm=installation.other).status_code == 404
    assert ask("trader", "POST", "stress", body=body | {"name": "Mine"}).status_code == 403
    assert ask("risk", "DELETE", f"stress/{scenario}").status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {}, {"episode": "tulips_1637"}, {"shocks": {"factor": {"oil": 0.1}}}, {"shocks": {"sector": {"Energy": -2}}},
        {"shocks": {"sector": {"Energy": 11}}}, {"shocks": {"moon": {"x": 0.1}}}, {"reverse": {}},
        {"reverse": {"loss": 1, "loss_nav": 0.1}}, {"episode": "covid_2020", **SHOCK}, [], "x", {"surprise": 1},
    ],
)  # fmt: skip
def test_scenarios_that_do_not_fit_are_refused(ask, body):
    assert ask("risk", "POST", "stress", body=body).status_code == 422


@pytest.mark.parametrize("role", ["auditor", "admin"])
def test_who_may_not_write_does_not(ask, role):
    assert ask(role, "POST", "stress", body=SHOCK).status_code == 403
    assert ask(role, "POST", "optimise", body={}).status_code == 403


def test_a_plan_over_rest_is_the_plan_on_the_page(installation, ask):
    name = f"{installation.one.canary}-AAA"
    answer = ask("trader", "GET", f"what-if?targets={name}:0.05").json["data"]
    desk = desk_of(installation, "trader")
    found = what_if.what_if(desk, {name: 0.05})
    assert [row["quantity"] for row in answer["rows"]] == [row["quantity"] for row in found["rows"]]
    assert [(m["name"], m["after"]) for m in answer["measures"]] == [
        (m["name"], m["after"]) for m in found["measures"]
    ]
    assert ask("risk", "GET", "what-if?targets=MOON:0.1").status_code == 422
    assert ask("risk", "GET", "what-if?surprise=1").status_code == 422
    assert installation.one.canary not in ask("risk", "GET", "what-if", firm=installation.other).text


def test_orders_are_a_file_for_those_who_may_trade_on_it(installation, ask):
    name = f"{installation.one.canary}-AAA"
    path = f"what-if/orders?targets={name}:0&name=Flat"
    answer = ask("portfolio_manager", "GET", path)
    assert answer.mimetype == "text/csv"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(row["side"], row["quantity"], row["account_id"]) for row in rows] == [
        ("buy_cover", "100", f"{installation.one.canary}-ACC2")
    ]
    assert ask("trader", "GET", path).status_code == 403
    assert ask("portfolio_manager", "GET", "what-if/orders").status_code == 422


def test_plans_are_kept_for_the_firm_and_for_no_other(installation, ask):
    body = {"name": "Lighter", "targets": f"{installation.one.canary}-AAA:0.01"}
    made = ask("portfolio_manager", "POST", "what-if/scenarios", body=body)
    assert made.status_code == 201
    plan = made.json["data"]["id"]
    assert plan in {row["id"] for row in ask("risk", "GET", "what-if/scenarios").json["data"]}
    assert ask("risk", "GET", "what-if/scenarios", firm=installation.other).json["data"] == []
    assert ask("trader", "POST", "what-if/scenarios", body=body).status_code == 403
    assert ask("risk", "DELETE", f"what-if/scenarios/{plan}", firm=installation.other).status_code == 404
    assert ask("portfolio_manager", "DELETE", f"what-if/scenarios/{plan}").status_code == 200
    assert scenarios.KEEPERS == ("portfolio_manager", "risk")


def test_an_optimisation_is_accepted_then_answered_to_who_may_see_it(installation, ask):
    accepted = ask("risk", "POST", "optimise", body={"objective": "equal_weight"})
    assert accepted.status_code == 202
    place = accepted.headers["Location"].removeprefix("/api/portfolio/")
    assert accepted.headers["Retry-After"] == "2"
    assert ask("risk", "GET", place).json["data"]["state"] == "queued"
    JobQueue(installation.context)._work(accepted.json["data"]["request_id"])
    done = ask("risk", "POST", "optimise", body={"objective": "equal_weight"})
    assert done.status_code == 200
    # Five days of prices are too few: said in words, not a fault.
    assert done.json["data"]["state"] == "infeasible"
    assert done.json["data"]["result"]["reason"]
    for role, firm in (("portfolio_manager", None), ("risk", installation.other)):
        assert ask(role, "GET", place, firm=firm).status_code == 404


@pytest.mark.parametrize(
    "body",
    [{"objective": "luck"}, {"covariance": "x"}, {"max_weight": 0}, {"budget": -1}, {"surprise": 1}],
)
def test_optimisations_that_do_not_fit_are_refused(ask, body):
    assert ask("risk", "POST", "optimise", body=body).status_code == 422
