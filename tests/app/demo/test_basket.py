"""The benchmark with weights: its level is what its weights earned in the real closes."""

import json

import numpy as np
import polars as pl
import pytest

from app.demo.universe import BASKET, BENCHMARK, INDEX_FUND, SYMBOLS


def test_the_level_moves_as_the_weights_of_the_close_before(firm):
    rows = firm.files["benchmarks"].filter(benchmark_id=BASKET).sort("date")
    closes = firm.files["prices"].pivot(on="instrument_id", index="date", values="close").sort("date")
    assert rows["date"].to_list() == closes["date"].to_list()
    members = [symbol for symbol in SYMBOLS if symbol != INDEX_FUND]
    weights = np.array([[json.loads(row)[name] for name in members] for row in rows["weights"]])
    ratios = closes.select(pl.col(members).cast(pl.Float64)).to_numpy()
    moves = (weights[:-1] * (ratios[1:] / ratios[:-1])).sum(axis=1) / weights[:-1].sum(axis=1)
    level = rows["level"].cast(pl.Float64).to_numpy()
    assert level[0] == 1000
    assert level[1:] / level[:-1] == pytest.approx(moves, abs=1e-8)
    assert weights.sum(axis=1) == pytest.approx(1, abs=1e-8)
    assert weights[0].tolist() == [0.05] * 20
    # Drift shows, and the quarter's last session (30 September) is equal again.
    assert np.ptp(weights[5]) > 0.001
    end = [day.isoformat() for day in rows["date"]].index("2026-09-30")
    assert weights[end].tolist() == [0.05] * 20


def test_the_index_stays_the_benchmark_of_every_account(firm):
    assert firm.files["accounts"]["benchmark_id"].unique().to_list() == [BENCHMARK]
    assert firm.files["benchmarks"].filter(benchmark_id=BENCHMARK)["weights"].null_count() == 90
