"""Fewer alerts than trading leads to expect: those who watch may be blind."""

from collections.abc import Mapping
from datetime import date
from typing import ClassVar

import polars as pl

from analytics.insights._rule import Candidate, Rule, Tables, link
from analytics.insights._say import course, interval, session_days
from analytics.insights._shifts import recent_shift
from analytics.insights._stats import Tested
from analytics.insights._tables import ALERTS

RECENT = 5
SESSIONS = 60
MIN_SESSIONS = 30
MIN_ALERTS = 20


class AlertDrought(Rule):
    """Alerts per thousand orders over five sessions, against the sessions before; only fewer is told."""

    name = "alert_drought"
    title = "Too few alerts"
    description = "Surveillance raises fewer alerts per order than before: a detector may be blind."
    domains = ("compliance", "trading", "operations")
    version = "2"
    inputs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        ALERTS: ("alert_id", "detector", "score", "kind", "id", "time"),
        "order_events": ("order_id", "event_type", "trader_id", "instrument_id", "transact_time"),
    }
    roles = ("compliance", "auditor")
    test = "Permutation of days, and Welch's t; at least 30 sessions and 20 alerts."

    def candidates(self, tables: Tables, *, seed: int) -> list[Candidate]:
        """Return one candidate for the organisation."""
        entered = tables["order_events"].filter(pl.col("event_type") == "new")
        days = session_days(entered, SESSIONS)
        if days.len() < MIN_SESSIONS:
            return []
        orders = entered.group_by(day=pl.col("transact_time").dt.date()).agg(orders=pl.len())
        alerts = tables[ALERTS].unique("alert_id", keep="any")
        raised = alerts.group_by(day=pl.col("time").dt.date()).agg(alerts=pl.len())
        daily = days.to_frame("day").join(orders, on="day", how="left").join(raised, on="day", how="left")
        daily = daily.with_columns(pl.col("alerts").fill_null(0)).sort("day")
        if int(daily["alerts"].sum()) < MIN_ALERTS:
            return []
        rate = (daily["alerts"] / daily["orders"] * 1e3).to_numpy()
        found = recent_shift(rate, RECENT, seed=seed)
        tested = Tested(found.value, found.low, found.high, found.p if found.value < 0 else 1.0, found.n)
        before, after = float(rate[:-RECENT].mean()), float(rate[-RECENT:].mean())
        late = int(daily["alerts"][-RECENT:].sum())
        ordered = int(daily["orders"][-RECENT:].sum())
        expected = before * ordered / 1e3
        first, last = daily["day"][-RECENT], daily["day"][-1]
        quiet = _silent(alerts, first)
        return [
            Candidate(
                subject=f"{last:%G-%V}",
                title=f"{late} alerts on {ordered:,} orders since {first}, {expected:.0f} were to be expected",
                text=(
                    f"From {first} to {last} there were {after:.2f} alerts per thousand orders, against {before:.2f} on "
                    f"the {tested.n - RECENT} sessions before, a change of {tested.value:+.2f} "
                    f"{interval(tested, '{:+.2f}')}. At the former rate {expected:.0f} were to be expected on {ordered:,} "
                    f"orders, and {late} came. Detectors silent since then: {', '.join(quiet[:5]) or 'none'}."
                ),
                tested=tested,
                unit="alerts per thousand orders",
                money=0.0,
                weight=0.8,
                why=[{"driver": name, "value": "silent", "unit": ""} for name in quiet[:5]]
                or [{"driver": "alerts", "value": late, "unit": "alerts"}],
                evidence=[{"kind": "detector", "id": name} for name in quiet[:5]]
                or [{"kind": "day", "id": str(first), "href": f"/compliance/alerts?from={first}&to={last}"}],
                next=[
                    link("See what cannot be seen", "/compliance/coverage"),
                    link("Check the thresholds", "/compliance/calibration", detector=quiet[0] if quiet else None),
                ],
                context={"from": str(first), "to": str(last)},
                chart=course(
                    daily["day"].to_list(), rate.tolist(), label="Alerts per thousand orders", recent=RECENT, usual=before
                ),
            )
        ]  # fmt: skip


def _silent(alerts: pl.DataFrame, since: date) -> list[str]:
    last = alerts.group_by("detector").agg(day=pl.col("time").max().dt.date()).sort("detector")
    return [str(name) for name in last.filter(pl.col("day") < since)["detector"]]
