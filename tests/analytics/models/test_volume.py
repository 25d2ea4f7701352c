"""Volume: the next session and the next half hour, from what is known before each."""

from datetime import UTC, datetime

import polars as pl

from analytics.models._skill import skill
from analytics.models._walk import fit, walk_forward
from analytics.models.volume import Volume
from analytics.models.volume_curve import FEATURES, VolumeCurve
from tests.analytics.models._tables_volume import days, half_hours


def test_both_beat_the_usual_volume_where_there_is_something_to_know():
    for model, tables in ((Volume(), days(2)), (VolumeCurve(), half_hours(2))):
        tested = walk_forward(model, model.features(tables))
        assert skill(model, tested).shown, model.name


def test_the_range_of_a_days_volume_holds_about_what_it_says():
    model = Volume()
    tested = walk_forward(model, model.features(days(3, count=500, names=8)))
    (band,) = model.calibration(tested)["bands"]
    assert 0.72 <= band["held"] <= 0.86
    assert (tested["low"] <= tested["high"]).all()


def test_a_half_hour_is_forecast_from_what_came_before_it_on_its_day():
    tables = half_hours(4)
    model = VolumeCurve()
    whole = model.features(tables)
    at = datetime(2024, 1, 15, 17, 0, tzinfo=UTC)
    cut = {"bars": tables["bars"].filter(pl.col("bar_start") < at + pl.duration(minutes=30))}
    short = model.features(cut)
    columns = ["instrument_id", "bucket", *FEATURES, "baseline"]
    one = pl.col("bucket") == at
    assert short.filter(one).height == 4
    assert short.filter(one).select(columns).equals(whole.filter(one).select(columns))


def test_its_own_volume_is_no_feature_of_a_half_hour():
    tables = half_hours(4)
    at = datetime(2024, 1, 15, 17, 0, tzinfo=UTC)
    inside = pl.col("bar_start").is_between(at, at + pl.duration(minutes=30), closed="left")
    moved = tables["bars"].with_columns(volume=pl.when(inside).then(pl.col("volume") * 9).otherwise("volume"))
    model = VolumeCurve()
    columns = ["instrument_id", *FEATURES, "baseline"]
    one = pl.col("bucket") == at
    before, after = (model.features(t).filter(one) for t in (tables, {"bars": moved}))
    assert before.select(columns).equals(after.select(columns))
    assert not before["target"].equals(after["target"])


def test_an_instrument_without_volumes_is_left_out():
    tables = days(1)
    prices = tables["prices"].with_columns(
        volume=pl.when(pl.col("instrument_id") == "N0").then(None).otherwise("volume")
    )
    model = Volume()
    rows = model.features({"prices": prices})
    assert rows["instrument_id"].unique().sort().to_list() == ["N1", "N2", "N3"]
    assert fit(model, rows).latest(rows).height == 3
