"""From target weights to orders: what to trade in which account, in whole lots, without restricted buys."""

from collections.abc import Collection, Mapping

import polars as pl

from analytics.definitions import declares

ORDERS: dict[str, pl.DataType] = {
    "account_id": pl.String(),
    "instrument_id": pl.String(),
    "side": pl.String(),
    "quantity": pl.Float64(),
    "value": pl.Float64(),
}
_DUST = 1e-9  # of a lot: what rounding leaves


@declares("turnover")
def trades(
    book: pl.DataFrame, targets: Mapping[str, float], *, base: float, restricted: Collection[str] = ()
) -> pl.DataFrame:
    """Return what each instrument has to trade to stand at its target.

    ``turnover`` = sum of |value traded|, purchases and sales, over net asset value.

    Args:
        book: One row per instrument: ``instrument_id``, ``value`` (signed, currency), ``unit_value`` (value of
            one unit, currency, above 0; null: not known), ``lot_size`` (null: 1).
        targets: Weight (fraction of ``base``) by instrument; instruments left out stay as they are.
        base: What weights are fractions of (currency), above 0.
        restricted: Instruments that may not be bought.

    Returns:
        ``book`` with ``weight``, ``target`` (the weight asked for), ``quantity`` (signed units to trade, whole
        lots towards zero), ``traded`` (signed value of that), ``after`` (value then), ``blocked`` (true where a
        restricted instrument would be bought: nothing is traded), ``reason`` (why nothing can be traded).
    """
    asked = pl.DataFrame(
        {"instrument_id": list(targets), "_target": [float(weight) for weight in targets.values()]},
        schema={"instrument_id": pl.String, "_target": pl.Float64},
    )
    value, unit = pl.col("value").cast(pl.Float64), pl.col("unit_value").cast(pl.Float64)
    lot = pl.col("lot_size").cast(pl.Float64).fill_null(1.0)
    rows = book.join(asked, on="instrument_id", how="left", maintain_order="left").with_columns(
        weight=value / base, target=pl.coalesce("_target", value / base)
    )
    wanted = pl.col("target") * base - value
    lots = wanted / unit / lot
    # Towards zero, but what is a whole number of lots but for the arithmetic is that number.
    whole = ((lots.abs() + _DUST * (1 + lots.abs())).floor() * lots.sign()) * lot
    quantity = pl.when(pl.col("_target").is_null()).then(0.0).otherwise(whole.fill_null(0.0))
    blocked = pl.col("instrument_id").is_in(list(restricted)) & (quantity > 0)
    rows = rows.with_columns(quantity=quantity, blocked=blocked).with_columns(
        quantity=pl.when(~pl.col("blocked")).then("quantity").otherwise(0.0)
    )
    why = (
        pl.when(pl.col("blocked"))
        .then(pl.lit("restricted: not bought"))
        .when(pl.col("_target").is_not_null() & unit.is_null())
        .then(pl.lit("no price is known"))
    )
    traded = (pl.col("quantity") * unit).fill_null(0.0)
    return rows.with_columns(traded=traded, after=value + traded, reason=why).drop("_target")


def orders(traded: pl.DataFrame, held: pl.DataFrame, *, main: str | None) -> pl.DataFrame:
    """Return the orders of each account that together make the trades.

    Args:
        traded: From ``trades``.
        held: ``account_id``, ``instrument_id``, ``quantity`` (signed), as it stands.
        main: Account that trades what no account holds yet.

    Returns:
        ``account_id``, ``instrument_id``, ``side`` (buy, sell, sell_short, buy_cover), ``quantity`` (positive),
        ``value`` (positive, currency). An instrument's trade first closes what accounts hold against it, by the
        size of what they hold; the rest is shared among the holders on its own side, or among all where there
        is none. In whole lots; whoever trades most takes what rounding leaves. An order that would cross zero is
        two: one that closes, one that opens. Sorted by account and instrument.
    """
    wanted = traded.filter(pl.col("quantity") != 0).select(
        "instrument_id",
        "quantity",
        lot=pl.col("lot_size").cast(pl.Float64).fill_null(1.0),
        unit=pl.col("unit_value").cast(pl.Float64),
    )
    owned = held.group_by("account_id", "instrument_id").agg(own=pl.col("quantity").cast(pl.Float64).sum())
    shared = wanted.join(owned.filter(pl.col("own") != 0), on="instrument_id", how="left").with_columns(
        account_id=pl.coalesce("account_id", pl.lit(main, pl.String)), own=pl.col("own").fill_null(0.0)
    )
    size = pl.col("own").abs()
    whole = pl.col("quantity").abs()
    against = pl.col("own") * pl.col("quantity") < 0
    closed, kept = (pl.when(side).then(size).otherwise(0.0) for side in (against, ~against))
    capacity, other = (part.sum().over("instrument_id") for part in (closed, kept))
    rest = (whole - capacity).clip(lower_bound=0.0)
    by = pl.when(other > 0).then(kept / other).when(capacity > 0).then(closed / capacity).otherwise(1.0)
    closing_part = (
        pl.when(capacity > 0).then(closed / capacity * pl.min_horizontal(whole, capacity)).otherwise(0.0)
    )
    shared = shared.with_columns(share=(closing_part + rest * by) / pl.col("lot"))
    shared = shared.with_columns(
        lots=(pl.col("share") + _DUST).floor(),
        first=pl.col("share").rank("ordinal", descending=True).over("instrument_id"),
    )
    left = (whole / pl.col("lot")).round() - pl.col("lots").sum().over("instrument_id")
    shared = shared.with_columns(
        signed=(pl.col("lots") + pl.when(pl.col("first") == 1).then(left).otherwise(0.0))
        * pl.col("lot")
        * pl.col("quantity").sign()
    )
    closing = (
        pl.when(pl.col("own") * pl.col("signed") < 0)
        .then(pl.min_horizontal(size, pl.col("signed").abs()))
        .otherwise(0.0)
    )
    parts = shared.with_columns(closing=closing, opening=pl.col("signed").abs() - closing)
    buys = pl.col("signed") > 0
    sides = (
        ("closing", pl.when(buys).then(pl.lit("buy_cover")).otherwise(pl.lit("sell"))),
        ("opening", pl.when(buys).then(pl.lit("buy")).otherwise(pl.lit("sell_short"))),
    )
    made = [
        parts.filter(pl.col(name) > 0).select(
            "account_id", "instrument_id", side=side, quantity=name, value=pl.col(name) * pl.col("unit")
        )
        for name, side in sides
    ]
    return pl.concat(made).cast(ORDERS).sort("account_id", "instrument_id", "side")  # type: ignore[arg-type]
