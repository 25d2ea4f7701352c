"""Alerts that gather on one trader or one instrument more than their share of trading explains."""

from collections.abc import Mapping
from typing import ClassVar

import polars as pl

from analytics.insights._rule import ALERTS, Candidate, Rule, Tables, link, quiet
from analytics.insights._say import ordered
from analytics.insights._stats import share_above

MIN_ALERTS = 3
SESSIONS = 60


class AlertCluster(Rule):
    """Share of alerts against share of orders, for every trader and instrument with three alerts or more.

    Alerts of one detector on one subject and day count once: one act often alerts several times.
    """

    name = "alert_cluster"
    title = "Alerts gather on one subject"
    description = "More of the firm's alerts than the share of its orders explains."
    domains = ("compliance", "trading")
    version = "2"
    inputs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        ALERTS: ("alert_id", "detector", "score", "kind", "id", "time"),
        "order_events": ("order_id", "event_type", "trader_id", "instrument_id", "transact_time", "order_qty", "limit_px", "to_base"),
    }  # fmt: skip
    roles = ("compliance", "auditor")
    test = "Binomial on the share of orders, doubled tail; at least three alerts and three subjects."

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
            for one in self._of(kind, column, alerts.filter(pl.col("kind") == kind), entered)
        ]

    def _of(self, kind: str, column: str, alerts: pl.DataFrame, entered: pl.DataFrame) -> list[Candidate]:
        acts = alerts.unique(["id", "detector", "day"], keep="any")
        orders = (
            entered.filter(pl.col(column).is_not_null())
            .group_by(column)
            .agg(
                orders=pl.col("order_id").n_unique(),
                notional=ordered().sum(),
            )
        )
        total = int(orders["orders"].sum())
        rows = acts.group_by("id").agg(alerts=pl.len(), detectors=pl.col("detector").unique().sort())
        rows = rows.join(orders, left_on="id", right_on=column, how="inner").sort("id")
        # A firm of one trader has nothing to compare with.
        if orders.height < 3:
            return []
        return [
            self._candidate(kind, row, acts.height, total, alerts.filter(pl.col("id") == row["id"]))
            for row in rows.iter_rows(named=True)
            if row["alerts"] >= MIN_ALERTS and row["orders"] < total
        ]

    def _candidate(
        self, kind: str, row: dict[str, object], total: int, orders: int, alerts: pl.DataFrame
    ) -> Candidate:
        subject, count, own = str(row["id"]), int(str(row["alerts"])), int(str(row["orders"]))
        tested = share_above(count, total, own / orders)
        if (mute := quiet(f"{kind}|{subject}", tested, "times its share")) is not None:
            return mute
        names = ", ".join(alerts["detector"].unique().sort())
        first, last = alerts.select(first=pl.col("day").min(), last=pl.col("day").max()).row(0)
        trader = subject if kind == "trader" else None
        instrument = subject if kind == "instrument" else None
        worst = alerts.sort("score", "alert_id", descending=[True, False])
        return Candidate(
            subject=f"{kind}|{subject}",
            title=f"{count} of {total} suspected patterns involve {kind} {subject}, with {own / orders:.1%} of orders",
            text=(
                f"From {first} to {last}, {kind} {subject} was part of {count} of {total} suspected patterns "
                f"({count / total:.0%}; {names}) and of {own:,} of {orders:,} orders ({own / orders:.1%}): "
                f"{tested.value:.1f} times its share (95 % interval {tested.low:.1f} to {tested.high:.1f}, "
                f"{tested.p_text})."
            ),
            tested=tested,
            unit="times its share",
            # What is at stake is what was ordered around the alerts, as far as it was priced.
            money=float(str(row["notional"] or 0.0)) * count / max(own, 1),
            why=[
                {"driver": str(name), "value": int(n), "unit": "alerts"}
                for name, n in alerts["detector"].value_counts(sort=True).iter_rows()
            ],
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
        )
