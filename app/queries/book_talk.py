"""Whether an author talks his book: his posts and ideas beside what he trades. For surveillance alone."""

from typing import Any

import polars as pl

from analytics.datasets import ACCOUNTS, EXECUTIONS, INSTRUMENTS, POSTS, PRICES
from analytics.social.book_talk import WINDOW, book_talk
from app.desk import Desk
from app.errors import Forbidden
from app.queries._idea_rows import idea_rows
from app.queries._said import RECORDS as POSTED
from app.queries._said import toned
from app.scope import SURVEILLANCE_ROLES
from app.storage.cache import cached
from app.storage.records.ideas import RECORDS

SESSIONS = 250  # looked back
LISTED = 12  # plainest cases
KINDS = (("own", "Accounts he owns"), ("entered", "Trades he entered"))


def talks(desk: Desk, author_id: str) -> list[dict[str, Any]]:
    """Return, for the accounts an author owns and for the trades he entered, whether they turn around what he says.

    Returns:
        Two rows: kind (own, entered), title, statements, traded (statements with trades around them), score
        (-1..1), p_value, reason (why there is none), window (sessions), and ``cases``, the plainest first:
        instrument_id, date, side (1 praises, -1 warns), before, after (money, buys positive), score.

    Raises:
        Forbidden: Unless compliance or an auditor asks.
    """
    if desk.identity.role not in SURVEILLANCE_ROLES:
        raise Forbidden("What an author trades beside what he says is read by compliance.")
    bare = desk.with_scope(start=None, end=None, instrument=(), desk=(), account=(), trader=(), post=None)
    return _talks(bare, author_id=author_id)


@cached(ACCOUNTS, EXECUTIONS, INSTRUMENTS, POSTS, PRICES, records=(RECORDS, POSTED))
def _talks(desk: Desk, *, author_id: str) -> list[dict[str, Any]]:
    days = desk.collect(desk.rows(PRICES, scoped=False).select("date").unique().sort("date").tail(SESSIONS))
    if days.is_empty():
        return []
    said = _said(desk, author_id, days)
    found = []
    for kind, title in KINDS:
        result = book_talk(said, _trades(desk, author_id, kind, days), days)
        found.append(
            {
                "kind": kind, "title": title, "statements": result.statements, "traded": result.traded,
                "score": result.score, "p_value": result.p_value, "reason": result.reason, "window": WINDOW,
                "cases": result.cases.head(LISTED).to_dicts(),
            }
        )  # fmt: skip
    return found


def _said(desk: Desk, author_id: str, days: pl.DataFrame) -> pl.DataFrame:
    """Return what he said: instrument_id, date (its first session not before it was said), side."""
    posts = toned(desk).filter((pl.col("author_id") == author_id) & (pl.col("confidence") > 0))
    told = (
        posts.explode("instrument_ids", empty_as_null=True)
        .select(
            "transact_time",
            instrument_id="instrument_ids",
            side=pl.col("sentiment").sign().cast(pl.Int64),
        )
        .drop_nulls("instrument_id")
        .filter(pl.col("side") != 0)
    )
    own = idea_rows(desk).filter(pl.col("author_id") == author_id)
    ways = pl.when(pl.col("direction") == "long").then(1).otherwise(-1).cast(pl.Int64)
    ideas = own.select("instrument_id", transact_time="posted_at", side=ways)
    both = pl.concat([told.select(ideas.columns), ideas], how="vertical_relaxed")
    at = both.with_columns(day=pl.col("transact_time").dt.date()).sort("day")
    return at.join_asof(days.with_columns(day="date"), on="day", strategy="forward").select(
        "instrument_id", "date", "side"
    ).drop_nulls("date")  # fmt: skip


def _trades(desk: Desk, author_id: str, kind: str, days: pl.DataFrame) -> pl.DataFrame:
    """Return what he traded: instrument_id, date, value (money, buys positive)."""
    rows = desk.executions(dated=False, scoped=False).filter(pl.col("trade_date") >= days["date"][0])
    if kind == "own":
        owned = desk.rows(ACCOUNTS, scoped=False).filter(pl.col("owner_id") == author_id).select("account_id")
        rows = rows.join(owned.unique(), on="account_id", how="semi")
    else:
        rows = rows.filter(pl.col("trader_id") == author_id)
    sign = pl.when(pl.col("side").str.starts_with("buy")).then(1.0).otherwise(-1.0)
    value = sign * pl.col("last_qty").cast(pl.Float64) * pl.col("last_px").cast(pl.Float64)
    grouped = rows.group_by("instrument_id", date="trade_date").agg(value=value.sum())
    return desk.collect(grouped)
