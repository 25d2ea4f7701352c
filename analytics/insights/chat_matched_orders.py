"""Two traders who write to one another and then meet in the market."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import polars as pl

from analytics.insights._contacts import MINUTES, bursts
from analytics.insights._rule import Candidate, Rule, Tables, link, quiet
from analytics.insights._say import bought, course, interval, session_days
from analytics.insights._shifts import together

SESSIONS = 40
SECONDS = 60  # within which both sides of a match traded
MIN_MATCHES = 3
_DAY = 86_400_000_000  # microseconds
_FILL = (
    "exec_id",
    "trader_id",
    "account_id",
    "instrument_id",
    "last_qty",
    "last_px",
    "to_base",
    "transact_time",
    "match_id",
)


class ChatMatchedOrders(Rule):
    """How often two traders' fills met shortly after a burst of messages between them.

    A match is a fill of each on opposite sides, in one instrument, at one price, within a minute. All of a day count
    once, since who writes and trades all day meets often by one coincidence. A day's matches could have fallen on any
    session: their chance of following a burst is the share of sessions with one at any of these times of day.
    """

    name = "chat_matched_orders"
    title = "Chat, then matched orders"
    description = "Fills of two traders meet after bursts of messages between them more often than by chance."
    domains = ("compliance", "trading", "portfolio")
    version = "3"
    inputs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "messages": ("message_id", "transact_time", "sender_id", "recipient_ids"),
        "executions": (*_FILL, "side"),
        "prices": ("instrument_id", "date", "adj_basis", "close"),
    }
    roles = ("compliance", "auditor")
    test = "Poisson-binomial over days with matches, each placed on any session; at least three such days."

    def candidates(self, tables: Tables, *, seed: int) -> list[Candidate]:
        """Return one candidate per pair of traders with enough matches, whether they write or not."""
        sessions = session_days(tables["executions"], SESSIONS)
        met = _matches(tables["executions"], sessions)
        if met.is_empty():
            return []
        ends = bursts(tables["messages"])
        closes = (
            tables["prices"]
            .filter(pl.col("adj_basis") == "raw")
            .unique(["instrument_id", "date"], keep="any")
        )
        return [
            self._candidate(
                (str(a), str(b)), rows.sort("transact_time", "exec_id"), ends, closes, sessions.len()
            )
            for (a, b), rows in sorted(met.group_by("a", "b"), key=lambda one: one[0])
            if rows["day"].n_unique() >= MIN_MATCHES
        ]

    def _candidate(
        self,
        pair: tuple[str, str],
        met: pl.DataFrame,
        ends: pl.DataFrame,
        closes: pl.DataFrame,
        sessions: int,
    ) -> Candidate:
        a, b = pair
        chances, found, told = _near(met, ends.filter(pl.col("a") == a, pl.col("b") == b), sessions)
        tested = together(chances, int(sum(found)))
        if (mute := quiet(f"{a}|{b}", tested, "days beyond chance")) is not None:
            return mute
        notional = float(met["notional"].sum())
        gains = _gains(met, closes)
        first, last = met["transact_time"].min().date(), met["transact_time"].max().date()  # type: ignore[union-attr]
        top = (
            met.group_by("instrument_id")
            .agg(pl.len(), pl.col("notional").sum())
            .sort("notional", "instrument_id")
        )
        named = top["instrument_id"].reverse().to_list()
        messages, days, hits = list(dict.fromkeys(told)), len(chances), int(sum(found))
        by_chance = [x - p for x, p in zip(found, chances, strict=True)]
        return Candidate(
            subject=f"{a}|{b}",
            title=f"{a} and {b} wrote to one another before their fills met on {hits} of {days} days, {self.money(notional)} in all",
            text=(
                f"From {first} to {last} fills of {a} and {b} met on {days} days at one price within {SECONDS} seconds "
                f"({self.money(notional)}, mostly {', '.join(named[:3])}). On {hits} of these days a burst of messages between the "
                f"two came at most {MINUTES} minutes before; by the times of day alone {sum(chances):.1f} were to be expected, an "
                f"excess of {tested.value:.1f} {interval(tested)}. By the day's close {a} had made "
                f"{self.money(gains[0], plus=True)} on these trades and {b} {self.money(gains[1], plus=True)}."
            ),
            tested=tested,
            unit="days beyond chance",
            money=notional,
            why=[
                {"driver": "days matched after a burst of messages", "value": hits, "unit": "days"},
                {"driver": "to be expected by chance", "value": float(sum(chances)), "unit": "days"},
                {"driver": f"result of {a} by the close", "value": gains[0], "unit": "currency"},
                {"driver": f"result of {b} by the close", "value": gains[1], "unit": "currency"},
            ],
            evidence=[{"kind": "trader", "id": one} for one in (a, b)]
            + [{"kind": "execution", "id": one} for one in met["exec_id"].tail(4)]
            + [{"kind": "message", "id": one} for one in messages[-6:]],
            next=[
                link("Review their alerts", "/compliance/alerts", trader=f"{a},{b}"),
                link("See their trades", "/trading/blotter", trader=f"{a},{b}", instrument=named[0], from_=first, to=last),
                # Positions have no trader: what each earned stands side by side among all who traded the name.
                link("See who earned what", "/trading/pnl", instrument=named[0], show="earned", group="trader", from_=first, to=last),
            ],
            context={"pair": f"{a}|{b}", "traders": f"{a},{b}", "from": str(first), "to": str(last)},
            chart=course(
                sorted(set(met["day"].to_list())), np.cumsum(by_chance).tolist(), label="Days matched beyond chance, summed",
                usual=0.0,
            ),
        )  # fmt: skip


def _near(met: pl.DataFrame, ends: pl.DataFrame, sessions: int) -> tuple[list[float], list[bool], list[str]]:
    """Return of each day with matches its chance of following a burst, whether it did, and the messages of those."""
    times = met["transact_time"].sort()
    at, said = (moments.dt.epoch("us").to_numpy() for moments in (times, ends["transact_time"]))
    clock, day = at % _DAY, at // _DAY
    gap = clock[:, None] - (said % _DAY)[None, :]
    near = (gap >= 0) & (gap <= MINUTES * 60_000_000)
    same = near & (day[:, None] == (said // _DAY)[None, :])
    those = [day == one for one in sorted(set(day.tolist()))]
    chances = [len(set((said[near[own].any(axis=0)] // _DAY).tolist())) / sessions for own in those]
    ids = ends["message_ids"].to_list()
    told = [name for row in same for place in row.nonzero()[0] for name in ids[int(place)]]
    return chances, [bool(same[own].any()) for own in those], told


def _matches(executions: pl.DataFrame, sessions: pl.Series) -> pl.DataFrame:
    """Return one row per pair of fills that met: a, b, exec_id (of a), transact_time, instrument_id, sign (of a)."""
    if sessions.is_empty():
        return pl.DataFrame()
    recent = executions.filter(
        pl.col("transact_time").dt.date() >= sessions[0], pl.col("trader_id").is_not_null()
    )
    fills = recent.select(
        "exec_id", "trader_id", "instrument_id", "last_px", "to_base", "transact_time",
        quantity=pl.col("last_qty").cast(pl.Float64), sign=bought(),
        bucket=pl.col("transact_time").dt.epoch("s") // SECONDS,
    )  # fmt: skip
    on = ["instrument_id", "last_px", "bucket"]
    # A minute either way: the other leg may lie in the bucket before or after.
    right = pl.concat([fills.with_columns(bucket=pl.col("bucket") + shift) for shift in (-1, 0, 1)])
    met = (
        fills.join(right, on=on, how="inner", suffix="_b")
        .filter(
            pl.col("trader_id") < pl.col("trader_id_b"),
            pl.col("sign") == -pl.col("sign_b"),
            (pl.col("transact_time") - pl.col("transact_time_b")).dt.total_seconds().abs() <= SECONDS,
        )
        .sort("transact_time", "exec_id", "transact_time_b", "exec_id_b")
        .unique("exec_id", keep="first", maintain_order=True)
    )
    price, quantity = pl.col("last_px").cast(pl.Float64), pl.min_horizontal("quantity", "quantity_b")
    return (
        met.with_columns(
            a="trader_id",
            b="trader_id_b",
            price=price,
            quantity=quantity,
            notional=price * quantity * pl.col("to_base"),
        )
        .sort("a", "b", "transact_time", "exec_id")
        .with_columns(day=pl.col("transact_time").dt.date())
    )


def _gains(met: pl.DataFrame, closes: pl.DataFrame) -> tuple[float, float]:
    priced = met.with_columns(date=pl.col("transact_time").dt.date()).join(
        closes.select("instrument_id", "date", close=pl.col("close").cast(pl.Float64)),
        on=["instrument_id", "date"], how="inner",
    )  # fmt: skip
    made: Any = priced.select(
        (pl.col("sign") * pl.col("quantity") * (pl.col("close") - pl.col("price")) * pl.col("to_base")).sum()
    ).item()
    return float(made), -float(made)
