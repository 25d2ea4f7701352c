"""Text from columns is what pl.format makes of them."""

import polars as pl
import pytest

from analytics.text import formatted


def test_columns_and_expressions_are_put_into_their_places():
    rows = pl.DataFrame({"a": ["x", None], "n": [1, 2]})
    found = rows.select(
        both=formatted("{}:{}!", "a", pl.col("n") + 1),
        plain=formatted("n {}", "n"),
        last=formatted("{}%", pl.lit(5)),
    )
    assert found["both"].to_list() == ["x:2!", None]
    assert found["plain"].to_list() == ["n 1", "n 2"]
    assert found["last"].to_list() == ["5%", "5%"]
    assert rows.clear().select(formatted("{}", "a")).to_series().to_list() == []


def test_it_writes_what_the_engine_would():
    rows = pl.DataFrame({"f": [1.5, -0.0, 1e300], "b": [True, None, False], "i": [1, 2, 3]})
    mine = rows.select(formatted("{}|{}|{}", "f", "b", "i"))
    assert (
        mine.to_series().to_list() == rows.select(pl.format("{}|{}|{}", "f", "b", "i")).to_series().to_list()
    )


def test_as_many_parts_as_places():
    with pytest.raises(ValueError, match="2 places for 1 parts"):
        formatted("{} and {}", "a")
