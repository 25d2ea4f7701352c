"""Ideas from the day they are put forward to the leaderboard: what is told to whom, scored by which prices."""

from argparse import Namespace
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import polars as pl
import pytest
from sqlalchemy import select

from app.actions import idea_proof, lists, mirrors, orgs
from app.actions import ideas as acting
from app.actions._roles import console
from app.actions.ideas import SCORED, Known, Said
from app.commands import audit as command
from app.errors import Conflict, Forbidden, Invalid, NotFound
from app.jobs import ideas as job
from app.queries import book_talk, ideas, social
from app.queries import mirrors as held
from app.queries._said import heard
from app.scope import Identity, Scope
from app.storage.records.audit import AuditEntry
from app.storage.records.ideas import IdeaScore, IdeaVersion
from tests.app._world import context_of, desk_of, land

INSTRUMENTS = """
instrument_id  symbol  asset_class  currency
AAA            AAA     equity       USD
BBB            BBB     equity       USD
"""
DAYS = [
    date(2026, 3, 2) + timedelta(days=i)
    for i in range(60)
    if (date(2026, 3, 2) + timedelta(days=i)).weekday() < 5
]
# AAA rises by one a session from 100, BBB falls by one from 200.
PRICES = "instrument_id date adj_basis open high low close volume\n" + "\n".join(
    f"{name} {day} raw {base + way * i} {base + way * i + 0.5} {base + way * i - 0.5} {base + way * i} 1000000"
    for name, base, way in (("AAA", 100, 1), ("BBB", 200, -1))
    for i, day in enumerate(DAYS)
)
ACCOUNTS = "account_id desk kind base_currency owner_id\nJ1 d1 personal USD jane\n"
PEOPLE = "person_id name role\njane Jane trader\nomar Omar trader\n"
JANE = Identity("acme", "u_jane", "Jane", "trader", person_id="jane")
OMAR = Identity("acme", "u_omar", "Omar", "portfolio_manager", person_id="omar")
WORDS = "Orders turn up and nobody looks at it."


def at(place, hour=15):
    return datetime.combine(DAYS[place], datetime.min.time(), UTC) + timedelta(hours=hour)


def say(context, actor, place, name="AAA", way="long", **more):
    base, step = (100, 1) if name == "AAA" else (200, -1)
    close = base + step * (place - 1)
    said = Said(name, way, more.pop("horizon", 5), more.pop("chance", Decimal("0.7")), WORDS, **more)
    known = Known(close=float(close), close_date=DAYS[place - 1].isoformat())
    return acting.post(context.database, actor, said, known=known, clock=lambda: at(place))[0].id


@pytest.fixture(scope="module")
def firm(empty_sqlite, tmp_path_factory, module_database):
    """Return a demo firm in which Jane has put three ideas forward, Omar one that is hidden, and mirrors Jane."""
    context = context_of(tmp_path_factory.mktemp("ideas"), module_database)
    orgs.create(context.database, console("acme"), slug="acme", name="Acme", demo=True)
    land(context, "acme", instruments=INSTRUMENTS, prices=PRICES, accounts=ACCOUNTS, people=PEOPLE)
    mirrors.start(
        context.database, OMAR, author_id="jane", author_name="Jane", capital=Decimal(100_000), weight=0.1,
        max_loss=0.05, adv_share=0.01, clock=lambda: at(1),
    )  # fmt: skip
    made = {
        "target": say(context, JANE, 10, target=Decimal(112), stop=Decimal(100)),
        "expired": say(context, JANE, 12, stop=Decimal(105)),
        "stopped": say(context, JANE, 14, "BBB", target=Decimal(200), stop=Decimal(184)),
        "running": say(context, JANE, len(DAYS) - 3, horizon=20),
        "hidden": say(context, OMAR, 20, way="short"),
    }
    control = Identity("acme", "u_cleo", "Cleo", "compliance")
    acting.set_hidden(context.database, control, made["hidden"], hidden=True, why="Names a client.")
    made |= {"first": job.settle(context, "acme"), "second": job.settle(context, "acme")}
    return context, made


def row_of(desk, name):
    return next(row for row in ideas.ideas(desk) if row["idea_id"] == name)


def test_each_idea_is_entered_after_it_was_sealed_and_ended_as_it_says_net_of_costs(firm):
    context, made = firm
    desk = desk_of(context)
    # Put forward at 15:00 on session 10: entered at that day's close, 110; 112 is reached two sessions later.
    row = row_of(desk, made["target"])
    assert (row["state"], row["entry"], row["exit"], row["entry_date"]) == ("target", 110.0, 112.0, DAYS[10])
    assert row["net"] == pytest.approx(112 / 110 - 1 - 0.001)
    assert row["brier"] == pytest.approx((0.7 - 1) ** 2)
    row = row_of(desk, made["expired"])
    assert (row["state"], row["exit"], row["exit_date"]) == ("expired", 117.0, DAYS[17])
    row = row_of(desk, made["stopped"])
    assert (row["state"], row["won"], row["entry"]) == ("stop", False, 186.0)
    assert row["net"] < 0
    row = row_of(desk, made["running"])
    assert (row["state"], row["won"], row["scored"]) == ("running", None, False)


def test_words_weigh_by_the_ideas_that_had_ended_when_they_were_said(firm):
    """By hand: Jane was right on two of three days, Omar on none of one; a coin of thirty days beside each."""
    context, _ = firm
    said = pl.DataFrame(
        {
            "author_id": ["jane", "omar", "jane", "nobody"],
            "transact_time": [at(40), at(40), at(10), at(40)],
            "text": ["A great rally."] * 4,
            "instrument_ids": [["AAA"]] * 4,
        },
        schema_overrides={"transact_time": pl.Datetime("us", "UTC")},
    )
    told = heard(desk_of(context), said)
    assert told["author_weight"].to_list() == pytest.approx([2 * 17 / 33, 2 * 15 / 31, 1.0, 1.0])
    assert heard(desk_of(context, "strange"), said)["author_weight"].to_list() == [1.0] * 4


def test_the_job_seals_scores_and_mirrors_once_and_pins_the_prices(firm):
    context, made = firm
    assert made["first"] == {"sealed": 5, "mirrored": 4, "scored": 4}
    assert made["second"] == {"sealed": 0, "mirrored": 0, "scored": 0}
    with context.database.session("acme") as session:
        kept = session.query(IdeaScore).all()
    assert {one.idea_id for one in kept} == {
        made[name] for name in ("target", "expired", "stopped", "hidden")
    }
    assert all(one.data_versions["prices"] == context.lake.version("acme", ideas.READS[0]) for one in kept)
    with context.database.session("acme") as session:
        noted = list(session.scalars(select(AuditEntry.object_id).where(AuditEntry.action == SCORED)))
    assert sorted(noted) == sorted(one.idea_id for one in kept)
    assert idea_proof.verify(context.database, "acme").ok


def test_hidden_words_are_read_by_the_author_and_surveillance_alone_and_count_all_the_same(firm):
    context, made = firm
    seen = {
        role: row_of(desk_of(context, role=role), made["hidden"])["thesis"]
        for role in ("trader", "risk", "compliance", "auditor")
    }
    assert seen == {"trader": None, "risk": None, "compliance": WORDS, "auditor": WORDS}
    own = replace(desk_of(context), identity=OMAR)
    assert row_of(own, made["hidden"])["thesis"] == WORDS
    figures, _ = ideas.figures(desk_of(context, role="trader"))
    assert (figures["ideas"], figures["ideas_open"], figures["ideas_ended"]) == (5, 1, 4)
    assert figures["idea_hit_rate"] == 0.5


def test_the_overview_tells_the_same_figures(firm):
    context, _ = firm
    values, reasons = social.summary(desk_of(context))
    assert (values["ideas_open"], values["idea_hit_rate"]) == (1, 0.5)
    assert "ideas_open" not in reasons


def test_a_scope_narrows_instruments_and_days(firm):
    context, _ = firm
    assert len(ideas.ideas(desk_of(context, scope=Scope(instrument=("BBB",))))) == 1
    assert len(ideas.ideas(desk_of(context, scope=Scope(start=DAYS[20])))) == 2
    then = ideas.ideas(desk_of(context, scope=Scope(as_of=at(13))))
    assert [row["state"] for row in then] == ["waiting", "waiting"]  # no price was imported then
    assert [len(ideas.ideas(desk_of(context), state=state)) for state in ("open", "ended")] == [1, 4]
    with pytest.raises(Invalid):
        ideas.ideas(desk_of(context), state="won")


def test_what_is_known_of_an_instrument_is_asked_of_the_tables_not_of_the_author(firm):
    context, _ = firm
    desk = replace(desk_of(context, role="trader"), identity=JANE)
    assert ideas.known(desk, "AAA", at=at(10)) == {
        "closed": False,
        "close": 109.0,
        "close_date": DAYS[9].isoformat(),
    }
    with pytest.raises(Invalid):
        ideas.known(desk, "ZZZ")


def test_a_restricted_instrument_is_closed_to_all_and_an_insider_entry_to_the_insider_alone(firm):
    context, _ = firm
    control = Identity("acme", "u_cleo", "Cleo", "compliance")
    since = at(30)
    for kind, name, person in (
        ("restricted", "BBB", None),
        ("insider", "AAA", "jane"),
        ("watch", "AAA", None),
    ):
        lists.add(
            context.database, control, kind=kind, instrument_id=name, person_id=person, reason="x", valid_from=since
        )  # fmt: skip
    jane, omar = (replace(desk_of(context), identity=who) for who in (JANE, OMAR))
    told = [ideas.closed(desk, name, at=at(31)) for desk in (jane, omar) for name in ("AAA", "BBB")]
    assert told == [True, True, False, True]
    assert not ideas.closed(jane, "BBB", at=at(29))


def test_below_the_least_record_nobody_is_ranked(firm):
    context, _ = firm
    found = ideas.league(desk_of(context))
    assert found["rows"] == []
    assert {row["author_id"] for row in found["apart"]} == {"jane", "omar"}
    assert all("Fewer than 30 days" in row["reason"] for row in found["apart"])
    needed = sorted(found["band"]["needed"], key=lambda row: row["ratio"])
    assert [row["days"] for row in needed] == sorted((row["days"] for row in needed), reverse=True)
    assert min(row["days"] for row in needed) >= found["band"]["least"] == 30


def test_an_author_s_page_counts_what_he_has_and_strangers_to_the_firm_are_not_found(firm):
    context, _ = firm
    found = ideas.author(desk_of(context), "jane")
    assert found["figures"] == {
        "ideas": 4,
        "open": 1,
        "ended": 3,
        "void": 0,
        "retracted": 0,
        "sealed": 4,
        "seeded": 4,
    }
    assert found["stated"]["n"] == 3
    assert found["course"][-1]["total"] == pytest.approx(
        sum(row["net"] for row in found["ideas"] if row["won"] is not None)
    )
    with pytest.raises(NotFound):
        ideas.author(desk_of(context), "nobody")


def test_another_firm_sees_nothing(firm):
    context, made = firm
    other = desk_of(context, org="zeta")
    assert ideas.ideas(other) == []
    assert held.mirrors(other) == []
    with pytest.raises(NotFound):
        ideas.idea(other, made["target"])


def test_an_idea_shows_its_versions_and_the_course_in_prices_of_its_day(firm):
    context, made = firm
    found = ideas.idea(desk_of(context), made["target"])
    assert [one["number"] for one in found["history"]] == [1]
    after = [row for row in found["course"] if row["date"] == DAYS[11]]
    assert after[0]["close"] == 111.0
    assert after[0]["move"] == pytest.approx(111 / 110 - 1)


# --- mirrors ---------------------------------------------------------------------------------------
def test_a_mirror_takes_what_passes_its_gate_and_says_why_not_otherwise(firm):
    context, made = firm
    mine = replace(desk_of(context), identity=OMAR)
    (listed,) = held.mirrors(mine)
    found = held.mirror(mine, listed["mirror_id"])
    trades = {one["idea_id"]: one for one in found["trades"]}
    # 10% of 100,000 at the close before, 109, whole units; lost at the stop of 100: 91 x 9.
    taken = trades[made["target"]]
    assert (taken["accepted"], taken["quantity"], taken["notional"]) == (True, 91, 91 * 109)
    assert float(taken["at_risk"]) == pytest.approx(91 * 9)
    assert taken["pnl"] == pytest.approx(91 * 109 * (112 / 110 - 1 - 0.001))
    assert not trades[made["running"]]["accepted"]
    assert "no stop" in trades[made["running"]]["reason"]
    assert (found["kind"], found["taken"], found["refused"]) == ("PAPER", 3, 1)
    assert found["realised"] == pytest.approx(sum(one["pnl"] for one in found["trades"] if one["accepted"]))


def test_a_mirror_is_its_owners_and_surveillance_s_to_see(firm):
    context, _ = firm
    (row,) = held.mirrors(replace(desk_of(context), identity=OMAR))
    for desk, allowed in (
        (desk_of(context, role="compliance"), True),
        (replace(desk_of(context), identity=JANE), False),
        (desk_of(context, role="risk"), False),
    ):
        assert bool(held.mirrors(desk)) is allowed
        if not allowed:
            with pytest.raises(NotFound):
                held.mirror(desk, row["mirror_id"])


def test_nobody_ends_the_mirror_of_somebody_else_and_none_is_kept_twice(firm):
    context, _ = firm
    (row,) = held.mirrors(replace(desk_of(context), identity=OMAR))
    with pytest.raises(NotFound):
        mirrors.stop(context.database, JANE, row["mirror_id"])
    bounds = {"capital": Decimal(1000), "weight": 0.1, "max_loss": 0.1, "adv_share": 0.1}
    with pytest.raises(Conflict):
        mirrors.start(context.database, OMAR, author_id="jane", author_name="Jane", **bounds)
    with pytest.raises(Invalid, match="does not fit"):
        mirrors.start(context.database, JANE, author_id="jane", author_name="Jane", **bounds)
    for name, wrong in (
        ("weight", 1.5),
        ("max_loss", float("nan")),
        ("adv_share", 0.0),
        ("capital", Decimal(1)),
    ):
        with pytest.raises(Invalid):
            mirrors.start(context.database, OMAR, author_id="x", author_name="X", **bounds | {name: wrong})
    with pytest.raises(Forbidden):
        mirrors.start(
            context.database, replace(OMAR, user_id="k_1"), author_id="x", author_name="X", **bounds
        )


# --- talking his book ------------------------------------------------------------------------------
def test_whether_an_author_talks_his_book_is_told_to_surveillance_alone(firm):
    context, _ = firm
    for role in ("trader", "portfolio_manager", "risk"):
        with pytest.raises(Forbidden):
            book_talk.talks(desk_of(context, role=role), "jane")
    assert book_talk.talks(desk_of(context, role="compliance"), "jane") == []  # nobody has traded


# --- the command -----------------------------------------------------------------------------------
def test_the_command_proves_the_trail_and_the_ideas_in_it(firm, capsys):
    context, made = firm
    args = Namespace(org="acme", json=False)
    assert command.run_verify(args, context) == 0
    assert (
        "5 ideas are what the trail holds, 5 of them sealed; 5 were made on the demo's clock."
        in capsys.readouterr().out
    )
    with context.database.session("acme", write=True) as session:
        version = session.get(IdeaVersion, (made["stopped"], 1))
        true, version.content = version.content, version.content.replace('"long"', '"short"')
    assert command.run_verify(args, context) == 1
    assert f"Idea {made['stopped']} does not hold: version 1 was changed" in capsys.readouterr().out
    with context.database.session("acme", write=True) as session:
        session.get(IdeaVersion, (made["stopped"], 1)).content = true
    assert command.run_verify(args, context) == 0
