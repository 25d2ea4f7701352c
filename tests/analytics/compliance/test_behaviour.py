"""Behaviour: the odd day among many, its reasons, and silence where there is too little to know."""

import numpy as np
import polars as pl
import pytest

from analytics.compliance._conduct import DAY_NS, FEATURES, counted_days, trader_days
from analytics.compliance._drift import drift, ks, psi
from analytics.compliance._oddness import ecod, forest, nearest
from analytics.compliance.detectors.behaviour import Behaviour, BehaviourParameters
from tests.analytics.compliance._declared import Edge, Kit, Waived
from tests.analytics.compliance._kit import (
    alerts,
    gaps,
    mirrored,
    renamed,
    scaled,
    shifted,
    shuffled,
    split,
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


def busy(*, odd=True, minutes=12, groups=12):
    """Return busy minutes of many accounts in two names, 14 orders each; in one of the first everything differs."""
    rng, rows, seq = np.random.default_rng(4), [], 0
    for group in range(groups):
        for turn in range(minutes):
            strange = odd and group == 0 and turn == minutes - 1
            for n in range(60 if strange else 13 + int(rng.integers(3))):
                seq += 1
                at = f"2026-10-{1 + turn:02d}T{14 + group % 6}:{10 + group:02d}:{n % 60:02d}Z"
                qty, price = (1, 40 + n) if strange else (100 * (1 + int(rng.integers(3))), 50)
                side = "buy" if strange or n % 2 else "sell"
                tail = f"N{group % 2} A{group} T{group} D {side} {price} {qty} {at}"
                rows.append(f"O{seq} {seq * 2} new {tail}")
                if strange or n % 4 == 0:
                    rows.append(f"O{seq} {seq * 2 + 1} cancel {tail}")
    return tables(order_events=HEAD + "\n".join(rows))


MINUTES = BehaviourParameters(trees=20, rank=0.98, days=200)  # no trader has as many days: minutes alone


@pytest.fixture(scope="module")
def rushed():
    return busy()


def test_a_minute_of_a_group_in_a_name_unlike_all_other_busy_minutes_is_found_with_three_reasons(rushed):
    (found,) = alerts(Behaviour, rushed, MINUTES)
    assert (found["actor_group"], found["instrument_ids"]) == ("account:A0", ["N0"])
    assert len(found["order_ids"]) == 60
    assert len(found["story"]) >= 5
    assert found["severity"] in {"low", "medium"}


def test_busy_minutes_alike_are_left_alone():
    assert alerts(Behaviour, busy(odd=False), MINUTES) == []


@pytest.mark.parametrize(("minutes", "n"), [(8, 0), (9, 1)])
def test_fewer_than_a_hundred_busy_minutes_are_a_gap(minutes, n):
    few = busy(minutes=minutes)
    told = Behaviour().blind_spots(few, MINUTES)[2].collect()["reason"].to_list()
    assert (told == []) == bool(n)
    assert len(alerts(Behaviour, few, MINUTES)) == n


@pytest.mark.parametrize("change", [
    lambda g: shuffled(g, 1), lambda g: shifted(g, days=60), renamed, lambda g: scaled(g, 10), mirrored,
])  # fmt: skip
def test_odd_minutes_do_not_depend_on_order_clock_names_price_level_or_side(rushed, change):
    assert verdict(alerts(Behaviour, change(rushed), MINUTES)) == verdict(alerts(Behaviour, rushed, MINUTES))


def test_a_minute_split_over_two_linked_accounts_is_one_minute_of_their_owner(rushed):
    owners = "\n".join(f"A{n} own{n} client USD" for n in range(12))
    whole = rushed | tables(accounts="account_id owner_id kind base_currency\n" + owners)
    (found,) = alerts(Behaviour, split(whole), MINUTES)
    assert found["actor_group"] == "owner:own0"
    assert {"kind": "account", "id": "A0-2"} in found["actors"]


def test_every_day_raised_has_three_reasons_of_different_kinds(given):
    (found,) = alerts(Behaviour, given, LAX)
    names = [metric["name"] for metric in found["metrics"][1:]]
    assert len({FEATURES[name].family for name in names}) == len(names) >= 3


@pytest.mark.parametrize(("capacity", "n"), [(1, 1), (2, 2)])
def test_of_each_day_only_the_oddest_are_raised(capacity, n):
    first = flow()["order_events"].collect()
    strange = first.filter((pl.col("trader_id") == "T0") & (pl.col("transact_time").dt.day() == 20))
    second = strange.with_columns(trader_id=pl.lit("T1"), order_id=pl.format("Z{}", "order_id"))
    plain = first.filter((pl.col("trader_id") != "T1") | (pl.col("transact_time").dt.day() != 20))
    both = {"order_events": pl.concat([plain, second]).lazy()}
    params = BehaviourParameters(rank=0.95, trees=40, capacity=capacity)
    assert len(alerts(Behaviour, both, params)) == n


@pytest.mark.parametrize(("activity", "n"), [(6, 1), (7, 0)])
def test_days_of_fewer_orders_than_asked_are_not_judged(activity, n):
    rows = flow()["order_events"].collect()
    odd = (pl.col("trader_id") == "T0") & (pl.col("transact_time").dt.day() == 20)
    kept = rows.filter(odd)["order_id"].unique().sort().head(6).to_list()
    six = rows.filter(~odd | pl.col("order_id").is_in(kept)).with_columns(
        side=pl.when(odd).then(pl.lit("buy")).otherwise("side")
    )
    params = BehaviourParameters(rank=0.97, trees=40, activity=activity, days=5, rows=30)
    assert len(alerts(Behaviour, {"order_events": six.lazy()}, params)) == n


def test_what_everybody_does_differently_of_late_is_a_gap_and_no_alert():
    rows = flow(odd=False, traders=12, days=20)["order_events"].collect()
    late = pl.col("transact_time").dt.day() > 15
    moved = rows.with_columns(
        order_qty=pl.when(late)
        .then(pl.col("order_qty") * 20)
        .otherwise("order_qty")
        .cast(rows.schema["order_qty"])
    )
    found = Behaviour().detect({"order_events": moved.lazy()}, LAX).collect().to_dicts()
    told = " ".join(row["story"][0] for row in found if row["kind"] == "data_gap")
    assert "Since 2026-10-16 most traders act otherwise than before" in told
    assert "the median order" in told
    assert [row for row in found if row["kind"] == "alert"] == []
    steady = Behaviour().detect({"order_events": rows.lazy()}, LAX).collect()
    assert not any("otherwise than before" in story[0] for story in steady["story"].to_list())


def test_drift_is_told_by_both_measures_and_not_by_chance():
    rng = np.random.default_rng(5)
    before, same, moved = rng.normal(size=400), rng.normal(size=100), rng.normal(loc=1.5, size=100)
    assert not drift(before, same, shift=0.25, features=17).drifted
    assert drift(before, moved, shift=0.25, features=17).drifted
    assert psi(before, before) == pytest.approx(0.0)
    assert ks(np.zeros(5), np.ones(5)) == pytest.approx(1.0)


def test_the_forest_sets_a_far_row_apart_and_draws_the_same_every_time():
    x = np.vstack([np.random.default_rng(1).normal(size=(300, 4)), np.full((1, 4), 7.0)])
    first = forest(x, trees=40, seed=3)
    assert first.argmax() == 300
    assert (first == forest(x, trees=40, seed=3)).all()
    assert forest(np.zeros((5, 2)), trees=20, seed=1) == pytest.approx(
        [forest(np.zeros((5, 2)), trees=20, seed=1)[0]] * 5
    )


def test_orders_stand_for_all_of_a_very_busy_trader(monkeypatch):
    rows = flow(traders=3, days=6, many=300, size=100)
    whole = trader_days(rows)
    monkeypatch.setattr("analytics.compliance._conduct._HEAVY", 100)
    monkeypatch.setattr("analytics.compliance._conduct._KEPT", 100)
    some = trader_days(rows)
    assert some["orders"].to_list() == whole["orders"].to_list()
    assert some["cancelled"].to_list() == whole["cancelled"].to_list()


@pytest.mark.parametrize("heavy", [10_000, 30])
def test_days_are_counted_as_they_are_described(monkeypatch, heavy):
    monkeypatch.setattr("analytics.compliance._conduct._HEAVY", heavy)
    monkeypatch.setattr("analytics.compliance._conduct._KEPT", 5)  # so few that some days have none
    rows = flow(traders=3, days=6, many=40, size=100)
    early = pl.col("transact_time").dt.day() == pl.col("transact_time").dt.day().min()
    few = (pl.int_range(pl.len()).over("trader_id") > 2) & early
    rows["order_events"] = rows["order_events"].filter(~few)  # a quiet first day of everybody's
    described = trader_days(rows).select("trader_id", "day", "orders")
    number = pl.from_epoch(pl.col("day") * (DAY_NS // 10**9), time_unit="s").dt.date()
    counted = counted_days(rows).with_columns(day=number).sort("trader_id", "day")
    assert counted.rows() == described.rows()
    assert described.height


# What test_kit_complete.py holds this detector to.
def all_otherwise():
    """In the last five days everybody sends orders three times as large, and but one withdraws none."""
    rows = flow()["order_events"]
    late, kind = pl.col("transact_time").dt.day() > 15, rows.collect_schema()["order_qty"]
    left = rows.filter(~(late & (pl.col("event_type") == "cancel") & (pl.col("trader_id") != "T0")))
    larger = pl.when(late).then(pl.col("order_qty") * 3).otherwise("order_qty")
    return {"order_events": left.with_columns(larger.cast(kind))}


def minute_by_minute():
    """Twelve orders in each of 110 minutes by three traders; in one of them ninety of one share, all withdrawn."""
    rows = []
    for minute in range(110):
        odd = minute == 60
        for n in range(90 if odd else 12):
            at = f"2026-10-0{1 + minute % 3}T{14 + minute // 60}:{minute % 60:02d}:{n % 60:02d}Z"
            qty, px = (1, 50 + n / 100) if odd else (100 * (1 + n % 5), 50)
            tail = f"N{minute % 2} A{minute % 3} T{minute % 3} D {('buy', 'sell')[n % 2 and not odd]} {px} {qty} {at}"
            rows.append(f"O{minute}x{n} {len(rows)} new {tail}")
            if odd or n % 2:
                rows.append(f"O{minute}x{n} {len(rows)} cancel {tail}")
    return tables(order_events=HEAD + "\n".join(rows))


def two_odd():
    """Two traders with as odd a day each on the last one."""
    rows = flow()["order_events"].collect()
    last = rows.filter((pl.col("trader_id") == "T0") & (pl.col("transact_time").dt.day() == 20))
    again = last.with_columns(
        order_id=pl.format("Z{}", "order_id"),
        trader_id=pl.lit("T1"),
        account_id=pl.lit("A1"),
        event_seq=pl.col("event_seq") + 10**6,
    )
    return {"order_events": pl.concat([rows, again]).lazy()}


KIT = Kit(
    Behaviour,
    flow,
    (
        test_ordinary_and_merely_busier_days_are_left_alone,
        test_a_day_that_is_odd_for_the_desk_and_usual_for_the_trader_is_not_odd,
    ),
    {
        "days": Edge(20, 21),
        "activity": Edge(6, 7),
        "rows": Edge(120, 121),
        "busy": Edge(12, 13, scene=minute_by_minute),
        "peers": Waived(
            "Which days a day is held against, its desk's or everybody's: a yardstick, no bound."
        ),
        "rank": Edge(
            0.976, 0.979, scene=lambda: flow(many=30, size=20), others={"deviations": 2.0, "agreement": 1.0}
        ),
        "deviations": Edge(30.4, 30.6),
        "agreement": Edge(10.5, 10.6),
        "capacity": Edge(2, 1, scene=two_odd),
        "recent": Waived(
            "The days that are held against those before to tell whether the desk itself has changed."
        ),
        "shift": Edge(2.17, 2.14, scene=all_otherwise),
        "trees": Waived("How many trees vote; more of them make the same ranks steadier."),
        "seed": Waived("Where the random trees begin, so that a run can be repeated."),
    },
    params=LAX,
)
