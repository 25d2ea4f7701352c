"""Who reads of which alert: compliance of the firm, never its subject, never a stranger."""

from datetime import UTC, date, datetime, timedelta

import pytest

from app.errors import Forbidden, Invalid, NotFound
from app.jobs.surveil import surveil
from app.queries import compliance
from app.scope import Scope
from app.storage.records import counters
from app.storage.records.alerts import Alert
from app.storage.records.lists import Limit
from tests.app._world import context_of, desk_of, land

ACCOUNTS = """
account_id  kind      base_currency  owner_id  desk
A1          house     USD            O1        alpha
P9          personal  USD            jane      beta
"""
AT = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)


def finding(name: str, score: float, severity: str, *actors: tuple[str, str], **more) -> Alert:
    fields = {"instrument_ids": ["AAPL"], "window_start": AT, "window_end": AT, "created_at": AT} | more
    return Alert(
        org="acme", alert_id=name, detector="wash_trade", detector_version="1", parameters_version="p", score=score,
        severity=severity, actors=[{"kind": kind, "id": who} for kind, who in actors], title=name, **fields,
    )  # fmt: skip


@pytest.fixture
def firm(tmp_path, sqlite_database):
    context = context_of(tmp_path, sqlite_database)
    land(context, "acme", accounts=ACCOUNTS)
    with sqlite_database.session("acme", write=True) as session:
        session.add_all([
            finding("a1", 95, "critical", ("trader", "tom"), ("account", "A1")),
            finding("a2", 60, "medium", ("trader", "jane")),
            finding("a3", 61, "medium", ("account", "P9"), instrument_ids=["MSFT"], window_start=AT - timedelta(days=3),
                    window_end=AT - timedelta(days=3)),
            finding("a4", 45, "medium", ("trader", "tom"), status="closed_no_issue"),
        ])  # fmt: skip
    return context


def ids(answer) -> list[str]:
    return [row["alert_id"] for row in answer["rows"]]


def test_compliance_reads_all_the_highest_score_first(firm):
    found = compliance.alerts(desk_of(firm))
    assert (ids(found), found["total"]) == (["a1", "a3", "a2", "a4"], 4)
    assert found["facets"]["severity"] == {"critical": 1, "medium": 3}
    assert ids(compliance.alerts(desk_of(firm, role="auditor"))) == ids(found)


def test_the_subject_neither_sees_nor_counts_nor_opens_an_alert_about_himself(firm):
    jane = desk_of(firm, person_id="jane")  # a2 names her, a3 her personal account
    assert ids(compliance.alerts(jane)) == ["a1", "a4"]
    values, _ = compliance.summary(jane)
    assert values["alerts_open"] == {"low": 0, "medium": 0, "high": 0, "critical": 1}
    for name in ("a2", "a3", "nothing"):
        with pytest.raises(NotFound) as error:
            compliance.alert(jane, name)
        assert str(error.value) == "There is no such alert."


def test_an_answer_kept_for_another_does_not_reach_the_subject(firm):
    assert "a2" in ids(compliance.alerts(desk_of(firm)))
    assert "a2" not in ids(compliance.alerts(desk_of(firm, person_id="jane")))


def test_a_stranger_gets_the_same_answer_as_for_an_unknown_id(firm):
    stranger = desk_of(firm, "zenith")
    assert ids(compliance.alerts(stranger)) == []
    with pytest.raises(NotFound, match="There is no such alert"):
        compliance.alert(stranger, "a1")


@pytest.mark.parametrize("role", ["trader", "portfolio_manager", "risk", "admin", "operator"])
def test_other_roles_are_refused_and_get_nulls_with_a_reason(firm, role):
    desk = desk_of(firm, role=role)
    for question in (compliance.alerts, compliance.coverage):
        with pytest.raises(Forbidden):
            question(desk)
    with pytest.raises(Forbidden):
        compliance.alert(desk, "a1")
    values, reasons = compliance.summary(desk)
    assert set(values.values()) == {None}
    assert set(reasons) == set(values)
    assert set(reasons.values()) == {"surveillance is read by compliance"}


@pytest.mark.parametrize(("scope", "expected"), [
    (Scope(instrument=("MSFT",)), ["a3"]),
    (Scope(trader=("tom",)), ["a1", "a4"]),
    (Scope(account=("A1",)), ["a1"]),
    (Scope(desk=("beta",)), ["a3"]),
    (Scope(start=date(2026, 11, 20)), ["a1", "a2", "a4"]),
    (Scope(end=date(2026, 11, 19)), ["a3"]),
    (Scope(limit=2), ["a1", "a3"]),
])  # fmt: skip
def test_the_scope_narrows_the_list(firm, scope, expected):
    assert ids(compliance.alerts(desk_of(firm, scope=scope))) == expected


@pytest.mark.parametrize(("filters", "sort", "expected"), [
    ({"severity": "critical"}, "-score", ["a1"]),
    ({"open": "true"}, "score", ["a2", "a3", "a1"]),
    ({"open": "false"}, "-score", ["a4"]),
    ({"actor": "tom,nobody"}, "-score", ["a1", "a4"]),
    ({"status": "new", "severity": "medium"}, "window", ["a3", "a2"]),
])  # fmt: skip
def test_filters_and_sorts(firm, filters, sort, expected):
    assert ids(compliance.alerts(desk_of(firm), filters=filters, sort=sort)) == expected


def test_unknown_filters_and_sorts_are_named(firm):
    with pytest.raises(Invalid, match="Unknown filter"):
        compliance.alerts(desk_of(firm), filters={"colour": "red"})
    with pytest.raises(Invalid, match="Unknown sort"):
        compliance.alerts(desk_of(firm), sort="colour")


def test_an_alert_shows_others_of_its_actors_but_not_those_about_the_reader(firm):
    found = compliance.alert(desk_of(firm), "a1")
    assert [other["alert_id"] for other in found["related"]] == ["a4"]
    assert found["triage"] == {"probability": None, "reasons": [], "reason": compliance.UNRANKED}


def test_coverage_is_not_run_then_gap_then_counts_in_the_summary(firm):
    assert {row["state"] for row in compliance.coverage(desk_of(firm))} == {"not_run"}
    assert compliance.summary(desk_of(firm))[0]["coverage"] == 0.0
    surveil(firm, "acme", cause="test")
    states = {row["detector"]: row for row in compliance.coverage(desk_of(firm))}
    assert states["wash_trade"]["state"] == "gap"
    assert states["wash_trade"]["gaps"][0]["reason"] == "No executions to look at."


def test_limit_breaches_are_null_without_limits_and_counted_with_them(firm):
    values, reasons = compliance.summary(desk_of(firm))
    assert (values["limit_breaches"], reasons["limit_breaches"]) == (None, "no limit has been set")
    nav = """
    account_id  date        currency  cash  market_value  nav  gross_exposure  net_exposure
    A1          2026-11-20  USD       100   900           1000 1500            900
    """
    land(firm, "acme", daily_nav=nav)
    with firm.database.session("acme", write=True) as session:
        for measure, bound in (
            ("gross_exposure", 1000),
            ("net_exposure", 1000),
            ("leverage", 1.4),
            ("var_99_1d", 1),
        ):
            session.add(Limit(name=measure, measure=measure, value=bound, created_by="u"))
        counters.bump(session, "acme", "limits")
    assert compliance.summary(desk_of(firm))[0]["limit_breaches"] == 2


def test_every_detector_is_described_with_its_parameters():
    found = {row["name"]: row for row in compliance.detectors()}
    assert {"wash_trade", "restricted_list", "fat_finger"} <= set(found)
    assert found["fat_finger"]["parameters"][0].keys() == {
        "name", "type", "default", "unit", "rationale", "low", "high",
    }  # fmt: skip
