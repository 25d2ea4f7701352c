"""The real files beside the checkout through the import job: nothing lost, every refusal told, no doubles."""

from pathlib import Path

import polars as pl
import pytest

from analytics.datasets import DATASETS, RAW_RECORDS, REJECTS
from app.actions import orgs
from app.actions._roles import console
from app.jobs import ingest
from app.storage.collect import collect
from tests.world import open_context

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
pytestmark = [
    pytest.mark.shared_data,
    pytest.mark.slow,
    pytest.mark.skipif(not DATA.is_dir(), reason="the real files are not beside this checkout"),
]

NEW_YORK = {"zone": "America/New_York"}
# What is said of a file besides its name: a mapping that comes with the product, or a zone.
FILES = {
    "portfolio/pyfolio_txn_2004_2005.csv.gz": {"mapping": "pyfolio-transactions"},
    "tape/yobit_personal_trade_history_2016_2025.csv.gz": {"mapping": "yobit"},
    "tape/bitstamp_btcusd_2015-05-01_order_events.csv.gz": {"mapping": "bitstamp-orders"},
    "broker/csv/schwab.csv": {"mapping": "schwab"},
    "broker/csv/trading212.csv": {"mapping": "trading212"},
    "broker/csv/coinbase.csv": {"mapping": "coinbase"},
    "broker/csv/ibkr-trades.csv": {"mapping": "ibkr-trades-csv"},
    "broker/csv/ibkr-dividends.csv": {"mapping": "ibkr-dividends-csv"},
    "broker/csv/revolut-invest.csv": {"mapping": "revolut"},
    "prices/stocknet_ohlcv_16tickers_2012_2017.csv.gz": {"mapping": "stocknet-prices"},
    "social/stocknet_tweets_16tickers_2014_2016.csv.gz": {"mapping": "stocknet-tweets"},
    "social/taborda_stock_tweets_5000_1300labelled_2020.csv.gz": {"mapping": "taborda-tweets"},
    "social/snap_bitcoin_otc_trust_edges.csv.gz": {"mapping": "follows-bitcoin-otc"},
    "fix/sungard_100FIX42.dat": NEW_YORK,
    "fix/sungard_44_new_order_cross.txt": NEW_YORK,
    "fix/quickfixj_test_messages.fix": NEW_YORK,
}
if DATA.is_dir():
    flex = (DATA / "broker/ibkr_flex").glob("*.xml*")
    FILES |= {str(path.relative_to(DATA)): NEW_YORK for path in sorted(flex)}
TOLD: list[tuple] = []


@pytest.fixture(scope="module")
def context(tmp_path_factory):
    """Return one installation for all files; the counts are printed when all are in."""
    made = open_context(tmp_path_factory.mktemp("acceptance") / "home")
    yield made
    print(f"\n{'file':58}{'records':>9}{'accepted':>9}{'rejected':>9}{'duplicate':>10}  rows")  # noqa: T201
    for name, *counts, rows in TOLD:
        print(f"{name:58}{counts[0]:9}{counts[1]:9}{counts[2]:9}{counts[3]:10}  {rows}")  # noqa: T201
    made.database.close()


def lines(context, org, dataset, import_id):
    rows = context.lake.scan(org, dataset).filter(pl.col("import_id") == import_id).select("line")
    return set(collect(rows)["line"])


def check_told(context, org, result):
    """Every record has one fate, and what was refused says where and why."""
    assert result.status == "done"
    assert result.accepted + result.rejected + result.duplicate == result.records
    refused = context.lake.scan(org, REJECTS).filter(pl.col("import_id") == result.import_id)
    told = collect(refused.select("line", "code", "message"))
    assert told.null_count().sum_horizontal().item() == 0
    assert told.filter(pl.col("message").str.len_chars() < 8).is_empty()
    landed = lines(context, org, RAW_RECORDS, result.import_id)
    assert len(set(told["line"]) - landed) == result.rejected
    assert len(landed) == result.accepted


@pytest.mark.parametrize(("number", "name"), list(enumerate(FILES)), ids=list(FILES))
def test_a_real_file_goes_in_whole_and_once(context, number, name):
    org, options = f"firm-{number}", FILES[name]
    orgs.create(context.database, console(org), slug=org, name=name)
    path = DATA / name
    upload = ingest.Upload(path=path, filename=path.name, **options)
    first = ingest.run(context, console(org), upload)
    check_told(context, org, first)
    assert first.accepted
    TOLD.append((name, first.records, first.accepted, first.rejected, first.duplicate, dict(first.rows)))
    tables = [d for d in DATASETS.values() if d is not REJECTS]
    before = {d.name: context.lake.version(org, d) for d in tables}
    second = ingest.run(context, console(org), upload)
    check_told(context, org, second)
    assert (second.accepted, second.duplicate) == (0, second.records - second.rejected)
    assert second.rejected == first.rejected
    assert not any(second.rows.values())
    assert {d.name: context.lake.version(org, d) for d in tables} == before
