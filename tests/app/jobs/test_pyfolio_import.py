"""A real trade file through a mapping: shares, cash, NAV and returns agree with the file's own oracle."""

from pathlib import Path

import polars as pl
import pytest

from analytics.datasets import DAILY_NAV, DAILY_POSITIONS, EXECUTIONS
from app.actions import orgs
from app.actions._roles import console
from app.jobs import ingest
from app.jobs.derive import derive
from app.scope import Identity
from tests.world import bring, open_context

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data" / "portfolio"
pytestmark = [
    pytest.mark.shared_data,
    pytest.mark.skipif(not SHARED.is_dir(), reason="the shared real files are not beside this checkout"),
]
TRADES = SHARED / "pyfolio_txn_2004_2005.csv.gz"


def oracle(name: str) -> pl.DataFrame:
    frame = pl.read_csv(
        SHARED / f"pyfolio_{name}_2004_2005.csv.gz", infer_schema=False, has_header=name != "returns"
    )
    first = frame.columns[0]
    return frame.rename({first: "date"}).with_columns(
        pl.col("date").str.slice(0, 10).str.to_date(), pl.exclude("date").cast(pl.Float64)
    )


@pytest.fixture(scope="module")
def fund(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pyfolio")
    context = open_context(folder / "home")
    orgs.create(context.database, console("fund"), slug="fund", name="Fund")
    me = Identity(org="fund", user_id="console", name="console", role="compliance")
    bring(context, me, "accounts", "account_id,kind,base_currency,desk\nmain,house,USD,one\n", folder)
    deposit = "account_id,flow_id,date,kind,amount,currency\nmain,open,2004-01-02,deposit,100000,USD\n"
    bring(context, me, "cash_flows", deposit, folder)
    upload = ingest.Upload(
        path=TRADES, filename=TRADES.name, dataset="executions", mapping="pyfolio-transactions"
    )
    first = ingest.run(context, me, upload)
    values = oracle("pos").unpivot(index="date", variable_name="instrument_id", value_name="value")
    trades = context.lake.scan("fund", EXECUTIONS).collect()
    held = (
        trades.with_columns(
            signed=pl.when(pl.col("side") == "buy").then("last_qty").otherwise(-pl.col("last_qty"))
        )
        .group_by("instrument_id", date="trade_date")
        .agg(pl.col("signed").sum())
        .sort("date")
        .with_columns(shares=pl.col("signed").cum_sum().over("instrument_id").cast(pl.Float64))
    )
    implied = (
        values.filter(pl.col("instrument_id") != "cash")
        .sort("date")
        .join_asof(held.sort("date"), on="date", by="instrument_id", check_sortedness=False)
        .filter(pl.col("shares").fill_null(0) != 0, pl.col("value") != 0)
        .select(
            "instrument_id",
            "date",
            close=(pl.col("value") / pl.col("shares")).round(12),
            currency=pl.lit("USD"),
        )
    )
    bring(context, me, "prices", implied.write_csv(float_scientific=False, float_precision=12), folder)
    derive(context, "fund", cause="test")
    return context, me, upload, first, held


def test_every_trade_lands_once(fund):
    context, me, upload, first, _ = fund
    trades = pl.read_csv(TRADES, infer_schema=False)
    assert (first.records, first.accepted, first.rejected, first.duplicate) == (
        trades.height,
        trades.height,
        0,
        0,
    )
    before = {t.name: (t.rows, t.version) for t in context.lake.tables("fund")}
    again = ingest.run(context, me, upload)
    assert (again.accepted, again.rejected, again.duplicate) == (0, 0, trades.height)
    assert {t.name: (t.rows, t.version) for t in context.lake.tables("fund")} == before


def test_shares_are_the_running_sum_of_signed_amounts(fund):
    context, *_ = fund
    source = pl.read_csv(TRADES, infer_schema=False)
    expected = (
        source.select(
            date=pl.col(source.columns[0]).str.slice(0, 10).str.to_date(),
            instrument_id="symbol",
            amount=pl.col("amount").cast(pl.Int64),
        )
        .group_by("date", "instrument_id")
        .agg(pl.col("amount").sum())
        .sort("date")
        .with_columns(shares=pl.col("amount").cum_sum().over("instrument_id"))
    )
    derived = context.lake.scan("fund", DAILY_POSITIONS).collect().select("date", "instrument_id", "quantity")
    both = expected.join(derived, on=["date", "instrument_id"], how="left")
    assert both.height > 500
    assert both.filter(pl.col("quantity").fill_null(0).cast(pl.Int64) != pl.col("shares")).is_empty()


def test_cash_follows_the_oracle_within_a_thousandth_of_a_cent(fund):
    context, *_ = fund
    nav = (
        context.lake.scan("fund", DAILY_NAV)
        .collect()
        .select("date", cash_here=pl.col("cash").cast(pl.Float64))
    )
    both = oracle("pos").select("date", "cash").join(nav, on="date")
    assert both.height == oracle("pos").height
    worst = both.select((pl.col("cash") - pl.col("cash_here")).abs().max()).item()
    assert worst < 1e-5


def test_nav_and_daily_returns_equal_the_oracle(fund):
    context, *_ = fund
    nav = (
        context.lake.scan("fund", DAILY_NAV)
        .collect()
        .sort("date")
        .select("date", nav=pl.col("nav").cast(pl.Float64))
    )
    value = oracle("pos").select("date", value=pl.sum_horizontal(pl.exclude("date")))
    both = nav.join(value, on="date")
    assert both.select((pl.col("nav") - pl.col("value")).abs().max()).item() < 1e-5
    returns = oracle("returns").rename({oracle("returns").columns[1]: "expected"})
    daily = nav.with_columns(made=pl.col("nav") / pl.col("nav").shift(1) - 1).drop_nulls()
    compared = returns.join(daily, on="date")
    assert compared.height > 490
    assert compared.select((pl.col("expected") - pl.col("made")).abs().max()).item() < 1e-9
