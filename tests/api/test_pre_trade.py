"""The check before a trade over REST: who may ask about what, and what no answer gives away."""

from datetime import UTC, datetime

import pytest

from app.actions import lists
from tests.tenancy._routes import bearer
from tests.tenancy.conftest import HERE

ROUTE = "/api/compliance/pre-trade"


def ask(installation, firm, role, *, key=False, **changes):
    body = {
        "account_id": changes.pop("account", None) or account_of(firm, 1), "instrument_id": f"{firm.canary}-AAA", "side": "buy",
        "quantity": 10, "price": 190.0,
    } | changes  # fmt: skip
    client = installation.client(token=None if key else firm.tokens[role])
    headers = {"Origin": HERE} | (bearer(firm.keys[role]) if key else {})
    return client.post(ROUTE, json=body, base_url=HERE, headers=headers)


def account_of(firm, desk):
    return f"{firm.canary}-ACC{desk}"


@pytest.mark.parametrize(("role", "status"), [
    ("trader", 200), ("portfolio_manager", 200), ("risk", 200), ("compliance", 200), ("auditor", 403), ("admin", 403),
])  # fmt: skip
def test_those_who_trade_and_those_who_watch_them_may_ask(installation, role, status):
    firm = installation.one
    account = account_of(firm, 2 if role == "portfolio_manager" else 1)  # each of his own desk
    assert ask(installation, firm, role, account=account).status_code == status


def test_every_check_comes_with_its_reason_and_what_is_not_known_blocks(installation):
    found = ask(installation, installation.one, "risk").json["data"]
    assert found["checks"][0]["name"] == "price"
    assert all(check["reason"] for check in found["checks"])
    assert found["outcome"] in {"pass", "warn", "block"}


def test_a_foreign_account_and_one_of_another_desk_do_not_exist(installation):
    one, two = installation.one, installation.other
    assert ask(installation, one, "trader", account=account_of(two, 1)).status_code == 404
    assert ask(installation, one, "risk", account=account_of(two, 1)).status_code == 404
    assert ask(installation, one, "trader", account=account_of(one, 2)).status_code == 404


def listing(installation, kind, person=None):
    return lists.add(
        installation.context.database, installation.one.people["compliance"], kind=kind,
        instrument_id=f"{installation.one.canary}-AAA",
        person_id=person, valid_from=datetime(2026, 1, 1, tzinfo=UTC),
    )  # fmt: skip


def without_time(response):
    return {name: value for name, value in response.json["data"].items() if name != "at"}


def test_the_watch_list_and_others_insider_lists_change_no_answer_and_the_restricted_list_blocks(
    installation,
):
    one, two = installation.one, installation.other
    before = without_time(ask(installation, one, "trader"))
    other = without_time(ask(installation, two, "trader"))
    entries = [listing(installation, "watch"), listing(installation, "insider", person="somebody-else")]
    assert without_time(ask(installation, one, "trader")) == before
    assert without_time(ask(installation, one, "compliance")) == without_time(ask(installation, one, "risk"))
    entries.append(listing(installation, "restricted"))
    (found,) = [
        check for check in ask(installation, one, "trader").json["data"]["checks"] if check["name"] == "list"
    ]
    assert (found["outcome"], found["reason"]) == ("block", f"Trading is restricted: {one.canary}-AAA.")
    assert without_time(ask(installation, two, "trader")) == other
    for entry in entries:
        lists.remove(installation.context.database, one.people["compliance"], entry.id)


@pytest.mark.parametrize("changes", [
    {"quantity": 0}, {"quantity": -1}, {"price": -1}, {"side": "hold"}, {"colour": "red"}, {"instrument_id": "NONE"},
])  # fmt: skip
def test_an_order_that_makes_no_sense_is_refused(installation, changes):
    assert ask(installation, installation.one, "risk", **changes).status_code == 422
