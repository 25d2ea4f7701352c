"""Marking the close: trading in the last minutes to move or hold the closing price."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from analytics.compliance._auctions import CLOSING, pulled_orders
from analytics.compliance._edges import FALLBACK_SIGMA, edge_volume, pushes
from analytics.compliance._grades import blend, grade, who
from analytics.compliance._spans import settled, steadied
from analytics.compliance._volumes import market_buckets, session_edges, uncovered
from analytics.compliance.alerts import Metric, Told
from analytics.compliance.detector import Detector, Tables
from analytics.compliance.parameters import Parameters, parameter


@dataclass(frozen=True)
class MarkingTheCloseParameters(Parameters):
    """Thresholds of marking the close."""

    share: float = parameter(
        0.15,
        unit="fraction of market volume",
        low=0.01,
        high=1.0,
        rationale="Well above what an execution algorithm takes, below what is needed to carry a price alone. "
        "A fifth, as is often set, misses one of ten on days used for tuning.",
    )
    move: float = parameter(
        2.0,
        unit="standard deviations",
        low=0.5,
        high=20,
        rationale="A quarter of an hour moves this far by itself in about one of forty closes to one side.",
    )
    fills: int = parameter(
        3,
        unit="filled orders",
        low=1,
        high=100,
        rationale="One closing trade shows no intent, however many fills its way through the book takes.",
    )
    usual: float = parameter(
        0.001,
        unit="fraction of average daily volume",
        low=0.0,
        high=0.1,
        rationale="In a name that hardly trades any order is a large share.",
    )
    one_sided: float = parameter(
        0.6, unit="fraction of gross", low=0, high=1, rationale="Who buys and sells alike pushes nothing."
    )
    base_score: float = parameter(
        50.0, unit="score", low=0, high=100, rationale="Share and move together deserve a look."
    )
    pulled: float = parameter(
        0.8,
        unit="fraction of own auction quantity",
        low=0.1,
        high=1.0,
        rationale="Who takes out most of what he showed for the auction did not mean to trade there.",
    )
    pulled_seconds: float = parameter(
        30.0, unit="seconds", low=1, high=600, rationale="Too late for others to answer before the freeze."
    )
    pulled_share: float = parameter(
        0.5,
        unit="fraction of the last five minutes' volume",
        low=0.05,
        high=100,
        rationale="Large enough beside the end of the day to move an indicative price.",
    )


class MarkingTheClose(Detector):
    """One group carries the closing price, or shows orders for the auction that it never meant to trade.

    Push: within the last five minutes and the closing auction, net trading to one side of at least a share of
    the market's volume, ending at a price that lies beyond the average of the quarter hour before, to that
    side, by more than the market's own move. The last price is the group's own last print. Pull: orders for
    the closing auction, most of them taken out within seconds of it. Linear: groupings by day.
    """

    name = "marking_the_close"
    code = "D11"
    title = "Suspected marking of the close"
    version = "1.1.0"
    description = "Concentrated trading in the last minutes that moves the closing price."
    regulation = ("MAR Art. 16(2), Reg. 2016/957", "MAR Annex I")
    inputs = ("executions",)
    helpful = ("bars", "tape", "accounts", "prices", "instruments", "order_events", "news")
    in_window = False
    false_positives = (
        "Index funds and rebalances that must trade at the close",
        "Client orders to trade on the close, disclosed as such",
        "Expiry days and closings after news",
    )
    Params = MarkingTheCloseParameters

    def blind_spots(self, tables: Tables, params: MarkingTheCloseParameters) -> list[pl.LazyFrame]:
        """Return a gap if nothing tells the market's volume."""
        return [
            uncovered(
                tables,
                reason="No tape and no bars of a minute or five: closing volume and hours are not known.",
            )
        ]

    def episodes(self, tables: Tables, params: MarkingTheCloseParameters) -> pl.LazyFrame:
        """Return closes that one group pushed or pulled out of."""
        market = settled(market_buckets(tables))
        edges = settled(session_edges(tables, market))
        measured = pushes(
            tables, market, edges, edge="closes", orders=params.fills, one_sided=params.one_sided
        )
        pushed = _reversed(measured, market).filter(
            pl.col("share") >= params.share,
            pl.col("moves") >= params.move,
            (pl.col("own_qty") >= params.usual * pl.col("adv")).fill_null(value=True),
        )
        pulled = pulled_orders(
            tables,
            edges.join(edge_volume(edges, market, edge="closes"), on=["instrument_id", "day"], how="left"),
            edge="closes",
            words=CLOSING,
            seconds=params.pulled_seconds,
        ).filter(
            pl.col("pulled_qty") >= params.pulled * pl.col("entered_qty"),
            pl.col("share") >= params.pulled_share,
        )
        told = [pushed.with_columns(kind=pl.lit("push")), pulled.with_columns(kind=pl.lit("pull"))]
        return steadied(pl.concat(told, how="diagonal"))

    def tell(self, episode: Mapping[str, Any], params: MarkingTheCloseParameters) -> Told:
        """Score by share, move and what the price did next morning; of pulled orders by size."""
        actors = [("account", a) for a in episode["accounts"]] + [("trader", t) for t in episode["traders"]]
        if episode["kind"] == "pull":
            return _tell_pull(episode, params, actors)
        share, move, back = episode["share"], episode["moves"], episode["reversal"]
        score = blend(
            params.base_score,
            (3, grade(share, params.share, 4 * params.share)),
            (3, grade(move, params.move, 4 * params.move)),
            (1, grade(float(episode["orders"]), float(params.fills), 20.0)),
            (1, grade(back, 0.0, 0.5)),
        )
        verb = "bought" if episode["buys"] else "sold"
        story = [
            (
                f"In the last minutes of {episode['window_start']:%Y-%m-%d}, {who(episode['accounts'])} {verb} "
                f"{episode['own_qty']:,.0f} {episode['instrument_id']} net in {episode['orders']} orders."
            ),
            (
                f"That is {share:.0%} of the {episode['market_volume']:,.0f} the market traded then "
                f"(from {episode['market_source']}); {params.share:.0%} alerts."
            ),
            (
                f"Its last print at {episode['last_px']:,.4f} lies {abs(episode['move']):.2%} beyond the average of "
                f"the quarter hour before, {move:.1f} standard deviations after the market's own "
                f"{episode['index_move']:+.2%}."
            ),
            f"By the next opening {back:.0%} of the move was undone."
            if back is not None
            else "The next opening is not known yet.",
            "Suspected marking of the close: check for an order to trade on the close, and who gains by the price.",
        ]
        if not episode["sigma_known"]:
            story.insert(
                3,
                f"The instrument's usual swing is not known; {FALLBACK_SIGMA:.0%} a day stands in for it.",
            )
        return Told(
            score=score,
            metrics=[
                Metric("share", share, params.share, "fraction of market volume"),
                Metric("move", move, params.move, "standard deviations"),
                Metric("fills", float(episode["orders"]), float(params.fills), "filled orders"),
                Metric("market_volume", episode["market_volume"], None, "units"),
                Metric("reversal", back, None, "fraction of the move"),
            ],
            story=story,
            actors=actors,
            order_ids=episode["order_ids"],
            exec_ids=episode["exec_ids"],
        )


def _reversed(rows: pl.LazyFrame, market: pl.LazyFrame) -> pl.LazyFrame:
    # What the next session's first price gave back of the way from the reference to the last print.
    opening = (
        market.group_by("instrument_id", next_day="day")
        .agg(opening=pl.col("open").sort_by("bucket").first())
        .with_columns(after=pl.col("next_day"))
        .sort("after")
    )
    joined = rows.sort("day").join_asof(
        opening,
        left_on="day",
        right_on="after",
        by="instrument_id",
        strategy="forward",
        allow_exact_matches=False,
        check_sortedness=False,
    )
    way = pl.col("last_px") - pl.col("reference")
    return joined.with_columns(reversal=(pl.col("last_px") - pl.col("opening")) / way)


def _tell_pull(
    episode: Mapping[str, Any], params: MarkingTheCloseParameters, actors: list[tuple[str, str]]
) -> Told:
    fraction = episode["pulled_qty"] / episode["entered_qty"]
    score = blend(
        params.base_score,
        (2, grade(episode["share"], params.pulled_share, 6 * params.pulled_share)),
        (1, grade(fraction, params.pulled, 1.0)),
        (1, grade(-episode["lead"], -params.pulled_seconds, 0.0)),
    )
    verb = "buy" if episode["buys"] else "sell"
    return Told(
        score=score,
        metrics=[
            Metric("pulled_share", episode["share"], params.pulled_share, "fraction of closing volume"),
            Metric("pulled", fraction, params.pulled, "fraction of own auction quantity"),
            Metric("lead", episode["lead"], params.pulled_seconds, "seconds"),
        ],
        story=[
            (
                f"On {episode['window_end']:%Y-%m-%d}, {who(episode['accounts'])} showed orders to {verb} "
                f"{episode['entered_qty']:,.0f} {episode['instrument_id']} in the closing auction."
            ),
            (
                f"{fraction:.0%} of them were taken out, the last {episode['lead']:.0f} seconds before the close."
            ),
            (
                f"They came to {episode['share']:.1f} times what the market traded in the last five minutes "
                f"(from {episode['market_source']})."
            ),
            "Suspected influence on the indicative price: check for news or an instruction that came in between.",
        ],
        actors=actors,
        order_ids=episode["order_ids"],
        event_seqs=episode["event_seqs"],
    )
