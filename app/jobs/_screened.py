"""Who is screened, and against what: the parties of the published tables as they hold on one day."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import polars as pl

from analytics.compliance.name_match import Party
from analytics.datasets import ACCOUNTS, PARTIES, PEOPLE, SANCTIONS, Dataset
from app.context import Context
from app.jobs._watch import NONE
from app.storage.collect import collect

READS = (ACCOUNTS, PARTIES, PEOPLE, SANCTIONS)
_KINDS = ("client", "personal")  # accounts that hold other people's money
Versions = Mapping[str, str] | None


def subjects(context: Context, org: str, today: date, versions: Versions = None) -> list[Party]:
    """Return people, clients' and private accounts, and parties, by (kind, id).

    Args:
        context: The installation's stores.
        org: The organisation's slug.
        today: As described on this day.
        versions: Table name to version token: as the tables were; as they are when None.
    """
    people = _rows(context, org, PEOPLE, versions).select("person_id", "name").unique("person_id", keep="any")
    accounts = (
        _rows(context, org, ACCOUNTS, versions)
        .filter(pl.col("kind").is_in(_KINDS) & pl.col("name").is_not_null())
        .select("account_id", "name", "kind")
        .unique("account_id", keep="any")
    )
    parties = _held(_rows(context, org, PARTIES, versions), ("party_id",), today)
    return [
        *(Party(("person", row["person_id"]), row["name"], "person") for row in _sorted(people, "person_id")),
        *(Party(("account", row["account_id"]), _own(row)) for row in _sorted(accounts, "account_id")),
        *(_described(("party", row["party_id"]), row) for row in _sorted(parties, "party_id")),
    ]


def entries(context: Context, org: str, today: date, versions: Versions = None) -> list[Party]:
    """Return entries in force of every sanctions list, by (list, id). ``more`` holds the programme."""
    rows = _held(_rows(context, org, SANCTIONS, versions), ("list_name", "entry_id"), today).filter(
        pl.col("valid_to").is_null() | (pl.col("valid_to") >= today)
    )
    return [
        _described((row["list_name"], row["entry_id"]), row, programme=row["programme"])
        for row in _sorted(rows, "list_name", "entry_id")
    ]


def _own(row: Mapping[str, Any]) -> str:
    """Return an account's name without what says that it is private."""
    name = str(row["name"])
    return name.partition(", personal")[0] if row["kind"] == "personal" else name


def _described(key: tuple[str, ...], row: Mapping[str, Any], **more: Any) -> Party:
    return Party(
        key, row["name"], row["kind"] or "", tuple(row["aliases"] or ()), row["country"] or "",
        row["date_of_birth"] or "", more,
    )  # fmt: skip


def _rows(context: Context, org: str, dataset: Dataset, versions: Versions) -> pl.LazyFrame:
    if versions is None:
        return context.lake.scan(org, dataset)
    token = versions.get(dataset.name, NONE)
    return (
        dataset.empty()
        if token == NONE
        else context.lake.scan(org, dataset, version=int(token.split("+")[0]))
    )


def _held(rows: pl.LazyFrame, key: tuple[str, ...], today: date) -> pl.LazyFrame:
    """Return the latest description of each that has begun."""
    begun = rows.filter(pl.col("valid_from").is_null() | (pl.col("valid_from") <= today))
    return begun.sort("valid_from", nulls_last=False).unique(list(key), keep="last", maintain_order=True)


def _sorted(rows: pl.LazyFrame, *by: str) -> list[dict[str, Any]]:
    return collect(rows.sort(*by)).to_dicts()
