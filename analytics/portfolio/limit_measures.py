"""What limits bound: every measure as a daily course of one subject, computed for all days at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.conventions import strict_sum
from analytics.datasets import DECIMAL
from analytics.portfolio.returns import daily_returns, drawdown
from analytics.portfolio.risk import MIN_HISTORY, WINDOW, History, expected_shortfall, value_at_risk

Floats = npt.NDArray[np.float64]
MONEY, FRACTION, RATIO = "money", "fraction", "ratio"
_BOOKS = ("organisation", "desk", "account")
_TRADED = (*_BOOKS, "trader", "instrument")
COURSE: dict[str, pl.DataType] = {
    "date": pl.Date(),
    "value": pl.Float64(),
    "driver": pl.String(),
    "reason": pl.String(),
}


@dataclass(frozen=True)
class Measure:
    """Something a limit can bound; never negative, larger is worse."""

    title: str
    unit: str  # MONEY (positive), FRACTION or RATIO
    subjects: tuple[str, ...]  # what it is known for
    definition: str
    standing: bool = True  # a state that stands until the next close; False: what happened on the day


MEASURES: dict[str, Measure] = {
    "gross_exposure": Measure("Gross exposure", MONEY, (*_BOOKS, "instrument"), "sum of |market value|"),
    "net_exposure": Measure(
        "Net exposure", MONEY, (*_BOOKS, "instrument"), "|sum of market value|, long less short"
    ),
    "leverage": Measure("Leverage", RATIO, _BOOKS, "gross exposure over net asset value"),
    "position_weight": Measure(
        "Largest position", FRACTION, _BOOKS, "largest |net value of an instrument| over gross exposure"
    ),
    "concentration": Measure(
        "Concentration", FRACTION, _BOOKS, "sum of squared shares of gross exposure by instrument"
    ),
    "sector_weight": Measure(
        "Largest sector", FRACTION, _BOOKS, "largest gross value of a sector over gross exposure"
    ),
    "var_99_1d": Measure(
        "Value at risk 99 %, 1 day", MONEY, _BOOKS,
        "loss of the day's holdings not exceeded in 99 % of the last 500 sessions",
    ),
    "es_975_1d": Measure(
        "Expected shortfall 97.5 %, 1 day", MONEY, _BOOKS,
        "mean loss of the day's holdings in the worst 2.5 % of the last 500 sessions",
    ),
    "drawdown": Measure(
        "Drawdown", FRACTION, _BOOKS, "distance below the highest time-weighted value so far"
    ),
    "loss_1d": Measure(
        "Loss of one day", MONEY, (*_BOOKS, "instrument"), "the day's loss after costs; 0 on a gain",
        standing=False,
    ),
    "order_notional": Measure(
        "Size of one order", MONEY, _TRADED,
        "largest order of the day at its limit, or at the close before", standing=False,
    ),
    "order_qty": Measure(
        "Order against daily volume", FRACTION, _TRADED,
        "largest order of the day over the mean volume of the 20 sessions before", standing=False,
    ),
    "participation": Measure(
        "Participation", FRACTION, _TRADED,
        "largest share of an instrument's volume of the day that was traded here", standing=False,
    ),
}  # fmt: skip
ORDERS = frozenset({"order_notional", "order_qty"})
TAILS = frozenset({"var_99_1d", "es_975_1d"})
HELD = frozenset({"position_weight", "concentration", "sector_weight"}) | TAILS
NAVS = frozenset({"gross_exposure", "net_exposure", "leverage", "drawdown", "loss_1d"})


@dataclass(frozen=True)
class Facts:
    """What measures are computed from, all money in one currency, bounded to what may be seen.

    Attributes:
        nav: account_id, date, nav, flow, pnl, gross_exposure, net_exposure.
        positions: account_id, instrument_id, date, currency, sector, market_value, pnl; held or traded that day.
        orders: date, account_id, trader_id, instrument_id, order_id, notional, adv_share.
        traded: date, account_id, trader_id, instrument_id, quantity, volume.
        history: Daily returns of what is held, for value at risk.
        days: Sessions asked about, sorted.
        since: Name of a table to the first day anything is in it at all; the first row's day when left out.
            From then on a day without a row means 0, before it nothing is known.
    """

    nav: pl.DataFrame
    positions: pl.DataFrame
    orders: pl.DataFrame
    traded: pl.DataFrame
    history: History
    days: tuple[date, ...] = field(default=())
    since: Mapping[str, date | None] = field(default_factory=dict)

    def first(self, table: str) -> date | None:
        """Return the first day that anything is known of in ``table``; None when it is empty."""
        if table in self.since:
            return self.since[table]
        rows: pl.DataFrame = getattr(self, table)
        found: date | None = rows.select(pl.col("date").min()).item() if rows.height else None
        return found


def course(
    facts: Facts,
    measure: str,
    *,
    accounts: Sequence[str] | None = None,
    trader: str | None = None,
    instrument: str | None = None,
) -> pl.DataFrame:
    """Return a measure of one subject, day by day.

    Args:
        facts: What it is computed from.
        measure: A name of ``MEASURES``.
        accounts: The subject's accounts; None for all of them.
        trader: A trader as the subject.
        instrument: An instrument as the subject.

    Returns:
        ``date``, ``value`` (unit of the measure; null where not known), ``driver`` (the instrument, sector
        or order behind a largest value) and ``reason`` (why the value is null); one row per day of
        ``facts.days``.
    """

    def own(rows: pl.DataFrame) -> pl.DataFrame:
        if accounts is not None:
            rows = rows.filter(pl.col("account_id").is_in(list(accounts)))
        if trader is not None and "trader_id" in rows.columns:
            rows = rows.filter(pl.col("trader_id") == trader)
        if instrument is not None and "instrument_id" in rows.columns:
            rows = rows.filter(pl.col("instrument_id") == instrument)
        return rows

    if measure in ORDERS:
        found = _largest_order(own(facts.orders), "notional" if measure == "order_notional" else "adv_share")
        return _placed(facts.days, found, since=facts.first("orders"))
    if measure == "participation":
        return _placed(facts.days, _participation(own(facts.traded)), since=facts.first("traded"))
    if measure in TAILS:
        return _tails(facts, own(facts.positions), measure)
    if measure in HELD:
        return _placed(facts.days, _shares(own(facts.positions), measure), since=facts.first("positions"))
    if instrument is not None:
        found = _of_instrument(own(facts.positions), measure)
        return _placed(facts.days, found, since=facts.first("positions"))
    return _placed(facts.days, _of_books(own(facts.nav), measure))


# --- books -----------------------------------------------------------------------------------------
def _of_books(nav: pl.DataFrame, measure: str) -> pl.DataFrame:
    daily = (
        nav.group_by("date")
        .agg(
            *(
                strict_sum(pl.col(name)).cast(pl.Float64).alias(name)
                for name in ("nav", "gross_exposure", "net_exposure", "pnl")
            ),
            pl.col("flow").sum().cast(pl.Float64),
        )
        .sort("date")
    )
    if measure == "drawdown":
        returns = daily_returns(daily)["return"]
        first = next((i for i, r in enumerate(returns) if r is not None), daily.height)
        after = returns[first:]
        # Behind a day without a value nothing is known of the peak.
        known = after.head(next((i for i, r in enumerate(after) if r is None), after.len()))
        depth = [None] * first + list(-drawdown(known.to_numpy())) + [None] * (after.len() - known.len())
        value = pl.Series("value", depth, dtype=pl.Float64).abs()
        why = "Net asset value is not known on every day up to this one."
        return daily.with_columns(value).select("date", "value", reason=_why(why))
    value_of: pl.Expr
    if measure == "leverage":
        value_of = pl.when(pl.col("nav") > 0).then(pl.col("gross_exposure") / pl.col("nav"))
        why = "Net asset value is not known or not positive, so there is no ratio to it."
    elif measure == "loss_1d":
        value_of = (-pl.col("pnl")).clip(lower_bound=0.0).abs()
        why = "The day's profit is not known."
    else:
        value_of = pl.col(measure).abs()
        why = "A holding has no price or no exchange rate."
    return daily.with_columns(value=value_of).select("date", "value", reason=_why(why))


def _of_instrument(positions: pl.DataFrame, measure: str) -> pl.DataFrame:
    value = pl.col("market_value")
    expression = {
        "gross_exposure": strict_sum(value.abs()),
        "net_exposure": strict_sum(value).abs(),
        "loss_1d": (-strict_sum(pl.col("pnl"))).clip(lower_bound=0).abs(),
    }[measure]
    daily = positions.group_by("date").agg(value=expression.cast(pl.Float64))
    return daily.select("date", "value", reason=_why("The instrument has no price or no exchange rate."))


def _shares(positions: pl.DataFrame, measure: str) -> pl.DataFrame:
    held = positions.filter(pl.col("market_value").is_null() | (pl.col("market_value") != 0))
    gross = held.group_by("date").agg(gross=strict_sum(pl.col("market_value").abs()).cast(pl.Float64))
    by = "sector" if measure == "sector_weight" else "instrument_id"
    value = pl.col("market_value")
    # One name held long here and short there is one risk; a sector's gross, like its concentration, is not.
    part = strict_sum(value).abs() if measure == "position_weight" else strict_sum(value.abs())
    parts = (
        held.group_by("date", by)
        .agg(part=part.cast(pl.Float64))
        .join(gross, on="date")
        .with_columns(share=pl.when(pl.col("gross") > 0).then(pl.col("part") / pl.col("gross")))
    )
    if measure == "concentration":
        daily = parts.group_by("date").agg(
            value=strict_sum(pl.col("share") ** 2), driver=pl.lit(None, pl.String)
        )
    else:
        daily = (
            parts.sort("share", by, descending=[True, False], nulls_last=False)
            .group_by("date")
            .agg(value=strict_sum(pl.col("share").head(1)), driver=pl.col(by).first().cast(pl.String))
        )
    return daily.select("date", "value", "driver", reason=_why("A holding has no price or no exchange rate."))


def _tails(facts: Facts, positions: pl.DataFrame, measure: str) -> pl.DataFrame:
    # One pass over days, each a product of a window of returns and that day's holdings.
    history = facts.history
    index = {name: place for place, name in enumerate(history.instruments)}
    net = (
        positions.filter(pl.col("market_value").is_null() | (pl.col("market_value") != 0))
        .group_by("date", "instrument_id")
        .agg(value=strict_sum(pl.col("market_value")).cast(pl.Float64))
        .sort("date", "instrument_id")
    )
    held = {key[0]: rows for key, rows in net.partition_by("date", as_dict=True, maintain_order=True).items()}
    sessions = np.array(history.dates, dtype="datetime64[D]")

    first = facts.first("positions")

    def of(day: date) -> tuple[float | None, None, str | None]:
        known = held.get(day)
        if known is None:
            unknown_yet = first is None or day < first
            return (None, None, "No position is known yet.") if unknown_yet else (0.0, None, None)
        if known["value"].null_count():
            return None, None, "A holding has no price or no exchange rate."
        unknown = [name for name in known["instrument_id"] if name not in index]
        if unknown:
            return None, None, f"No prices of {unknown[0]} are known."
        last = int(np.searchsorted(sessions, np.datetime64(str(day)), side="right"))
        window = history.returns[max(0, last - WINDOW) : last][
            :, [index[name] for name in known["instrument_id"]]
        ]
        whole = np.isfinite(window).all(axis=1)
        return _tail(window[whole] @ known["value"].to_numpy(), measure)

    return pl.DataFrame([(day, *of(day)) for day in facts.days], schema=COURSE, orient="row")


def _tail(pnl: Floats, measure: str) -> tuple[float | None, None, str | None]:
    found = (
        value_at_risk(pnl, confidence=0.99)
        if measure == "var_99_1d"
        else expected_shortfall(pnl, confidence=0.975)
    )
    if found is None:
        why = f"Only {pnl.size} sessions have a return for everything held; {MIN_HISTORY} are needed."
        return None, None, why
    # A book that gains even in its worst outcomes uses nothing of a limit.
    return max(found, 0.0), None, None


# --- what happened -----------------------------------------------------------------------------------
def _largest_order(orders: pl.DataFrame, column: str) -> pl.DataFrame:
    known = orders.filter(pl.col(column).is_not_null()).sort(
        pl.col(column), "order_id", descending=[True, False]
    )
    largest = known.group_by("date", maintain_order=True).first()
    unknown = orders.group_by("date").agg(missing=pl.col(column).null_count())
    found = unknown.join(largest, on="date", how="left")
    return found.select(
        "date",
        value=pl.col(column).cast(pl.Float64),
        driver=pl.col("order_id"),
        reason=_why("No order of the day has a known price or volume to measure it by.", of=column),
    )


def _participation(traded: pl.DataFrame) -> pl.DataFrame:
    shares = traded.group_by("date", "instrument_id").agg(
        quantity=pl.col("quantity").sum(), volume=pl.col("volume").first()
    )
    share = pl.when(pl.col("volume") > 0).then(pl.col("quantity") / pl.col("volume"))
    ranked = shares.with_columns(value=share).sort(
        "value", "instrument_id", descending=[True, False], nulls_last=True
    )
    daily = ranked.group_by("date", maintain_order=True).first()
    return daily.select(
        "date",
        "value",
        driver=pl.col("instrument_id"),
        reason=_why("No volume is known of what was traded that day."),
    )


# --- shape -----------------------------------------------------------------------------------------
def _why(words: str, *, of: str = "value") -> pl.Expr:
    return pl.when(pl.col(of).is_null()).then(pl.lit(words))


def _placed(days: Sequence[date], found: pl.DataFrame, *, since: date | None = None) -> pl.DataFrame:
    """Return one row per day; a day without a row is 0 from ``since`` on, else not known."""
    calendar = pl.DataFrame({"date": list(days)}, schema={"date": pl.Date})
    if "driver" not in found.columns:
        found = found.with_columns(driver=pl.lit(None, pl.String))
    marked = found.with_columns(met=pl.lit(value=True))
    met = calendar.join(marked, on="date", how="left", maintain_order="left")
    absent = pl.col("met").is_null()
    quiet = absent & (pl.col("date") >= pl.lit(since, pl.Date)).fill_null(value=False)
    why = pl.lit("Nothing is known of the subject on this day.")
    return met.select(
        "date",
        value=pl.when(quiet).then(0.0).otherwise("value"),
        driver="driver",
        reason=pl.when(absent & ~quiet).then(why).otherwise("reason"),
    ).cast(COURSE)  # type: ignore[arg-type]


def empty_facts(days: Sequence[date] = ()) -> Facts:
    """Return facts of nothing, in the shapes that ``course`` reads."""
    text = dict.fromkeys(
        ("account_id", "trader_id", "instrument_id", "order_id", "sector", "currency"), pl.String()
    )
    money = dict.fromkeys(
        ("nav", "flow", "pnl", "gross_exposure", "net_exposure", "market_value", "notional"), DECIMAL
    )
    known = {
        **text,
        **money,
        "date": pl.Date(),
        **dict.fromkeys(("adv_share", "quantity", "volume"), pl.Float64()),
    }

    def none(*names: str) -> pl.DataFrame:
        return pl.DataFrame(schema={name: known[name] for name in names})

    return Facts(
        nav=none("account_id", "date", "nav", "flow", "pnl", "gross_exposure", "net_exposure"),
        positions=none("account_id", "instrument_id", "date", "currency", "sector", "market_value", "pnl"),
        orders=none("date", "account_id", "trader_id", "instrument_id", "order_id", "notional", "adv_share"),
        traded=none("date", "account_id", "trader_id", "instrument_id", "quantity", "volume"),
        history=History((), (), np.empty((0, 0))),
        days=tuple(days),
    )
