"""Thresholds over REST: two people, a colleague who may not, a stranger who learns nothing."""

import pytest

from app.jobs._queue import JobQueue
from tests.tenancy.conftest import HERE

WHY = "One cross of a client is no pattern by itself."
BODY = {"detector": "wash_trade", "parameters": {"base_score": 50}, "rationale": WHY}


@pytest.fixture
def ask(installation):
    """Return a function that calls a route in the session of a role of a firm."""

    def call(role, method, path, body=None, *, firm=None, key=False):
        whose = firm or installation.one
        headers = {"Authorization": f"Bearer {whose.keys[role]}"} if key else {"Origin": HERE}
        client = installation.client(token=None if key else whose.tokens[role])
        return client.open(
            f"/api/compliance/{path}", method=method, json=body, headers=headers, base_url=HERE
        )

    return call


def row(answer):
    (found,) = answer.json["data"]
    return found


def test_a_proposal_is_kept_shown_and_not_approved_by_its_author(installation, ask):
    made = ask("compliance", "POST", "parameters", BODY)
    assert made.status_code == 201, made.text
    version = made.json["data"]["version"]
    shown = row(ask("auditor", "GET", "parameters?detector=wash_trade"))
    assert shown["in_effect"] is None
    assert (shown["versions"][0]["state"], shown["versions"][0]["parameters"]["base_score"]) == (
        "proposed",
        50.0,
    )
    place = f"parameters/wash_trade/{version}/approve"
    refused = ask("compliance", "POST", place, {})
    assert refused.status_code == 403
    assert "second person" in refused.json["detail"]
    assert ask("auditor", "POST", place, {}).status_code == 403
    assert ask("compliance", "POST", place, {}, firm=installation.other).status_code == 404
    assert (
        row(ask("compliance", "GET", "parameters?detector=wash_trade", firm=installation.other))["versions"]
        == []
    )


@pytest.mark.parametrize("role", ["trader", "portfolio_manager", "risk", "admin"])
def test_no_other_role_reads_or_writes_thresholds(ask, role):
    assert ask(role, "GET", "parameters").status_code == 403
    assert ask(role, "POST", "parameters", BODY).status_code == 403
    assert ask(role, "POST", "detectors/wash_trade/what-if", {}).status_code == 403


def test_a_key_sets_no_threshold(ask):
    assert ask("compliance", "POST", "parameters", BODY, key=True).status_code == 403


@pytest.mark.parametrize(
    "body",
    [
        {}, BODY | {"rationale": "no"}, BODY | {"parameters": {"base_score": 1e9}}, BODY | {"parameters": {"x": 1}},
        BODY | {"parameters": [1]}, BODY | {"effective_from": "soon"}, BODY | {"surprise": 1}, [], "x",
    ],
)  # fmt: skip
def test_proposals_that_do_not_fit_are_refused(ask, body):
    assert ask("compliance", "POST", "parameters", body).status_code == 422


def test_a_trial_is_accepted_then_answered_to_watchers_of_the_firm(installation, ask):
    accepted = ask("compliance", "POST", "detectors/wash_trade/what-if", {"parameters": {"base_score": 55}})
    assert accepted.status_code == 202, accepted.text
    place = accepted.headers["Location"].removeprefix("/api/compliance/")
    JobQueue(installation.context)._work(accepted.json["data"]["request_id"])
    done = ask("auditor", "GET", place).json["data"]
    assert done["state"] == "done"
    assert done["result"]["before"]["alerts"] == done["result"]["kept"] + done["result"]["lost_total"]
    assert ask("compliance", "GET", place, firm=installation.other).status_code == 404
    assert ask("auditor", "POST", "detectors/wash_trade/what-if", {}).status_code == 403
    assert ask("compliance", "POST", "detectors/nothing/what-if", {}).status_code == 404
    assert ask("compliance", "POST", "detectors/wash_trade/what-if", {"days": 0}).status_code == 422


def test_a_segment_there_is_gets_a_proposal_of_its_own_and_another_is_refused(ask):
    there = ask("auditor", "GET", "parameters/segments")
    assert there.status_code == 200, there.text
    named = there.json["data"][0]["segment"]
    made = ask("compliance", "POST", "parameters", BODY | {"segment": named})
    assert (made.status_code, made.json["data"]["segment"]) == (201, named)
    shown = row(ask("auditor", "GET", f"parameters?detector=wash_trade&segment={named}"))
    assert (shown["segment"], shown["own"], shown["versions"][0]["segment"]) == (named, False, named)
    for path, body in (
        ("parameters", BODY | {"segment": "venue:NOWHERE"}),
        ("parameters", BODY | {"segment": named, "withdraw": True}),
        ("detectors/wash_trade/what-if", {"segment": "venue:NOWHERE"}),
        ("detectors/wash_trade/what-if", {"start": "2026-11-02", "end": "2026-11-01"}),
    ):
        assert ask("compliance", "POST", path, body).status_code == 422
    assert ask("auditor", "GET", "parameters?segment=venue:NOWHERE").status_code == 422
    assert ask("trader", "GET", "parameters/segments").status_code == 403
