"""/api/portfolio/performance: every measure with its convention, and what lies behind it."""

from typing import Annotated, Any

from flask import Response
from pydantic import Field

from app.api._schema import PROBLEMS, Answer, ScopeQuery
from app.errors import FieldError, Invalid
from app.gateway.auth import current_desk
from app.gateway.resource import answer, resource
from app.queries import passports
from app.queries import performance as questions
from app.queries._returns import READS
from app.queries._terms import LARGEST_RATE, NAMES

blueprint = resource("portfolio", part="performance", tag="Portfolio")
_PER_PERIOD = "Fraction per period of the frequency."


class PerformanceQuery(ScopeQuery):
    """What performance is measured under."""

    frequency: str | None = Field(None, description="daily, weekly or monthly returns; daily.")
    benchmark: Annotated[str, Field(max_length=200)] | None = Field(
        None, description="Id of a benchmark, or none; the one the accounts name."
    )
    risk_free: float = Field(
        0.0, ge=-LARGEST_RATE, le=LARGEST_RATE, allow_inf_nan=False, description=_PER_PERIOD
    )
    mar: float = Field(0.0, ge=-LARGEST_RATE, le=LARGEST_RATE, allow_inf_nan=False, description=_PER_PERIOD)
    costs: str | None = Field(None, description="net of all costs, or gross; net.")


class ReportQuery(PerformanceQuery):
    """The report, with or without other houses' readings."""

    readings: bool = Field(False, description="Add to each metric how other houses would read it.")


class SeriesQuery(PerformanceQuery):
    """The long series."""

    window: str | None = Field(None, description="quarter, half or year; half.")


class ReadingsQuery(PerformanceQuery):
    """One metric."""

    metric: Annotated[str, Field(min_length=1, max_length=100)] = Field(description="Name of the metric.")


@blueprint.get(
    "/performance", summary="Performance metrics with their conventions", responses={200: Answer, **PROBLEMS}
)
def report(query: ReportQuery) -> Response:
    """Answer all measures, three ways to weigh money, falls, months and the spread of returns."""
    desk = current_desk(own=NAMES | {"readings"})
    found: dict[str, Any] = questions.report(desk)
    if query.readings:
        found["metrics"] = [
            metric | {"readings": questions.readings(desk, metric["name"])} for metric in found["metrics"]
        ]
    return answer(desk, found, datasets=READS)


@blueprint.get(
    "/performance/series", summary="Index, drawdown and rolling measures", responses={200: Answer, **PROBLEMS}
)
def series(query: SeriesQuery) -> Response:
    """Answer what 100 grew to beside the benchmark, and measures of the last quarter, half or year."""
    desk = current_desk(own=NAMES | {"window"})
    course = questions.course(desk)
    course["rolling"] = questions.rolling(desk, window=query.window or "half")["rows"]
    return answer(desk, course, datasets=READS)


@blueprint.get("/performance/readings", summary="One metric's passport", responses={200: Answer, **PROBLEMS})
def readings(query: ReadingsQuery) -> Response:
    """Answer a metric's definition, value and how other houses would read it."""
    desk = current_desk(own=NAMES | {"metric"})
    found = passports.passport(desk, f"performance:{query.metric}")
    if found["record"] is None:
        told = FieldError("metric", "is not a metric of performance", query.metric[:80])
        raise Invalid("There is no such metric.", errors=[told])
    return answer(desk, found, datasets=READS)
