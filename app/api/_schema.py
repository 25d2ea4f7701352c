"""Shapes of the REST surface, for validation and for the OpenAPI description."""

from datetime import date
from functools import cache
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from app.gateway.errors import Problem

_LIST = "Comma list."
Word = Annotated[str, Field(max_length=200)]
Names = Annotated[str, Field(max_length=4000, description=_LIST)]


class ScopeQuery(BaseModel):
    """The common query of every route that answers from data."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    start: date | None = Field(None, alias="from", description="First day, inclusive.")
    end: date | None = Field(None, alias="to", description="Last day, inclusive.")
    desk: Names | None = None
    account: Names | None = None
    trader: Names | None = None
    instrument: Names | None = None
    currency: Word | None = Field(None, description="Show money in this currency.")
    as_of: AwareDatetime | None = Field(None, description="As known at this instant.")
    limit: int = Field(100, ge=1, le=1000)
    cursor: Annotated[str, Field(max_length=1000)] | None = None
    group_by: Word | None = None

    @classmethod
    def model_json_schema(cls, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return the schema; the plain one, which every request is read by, is made once."""
        return super().model_json_schema(*args, **kwargs) if args or kwargs else _plain_schema(cls)


@cache
def _plain_schema(query: type[ScopeQuery]) -> dict[str, Any]:
    return super(ScopeQuery, query).model_json_schema()


class SortedQuery(ScopeQuery):
    """A list that can be sorted."""

    sort: Annotated[str, Field(max_length=60)] | None = Field(
        None, description="Column; a leading - turns it round."
    )


class AlertsQuery(SortedQuery):
    """Which alerts."""

    status: Word | None = None
    severity: Word | None = None
    detector: Word | None = None
    actor: Word | None = None
    open: Word | None = Field(None, description="true: only those that are not closed.")


class SearchQuery(BaseModel):
    """What to look for."""

    model_config = ConfigDict(extra="forbid")

    q: str = Field(min_length=1, max_length=200)
    limit: int = Field(20, ge=1, le=100)


class OrderPath(BaseModel):
    """One order."""

    order_id: Word


class AlertPath(BaseModel):
    """One alert."""

    alert_id: Word


class ModelPath(BaseModel):
    """One model."""

    name: Word


class ImportPath(BaseModel):
    """One import."""

    import_id: Word


class DatasetPath(BaseModel):
    """A data set that can be imported."""

    dataset: Word


class IngestQuery(BaseModel):
    """How to read the body."""

    model_config = ConfigDict(extra="forbid")

    mapping: Word | None = Field(None, description="Saved or shipped mapping that reads this CSV.")
    zone: Annotated[str, Field(max_length=64)] | None = Field(
        None, description="Zone of times that carry none."
    )
    account: Word | None = Field(None, description="Account of rows that name none.")
    filename: Word | None = None
    dry_run: bool = False


class Meta(BaseModel):
    """What the answer rests on."""

    as_of: str | None = None
    scope: str = Field("", description="What was asked, as a query string.")
    versions: dict[str, str] = {}
    next_cursor: str | None = None
    stale: Any = None


class Answer(BaseModel):
    """Every answer: data and what it rests on."""

    data: Any
    meta: Meta


class Trading(BaseModel):
    """How we traded. Money in the scope's currency; positive slippage = cost."""

    orders: int | None
    executions: int | None
    notional: float | None
    net_pnl: float | None
    realised_pnl: float | None
    unrealised_pnl: float | None
    commission: float | None
    slippage_bp: float | None
    fill_rate: float | None
    order_to_trade: float | None


class Portfolio(BaseModel):
    """What we hold. VaR and ES are positive losses; drawdown is negative; rates are fractions."""

    nav: float | None
    gross_exposure: float | None
    net_exposure: float | None
    leverage: float | None
    var_99_1d: float | None
    es_975_1d: float | None
    var_limit_used: float | None
    total_return: float | None
    annualised_volatility: float | None
    sharpe_ratio: float | None
    max_drawdown: float | None
    top_positions: list[dict[str, Any]]


class AlertsOpen(BaseModel):
    """Open alerts by severity."""

    low: int | None
    medium: int | None
    high: int | None
    critical: int | None


class Compliance(BaseModel):
    """Surveillance; null for roles that do not read it."""

    alerts_open: AlertsOpen | None
    cases_open: int | None
    cases_overdue: int | None
    limit_breaches: int | None
    coverage: float | None


class Social(BaseModel):
    """What is said. Sentiment -1..1; attention in standard deviations."""

    posts: int | None
    authors: int | None
    sentiment: float | None
    attention: list[dict[str, Any]]
    ideas_open: int | None
    idea_hit_rate: float | None


class Intelligence(BaseModel):
    """What the models and rules say of themselves."""

    insights: int | None
    models_ok: int | None
    models_silent: int | None
    regime: str | None


class Overview(BaseModel):
    """The unified figures. A null has its reason under ``reasons``, by dotted field name."""

    model_config = ConfigDict(extra="allow")

    trading: Trading
    portfolio: Portfolio
    compliance: Compliance
    social: Social
    intelligence: Intelligence
    reasons: dict[str, str]


class OverviewAnswer(BaseModel):
    """``GET /api/analytics/overview``."""

    data: Overview
    meta: Meta


class Insight(BaseModel):
    """A finding with its effect, interval, evidence and next steps."""

    model_config = ConfigDict(extra="allow")

    id: str
    kind: str
    title: str
    text: str
    domains: list[str]
    severity: str
    effect: dict[str, Any]
    p_value: float | None
    q_value: float | None
    confidence: float | None
    why: list[Any]
    evidence: list[Any]
    next: list[dict[str, Any]]
    context: dict[str, Any]
    data_versions: dict[str, Any]
    created_at: str


class InsightsAnswer(BaseModel):
    """``GET /api/intelligence/insights``."""

    data: list[Insight]
    meta: Meta


class ServiceHealth(BaseModel):
    """One service or feed."""

    name: str
    status: str
    latency_ms: float | None = None
    last_success: str | None = None
    detail: str | None = None


class DataHealth(BaseModel):
    """One data set."""

    dataset: str
    rows: int
    last_event: str | None = None
    last_ingest: str | None = None
    lag_s: float | None = None
    gaps: int | None = None


class Health(BaseModel):
    """Anonymous callers get ``status`` only."""

    status: str
    services: list[ServiceHealth] | None = None
    data: list[DataHealth] | None = None


class ImportAnswer(BaseModel):
    """What became of a body. ``accepted + rejected + duplicate == records``."""

    model_config = ConfigDict(extra="allow")

    import_id: str
    status: str
    accepted: int
    rejected: int
    duplicate: int
    records: int
    errors: list[dict[str, Any]]


PROBLEMS: dict[str | int, Any] = dict.fromkeys((400, 401, 403, 404, 422, 429, 503), Problem)
CONFLICTS: dict[str | int, Any] = PROBLEMS | {409: Problem}  # what may clash with how things stand
INTAKE_PROBLEMS: dict[str | int, Any] = PROBLEMS | dict.fromkeys((409, 413, 415), Problem)
