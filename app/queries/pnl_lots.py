"""The lots of one position: what is open, since when and at what cost, and what closing realised."""

from datetime import date
from typing import Any

import polars as pl

from analytics.conventions import ONE
from analytics.datasets import (
    ACCOUNTS,
    CASH_FLOWS,
    CORPORATE_ACTIONS,
    DAILY_NAV,
    DAILY_POSITIONS,
    EXECUTIONS,
    FX_RATES,
    INSTRUMENTS,
)
from analytics.portfolio.cost_methods import METHODS, TITLES
from analytics.portfolio.costing import GROUP, average_cost
from analytics.portfolio.lots import lot_book
from app.desk import Desk
from app.errors import FieldError, Invalid, NotFound
from app.queries._book import BY_TRADER, NOTHING_HELD, holdings, instruments
from app.queries._cost_method import COSTING, convention
from app.queries._money import number
from app.queries._period import Period, within
from app.queries._traded import splits, trades
from app.storage.cache import cached

SHOWN = 200  # lots of each kind in an answer
_READS = (
    DAILY_POSITIONS, DAILY_NAV, EXECUTIONS, CASH_FLOWS, CORPORATE_ACTIONS, ACCOUNTS, INSTRUMENTS, FX_RATES,
)  # fmt: skip
TOO_MANY = "This position has turned over too much to be kept by lot; it is at average cost."


def lots(
    desk: Desk, *, account: str | None = None, instrument: str | None = None, method: str | None = None
) -> dict[str, Any]:
    """Return the lots of one position at the last session of the scope, in the position's currency.

    Args:
        desk: Whose.
        account: Account of the position; None: that of the largest position in the scope.
        instrument: Its instrument; None as above.
        method: average, fifo or lifo; None: the organisation's. Average cost knows one lot, the position.

    Returns:
        ``account_id``, ``instrument_id``, ``symbol``, ``currency``, ``date``, ``method``, ``quantity``,
        ``market_px``, ``cost``, ``market_value``, ``unrealised`` (of the whole position); ``open``: opened
        (day), age_days, quantity, cost_px, cost, market_value, unrealised, oldest first; ``closed``: opened,
        closed, days, quantity, cost_px, close_px, cost, proceeds, realised, newest first, within the
        period; at most 200 of each, ``open_total`` and ``closed_total`` say how many; ``realised``: of all
        closes in the period. ``choices``: the positions held, largest first. ``period``, ``convention``,
        ``reasons``.

    Raises:
        Invalid: For a method that is none of the three, or an account without an instrument.
        NotFound: If the asker sees no such position.
    """
    kept = convention(desk)
    chosen = method or kept["cost_method"]
    errors = []
    if chosen not in METHODS:
        errors.append(FieldError("method", f"must be one of {', '.join(METHODS)}", chosen[:80]))
    if (account is None) != (instrument is None):
        errors.append(FieldError("position", "needs both an account and an instrument"))
    if errors:
        raise Invalid("Lots are not shown like this.", errors=errors)
    bounded, days = within(desk)
    base: dict[str, Any] = {
        "account_id": account, "instrument_id": instrument, "symbol": None, "currency": None, "date": days.last,
        "method": chosen, "method_title": TITLES[chosen], "quantity": None, "market_px": None, "cost": None,
        "market_value": None, "unrealised": None, "open": [], "closed": [], "open_total": 0, "closed_total": 0,
        "realised": None, "choices": [], "period": days.as_dict(), "convention": kept, "reasons": {},
    }  # fmt: skip
    if desk.scope.trader:
        return base | {"reasons": {"open": BY_TRADER}}
    held = holdings(bounded).select("account_id", "instrument_id", "symbol").head(60)
    choices = held.to_dicts()
    if account is None:
        if not choices or days.last is None:
            return base | {"reasons": {"open": NOTHING_HELD}}
        account, instrument = choices[0]["account_id"], choices[0]["instrument_id"]
    return base | _lots(bounded, str(account), str(instrument), method=str(chosen)) | {"choices": choices}


@cached(*_READS, records=(COSTING,), shared=True)
def _lots(desk: Desk, account: str, instrument: str, *, method: str) -> dict[str, Any]:
    start, last = desk.scope.start, desk.scope.end
    # One position, whatever else the page is narrowed to; who may see it still counts.
    one = desk.with_scope(desk=(), account=(account,), instrument=(instrument,), start=None, end=last)
    days = desk.collect(one.rows(DAILY_POSITIONS).sort("date"))
    if days.is_empty():
        raise NotFound("There is no such position.")
    at = days.row(-1, named=True)
    described = desk.collect(instruments(one).filter(pl.col("instrument_id") == instrument))
    multiplier = (described["multiplier"][0] if described.height else None) or 1
    answer: dict[str, Any] = {
        "account_id": account,
        "instrument_id": instrument,
        "symbol": described["symbol"][0] if described.height else None,
        "currency": at["currency"],
        "date": at["date"],
        "quantity": number(at["quantity"]),
        "market_px": number(at["market_px"]),
        "market_value": number(at["market_value"]),
    }
    events = _events(one, days)
    if events.is_empty():
        return answer | {"reasons": {"open": "No execution of this position is known."}}
    if events["price"].null_count() > events.filter("_split").height:
        return answer | {"reasons": {"open": "An execution's currency has no rate to the position's."}}
    px = at["market_px"]
    if method == "average":
        return answer | _averaged(average_cost(events), px, multiplier, start)
    try:
        book = lot_book(events, method="fifo" if method == "fifo" else "lifo")
    except OverflowError:
        return (
            answer | _averaged(average_cost(events), px, multiplier, start) | {"reasons": {"open": TOO_MANY}}
        )
    return answer | _by_lot(
        book.open, book.closed, events, px=px, multiplier=multiplier, start=start, end=at["date"]
    )


def _events(desk: Desk, days: pl.DataFrame) -> pl.DataFrame:
    """Return trades and splits of the position in order, as the costing takes them, with their ``date``."""
    everything = Period(None, desk.scope.end, 0, None)
    held = days.lazy().select(*GROUP, "date", "currency")
    rows = trades(desk, everything, held).select(
        *GROUP, "date", "quantity", "price", "multiplier", _at="transact_time_ns", _key="exec_id"
    )
    found = desk.collect(rows).with_columns(_split=pl.lit(value=False))
    first: date | None = found["date"].min()  # type: ignore[assignment]
    known = splits(desk, Period(first, desk.scope.end, 0, None))
    moved = desk.collect(known.join(held, on=["instrument_id", "date"]))
    moved = moved.filter(pl.col("date") > first)
    if moved.height:
        quantity = pl.lit(0).cast(found.schema["quantity"])
        extra = moved.select(*GROUP, "date", "_ratio", quantity=quantity, _split=pl.lit(value=True))
        found = pl.concat([found, extra], how="diagonal")
    found = found.with_columns(pl.col("multiplier").fill_null(ONE)).sort(
        "date", ~pl.col("_split"), "_at", "_key", nulls_last=False
    )
    for place in found.with_row_index().filter("_split")["index"].to_list():
        # Splits of one position are few; what each adds depends on what is held by then.
        added = (found["quantity"][:place].sum() or 0) * (found["_ratio"][place] - 1)
        at = pl.int_range(pl.len()) == place
        amount = pl.lit(added).cast(found.schema["quantity"]).round(6)
        found = found.with_columns(quantity=pl.when(at).then(amount).otherwise("quantity"))
    return found


def _averaged(events: pl.DataFrame, px: Any, multiplier: Any, start: date | None) -> dict[str, Any]:
    # One lot: the position, opened when it last left nought.
    last = events.row(-1, named=True)
    within_it = events.filter(pl.col("date") >= start) if start else events
    answer: dict[str, Any] = {
        "realised": number(within_it["realised"].sum()),
        "closed_total": 0,
        "closed": [],
    }
    if last["position"] == 0:
        return answer | {"open": [], "open_total": 0, "cost": 0.0, "unrealised": 0.0}
    before = pl.col("position").shift(1, fill_value=0)
    fresh = events.filter((before.sign() != pl.col("position").sign()) & (pl.col("position") != 0))
    rows = pl.DataFrame(
        {"date": [fresh["date"][-1]], "quantity": [last["position"]], "cost": [last["cost_basis"]]},
        schema={"date": pl.Date, "quantity": events.schema["position"], "cost": events.schema["cost_basis"]},
    )
    return answer | _open(rows, px, multiplier, events["date"].max())


def _by_lot(
    left: pl.DataFrame,
    closed: pl.DataFrame,
    events: pl.DataFrame,
    *,
    px: Any,
    multiplier: Any,
    start: date | None,
    end: date,
) -> dict[str, Any]:
    when = events.select("date").with_row_index("event").with_columns(pl.col("event").cast(pl.Int64))
    opened = when.rename({"event": "opened", "date": "_opened"})
    rows = left.join(opened, on="opened").select(date="_opened", quantity="quantity", cost="cost")
    done = closed.join(opened, on="opened").join(
        when.rename({"event": "closed", "date": "_closed"}), on="closed"
    )
    done = done.filter(pl.col("_closed") >= start) if start else done
    unit = pl.col("quantity") * multiplier
    shown = done.sort("closed", "opened", descending=True).head(SHOWN).select(
        opened=pl.col("_opened").cast(pl.String),
        closed=pl.col("_closed").cast(pl.String),
        days=(pl.col("_closed") - pl.col("_opened")).dt.total_days(),
        quantity="quantity",
        cost_px=pl.col("cost") / unit,
        close_px=pl.col("proceeds") / unit,
        cost="cost",
        proceeds="proceeds",
        realised="realised",
    )  # fmt: skip
    answer = {
        "closed": _plain(shown),
        "closed_total": done.height,
        "realised": number(done["realised"].sum()) if done.height else 0.0,
    }
    return answer | _open(rows, px, multiplier, end)


def _open(rows: pl.DataFrame, px: Any, multiplier: Any, end: Any) -> dict[str, Any]:
    price = pl.lit(px).cast(rows.schema["cost"])
    unit = pl.col("quantity") * multiplier
    rows = rows.sort("date").with_columns(
        opened=pl.col("date").cast(pl.String),
        age_days=(pl.lit(end) - pl.col("date")).dt.total_days(),
        cost_px=pl.col("cost") / unit,
        market_value=unit * price,
    )
    rows = rows.with_columns(unrealised=pl.col("market_value") - pl.col("cost"))
    columns = ("opened", "age_days", "quantity", "cost_px", "cost", "market_value", "unrealised")
    known = px is not None or rows.is_empty()
    return {
        "open": _plain(rows.select(*columns).head(SHOWN)),
        "open_total": rows.height,
        "cost": number(rows["cost"].sum()) if rows.height else 0.0,
        "unrealised": number(rows.select(pl.col("unrealised").sum()).item())
        if known and rows.height
        else None
        if rows.height
        else 0.0,
    }


def _plain(frame: pl.DataFrame) -> list[dict[str, Any]]:
    return frame.with_columns(pl.col(pl.Decimal).cast(pl.Float64)).to_dicts()
