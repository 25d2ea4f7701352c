"""What came of a trading idea: entered after it was sealed, ended by stop, target or time, costs paid."""

from datetime import time

import polars as pl

from analytics.conventions import BASIS_POINTS

CLOSE_UTC = time(20, 0)  # no later than any close of the large American and European exchanges
COST_BP = 5.0  # one way
LONGEST = 252  # sessions

SCHEMA: dict[str, pl.DataType] = {
    "idea_id": pl.String(),
    "state": pl.String(),
    "entry_date": pl.Date(),
    "entry": pl.Float64(),
    "exit_date": pl.Date(),
    "exit": pl.Float64(),
    "gross": pl.Float64(),
    "net": pl.Float64(),
    "won": pl.Boolean(),
    "brier": pl.Float64(),
}


def outcomes(
    ideas: pl.DataFrame, prices: pl.DataFrame, *, cost_bp: float = COST_BP, close: time = CLOSE_UTC
) -> pl.DataFrame:
    """Return what came of each idea so far, one row each, in the order of ``ideas``.

    Args:
        ideas: idea_id, instrument_id, direction (long or short), target and stop (prices, null for none),
            horizon (sessions, 1 to ``LONGEST``), probability (that it ends with a profit after costs, 0..1,
            null where none was stated), sealed_at (UTC).
        prices: instrument_id, date, close, and open, high, low where known; one basis per instrument, one row
            per instrument and session.
        cost_bp: Cost of one trade in basis points of its value; paid at entry and at exit.
        close: Time of day (UTC) a session's close is taken to be known at. Who seals later enters at the next.

    Returns:
        ``SCHEMA``. ``state``: waiting (no close since it was sealed), void (at the entry the price was
        already beyond target or stop: nothing to trade), running, target, stop, expired. ``gross`` and
        ``net`` are fractions of the entry, positive = the author was right; of a running idea they are at
        the last close. ``won`` (net > 0) and ``brier`` = (probability - won)^2 are null until it has ended.

    Entry is at the close of the first session that closed after sealing: nobody profits from a price he had
    seen. Within a session the stop is taken to come before the target, and a price that opens beyond
    either is paid as it opened.
    """
    if ideas.is_empty():
        return pl.DataFrame(schema=SCHEMA)
    known = _sessions(prices, close)
    asked = ideas.with_row_index("row").with_columns(
        sign=pl.when(pl.col("direction") == "short").then(-1.0).otherwise(1.0),
        sealed=pl.col("sealed_at").dt.cast_time_unit("us"),
        **{name: pl.col(name).cast(pl.Float64) for name in ("target", "stop", "probability")},
    )
    entered = asked.sort("sealed").join_asof(
        known.select("instrument_id", "known_at", entry_date="date", entry="close", first="session"),
        left_on="sealed",
        right_on="known_at",
        by="instrument_id",
        strategy="forward",
        allow_exact_matches=False,
        check_sortedness=False,
    )
    courses = (
        entered.filter(pl.col("entry").is_not_null() & ~_beyond("entry"))
        .with_columns(session=pl.int_ranges("first", pl.col("first") + pl.col("horizon")))
        .explode("session")
        .with_columns(session=pl.col("session") + 1)
        .join(known.drop("known_at"), on=["instrument_id", "session"], how="inner")
    )
    ended = _ended(courses)
    found = entered.join(ended, on="row", how="left").sort("row")
    return _judged(found, cost=2 * cost_bp / BASIS_POINTS)


def _sessions(prices: pl.DataFrame, close: time) -> pl.DataFrame:
    """Return the prices numbered by session, bars without a range taken to be their close."""
    missing = [name for name in ("open", "high", "low") if name not in prices.columns]
    rows = prices.with_columns(pl.lit(None, dtype=pl.Float64).alias(name) for name in missing)
    rows = rows.select(
        "instrument_id",
        "date",
        **{name: pl.col(name).cast(pl.Float64) for name in ("open", "high", "low", "close")},
    )
    at = pl.col("date").cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    return (
        rows.filter(pl.col("close") > 0)
        .sort("instrument_id", "date")
        .with_columns(
            high=pl.max_horizontal("high", "close"),
            low=pl.min_horizontal("low", "close"),
            session=pl.int_range(pl.len()).over("instrument_id"),
            known_at=at + pl.duration(hours=close.hour, minutes=close.minute),
        )
        .sort("known_at", "instrument_id")
    )


def _beyond(price: str) -> pl.Expr:
    """Return whether ``price`` lies at or beyond target or stop, in the idea's own direction."""
    sign, at = pl.col("sign"), pl.col(price)
    return _or_false(sign * at >= sign * pl.col("target")) | _or_false(sign * at <= sign * pl.col("stop"))


def _or_false(condition: pl.Expr) -> pl.Expr:
    return condition.fill_null(value=False)


def _ended(courses: pl.DataFrame) -> pl.DataFrame:
    """Return per idea the session that ended it, or its last one so far: row, how, exit_date, exit."""
    sign, buys = pl.col("sign"), pl.col("sign") > 0
    worst = pl.when(buys).then("low").otherwise("high")
    best = pl.when(buys).then("high").otherwise("low")
    stopped = _or_false(sign * worst <= sign * pl.col("stop"))
    reached = _or_false(sign * best >= sign * pl.col("target"))
    # A gap through the stop is paid as it opened, one through the target earns what it opened at. Where no
    # open is known the stop or target itself is the price.
    gapped_down = _or_false(sign * pl.col("open") <= sign * pl.col("stop"))
    gapped_up = _or_false(sign * pl.col("open") >= sign * pl.col("target"))
    last = pl.col("session") == pl.col("first") + pl.col("horizon")
    how = (
        pl.when(stopped)
        .then(pl.lit("stop"))
        .when(reached)
        .then(pl.lit("target"))
        .when(last)
        .then(pl.lit("expired"))
    )
    paid = (
        pl.when(stopped)
        .then(pl.when(gapped_down).then("open").otherwise("stop"))
        .when(reached)
        .then(pl.when(gapped_up).then("open").otherwise("target"))
        .otherwise("close")
    )
    seen = courses.with_columns(how=how, paid=paid).sort("row", "session")
    done = seen.filter(pl.col("how").is_not_null()).unique("row", keep="first", maintain_order=True)
    going = seen.join(done, on="row", how="anti").unique("row", keep="last", maintain_order=True)
    columns = ["row", "how", pl.col("date").alias("exit_date"), pl.col("paid").alias("exit")]
    return pl.concat([done.select(columns), going.select(columns)])


def _judged(found: pl.DataFrame, *, cost: float) -> pl.DataFrame:
    state = (
        pl.when(pl.col("entry").is_null())
        .then(pl.lit("waiting"))
        .when(_beyond("entry"))
        .then(pl.lit("void"))
        .otherwise(pl.coalesce("how", pl.lit("running")))
    )
    gross = pl.col("sign") * (pl.col("exit") / pl.col("entry") - 1)
    over = pl.col("state").is_in(["target", "stop", "expired"])
    return (
        found.with_columns(state=state, gross=gross)
        .with_columns(net=pl.col("gross") - cost)
        .with_columns(won=pl.when(over).then(pl.col("net") > 0))
        .with_columns(brier=(pl.col("probability") - pl.col("won").cast(pl.Float64)) ** 2)
        .select(list(SCHEMA))
        .cast(SCHEMA)  # type: ignore[arg-type]
    )
