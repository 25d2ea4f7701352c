"""Frozen definitions: what counts as found, as right, as late. Changing one makes old figures void.

- A scenario (planted abuse of a detector's type) is found when at least one alert overlaps it: an account of
  the same actor group or the same trader, an instrument in common, and times that meet within ``SLACK``.
- An alert is right when it overlaps a scenario of its type, or a breach of an exact rule that nobody planted
  but the rows hold (breaches: counted in precision, and in a recall of their own). One that overlaps a scenario of another type only
  is not right; it is counted apart, and so is one that overlaps a look-alike only.
- Time to alert: from the first event of the scenario to the end of the window of the alert that is complete
  first. The hindsight delay of the running system comes on top.
"""

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Self

from app.demo.firm import Label

SLACK = timedelta(minutes=5)
Z = 1.959963984540054  # of a 95 % interval


@dataclass(frozen=True)
class Alert:
    """What is judged of an alert."""

    accounts: frozenset[str]
    traders: frozenset[str]
    instruments: frozenset[str]
    start: datetime
    end: datetime

    @classmethod
    def of(cls, row: dict) -> Self:
        """Read a row of ``ALERT_SCHEMA``."""
        names = {"account": set(), "trader": set()}
        for actor in row["actors"]:
            names.get(actor["kind"], set()).add(actor["id"])
        return cls(
            frozenset(names["account"]),
            frozenset(names["trader"]),
            frozenset(name for name in row["instrument_ids"] if name),
            row["window_start"],
            row["window_end"],
        )


def overlaps(alert: Alert, label: Label, groups: dict[str, str]) -> bool:
    """Tell whether an alert and a label are about the same people, instrument and time.

    An alert that names no instrument (a whole account's conduct) meets every instrument.
    """
    theirs = {groups.get(account, account) for account in label.accounts}
    people = any(groups.get(account, account) in theirs for account in alert.accounts) or bool(
        alert.traders & set(label.traders)
    )
    traded = not alert.instruments or bool(alert.instruments & set(label.instrument_ids))
    meets = alert.start <= label.end + SLACK and alert.end >= label.start - SLACK
    return people and traded and meets


@dataclass(frozen=True)
class Scenario:
    """One planted scenario of a detector's type, and whether it was found."""

    severity: float
    seconds: float | None  # to the first alert; None: not found


_COUNTS = (
    *("alerts", "right", "other", "lookalike", "own_lookalikes", "own_alerted"),
    *("breaches", "breaches_found", "warnings"),
)


@dataclass
class Tally:
    """What a detector did over days."""

    scenarios: list[Scenario] = field(default_factory=list)
    alerts: int = 0
    right: int = 0
    other: int = 0  # on abuse of another type only
    lookalike: int = 0  # on a look-alike only
    own_lookalikes: int = 0  # look-alikes of this type that were planted
    own_alerted: int = 0  # ... and alerted on
    breaches: int = 0  # of the type's exact rule, not planted
    breaches_found: int = 0
    warnings: int = 0  # said to be below the limit: no alerts

    def add(self, more: "Tally") -> None:
        """Add another day."""
        self.scenarios += more.scenarios
        for name in _COUNTS:
            setattr(self, name, getattr(self, name) + getattr(more, name))

    def recall(self, low: float = 0.0, high: float = 1.0) -> "Share":
        """Return the share of scenarios found, of severities from ``low`` to ``high``."""
        chosen = [one for one in self.scenarios if low - 1e-9 <= one.severity <= high + 1e-9]
        return Share(sum(one.seconds is not None for one in chosen), len(chosen))

    @property
    def precision(self) -> "Share":
        """Share of alerts that are right."""
        return Share(self.right, self.alerts)

    @property
    def steadiness(self) -> float | None:
        """Precision to compare between days of different density: zero where scenarios were planted in vain."""
        return self.precision.value if self.alerts else 0.0 if self.scenarios else None

    @property
    def unexplained(self) -> "Share":
        """Share of alerts that are right among those not explained by abuse of another type."""
        return Share(self.right, self.alerts - self.other)

    @property
    def delay(self) -> float | None:
        """Median seconds to the first alert of the scenarios found."""
        found = [one.seconds for one in self.scenarios if one.seconds is not None]
        return statistics.median(found) if found else None


def judge(
    alerts: Sequence[Alert],
    labels: Iterable[Label],
    groups: dict[str, str],
    types: frozenset[str],
    breaches: Iterable[Label] = (),
) -> Tally:
    """Return what a detector did on one day.

    Args:
        alerts: Its alerts.
        labels: Everything planted that day, of any pattern.
        groups: Account to actor group.
        types: Patterns of the detector's type.
        breaches: What the rows break by exact rules without its having been planted.
    """
    labels = list(labels)
    tally = Tally(alerts=len(alerts))
    met = [[overlaps(alert, label, groups) for label in labels] for alert in alerts]
    for n, label in enumerate(labels):
        if label.pattern not in types:
            continue
        hits = [alert for alert, row in zip(alerts, met, strict=True) if row[n]]
        if label.abuse:
            ends = [max(0.0, (alert.end - label.start).total_seconds()) for alert in hits]
            tally.scenarios.append(Scenario(label.severity, min(ends) if ends else None))
        else:
            tally.own_lookalikes += 1
            tally.own_alerted += bool(hits)
    unplanned = _Unplanned([one for one in breaches if one.pattern in types], groups)
    for alert, row in zip(alerts, met, strict=True):
        broken = unplanned.meets(alert)
        touched = [label for label, hit in zip(labels, row, strict=True) if hit]
        abuse = {label.pattern for label in touched if label.abuse}
        if abuse & types or broken:
            tally.right += 1
        elif abuse:
            tally.other += 1
        elif touched:
            tally.lookalike += 1
    tally.breaches, tally.breaches_found = unplanned.count, len(unplanned.found)
    return tally


class _Unplanned:
    """Breaches by whose they are and in what: there may be thousands, and as many alerts."""

    def __init__(self, breaches: Sequence[Label], groups: dict[str, str]) -> None:
        self.groups, self.count = groups, len(breaches)
        self.found: set[str] = set()
        self.known: dict[tuple[str, str], list[Label]] = {}
        for breach in breaches:
            for key in {(groups.get(account, account), name) for account in breach.accounts
                        for name in breach.instrument_ids}:  # fmt: skip
                self.known.setdefault(key, []).append(breach)

    def meets(self, alert: Alert) -> bool:
        """Tell whether an alert is about a breach, and remember which were met."""
        keys = {(self.groups.get(account, account), name) for account in alert.accounts
                for name in alert.instruments}  # fmt: skip
        near = [one for key in keys for one in self.known.get(key, ()) if overlaps(alert, one, self.groups)]
        self.found |= {one.label_id for one in near}
        return bool(near)


@dataclass(frozen=True)
class Share:
    """So many of so many, with its 95 % Wilson interval."""

    hits: int
    of: int

    @property
    def value(self) -> float | None:
        """The share; None of nothing."""
        return self.hits / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float]:
        """Low and high end of the Wilson interval; 0 and 1 of nothing."""
        if not self.of:
            return 0.0, 1.0
        n, p = self.of, self.hits / self.of
        middle = (p + Z * Z / (2 * n)) / (1 + Z * Z / n)
        half = Z * math.sqrt(p * (1 - p) / n + Z * Z / (4 * n * n)) / (1 + Z * Z / n)
        return max(0.0, middle - half), min(1.0, middle + half)


def ratio(dense: float | None, thin: float | None) -> float | None:
    """Return one share over another; None where either is missing or the second is zero."""
    return None if dense is None or not thin else dense / thin
