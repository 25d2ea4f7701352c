"""Behaviour: the odd day among many, its reasons, and silence where there is too little to know."""

import numpy as np
import pytest

from analytics.compliance._conduct import FEATURES
from analytics.compliance._oddness import ecod, nearest
from analytics.compliance.detectors.behaviour import Behaviour, BehaviourParameters
from tests.analytics.compliance._kit import (
    alerts,
    gaps,
    mirrored,
    renamed,
    scaled,
    shifted,
    shuffled,
    tables,
    verdict,
)

HEAD = "order_id event_seq event_type instrument_id account_id trader_id desk side limit_px order_qty transact_time\n"
LAX = BehaviourParameters(rank=0.97, trees=40)


def flow(*, traders=6, days=20, odd=True, many=120, size=1):
    """Return 6 to 9 orders a trader and day, half cancelled; the first trader's last day has many tiny ones."""
    rng, rows, seq = np.random.default_rng(2), [], 0
    for trader in range(traders):
        for day in range(1, days + 1):
            strange = odd and trader == 0 and day == days
            for n in range(many if strange else 6 + int(rng.integers(4))):
                seq += 1
                at = f"2026-10-{day:02d}T{14 + n % 6}:{n % 60:02d}:00Z"
                qty = size if strange else 100 * (1 + int(rng.integers(5)))
                tail = f"N{n % 4} A{trader} T{trader} D {'buy' if n % 2 else 'sell'} 50 {qty} {at}"
                rows.append(f"O{seq} {seq * 2} new {tail}")
                if (strange and size == 1) or n % 2:
                    rows.append(f"O{seq} {seq * 2 + 1} cancel {tail}")
    return tables(order_events=HEAD + "\n".join(rows))


@pytest.fixture(scope="module")
def given():
    return flow()


def test_the_odd_day_is_found_with_its_reasons_and_never_graver_than_medium(given):
    found = alerts(Behaviour, given, LAX)
    worst = max(found, key=lambda one: one["score"])
    assert worst["actor_group"] == "trader:T0"
    assert worst["window_start"].day == 20
    assert {m["name"] for m in worst["metrics"][1:]} & {"orders", "median_size"}
    assert worst["severity"] in {"low", "medium"}
    assert len(found) == 1


@pytest.mark.parametrize("more", [{"odd": False}, {"many": 12, "size": 300}])
def test_ordinary_and_merely_busier_days_are_left_alone(more):
    assert alerts(Behaviour, flow(**more), LAX) == []


def test_a_day_that_is_odd_for_the_desk_and_usual_for_the_trader_is_not_odd():
    wide = flow(odd=False, traders=5)
    own = flow(odd=False, traders=1)["order_events"].collect()
    import polars as pl

    small = own.with_columns(
        pl.lit("T9").alias("trader_id"), pl.lit(1).cast(own.schema["order_qty"]).alias("order_qty"),
        pl.format("Z{}", "order_id").alias("order_id"),
    )  # fmt: skip
    both = {"order_events": pl.concat([wide["order_events"].collect(), small]).lazy()}
    assert "trader:T9" not in {one["actor_group"] for one in alerts(Behaviour, both, LAX)}


@pytest.mark.parametrize(("days", "n"), [(10, 0), (11, 1)])
def test_too_few_days_of_a_trader_are_a_gap(days, n):
    few = flow(days=10)
    params = BehaviourParameters(rank=0.9, trees=20, rows=30, days=days)
    reported = Behaviour().blind_spots(few, params)[0].collect().height
    assert reported == n
    assert (alerts(Behaviour, few, params) == []) == bool(n)


@pytest.mark.parametrize("change", [
    lambda g: shuffled(g, 1), lambda g: shifted(g, days=60), renamed, lambda g: scaled(g, 10), mirrored,
])  # fmt: skip
def test_the_verdict_does_not_depend_on_order_clock_names_price_level_or_side(given, change):
    found = alerts(Behaviour, change(given), LAX)
    assert [len(one["order_ids"]) for one in found] == [
        len(one["order_ids"]) for one in alerts(Behaviour, given, LAX)
    ]


def test_the_same_rows_give_the_same_ids_scores_and_words(given):
    assert alerts(Behaviour, given, LAX) == alerts(Behaviour, shuffled(given, 5), LAX)
    assert verdict(alerts(Behaviour, given, LAX)) != []


def test_tail_probabilities_and_distances_single_out_the_far_row():
    x = np.vstack(
        [np.random.default_rng(1).normal(size=(200, len(FEATURES))), np.full((1, len(FEATURES)), 9.0)]
    )
    assert ecod(x).sum(axis=1).argmax() == 200
    assert nearest(x).argmax() == 200


def test_no_orders_are_a_gap():
    assert gaps(Behaviour, {}) == ["No order events to look at."]
