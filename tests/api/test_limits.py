"""Limits over REST: who reads, who sets, who settles; the answer is the page's own."""

from datetime import date
from decimal import Decimal

import pytest

from app.actions import limits as definitions
from app.jobs.limits import monitor
from app.queries import limits
from tests.tenancy._routes import bearer
from tests.tenancy.conftest import HERE

ROOT = "/api/compliance/limits"
HEADERS = {"Origin": HERE}


@pytest.fixture(scope="module")
def passed(installation):
    """Return the ids of a limit of desk 1 that is breached, and of its breach."""
    firm, context = installation.one, installation.context
    made = definitions.add(
        context.database, firm.people["risk"], name="Gross of desk 1", measure="gross_exposure", value=Decimal(1),
        subject_kind="desk", subject_id=f"{firm.canary}-desk1", hard=True, valid_from=date(2026, 11, 1),
    )  # fmt: skip
    monitor(context, firm.slug, cause="test")
    with context.database.session(firm.slug) as session:
        from app.storage.records.limits import LimitBreach

        breach = session.query(LimitBreach).filter_by(limit_id=made.id).one()
    return made.id, breach.id


def ask(installation, firm, role, path="", *, method="GET", body=None, key=False):
    client = installation.client(token=None if key else firm.tokens[role])
    headers = HEADERS | (bearer(firm.keys[role]) if key else {})
    return client.open(ROOT + path, method=method, json=body, base_url=HERE, headers=headers)


def test_the_route_answers_what_the_page_is_drawn_from(installation, passed):
    firm = installation.one
    rows = ask(installation, firm, "risk").json["data"]
    desk = limits_desk(installation, "risk")
    own = limits.measured(desk)
    assert [(row["limit_id"], row["value"], row["utilisation"], row["state"]) for row in rows] == [
        (row["limit_id"], row["value"], row["utilisation"], row["state"]) for row in own
    ]
    one = ask(installation, firm, "risk", f"/{passed[0]}").json["data"]
    assert one["value"] == rows[0]["value"]
    assert one["rows"][-1]["value"] == one["value"]
    assert one["breaches"][0]["breach_id"] == passed[1]
    assert ask(installation, firm, "risk", "?colour=red").status_code == 422


def limits_desk(installation, role):
    from app.desk import Desk
    from app.scope import Scope

    context, firm = installation.context, installation.one
    return Desk(context.lake, context.database, firm.people[role], Scope(), context.cache)


def test_a_desk_reads_its_own_limits_without_alerts_and_words(installation, passed):
    limit, breach = passed
    firm = installation.one
    mine = ask(installation, firm, "trader").json["data"]  # of desk 1
    assert [row["limit_id"] for row in mine] == [limit]
    (row,) = ask(installation, firm, "trader", "/breaches").json["data"]
    assert row["breach_id"] == breach
    assert {"alert_id", "comment", "acknowledged_by"}.isdisjoint(row)
    assert ask(installation, firm, "portfolio_manager").json["data"] == []  # of desk 2
    assert ask(installation, firm, "portfolio_manager", f"/{limit}").status_code == 404
    assert ask(installation, firm, "portfolio_manager", "/breaches").json["data"] == []
    assert "alert_id" in ask(installation, firm, "compliance", "/breaches").json["data"][0]
    assert "alert_id" not in ask(installation, firm, "risk", "/breaches").json["data"][0]


BODY = {"name": "Leverage", "measure": "leverage", "value": "2.5"}


@pytest.mark.parametrize("role", ["trader", "portfolio_manager", "compliance", "auditor", "admin"])
def test_only_risk_sets_and_retires(installation, passed, role):
    firm = installation.one
    assert ask(installation, firm, role, method="POST", body=BODY).status_code == 403
    assert ask(installation, firm, role, f"/{passed[0]}/retire", method="POST", body={}).status_code == 403


def test_risk_sets_a_limit_which_is_measured_and_retires_it(installation):
    firm = installation.one
    made = ask(installation, firm, "risk", method="POST", body=BODY)
    assert made.status_code == 201
    name = made.json["data"]["limit_id"]
    found = {row["limit_id"]: row for row in ask(installation, firm, "risk").json["data"]}[name]
    assert (found["limit"], found["warn_at"], found["state"]) == (2.5, 2.0, "ok")
    stranger = installation.other
    assert ask(installation, stranger, "risk", f"/{name}/retire", method="POST", body={}).status_code == 404
    assert ask(installation, stranger, "risk", f"/{name}").status_code == 404
    assert ask(installation, firm, "risk", f"/{name}/retire", method="POST", body={}).status_code == 200
    assert name not in {row["limit_id"] for row in ask(installation, firm, "risk").json["data"]}
    assert ask(installation, firm, "risk", f"/{name}").json["data"]["retired"] is True
    assert ask(installation, firm, "risk", f"/{name}/retire", method="POST", body={}).status_code == 404


@pytest.mark.parametrize("body", [
    {}, BODY | {"value": "much"}, BODY | {"value": 0}, BODY | {"value": "NaN"}, BODY | {"measure": "luck"}, BODY | {"colour": "red"},
    BODY | {"subject_kind": "desk"}, BODY | {"valid_from": "2026-02-01", "valid_to": "2026-01-01"}, [], None,
])  # fmt: skip
def test_a_body_that_does_not_fit_is_refused(installation, body):
    answer = ask(installation, installation.one, "risk", method="POST", body=body)
    assert answer.status_code in {400, 415, 422}


def test_two_people_settle_a_breach_and_nobody_else(installation, passed):
    firm, path = installation.one, f"/breaches/{passed[1]}"
    said = {"comment": "Cut on Monday."}

    def post(role, what, body, whose=firm, *, key=False):
        return ask(installation, whose, role, f"{path}/{what}", method="POST", body=body, key=key)

    for role in ("trader", "portfolio_manager", "auditor", "admin"):
        assert post(role, "acknowledge", said).status_code == 403
    assert post("risk", "acknowledge", said, installation.other).status_code == 404
    assert post("risk", "acknowledge", said, key=True).status_code == 403
    assert post("compliance", "confirm", {}).status_code == 409
    assert post("risk", "acknowledge", {"comment": " "}).status_code == 422
    done = post("risk", "acknowledge", said)
    assert (done.status_code, done.json["data"]["settled"], done.json["data"]["mine"]) == (
        200,
        "acknowledged",
        True,
    )
    alone = post("risk", "confirm", {})
    assert (alone.status_code, "second person" in alone.text) == (403, True)
    assert post("compliance", "acknowledge", said).status_code == 409
    done = post("compliance", "confirm", {"comment": "Checked."})
    assert done.json["data"]["settled"] == "confirmed"
    assert post("compliance", "confirm", {}).status_code == 409
