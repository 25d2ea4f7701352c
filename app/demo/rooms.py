"""The demo's rooms, threads and follows: by the actions of everybody's, on days that are past.

As with its ideas, the actions take another clock only while a demo is being made, and the trail says of each entry
that it was ``seeded``.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import polars as pl
from sqlalchemy import select

from analytics.datasets import ACCOUNTS, ORDER_EVENTS, PRICES
from app.actions import follows, posts, rooms
from app.actions._clock import Clock
from app.context import Context
from app.demo.firm import Firm
from app.demo.firms import FIRMS, FirmPlan, Person
from app.demo.room_lines import NOTE, TALK, Line, Talk, Thread
from app.desk import Desk
from app.errors import NotFound
from app.jobs._desk import desk_of
from app.queries import rooms as asking
from app.scope import Identity, Scope
from app.storage.records.alerts import Alert
from app.storage.records.people import User
from app.storage.records.rooms import Place

HOUR = time(13, 40)  # UTC, when threads begin
AFTER_ORDER = timedelta(minutes=12)
_REACH = 12  # sessions back
_EDITED, _HIDDEN = timedelta(minutes=5), timedelta(minutes=60)
# Who follows what: role to authors (by role), the instruments of the talk, and rooms (by kind).
_FOLLOWS: dict[str, tuple[tuple[str, ...], bool, tuple[str, ...]]] = {
    "trader": (("research", "pm"), True, ("firm",)),
    "pm": (("research",), True, ("firm", "members")),
    "risk": (("research", "trader"), False, ("firm",)),
}


@dataclass(frozen=True)
class _Stage:
    context: Context
    talk: Talk
    cast: dict[str, Identity]
    days: list[date]
    avoid: frozenset[str]  # orders that were planted: nobody speaks of them

    def desk(self, who: str) -> Desk:
        return Desk(self.context.lake, self.context.database, self.cast[who], Scope())

    @property
    def desk_name(self) -> str:
        return (self.cast["trader"].desks or ("",))[0]


def talk(context: Context, firm: Firm) -> dict[str, int]:
    """Open a demo firm's rooms and write its threads and follows; runs after its files are in.

    Args:
        context: The installation's stores.
        firm: The demo's, not complete yet.

    Returns:
        ``rooms``, ``posts``, ``hidden``, ``follows``.

    Raises:
        Forbidden: If the firm is no demo, or is complete.
    """
    stage = _staged(context, firm)
    made = _rooms(stage)
    counts = {"rooms": len(made), "posts": 0, "hidden": 0, "follows": 0}
    for thread in stage.talk.threads:
        if thread.about == "alert":
            continue
        said, hidden = _thread(stage, thread, made.get(thread.room or ""))
        counts["posts"] += said
        counts["hidden"] += hidden
    counts["follows"] = _follow(stage, made)
    posts.relay(context.database, context.lake, firm.slug)
    return counts


def talk_about_alerts(context: Context, firm: Firm) -> dict[str, int]:
    """Let the two people of compliance write about the alert of the highest score; runs after surveillance."""
    stage = _staged(context, firm)
    said = 0
    for thread in stage.talk.threads:
        if thread.about == "alert":
            said += _thread(stage, thread, None)[0]
    posts.relay(context.database, context.lake, firm.slug)
    return {"posts": said}


def _staged(context: Context, firm: Firm) -> _Stage:
    plan = next(one for one in FIRMS if one.slug == firm.slug)
    asked = desk_of(context, firm.slug, "Demo").rows(PRICES, dated=False)
    days = desk_of(context, firm.slug, "Demo").collect(
        asked.select(pl.col("date").unique().sort().tail(_REACH))
    )
    planted = frozenset(order for label in firm.labels for order in label.order_ids)
    return _Stage(context, TALK[firm.slug], _cast(context, plan), days["date"].to_list(), planted)


def _cast(context: Context, plan: FirmPlan) -> dict[str, Identity]:
    """Return who speaks, by the role he plays: those who sign in, a second trader of the desk, and research."""
    with context.database.session(plan.slug) as session:
        users = {user.person_id: user for user in session.scalars(select(User))}
    people = {
        "trader": next(p for p in plan.people if p.role == "trader"),
        "pm": next(p for p in plan.people if p.role == "portfolio_manager"),
        **{p.role: p for p in plan.people if p.role in {"risk", "compliance", "surveillance", "research"}},
    }
    desk = people["trader"].desk
    people["mate"] = [p for p in plan.people if p.role == "trader" and p.desk == desk][1]
    return {who: _identity(plan, person, users.get(person.person_id)) for who, person in people.items()}


def _identity(plan: FirmPlan, person: Person, user: User | None) -> Identity:
    if user is not None:
        desks = tuple(user.desks) if user.desks is not None else None
        return Identity(
            plan.slug, user.id, person.name, user.role, desks, person_id=person.person_id, demo=True
        )
    desks = (person.desk,) if person.desk else ()
    return Identity(
        plan.slug, f"u_demo_{person.person_id}", person.name, "trader", desks, person_id=person.person_id, demo=True
    )  # fmt: skip


# --- rooms -------------------------------------------------------------------------------------------
def _rooms(stage: _Stage) -> dict[str, str]:
    """Open the rooms two weeks back; return kind to id."""
    made = {}
    at = datetime.combine(stage.days[0], HOUR, UTC) - timedelta(days=3)
    listed = [stage.cast[who].user_id for who in ("trader", "pm", "risk")]
    for number, (kind, (name, purpose)) in enumerate(stage.talk.rooms.items()):
        opener = stage.cast["risk" if kind == "firm" else "pm"]
        room = rooms.open_room(
            stage.context.database, opener, name=name, kind=kind, purpose=f"{purpose} {NOTE}",
            desk=stage.desk_name if kind == "desk" else None, members=listed if kind == "members" else (),
            clock=_at(at + timedelta(minutes=number)),
        )  # fmt: skip
        made[kind] = room.id
    return made


def _at(moment: datetime) -> Clock:
    return lambda: moment


# --- threads -----------------------------------------------------------------------------------------
def _thread(stage: _Stage, thread: Thread, room_id: str | None) -> tuple[int, int]:
    """Write a thread; return how many posts and how many of them were hidden. Nothing where there is no subject."""
    subject = _subject(stage, thread)
    if subject is None:
        return 0, 0
    context, words, begun = subject
    first: str | None = None
    hidden = 0
    for line in thread.lines:
        said = line.text.format_map(words)
        desk, at = stage.desk(line.who), begun + timedelta(minutes=line.after)
        if first is None:
            place = asking.place(desk, room_id=room_id, context=context)
        elif line.who == "compliance" and hidden:
            place = asking.place(desk, room_id=room_id)  # what it answered is out of sight
        else:
            place = asking.place(desk, in_reply_to=first)
        name = _said(desk, said, place, at=at, line=line, words=words)
        first = first or name
        hidden += _hidden(stage, name, at, line)
    return len(thread.lines), hidden


def _said(desk: Desk, text: str, place: Place, *, at: datetime, line: Line, words: dict[str, str]) -> str:
    def named(text: str) -> list[str]:
        found: list[str] = asking.reading(desk, text, about=place.instrument_id)["instrument_ids"]
        return found

    made = posts.write(
        desk.database, desk.identity, text, place=place, instruments=named(text), clock=_at(at)
    )
    if line.later is not None:
        later = line.later.format_map(words)
        posts.edit(
            desk.database, desk.identity, made.id, later, instruments=named(later), clock=_at(at + _EDITED)
        )
    return made.id


def _hidden(stage: _Stage, name: str, at: datetime, line: Line) -> bool:
    if line.hidden is None:
        return False
    judge = stage.desk("compliance")
    posts.hide(
        judge.database, judge.identity, name, reason=line.hidden, own=asking.alerts_about_me(judge), clock=_at(at + _HIDDEN)
    )  # fmt: skip
    return True


_Subject = tuple[tuple[str, str] | None, dict[str, str], datetime]


def _subject(stage: _Stage, thread: Thread) -> _Subject | None:
    """Return what a thread is about, the words that name it, and when it begins; None where there is no such thing."""
    words = {"name": stage.talk.name, "other": stage.talk.other}
    begun = datetime.combine(stage.days[max(-len(stage.days), -1 - thread.back)], HOUR, UTC)
    if thread.about is None:
        return None, words, begun
    if thread.about == "instrument":
        return ("instrument", stage.talk.name), words, begun
    if thread.about == "account":
        account = _account(stage)
        return None if account is None else (("account", account), words | {"account": account}, begun)
    if thread.about == "alert":
        alert = _alert(stage, thread)
        return None if alert is None else (("alert", alert), words, begun + timedelta(hours=7))
    order = _order(stage)
    if order is None:
        return None
    return ("order", order[0]), words | {"order": order[0]}, order[1] + AFTER_ORDER


def _account(stage: _Stage) -> str | None:
    """Return the first account of the trader's desk that is no private one."""
    desk = stage.desk("pm")
    mine = desk.rows(ACCOUNTS, dated=False).filter(
        pl.col("kind") != "personal", pl.col("desk") == stage.desk_name
    )
    return next(iter(desk.collect(mine.select(pl.col("account_id").sort().head(1)))["account_id"]), None)


def _order(stage: _Stage) -> tuple[str, datetime] | None:
    """Return the trader's largest whole order of the last sessions, and when he entered it; none that was planted."""
    desk = stage.desk("trader")
    mine = desk.rows(ORDER_EVENTS, dated=False).filter(
        pl.col("trader_id") == stage.cast["trader"].person_id,
        pl.col("event_type") == "new",
        pl.col("parent_order_id").is_null(),
        pl.col("transact_time").dt.date().is_in(stage.days[-3:-1]),
        ~pl.col("order_id").is_in(sorted(stage.avoid)),
    )
    found = desk.collect(
        mine.sort("order_qty", "order_id", descending=[True, False])
        .select("order_id", "transact_time")
        .head(1)
    )
    return next(found.iter_rows(), None)


def _alert(stage: _Stage, thread: Thread) -> str | None:
    """Return the alert of the highest score that everybody who speaks of it may read."""
    with stage.context.database.session(stage.cast["risk"].org) as session:
        ranked = session.scalars(select(Alert.alert_id).order_by(Alert.score.desc(), Alert.alert_id)).all()
    for alert in ranked:
        with suppress(NotFound):
            for line in thread.lines:
                asking.place(stage.desk(line.who), context=("alert", alert))
            return alert
    return None


# --- follows -----------------------------------------------------------------------------------------
def _follow(stage: _Stage, made: dict[str, str]) -> int:
    at = datetime.combine(stage.days[-2], HOUR, UTC)
    count = 0
    for who, wanted in _FOLLOWS.items():
        desk = stage.desk(who)
        for kind, target in _targets(stage, made, wanted):
            asking.known(desk, kind, target)
            follows.follow(
                stage.context.database, desk.identity, kind, target, clock=_at(at + timedelta(minutes=count))
            )
            count += 1
    return count


def _targets(
    stage: _Stage, made: dict[str, str], wanted: tuple[tuple[str, ...], bool, tuple[str, ...]]
) -> Iterator[tuple[str, str]]:
    authors, named, kinds = wanted
    for author in authors:
        yield "author", str(stage.cast[author].person_id)
    subjects: Iterable[str] = (stage.talk.name, stage.talk.other) if named else ()
    for name in subjects:
        yield "instrument", name
    for kind in kinds:
        yield "room", made[kind]


__all__ = ["talk", "talk_about_alerts"]
