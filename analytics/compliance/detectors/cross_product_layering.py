"""Cross-product layering: orders pulled in one instrument once a related one was filled."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from analytics.compliance._order_lives import order_lives
from analytics.compliance._pulled_episodes import episodes_of, every_fill, pulls_of, told_of
from analytics.compliance._pulled_sides import PulledParameters
from analytics.compliance._related_products import related_pairs
from analytics.compliance._shared import Shared, market_of, once
from analytics.compliance.alerts import Told
from analytics.compliance.detector import GAP_SCHEMA, Detector, Tables
from analytics.compliance.parameters import parameter
from analytics.datasets import PRICES, QUOTES


@dataclass(frozen=True)
class CrossProductParameters(PulledParameters):
    """Thresholds of layering whose aim is in another instrument."""

    levels: int = parameter(
        2, unit="prices", low=1, high=20, rationale="Shown force, as within one instrument."
    )
    level_size: float = parameter(
        0.25,
        unit="quantile of the instrument's order values",
        low=0,
        high=1,
        rationale="Crumbs make no level.",
    )
    cycles: int = parameter(
        2,
        unit="times a day",
        low=1,
        high=100,
        rationale="Many pairs are looked at, so that one coincidence is to be expected.",
    )
    r_squared: float = parameter(
        0.6,
        unit="fraction of variance",
        low=0.1,
        high=1,
        rationale="Below it a move of the one says little of the other.",
    )
    beta: float = parameter(
        0.5,
        unit="per cent per cent",
        low=0,
        high=10,
        rationale="The other one has to move enough to gain by.",
    )
    sessions: int = parameter(
        120, unit="sessions", low=60, high=1000, rationale="Half a year: what ties names together changes."
    )


class CrossProductLayering(Detector):
    """Layers in one instrument are pulled around fills in another that moves with it.

    Rule: as for layering, by value instead of quantity, with the fills of a derivative, of what it rests on,
    or of a name whose daily returns ``r_squared`` and ``beta`` tie to it, in the direction that the layers
    help: a fill on the layers' own economic side is a hedge and is left out. It recurs ``cycles`` times a day.
    """

    name = "cross_product_layering"
    code = "D05c"
    title = "Suspected cross-product layering"
    version = "1.0.0"
    description = (
        "Orders on one side of an instrument were pulled as soon as a related instrument was filled."
    )
    regulation = ("MAR Art. 16(2), Reg. 2016/957", "RTS 6 (2017/589) Art. 13")
    inputs = ("order_events",)
    helpful = ("accounts", "prices", "instruments")
    false_positives = (
        "Hedges that are withdrawn once the hedged side is done, booked with the wrong sign",
        "Basis and pairs trading that quotes one leg and takes the other",
        "Pairs tied by history that have come apart",
    )
    in_parts = True
    Params = CrossProductParameters

    def episodes(self, tables: Tables, params: CrossProductParameters) -> pl.LazyFrame:
        """Return episodes of layers pulled around fills in related instruments."""
        pairs = _pairs(tables, params)
        if not isinstance(tables, Shared):
            # Nothing is asked of instruments that no other one moves with.
            sides = [pairs.select(instrument_id=side) for side in ("shown_id", "filled_id")]
            both = pl.concat(sides).unique()
            events = tables["order_events"].join(both, on="instrument_id", how="semi")
            tables = {**tables, "order_events": events}
        lives = order_lives(tables)
        here = pairs.join(lives.select(shown_id="instrument_id").unique(), on="shown_id", how="semi")
        fills = (
            every_fill(market_of(tables))
            .join(here, left_on="instrument_id", right_on="filled_id", how="inner")
            .with_columns(
                instrument_id="shown_id",
                buying=pl.col("buying") == pl.col("with_it"),
                qty=pl.col("qty") * pl.col("px"),
            )
        )
        shown = lives.join(here.select(instrument_id="shown_id").unique(), on="instrument_id", how="semi")
        pulls = pulls_of(
            shown, fills, params, levels=params.levels, level_quantile=params.level_size, by_value=True
        )
        cycles = pulls.cycles().filter(pl.col("day_cycles") >= params.cycles)
        # Neither the volume nor the mid of the one instrument measures a fill in the other.
        without = {**tables, "quotes": QUOTES.empty(), "prices": PRICES.empty()}
        return episodes_of(cycles, without, params)

    def market_gaps(self, tables: Tables, params: CrossProductParameters) -> list[pl.LazyFrame]:
        """Return that nothing is known to be related, where that is so."""
        traded = tables["order_events"].select(missing=pl.len())
        related = _pairs(tables, params).select(pairs=pl.len())
        return [
            pl.concat([traded, related], how="horizontal")
            .filter((pl.col("pairs") == 0) & (pl.col("missing") > 0))
            .select(
                reason=pl.lit(
                    "No derivative and too little history of prices to tell which instruments are related."
                ),
                instrument_id=pl.lit(None, pl.String),
                missing=pl.col("missing").cast(pl.UInt32),
            )
            .select(*GAP_SCHEMA)
        ]

    def tell(self, episode: Mapping[str, Any], params: CrossProductParameters) -> Told:
        """Score by rarity, size, speed, one-sidedness, repetition and levels."""
        return told_of(
            episode,
            params,
            shown=f"orders at {episode['levels']} prices",
            ending="Suspected cross-product layering: check whether the orders were a hedge, and who pulled them.",
        )


def _pairs(tables: Tables, params: CrossProductParameters) -> pl.LazyFrame:
    asked, market = (params.r_squared, params.beta, params.sessions), market_of(tables)

    def related() -> pl.LazyFrame:
        return related_pairs(market, r_squared=asked[0], beta=asked[1], sessions=asked[2])

    return once(market, f"pairs {asked}", related)
