"""Triage, states of the market, unusual days, groups, costs: what they say where the answer is known."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from analytics.models._alert_facts import ALERT_FACTS_SCHEMA, alert_facts
from analytics.models._card import card
from analytics.models._clusters import correlation_distance, stability, ward
from analytics.models._skill import skill
from analytics.models._sticky_mixture import StickyMixture
from analytics.models._walk import fit, walk_forward
from analytics.models.behaviour import Behaviour, _caught
from analytics.models.clusters import Clusters
from analytics.models.execution_cost import _least_absolute
from analytics.models.regimes import Regimes
from analytics.models.triage import LEAST, Triage, found_early
from tests.analytics.models._tables_structure import alert_rows, conduct, markets, related


def alert(
    number: int, *, day: int, outcome: float | None, detector: str = "spoofing", decided: int | None = None
):
    at = datetime(2024, 1, 1, 9, tzinfo=UTC) + timedelta(days=day, minutes=number)
    return dict.fromkeys(ALERT_FACTS_SCHEMA) | {
        "alert_id": f"a{number}", "date": at.date(), "time": at, "detector": detector, "score": 50.0,
        "actor_group": "g1", "people": ["p"], "instrument_ids": ["N0"], "seconds": 1.0, "orders": 1, "fills": 0,
        "messages": 0, "posts": 0, "metrics": [], "outcome": outcome,
        "decided": None if decided is None else datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=decided),
    }  # fmt: skip


def facts(*rows) -> dict[str, dict]:
    found = alert_facts(pl.DataFrame(list(rows), schema=ALERT_FACTS_SCHEMA, orient="row"))
    return {row["alert_id"]: row for row in found.to_dicts()}


# --- triage ------------------------------------------------------------------------------------------
def test_an_ending_counts_from_the_day_after_it_was_decided():
    early = alert(1, day=0, outcome=1.0, decided=5)
    seen = facts(early, alert(2, day=5, outcome=None), alert(3, day=6, outcome=None))
    assert seen["a2"]["detector_seen"] == 0
    assert seen["a3"]["detector_seen"] == pytest.approx(np.log1p(1))
    assert seen["a3"]["actor_share"] > seen["a2"]["actor_share"]


def test_company_counts_other_detectors_of_the_day_before_and_none_after():
    other = alert(1, day=0, outcome=None, detector="layering")
    seen = facts(other, alert(2, day=0, outcome=None), alert(3, day=3, outcome=None))
    assert seen["a2"]["company"] == pytest.approx(np.log1p(1))
    assert seen["a1"]["company"] == 0
    assert seen["a3"]["company"] == 0


def test_with_too_few_endings_it_repeats_the_baseline_and_ranks_nothing():
    rows = Triage().features(alert_rows(days=8))
    model = fit(Triage(), rows)
    assert min(model.endings_) < LEAST
    assert np.array_equal(model.predict(rows), rows["baseline"].to_numpy())
    assert model.latest(rows).is_empty()


def test_it_ranks_what_is_followed_up_first_and_gives_three_reasons():
    rows = Triage().features(alert_rows(1, days=45))
    model = fit(Triage(trees=30), rows.filter(pl.col("date") < rows["date"][250]))
    later = rows.filter(pl.col("date") > rows["date"][260]).drop_nulls("target")
    judged = model.judge(later)
    assert judged["loss"].mean() < 0.8 * judged["baseline_loss"].mean()
    waiting = model.latest(rows)
    assert waiting.height == rows["target"].null_count()
    assert {len(one) for one in model.reasons(rows.tail(5))} == {3}


def test_a_queue_that_cannot_hold_all_is_judged_by_what_it_can():
    tested = pl.DataFrame({
        "alert_id": [f"a{n}" for n in range(10)], "target": [1.0] * 4 + [0.0] * 6,
        "predicted": [0.9, 0.8, 0.7, 0.1, 0.6, 0.5, 0.4, 0.3, 0.2, 0.05],
    })  # fmt: skip
    assert found_early(tested) == {"0.1": 1.0, "0.4": 0.75}
    assert found_early(tested.with_columns(target=0.0)) == {"0.1": None, "0.4": None}


# --- states of the market ----------------------------------------------------------------------------
def test_the_states_of_a_chain_are_found_again_and_their_stay_too():
    rng = np.random.default_rng(4)
    truth = (np.arange(900) // 45) % 2
    x = rng.normal(size=(900, 2)) + 2.5 * truth[:, None]
    yes = (rng.random(900) < 0.5).astype(float)
    guess = np.column_stack([x[:, 0] < 1.2, x[:, 0] >= 1.2]) * 0.8 + 0.1
    model = StickyMixture().fit(x, yes, guess)
    states, density = model.filtered(x, yes)
    assert (states.argmax(axis=1) == truth).mean() > 0.97
    assert np.isfinite(density).all()
    assert model.dwell() == pytest.approx([45, 45], rel=0.35)


def test_stressed_days_are_those_of_large_moves_and_no_day_hangs_on_a_later_one():
    rows = Regimes().features(markets(5))
    model = fit(Regimes(), rows)
    course = model.course(rows)
    wild = (pl.col("date").dt.ordinal_day() - 1 + 366 * (pl.col("date").dt.year() - 2024)) // 30 % 2 == 1
    share = course.group_by(wild=wild).agg(stressed=(pl.col("state") == "stressed").mean()).sort("wild")
    assert share["stressed"][0] < 0.05 < 0.3 < share["stressed"][1]
    cut = course["date"][200]
    assert model.course(rows.filter(pl.col("date") <= cut)).equals(course.filter(pl.col("date") <= cut))
    now = model.latest(rows)
    assert now["since"][0] <= now["date"][0]


@pytest.mark.parametrize("volume", [None, 1_000.0], ids=["none", "always the same"])
def test_a_number_that_never_moves_is_no_evidence_of_states(volume):
    tables = {"prices": markets(5)["prices"].with_columns(volume=pl.lit(volume, pl.Float64))}
    rows = Regimes().features(tables)
    found = skill(Regimes(), walk_forward(Regimes(), rows))
    assert found.shown
    assert found.value < 2  # nats a day; a density of what stands still would bring millions
    model = fit(Regimes(), rows)
    assert "volume" not in {one["feature"] for one in model.reasons(rows.tail(1))[0]}
    assert Regimes.restore(model.state()).predict(rows).tobytes() == model.predict(rows).tobytes()


def test_prices_that_never_move_are_refused_with_the_reason():
    still = {"prices": markets(5)["prices"].with_columns(close=pl.lit(10.0))}
    with pytest.raises(ValueError, match="prices have not moved"):
        fit(Regimes(), Regimes().features(still))


# --- unusual days ------------------------------------------------------------------------------------
def test_a_day_unlike_all_others_is_told_with_its_value_and_the_usual_range():
    tables = conduct(2, heavy=False)
    events = tables["order_events"]
    day = events["transact_time"].dt.date().max()
    odd = (pl.col("trader_id") == "t1") & (pl.col("transact_time").dt.date() == day)
    changed = events.with_columns(
        order_qty=pl.when(odd).then(pl.col("order_qty") * 400).otherwise("order_qty")
    )
    rows = Behaviour().features(tables | {"order_events": changed})
    model = fit(Behaviour(), rows)
    course = model.course(rows)
    mine = course.filter(pl.col("who") == "trader", pl.col("id") == "t1", pl.col("date") == day)
    assert mine["predicted"][0] > 0.97
    reason = model.reasons(rows.join(mine.select("who", "id", "date"), on=["who", "id", "date"], how="semi"))[
        0
    ][0]
    assert reason["feature"].endswith("_size")
    assert reason["value"] > reason["high"] > reason["low"]
    assert len(course.filter("odd")) <= 0.02 * course.height + 1


def test_the_same_forest_grows_twice_and_another_seed_finds_much_the_same():
    rows = Behaviour().features(conduct(3))
    one, same, other = (fit(Behaviour(seed=seed), rows).predict(rows) for seed in (7, 7, 8))
    assert one.tobytes() == same.tobytes()
    assert np.corrcoef(one, other)[0, 1] > 0.97


# --- groups and costs --------------------------------------------------------------------------------
def test_two_drivers_make_two_stable_groups_and_noise_makes_none():
    rng = np.random.default_rng(0)
    drivers = rng.normal(size=(300, 2))
    returns = np.repeat(drivers, 3, axis=1) + 0.5 * rng.normal(size=(300, 6))
    groups = ward(correlation_distance(returns), 2)
    assert groups.tolist() == [0, 0, 0, 1, 1, 1]
    assert stability(returns, groups, draws=10, seed=0) == pytest.approx(1.0)
    noise = rng.normal(size=(300, 6))
    assert stability(noise, ward(correlation_distance(noise), 2), draws=10, seed=0) < 0.6


def test_the_law_is_fitted_to_the_least_absolute_error_and_never_pays_for_size():
    x = np.linspace(0, 10, 201)
    y = 1.5 + 0.7 * x
    y[::10] += 500  # mistakes
    constant, coefficient = _least_absolute(x, y)
    assert (constant, coefficient) == (pytest.approx(1.5, abs=0.1), pytest.approx(0.7, abs=0.02))
    assert _least_absolute(x, -x)[1] == 0.0


def test_triage_walks_forward_and_stays_at_the_baseline_until_it_has_learnt():
    rows = Triage().features(alert_rows(days=40))
    tested = walk_forward(Triage(), rows)
    first = tested.filter(pl.col("fold") == 0)
    assert np.array_equal(first["predicted"], first["baseline"])
    assert not np.array_equal(tested["predicted"], tested["baseline"])


# --- fold by fold ------------------------------------------------------------------------------------
def test_a_card_tells_fold_by_fold_what_was_taught_on_and_found_and_how_alike_the_fold_before():
    model = Clusters()
    tested = walk_forward(model, model.features(related()))
    made = card(model, skill(model, tested), tested)
    first, second = made["folds"][:2]
    assert first["taught_from"] < first["taught_to"] < first["from"] <= first["to"] < second["from"]
    assert set(second["figures"]) == set(made["figure_words"])
    assert "agreement" not in first["figures"]
    assert second["figures"]["agreement"] == pytest.approx(1.0)  # the same four pairs again
    assert second["figures"]["silhouette"] > second["figures"]["silhouette_sector"]
    assert second["figures"]["silhouette"] > second["figures"]["silhouette_random"]


def test_precision_at_k_counts_moved_days_among_as_many_of_the_oddest():
    real = np.array([0.1, 0.2, 0.9, 0.3])
    planted = np.array([0.8, 1.0, 0.95, 0.2])
    # One at a time: the first (0.8) stays below the real 0.9, the second is on top, the third too, the last is not.
    assert _caught(real, planted, np.arange(4)).tolist() == [0.0, 1.0, 1.0, 0.0]
    # The first two together: 1.0 and 0.9 are the oddest two, so one of two is caught.
    assert _caught(real, planted, np.array([0, 0, 1, 1])).tolist() == [0.0, 1.0, 1.0, 0.0]
    rows = Behaviour().features(conduct(3))
    model = fit(Behaviour(), rows)
    told = model.calibration(model.judge(rows))
    judged = model.judge(rows)
    assert told["precision_at_k"] == pytest.approx(judged["caught"].mean(), abs=1e-4)
    assert judged.filter(pl.col("caught") == 1)["predicted"].mean() > judged["predicted"].mean()
    assert told["stability"] > 0.95
    assert 0 < told["top_shared"] <= 1
