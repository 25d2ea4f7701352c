"""A factor model from prices alone: market, sectors, styles, what is left in common, and the rest."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analytics.definitions import declares

Floats = npt.NDArray[np.float64]

MIN_SESSIONS = 60
# Fewest instruments that a long-short style can be sorted from.
MIN_NAMES = 6
STYLES = {"momentum": "Momentum", "low_volatility": "Low volatility", "reversal": "Short-term reversal"}
COMPONENTS = 3
BLOCKS = ("market", "sector", "style", "statistical")


@dataclass(frozen=True)
class Factor:
    """One factor: ``block`` is one of ``BLOCKS``; ``returns`` by session, fraction."""

    name: str
    title: str
    block: str
    returns: Floats


@dataclass(frozen=True)
class FactorModel:
    """Factors and what each instrument does when one of them moves.

    ``loadings``: instruments x factors, return of the instrument per unit return of the factor; NaN for an
    instrument with fewer than ``MIN_SESSIONS`` sessions. ``residuals``: sessions x instruments, what no
    factor explains; NaN where the return is not known. ``volatility``: of each factor, one session, ddof 1.
    """

    factors: tuple[Factor, ...]
    loadings: Floats
    residuals: Floats
    volatility: Floats
    n: int


@dataclass(frozen=True)
class Decomposition:
    """Variance of a book by block of factors, and specific to its instruments.

    ``variance`` is one session's (ddof 1, unit of the holdings squared); ``parts`` by block, with
    ``specific``, sum to it exactly.
    """

    variance: float
    parts: dict[str, float]

    def share(self, block: str) -> float | None:
        """Return a block's part of the variance, fraction; None without variance."""
        return self.parts[block] / self.variance if self.variance > 0 else None


def style_returns(returns: Floats) -> dict[str, Floats]:
    """Return long-short styles sorted on past prices: top third less bottom third of instruments.

    Args:
        returns: Sessions x instruments, simple; NaN where not known.

    Returns:
        momentum (return of the 250 sessions before, the last 20 left out), low_volatility (least of the
        last 60), reversal (worst of the last 20), each sorted anew every session on what was known the
        evening before, equally weighted; sessions without enough history or names are NaN. Windows shrink
        to half their length at the start of the history.
    """
    sessions, names = returns.shape
    found = {name: np.full(sessions, np.nan) for name in STYLES}
    if names < MIN_NAMES:
        return found
    grown = np.cumsum(np.log1p(np.nan_to_num(np.clip(returns, -0.999, None))), axis=0)
    squared = np.cumsum(np.nan_to_num(returns) ** 2, axis=0)
    seen = np.cumsum(np.isfinite(returns), axis=0)

    def over(total: Floats, end: int, length: int) -> Floats:
        begin = max(end - length, 0)
        part: Floats = total[end - 1] - (total[begin - 1] if begin else 0.0)
        return part

    for session in range(sessions):
        today = returns[session]
        scores = {}
        if session >= 125:
            scores["momentum"] = over(grown, session - 20, 230)
        if session >= 30:
            counted = np.maximum(over(seen.astype(np.float64), session, 60), 1.0)
            scores["low_volatility"] = -over(squared, session, 60) / counted
        if session >= 20:
            scores["reversal"] = -over(grown, session, 20)
        old = seen[session - 1] >= min(session, MIN_SESSIONS) if session else np.zeros(names, dtype=bool)
        usable = np.flatnonzero(np.isfinite(today) & old)
        if usable.size < MIN_NAMES:
            continue
        third = usable.size // 3
        for name, score in scores.items():
            order = usable[np.argsort(score[usable], kind="stable")]
            found[name][session] = today[order[-third:]].mean() - today[order[:third]].mean()
    return found


def build_factors(
    returns: Floats, sectors: Sequence[str | None], *, market: Floats | None = None
) -> tuple[Factor, ...]:
    """Return market, sector and style factors from the prices of a universe.

    Args:
        returns: Sessions x instruments, simple; NaN where not known.
        sectors: Of each instrument; None leaves it out of the sector factors.
        market: Benchmark's return by session; NaN where not known, None takes the equally weighted mean.

    Returns:
        ``market``; one factor for each sector of two or more instruments: their mean return less what the
        market explains of it; the styles that can be sorted, less what market and sectors explain.
        Sessions without a value are 0 in sectors and styles.
    """
    sessions = returns.shape[0]
    known = np.isfinite(returns)
    count = known.sum(axis=1)
    mean = np.where(count > 0, np.nan_to_num(returns).sum(axis=1) / np.maximum(count, 1), 0.0)
    base = mean if market is None else np.where(np.isfinite(market), market, mean)
    factors = [Factor("market", "Market", "market", base)]
    held: list[Floats] = [base]
    for sector in sorted({name for name in sectors if name}):
        members = np.array([name == sector for name in sectors])
        if members.sum() < 2:
            continue
        many = known[:, members].sum(axis=1)
        own = np.nan_to_num(returns[:, members]).sum(axis=1) / np.maximum(many, 1)
        own = np.where(many > 0, own, base)
        factors.append(Factor(f"sector:{sector}", sector, "sector", own - _explained(own, [base])))
    held += [factor.returns for factor in factors[1:]]
    for name, course in style_returns(returns).items():
        filled = np.nan_to_num(course)
        if np.isfinite(course).sum() < MIN_SESSIONS or not filled.any():
            continue
        factors.append(Factor(f"style:{name}", STYLES[name], "style", filled - _explained(filled, held)))
    return tuple(factors) if sessions else ()


def fit_model(
    returns: Floats, factors: Sequence[Factor], *, components: int = COMPONENTS
) -> FactorModel | None:
    """Regress each instrument on the factors, then take the principal components of what is left.

    Args:
        returns: Sessions x instruments, simple; NaN where not known.
        factors: As ``build_factors``; sessions as ``returns``.
        components: Most statistical factors; fewer where there are fewer instruments.

    Returns:
        Least squares with a constant, over the sessions an instrument has; collinear factors share
        loadings (least norm). Components are of residuals at unit variance, their sign such that most
        loadings are positive. None with fewer than ``MIN_SESSIONS`` sessions or no factor.
    """
    sessions, names = returns.shape
    if sessions < MIN_SESSIONS or not factors or not names:
        return None
    design = np.column_stack([factor.returns for factor in factors])
    loadings, residuals = _regress(returns, design)
    complete = np.isfinite(residuals).all(axis=0)
    spread = np.zeros(names)
    spread[complete] = residuals[:, complete].std(axis=0)
    usable = spread > 1e-12
    kept = list(factors)
    size = min(components, int(usable.sum()) - 1)
    if size > 0:
        scaled = residuals[:, usable] / spread[usable]
        # What sklearn's PCA gives (a test compares), without its long import while somebody waits.
        scaled = scaled - scaled.mean(axis=0)
        left, strength, weights = np.linalg.svd(scaled, full_matrices=False)
        for place in range(size):
            sign = 1.0 if weights[place].sum() >= 0 else -1.0
            # In the scale of a return: the component's own weights, summing to one in absolute value.
            unit = float(np.abs(weights[place] / spread[usable]).sum())
            course = sign * left[:, place] * strength[place] / unit
            kept.append(Factor(f"pca:{place + 1}", f"Common component {place + 1}", "statistical", course))
        design = np.column_stack([factor.returns for factor in kept])
        loadings, residuals = _regress(returns, design)
    return FactorModel(tuple(kept), loadings, residuals, np.std(design, axis=0, ddof=1), sessions)


def exposures(model: FactorModel, values: Floats) -> Floats:
    """Return the P&L of a unit return of each factor: sum of value x loading.

    Args:
        model: The model; an instrument without loadings counts as moving with nothing.
        values: Market value by instrument, signed; or evenings x instruments.

    Returns:
        One value per factor (by evening), currency.
    """
    found: Floats = np.nan_to_num(values) @ np.nan_to_num(model.loadings)
    return found


def decompose(model: FactorModel, pnl: Floats) -> Decomposition:
    """Return how much of the variance of a book each block of factors explains.

    Args:
        model: The model.
        pnl: What the book would have earned on the model's sessions, finite.

    Returns:
        Blocks count in the order of ``BLOCKS``: each gets what it explains beyond those before it, so the
        parts are orthogonal and sum, with ``specific``, to the variance (ddof 1).
    """
    centred = pnl - pnl.mean()
    freedom = max(pnl.size - 1, 1)
    whole = float(centred @ centred) / freedom
    parts: dict[str, float] = {}
    held: list[Floats] = []
    told = 0.0
    for block in BLOCKS:
        held += [factor.returns for factor in model.factors if factor.block == block]
        explained = _explained(pnl, held) if held else np.zeros_like(pnl)
        explained = explained - explained.mean()
        found = float(explained @ explained) / freedom
        parts[block] = max(found - told, 0.0)
        told = max(found, told)
    parts["specific"] = max(whole - sum(parts.values()), 0.0)
    return Decomposition(whole, parts)


@declares("holdings_beta")
def market_beta(pnl: Floats, market: Floats) -> float | None:
    """Return P&L per unit of market return: covariance over variance.

    ``holdings_beta`` = sum of value x beta of each holding, over net asset value. None without spread or 30
    sessions.
    """
    both = np.isfinite(pnl) & np.isfinite(market)
    if both.sum() < 30:
        return None
    x, y = market[both] - market[both].mean(), pnl[both] - pnl[both].mean()
    spread = float(x @ x)
    return float(x @ y) / spread if spread > 1e-20 else None


def _design(columns: Sequence[Floats], sessions: int) -> Floats:
    return np.column_stack([np.ones(sessions), *columns])


def _explained(course: Floats, columns: Sequence[Floats]) -> Floats:
    """Return the least-squares fit of a course on columns and a constant."""
    design = _design(columns, course.size)
    coefficients = np.linalg.lstsq(design, course, rcond=1e-10)[0]
    fitted: Floats = design @ coefficients
    return fitted


def _regress(returns: Floats, factors: Floats) -> tuple[Floats, Floats]:
    """Return loadings (instruments x factors) and residuals of each column."""
    sessions, names = returns.shape
    loadings = np.full((names, factors.shape[1]), np.nan)
    residuals = np.full(returns.shape, np.nan)
    design = np.column_stack([np.ones(sessions), factors])
    for place in range(names):
        known = np.isfinite(returns[:, place])
        if known.sum() < max(MIN_SESSIONS, factors.shape[1] + 2):
            continue
        coefficients = np.linalg.lstsq(design[known], returns[known, place], rcond=1e-10)[0]
        loadings[place] = coefficients[1:]
        residuals[known, place] = returns[known, place] - design[known] @ coefficients
    return loadings, residuals
