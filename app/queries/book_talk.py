"""Whether an author talks his book: his posts and ideas beside what he trades. For surveillance alone.

The calculation is that of the insight "Talks his book": ``analytics.social.book_talk``.
"""

from typing import Any

import polars as pl

from analytics.conventions import ONE
from analytics.datasets import ACCOUNTS, EXECUTIONS, FX_RATES, INSTRUMENTS, POSTS, PRICES
from analytics.social import book_talk as talk
from app.desk import Desk
from app.errors import Forbidden
from app.queries._book import instruments
from app.queries._idea_rows import idea_rows
from app.queries._money import converted
from app.queries._said import RECORDS as POSTED
from app.queries._said import toned
from app.queries._tone import MODELS
from app.queries.ideas import person_name
from app.scope import SURVEILLANCE_ROLES
from app.storage.cache import cached
from app.storage.records.ideas import RECORDS

READS = (ACCOUNTS, EXECUTIONS, FX_RATES, INSTRUMENTS, POSTS, PRICES)
LISTED = 12  # plainest cases


def talks(desk: Desk, author_id: str) -> list[dict[str, Any]]:
    """Return, for the accounts an author owns and for the trades he entered, whether they turn around what he says.

    Returns:
        Two rows: author_id, kind (own, entered), title, accounts (his own; empty for what he entered), statements, traded
        (statements with trades around them), score (-1..1; 0 is chance), low and high (its 95 % interval), episodes,
        p_value, reason (why there is none), window (sessions), and ``cases``, the plainest first: instrument_id,
        date, side (1 praises, -1 warns), before, after (base currency, buys positive), score, first and last (days
        the window spans), posts and ideas (ids of what was said).

    Raises:
        Forbidden: Unless compliance or an auditor asks.
        NotFound: If nobody of that id put an idea forward, wrote a post or is of the firm.
    """
    if desk.identity.role not in SURVEILLANCE_ROLES:
        raise Forbidden("What an author trades beside what he says is read by compliance.")
    bare = desk.with_scope(start=None, end=None, instrument=(), desk=(), account=(), trader=(), post=None)
    if idea_rows(bare).filter(pl.col("author_id") == author_id).is_empty():
        person_name(bare, author_id)
    return _talks(bare, author_id=author_id)


@cached(*READS, records=(RECORDS, POSTED, MODELS))
def _talks(desk: Desk, *, author_id: str) -> list[dict[str, Any]]:
    sessions = talk.calendar(desk.collect(_days(desk))["date"])
    if sessions.is_empty():
        return []
    owned = desk.rows(ACCOUNTS, scoped=False).filter(pl.col("owner_id") == author_id)
    accounts = desk.collect(owned.select("account_id", "owner_id").unique("account_id").sort("account_id"))
    mine = pl.col("author_id") == author_id
    said = talk.said(toned(desk).filter(mine), idea_rows(desk).filter(mine))
    said = talk.placed(said, sessions)
    trades = talk.traded(_fills(desk, author_id, accounts, sessions), accounts)
    own = trades.filter(pl.col("person") == author_id)
    found = []
    for kind, title in talk.KINDS.items():
        result = talk.book_talk(said, own.filter(pl.col("kind") == kind), sessions)
        found.append(
            {
                "author_id": author_id,
                "kind": kind,
                "title": title.capitalize(),
                "accounts": accounts["account_id"].to_list() if kind == "own" else [],
                "statements": result.statements,
                "traded": result.traded,
                "score": result.score,
                "low": result.low,
                "high": result.high,
                "episodes": result.episodes,
                "p_value": result.p_value,
                "reason": result.reason,
                "window": talk.WINDOW,
                "cases": [
                    case | {name: case[name].isoformat() for name in ("date", "first", "last")}
                    for case in result.cases.head(LISTED).to_dicts()
                ],
            }
        )
    return found


def _days(desk: Desk) -> pl.LazyFrame:
    return desk.executions(dated=False, scoped=False).select(date=pl.col("transact_time").dt.date()).unique()


def _fills(desk: Desk, author_id: str, accounts: pl.DataFrame, sessions: pl.DataFrame) -> pl.DataFrame:
    """Return what he traded, or was traded for him: trader_id, account_id, instrument_id, date, value in base currency."""
    his = (pl.col("trader_id") == author_id) | pl.col("account_id").is_in(accounts["account_id"].implode())
    sign = pl.when(pl.col("side").is_in(["buy", "buy_cover"])).then(1.0).otherwise(-1.0)
    amount = sign * pl.col("last_qty").cast(pl.Float64) * pl.col("last_px").cast(pl.Float64)
    rows = (
        desk.executions(dated=False, scoped=False)
        .filter(his, pl.col("transact_time").dt.date() >= sessions["date"][0])
        .join(instruments(desk).select("instrument_id", "multiplier"), on="instrument_id", how="left")
        .with_columns(date=pl.col("transact_time").dt.date(), size=pl.col("multiplier").fill_null(ONE))
        .group_by("trader_id", "account_id", "instrument_id", "currency", "date")
        .agg(value=(amount * pl.col("size").cast(pl.Float64)).sum())
    )
    return converted(desk, desk.collect(rows), "value")
