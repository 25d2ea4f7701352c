"""What a job is: a name, what it does, and how often it runs by itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from app.context import Context

Runner = Callable[["Context", str, Mapping[str, Any]], Any]


@dataclass(frozen=True)
class Job:
    """One kind of work. ``run(context, org, params)`` may run twice: it must be idempotent."""

    kind: str
    title: str
    run: Runner
    hour: int | None = None  # nightly at this hour UTC, for every organisation
    every_minute: bool = False
    due: Callable[["Context", str], bool] | None = None  # asked before it is queued by the clock
    attempts: int = 3
    quick: bool = False  # seconds of work that somebody waits for: never behind a night's models
