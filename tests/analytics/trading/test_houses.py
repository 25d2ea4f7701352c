"""A cost as other houses take it: four fills worked by hand."""

import polars as pl
import pytest

from analytics.trading.houses import cost_readings

FILLS = pl.DataFrame(
    {
        "order": ["O1", "O1", "O2", "O3", "O4"],
        "bp": [10.0, 20.0, -5.0, 2.0, None],
        "close_bp": [1.0, None, 3.0, 5.0, 9.0],
        "weight": [100.0, 300.0, 500.0, 100.0, 700.0],
    }
)


def test_readings_of_four_fills():
    found = cost_readings(FILLS, "bp", order="order", others={"against the close": "close_bp"})
    values = {reading.convention: reading.value for reading in found}
    assert list(values.values()) == pytest.approx(
        [
            (1000 + 6000 - 2500 + 200) / 1000,  # by notional
            27 / 4,  # each fill
            (17.5 - 5 + 2) / 3,  # each order
            6.0,  # median
            (100 + 1500 + 500 + 6300) / 1400,  # against another price, where that is known
            -4.7,
        ]
    )
    assert found[0].difference == 0
    assert found[1].difference == pytest.approx(6.75 - 4.7)


def test_nothing_known_has_no_readings():
    assert cost_readings(FILLS.filter(pl.col("order") == "O4"), "bp") == []
    assert cost_readings(FILLS.with_columns(weight=pl.lit(None, pl.Float64)), "bp") == []
