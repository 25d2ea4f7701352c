"""What the generator returns: a firm's files, people, lists, limits, and the labels kept apart."""

from dataclasses import dataclass, field
from datetime import datetime

import polars as pl

NOTICE = "Demo: real prices, simulated firm"


@dataclass(frozen=True)
class Login:
    """Somebody who may sign in."""

    email: str
    name: str
    role: str
    desks: tuple[str, ...] | None
    person_id: str | None


@dataclass(frozen=True)
class ListEntry:
    """An instrument on a compliance list from ``start`` (inclusive) to ``end`` (exclusive; None = open)."""

    kind: str  # restricted, watch or insider
    instrument_id: str
    start: datetime
    end: datetime | None
    reason: str
    person_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class LimitEntry:
    """A limit on a measure of one subject, set around what the subject did.

    ``place``: ``well`` below, ``near`` with a warning, ``slip`` (passed on the one day that stands out), or a
    candidate for the one that is ``passed`` now.
    """

    name: str
    measure: str
    subject_kind: str  # organisation, desk, account, ...
    subject_id: str | None
    unit: str
    place: str = "well"
    hard: bool = False


@dataclass(frozen=True)
class Label:
    """One planted scenario, or a look-alike that must not be found."""

    label_id: str
    pattern: str  # wash_trade, restricted_list, ...
    abuse: bool  # False: a hard negative
    severity: float  # 0 barely visible .. 1 blatant
    accounts: tuple[str, ...]
    traders: tuple[str, ...]
    instrument_ids: tuple[str, ...]
    start: datetime
    end: datetime
    order_ids: tuple[str, ...] = ()
    message_ids: tuple[str, ...] = ()
    post_ids: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Firm:
    """A generated organisation. ``files`` holds the business columns of each data set by its name."""

    slug: str
    name: str
    currency: str
    files: dict[str, pl.DataFrame]
    logins: tuple[Login, ...]
    lists: tuple[ListEntry, ...]
    limits: tuple[LimitEntry, ...]
    labels: tuple[Label, ...] = field(default=())
