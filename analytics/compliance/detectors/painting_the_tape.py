"""Painting the tape: many small prints that leave no position, to make a name look busy."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from analytics.compliance._grades import blend, grade, who
from analytics.compliance._spans import MINUTE_NS, in_windows, merged_spans, settled, steadied
from analytics.compliance._volumes import market_buckets, over_windows, own_fills
from analytics.compliance.alerts import Metric, Told, listed
from analytics.compliance.detector import Detector, Tables
from analytics.compliance.parameters import Parameters, parameter

_WINDOW = 30  # minutes
_EVEN = 2.0  # times the median print
_KEYS = ("actor_group", "instrument_id", "window")


@dataclass(frozen=True)
class PaintingTheTapeParameters(Parameters):
    """Thresholds of painting the tape."""

    prints: int = parameter(
        20, unit="fills", low=5, high=1000, rationale="A handful of small fills is the end of any order."
    )
    net: float = parameter(
        0.1,
        unit="fraction of gross",
        low=0,
        high=0.5,
        rationale="Who wants a position keeps one; a tenth of what was traded is none.",
    )
    small: float = parameter(
        0.5,
        unit="times a larger fill of the group",
        low=0.05,
        high=1.0,
        rationale="Prints for show are kept cheap: half of the group's larger fills, or the market's average print.",
    )
    print_share: float = parameter(
        0.3,
        unit="fraction of market prints",
        low=0.01,
        high=1.0,
        rationale="In a quiet name three in ten prints of one group are the impression the name gives.",
    )
    surprise: float = parameter(
        4.0,
        unit="standard deviations",
        low=1,
        high=50,
        rationale="So many prints, against the group's own habit, come once in thirty thousand windows.",
    )
    turns: float = parameter(
        0.2,
        unit="fraction of prints",
        low=0,
        high=1,
        rationale="Buying first and selling later is a round trip; turning all the time is a show.",
    )
    base_score: float = parameter(
        50.0, unit="score", low=0, high=100, rationale="Number, size and net together deserve a look."
    )


class PaintingTheTape(Detector):
    """Many small prints of one group on both sides within half an hour, and next to nothing kept.

    They count if they are a fair part of all prints of the instrument, or far more than the group prints
    elsewhere in half an hour (Poisson); where the others on record print more too, that is raised, unless the
    prints are small for the group and turn more often than chance. Small is half of the group's own larger
    fills (upper quartile, in value) or no larger than the market's average print; larger fills are not looked
    at. Market makers are left
    out: they do this for a living. Linear: each small fill is in two windows.
    """

    name = "painting_the_tape"
    code = "D10"
    title = "Suspected painting of the tape"
    version = "1.1.0"
    description = "Many small trades without a position, which make an instrument look busier than it is."
    regulation = ("MAR Art. 16(2), Reg. 2016/957", "MAR Annex I")
    inputs = ("executions",)
    helpful = ("bars", "tape", "accounts")
    false_positives = (
        "Market making that is not marked as such",
        "Odd lots of a retail flow that is dealt with in bulk",
        "Tests of a new connection with small orders",
    )
    Params = PaintingTheTapeParameters

    def episodes(self, tables: Tables, params: PaintingTheTapeParameters) -> pl.LazyFrame:
        """Return half hours of small prints that cancel out."""
        fills = own_fills(tables, "order_id", "trader_id").filter(pl.col("account_kind").ne_missing("mm"))
        market = settled(market_buckets(tables))
        small = _small(fills.with_columns(worth=pl.col("qty") * pl.col("px")), market, params)
        windowed = in_windows(small, minutes=_WINDOW)
        busy = windowed.group_by(_KEYS).len().filter(pl.col("len") >= params.prints).select(_KEYS)
        # A show is of even prints; another order of the group in the same half hour is not part of it.
        even = pl.col("qty") <= _EVEN * pl.col("qty").median().over(_KEYS)
        shown = settled(windowed.join(busy, on=list(_KEYS), how="semi").filter(even))
        # The group's habit: its prints in half an hour wherever it prints, the show itself left out.
        slot = pl.col("transact_time_ns") // (_WINDOW * MINUTE_NS)
        half_hours = settled(
            fills.group_by("actor_group", "instrument_id", slot=slot).agg(n=pl.len().cast(pl.Float64))
        )
        habits = half_hours.group_by("actor_group").agg(slots=pl.len(), all_prints=pl.col("n").sum())
        shows = settled(
            _shows(shown)
            .filter(pl.col("prints") >= params.prints, pl.col("net") <= params.net * pl.col("gross"))
            .join(habits, on="actor_group", how="inner")
            .with_columns(windows=pl.col("slots") - 1)
            .with_columns(habit=(pl.col("all_prints") - pl.col("prints")) / pl.col("windows"))
            .with_columns(slot=pl.col("first_ns") // (_WINDOW * MINUTE_NS))
            .join(_bustle(half_hours), on=["actor_group", "instrument_id", "slot"], how="left")
            .sort(_KEYS)
            .with_row_index("row")
        )
        measured = over_windows(shows, market, start="window_start", end="window_end")
        # Where all the others print more than usual, so does the group, with what it usually trades or in
        # sides that come by chance: a show of small prints turns more often than a coin.
        its_size = pl.col("average") > params.small * pl.col("usual")
        by_chance = pl.col("turns") <= 0.5 + 3 * 0.5 / pl.col("prints").sqrt()
        busier = pl.max_horizontal("bustle", pl.lit(1.0))
        raised = pl.when(its_size | by_chance).then(busier).otherwise(1.0)
        expected = pl.max_horizontal("habit", pl.lit(1.0)) * raised
        hits = settled(
            measured.with_columns(
                # With few other half hours there is no habit to be surprised against.
                surprise=pl.when(pl.col("windows") >= 5).then(
                    (pl.col("prints") - expected) / expected.sqrt()
                ),
                print_share=pl.col("prints") / pl.max_horizontal("prints", "market_trades"),
                smallness=pl.col("average") / pl.col("usual"),
            )
            .with_columns(print_share=pl.when(pl.col("market_trades") > 0).then(pl.col("print_share")))
            .filter(
                pl.col("turns") >= params.turns,
                (pl.col("surprise") >= params.surprise).fill_null(value=False)
                | (pl.col("print_share") >= params.print_share).fill_null(value=False),
            )
        )
        keys = ["actor_group", "instrument_id"]
        merged = merged_spans(
            hits,
            keys,
            told=(
                *("prints", "net", "gross", "turns", "average", "smallness", "surprise"),
                *("print_share", "habit", "market_source"),
            ),
            best=("prints", "first_ns", "last_ns"),
        )
        return steadied(merged)

    def tell(self, episode: Mapping[str, Any], params: PaintingTheTapeParameters) -> Told:
        """Score by number of prints, how little was kept, how small and how unusual they were."""
        prints, kept = episode["prints"], episode["net"] / episode["gross"]
        score = blend(
            params.base_score,
            (2, grade(float(prints), float(params.prints), 4.0 * params.prints)),
            (1, grade(-kept, -params.net, 0.0)),
            (1, grade(-episode["smallness"], -params.small, 0.0)),
            (1, grade(episode["surprise"], params.surprise, 5 * params.surprise)),
            (1, grade(episode["print_share"], 0.0, 2 * params.print_share)),
        )
        story = [
            (
                f"From {episode['window_start']:%H:%M:%S} to {episode['window_end']:%H:%M:%S} UTC on "
                f"{episode['window_start']:%Y-%m-%d}, {who(episode['accounts'])} printed {prints} trades in "
                f"{episode['instrument_id']}."
            ),
            (
                f"{episode['gross']:,.0f} units changed hands and {episode['net']:,.0f} were kept: {kept:.1%}; "
                f"{params.net:.0%} or less alerts. The side turned at {episode['turns']:.0%} of the prints."
            ),
            f"A print was worth {episode['average']:,.2f} on average, {episode['smallness']:.0%} of the group's larger fills.",
        ]
        if episode["surprise"] is not None:
            story.append(
                f"The group prints {episode['habit']:.1f} times in half an hour elsewhere: this is "
                f"{episode['surprise']:.1f} standard deviations more."
            )
        if episode["print_share"] is not None:
            story.append(
                f"They were {episode['print_share']:.0%} of the instrument's prints then "
                f"(from {episode['market_source']})."
            )
        story.append(
            "Suspected painting of the tape: check what the trades were for, and who saw the volume."
        )
        return Told(
            score=score,
            metrics=[
                Metric("prints", float(prints), float(params.prints), "fills"),
                Metric("net", kept, params.net, "fraction of gross"),
                Metric("smallness", episode["smallness"], params.small, "times a larger fill of the group"),
                Metric("surprise", episode["surprise"], params.surprise, "standard deviations"),
                Metric(
                    "print_share", episode["print_share"], params.print_share, "fraction of market prints"
                ),
            ],
            story=story,
            actors=[("account", a) for a in episode["accounts"]]
            + [("trader", t) for t in episode["traders"]],
            order_ids=episode["order_ids"],
            exec_ids=episode["exec_ids"],
        )


def _small(fills: pl.LazyFrame, market: pl.LazyFrame, params: PaintingTheTapeParameters) -> pl.LazyFrame:
    # Small against what the group usually trades at a time, or no larger than the market's average print.
    usual = fills.group_by("actor_group").agg(usual=pl.col("worth").quantile(0.75))
    prints = market.group_by("instrument_id").agg(
        print_worth=(pl.col("volume") * pl.col("vwap")).sum() / pl.col("trades").sum()
    )
    sized = fills.join(usual, on="actor_group", how="left").join(prints, on="instrument_id", how="left")
    limit = pl.max_horizontal(params.small * pl.col("usual"), "print_worth")
    return sized.filter(pl.col("worth") <= limit).drop("print_worth")


def _bustle(half_hours: pl.LazyFrame) -> pl.LazyFrame:
    """Return actor_group, instrument_id, slot and ``bustle``: prints of the others then, times what is usual."""
    name = pl.col("n").sum().over("instrument_id")
    slots = pl.col("slot").n_unique().over("instrument_id")
    others = pl.col("n").sum().over("instrument_id", "slot") - pl.col("n")
    usual = (name - pl.col("n").sum().over("instrument_id", "actor_group")) / slots
    return half_hours.select(
        "actor_group", "instrument_id", "slot", bustle=others / pl.max_horizontal(usual, pl.lit(1.0))
    )


def _shows(rows: pl.LazyFrame) -> pl.LazyFrame:
    signed = pl.when("buys").then(pl.col("qty")).otherwise(-pl.col("qty"))
    turned = pl.col("buys") != pl.col("buys").shift(1)
    return (
        rows.sort(*_KEYS, "transact_time_ns", "exec_id")
        .with_columns(turned=turned.over(_KEYS).fill_null(value=False))
        .group_by(_KEYS)
        .agg(
            prints=pl.len(),
            net=signed.sum().abs(),
            gross=pl.col("qty").sum(),
            turns=pl.col("turned").sum() / pl.len(),
            average=pl.col("worth").mean(),
            usual=pl.col("usual").first(),
            first_ns=pl.col("transact_time_ns").min(),
            last_ns=pl.col("transact_time_ns").max(),
            window_start=pl.col("transact_time").min(),
            window_end=pl.col("transact_time").max(),
            exec_ids=listed("exec_id"),
            order_ids=listed("order_id"),
            accounts=listed("account_id"),
            traders=listed("trader_id"),
        )
    )
