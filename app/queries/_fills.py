"""The fills of a period with every price they are measured against: computed once, read by every card."""

import polars as pl

from analytics.conventions import trade_day
from analytics.datasets import INSTRUMENTS
from analytics.trading.benchmarks import BENCHMARKS, with_benchmarks
from analytics.trading.cost import slippage_bp
from analytics.trading.markouts import ALL_HORIZONS, spreads, with_markouts
from analytics.trading.volume import notional
from app.desk import Desk
from app.queries._money import converted
from app.queries._period import Period, within
from app.queries._tca_lives import READS, lives
from app.storage.cache import cached

SPREADS = ("quoted_spread_bp", "effective_spread_bp", "realised_spread_bp", "impact_bp")
MARKOUTS = tuple(f"markout_{name}_bp" for name in ALL_HORIZONS)
SLIPPAGES = {name: f"slip_{name}_bp" for name in BENCHMARKS}
# Whose fills they are: few different values, kept as categories.
_DIMENSIONS = (
    "instrument_id", "symbol", "account_id", "trader_id", "desk", "strategy", "side", "venue", "broker",
    "algo_id", "liquidity", "currency",
)  # fmt: skip
_UNJOINED = ("account_id", "trader_id", "desk", "strategy", "venue", "broker", "liquidity")
_PRICED = (
    "instrument_id", "root_id", "transact_time", "trade_date", "side", "last_px", "arrival_px",
)  # fmt: skip
_SCHEMA: dict[str, pl.DataType] = (
    {
        "row": pl.UInt32(),
        "order": pl.String(),
        "known": pl.Boolean(),
        "sliced": pl.Boolean(),
        "day": pl.Date(),
    }
    | dict.fromkeys((*_DIMENSIONS, "missing_rate"), pl.Categorical())
    | dict.fromkeys(("last_qty", "market_qty", "weight"), pl.Float64())
    | dict.fromkeys((*SLIPPAGES.values(), *MARKOUTS, *SPREADS), pl.Float64())
)


def bare(desk: Desk) -> tuple[Desk, Period]:
    """Return the desk bounded to its period without what only a page or a list knows, and the period.

    Two views that differ in a chosen tab or the length of a list then share what is kept, and so do all who
    see the whole organisation.
    """
    bounded, days = within(desk)
    plain = bounded.with_scope(
        extra={}, limit=100, cursor=None, group_by=None, order=None, alert=None, case=None, post=None
    )
    return plain if plain.narrows else plain.whole(), days


def fills(desk: Desk) -> pl.DataFrame:
    """Return the executions of the period that ``desk`` may see and asks for. The desk must be ``bare``.

    They are measured once for the whole organisation (``measured``): what an execution cost against its order
    does not depend on who looks at it.
    """
    return desk.narrowed(measured(desk.whole()))


@cached(*READS)
def measured(desk: Desk) -> pl.DataFrame:
    """Return one row per execution of the period as it stands, oldest first. The desk must be ``bare``.

    Columns: ``row`` (place), ``order`` (its root order, the execution itself where it has none), ``known``
    (whether it has one), ``sliced`` (whether its own order was cut from another), ``day`` (venue's),
    instrument_id, symbol, account_id, trader_id, desk, strategy, side, venue, broker, algo_id, liquidity,
    currency (categories), ``last_qty``, ``weight`` (notional in the answer's currency, null without a rate),
    ``missing_rate``, ``market_qty`` (traded by everybody from the order's release to its last fill), the
    slippage against each benchmark, mark-outs, spreads (basis points, positive = cost, null where no price is
    known).
    """
    rows = desk.collect(_described(desk, desk.executions()))
    if rows.is_empty() or desk.scope.start is None or desk.scope.end is None:
        return pl.DataFrame(schema=_SCHEMA)
    known = lives(desk)
    told = known.tree.select("order_id", "root_id", "algo_id")
    rows = rows.with_columns(known.numbering.numbers(rows["order_id"]).alias("_order"))
    rows = rows.join(told, left_on="_order", right_on="order_id", how="left", maintain_order="left")
    rows = rows.with_columns(root_id=pl.coalesce("root_id", "_order"))
    # Most orders of a market maker never trade: theirs are not needed here.
    traded = pl.col("order_id").is_in(rows["root_id"].drop_nulls().unique().implode())
    windows = known.windows.filter(traded)
    about = known.market(windows)
    # Only what prices depend on goes through the joins; the rest stands beside it, in the same order.
    priced = with_benchmarks(rows.lazy().select(*_PRICED, order_id="_order"), windows.lazy(), about)
    priced = spreads(with_markouts(priced, about.track, about.prices)).with_columns(
        slippage_bp(column).alias(SLIPPAGES[name]) for name, column in BENCHMARKS.items()
    )
    measured = priced.select("market_qty", *SLIPPAGES.values(), *MARKOUTS, *SPREADS).collect()
    frame = rows.hstack(measured).with_columns(
        weight=notional(),
        order=pl.coalesce(known.numbering.spelt(rows["root_id"]), "exec_id"),
        known=pl.col("order_id").is_not_null(),
        sliced=(pl.col("root_id") != pl.col("_order")).fill_null(value=False),
    )
    frame = converted(desk, frame, "weight", date="day")
    return frame.select(pl.col(name).cast(dtype) for name, dtype in _SCHEMA.items())


def described(desk: Desk) -> pl.LazyFrame:
    """Return the latest symbol, contract size and currency of each instrument."""
    rows = desk.rows(INSTRUMENTS, scoped=False).sort("valid_from", nulls_last=False)
    return rows.unique("instrument_id", keep="last").select(
        "instrument_id", "symbol", "multiplier", instrument_currency="currency"
    )


def _described(desk: Desk, executions: pl.LazyFrame) -> pl.LazyFrame:
    about = described(desk).drop("instrument_currency")
    joined = executions.join(about, on="instrument_id", how="left")
    # What no join looks at becomes categories before it is put in order: a quarter of the memory.
    named = joined.with_columns(
        pl.col(_UNJOINED).cast(pl.Categorical()),
        symbol=pl.coalesce("symbol", "instrument_id").cast(pl.Categorical()),
    )
    ordered = named.sort("transact_time_ns", "exec_id").with_row_index("row")
    return ordered.select(
        "row", "exec_id", "order_id", "transact_time", "trade_date", "decision_time", "arrival_px", "last_qty",
        "last_px", "multiplier", *(name for name in _DIMENSIONS if name not in {"algo_id", "symbol"}),
        "symbol", day=trade_day(),
    )  # fmt: skip
