"""Insights for one person: who may read what, in what order, and what waits in the bell."""

from datetime import UTC, datetime, timedelta

import pytest

from app.actions import insights as saying
from app.errors import Forbidden, Invalid, NotFound
from app.queries import insight_use
from app.queries import insights as told
from app.scope import Scope
from app.storage.records._base import now
from app.storage.records.alerts import Alert
from app.storage.records.insights import Insight
from app.storage.records.notifications import Notification
from tests.app._world import context_of, desk_of

WATCH = ["compliance", "auditor"]


def row(name, rank, **more):
    context = {"rank": rank} | more.pop("context", {})
    made = {"kind": "venue_cost", "severity": "low", "created_at": now() - timedelta(hours=1)} | more
    return Insight(org="acme", id=name, title=name, text="t", context=context, **made)


@pytest.fixture
def firm(tmp_path, sqlite_database):
    context = context_of(tmp_path, sqlite_database)
    alert = Alert(org="acme", alert_id="al1", detector="d", detector_version="1", parameters_version="1",
                  severity="high", score=80, actors=[{"kind": "trader", "id": "tom"}])  # fmt: skip
    with sqlite_database.session("acme", write=True) as session:
        session.add_all([
            alert,
            row("open", 0.1, domains=["operations"]),
            row("alpha", 0.5, desks=["alpha"], context={"desk": "alpha"}, domains=["trading"]),
            row("whole", 0.3, desks=["*"], domains=["portfolio"]),
            row("pair", 0.9, roles=WATCH, context={"pair": "ann|tom", "traders": "ann,tom"}, domains=["compliance"]),
            row("by-alert", 0.8, roles=WATCH, evidence=[{"kind": "alert", "id": "al1"}], domains=["compliance"]),
            row("lead", 0.45, story="venue|X", kind="broker_cost", domains=["trading"]),
            row("second", 0.4, story="venue|X", domains=["trading"]),
        ])  # fmt: skip
    return context


def ids(desk, **more):
    return [one["id"] for one in told.insights(desk, **more)["rows"]]


@pytest.mark.parametrize(("who", "expected"), [
    ({"role": "compliance"}, {"open", "alpha", "whole", "pair", "by-alert", "lead"}),
    ({"role": "compliance", "person_id": "tom"}, {"open", "alpha", "whole", "lead"}),
    ({"role": "auditor", "person_id": "ann"}, {"open", "alpha", "whole", "by-alert", "lead"}),
    ({"role": "risk"}, {"open", "alpha", "whole", "lead"}),
    ({"role": "trader", "desks": ("beta",)}, {"open", "lead"}),
    ({"role": "trader", "desks": ("alpha",)}, {"open", "alpha", "lead"}),
    ({"role": "compliance", "org": "zenith"}, set()),
])  # fmt: skip
def test_page_bell_and_one_by_its_id_tell_each_the_same(firm, who, expected):
    desk = desk_of(firm, **who)
    assert set(ids(desk)) == expected
    assert {one["id"] for one in insight_use.bell(desk)["insights"]} == expected
    for name in ("open", "alpha", "whole", "pair", "by-alert", "lead"):
        if name in expected:
            assert told.insight(desk, name)["id"] == name
        else:
            with pytest.raises(NotFound):
                told.insight(desk, name)


def test_findings_on_one_thing_are_one_story_and_every_facet_counts_what_it_would_show(firm):
    desk = desk_of(firm, role="risk")
    found = told.insights(desk)
    (story,) = [one for one in found["rows"] if one["id"] == "lead"]
    assert [one["id"] for one in story["also"]] == ["second"]
    assert found["total"] == 4
    for domain, count in found["facets"]["domain"].items():
        assert told.insights(desk, domain=domain)["total"] == count


def test_what_is_near_to_a_role_or_to_the_view_comes_first(firm):
    assert ids(desk_of(firm, role="trader"))[0] == "alpha"
    assert ids(desk_of(firm, role="compliance"))[:2] == ["pair", "by-alert"]
    narrowed = desk_of(firm, role="portfolio_manager", scope=Scope(desk=("alpha",)))
    assert ids(narrowed)[0] == "alpha"


def test_a_view_of_a_trader_or_an_instrument_shows_what_names_it(firm):
    watcher = desk_of(firm, role="compliance", scope=Scope(trader=("tom",)))
    assert ids(watcher) == ["pair"]
    assert ids(desk_of(firm, role="risk", scope=Scope(trader=("tom",)))) == []
    assert ids(desk_of(firm, role="compliance", scope=Scope(instrument=("XOM",)))) == []
    # A desk's view leaves out what is about another desk, and keeps what is about the firm.
    assert set(ids(desk_of(firm, role="risk", scope=Scope(desk=("beta",))))) == {"open", "whole", "lead"}
    assert insight_use.bell(watcher)["new_insights"] == 6


def test_a_vote_is_one_persons_and_a_rule_that_nobody_finds_useful_sinks(firm):
    desk = desk_of(firm, role="trader")
    database, me = firm.database, desk.identity
    assert ids(desk)[:2] == ["alpha", "lead"]
    said = saying.say(database, me, "alpha", "venue_cost", verdict="not_useful")
    assert said["verdict"] == "not_useful"
    assert ids(desk)[0] == "lead"
    assert told.insight(desk, "alpha")["verdict"] == "not_useful"
    other = desk_of(firm, role="risk")
    assert told.insight(other, "alpha")["verdict"] is None
    before = told._rank(other, told._mine(other), _stored(firm, "alpha"))
    for number in range(8):
        someone = desk_of(firm, role="trader").identity.__class__("acme", f"u_{number}", "N", "trader")
        saying.say(database, someone, "alpha", "venue_cost", verdict="not_useful")
    after = told._rank(other, told._mine(other), _stored(firm, "alpha"))
    assert after < before / 2
    assert saying.say(database, me, "alpha", "venue_cost", verdict="")["verdict"] is None


def _stored(context, name):
    with context.database.session("acme") as session:
        return session.get(Insight, ("acme", name))


def test_what_is_snoozed_is_gone_for_one_person_until_it_is_shown_again(firm):
    desk = desk_of(firm, role="risk")
    saying.say(firm.database, desk.identity, "alpha", "venue_cost", snooze_days=7)
    assert "alpha" not in ids(desk)
    assert ids(desk, state="snoozed") == ["alpha"]
    assert "alpha" in ids(desk_of(firm, role="compliance"))
    assert "alpha" not in {one["id"] for one in insight_use.bell(desk)["insights"]}
    saying.say(firm.database, desk.identity, "alpha", "venue_cost", snooze_days=0)
    assert "alpha" in ids(desk)


def test_after_a_look_only_what_came_or_changed_later_is_new(firm):
    desk = desk_of(firm, role="risk")
    assert told.insights(desk)["new"] == 4
    saying.seen(firm.database, desk.identity)
    assert told.insights(desk)["new"] == 0
    assert insight_use.bell(desk)["unread"] == 0
    with firm.database.session("acme", write=True) as session:
        session.get(Insight, ("acme", "open")).changed_at = now() + timedelta(seconds=1)
    assert ids(desk, state="new") == ["open"]
    assert told.insights(desk_of(firm, role="trader"))["new"] == 4


def test_notifications_are_their_owners_and_read_at_once_with_the_insights(firm):
    desk = desk_of(firm, role="risk")
    with firm.database.session("acme", write=True) as session:
        for user in (desk.identity.user_id, "u_other"):
            session.add(Notification(org="acme", user_id=user, kind="digest", title=user))
    found = insight_use.bell(desk)
    assert [one["title"] for one in found["notifications"]] == ["u_risk"]
    assert found["unread"] == found["new_insights"] + 1
    saying.seen(firm.database, desk.identity)
    assert insight_use.bell(desk)["notifications"][0]["read"] is True


def test_a_week_says_of_a_rule_how_many_found_it_useful_and_acted_on_it(firm):
    database, desk = firm.database, desk_of(firm, role="risk")
    saying.say(database, desk.identity, "alpha", "venue_cost", verdict="useful")
    saying.say(
        database, desk_of(firm, role="compliance").identity, "alpha", "venue_cost", verdict="not_useful"
    )
    saying.follow(database, desk.identity, "alpha", "venue_cost", href="/trading/blotter?desk=alpha")
    (week,) = [one for one in insight_use.weekly(desk) if one["rule"] == "venue_cost"]
    assert (week["voted"], week["share_useful"], week["acted"]) == (2, 0.5, 1)
    assert week["share_acted"] == pytest.approx(1 / week["insights"])
    assert week["week"] <= datetime.now(UTC).date()
    with pytest.raises(Forbidden):
        insight_use.weekly(desk_of(firm, role="trader", desks=("alpha",)))


def test_what_cannot_be_said_is_refused(firm):
    me = desk_of(firm, role="risk").identity
    key = me.__class__("acme", "k_1", "Script", "risk")
    for problem, who, words in (
        (Invalid, me, {}),
        (Invalid, me, {"verdict": "great"}),
        (Invalid, me, {"snooze_days": 91}),
        (Forbidden, key, {"verdict": "useful"}),
    ):
        with pytest.raises(problem):
            saying.say(firm.database, who, "alpha", "venue_cost", **words)
    with pytest.raises(Invalid):
        saying.follow(firm.database, me, "alpha", "venue_cost", href="https://elsewhere.example")
