"""/api/portfolio/risk: what could be lost, whether that is right, and where it comes from."""

from typing import Annotated, Literal

from flask import Response
from pydantic import Field

from analytics.datasets import BENCHMARKS, DAILY_NAV, DAILY_POSITIONS, PRICES
from app.api._schema import PROBLEMS, Answer, ScopeQuery
from app.gateway.auth import current_desk
from app.gateway.resource import answer, resource
from app.queries import risk, risk_backtest, risk_passports, risk_structure

blueprint = resource("portfolio", part="risk", tag="Portfolio")

Method = Literal["historical", "parametric", "cornish_fisher", "ewma", "filtered_historical", "monte_carlo"]
Confidence = Annotated[float, Field(gt=0.5, lt=1, allow_inf_nan=False)]
_BOOK = (DAILY_POSITIONS, PRICES)


class RiskQuery(ScopeQuery):
    """How value at risk is measured; the table beside it holds every method."""

    method: Method = "historical"
    confidence: Confidence = 0.99
    horizon: int = Field(1, ge=1, le=60, description="Sessions held.")


class SummaryQuery(ScopeQuery):
    """Whose exceptions are counted."""

    method: Method = "historical"


class BacktestQuery(ScopeQuery):
    """Which forecasts are judged."""

    method: Method = "historical"
    confidence: Confidence = 0.99
    sessions: int = Field(risk_backtest.SESSIONS, ge=30, le=500)


class PartsQuery(ScopeQuery):
    """Whose parts: of the historical VaR at this confidence."""

    confidence: Confidence = 0.99


class WindowQuery(ScopeQuery):
    """Which sessions are compared."""

    window: Literal["60", "250", "stress"] = "60"


class UnderwaterQuery(ScopeQuery):
    """How far back is shown."""

    years: Literal["1", "2", "all"] = "2"


@blueprint.get("/risk", summary="Value at risk and expected shortfall", responses={200: Answer, **PROBLEMS})
def get_risk(query: RiskQuery) -> Response:
    """Answer VaR and ES of what is held by six methods; positive = loss."""
    desk = current_desk(own=frozenset({"method", "confidence", "horizon"}))
    found = risk.report(desk, method=query.method, confidence=query.confidence, horizon=query.horizon)
    return answer(desk, found, datasets=_BOOK)


@blueprint.get(
    "/risk/backtest", summary="P&L against the VaR made before", responses={200: Answer, **PROBLEMS}
)
def get_backtest(query: BacktestQuery) -> Response:
    """Answer the days with their forecasts, the dated exceptions and the tests of the model."""
    desk = current_desk(own=frozenset({"method", "confidence", "sessions"}))
    found = risk_backtest.backtest(
        desk, method=query.method, confidence=query.confidence, sessions=query.sessions
    )
    return answer(desk, found, datasets=_BOOK)


@blueprint.get("/risk/summary", summary="Key figures of risk", responses={200: Answer, **PROBLEMS})
def get_summary(query: SummaryQuery) -> Response:
    """Answer the figures at the head of the risk page; exceptions are those of ``method``, at 99 %."""
    desk = current_desk(own=frozenset({"method"}))
    values, reasons = risk.kpis(desk, method=query.method)
    more = {"reasons": reasons, "metrics": risk_passports.figures(desk, method=query.method)}
    return answer(desk, values | more, datasets=(*_BOOK, DAILY_NAV, BENCHMARKS))


@blueprint.get(
    "/risk/parts", summary="Component, marginal and incremental VaR", responses={200: Answer, **PROBLEMS}
)
def get_parts(query: PartsQuery) -> Response:
    """Answer what each holding adds to the one-day historical VaR; components sum to it."""
    desk = current_desk(own=frozenset({"confidence"}))
    found = risk.parts(desk, confidence=query.confidence)
    metrics = risk_passports.part_records(desk, confidence=query.confidence)
    return answer(desk, found | {"metrics": metrics}, datasets=_BOOK)


@blueprint.get("/risk/factors", summary="Factor exposures and variance", responses={200: Answer, **PROBLEMS})
def get_factors(query: ScopeQuery) -> Response:
    """Answer exposures now and 30 sessions ago, and the variance by block with the specific part."""
    desk = current_desk()
    return answer(desk, risk_structure.factors(desk), datasets=(*_BOOK, BENCHMARKS))


@blueprint.get("/risk/correlation", summary="What moves together", responses={200: Answer, **PROBLEMS})
def get_correlation(query: WindowQuery) -> Response:
    """Answer correlations of the largest holdings in clustered order."""
    desk = current_desk(own=frozenset({"window"}))
    return answer(desk, risk_structure.correlation(desk, window=query.window), datasets=_BOOK)


@blueprint.get("/risk/drawdown", summary="Distance from the high", responses={200: Answer, **PROBLEMS})
def get_drawdown(query: UnderwaterQuery) -> Response:
    """Answer the course of the drawdown and the worst falls of the window."""
    desk = current_desk(own=frozenset({"years"}))
    return answer(desk, risk_structure.underwater(desk, years=query.years), datasets=(DAILY_NAV,))
