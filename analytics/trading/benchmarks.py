"""Prices an execution is measured against: decision, arrival, interval VWAP and TWAP, close, previous close."""

from dataclasses import dataclass
from functools import cached_property

import polars as pl

from analytics.conventions import ZERO, trade_day
from analytics.datasets import BARS, DECIMAL, PRICES, QUOTES, TAPE
from analytics.definitions import declares
from analytics.trading.asof import Track
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

    @cached_property
    def track(self) -> Track:
        """The mids, ready to be asked for instants."""
        return Track(self.mids.collect())


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
    rows: pl.LazyFrame, market_mids: pl.LazyFrame | Track, *, time: str, name: str, max_age: str | None = None
) -> pl.LazyFrame:
    """Return the rows with ``name``: the last mid at or before ``time``, in the order given.

    Args:
        rows: ``instrument_id`` and the instant ``time`` (null gives null).
        market_mids: ``mids``, or ``Market.track`` where many instants are asked for.
        time: Column of the instant.
        name: Column to add. Unit: price, fixed point.
        max_age: Older mids do not count (polars duration, "5m"); None: however old.
    """
    frame, track = rows.collect(), Track.of(market_mids)
    places = track.last(frame[_BY], frame[time], max_age=max_age)
    return frame.with_columns(track.rows["mid"].gather(places).alias(name)).lazy()


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
    own = pl.col("order_id") == pl.col("root_id")
    ends = pl.col("event_type").is_in(["cancel", "expire", "reject"])
    # What only some events say is set apart beforehand: choosing inside each of many small groups costs more.
    told = (
        events.join(roots, on="order_id", how="left")
        .sort("transact_time_ns", "event_seq")
        .select(
            "root_id", "order_id", _BY, "side", "received_time", "transact_time", "order_qty",
            own_qty=pl.when(own).then("order_qty"), ended=pl.when(ends).then("transact_time"), own=own,
        )
    )  # fmt: skip
    asked = pl.col("order_qty").last(ignore_nulls=True)
    children = told.filter(~pl.col("own")).group_by("root_id", "order_id", maintain_order=True).agg(q=asked)
    children = children.group_by("root_id").agg(child_qty=pl.col("q").sum())
    orders = told.group_by("root_id", maintain_order=True).agg(
        pl.col(_BY, "side").first(),
        own_qty=pl.col("own_qty").last(ignore_nulls=True),
        received=pl.col("received_time").min(),
        release_time=pl.col("transact_time").min(),
        ended=pl.col("ended").max(),
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
    rows = windows.collect()
    tape, bar = (_gained(trades.collect(), rows, start=start, end=end) for trades in (ticks, bars))
    found = pl.concat(
        [
            rows,
            tape.rename({"qty": "_tape", "paid": "_tape_paid"}),
            bar.rename({"qty": "_bars", "paid": "_bars_paid"}),
        ],
        how="horizontal",
    )
    has_tape = pl.col("_tape") > ZERO
    qty = pl.when(has_tape).then("_tape").otherwise("_bars")
    paid = pl.when(has_tape).then("_tape_paid").otherwise("_bars_paid")
    found = found.with_columns(market_qty=pl.when(qty > ZERO).then(qty), _paid=paid)
    found = found.with_columns(vwap_px=pl.col("_paid") / pl.col("market_qty"))
    return found.drop("_paid", "_tape", "_tape_paid", "_bars", "_bars_paid").lazy()


def interval_twap(
    windows: pl.LazyFrame, market_mids: pl.LazyFrame | Track, *, start: str, end: str
) -> pl.LazyFrame:
    """Return the windows with ``twap_px``: the mid's average over time, each mid weighted by how long it stood.

    A window without length has the mid of that instant; one that begins before the first mid of its
    instrument is averaged from that mid on. Null where no mid is known by the end. Unit: price, fixed point;
    the integral is summed in microseconds and exact.
    """
    track, rows = Track.of(market_mids), windows.collect()
    steps = track.rows.select("mid", _us=_us("time"), _code=track.code)
    lasted = (pl.col("_us") - pl.col("_us").shift(1)).over("_code").fill_null(0).cast(DECIMAL)
    area = (pl.col("mid").shift(1).over("_code") * lasted).fill_null(ZERO)
    steps = steps.with_columns(area=area).select(
        "mid", "_us", area=pl.col("area").cum_sum().over("_code"), first=pl.col("_us").first().over("_code")
    )
    last = _integral(rows[_BY], rows[end], track, steps)
    # The first mid is known from the end's side: a start before it moves up to it.
    opened = pl.from_epoch(last["first"], "us").dt.replace_time_zone("UTC")
    begun = pl.select(pl.when(opened.is_not_null()).then(pl.max_horizontal(rows[start], opened))).to_series()
    early = _integral(rows[_BY], begun, track, steps)
    span = (rows[end].dt.epoch("us") - begun.dt.epoch("us")).cast(DECIMAL)
    some = pl.when(span > ZERO).then(span)  # never a division by nothing
    twap = pl.when(span > ZERO).then((last["area"] - early["area"]) / some).otherwise(last["mid"])
    return rows.with_columns(twap_px=pl.when(early["mid"].is_not_null()).then(twap)).lazy()


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
    known = market.track
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


def _gained(trades: pl.DataFrame, rows: pl.DataFrame, *, start: str, end: str) -> pl.DataFrame:
    # What was traded from start to end, both instants included: the total at the end less that before the start.
    sound = trades.filter((pl.col("qty") > ZERO) & (pl.col("px") > ZERO))
    if sound.is_empty():
        return pl.DataFrame(schema={"qty": DECIMAL, "paid": DECIMAL}).clear(rows.height)
    track = Track(sound, time="_at")
    running = track.rows.select(
        qty=pl.col("qty").cum_sum().over(track.code),
        paid=(pl.col("qty") * pl.col("px")).cum_sum().over(track.code),
    )
    late, early = (
        running.select(pl.all().gather(places))
        for places in (track.last(rows[_BY], rows[end]), track.last(rows[_BY], rows[start], strict=True))
    )
    known = rows[start].is_not_null()
    return late.select(
        pl.when(known).then(late[name] - early[name].fill_null(ZERO)).alias(name) for name in ("qty", "paid")
    )


def _integral(instruments: pl.Series, at: pl.Series, track: Track, steps: pl.DataFrame) -> pl.DataFrame:
    # Mid at an instant and the area under the mids from the first of them up to it.
    found = steps.select(pl.all().gather(track.last(instruments, at)))
    stood = (at.dt.epoch("us") - found["_us"]).cast(DECIMAL)
    return found.select("mid", "first", area=pl.col("area") + pl.col("mid") * stood)
