"""IBKR Flex statements: levels, cancels, cash, what is derived, and every attribute back again."""

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app import errors
from app.sources._base import ReadOptions, read_file
from app.sources.ibkr_flex import attributes, to_text

TRADE = {
    "accountId": "U1", "currency": "USD", "assetCategory": "STK", "symbol": "AAPL", "conid": "1", "tradeID": "T1",
    "dateTime": "20260302;093000", "tradeDate": "20260302", "quantity": "-100", "tradePrice": "10.5", "buySell": "SELL",
    "ibCommission": "-1.25", "ibCommissionCurrency": "USD", "taxes": "0", "ibExecID": "X1", "levelOfDetail": "EXECUTION",
    "openCloseIndicator": "C", "notes": "",
}  # fmt: skip


def statement(*elements, section="Trades"):
    inner = "".join(to_text(tag, given) for tag, given in elements)
    return (
        '<FlexQueryResponse queryName="q" type="AF"><FlexStatements count="1"><FlexStatement accountId="U1" '
        'fromDate="20260302" toDate="20260302">'
        f"<{section}>{inner}</{section}></FlexStatement></FlexStatements></FlexQueryResponse>"
    )


def read(tmp_path, text, **options):
    path = tmp_path / "x.xml"
    path.write_text(text)
    return read_file(
        path, options=ReadOptions(**({"filename": "x.xml", "zone": "America/New_York"} | options))
    )


def test_a_trade_becomes_an_execution_with_costs_positive(tmp_path):
    row = read(tmp_path, statement(("Trade", TRADE))).tables["executions"].row(0, named=True)
    assert (row["exec_id"], row["side"], row["last_qty"], row["commission"]) == (
        "X1",
        "sell",
        Decimal(100),
        Decimal("1.25"),
    )
    assert str(row["transact_time"]) == "2026-03-02 14:30:00+00:00"


def test_without_a_zone_the_time_is_refused(tmp_path):
    made = read(tmp_path, statement(("Trade", TRADE)), zone=None)
    assert made.rejects.select("column", "code").rows() == [("transact_time", "ZONE_MISSING")]


def test_the_same_trade_at_other_levels_counts_once(tmp_path):
    other = [(tag, TRADE | {"levelOfDetail": level}) for tag, level in
             (("Order", "ORDER"), ("SymbolSummary", "SYMBOL_SUMMARY"), ("AssetSummary", "ASSET_SUMMARY"), ("Trade", "CLOSED_LOT"))]  # fmt: skip
    made = read(tmp_path, statement(("Trade", TRADE), *other))
    assert made.tables["executions"].height == 1
    assert made.counts() == {"accepted": 8, "rejected": 0, "duplicate": 0}


def test_a_cancel_busts_the_trade_it_refers_to(tmp_path):
    cancel = TRADE | {"transactionType": "TradeCancel", "tradeID": "T2", "origTradeID": "T1", "ibExecID": "", "quantity": "100",
                      "buySell": "SELL (Ca.)", "notes": "Ca"}  # fmt: skip
    rows = read(tmp_path, statement(("Trade", TRADE), ("Trade", cancel))).tables["executions"]
    assert rows.select("exec_id", "version", "exec_status", "side").rows() == [
        ("X1", 1, "new", "sell"),
        ("X1", 2, "busted", "sell"),
    ]


def test_commission_in_another_currency_is_not_mixed_in(tmp_path):
    row = (
        read(tmp_path, statement(("Trade", TRADE | {"ibCommissionCurrency": "CHF"})))
        .tables["executions"]
        .row(0, named=True)
    )
    assert row["commission"] is None
    assert "COMMISSION_CURRENCY" in row["dq_flags"]
    assert '["ibCommission", "-1.25"]' in row["ext"]


def test_one_symbol_of_two_contracts_is_two_instruments(tmp_path):
    twin = TRADE | {"conid": "2", "ibExecID": "X2", "tradeID": "T2"}
    rows = read(tmp_path, statement(("Trade", TRADE), ("Trade", twin))).tables["executions"]
    assert rows["instrument_id"].to_list() == ["AAPL#1", "AAPL#2"]


@pytest.mark.parametrize(
    ("kind", "amount", "ours"),
    [
        ("Dividends", "12", "dividend"),
        ("Withholding Tax", "-2", "withholding"),
        ("Deposits/Withdrawals", "-5", "withdrawal"),
        ("Deposits/Withdrawals", "5", "deposit"),
        ("Something New", "1", "other"),
    ],
)
def test_cash_gets_its_kind(tmp_path, kind, amount, ours):
    cash = {"currency": "USD", "dateTime": "20260302", "amount": amount, "type": kind, "transactionID": "9"}
    row = read(tmp_path, statement(("CashTransaction", cash))).tables["cash_flows"].row(0, named=True)
    assert (row["kind"], row["amount"], row["account_id"]) == (ours, Decimal(amount), "U1")


def test_instruments_and_accounts_are_described_from_the_statement(tmp_path):
    made = read(tmp_path, statement(("Trade", TRADE)), currency="CHF")
    assert made.tables["instruments"].select("instrument_id", "asset_class", "currency").rows() == [
        ("AAPL", "equity", "USD")
    ]
    assert made.tables["accounts"].select("account_id", "base_currency").rows() == [("U1", "CHF")]


def test_an_unknown_element_is_kept_and_named(tmp_path):
    made = read(tmp_path, statement(("Novelty", {"a": "1"})))
    assert any("Novelty" in warning for warning in made.warnings)
    assert made.counts()["accepted"] == made.records


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE x [<!ENTITY a "b">]><FlexQueryResponse a="&a;"/>',
        '<!DOCTYPE x SYSTEM "file:///etc/passwd"><FlexQueryResponse a="1"/>',
        "<FlexQueryResponse a='1'",
        "<FlexQueryResponse/>",
    ],
)
def test_dangerous_or_damaged_xml_is_refused(tmp_path, text):
    with pytest.raises(errors.Invalid):
        read(tmp_path, text)


NAMES = st.from_regex(r"[a-z][A-Za-z]{0,8}", fullmatch=True)
TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"),
    max_size=12,
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(given=st.lists(st.dictionaries(NAMES, TEXTS, min_size=1), max_size=6))
def test_every_attribute_of_every_element_comes_back(tmp_path, given):
    made = read(tmp_path, statement(*(("CashTransaction", one) for one in given)))
    back = [attributes(record) for record in made.raw["record"]]
    assert back[3:] == [("CashTransaction", list(one.items())) for one in given]
    assert sum(made.counts().values()) == made.records == len(given) + 3
