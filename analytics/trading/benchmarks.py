"""Prices an execution is measured against: decision, arrival, interval VWAP and TWAP, close, previous close."""

from dataclasses import dataclass
from functools import cached_property

import polars as pl

from analytics.conventions import ZERO, trade_day
from analytics.datasets import BARS, DECIMAL, PRICES, QUOTES, TAPE
from analytics.definitions import declares
from analytics.trading.cost import slippage_interval
from analytics.trading.shortfall import root_orders

# Name of the benchmark: column that holds its price.
BENCHMARKS = {
    "decision": "decision_px",
    "arrival": "arrival_px",
    "vwap": "vwap_px",
    "twap": "twap_px",
    "close": "close_px",
    "previous_close": "previous_close_px",
}
_BY = "instrument_id"
_MICROSECONDS = {"m": 60_000_000, "h": 3_600_000_000, "s": 1_000_000, "d": 86_400_000_000}


@dataclass(frozen=True)
class Market:
    """What is known of the market; a part that is not known is empty."""

    quotes: pl.LazyFrame
    tape: pl.LazyFrame
    bars: pl.LazyFrame
    prices: pl.LazyFrame
    computed: pl.LazyFrame | None = None  # the mids of the quotes, where they were computed before

    @classmethod
    def of(
        cls,
        *,
        quotes: pl.LazyFrame | None = None,
        tape: pl.LazyFrame | None = None,
        bars: pl.LazyFrame | None = None,
        prices: pl.LazyFrame | None = None,
        computed: pl.LazyFrame | None = None,
    ) -> "Market":
        """Return a market of the tables given, the others empty."""
        return cls(
            QUOTES.empty() if quotes is None else quotes,
            TAPE.empty() if tape is None else tape,
            BARS.empty() if bars is None else bars,
            PRICES.empty() if prices is None else prices,
            computed,
        )

    @cached_property
    def mids(self) -> pl.LazyFrame:
        """The mids of the quotes (see ``mids``), computed once: a dozen as-of joins read them."""
        return mids(self.quotes).collect().lazy() if self.computed is None else self.computed


def mids(quotes: pl.LazyFrame) -> pl.LazyFrame:
    """Return the mid after each quote: instrument_id, time, bid_px, ask_px, mid; sorted by time.

    Of several quotes of one microsecond the last by ``seq`` counts. Crossed quotes and those with a price
    that is not positive are left out: their mid is no price. Locked quotes stay.
    """
    sound = (pl.col("bid_px") > ZERO) & (pl.col("ask_px") >= pl.col("bid_px"))
    latest = (
        quotes.filter(sound)
        .sort("transact_time", "seq")
        .unique([_BY, "transact_time"], keep="last", maintain_order=True)
    )
    two = pl.lit(2).cast(DECIMAL)
    return latest.select(
        _BY, "bid_px", "ask_px", time="transact_time", mid=(pl.col("bid_px") + pl.col("ask_px")) / two
    )


def closing_prices(prices: pl.LazyFrame, market_mids: pl.LazyFrame) -> pl.LazyFrame:
    """Return raw closes, and the last mid of a day where an instrument has no raw close for that day.

    Many feeds give adjusted closes only, and an adjusted close was never a price anybody could trade at. The
    last mid of the quotes stands for it then; the day is that of UTC.

    Args:
        prices: Rows of PRICES.
        market_mids: ``mids``, of whole sessions: half a day of quotes ends before the close.

    Returns:
        instrument_id, date, adj_basis (``raw``), close.
    """
    raw = prices.filter((pl.col("adj_basis").fill_null("raw") == "raw") & (pl.col("close") > ZERO))
    known = raw.select(_BY, "date", "close").unique([_BY, "date"], keep="last")
    # Sorted by time, so the last of a group is the latest.
    last = market_mids.group_by(_BY, date=pl.col("time").dt.date(), maintain_order=True).agg(
        close=pl.col("mid").last()
    )
    lacking = last.join(known, on=[_BY, "date"], how="anti")
    return pl.concat([known, lacking]).select(_BY, "date", "close", adj_basis=pl.lit("raw"))


def mid_at(
    rows: pl.LazyFrame, market_mids: pl.LazyFrame, *, time: str, name: str, max_age: str | None = None
) -> pl.LazyFrame:
    """Return the rows with ``name``: the last mid at or before ``time``, in the order given.

    Args:
        rows: ``instrument_id`` and the instant ``time`` (null gives null).
        market_mids: ``mids``.
        time: Column of the instant.
        name: Column to add. Unit: price, fixed point.
        max_age: Older mids do not count (polars duration, "5m"); None: however old.
    """
    frame = rows.collect()
    asked = frame.lazy().select(_BY, _at=pl.col(time)).with_row_index("_row").drop_nulls().sort("_at")
    known = market_mids.select(_BY, "mid", _at="time").sort("_at")
    found = asked.join_asof(known, on="_at", by=_BY, tolerance=max_age, check_sortedness=False)
    # Only the price is brought back into place, not the rows with all they hold.
    places = pl.LazyFrame({"_row": pl.int_range(frame.height, dtype=pl.UInt32, eager=True)})
    placed = places.join(found.select("_row", "mid"), on="_row", how="left", maintain_order="left").collect()
    return frame.with_columns(placed["mid"].alias(name)).lazy()


@declares("duration")
def order_windows(
    events: pl.LazyFrame, executions: pl.LazyFrame, roots: pl.LazyFrame | None = None
) -> pl.LazyFrame:
    """Return when each parent order was decided, released and ended, children taken together.

    ``duration`` = time of the last fill - time of the release.

    Args:
        events: Rows of ORDER_EVENTS.
        executions: Rows of EXECUTIONS as they stand.
        roots: ``shortfall.root_orders`` of the events, where it is known already.

    Returns:
        order_id (the root), instrument_id, side, order_qty (last asked of the root, else the sum of its
        children), decision_time (earliest stated on an execution, else the order's receipt; never after the
        release), release_time (first event of the parent or a child), end_time (last cancel, expiry or reject, or last fill, whichever
        is later), first_fill_time, last_fill_time.
        Orders known from executions only have the window of their fills, and no quantity. Sorted by order.
    """
    if roots is None:
        roots = root_orders(events.select("order_id", "parent_order_id"))
    told = events.join(roots, on="order_id", how="left").sort("transact_time_ns", "event_seq")
    own = pl.col("order_id") == pl.col("root_id")
    asked = pl.col("order_qty").drop_nulls()
    ends = pl.col("event_type").is_in(["cancel", "expire", "reject"])
    children = told.filter(~own).group_by("root_id", "order_id", maintain_order=True).agg(q=asked.last())
    children = children.group_by("root_id").agg(child_qty=pl.col("q").sum())
    orders = told.group_by("root_id", maintain_order=True).agg(
        pl.col(_BY, "side").first(),
        own_qty=pl.col("order_qty").filter(own).drop_nulls().last(),
        received=pl.col("received_time").min(),
        release_time=pl.col("transact_time").min(),
        ended=pl.col("transact_time").filter(ends).max(),
    )
    orders = orders.join(children, on="root_id", how="left")
    fills = executions.filter(pl.col("order_id").is_not_null()).join(roots, on="order_id", how="left")
    by_root = fills.sort("transact_time_ns", "exec_id").group_by(
        root_id=pl.coalesce("root_id", "order_id"), maintain_order=True
    )
    done = by_root.agg(
        pl.col(_BY, "side").first().name.prefix("fill_"),
        decided=pl.col("decision_time").min(),
        first_fill_time=pl.col("transact_time").min(),
        last_fill_time=pl.col("transact_time").max(),
    )
    rows = orders.join(done, on="root_id", how="full", coalesce=True)
    return rows.select(
        order_id="root_id",
        instrument_id=pl.coalesce(_BY, f"fill_{_BY}"),
        side=pl.coalesce("side", "fill_side"),
        order_qty=pl.coalesce("own_qty", "child_qty"),
        # Of a parent whose children state when each of them was decided, the decision is not after the release.
        decision_time=pl.min_horizontal(
            pl.coalesce("decided", "received", "release_time", "first_fill_time"), "release_time"
        ),
        release_time=pl.coalesce("release_time", "first_fill_time"),
        end_time=pl.max_horizontal("ended", "last_fill_time", "release_time"),
        first_fill_time="first_fill_time",
        last_fill_time="last_fill_time",
    ).sort("order_id")


def interval_vwap(windows: pl.LazyFrame, market: Market, *, start: str, end: str) -> pl.LazyFrame:
    """Return the market's volume-weighted average price between two instants, both included.

    Args:
        windows: ``instrument_id``, ``start``, ``end``.
        market: The tape; bars where the tape has no trade in the window (a bar counts when it begins in the
            window; its vwap, else the mean of high, low and close).
        start: Column of the first instant.
        end: Column of the last.

    Returns:
        The windows in their order with ``vwap_px`` (price, fixed point) and ``market_qty`` (units traded by
        everybody, one's own fills included where the tape has them). Null where nothing traded.

    Bars of several lengths: the shortest of each instrument counts.
    """
    ticks = market.tape.select(_BY, _at="transact_time", qty="last_qty", px="last_px")
    bars = _shortest(market.bars)
    typical = (pl.col("high") + pl.col("low") + pl.col("close")) / pl.lit(3).cast(DECIMAL)
    bars = bars.select(_BY, _at="bar_start", qty="volume", px=pl.coalesce("vwap", typical, "close"))
    rows = numbered = _numbered(windows)
    for name, trades in (("tape", ticks), ("bars", bars)):
        sound = trades.filter((pl.col("qty") > ZERO) & (pl.col("px") > ZERO)).sort("_at")
        running = sound.select(
            _BY,
            "_at",
            qty=pl.col("qty").cum_sum().over(_BY),
            paid=(pl.col("qty") * pl.col("px")).cum_sum().over(_BY),
        )
        gains = _between(numbered, running, start=start, end=end, columns=("qty", "paid"), name=name)
        rows = rows.join(gains, on="_row", how="left")
    has_tape = pl.col("tape_qty") > ZERO
    qty = pl.when(has_tape).then("tape_qty").otherwise("bars_qty")
    paid = pl.when(has_tape).then("tape_paid").otherwise("bars_paid")
    rows = rows.with_columns(market_qty=pl.when(qty > ZERO).then(qty), _paid=paid)
    rows = rows.with_columns(vwap_px=pl.col("_paid") / pl.col("market_qty"))
    return rows.sort("_row").drop("_row", "_paid", "tape_qty", "tape_paid", "bars_qty", "bars_paid")


def interval_twap(windows: pl.LazyFrame, market_mids: pl.LazyFrame, *, start: str, end: str) -> pl.LazyFrame:
    """Return the windows with ``twap_px``: the mid's average over time, each mid weighted by how long it stood.

    A window without length has the mid of that instant; one that begins before the first mid of its
    instrument is averaged from that mid on. Null where no mid is known by the end. Unit: price, fixed point;
    the integral is summed in microseconds and exact.
    """
    # In order of time is enough within each instrument, and sorting its name costs more than all the rest.
    ordered = market_mids.select(_BY, "mid", _at="time").sort("_at").with_columns(_us=_us("_at"))
    lasted = (pl.col("_us") - pl.col("_us").shift(1)).over(_BY).fill_null(0).cast(DECIMAL)
    area = (pl.col("mid").shift(1).over(_BY) * lasted).fill_null(ZERO)
    steps = ordered.with_columns(area=area.cum_sum().over(_BY), first=pl.col("_us").min().over(_BY))
    steps = steps.collect().lazy()  # both ends look at it
    rows = _numbered(windows)
    last = _integral(rows, steps, at=pl.col(end), name="end")
    begun = pl.max_horizontal(pl.col(start), pl.from_epoch("first_us", "us").dt.replace_time_zone("UTC"))
    # The first mid is known from the end's side: a start before it moves up to it.
    opened = last.with_columns(_begin=pl.when(pl.col("first_us").is_not_null()).then(begun))
    both = _integral(opened, steps.drop("first"), at=pl.col("_begin"), name="start")
    span = (_us(end) - _us("_begin")).cast(DECIMAL)
    twap = pl.when(span > ZERO).then((pl.col("end_area") - pl.col("start_area")) / span).otherwise("end_mid")
    found = both.with_columns(twap_px=pl.when(pl.col("start_mid").is_not_null()).then(twap)).sort("_row")
    return found.drop("_row", "_begin", "first_us", "end_mid", "end_area", "start_mid", "start_area")


def daily_closes(rows: pl.LazyFrame, prices: pl.LazyFrame, *, day: str) -> pl.LazyFrame:
    """Return the rows with the closes around ``day``: close_px, previous_close_px, next_close_px.

    Raw closes only: an adjusted one was never a price anybody could trade at. ``close_px`` is null without a
    close on that very day; the previous and the next are of the nearest session on either side.
    """
    raw = prices.filter((pl.col("adj_basis").fill_null("raw") == "raw") & (pl.col("close") > ZERO))
    closes = raw.select(_BY, "close", _day="date").unique([_BY, "_day"], keep="last").sort("_day")
    # Many rows share an instrument and a day: each pair is looked up once.
    asked = rows.select(_BY, _day=pl.col(day)).unique().drop_nulls().sort("_day").collect().lazy()
    found = asked.join(closes.rename({"close": "close_px"}), on=[_BY, "_day"], how="left").sort("_day")
    for name, strategy in (("previous_close_px", "backward"), ("next_close_px", "forward")):
        found = found.join_asof(
            closes.rename({"close": name}),
            on="_day",
            by=_BY,
            strategy=strategy,  # type: ignore[arg-type]
            allow_exact_matches=False,
            check_sortedness=False,
        )
    return rows.join(found, left_on=[_BY, day], right_on=[_BY, "_day"], how="left", maintain_order="left")


def with_benchmarks(executions: pl.LazyFrame, windows: pl.LazyFrame, market: Market) -> pl.LazyFrame:
    """Return each execution with every benchmark price of its parent order.

    Args:
        executions: Rows of EXECUTIONS as they stand, with ``root_id`` where orders have parents (else
            ``order_id`` is the parent).
        windows: ``order_windows``.
        market: Quotes, tape, bars, daily prices.

    Returns:
        The executions in their order with ``decision_px`` (mid at the decision), ``arrival_px`` (as reported
        with the execution, else the mid at the order's release), ``vwap_px`` and ``twap_px`` (release to the
        last fill), ``market_qty``, ``close_px``, ``previous_close_px``. Prices are fixed point, null where
        unknown. An execution without an order is an order of its own that begins and ends with it.
    """
    names = executions.collect_schema().names()
    root = pl.coalesce("root_id", "order_id") if "root_id" in names else pl.col("order_id")
    known = market.mids
    priced = mid_at(windows, known, time="decision_time", name="decision_px")
    priced = mid_at(priced, known, time="release_time", name="_release_px")
    wanted = ("decision_px", "_release_px", "release_time", "last_fill_time")
    rows = executions.with_columns(_root=root, _day=trade_day()).join(
        priced.select(*wanted, _root="order_id"), on="_root", how="left", maintain_order="left"
    )
    rows = mid_at(rows, known, time="transact_time", name="_own_px")
    rows = rows.with_columns(
        decision_px=pl.coalesce("decision_px", pl.when(pl.col("_root").is_null()).then("_own_px")),
        arrival_px=pl.coalesce(
            "arrival_px", "_release_px", pl.when(pl.col("_root").is_null()).then("_own_px")
        ),
        _from=pl.coalesce("release_time", "transact_time"),
        _to=pl.coalesce("last_fill_time", "transact_time"),
    )
    rows = interval_vwap(rows, market, start="_from", end="_to")
    rows = interval_twap(rows, known, start="_from", end="_to")
    rows = daily_closes(rows, market.prices, day="_day")
    extra = ("_root", "_day", "_from", "_to", "_own_px", "_release_px", "release_time", "last_fill_time")
    return rows.drop(*extra, "next_close_px")


def slippage_by_benchmark(
    executions: pl.LazyFrame,
    *,
    by: list[str] | None = None,
    weight: pl.Expr | None = None,
    cluster: str | None = None,
) -> pl.LazyFrame:
    """Return the notional-weighted slippage of each group against every benchmark.

    Args:
        executions: ``with_benchmarks``, with ``multiplier`` unless ``weight`` is given.
        by: Columns of the group; none gives one group.
        weight: As ``cost.slippage_interval``.
        cluster: As ``cost.slippage_interval``.

    Returns:
        One row per group and benchmark: ``by``, ``benchmark``, ``n``, ``slippage_bp`` (positive = cost),
        ``low``, ``high``. A benchmark that no execution of a group has is no row.
    """
    parts = []
    for name, column in BENCHMARKS.items():
        against = executions.with_columns(arrival_px=pl.col(column))
        found = slippage_interval(against, by=by or [], weight=weight, cluster=cluster)
        parts.append(found.select(*(by or []), pl.lit(name).alias("benchmark"), pl.exclude(by or [])))
    return pl.concat(parts).sort(*(by or []), "benchmark")


def _us(name: str) -> pl.Expr:
    return pl.col(name).dt.epoch("us")


def _shortest(bars: pl.LazyFrame) -> pl.LazyFrame:
    count = pl.col("freq").str.extract(r"^(\d+)").cast(pl.Int64).fill_null(1)
    unit = (
        pl.col("freq")
        .str.extract(r"([a-z])")
        .replace_strict(_MICROSECONDS, default=None, return_dtype=pl.Int64)
    )
    sized = bars.with_columns(_size=count * unit)
    return sized.filter(pl.col("_size").fill_null(2**62) == pl.col("_size").fill_null(2**62).min().over(_BY))


def _numbered(rows: pl.LazyFrame) -> pl.LazyFrame:
    # Computed here and now: every as-of join reads its rows twice, and a plan of a dozen of them in a row
    # would do the work of the first four thousand times.
    return rows.with_row_index("_row").collect().lazy()


def _between(
    rows: pl.LazyFrame, running: pl.LazyFrame, *, start: str, end: str, columns: tuple[str, ...], name: str
) -> pl.LazyFrame:
    # What a running total gained from start to end, both instants included: total at the end less total
    # before the start. One row per row that has both.
    asked = rows.select("_row", _BY, _from=pl.col(start), _at=pl.col(end)).drop_nulls()
    late = asked.sort("_at").join_asof(running, on="_at", by=_BY, check_sortedness=False)
    early = (
        asked.select("_row", _BY, _at="_from")
        .sort("_at")
        .join_asof(running, on="_at", by=_BY, allow_exact_matches=False, check_sortedness=False)
        .select("_row", *(pl.col(column).alias(f"{column}_0") for column in columns))
    )
    gains = [
        (pl.col(column) - pl.col(f"{column}_0").fill_null(ZERO)).alias(f"{name}_{column}")
        for column in columns
    ]
    return late.join(early, on="_row", how="left").select("_row", *gains)


def _integral(rows: pl.LazyFrame, steps: pl.LazyFrame, *, at: pl.Expr, name: str) -> pl.LazyFrame:
    # Mid at an instant and the area under the mids from the first of them up to it.
    asked = rows.select("_row", _BY, _at=at).drop_nulls().sort("_at")
    found = asked.with_columns(_asked=_us("_at")).join_asof(steps, on="_at", by=_BY, check_sortedness=False)
    stood = (pl.col("_asked") - pl.col("_us")).cast(DECIMAL)
    more = [pl.col("first").alias("first_us")] if name == "end" else []
    found = found.select(
        "_row",
        *more,
        pl.col("mid").alias(f"{name}_mid"),
        (pl.col("area") + pl.col("mid") * stood).alias(f"{name}_area"),
    )
    return rows.join(found, on="_row", how="left")
