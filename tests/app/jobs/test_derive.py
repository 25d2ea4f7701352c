"""The derive job: both tables together, the same rows however often it runs."""

from decimal import Decimal

import polars as pl

from analytics.datasets import DAILY_NAV, DAILY_POSITIONS
from app.actions import costing, orgs
from app.actions._roles import console
from app.jobs.derive import JOB, derive
from app.storage.records.costing import costing as costing_of
from tests.app._world import context_of, land
from tests.app.queries._firm import FIRM

LOTS = """
exec_id  account_id  instrument_id  side  last_qty  last_px  currency  transact_time
E1       A1          AAPL           buy   100       100      USD       2026-11-18T14:30:00
E2       A1          AAPL           buy   100       102      USD       2026-11-18T15:30:00
E3       A1          AAPL           sell  100       102      USD       2026-11-19T14:30:00
"""


def test_deriving_twice_gives_the_same_rows(tmp_path, sqlite_database):
    context = context_of(tmp_path, sqlite_database)
    land(context, "acme", **FIRM)
    first = derive(context, "acme", cause="test")
    before = [context.lake.scan("acme", table).collect() for table in (DAILY_POSITIONS, DAILY_NAV)]
    second = JOB.run(context, "acme", {})
    after = [context.lake.scan("acme", table).collect() for table in (DAILY_POSITIONS, DAILY_NAV)]
    assert set(first) == {"daily_positions", "daily_nav"}
    assert first != second
    for old, new in zip(before, after, strict=True):
        assert old.height > 0
        business = [name for name in old.columns if name not in ("ingest_time", "import_id")]
        assert old.select(business).equals(new.select(business))


def test_no_facts_derive_to_nothing(tmp_path, sqlite_database):
    context = context_of(tmp_path, sqlite_database)
    derive(context, "acme", cause="test")
    assert context.lake.scan("acme", DAILY_NAV).collect().is_empty()


def test_the_firms_method_decides_what_is_realised_and_is_written_down(tmp_path, sqlite_database):
    context = context_of(tmp_path, sqlite_database)
    orgs.create(context.database, console("acme"), slug="acme", name="Acme")
    land(context, "acme", **(FIRM | {"executions": LOTS}))
    realised = {}
    for method in ("average", "fifo", "lifo"):
        costing.set_method(context.database, console("acme"), method)
        derive(context, "acme", cause="test")
        rows = context.lake.scan("acme", DAILY_POSITIONS).collect()
        realised[method] = rows["realised_pnl"].sum()
        with context.database.session("acme") as session:
            found = costing_of(session, "acme")
        assert (found.asked, found.kept, found.averaged_count) == (method, method, 0)
    assert realised == {"average": Decimal(100), "fifo": Decimal(200), "lifo": Decimal(0)}


def test_a_position_too_large_for_lots_does_not_stop_the_book(tmp_path, sqlite_database):
    context = context_of(tmp_path, sqlite_database)
    orgs.create(context.database, console("acme"), slug="acme", name="Acme")
    coin = "E9  A1  COIN  buy  900000000000.00000001  0.001  USD  2026-11-18T14:30:00\n"
    land(context, "acme", **(FIRM | {"executions": LOTS + coin}))
    costing.set_method(context.database, console("acme"), "fifo")
    derive(context, "acme", cause="test")
    with context.database.session("acme") as session:
        found = costing_of(session, "acme")
    assert (found.kept, found.averaged, found.averaged_count) == ("fifo", (("A1", "COIN"),), 1)
    rows = context.lake.scan("acme", DAILY_POSITIONS).filter(pl.col("instrument_id") == "AAPL").collect()
    assert rows["realised_pnl"].sum() == 200
