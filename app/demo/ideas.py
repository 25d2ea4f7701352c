"""The demo's ideas: put forward by the same action as everybody's, on days that are past.

Only here does an action get another clock than the server's, and it takes it only while a demo is being made. The
ideas say so themselves (``seeded``), and their verification does.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import numpy as np
import polars as pl
from sqlalchemy import select

from analytics.datasets import ACCOUNTS, PRICES
from app.actions import ideas as acting
from app.actions import mirrors
from app.actions.ideas import Known, Said
from app.context import Context
from app.demo.firms import FIRMS, FirmPlan, Person
from app.desk import Desk
from app.jobs._desk import desk_of
from app.jobs.ideas import settle
from app.scope import Identity
from app.storage.records.people import User

REACH = 150  # sessions back
_LEAST = 20  # sessions without which there is nothing to foresee
HOUR = time(15, 5)  # UTC, of the day an idea is put forward
# Sessions on which each author speaks, how well he foresees, and how boldly he states it.
_PLAN = (
    (64, 0.55, 1.0),
    (48, 0.05, 1.6),
    (44, 0.0, 1.0),
    (38, -0.1, 0.7),
    (34, 0.1, 2.0),
    (12, 0.2, 1.0),
    (6, 0.0, 1.5),
)
_RISES = (
    "Order flow has turned and the last fall was on thin volume; I look for a move back to the level before it.",
    "Estimates lag what suppliers already report, and the next print should close the gap.",
    "Relative strength held through a weak week; buyers stepped in at the same level three times.",
)
_FALLS = (
    "The rally ran ahead of earnings and volume fades into each new high; I look for a step back.",
    "Margins are priced as if input costs had stopped rising, which the last call did not say.",
    "Breadth in the group is gone and this name held up longest; it should follow.",
)


@dataclass(frozen=True)
class _Market:
    days: list[date]
    names: list[str]
    close: np.ndarray  # sessions x names


def put_forward(context: Context, slug: str, *, listed: Sequence[str] = (), seed: int = 0) -> dict[str, int]:
    """Give a demo firm its ideas, seals, scores and a paper mirror; runs after prices and executions are in.

    Args:
        context: The installation's stores.
        slug: One of the demo's firms, not complete yet.
        listed: Instruments on a list: nobody speaks of them.
        seed: Source of chance.

    Raises:
        Forbidden: If the firm is no demo, or is complete.
    """
    plan = next(one for one in FIRMS if one.slug == slug)
    desk = desk_of(context, slug, "Demo")
    market = _market(desk, listed)
    if len(market.days) < _LEAST:
        return {"ideas": 0} | settle(context, slug)
    rng = np.random.default_rng([seed, plan.number, 77])
    authors = _authors(context, plan)
    made = 0
    for actor, (days, skill, bold) in zip(authors, _PLAN, strict=False):
        room = len(market.days) - 2
        for session in sorted(rng.choice(room, size=min(days, room), replace=False)):
            made += _foreseen(context, actor, market, int(session), rng, skill=skill, bold=bold)
    made += _own_book(context, desk, plan, market, rng)
    _follow(context, authors, market)
    return {"ideas": made} | settle(context, slug)


# --- who and where ---------------------------------------------------------------------------------
def _authors(context: Context, plan: FirmPlan) -> list[Identity]:
    """Return authors: those who sign in first, then people of the desks who have no sign-in of the demo."""
    with context.database.session(plan.slug) as session:
        users = {
            user.person_id: user for user in session.scalars(select(User)) if user.role in acting.AUTHORS
        }
    people = [p for p in plan.people if p.role in {"trader", "portfolio_manager", "research"}]
    # The best one is not who signs in as a trader: there is somebody to look up to.
    ordered = sorted(people, key=lambda p: (p.role != "research", p.person_id not in users))
    return [_identity(plan, person, users.get(person.person_id)) for person in ordered]


def _identity(plan: FirmPlan, person: Person, user: User | None) -> Identity:
    role = person.role if person.role in acting.AUTHORS else "trader"
    name = f"u_demo_{person.person_id}" if user is None else user.id
    return Identity(plan.slug, name, person.name, role, person_id=person.person_id, demo=True)


def _market(desk: Desk, listed: Sequence[str]) -> _Market:
    rows = desk.rows(PRICES, dated=False).filter(~pl.col("instrument_id").is_in(list(listed)))
    found = desk.collect(rows.select("instrument_id", "date", pl.col("close").cast(pl.Float64)))
    wide = found.pivot("instrument_id", index="date", values="close").sort("date").tail(REACH)
    names = [name for name in sorted(wide.columns[1:]) if not wide[name].null_count()]
    return _Market(wide["date"].to_list(), names, wide.select(names).to_numpy())


# --- ideas -----------------------------------------------------------------------------------------
def _foreseen(
    context: Context, actor: Identity, market: _Market, session: int, rng: np.random.Generator, *, skill: float,
    bold: float,
) -> int:  # fmt: skip
    """Put forward what an author sees of the days to come, as well as he sees; return 1."""
    name = int(rng.integers(len(market.names)))
    horizon = int(rng.integers(4, 16))
    last = min(session + 1 + horizon, len(market.days) - 1)
    sigma = _sigma(market, session, name) * horizon**0.5
    ahead = float(np.log(market.close[last, name] / market.close[session, name])) / sigma
    seen = skill * ahead + (1 - skill**2) ** 0.5 * float(rng.standard_normal())
    chance = 0.5 + 0.12 * bold * min(abs(seen), 2.0)
    _say(context, actor, market, session, name, seen > 0, horizon, chance, rng)
    return 1


def _say(  # noqa: PLR0917 (one idea: everything it says)
    context: Context, actor: Identity, market: _Market, session: int, name: int, rises: bool, horizon: int,
    chance: float, rng: np.random.Generator,
) -> None:  # fmt: skip
    close = float(market.close[session - 1 if session else 0, name])
    width = max(2.2 * _sigma(market, session, name) * horizon**0.5, 0.01)
    sign = 1 if rises else -1
    lines = _RISES if rises else _FALLS
    said = Said(
        instrument_id=market.names[name],
        direction="long" if rises else "short",
        horizon=horizon,
        probability=Decimal(f"{min(max(chance, 0.05), 0.95):.2f}"),
        thesis=lines[int(rng.integers(len(lines)))],
        target=Decimal(f"{close * (1 + sign * width):.2f}"),
        stop=Decimal(f"{close * (1 - sign * 0.7 * width):.2f}"),
        context=f"/trading/blotter?instrument={market.names[name]}",
    )
    before = market.days[session - 1] if session else market.days[0]
    known = Known(close=close, close_date=before.isoformat())
    moment = datetime.combine(market.days[session], HOUR, UTC) + timedelta(minutes=int(rng.integers(200)))
    acting.post(context.database, actor, said, known=known, clock=lambda: moment)


def _sigma(market: _Market, session: int, name: int) -> float:
    start = max(0, session - 40)
    path = np.log(market.close[start : max(session, start + 10), name])
    return max(float(np.diff(path).std()), 0.004)


def _own_book(context: Context, desk: Desk, plan: FirmPlan, market: _Market, rng: np.random.Generator) -> int:
    """Let the owner of a private account praise what he has just bought, and warn of what he has sold."""
    owner, account = _private(desk, plan)
    if owner is None:
        return 0
    rows = desk.executions(dated=False).filter(
        (pl.col("account_id") == account) & pl.col("instrument_id").is_in(market.names)
    )
    trades = desk.collect(
        rows.filter(pl.col("trade_date") >= market.days[0])
        .group_by("instrument_id", "trade_date")
        .agg(
            bought=(
                pl.when(pl.col("side") == "buy").then(1).otherwise(-1) * pl.col("last_qty").cast(pl.Float64)
            ).sum()
        )
        .sort("trade_date", "instrument_id")
    )
    made = 0
    for instrument, day, bought in trades.iter_rows():
        session = next((i for i, one in enumerate(market.days) if one > day), None)
        if not bought or session is None or session >= len(market.days) - 2:
            continue
        session += int(rng.integers(0, 2))
        _say(context, owner, market, session, market.names.index(instrument), bought > 0, 6, 0.7, rng)
        made += 1
    return made


def _private(desk: Desk, plan: FirmPlan) -> tuple[Identity | None, str]:
    """Return the owner of the private account that traded most, and the account."""
    accounts = desk.rows(ACCOUNTS, dated=False).filter(pl.col("kind") == "personal")
    rows = desk.executions(dated=False).join(accounts.select("account_id", "owner_id"), on="account_id")
    found = desk.collect(rows.group_by("account_id", "owner_id").len().sort("len", descending=True).head(1))
    if found.is_empty():
        return None, ""
    account, owner = found["account_id"][0], found["owner_id"][0]
    person = next((one for one in plan.people if one.person_id == owner), None)
    return (None if person is None else _identity(plan, person, None)), account


def _follow(context: Context, authors: Sequence[Identity], market: _Market) -> None:
    """Let somebody who signs in mirror the first author on paper, for the second half of the time."""
    follower = next((one for one in authors if not one.user_id.startswith("u_demo_")), None)
    if follower is None:
        return
    moment = datetime.combine(market.days[len(market.days) // 2], HOUR, UTC)
    mirrors.start(
        context.database,
        replace(follower, demo=True),
        author_id=acting.author_of(authors[0]),
        author_name=authors[0].name,
        capital=Decimal(1_000_000),
        weight=0.1,
        max_loss=0.05,
        adv_share=0.01,
        clock=lambda: moment,
    )
