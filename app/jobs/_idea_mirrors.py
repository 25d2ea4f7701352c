"""Mirrors judge the ideas of their authors, one after the other as they were sealed."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Any

import polars as pl
from sqlalchemy import select

from analytics.social.mirror_gate import Asked, Bounds, Verdict, judge
from app.context import Context
from app.desk import Desk
from app.jobs._desk import desk_of
from app.queries._idea_rows import OPEN, OVER, idea_rows
from app.queries.ideas import closed
from app.queries.pre_trade import reference
from app.storage.records.counters import bump
from app.storage.records.ideas import RECORDS, Mirror, MirrorTrade

_HELD = ("waiting", "running", *OVER)


def mirror_all(context: Context, org: str) -> int:
    """Let every mirror judge the sealed ideas it has not judged; return how many it did. Nothing is traded."""
    with context.database.session(org) as session:
        mirrors = list(session.scalars(select(Mirror).order_by(Mirror.started_at, Mirror.id)))
        judged: dict[str, list[MirrorTrade]] = {}
        for trade in session.scalars(select(MirrorTrade)):
            judged.setdefault(trade.mirror_id, []).append(trade)
    if not mirrors:
        return 0
    desk = desk_of(context, org, "Ideas")
    rows = idea_rows(desk).filter(pl.col("seal_entry").is_not_null()).sort("sealed_at", "idea_id")
    fresh = [trade for mirror in mirrors for trade in _judged(desk, mirror, rows, judged.get(mirror.id, []))]
    if fresh:
        with context.database.session(org, write=True) as session:
            session.add_all(fresh)
            bump(session, org, RECORDS)
    return len(fresh)


def _judged(
    desk: Desk, mirror: Mirror, rows: pl.DataFrame, before: Sequence[MirrorTrade]
) -> list[MirrorTrade]:
    known = {trade.idea_id for trade in before}
    taken = {trade.idea_id: trade for trade in before if trade.accepted}
    mine = rows.filter((pl.col("author_id") == mirror.author_id) & (pl.col("sealed_at") >= mirror.started_at))
    if mirror.stopped_at is not None:
        mine = mine.filter(pl.col("sealed_at") < mirror.stopped_at)
    outcomes = {row["idea_id"]: row for row in mine.iter_rows(named=True)}
    bounds = Bounds(float(mirror.capital), mirror.weight, mirror.max_loss, mirror.adv_share)
    fresh = []
    for name, row in outcomes.items():
        if name in known:
            continue
        at = row["sealed_at"]
        asked = _asked(desk, mirror, row, [(trade, outcomes.get(one)) for one, trade in taken.items()])
        made = _trade(mirror, name, at, asked, judge(bounds, asked))
        fresh.append(made)
        if made.accepted:
            taken[name] = made
    return fresh


def _asked(
    desk: Desk, mirror: Mirror, row: dict[str, Any], held: Sequence[tuple[MirrorTrade, dict[str, Any] | None]]
) -> Asked:
    """Return what was known when an idea was sealed: no later price, no later outcome."""
    at, day = row["sealed_at"], row["sealed_at"].date()
    market = reference(desk, row["instrument_id"], at)
    invested = risk = lost = 0.0
    for trade, outcome in held:
        if outcome is None or outcome["state"] not in _HELD:
            continue
        notional = float(trade.notional or 0)
        over = (
            outcome["state"] not in OPEN and outcome["exit_date"] is not None and outcome["exit_date"] < day
        )
        if over:
            lost -= notional * float(outcome["net"] or 0.0)
        else:
            invested, risk = invested + notional, risk + float(trade.at_risk or 0)
    return Asked(
        direction=row["direction"], price=market.price, stop=row["stop"], adv=market.adv,
        closed=closed(desk, row["instrument_id"], at=at, person_id=mirror.owner_id),
        invested=invested, at_risk=risk, lost=lost,
    )  # fmt: skip


def _trade(mirror: Mirror, idea_id: str, at: datetime, asked: Asked, verdict: Verdict) -> MirrorTrade:
    return MirrorTrade(
        org=mirror.org, mirror_id=mirror.id, idea_id=idea_id, at=at, accepted=verdict.accepted,
        reason=verdict.reason[:300], price=asked.price, quantity=_exact(verdict.quantity),
        notional=_exact(verdict.notional), at_risk=_exact(verdict.at_risk),
        checks={check.name: asdict(check) for check in verdict.checks},
    )  # fmt: skip


def _exact(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(f"{value:.6f}")
