"""The orders of a period: what they cost, what they should have cost, and where the money went."""

from typing import TypedDict

import polars as pl

from analytics.conventions import BASIS_POINTS, ONE, ZERO
from analytics.trading.benchmarks import Market, mid_at
from analytics.trading.expected_cost import CostModel, fit_cost_model, market_norms, with_expected_cost
from analytics.trading.markouts import reversion
from analytics.trading.orders import order_fills, with_fills
from analytics.trading.shortfall import PARTS, filled_amounts, shortfalls
from app.desk import Desk
from app.queries._fills import described, fills
from app.queries._market import daily_history
from app.queries._money import converted
from app.queries._tca_lives import OWNERS, READS, Lives, lives, put_together_once
from app.storage.cache import cached

RESTED = "It only rested: the law is of orders that take liquidity."
MONEY = ("paper", *PARTS, "total")
_WHO = (
    "instrument_id",
    "symbol",
    "account_id",
    "trader_id",
    "desk",
    "strategy",
    "side",
    "algo_id",
    "currency",
)


class Orders(TypedDict):
    """What is known of a period's orders.

    ``traded``: one row per order with a fill in the period (an execution without an order is one of its own):
    ``order_id`` (null then), ``order``, who and what, ``day``, ``filled_qty``, ``fills``, ``weight`` (notional
    in the answer's currency), ``cost_bp`` (against arrival, that of
    the parent), ``participation`` and ``day_share`` (fractions of
    the market's volume while it worked, and of the whole day's), ``reversion_bp``, ``adv``, ``volatility``,
    ``quoted_spread_bp``, ``duration_seconds``, the columns of ``with_expected_cost``, and the shortfall:
    ``passive`` (every fill rested), ``paper``, its parts and ``total`` in the answer's currency (fixed point), ``shortfall_reason``.
    ``untraded``: the shortfall of orders that never traded, summed by ``algo_id`` and ``venue``.
    ``asked``: by ``algo_id`` and ``venue``, the sums of ``cost.ratio_sums`` of filled over ordered quantity.
    ``model``: coefficient, scale and number of orders of the cost model.
    """

    traded: pl.DataFrame
    untraded: pl.DataFrame
    asked: pl.DataFrame
    model: dict[str, float]


class _Told(TypedDict):
    # Orders with whose they are: narrowed first, judged and added up afterwards.
    traded: pl.DataFrame
    untraded: pl.DataFrame
    asked: pl.DataFrame
    spans: pl.DataFrame  # whose the parts are of orders that several accounts, traders or instruments share


@cached(*READS)
def orders(desk: Desk) -> Orders:
    """Return the orders of the period (see ``Orders``). The desk must be ``bare``.

    They are measured once for the whole organisation. What is judged (the law and who stands out of it) is
    judged among the orders that ``desk`` may see and asks for.
    """
    known = told(desk.whole())
    if desk.narrows and _straddle(desk, known["spans"]):
        # Of an order that others share only the own part counts: measured for this desk alone.
        known = told(desk)
    traded, model = _judged(desk.narrowed(known["traded"]))
    by = ["algo_id", "venue"]
    untraded, asked = (
        desk.narrowed(known[name]).group_by(by).agg(pl.exclude(*by, *OWNERS).sum()).sort(by)
        for name in ("untraded", "asked")
    )
    return {
        "traded": traded,
        "untraded": untraded,
        "asked": asked,
        "model": {"coefficient": model.coefficient, "scale": model.scale, "orders": float(model.orders)},
    }


@cached(*READS)
def told(desk: Desk) -> _Told:
    """Return the orders of the period, not judged yet, and whose they are. The desk must be ``bare``."""
    with put_together_once():
        executed, known = fills(desk), lives(desk)
    start, end = desk.scope.start, desk.scope.end
    windows, daily = known.windows, Market.of().prices
    if start is not None and end is not None:
        # An order that ended before the period began is not one of it.
        windows = windows.filter(pl.col("end_time").dt.date() >= start)
        daily = daily_history(desk, instruments=known.instruments, start=start, end=end)
    about = known.market(windows)
    short = _shortfalls(desk, windows, filled_amounts(known.history.lazy(), known.roots), about)
    return {
        "traded": _traded(executed, short, known, about, daily),
        "untraded": _untraded(short, known.tree),
        "asked": _asked(desk, known),
        "spans": _spans(known),
    }


def _spans(known: Lives) -> pl.DataFrame:
    rows = pl.concat([part.select("order_id", *OWNERS) for part in (known.events, known.history)])
    whose = (
        rows.drop_nulls("order_id")
        .unique()
        .join(known.tree.select("order_id", "root_id"), on="order_id", how="left")
    )
    parts = whose.select(*OWNERS, order=pl.coalesce("root_id", "order_id")).unique()
    parts = parts.filter(pl.col("order").is_duplicated())
    return _spelt(parts).with_columns(known.numbering.spelt(parts["order"]))


def _straddle(desk: Desk, spans: pl.DataFrame) -> bool:
    own = desk.narrowed(spans)
    return spans.join(own, on="order", how="semi").height > own.height


def _shortfalls(desk: Desk, windows: pl.DataFrame, filled: pl.LazyFrame, about: Market) -> pl.DataFrame:
    rows = windows.lazy()
    for name, at in (
        ("decision_px", "decision_time"),
        ("release_px", "release_time"),
        ("end_px", "end_time"),
    ):
        rows = mid_at(rows, about.track, time=at, name=name)
    rows = rows.join(described(desk), on="instrument_id", how="left", maintain_order="left")
    found = shortfalls(rows, filled).with_columns(
        currency="instrument_currency", day=pl.col("end_time").dt.date()
    )
    # Against the mid at the release, before conversion: what the market did while the parent was worked.
    value = pl.col("filled_qty") * pl.col("release_px") * pl.col("multiplier").fill_null(ONE)
    worked = pl.col("trading").cast(pl.Float64) / value.cast(pl.Float64) * BASIS_POINTS
    found = found.with_columns(worked_bp=pl.when(value > ZERO).then(worked))
    frame = converted(desk, desk.collect(found), "paper", *PARTS, date="day")
    # Added up after conversion, so that the parts still sum to the last digit.
    total = pl.col(PARTS[0])
    for name in PARTS[1:]:
        total = total + pl.col(name)
    return frame.with_columns(total=total)


def _untraded(short: pl.DataFrame, tree: pl.DataFrame) -> pl.DataFrame:
    named = tree.select("order_id", "algo_id", venue="order_venue")
    # The parent itself may not be described: whose it is, its children say.
    whose = tree.group_by(order_id="root_id").agg(pl.col("account_id", "trader_id").max())
    rows = short.filter(pl.col("fills") == 0).join(named, on="order_id", how="left")
    rows = rows.join(whose, on="order_id", how="left")
    known = pl.col("total").is_not_null()
    found = rows.group_by("algo_id", "venue", *OWNERS).agg(
        known.sum().cast(pl.Int64).alias("orders"),
        (~known).sum().cast(pl.Int64).alias("missing"),
        pl.col(*MONEY).filter(known).sum(),
    )
    return _spelt(found)


def _asked(desk: Desk, known: Lives) -> pl.DataFrame:
    start = desk.scope.start
    since = pl.lit(value=True) if start is None else pl.col("transact_time").dt.date() >= start
    told = with_fills(known.events.lazy().filter(since), known.history.lazy().filter(since))
    named = known.tree.lazy().select("order_id", "algo_id", *OWNERS, venue="order_venue")
    working = order_fills(told).filter("working").join(named, on="order_id", how="left")
    o, f = pl.col("ordered"), pl.col("filled")
    sums = {"n": pl.len().cast(pl.Int64), "t": f.sum(), "b": o.sum()}
    squares = {"tt": (f**2).sum(), "tb": (f * o).sum(), "bb": (o**2).sum()}
    return _spelt(desk.collect(working.group_by("algo_id", "venue", *OWNERS).agg(**sums, **squares)))


def _spelt(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(pl.col(pl.Enum).cast(pl.String))


def _traded(
    executed: pl.DataFrame, short: pl.DataFrame, known: Lives, about: Market, daily: pl.LazyFrame
) -> pl.DataFrame:
    w = pl.col("last_qty")

    def mean(name: str) -> pl.Expr:
        there = pl.col(name).is_not_null()
        return ((pl.col(name) * w).sum() / w.filter(there).sum()).fill_nan(None)

    rows = executed.group_by("order", maintain_order=True).agg(
        pl.col("known", "day", *_WHO).first(),
        filled_qty=w.sum(),
        fills=pl.len().cast(pl.Int64),
        weight=pl.when(pl.col("weight").null_count() == 0).then(pl.col("weight").sum()),
        reported_bp=mean("slip_arrival_bp"),
        _sliced=pl.col("sliced").any(),
        quoted_spread_bp=mean("quoted_spread_bp"),
        market_qty=pl.col("market_qty").max(),
        missing_rate=pl.col("missing_rate").drop_nulls().first(),
        passive=(pl.col("liquidity").cast(pl.String) == "maker").fill_null(value=False).all(),
    )
    rows = rows.with_columns(pl.col(*_WHO).cast(pl.String), order_id=pl.when("known").then("order"))
    filled = short.filter(pl.col("fills") > 0)
    filled = filled.with_columns(known.numbering.spelt(filled["order_id"]))
    came_back = reversion(filled.lazy(), about.track).select(
        "order_id",
        "reversion_bp",
        "worked_bp",
        *MONEY,
        shortfall_reason="reason",
        shortfall_rate="missing_rate",
        duration_seconds=(pl.col("last_fill_time") - pl.col("release_time")).dt.total_microseconds() / 1e6,
    )
    norms = market_norms(daily).collect()
    volume = daily.group_by("instrument_id", "date").agg(_volume=pl.col("volume").cast(pl.Float64).max())
    return (
        rows.lazy()
        .join(came_back, on="order_id", how="left", maintain_order="left")
        .join(norms.lazy(), left_on=["instrument_id", "day"], right_on=["instrument_id", "date"], how="left", maintain_order="left")
        .join(volume, left_on=["instrument_id", "day"], right_on=["instrument_id", "date"], how="left", maintain_order="left")
        .with_columns(
            participation=_share("market_qty"),
            day_share=_share("_volume"),
            size=_share("adv"),
            # A slice reports the mid when it was sent itself; the order arrived with its parent.
            cost_bp=pl.when("_sliced").then(pl.coalesce("worked_bp", "reported_bp")).otherwise("reported_bp"),
        )
        .drop("_volume", "market_qty", "_sliced", "worked_bp", "reported_bp")
        .collect()
    )  # fmt: skip


def _judged(rows: pl.DataFrame) -> tuple[pl.DataFrame, CostModel]:
    # Orders that only rested earn the spread that the law lets others pay: it says nothing about them.
    active = rows.filter(~pl.col("passive"))
    model = fit_cost_model(active)
    rested = rows.filter("passive").with_columns(reason=pl.lit(RESTED), outlier=pl.lit(value=False))
    found = pl.concat([with_expected_cost(active, model), rested], how="diagonal")
    return found.sort(pl.col("z").abs(), "order", descending=[True, False], nulls_last=True), model


def _share(of: str) -> pl.Expr:
    return pl.when(pl.col(of) > 0).then(pl.col("filled_qty") / pl.col(of))
