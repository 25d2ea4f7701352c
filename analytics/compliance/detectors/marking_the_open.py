"""Marking the open: orders or trades that move the first price of the day."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from analytics.compliance._auctions import OPENING, pulled_orders
from analytics.compliance._edges import FALLBACK_SIGMA, edge_volume, pushes
from analytics.compliance._grades import blend, grade, who
from analytics.compliance._spans import settled, steadied
from analytics.compliance._volumes import market_buckets, session_edges, uncovered
from analytics.compliance.alerts import Metric, Told
from analytics.compliance.detector import Detector, Tables
from analytics.compliance.parameters import Parameters, parameter


@dataclass(frozen=True)
class MarkingTheOpenParameters(Parameters):
    """Thresholds of marking the open."""

    pulled: float = parameter(
        0.8,
        unit="fraction of own auction quantity",
        low=0.1,
        high=1.0,
        rationale="Who takes out most of what he showed before the open did not mean to trade there.",
    )
    pulled_seconds: float = parameter(
        60.0, unit="seconds", low=1, high=600, rationale="Too late for others to answer before the uncross."
    )
    pulled_share: float = parameter(
        0.5,
        unit="fraction of the first five minutes' volume",
        low=0.05,
        high=100,
        rationale="Large enough beside the opening to move an indicative price.",
    )
    share: float = parameter(
        0.3,
        unit="fraction of market volume",
        low=0.01,
        high=1.0,
        rationale="The opening is busy: three tenths of it is far beyond what an algorithm takes.",
    )
    move: float = parameter(
        2.0,
        unit="standard deviations",
        low=0.5,
        high=20,
        rationale="Openings swing more than the rest of the day, so the move must stand out more than at the close.",
    )
    fills: int = parameter(
        3,
        unit="filled orders",
        low=1,
        high=100,
        rationale="One opening trade shows no intent, however many fills its way through the book takes.",
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
        50.0, unit="score", low=0, high=100, rationale="Size and timing together deserve a look."
    )


class MarkingTheOpen(Detector):
    """One group shows orders before the open that it never meant to trade, or carries the first minutes.

    Pull: orders for the opening auction, most of them taken out within a minute of it, large beside what the
    market then trades in five minutes; not after news on the instrument since entry. Push: within the first
    five minutes, net trading to one side of at least a share of the market's volume, ending at a price beyond the
    first of the day by more than the market's own move. Indicative prices are not looked at: no data set has
    them. Linear: groupings by day.
    """

    name = "marking_the_open"
    code = "D12"
    title = "Suspected marking of the open"
    version = "1.1.0"
    description = "Orders pulled just before the opening auction, or trading that carries the first prices."
    regulation = ("MAR Art. 16(2), Reg. 2016/957", "MAR Annex I")
    inputs = ("order_events", "executions")
    helpful = ("bars", "tape", "accounts", "prices", "instruments", "news")
    in_window = False
    false_positives = (
        "Cancels after news from overnight",
        "Opening obligations of a market maker",
        "An order that must be done at the open, disclosed as such",
    )
    Params = MarkingTheOpenParameters

    def blind_spots(self, tables: Tables, params: MarkingTheOpenParameters) -> list[pl.LazyFrame]:
        """Return a gap if nothing tells the market's volume."""
        reason = "No tape and no bars of a minute or five: opening volume and hours are not known."
        return [uncovered(tables, reason=reason)]

    def episodes(self, tables: Tables, params: MarkingTheOpenParameters) -> pl.LazyFrame:
        """Return openings that one group pulled out of or carried."""
        market = settled(market_buckets(tables))
        edges = settled(session_edges(tables, market))
        pulled = pulled_orders(
            tables,
            edges.join(edge_volume(edges, market, edge="opens"), on=["instrument_id", "day"], how="left"),
            edge="opens",
            words=OPENING,
            seconds=params.pulled_seconds,
        ).filter(
            pl.col("pulled_qty") >= params.pulled * pl.col("entered_qty"),
            pl.col("share") >= params.pulled_share,
        )
        measured = pushes(
            tables, market, edges, edge="opens", orders=params.fills, one_sided=params.one_sided
        )
        pushed = measured.filter(
            pl.col("share") >= params.share,
            pl.col("moves") >= params.move,
            (pl.col("own_qty") >= params.usual * pl.col("adv")).fill_null(value=True),
        )
        told = [pulled.with_columns(kind=pl.lit("pull")), pushed.with_columns(kind=pl.lit("push"))]
        return steadied(pl.concat(told, how="diagonal"))

    def tell(self, episode: Mapping[str, Any], params: MarkingTheOpenParameters) -> Told:
        """Score pulled orders by size and timing, carried openings by share and move."""
        return _tell_pull(episode, params) if episode["kind"] == "pull" else _tell_push(episode, params)


def _actors(episode: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [("account", a) for a in episode["accounts"]] + [("trader", t) for t in episode["traders"]]


def _tell_pull(episode: Mapping[str, Any], params: MarkingTheOpenParameters) -> Told:
    fraction, verb = episode["pulled_qty"] / episode["entered_qty"], "buy" if episode["buys"] else "sell"
    score = blend(
        params.base_score,
        (2, grade(episode["share"], params.pulled_share, 6 * params.pulled_share)),
        (1, grade(fraction, params.pulled, 1.0)),
        (1, grade(-episode["lead"], -params.pulled_seconds, 0.0)),
    )
    story = [
        (
            f"Before the open of {episode['window_end']:%Y-%m-%d}, {who(episode['accounts'])} showed orders to "
            f"{verb} {episode['entered_qty']:,.0f} {episode['instrument_id']}."
        ),
        f"{fraction:.0%} of them were taken out, the last {episode['lead']:.0f} seconds before the first trade.",
        (
            f"They came to {episode['share']:.1f} times what the market traded in the first five minutes (from "
            f"{episode['market_source']})."
        ),
        "Suspected influence on the indicative price: check for news or an instruction that came in between.",
    ]
    return Told(
        score=score,
        metrics=[
            Metric("pulled_share", episode["share"], params.pulled_share, "fraction of opening volume"),
            Metric("pulled", fraction, params.pulled, "fraction of own auction quantity"),
            Metric("lead", episode["lead"], params.pulled_seconds, "seconds"),
        ],
        story=story,
        actors=_actors(episode),
        order_ids=episode["order_ids"],
        event_seqs=episode["event_seqs"],
    )


def _tell_push(episode: Mapping[str, Any], params: MarkingTheOpenParameters) -> Told:
    share, move = episode["share"], episode["moves"]
    score = blend(
        params.base_score,
        (1, grade(share, params.share, 3 * params.share)),
        (1, grade(move, params.move, 4 * params.move)),
    )
    usual = (
        ""
        if episode["sigma_known"]
        else f", with {FALLBACK_SIGMA:.0%} a day for the instrument's unknown swing"
    )
    story = [
        (
            f"In the first minutes of {episode['window_start']:%Y-%m-%d}, {who(episode['accounts'])} "
            f"{'bought' if episode['buys'] else 'sold'} {episode['own_qty']:,.0f} {episode['instrument_id']} net "
            f"in {episode['orders']} orders."
        ),
        (
            f"That is {share:.0%} of the {episode['market_volume']:,.0f} the market traded then (from "
            f"{episode['market_source']}); {params.share:.0%} alerts."
        ),
        (
            f"Its last print at {episode['last_px']:,.4f} lies {abs(episode['move']):.2%} beyond the first price of "
            f"the day, {move:.1f} standard deviations after the market's own {episode['index_move']:+.2%}{usual}."
        ),
        "Suspected marking of the open: check for news from overnight, and who gains by the first price.",
    ]
    return Told(
        score=score,
        metrics=[
            Metric("share", share, params.share, "fraction of market volume"),
            Metric("move", move, params.move, "standard deviations"),
            Metric("fills", float(episode["orders"]), float(params.fills), "filled orders"),
            Metric("market_volume", episode["market_volume"], None, "units"),
        ],
        story=story,
        actors=_actors(episode),
        order_ids=episode["order_ids"],
        exec_ids=episode["exec_ids"],
    )
