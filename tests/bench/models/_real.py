"""Every model that prices alone can feed, on the real closes of twenty stocks that come with the product."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import polars as pl

from analytics.models._base import Model, Tables, all_models
from analytics.models._skill import Skill, rival_skills, skill
from analytics.models._walk import walk_forward
from analytics.portfolio.risk import WINDOW
from analytics.portfolio.var_forecast import replayed
from app.demo.market import _read
from app.demo.universe import STOCKS

YEARS = 8  # tested
BEFORE = 1_010  # sessions before the first test
YEAR = 252
BOOK = 1_000_000.0  # held in the twenty stocks, as much in each, every evening
# What a model must have beside closes; the source has neither volumes nor trades.
FED = {"prices", "instruments", "books", "posts", "daily_spreads"}
NEEDS_MORE = {"volume", "patterns"}  # their target is a volume


@dataclass(frozen=True)
class Tested:
    """What came of one model: its record out of sample and how long it took."""

    model: type[Model]
    found: Skill
    rivals: dict[str, dict[str, object]]
    bands: tuple[dict[str, float], ...]
    folds: int
    first: date | None  # None where there was nothing to test
    last: date | None
    seconds: float


def closes() -> pl.DataFrame:
    """Return Date and a column for each stock: the sessions tested and those before."""
    wide = _read("sp500_dataset.csv.gz").sort("Date")
    return wide.tail(BEFORE + YEARS * YEAR + YEAR // 2)


def tables() -> dict[str, pl.DataFrame]:
    """Return the tables of an organisation that holds the twenty stocks in equal parts and knows their closes."""
    wide = closes()
    names = [name for name in wide.columns if name != "Date"]
    nothing = pl.lit(None, pl.Float64)
    long = wide.unpivot(index="Date", on=names, variable_name="instrument_id", value_name="close")
    prices = long.rename({"Date": "date"}).with_columns(
        adj_basis=pl.lit("split_div"), high=nothing, low=nothing, volume=nothing
    )
    sectors = {stock.symbol: stock.sector for stock in STOCKS}
    instruments = pl.DataFrame({"instrument_id": names, "sector": [sectors.get(name) for name in names]})
    return {"prices": prices, "instruments": instruments, "books": _book(wide, names)}


def _book(wide: pl.DataFrame, names: list[str]) -> pl.DataFrame:
    moves = wide.select(pl.col(name).pct_change() for name in names).to_numpy()[1:]
    held = np.full(moves.shape, BOOK / len(names))
    earned = (held * moves).sum(axis=1)
    return pl.DataFrame(
        {
            "book": ["equal"] * len(moves),
            "date": wide["Date"].tail(len(moves)),
            "replay": replayed(held, moves, window=WINDOW, last=len(moves)),
            "realised": earned,
        },
        schema_overrides={"replay": pl.List(pl.Float64)},
    )


def fed() -> dict[str, type[Model]]:
    """Return the models that these tables feed."""
    return {
        name: kind
        for name, kind in all_models().items()
        if set(kind.inputs) <= FED and ({"prices", "books"} & set(kind.inputs)) and name not in NEEDS_MORE
    }


def measure(names: set[str] | None, say: Callable[[str], None]) -> Iterator[Tested]:
    """Walk each model forward, refitted once a year, and yield its record over the last eight years.

    Args:
        names: Models; all that can be fed when None.
        say: Told what is being walked.
    """
    have = tables()
    for name, kind in fed().items():
        if names is not None and name not in names:
            continue
        say(f"walking {name}")
        yield one(kind, have)


def one(kind: type[Model], have: Tables, *, years: int = YEARS) -> Tested:
    """Return the record of one model over the last years of ``have``."""
    began = time.process_time()
    walked = replace(kind.walk, first=BEFORE - YEAR // 2, width=YEAR)
    model = type(kind.__name__, (kind,), {"walk": walked})()
    asked = {name: have[name].select(columns) for name, columns in kind.inputs.items() if name in have}
    tested = walk_forward(model, model.features(asked))
    if tested.height:
        end = tested["date"].max()
        tested = tested.filter(pl.col("date") > end.replace(year=end.year - years))  # type: ignore[union-attr]
    calibrated = model.calibration(tested) if model.kind == "interval" and tested.height else {}
    return Tested(
        kind,
        skill(model, tested),
        rival_skills(model, tested) if tested.height else {},
        tuple(calibrated.get("bands") or ()),
        tested["fold"].n_unique(),
        tested["date"].min(),  # type: ignore[arg-type]
        tested["date"].max(),  # type: ignore[arg-type]
        time.process_time() - began,
    )
