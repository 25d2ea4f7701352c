"""Where a measure's panel finds the record it speaks of."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from analytics.datasets import Dataset
from app.desk import Desk


@dataclass(frozen=True)
class Subject:
    """A module's measures, for the panel behind each of their names: ``PASSPORTS = Subject(...)``.

    ``records`` returns them as the page shows them (name, value, unit, low, high, n, convention, reason);
    ``datasets`` are the tables they rest on; ``readings`` how a record reads under other houses' conventions
    (list of {convention, value, difference}, ours first); ``period`` {from, to, sessions}; ``defines`` names the
    declared measure of records that go by another name here.
    """

    records: Callable[[Desk], Sequence[Mapping[str, Any]]]
    datasets: tuple[Dataset, ...] = ()
    readings: Callable[[Desk, Mapping[str, Any]], list[dict[str, Any]]] | None = None
    period: Callable[[Desk], Mapping[str, Any]] | None = None
    defines: Mapping[str, str] = field(default_factory=dict)
