"""The replay of an alert, what it earned, what else may explain it: right, bounded and closed to strangers."""

from datetime import UTC, datetime

import pytest

from app.errors import Forbidden, Invalid, NotFound
from app.queries import (
    alert_history,
    alternatives,
    episode_effect,
    evidence_answer,
    evidence_cards,
    evidence_rules,
)
from app.queries import replay as playing
from app.storage.records.alerts import Alert
from app.storage.records.lists import ListEntry
from tests.app._world import context_of, desk_of, land

AT, UNTIL = datetime(2026, 11, 20, 14, 30, tzinfo=UTC), datetime(2026, 11, 20, 14, 40, tzinfo=UTC)
TABLES = {
    "accounts": """
account_id  kind   base_currency  owner_id  desk   name
A1          house  USD            O1        alpha  One
A2          house  USD            O1        alpha  Two
A3          mm     USD            O3        beta   Maker
""",
    "instruments": """
instrument_id  symbol  name   asset_class  currency  tick_size
AAPL           AAPL    Apple  equity       USD       0.01
""",
    "executions": """
exec_id  order_id  account_id  trader_id  instrument_id  side  last_qty  last_px  currency  commission  transact_time
E1       O1        A1          tom        AAPL           buy   10        100.50   USD       1.25        2026-11-20T14:30:01
E2       O4        A1          tom        AAPL           sell  4         101.25   USD       0.75        2026-11-20T14:31:00
E3       O9        A1          tom        MSFT           buy   1         50       USD       0           2026-11-20T14:33:00
""",
    "order_events": """
order_id  event_seq  event_type  instrument_id  account_id  trader_id  side  limit_px  order_qty  cancel_by  transact_time
O1        1          new         AAPL           A1          tom        buy   101       10         -          2026-11-20T14:30:00
O2        2          new         AAPL           A1          tom        sell  102       20         -          2026-11-20T14:29:00
O2        3          cancel      AAPL           A1          tom        sell  102       20         user       2026-11-20T14:31:00
O3        4          new         AAPL           A2          jane       buy   99        5          -          2026-11-20T14:00:00
O4        5          new         AAPL           A1          tom        sell  101       4          -          2026-11-20T14:30:59
O5        6          new         AAPL           A3          max        buy   98        7          -          2026-11-20T14:30:10
O6        7          new         AAPL           A1          tom        buy   97        3          -          2026-11-20T18:00:00
""",
    "quotes": """
instrument_id  transact_time        seq  bid_px  bid_qty  ask_px  ask_qty
AAPL           2026-11-20T14:20:00  1    100.40  300      100.60  200
AAPL           2026-11-20T14:30:30  2    100.45  100      100.65  100
""",
    "prices": """
instrument_id  date        close  currency
AAPL           2026-11-20  101    USD
""",
    "daily_positions": """
account_id  instrument_id  date        quantity  market_px  fx_rate  pnl_base  pnl  currency
A1          AAPL           2026-11-20  6         101        1        12.34     12.34  USD
""",
    "daily_nav": """
account_id  date        nav   currency
A1          2026-11-20  1000  USD
""",
    "news": """
news_id  published_time       instrument_ids  headline
N1       2026-11-20T13:10:00  AAPL            Apple_reports
N2       2026-11-20T13:10:00  MSFT            Other
""",
}


def an_alert(name, **more):
    return Alert(
        **{
            "org": "acme", "alert_id": name, "detector": "spoofing", "detector_version": "1", "parameters_version": "p",
            "score": 95, "severity": "critical", "title": "T", "actors": [{"kind": "trader", "id": "tom"}],
            "instrument_ids": ["AAPL"], "window_start": AT, "window_end": UNTIL, "created_at": UNTIL, "story": ["s"],
            "metrics": [{"name": "cycles", "value": 6.0, "threshold": 1.0, "percentile": None, "unit": "x"}],
            "evidence": {"order_ids": ["O2", "O6"], "exec_ids": ["E1", "E2"], "message_ids": [], "post_ids": []},
        }
        | more
    )  # fmt: skip


@pytest.fixture
def firm(tmp_path, sqlite_database):
    context = context_of(tmp_path, sqlite_database)
    land(context, "acme", **TABLES)
    with sqlite_database.session("acme", write=True) as session:
        session.add(an_alert("a1"))
        less = [{"name": "cycles", "value": 2.0, "threshold": 1.0, "percentile": None, "unit": "x"}]
        session.add(an_alert("a2", score=95, metrics=less, evidence={}))
        session.add(an_alert("quiet", detector="behaviour", evidence={}, instrument_ids=[]))
        entry = {"org": "acme", "instrument_id": "AAPL", "created_by": "u"}
        session.add(ListEntry(kind="restricted", valid_from=datetime(2026, 11, 1, tzinfo=UTC), **entry))
        session.add(ListEntry(kind="watch", valid_from=datetime(2026, 12, 1, tzinfo=UTC), **entry))
    return context


def test_a_replay_holds_the_books_orders_by_whose_they_are_and_starts_with_what_rested(firm):
    found = playing.replay(desk_of(firm), "a1", stretch="0")
    standing = {order[0]: (order[1], order[2]) for order in found["orders"]}
    assert standing == {"O1": (1, 2), "O2": (-1, 2), "O3": (1, 1), "O4": (-1, 2), "O5": (1, 0)}
    names = [order[0] for order in found["orders"]]
    said = [(names[move[1]], move[2], move[3], move[4]) for move in found["moves"]]
    assert said[0] == ("O3", "rests", 99.0, 5.0)
    assert said[-2:] == [("O2", "cancel", 102.0, 0.0), ("O4", "fill", 101.0, 0.0)]
    assert ("O1", "fill", 101.0, 0.0) in said
    assert found["source"] == "orders"
    assert found["tick"] == 0.01
    assert found["quotes"][0] == [0.0, 100.4, 300.0, 100.6, 200.0]
    assert all(move[0] >= 0 for move in found["moves"])


def test_a_long_silence_parts_two_stretches_and_the_busier_one_is_played(firm):
    found = playing.replay(desk_of(firm), "a1")
    assert [one["moves"] for one in found["stretches"]] == [6, 1]
    assert found["chosen"] == 0
    later = playing.replay(desk_of(firm), "a1", stretch="1")
    assert later["start"].hour == 17
    assert [order[0] for order in later["orders"] if order[2] == playing.SUSPECT] == ["O6"]


def test_a_stretch_that_is_not_there_is_refused(firm):
    desk = desk_of(firm)
    for stretch in ("2", "-1", "x", "", "9" * 9, "²"):
        with pytest.raises(Invalid):
            playing.replay(desk, "a1", stretch=stretch)


def test_an_alert_without_orders_has_nothing_to_replay_and_earned_nothing(firm):
    assert playing.replay(desk_of(firm), "quiet")["moves"] == []
    assert episode_effect.effect(desk_of(firm), "quiet")["reason"] == episode_effect.NO_FILLS


def test_beyond_the_bound_whole_orders_of_others_are_left_out_and_counted(firm, monkeypatch):
    monkeypatch.setattr(playing, "MOST_MOVES", 7)
    found = playing.replay(desk_of(firm, cached=False), "a1", stretch="0")
    assert {order[0] for order in found["orders"]} == {"O1", "O2", "O3", "O4"}
    assert found["left_out"] == {"orders": 1, "moves": 1, "quotes": 0}


def test_order_book_events_are_the_book_where_they_are_known(firm):
    land(firm, "acme", book_events="""
instrument_id  seq  action  book_order_id  side  px   qty  transact_time
AAPL           1    add     b1             buy   99   50   2026-11-20T14:10:00
AAPL           2    add     b2             sell  103  40   2026-11-20T14:30:05
""")  # fmt: skip
    found = playing.replay(desk_of(firm), "a1", stretch="0")
    assert found["source"] == "book"
    assert {"book:b1", "book:b2", "O1"} <= {order[0] for order in found["orders"]}


def test_the_effect_is_what_the_fills_were_worth_at_the_close_less_what_was_paid_to_the_cent(firm):
    found = episode_effect.effect(desk_of(firm), "a1")
    # Bought 10 at 100.50 and sold 4 at 101.25, the rest at the close of 101.
    assert found["total"]["new_trades"] == pytest.approx(10 * 0.5 + 4 * 0.25, abs=1e-9)
    assert found["total"]["fees"] == pytest.approx(-2.0, abs=1e-9)
    assert found["total"]["pnl"] == pytest.approx(4.0, abs=1e-9)
    assert found["total"]["day_pnl"] == pytest.approx(12.34, abs=1e-9)
    (row,) = found["rows"]
    assert (row["bought"], row["bought_px"], row["sold"], row["sold_px"]) == (10.0, 100.5, 4.0, 101.25)
    assert found["reason"] is None


def test_other_explanations_say_what_the_records_hold(firm):
    checks = {one["name"]: one for one in alternatives.alternatives(desk_of(firm), "a1")["checks"]}
    assert checks["market_making"]["leans"] == "against"
    assert checks["withdrawn_by_others"]["leans"] == "against"
    assert checks["news"]["leans"] == "for"
    assert "Apple_reports" in checks["news"]["answer"]
    assert checks["hedge"]["leans"] == "open"
    assert "MSFT" in checks["hedge"]["answer"]
    assert checks["instruction"]["leans"] == "against"


def test_a_measure_stands_among_the_firms_alerts_of_the_same_rule(firm):
    found = alert_history.history(desk_of(firm), "a1")
    assert found["alerts"] == 1
    assert found["measures"]["cycles"] == {"below": 1, "same": 0, "of": 1, "percentile": None}
    assert found["measures"]["score"]["same"] == 1


def test_lists_that_held_at_the_time_are_named_and_others_are_not(firm):
    found = evidence_rules.terms(desk_of(firm), "a1")
    assert [rule["kind"] for rule in found["rules"]] == ["restricted"]
    assert found["instruments"][0]["orders"] == 4


@pytest.mark.parametrize(
    ("detector", "evidence", "first", "absent"),
    [
        ("spoofing", {"order_ids": ["O"]}, "replay", "market"),
        ("communications", {"message_ids": ["M"]}, "evidence", "replay"),
        ("churning", {"exec_ids": ["E"]}, "effect", "market"),
        ("var_model", {}, "model", "replay"),
        ("limit_breach", {}, "limit", "evidence"),
        ("gone", {"exec_ids": ["E"]}, "replay", "limit"),
    ],
)
def test_the_cards_follow_from_what_the_rule_reads(detector, evidence, first, absent):
    window = {"start": AT, "end": UNTIL}
    cards = evidence_cards.chosen(
        {"detector": detector, "evidence": evidence, "instrument_ids": ["A", "B", "C"], "window": window}
    )
    assert cards[0] == first
    assert absent not in cards
    assert len(set(cards)) == len(cards)


def test_an_alert_that_may_not_be_read_gets_every_card_so_that_each_can_say_so(firm):
    assert evidence_cards.cards(desk_of(firm, role="trader"), "a1") == evidence_cards.ALL


def test_the_whole_answer_is_what_the_cards_ask(firm):
    desk = desk_of(firm)
    found = evidence_answer.answer(desk, "a1")
    assert found["replay"] == playing.replay(desk, "a1")
    assert found["effect"] == episode_effect.effect(desk, "a1")
    assert found["alternatives"] == alternatives.alternatives(desk, "a1")
    assert found["cards"] == list(evidence_cards.cards(desk, "a1"))
    assert [order["order_id"] for order in found["orders"]] == ["O2", "O1", "O4", "O6"]
    assert [story["news_id"] for story in found["news"]] == ["N1"]
    assert found["limit"] is None


def test_the_facts_are_closed_to_other_roles_to_the_subject_and_to_strangers(firm):
    for ask in (
        playing.replay,
        episode_effect.effect,
        alternatives.alternatives,
        alert_history.history,
        evidence_rules.terms,
        evidence_answer.answer,
    ):
        with pytest.raises(Forbidden):
            ask(desk_of(firm, role="trader"), "a1")
        with pytest.raises(NotFound):
            ask(desk_of(firm, person_id="tom"), "a1")
        with pytest.raises(NotFound):
            ask(desk_of(firm, org="other"), "a1")
