"""What every rule is, and how the candidates of one run become insights."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import urlencode

import polars as pl

from analytics.insights._stats import Tested, benjamini_hochberg
from analytics.insights._tables import ALERTS, ALERTS_SCHEMA
from analytics.money_words import money

FALSE_DISCOVERY = 0.05
WHOLE = "*"  # in place of a desk: what is told of the whole firm is for those who see all of it
Tables = Mapping[str, pl.DataFrame]
__all__ = [
    "ALERTS", "ALERTS_SCHEMA", "FALSE_DISCOVERY", "WHOLE", "Candidate", "Insight", "Rule", "Tables", "all_rules", "discover",
    "insight_id", "judged", "link", "quiet", "tried",
]  # fmt: skip


@dataclass(frozen=True)
class Candidate:
    """What a rule would say, were it no chance finding."""

    subject: str  # stable: rule and subject make the id
    title: str
    text: str
    tested: Tested
    unit: str  # "currency": base currency, named where it is stored
    money: float  # base currency at stake, >= 0; what materiality is measured by
    why: Sequence[Mapping[str, Any]] = ()  # {driver, value, unit}, the weightiest first
    evidence: Sequence[Mapping[str, Any]] = ()  # {kind, id, ...}
    next: Sequence[Mapping[str, str]] = ()  # {label, href}
    context: Mapping[str, Any] = field(default_factory=dict)
    desks: tuple[str, ...] | None = None  # it speaks of these desks' data; None: of no desk's
    chart: Mapping[str, Any] | None = None  # a small course, see ``_say.course``
    weight: float | None = None  # 0..1, how much it matters where no money says so
    against: float = 0.0  # the effect that chance alone would give, in its unit

    @property
    def story(self) -> str | None:
        """What it is about, so that findings on one thing are told together; None: it stands alone."""
        for kind in ("pair", "trader", "author", "limit", "instrument", "venue", "broker", "algo"):
            if self.context.get(kind) is not None:
                return f"{kind}|{self.context[kind]}"
        return None


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
    version: ClassVar[str] = "1"  # raised when what it says of the same tables changes
    test: ClassVar[str] = ""  # the null it is held against, and the least it needs, in a sentence

    def __init__(self, currency: str = "") -> None:
        """Set the base currency of the tables; without one, sums are said without a sign."""
        self.currency = currency

    def money(self, value: float, *, plus: bool = False) -> str:
        """Return a sum in base currency as people read it everywhere: ``$1.284m``."""
        return money(value, self.currency, plus=plus)

    @abstractmethod
    def candidates(self, tables: Tables, *, seed: int) -> list[Candidate]:
        """Return every subject that was tested, whatever came out: all count for the false-discovery control."""


def all_rules() -> dict[str, type[Rule]]:
    """Return every rule by name."""
    from analytics import insights, registry

    return registry.subclasses(insights, Rule)  # type: ignore[type-abstract]


def discover(
    tables: Tables, *, rules: Sequence[type[Rule]], seed: int = 0, scale: float, currency: str = ""
) -> list[Insight]:
    """Run rules, control false discoveries at 5 % over all their candidates, rank what is left.

    Args:
        tables: Data set name to the columns the rules declared.
        rules: Which rules.
        seed: Of the permutations.
        scale: Money that counts as half material; the organisation's size sets it.
        currency: The base currency of the tables.

    Returns:
        Insights, the most material and certain first.
    """
    candidates = tried(tables, rules=rules, seed=seed, currency=currency)
    q_values = benjamini_hochberg([one.tested.p for _, one in candidates])
    return judged(candidates, q_values, scale=scale)


def tried(
    tables: Tables, *, rules: Sequence[type[Rule]], seed: int, currency: str = ""
) -> list[tuple[type[Rule], Candidate]]:
    """Return every candidate of some rules, with the rule that tested it."""
    return [(rule, one) for rule in rules for one in rule(currency).candidates(tables, seed=seed)]


def judged(
    candidates: Sequence[tuple[type[Rule], Candidate]], q_values: Sequence[float], *, scale: float
) -> list[Insight]:
    """Return what passes the false-discovery control, the most material and certain first.

    Args:
        candidates: With their rules.
        q_values: One for each, over the whole family they are judged in.
        scale: Money that counts as half material.
    """
    found = []
    for (rule, one), q in zip(candidates, q_values, strict=True):
        if q > FALSE_DISCOVERY:
            continue
        materiality = one.money / (one.money + scale) if one.money > 0 else 0.0
        if one.weight is not None:
            materiality = max(materiality, min(1.0, one.weight))
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
    return sorted(
        found, key=lambda item: (-item.materiality * item.confidence, item.candidate.tested.p, item.id)
    )


def insight_id(rule: str, subject: str) -> str:
    """Return the id of a rule's insight on a subject, the same in every run."""
    return f"{rule}-{hashlib.sha256(f'{rule}|{subject}'.encode()).hexdigest()[:16]}"


def quiet(subject: str, tested: Tested, unit: str) -> Candidate | None:
    """Return a candidate without words where its p-value says that nothing will be told; None where it may be.

    It counts for the false-discovery control like any other.
    """
    return Candidate(subject, "", "", tested, unit, 0.0) if tested.p > FALSE_DISCOVERY else None


def link(label: str, path: str, **context: Any) -> dict[str, str]:
    """Return a next step whose address carries the context."""
    query = urlencode({name.rstrip("_"): value for name, value in context.items() if value is not None})
    return {"label": label, "href": f"{path}?{query}" if query else path}
