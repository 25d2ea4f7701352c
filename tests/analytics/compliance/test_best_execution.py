"""Best execution: orders that are far off, and brokers that always are."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from analytics.compliance.detectors.best_execution import BestExecution, BestExecutionParameters
from tests.analytics.compliance._declared import Edge, Kit, Near, upside_down
from tests.analytics.compliance._kit import (
    alerts,
    gaps,
    mirrored,
    scaled,
    tables,
)
from tests.analytics.compliance.test_best_execution_service import AVERAGE, LATE, UNDONE
from tests.analytics.compliance.test_best_execution_service import given as served

ACCOUNTS = """
account_id  kind    base_currency  owner_id
C1          client  USD            ann
H1          house   USD            firm
"""
HEAD = "exec_id order_id account_id trader_id instrument_id side last_qty last_px arrival_px broker venue transact_time\n"
PRICES = "instrument_id date close volume\n" + "\n".join(
    f"AAPL {date(2026, 10, 20) + timedelta(days=n)} {100 + (n % 3) * 0.8} 1000000" for n in range(30)
)


def fills(count=60, *, last_bp=120.0, account="C1", bias=0.0, qty=5000):
    """Return orders at about 1 bp of cost with 2 of scatter, by two brokers; the last one is ``last_bp`` off."""
    rng = np.random.default_rng(3)
    rows = []
    for n in range(count):
        broker = "ABC"[n % 3]
        cost = rng.normal(1, 2) + (bias if broker == "A" else 0)
        cost = last_bp if n == count - 1 and last_bp is not None else cost
        at = f"{14 + n // 30}:{n % 30 * 2:02d}"
        rows.append(
            f"E{n} O{n} {account} T1 AAPL buy {qty} {100 * (1 + cost * 1e-4):.6f} 100 {broker} X {at}:00"
        )
        rows.append(
            f"F{n} O{n} {account} T1 AAPL buy {qty} {100 * (1 + cost * 1e-4):.6f} 100 {broker} X {at}:30"
        )
    return HEAD + "\n".join(rows)


def given(text, **more: str):
    return tables(**({"executions": text, "accounts": ACCOUNTS, "prices": PRICES} | more))


def test_a_client_order_far_from_what_it_should_have_cost_is_alerted():
    (found,) = alerts(BestExecution, given(fills()))
    metrics = {m["name"]: m["value"] for m in found["metrics"]}
    assert (found["actor_group"], found["exec_ids"]) == ("owner:ann", ["E59", "F59"])
    assert metrics["cost_bp"] == pytest.approx(120, abs=0.1)
    assert metrics["deviations"] > 3.5


@pytest.mark.parametrize(("why", "text", "quotes"), [
    ("the house's own order", fills(account="H1"), None),
    ("nothing stands out", fills(last_bp=None), None),
    ("too little money", fills(qty=10), None),
    ("the market had moved: filled at the offer of its moment", fills(), "100 101.15 101.21"),
])  # fmt: skip
def test_fair_orders_are_left_alone(why, text, quotes):
    more = {}
    if quotes:
        _, bid, ask = quotes.split()
        more = {"quotes": f"instrument_id bid_px ask_px transact_time seq\nAAPL {bid} {ask} 15:57:00 1"}
    assert alerts(BestExecution, given(text, **more)) == [], why


def test_a_fill_far_beyond_the_touch_of_its_moment_is_alerted_with_the_distance():
    quotes = "instrument_id bid_px ask_px transact_time seq\nAAPL 99.99 100.01 15:57:00 1"
    (found,) = alerts(BestExecution, given(fills(), quotes=quotes))
    metrics = {m["name"]: m["value"] for m in found["metrics"]}
    assert metrics["through"] == pytest.approx((101.2 - 100 - 0.01) / 0.02, rel=1e-6)


@pytest.mark.parametrize(("bias", "n"), [(8.0, 1), (0.0, 0)])
def test_a_broker_that_is_dear_throughout_is_named_and_a_lucky_one_is_not(bias, n):
    found = alerts(BestExecution, given(fills(119, last_bp=None, bias=bias)))
    assert [a["actors"] for a in found] == [[{"kind": "broker", "id": "A"}]] * n


@pytest.mark.parametrize(("orders", "n"), [(40, 1), (41, 0)])
def test_a_broker_needs_enough_orders(orders, n):
    text = fills(120, last_bp=None, bias=8.0)
    assert len(alerts(BestExecution, given(text), BestExecutionParameters(orders=orders))) == n


@pytest.mark.parametrize(("money", "n"), [(11_000.0, 1), (13_000.0, 0)])
def test_the_money_lost_counts_from_its_threshold(money, n):
    assert len(alerts(BestExecution, given(fills()), BestExecutionParameters(money=money))) == n


def test_a_level_of_prices_ten_times_as_high_and_the_other_side_give_the_same_verdict():
    text = fills()
    base = alerts(BestExecution, given(text), BestExecutionParameters(money=0.0))
    high = scaled(given(text.replace(" 100 ", " 1000 ")), 10)
    (found,) = alerts(BestExecution, high, BestExecutionParameters(money=0.0))
    assert found["exec_ids"] == base[0]["exec_ids"]
    assert len(alerts(BestExecution, mirrored(given(fills(last_bp=-120.0))))) == 1


def test_missing_arrival_prices_and_empty_tables_are_gaps():
    assert gaps(BestExecution, given(fills(2).replace(" 100 ", " - "))) == [
        "No arrival price is known for some fills of clients."
    ]
    assert len(gaps(BestExecution, {})) == 3


# What test_kit_complete.py holds this detector to.
def beyond():
    quotes = "instrument_id bid_px ask_px transact_time seq\nAAPL 99.98 100.02 15:57:00 1"
    return given(fills(last_bp=30.0), quotes=quotes)


def dear_broker():
    return given(fills(119, last_bp=None, bias=8.0))


def dearer(rows):
    """Prices ten times as high, those of arrival too; the money lost grows with them, and the score."""
    high = scaled(rows, 10)
    dtype = rows["executions"].collect_schema()["arrival_px"]
    high["executions"] = high["executions"].with_columns((pl.col("arrival_px") * 10).cast(dtype))
    return high


KIT = Kit(
    BestExecution,
    lambda: given(fills()),
    (test_fair_orders_are_left_alone,),
    {
        "deviations": Edge(
            5.25, 5.27, scene=lambda: given(fills(last_bp=20.0)), others={"excess": 5.0, "money": 0.0}
        ),
        "excess": Edge(112.0, 113.0),
        "money": Edge(11_330.0, 11_360.0),
        "through": Edge(7.0, 7.1, scene=beyond, others={"deviations": 20.0}),
        "bias": Edge(7.88, 7.9, scene=dear_broker),
        "slow": Edge(400.0, 400.1, scene=lambda: served(**LATE)),
        "slower": Edge(80.0, 80.1, scene=lambda: served(**LATE)),
        "unfilled": Edge(0.8, 0.81, scene=lambda: served(**UNDONE)),
        "own_share": Edge(0.0201, 0.0199, scene=lambda: served(**AVERAGE)),
        "orders": Edge(40, 41, scene=dear_broker),
    },
    changes={
        "prices times ten": Near(dearer, by=20.0),
        "buys for sells": Near(upside_down, by=0.2),
    },
)
