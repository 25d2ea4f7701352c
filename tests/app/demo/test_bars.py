"""Bars and brokers of the demo say what its quotes, volumes and fills say."""

import polars as pl

from app.demo.brokers import BROKERS
from app.demo.universe import STOCKS


def test_the_volumes_of_a_sessions_bars_sum_to_the_days(firm):
    bars = firm.files["bars"].group_by("instrument_id", date=pl.col("bar_start").dt.date())
    both = bars.agg(pl.col("volume").sum()).join(
        firm.files["prices"].select("instrument_id", "date", day="volume"), on=["instrument_id", "date"]
    )
    assert both.height == len(STOCKS) * 4
    assert (both["volume"] == both["day"]).all()


def test_a_bar_ranges_from_its_low_to_its_high_and_within_the_quotes(firm):
    bars, inside = firm.files["bars"], ("open", "close", "vwap")
    odd = (pl.col("low") > pl.min_horizontal(inside)) | (pl.col("high") < pl.max_horizontal(inside))
    assert bars.filter(odd | (pl.col("volume") < 0)).is_empty()
    by = ["instrument_id", "date"]
    day = bars.group_by("instrument_id", date=pl.col("bar_start").dt.date()).agg(
        pl.col("low").min(), pl.col("high").max()
    )
    shown = firm.files["quotes"].group_by("instrument_id", date=pl.col("transact_time").dt.date())
    both = day.join(shown.agg(pl.col("bid_px").min(), pl.col("ask_px").max()), on=by)
    assert both.filter((pl.col("low") < pl.col("bid_px")) | (pl.col("high") > pl.col("ask_px"))).is_empty()


def test_bars_begin_every_five_minutes_of_a_session(firm):
    one = firm.files["bars"].filter(pl.col("instrument_id") == "AAPL").sort("bar_start")
    steps = one.select(pl.col("bar_start").diff().over(pl.col("bar_start").dt.date()).drop_nulls())
    assert steps["bar_start"].unique().dt.total_seconds().to_list() == [300]
    # The close of one bar is where the next begins.
    joined = one.with_columns(last=pl.col("close").shift(1).over(pl.col("bar_start").dt.date()))
    assert joined.filter(pl.col("last").is_not_null() & (pl.col("last") != pl.col("open"))).is_empty()


def test_every_client_order_has_one_broker_and_the_house_has_none(firm):
    kinds = firm.files["accounts"].select("account_id", "kind")
    fills = firm.files["executions"].join(kinds, on="account_id")
    assert set(fills.filter(pl.col("kind") == "client")["broker"]) == set(BROKERS)
    assert fills.filter(pl.col("kind") != "client")["broker"].drop_nulls().is_empty()
    orders = firm.files["order_events"].select("order_id", "parent_order_id").unique("order_id")
    told = fills.join(orders, on="order_id").group_by(pl.coalesce("parent_order_id", "order_id"))
    assert told.agg(pl.col("broker").n_unique())["broker"].max() == 1
