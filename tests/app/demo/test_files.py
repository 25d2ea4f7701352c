"""Every file of the demo firms fits its data set."""

from datetime import date

import polars as pl
import pytest

from analytics.datasets import IMPORTABLE
from app.demo.generate import generate
from app.demo.universe import STOCKS

TODAY = date(2026, 11, 22)


def test_every_frame_has_the_business_columns_and_types_of_its_data_set(firm):
    for name, frame in firm.files.items():
        assert dict(frame.schema) == {c: column.dtype for c, column in IMPORTABLE[name].columns.items()}, name


def test_required_columns_are_filled_and_keys_are_unique(firm):
    for name, frame in firm.files.items():
        dataset = IMPORTABLE[name]
        assert frame.height > 0, name
        assert frame.select(dataset.required).null_count().row(0) == (0,) * len(dataset.required), name
        assert frame.select(dataset.key).is_duplicated().sum() == 0, name


def test_words_of_closed_vocabularies_are_known(firm):
    for name, frame in firm.files.items():
        for column, rule in IMPORTABLE[name].columns.items():
            if rule.values:
                assert set(frame[column].drop_nulls()) <= set(rule.values), (name, column)
            if rule.positive:
                assert frame.filter(pl.col(column) <= 0).is_empty(), (name, column)


def test_the_same_seed_and_day_give_the_same_frames(firms):
    for again in generate(7, "small", TODAY):
        first = firms[again.slug]
        assert first.labels == again.labels
        assert all(first.files[name].equals(again.files[name]) for name in first.files)


def test_another_seed_gives_another_flow(firms):
    other = next(generate(8, "small", TODAY))
    assert not other.files["executions"].equals(firms[other.slug].files["executions"])


def test_the_last_session_is_the_last_business_day_before_today(firm):
    assert firm.files["prices"]["date"].max() == date(2026, 11, 20)
    assert firm.files["executions"]["trade_date"].max() == date(2026, 11, 20)


def test_closes_are_the_real_ones_of_the_date_kept_beside_them(firm):
    row = firm.files["prices"].row(
        by_predicate=(pl.col("instrument_id") == "AAPL") & (pl.col("date") == date(2026, 11, 20)), named=True
    )
    assert float(row["close"]) == 125.674
    assert row["ext"].startswith('[["original_date", "2022-12-28"]')
    assert row["adj_basis"] == "split_div"


def test_a_days_range_holds_its_open_and_close(firm):
    prices = firm.files["prices"]
    odd = (pl.col("low") > pl.min_horizontal("open", "close")) | (
        pl.col("high") < pl.max_horizontal("open", "close")
    )
    assert prices.filter(odd).is_empty()


@pytest.mark.parametrize("stock", [s for s in STOCKS if s.isin], ids=lambda s: s.symbol)
def test_isins_have_right_check_digits(stock):
    digits = [int(d) for letter in stock.isin for d in str(int(letter, 36))]
    doubled = [2 * d if place % 2 else d for place, d in enumerate(reversed(digits))]
    assert sum(d // 10 + d % 10 for d in doubled) % 10 == 0


def test_each_firm_has_the_size_of_a_real_desk(firm):
    accounts, people = firm.files["accounts"], firm.files["people"]
    assert accounts.height >= 20
    assert accounts["desk"].n_unique() >= 3
    assert people.filter(pl.col("role") == "trader").height >= 12
    assert accounts["base_currency"].n_unique() == 2
