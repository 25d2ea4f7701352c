"""The demo's ideas come by the action of everybody's, on its own clock, and hold against the trail."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from analytics.datasets import PRICES
from analytics.insights._rule import all_rules
from app.actions import idea_proof, orgs
from app.actions._roles import console
from app.demo.ideas import put_forward
from app.errors import Forbidden
from app.jobs._insight_tables import tables
from app.queries import ideas, mirrors
from tests.app._world import context_of, desk_of, land

NAMES = ("AAA", "BBB", "CCC")


def prices(days=30):
    rng = np.random.default_rng(3)
    close = 100 * np.exp(rng.normal(0, 0.02, (days, len(NAMES))).cumsum(axis=0))
    start = date(2026, 9, 1)
    frame = pl.DataFrame(
        {
            "instrument_id": list(NAMES) * days,
            "date": [start + timedelta(days=i) for i in range(days) for _ in NAMES],
            "adj_basis": ["raw"] * (days * len(NAMES)),
            "close": pl.Series(close.ravel().round(2)).cast(pl.Decimal(38, 12)),
            "volume": pl.Series([1e7] * (days * len(NAMES))).cast(pl.Decimal(38, 12)),
        }
    )
    missing = {n: t for n, t in PRICES.schema.items() if n not in frame.columns}
    return frame.with_columns(pl.lit(None, t).alias(n) for n, t in missing.items()).select(
        list(PRICES.schema)
    )


@pytest.fixture
def halyard(tmp_path, sqlite_database):
    context = context_of(tmp_path, sqlite_database)
    orgs.create(context.database, console("halyard"), slug="halyard", name="Halyard", demo=True)
    rows = "\n".join(f"{name} {name} equity USD" for name in NAMES)
    land(
        context,
        "halyard",
        instruments=f"instrument_id symbol asset_class currency\n{rows}\n",
        prices=prices(),
    )
    return context


def test_seeded_ideas_hold_and_nobody_speaks_of_a_listed_name_and_it_ends_with_the_demo(halyard):
    said = put_forward(halyard, "halyard", listed=("BBB",), seed=1)
    assert said["sealed"] == said["ideas"] > 100
    report = idea_proof.verify(halyard.database, "halyard")
    assert (report.ok, report.seeded) == (True, said["ideas"])
    desk = desk_of(halyard, org="halyard")
    told = ideas.ideas(desk)
    assert {row["instrument_id"] for row in told} == {"AAA", "CCC"}
    assert all(row["posted_at"].date() in set(prices()["date"]) for row in told)
    # What insights judge authors by: results of what has ended and is on record, none of what still runs.
    scores = tables(halyard, "halyard", {"author_record": all_rules()["author_record"]})["idea_scores"]
    over = scores.filter("ended")
    assert (
        over.height
        == sum(row["state"] in {"target", "stop", "expired"} and row["scored"] for row in told)
        > 50
    )
    assert over["net"].null_count() == over["entry_date"].null_count() == 0
    assert scores.filter(~pl.col("ended"))["net"].drop_nulls().is_empty()
    assert set(scores["side"]) == {1.0, -1.0}
    assert len(mirrors.mirrors(desk)) == 0  # nobody has a sign-in here, so nobody follows
    orgs.set_settings(halyard.database, console("halyard"), {"demo": {"complete": True}})
    with pytest.raises(Forbidden, match="server"):
        put_forward(halyard, "halyard", seed=2)


def test_a_firm_that_is_no_demo_takes_no_other_clock(tmp_path, sqlite_database):
    context = context_of(tmp_path, sqlite_database)
    orgs.create(context.database, console("halyard"), slug="halyard", name="Halyard")
    rows = "\n".join(f"{name} {name} equity USD" for name in NAMES)
    land(
        context,
        "halyard",
        instruments=f"instrument_id symbol asset_class currency\n{rows}\n",
        prices=prices(),
    )
    with pytest.raises(Forbidden, match="server"):
        put_forward(context, "halyard")
    assert idea_proof.verify(context.database, "halyard").ideas == 0
