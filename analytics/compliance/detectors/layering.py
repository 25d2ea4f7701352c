"""Layering: orders at several prices on one side, pulled once the other side was filled."""

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
class LayeringParameters(PulledParameters):
    """Thresholds of layering."""

    levels: int = parameter(
        2, unit="prices", low=2, high=20, rationale="Three are blatant; two count once they recur."
    )
    sure_levels: int = parameter(
        3, unit="prices", low=2, high=20, rationale="So many need not recur that day."
    )
    level_size: float = parameter(
        0.25,
        unit="quantile of the instrument's order sizes",
        low=0,
        high=1,
        rationale="Crumbs make no level. Layers of ordinary orders do, so that no upper quartile is asked: what is "
        "rare is judged by chance, not by size alone.",
    )


class Layering(Detector):
    """Several prices of one side are shown and pulled around fills of the other side, by one owner.

    Rule: for fills of a group of linked owners, its opposite orders that are at most ``max_age`` old and
    withdrawn from ``before`` seconds before to ``pull_window`` after; at ``levels`` prices or more, each no
    crumb of the instrument's sizes, together ``size_multiple`` times what was filled; hardly any
    kept, filled or entered again, and the own side not pulled alike. A day counts when so many pulls around
    fills are unlikely by chance, given how much of the session the fills cover and how others pulled then.
    The sides may be in different linked accounts (the collusive variant, D05b), which the story then says.
    Amendments count as a withdrawal and a new order. Linear: equality joins on buckets of time.
    """

    name = "layering"
    code = "D05"
    title = "Suspected layering"
    version = "1.0.0"
    description = (
        "Orders at several prices on one side were pulled as soon as the other side had been filled."
    )
    regulation = ("MAR Art. 16(2), Reg. 2016/957", "RTS 6 (2017/589) Art. 13")
    inputs = ("order_events",)
    helpful = ("accounts", "quotes", "prices", "executions")
    by_instrument = True
    false_positives = (
        "Makers that renew one side only after a fill",
        "Hedgers that withdraw what the fill has made needless",
        "Halts and the end of the session, where the reason of a withdrawal is not recorded",
    )
    Params = LayeringParameters

    def episodes(self, tables: Tables, params: LayeringParameters) -> pl.LazyFrame:
        """Return episodes of layers pulled around fills."""
        pulls = own_pulls(tables, params, levels=params.levels, level_quantile=params.level_size)
        sure = (pl.col("levels") >= params.sure_levels) | (pl.col("day_cycles") > 1)
        return episodes_of(pulls.cycles().filter(sure), tables, params)

    def blind_spots(self, tables: Tables, params: LayeringParameters) -> list[pl.LazyFrame]:
        """Return executions that cannot be held against the orders around them."""
        return [unseen_fills(tables)]

    def tell(self, episode: Mapping[str, Any], params: LayeringParameters) -> Told:
        """Score by rarity, size, speed, one-sidedness, repetition, levels and gain."""
        return told_of(
            episode,
            params,
            shown=f"orders at {episode['levels']} prices",
            ending="Suspected layering: check what the withdrawn orders were for, and who decided to pull them.",
        )
