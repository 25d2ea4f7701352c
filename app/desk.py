"""The desk: one organisation's data, bounded by one scope. Every question is asked of a desk."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import polars as pl
from sqlalchemy import select
from sqlalchemy.orm import Session

from analytics.datasets import (
    ACCOUNTS,
    CONFIDENTIAL,
    EXECUTIONS,
    INSTRUMENTS,
    ORDER_EVENTS,
    PEOPLE,
    POSTS,
    REJECTS,
    Dataset,
)
from analytics.trading.fills import changes, current
from app.errors import Forbidden
from app.scope import DATA_ROLES, SURVEILLANCE_ROLES, Identity, Scope
from app.storage.collect import collect
from app.storage.database import Database
from app.storage.lake import Lake
from app.storage.records.counters import versions_of
from app.storage.records.rooms import RoomPost

if TYPE_CHECKING:
    from app.storage.cache import AnswerCache

# Reference tables are never narrowed by the dates of a question.
_TIMELESS = {ACCOUNTS.name, INSTRUMENTS.name, PEOPLE.name, REJECTS.name}


@dataclass(frozen=True)
class Desk:
    """The only way from a question to an organisation's rows.

    A desk cannot name another organisation: the folder it reads and the records its session sees are
    those of ``identity.org``, which the gateway set from a session or a key.
    """

    lake: Lake
    database: Database
    identity: Identity
    scope: Scope
    cache: "AnswerCache | None" = None

    @property
    def org(self) -> str:
        """The organisation's slug."""
        return self.identity.org

    def with_scope(self, **changes: Any) -> Self:
        """Return the same desk with some bounds changed."""
        return replace(self, scope=replace(self.scope, **changes))

    # --- facts -------------------------------------------------------------------------------------
    def rows(self, dataset: Dataset, *, dated: bool = True, scoped: bool = True) -> pl.LazyFrame:
        """Return the rows of ``dataset`` this identity may see, narrowed to the scope, lazily.

        Args:
            dataset: What to read.
            dated: Narrow to the scope's dates (False for questions that need the history before).
            scoped: Narrow to the scope's accounts, traders and instruments. Entitlements always apply.

        Raises:
            Forbidden: If the role reads no data of this kind.
        """
        if self.identity.role not in DATA_ROLES:
            raise Forbidden("Your role administers; it does not read the organisation's data.")
        if dataset.name in CONFIDENTIAL and self.identity.role not in SURVEILLANCE_ROLES:
            raise Forbidden(f"{dataset.title} are read by compliance only.")
        rows = self.lake.scan(self.org, dataset, as_of=self.scope.as_of)
        rows = self._entitled(rows, dataset.columns)
        if dataset is POSTS and self.identity.role not in SURVEILLANCE_ROLES:
            rows = self._unhidden(rows)
        if dated and dataset.name not in _TIMELESS:
            rows = self._dated(rows, dataset)
        return self._scoped(rows, dataset.columns) if scoped else rows

    def executions(self, *, dated: bool = True, scoped: bool = True) -> pl.LazyFrame:
        """Return executions as they stand: the latest version of each, busted ones left out."""
        rows = self.rows(EXECUTIONS, dated=dated, scoped=scoped)
        changed = self.lake.excerpt(self.org, EXECUTIONS, changes, as_of=self.scope.as_of)
        return rows if changed.is_empty() else current(rows, among=changed.lazy())

    def order_events(self, *, dated: bool = True, scoped: bool = True) -> pl.LazyFrame:
        """Return order events, in the order they happened."""
        return self.rows(ORDER_EVENTS, dated=dated, scoped=scoped)

    def collect(self, frame: pl.LazyFrame) -> pl.DataFrame:
        """Compute ``frame`` through the one door that survives a corrupt file."""
        return collect(frame)

    def token(self, datasets: tuple[Dataset, ...], records: tuple[str, ...] = ()) -> str:
        """Return the versions of all tables and record sets a question reads, as one stable text.

        Accounts are always part of it, since entitlements rest on them.
        """
        tables = [f"{d.name}:{self.lake.version(self.org, d)}" for d in (*datasets, ACCOUNTS)]
        if POSTS in datasets:  # what compliance hides is gone without a new version of the table
            records = (*records, "room_posts")
        counted = versions_of(self.database, self.org) if records else {}
        return "|".join([*tables, *(f"{name}:{counted.get(name, 0)}" for name in records)])

    def versions(self, *datasets: Dataset) -> dict[str, str]:
        """Return table name to version token, for answers and pinned evidence."""
        return {d.name: self.lake.version(self.org, d) for d in datasets}

    # --- records -----------------------------------------------------------------------------------
    @contextmanager
    def session(self, *, write: bool = False) -> Iterator[Session]:
        """Open a transaction that sees this organisation's records only."""
        with self.database.session(self.org, write=write) as session:
            yield session

    # --- shared tables -----------------------------------------------------------------------------
    @property
    def narrows(self) -> bool:
        """Whether entitlements or the scope leave out any account, trader or instrument."""
        scope = self.scope
        bounds = (scope.desk, scope.account, scope.trader, scope.instrument)
        return self.identity.desks is not None or any(bounds)

    def whole(self) -> Self:
        """Return the desk that sees the whole organisation over the same days, whoever asks.

        For tables that are computed once and shared by everybody. Beware: what is read through it must pass
        ``narrowed`` of the desk that asked before anybody sees it, unless that desk never ``narrows``.

        Raises:
            Forbidden: If the role reads no data.
        """
        if self.identity.role not in DATA_ROLES:
            raise Forbidden("Your role administers; it does not read the organisation's data.")
        own = self.identity.currency
        currency = None if self.scope.currency == own else self.scope.currency
        # Communications stay closed: risk does not read them.
        nobody = replace(self.identity, role="risk", desks=None, person_id=None)
        bounds = replace(self.scope, currency=currency, desk=(), account=(), trader=(), instrument=())
        return replace(self, identity=nobody, scope=bounds)

    def narrowed(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return those rows of a shared table that this identity may see and the scope asks for.

        Raises:
            ValueError: If the table lacks a column that says whose its rows are.
        """
        missing = {"account_id", "trader_id", "instrument_id"} - set(rows.columns)
        if missing:
            raise ValueError(f"a shared table needs the columns {', '.join(sorted(missing))}")
        if not self.narrows:
            return rows
        mine = self._entitled(rows.lazy(), rows.columns)
        return self._scoped(mine, rows.columns).collect()

    # --- bounds ------------------------------------------------------------------------------------
    @cached_property
    def entitled_accounts(self) -> tuple[str, ...] | None:
        """Accounts of the desks this identity may see; None when it may see all of them."""
        if self.identity.desks is None:
            return None
        return self._accounts_of(self.identity.desks)

    @cached_property
    def _scope_accounts(self) -> tuple[str, ...] | None:
        """Accounts the scope asks for by account or desk; None when it names neither."""
        asked: set[str] | None = set(self.scope.account) or None
        if self.scope.desk:
            of_desks = set(self._accounts_of(self.scope.desk))
            asked = of_desks if asked is None else asked & of_desks
        return None if asked is None else tuple(sorted(asked))

    def _accounts_of(self, desks: tuple[str, ...]) -> tuple[str, ...]:
        accounts = self.lake.scan(self.org, ACCOUNTS).filter(pl.col("desk").is_in(list(desks)))
        return tuple(collect(accounts.select(pl.col("account_id").unique().sort()))["account_id"])

    def _entitled(self, rows: pl.LazyFrame, columns: Collection[str]) -> pl.LazyFrame:
        if self.entitled_accounts is None or "account_id" not in columns:
            return rows
        return rows.filter(pl.col("account_id").is_in(list(self.entitled_accounts)))

    def _unhidden(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """Leave out posts that compliance took from their readers."""
        with self.session() as session:
            gone = list(session.scalars(select(RoomPost.id).where(RoomPost.hidden)))
        return rows.filter(~pl.col("post_id").is_in(gone)) if gone else rows

    def _scoped(self, rows: pl.LazyFrame, columns: Collection[str]) -> pl.LazyFrame:
        if self._scope_accounts is not None and "account_id" in columns:
            rows = rows.filter(pl.col("account_id").is_in(list(self._scope_accounts)))
        if self.scope.trader and "trader_id" in columns:
            rows = rows.filter(pl.col("trader_id").is_in(list(self.scope.trader)))
        if self.scope.instrument and "instrument_id" in columns:
            rows = rows.filter(pl.col("instrument_id").is_in(list(self.scope.instrument)))
        elif self.scope.instrument and "instrument_ids" in columns:
            wanted = pl.col("instrument_ids").list.set_intersection(list(self.scope.instrument))
            rows = rows.filter(wanted.list.len() > 0)
        return rows

    def _dated(self, rows: pl.LazyFrame, dataset: Dataset) -> pl.LazyFrame:
        start, end = self.scope.start, self.scope.end
        column = dataset.day or dataset.time
        if column is None:
            return rows
        # The month beside the date lets the scan skip whole partitions.
        if start is not None:
            floor = start if dataset.day else datetime.combine(start, time(), UTC)
            rows = rows.filter((pl.col("month") >= f"{start:%Y-%m}") & (pl.col(column) >= floor))
        if end is not None:
            ceiling = end if dataset.day else datetime.combine(end + timedelta(days=1), time(), UTC)
            within = pl.col(column) <= ceiling if dataset.day else pl.col(column) < ceiling
            rows = rows.filter((pl.col("month") <= f"{end:%Y-%m}") & within)
        return rows
