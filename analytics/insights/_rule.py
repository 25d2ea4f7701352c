"""What every rule is, and how the candidates of one run become insights."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import urlencode

import polars as pl

from analytics.insights._stats import Tested, benjamini_hochberg

FALSE_DISCOVERY = 0.05
# What rules may ask for beside data sets: the alerts on record, one row per alert and actor or instrument.
ALERTS = "alerts"
ALERTS_SCHEMA: dict[str, pl.DataType] = {
    "alert_id": pl.String(),
    "detector": pl.String(),
    "score": pl.Float64(),
    "kind": pl.String(),  # trader or instrument
    "id": pl.String(),
    "time": pl.Datetime("us", "UTC"),
}
Tables = Mapping[str, pl.DataFrame]


@dataclass(frozen=True)
class Candidate:
    """What a rule would say, were it no chance finding."""

    subject: str  # stable: rule and subject make the id
    title: str
    text: str
    tested: Tested
    unit: str
    money: float  # base currency at stake, >= 0; what materiality is measured by
    why: Sequence[Mapping[str, Any]] = ()  # {driver, value, unit}, the weightiest first
    evidence: Sequence[Mapping[str, Any]] = ()  # {kind, id, ...}
    next: Sequence[Mapping[str, str]] = ()  # {label, href}
    context: Mapping[str, Any] = field(default_factory=dict)
    desks: tuple[str, ...] | None = None  # it speaks of these desks' data; None: of no desk's


@dataclass(frozen=True)
class Insight:
    """A candidate that passed the false-discovery control of its run."""

    id: str
    rule: "type[Rule]"
    candidate: Candidate
    q: float
    confidence: float  # 1 - q, never above 0.99
    materiality: float  # 0..1
    severity: str


class Rule(ABC):
    """Finds one kind of thing worth saying. Pure: the same tables and seed give the same candidates."""

    name: ClassVar[str]
    title: ClassVar[str]
    description: ClassVar[str]
    domains: ClassVar[tuple[str, ...]]
    inputs: ClassVar[Mapping[str, tuple[str, ...]]]  # data set to the columns read
    roles: ClassVar[tuple[str, ...] | None] = None  # who may read it; None: every role that reads data

    @abstractmethod
    def candidates(self, tables: Tables, *, seed: int) -> list[Candidate]:
        """Return every subject that was tested, whatever came out: all count for the false-discovery control."""


def all_rules() -> dict[str, type[Rule]]:
    """Return every rule by name."""
    from analytics import insights, registry

    return registry.subclasses(insights, Rule)  # type: ignore[type-abstract]


def discover(tables: Tables, *, rules: Sequence[type[Rule]], seed: int = 0, scale: float) -> list[Insight]:
    """Run rules, control false discoveries at 5 % over all their candidates, rank what is left.

    Args:
        tables: Data set name to the columns the rules declared.
        rules: Which rules.
        seed: Of the permutations.
        scale: Money that counts as half material; the organisation's size sets it.

    Returns:
        Insights, the most material and certain first.
    """
    tested = [(rule, one) for rule in rules for one in rule().candidates(tables, seed=seed)]
    q_values = benjamini_hochberg([one.tested.p for _, one in tested])
    found = []
    for (rule, one), q in zip(tested, q_values, strict=True):
        if q > FALSE_DISCOVERY:
            continue
        materiality = one.money / (one.money + scale) if one.money > 0 else 0.0
        found.append(
            Insight(
                id=insight_id(rule.name, one.subject),
                rule=rule,
                candidate=one,
                q=q,
                confidence=min(0.99, 1 - q),
                materiality=materiality,
                severity="high" if materiality >= 0.75 else "medium" if materiality >= 0.4 else "low",
            )
        )
    return sorted(found, key=lambda item: (-item.materiality * item.confidence, item.id))


def insight_id(rule: str, subject: str) -> str:
    """Return the id of a rule's insight on a subject, the same in every run."""
    return f"{rule}-{hashlib.sha256(f'{rule}|{subject}'.encode()).hexdigest()[:16]}"


def link(label: str, path: str, **context: Any) -> dict[str, str]:
    """Return a next step whose address carries the context."""
    query = urlencode({name.rstrip("_"): value for name, value in context.items() if value is not None})
    return {"label": label, "href": f"{path}?{query}" if query else path}
