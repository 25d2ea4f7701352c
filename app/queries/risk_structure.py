"""Where the risk comes from: factors, what moves together, how deep under water."""

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.datasets import BENCHMARKS
from analytics.portfolio.correlation import clustered_order, correlations, worst_stretch
from analytics.portfolio.factors import (
    BLOCKS,
    MIN_SESSIONS,
    build_factors,
    decompose,
    exposures,
    fit_model,
)
from analytics.portfolio.periods import drawdown_table
from app.desk import Desk
from app.errors import FieldError, Invalid
from app.queries._benchmark import benchmark_returns
from app.queries._book import NOTHING_HELD, nav_days
from app.queries._evenings import BOOK, Course, course
from app.queries._limit_of import NONE_SET, limit_of
from app.queries._money import currency, number
from app.queries._performance import nav_series
from app.queries._period import Period, period
from app.storage.cache import cached

Floats = npt.NDArray[np.float64]

WINDOW = 250
AGO = 30  # calendar-free: sessions back
WINDOWS = {"60": 60, "250": 250, "stress": 60}
MOST = 12  # names in the matrix
USUAL = (0.05, 0.95)


@cached(*BOOK, BENCHMARKS, shared=True)
def factors(desk: Desk) -> dict[str, Any]:
    """Return what the book does when a factor moves, now and 30 sessions ago, and where its variance is from.

    Market (the benchmark), sectors and styles (long-short, sorted on past prices) are regressed on, then
    principal components of what is left. Loadings are those of the last 250 sessions for every evening, so
    a difference to then is trading.

    Returns:
        ``rows``: factor, title, block, exposure, before, low and high (the usual band: 5 to 95 % of the last
        250 evenings), outside, volatility (of the factor, one session). Exposures: what one standard
        deviation of the factor moves, as a fraction of ``per`` (nav, or gross where nav is not known).
        ``variance``: block, share (sums to 1), specific among them; ``volatility`` of the book (money, one
        session), ``n``, ``currency``, ``benchmark``, ``date``, ``reasons``.
    """
    book = course(desk)
    name, moved = benchmark_returns(desk)
    why = book.why or (NOTHING_HELD if not book.dates else None)
    if not why and np.isnan(book.now).any():
        lacking = book.instruments[int(np.flatnonzero(np.isnan(book.now))[0])]
        why = f"No price is known yet for {lacking}."
    if not why and not (book.now != 0).any():
        why = "Nothing is held."
    answer: dict[str, Any] = {
        "rows": [], "variance": [], "volatility": None, "n": 0, "per": "nav", "currency": currency(desk),
        "benchmark": name, "date": book.dates[-1] if book.dates else None,
    }  # fmt: skip
    if why:
        return answer | {"reasons": {"rows": why}}
    returns = book.returns[-WINDOW:]
    dates = pl.DataFrame({"date": list(book.dates)}, schema={"date": pl.Date})
    market = dates.join(moved, on="date", how="left", maintain_order="left")["return"].to_numpy()
    base = market.astype(np.float64)[-2 * WINDOW :] if name is not None else None
    # Styles sort on what was known before, so factors are built on a longer stretch than they are used on.
    sectors = [book.sectors[one] or None for one in book.instruments]
    built = build_factors(book.returns[-2 * WINDOW :], sectors, market=base)
    model = fit_model(returns, [replace(factor, returns=factor.returns[-WINDOW:]) for factor in built])
    if model is None:
        said = f"Factors need {MIN_SESSIONS} sessions of prices; {returns.shape[0]} are on record."
        return answer | {"reasons": {"rows": said}}
    money = exposures(model, book.values[-WINDOW:]) * model.volatility
    scale, per = _scale(desk, book)
    with np.errstate(divide="ignore", invalid="ignore"):
        run = np.where(scale[:, None] > 0, money / scale[:, None], np.nan)
    pnl = np.nan_to_num(returns) @ np.nan_to_num(book.now)
    split = decompose(model, pnl)
    rows = []
    for place, factor in enumerate(model.factors):
        told = run[:, place]
        seen = told[np.isfinite(told)]
        now = number(told[-1])
        low, high = (float(np.quantile(seen, q)) for q in USUAL) if seen.size else (None, None)
        rows.append(
            {
                "factor": factor.name, "title": factor.title, "block": factor.block, "exposure": now,
                "before": number(told[-1 - AGO]) if told.size > AGO else None, "low": low, "high": high,
                "outside": now is not None and low is not None and high is not None and not low <= now <= high,
                "volatility": float(model.volatility[place]),
            }
        )  # fmt: skip
    shares = [{"block": block, "share": split.share(block)} for block in (*BLOCKS, "specific")]
    return answer | {
        "rows": rows,
        "variance": shares,
        "volatility": float(np.sqrt(split.variance)),
        "n": model.n,
        "per": per,
        "reasons": {},
    }


def _scale(desk: Desk, book: Course) -> tuple[Floats, str]:
    """Return what exposures are measured against on each evening of the window."""
    days = book.dates[-WINDOW:]
    gross: Floats = np.abs(np.nan_to_num(book.values[-WINDOW:])).sum(axis=1)
    nav, _ = nav_days(desk, days=Period(days[0], days[-1], len(days), days[-1]))
    if nav.is_empty() or nav["nav"][-1] is None:
        return gross, "gross"
    dates = pl.DataFrame({"date": list(days)}, schema={"date": pl.Date})
    level = dates.join(
        nav.select("date", pl.col("nav").cast(pl.Float64)), on="date", how="left", maintain_order="left"
    )
    return level["nav"].fill_null(float("nan")).to_numpy().astype(np.float64), "nav"


@cached(*BOOK, shared=True)
def correlation(desk: Desk, *, window: str = "60") -> dict[str, Any]:
    """Return correlations of the largest holdings, in an order that puts what moves together side by side.

    Args:
        desk: Whose book.
        window: ``60`` or ``250`` sessions up to the last, or ``stress``: the 60 sessions on record in which what
            is held now would have lost most.

    Returns:
        ``instruments`` and ``symbols`` in clustered order, ``matrix`` (rows of numbers, null where a pair has too
        few common sessions or one did not move), ``from``, ``to``, ``n`` (fewest common sessions), ``held``
        (how many instruments there are), ``window``, ``reasons``.

    Raises:
        Invalid: For another window.
    """
    if window not in WINDOWS:
        said = f"must be one of {', '.join(WINDOWS)}"
        raise Invalid("No such window.", errors=[FieldError("window", said, window[:80])])
    book = course(desk)
    answer: dict[str, Any] = {
        "instruments": [], "symbols": [], "matrix": [], "from": None, "to": None, "n": 0, "held": 0,
        "window": window,
    }  # fmt: skip
    size = np.abs(np.nan_to_num(book.now))
    held = np.flatnonzero(size > 0)
    if book.why or not held.size:
        return answer | {"reasons": {"matrix": book.why or "Nothing is held."}}
    chosen = held[np.argsort(-size[held], kind="stable")][:MOST]
    span = WINDOWS[window]
    if window == "stress":
        stretch = worst_stretch(np.nan_to_num(book.returns) @ np.nan_to_num(book.now), window=span)
        if stretch is None:
            said = f"A stressed window has {span} sessions; {len(book.dates)} are on record."
            return answer | {"held": int(held.size), "reasons": {"matrix": said}}
        first, end = stretch
    else:
        first, end = max(len(book.dates) - span, 0), len(book.dates)
    found = correlations([book.instruments[i] for i in chosen], book.returns[first:end][:, chosen])
    found = found.ordered(clustered_order(found.matrix))
    known = np.isfinite(found.matrix).any()
    why = {} if known else {"matrix": f"Only {found.n} common sessions; 20 are needed."}
    return answer | {
        "instruments": list(found.names),
        "symbols": [book.symbols[name] for name in found.names],
        "matrix": [[number(float(v)) if np.isfinite(v) else None for v in row] for row in found.matrix],
        "from": book.dates[first],
        "to": book.dates[end - 1],
        "n": found.n,
        "held": int(held.size),
        "reasons": why,
    }


@cached(*BOOK, records=("limits",))
def underwater(desk: Desk, *, years: str = "2") -> dict[str, Any]:
    """Return how far net asset value stands below its high, and the worst falls.

    Args:
        desk: Whose net asset value.
        years: ``1``, ``2`` or ``all``; highs from before the window still count.

    Returns:
        ``rows``: date, drawdown (fraction, 0 or negative); ``worst``: the three deepest falls that reach
        into the window (``analytics.portfolio.periods.drawdown_table``); ``now``; ``limit`` (fraction, positive)
        and why there is none; ``reasons``.

    Raises:
        Invalid: For another window.
    """
    sessions = {"1": 252, "2": 504, "all": None}
    if years not in sessions:
        raise Invalid("No such window.", errors=[FieldError("years", "must be one of 1, 2, all", years[:80])])
    series = nav_series(desk.with_scope(start=None))
    known = series["rows"].select("date", "return", "drawdown").drop_nulls()
    limit, no_limit = limit_of(desk, "drawdown", day=period(desk).last)
    if no_limit == NONE_SET:
        no_limit = "No limit on drawdown has been set."
    shown = known if sessions[years] is None else known.tail(sessions[years] or 0)
    falls = drawdown_table(known["date"].to_list(), known["return"].to_numpy().astype(np.float64), top=None)
    if shown.height:
        first = shown["date"][0]
        falls = falls.filter(pl.col("recovery").is_null() | (pl.col("recovery") >= first))
    why = {} if known.height else {"rows": series["reasons"].get("nav") or "No return is known yet."}
    return {
        "rows": shown.select("date", "drawdown"),
        "worst": falls.head(3),
        "now": known["drawdown"][-1] if known.height else None,
        "limit": limit,
        "reasons": why | ({"limit": no_limit} if no_limit else {}),
    }
