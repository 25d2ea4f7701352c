"""A benchmark with weights: the demo's stocks in equal parts, drifting, set equal again each quarter."""

import json

import numpy as np
import polars as pl

from app.demo.market import Floats, Market
from app.demo.universe import BASKET, INDEX, INDEX_FUND, SYMBOLS

START = 1000.0
DIGITS = 10  # of a published weight


def basket(market: Market) -> pl.DataFrame:
    """Return benchmark_id, date, level and weights of the basket, one row a session.

    Weights are those at the close: the next session's return is their sum over the moves of the real closes.
    """
    members = [symbol for symbol in SYMBOLS if symbol != INDEX_FUND]
    closes = market.close[:, [INDEX[symbol] for symbol in members]].round(6)
    weights, moves = _course(closes, [(day.year, (day.month - 1) // 3) for day in market.sessions])
    level = START * np.cumprod(1 + np.concatenate([[0.0], moves]))
    return pl.DataFrame(
        {
            "benchmark_id": [BASKET] * len(market.sessions),
            "date": market.sessions,
            "level": level,
            "weights": [json.dumps(dict(zip(members, row, strict=True))) for row in weights.tolist()],
        }
    )


def _course(closes: Floats, quarters: list[tuple[int, int]]) -> tuple[Floats, Floats]:
    # Weights at each close, as published, and the basket's move over each session after the first.
    equal = np.full(closes.shape[1], 1 / closes.shape[1])
    ratios = closes[1:] / closes[:-1]
    weights, moves = [equal], []
    for place, ratio in enumerate(ratios, start=1):
        grown = weights[-1] * ratio
        moves.append(float(grown.sum() / weights[-1].sum()) - 1)
        last = place + 1 < len(quarters) and quarters[place + 1] != quarters[place]
        weights.append(equal if last else (grown / grown.sum()).round(DIGITS))
    return np.array(weights), np.array(moves)
