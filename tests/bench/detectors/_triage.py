"""Alert triage on gym days: detectors set sensitively, so that most of what they raise is nothing.

With their usual thresholds nearly all that the detectors raise in the gym is right, and a queue of right alerts
needs no sorting. Here they are set as a firm does that would rather read too much: one of twenty of a day's
hundreds of alerts is worth it. What that means is ``WORTH``: both readings are ranked, each by models that
have learnt that reading.

Days follow one another in time. Each later day is ranked by a model that has learnt from the days before it
alone. Days of one firm share the names of people and instruments, never their abuse.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import numpy as np
import polars as pl

from analytics.compliance.detector import Detector
from analytics.models._alert_facts import ALERT_FACTS, ALERT_FACTS_SCHEMA, METRICS
from analytics.models._calibration import reliability
from analytics.models.triage import Triage, found_early
from app.demo.gym import Day, Recipe, build
from tests.bench.detectors._metrics import Alert, _Unplanned, overlaps
from tests.bench.detectors._types import types

# The model was made on the first; nobody had looked at the others when it and ``WORTH`` were done.
LEARNT, JUDGED = tuple(range(1, 21)), tuple(range(541, 551))
# What counts as worth escalation. Column of ``labelled`` to its definition.
WORTH = {
    "names": (
        "the alert meets planted abuse of its own detector's type (people, instrument and time, as everywhere on this page) and names "
        "at least one of its orders, fills, messages or posts; or it meets a breach counted from the rows"
    ),
    "meets": (
        "the alert meets planted abuse of its own detector's type, whether or not it names anything of it; or it meets a breach "
        "counted from the rows"
    ),
}
SEVERITIES = (0.1, 0.3, 0.5, 0.7, 0.9)  # one a day, in turn
APART = timedelta(days=140)  # a gym day's sessions reach back over ninety
DECIDED = timedelta(days=4)  # after it was raised
SENSITIVE: dict[str, dict[str, Any]] = {
    "behaviour": {"agreement": 1.0, "deviations": 2.5, "rank": 0.9, "capacity": 12, "activity": 2, "busy": 6},
    "best_execution": {"deviations": 2.0, "excess": 5.0, "money": 100.0, "through": 2.0},
    "churning": {"turnover": 1.0, "cost": 0.02, "in_and_out": 0.05, "fills": 4},
    "communications": {"odds": 0.1, "alone": 0.1, "link": 40.0, "doubt": 0.1},
    "concentration": {"warn": 0.3},
    "fat_finger": {
        "collar": 0.02, "sigmas": 3.0, "spreads": 2.5, "repeats": 2, "repeat_window": 3.0, "adv_share": 0.03,
        "own_multiple": 1.2,
    },
    "insider_dealing": {
        "event_sigmas": 1.5, "event_move": 0.01, "size_sigmas": 1.0, "signs": 1, "profit_floor": 500.0,
        "profit_multiple": 1.0, "placebo": 0.5, "novelty_days": 10, "own_trades": 2, "alone": 0.1,
    },
    "matched_orders": {"matches": 3, "lift": 2.0, "false_rate": 0.01},
    "pump_and_dump": {"burst": 2.0, "sold": 0.05, "floor": 10.0, "posts": 3},
    "unusual_pnl": {
        "risk": 0.5, "own": 1.5, "peers": 0.3, "money": 2500.0, "names": 1.0, "off_market": 2.0, "off_sigmas": 1.0,
        "off_money": 1000.0,
    },
}  # fmt: skip
SCHEMA = ALERT_FACTS_SCHEMA | {
    "day": pl.Int64(),
    "scene": pl.String(),
    **dict.fromkeys(WORTH, pl.Float64()),
}
Say = Callable[[str], None]


def recipe(seed: int) -> Recipe:
    """Return a small gym day: thin flow, one severity."""
    return Recipe(seed, quotes=120, ambient=0.02, severities=(SEVERITIES[seed % len(SEVERITIES)],))


def labelled(kinds: dict[str, type[Detector]], seeds: Sequence[int], say: Say) -> pl.DataFrame:
    """Return the alerts of days, one after another: ``SCHEMA``; ``outcome`` is that of "names"."""
    found = []
    for number, seed in enumerate(seeds):
        day = build(recipe(seed))
        rows = [row for name, kind in kinds.items() for row in _alerts(name, kind, day, number)]
        found.append(pl.DataFrame(rows, schema=SCHEMA, orient="row"))
        say(f"seed {seed}: {len(rows)} alerts, {int(found[-1]['names'].sum())} worth it")
    return pl.concat(found)


def _alerts(name: str, kind: type[Detector], day: Day, number: int) -> list[dict[str, Any]]:
    params = replace(kind.Params(), **SENSITIVE.get(name, {}))
    orders_of = dict(day.tables["executions"].select("exec_id", "order_id").collect().rows())
    breaches = _Unplanned([one for one in day.breaches if one.pattern in types(kind)], day.groups)
    rows = kind().alerts(day.tables, params).collect(engine="streaming").sort("alert_id")
    return [_row(row, kind, day, breaches, orders_of, number) for row in rows.iter_rows(named=True)]


def _row(
    row: dict[str, Any],
    kind: type[Detector],
    day: Day,
    breaches: _Unplanned,
    orders_of: dict[str, str],
    number: int,
) -> dict[str, Any]:
    alert, told = Alert.of(row), _evidence(row, orders_of)
    abuse = [one for one in day.labels if one.abuse]
    met = [one for one in abuse if one.pattern in types(kind) and overlaps(alert, one, day.groups)]
    shown = [one for one in abuse if told & {*one.order_ids, *one.message_ids, *one.post_ids}]
    own, broken = [one for one in met if one in shown], breaches.meets(alert)
    # Whatever was raised about one scene belongs together, by any detector and right or not.
    scene = next((one.label_id for one in (*own, *met, *shown)), row["alert_id"][:12])
    time = row["window_end"] + number * APART
    keys = [field.name for field in METRICS.inner.fields]
    return {
        "alert_id": f"{number:03d}-{row['alert_id']}", "date": time.date(), "time": time, "detector": row["detector"],
        "score": row["score"], "actor_group": row["actor_group"], "people": [one["id"] for one in row["actors"]],
        "instrument_ids": row["instrument_ids"], "seconds": (row["window_end"] - row["window_start"]).total_seconds(),
        "orders": len(row["order_ids"]), "fills": len(row["exec_ids"]), "messages": len(row["message_ids"]),
        "posts": len(row["post_ids"]), "metrics": [{key: one[key] for key in keys} for one in row["metrics"]],
        "outcome": float(bool(own) or broken), "decided": time + DECIDED, "day": number,
        "scene": f"{number:03d}-{scene}", "names": float(bool(own) or broken), "meets": float(bool(met) or broken),
    }  # fmt: skip


def _evidence(row: dict[str, Any], orders_of: dict[str, str]) -> set[str]:
    """Return the orders, messages and posts an alert names; a fill names its order."""
    fills = {orders_of[one] for one in row["exec_ids"] if one in orders_of}
    return fills | {*row["order_ids"], *row["message_ids"], *row["post_ids"]}


@dataclass(frozen=True)
class Ranked:
    """How a queue was sorted, each figure with its 95 % interval where it has one."""

    alerts: int
    worth: int
    first: tuple[float, float, float]  # share found in the first tenth
    four: tuple[float, float, float]  # ... in the first four tenths
    ece: tuple[float, float, float]
    by_score: dict[str, float | None]  # the same by the detectors' score
    missed: int  # worth it, beyond the first four tenths

    @property
    def met(self) -> bool:
        """Whether all that is asked for is met: all in four tenths, 90 % in one, calibrated within 0.05."""
        return self.missed == 0 and self.first[0] >= 0.9 and self.ece[0] <= 0.05

    def words(self) -> list[str]:
        """Say it."""

        def span(three: tuple[float, float, float]) -> str:
            return f"{three[0]:.3f} ({three[1]:.3f} to {three[2]:.3f})"

        by = ", ".join(f"first {float(k):.0%} {v:.3f}" for k, v in self.by_score.items() if v is not None)
        return [
            f"{self.alerts} alerts ranked, {self.worth} worth it",
            f"found in the first tenth: {span(self.first)}, asked at least 0.9",
            f"found in the first four tenths: {span(self.four)}, asked 1; {self.missed} beyond",
            f"expected calibration error: {span(self.ece)}, asked at most 0.05",
            f"by the detectors' score: {by}",
        ]


def ranked(
    alerts: pl.DataFrame, *, learnt: int, worth: str = "names", draws: int = 300
) -> tuple[Ranked, pl.DataFrame]:
    """Rank each later day by what was learnt before it; intervals by resampling scenes.

    Args:
        alerts: ``labelled``.
        learnt: How many days, the first, are only learnt from.
        worth: Which of ``WORTH`` is learnt and asked for.
        draws: Of the bootstrap over scenes (an alert that meets none is a scene of its own).

    Returns:
        The figures over all ranked days, and the ranked rows.
    """
    facts = alerts.with_columns(outcome=worth).select(list(ALERT_FACTS_SCHEMA))
    rows = Triage().features({ALERT_FACTS: facts})
    rows = rows.join(
        alerts.select("alert_id", "day", "scene"), on="alert_id", how="left", maintain_order="left"
    )
    days = alerts["day"].n_unique()
    parts = []
    for day in range(learnt, days):
        model = Triage().fit(rows.filter(pl.col("day") < day).sort("date", "alert_id"))
        test = rows.filter(pl.col("day") == day)
        parts.append(model.judge(test).with_columns(test["scene"], test["score"]))
    tested = pl.concat(parts)
    rng = np.random.default_rng(0)
    scenes = [part for _, part in tested.with_row_index("at").group_by("scene", maintain_order=True)]
    places = [part["at"].to_numpy() for part in scenes]
    drawn = [
        _figures(tested[np.concatenate([places[k] for k in rng.integers(0, len(places), len(places))])])
        for _ in range(draws)
    ]
    point, spread = _figures(tested), np.quantile(np.array(drawn), (0.025, 0.975), axis=0)
    told = [(point[k], float(spread[0, k]), float(spread[1, k])) for k in range(3)]
    beyond = tested.sort("predicted", "alert_id", descending=[True, False]).slice(
        int(np.ceil(0.4 * tested.height))
    )
    figures = Ranked(
        tested.height, int(tested["target"].sum()), told[0], told[1], told[2], found_early(tested, "score"),
        int(beyond["target"].sum()),
    )  # fmt: skip
    return figures, tested


def _figures(tested: pl.DataFrame) -> tuple[float, float, float]:
    found = found_early(tested)
    return float(found["0.1"] or 0.0), float(found["0.4"] or 0.0), float(reliability(tested)["ece"] or 0.0)
