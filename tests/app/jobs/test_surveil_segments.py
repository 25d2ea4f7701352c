"""Thresholds of segments: each finding is judged by its own segment's, and nothing else changes for it."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from analytics.compliance.detectors.wash_trade import WashTrade
from app.actions import parameters
from app.errors import Invalid
from app.jobs.reproduce import reproduce
from app.jobs.surveil import surveil
from app.scope import Identity
from app.storage.records.alerts import Alert
from app.storage.records.surveillance import DetectorRun
from tests.app._world import context_of, land

WHY = "Thin names are traded by few."
ACCOUNTS = """
account_id  kind   base_currency  owner_id  desk
A1          house  USD            O1        D1
A2          house  USD            O1        D1
B1          house  USD            O2        D2
B2          house  USD            O2        D2
"""
INSTRUMENTS = """
instrument_id  symbol  asset_class  currency  mic
AAPL           AAPL    equity       USD       XNAS
SPYX           SPYX    fund         USD       ARCX
"""
MOVED = """
instrument_id  valid_from  symbol  asset_class  currency  mic
AAPL           2026-11-01  AAPL    equity       USD       XNYS
"""
WASH = """
exec_id  order_id  account_id  trader_id  instrument_id  side  last_qty  last_px  currency  transact_time  match_id
E1       O1        A1          T1         AAPL           buy   100       190.10   USD       14:30:00       M1
E2       O2        A2          T2         AAPL           sell  100       190.10   USD       14:30:00       M1
E3       O3        A1          T1         SPYX           buy   100       190.10   USD       14:30:00       M2
E4       O4        A2          T2         SPYX           sell  100       190.10   USD       14:30:00       M2
E5       O5        B1          T3         SPYX           buy   100       190.10   USD       15:30:00       M3
E6       O6        B2          T4         SPYX           sell  100       190.10   USD       15:30:00       M3
"""


@pytest.fixture
def firm(tmp_path, sqlite_database):
    context = context_of(tmp_path, sqlite_database)
    land(context, "acme", accounts=ACCOUNTS, instruments=INSTRUMENTS, executions=WASH)
    return context


def agreed(context, segment, score=50.0, **more):
    author = Identity("acme", "u_author", "Author", "compliance")
    given = {"detector": "wash_trade", "values": {"base_score": score}, "rationale": WHY, "segment": segment}
    made = parameters.propose(context.database, author, **(given | more))
    second = replace(author, user_id="u_second")
    parameters.approve(context.database, second, detector="wash_trade", version=made.version)
    return made.version


def look(context, **more):
    said = surveil(context, "acme", cause="test", detectors=["wash_trade"], **more)
    assert said["failed"] == {}
    with context.database.session("acme") as session:
        return {(one.instrument_ids[0], one.actors[0]["id"]): one for one in session.scalars(select(Alert))}


def of(**values):
    return WashTrade.Params(**values).version


def test_only_the_segments_own_findings_are_judged_by_its_thresholds(firm):
    before = look(firm)
    assert {one.parameters_version for one in before.values()} == {of()}
    agreed(firm, "asset_class:fund")
    after = look(firm)
    assert {key: one.score for key, one in after.items()} == {
        ("AAPL", "A1"): 60.0, ("SPYX", "A1"): 50.0, ("SPYX", "B1"): 50.0
    }  # fmt: skip
    assert {one.parameters_version for (name, _), one in after.items() if name == "SPYX"} == {
        of(base_score=50.0)
    }
    untouched = after["AAPL", "A1"]
    assert (untouched.alert_id, untouched.state, untouched.parameters_version) == (
        before["AAPL", "A1"].alert_id, 1, of()
    )  # fmt: skip
    assert {one.alert_id for one in after.values()} == {one.alert_id for one in before.values()}
    for one in after.values():
        assert reproduce(firm, "acme", one.alert_id)["identical"]


def test_a_desk_goes_before_a_venue_and_a_venue_before_an_asset_class(firm):
    agreed(firm, "asset_class:fund", 40.0)
    agreed(firm, "venue:ARCX", 45.0)
    agreed(firm, "desk:D2", 55.0)
    assert {key: one.score for key, one in look(firm).items()} == {
        ("AAPL", "A1"): 60.0, ("SPYX", "A1"): 45.0, ("SPYX", "B1"): 55.0
    }  # fmt: skip


def test_what_is_withdrawn_falls_back_to_everywhere(firm):
    agreed(firm, "asset_class:fund")
    look(firm)
    agreed(firm, "", 70.0)
    assert {one.score for key, one in look(firm).items() if key[0] == "SPYX"} == {50.0}
    agreed(firm, "asset_class:fund", withdraw=True)
    assert {one.score for one in look(firm).values()} == {70.0}


def test_a_segments_new_thresholds_are_seen_by_a_look_at_changes_only(firm):
    look(firm)
    assert surveil(firm, "acme", cause="test", detectors=["wash_trade"], changed=True)["unchanged"] == [
        "wash_trade"
    ]
    agreed(firm, "venue:XNAS")
    assert look(firm, changed=True)["AAPL", "A1"].score == 50.0
    assert surveil(firm, "acme", cause="test", detectors=["wash_trade"], changed=True)["unchanged"] == [
        "wash_trade"
    ]
    land(firm, "acme", instruments=MOVED)
    assert look(firm, changed=True)["AAPL", "A1"].score == 60.0
    with firm.database.session("acme") as session:
        assert session.scalars(select(DetectorRun)).one().parameters_version != of()


def test_a_segment_that_is_none_is_refused(firm):
    for segment in ("fund", "colour:red", "venue:", "desk:" + "x" * 80):
        with pytest.raises(Invalid):
            agreed(firm, segment)
    with pytest.raises(Invalid, match="nothing to withdraw"):
        agreed(firm, "venue:XNAS", withdraw=True)
    with pytest.raises(Invalid, match="nothing to withdraw"):
        agreed(firm, "", withdraw=True)
