"""The P&L identity to the cent: every account of the demo and of real files, by three cost methods."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from analytics.datasets import DAILY_NAV, DAILY_POSITIONS, EXECUTIONS
from app.actions import costing, orgs
from app.actions._roles import console
from app.desk import Desk
from app.jobs import ingest
from app.jobs.derive import derive
from app.queries import pnl
from app.queries.pnl_identity import identity
from app.scope import Identity, Scope
from tests.small_demo import small_demo
from tests.world import bring, open_context

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
METHODS = ("average", "fifo", "lifo")
NEW_YORK = {"zone": "America/New_York"}
FILES = {
    "portfolio/pyfolio_txn_2004_2005.csv.gz": {"mapping": "pyfolio-transactions", "dataset": "executions"},
    "tape/yobit_personal_trade_history_2016_2025.csv.gz": {"mapping": "yobit"},
    "broker/csv/schwab.csv": {"mapping": "schwab"},
    "broker/csv/trading212.csv": {"mapping": "trading212"},
    "broker/csv/coinbase.csv": {"mapping": "coinbase"},
    "broker/csv/ibkr-trades.csv": {"mapping": "ibkr-trades-csv"},
    "broker/csv/ibkr-dividends.csv": {"mapping": "ibkr-dividends-csv"},
    "broker/csv/revolut-invest.csv": {"mapping": "revolut"},
}
if DATA.is_dir():
    flex = (DATA / "broker/ibkr_flex").glob("*.xml*")
    FILES |= {str(path.relative_to(DATA)): NEW_YORK for path in sorted(flex)}
pytestmark = [pytest.mark.slow]
TOLD: list[tuple] = []


def desk_of(context, org: str, base: str = "USD", **scope) -> Desk:
    identity_of = Identity(org, "u_risk", "Risk", "risk", currency=base)
    return Desk(context.lake, context.database, identity_of, Scope(start=date(1990, 1, 1), **scope), None)


def rows_of(context, org: str, table, *, without: tuple[str, ...] = ()) -> pl.DataFrame:
    columns = [name for name in table.columns if name not in without]
    return context.lake.scan(org, table).select(columns).sort(list(table.key)).collect()


def check(context, org: str) -> dict[str, dict]:
    """Derive by each method; both sides agree, and nothing but the split of P&L depends on it."""
    found, books = {}, {}
    split = ("avg_cost", "realised_pnl", "unrealised_pnl")
    for method in METHODS:
        costing.set_method(context.database, console(org), method)
        derive(context, org, cause="test")
        answer = found[method] = identity(desk_of(context, org, "USD"))
        assert answer["convention"]["cost_method"] == method
        assert "averaged_positions" not in answer["convention"]
        assert answer["checked"] == answer["holds"], answer["breaks"][:3]
        own = answer["accounts"]
        assert own["checked"] == own["holds"], own["breaks"][:3]
        books[method] = (
            rows_of(context, org, DAILY_POSITIONS, without=split),
            rows_of(context, org, DAILY_NAV),
            rows_of(context, org, DAILY_POSITIONS).select(
                "account_id",
                "instrument_id",
                "date",
                total=pl.col("realised_pnl").cum_sum().over("account_id", "instrument_id")
                + pl.col("unrealised_pnl"),
            ),
        )
    for method in METHODS:
        for mine, average in zip(books[method], books["average"], strict=True):
            assert mine.equals(average)
    return found


@pytest.fixture(scope="module")
def context(tmp_path_factory):
    """Return one installation; what was checked is printed at the end."""
    made = open_context(tmp_path_factory.mktemp("books") / "home")
    yield made
    print(f"\n{'book':58}{'position days':>14}{'unknown':>9}{'account days':>13}  worst")  # noqa: T201
    for name, checked, unknown, own, worst in TOLD:
        print(f"{name:58}{checked:14}{unknown:9}{own:13}  {worst}")  # noqa: T201
    made.database.close()


@pytest.mark.shared_data
@pytest.mark.skipif(not DATA.is_dir(), reason="the shared real files are not beside this checkout")
@pytest.mark.parametrize(("number", "name"), list(enumerate(FILES)), ids=list(FILES))
def test_books_of_real_files_add_up(context, tmp_path, number, name):
    org = f"book-{number}"
    orgs.create(context.database, console(org), slug=org, name=name)
    path = DATA / name
    ingest.run(context, console(org), ingest.Upload(path=path, filename=path.name, **FILES[name]))
    _prices_from_trades(context, org, tmp_path)
    found = check(context, org)["fifo"]
    own = found["accounts"]
    TOLD.append((name, found["checked"], found["unknown"], own["checked"], found["worst"]))
    trades = context.lake.scan(org, EXECUTIONS).select(pl.len()).collect().item()
    assert found["checked"] or not trades


def _prices_from_trades(context, org: str, folder: Path) -> None:
    """Bring the last price of each day as its close, so that what is held has a value."""
    fills = context.lake.scan(org, EXECUTIONS).sort("transact_time_ns")
    day = pl.coalesce("trade_date", pl.col("transact_time").dt.date())
    closes = fills.group_by("instrument_id", date=day).agg(
        close=pl.col("last_px").last(), currency=pl.col("currency").last()
    )
    found = closes.sort("instrument_id", "date").collect()
    if found.height:
        me = Identity(org=org, user_id="console", name="console", role="compliance")
        assert not bring(context, me, "prices", found.write_csv(), folder).rejected


@pytest.mark.parametrize("slug", ["halyard", "meridian"])
def test_books_of_the_demo_add_up(demo, slug):
    found = check(demo, slug)["lifo"]
    assert found["unknown"] == 0
    assert found["checked"] > 1000
    assert found["accounts"]["checked"] > 100
    TOLD.append((f"demo {slug}", found["checked"], 0, found["accounts"]["checked"], found["worst"]))
    dollars, _ = pnl.figures(desk_of(demo, slug, "USD"))
    euros, _ = pnl.figures(desk_of(demo, slug, "USD", currency="EUR"))
    for values in (dollars, euros):
        parts = values["realised_pnl"] + values["unrealised_change"] + values["income"] - values["costs"]
        assert values["net_pnl"] == pytest.approx(parts, abs=0.004)
        assert abs(values["residual"]) < 0.005
    assert dollars["net_pnl"] != pytest.approx(euros["net_pnl"], rel=1e-3)


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """Return an installation with the small demo."""
    made, _ = small_demo(tmp_path_factory.mktemp("demo") / "home", tmp_path_factory)
    yield made
    made.database.close()
