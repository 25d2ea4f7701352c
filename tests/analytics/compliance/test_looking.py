"""Parts of the market: the same ids, scores and metrics as from the whole of it, whatever their size."""

import polars as pl
import pytest

from analytics.compliance._order_lives import order_lives
from analytics.compliance._shared import Shared, once
from analytics.compliance.alerts import ALERT_SCHEMA
from analytics.compliance.calibration import perturbed
from analytics.compliance.detector import all_detectors
from analytics.compliance.looking import Asked, Parts, Windows, look_with, parted
from tests.analytics.compliance._orders import Book
from tests.analytics.compliance.test_layering import layered
from tests.analytics.compliance.test_pinging import probe
from tests.analytics.compliance.test_spoofing import spoofed

LOCAL = sorted(name for name, kind in all_detectors().items() if parted(kind))


def named(given, name: str):
    """Return a firm's tables with its one instrument, and the ids of its orders, named anew."""

    def renamed(frame: pl.LazyFrame) -> pl.LazyFrame:
        have = frame.collect_schema().names()
        ids = [c for c in ("order_id", "exec_id") if c in have]
        made = [pl.format("{}-{}", pl.lit(name), c).alias(c) for c in ids]
        return frame.with_columns(
            *made, *([pl.lit(name).alias("instrument_id")] if "instrument_id" in have else [])
        )

    return {table: renamed(frame) for table, frame in given.items()}


@pytest.fixture(scope="module")
def market():
    firms = [named(book.given(), name) for name, book in {
        "LAYERED": layered(), "PINGED": probe(), "QUIET": Book().order(0.0, "buy", 99, 100, out=1.0),
        "SPOOFED": spoofed(),
    }.items()]  # fmt: skip
    return {
        name: pl.concat([firm[name] for firm in firms], how="diagonal").unique(maintain_order=True)
        if name == "accounts"
        else pl.concat([firm[name] for firm in firms], how="diagonal")
        for name in firms[0]
    }


def said(name, tables, rows):
    asked = Asked(all_detectors()[name]())
    parts = Parts(tables, pl.LazyFrame.collect, rows=rows)
    found = [parts.look(asked, parts.part(number)) for number in range(len(parts.names))]
    return len(found), parts.joined(asked, found)


@pytest.mark.parametrize("name", LOCAL)
def test_parts_say_what_the_whole_says(name, market):
    whole = all_detectors()[name]().detect(market).collect()
    for rows, number in ((1, 4), (10**6, 1)):
        parts, found = said(name, market, rows)
        assert parts == number
        assert found.equals(whole)


def test_the_firm_of_this_test_has_something_to_find(market):
    kinds = {name: said(name, market, 1)[1]["kind"].to_list() for name in LOCAL}
    assert {name for name, found in kinds.items() if "alert" in found} >= {"layering", "pinging", "spoofing"}


def test_a_table_that_is_empty_in_one_part_only_is_no_gap(market):
    orphan = market | {"order_events": market["order_events"].filter(pl.col("instrument_id") != "QUIET")}
    assert "data_gap" not in said("spoofing", orphan, 1)[1]["kind"]


def test_nothing_to_look_at_is_told_once():
    parts, found = said("spoofing", {}, 1)
    assert (parts, found.schema, found["kind"].to_list()) == (1, pl.Schema(ALERT_SCHEMA), ["data_gap"])


def test_what_one_detector_makes_of_a_part_serves_the_next(market):
    shared = Shared(market)
    first = order_lives(shared).collect()
    assert list(shared.made) == ["order_lives"]
    assert shared.narrowed(lambda some: {"order_events": some["order_events"]}).made is shared.made
    assert order_lives(market).collect().sort("order_id", "entered").equals(first.sort("order_id", "entered"))


@pytest.mark.parametrize("name", LOCAL)
def test_thresholds_tried_on_features_raise_what_a_look_at_the_rows_raises(name, market, tmp_path):
    detector = all_detectors()[name]()
    base = detector.Params()
    *_, moved = next(perturbed(base))
    whole = [
        detector.detect(market, one).collect().filter(pl.col("kind") == "alert") for one in (base, moved)
    ]
    first = look_with(detector, [base], market, pl.LazyFrame.collect, folder=tmp_path)
    again = look_with(detector, [base, moved], market, pl.LazyFrame.collect, folder=tmp_path)
    assert first[0].equals(whole[0])
    assert [one.equals(other) for one, other in zip(again, whole, strict=True)] == [True, True]


@pytest.mark.parametrize("name", ["layering", "order_to_trade", "pinging", "spoofing"])
def test_what_is_kept_needs_no_rows(name, market, tmp_path):
    detector = all_detectors()[name]()
    *_, moved = next(perturbed(detector.Params()))
    look_with(detector, [detector.Params()], market, pl.LazyFrame.collect, folder=tmp_path)
    bare = market | {"order_events": market["order_events"].select("instrument_id")}
    look_with(detector, [moved], bare, pl.LazyFrame.collect, folder=tmp_path)
    with pytest.raises(pl.exceptions.ColumnNotFoundError):
        look_with(detector, [moved], bare, pl.LazyFrame.collect)


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_a_window_says_what_a_look_at_the_same_tables_says(market, workers):
    names = [name for name in LOCAL if all_detectors()[name].in_window]
    moving = {name: market[name] for name in ("order_events", "executions", "quotes") if name in market}
    still = {name: rows for name, rows in market.items() if name not in moving}
    windows = Windows(still, pl.LazyFrame.collect, workers=workers)
    asked = [Asked(all_detectors()[name]()) for name in names]
    whole = {one.detector.name: one.detector.detect(market).collect() for one in asked}
    for _ in range(2):  # the second one asks what the first one made
        found = windows.look(asked, moving)
        assert [name for name in names if not found[name].equals(whole[name])] == []
    nothing = {name: rows.clear() for name, rows in moving.items()}
    assert "alert" not in set(pl.concat(windows.look(asked, nothing).values())["kind"])


@pytest.mark.parametrize("workers", [1, 2])
def test_a_detector_that_fails_in_a_window_is_not_passed_over(market, workers):
    broken = {**market, "order_events": market["order_events"].select("instrument_id")}
    asked = [Asked(all_detectors()[name]()) for name in ("wash_trade", "pinging")]
    with pytest.raises(pl.exceptions.ColumnNotFoundError):
        Windows({}, pl.LazyFrame.collect, workers=workers).look(asked, broken)


def test_detectors_of_days_leave_windows_alone(market):
    asked = [Asked(all_detectors()[name]()) for name in ("churning", "marking_the_open", "spoofing")]
    assert list(Windows({}, pl.LazyFrame.collect).look(asked, market)) == ["spoofing"]


def test_what_is_made_of_prices_outlives_a_look_while_they_stand_still():
    made = []

    def build() -> pl.LazyFrame:
        made.append(1)
        return pl.LazyFrame({"n": [len(made)]})

    standing: dict[str, pl.DataFrame] = {}
    for _ in range(2):
        tables = Shared({}, standing=standing, still=frozenset({"prices"}))
        assert once(tables, "base", build, of=("prices",)).collect().item() == 1
        once(tables, "both", build, of=("prices", "quotes"))
    assert len(made) == 3  # once of prices, and twice of what moves
