"""Positions by session: what is held, what it cost, what it earned."""

from datetime import date
from decimal import Decimal

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.datasets import DAILY_NAV, DAILY_POSITIONS
from tests.analytics.portfolio._kit import book, column, facts

FLOW = """
account_id  flow_id  date        kind     amount  currency
A1          F1       2026-11-16  deposit  10000   USD
"""
PRICES = """
instrument_id  date        close
X              2026-11-16  10
X              2026-11-17  12
X              2026-11-18  11
"""


def test_a_holding_is_carried_to_every_session_with_its_last_close():
    positions, _ = book(
        facts(
            executions="""
            exec_id  account_id  instrument_id  side  last_qty  last_px  currency  commission  transact_time
            E1       A1          X              buy   100       9        USD       2           2026-11-16T15:00:00
            E2       A1          X              sell  40        12       USD       1           2026-11-17T15:00:00
            """,
            prices=PRICES,
            cash_flows=FLOW,
        )
    )
    names = (
        "date",
        "quantity",
        "avg_cost",
        "market_value",
        "realised_pnl",
        "unrealised_pnl",
        "pnl",
        "executions",
    )
    assert column(positions, *names) == [
        (date(2026, 11, 16), 100, 9, 1000, 0, 100, 98, 1),
        (date(2026, 11, 17), 60, 9, 720, 120, 180, 199, 1),
        (date(2026, 11, 18), 60, 9, 660, 0, 120, -60, 0),
    ]
    assert positions.columns == list(DAILY_POSITIONS.columns)
    assert positions.schema == {name: c.dtype for name, c in DAILY_POSITIONS.columns.items()}


def test_a_closed_position_has_no_further_row():
    positions, nav = book(
        facts(
            executions="""
            exec_id  account_id  instrument_id  side        last_qty  last_px  currency  transact_time
            E1       A1          X              sell_short  100       12       USD       2026-11-16T15:00:00
            E2       A1          X              buy_cover   100       9        USD       2026-11-17T15:00:00
            """,
            prices=PRICES,
            cash_flows=FLOW,
        )
    )
    assert column(positions, "date", "quantity", "avg_cost", "market_value", "pnl") == [
        (date(2026, 11, 16), -100, 12, -1000, 200),
        (date(2026, 11, 17), 0, None, 0, 100),
    ]
    assert column(nav, "nav", "gross_exposure", "net_exposure") == [
        (10200, 1000, -1000), (10300, 0, 0), (10300, 0, 0),
    ]  # fmt: skip


def test_an_instrument_never_priced_has_no_value_and_its_pnl_waits():
    positions, nav = book(
        facts(
            executions="""
            exec_id  account_id  instrument_id  side  last_qty  last_px  currency  transact_time
            E1       A1          Y              buy   10        5        USD       2026-11-16T15:00:00
            E2       A1          X              buy   1         10       USD       2026-11-16T15:00:00
            """,
            prices=PRICES + "Y              2026-11-18  8\n",
            cash_flows=FLOW,
        )
    )
    held = positions.filter(pl.col("instrument_id") == "Y")
    assert column(held, "market_value", "unrealised_pnl", "pnl") == [(None,) * 3, (None,) * 3, (80, 30, 30)]
    assert column(nav, "nav", "reason") == [
        (None, "No price is known yet for Y."), (None, "No price is known yet for Y."), (10031, None),
    ]  # fmt: skip


def test_a_split_changes_quantity_and_cost_but_no_money():
    positions, nav = book(
        facts(
            executions="""
            exec_id  account_id  instrument_id  side  last_qty  last_px  currency  transact_time
            E1       A1          X              buy   100       10       USD       2026-11-16T15:00:00
            E2       A1          X              sell  150       6        USD       2026-11-17T15:00:00
            """,
            prices="""
            instrument_id  date        close
            X              2026-11-16  10
            X              2026-11-17  5
            """,
            corporate_actions="""
            instrument_id  ca_id  kind   ex_date     ratio
            X              C1     split  2026-11-17  2
            """,
            cash_flows=FLOW,
        )
    )
    assert column(positions, "quantity", "avg_cost", "realised_pnl", "pnl") == [
        (100, 10, 0, 0),
        (50, 5, 150, 150),
    ]
    assert column(nav, "nav") == [10000, 10150]


def test_two_splits_of_which_one_backwards_leave_whole_shares():
    positions, _ = book(
        facts(
            executions="""
            exec_id  account_id  instrument_id  side  last_qty  last_px  currency  transact_time
            E1       A1          X              buy   300       1        USD       2026-11-13T15:00:00
            """,
            prices=PRICES,
            corporate_actions="""
            instrument_id  ca_id  kind           ex_date     ratio
            X              C1     reverse_split  2026-11-16  0.333333333333
            X              C2     split          2026-11-18  4
            """,
        )
    )
    assert column(positions, "date", "quantity") == [
        (date(2026, 11, 13), 300), (date(2026, 11, 16), 100), (date(2026, 11, 17), 100), (date(2026, 11, 18), 400),
    ]  # fmt: skip
    assert column(positions, "avg_cost") == [1, 3, 3, Decimal("0.75")]


def test_closes_adjusted_for_splits_are_put_back():
    positions, _ = book(
        facts(
            executions="""
            exec_id  account_id  instrument_id  side  last_qty  last_px  currency  transact_time
            E1       A1          X              buy   100       10       USD       2026-11-16T15:00:00
            """,
            prices="""
            instrument_id  date        adj_basis  close
            X              2026-11-16  split      5
            X              2026-11-17  split      5
            """,
            corporate_actions="""
            instrument_id  ca_id  kind   ex_date     ratio
            X              C1     split  2026-11-17  2
            """,
        )
    )
    assert column(positions, "quantity", "market_px", "market_value") == [(100, 10, 1000), (200, 5, 1000)]


def test_raw_closes_are_preferred_to_adjusted_ones():
    positions, _ = book(
        facts(
            executions="""
            exec_id  account_id  instrument_id  side  last_qty  last_px  currency  transact_time
            E1       A1          X              buy   1         10       USD       2026-11-16T15:00:00
            """,
            prices="""
            instrument_id  date        adj_basis  close
            X              2026-11-16  split_div  4
            X              2026-11-16  raw        10
            """,
        )
    )
    assert column(positions, "market_px") == [10]


def test_dividends_are_income_net_of_withholding_and_reach_the_next_session():
    positions, nav = book(
        facts(
            executions="""
            exec_id  account_id  instrument_id  side  last_qty  last_px  currency  transact_time
            E1       A1          X              buy   100       10       USD       2026-11-13T15:00:00
            """,
            prices=PRICES,
            cash_flows="""
            account_id  flow_id  date        kind         amount  currency  instrument_id
            A1          F1       2026-11-13  deposit      10000   USD       -
            A1          F2       2026-11-14  dividend     50      USD       X
            A1          F3       2026-11-14  withholding  -15     USD       X
            """,
        )
    )
    # The 14th is a Saturday.
    assert column(positions, "income", "pnl") == [(0, None), (35, 35), (0, 200), (0, -100)]
    assert column(nav, "pnl") == [None, None, 200, -100]
    assert column(nav, "cash") == [9000, 9035, 9035, 9035]


def test_the_contract_size_counts_in_cash_and_value():
    positions, _ = book(
        facts(
            executions="""
            exec_id  account_id  instrument_id  side  last_qty  last_px  currency  transact_time
            E1       A1          X              buy   2         9        USD       2026-11-16T15:00:00
            """,
            prices=PRICES,
            instruments="""
            instrument_id  symbol  asset_class  currency  multiplier
            X              X       future       USD       50
            """,
        )
    )
    assert column(positions, "avg_cost", "market_value", "traded_cash", "pnl")[0] == (9, 1000, -900, 100)


def test_corrections_and_busts_leave_the_latest_version_only():
    positions, _ = book(
        facts(
            executions="""
            exec_id  version  exec_status  account_id  instrument_id  side  last_qty  last_px  currency  transact_time        exec_ref_id
            E1       1        new          A1          X              buy   100       9        USD       2026-11-16T15:00:00  -
            E1       2        corrected    A1          X              buy   80        9        USD       2026-11-16T15:00:00  E1
            E2       1        new          A1          X              buy   70        9        USD       2026-11-16T15:01:00  -
            E3       1        busted       A1          X              buy   70        9        USD       2026-11-16T15:02:00  E2
            E4       1        new          A1          X              buy   5         9        USD       2026-11-16T15:03:00  -
            E5       1        corrected    A1          X              buy   6         9        USD       2026-11-16T15:04:00  E4
            """,
            prices=PRICES,
        )
    )
    assert column(positions, "quantity", "executions")[0] == (86, 2)


def test_no_facts_give_no_rows_in_the_right_shape():
    positions, nav = book(facts())
    assert positions.is_empty()
    assert nav.is_empty()
    assert positions.columns == list(DAILY_POSITIONS.columns)
    assert nav.columns == list(DAILY_NAV.columns)


TRADE = st.tuples(
    st.integers(0, 4), st.sampled_from(["A1", "A2"]), st.sampled_from("XYZ"), st.sampled_from(["buy", "sell"]),
    st.integers(1, 50), st.decimals("0.01", "99.99", places=2), st.decimals("0", "3", places=2),
)  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(st.lists(TRADE, min_size=1, max_size=25), st.lists(st.integers(1, 99), min_size=15, max_size=15))
def test_pnl_explains_the_change_of_cash_and_value_to_the_last_digit(trades, closes):
    head = "exec_id account_id instrument_id side last_qty last_px currency commission transact_time\n"
    rows = "\n".join(
        f"E{n} {account} {name} {side} {qty} {px} {'EUR' if name == 'Z' else 'USD'} {fee} 2026-11-{16 + day}T15:00:{n:02d}"
        for n, (day, account, name, side, qty, px, fee) in enumerate(trades)
    )
    quoted = "\n".join(f"{name} 2026-11-{16 + i // 3} {closes[i]}" for i, name in enumerate("XYZ" * 5))
    positions, nav = book(
        facts(
            executions=head + rows,
            prices="instrument_id date close\n" + quoted,
            accounts="account_id kind base_currency\nA1 house USD\nA2 house USD",
            cash_flows=(
                "account_id flow_id date kind amount currency\n"
                "A1 F1 2026-11-16 deposit 500 USD\nA2 F2 2026-11-18 deposit 700 EUR\nA1 F3 2026-11-18 fee -3 USD"
            ),
            fx_rates="date from_currency to_currency rate\n2026-11-16 EUR USD 1.1\n2026-11-18 EUR USD 1.25",
        )
    )
    # Per account, instrument and day: what was earned is the change of value plus the cash that came in.
    by = ("account_id", "instrument_id")
    daily = positions.sort(*by, "date").with_columns(
        change=pl.col("market_value") - pl.col("market_value").shift(1, fill_value=0).over(by),
        held=pl.col("unrealised_pnl") - pl.col("unrealised_pnl").shift(1, fill_value=0).over(by),
    )
    explained = daily["realised_pnl"] + daily["held"] + daily["income"] - daily["costs"]
    moved = daily["change"] + daily["traded_cash"] + daily["income"] - daily["costs"]
    assert (explained == moved).all()
    assert (daily["pnl"] == moved).all()
    # Per account in base: the change of cash and value less flows, with cash revalued at today's rate.
    assert (nav["nav"] == nav["cash"] + nav["market_value"]).all()
    total = nav.group_by("account_id").agg(pl.col("pnl", "flow").sum(), pl.col("nav").last())
    assert (total["pnl"] == total["nav"] - total["flow"]).all()


CROSS = """
exec_id  account_id  instrument_id  side  last_qty  last_px  currency  commission  transact_time
E1       A1          X              buy   10        8        EUR       1           2026-11-16T15:00:00
E2       A1          X              buy   10        10       USD       1           2026-11-17T15:00:00
"""
IN_DOLLARS = """
instrument_id  symbol  asset_class  currency
X              X       equity       USD
"""


def test_a_trade_in_another_currency_costs_what_it_was_worth_that_day():
    positions, nav = book(
        facts(
            executions=CROSS,
            instruments=IN_DOLLARS,
            prices=PRICES,
            cash_flows=FLOW,
            accounts="account_id kind base_currency\nA1 house USD",
            fx_rates="date from_currency to_currency rate\n2026-11-16 EUR USD 1.25\n2026-11-18 EUR USD 1.5",
        )
    )
    names = ("currency", "quantity", "avg_cost", "costs", "unrealised_pnl")
    assert column(positions, *names) == [
        ("USD", 10, 10, Decimal("1.25"), 0), ("USD", 20, 10, 1, 40), ("USD", 20, 10, 0, 20),
    ]  # fmt: skip
    # 81 EUR were borrowed: the debt grows with the rate.
    assert column(nav, "cash") == [Decimal("9898.75"), Decimal("9797.75"), Decimal("9777.5")]


def test_a_trade_in_a_currency_without_a_rate_leaves_cost_unknown_not_zero():
    positions, nav = book(
        facts(executions=CROSS, instruments=IN_DOLLARS, prices=PRICES, cash_flows=FLOW,
              accounts="account_id kind base_currency\nA1 house USD")
    )  # fmt: skip
    assert column(positions, "quantity", "market_value", "avg_cost", "realised_pnl", "pnl")[-1] == (
        20, 220, None, 0, None,
    )  # fmt: skip
    assert column(nav, "nav", "reason")[-1] == (None, "No rate from EUR to USD is known yet.")


def test_interest_accrued_is_paid_with_a_bond():
    positions, nav = book(
        facts(
            executions="""
            exec_id  account_id  instrument_id  side  last_qty  last_px  currency  accrued_interest  transact_time
            E1       A1          X              buy   10        10       USD       3                 2026-11-16T15:00:00
            E2       A1          X              sell  10        12       USD       -4                2026-11-17T15:00:00
            """,
            prices=PRICES,
            cash_flows=FLOW,
        )
    )
    assert column(positions, "income", "pnl") == [(-3, -3), (4, 24)]
    assert column(nav, "nav") == [9997, 10021, 10021]


def test_a_dividend_paid_after_the_sale_still_belongs_to_the_holding():
    positions, _ = book(
        facts(
            executions="""
            exec_id  account_id  instrument_id  side  last_qty  last_px  currency  transact_time
            E1       A1          X              buy   10        10       USD       2026-11-16T15:00:00
            E2       A1          X              sell  10        12       USD       2026-11-17T15:00:00
            """,
            prices=PRICES,
            cash_flows="""
            account_id  flow_id  date        kind      amount  currency  instrument_id
            A1          F1       2026-11-16  deposit   10000   USD       -
            A1          F2       2026-11-18  dividend  7       USD       X
            """,
        )
    )
    assert column(positions, "date", "quantity", "income", "pnl")[-1] == (date(2026, 11, 18), 0, 7, 7)
