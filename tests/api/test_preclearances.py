"""Asking to trade for oneself: who asks, who answers, and that the answer counts before the trade."""

from datetime import UTC, datetime, timedelta

import pytest

from analytics.datasets import PRECLEARANCES
from app.actions import lists, preclearances
from app.errors import Conflict, Forbidden
from app.scope import Line
from app.storage.collect import collect
from tests.api.test_lists import call
from tests.tenancy._routes import bearer
from tests.tenancy.conftest import HERE
from tests.world import bring

ROUTE = "/api/compliance/preclearances"


@pytest.fixture(scope="module")
def firm(installation, tmp_path_factory):
    """A firm whose trader has an account of his own."""
    one = installation.one
    text = (
        "account_id,name,desk,kind,base_currency,owner_id,pad\n"
        f"{one.canary}-PAD,Jane,{one.canary}-desk1,personal,USD,{one.canary}-jane,true\n"
    )
    result = bring(
        installation.context, one.people["compliance"], "accounts", text, tmp_path_factory.mktemp("pad")
    )
    assert result.rejected == 0
    return one


def ask(installation, firm, role="trader", **changes):
    body = {
        "instrument_id": f"{firm.canary}-BBB",
        "side": "buy",
        "quantity": 10,
        "account_id": f"{firm.canary}-PAD",
    }
    return call(installation, firm, role, body=body | changes, route=ROUTE)


def answered(installation, firm, name, role="compliance", **body):
    return call(installation, firm, role, f"{ROUTE}/{name}/decide", {"answer": "approved"} | body)


def cleared(installation, firm, quantity=10):
    order = {
        "account_id": f"{firm.canary}-PAD", "instrument_id": f"{firm.canary}-BBB", "side": "buy", "quantity": quantity, "price": 70,
    }  # fmt: skip
    checks = call(installation, firm, "trader", "/api/compliance/pre-trade", order).json["data"]["checks"]
    return next(check["outcome"] for check in checks if check["name"] == "preclearance")


def test_an_approval_by_somebody_else_lets_the_trade_pass_and_becomes_a_row_of_the_data_set(
    installation, firm
):
    assert cleared(installation, firm) == "block"
    made = ask(installation, firm)
    assert made.status_code == 201
    name = made.json["data"]["request_id"]
    found = answered(installation, firm, name).json["data"]
    assert (found["status"], found["decided_name"]) == ("approved", f"{firm.canary} compliance")
    assert (cleared(installation, firm), cleared(installation, firm, 11)) == ("pass", "block")
    rows = collect(installation.context.lake.scan(firm.slug, PRECLEARANCES)).to_dicts()
    (row,) = [row for row in rows if row["preclearance_id"] == name]
    assert (row["status"], row["person_id"], row["side"]) == ("approved", f"{firm.canary}-jane", "buy")
    assert row["valid_to"] - row["valid_from"] == timedelta(hours=24)
    assert answered(installation, firm, name).status_code == 409


@pytest.mark.parametrize("role", ["trader", "portfolio_manager", "risk", "auditor", "admin"])
def test_only_compliance_answers(installation, firm, role):
    name = ask(installation, firm).json["data"]["request_id"]
    assert answered(installation, firm, name, role).status_code == 403


def test_a_colleague_and_a_stranger_do_not_see_a_request(installation, firm):
    name = ask(installation, firm).json["data"]["request_id"]
    held = {
        role: {row["request_id"] for row in call(installation, firm, role, ROUTE).json["data"]}
        for role in ("trader", "portfolio_manager", "risk", "compliance", "auditor")
    }
    assert {role for role, rows in held.items() if name in rows} == {"trader", "compliance", "auditor"}
    assert call(installation, installation.other, "compliance", ROUTE).json["data"] == []
    assert answered(installation, installation.other, name).status_code == 404
    assert call(installation, firm, "risk", f"{ROUTE}/{name}/withdraw", {}).status_code == 404
    assert (
        call(installation, firm, "trader", f"{ROUTE}/{name}/withdraw", {}).json["data"]["status"]
        == "withdrawn"
    )
    assert answered(installation, firm, name).status_code == 409


@pytest.mark.parametrize(("changes", "field"), [
    ({"instrument_id": "nothing"}, "instrument_id"), ({"account_id": "somebody-elses"}, "account_id"),
    ({"quantity": 0}, "quantity"), ({"side": "hold"}, "side"), ({"more": 1}, "more"),
])  # fmt: skip
def test_a_request_that_does_not_fit_is_refused_by_field(installation, firm, changes, field):
    refused = ask(installation, firm, **changes)
    assert refused.status_code == 422
    assert field in refused.text


def test_a_key_and_a_sign_in_without_a_person_ask_for_nobody(installation, firm):
    body = {"instrument_id": f"{firm.canary}-BBB", "side": "buy", "quantity": 1}
    key = installation.client().post(ROUTE, json=body, base_url=HERE, headers=bearer(firm.keys["trader"]))
    assert key.status_code == 403
    assert ask(installation, firm, "risk", account_id=None).status_code == 403


def test_nobody_answers_himself_and_nothing_restricted_is_approved(installation, firm):
    database, lake = installation.context.database, installation.context.lake
    name = ask(installation, firm).json["data"]["request_id"]
    officer = firm.people["compliance"]
    himself = type(officer)(
        org=firm.slug, user_id="u_jane", name="Jane", role="compliance", person_id=f"{firm.canary}-jane"
    )
    with pytest.raises(Forbidden):
        preclearances.decide(database, lake, himself, name, answer="approved", line=Line())
    entry = lists.add(
        database, officer, kind="restricted", instrument_id=f"{firm.canary}-BBB",
        valid_from=datetime(2026, 1, 1, tzinfo=UTC),
    )  # fmt: skip
    with pytest.raises(Conflict):
        preclearances.decide(database, lake, officer, name, answer="approved", line=Line())
    lists.remove(database, officer, entry.id)
    assert answered(installation, firm, name, answer="denied").status_code == 422  # without a word why
    assert (
        answered(installation, firm, name, answer="denied", comment="Earnings next week").status_code == 200
    )


@pytest.mark.parametrize("hours", [-1, 0, 24 * 31])
def test_an_approval_holds_for_a_time_to_come_and_not_too_long(installation, firm, hours):
    name = ask(installation, firm).json["data"]["request_id"]
    until = (datetime.now(UTC) + timedelta(hours=hours)).isoformat()
    assert answered(installation, firm, name, valid_to=until).status_code == 422
