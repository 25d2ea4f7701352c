"""What was earned equals what came in, to the cent, by every cost method."""

from decimal import Decimal

import polars as pl
import pytest

from analytics.datasets import DAILY_NAV, DAILY_POSITIONS
from app.actions import costing, orgs
from app.actions._roles import console
from app.jobs.derive import derive
from app.queries import pnl
from app.queries._period import within
from app.queries.pnl_identity import identity, sides
from app.scope import Scope
from tests.app._world import context_of, desk_of, land
from tests.app.queries._hard_book import HARD

METHODS = ("average", "fifo", "lifo")


@pytest.fixture(scope="module", params=METHODS)
def hard(request, empty_sqlite, tmp_path_factory):
    """Return a firm with the hard book kept by one method."""
    import shutil

    from app.storage.database import Database

    folder = tmp_path_factory.mktemp(f"hard-{request.param}")
    shutil.copy(empty_sqlite, folder / "records.db")
    database = Database(f"sqlite:///{folder / 'records.db'}")
    context = context_of(folder, database)
    orgs.create(database, console("acme"), slug="acme", name="Acme")
    costing.set_method(database, console("acme"), request.param)
    land(context, "acme", **HARD)
    derive(context, "acme", cause="test")
    yield context
    database.close()


def test_both_sides_agree_on_every_position_day_and_account_day(hard):
    answer = identity(desk_of(hard))
    # X and F of A1 on five days each, Y on four; N for a day without a price; Y of A2 on five.
    assert (answer["checked"], answer["holds"], answer["unknown"]) == (20, 20, 0)
    assert answer["worst"] < 1e-9
    assert answer["breaks"] == []
    assert {row["currency"] for row in answer["currencies"]} == {"USD", "EUR"}
    for row in answer["currencies"]:
        earned = row["realised"] + row["unrealised_change"] + row["income"] - row["fees"]
        assert earned == pytest.approx(row["cash_change"] + row["value_change"], abs=1e-9)
        assert row["days"] > 0
    own = answer["accounts"]
    assert (own["checked"], own["holds"]) == (own["checked"] + own["unknown"], own["checked"])
    assert own["checked"] >= 10
    assert own["worst"] < 1e-9


@pytest.mark.parametrize("day", ["2026-11-16", "2026-11-17", "2026-11-18", "2026-11-19", "2026-11-20"])
def test_each_day_agrees_when_asked_alone(hard, day):
    answer = identity(desk_of(hard, scope=Scope.parse(f"from={day}&to={day}")))
    assert answer["checked"] == answer["holds"] > 0
    assert answer["accounts"]["checked"] == answer["accounts"]["holds"] > 0


def test_a_bust_after_the_close_leaves_nothing_and_a_correction_counts_once(hard):
    desk, days = within(desk_of(hard, scope=Scope.parse("from=2026-11-16&instrument=X&account=A1")))
    rows = sides(desk, days).sort("date")
    # 150 bought, +10, doubled to 320 less 420, then +150: -100 + 150 = 50.
    held = (
        hard.lake.scan("acme", DAILY_POSITIONS).filter(pl.col("instrument_id") == "X").sort("date").collect()
    )
    assert held["quantity"].to_list() == [150, 160, -100, 50, 50]
    assert rows["cash_change"][1] == Decimal("390") - Decimal("540") - 2
    assert rows["cash_change"][2] == Decimal("2940") - 2 + Decimal("12.11")


def test_a_tampered_book_is_found_out(hard):
    context = hard
    table = context.lake.scan("acme", DAILY_POSITIONS).collect()
    changed = table.with_columns(
        realised_pnl=pl.when((pl.col("instrument_id") == "Y") & (pl.col("account_id") == "A2") & (pl.col("executions") > 0))
        .then(pl.col("realised_pnl") + Decimal("0.01"))
        .otherwise("realised_pnl")
    )  # fmt: skip
    with context.lake.writing("acme") as writer, context.database.session("acme", write=True) as session:
        columns = list(DAILY_POSITIONS.columns)
        writer.publish([writer.replace(DAILY_POSITIONS, changed.select(columns), cause="test")], session)
    try:
        answer = identity(desk_of(context))
        assert answer["checked"] - answer["holds"] == 2
        assert {row["instrument_id"] for row in answer["breaks"]} == {"Y"}
        assert answer["worst"] == pytest.approx(0.01, abs=1e-9)
    finally:
        derive(context, "acme", cause="test")


def test_without_prices_a_day_is_not_known_rather_than_wrong(tmp_path, sqlite_database):
    context = context_of(tmp_path, sqlite_database)
    land(context, "acme", **(HARD | {"prices": "\n".join(HARD["prices"].strip().splitlines()[:6])}))
    derive(context, "acme", cause="test")
    answer = identity(desk_of(context))
    assert answer["checked"] == answer["holds"]
    assert answer["unknown"] > 0
    assert answer["reasons"]["unknown"]


def test_nothing_imported_is_said(tmp_path, sqlite_database):
    answer = identity(desk_of(context_of(tmp_path, sqlite_database)))
    assert (answer["checked"], answer["worst"]) == (0, None)
    assert answer["reasons"]["checked"]


def test_a_trader_has_no_book_of_their_own(hard):
    answer = identity(desk_of(hard, scope=Scope.parse("trader=T1")))
    assert answer["checked"] == 0
    assert "account" in answer["reasons"]["checked"]


def test_totals_do_not_depend_on_the_method(empty_sqlite, tmp_path):
    import shutil

    from app.storage.database import Database

    found = {}
    shutil.copy(empty_sqlite, tmp_path / "records.db")
    database = Database(f"sqlite:///{tmp_path / 'records.db'}")
    context = context_of(tmp_path, database)
    orgs.create(database, console("acme"), slug="acme", name="Acme")
    land(context, "acme", **HARD)
    for method in METHODS:
        costing.set_method(database, console("acme"), method)
        derive(context, "acme", cause="test")
        nav = (
            context.lake.scan("acme", DAILY_NAV)
            .sort("account_id", "date")
            .collect()
            .select(list(DAILY_NAV.columns))
        )
        # Later all lots of X are closed, and the three agree again.
        values, _ = pnl.figures(desk_of(context, scope=Scope.parse("from=2026-11-16&to=2026-11-17")))
        found[method] = (nav, values, pnl.convention(desk_of(context))["cost_method"])
    database.close()
    for method in METHODS:
        assert found[method][0].equals(found["average"][0])
        assert found[method][1]["net_pnl"] == pytest.approx(found["average"][1]["net_pnl"], abs=1e-9)
        assert found[method][2] == method
    realised = {round(values["realised_pnl"], 6) for _, values, _ in found.values()}
    assert len(realised) == 3
