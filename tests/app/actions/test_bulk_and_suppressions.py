"""Many at once only together, for one reason, by two people; what is kept out of the queue stays on record."""

from datetime import timedelta
from itertools import count

import pytest

from app.actions import bulk_closing, suppressions
from app.actions.alerts import record_findings
from app.errors import Conflict, Forbidden, Invalid, NotFound
from app.scope import Identity, Line
from app.storage.records._base import now
from tests.app._casework import AT, KEY, LEO, NINA, NONE, ORG, WHY, alert, trail, with_alert, with_people

CLOSE = {"to": "closed_false_positive", "reason": "data_error", "rationale": WHY}


def asked(database, *names, actor=NINA, line=NONE, **more):
    return bulk_closing.ask(database, actor, names, line=line, **(CLOSE | more))


def test_a_batch_waits_whole_and_is_closed_whole_by_another_person(database):
    for name in ("a", "b", "c"):
        with_alert(database, name)
    batch = asked(database, "a", "b", "a")
    assert {alert(database, name).status for name in "ab"} == {"in_review"}
    with pytest.raises(Conflict, match="waits for a second person already"):
        asked(database, "b", "c")
    assert alert(database, "c").status == "new"
    with pytest.raises(Forbidden, match="second person"):
        bulk_closing.settle(database, NINA, batch, decision="approve", line=NONE)
    with pytest.raises(NotFound):
        bulk_closing.settle(database, LEO, "batch_unknown", decision="approve", line=NONE)
    assert bulk_closing.settle(database, LEO, batch, decision="approve", line=NONE) == 2
    assert {alert(database, name).status for name in "ab"} == {"closed_false_positive"}
    with pytest.raises(NotFound):
        bulk_closing.settle(database, LEO, batch, decision="approve", line=NONE)


def test_detectors_are_not_mixed_and_one_bad_alert_spoils_the_batch(sqlite_database):
    with_alert(sqlite_database, "a")
    with_alert(sqlite_database, "b", detector="fat_finger")
    with_alert(sqlite_database, "c", status="closed_no_issue")
    with_alert(sqlite_database, "d", actors=(("trader", "boss"),))
    for names, error, line in (
        (("a", "b"), Invalid, NONE), (("a", "c"), Conflict, NONE), (("a", "unknown"), NotFound, NONE), ((), Invalid, NONE),
        (("a", "d"), Forbidden, Line(others=frozenset({"boss"}))),
    ):  # fmt: skip
        with pytest.raises(error):
            asked(sqlite_database, *names, line=line)
    for bad in ({"to": "escalated"}, {"reason": "hedge"}, {"rationale": "no"}):
        with pytest.raises(Invalid):
            asked(sqlite_database, "a", **bad)
    with pytest.raises(Forbidden):
        asked(sqlite_database, "a", actor=KEY)
    assert alert(sqlite_database, "a").status == "new"


_HOURS = count()


def finding(name, *, severity="medium", group="O1", instruments=("AAPL",)):
    at = AT + timedelta(hours=next(_HOURS))  # an episode of its own
    return {
        "alert_id": name, "detector": "wash_trade", "detector_version": "1", "parameters_version": "p",
        "severity": severity, "score": 50.0, "actors": [], "actor_group": group, "instrument_ids": list(instruments),
        "window_start": at, "window_end": at, "metrics": [], "story": [], "regulation": [], "order_ids": [],
        "exec_ids": [], "message_ids": [], "post_ids": [], "event_seqs": [],
    }  # fmt: skip


def recorded(database, *findings):
    with database.session(ORG, write=True) as session:
        record_findings(session, ORG, findings, actor=NINA, titles={"wash_trade": "Wash"},
                        data_versions={"wash_trade": {}}, at=now())  # fmt: skip


def proposed(database, **more):
    fields = {
        "alert_id": "known",
        "reason": "hedge",
        "rationale": WHY,
        "valid_to": now() + timedelta(days=30),
    } | more
    return suppressions.propose(database, NINA, line=NONE, **fields).id


def test_what_a_suppression_covers_is_recorded_and_nobody_is_asked(database):
    recorded(database, finding("known"))
    assert alert(database, "known").due_at > now() + timedelta(days=2)
    name = proposed(database)
    recorded(database, finding("while proposed"))
    with pytest.raises(Forbidden, match="second person"):
        suppressions.settle(database, NINA, name, decision="approve", line=NONE)
    suppressions.settle(database, LEO, name, decision="approve", line=NONE)
    recorded(database, finding("covered"), finding("other group", group="O2"), finding("no group", group=None),
             finding("wider", instruments=("AAPL", "MSFT")), finding("worst", severity="critical"))  # fmt: skip
    assert (alert(database, "covered").status, alert(database, "covered").suppression_id) == (
        "suppressed",
        name,
    )
    assert alert(database, "covered").due_at is None
    for other in ("while proposed", "other group", "no group", "wider", "worst"):
        assert alert(database, other).status == "new", other
    suppressions.end(database, LEO, name)
    recorded(database, finding("after"))
    assert alert(database, "after").status == "new"
    assert trail(database, name) == [
        "suppression.propose",
        "suppression.refused",
        "suppression.approve",
        "suppression.end",
    ]


def test_a_suppression_ends_by_itself(sqlite_database):
    from app.storage.records.workflow import Suppression

    recorded(sqlite_database, finding("known"))
    name = proposed(sqlite_database, every_instrument=True)
    suppressions.settle(sqlite_database, LEO, name, decision="approve", line=NONE)
    with sqlite_database.session(ORG, write=True) as session:
        row = session.get(Suppression, name)
        assert row.instrument_id is None
        row.valid_from, row.valid_to = now() - timedelta(days=2), now() - timedelta(days=1)
    recorded(sqlite_database, finding("late"))
    assert alert(sqlite_database, "late").status == "new"
    with pytest.raises(Conflict):
        suppressions.end(sqlite_database, LEO, name)


@pytest.mark.parametrize(("more", "error"), [
    ({"valid_to": now() + timedelta(days=120)}, Invalid), ({"valid_to": now() - timedelta(days=1)}, Invalid),
    ({"rationale": "no"}, Invalid), ({"alert_id": "unknown"}, NotFound), ({"alert_id": "loner"}, Conflict),
])  # fmt: skip
def test_a_suppression_that_does_not_fit_is_refused(sqlite_database, more, error):
    with_alert(sqlite_database, "known")
    with_alert(sqlite_database, "loner", actor_group=None)
    with pytest.raises(error):
        proposed(sqlite_database, **more)


def agreed(database, name, actor=LEO, *, line=NONE, decision="approve"):
    return suppressions.settle(database, actor, name, decision=decision, line=line)


def test_what_is_proposed_or_kept_out_already_is_not_proposed_again(sqlite_database):
    with_alert(sqlite_database, "known")
    first = proposed(sqlite_database)
    with pytest.raises(Conflict, match="proposed it already"):
        proposed(sqlite_database)
    until = agreed(sqlite_database, first).valid_to
    with pytest.raises(Conflict, match="kept out already"):
        proposed(sqlite_database, valid_to=until - timedelta(hours=1))
    assert proposed(sqlite_database, every_instrument=True) != first
    assert proposed(sqlite_database, valid_to=until + timedelta(days=1)) != first


def test_an_alert_of_several_instruments_is_kept_out_in_every_one_or_not_at_all(sqlite_database):
    with_alert(sqlite_database, "wide", instrument_ids=["AAPL", "MSFT"])
    with pytest.raises(Invalid) as told:
        proposed(sqlite_database, alert_id="wide")
    assert [one.field for one in told.value.errors] == ["every_instrument"]
    agreed(sqlite_database, proposed(sqlite_database, alert_id="wide", every_instrument=True))
    recorded(sqlite_database, finding("next", instruments=("AAPL", "MSFT")))
    assert alert(sqlite_database, "next").status == "suppressed"


def test_who_proposed_it_under_another_sign_in_or_is_concerned_does_not_agree(sqlite_database):
    with_people(sqlite_database)
    with_alert(sqlite_database, "known")  # about tom
    name = proposed(sqlite_database)
    again = Identity(ORG, "u_nina2", "Nina", "compliance", person_id="nina")
    with pytest.raises(Forbidden, match="yourself"):
        agreed(sqlite_database, name, again)
    with pytest.raises(Forbidden, match="line"):
        agreed(sqlite_database, name, line=Line(others=frozenset({"tom"})))
    with pytest.raises(NotFound, match="no such suppression"):
        agreed(sqlite_database, name, line=Line(own=frozenset({"tom"})))
    assert trail(sqlite_database, name) == ["suppression.propose", *["suppression.refused"] * 3]


def test_what_would_have_ended_by_now_is_not_agreed_to(sqlite_database, monkeypatch):
    with_alert(sqlite_database, "known")
    name, later = proposed(sqlite_database), now() + timedelta(days=60)
    monkeypatch.setattr("app.actions._casework.now", lambda: later)
    with pytest.raises(Conflict, match="ended by now"):
        agreed(sqlite_database, name)
    assert agreed(sqlite_database, name, decision="return").status == "returned"
