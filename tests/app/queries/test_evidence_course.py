"""What an alert's rule is about, over time: positions, gains and allocations, right to the unit and closed to others."""

import shutil
from datetime import UTC, date, datetime

import pytest

from app.errors import Forbidden, NotFound
from app.queries import evidence_answer, evidence_cards, evidence_course
from app.storage.database import Database
from app.storage.records.alerts import Alert
from tests.app._world import context_of, desk_of, land

AT, UNTIL = datetime(2026, 11, 20, 14, 30, tzinfo=UTC), datetime(2026, 11, 20, 14, 40, tzinfo=UTC)
TABLES = {
    "accounts": """
account_id  kind   base_currency  owner_id  desk   name
A1          house  USD            O1        alpha  One
A2          house  USD            O2        alpha  Two
""",
    "instruments": """
instrument_id  symbol  name   asset_class  currency  tick_size
AAPL           AAPL    Apple  equity       USD       0.01
""",
    "executions": """
exec_id  order_id  account_id  trader_id  instrument_id  side  last_qty  last_px  currency  commission  transact_time
E1       O1        A1          tom        AAPL           buy   100       100      USD       0           2026-11-18T14:30:00
E2       O2        A1          tom        AAPL           buy   50        100      USD       0           2026-11-20T14:31:00
E3       O3        A1          tom        AAPL           sell  30        101      USD       0           2026-11-20T14:35:00
E4       O4        A2          tom        AAPL           buy   900       100      USD       0           2026-11-20T14:33:00
""",
    "prices": """
instrument_id  date        close  currency
AAPL           2026-11-18  101    USD
AAPL           2026-11-20  102    USD
""",
    "daily_positions": """
account_id  instrument_id  date        quantity  market_px  fx_rate  pnl_base  pnl  currency
A1          AAPL           2026-11-18  100       101        1        100       100  USD
A1          AAPL           2026-11-20  120       102        1        50        50   USD
""",
    "daily_nav": """
account_id  date        nav   currency
A1          2026-11-18  1000  USD
A1          2026-11-20  1000  USD
""",
    "allocations": """
allocation_id  version  order_id  instrument_id  account_id  side  quantity  price  alloc_time           allocated_by
L1             1        O2        AAPL           A2          buy   50        100    2026-11-20T18:00:00  tom
L1             2        O2        AAPL           A1          buy   50        100    2026-11-20T18:00:00  tom
L2             1        O3        AAPL           A2          sell  30        101    2026-11-20T18:05:00  tom
L3             1        O4        AAPL           A2          buy   900       100    2026-11-20T14:33:00  tom
L4             1        O1        AAPL           A2          buy   100       100    2026-11-18T18:00:00  tom
""",
}  # fmt: skip
COURSES = (evidence_course.position, evidence_course.gains, evidence_course.picked)


def an_alert(name, detector, **more):
    return Alert(
        **{
            "org": "acme", "alert_id": name, "detector": detector, "detector_version": "1", "parameters_version": "p",
            "score": 95, "severity": "critical", "title": "T", "instrument_ids": ["AAPL"], "created_at": UNTIL,
            "actors": [{"kind": "account", "id": "A1"}, {"kind": "person", "id": "tom"}], "story": ["held up to"],
            "window_start": AT, "window_end": UNTIL, "evidence": {"exec_ids": ["E2"]},
            "metrics": [{"name": "peak", "value": 150.0, "threshold": 120.0, "percentile": None, "unit": "units"}],
        }
        | more
    )  # fmt: skip


@pytest.fixture(scope="module")
def firm(tmp_path_factory, empty_sqlite):
    home = tmp_path_factory.mktemp("course")
    shutil.copy(empty_sqlite, home / "records.db")
    database = Database(f"sqlite:///{home}/records.db")
    context = context_of(home, database)
    land(context, "acme", **TABLES)
    with database.session("acme", write=True) as session:
        session.add(an_alert("held", "concentration"))
        session.add(an_alert("day", "concentration", story=["the firm traded up to 80 units"]))
        session.add(an_alert("gain", "unusual_pnl"))
        session.add(an_alert("pick", "cherry_picking"))
        session.add(an_alert("none", "concentration", instrument_ids=[], window_start=None, window_end=None))
    yield context
    database.close()


def test_a_position_runs_fill_by_fill_from_what_was_held_before(firm):
    found = evidence_course.position(desk_of(firm), "held")
    assert [row["held"] for row in found["rows"]] == [100.0, 150.0, 120.0]
    assert found["rows"][0]["time"] == datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
    assert (found["bound"], found["peak"], found["counted"]) == (120.0, 150.0, "position")


def test_a_days_volume_counts_both_sides_and_begins_anew_each_day(firm):
    found = evidence_course.position(desk_of(firm), "day")
    assert found["counted"] == "volume"
    assert [row["held"] for row in found["rows"]][-2:] == [50.0, 80.0]


def test_gains_are_those_of_the_days_trades_and_need_twenty_days_for_a_usual_range(firm):
    found = evidence_course.gains(desk_of(firm), "gain")
    assert [(row["date"], row["gain"], row["marked"]) for row in found["rows"]] == [
        (date(2026, 11, 18), 100.0, False),
        (date(2026, 11, 20), 50 * 2 - 30 * 1, True),
    ]
    assert (found["low"], found["high"], found["days"]) == (None, None, 1)


def test_allocations_count_in_their_last_version_after_the_fills_on_days_the_favoured_got_some(firm):
    found = evidence_course.picked(desk_of(firm), "pick")
    rows = {row["order_id"]: row for row in found["rows"]}
    assert set(rows) == {"O2", "O3"}
    assert rows["O2"]["favoured"]
    assert rows["O2"]["bp"] == pytest.approx(200)
    assert rows["O3"]["bp"] == pytest.approx(-1e4 / 101)
    assert rows["O3"]["after"] == pytest.approx(3.5 * 3600)
    assert (found["own"], found["n_own"], found["n_rest"]) == (pytest.approx(200), 1, 1)


def test_an_alert_without_instrument_or_window_says_why_there_is_no_course(firm):
    for ask in COURSES:
        found = ask(desk_of(firm), "none")
        assert found["rows"] == []
        assert found["reason"]


def test_the_course_stands_first_and_is_in_the_answer_for_scripts(firm):
    desk = desk_of(firm)
    for name, card in (("held", "position"), ("gain", "gains"), ("pick", "picked")):
        assert evidence_cards.cards(desk, name)[0] == card
        assert evidence_answer.answer(desk, name)["course"] == getattr(evidence_course, card)(desk, name)


def test_courses_are_closed_to_other_roles_and_strangers(firm):
    for ask in COURSES:
        with pytest.raises(Forbidden):
            ask(desk_of(firm, role="trader"), "held")
        with pytest.raises(NotFound):
            ask(desk_of(firm, org="other"), "held")


def test_an_alert_that_a_reader_raised_shows_its_messages_first():
    raised = {
        "detector": "supervision", "evidence": {"message_ids": ["M1"]}, "instrument_ids": [], "window": {"start": AT, "end": AT},
    }  # fmt: skip
    assert evidence_cards.chosen(raised)[0] == "evidence"
