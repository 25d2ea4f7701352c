"""Thresholds change by two people, on record, from their day on; every version stays."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from analytics.compliance.detectors.wash_trade import WashTrade
from app.actions import parameters
from app.errors import Conflict, Forbidden, Invalid, NotFound
from app.storage.records._base import now
from app.storage.records.audit import AuditEntry
from app.storage.records.counters import version_of

WHY = "One cross of a client is no pattern by itself."
BASE = WashTrade.Params().base_score


@pytest.fixture
def author(admin):
    return replace(admin, role="compliance", user_id="u_author")


@pytest.fixture
def second(author):
    return replace(author, user_id="u_second")


def proposed(database, author, **more):
    given = {"detector": "wash_trade", "values": {"base_score": 50.0}, "rationale": WHY}
    return parameters.propose(database, author, **(given | more))


def effective(database, org, at=None):
    with database.session(org) as session:
        params, version = parameters.in_effect(session, WashTrade, at or now())
        return params.base_score, version


def test_a_version_counts_once_a_second_person_approves_it(database, author, second):
    proposed(database, author)
    assert effective(database, author.org) == (BASE, None)
    parameters.approve(database, second, detector="wash_trade", version=1)
    assert effective(database, author.org) == (50.0, 1)
    with database.session(author.org) as session:
        said = session.scalars(
            select(AuditEntry.action)
            .where(AuditEntry.object_kind == "parameter_set")
            .order_by(AuditEntry.seq)
        )
        assert list(said) == ["parameters.propose", "parameters.approve"]
        assert version_of(session, author.org, "parameter_sets") == 2


def test_a_version_counts_from_its_day_on_and_an_older_one_until_then(database, author, second):
    proposed(database, author)
    parameters.approve(database, second, detector="wash_trade", version=1)
    day = now() + timedelta(days=3)
    proposed(database, author, values={"base_score": 40.0}, effective_from=day)
    parameters.approve(database, second, detector="wash_trade", version=2)
    assert effective(database, author.org, day - timedelta(seconds=1)) == (50.0, 1)
    assert effective(database, author.org, day) == (40.0, 2)


def test_a_day_that_has_passed_by_its_approval_never_counts_backwards(database, author, second):
    proposed(database, author, effective_from=now() - timedelta(days=9))
    made = parameters.approve(database, second, detector="wash_trade", version=1)
    assert made.effective_from == made.approved_at


def test_going_back_is_a_new_version_with_old_values_and_a_digest_finds_every_one(database, author, second):
    for version, score in enumerate((50.0, 40.0, 50.0), 1):
        proposed(database, author, values={"base_score": score})
        parameters.approve(database, second, detector="wash_trade", version=version)
    assert effective(database, author.org) == (50.0, 3)
    with database.session(author.org) as session:
        for score in (50.0, 40.0, BASE):
            digest = WashTrade.Params(base_score=score).version
            assert parameters.of_digest(session, WashTrade, digest).base_score == score
        assert parameters.of_digest(session, WashTrade, WashTrade.Params(base_score=33.0).version) is None


def test_nobody_approves_an_own_version_and_none_twice(database, author, second):
    proposed(database, author)
    with pytest.raises(Forbidden, match="second person"):
        parameters.approve(database, author, detector="wash_trade", version=1)
    parameters.approve(database, second, detector="wash_trade", version=1)
    with pytest.raises(Conflict):
        parameters.approve(database, second, detector="wash_trade", version=1)


@pytest.mark.parametrize("role", ["trader", "portfolio_manager", "risk", "auditor", "admin"])
def test_other_roles_set_no_threshold(database, author, role):
    with pytest.raises(Forbidden):
        proposed(database, replace(author, role=role))


def test_a_key_is_nobody(database, author, second):
    with pytest.raises(Forbidden, match="a key is nobody"):
        proposed(database, replace(author, user_id="k_1"))
    proposed(database, author)
    with pytest.raises(Forbidden, match="a key is nobody"):
        parameters.approve(database, replace(second, user_id="k_1"), detector="wash_trade", version=1)


def test_a_stranger_approves_nothing(database, author, stranger):
    proposed(database, author)
    with pytest.raises(NotFound):
        parameters.approve(
            database, replace(stranger, role="compliance", user_id="u_x"), detector="wash_trade", version=1
        )


@pytest.mark.parametrize(
    ("field", "more"),
    [
        ("base_score", {"values": {"base_score": 1e9}}),
        ("base_score", {"values": {"base_score": "high"}}),
        ("nothing", {"values": {"nothing": 1}}),
        ("rationale", {"rationale": "because"}),
    ],
)
def test_what_does_not_fit_is_named(database, author, field, more):
    with pytest.raises(Invalid) as refused:
        proposed(database, author, **more)
    assert [error.field for error in refused.value.errors] == [field]


def test_a_detector_there_is_not_is_not_found(database, author):
    with pytest.raises(NotFound):
        proposed(database, author, detector="nothing")
