"""Other thresholds tried on the days behind: against hand-made crosses, by people who may, of one firm."""

from dataclasses import asdict

import pytest
from sqlalchemy import select

from analytics.compliance.detectors.wash_trade import WashTrade
from app.errors import Forbidden, Invalid, NotFound
from app.jobs import calibrate
from app.jobs._queue import JobQueue
from app.jobs.surveil import surveil
from app.queries._line import own_line
from app.storage import schema
from app.storage.database import Database
from app.storage.records.alerts import Alert
from tests.app._world import context_of, desk_of, land

ACCOUNTS = """
account_id  kind   base_currency  owner_id  desk
A1          house  USD            O1        D1
A2          house  USD            O1        D1
"""
WASH = """
exec_id  order_id  account_id  trader_id  instrument_id  side  last_qty  last_px  currency  transact_time  match_id
E1       O1        A1          T1         AAPL           buy   100       190.10   USD       14:30:00       M1
E2       O2        A2          T2         AAPL           sell  100       190.10   USD       14:30:00       M1
E3       O3        A1          T1         JPM            buy   100       190.10   USD       14:30:00       M2
E4       O4        A2          T2         JPM            sell  100       190.10   USD       14:30:00       M2
"""


@pytest.fixture(scope="module")
def firm(tmp_path_factory):
    home = tmp_path_factory.mktemp("calibrate")
    database = Database(f"sqlite:///{home / 'records.db'}")
    schema.upgrade(database)
    context = context_of(home, database)
    land(context, "acme", accounts=ACCOUNTS, executions=WASH)
    surveil(context, "acme", cause="test", detectors=["wash_trade"])
    yield context
    database.close()


def tried(context, desk, **asked):
    given = {"detector": "wash_trade", "values": {}} | asked
    waiting = calibrate.request(context, desk, **given)
    JobQueue(context)._work(waiting["request_id"])
    return calibrate.answer(context, desk, waiting["request_id"])


def test_the_same_thresholds_gain_and_lose_nothing(firm):
    said = tried(firm, desk_of(firm))
    assert said["state"] == "done"
    result = said["result"]
    assert (result["kept"], result["added"], result["lost"], result["lost_followed"]) == (2, [], [], [])
    assert (result["before"]["alerts"], result["before"]["hours"]) == (2, pytest.approx(2 / 3, abs=0.01))
    assert result["before"] == result["after"]
    assert said["asked"]["parameters"] == asdict(WashTrade.Params())


def test_what_people_followed_up_counts_as_precision_and_is_named_when_lost(firm, monkeypatch):
    with firm.database.session("acme", write=True) as session:
        found = {alert.instrument_ids[0]: alert for alert in session.scalars(select(Alert))}
        found["AAPL"].status, found["JPM"].status = "escalated", "closed_false_positive"
        kept = found["AAPL"].alert_id
    whole = WashTrade.episodes

    def fewer(self, tables, params):
        rows = whole(self, tables, params)
        return rows if params == WashTrade.Params() else rows.head(0)

    monkeypatch.setattr(WashTrade, "episodes", fewer)
    result = tried(firm, desk_of(firm), values={"base_score": 55.0})["result"]
    assert result["before"]["precision"] == 0.5
    assert result["after"]["alerts"] == 0
    assert result["lost_followed"] == [kept]
    assert {row["alert_id"] for row in result["lost"]} > {kept}


def test_one_number_is_moved_at_a_time_on_request(firm):
    moves = tried(firm, desk_of(firm), perturb=True, days=5)["result"]["moves"]
    names = {row["name"] for row in WashTrade.Params.describe()}
    assert {move["parameter"] for move in moves} <= names
    assert all(move["alerts"] - move["added"] + move["lost"] == 2 for move in moves)


def test_who_asks_again_is_answered_from_what_is_kept(firm):
    first = calibrate.request(firm, desk_of(firm), detector="wash_trade", values={}, days=7)
    assert calibrate.request(firm, desk_of(firm), detector="wash_trade", values={}, days=7) == first


def test_findings_about_oneself_are_left_out(firm):
    land(firm, "acme", people="person_id  name\nO1  Olga\n")
    desk = desk_of(firm, person_id="O1")
    row = {"alert_id": "a", "actors": [{"kind": "account", "id": "A1"}]}
    other = {"alert_id": "b", "actors": [{"kind": "account", "id": "A9"}]}
    result = {"added": [row, other], "lost": [row], "below_the_line": [], "lost_followed": ["a"]}
    assert calibrate._without_own(result, own_line(desk).own) == {
        "added": [other], "lost": [], "below_the_line": [], "lost_followed": [],
    }  # fmt: skip


def test_doors(firm):
    for role in ("trader", "risk", "admin"):
        with pytest.raises(Forbidden):
            calibrate.request(firm, desk_of(firm, role=role), detector="wash_trade", values={})
    made = calibrate.request(firm, desk_of(firm), detector="wash_trade", values={})
    with pytest.raises(NotFound):
        calibrate.answer(firm, desk_of(firm, "zenith"), made["request_id"])
    with pytest.raises(NotFound):
        calibrate.request(firm, desk_of(firm), detector="nothing", values={})
    with pytest.raises(Invalid):
        calibrate.request(firm, desk_of(firm), detector="wash_trade", values={"nothing": 1})
    with pytest.raises(Invalid):
        calibrate.request(firm, desk_of(firm), detector="wash_trade", values={}, days=0)
