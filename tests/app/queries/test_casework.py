"""What is told of cases and of work on alerts: to whom, how much, and the figures of it."""

from datetime import timedelta

import pytest

from app.actions import alert_workflow, case_reports, case_steps, cases, suppressions
from app.errors import Forbidden, Invalid, NotFound
from app.queries import case_groups, casework, compliance, similar_alerts, stor, surveillance_mi
from app.queries import cases as told
from app.queries._line import own_line
from app.scope import Identity, Scope
from app.storage.records._base import now
from tests.app._casework import AT, LEO, NINA, NONE, WHY, with_alert, with_people
from tests.app._world import context_of, desk_of, land

ACCOUNTS = """
account_id  kind      base_currency  owner_id  desk
A1          house     USD            tom       alpha
P9          personal  USD            nina      beta
B3          personal  USD            boss      beta
"""
PEOPLE = """
person_id  name  manager_id
nina       Nina  boss
boss       Boss  chief
chief      Chief boss
kid        Kid   nina
tom        Tom   other
"""


@pytest.fixture
def firm(tmp_path, sqlite_database):
    context = context_of(tmp_path, sqlite_database)
    land(context, "acme", accounts=ACCOUNTS, people=PEOPLE)
    with_people(sqlite_database)
    return context


def desk(firm, who=NINA, **more):
    return desk_of(firm, role=who.role, person_id=who.person_id, **more)


def as_(firm, who, scope=None):
    from app.desk import Desk

    return Desk(firm.lake, firm.database, who, scope or Scope(), firm.cache)


def close(database, name, *, to="closed_no_issue", reason="hedge"):
    alert_workflow.transition(
        database, NINA, name, to=to, reason=reason, rationale=WHY, line=NONE, through=True
    )


def test_a_line_goes_up_and_down_with_the_accounts_and_ends_in_circles(firm):
    line = own_line(as_(firm, NINA))
    assert line.own == {"nina", "P9"}
    assert line.others == {"boss", "chief", "kid", "B3"}
    assert own_line(as_(firm, Identity("acme", "u_x", "X", "compliance"))).own == frozenset()


def test_the_overview_counts_cases_open_and_overdue(firm, sqlite_database):
    assert compliance.summary(as_(firm, NINA))[0]["cases_open"] == 0
    first = cases.open_case(sqlite_database, NINA, line=NONE, title="One", rationale=WHY)
    cases.open_case(sqlite_database, NINA, line=NONE, title="Two", rationale=WHY)
    with sqlite_database.session("acme", write=True) as session:
        session.get(type(first), first.id).due_at = now() - timedelta(hours=1)
    values, reasons = compliance.summary(as_(firm, NINA))
    assert (values["cases_open"], values["cases_overdue"]) == (2, 1)
    assert not set(reasons) & {"cases_open", "cases_overdue"}
    assert compliance.summary(desk_of(firm, role="trader"))[0]["cases_open"] is None


def test_cases_are_listed_by_what_is_due_and_hidden_from_their_subjects(firm, sqlite_database):
    low = cases.open_case(sqlite_database, NINA, line=NONE, title="Low", rationale=WHY, severity="low").id
    high = cases.open_case(sqlite_database, NINA, line=NONE, title="High", rationale=WHY, severity="high").id
    about = cases.open_case(sqlite_database, LEO, line=NONE, title="Nina's", rationale=WHY, severity="critical",
                            actors=[{"kind": "account", "id": "P9"}]).id  # fmt: skip
    secret = cases.open_case(
        sqlite_database, NINA, line=NONE, title="Secret", rationale=WHY, restricted=True
    ).id
    assert [row["case_id"] for row in told.cases(as_(firm, NINA))["rows"]] == [high, secret, low]
    assert {row["case_id"] for row in told.cases(as_(firm, LEO))["rows"]} == {high, low, about}
    assert told.cases(as_(firm, NINA), filters={"severity": "low"})["total"] == 1
    assert told.cases(as_(firm, NINA), filters={"owner": "me", "open": "true"})["total"] == 3
    auditor = Identity("acme", "u_ann", "Ann", "auditor")
    assert told.cases(as_(firm, auditor))["total"] == 4
    for name in (about, "case_unknown"):
        with pytest.raises(NotFound, match="There is no such case"):
            told.case(as_(firm, NINA), name)
    with pytest.raises(NotFound):
        told.case(as_(firm, LEO), secret)
    stranger = Identity("zenith", "u_z", "Zed", "compliance")
    assert told.cases(as_(firm, stranger))["total"] == 0
    hidden = casework.hidden_objects(as_(firm, LEO))
    assert secret in hidden
    assert about not in hidden
    for question in (
        told.cases,
        casework.waiting,
        case_groups.proposals,
        surveillance_mi.management,
        casework.suppressions,
    ):
        with pytest.raises(Forbidden):
            question(desk_of(firm, role="trader"))


@pytest.mark.parametrize("bad", [{"filters": {"colour": "red"}}, {"sort": "beauty"}])
def test_unknown_filters_and_sorts_are_named(firm, bad):
    with pytest.raises(Invalid):
        told.cases(as_(firm, NINA), **bad)


def test_one_case_tells_what_may_come_next_and_who_may_act(firm, sqlite_database):
    with_alert(sqlite_database)
    made = cases.open_case(sqlite_database, LEO, line=NONE, alert_ids=["alert-3"], rationale=WHY,
                           actors=[{"kind": "trader", "id": "boss"}])  # fmt: skip
    found = told.case(as_(firm, LEO), made.id)
    assert found["ref"] == "C-0001"
    assert [row["alert_id"] for row in found["alerts"]] == ["alert-3"]
    assert {row["state"] for row in found["next"]} == {
        "info_requested",
        "no_action",
        "near_miss",
        "breach_internal",
        "stor_draft",
    }
    assert found["may_act"]
    assert not told.case(as_(firm, NINA), made.id)["may_act"]  # it concerns her boss
    work = casework.alert_work(as_(firm, LEO), "alert-3")
    assert [one["to_state"] for one in work["steps"]] == ["assigned", "in_review", "escalated"]
    assert told.trail(as_(firm, LEO), made.id)[0]["action"] == "case.open"


def test_alerts_that_belong_together_are_proposed_as_a_case(firm, sqlite_database):
    for name, days, instrument, who in (
        ("a", 0, "AAPL", "tom"), ("b", 4, "AAPL", "tom"), ("c", 12, "AAPL", "tom"), ("d", 1, "MSFT", "tom"), ("e", 1, "MSFT", "ida"),
    ):  # fmt: skip
        at = AT + timedelta(days=days)
        with_alert(sqlite_database, name, instrument_ids=[instrument], actors=(("trader", who),), actor_group=who,
                   window_start=at, window_end=at)  # fmt: skip
    found = case_groups.proposals(as_(firm, NINA))
    assert [(one["by"], sorted(one["alert_ids"])) for one in found] == [
        ("actor", ["a", "b", "c", "d"]),
        ("instrument", ["a", "b"]),
    ]
    cases.open_case(sqlite_database, NINA, line=NONE, alert_ids=["a", "b", "c"], rationale=WHY)
    assert case_groups.proposals(as_(firm, NINA)) == []


def test_past_alerts_like_it_come_first_with_how_they_ended(firm, sqlite_database):
    measures = [{"name": "quantity", "value": 100.0, "threshold": 1.0, "percentile": None, "unit": ""}]
    with_alert(sqlite_database, "asked", metrics=measures)
    with_alert(sqlite_database, "same", metrics=measures)
    with_alert(sqlite_database, "other", actors=(("trader", "ida"),), instrument_ids=["MSFT"], score=90.0)
    with_alert(sqlite_database, "another rule", detector="fat_finger")
    with_alert(sqlite_database, "still open")
    close(sqlite_database, "same")
    close(sqlite_database, "other", to="closed_false_positive", reason="data_error")
    close(sqlite_database, "another rule")
    found = similar_alerts.similar(as_(firm, NINA), "asked")
    assert [row["alert_id"] for row in found["rows"]] == ["same", "other"]
    assert found["rows"][0]["likeness"] == pytest.approx(1.0)
    assert found["rows"][0]["why"] == ["actor", "instrument", "measures", "score"]
    assert (found["rows"][0]["reason"], found["rows"][0]["rationale"]) == ("hedge", WHY)
    assert found["ended"] == {"closed_false_positive": 1, "closed_no_issue": 1}
    assert found["false_positive_share"] == 0.5


def test_the_figures_of_surveillance_add_up(firm, sqlite_database):
    for name, who in (("alert-11", "A1"), ("alert-12", "A1"), ("alert-13", "nobody"), ("alert-14", "A1")):
        with_alert(sqlite_database, name, actors=(("account", who),), created_at=now() - timedelta(hours=30),
                   due_at=now() - timedelta(hours=1))  # fmt: skip
    with_alert(sqlite_database, "alert-15", status="suppressed", actors=(("account", "A1"),))
    close(sqlite_database, "alert-11")
    close(sqlite_database, "alert-12", to="closed_false_positive", reason="data_error")
    made = cases.open_case(sqlite_database, NINA, line=NONE, alert_ids=["alert-13"], rationale=WHY)
    found = surveillance_mi.management(as_(firm, NINA))
    assert found["alerts"] == {"found": 5, "open": 2, "closed": 2, "suppressed": 1, "overdue": 2}
    assert [(row["name"], row["found"], row["false_positive_rate"]) for row in found["by_desk"]] == [
        ("alpha", 4, 0.5), ("not known", 1, None),
    ]  # fmt: skip
    assert found["time_to_close"]["p50"] == pytest.approx(30, abs=0.1)
    assert found["conversion"] == {"escalation": 0.2, "report": 0.0}
    assert {row["age"]: row["alerts"] for row in found["ageing"]}["1 to 3 days"] == 2
    assert found["backlog"][-1]["open"] == 2
    assert found["cases"]["open"] == 1
    assert found["reviews"]["agreement"] is None
    assert set(found["reasons"]) == {"reviews.agreement"}
    case_steps.escalate(
        sqlite_database, NINA, made.id, to="lead", rationale=WHY, line=NONE, version=made.version
    )
    empty = surveillance_mi.management(as_(firm, NINA, Scope(start=now().date() + timedelta(days=1))))
    assert (empty["time_to_close"]["p50"], empty["conversion"]["escalation"]) == (None, None)
    assert {"time_to_close", "conversion.escalation", "conversion.report"} <= set(empty["reasons"])


def test_what_waits_says_whose_it_is_and_work_can_be_shared_out(firm, sqlite_database):
    with_alert(sqlite_database, severity="high")
    close(sqlite_database, "alert-3")
    assert [row["mine"] for row in casework.waiting(as_(firm, NINA))] == [True]
    assert [row["mine"] for row in casework.waiting(as_(firm, LEO))] == [False]
    assert {row["name"]: row["open"] for row in casework.colleagues(as_(firm, LEO))} == {"Nina": 1, "Leo": 0}
    assert len(casework.catalogue()["reasons"]) >= 25


def test_a_case_is_given_to_somebody_who_may_know_of_it_then(firm, sqlite_database):
    made = cases.open_case(sqlite_database, NINA, line=NONE, title="Secret", rationale=WHY, restricted=True)
    with pytest.raises(NotFound):
        told.case(as_(firm, LEO), made.id)
    cases.take(sqlite_database, NINA, made.id, line=NONE, owner="u_leo", version=1)
    assert told.case(as_(firm, LEO), made.id)["owner_name"] == "Leo"
    with pytest.raises(Invalid):
        cases.take(sqlite_database, NINA, made.id, line=NONE, owner="u_ann")
    about = cases.open_case(sqlite_database, NINA, line=NONE, title="Leo's", rationale=WHY,
                            actors=[{"kind": "trader", "id": "leo"}]).id  # fmt: skip
    with pytest.raises(Invalid):
        cases.take(sqlite_database, NINA, about, line=NONE, owner="u_leo")


def test_what_a_report_does_not_say_is_named(firm, sqlite_database):
    made = cases.open_case(sqlite_database, NINA, line=NONE, title="One", rationale=WHY)
    found = stor.checked(as_(firm, NINA), made.id)
    fields = {one["field"] for one in found["missing"]}
    assert {"narrative", "entity_lei", "contact"} <= fields
    assert "submitter_name" not in fields  # the one who writes it
    assert not found["complete"]
    given = dict.fromkeys(sorted(fields - {None}), "Known.")
    case_reports.write(sqlite_database, NINA, made.id, given=given, line=NONE, version=1)
    assert stor.checked(as_(firm, NINA), made.id)["complete"]


def test_closing_several_tells_what_a_second_person_sees_anyway(firm, sqlite_database):
    for name, severity in (("alert-3", "low"), ("alert-7", "low"), ("alert-8", "high")):
        with_alert(sqlite_database, name, severity=severity)
    found = casework.second_eyes(as_(firm, NINA), ["alert-3", "alert-7", "alert-8", "unknown"])
    assert (len(found["rows"]), found["sampled"], found["graves"], found["may_act"]) == (3, 1, 1, True)
    assert not casework.second_eyes(as_(firm, Identity("acme", "u_ann", "Ann", "auditor")), ["alert-3"])[
        "may_act"
    ]
    assert casework.quietable(as_(firm, NINA), "alert-3") == {"group": "O1", "instruments": ["AAPL"]}
    with pytest.raises(NotFound):
        casework.quietable(as_(firm, NINA), "unknown")


def test_a_proposed_suppression_waits_for_a_second_person_among_the_others(firm, sqlite_database):
    with_alert(sqlite_database)
    suppressions.propose(sqlite_database, NINA, alert_id="alert-3", reason="known desk", rationale=WHY,
                         valid_to=now() + timedelta(days=3), line=NONE)  # fmt: skip
    (row,) = casework.waiting(as_(firm, LEO))
    assert (row["object_kind"], row["requested_name"], row["mine"]) == ("suppression", "Nina", False)
    assert casework.waiting(as_(firm, NINA))[0]["mine"]
