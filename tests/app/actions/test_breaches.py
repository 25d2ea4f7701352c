"""Two people settle a breach: neither the same one twice, nor one it concerns, nor a key."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select

from app.actions import breaches, limits
from app.errors import Conflict, Forbidden, Invalid, NotFound
from app.scope import Identity
from app.storage.records import counters
from app.storage.records.audit import AuditEntry
from app.storage.records.limits import LimitBreach

DAY = date(2026, 11, 20)
NONE = frozenset()


@pytest.fixture
def risk(admin):
    return Identity(admin.org, "u_victor", "Victor", "risk", person_id="victor")


@pytest.fixture
def marta(admin):
    return Identity(admin.org, "u_marta", "Marta", "compliance", person_id="marta")


def passed(database, risk, *, name="lb_1", kind="account", subject="A1"):
    limit = limits.add(
        database, risk, name="Gross", measure="gross_exposure" if kind != "trader" else "order_notional",
        value=Decimal(100), subject_kind=kind, subject_id=subject,
    )  # fmt: skip
    with database.session(risk.org, write=True) as session:
        session.add(LimitBreach(
            id=name, limit_id=limit.id, opened=DAY, last_day=DAY, bound=Decimal(100), peak=120.0, peak_day=DAY, current=120.0,
        ))  # fmt: skip
    return name


def kept(database, org, name="lb_1"):
    with database.session(org) as session:
        return session.scalar(select(LimitBreach).where(LimitBreach.id == name))


def test_one_acknowledges_another_confirms_and_both_are_on_record(database, risk, marta):
    passed(database, risk)
    breaches.acknowledge(database, risk, "lb_1", comment=" Cut by half. ", own_accounts=NONE)
    found = kept(database, risk.org)
    assert (found.acknowledged_by, found.comment, found.confirmed_by) == ("u_victor", "Cut by half.", None)
    breaches.confirm(database, marta, "lb_1", own_accounts=NONE)
    found = kept(database, risk.org)
    assert (found.confirmed_by, found.confirmed_name, found.confirm_comment) == ("u_marta", "Marta", None)
    with database.session(risk.org) as session:
        trail = session.scalars(
            select(AuditEntry).where(AuditEntry.object_id == "lb_1").order_by(AuditEntry.seq)
        ).all()
        assert [(one.action, one.actor_id) for one in trail] == [
            ("breach.acknowledge", "u_victor"), ("breach.confirm", "u_marta"),
        ]  # fmt: skip
        assert '"comment":"Cut by half."' in trail[0].after
        assert counters.version_of(session, risk.org, "limit_breaches") == 2


def test_nobody_confirms_what_he_acknowledged_under_no_name(database, risk):
    passed(database, risk)
    breaches.acknowledge(database, risk, "lb_1", comment="seen", own_accounts=NONE)
    for same in (risk, replace(risk, user_id="u_second_login", role="compliance")):
        with pytest.raises(Forbidden, match="a second person must confirm"):
            breaches.confirm(database, same, "lb_1", own_accounts=NONE)
    assert kept(database, risk.org).confirmed_by is None


def test_each_step_happens_once_and_in_order(database, risk, marta):
    passed(database, risk)
    with pytest.raises(Conflict, match="Nobody has acknowledged"):
        breaches.confirm(database, marta, "lb_1", own_accounts=NONE)
    breaches.acknowledge(database, risk, "lb_1", comment="seen", own_accounts=NONE)
    with pytest.raises(Conflict, match="by Victor"):
        breaches.acknowledge(database, marta, "lb_1", comment="seen too", own_accounts=NONE)
    breaches.confirm(database, marta, "lb_1", own_accounts=NONE)
    with pytest.raises(Conflict, match="confirmed already, by Marta"):
        breaches.confirm(database, replace(marta, user_id="u_3", person_id=None), "lb_1", own_accounts=NONE)


@pytest.mark.parametrize("role", ["trader", "portfolio_manager", "auditor", "admin", "operator"])
def test_other_roles_settle_nothing(database, risk, role):
    passed(database, risk)
    for act in (breaches.acknowledge, breaches.confirm):
        with pytest.raises(Forbidden, match="never by the desk it concerns"):
            act(database, replace(risk, role=role), "lb_1", comment="seen", own_accounts=NONE)


def test_a_key_is_no_person_and_a_reader_changes_nothing(database, risk):
    passed(database, risk)
    for who in (replace(risk, user_id="k_1"), replace(risk, scopes=frozenset({"read"}))):
        with pytest.raises(Forbidden):
            breaches.acknowledge(database, who, "lb_1", comment="seen", own_accounts=NONE)


@pytest.mark.parametrize(
    ("kind", "subject", "own", "desks"),
    [
        ("account", "P9", {"P9"}, None),
        ("desk", "alpha", set(), ("alpha",)),
        ("trader", "victor", set(), None),
    ],
)
def test_whom_it_concerns_must_leave_it_to_others(database, risk, kind, subject, own, desks):
    passed(database, risk, kind=kind, subject=subject)
    with pytest.raises(Forbidden, match=f"of your own {kind}"):
        breaches.acknowledge(
            database, replace(risk, desks=desks), "lb_1", comment="seen", own_accounts=frozenset(own)
        )
    assert kept(database, risk.org).acknowledged_by is None


def test_a_stranger_finds_none_and_an_unknown_id_reads_alike(database, risk, stranger):
    passed(database, risk)
    foreign = replace(risk, org=stranger.org)
    for who, name in ((foreign, "lb_1"), (risk, "lb_nothing")):
        with pytest.raises(NotFound, match="There is no such breach"):
            breaches.acknowledge(database, who, name, comment="seen", own_accounts=NONE)


def test_a_comment_is_needed_and_nothing_is_written_without(database, risk):
    passed(database, risk)
    with pytest.raises(Invalid):
        breaches.acknowledge(database, risk, "lb_1", comment="  ", own_accounts=NONE)
    assert kept(database, risk.org).acknowledged_by is None
