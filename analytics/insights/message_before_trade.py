"""A trader whose orders follow what is written to or by them."""

from collections.abc import Mapping
from typing import ClassVar

import polars as pl

from analytics.insights._rule import Candidate, Rule, Tables, link, quiet
from analytics.insights._say import course, interval, ordered, session_days
from analytics.insights._shifts import spread_of, together

SESSIONS = 40
MINUTES = 30
MIN_OCCASIONS = 5


class MessageBeforeTrade(Rule):
    """How often a trader orders an instrument shortly after a message to or from them named it.

    The first message of a day on an instrument counts. It could have come on any session: the chance of an order
    to follow is the share of sessions with one of theirs in that instrument at that time of day, raised or lowered as
    they ordered more or less than usual on the day of the message: on busy days there is more of both.
    """

    name = "message_before_trade"
    title = "Messages, then trades"
    description = "A trader orders what a message to or from them has just named more often than by chance."
    domains = ("compliance", "trading")
    version = "3"
    inputs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "messages": ("message_id", "transact_time", "sender_id", "recipient_ids", "instrument_ids"),
        "order_events": (
            "order_id", "event_type", "trader_id", "instrument_id", "transact_time", "order_qty", "limit_px",
            "to_base",
        ),
    }  # fmt: skip
    roles = ("compliance", "auditor")
    test = (
        "Poisson-binomial over messages placed on any session, the excess less as occasions of a day hang together; "
        "at least five occasions."
    )

    def candidates(self, tables: Tables, *, seed: int) -> list[Candidate]:
        """Return one candidate per trader with enough messages that name an instrument."""
        entered = tables["order_events"].filter(
            pl.col("event_type") == "new", pl.col("trader_id").is_not_null()
        )
        days = session_days(entered, SESSIONS)
        named = _named(tables["messages"])
        if days.is_empty() or named.is_empty():
            return []
        orders = entered.filter(pl.col("transact_time").dt.date() >= days[0]).select(
            "order_id", "trader_id", "instrument_id",
            ordered="transact_time", order_day=pl.col("transact_time").dt.date(),
            clock=pl.col("transact_time") - pl.col("transact_time").dt.truncate("1d"),
            value=ordered(),
        )  # fmt: skip
        named = named.filter(pl.col("day").is_in(days.implode())).join(
            _busy(orders, days.len()), on=["trader_id", "day"], how="left"
        )
        gap = pl.col("clock") - pl.col("said_clock")
        near = (
            named.join(orders, on=["trader_id", "instrument_id"], how="left")
            .with_columns(after=(gap >= pl.duration()) & (gap <= pl.duration(minutes=MINUTES)))
            .with_columns(hit=pl.col("after") & (pl.col("order_day") == pl.col("day")))
        )
        occasions = near.group_by("trader_id", "instrument_id", "day", "message_id").agg(
            share=pl.col("order_day").filter(pl.col("after")).n_unique() / days.len(),
            busy=pl.col("busy").first().fill_null(0.0),
            hit=pl.col("hit").any().fill_null(value=False),
            order_id=pl.col("order_id").filter(pl.col("hit")).sort().first(),
            value=pl.col("value").filter(pl.col("hit")).sum(),
        )
        occasions = occasions.with_columns(chance=1 - (1 - pl.col("share")) ** pl.col("busy"))
        return [
            self._candidate(str(trader), rows.sort("day", "instrument_id", "message_id"))
            for (trader,), rows in sorted(occasions.group_by("trader_id"), key=lambda one: one[0])
            if rows.height >= MIN_OCCASIONS
        ]

    def _candidate(self, trader: str, rows: pl.DataFrame) -> Candidate:
        hits = rows.filter(pl.col("hit"))
        chances = rows["chance"].to_list()
        excess = pl.col("hit").cast(pl.Float64) - pl.col("chance")
        by_day = rows.group_by("day").agg(excess=excess.sum()).sort("day")
        # Messages name several instruments, and orders come in baskets.
        spread = spread_of(chances, rows["hit"].to_list(), rows["day"].to_list())
        tested = together(chances, hits.height, spread=spread)
        if (mute := quiet(trader, tested, "orders beyond chance")) is not None:
            return mute
        value = float(hits["value"].sum())
        first, last = rows["day"][0], rows["day"][-1]
        names = (
            hits["instrument_id"]
            .value_counts(sort=True)
            .sort("count", "instrument_id", descending=[True, False])
        )
        top = names["instrument_id"].head(3).to_list()
        return Candidate(
            subject=trader,
            title=(
                f"{trader} ordered what a message had just named on {hits.height} of {rows.height} occasions, "
                f"{self.money(value)} in all"
            ),
            text=(
                f"From {first} to {last} messages to or from {trader} named an instrument on {rows.height} occasions; "
                f"on {hits.height} an order of theirs followed within {MINUTES} minutes ({self.money(value)}"
                f"{', mostly ' + ', '.join(top) if top else ''}). By their orders at these times of day and on these days "
                f"{sum(chances):.1f} were to be expected, an excess of {tested.value:.1f} {interval(tested)}."
            ),
            tested=tested,
            unit="orders beyond chance",
            money=value,
            why=[
                {"driver": name, "value": count, "unit": "orders after a message"}
                for name, count in names.head(3).iter_rows()
            ]
            + [{"driver": "to be expected by chance", "value": float(sum(chances)), "unit": "orders after a message"}],
            evidence=[{"kind": "trader", "id": trader}]
            + [{"kind": "order", "id": one} for one in hits["order_id"].tail(4)]
            + [{"kind": "message", "id": one} for one in hits["message_id"].tail(4)],
            next=[
                link("See the orders", "/trading/blotter", view="orders", trader=trader, instrument=",".join(top) or None, from_=first, to=last),
                link("Review the alerts", "/compliance/alerts", trader=trader),
                link("Supervise communications", "/compliance/supervision", trader=trader),
            ],
            context={"trader": trader, "from": str(first), "to": str(last)},
            chart=course(
                by_day["day"].to_list(), by_day["excess"].cum_sum().to_list(), label="Orders beyond chance, summed", usual=0.0
            ),
        )  # fmt: skip


def _busy(orders: pl.DataFrame, sessions: int) -> pl.DataFrame:
    """Return how many times as many orders as on a mean session a trader sent: trader_id, day, busy."""
    sent = orders.group_by("trader_id", day="order_day").agg(busy=pl.len().cast(pl.Float64))
    return sent.with_columns(pl.col("busy") * sessions / pl.col("busy").sum().over("trader_id"))


def _named(messages: pl.DataFrame) -> pl.DataFrame:
    """Return the first message a day that names an instrument to or from a person."""
    told = (
        messages.filter(pl.col("instrument_ids").list.len() > 0)
        .with_columns(people=pl.concat_list(pl.col("sender_id"), pl.col("recipient_ids")).list.unique())
        .explode("people", empty_as_null=True)
        .explode("instrument_ids", empty_as_null=True)
        .select(
            "message_id", "transact_time", trader_id="people", instrument_id="instrument_ids",
            day=pl.col("transact_time").dt.date(),
        )
    )  # fmt: skip
    return (
        told.sort("transact_time", "message_id")
        .unique(["trader_id", "instrument_id", "day"], keep="first", maintain_order=True)
        .with_columns(said_clock=pl.col("transact_time") - pl.col("transact_time").dt.truncate("1d"))
    )
