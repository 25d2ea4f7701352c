"""One look at how people act: which trader-days can be judged, how far each is off, what has drifted for all."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from analytics.compliance._busy_minutes import busy_minutes
from analytics.compliance._conduct import FEATURES, counted_days, trader_days
from analytics.compliance._drift import drift
from analytics.compliance._oddness import Floats, mean_rank
from analytics.compliance._unlike import Unlike, unlike
from analytics.compliance.detector import GAP_SCHEMA, Tables


@dataclass(frozen=True)
class Need:
    """What must be there before anything is judged."""

    days: int  # of a trader
    activity: int  # orders on a day, or in a minute of one name
    rows: int  # trader-days, or busy minutes, in all
    peers: int  # trader-days of a desk
    recent: int  # last days that are held against those before
    shift: float  # population stability index


@dataclass(frozen=True)
class Seen:
    """What was looked at.

    ``far`` is None where too little is known to judge any day; ``short`` counts the orders of traders with too
    few days. ``drifted`` names the numbers that are another population since ``recent_from``.
    """

    days: pl.DataFrame
    far: Unlike | None
    rank: Floats
    short: int
    drifted: tuple[str, ...]
    recent_from: date | None
    minutes: pl.DataFrame
    few_minutes: int  # busy minutes, where they are too few to judge any

    @property
    def blind(self) -> bool:
        """Whether so much has drifted that the recent days cannot be judged."""
        return 2 * len(self.drifted) >= len(FEATURES)


def look(tables: Tables, need: Need, *, busy: int, trees: int, seed: int) -> Seen:
    """Describe, scale and rank every trader's day that can be judged, and find the busy minutes.

    Args:
        tables: Order events, and prices and accounts where there are any.
        need: What must be there.
        busy: Orders that make a minute busy.
        trees: Of the isolation forest.
        seed: Of its draws.
    """
    minutes = busy_minutes(tables, least=busy)
    few_minutes = minutes.height if minutes.height < need.rows else 0
    # Days are counted before they are described: some minutes of one day never make a habit.
    every = counted_days(tables)
    enough = _enough(every, need)
    if enough.height >= need.rows:
        every = trader_days(tables)
        enough = _enough(every, need)
    if enough.height < need.rows:
        short = int(every["orders"].sum() or 0)
        return Seen(every.clear(), None, np.empty(0), short, (), None, minutes, few_minutes)
    known = enough["trader_id"].unique().to_list()
    short = int(every.filter(~pl.col("trader_id").is_in(known))["orders"].sum() or 0)
    # Rows in an order that hangs on what was done and not on names, for the forest draws by position.
    enough = enough.sort("day", *FEATURES, "trader_id", nulls_last=True)
    far = unlike(enough, least=need.peers)
    drifted, since = _drifted(enough, far, need)
    x = far.joint.copy()
    if drifted:
        late = (enough["day"] >= since).to_numpy()
        for name in drifted:
            x[late, list(FEATURES).index(name)] = 0.0
        far = Unlike(far.own, far.peers, far.usual_own, far.usual_peers, x, far.moved)
    rank = np.round(mean_rank(x, trees=trees, seed=seed), 6)
    return Seen(enough, far, rank, short, drifted, since, minutes, few_minutes)


def _enough(every: pl.DataFrame, need: Need) -> pl.DataFrame:
    """Return the active days of traders who have as many of them as make a habit."""
    active = every.filter(pl.col("orders") >= need.activity)
    return active.filter(pl.len().over("trader_id") >= need.days)


def _drifted(days: pl.DataFrame, far: Unlike, need: Need) -> tuple[tuple[str, ...], date | None]:
    """Return the numbers that are another population in the recent days, and since when."""
    dates = days["day"].unique().sort()
    if dates.len() < 3 * need.recent:
        return (), None  # too short a reference to say that anything has changed
    since = dates[-need.recent]
    late = (days["day"] >= since).to_numpy()
    found = []
    for place, name in enumerate(FEATURES):
        there = days[name].is_not_null().to_numpy()
        before, recent = far.moved[there & ~late, place], far.moved[there & late, place]
        if min(before.size, recent.size) < need.peers:
            continue
        if drift(before, recent, shift=need.shift, features=len(FEATURES)).drifted:
            found.append(name)
    return tuple(found), since


def gaps(seen: Seen) -> list[pl.DataFrame]:
    """Return what could not be judged: short histories, what all do otherwise of late, too few busy minutes."""
    told = [(seen.short, "Some traders have too few days on record to say what is usual.")]
    late = seen.days.filter(pl.col("day") >= seen.recent_from) if seen.drifted else seen.days.clear()
    what = "these days are not judged" if seen.blind else "that is left out of the judgement of these days"
    words = ", ".join(FEATURES[name].words for name in seen.drifted)
    told.append((
        int(late["orders"].sum() or 0),
        f"Since {seen.recent_from} most traders act otherwise than before ({words}): {what}.",
    ))  # fmt: skip
    told.append((seen.few_minutes, "Too few busy minutes are on record to say what is usual in one."))
    return [
        pl.DataFrame([(reason, None, missing)] if missing else [], schema=GAP_SCHEMA, orient="row")
        for missing, reason in told
    ]
