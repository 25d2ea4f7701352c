"""Spoofing: one large order is shown on one side and pulled once the other side was filled."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from analytics.compliance._pulled_episodes import episodes_of, own_pulls, told_of, unseen_fills
from analytics.compliance._pulled_sides import PulledParameters
from analytics.compliance.alerts import Told
from analytics.compliance.detector import Detector, Tables
from analytics.compliance.parameters import parameter


@dataclass(frozen=True)
class SpoofingParameters(PulledParameters):
    """Thresholds of spoofing."""

    order_size: float = parameter(
        0.75,
        unit="quantile of the instrument's order sizes",
        low=0,
        high=1,
        rationale="Only a large order moves others: a quarter of the instrument's orders are as large.",
    )
    cycles: int = parameter(
        2,
        unit="times a day",
        low=1,
        high=100,
        rationale="Once may be a change of mind; a habit is not. Three misses the careful, who do it twice.",
    )


class Spoofing(Detector):
    """One large order on one side is pulled around fills of the other side, by one owner.

    Rule: as for layering, but most of what was pulled stood at one price, and that price showed at least the
    ``order_size`` quantile of the instrument's orders; it recurs ``cycles`` times a day. Orders at one price by several linked accounts count as one. Linear.
    """

    name = "spoofing"
    code = "D04"
    title = "Suspected spoofing"
    version = "1.0.0"
    description = "One large order on one side was pulled as soon as the other side had been filled."
    regulation = ("MAR Art. 16(2), Reg. 2016/957", "RTS 6 (2017/589) Art. 13")
    inputs = ("order_events",)
    helpful = ("accounts", "quotes", "prices", "executions")
    by_instrument = True
    false_positives = (
        "A large order that is withdrawn because the market turned",
        "Entries of a breakout, where the fill of one side cancels the other",
        "Hedgers that withdraw what the fill has made needless",
    )
    Params = SpoofingParameters

    def episodes(self, tables: Tables, params: SpoofingParameters) -> pl.LazyFrame:
        """Return episodes of a large order pulled around fills."""
        pulls = own_pulls(tables, params, levels=1, level_quantile=params.order_size)
        return episodes_of(pulls.cycles().filter(pl.col("day_cycles") >= params.cycles), tables, params)

    def blind_spots(self, tables: Tables, params: SpoofingParameters) -> list[pl.LazyFrame]:
        """Return executions that cannot be held against the orders around them."""
        return [unseen_fills(tables)]

    def tell(self, episode: Mapping[str, Any], params: SpoofingParameters) -> Told:
        """Score by rarity, size, speed, one-sidedness, repetition and gain."""
        return told_of(
            episode,
            params,
            shown="one large order",
            ending="Suspected spoofing: check what the large order was for, and who decided to pull it.",
        )
