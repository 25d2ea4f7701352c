"""Alerts that gather on one trader or one instrument more than their share of trading explains."""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import polars as pl

from analytics.insights._rule import ALERTS, Candidate, Rule, Tables, link, quiet
from analytics.insights._say import course, ordered
from analytics.insights._stats import Floats, share_above

MIN_ALERTS = 3
SESSIONS = 60
_MOST = 1e6  # alerts a session


class AlertCluster(Rule):
    """Share of days with alerts against share of orders, for every trader and instrument with three such days or more.

    All alerts on one subject and day count once: one act often alerts several detectors. Who orders much reaches a day
    once only, too, so of a share of orders the days to be expected are those on which as many alerts fall at random.
    """

    name = "alert_cluster"
    title = "Alerts gather on one subject"
    description = "Alerts on a trader or an instrument on more days than the share of orders explains."
    domains = ("compliance", "trading")
    version = "3"
    inputs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        ALERTS: ("alert_id", "detector", "score", "kind", "id", "time"),
        "order_events": ("order_id", "event_type", "trader_id", "instrument_id", "transact_time", "order_qty", "limit_px", "to_base"),
    }  # fmt: skip
    roles = ("compliance", "auditor")
    test = (
        "Binomial on the days with alerts that the share of orders explains, doubled tail; at least three days and three "
        "subjects."
    )

    def candidates(self, tables: Tables, *, seed: int) -> list[Candidate]:
        """Return one candidate per trader and instrument that has enough alerts."""
        entered = tables["order_events"].filter(pl.col("event_type") == "new")
        if entered.is_empty() or tables[ALERTS].is_empty():
            return []
        recent = entered["transact_time"].dt.date().unique().sort().tail(SESSIONS)
        day = pl.col("transact_time").dt.date()
        entered = entered.filter(day.is_in(recent.implode()))
        alerts = tables[ALERTS].with_columns(day=pl.col("time").dt.date())
        alerts = alerts.filter(pl.col("day") >= recent.min())
        return [
            one
            for kind, column in (("trader", "trader_id"), ("instrument", "instrument_id"))
            for one in self._of(kind, column, alerts.filter(pl.col("kind") == kind), entered, recent.len())
        ]

    def _of(
        self, kind: str, column: str, alerts: pl.DataFrame, entered: pl.DataFrame, sessions: int
    ) -> list[Candidate]:
        acts = alerts.unique(["id", "day"], keep="any")
        orders = (
            entered.filter(pl.col(column).is_not_null())
            .group_by(column)
            .agg(
                orders=pl.col("order_id").n_unique(),
                notional=ordered().sum(),
            )
        )
        total = int(orders["orders"].sum())
        # A firm of one trader has nothing to compare with.
        if orders.height < 3 or acts.is_empty():
            return []
        expected = expected_shares(orders["orders"].to_numpy() / total, acts.height / sessions)
        known = orders.with_columns(expected=pl.Series(expected))
        rows = acts.group_by("id").agg(alerts=pl.len())
        rows = rows.join(known, left_on="id", right_on=column, how="inner").sort("id")
        return [
            self._candidate(kind, row, acts.height, total, alerts.filter(pl.col("id") == row["id"]))
            for row in rows.iter_rows(named=True)
            if row["alerts"] >= MIN_ALERTS and row["orders"] < total
        ]

    def _candidate(
        self, kind: str, row: dict[str, object], total: int, orders: int, alerts: pl.DataFrame
    ) -> Candidate:
        subject, count, own = str(row["id"]), int(str(row["alerts"])), int(str(row["orders"]))
        expected = float(str(row["expected"]))
        tested = share_above(count, total, expected)
        if (mute := quiet(f"{kind}|{subject}", tested, "times its share")) is not None:
            return mute
        kinds = alerts["detector"].value_counts(sort=True).sort("count", "detector", descending=[True, False])
        names = ", ".join(f"{name} {n}" for name, n in kinds.iter_rows())
        by_day = alerts.group_by("day").agg(pl.len()).sort("day")
        first, last = alerts.select(first=pl.col("day").min(), last=pl.col("day").max()).row(0)
        trader = subject if kind == "trader" else None
        instrument = subject if kind == "instrument" else None
        worst = alerts.sort("score", "alert_id", descending=[True, False])
        return Candidate(
            subject=f"{kind}|{subject}",
            title=(
                f"{count} of {total} {kind}-days with suspected patterns are {subject}'s, with {own / orders:.1%} of orders"
            ),
            text=(
                f"From {first} to {last} alerts fell on {total} {kind}-days, {count} of them ({count / total:.0%}) on {subject}, "
                f"with {own:,} of {orders:,} orders ({own / orders:.1%}, {self.money(float(str(row['notional'] or 0.0)))}), which "
                f"explain {expected * total:.1f}. That is {tested.value:.1f} times as many (95 % interval {tested.low:.1f} to "
                f"{tested.high:.1f}, {tested.p_text}). Patterns: {names}."
            ),
            tested=tested,
            unit="times its share",
            # What is at stake is what was ordered around the alerts, as far as it was priced.
            money=float(str(row["notional"] or 0.0)) * count / max(own, 1),
            why=[{"driver": str(name), "value": int(n), "unit": "alerts"} for name, n in kinds.iter_rows()],
            evidence=[{"kind": kind, "id": subject}]
            + [
                {"kind": "alert", "id": one} for one in worst["alert_id"].unique(maintain_order=True).head(10)
            ],
            next=[
                link("Review the alerts", "/compliance/alerts", trader=trader, instrument=instrument),
                link(
                    "See the orders",
                    "/trading/blotter",
                    trader=trader,
                    instrument=instrument,
                    from_=first,
                    to=last,
                ),
            ],
            context={"trader": trader, "instrument": instrument, "from": str(first), "to": str(last)},
            chart=course(by_day["day"].to_list(), by_day["len"].cum_sum().to_list(), label="Alerts, summed"),
        )


def expected_shares(orders: Floats, acts: float) -> Floats:
    """Return the shares of subject-days with alerts that subjects have whose alerts fall by their share of orders.

    Args:
        orders: Share of each in all orders.
        acts: Subject-days with alerts a session; more than nine in ten of all there are count as that.
    """
    wanted, low, high = min(acts, 0.9 * len(orders)), 0.0, 1.0
    while float((1 - np.exp(-high * orders)).sum()) < wanted and high < _MOST:
        high *= 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if float((1 - np.exp(-middle * orders)).sum()) < wanted else (low, middle)
    days: Floats = 1 - np.exp(-high * orders)
    return days / days.sum()
