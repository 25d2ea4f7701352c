"""Alerts that gather on one trader or one instrument more than their share of trading explains."""

from collections.abc import Mapping
from typing import ClassVar

import polars as pl

from analytics.insights._rule import ALERTS, Candidate, Rule, Tables, link, quiet
from analytics.insights._say import course, ordered
from analytics.insights._stats import share_above

MIN_ACTS = 3
SESSIONS = 60


class AlertCluster(Rule):
    """Share of suspected acts against share of orders, for every trader and instrument with three of them or more.

    All alerts on a trader and an instrument of one day are one act: it often alerts several detectors.
    """

    name = "alert_cluster"
    title = "Alerts gather on one subject"
    description = "More of the suspected acts than the share of the firm's orders explains."
    domains = ("compliance", "trading")
    version = "3"
    inputs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        ALERTS: ("alert_id", "detector", "score", "kind", "id", "time"),
        "order_events": ("order_id", "event_type", "trader_id", "instrument_id", "transact_time", "order_qty", "limit_px", "to_base"),
    }  # fmt: skip
    roles = ("compliance", "auditor")
    test = (
        "Binomial on the share of orders, alerts on one trader, instrument and day counted once, doubled tail; at least "
        "three acts and three subjects."
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
        alerts = _with_other(alerts.filter(pl.col("day") >= recent.min()))
        return [
            one
            for kind, column in (("trader", "trader_id"), ("instrument", "instrument_id"))
            for one in self._of(kind, column, alerts.filter(pl.col("kind") == kind), entered)
        ]

    def _of(self, kind: str, column: str, alerts: pl.DataFrame, entered: pl.DataFrame) -> list[Candidate]:
        acts = alerts.unique(["id", "day", "other"], keep="any")
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
        rows = acts.group_by("id").agg(acts=pl.len())
        rows = rows.join(orders, left_on="id", right_on=column, how="inner").sort("id")
        return [
            self._candidate(kind, row, acts.height, total, alerts.filter(pl.col("id") == row["id"]))
            for row in rows.iter_rows(named=True)
            if row["acts"] >= MIN_ACTS and row["orders"] < total
        ]

    def _candidate(
        self, kind: str, row: dict[str, object], total: int, orders: int, alerts: pl.DataFrame
    ) -> Candidate:
        subject, count, own = str(row["id"]), int(str(row["acts"])), int(str(row["orders"]))
        expected = own / orders
        tested = share_above(count, total, expected)
        if (mute := quiet(f"{kind}|{subject}", tested, "times its share")) is not None:
            return mute
        notional = float(str(row["notional"] or 0.0))
        kinds = alerts["detector"].value_counts(sort=True).sort("count", "detector", descending=[True, False])
        names = ", ".join(f"{name} {n}" for name, n in kinds.head(3).iter_rows())
        by_day = alerts.group_by("day").agg(pl.len()).sort("day")
        first, last = alerts.select(first=pl.col("day").min(), last=pl.col("day").max()).row(0)
        trader = subject if kind == "trader" else None
        instrument = subject if kind == "instrument" else None
        worst = alerts.sort("score", "alert_id", descending=[True, False]).unique(
            "alert_id", keep="first", maintain_order=True
        )
        return Candidate(
            subject=f"{kind}|{subject}",
            title=(
                f"{count} of {total} suspected acts are {subject}'s, with {own / orders:.1%} of orders"
                if kind == "trader"
                else f"{count} of {total} suspected acts are in {subject}, with {own / orders:.1%} of orders"
            ),
            text=(
                f"Of {total} acts that drew alerts in the last {SESSIONS} sessions {count} ({count / total:.0%}) are on {subject}, "
                f"{first} to {last}, with {own:,} of {orders:,} orders ({own / orders:.1%}, {self.money(notional)}), which explain "
                f"{expected * total:.1f}. That is {tested.value:.1f} times as many (95% interval {tested.low:.1f} to "
                f"{tested.high:.1f}, {tested.p_text}). Most alerts: {names}."
            ),
            tested=tested,
            unit="times its share",
            against=1.0,
            # What is at stake is what was ordered around the alerts, as far as it was priced.
            money=notional * count / max(own, 1),
            why=[{"driver": str(name), "value": int(n), "unit": "alerts"} for name, n in kinds.iter_rows()],
            evidence=[{"kind": kind, "id": subject}]
            + [
                {"kind": "alert", "id": one, "label": f"{name} on {day}"}
                for one, name, day in worst.select("alert_id", "detector", "day").head(8).iter_rows()
            ],
            next=[
                link("Review the alerts", "/compliance/alerts", trader=trader, instrument=instrument),
                link(
                    "See the orders",
                    "/trading/blotter",
                    view="orders",
                    trader=trader,
                    instrument=instrument,
                    from_=first,
                    to=last,
                ),
            ],
            context={"trader": trader, "instrument": instrument, "from": str(first), "to": str(last)},
            chart=course(by_day["day"].to_list(), by_day["len"].cum_sum().to_list(), label="Alerts, summed"),
        )


def _with_other(alerts: pl.DataFrame) -> pl.DataFrame:
    """Return alerts with ``other``: of a trader's the instrument, of an instrument's the first of its traders."""
    named = alerts.group_by("alert_id", "kind").agg(other=pl.col("id").min())
    crossed = named.with_columns(
        kind=pl.col("kind").replace_strict({"trader": "instrument", "instrument": "trader"}, default=None)
    ).drop_nulls("kind")
    return alerts.join(crossed, on=["alert_id", "kind"], how="left").with_columns(
        pl.col("other").fill_null("")
    )
