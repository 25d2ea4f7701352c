"""Looking again: only at what came in, with the alerts of a look at everything, and never a second alert."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from sqlalchemy import select

from app.actions import parameters
from app.errors import NotFound
from app.jobs.reproduce import reproduce
from app.jobs.surveil import surveil
from app.storage.records.alerts import Alert, AlertState
from app.storage.records.audit import AuditEntry
from app.storage.records.surveillance import DetectorRun
from tests.analytics.compliance._kit import tables
from tests.analytics.compliance._orders import ACCOUNTS, Book
from tests.app._world import context_of, land

LOOK = ["layering", "wash_trade"]  # one of single instruments, one of the whole market
START = datetime(2026, 11, 20, 15, tzinfo=UTC)


def cycle(book, at, instrument="AAPL"):
    """Show four offers, be filled on the bid, pull the offers."""
    for level in range(4):
        book.order(at, "sell", 100.02 + level / 100, 300, out=at + 5.5 + level / 100, instrument=instrument)
    book.order(at + 0.5, "buy", 100.0, 100, fill=(at + 5, 100), instrument=instrument)


def book_of(**cycles) -> pl.DataFrame:
    book = Book()
    for instrument, times in cycles.items():
        for at in times:
            cycle(book, at, instrument)
    return book.events().collect()


def crosses(*times, instrument="AAPL", match="M") -> pl.DataFrame:
    """Return pairs of executions of related accounts against one another, seconds after 15:00."""
    lines = [
        "exec_id order_id account_id instrument_id side last_qty last_px currency transact_time match_id"
    ]
    for at in times:
        when = (START + timedelta(seconds=at)).strftime("%H:%M:%S")
        for side, account in (("buy", "A1"), ("sell", "A2")):
            name = f"{instrument}{match}{at}"
            lines.append(
                f"X{side}{name} P{side}{name} {account} {instrument} {side} 100 190.10 USD {when} {name}"
            )
    return tables(executions="\n".join(lines))["executions"].collect()


@pytest.fixture
def firm(tmp_path, sqlite_database):
    context = context_of(tmp_path, sqlite_database)
    land(context, "acme", accounts=ACCOUNTS)
    return context


def look(firm, org="acme", **more):
    return surveil(firm, org, cause="test", detectors=LOOK, **more)


def stored(firm, kind=Alert, org="acme"):
    with firm.database.session(org) as session:
        return list(session.scalars(select(kind)))


def standing(firm, org):
    """Return what the alerts that are still found say, under the names detectors give them."""
    told = ("detector", "score", "severity", "evidence", "metrics", "story", "window_start", "window_end")
    return {
        a.finding_id or a.alert_id: [getattr(a, name) for name in told]
        for a in stored(firm, org=org)
        if a.gone_at is None
    }


def decided(firm, status, **more):
    with firm.database.session("acme", write=True) as session:
        found = session.scalars(select(Alert)).one()
        for name, value in {"status": status, **more}.items():
            setattr(found, name, value)


@pytest.mark.parametrize("dismissed", ["closed_false_positive", "closed_no_issue", "suppressed"])
def test_what_was_dismissed_is_looked_at_again_when_it_grows(firm, dismissed):
    land(firm, "acme", executions=crosses(0))
    look(firm)
    decided(firm, dismissed, due_at=None, closed_at=START)
    assert look(firm)["grown"] == 0
    assert stored(firm)[0].status == dismissed
    land(firm, "acme", executions=crosses(60))
    assert look(firm, changed=True)["grown"] == 1
    (after,) = stored(firm)
    assert (after.status, after.closed_at, after.due_at is not None) == ("reopened", None, True)
    (entry,) = [e for e in stored(firm, AuditEntry) if e.action == "alert.transition"]
    assert (dismissed in entry.before, "reopened" in entry.after) == (True, True)


def test_what_ended_with_its_case_stays_as_it_was_decided_and_more_is_a_new_alert(firm):
    land(firm, "acme", executions=crosses(0))
    look(firm)
    decided(firm, "breach_internal", case_id="c_1")
    (before,) = stored(firm)
    land(firm, "acme", executions=crosses(60))
    said = look(firm, changed=True)
    assert (said["new"], said["grown"], said["gone"]) == (1, 0, 0)
    kept, new = sorted(stored(firm), key=lambda a: a.status)
    assert (kept.alert_id, kept.status, kept.state, kept.evidence) == (
        before.alert_id, "breach_internal", 1, before.evidence
    )  # fmt: skip
    assert (new.status, len(new.evidence["exec_ids"])) == ("new", 4)
    assert [look(firm)[name] for name in ("new", "grown", "gone")] == [0, 0, 0]


def test_an_episode_that_grows_stays_one_alert_with_its_disposition(firm):
    land(firm, "acme", executions=crosses(0))
    assert look(firm)["new"] == 1
    decided(firm, "escalated", case_id="c_1", assignee="u_9")
    (before,) = stored(firm)
    land(firm, "acme", executions=crosses(60, 120))
    said = look(firm, changed=True)
    assert (said["new"], said["grown"], said["gone"]) == (0, 1, 0)
    (after,) = stored(firm)
    assert (after.alert_id, after.created_at) == (before.alert_id, before.created_at)
    assert (after.status, after.case_id, after.assignee) == ("escalated", "c_1", "u_9")
    assert (after.state, len(after.evidence["exec_ids"]), after.window_end) == (
        2,
        6,
        START + timedelta(seconds=120),
    )
    (kept,) = stored(firm, AlertState)
    assert (kept.alert_id, kept.state, kept.finding_id) == (before.alert_id, 1, before.alert_id)
    assert (kept.score, kept.evidence, kept.data_versions) == (
        before.score,
        before.evidence,
        before.data_versions,
    )
    (entry,) = [e for e in stored(firm, AuditEntry) if e.action == "alert.grown"]
    assert (entry.object_kind, entry.object_id) == ("alert", before.alert_id)
    for state in (1, 2, None):
        assert reproduce(firm, "acme", before.alert_id, state=state)["identical"]
    assert [look(firm, changed=one)["grown"] for one in (False, True)] == [0, 0]


def test_an_episode_joined_by_late_rows_is_the_alert_that_overlaps_most(firm):
    land(firm, "acme", executions=crosses(0, 400, 440))
    look(firm)
    first, second = sorted(stored(firm), key=lambda a: a.window_start)
    land(firm, "acme", executions=crosses(200))
    said = look(firm, changed=True)
    assert (said["new"], said["grown"], said["gone"]) == (0, 1, 1)
    after = {a.alert_id: a for a in stored(firm)}
    assert after[first.alert_id].gone_at is not None
    assert (after[second.alert_id].gone_at, after[second.alert_id].window_start) == (None, START)


def test_what_a_bust_takes_away_is_marked_and_what_comes_back_is_unmarked(firm):
    land(firm, "acme", executions=crosses(0))
    look(firm)
    bust = crosses(0).with_columns(
        exec_ref_id=pl.col("exec_id"), exec_id="B" + pl.col("exec_id"), exec_status=pl.lit("busted"),
        version=pl.lit(2).cast(pl.Int32),
    )  # fmt: skip
    bust = bust.with_columns(pl.col("version").cast(crosses(0).schema["version"]))
    land(firm, "acme", executions=bust)
    assert look(firm, changed=True)["gone"] == 1
    (alert,) = stored(firm)
    assert (alert.status, alert.gone_at is not None) == ("new", True)
    assert look(firm, changed=True)["gone"] == 0
    assert reproduce(firm, "acme", alert.alert_id)["identical"]
    assert [e.object_id for e in stored(firm, AuditEntry) if e.action == "alert.gone"] == [alert.alert_id]


def test_every_state_reproduces_after_imports_corrections_and_other_thresholds(firm, admin):
    land(
        firm, "acme", order_events=book_of(AAPL=(0, 60), MSFT=(0, 60)),
        executions=pl.concat([crosses(0, 60), crosses(30, instrument="MSFT", match="N")]),
    )  # fmt: skip
    look(firm)
    born = {a.alert_id: (a.score, a.metrics, a.story) for a in stored(firm)}
    fills = crosses(0, 60)
    fixed = fills.with_columns(
        exec_ref_id=pl.col("exec_id"), exec_id="C" + pl.col("exec_id"), version=pl.lit(2).cast(fills.schema["version"]),
        exec_status=pl.when(pl.col("exec_id").str.ends_with("60")).then(pl.lit("busted")).otherwise(pl.lit("corrected")),
        last_qty=pl.col("last_qty") * 3,
    )  # fmt: skip
    land(firm, "acme", executions=fixed)
    look(firm, changed=True)
    late = book_of(AAPL=(150,)).with_columns(
        order_id="L" + pl.col("order_id"), event_seq=pl.col("event_seq") + 900
    )
    land(firm, "acme", order_events=late, executions=crosses(90, instrument="MSFT", match="L"))
    look(firm, changed=True)
    author = replace(admin, org="acme", role="compliance", user_id="u_author")
    second = replace(author, user_id="u_second")
    why = "One cross is no pattern."
    parameters.propose(
        firm.database, author, detector="wash_trade", values={"base_score": 50.0}, rationale=why
    )
    parameters.approve(firm.database, second, detector="wash_trade", version=1)
    look(firm, changed=True)
    everyone = stored(firm)
    assert {a.alert_id for a in everyone} == born.keys()
    assert {a.state for a in everyone} >= {2, 3}
    for alert in everyone:
        for state in range(1, alert.state + 1):
            said = reproduce(firm, "acme", alert.alert_id, state=state)
            assert (said["identical"], said["differences"]) == (True, {})
    first = {s.alert_id: s for s in stored(firm, AlertState) if s.state == 1}
    for name, was in born.items():
        if name in first:
            assert (first[name].finding_id, (first[name].score, first[name].metrics, first[name].story)) == (
                name,
                was,
            )
    with pytest.raises(NotFound):
        reproduce(firm, "acme", everyone[0].alert_id, state=99)


def test_only_what_came_in_is_looked_at(firm):
    land(firm, "acme", order_events=book_of(AAPL=(0, 60), MSFT=(0, 60)), executions=crosses(0))
    first = look(firm, changed=True)
    assert (first["unchanged"], first["detectors"]["layering"]["alerts"]) == ([], 2)
    ran = {run.detector: run.ran_at for run in stored(firm, DetectorRun)}
    again = look(firm, changed=True)
    assert (again["unchanged"], again["detectors"], again["gone"]) == (LOOK, {}, 0)
    assert all(run.ran_at > ran[run.detector] for run in stored(firm, DetectorRun))
    more = book_of(MSFT=(120,)).with_columns(
        order_id="L" + pl.col("order_id"), event_seq=pl.col("event_seq") + 900
    )
    land(firm, "acme", order_events=more)
    said = look(firm, changed=True)
    assert (said["unchanged"], said["grown"], said["gone"]) == (["wash_trade"], 1, 0)
    assert said["detectors"]["layering"]["alerts"] == 1  # MSFT alone
    assert {run.detector: run.found for run in stored(firm, DetectorRun)} == {"layering": 2, "wash_trade": 1}


def test_a_look_at_some_days_does_not_stand_for_one_at_all(firm):
    land(firm, "acme", executions=crosses(0))
    look(firm, start=START.date() + timedelta(days=1))
    assert stored(firm) == []
    assert look(firm, changed=True)["new"] == 1


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 1, 0, 2), (2, 3, 1, 0)])
def test_pieces_in_any_order_say_what_the_whole_says(firm, order):
    events = book_of(AAPL=(0, 60, 900), MSFT=(0, 60), IBM=(0,)).sort("transact_time")
    fills = pl.concat([crosses(0, 60, 130, 900), crosses(30, instrument="MSFT", match="N")])
    events = events.with_columns(piece=pl.int_range(pl.len()) * 4 // pl.len())
    fills = fills.with_columns(piece=pl.int_range(pl.len()) % 4)
    for piece in order:
        land(
            firm, "acme",
            order_events=events.filter(piece=piece).drop("piece"), executions=fills.filter(piece=piece).drop("piece"),
        )  # fmt: skip
        look(firm, changed=True)
    land(firm, "whole", accounts=ACCOUNTS, order_events=events.drop("piece"), executions=fills.drop("piece"))
    look(firm, "whole")
    assert standing(firm, "acme") == standing(firm, "whole")
    assert len(standing(firm, "whole")) >= 4
    ids = [a.alert_id for a in stored(firm) if a.gone_at is None]
    assert len(ids) == len(set(ids))
    assert look(firm) | {"seconds": 0, "detectors": 0} == {
        "alerts": len(ids), "new": 0, "grown": 0, "gone": 0, "gaps": look(firm)["gaps"], "failed": {},
        "seconds": 0, "detectors": 0, "unchanged": [],
    }  # fmt: skip
