"""Styles: those that act alike are put together, whatever their desk; alike people make no styles."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import silhouette_score

from analytics.models._conduct_days import NUMBERS
from analytics.models._habits import habits, without_own
from analytics.models._walk import fit
from analytics.models.styles import STABLE, Styles, _grouped
from tests.analytics.models._tables_structure import conduct

RUNS = 8


def days_of(vectors: np.ndarray, *, days: int = 8, noise: float = 0.3, seed: int = 0) -> pl.DataFrame:
    """Return days of as many traders as there are vectors, each about its own."""
    rng = np.random.default_rng(seed)
    rows = [
        {"who": "trader", "id": f"t{k}", "date": date(2024, 1, 1) + timedelta(days=day), "peers": "d"}
        | dict(zip(NUMBERS, own + noise * rng.normal(size=len(NUMBERS)), strict=True))
        for day in range(days)
        for k, own in enumerate(vectors)
    ]
    return pl.DataFrame(rows)


def test_a_habit_is_the_median_day_in_robust_deviations_from_all():
    values = [1.0, 2.0, 3.0, 7.0, 8.0, 9.0]  # median 5, median deviation 3
    rows = pl.DataFrame(
        {"who": ["trader"] * 6, "id": ["a"] * 3 + ["b"] * 3, "peers": ["d"] * 6,
         "date": [date(2024, 1, 1 + n) for n in range(3)] * 2} | dict.fromkeys(NUMBERS, values)
    )  # fmt: skip
    found = habits(rows)
    assert found.names == ["a", "b"]
    scale = 3 * 1.4826
    alone = [
        k
        for k, one in enumerate(NUMBERS.values())
        if sum(o.family == one.family for o in NUMBERS.values()) == 1
    ]
    assert found.vectors[0, alone] == pytest.approx([-3 / scale] * len(alone))
    assert habits(rows.filter(pl.col("date") > date(2024, 1, 1))).names == []  # two days are no habit
    sizes = [k for k, one in enumerate(NUMBERS.values()) if one.family == "size"]
    assert (found.vectors[1, sizes] ** 2).sum() == pytest.approx(
        (3 / scale) ** 2
    )  # three numbers of a kind count as one


def test_the_others_of_the_group_speak_for_one_and_all_others_for_one_alone():
    x = np.array([[1.0], [2.0], [6.0], [10.0]])
    assert without_own(x, np.array([0, 0, 0, 1])).ravel().tolist() == [4.0, 3.5, 1.5, 3.0]
    assert without_own(x[:1], np.array([0])).tolist() == [[0.0]]


def test_the_number_of_styles_is_the_one_with_the_largest_silhouette():
    rng = np.random.default_rng(2)
    centres = np.array([[0.0, 0.0], [6.0, 0.0], [0.0, 6.0]])
    x = np.repeat(centres, 4, axis=0) + 0.4 * rng.normal(size=(12, 2))
    groups, each, mean, _ = _grouped(x)
    assert groups.tolist() == [0] * 4 + [1] * 4 + [2] * 4
    assert mean == pytest.approx(silhouette_score(x, groups))
    assert each.min() > 0.5


def test_people_who_act_alike_share_a_style_across_desks_and_the_reasons_name_what_was_planted():
    rows = Styles().features(conduct(4, heavy=False, styles=True))
    model = fit(Styles(), rows)
    found = model.found("trader")
    assert found["stability"] >= STABLE
    assert [[one["id"] for one in style["members"]] for style in found["styles"]] == [
        ["t0", "t2", "t5"],
        ["t1", "t3", "t4"],
    ]
    assert {one["peers"] for one in found["styles"][0]["members"]} == {"d0", "d1"}
    named = {NUMBERS[one["feature"]].family for one in found["styles"][0]["reasons"]}
    assert {"size", "life"} <= named
    assert all(
        one["value"] > one["usual"]
        for one in found["styles"][0]["reasons"]
        if NUMBERS[one["feature"]].family == "size"
    )
    assert (model.style("trader", "t0"), model.style("trader", "nobody")) == (1, None)
    card = str(model.calibration(rows.head(0)))
    assert "t0" not in card  # a card has many readers


def test_alike_people_make_no_styles_and_the_model_repeats_its_baseline():
    told = 0
    for seed in range(RUNS):
        rows = days_of(np.zeros((10, len(NUMBERS))), noise=1.0, seed=seed)
        model = fit(Styles(), rows)
        told += bool(model.found("trader")["styles"])
        judged = model.judge(rows)
        if not model.found("trader")["styles"]:
            assert judged["loss"].equals(judged["baseline_loss"].alias("loss"))
    assert told <= 1


def test_too_few_people_have_no_styles():
    model = fit(Styles(), days_of(np.eye(len(NUMBERS))[:3] * 5))
    assert model.found("trader")["styles"] == []
    assert model.found("account") == {
        "stability": None, "silhouette": None, "needed": STABLE, "people": 0, "styles": [], "unlike": [], "until": "2024-01-08",
    }  # fmt: skip


def test_one_apart_is_no_style_and_is_told_as_unlike_any_only_beside_styles():
    width = len(NUMBERS)
    apart = np.zeros((12, width))
    apart[0] = 5.0
    lonely = fit(Styles(), days_of(apart))  # one and the rest: says nothing of who trades alike
    assert lonely.found("trader")["styles"] == lonely.found("trader")["unlike"] == []
    assert lonely.judge(days_of(apart))["loss"].equals(
        lonely.judge(days_of(apart))["baseline_loss"].alias("loss")
    )
    two = apart.copy()
    two[6:, : width // 2] = 3.0
    rows = days_of(two)
    model = fit(Styles(), rows)
    found = model.found("trader")
    assert sorted(len(style["members"]) for style in found["styles"]) == [5, 6]
    assert [style["members"][0]["id"] for style in found["unlike"]] == ["t0"]
    assert model.style("trader", "t0") is None
    assert model.calibration(rows)["kinds"]["trader"]["unlike"] == 1
    assert "t0" not in model.latest(rows)["id"].to_list()
