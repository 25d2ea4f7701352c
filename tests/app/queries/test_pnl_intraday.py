"""P&L through one day: priced as the market moved, ending at the day's figure."""

from datetime import UTC, datetime

import pytest

from app.errors import Invalid
from app.jobs.derive import derive
from app.queries import pnl
from app.queries.pnl_intraday import NO_MARKS, intraday
from app.scope import Scope
from tests.app._world import context_of, desk_of, land
from tests.app.queries._hard_book import HARD

QUOTES = """
instrument_id  transact_time        seq  bid_px  ask_px
X              2026-11-17T14:30:00  1    11.9    12.1
X              2026-11-17T15:20:00  2    12.9    13.1
X              2026-11-17T20:00:00  3    13.8    14.0
"""
BARS = """
instrument_id  bar_start            freq  close
F              2026-11-17T14:30:00  1h    100.6
F              2026-11-17T19:00:00  1h    100.7
X              2026-11-17T16:00:00  1h    999
"""


@pytest.fixture(scope="module")
def hard(module_database, tmp_path_factory):
    """Return a firm with the hard book, and quotes and bars of one of its days."""
    context = context_of(tmp_path_factory.mktemp("home"), module_database)
    land(context, "acme", **HARD, quotes=QUOTES, bars=BARS)
    derive(context, "acme", cause="test")
    return context


def at(answer, clock: str) -> float:
    moment = datetime.fromisoformat(f"2026-11-17T{clock}").replace(tzinfo=UTC)
    return [row["pnl"] for row in answer["rows"] if row["time"] <= moment][-1]


def test_the_course_is_what_was_held_at_the_mid_and_what_was_traded(hard):
    answer = intraday(desk_of(hard, scope=Scope.parse("instrument=X")), session="2026-11-17")
    # 150 shares from 11: a mid of 12, then a sale of 30 at 13 (fee 1) and the rest at 12, then all at 13,
    # then 40 bought at 13.5 (fee 1).
    assert at(answer, "14:35:00") == pytest.approx(150 * 1)
    assert at(answer, "15:10:00") == pytest.approx(150 * 1 + 30 * 1 - 1)
    assert at(answer, "15:25:00") == pytest.approx(150 * 2 - 1)
    assert at(answer, "15:40:00") == pytest.approx(150 * 2 - 1 - 40 * 0.5 - 1)
    assert answer["last"] == pytest.approx(120 * 2.9 + 30 * 2 + 40 * 0.4 - 2)
    assert (answer["marks"], answer["executions"]) == (3, 2)
    assert answer["reasons"] == {}


@pytest.mark.parametrize("session", ["2026-11-16", "2026-11-17", "2026-11-18", "2026-11-19", "2026-11-20"])
@pytest.mark.parametrize("currency", ["USD", "EUR"])
def test_every_day_ends_at_its_figure(hard, session, currency):
    answer = intraday(desk_of(hard, scope=Scope.parse(f"currency={currency}")), session=session)
    day = desk_of(hard, scope=Scope.parse(f"from={session}&to={session}&currency={currency}"))
    assert answer["close"] == pytest.approx(pnl.figures(day)[0]["net_pnl"], abs=1e-9)
    assert answer["last"] + answer["step"] == pytest.approx(answer["close"], abs=1e-9)
    by_desk = {row["group"]: row["pnl"] for row in pnl.explain(day)["rows"]}
    for row in answer["by_desk"]:
        assert row["close"] == pytest.approx(by_desk[row["desk"]], abs=1e-9)
    for row in answer["rows"]:
        assert sum(row["desks"]) == pytest.approx(row["pnl"], abs=1e-9)
    assert len(answer["rows"]) <= 90


def test_bars_stand_in_where_there_is_no_quote(hard):
    answer = intraday(desk_of(hard, scope=Scope.parse("instrument=F")), session="2026-11-17")
    # Three futures of 50; a bar of an hour counts at its end.
    assert f"{answer['rows'][0]['time']:%H:%M}" == "15:30"
    assert at(answer, "15:35:00") == pytest.approx(3 * 50 * 0.1)
    assert answer["last"] == pytest.approx(3 * 50 * 0.2)
    assert answer["step"] == pytest.approx(3 * 50 * 0.05)


def test_without_quotes_the_day_is_trades_and_a_step(hard):
    answer = intraday(desk_of(hard), session="2026-11-19")
    assert answer["reasons"]["marks"] == NO_MARKS
    assert answer["marks"] == 0
    assert answer["close"] == pytest.approx(answer["last"] + answer["step"])


def test_the_last_session_is_shown_unless_another_is_named(hard):
    assert str(intraday(desk_of(hard))["date"]) == "2026-11-20"
    assert str(intraday(desk_of(hard, scope=Scope.parse("to=2026-11-18")))["date"]) == "2026-11-18"


@pytest.mark.parametrize("session", ["yesterday", "2026-11-15", "9999-99-99"])
def test_a_day_that_is_no_session_is_refused(hard, session):
    with pytest.raises(Invalid):
        intraday(desk_of(hard), session=session)


def test_a_trader_has_no_course(hard):
    assert intraday(desk_of(hard, scope=Scope.parse("trader=T1")))["reasons"]["rows"]


def test_a_missing_rate_is_a_reason(hard):
    answer = intraday(desk_of(hard, scope=Scope.parse("currency=JPY")))
    assert answer["rows"] == []
    assert "JPY" in answer["reasons"]["rows"]


def test_nothing_imported_is_said(tmp_path, sqlite_database):
    answer = intraday(desk_of(context_of(tmp_path, sqlite_database)))
    assert answer["rows"] == []
    assert answer["reasons"]["rows"]
