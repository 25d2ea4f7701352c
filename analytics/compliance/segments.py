"""Parts of the business with thresholds of their own: which one a finding belongs to.

A segment is written ``dimension:value``: ``desk:us-cash``, ``liquidity:thin``, ``venue:XNAS``,
``asset_class:fund``; the empty text is everywhere else. Where several with thresholds of their own would hold,
the first dimension of ``DIMENSIONS`` decides: a desk knows its business best, an asset class is the widest.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

DIMENSIONS = {"desk": "Desk", "liquidity": "Liquidity", "venue": "Venue", "asset_class": "Asset class"}
EVERYWHERE = ""
DAYS = 60  # sessions, the newest ones, that liquidity is judged by
# Median value traded a day, in the currency of the instrument: from here on it is called so.
LIQUIDITY = ((50e6, "liquid"), (1e6, "middling"), (0.0, "thin"))


@dataclass(frozen=True)
class Members:
    """Instrument to its value by dimension, and account to its desk; what is unknown is left out."""

    instruments: Mapping[str, Mapping[str, str]]
    desks: Mapping[str, str]

    @property
    def digest(self) -> str:
        """Sixteen hex digits: they change when something moves from one segment to another."""
        text = json.dumps([self.instruments, self.desks], sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def sizes(self) -> dict[str, int]:
        """Return every segment there is, and how many instruments (of a desk: accounts) it has."""
        counted = Counter(f"desk:{desk}" for desk in self.desks.values())
        counted.update(f"{name}:{value}" for one in self.instruments.values() for name, value in one.items())
        places = list(DIMENSIONS)
        return dict(sorted(counted.items(), key=lambda one: (places.index(one[0].split(":")[0]), one[0])))

    def of(self, finding: Mapping[str, Any], wanted: Collection[str]) -> str:
        """Return which of the wanted segments a finding belongs to; ``EVERYWHERE`` when to none.

        Its first instrument decides, and for desks its accounts, where all of them are of one desk.

        Args:
            finding: ``instrument_ids`` and ``actors``, as in ``ALERT_SCHEMA``.
            wanted: Segments with thresholds of their own.
        """
        if not wanted:
            return EVERYWHERE
        accounts = [actor["id"] for actor in finding["actors"] or () if actor["kind"] == "account"]
        desks = {self.desks.get(account) for account in accounts}
        first = next(iter(finding["instrument_ids"] or ()), None)
        values: dict[str, str | None] = dict(self.instruments.get(first or "", {}))
        values["desk"] = desks.pop() if len(desks) == 1 else None
        for name in DIMENSIONS:
            if (segment := f"{name}:{values.get(name)}") in wanted:
                return segment
        return EVERYWHERE

    def keep(self, found: pl.DataFrame, segment: str, wanted: Collection[str]) -> pl.DataFrame:
        """Return the findings (``ALERT_SCHEMA``) of one segment."""
        if not wanted:
            return found
        rows = found.select("instrument_ids", "actors").iter_rows(named=True)
        return found.filter(pl.Series([self.of(row, wanted) == segment for row in rows], dtype=pl.Boolean))


NOBODY = Members({}, {})


def members(instruments: pl.LazyFrame, prices: pl.LazyFrame, accounts: pl.LazyFrame) -> pl.LazyFrame:
    """Return id (of an instrument, or an account), dimension and value; ``read`` makes ``Members`` of it.

    Liquidity is the median of close times volume over the newest ``DAYS`` sessions that have both.
    """
    described = instruments.sort("valid_from", nulls_last=False).unique(
        "instrument_id", keep="last", maintain_order=True
    )
    worth = pl.col("close").cast(pl.Float64) * pl.col("volume").cast(pl.Float64)
    traded = (
        prices.drop_nulls(["close", "volume"])
        .sort("instrument_id", "date", "adj_basis")  # raw goes before what is adjusted
        .unique(["instrument_id", "date"], keep="first", maintain_order=True)
        .group_by("instrument_id", maintain_order=True)
        .agg(worth=worth.tail(DAYS).median())
        .join(
            described.select(
                "instrument_id",
                scale=pl.col("multiplier").cast(pl.Float64).fill_null(1.0)
                * pl.col("price_unit_factor").cast(pl.Float64).fill_null(1.0),
            ),
            on="instrument_id",
            how="left",
        )
        .with_columns(worth=pl.col("worth") * pl.col("scale").fill_null(1.0))
    )
    liquidity = pl.lit(None, pl.String)
    for floor, name in reversed(LIQUIDITY):
        liquidity = pl.when(pl.col("worth") >= floor).then(pl.lit(name)).otherwise(liquidity)
    return pl.concat(
        [
            _rows(accounts, "account_id", "desk", pl.col("desk")),
            _rows(traded, "instrument_id", "liquidity", liquidity),
            _rows(described, "instrument_id", "venue", pl.col("mic")),
            _rows(described, "instrument_id", "asset_class", pl.col("asset_class")),
        ]
    )


def read(rows: pl.DataFrame) -> Members:
    """Return what the rows of ``members`` say."""
    instruments: dict[str, dict[str, str]] = {}
    desks: dict[str, str] = {}
    for name, dimension, value in rows.sort("id", "dimension").iter_rows():
        if dimension == "desk":
            desks[name] = value
        else:
            instruments.setdefault(name, {})[dimension] = value
    return Members(instruments, desks)


def _rows(frame: pl.LazyFrame, key: str, dimension: str, value: pl.Expr) -> pl.LazyFrame:
    return frame.select(
        id=pl.col(key), dimension=pl.lit(dimension), value=value.cast(pl.String)
    ).drop_nulls(["id", "value"])  # fmt: skip
