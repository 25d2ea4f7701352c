"""Attribution over several periods: single-period effects scaled so that they add up to the whole."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.portfolio.attribution import EFFECTS, Attribution

Floats = npt.NDArray[np.float64]

_RESULT: dict[str, pl.DataType] = {"segment": pl.String()} | {
    name: pl.Float64() for name in (*EFFECTS, "total")
}


@dataclass(frozen=True)
class Linked:
    """Effects of several periods together.

    ``effects``: segment, allocation, selection, interaction, total (fractions; positive helped), segments in
    the order they first appear. ``active``: portfolio less benchmark return, both compounded; for geometric
    (1 + portfolio) / (1 + benchmark) - 1. ``residual``: active less what the effects give together.
    ``factors``: what each period's effects were multiplied by (empty for geometric). All numbers are None
    with a ``reason``.
    """

    method: str
    effects: pl.DataFrame
    portfolio_return: float | None
    benchmark_return: float | None
    active: float | None
    residual: float | None
    factors: tuple[float, ...]
    reason: str | None


def link(periods: Sequence[Attribution], *, method: str = "carino") -> Linked:
    """Return the effects of all periods together, without a residual.

    Args:
        periods: Single-period attributions, oldest first, all of one model.
        method: carino: logarithmic. menchero: the factor of the whole, corrected for the spread of active
            returns. grap: active return of a period grown by the portfolio before and the benchmark after
            it. frongello: the same carried forward period by period (its sums by class are GRAP's).
            geometric: effects multiply, (1 + allocation) (1 + selection) = (1 + rp) / (1 + rb); interaction
            belongs to selection and is 0.

    Returns:
        The linked effects. A class absent from a period adds nothing for it. A reason without a period,
        with a period that has one itself, with weights that do not add up alike on both sides, or with a
        loss of everything.

    Raises:
        ValueError: For another method, or periods of different models.

    Source: Carino, J. of Performance Measurement 3(4), 1999; Menchero, same 5(1), 2000; GRAP, 1997;
    Frongello, J. of Performance Measurement 6(3), 2002; geometric: Burnie, Knowles and Teder, 1998, and
    Bacon, 2nd ed., ch. 5, 8. Checked on Frongello's two periods worked by hand, and against the definitions.
    """
    if method not in METHODS:
        raise ValueError(f"linking is one of {', '.join(METHODS)}")
    if len({period.model for period in periods}) > 1:
        raise ValueError("all periods must be of one model")
    refused = _refusal(periods)
    if refused:
        return Linked(method, pl.DataFrame(schema=_RESULT), None, None, None, None, (), refused)
    rp = np.array([period.portfolio_return for period in periods], dtype=np.float64)
    rb = np.array([period.benchmark_return for period in periods], dtype=np.float64)
    mine, theirs = float(np.prod(1 + rp) - 1), float(np.prod(1 + rb) - 1)
    segments = list(dict.fromkeys(name for period in periods for name in period.effects["segment"]))
    if method == "geometric":
        effects, active = _geometric(periods, segments), (1 + mine) / (1 + theirs) - 1
        sums = effects.sum(axis=0)
        told = (1 + sums[0]) * (1 + sums[1]) - 1
        factors: tuple[float, ...] = ()
    else:
        each = np.array([_matrix(period.effects, segments) for period in periods])
        active = mine - theirs
        effects, scale = _ADDITIVE[method](each, rp, rb)
        factors, told = tuple(float(value) for value in scale), float(effects.sum())
    frame = pl.DataFrame({"segment": segments} | dict(zip(EFFECTS, effects.T, strict=True)))
    frame = frame.with_columns(total=pl.sum_horizontal(EFFECTS))
    return Linked(method, frame, mine, theirs, active, float(active - told), factors, None)


def _refusal(periods: Sequence[Attribution]) -> str | None:
    if not periods:
        return "there is no period"
    for number, period in enumerate(periods, start=1):
        if period.reason or period.portfolio_return is None or period.benchmark_return is None:
            return f"period {number}: {period.reason}"
        if abs(period.residual or 0.0) > 1e-12:
            return f"period {number}: the weights of the two sides do not add up alike"
        if min(period.portfolio_return, period.benchmark_return) <= -1:
            return f"period {number}: everything was lost"
    return None


def _matrix(effects: pl.DataFrame, segments: list[str]) -> Floats:
    places = {name: place for place, name in enumerate(segments)}
    found = np.zeros((len(segments), len(EFFECTS)))
    found[[places[name] for name in effects["segment"]]] = effects.select(EFFECTS).to_numpy()
    return found


def _log_ratio(rp: float, rb: float) -> float:
    # (ln(1 + rp) - ln(1 + rb)) / (rp - rb), with its limit where the two meet.
    gap = rp - rb
    return math.log1p(gap / (1 + rb)) / gap if abs(gap) > 1e-300 else 1 / (1 + rb)


def _carino(each: Floats, rp: Floats, rb: Floats) -> tuple[Floats, Floats]:
    whole = _log_ratio(float(np.prod(1 + rp) - 1), float(np.prod(1 + rb) - 1))
    scale = np.array([_log_ratio(float(p), float(b)) for p, b in zip(rp, rb, strict=True)]) / whole
    return _scaled(each, scale), scale


def _menchero(each: Floats, rp: Floats, rb: Floats) -> tuple[Floats, Floats]:
    n, grown, base = rp.size, float(np.prod(1 + rp)), float(np.prod(1 + rb))
    active, gaps = grown - base, rp - rb
    # (grown - base) / n / (grown^(1/n) - base^(1/n)), again with its limit.
    step = math.expm1(math.log1p(active / base) / n) * base ** (1 / n)
    common = active / n / step if abs(step) > 1e-300 else grown ** ((n - 1) / n)
    square = float(np.sum(gaps**2))
    bend = (active - common * float(np.sum(gaps))) / square * gaps if square > 0 else np.zeros(n)
    scale = common + bend
    return _scaled(each, scale), scale


def _grap(each: Floats, rp: Floats, rb: Floats) -> tuple[Floats, Floats]:
    before = np.concatenate([[1.0], np.cumprod(1 + rp)[:-1]])
    after = np.concatenate([np.cumprod((1 + rb)[::-1])[::-1][1:], [1.0]])
    return _scaled(each, before * after), before * after


def _frongello(each: Floats, rp: Floats, rb: Floats) -> tuple[Floats, Floats]:
    total, grown = np.zeros(each.shape[1:]), 1.0
    for effects, mine, theirs in zip(each, rp, rb, strict=True):
        total = total + effects * grown + float(theirs) * total
        grown *= 1 + float(mine)
    # Each period's effects are scaled once on arrival; what follows is growth of the past.
    return total, np.concatenate([[1.0], np.cumprod(1 + rp)[:-1]])


def _geometric(periods: Sequence[Attribution], segments: list[str]) -> Floats:
    # Logarithms of the period effects add up over time; shares of the log keep the classes additive.
    logs = np.zeros((len(segments), len(EFFECTS)))
    places = {name: place for place, name in enumerate(segments)}
    for period in periods:
        held = period.classes
        wp, wb, mine, theirs = (
            held[name].to_numpy()
            for name in ("portfolio_weight", "benchmark_weight", "portfolio_return", "benchmark_return")
        )
        whole, notional = float(wb @ theirs), float(wp @ theirs)
        allocation = (wp - wb) * ((1 + theirs) / (1 + whole) - 1)
        selection = wp * (mine - theirs) / (1 + notional)
        rows = [places[name] for name in held["segment"]]
        for column, effect in enumerate((allocation, selection)):
            logs[rows, column] += effect * _log_ratio(float(effect.sum()), 0.0)
    total = logs.sum(axis=0)
    back = [math.expm1(value) / value if abs(value) > 1e-300 else 1.0 for value in total.tolist()]
    found: Floats = logs * np.array(back)
    return found


def _scaled(each: Floats, scale: Floats) -> Floats:
    found: Floats = np.einsum("tse,t->se", each, scale)
    return found


_ADDITIVE: dict[str, Callable[[Floats, Floats, Floats], tuple[Floats, Floats]]] = {
    "carino": _carino,
    "menchero": _menchero,
    "grap": _grap,
    "frongello": _frongello,
}
METHODS = (*_ADDITIVE, "geometric")
