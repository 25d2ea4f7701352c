"""GARCH(1,1) with a constant mean: the volatility that filtered historical simulation replays shocks at."""

import math
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Garch:
    """Fitted coefficients, of a series divided by its own standard deviation."""

    mean: float
    omega: float
    alpha: float
    beta: float


@dataclass(frozen=True)
class Outlook:
    """The next period as the model sees it.

    ``mean`` and ``volatility`` are in the unit of the series; ``shocks`` are the standardised residuals,
    oldest first; ``omega`` is in the squared unit. A path goes on with
    volatility^2 = omega + alpha x (move - mean)^2 + beta x volatility^2.
    """

    mean: float
    volatility: float
    omega: float
    alpha: float
    beta: float
    shocks: Floats


def flat(values: Floats) -> bool:
    """Say whether values have no spread but rounding, whatever their unit."""
    return bool(np.std(values) <= 1e-14 * max(float(np.max(np.abs(values))), 1e-300))


def fit(series: Floats) -> Garch | str:
    """Fit by maximum likelihood of normal shocks; or say why that is not possible.

    Args:
        series: P&L or returns, finite, oldest first; 250 or more for coefficients worth having.

    Source: Bollerslev, J. of Econometrics 31, 1986; estimated by ``arch``.
    """
    if flat(series):
        return "all observations are equal: no volatility to fit"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = _model(series).fit(disp="off", show_warning=False)
    if found.convergence_flag != 0:
        return "the GARCH(1,1) fit did not converge"
    return Garch(*(float(value) for value in found.params))


def outlook(series: Floats, garch: Garch) -> Outlook:
    """Return what ``garch`` says of the period after ``series`` (finite, not flat, oldest first)."""
    unit = float(np.std(series))
    found = _model(series).fix([garch.mean, garch.omega, garch.alpha, garch.beta])
    ahead = garch.omega + garch.alpha * float(found.resid[-1]) ** 2
    ahead += garch.beta * float(found.conditional_volatility[-1]) ** 2
    return Outlook(
        mean=garch.mean * unit,
        volatility=math.sqrt(ahead) * unit,
        omega=garch.omega * unit**2,
        alpha=garch.alpha,
        beta=garch.beta,
        shocks=np.asarray(found.std_resid, dtype=np.float64),
    )


def _model(series: Floats) -> Any:
    from arch import arch_model

    # The optimiser likes values around one; the answer is scaled back.
    return arch_model(series / np.std(series), mean="Constant", vol="GARCH", p=1, q=1, rescale=False)
