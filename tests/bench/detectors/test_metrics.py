"""The definitions of what is found, right and late, against cases worked by hand."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from app.demo.firm import Label
from tests.bench.detectors._bitstamp import alerted_fills, control
from tests.bench.detectors._metrics import Alert, Share, judge, overlaps, ratio

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
GROUPS = {"A1": "link:x", "A2": "link:x", "B1": "owner:b"}
MINUTE = timedelta(minutes=1)


def label(pattern="layering", *, abuse=True, severity=0.5, accounts=("A1",), start=0, end=2):
    return Label(
        "L", pattern, abuse, severity, accounts, ("tom",), ("KO",), NOON + start * MINUTE, NOON + end * MINUTE
    )


def alert(accounts=("A1",), instruments=("KO",), start=0, end=1, traders=()):
    return Alert(
        frozenset(accounts),
        frozenset(traders),
        frozenset(instruments),
        NOON + start * MINUTE,
        NOON + end * MINUTE,
    )


def test_an_alert_on_a_linked_account_is_about_the_same_people():
    assert overlaps(alert(("A2",)), label(), GROUPS)
    assert not overlaps(alert(("B1",)), label(), GROUPS)
    assert overlaps(alert(("B1",), traders=("tom",)), label(), GROUPS)


def test_another_instrument_does_not_count_and_none_at_all_does():
    assert not overlaps(alert(instruments=("PEP",)), label(), GROUPS)
    assert overlaps(alert(instruments=("PEP", "KO")), label(), GROUPS)
    assert overlaps(alert(instruments=()), label(), GROUPS)


@pytest.mark.parametrize(
    ("start", "end", "meets"), [(7, 9, True), (7.1, 9, False), (-9, -5, True), (-9, -5.1, False)]
)
def test_times_meet_within_five_minutes_at_either_end(start, end, meets):
    assert overlaps(alert(start=start, end=end), label(), GROUPS) is meets


def test_one_day_worked_by_hand():
    labels = [
        label(severity=0.3),
        label(severity=0.9, accounts=("B1",), start=60, end=62),
        label(abuse=False, accounts=("B1",), start=120, end=122),
        label("wash_trade", accounts=("B1",), start=180, end=182),
    ]
    alerts = [
        alert(start=0, end=1),  # right, after one minute
        alert(("A2",), start=0, end=4),  # right too, but later
        alert(("B1",), start=120, end=121),  # on the look-alike
        alert(("B1",), start=180, end=181),  # on another type's abuse
        alert(("B1",), start=400, end=401),  # on nothing
    ]
    tally = judge(alerts, labels, GROUPS, frozenset({"layering"}))
    assert [(one.severity, one.seconds) for one in tally.scenarios] == [(0.3, 60.0), (0.9, None)]
    assert (tally.alerts, tally.right, tally.other, tally.lookalike) == (5, 2, 1, 1)
    assert (tally.own_lookalikes, tally.own_alerted) == (1, 1)
    assert tally.precision == Share(2, 5)
    assert tally.unexplained == Share(2, 4)
    assert (tally.recall(), tally.recall(0.5)) == (Share(1, 2), Share(0, 1))
    assert tally.delay == 60.0


def test_an_alert_on_a_scenario_and_a_look_alike_is_right():
    labels = [label(), replace(label(), abuse=False)]
    tally = judge([alert()], labels, GROUPS, frozenset({"layering"}))
    assert (tally.right, tally.lookalike, tally.own_alerted) == (1, 0, 1)


def test_days_add_up():
    tally = judge([alert()], [label()], GROUPS, frozenset({"layering"}))
    tally.add(judge([], [label(severity=0.1)], GROUPS, frozenset({"layering"})))
    assert tally.recall() == Share(1, 2)
    assert tally.precision == Share(1, 1)


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [(10, 10, 0.7225, 1.0), (0, 10, 0.0, 0.2775), (8, 10, 0.4902, 0.9433), (50, 100, 0.4038, 0.5962)],
)
def test_wilson_intervals_are_the_published_ones(hits, of, low, high):
    assert Share(hits, of).interval == pytest.approx((low, high), abs=5e-5)


def test_a_share_of_nothing_has_no_value_and_no_ratio():
    assert Share(0, 0).value is None
    assert Share(0, 0).interval == (0.0, 1.0)
    assert ratio(0.5, None) is None
    assert ratio(0.5, 0.0) is None
    assert ratio(0.25, 0.5) == 0.5


def test_silence_in_dense_flow_counts_as_no_precision_at_all():
    silent = judge([], [label()], GROUPS, frozenset({"layering"}))
    assert silent.precision.value is None
    assert silent.steadiness == 0.0
    assert judge([], [], GROUPS, frozenset({"layering"})).steadiness is None


def test_fills_count_once_whether_named_by_themselves_or_by_their_order():
    fills = pl.DataFrame({"exec_id": ["E1", "E2", "E3"], "order_id": ["O1", "O1", "O2"]})
    alerts = pl.DataFrame({"exec_ids": [["E1"], []], "order_ids": [["O1"], ["O9"]]})
    assert alerted_fills(alerts, fills) == 2


TAPE = """id,timestamp,exchange.timestamp,price,volume,action,direction
1,1000,1000,99.0,500,created,bid
2,2000,2000,101.0,700,created,ask
3,3000,3000,101.0,300,created,bid
2,3100,3000,101.0,400,changed,ask
3,3101,3000,101.0,0,deleted,bid
1,9000,9000,99.0,500,deleted,bid
4,9500,9000,98.0,500,deleted,bid
"""


def test_a_tape_becomes_orders_whose_trades_have_two_different_members(tmp_path):
    path = tmp_path / "tape.csv"
    path.write_text(TAPE)
    for seed in range(8):
        tables = {name: rows.collect() for name, rows in control(path, 2, seed).items()}
        events = tables["order_events"].select("order_id", "event_type", "cum_qty", "leaves_qty").rows()
        assert [(order, kind) for order, kind, _, _ in events] == [
            ("O1", "new"), ("O2", "new"), ("O3", "new"), ("O2", "fill"), ("O3", "fill"), ("O1", "cancel"),
        ]  # fmt: skip
        fills = tables["executions"]
        assert fills["match_id"].n_unique() == 1
        assert fills["account_id"].n_unique() == 2
        assert dict(fills.select("order_id", "liquidity").rows()) == {"O2": "maker", "O3": "taker"}
        assert [float(quantity) for quantity in fills["last_qty"]] == [3e-6, 3e-6]
        touch = tables["quotes"].select(pl.col("bid_px", "ask_px").cast(pl.Float64)).rows()
        assert touch == [(99.0, 101.0)]


@pytest.mark.parametrize(("own", "other", "price"), [
    (111.0, "2,3100,3000,101.0,400,changed,ask", 101.0),  # the order that was there first names the price
    (111.0, "", 101.0),  # nobody else is known: the touch, which the limit was through
    (100.0, "", 100.0),  # within the touch it can only have been at its own
])  # fmt: skip
def test_a_trade_of_the_tape_is_at_the_price_of_whoever_was_there_first(tmp_path, own, other, price):
    rows = TAPE.replace("2,3100,3000,101.0,400,changed,ask", other).replace("101.0,300", f"{own},300")
    path = tmp_path / "tape.csv"
    path.write_text("\n".join(row for row in rows.replace("101.0,0,", f"{own},0,").split("\n") if row))
    fills = control(path, 2, 1)["executions"].collect()
    assert [float(one) for one in fills["last_px"]] == [price] * fills.height
    assert fills.height == 1 + bool(other)


def test_a_breach_nobody_planted_makes_an_alert_right_and_no_scenario():
    broken = [replace(label(accounts=("B1",)), label_id=f"B{n}", instrument_ids=(name,)) for n, name in
              enumerate(("KO", "PEP"))]  # fmt: skip
    tally = judge([alert(("B1",)), alert(("A1",))], [], GROUPS, frozenset({"layering"}), broken)
    assert (tally.right, tally.alerts, tally.scenarios) == (1, 2, [])
    assert (tally.breaches_found, tally.breaches) == (1, 2)
    other = judge([alert(("B1",))], [], GROUPS, frozenset({"wash_trade"}), broken)
    assert (other.right, other.breaches) == (0, 0)
