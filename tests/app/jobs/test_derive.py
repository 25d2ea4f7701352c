"""The derive job: both tables together, the same rows however often it runs."""

from analytics.datasets import DAILY_NAV, DAILY_POSITIONS
from app.jobs.derive import JOB, derive
from tests.app._world import context_of, land
from tests.app.queries._firm import FIRM


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
