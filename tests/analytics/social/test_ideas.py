"""Ideas are entered after they were sealed and end by stop, target or time, worked by hand."""

from datetime import UTC, date, datetime

import polars as pl
import pytest

from analytics.social.ideas import outcomes

SEALED = datetime(2026, 3, 2, 9, tzinfo=UTC)  # a Monday, before the close
BARS = [  # date, open, high, low, close
    (date(2026, 3, 2), 99.0, 101.0, 98.0, 100.0),
    (date(2026, 3, 3), 101.0, 104.0, 100.0, 103.0),
    (date(2026, 3, 4), 103.0, 106.0, 96.0, 98.0),
    (date(2026, 3, 5), 93.0, 97.0, 92.0, 95.0),
]


def _prices(bars: list[tuple] = BARS) -> pl.DataFrame:
    rows = [("X", *bar) for bar in bars]
    return pl.DataFrame(rows, schema=["instrument_id", "date", "open", "high", "low", "close"], orient="row")


def _idea(**changed: object) -> pl.DataFrame:
    idea = {
        "idea_id": "i1", "instrument_id": "X", "direction": "long", "target": None, "stop": None, "horizon": 3,
        "probability": 0.7, "sealed_at": SEALED,
    }  # fmt: skip
    schema = {"target": pl.Float64, "stop": pl.Float64, "probability": pl.Float64}
    return pl.DataFrame([idea | changed], schema_overrides=schema)


def _one(**changed: object) -> dict:
    return outcomes(_idea(**changed), _prices(), cost_bp=5).row(0, named=True)


def test_an_idea_that_runs_its_time_ends_at_the_last_close_less_two_trades_costs():
    found = _one()
    assert (found["state"], found["entry"], found["exit"]) == ("expired", 100.0, 95.0)
    assert found["gross"] == pytest.approx(-0.05)
    assert found["net"] == pytest.approx(-0.051)
    assert found["won"] is False
    assert found["brier"] == pytest.approx(0.49)


def test_a_short_gains_what_a_long_loses():
    found = _one(direction="short")
    assert found["gross"] == pytest.approx(0.05)
    assert found["won"] is True
    assert found["brier"] == pytest.approx(0.09)


def test_a_target_ends_it_at_the_target():
    found = _one(target=104.0)
    assert (found["state"], found["exit"], found["exit_date"]) == ("target", 104.0, date(2026, 3, 3))
    assert found["net"] == pytest.approx(0.039)


def test_a_stop_comes_before_a_target_within_one_session():
    found = _one(target=105.0, stop=97.0)
    assert (found["state"], found["exit"], found["exit_date"]) == ("stop", 97.0, date(2026, 3, 4))


def test_a_gap_through_the_stop_is_paid_as_it_opened():
    found = _one(stop=95.0)
    assert (found["state"], found["exit"]) == ("stop", 93.0)


def test_a_gap_beyond_a_shorts_target_earns_what_it_opened_at():
    found = _one(direction="short", target=95.5)
    assert (found["state"], found["exit"]) == ("target", 93.0)


@pytest.mark.parametrize(
    ("sealed", "entry"),
    [
        (datetime(2026, 3, 2, 19, 59, tzinfo=UTC), 100.0),
        (datetime(2026, 3, 2, 20, 0, tzinfo=UTC), 103.0),
        (datetime(2026, 3, 1, 9, tzinfo=UTC), 100.0),
    ],
)
def test_who_seals_at_the_close_enters_at_the_next(sealed, entry):
    assert _one(sealed_at=sealed, horizon=1)["entry"] == entry


def test_an_idea_whose_price_had_gone_by_its_entry_is_void():
    for found in (_one(target=100.0), _one(stop=100.0), _one(direction="short", stop=99.0)):
        assert found["state"] == "void"
        assert found["gross"] is None
        assert found["won"] is None


def test_one_that_still_runs_has_a_result_and_no_verdict():
    found = _one(horizon=10)
    assert found["state"] == "running"
    assert found["gross"] == pytest.approx(-0.05)
    assert (found["won"], found["brier"]) == (None, None)


def test_one_without_a_close_since_it_was_sealed_waits():
    assert _one(sealed_at=datetime(2026, 3, 9, tzinfo=UTC))["state"] == "waiting"
    assert _one(instrument_id="Y")["state"] == "waiting"


def test_a_chance_not_stated_has_no_brier_score():
    assert _one(probability=None)["brier"] is None


def test_prices_after_an_ideas_end_change_nothing():
    found = outcomes(_idea(target=104.0), _prices())
    assert found.equals(outcomes(_idea(target=104.0), _prices(BARS[:2])))


def test_no_ideas_are_no_outcomes_and_rows_keep_their_order():
    assert outcomes(_idea().clear(), _prices()).is_empty()
    both = pl.concat([_idea(idea_id="b"), _idea(idea_id="a", sealed_at=datetime(2026, 2, 1, tzinfo=UTC))])
    assert outcomes(both, _prices())["idea_id"].to_list() == ["b", "a"]


def test_closes_alone_are_enough():
    bare = _prices().select("instrument_id", "date", "close")
    found = outcomes(_idea(target=102.0), bare).row(0, named=True)
    assert (found["state"], found["exit"]) == ("target", 102.0)
