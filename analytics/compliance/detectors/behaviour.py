"""Behaviour: a trader's day unlike his peers' and his own, whatever it may mean."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

import numpy as np
import polars as pl

from analytics.compliance._conduct import FEATURES, trader_days
from analytics.compliance._drift import drift
from analytics.compliance._grades import blend, grade
from analytics.compliance._oddness import Floats, ecod, mean_rank
from analytics.compliance._unlike import CLIP, Unlike, by_family, unlike
from analytics.compliance.alerts import ALERT_SCHEMA, Metric, Told, listed, sequence
from analytics.compliance.detector import GAP_SCHEMA, Detector, Tables
from analytics.compliance.parameters import Parameters, parameter

_CEILING = 69.0  # odd is no offence: a lead, never graver than medium
_REASONS = 3  # told at least, each of another family
_MOST_REASONS = 5
_SHARES = {"of orders", "of quantity", "of fills", "of the amount traded"}


@dataclass(frozen=True)
class BehaviourParameters(Parameters):
    """How much history, how rare, how far, how many."""

    days: int = parameter(
        8, unit="days of the trader", low=5, high=250, rationale="Fewer days show no habit."
    )
    activity: int = parameter(
        5,
        unit="orders on a day",
        low=1,
        high=1000,
        rationale="Shares and quantiles of fewer orders are chance, and a quiet day is no lead.",
    )
    rows: int = parameter(
        100, unit="trader-days in all", low=30, high=100_000, rationale="Ranks among fewer are noise."
    )
    peers: int = parameter(
        30,
        unit="trader-days of a desk",
        low=10,
        high=10_000,
        rationale="Below this all traders are the peers.",
    )
    rank: float = parameter(
        0.99,
        unit="mean rank of three methods",
        low=0.5,
        high=1.0,
        rationale="All three must find it among the oddest in a hundred.",
    )
    deviations: float = parameter(
        6.0,
        unit="robust deviations",
        low=2,
        high=50,
        rationale="Something must be plainly odd, not everything a little.",
    )
    agreement: float = parameter(
        2.0,
        unit="robust deviations",
        low=1,
        high=50,
        rationale="One odd number is a slip or a typing error; three kinds of them are another way to act.",
    )
    capacity: int = parameter(
        2,
        unit="trader-days a day",
        low=1,
        high=100,
        rationale="What can be looked into properly; the oddest come first.",
    )
    recent: int = parameter(
        5, unit="last days", low=1, high=60, rationale="A trading week against what came before it."
    )
    shift: float = parameter(
        0.25,
        unit="population stability index",
        low=0.05,
        high=5,
        rationale="By custom a quarter is a shift that matters.",
    )
    trees: int = parameter(
        60, unit="trees", low=20, high=1000, rationale="Ranks hardly move with more of them."
    )
    seed: int = parameter(7, unit="number", low=0, high=2**31 - 1, rationale="The same forest every time.")


@dataclass(frozen=True)
class _Seen:
    """What was looked at: days judged with their distances and ranks, what is too short, what drifted."""

    days: pl.DataFrame
    far: Unlike | None
    rank: Floats
    parts: Floats
    short: int  # orders of traders with too few days
    drifted: tuple[str, ...]
    recent_from: date | None


class Behaviour(Detector):
    """A trader's day that three methods agree is unlike any other.

    Rule: each trader's day of at least ``activity`` orders is described by counts, quantiles of sizes and lives,
    shares, venues, times and the gain of his orders; each number's distance from the medians of his own days
    and of his peers' days is taken in robust deviations, and the smaller of the two counts, less what moved
    most traders that day. An isolation forest, empirical tail probabilities (ECOD) and the distance to the
    nearest days rank all days. Raised where the mean rank reaches ``rank``, one number is ``deviations`` away
    and at least three kinds of numbers are ``agreement`` away; of each day the oddest ``capacity``. Where a
    number has drifted for everybody in the ``recent`` days it says nothing of one trader: it is left out of
    those days and the drift is reported; where half of them have, those days are not judged. Too little
    history: it abstains and says so. It names no offence, never scores above medium and closes nothing.
    """

    name = "behaviour"
    code = "D27"
    title = "Unusual trading behaviour"
    version = "2.0.0"
    description = "A trader's day was unlike his own and his peers', whatever the reason."
    regulation = ("MAR Art. 16(2), Reg. 2016/957",)
    inputs = ("order_events",)
    helpful = ("prices",)
    false_positives = (
        "New joiners and people who cover for others",
        "Thin days around holidays, and days of corporate actions",
        "A new mandate, algorithm or venue",
    )
    Params = BehaviourParameters

    def found(self, tables: Tables, params: Parameters | None = None) -> pl.LazyFrame:
        """Return alerts and blind spots of one look at the orders: both rest on the same numbers."""
        chosen = params if isinstance(params, BehaviourParameters) else self.Params()
        given = self._given(tables)

        def rows() -> pl.DataFrame:
            seen = _look(given, chosen)
            alerts = self._teller(chosen)(_odd(seen, given, chosen))
            gaps = [self._gap_teller(chosen)(gap) for gap in _gaps(seen)]
            return pl.concat([alerts, *gaps])

        return pl.defer(rows, schema=ALERT_SCHEMA)

    def episodes(self, tables: Tables, params: BehaviourParameters) -> pl.LazyFrame:
        """Return the odd trader-days."""
        return pl.defer(lambda: _odd(_look(tables, params), tables, params), schema=_EPISODES)

    def blind_spots(self, tables: Tables, params: BehaviourParameters) -> list[pl.LazyFrame]:
        """Return the orders of traders with too few days to judge, and what has drifted for everybody."""
        return [pl.defer(partial(_gap, tables, params, place), schema=GAP_SCHEMA) for place in range(2)]

    def tell(self, episode: Mapping[str, Any], params: BehaviourParameters) -> Told:
        """Name the numbers that make the day odd, the oddest first, each of another kind."""
        reasons = episode["reasons"]
        metrics = [Metric("mean_rank", episode["rank"], params.rank, "fraction of days")]
        metrics += [
            Metric(one["name"], one["value"], one["usual"], FEATURES[one["name"]].unit) for one in reasons
        ]
        story = [
            (
                f"On {episode['day']:%Y-%m-%d}, trader {episode['trader_id']} behaved unlike all but "
                f"{1 - episode['rank']:.1%} of {episode['compared']:,} trader-days."
            ),
            *(_reason(one) for one in reasons),
            "This names no offence: it is a reason to look, and to say what it was.",
        ]
        worst = max(abs(one["z"]) for one in reasons)
        score = min(
            _CEILING,
            blend(
                35.0,
                (40, grade(episode["rank"], params.rank, 1.0)),
                (30, grade(worst, params.deviations, CLIP)),
                (30, grade(episode["kinds"], _REASONS, 8)),
            ),
        )
        return Told(
            score=score, metrics=metrics, story=story, actors=[("trader", episode["trader_id"])],
            order_ids=episode["order_ids"], instrument_ids=episode["names_traded"],
        )  # fmt: skip


_EPISODES: dict[str, Any] = {
    "actor_group": pl.String, "instrument_id": pl.String, "window_start": pl.Datetime("us", "UTC"),
    "window_end": pl.Datetime("us", "UTC"), "first_seq": pl.String, "last_seq": pl.String, "trader_id": pl.String,
    "day": pl.Date, "rank": pl.Float64, "compared": pl.Int64, "kinds": pl.Int64, "order_ids": pl.List(pl.String),
    "names_traded": pl.List(pl.String),
    "reasons": pl.List(pl.Struct({
        "name": pl.String, "value": pl.Float64, "usual": pl.Float64, "peers": pl.Float64, "z": pl.Float64,
        "own_z": pl.Float64, "peers_z": pl.Float64,
    })),
}  # fmt: skip


def _reason(one: Mapping[str, Any]) -> str:
    feature = FEATURES[one["name"]]
    value, usual, peers = (_said(one[key], feature.unit) for key in ("value", "usual", "peers"))
    return (
        f"{feature.words.capitalize()}: {value} {feature.unit}, where {usual} is his habit and {peers} his peers' "
        f"({one['own_z']:+.1f} and {one['peers_z']:+.1f} robust deviations)."
    )


def _said(value: float, unit: str) -> str:
    if unit in _SHARES:
        return f"{value:.2%}" if unit == "of the amount traded" else f"{value:.0%}"
    if unit == "o'clock UTC":
        return f"{int(value):02d}:{int(value % 1 * 60):02d}"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.3g}"


# --- looking ---------------------------------------------------------------------------------------
def _look(tables: Tables, params: BehaviourParameters) -> _Seen:
    """Describe, scale and rank every trader's day that can be judged."""
    every = trader_days(tables)
    active = every.filter(pl.col("orders") >= params.activity)
    enough = active.filter(pl.len().over("trader_id") >= params.days)
    if enough.height < params.rows:
        short = int(every["orders"].sum() or 0)
        return _Seen(enough.clear(), None, np.empty(0), np.empty((0, 0)), short, (), None)
    known = enough["trader_id"].unique().to_list()
    short = int(every.filter(~pl.col("trader_id").is_in(known))["orders"].sum() or 0)
    # Rows in an order that hangs on what was done and not on names, for the forest draws by position.
    enough = enough.sort("day", *FEATURES, "trader_id", nulls_last=True)
    far = unlike(enough, least=params.peers)
    drifted, since = _drifted(enough, far, params)
    x = far.joint.copy()
    if drifted:
        late = (enough["day"] >= since).to_numpy()
        for name in drifted:
            x[late, list(FEATURES).index(name)] = 0.0
        far = Unlike(far.own, far.peers, far.usual_own, far.usual_peers, x)
    rank = np.round(mean_rank(x, trees=params.trees, seed=params.seed), 6)
    return _Seen(enough, far, rank, ecod(x), short, drifted, since)


def _drifted(
    days: pl.DataFrame, far: Unlike, params: BehaviourParameters
) -> tuple[tuple[str, ...], date | None]:
    """Return the numbers that are another population in the recent days, and since when."""
    dates = days["day"].unique().sort()
    if dates.len() < 3 * params.recent:
        return (), None  # too short a reference to say that anything has changed
    since = dates[-params.recent]
    late = (days["day"] >= since).to_numpy()
    found = []
    for place, name in enumerate(FEATURES):
        there = days[name].is_not_null().to_numpy()
        before, recent = far.own[there & ~late, place], far.own[there & late, place]
        if min(before.size, recent.size) < params.peers:
            continue
        if drift(before, recent, shift=params.shift, features=len(FEATURES)).drifted:
            found.append(name)
    return tuple(found), since


def _gap(tables: Tables, params: BehaviourParameters, place: int) -> pl.DataFrame:
    return _gaps(_look(tables, params))[place]


def _gaps(seen: _Seen) -> list[pl.DataFrame]:
    """Return what could not be judged: too short a history, and what everybody does differently of late."""
    short = "Some traders have too few days on record to say what is usual."
    gaps = [(seen.short, short)]
    if seen.drifted:
        late = seen.days.filter(pl.col("day") >= seen.recent_from)
        told = ", ".join(FEATURES[name].words for name in seen.drifted)
        what = (
            "these days are not judged"
            if _blind(seen)
            else "they are left out of the judgement of these days"
        )
        gaps.append(
            (
                int(late["orders"].sum()),
                f"Since {seen.recent_from} most traders act otherwise than before ({told}): {what}.",
            )
        )
    else:
        gaps.append((0, ""))
    return [
        pl.DataFrame([(reason, None, missing)] if missing else [], schema=GAP_SCHEMA, orient="row")
        for missing, reason in gaps
    ]


def _blind(seen: _Seen) -> bool:
    return 2 * len(seen.drifted) >= len(FEATURES)


def _odd(seen: _Seen, tables: Tables, params: BehaviourParameters) -> pl.DataFrame:
    if seen.far is None:
        return pl.DataFrame(schema=_EPISODES)
    _, largest = by_family(seen.far.joint)
    kinds = (largest >= params.agreement).sum(axis=1)
    hit = (seen.rank >= params.rank) & (largest.max(axis=1) >= params.deviations) & (kinds >= _REASONS)
    if _blind(seen):
        hit &= (seen.days["day"] < seen.recent_from).to_numpy()
    places = np.nonzero(hit)[0]
    if not places.size:
        return pl.DataFrame(schema=_EPISODES)
    # As many as can be looked into: of each day the oddest, by rank and then by the three largest distances.
    strength = np.round(np.sort(np.minimum(largest, 20.0), axis=1)[:, -_REASONS:].mean(axis=1), 9)
    rows = [
        {"trader_id": day["trader_id"], "day": day["day"], "rank": float(seen.rank[at]), "kinds": int(kinds[at]),
         "strength": float(strength[at]), "reasons": _reasons(seen, at, params)}
        for at, day in zip(places.tolist(), seen.days[places].iter_rows(named=True), strict=True)
    ]  # fmt: skip
    columns = ("trader_id", "day", "rank", "kinds", "reasons")
    found = pl.DataFrame(
        rows,
        schema={name: _EPISODES[name] for name in columns[:4]}
        | {"strength": pl.Float64, "reasons": _EPISODES["reasons"]},
    )
    found = found.sort("day", "rank", "strength", "trader_id", descending=[False, True, True, False])
    chosen = found.filter(pl.int_range(pl.len()).over("day") < params.capacity).select(*columns)
    return _evidence(chosen, tables, compared=seen.days.height)


def _reasons(seen: _Seen, at: int, params: BehaviourParameters) -> list[dict[str, Any]]:
    """Return the numbers that make a day odd, the oddest first, one of each family."""
    assert seen.far is not None
    names, joint = list(FEATURES), seen.far.joint[at]
    told: list[dict[str, Any]] = []
    families: set[str] = set()
    for place in np.lexsort((np.arange(joint.size), -np.abs(joint))).tolist():
        family = FEATURES[names[place]].family
        if family in families or abs(joint[place]) < params.agreement or len(told) == _MOST_REASONS:
            continue
        families.add(family)
        far = seen.far
        told.append({
            "name": names[place], "value": seen.days[names[place]][at], "z": float(joint[place]),
            "usual": round(float(far.usual_own[at, place]), 9), "peers": round(float(far.usual_peers[at, place]), 9),
            "own_z": round(float(far.own[at, place]), 4), "peers_z": round(float(far.peers[at, place]), 4),
        })  # fmt: skip
    return told


def _evidence(found: pl.DataFrame, tables: Tables, *, compared: int) -> pl.DataFrame:
    events = tables["order_events"].filter(pl.col("trader_id").is_in(found["trader_id"].unique().to_list()))
    spans = (
        events.with_columns(day=pl.col("transact_time").dt.date())
        .join(found.lazy().select("trader_id", "day"), on=["trader_id", "day"], how="semi")
        .select(
            "trader_id", "day", "transact_time", "transact_time_ns", "event_seq", "order_id", "instrument_id"
        )
        .sort("transact_time_ns", "event_seq", "order_id")
        .group_by("trader_id", "day", maintain_order=True)
        .agg(
            window_start=pl.col("transact_time").min(),
            window_end=pl.col("transact_time").max(),
            first_seq=sequence(seq="event_seq").first(),
            last_seq=sequence(seq="event_seq").last(),
            order_ids=listed("order_id"),
            names_traded=listed("instrument_id"),
        )
        .collect(engine="streaming")
    )
    return (
        found.join(spans, on=["trader_id", "day"], how="inner")
        .with_columns(
            actor_group=pl.format("trader:{}", pl.col("trader_id")),
            instrument_id=pl.lit(None, pl.String),
            compared=pl.lit(compared, pl.Int64),
        )
        .select(*_EPISODES)
    )
