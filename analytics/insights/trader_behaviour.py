"""A trader whose behaviour has changed while that of the peers has not."""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import polars as pl

from analytics.insights._rule import Candidate, Rule, Tables, link, quiet
from analytics.insights._say import course, ordered, session_days
from analytics.insights._shifts import largest_shift

RECENT = 5
SESSIONS = 60
MIN_SESSIONS = 30
MIN_PEERS = 3
MEASURES = {
    "orders": ("orders a day", "as many"),
    "size": ("median order", "as large"),
    "cancels": ("cancels per order", "as many"),
    "names": ("instruments a day", "as many"),
}


class TraderBehaviour(Rule):
    """Orders, their size, cancels and breadth of a trader over five sessions, against the trader's own months before.

    What the median of all traders does on the same day is taken off first: a busy week of all says nothing of one.
    """

    name = "trader_behaviour"
    title = "A trader behaves unlike before"
    description = (
        "A trader's orders, sizes, cancels or breadth have shifted while those of the peers have not."
    )
    domains = ("trading", "compliance")
    version = "3"
    inputs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "order_events": (
            "order_id", "event_type", "trader_id", "instrument_id", "transact_time", "order_qty", "limit_px",
            "to_base",
        ),
    }  # fmt: skip
    roles = ("compliance", "auditor")
    test = "Permutation of days of the largest of four shifts, and Welch's t; 30 sessions, three peers."

    def candidates(self, tables: Tables, *, seed: int) -> list[Candidate]:
        """Return one candidate per trader who was at work on enough days and on three of the last five."""
        daily = _daily(tables["order_events"])
        if daily.is_empty() or daily["trader_id"].n_unique() <= MIN_PEERS:
            return []
        days = daily["day"].unique().sort()
        found = []
        for (trader,), rows in sorted(daily.group_by("trader_id"), key=lambda one: one[0]):
            own = rows.sort("day")
            late = own.filter(pl.col("day") > days[-RECENT - 1] if len(days) > RECENT else True)
            if own.height >= MIN_SESSIONS and late.height >= 3 and own.height - late.height >= 20:
                found.append(self._candidate(str(trader), own, late.height, seed))
        return found

    def _candidate(self, trader: str, own: pl.DataFrame, recent: int, seed: int) -> Candidate:
        apart = own.select([pl.col(name) - pl.col(f"{name}_peers") for name in MEASURES])
        tested, which = largest_shift(apart.to_numpy(), recent, seed=seed)
        if (mute := quiet(f"{trader}|{own['day'][-1]:%G-%V}", tested, "standard deviations")) is not None:
            return mute
        name = list(MEASURES)[which]
        label, as_many = MEASURES[name]
        before, after = (
            float(np.nanmean(part.to_numpy())) for part in (own[name][:-recent], own[name][-recent:])
        )
        peers = own[f"{name}_peers"]
        others = float(np.nanmean(peers[-recent:].to_numpy()) - np.nanmean(peers[:-recent].to_numpy()))
        factor, theirs = float(np.exp(after - before)), float(np.exp(others))
        first, last = own["day"][-recent], own["day"][-1]
        notional = float(own["notional"][-recent:].sum())
        return Candidate(
            subject=f"{trader}|{last:%G-%V}",
            title=f"{trader}: {label} {factor:.2f} times {as_many} as before, for the peers {theirs:.2f} times",
            text=(
                f"{trader}, {first} to {last}: {label} {factor:.2f} times {as_many} as on the {own.height - recent} days at work "
                f"before; for the median of the peers, {theirs:.2f} times. Beyond the peers that is {tested.value:+.1f} standard "
                f"deviations of the days before (95% interval {tested.low:+.1f} to {tested.high:+.1f}, {tested.p_text}, "
                f"corrected for four measures). {self.money(notional)} were ordered in these days."
            ),
            tested=tested,
            unit="standard deviations",
            money=notional,
            why=[
                {
                    "driver": one,
                    "value": float(np.exp(np.nanmean(own[key][-recent:].to_numpy()) - np.nanmean(own[key][:-recent].to_numpy()))),
                    "unit": "times before",
                }
                for key, (one, _) in MEASURES.items()
            ],
            evidence=[{"kind": "trader", "id": trader}]
            + [{"kind": "order", "id": one} for one in own["largest"][-recent:].drop_nulls().to_list()],
            next=[
                link("See the orders", "/trading/blotter", view="orders", trader=trader, from_=first, to=last),
                link("See the alerts", "/compliance/alerts", trader=trader),
                link("See the behaviour map", "/intelligence/behaviour", trader=trader),
            ],
            context={"trader": trader, "from": str(first), "to": str(last)},
            chart=course(
                own["day"].to_list(), np.nan_to_num(np.exp(own[name].to_numpy())).tolist(), label=label.capitalize(),
                recent=recent, usual=float(np.exp(before)),
            ),
        )  # fmt: skip


def _daily(events: pl.DataFrame) -> pl.DataFrame:
    """Return one row per trader and day: measures in logarithms, the median of the other traders beside them."""
    events = events.filter(pl.col("trader_id").is_not_null(), pl.col("event_type").is_in(["new", "cancel"]))
    recent = session_days(events, SESSIONS)
    entered = pl.col("event_type") == "new"
    value = ordered()
    daily = (
        events.with_columns(day=pl.col("transact_time").dt.date(), value=pl.when(entered).then(value))
        .filter(pl.col("day").is_in(recent.implode()))
        .group_by("trader_id", "day")
        .agg(
            count=entered.sum(),
            cancelled=(~entered).sum(),
            median=pl.col("value").median(),
            notional=pl.col("value").sum(),
            instruments=pl.col("instrument_id").filter(entered).n_unique(),
            largest=pl.col("order_id").sort_by("value", "order_id", nulls_last=False).last(),
        )
        .filter(pl.col("count") > 0)
        .select(
            "trader_id", "day", "notional", "largest",
            orders=pl.col("count").cast(pl.Float64).log(),
            size=pl.col("median").log(),
            cancels=((pl.col("cancelled") + 0.5) / (pl.col("count") + 0.5)).log(),
            names=pl.col("instruments").cast(pl.Float64).log(),
        )
    )  # fmt: skip
    # The median of all is that of the others but for one among several.
    return daily.with_columns(pl.col(name).median().over("day").alias(f"{name}_peers") for name in MEASURES)
