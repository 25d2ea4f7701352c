"""Attribution of a desk's active return, through the derived book."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from analytics.portfolio.attribution import CLASSES, EFFECTS, brinson
from analytics.portfolio.linking import METHODS, link
from app.errors import Invalid
from app.jobs.derive import derive
from app.queries import performance
from app.queries.attribution import MODELS, attribution
from app.scope import Scope
from tests.app._world import context_of, desk_of, land
from tests.app.queries._classes import DAYS, NAMES, RB, RP, WB, WP, courses, tables


def periods(model):
    found = []
    for p, b, x, y in zip(WP, WB, RP, RB, strict=True):
        rows = [(n, p[k], b[k], x[k] if p[k] else None, y[k] if b[k] else None) for k, n in enumerate(NAMES)]
        found.append(brinson(pl.DataFrame(rows, schema=CLASSES, orient="row"), model=model))
    return found


def value(found, name):
    return {metric["name"]: metric for metric in found["metrics"]}[name]["value"]


@pytest.fixture(scope="module")
def module_home(tmp_path_factory):
    return tmp_path_factory.mktemp("attribution")


@pytest.fixture(scope="module")
def classes(module_home, module_database):
    """Return a firm whose account holds three classes over four days."""
    context = context_of(module_home, module_database)
    land(context, "classes", **tables())
    land(context, "costly", **tables(commission=25.0, level=False))
    for org in ("classes", "costly"):
        derive(context, org, cause="test")
    return context


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("model", MODELS)
def test_four_days_of_three_classes_give_the_textbook_s_effects(classes, model, method):
    found = attribution(desk_of(classes, org="classes"), model=model, linking=method)
    expected = link(periods(MODELS[model]), method=method)
    assert found["n"] == 4
    assert found["rows"]["segment"].to_list() == list(NAMES)
    rows = expected.effects.sort("segment").select(EFFECTS).to_numpy()
    assert found["rows"].select(EFFECTS).to_numpy() == pytest.approx(rows, abs=1e-10)
    assert abs(value(found, "residual")) < 1e-12
    assert value(found, "active_return") == pytest.approx(expected.active, abs=1e-10)
    for name in ("costs", "trading", "index_difference"):
        assert value(found, name) == pytest.approx(0, abs=1e-10)
    last = found["course"].row(-1, named=True)
    assert [last[name] for name in EFFECTS] == pytest.approx(
        [value(found, name) for name in EFFECTS], abs=1e-15
    )


def test_costs_stand_apart_and_everything_adds_up(classes):
    plain, dear = (attribution(desk_of(classes, org=org)) for org in ("classes", "costly"))
    assert value(dear, "costs") < -1e-4
    assert value(plain, "costs") == 0
    lines = (*EFFECTS, "costs", "trading", "index_difference")
    for found in (plain, dear):
        active = value(found, "portfolio_return") - value(found, "benchmark_return")
        assert value(found, "active_return") == active
        assert sum(value(found, name) for name in lines) == pytest.approx(active, abs=1e-14)
    # Without a published level the benchmark returned what its weights did.
    assert value(dear, "index_difference") == 0


def test_the_active_return_is_that_of_the_performance_page(classes):
    dates = {"start": DAYS[1], "end": DAYS[4]}
    found = attribution(desk_of(classes, org="classes", scope=Scope(**dates)))
    assert found["n"] == 4
    beside = performance.course(
        desk_of(classes, org="classes", scope=Scope(**dates, extra={"benchmark": "MIX"}))
    )
    last = beside["rows"].row(-1, named=True)
    assert value(found, "active_return") == pytest.approx(
        (last["index"] - last["benchmark_index"]) / 100, abs=1e-14
    )
    assert found["course"]["portfolio"].to_list() == pytest.approx(
        (beside["rows"]["index"] / 100 - 1).to_list()
    )
    moved = np.prod([1 + float(np.dot(w, r)) for w, r in zip(WB, RB, strict=True)]) - 1
    assert value(found, "benchmark_return") == pytest.approx(moved, abs=1e-9)


def test_securities_add_up_to_their_class(classes):
    for method in METHODS:
        found = attribution(desk_of(classes, org="classes"), linking=method)
        sums = dict(found["securities"].group_by("segment").agg(pl.col("effect").sum()).iter_rows())
        for row in found["rows"].iter_rows(named=True):
            assert sums[row["segment"]] == pytest.approx(row["selection"] + row["interaction"], abs=1e-13)


def test_the_benchmark_is_named_and_can_be_chosen(classes):
    found = attribution(desk_of(classes, org="classes"))
    assert (found["benchmark"], found["benchmarks"]) == ("MIX", ["MIX"])
    assert found["note"] == "The accounts' benchmark SPX has no weights, so MIX is compared with."
    assert attribution(desk_of(classes, org="classes"), benchmark="MIX")["note"] is None
    level = attribution(desk_of(classes, org="classes"), benchmark="SPX")
    assert level["reasons"]["attribution"] == "SPX is known by its level alone. With weights there is MIX."
    assert all(metric["value"] is None and metric["reason"] for metric in level["metrics"])
    with pytest.raises(Invalid):
        attribution(desk_of(classes, org="classes"), benchmark="DAX")


@pytest.mark.parametrize("wrong", [{"model": "x"}, {"linking": "x"}, {"group_by": "x"}])
def test_wrong_questions_are_refused(classes, wrong):
    with pytest.raises(Invalid):
        attribution(desk_of(classes, org="classes"), **wrong)


@pytest.mark.parametrize(
    ("scope", "words"),
    [
        (Scope(trader=("T1",)), "not by trader"),
        (Scope(instrument=("P-bond",)), "not an instrument"),
        (Scope(account=("A2",)), "No net asset value"),
        (Scope(start=date(2027, 1, 1)), "No net asset value"),
        (Scope(start=DAYS[0], end=DAYS[0]), "no day"),
    ],
)
def test_what_cannot_be_told_has_a_reason(classes, scope, words):
    found = attribution(desk_of(classes, org="classes", scope=scope))
    assert words in found["reasons"]["attribution"]
    assert {metric["value"] for metric in found["metrics"]} == {None}
    assert found["rows"].height == found["course"].height == found["securities"].height == 0


def test_an_organisation_without_anything_answers_in_shape(classes):
    found = attribution(desk_of(classes, org="zenith"))
    assert found["reasons"]["attribution"].startswith("No benchmark with weights is known")


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ('MIX 2026-11-16 - {"B-bond":0.5,"B-new":0.5}', "No price of B-new is known on 2026-11-16."),
        ('MIX 2026-11-16 - {"B-bond":50,"B-equity":50}', "add up to 100, not to 1"),
        ("MIX 2026-11-16 - nonsense", "cannot be read"),
        ('MIX 2026-11-16 - {"B-bond":"half"}', "cannot be read"),
    ],
)
def test_a_benchmark_that_cannot_be_used_says_why(tmp_path, sqlite_database, rows, words):
    context = context_of(tmp_path, sqlite_database)
    land(context, "acme", **tables() | {"benchmarks": f"benchmark_id date level weights\n{rows}\n"})
    derive(context, "acme", cause="test")
    assert words in attribution(desk_of(context))["reasons"]["attribution"]


def test_weights_drift_between_publications_and_what_is_missing_is_cash(tmp_path, sqlite_database):
    context = context_of(tmp_path, sqlite_database)
    one = 'MIX 2026-11-16 - {"B-bond":0.3,"B-equity":0.5}'
    land(context, "acme", **tables() | {"benchmarks": f"benchmark_id date level weights\n{one}\n"})
    derive(context, "acme", cause="test")
    found = attribution(desk_of(context))
    course = courses(RB)
    whole = 0.3 * course[-1][0] / 100 + 0.5 * course[-1][2] / 100 + 0.2 - 1
    assert value(found, "benchmark_return") == pytest.approx(whole, abs=1e-10)
    cash = found["rows"].filter(segment="Cash").row(0, named=True)
    assert cash["benchmark_weight"] == pytest.approx(0.2, abs=0.01)
    assert (cash["portfolio_weight"], cash["benchmark_return"]) == (0, 0)
    assert abs(value(found, "residual")) < 1e-12
