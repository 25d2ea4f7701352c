"""Net asset value: cash, rates, and when it is not known."""

from datetime import date
from decimal import Decimal

import polars as pl
import pytest

from analytics.datasets import DATASETS
from analytics.portfolio.currency import rates
from analytics.portfolio.nav import NO_BASE, NO_CASH
from tests.analytics.portfolio._kit import book, column, facts
from tests.conftest import parse_table

TRADE = """
exec_id  account_id  instrument_id  side  last_qty  last_px  currency  commission  fees  taxes  transact_time
E1       A1          X              buy   10        20       EUR       1           2     3      2026-11-17T15:00:00
"""
PRICES = """
instrument_id  date        close
X              2026-11-17  20
X              2026-11-18  22
"""
RATES = """
date        from_currency  to_currency  rate
2026-11-17  EUR            USD          1.10
2026-11-18  EUR            USD          1.20
"""
ACCOUNT = """
account_id  kind   base_currency
A1          house  USD
"""
DEPOSIT = """
account_id  flow_id  date        kind     amount  currency
A1          F1       2026-11-16  deposit  1000    USD
"""


def test_cash_in_another_currency_is_revalued_every_day():
    _, nav = book(
        facts(executions=TRADE, prices=PRICES, fx_rates=RATES, accounts=ACCOUNT, cash_flows=DEPOSIT)
    )
    # 206 EUR were spent; on the 18th that is 247.20 USD less, beside 220 EUR = 264 USD of stock.
    assert column(nav, "date", "cash", "market_value", "nav", "flow", "pnl") == [
        (date(2026, 11, 16), 1000, 0, 1000, 1000, 0),
        (date(2026, 11, 17), Decimal("773.4"), 220, Decimal("993.4"), 0, Decimal("-6.6")),
        (date(2026, 11, 18), Decimal("752.8"), 264, Decimal("1016.8"), 0, Decimal("23.4")),
    ]


def test_without_any_cash_flow_cash_is_not_known():
    _, nav = book(facts(executions=TRADE, prices=PRICES, fx_rates=RATES, accounts=ACCOUNT))
    assert column(nav, "cash", "nav", "market_value", "reason")[-1] == (None, None, 264, NO_CASH)


def test_a_missing_rate_is_never_one():
    _, nav = book(facts(executions=TRADE, prices=PRICES, accounts=ACCOUNT, cash_flows=DEPOSIT))
    assert column(nav, "nav", "market_value", "reason") == [
        (1000, 0, None),
        (None, None, "No rate from EUR to USD is known yet."),
        (None, None, "No rate from EUR to USD is known yet."),
    ]


def test_two_currencies_and_no_account_leave_the_base_open():
    _, nav = book(facts(executions=TRADE, prices=PRICES, fx_rates=RATES, cash_flows=DEPOSIT))
    assert column(nav, "currency", "nav", "reason")[-1] == (None, None, NO_BASE)


def test_an_account_nobody_described_reports_in_its_only_currency():
    flows = DEPOSIT.replace("USD", "EUR")
    _, nav = book(facts(executions=TRADE, prices=PRICES, cash_flows=flows))
    assert column(nav, "currency", "nav")[-1] == ("EUR", 1014)


def test_a_flow_says_itself_whether_it_is_external():
    flows = """
    account_id  flow_id  date        kind        amount  currency  external
    A1          F1       2026-11-16  deposit     1000    USD       -
    A1          F2       2026-11-16  deposit     500     USD       false
    A1          F3       2026-11-16  other       70      USD       true
    A1          F4       2026-11-16  withdrawal  -5      USD       -
    """
    _, nav = book(facts(cash_flows=flows))
    assert column(nav, "nav", "flow", "pnl") == [(1565, 1065, 500)]


RATE_TABLE = """
date        from_currency  to_currency  rate
2026-11-16  EUR            USD          1.25
2026-11-16  USD            JPY          150
2026-11-18  GBP            EUR          1.2
2026-11-19  EUR            USD          1.30
"""


def test_rates_are_direct_inverse_or_through_one_currency():
    pairs = pl.LazyFrame(
        {
            "currency": ["EUR", "USD", "EUR", "GBP", "USD", "CHF"],
            "base": ["USD", "EUR", "JPY", "USD", "USD", "USD"],
        }
    )
    days = pl.LazyFrame({"date": [date(2026, 11, 17), date(2026, 11, 20)]})
    found = rates(parse_table(RATE_TABLE, DATASETS["fx_rates"]), pairs=pairs, days=days).collect()
    got = {(c, b, d.day): float(r) for c, b, d, r in found.iter_rows()}
    assert got == pytest.approx(
        {
            ("EUR", "USD", 17): 1.25, ("EUR", "USD", 20): 1.30,
            ("USD", "EUR", 17): 0.8, ("USD", "EUR", 20): 1 / 1.3,
            ("EUR", "JPY", 17): 187.5, ("EUR", "JPY", 20): 195,
            ("GBP", "USD", 20): 1.56,
            ("USD", "USD", 17): 1, ("USD", "USD", 20): 1,
        }
    )  # fmt: skip
