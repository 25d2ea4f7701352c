"""What-if of a segment and of chosen days: only its own findings are compared, named as the alerts on record."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select

from app.actions import parameters
from app.errors import Invalid
from app.jobs import calibrate
from app.jobs._queue import JobQueue
from app.jobs.surveil import surveil
from app.queries import calibration
from app.scope import Identity
from app.storage import schema
from app.storage.database import Database
from app.storage.records.alerts import Alert
from tests.app._world import context_of, desk_of, land
from tests.app.jobs.test_surveil_segments import ACCOUNTS, INSTRUMENTS, WASH, WHY

PRICES = """
instrument_id  date        close   volume    currency
AAPL           2026-11-19  190.00  50000000  USD
SPYX           2026-11-19  190.00  1000      USD
"""


@pytest.fixture(scope="module")
def firm(tmp_path_factory):
    home = tmp_path_factory.mktemp("segments")
    database = Database(f"sqlite:///{home / 'records.db'}")
    schema.upgrade(database)
    context = context_of(home, database)
    land(context, "acme", accounts=ACCOUNTS, instruments=INSTRUMENTS, prices=PRICES, executions=WASH)
    surveil(context, "acme", cause="test", detectors=["wash_trade"])
    author = Identity("acme", "u_author", "Author", "compliance")
    given = {"detector": "wash_trade", "values": {"base_score": 50.0}, "rationale": WHY}
    made = parameters.propose(context.database, author, **given, segment="liquidity:thin")
    parameters.approve(
        context.database, replace(author, user_id="u_b"), detector="wash_trade", version=made.version
    )
    # From here on the alerts of thin names are further states: their findings are called otherwise.
    surveil(context, "acme", cause="test", detectors=["wash_trade"])
    yield context
    database.close()


def tried(context, **asked):
    desk = desk_of(context)
    waiting = calibrate.request(context, desk, **({"detector": "wash_trade", "values": {}} | asked))
    JobQueue(context)._work(waiting["request_id"])
    return calibrate.answer(context, desk, waiting["request_id"])["result"]


def test_the_data_say_which_segments_there_are(firm):
    assert [(row["segment"], row["members"]) for row in calibration.segments(desk_of(firm))] == [
        ("desk:D1", 2), ("desk:D2", 2), ("liquidity:liquid", 1), ("liquidity:thin", 1),
        ("venue:ARCX", 1), ("venue:XNAS", 1), ("asset_class:equity", 1), ("asset_class:fund", 1),
    ]  # fmt: skip


def test_a_segments_trial_compares_its_own_findings_with_its_own_thresholds(firm):
    thin = tried(firm, segment="liquidity:thin", values={"base_score": 50.0})
    assert (thin["before"]["alerts"], thin["kept"], thin["added"], thin["lost"]) == (2, 2, [], [])
    everywhere = tried(firm)
    assert everywhere["before"]["alerts"] == 1
    desk = tried(
        firm, segment="desk:D1"
    )  # the thin name is still its own: liquidity has thresholds, D1 none yet
    assert desk["before"]["alerts"] == 2


def test_what_is_lost_is_named_as_the_alert_on_record(firm, monkeypatch):
    with firm.database.session("acme", write=True) as session:
        thin = [one for one in session.scalars(select(Alert)) if one.instrument_ids == ["SPYX"]]
        assert all(one.finding_id != one.alert_id and one.state == 2 for one in thin)
        thin[0].status = "escalated"
        ids, escalated = {one.alert_id for one in thin}, thin[0].alert_id
    whole = calibrate.look_with

    def fewer(detector, params, *rest, **more):
        return [found.head(0) if one.base_score == 51.0 else found
                for one, found in zip(params, whole(detector, params, *rest, **more), strict=True)]  # fmt: skip

    monkeypatch.setattr(calibrate, "look_with", fewer)
    said = tried(firm, segment="liquidity:thin", values={"base_score": 51.0})
    assert {row["alert_id"] for row in said["lost"]} == ids
    assert all(row["known"] for row in said["lost"])
    assert said["lost_followed"] == [escalated]
    assert (said["before"]["followed"], said["after"]["alerts"]) == (1, 0)


@pytest.mark.parametrize(
    ("days", "found"),
    [
        ({}, 1),
        ({"start": date(2026, 11, 20)}, 1),
        ({"start": date(2026, 11, 21)}, 0),
        ({"end": date(2026, 11, 20)}, 1),
        ({"end": date(2026, 11, 19)}, 0),
        ({"end": date(2026, 12, 20), "days": 10}, 0),
        ({"start": date(2026, 11, 1), "end": date(2026, 11, 30)}, 1),
    ],
)
def test_only_findings_of_the_days_asked_for_are_compared(firm, days, found):
    assert tried(firm, **days)["before"]["alerts"] == found


def test_days_back_to_front_and_segments_of_nothing_are_refused(firm):
    desk = desk_of(firm)
    for asked in (
        {"start": date(2026, 11, 2), "end": date(2026, 11, 1)},
        {"segment": "venue:XXXX"},
        {"segment": "thin"},
    ):
        with pytest.raises(Invalid):
            calibrate.request(firm, desk, detector="wash_trade", values={}, **asked)


def test_moves_draw_samples_on_both_sides_of_the_line(firm, monkeypatch):
    whole = calibrate.look_with

    def fewer(detector, params, *rest, **more):
        return [found.head(0) if one.volume_share > 0.05 else found
                for one, found in zip(params, whole(detector, params, *rest, **more), strict=True)]  # fmt: skip

    monkeypatch.setattr(calibrate, "look_with", fewer)
    said = tried(firm, perturb=True, values={"net_fraction": 0.011})
    assert said["below_the_line"] == []
    assert [row["under"].split(",")[0] for row in said["above_the_line"]] == ["volume_share"]
    assert said["above_the_line"][0]["known"]
