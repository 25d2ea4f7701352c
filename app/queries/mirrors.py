"""Paper mirrors: what they took, what the gate refused, and what came of it by the scores of the ideas."""

from typing import Any

from sqlalchemy import select

from app.desk import Desk
from app.errors import NotFound
from app.queries._idea_rows import OPEN, OVER, idea_rows
from app.scope import SURVEILLANCE_ROLES
from app.storage.records.ideas import Mirror, MirrorTrade

MARK = "PAPER"  # on every answer: no order, no money
_BOUNDS = ("weight", "max_loss", "adv_share")


def mirrors(desk: Desk, *, author: str | None = None) -> list[dict[str, Any]]:
    """Return mirrors, the newest first: one's own; for compliance and auditors everybody's.

    Args:
        desk: Who asks.
        author: Only those of this author.

    Returns:
        mirror_id, kind (PAPER), owner_name, mine, author_id, author_name, capital (money of the organisation),
        weight, max_loss, adv_share (fractions), started_at, stopped_at, stopped_why, seeded, taken, refused,
        open, invested (notional of open ones), realised (money, net of costs), unrealised (at the last close),
        hit_rate (None before one has ended).
    """
    found = [_told(desk, mirror, trades) for mirror, trades in _seen(desk, author=author)]
    return [{name: value for name, value in row.items() if name != "trades"} for row in found]


def mirror(desk: Desk, mirror_id: str) -> dict[str, Any]:
    """Return one mirror as ``mirrors`` does, with ``trades``: what the gate said to each idea, the newest first.

    Each trade: idea_id, instrument_id, symbol, direction, at, accepted, reason, checks, price, quantity, notional,
    at_risk, state, net (fraction), pnl (money, net of costs; None of what is refused or waits).

    Raises:
        NotFound: If there is none the caller may see.
    """
    for one, trades in _seen(desk):
        if one.id == mirror_id:
            return _told(desk, one, trades)
    raise NotFound("There is no such mirror.")


def _seen(desk: Desk, *, author: str | None = None) -> list[tuple[Mirror, list[MirrorTrade]]]:
    query = select(Mirror).order_by(Mirror.started_at.desc(), Mirror.id)
    if desk.identity.role not in SURVEILLANCE_ROLES:
        query = query.where(Mirror.owner_user == desk.identity.user_id)
    if author is not None:
        query = query.where(Mirror.author_id == author)
    with desk.session() as session:
        found = list(session.scalars(query))
        wanted = [one.id for one in found]
        trades: dict[str, list[MirrorTrade]] = {}
        asked = select(MirrorTrade).where(MirrorTrade.mirror_id.in_(wanted)).order_by(MirrorTrade.at.desc())
        for trade in session.scalars(asked):
            trades.setdefault(trade.mirror_id, []).append(trade)
    return [(one, trades.get(one.id, [])) for one in found]


def _told(desk: Desk, one: Mirror, trades: list[MirrorTrade]) -> dict[str, Any]:
    outcomes = {row["idea_id"]: row for row in idea_rows(desk).iter_rows(named=True)} if trades else {}
    rows = [_trade(trade, outcomes.get(trade.idea_id)) for trade in trades]
    taken = [row for row in rows if row["accepted"]]
    over = [row for row in taken if row["state"] in OVER]
    going = [row for row in taken if row["state"] in OPEN]
    return {
        "mirror_id": one.id,
        "kind": MARK,
        "owner_name": one.owner_name,
        "mine": one.owner_user == desk.identity.user_id,
        "author_id": one.author_id,
        "author_name": one.author_name,
        "capital": one.capital,
        **{name: getattr(one, name) for name in _BOUNDS},
        "started_at": one.started_at,
        "stopped_at": one.stopped_at,
        "stopped_why": one.stopped_why,
        "seeded": one.seeded,
        "taken": len(taken),
        "refused": len(rows) - len(taken),
        "open": len(going),
        "invested": float(sum(row["notional"] for row in going)),
        "realised": sum((row["pnl"] or 0.0 for row in over), 0.0),
        "unrealised": sum((row["pnl"] or 0.0 for row in going), 0.0),
        "hit_rate": sum(bool(row["won"]) for row in over) / len(over) if over else None,
        "trades": rows,
    }


def _trade(trade: MirrorTrade, outcome: dict[str, Any] | None) -> dict[str, Any]:
    of = outcome or {}
    net = of.get("net")
    pnl = float(trade.notional) * net if trade.notional is not None and net is not None else None
    names = ("instrument_id", "symbol", "direction", "state", "won")
    return {
        "idea_id": trade.idea_id,
        **{name: of.get(name) for name in names},
        "at": trade.at,
        "accepted": trade.accepted,
        "reason": trade.reason,
        "checks": list(trade.checks.values()),
        "price": trade.price,
        "quantity": trade.quantity,
        "notional": trade.notional,
        "at_risk": trade.at_risk,
        "net": net if trade.accepted else None,
        "pnl": pnl,
    }
