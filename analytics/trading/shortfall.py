"""Implementation shortfall of parent orders: where the money went between the decision and the end."""

import polars as pl

from analytics.conventions import BASIS_POINTS, ONE, ZERO, explicit_costs, side_sign
from analytics.datasets import DECIMAL
from analytics.definitions import declares
from analytics.trading.cost import shortfall_amounts

PARTS = ("delay", "trading", "opportunity", "explicit")
_HOPS = 32  # 2^32 generations: a chain that is longer is a circle


def root_orders(orders: pl.LazyFrame) -> pl.LazyFrame:
    """Return the parent at the top of each order.

    Args:
        orders: ``order_id`` and ``parent_order_id`` (null for a parent); an order may have several rows, its
            first known parent counts.

    Returns:
        ``order_id``, ``root_id``, one row per order. An order without a parent, or whose parent nobody
        describes, is the child of that id itself. In a cycle every order is its own root.
    """
    known = orders.group_by("order_id").agg(up=pl.col("parent_order_id").min()).collect()
    # Only children can move; most orders have no parent.
    found = known.drop_nulls("up").rename({"up": "root_id"})
    for _ in range(_HOPS):
        # Each hop doubles how far an order looks, so three hops reach eight generations.
        above = found.select(root_id="order_id", higher="root_id")
        hopped = found.join(above, on="root_id", how="left", maintain_order="left")
        hopped = hopped.select("order_id", root_id=pl.coalesce("higher", "root_id"))
        settled = hopped["root_id"] == found["root_id"]
        found = hopped
        if settled.all():
            break
    else:
        # What still moves after that many hops runs in a circle.
        found = found.with_columns(root_id=pl.when(settled).then("root_id").otherwise("order_id"))
    alone = known.filter(pl.col("up").is_null()).select("order_id", root_id="order_id")
    return pl.concat([alone, found]).lazy()


def filled_amounts(executions: pl.LazyFrame, roots: pl.LazyFrame | None = None) -> pl.LazyFrame:
    """Return what was filled of each parent order, children added up.

    Args:
        executions: Rows of EXECUTIONS as they stand (see ``fills.current``); those without an order are left
            out. ``multiplier`` where the frame has it is not used: amounts are per unit of price.
        roots: ``root_orders``; None where every order is its own parent.

    Returns:
        ``order_id`` (the root), ``filled_qty`` (units), ``paid`` (sum of quantity x price), ``costs``
        (commission, fees and taxes, currency), ``last_fill_time``, ``fills``.
    """
    rows = executions.filter(pl.col("order_id").is_not_null())
    if roots is not None:
        rows = rows.join(roots, on="order_id", how="left").with_columns(
            order_id=pl.coalesce("root_id", "order_id")
        )
    return rows.group_by("order_id").agg(
        filled_qty=pl.col("last_qty").sum(),
        paid=(pl.col("last_qty") * pl.col("last_px")).sum(),
        costs=explicit_costs().sum(),
        last_fill_time=pl.col("transact_time").max(),
        fills=pl.len().cast(pl.Int64),
    )


@declares(
    "delay",
    "trading",
    "opportunity",
    "explicit",
    "total",
    implementation_shortfall="total",
    implementation_shortfall_bp="total",
)
def shortfalls(orders: pl.LazyFrame, filled: pl.LazyFrame) -> pl.LazyFrame:
    """Return the implementation shortfall of each parent order: what it cost against filling all of it at once.

    At the mid of the decision, that is. With side +1 for a purchase and -1 for a sale: ``delay`` = side x filled
    x (release price - decision price); ``trading`` = side x filled x (mean fill price - release price);
    ``opportunity`` = side x unfilled x (end price - decision price); ``explicit`` = commission, fees and taxes;
    ``total`` = delay + trading + opportunity + explicit. Positive = cost. In basis points: of ordered quantity x
    decision price; of several orders the sums are divided.

    Args:
        orders: One row per parent order: ``order_id``, ``side``, ``order_qty``, ``decision_px`` (mid when it
            was decided), ``release_px`` (mid when it went to the market), ``end_px`` (mid when the rest was
            cancelled), and ``multiplier`` where contracts are larger than one unit.
        filled: ``filled_amounts``; an order without a row filled nothing.

    Returns:
        The columns of ``orders`` with ``filled_qty``, ``fills``, ``paper`` (order_qty x decision_px x
        multiplier), ``delay``, ``trading``, ``opportunity``, ``explicit``, ``total`` (currency, fixed point,
        positive = cost), the same as ``delay_bp``, ... ``total_bp`` (Float64, of ``paper``), and ``reason``.
        The parts sum to ``total``, and ``total`` is paper less real return, to the last digit.

    Nulls: a price that does not matter may be missing (release and fills of an order that filled nothing,
    the end of one that filled all). Otherwise the parts it enters and the total are null, with a reason. So
    are all of an order that filled more than it ordered. Costs without a fill count as explicit.

    Source: Perold, The implementation shortfall, Journal of Portfolio Management, 1988. Checked against
    ``cost.implementation_shortfall``, which shares the arithmetic, and a published example.
    """
    names = orders.collect_schema().names()
    size = pl.col("multiplier").fill_null(ONE) if "multiplier" in names else ONE
    found = orders.join(
        filled.select("order_id", "filled_qty", "paid", "costs", "fills"),
        on="order_id",
        how="left",
        maintain_order="left",
    ).with_columns(
        pl.col("filled_qty", "paid", "costs").fill_null(ZERO),
        pl.col("fills").fill_null(0),
        _size=size,
    )
    quantity, done = pl.col("order_qty"), pl.col("filled_qty")
    reason = (
        pl.when(side_sign().is_null())
        .then(pl.lit("The side is not known."))
        .when(quantity.is_null() | (quantity <= ZERO))
        .then(pl.lit("The ordered quantity is not known."))
        .when(done > quantity)
        .then(pl.lit("More was filled than ordered."))
        .when(~(pl.col("decision_px") > ZERO).fill_null(value=False))
        .then(pl.lit("No price is known for the time of the decision."))
        .when(pl.col("release_px").is_null() & (done > ZERO))
        .then(pl.lit("No price is known for the time of the release."))
        .when(pl.col("end_px").is_null() & (done < quantity))
        .then(pl.lit("No price is known for the end of the order."))
    )
    usable = (
        side_sign().is_not_null() & (done <= quantity) & (pl.col("decision_px") > ZERO) & (quantity > ZERO)
    )
    # A price times no quantity is nothing, even when the price is missing.
    amounts = shortfall_amounts(
        sign=side_sign().cast(DECIMAL) * pl.col("_size"),
        filled=done,
        rest=quantity - done,
        paid=pl.col("paid"),
        decision_px=pl.col("decision_px"),
        release_px=pl.when(done == ZERO).then("decision_px").otherwise("release_px"),
        end_px=pl.when(done == quantity).then("decision_px").otherwise("end_px"),
    )
    parts = dict(zip(PARTS, (*amounts, pl.col("costs")), strict=True))
    found = found.with_columns(
        reason=reason,
        paper=pl.when(quantity > ZERO).then(quantity * pl.col("decision_px") * pl.col("_size")),
        **{name: pl.when(usable).then(part) for name, part in parts.items()},
    )
    total = pl.col("delay") + pl.col("trading") + pl.col("opportunity") + pl.col("explicit")
    found = found.with_columns(total=total)
    paper = pl.col("paper").cast(pl.Float64)
    found = found.with_columns(
        pl.when(paper > 0).then(pl.col(name).cast(pl.Float64) / paper * BASIS_POINTS).alias(f"{name}_bp")
        for name in (*PARTS, "total")
    )
    return found.drop("paid", "costs", "_size")


def shortfall_sums(found: pl.LazyFrame, *, by: list[str]) -> pl.LazyFrame:
    """Return the shortfall of many orders: amounts added up, fractions weighted by paper value.

    Args:
        found: ``shortfalls``, in one currency.
        by: Columns of the group; none gives one row.

    Returns:
        ``by``, ``orders`` (with a total), ``missing`` (without one), ``paper``, the parts and ``total``
        (currency) of the orders with a total, ``total_bp``. Sorted by ``by``.
    """
    known = pl.col("total").is_not_null()
    sums = found.with_columns(_all=pl.lit(0)).group_by(by or ["_all"])
    added = sums.agg(
        known.sum().cast(pl.Int64).alias("orders"),
        (~known).sum().cast(pl.Int64).alias("missing"),
        pl.col("paper", *PARTS, "total").filter(known).sum(),
    )
    total, paper = pl.col("total").cast(pl.Float64), pl.col("paper").cast(pl.Float64)
    added = added.with_columns(total_bp=pl.when(paper > 0).then(total / paper * BASIS_POINTS))
    return (
        added.sort(by).select(*by, "orders", "missing", "paper", *PARTS, "total", "total_bp")
        if by
        else (added.drop("_all"))
    )
