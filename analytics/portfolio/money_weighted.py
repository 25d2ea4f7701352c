"""Returns that weigh money by the time it was there: Modified Dietz and the internal rate of return."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from analytics.definitions import declares

Floats = npt.NDArray[np.float64]

YEAR_DAYS = 365.0


@dataclass(frozen=True)
class MoneyReturn:
    """A money-weighted return: ``value`` (fraction) or None with a ``reason``; ``annual`` says its unit."""

    value: float | None
    reason: str | None
    annual: bool


@declares("modified_dietz")
def modified_dietz(
    start: date,
    end: date,
    *,
    opening: float,
    closing: float,
    flows: Sequence[tuple[date, float]],
    timing: str = "start",
) -> MoneyReturn:
    """Return gain / average capital over a period, not annualised.

    Args:
        start: Day at whose close ``opening`` was taken.
        end: Day at whose close ``closing`` was taken.
        opening: Value then, one currency.
        closing: Value then.
        flows: External money of the days after ``start`` up to ``end``; positive = paid in.
        timing: Whether a flow counts from the ``start`` or the ``end`` of its day.

    Returns:
        (closing - opening - flows) / (opening + sum of flow x share of the period it was there). A reason
        for a period without a day or an average capital that is not positive.

    Raises:
        ValueError: For another timing, or a flow outside the period.

    Source: GIPS, Guidance Statement on Calculation Methodology; Dietz, 1966.
    """
    if timing not in {"start", "end"}:
        raise ValueError("a flow counts at the start or at the end of its day")
    days = (end - start).days
    if days < 1:
        return MoneyReturn(None, "the period has no day", annual=False)
    if any(not start < day <= end for day, _ in flows):
        raise ValueError("a flow lies outside the period")
    late = 1 if timing == "start" else 0
    capital = opening + sum(amount * ((end - day).days + late) / days for day, amount in flows)
    gain = closing - opening - sum(amount for _, amount in flows)
    if capital <= 0:
        return MoneyReturn(None, "the average capital is not positive", annual=False)
    return MoneyReturn(gain / capital, None, annual=False)


@declares("internal_rate_of_return")
def internal_rate_of_return(flows: Sequence[tuple[date, float]]) -> MoneyReturn:
    """Return the yearly rate at which the flows are worth nothing (act/365, compounded once a year).

    Args:
        flows: Day and amount from the owner's side: paid in is negative, taken out and the final value are
            positive. Any order; several on a day add up.

    Returns:
        Fraction a year, above -1. A reason where no rate does it (one sign only, or one day only), or
        several do: then none of them is the answer.

    Source: the XIRR of spreadsheets; checked against the example of Microsoft's reference: 0.373362535.
    """
    from scipy.optimize import brentq

    days: dict[date, float] = {}
    for day, amount in flows:
        days[day] = days.get(day, 0.0) + amount
    amounts = np.array([amount for _, amount in sorted(days.items())])
    if len(days) < 2 or not (amounts.max(initial=0) > 0 > amounts.min(initial=0)):
        return MoneyReturn(None, "needs money in and money out on different days", annual=True)
    first = min(days)
    years = np.array([(day - first).days for day in sorted(days)]) / YEAR_DAYS

    def worth(log_growth: float) -> float:
        # Scaled by its own size, so that the sign survives any rate.
        exponents = -log_growth * years
        return float(np.sum(amounts * np.exp(exponents - exponents.max())))

    # Rates from near -100 % to 10^13 a year, finely enough not to step over a pair of roots.
    grid = np.linspace(-30.0, 30.0, 6001)
    values = np.array([worth(point) for point in grid])
    turns = np.flatnonzero(np.sign(values[:-1]) * np.sign(values[1:]) < 0)
    roots = [float(brentq(worth, grid[k], grid[k + 1], xtol=1e-14)) for k in turns]
    roots += [float(point) for point in grid[values == 0]]
    if len(roots) != 1:
        told = "no rate makes these flows worth nothing" if not roots else "several rates do"
        return MoneyReturn(None, told, annual=True)
    return MoneyReturn(float(np.expm1(roots[0])), None, annual=True)
