"""Positions by lot: which purchase a sale closed, first in first out or last in first out."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.conventions import ZERO
from analytics.datasets import DECIMAL
from analytics.portfolio.costing import GROUP, average_cost
from analytics.portfolio.matching import FIFO, LIFO, Ints, Pieces

Method = Literal["average", "fifo", "lifo"]
Marks = npt.NDArray[np.bool_]

# Lots whose quantity was changed by a split are kept to a millionth of a unit, as positions are.
_SPLIT_DECIMALS = 6
_MANY = 10**12
_MILLION = Decimal(10**6)
TOO_LARGE = "a position is too large for its number of decimals"
_MATCHERS = {"fifo": FIFO, "lifo": LIFO}

_LOTS: dict[str, pl.DataType] = {
    "lot": pl.Int64(),  # number of the lot; a split gives a lot a new one
    "event": pl.Int64(),  # row of the event that opened it
    "group": pl.Int64(),
    "units": pl.Int64(),  # what it held when it began, in units of the finest decimal used
    "cost": DECIMAL,  # signed: negative for a short
}
_MATCHES: dict[str, pl.DataType] = {"lot": pl.Int64(), "event": pl.Int64(), "units": pl.Int64()}


@dataclass(frozen=True)
class LotBook:
    """What every event did to the lots of its position.

    ``events``: the events given, with ``position``, ``cost_basis``, ``cash`` and ``realised`` as
    ``average_cost`` has them. ``closed``: one row per lot and event that closed some of it. ``open``: one
    row per lot that is left.
    """

    events: pl.DataFrame
    closed: pl.DataFrame
    open: pl.DataFrame


def costed(events: pl.DataFrame, *, method: Method = "average") -> pl.DataFrame:
    """Return position, cost basis, trade cash and realised P&L after every event, by any of three methods.

    Args:
        events: As ``average_cost`` takes them.
        method: average, fifo or lifo.

    Returns:
        The events with ``position``, ``cost_basis``, ``cash``, ``realised``, in the meaning, unit and sign
        of ``average_cost``. Whatever the method, ``sum(realised) = sum(cash) + cost_basis`` per account and
        instrument to the last digit, so realised + unrealised = cash + market value.

    Raises:
        ValueError: If the method is none of the three.
    """
    return average_cost(events) if method == "average" else _Costing.of(events, method).events


def lot_book(events: pl.DataFrame, *, method: Literal["fifo", "lifo"]) -> LotBook:
    """Match every closing trade with the lots it closed.

    Args:
        events: Sorted by account, instrument and time. ``quantity`` (signed units), ``price`` (currency per
            unit, null where no money moves), ``multiplier``. An event without a price that leaves a position
            on its side is a split: it spreads over the open lots in proportion and moves no cost. One that
            opens a position opens it at no cost, one that closes it writes off the cost.
        method: fifo closes the oldest lot first, lifo the newest; shorts are lots of negative quantity, and a
            trade through zero closes every lot and opens one with the rest.

    Returns:
        ``LotBook``. ``closed``: account_id, instrument_id, opened (row number of the opening event), closed
        (row number of the closing one), quantity (signed like the lot), cost (signed, currency), proceeds
        (signed, cash the close earned for this part), realised = proceeds - cost; sorted by closed, opened.
        ``open``: account_id, instrument_id, opened, quantity, cost; sorted by opened.

    A lot's cost shrinks with its quantity and is rounded to twelve decimals after each part, and the last
    part takes what is left; realised per event is cash plus the change of basis. No row is a loop: FIFO is
    one merge of two cumulative quantities, LIFO a few of them (see ``matching``).

    Raises:
        ValueError: If the method is unknown.
        OverflowError: If the quantity of one position, in units of its finest decimal, passes 2^62.
    """
    costing = _Costing.of(events, method)
    names = events.select(pl.int_range(pl.len(), dtype=pl.Int64).alias("event"), *GROUP)
    closed = _proceeds(costing).join(names.rename({"event": "closed"}), on="closed")
    left = _left(costing.lots, costing.parts).join(names, on="event")
    left = left.with_columns(
        opened="event", quantity=_quantity(left["units"], costing.scale[left["event"].to_numpy()])
    )
    return LotBook(
        events=costing.events,
        closed=closed.select(*GROUP, "opened", "closed", "quantity", "cost", "proceeds", "realised").sort(
            "closed", "opened"
        ),
        open=left.select(*GROUP, "opened", "quantity", "cost").sort("opened"),
    )


@dataclass(frozen=True)
class _Costing:
    # Every lot, every part closed with the cost it took along, and the events with their basis.
    events: pl.DataFrame
    lots: pl.DataFrame
    parts: pl.DataFrame
    scale: Ints

    @classmethod
    def of(cls, events: pl.DataFrame, method: str) -> "_Costing":
        if method not in _MATCHERS:
            raise ValueError(f"method is average, fifo or lifo, not {method}")
        frame = events.with_columns(
            position=pl.col("quantity").cum_sum().over(GROUP),
            cash=(-(pl.col("quantity") * pl.col("price")) * pl.col("multiplier")).fill_null(0).cast(DECIMAL),
        )
        path = _path(frame)
        lots, matches = _matched(frame, path, method)
        parts = _released(lots, matches, path)
        return cls(_with_basis(frame, lots, parts), lots, parts, path.scale)


@dataclass(frozen=True)
class _Path:
    # The events as whole numbers: one array each, in the order of the rows.
    group: Ints
    before: Ints
    after: Ints
    epoch: Ints  # splits of the position so far; a split belongs to the epoch it begins
    split: Marks
    scale: Ints  # decimals of one unit of the position


def _path(frame: pl.DataFrame) -> _Path:
    ends = frame["position"]
    group = frame.select(pl.struct(GROUP).rle_id()).to_series().to_numpy().astype(np.int64)
    before = ends - frame["quantity"]
    marks = frame["price"].is_null() & (frame["quantity"] != 0) & (before.sign() * ends.sign() > 0)
    scale = decimals_of(frame["quantity"], group, marks)
    after, units = _units(ends, scale), _units(before, scale)
    split = marks.to_numpy().astype(np.bool_)
    running = np.cumsum(split)
    first = np.flatnonzero(np.diff(group, prepend=-1))
    base = np.repeat(running[first] - split[first], np.diff(np.append(first, group.size)))
    return _Path(group, units, after, running - base, split, scale)


def decimals_of(quantity: pl.Series, group: Ints, split: pl.Series) -> Ints:
    """Return, per row, the fewest decimals that hold every quantity of its position exactly.

    Each position has its own: one in a coin with eight decimals must not use up the digits of another in
    millions of shares.

    Args:
        quantity: Signed units, fixed point.
        group: Number of the position, one per row.
        split: Rows at which a split changed the position.
    """
    need = np.where(split.to_numpy(), _SPLIT_DECIMALS, 0).astype(np.int64)
    for decimals in range(12):
        finer = (quantity != quantity.round(decimals)).to_numpy()
        if not finer.any():
            break
        need[finer] = np.maximum(need[finer], decimals + 1)
    of_group = np.zeros(int(group.max(initial=-1)) + 1, dtype=np.int64)
    np.maximum.at(of_group, group, need)
    scale: Ints = of_group[group]
    return scale


def _units(values: pl.Series, scale: Ints) -> Ints:
    # A position's turnover must fit beside its size; Int64 itself is checked by the cast.
    try:
        whole = (values * _powers(scale, 1)).cast(pl.Int64)
    except pl.exceptions.PolarsError as error:
        raise OverflowError(TOO_LARGE) from error
    units: Ints = whole.to_numpy().astype(np.int64)
    return units


def _quantity(units: pl.Series, scale: Ints) -> pl.Series:
    return units.cast(DECIMAL) * _powers(scale, -1)


def _powers(scale: Ints, sign: int) -> pl.Series:
    return pl.Series([Decimal(1).scaleb(sign * n) for n in range(13)], dtype=DECIMAL).gather(scale)


def _matched(frame: pl.DataFrame, path: _Path, method: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    # Every lot there ever was and every part closed of it, epoch by epoch: between two splits of a position
    # its units are alike. Nearly every position has one epoch.
    prices = frame.select(unit=(pl.col("price").fill_null(ZERO)), multiplier="multiplier", cash="cash")
    lots, matches = [pl.DataFrame(schema=_LOTS)], [pl.DataFrame(schema=_MATCHES)]
    carried, used = pl.DataFrame(schema=_LOTS), 0
    last = int(path.epoch.max(initial=0))
    for epoch in range(last + 1):
        rows = np.flatnonzero((path.epoch == epoch) & ~path.split)
        opened = _opened(prices, path, rows, used + carried.height)
        begun = pl.concat([carried, opened])
        used += begun.height
        found = _MATCHERS[method].match(_pieces(begun, path, rows))
        closed = pl.DataFrame({"lot": found.lot, "event": found.event, "units": found.units}, schema=_MATCHES)
        lots.append(begun)
        matches.append(closed)
        if epoch == last:
            break
        carried = _carried(begun, closed, path, epoch + 1, used)
        # A lot that a split renumbered is closed there at its cost, and begins again.
        matches.append(_renumbered(begun, closed, path, epoch + 1))
    return pl.concat(lots), pl.concat(matches)


def _opened(prices: pl.DataFrame, path: _Path, rows: Ints, number: int) -> pl.DataFrame:
    before, after = path.before[rows], path.after[rows]
    crossing = np.sign(before) * np.sign(after) < 0
    grows = crossing | (np.abs(after) > np.abs(before))
    opening = np.where(crossing, after, after - before)[grows]
    events = rows[grows]
    there = prices[events]
    quantity = _quantity(pl.Series(opening), path.scale[events])
    # Where nothing was closed the cost is the cash itself, rounded the same way.
    whole = pl.Series(~crossing[grows])
    cost = (quantity * there["unit"]) * there["multiplier"]
    cost = pl.select(pl.when(whole).then(-there["cash"]).otherwise(cost)).to_series()
    return pl.DataFrame(
        {
            "lot": np.arange(number, number + events.size),
            "event": events,
            "group": path.group[events],
            "units": opening,
            "cost": cost,
        },
        schema=_LOTS,
    )


def _pieces(lots: pl.DataFrame, path: _Path, rows: Ints) -> Pieces:
    before, after = path.before[rows], path.after[rows]
    crossing = np.sign(before) * np.sign(after) < 0
    shrinks = crossing | (np.abs(after) < np.abs(before))
    closing = np.abs(np.where(crossing, before, before - after))[shrinks]
    events = rows[shrinks]
    group = np.concatenate([lots["group"].to_numpy(), path.group[events]])
    # A trade through zero closes before it opens; carried lots come first, being of earlier events.
    opens = np.repeat([True, False], [lots.height, events.size])
    event = np.concatenate([lots["event"].to_numpy(), events])
    order = np.lexsort((opens, event, group))
    number = np.concatenate([lots["lot"].to_numpy(), events])
    units = np.concatenate([np.abs(lots["units"].to_numpy()), closing])
    if units.size and np.bincount(group, weights=units.astype(np.float64)).max() > 2.0**62:
        raise OverflowError(TOO_LARGE)
    return Pieces(group[order], opens[order], units[order], number[order])


def _left(lots: pl.DataFrame, closed: pl.DataFrame) -> pl.DataFrame:
    # Lots with something left: units and cost of the rest, signed.
    gone = closed.group_by("lot").agg(gone=pl.col("units").sum())
    rest = lots.join(gone, on="lot", how="left", maintain_order="left").with_columns(
        rest=pl.col("units").abs() - pl.col("gone").fill_null(0)
    )
    rest = rest.filter(pl.col("rest") > 0)
    cost = _share(rest["cost"], rest["rest"], rest["units"].abs())
    return rest.with_columns(units=pl.col("units").sign() * pl.col("rest"), cost=cost).select(*_LOTS)


def _carried(lots: pl.DataFrame, closed: pl.DataFrame, path: _Path, epoch: int, number: int) -> pl.DataFrame:
    # What is left before the next split, in units after it. Cumulative quantities are rounded, not the lots:
    # together they are the position to the last unit. A lot that rounds to nothing joins its neighbour.
    at = np.flatnonzero((path.epoch == epoch) & path.split)
    rest = _left(lots, closed).filter(pl.col("group").is_in(path.group[at]))
    if rest.is_empty():
        return rest
    rest = rest.sort("group", "event")
    place = np.searchsorted(path.group[at], rest["group"].to_numpy())
    before, after = (np.abs(side[at])[place].astype(object) for side in (path.before, path.after))
    ends = rest.select(pl.col("units").abs().cum_sum().over("group")).to_series().to_numpy().astype(object)
    rounded = ((2 * ends * after + before) // (2 * before)).astype(np.int64)
    rest = rest.with_columns(end=pl.Series(rounded).clip(lower_bound=1))
    joined = rest.group_by("group", "end", maintain_order=True).agg(
        pl.col("event").first(), pl.col("cost").sum(), sign=pl.col("units").first().sign()
    )
    start = pl.col("end").shift(1, fill_value=0).over("group")
    joined = joined.with_columns(units=pl.col("sign") * (pl.col("end") - start))
    return joined.with_row_index("lot", offset=number).select(
        pl.col(name).cast(dtype) for name, dtype in _LOTS.items()
    )


def _renumbered(lots: pl.DataFrame, closed: pl.DataFrame, path: _Path, epoch: int) -> pl.DataFrame:
    at = np.flatnonzero((path.epoch == epoch) & path.split)
    rest = _left(lots, closed)
    splits = pl.DataFrame(
        {"group": path.group[at], "split": at}, schema={"group": pl.Int64, "split": pl.Int64}
    )
    return rest.join(splits, on="group").select("lot", event="split", units=pl.col("units").abs())


def _released(lots: pl.DataFrame, matches: pl.DataFrame, path: _Path) -> pl.DataFrame:
    # Each part with the cost it took along: what the lot cost before it less what it cost after. A lot's
    # number is its row.
    ordered = matches.sort("lot", "event")
    of_lot = lots.select("cost", opened="event", whole="units")[ordered["lot"]]
    parts = pl.concat([ordered, of_lot], how="horizontal")
    parts = parts.with_columns(rest=pl.col("whole").abs() - pl.col("units").cum_sum().over("lot"))
    after = _share(parts["cost"], parts["rest"], parts["whole"].abs())
    fresh = pl.col("lot").ne_missing(pl.col("lot").shift(1))
    before = pl.when(fresh).then("cost").otherwise(pl.col("after").shift(1))
    parts = parts.with_columns(after=after).with_columns(released=before - pl.col("after"))
    # A split closes a lot and opens its successor at the same cost; nobody traded.
    return parts.with_columns(traded=~pl.Series(path.split).gather(parts["event"]))


def _share(cost: pl.Series, rest: pl.Series, whole: pl.Series) -> pl.Series:
    # cost x rest / whole; all and nothing are exact whatever the rounding. Whole numbers keep every digit of
    # a tiny lot; a lot of more than 10^12 of them has digits to spare, and its product must fit.
    many = whole > _MANY
    parts = [
        pl.select(
            pl.when(many).then(units.cast(DECIMAL) / _MILLION).otherwise(units.cast(DECIMAL))
        ).to_series()
        for units in (rest, whole)
    ]
    part = cost * parts[0] / parts[1]
    share: pl.Series = pl.select(pl.when(rest == whole).then(cost).otherwise(part)).to_series()
    return share


def _with_basis(frame: pl.DataFrame, lots: pl.DataFrame, parts: pl.DataFrame) -> pl.DataFrame:
    # Into the basis: what each event opened (a lot that a split renumbered was opened once). Out of it: what
    # each event closed. Realised is cash plus the change, so both identities hold whatever was rounded.
    rows = pl.int_range(pl.len(), dtype=pl.Int64).alias("event")
    out = parts.filter("traded").group_by("event").agg(out=pl.col("released").sum())
    into = lots.unique("event", keep="first", maintain_order=True).select("event", into="cost")
    moved = frame.select(rows).join(into, on="event", how="left", maintain_order="left")
    moved = moved.join(out, on="event", how="left", maintain_order="left")
    change = moved["into"].fill_null(0).cast(DECIMAL) - moved["out"].fill_null(0).cast(DECIMAL)
    return (
        frame.with_columns(_change=change)
        .with_columns(
            cost_basis=pl.col("_change").cum_sum().over(GROUP), realised=pl.col("cash") + pl.col("_change")
        )
        .drop("_change")
    )


def _proceeds(costing: _Costing) -> pl.DataFrame:
    # What an event realised is spread over its parts; rounding stays with the last of them.
    prices = costing.events.select(
        pl.int_range(pl.len(), dtype=pl.Int64).alias("event"),
        unit=pl.col("price").fill_null(ZERO),
        multiplier="multiplier",
        of_event="realised",
    )
    rows = costing.parts.filter("traded").join(prices, on="event").sort("event", "opened", "lot")
    signed = pl.col("units") * pl.col("whole").sign()
    rows = rows.with_columns(
        quantity=_quantity(rows.select(signed).to_series(), costing.scale[rows["event"].to_numpy()])
    )
    gain = (pl.col("quantity") * pl.col("unit")) * pl.col("multiplier") - pl.col("released")
    rows = rows.with_columns(gain=gain)
    last = pl.col("event").ne_missing(pl.col("event").shift(-1))
    whole = pl.col("of_event") - pl.col("gain").sum().over("event")
    rows = rows.with_columns(gain=pl.col("gain") + pl.when(last).then(whole).otherwise(ZERO))
    return rows.select(
        "opened",
        "quantity",
        closed="event",
        cost="released",
        proceeds=pl.col("released") + pl.col("gain"),
        realised="gain",
    )
