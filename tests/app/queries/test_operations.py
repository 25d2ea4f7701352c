"""Imports are read by those who may read what was in the file."""

import pytest

from app.desk import Desk
from app.errors import NotFound
from app.observability import series
from app.queries import operations
from app.scope import Scope
from tests.world import bring, found, open_context


@pytest.fixture(scope="module")
def firm(tmp_path_factory):
    folder = tmp_path_factory.mktemp("operations")
    context = open_context(folder / "home")
    return context, found(context, "acme", "KANARI", folder), folder


def desk(context, identity) -> Desk:
    return Desk(context.lake, context.database, identity, Scope(), context.cache)


def test_who_sees_every_desk_sees_every_import(firm):
    context, acme, _ = firm
    rows, total = operations.imports(desk(context, acme.people["auditor"]))
    assert (len(rows), total) == (9, 9)


def test_risk_does_not_read_what_was_set_aside_of_communications(firm):
    context, acme, _ = firm
    risk = desk(context, acme.people["risk"])
    assert "messages" not in {row["dataset"] for row in operations.imports(risk)[0]}
    with pytest.raises(NotFound):
        operations.rejects(risk, acme.ids["import:messages"])


@pytest.mark.parametrize("role", ["trader", "portfolio_manager", "admin"])
def test_the_narrowed_see_their_own_imports_only(firm, role):
    context, acme, folder = firm
    mine = acme.people[role]
    with pytest.raises(NotFound):
        operations.one_import(desk(context, mine), acme.ids["import:executions"])
    bad = "instrument_id,date,close\nX,2026-11-20,not a price\n" + f"{role},2026-11-20,1\n"
    result = bring(context, mine, "prices", bad, folder)
    assert [row["import_id"] for row in operations.imports(desk(context, mine))[0]] == [result.import_id]
    rows, total = operations.rejects(desk(context, mine), result.import_id)
    assert (total, rows["value"].to_list()) == (1, ["not a price"])


def test_every_data_set_tells_rows_age_and_gaps(firm):
    context, acme, _ = firm
    rows = {row["dataset"]: row for row in operations.data_health(desk(context, acme.people["risk"]))}
    assert rows["executions"]["rows"] == 2
    assert rows["executions"]["last_event"].isoformat() == "2026-11-20T14:30:01+00:00"
    assert rows["executions"]["state"] == "ok"
    assert rows["prices"]["gaps"] == 0
    assert 0 <= rows["prices"]["lag_s"] < 600


def test_that_somebody_reads_alerts_is_told_to_surveillance_only(firm):
    context, acme, _ = firm
    series.forget("acme")  # other tests of this process asked for a firm of the same name
    for route in (
        "GET /api/compliance/alerts",
        "overview-master--alerts.children",
        "GET /api/trading/orders",
    ):
        series.observe("acme", route, 0.01, 200)
    told = {
        role: [row["route"] for row in operations.requests(desk(context, acme.people[role]))["requests"]]
        for role in ("trader", "risk", "compliance")
    }
    assert told["trader"] == told["risk"] == ["GET /api/trading/orders"]
    assert len(told["compliance"]) == 3
