"""Who carries the value at risk: component, marginal and incremental parts."""

import math

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.definitions import declares
from analytics.portfolio.risk import MIN_HISTORY, History, value_at_risk

Floats = npt.NDArray[np.float64]

PARTS = {
    "instrument_id": pl.String(),
    "value": pl.Float64(),
    "marginal": pl.Float64(),
    "component": pl.Float64(),
    "share": pl.Float64(),
    "incremental": pl.Float64(),
}


def parametric_parts(
    instruments: tuple[str, ...],
    values: Floats,
    covariance: Floats,
    *,
    confidence: float = 0.95,
    days: int = 1,
    mean: Floats | None = None,
) -> pl.DataFrame:
    """Return what each position adds to the normal VaR, exactly.

    Args:
        instruments: Names, in the order of the other arguments.
        values: Market value now, signed, one currency.
        covariance: Of one-day returns, instruments x instruments. Unit: fraction squared.
        confidence: Probability in (0.5, 1).
        days: Sessions held.
        mean: One-day mean returns; None takes 0.

    Returns:
        One row per instrument, in the order given: ``value``; ``marginal`` = dVaR / dvalue (currency per
        currency); ``component`` = value x marginal, which sum to the VaR to the last digit of a float;
        ``share`` = component / VaR; ``incremental`` = VaR with all - VaR without this one. Positive adds
        risk. Incremental parts do not sum to the total: that is diversification. Marginal, component and
        share are null where the whole has no spread (the derivative does not exist there).

    Source: Jorion, Value at Risk, 3rd ed., 7.2; his two-currency example is a test.
    """
    from scipy.stats import norm

    z = float(norm.ppf(confidence))
    drift = (np.zeros(values.size) if mean is None else mean) * days
    spread = covariance * days

    def total(held: Floats) -> float:
        return z * math.sqrt(max(float(held @ spread @ held), 0.0)) - float(drift @ held)

    deviation = math.sqrt(max(float(values @ spread @ values), 0.0)) if values.size else 0.0
    known = deviation > 1e-14 * float(np.abs(values).sum()) if values.size else False
    marginal = z * (spread @ values) / deviation - drift if known else np.full(values.size, np.nan)
    whole = total(values) if values.size else 0.0
    without = _without(values)
    incremental = np.array([whole - total(held) for held in without])
    return _frame(
        instruments,
        values,
        marginal=marginal,
        component=values * marginal,
        whole=whole,
        incremental=incremental,
    )


@declares(component_var="component", marginal_var="marginal", incremental_var="incremental")
def historical_parts(
    history: History, values: Floats, *, confidence: float = 0.95, neighbours: int = 2
) -> pl.DataFrame:
    """Return what each position adds to the historical VaR: its mean loss where the whole loses the VaR.

    Args:
        history: Returns by session and instrument; sessions with a missing one are left out.
        values: Market value now, signed, one currency, in the order of ``history.instruments``.
        confidence: Probability in (0.5, 1).
        neighbours: Sessions on each side of the quantile that the expectation is taken over. Each is scaled
            to lose exactly the VaR, so the parts sum to it whatever the number. 0 takes the two order
            statistics that the type 7 quantile lies between, as they are.

    Returns:
        As ``parametric_parts``. ``component`` = mean loss of the position in the sessions around the VaR, they
        sum to it. ``marginal`` = component / value; null for a value of 0. ``incremental`` = VaR of all less
        VaR without the position. No rows with fewer than
        ``MIN_HISTORY`` whole sessions.

    Source: Hallerbach, Decomposing portfolio value-at-risk, J. of Risk 5(2), 2003: the component is the
    conditional expectation of the position's loss.
    """
    moves = history.returns[~np.isnan(history.returns).any(axis=1)] if values.size else np.empty((0, 0))
    earned = moves * values
    pnl = earned.sum(axis=1)
    whole = value_at_risk(pnl, confidence=confidence)
    if whole is None:
        return pl.DataFrame(schema=PARTS)
    component = _at_quantile(earned, pnl, whole, confidence, neighbours)
    marginal = np.divide(component, values, out=np.full(values.size, np.nan), where=values != 0)
    rest = [value_at_risk(pnl - earned[:, place], confidence=confidence) for place in range(values.size)]
    incremental = np.array([whole - (other or 0.0) for other in rest])
    return _frame(
        history.instruments,
        values,
        marginal=marginal,
        component=component,
        whole=whole,
        incremental=incremental,
    )


def shortfall_parts(history: History, values: Floats, *, confidence: float = 0.95) -> pl.DataFrame:
    """Return what each position adds to the historical expected shortfall: its mean loss in the tail.

    Arguments as ``historical_parts``. Returns ``instrument_id``, ``value``, ``component`` (sums to the
    shortfall exactly; positive adds risk), ``share``. No rows with fewer than ``MIN_HISTORY`` sessions.
    """
    moves = history.returns[~np.isnan(history.returns).any(axis=1)] if values.size else np.empty((0, 0))
    names = ("instrument_id", "value", "component", "share")
    if moves.shape[0] < MIN_HISTORY:
        return pl.DataFrame(schema={name: PARTS[name] for name in names})
    earned = moves * values
    order = np.argsort(earned.sum(axis=1), kind="stable")
    size = (1 - confidence) * order.size
    # Whole sessions count 1, the one on the boundary its fraction, as in expected_shortfall.
    weights = np.clip(size - np.arange(order.size) + 1e-9, 0.0, 1.0)
    weights[weights <= 2e-9] = 0.0
    component = -(weights @ earned[order]) / weights.sum()
    found = _frame(
        history.instruments,
        values,
        marginal=component,
        component=component,
        whole=float(component.sum()),
        incremental=component,
    )
    return found.select(names)


def _at_quantile(earned: Floats, pnl: Floats, whole: float, confidence: float, neighbours: int) -> Floats:
    order = np.argsort(pnl, kind="stable")
    place = (1 - confidence) * (pnl.size - 1)
    below = int(np.floor(place + 1e-12))
    above = min(below + 1, pnl.size - 1)
    if neighbours > 0 and whole != 0:
        near = order[max(0, below - neighbours + 1) : above + neighbours]
        # Scaling is only sound between losses of one sign and one size.
        near = near[pnl[near] * -whole > 0.25 * whole**2]
        if near.size:
            scaled: Floats = earned[near] * (-whole / pnl[near])[:, None]
            mean: Floats = scaled.mean(axis=0)
            return -mean
    part = place - below
    exact: Floats = -((1 - part) * earned[order[below]] + part * earned[order[above]])
    return exact


def _without(values: Floats) -> list[Floats]:
    rest = []
    for place in range(values.size):
        held = values.copy()
        held[place] = 0.0
        rest.append(held)
    return rest


def _frame(
    instruments: tuple[str, ...],
    values: Floats,
    *,
    marginal: Floats,
    component: Floats,
    whole: float,
    incremental: Floats,
) -> pl.DataFrame:
    share = component / whole if whole else np.full(component.size, np.nan)
    columns = {
        "instrument_id": list(instruments), "value": values, "marginal": marginal, "component": component,
        "share": share, "incremental": incremental,
    }  # fmt: skip
    return pl.DataFrame(columns, schema=PARTS).with_columns(
        pl.col("marginal", "component", "share").fill_nan(None)
    )
