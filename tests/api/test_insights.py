"""Insights over REST: what one says of them is one's own, and strangers meet nothing."""

import pytest

from app.storage.records.insights import Insight, InsightFeedback, InsightFollow
from tests.api.test_lists import call

ROUTE = "/api/intelligence/insights"


@pytest.fixture(scope="module")
def told(installation):
    """One insight of a desk, one of surveillance about its trader, both of the first firm."""
    firm = installation.one
    c = firm.canary
    made = {
        "desk": {"desks": [f"{c}-desk1"], "context": {"rank": 0.5, "desk": f"{c}-desk1"}},
        "watch": {
            "roles": ["compliance", "auditor"],
            "evidence": [{"kind": "trader", "id": f"{c}-jane"}],
            "context": {"rank": 0.9},
        },
    }
    with installation.context.database.session(firm.slug, write=True) as session:
        for name, more in made.items():
            session.add(Insight(org=firm.slug, id=f"i-{name}", kind="venue_cost", title=f"{c} {name}", text="t",
                                severity="high", domains=["trading"], **more))  # fmt: skip
    yield firm
    with installation.context.database.session(firm.slug, write=True) as session:
        for model in (Insight, InsightFeedback, InsightFollow):
            for row in session.query(model):
                if getattr(row, "insight_id", row.__dict__.get("id")) in {"i-desk", "i-watch"}:
                    session.delete(row)


def say(installation, firm, role, name, body, **more):
    return call(installation, firm, role, f"{ROUTE}/{name}/feedback", body, **more)


def test_a_vote_is_kept_for_who_gave_it_and_shown_to_nobody_else(installation, told):
    answer = say(installation, told, "trader", "i-desk", {"verdict": "useful", "snooze_days": 3})
    assert answer.status_code == 200, answer.json
    assert answer.json["data"]["verdict"] == "useful"
    own = call(installation, told, "trader", f"{ROUTE}/i-desk").json["data"]
    assert (own["verdict"], own["snoozed_until"] is not None) == ("useful", True)
    other = call(installation, told, "risk", f"{ROUTE}/i-desk").json["data"]
    assert (other["verdict"], other["snoozed_until"]) == (None, None)
    listed = call(installation, told, "trader", ROUTE).json["data"]
    assert "i-desk" not in [row["id"] for row in listed]
    snoozed = call(installation, told, "trader", f"{ROUTE}?state=snoozed").json["data"]
    assert [row["id"] for row in snoozed] == ["i-desk"]


@pytest.mark.parametrize(("role", "name", "status"), [
    ("trader", "i-desk", 200), ("portfolio_manager", "i-desk", 404), ("risk", "i-desk", 200), ("auditor", "i-desk", 200),
    ("compliance", "i-watch", 200), ("auditor", "i-watch", 200), ("trader", "i-watch", 404), ("risk", "i-watch", 404),
    ("admin", "i-desk", 403), ("compliance", "nothing", 404),
])  # fmt: skip
def test_who_may_not_read_it_can_neither_judge_nor_follow_it(installation, told, role, name, status):
    assert call(installation, told, role, f"{ROUTE}/{name}").status_code == status
    assert say(installation, told, role, name, {"snooze_days": 0}).status_code == status
    followed = call(installation, told, role, f"{ROUTE}/{name}/follow", {"href": "/trading/blotter"})
    assert followed.status_code == status
    listed = call(installation, told, role, f"{ROUTE}/bell")
    there = (
        name in [row["id"] for row in listed.json["data"]["insights"]] if listed.status_code == 200 else False
    )
    assert there == (status == 200)


def test_a_stranger_meets_nothing_and_changes_nothing(installation, told):
    other = installation.other
    for role in ("trader", "compliance", "risk"):
        assert call(installation, other, role, f"{ROUTE}/i-desk").status_code == 404
        assert say(installation, other, role, "i-desk", {"verdict": "not_useful"}).status_code == 404
    with installation.context.database.session(other.slug) as session:
        assert session.query(InsightFeedback).count() == 0


@pytest.mark.parametrize(
    "body", [{}, {"verdict": "great"}, {"snooze_days": 91}, {"snooze_days": -1}, {"other": 1}]
)
def test_what_cannot_be_said_is_refused_by_name(installation, told, body):
    answer = say(installation, told, "risk", "i-desk", body)
    assert answer.status_code == 422
    assert answer.json["errors"]


def test_a_key_reads_but_has_no_opinion(installation, told):
    key = {"key": True}
    assert call(installation, told, "risk", f"{ROUTE}/i-desk", **key).status_code == 200
    assert say(installation, told, "risk", "i-desk", {"verdict": "useful"}, **key).status_code == 403
    assert call(installation, told, "risk", f"{ROUTE}/seen", {}, **key).status_code == 403


def test_a_look_and_the_digests_settings_are_ones_own(installation, told):
    assert call(installation, told, "risk", f"{ROUTE}/seen", {}).status_code == 200
    assert call(installation, told, "risk", f"{ROUTE}/bell").json["data"]["unread"] == 0
    assert call(installation, told, "compliance", f"{ROUTE}/bell").json["data"]["unread"] > 0
    set_to = call(installation, told, "risk", f"{ROUTE}/digest", {"mail": True}).json["data"]
    assert set_to == {"on": True, "mail": True}
    assert call(installation, told, "compliance", f"{ROUTE}/digest").json["data"] == {
        "on": True,
        "mail": False,
    }


def test_the_list_takes_its_filters_and_refuses_others(installation, told):
    rows = call(
        installation, told, "compliance", f"{ROUTE}?kind=venue_cost&severity=high&domain=trading"
    ).json["data"]
    assert {row["id"] for row in rows} >= {"i-desk", "i-watch"}
    assert call(installation, told, "compliance", f"{ROUTE}?kind=nothing").json["data"] == []
    assert call(installation, told, "compliance", f"{ROUTE}?colour=red").status_code == 422
    rules = call(installation, told, "trader", f"{ROUTE}/rules").json["data"]
    assert rules
    assert not any("compliance" in rule["domains"] for rule in rules)
