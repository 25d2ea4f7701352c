"""The real files beside the checkout: counts per file, no record without an answer, every field back."""

from decimal import Decimal
from pathlib import Path

import pytest

from app.sources._base import ReadOptions, read_file
from app.sources.fix_log import decode, encode
from app.sources.ibkr_flex import attributes, to_text
from app.sources.mapped_csv import shipped

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
pytestmark = [
    pytest.mark.shared_data,
    pytest.mark.skipif(not DATA.is_dir(), reason="the real files are not beside this checkout"),
]

# file: mapping or None, counts (accepted, rejected, duplicate), rows by table
FILES = {
    "portfolio/pyfolio_txn_2004_2005.csv.gz": ("pyfolio-transactions", (3155, 0, 0), {"executions": 3155}),
    "tape/yobit_personal_trade_history_2016_2025.csv.gz": ("yobit", (6933, 0, 0), {"executions": 6933}),
    "tape/bitstamp_btcusd_2015-05-01_order_events.csv.gz": (
        "bitstamp-orders",
        (50414, 0, 0),
        {"book_events": 50414},
    ),
    "broker/csv/schwab.csv": (
        "schwab",
        (119, 1, 0),
        {"executions": 43, "cash_flows": 64, "corporate_actions": 11},
    ),
    "broker/csv/trading212.csv": ("trading212", (9, 4, 0), {"executions": 4, "cash_flows": 5}),
    "broker/csv/coinbase.csv": ("coinbase", (4, 4, 0), {"executions": 2, "cash_flows": 2}),
    "broker/csv/ibkr-trades.csv": ("ibkr-trades-csv", (8, 3, 0), {"executions": 8}),
    "broker/csv/ibkr-dividends.csv": ("ibkr-dividends-csv", (11, 0, 0), {"cash_flows": 11}),
    "broker/csv/revolut-invest.csv": ("revolut", (7, 5, 0), {"executions": 3, "cash_flows": 4}),
    "prices/stocknet_ohlcv_16tickers_2012_2017.csv.gz": ("stocknet-prices", (20128, 0, 0), {"prices": 40256}),
    "social/stocknet_tweets_16tickers_2014_2016.csv.gz": (
        "stocknet-tweets",
        (20507, 0, 1958),
        {"posts": 20507},
    ),
    "social/taborda_stock_tweets_5000_1300labelled_2020.csv.gz": (
        "taborda-tweets",
        (5000, 0, 0),
        {"posts": 5000},
    ),
    "social/snap_bitcoin_otc_trust_edges.csv.gz": ("follows-bitcoin-otc", (35592, 0, 0), {"follows": 32029}),
    "fix/sungard_100FIX42.dat": (None, (96, 4, 0), {"order_events": 96, "executions": 24}),
    "fix/sungard_44_new_order_cross.txt": (None, (4, 0, 0), {"order_events": 8}),
    "fix/quickfixj_test_messages.fix": (None, (15, 1, 0), {"order_events": 5, "executions": 4}),
}
FLEX = sorted((DATA / "broker/ibkr_flex").glob("*.xml*")) if DATA.is_dir() else []


def read(path, name=None):
    mapping = shipped()[name] if name else None
    zone = None if mapping else "America/New_York"
    return read_file(
        path, options=ReadOptions(filename=path.name, mapping=mapping, zone=zone, currency="USD")
    )


@pytest.mark.parametrize("name", FILES)
def test_every_record_of_a_real_file_is_accounted_for(name):
    mapping, counts, rows = FILES[name]
    made = read(DATA / name, mapping)
    assert tuple(made.counts().values()) == counts
    assert sum(counts) == made.records
    assert {table: frame.height for table, frame in made.tables.items()} == rows
    assert made.rejects["message"].null_count() == 0


@pytest.mark.parametrize("path", FLEX, ids=lambda p: p.name)
def test_every_element_and_attribute_of_a_flex_file_comes_back(path):
    made = read(path)
    assert sum(made.counts().values()) == made.records
    for record in made.raw["record"]:
        tag, pairs = attributes(record)
        assert to_text(tag, dict(pairs)) == record
    refused = {(row["column"], row["code"]) for row in made.rejects.iter_rows(named=True)}
    assert refused <= {("last_px", "NOT_POSITIVE"), ("rate", "NOT_POSITIVE"), ("account_id", "MISSING")}


@pytest.mark.parametrize("name", [name for name in FILES if name.startswith("fix/")])
def test_every_field_of_a_fix_file_comes_back(name):
    for record in read(DATA / name).raw["record"]:
        fields = decode(record)
        assert decode(encode(fields).decode()) == fields
        assert encode(fields).decode().replace("\x01", "|") in record.replace("\x01", "|") + "|"


def test_shares_and_cash_of_pyfolio_add_up():
    frame = read(DATA / "portfolio/pyfolio_txn_2004_2005.csv.gz", "pyfolio-transactions").tables["executions"]
    cash = sum(
        (1 if side == "sell" else -1) * quantity * price
        for side, quantity, price in frame.filter(frame["line"] <= 8)
        .select("side", "last_qty", "last_px")
        .iter_rows()
    )
    # The first day's trades out of 100,000 leave the cash that pyfolio reports.
    assert abs(Decimal(100_000) + cash - Decimal("-6192.36029804")) < Decimal("1e-5")


def test_guesses_find_the_shipped_mappings():
    from app.sources.mapped_csv import suggest

    for name, (mapping, _, _) in FILES.items():
        if mapping not in (None, "pyfolio-transactions"):
            assert suggest(DATA / name).name == mapping
