"""Own orders pulled on one side around own fills on the other: what spoofing and layering share.

Everything is an equality join on buckets of time. ``book`` is a hash of owner group and instrument; a
fill's *window* reaches from two seconds before it to ten after; a *cycle* is a run of fills that share
pulled orders. How often pulls would fall into those windows by chance is measured, not assumed: by the
part of the session that the windows cover, and by what others pulled in the same windows.
"""

from dataclasses import dataclass
from functools import cached_property

import polars as pl

from analytics.compliance._order_lives import DAY, SECOND
from analytics.compliance._pulled_chance import Looked, chance_of
from analytics.compliance._spans import settled
from analytics.compliance.parameters import Parameters, parameter

_OF_HIT = ("ns", "fill_qty", "levels", "level_qty", "floor", "since", "until", "lowest", "highest")
_MOST = 0.7  # of the pulled quantity at one price: one large order rather than layers
_FILL = ("book", "buying", "second")  # names a fill: all of one book and side within one second


@dataclass(frozen=True)
class PulledParameters(Parameters):
    """Thresholds that spoofing, layering and its cross-product variant share."""

    max_age: float = parameter(
        90.0,
        unit="seconds",
        low=1,
        high=3600,
        rationale="Older orders were not put there for this fill; without a cap old liquidity is blamed.",
    )
    before: float = parameter(
        2.0, unit="seconds", low=0, high=60, rationale="A withdrawal may just precede the report of the fill."
    )
    pull_window: float = parameter(
        10.0, unit="seconds", low=0.1, high=300, rationale="What stays longer was exposed to being traded."
    )
    size_multiple: float = parameter(
        3.0,
        unit="times the filled quantity",
        low=1,
        high=1000,
        rationale="A show of force outweighs what is really wanted.",
    )
    withdrawn: float = parameter(
        0.9,
        unit="fraction of the opposite quantity",
        low=0.1,
        high=1,
        rationale="Who leaves part of it in the book meant to trade it.",
    )
    asymmetry: float = parameter(
        0.5,
        unit="(opposite - same side) / both, by quantity pulled",
        low=-1,
        high=1,
        rationale="Makers and whoever leaves the market pull both sides alike.",
    )
    returned: float = parameter(
        0.5,
        unit="fraction of the pulled quantity",
        low=0,
        high=10,
        rationale="What is entered again at once was moved, not pulled: pegged and amended orders, re-quotes.",
    )
    return_window: float = parameter(
        2.0, unit="seconds", low=0, high=60, rationale="Programs that move an order take less."
    )
    max_chance: float = parameter(
        1e-3,
        unit="probability",
        low=0,
        high=1,
        rationale="That as many pulls of a session would fall around fills by chance.",
    )
    coverage_floor: float = parameter(
        0.002,
        unit="fraction of the session",
        low=1e-6,
        high=0.5,
        rationale="Pulls follow a schedule of their own; no coverage is certain to a smaller part.",
    )


def with_book(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Add ``book``, the hash of actor_group and instrument_id."""
    return rows.with_columns(book=pl.struct("actor_group", "instrument_id").hash())


def fill_clusters(fills: pl.LazyFrame) -> pl.LazyFrame:
    """Return fills of one group, instrument and side within one second as one.

    Args:
        fills: actor_group, instrument_id, buying, ns, qty, px, filled_in (the instrument it
            was done in), order_id, exec_id, account_id, trader_id.

    Returns:
        book, buying, second, instrument_id, actor_group, ns (the first), fill_qty, fill_px (average), and
        the ids as lists.
    """
    return (
        with_book(fills)
        .group_by("book", "buying", second=pl.col("ns") // SECOND)
        .agg(
            pl.col("actor_group").first(),
            pl.col("instrument_id").first(),
            ns=pl.col("ns").min(),
            fill_qty=pl.col("qty").sum(),
            fill_px=(pl.col("px") * pl.col("qty")).sum() / pl.col("qty").sum(),
            fill_orders=pl.col("order_id"),
            exec_ids=pl.col("exec_id"),
            fill_accounts=pl.col("account_id"),
            fill_traders=pl.col("trader_id"),
            filled_in=pl.col("filled_in"),
        )
    )


@dataclass(frozen=True)
class Pulls:
    """The frames of one look: lives with book, fills, what counts as a pull worth the name."""

    lives: pl.LazyFrame
    fills: pl.LazyFrame
    params: PulledParameters
    levels: int  # at least, at different prices; 1: a single price that holds most of it
    level_quantile: float  # of the instrument's order sizes: each level counted is at least as large

    @property
    def _width(self) -> int:
        return max(1, int((self.params.pull_window + self.params.before) * SECOND / 3))

    @property
    def _age(self) -> int:
        return int(self.params.max_age * SECOND)

    @property
    def _before(self) -> int:
        return int(self.params.before * SECOND)

    @property
    def _after(self) -> int:
        return int(self.params.pull_window * SECOND)

    @cached_property
    def _pulled(self) -> pl.LazyFrame:
        """Return short-lived withdrawn orders, mostly unfilled, with the bucket they were withdrawn in."""
        short = pl.col("out") - pl.col("entered") <= self._age + self._after
        mostly = pl.col("filled") <= 0.5 * pl.col("qty")
        return settled(
            self.lives.filter(short & mostly).select(
                "book", "instrument_id", "buying", "entered", "out", "px", "qty",
                bucket=pl.col("out") // self._width,
            )
        )  # fmt: skip

    @cached_property
    def _sizes(self) -> pl.LazyFrame:
        """Return instrument_id and the size a level must have; nothing for instruments hardly known."""
        return settled(
            self.lives.group_by("instrument_id")
            .agg(n=pl.len(), floor=pl.col("qty").quantile(self.level_quantile))
            .filter(pl.col("n") >= 20)
            .select("instrument_id", "floor")
        )

    @cached_property
    def _windows(self) -> pl.LazyFrame:
        """Return every fill once for each bucket that its window touches."""
        first = (pl.col("ns") - self._before) // self._width
        last = (pl.col("ns") + self._after) // self._width
        touched = pl.int_ranges(first, last + 1)
        return settled(self.fills.select(*_FILL, "ns", "fill_qty", bucket=touched).explode("bucket"))

    def _levels(self) -> pl.LazyFrame:
        """Return fills and the price levels of the other side that went around them."""
        pairs = self._windows.join(
            self._pulled.with_columns(buying=~pl.col("buying")), on=["book", "buying", "bucket"], how="inner"
        )
        near = pairs.filter(
            (pl.col("entered") <= pl.col("ns"))
            & (pl.col("ns") - pl.col("entered") <= self._age)
            & (pl.col("out") >= pl.col("ns") - self._before)
            & (pl.col("out") <= pl.col("ns") + self._after)
        )
        return near.group_by(*_FILL, "instrument_id", "px").agg(
            pl.col("ns").first(),
            pl.col("fill_qty").first(),
            qty=pl.col("qty").sum(),
            since=pl.col("entered").min(),
            until=pl.col("out").max(),
        )

    @cached_property
    def hits(self) -> pl.LazyFrame:
        """Return fills around which enough of the other side went, before looking closer."""
        sized = self._levels().join(self._sizes, on="instrument_id", how="left")
        large = pl.col("qty") >= pl.col("floor").fill_null(0.0)
        alone = pl.col("level_qty") >= _MOST * pl.col("qty")
        return settled(
            sized.group_by(_FILL)
            .agg(
                pl.col("ns").first(),
                pl.col("fill_qty").first(),
                levels=large.sum(),
                level_qty=pl.col("qty").max(),
                floor=pl.col("floor").first(),
                qty=pl.col("qty").sum(),
                since=pl.col("since").min(),
                until=pl.col("until").max(),
            )
            .filter(
                (pl.col("levels") >= self.levels)
                & (alone if self.levels == 1 else ~alone)
                & (pl.col("qty") >= self.params.size_multiple * pl.col("fill_qty"))
            )
        )

    def looked_at(self) -> pl.LazyFrame:
        """Return the hits that hold on a closer look at everything the book had in the market.

        What is kept, and what goes on the fills' own side, counts for the accounts that pulled or were filled:
        another desk of a large owner goes its own way.
        """
        wide = max(1, (self._age + self._after) // 3)
        back = int(self.params.return_window * SECOND)
        first = (pl.col("ns") - self._age) // wide
        last = (pl.col("until") + back) // wide
        spread = self.hits.with_columns(bucket=pl.int_ranges(first, last + 1)).explode("bucket")
        books = self.hits.select("book").unique()
        theirs = self.lives.join(books, on="book", how="semi").select(
            "book",
            "order_id",
            "account_id",
            "trader_id",
            "entered",
            "out",
            "done",
            "px",
            "filled",
            order_buying="buying",
            order_qty="qty",
            bucket=pl.col("entered") // wide,
        )
        ns, qty = pl.col("ns"), pl.col("order_qty")
        other = pl.col("order_buying") != pl.col("buying")
        alive = (
            (pl.col("entered") <= ns)
            & (ns - pl.col("entered") <= self._age)
            & (pl.col("out").is_null() | (pl.col("out") >= ns - self._before))
            & (pl.col("done").is_null() | (pl.col("done") > ns))
        )
        went = (pl.col("out") <= ns + self._after).fill_null(value=False)
        pulled = other & alive & went & (pl.col("filled") <= 0.5 * qty)
        same = ~other & alive & went & (pl.col("filled") == 0)
        back_again = other & (pl.col("entered") > ns) & (pl.col("entered") <= pl.col("until") + back)
        # Entered again no farther from the market than what was pulled. What is kept counts within reach of it.
        reach = 2 * (pl.col("highest") - pl.col("lowest"))
        bids, px = pl.col("order_buying"), pl.col("px")
        nearer = pl.when(bids).then(px >= pl.col("lowest")).otherwise(px <= pl.col("highest"))
        close = pl.when(bids).then(px >= pl.col("lowest") - reach).otherwise(px <= pl.col("highest") + reach)
        keys = list(_FILL)
        pairs = settled(
            spread.join(theirs, on=["book", "bucket"], how="inner").with_columns(
                pulled=pulled, alive=alive, went=went
            )
        )
        edge = pl.col("px").filter("pulled")
        edges = pairs.group_by(keys).agg(lowest=edge.min(), highest=edge.max())
        filler = self.fills.join(self.hits, on=keys, how="semi").select(*keys, account_id="fill_accounts")
        involved = pl.concat(
            [pairs.filter("pulled").select(*keys, "account_id"), filler.explode("account_id")]
        ).unique()
        pairs = pairs.join(edges, on=keys, how="inner").join(
            involved.with_columns(involved=pl.lit(value=True)), on=[*keys, "account_id"], how="left"
        )
        taken, theirs_too = pl.col("pulled"), pl.col("involved").fill_null(value=False)
        return (
            pairs.group_by(keys)
            .agg(
                *(pl.col(name).first() for name in _OF_HIT),
                pulled_qty=qty.filter(taken).sum(),
                kept_qty=qty.filter(other & alive & ~taken & theirs_too & close).sum(),
                same_qty=qty.filter(same & theirs_too).sum(),
                returned_qty=qty.filter(back_again & nearer.fill_null(value=True)).sum(),
                life=(pl.col("out") - pl.col("entered")).filter(taken).median(),
                orders=taken.sum(),
                order_ids=pl.col("order_id").filter(taken),
                accounts=pl.col("account_id").filter(taken),
                traders=pl.col("trader_id").filter(taken),
            )
            .filter(
                (pl.col("pulled_qty") >= self.params.withdrawn * (pl.col("pulled_qty") + pl.col("kept_qty")))
                & (pl.col("returned_qty") <= self.params.returned * pl.col("pulled_qty"))
                & (_asymmetry() >= self.params.asymmetry)
            )
        )

    def cycles(self) -> pl.LazyFrame:
        """Return runs of fills that share pulled orders, with ``day`` and how likely the day is by chance."""
        named = settled(self.looked_at()).join(
            self.fills.drop("ns", "fill_qty"), on=list(_FILL), how="inner"
        ).sort("book", "buying", "ns")  # fmt: skip
        over = ["book", "buying"]
        apart = pl.col("since") > pl.col("until").shift(1).over(over)
        runs = named.with_columns(run=apart.fill_null(value=False).cast(pl.Int32).cum_sum().over(over))
        lists = (
            "filled_in",
            "order_ids",
            "accounts",
            "traders",
            "fill_orders",
            "exec_ids",
            "fill_accounts",
            "fill_traders",
        )
        cycles = settled(
            runs.group_by("book", "buying", "run")
            .agg(
                *(pl.col(name).first() for name in ("actor_group", "instrument_id")),
                *(pl.col(name).explode().drop_nulls().unique().sort() for name in lists),
                ns=pl.col("ns").min(),
                since=pl.col("since").min(),
                until=pl.col("until").max(),
                fill_qty=pl.col("fill_qty").sum(),
                fill_px=(pl.col("fill_px") * pl.col("fill_qty")).sum() / pl.col("fill_qty").sum(),
                fills=pl.len(),
                levels=pl.col("levels").max(),
                level_qty=pl.col("level_qty").max(),
                floor=pl.col("floor").max(),
                pulled_qty=pl.col("pulled_qty").max(),
                same_qty=pl.col("same_qty").max(),
                life=pl.col("life").median(),
                lowest=pl.col("lowest").min(),
                highest=pl.col("highest").max(),
            )
            .filter(pl.col("pulled_qty") >= self.params.size_multiple * pl.col("fill_qty"))
            .with_columns(
                day=pl.col("ns") // DAY,
                asymmetry=_asymmetry(),
                ratio=pl.col("pulled_qty") / pl.col("fill_qty"),
            )
        )
        looked = Looked(
            self.lives, self._pulled, self._windows, self._sizes, self.levels, self._width,
            self.params.coverage_floor,
        )  # fmt: skip
        return cycles.join(chance_of(cycles, looked), on=["book", "buying", "day"], how="inner")


def _asymmetry() -> pl.Expr:
    pulled, same = pl.col("pulled_qty"), pl.col("same_qty")
    return (pulled - same) / (pulled + same)
