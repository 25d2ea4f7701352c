"""The place of the last row at or before an instant, for many instruments at once."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from analytics.trading.asof import Track

START = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
NAMES = pl.Series(["C", "A", "B", "unknown", None])


def rows(chance, *, size, names):
    return pl.DataFrame(
        {
            "instrument_id": NAMES.gather(chance.integers(0, names, size)),
            "time": pl.Series(
                [START + timedelta(microseconds=int(n)) for n in chance.integers(0, 40, size)],
                dtype=pl.Datetime("us", "UTC"),
            ),
            "n": range(size),
        }
    )


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("strict", "max_age"), [(False, None), (True, None), (False, "3us"), (True, "3us")])
def test_the_places_are_those_of_an_as_of_join(seed, strict, max_age):
    chance = np.random.default_rng(seed)
    known, asked = rows(chance, size=60, names=3), rows(chance, size=200, names=5)
    asked = asked.with_columns(time=pl.when(pl.col("n") % 7 > 0).then("time"))
    track = Track(known)
    places = track.last(asked["instrument_id"], asked["time"], strict=strict, max_age=max_age)
    numbered = asked.rename({"n": "row"}).sort("time")
    joined = numbered.join_asof(
        known.sort("time", maintain_order=True),
        on="time",
        by="instrument_id",
        allow_exact_matches=not strict,
        tolerance=max_age,
        check_sortedness=False,
    )
    sound = pl.when(pl.col("time").is_not_null() & pl.col("instrument_id").is_not_null()).then("n")
    assert track.rows["n"].gather(places).to_list() == joined.sort("row").select(sound)["n"].to_list()


def test_where_nothing_is_known_there_is_no_place():
    nothing = rows(np.random.default_rng(0), size=0, names=1)
    asked = rows(np.random.default_rng(0), size=3, names=3)
    assert Track(nothing).last(asked["instrument_id"], asked["time"]).to_list() == [None] * 3
    assert Track(asked).last(nothing["instrument_id"], nothing["time"]).to_list() == []


def test_centuries_of_many_instruments_do_not_run_over():
    times = [datetime(1700, 1, 1, tzinfo=UTC), datetime(2250, 1, 1, tzinfo=UTC)]
    names = [f"N{n:05}" for n in range(20_000)]
    known = pl.DataFrame({"instrument_id": names * 2, "time": [t for t in times for _ in names]})
    track = Track(known)
    asked = pl.Series([names[0], names[-1], names[-1]])
    places = track.last(asked, pl.Series([times[1], times[0], times[1]]))
    assert track.rows["instrument_id"].gather(places).to_list() == asked.to_list()
    assert track.rows["time"].gather(places).to_list() == [times[1], times[0], times[1]]
