"""The desk a job asks questions of: everything of one organisation, as it is or as it was."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, cast

import polars as pl
from sqlalchemy import select

from analytics.datasets import Dataset
from app.actions._roles import system
from app.context import Context
from app.desk import Desk
from app.jobs._watch import NONE
from app.scope import Scope
from app.storage.collect import collect
from app.storage.lake import Lake
from app.storage.records.people import Organisation


def desk_of(
    context: Context,
    org: str,
    name: str,
    *,
    scope: Scope | None = None,
    versions: Mapping[str, str] | None = None,
) -> Desk:
    """Return a desk that sees every account, in the organisation's own currency, without a cache.

    Args:
        context: The installation's stores.
        org: The organisation's slug.
        name: Who asks, for what is recorded.
        scope: Narrower than everything.
        versions: Table name to version token: tables as they were; one that is not named is empty.
    """
    with context.database.session(None) as session:
        currency = session.scalar(select(Organisation.base_currency).where(Organisation.slug == org))
    who = replace(system(org, name), role="risk", currency=currency or "USD")
    lake = context.lake if versions is None else cast("Lake", _Pinned(context.lake, versions))
    return Desk(lake, context.database, who, scope or Scope())


class _Pinned:
    """A lake as it was: every table at the version an alert is pinned to."""

    def __init__(self, lake: Lake, versions: Mapping[str, str]) -> None:
        self._lake, self._versions = lake, versions

    def scan(self, org: str, dataset: Dataset, **_: Any) -> pl.LazyFrame:
        token = self.version(org, dataset)
        return self._lake.scan(org, dataset, version=-1 if token == NONE else int(token.split("+")[0]))

    def version(self, _: str, dataset: Dataset) -> str:
        return self._versions.get(dataset.name, NONE)

    def excerpt(
        self, org: str, dataset: Dataset, choose: Callable[[pl.LazyFrame], pl.LazyFrame], **_: Any
    ) -> pl.DataFrame:
        return collect(choose(self.scan(org, dataset)))
