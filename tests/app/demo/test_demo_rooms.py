"""The demo's rooms come by the actions of everybody's, on its own clock, and hold against the trail."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from analytics.datasets import MESSAGES, POSTS
from app.actions import audit, follows, orgs, posts, users
from app.actions import rooms as acting
from app.actions._roles import console
from app.demo.firm import Firm
from app.demo.firms import HALYARD
from app.demo.reference import logins
from app.demo.room_lines import TALK
from app.demo.rooms import talk, talk_about_alerts
from app.errors import Forbidden
from app.queries import feed, rooms
from app.storage.collect import collect
from app.storage.records.alerts import Alert
from app.storage.records.audit import AuditEntry
from app.storage.records.people import User
from app.storage.records.rooms import Place, RoomPost, UserFollow
from tests.app._world import context_of, desk_of, land

DAYS = [date(2026, 9, 1) + timedelta(days=i) for i in range(16)]
ALERT = {
    "org": "halyard", "alert_id": "X1", "detector": "wash_trade", "detector_version": "1", "parameters_version": "p",
    "severity": "high", "score": 90.0, "actors": [{"kind": "trader", "id": "tvarga"}], "instrument_ids": ["MSFT"],
}  # fmt: skip
FIRM = Firm("halyard", "Halyard", "USD", {}, (), (), (), ())


@pytest.fixture(scope="module")
def halyard(tmp_path_factory):
    from app.storage.database import Database
    from tests.world import begin

    made = Database(f"sqlite:///{tmp_path_factory.mktemp('records')}/records.db")
    begin(made)
    context = context_of(tmp_path_factory.mktemp("home"), made)
    actor = console("halyard")
    orgs.create(made, actor, slug="halyard", name="Halyard", demo=True)
    for who in logins(HALYARD):
        if who.role in {"trader", "portfolio_manager", "risk", "compliance"}:
            users.create(
                made, actor, email=who.email, name=who.name, role=who.role, password="quarterdeck-demo",
                desks=who.desks if who.role in users.NARROWED else None, person_id=who.person_id,
            )  # fmt: skip
    prices = "\n".join(f"{name} {day} raw 100 100" for name in ("MSFT", "JNJ") for day in DAYS)
    orders = "\n".join(
        f"O{number} 1 new {day}T14:00:00Z MSFT HC-101 aokafor buy {number * 100}"
        for number, day in enumerate(DAYS, 1)
    )
    land(
        context, "halyard",
        instruments="instrument_id symbol asset_class currency\nMSFT MSFT equity USD\nJNJ JNJ equity USD",
        accounts="account_id desk kind base_currency\nHC-101 client-execution client USD\nHC-301 systematic house USD",
        prices=f"instrument_id date adj_basis close volume\n{prices}",
        order_events=f"order_id event_seq event_type transact_time instrument_id account_id trader_id side order_qty\n{orders}",
        posts="post_id transact_time author_id text\np1 2026-09-02T10:00:00Z jweber quiet",
    )  # fmt: skip
    with made.session("halyard", write=True) as session:
        session.add(Alert(**ALERT))
    yield context, talk(context, FIRM) | {"alert": talk_about_alerts(context, FIRM)["posts"]}
    made.close()


def reader(context, role, person):
    with context.database.session("halyard") as session:
        user = session.scalar(select(User).where(User.person_id == person))
    return desk_of(
        context,
        "halyard",
        role,
        person_id=person,
        desks=tuple(user.desks) if user.desks is not None else None,
    )


def test_each_firm_has_rooms_threads_on_every_kind_of_thing_an_edit_and_one_post_taken_out():
    for talk_of in TALK.values():
        assert set(talk_of.rooms) == {"firm", "desk", "members"}
        assert {thread.about for thread in talk_of.threads} >= {"instrument", "account", "order", "alert"}
        lines = [line for thread in talk_of.threads for line in thread.lines]
        assert sum(line.hidden is not None for line in lines) == 1
        assert sum(line.later is not None for line in lines) == 1
    halyard, meridian = (
        {line.text for thread in one.threads for line in thread.lines} for one in TALK.values()
    )
    assert not halyard & meridian


def test_all_of_it_is_on_its_days_says_seeded_in_the_trail_and_holds(halyard):
    context, counts = halyard
    assert counts == {"rooms": 3, "posts": 19, "hidden": 1, "follows": 13, "alert": 2}
    with context.database.session("halyard") as session:
        entries = list(
            session.scalars(
                select(AuditEntry).where(AuditEntry.action.regexp_match("^(room|post|follow)[.]"))
            )
        )
        assert len(entries) == 3 + 21 + 1 + 1 + 13
        assert all(json.loads(entry.after)["seeded"] is True for entry in entries)
        ends = [*session.scalars(select(UserFollow.since))]
    assert audit.verify(context.database, "halyard").ok
    told, _ = feed.posts(reader(context, "compliance", "mkowalska"), limit=100, show="own")
    written = told["transact_time"].to_list() + ends
    assert max(written) < datetime.combine(DAYS[-1] + timedelta(days=1), datetime.min.time(), UTC)
    assert min(written).date() >= DAYS[0]


def test_each_reads_what_he_may_and_the_order_was_there_before_its_thread(halyard):
    context, _ = halyard
    trader, other = (
        reader(context, "trader", "aokafor"),
        desk_of(context, "halyard", "trader", desks=("systematic",)),
    )
    (order,) = {row["context_id"] for row in _own(trader) if row["context_kind"] == "order"}
    assert order == "O15"  # his largest of the last sessions but the very last
    first = min(row["transact_time"] for row in _own(trader) if row["context_id"] == order)
    assert first == datetime(2026, 9, 15, 14, 12, tzinfo=UTC)
    kinds = {row["context_kind"] for row in _own(other)}
    assert kinds == {None, "instrument"}
    assert not any(row["hidden"] or row["context_kind"] == "alert" for row in _own(trader))
    judge = _own(reader(context, "compliance", "mkowalska"))
    assert sum(row["hidden"] for row in judge) == 1
    assert sum(row["context_kind"] == "alert" for row in judge) == 2
    assert [room["kind"] for room in rooms.rooms(other)] == ["firm"]
    assert all(room["purpose"].endswith("Simulated talk of the demo.") for room in rooms.rooms(trader))


def _own(desk):
    return feed.posts(desk, limit=100, show="own")[0].to_dicts()


def test_surveillance_reads_it_but_for_the_talk_about_alerts(halyard):
    context, _ = halyard
    messages = collect(context.lake.scan("halyard", MESSAGES))
    assert messages.height == 19 + 1  # the edit is a message of its own
    public = collect(context.lake.scan("halyard", POSTS))
    assert public.filter(import_id="own-posts").height == 4 + 3 + 2
    assert not posts.waits(context.database, "halyard")


@pytest.mark.parametrize("kind", ["room", "post", "edit", "hide", "follow"])
def test_once_the_demo_is_complete_the_time_is_the_servers(halyard, kind):
    context, _ = halyard
    orgs.set_settings(context.database, console("halyard"), {"demo": {"complete": True}})
    database = context.database
    trader, judge = (
        reader(context, role, who).identity
        for role, who in (("trader", "aokafor"), ("compliance", "mkowalska"))
    )
    with database.session("halyard") as session:
        user = session.scalar(select(User.id).where(User.person_id == "aokafor"))
        of_trader = select(RoomPost.id).where(RoomPost.author_user == user).limit(1)
        name = session.scalar(of_trader)
    trader = replace(trader, user_id=user)
    then = {"clock": lambda: datetime(2026, 9, 1, tzinfo=UTC)}
    acts = {
        "room": lambda: acting.open_room(database, judge, name="Another", kind="firm", **then),
        "post": lambda: posts.write(database, trader, "Good morning.", place=Place(), **then),
        "edit": lambda: posts.edit(database, trader, name, "Good evening.", **then),
        "hide": lambda: posts.hide(
            database, replace(judge, user_id="u_x"), name, reason="long enough", own=(), **then
        ),
        "follow": lambda: follows.follow(database, trader, "instrument", "KO", **then),
    }
    with pytest.raises(Forbidden, match="server"):
        acts[kind]()
