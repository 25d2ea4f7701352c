"""A real book of two years: shares, cash, net asset value and returns as its owner published them."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from analytics.datasets import CASH_FLOWS, DECIMAL, EXECUTIONS, PRICES, Dataset
from analytics.portfolio.facts import Facts
from analytics.portfolio.returns import daily_returns
from tests.analytics.portfolio._kit import book, facts

FOLDER = Path("../shared/data/portfolio")
pytestmark = [
    pytest.mark.shared_data,
    pytest.mark.skipif(not FOLDER.exists(), reason="the shared files are not beside the checkout"),
]


def fitted(frame: pl.DataFrame, dataset: Dataset) -> pl.LazyFrame:
    """The frame in the stored schema; what it does not have is null."""
    return frame.lazy().select(
        (pl.col(name).cast(dtype) if name in frame.columns else pl.lit(None, dtype)).alias(name)
        for name, dtype in dataset.schema.items()
    )


def read(name: str, **options) -> pl.DataFrame:
    frame = pl.read_csv(FOLDER / f"pyfolio_{name}_2004_2005.csv.gz", **options)
    frame = frame.rename({frame.columns[0]: "moment"})
    return frame.with_columns(moment=pl.col("moment").str.to_datetime("%Y-%m-%d %H:%M:%S%z", time_zone="UTC"))


@pytest.fixture(scope="module")
def published() -> pl.DataFrame:
    """date, cash, nav and return of each day."""
    held = read("pos")
    values = held.select("cash", date=pl.col("moment").dt.date(), nav=pl.sum_horizontal(pl.exclude("moment")))
    returns = read("returns", has_header=False).select(date=pl.col("moment").dt.date(), r="column_1")
    return values.join(returns, on="date")


@pytest.fixture(scope="module")
def derived() -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Positions and NAV through our functions, and the transactions they came from."""
    trades = read("txn", schema_overrides={"price": DECIMAL}).with_row_index("n")
    executions = trades.select(
        exec_id=pl.format("E{}", "n"),
        version=pl.lit(1),
        exec_status=pl.lit("new"),
        account_id=pl.lit("A"),
        instrument_id="symbol",
        side=pl.when(pl.col("amount") > 0).then(pl.lit("buy")).otherwise(pl.lit("sell")),
        last_qty=pl.col("amount").abs(),
        last_px="price",
        currency=pl.lit("USD"),
        transact_time="moment",
        transact_time_ns=pl.col("moment").dt.epoch("ns"),
    )
    shares = trades.group_by("symbol", date=pl.col("moment").dt.date()).agg(pl.col("amount").sum())
    shares = shares.sort("date").with_columns(shares=pl.col("amount").cum_sum().over("symbol"))
    values = read("pos").with_columns(date=pl.col("moment").dt.date()).drop("moment", "cash")
    values = values.unpivot(index="date", variable_name="symbol", value_name="value").sort("date")
    implied = values.join_asof(
        shares.select("date", "symbol", "shares"), on="date", by="symbol", check_sortedness=False
    ).filter(pl.col("shares") != 0)
    prices = implied.select(
        "date", instrument_id="symbol", adj_basis=pl.lit("raw"), close=pl.col("value") / pl.col("shares")
    )
    deposit = pl.DataFrame(
        {"account_id": "A", "flow_id": "F", "date": date(2004, 1, 2), "kind": "deposit", "amount": 100_000,
         "currency": "USD"}
    )  # fmt: skip
    none = facts()
    given = Facts(
        fitted(executions, EXECUTIONS), fitted(prices, PRICES), none.accounts, none.instruments,
        fitted(deposit, CASH_FLOWS), none.fx_rates, none.corporate_actions,
    )  # fmt: skip
    return *book(given), shares


def test_shares_are_the_running_sum_of_the_signed_amounts(derived):
    positions, _, shares = derived
    both = shares.join(
        positions.select("date", symbol="instrument_id", held="quantity"), on=["date", "symbol"], how="left"
    )
    assert both.height > 2000
    assert (both["held"].cast(pl.Int64) == both["shares"]).all()


def test_cash_of_every_day_is_the_published_one(derived, published):
    both = published.join(derived[1].select("date", ours=pl.col("cash").cast(pl.Float64)), on="date")
    assert both.height == 499
    assert (both["ours"] - both["cash"]).abs().max() < 1e-5


def test_value_and_return_of_every_day_are_the_published_ones(derived, published):
    ours = daily_returns(derived[1]).join(
        derived[1].select("date", value=pl.col("nav").cast(pl.Float64)), on="date"
    )
    both = published.join(ours, on="date")
    assert both.height == 499
    assert (both["value"] - both["nav"]).abs().max() < 1e-5
    assert (both["return"] - both["r"]).abs().max() < 1e-9
