"""One scenario against one book: what moves, what that makes, and the loss turned round."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import numpy as np
import polars as pl

from analytics.portfolio.risk import MIN_HISTORY, History
from analytics.portfolio.scenarios import DEEPEST, MARKET, Shocks, exposures, replayed
from analytics.portfolio.stress import (
    EPISODES,
    STALE_DAYS,
    Episode,
    factor_shock,
    likeliest_shock,
    reverse_stress,
)
from app.desk import Desk
from app.errors import FieldError, Invalid
from app.queries._money import currency
from app.queries._universe import Book, book, history, original_closes, with_betas
from app.queries.portfolio import totals

HORIZON_DAYS = 10  # sessions over which the likeliest loss is sought
WORST = 5
BY_NAME = {episode.name: episode for episode in EPISODES}
_STALE = timedelta(days=STALE_DAYS)


@dataclass(frozen=True)
class Asked:
    """One scenario: an episode's name, or shocks; with ``loss`` the question is turned round.

    ``loss``: sum to lose, or with ``of_nav`` a fraction of net asset value.
    """

    name: str = ""
    episode: str | None = None
    shocks: Shocks = field(default_factory=Shocks)
    loss: float | None = None
    of_nav: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON values, for the cache's key and for answers."""
        return {
            "name": self.name,
            "episode": self.episode,
            "shocks": self.shocks.flat(),
            "loss": self.loss,
            "of_nav": self.of_nav,
        }

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Asked":
        """Return what ``as_dict`` gave."""
        return cls(**{**document, "shocks": Shocks.of(document["shocks"])})


@dataclass(frozen=True)
class Basis:
    """The book a scenario is asked of: ``rows`` with their betas, returns behind them, net asset value."""

    book: Book
    rows: pl.DataFrame
    history: History
    benchmark: str | None
    nav: float | None
    closes: pl.DataFrame  # by the day they were really made


def basis(desk: Desk) -> Basis:
    """Return the scope's book as scenarios need it."""
    held = book(desk)
    found = history(desk, held.instruments, held.rows["currency"].to_list(), day=held.date)
    rows, benchmark = with_betas(desk, held, found)
    return Basis(
        held, rows, found, benchmark, totals(desk)[0]["nav"], original_closes(desk, held.instruments)
    )


def outcome(desk: Desk, at: Basis, asked: Asked) -> dict[str, Any]:
    """Return what ``asked`` would make of the book; see ``app.queries.stress.scenario``.

    Raises:
        Invalid: For a loss in terms of a net asset value that there is none of.
    """
    held, rows, nav = at.book, at.rows, at.nav
    told: dict[str, Any] = asked.as_dict() | {
        "reverse": None,
        "replayed": None,
        "unused": [],
        "reason": held.reason,
    }
    nothing: dict[str, Any] = {
        "pnl": None,
        "pnl_nav": None,
        "by_position": [],
        "by_sector": [],
        "worst": [],
        "covered": None,
    }
    if held.reason:
        return told | nothing | {"proxied": None, "missing": 0}
    if asked.episode is not None:
        moved, told["replayed"] = _episode(at, BY_NAME[asked.episode])
    else:
        moved, told["unused"] = _shocked(rows, asked.shocks, to=currency(desk))
    told |= _summed(moved, nav)
    if asked.loss is not None:
        loss = asked.loss * (nav or 0.0) if asked.of_nav else asked.loss
        if not loss > 0:
            raise Invalid(
                "The loss does not fit.",
                errors=[FieldError("reverse", "needs a net asset value above zero in this view")],
            )
        told["reverse"] = _turned(at, asked, loss, to=currency(desk))
        if not asked.shocks.flat():
            told |= nothing | {"reason": "only the loss was asked about"}
    return told


def _episode(at: Basis, episode: Episode) -> tuple[pl.DataFrame, dict[str, Any] | None]:
    around = (pl.col("date") >= episode.start - _STALE) & (pl.col("date") <= episode.end)
    closes = at.closes.filter(around).sort("instrument_id", "date")
    moved = replayed(at.rows, closes.select("instrument_id", "date", "close"), episode)
    own = moved.filter(pl.col("how") == "history")["instrument_id"]
    told = None
    if own.len():
        days = closes.filter(pl.col("instrument_id").is_in(own.implode()))
        first = (
            days.filter(pl.col("date") <= episode.start)
            .group_by("instrument_id")
            .agg(pl.col("date", "kept").last())
        )
        last = days.group_by("instrument_id").agg(pl.col("date", "kept").last())
        told = {
            "from": first["date"].min(),
            "to": last["date"].max(),
            "kept_from": first["kept"].min(),
            "kept_to": last["kept"].max(),
            "instruments": own.len(),
        }
    return moved, told


def _shocked(rows: pl.DataFrame, shocks: Shocks, *, to: str) -> tuple[pl.DataFrame, list[str]]:
    at_stake = exposures(rows).filter(pl.col("factor") != f"currency:{to}")
    flat = shocks.flat()
    hit = factor_shock(at_stake, flat)
    # Somebody whose beta is not known is not shocked by 0: what it would make is not known.
    unknown = at_stake.filter(pl.col("factor").is_in(list(flat)) & pl.col("loading").is_null())[
        "instrument_id"
    ]
    pnl = hit.parts.group_by("instrument_id").agg(pnl=pl.col("pnl").sum())
    value = pl.col("value")
    # Shocks that add up to more than everything take everything, no more.
    floor = pl.when(value > 0).then(value * DEEPEST)
    moved = rows.join(pnl, on="instrument_id", how="left", maintain_order="left").with_columns(
        pl.max_horizontal(pl.col("pnl").fill_null(0.0), floor).alias("pnl"), how=pl.lit("shock")
    )
    lost = pl.col("instrument_id").is_in(unknown.implode())
    moved = moved.with_columns(pnl=pl.when(~lost).then("pnl"), how=pl.when(~lost).then("how")).with_columns(
        **{"return": pl.when(value != 0).then(pl.col("pnl") / value)}
    )
    return moved, list(hit.unused)


def _summed(moved: pl.DataFrame, nav: float | None) -> dict[str, Any]:
    gross = float(moved["value"].abs().sum())
    known = moved.drop_nulls("pnl")
    pnl = float(known["pnl"].sum()) if known.height else None
    share = {
        name: float(known.filter(pl.col("how").is_in(list(how)))["value"].abs().sum()) / gross
        if gross > 0
        else None
        for name, how in (("covered", ("history", "shock")), ("proxied", (MARKET,)))
    }
    columns = ("instrument_id", "symbol", "sector", "value", "return", "pnl", "how")
    by_position = moved.select(columns).sort("pnl", "instrument_id", nulls_last=True)
    sectors = known.group_by("sector").agg(pl.col("pnl").sum()).sort("pnl", "sector")
    worst = by_position.filter(pl.col("pnl") < 0).head(WORST).to_dicts()
    missing = moved.height - known.height
    reason = (
        None
        if known.height
        else "Neither a history of then nor a beta to the market is known of what is held."
    )
    return {
        "pnl": pnl,
        "pnl_nav": pnl / nav if pnl is not None and nav else None,
        "by_position": by_position.to_dicts(),
        "by_sector": sectors.with_columns(pl.col("sector").fill_null("Not known")).to_dicts(),
        "worst": worst,
        "missing": missing,
        "reason": reason,
    } | share


def _turned(at: Basis, asked: Asked, loss: float, *, to: str) -> dict[str, Any]:
    rows, found = at.rows, at.history
    flat = asked.shocks.flat() or {f"factor:{MARKET}": -0.1}
    at_stake = exposures(rows).filter(pl.col("factor") != f"currency:{to}")
    once = reverse_stress(at_stake, flat, loss=loss)
    values = rows["value"].to_numpy().astype(np.float64)
    whole = ~np.isnan(found.returns).any(axis=1) if found.returns.size else np.zeros(0, dtype=bool)
    likeliest: dict[str, Any] = {
        "distance": None,
        "probability": None,
        "moves": [],
        "horizon_days": HORIZON_DAYS,
    }
    if whole.sum() < MIN_HISTORY:
        likeliest["reason"] = (
            f"only {int(whole.sum())} sessions have a return for everything held; {MIN_HISTORY} are needed"
        )
    else:
        covariance = np.atleast_2d(np.cov(found.returns[whole], rowvar=False, ddof=1)) * HORIZON_DAYS
        names = rows["instrument_id"].to_list()
        near = likeliest_shock(dict(zip(names, values.tolist(), strict=True)), covariance, loss=loss)
        moves = [
            {
                "instrument_id": name,
                "symbol": symbol,
                "return": near.shocks[name],
                "pnl": near.shocks[name] * value,
            }
            for name, symbol, value in zip(names, rows["symbol"], values.tolist(), strict=True)
            if name in near.shocks
        ]
        moves.sort(key=lambda move: move["pnl"])
        likeliest |= {"distance": near.distance, "probability": near.probability, "reason": near.reason}
        likeliest["moves"] = moves[:WORST]
    return {
        "loss": loss,
        "scale": once.scale,
        "shocks": once.shocks,
        "asked": flat,
        "reason": once.reason,
        "likeliest": likeliest,
    }
