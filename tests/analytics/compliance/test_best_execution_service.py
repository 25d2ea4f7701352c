"""Best execution beside arrival: the market's average price, the wait until release, and what was left undone."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from analytics.compliance.detectors.best_execution import BestExecution, BestExecutionParameters
from tests.analytics.compliance._kit import CHANGES, alerts, tables, verdict

START = datetime(2026, 11, 17, 14, 0, tzinfo=UTC)
STEP = timedelta(minutes=30)
ACCOUNTS = """
account_id  kind    base_currency  owner_id
C1          client  USD            ann
H1          house   USD            firm
"""
PRICES = "instrument_id date close volume\n" + "\n".join(
    f"{name} {date(2026, 10, 20) + timedelta(days=n)} {100 + (n % 3) * 0.8} 1000000"
    for n in range(30)
    for name in ("AAPL", "MSFT")
)
FEW = BestExecutionParameters(slow=300.0)


def given(
    *, own=100.0, market=100.0, wait=5.0, moved=0.0, filled=5000, end=100.0, account="C1", limit="-", stop="-",
    volume=50_000, others=5.0,
):  # fmt: skip
    """Return twelve orders of 5,000 in AAPL, half an hour apart, and a last one in MSFT that is told of.

    Args:
        own: Its fills' price.
        market: Average price of the market in its window.
        wait: Seconds from decision to release; ``others``: those of all others.
        moved: How far the mid rose in between.
        filled: Units done.
        end: Mid when the rest was cancelled.
        account: Whose.
        limit: It had; and ``stop``.
        volume: The market's, in each five minutes.
    """
    rng = np.random.default_rng(4)
    events = ["order_id event_seq event_type account_id trader_id instrument_id side order_qty limit_px stop_px received_time transact_time"]  # fmt: skip
    fills = ["exec_id order_id account_id trader_id instrument_id side last_qty last_px arrival_px decision_time transact_time"]  # fmt: skip
    quotes = ["instrument_id bid_px ask_px transact_time seq"]
    bars = ["instrument_id bar_start freq close vwap volume"]
    for n in range(13):
        last = n == 12
        name, who = ("MSFT", account) if last else ("AAPL", "C1")
        release = START + n * STEP
        decided = release - timedelta(seconds=wait if last else others)
        paid = own if last else 100 + rng.normal(0, 0.01)
        mid = 100 + moved if last else 100.0
        word = f"{who} T1 {name} buy 5000"
        price = f"{limit} {stop}" if last else "- -"
        events.append(f"O{n} 1 new {word} {price} {decided:%FT%T}Z {release:%FT%T}Z")
        done = filled if last else 5000
        for part in range(2):
            at = release + timedelta(minutes=20 * part, seconds=1)
            if done:
                fills.append(
                    f"E{n}{part} O{n} {who} T1 {name} buy {done // 2} {paid:.4f} {mid if not last or own == 100 else own} {decided:%FT%T}Z {at:%FT%T}Z"
                )
        over = release + timedelta(minutes=25)
        if done < 5000:
            events.append(f"O{n} 2 cancel {word} {price} {decided:%FT%T}Z {over:%FT%T}Z")
        for at, price_then in (
            (decided, 100.0),
            (release, mid),
            (release + timedelta(minutes=12), mid),
            (over, end),
        ):
            shown = max(price_then, paid) if last and own > 100 and at != decided else price_then
            quotes.append(
                f"{name} {shown - 0.01:.4f} {shown + 0.01:.4f} {at - timedelta(seconds=1):%FT%T}Z {len(quotes)}"
            )
        for five in range(6):
            level = market if last else 100.0
            bars.append(f"{name} {release + timedelta(minutes=5 * five):%FT%T}Z 5m {level} {level} {volume}")
    texts = {"order_events": events, "executions": fills, "quotes": quotes, "bars": bars}
    return tables(accounts=ACCOUNTS, prices=PRICES, **{name: "\n".join(rows) for name, rows in texts.items()})


AVERAGE = {"own": 100.8}
LATE = {"wait": 400.0, "moved": 0.5, "own": 100.5, "market": 100.5}
UNDONE = {"filled": 1000, "end": 101.0}
ALL = [AVERAGE, LATE, UNDONE]


def measured(row):
    return {m["name"]: m["value"] for m in row["metrics"]}


@pytest.mark.parametrize(
    ("case", "name", "bp", "lost"),
    [
        (AVERAGE, "vwap_bp", 80.0, 4032.0),
        (LATE, "delay_bp", 50.0, 2500.0),
        (UNDONE, "unfilled_bp", 80.0, 4000.0),
    ],
)
def test_each_way_of_poor_service_is_alerted_in_basis_points_and_in_expected_costs(case, name, bp, lost):
    (found,) = alerts(BestExecution, given(**case))
    assert (found["actor_group"], found["order_ids"]) == ("owner:ann", ["O12"])
    assert measured(found)[name] == pytest.approx(bp, rel=1e-3)
    assert f"{lost:,.0f}" in " ".join(found["story"])
    assert measured(found)["times_expected"] > 5


@pytest.mark.parametrize(("why", "case"), [
    ("nothing is wrong", {}),
    ("the house's own order", AVERAGE | {"account": "H1"}),
    ("the client set the limit", AVERAGE | {"limit": "100.9"}),
    ("the client waited for a stop", AVERAGE | {"stop": "100.7"}),
    ("the order was the market", AVERAGE | {"volume": 2000}),
    ("the market's average was no better", AVERAGE | {"market": 100.8}),
    ("released late, but the price stood still", LATE | {"moved": 0.0, "own": 100.0, "market": 100.0}),
    ("all orders wait that long", LATE | {"others": 400.0}),
    ("a moment's wait in a fast market", LATE | {"wait": 20.0}),
    ("the limit was not reached again", UNDONE | {"limit": "100.0"}),
    ("left undone, and the price came back", UNDONE | {"end": 99.0}),
    ("most of it was done", UNDONE | {"filled": 4000, "end": 101.0}),
])  # fmt: skip
def test_orders_served_as_asked_are_left_alone(why, case):
    assert alerts(BestExecution, given(**case)) == [], why


@pytest.mark.parametrize(("case", "params", "n"), [
    (AVERAGE, {"excess": 79.9}, 1), (AVERAGE, {"excess": 80.1}, 0),
    (AVERAGE, {"own_share": 0.02}, 1), (AVERAGE, {"own_share": 0.015}, 0),
    (LATE, {"slow": 400.0}, 1), (LATE, {"slow": 400.1}, 0),
    (LATE, {"slower": 80.0}, 1), (LATE, {"slower": 80.1}, 0),
    (UNDONE, {"unfilled": 0.8}, 1), (UNDONE, {"unfilled": 0.81}, 0),
    (UNDONE, {"money": 3999.0}, 1), (UNDONE, {"money": 4001.0}, 0),
])  # fmt: skip
def test_each_threshold_counts_from_its_value(case, params, n):
    assert len(alerts(BestExecution, given(**case), BestExecutionParameters(**params))) == n


def test_the_deviation_from_the_market_s_average_counts_from_its_threshold():
    (found,) = alerts(BestExecution, given(**AVERAGE))
    z = measured(found)["deviations"]
    for bound, n in ((z - 0.01, 1), (z + 0.01, 0)):
        assert len(alerts(BestExecution, given(**AVERAGE), BestExecutionParameters(deviations=bound))) == n


def test_an_order_that_is_dear_against_arrival_already_is_told_once():
    dear = given(**UNDONE)
    px = pl.when(pl.col("order_id") == "O12").then(101.0).otherwise("last_px")
    kind = dear["executions"].collect_schema()["last_px"]
    found = alerts(BestExecution, {**dear, "executions": dear["executions"].with_columns(last_px=px.cast(kind))},
                   BestExecutionParameters(money=100.0))  # fmt: skip
    assert [row["order_ids"] for row in found] == [["O12"]]


@pytest.mark.parametrize("change", [one for one in CHANGES if one != "buys for sells"])
@pytest.mark.parametrize("case", ALL)
def test_the_verdict_does_not_depend_on_order_names_clock_level_or_splitting(case, change):
    params = BestExecutionParameters(money=0.0)
    want = verdict(alerts(BestExecution, given(**case), params))
    assert len(want) == 1
    changed = CHANGES[change](given(**case))
    if change == "prices times ten":
        kind = changed["executions"].collect_schema()["arrival_px"]
        changed["executions"] = changed["executions"].with_columns(
            (pl.col("arrival_px").cast(pl.Float64) * 10).cast(kind)
        )
    assert verdict(alerts(BestExecution, changed, params)) == want


@pytest.mark.parametrize("case", ALL)
def test_a_sale_in_a_falling_market_is_judged_alike(case):
    params = BestExecutionParameters(money=0.0)
    turned = CHANGES["buys for sells"](given(**case))
    for name, columns in (("executions", ("last_px", "arrival_px")), ("bars", ("close", "vwap")), ("quotes", ("bid_px", "ask_px"))):  # fmt: skip
        schema = turned[name].collect_schema()
        turned[name] = turned[name].with_columns(
            (200 - pl.col(c).cast(pl.Float64)).cast(schema[c]).alias(c) for c in columns
        )
    turned["quotes"] = turned["quotes"].with_columns(bid_px="ask_px", ask_px="bid_px")
    (want,), (found,) = alerts(BestExecution, given(**case), params), alerts(BestExecution, turned, params)
    assert found["order_ids"] == want["order_ids"]
    assert found["score"] == pytest.approx(want["score"], abs=1.0)
