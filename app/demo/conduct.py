"""What a firm's control room approved and limited: personal trades and positions of the demo."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl

from analytics.datasets import POSITION_LIMITS, PRECLEARANCES
from analytics.text import formatted
from app.demo.control_room import instant as moment
from app.demo.history import Cash, Trades
from app.demo.ledger import Ledger, conform
from app.demo.universe import SYMBOLS

if TYPE_CHECKING:
    from app.demo.stage import Stage

_HOLDING = 30  # days
_UNWARNED = 0.75  # of a limit: held without a warning
_BELOW_PEAK = 0.98  # of the largest position: a limit that it still breaks
_HEADROOM = 1.6  # limit of a book that nobody plays with, times its largest position


@dataclass(frozen=True)
class Approval:
    """An answer to somebody who wanted to trade for himself. Times are microseconds since 1970."""

    account_id: str
    instrument: int
    side: str
    quantity: int | None
    start: int
    end: int
    status: str = "approved"
    waives: tuple[str, ...] = ()


@dataclass(frozen=True)
class Bound:
    """A position limit set around what an account held on one day: ``share`` x its largest position then."""

    account_id: str
    instrument: int
    session: int
    share: float


@dataclass
class Conduct:
    """What scenes settled themselves; everything else private is approved as a matter of course."""

    approvals: list[Approval] = field(default_factory=list)
    bounds: list[Bound] = field(default_factory=list)
    settled: set[int] = field(default_factory=set)  # orders whose approval, or lack of it, is part of a scene
    insiders: list[tuple[str, int, int]] = field(default_factory=list)  # accounts, sessions and names played
    paid_in: list[Cash] = field(default_factory=list)  # money that a scene needs in an account
    reported: set[int] = field(default_factory=set)  # names a story was told of
    traded: frozenset[tuple[int, int]] = (
        frozenset()
    )  # books and instruments that trade with each other anyway


def names_traded(trades: Trades) -> frozenset[tuple[int, int]]:
    """Return which book trades which instrument without being told to by a scene."""
    return frozenset(zip(trades.book.tolist(), trades.instrument.tolist(), strict=True))


def preclearances(stage: "Stage", ledger: Ledger) -> pl.DataFrame:
    """Return the approvals file: the scenes' own, and one for each other private trade of a day."""
    owners = {book.account_id: book.owner for book in stage.plan.books if book.kind == "personal"}
    settled = [ledger.order_ids[number] for number in stage.conduct.settled if number in ledger.order_ids]
    trades = ledger.executions.filter(
        pl.col("account_id").is_in(list(owners)) & ~pl.col("order_id").is_in(settled).fill_null(value=False)
    )
    days = (
        trades.group_by("account_id", "instrument_id", "side", "trade_date")
        .agg(quantity=pl.col("last_qty").sum(), first=pl.col("transact_time").min())
        .sort("first", "account_id", "instrument_id", "side")
    )
    usual = days.select(
        "account_id", "instrument_id", "side", "quantity",
        valid_from=pl.col("first") - timedelta(hours=2),
        valid_to=pl.col("first") + timedelta(hours=8),
        status=pl.lit("approved"),
        waives=_lifted(ledger.executions, days),
    )  # fmt: skip
    own = pl.DataFrame(
        [
            {
                "account_id": one.account_id, "instrument_id": SYMBOLS[one.instrument], "side": one.side,
                "quantity": one.quantity, "valid_from": moment(one.start), "valid_to": moment(one.end),
                "status": one.status, "waives": list(one.waives) or None,
            }
            for one in stage.conduct.approvals
        ],
        schema=usual.schema,
    )  # fmt: skip
    rows = pl.concat([usual, own]).sort("valid_from", "account_id", "instrument_id", "side")
    return conform(
        rows.with_columns(
            preclearance_id=formatted("PA{}", pl.int_range(1, pl.len() + 1).cast(pl.String).str.zfill(5)),
            person_id=pl.col("account_id").replace_strict(owners, return_dtype=pl.String),
            decided_time=pl.col("valid_from") - timedelta(minutes=20),
            decided_by=pl.lit(next(p.person_id for p in stage.plan.people if p.role == "compliance")),
        ),
        PRECLEARANCES,
    )


def _lifted(executions: pl.DataFrame, days: pl.DataFrame) -> pl.Series:
    # A trade that undoes one of the last weeks needed the holding period lifted.
    turn = {"buy": "sell", "sell": "buy"}
    trades = executions.select("account_id", "instrument_id", "side", other="transact_time")
    asked = days.with_row_index("row").with_columns(side=pl.col("side").replace(turn))
    near = asked.join(trades, on=["account_id", "instrument_id", "side"], how="inner").filter(
        (pl.col("other") < pl.col("first") + timedelta(hours=8))
        & (pl.col("other") > pl.col("first") - timedelta(days=_HOLDING + 1))
    )
    rows = set(near["row"].to_list())
    values = [["holding_period"] if row in rows else None for row in range(days.height)]
    return pl.Series("waives", values, dtype=pl.List(pl.String))


def position_limits(stage: "Stage", ledger: Ledger) -> pl.DataFrame:
    """Return the position limits file: one a scene, around what was held, and one with room a name and firm."""
    sign = pl.when(pl.col("side").is_in(["buy", "buy_cover"])).then(1).otherwise(-1)
    fills = ledger.executions.sort("transact_time", "exec_id").with_columns(signed=sign * pl.col("last_qty"))
    rows = []
    for place, bound in enumerate(stage.conduct.bounds, 1):
        day, symbol = stage.market.sessions[bound.session], SYMBOLS[bound.instrument]
        path = fills.filter((pl.col("account_id") == bound.account_id) & (pl.col("instrument_id") == symbol))
        held = path.with_columns(held=pl.col("signed").cast(pl.Float64).cum_sum())
        # A limit of the day binds from its first moment, so what the day begins with counts; and nobody sets
        # one below what is held already, or near it, unless that is all there is.
        night = abs(held.filter(pl.col("trade_date") < day).select(pl.col("held").last()).item() or 0.0)
        peak = max(night, held.filter(pl.col("trade_date") == day).select(pl.col("held").abs().max()).item())
        most = max(peak * bound.share, min(night / _UNWARNED, _BELOW_PEAK * peak))
        rows.append(
            {
                "limit_id": f"PL{place:04d}", "instrument_id": symbol, "subject_kind": "account",
                "subject_id": bound.account_id, "max_quantity": max(1.0, round(most)),
                "valid_from": day, "valid_to": day, "source": "mandate",
            }
        )  # fmt: skip
    firm = (
        fills.with_columns(held=pl.col("signed").cast(pl.Float64).cum_sum().over("instrument_id"))
        .group_by("instrument_id")
        .agg(peak=pl.col("held").abs().max())
        .sort("instrument_id")
    )
    for symbol, peak in firm.iter_rows():
        rows.append(
            {
                "limit_id": f"PF-{symbol}", "instrument_id": symbol, "subject_kind": "firm", "subject_id": None,
                "max_quantity": float(round(_HEADROOM * peak + 1000, -3)), "valid_from": None, "valid_to": None,
                "source": "house",
            }
        )  # fmt: skip
    return conform(pl.DataFrame(rows, infer_schema_length=None), POSITION_LIMITS)
