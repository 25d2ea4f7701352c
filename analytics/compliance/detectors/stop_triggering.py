"""Stop triggering: an own trade that pushes the price to a client's stop order, or to his take-profit order."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from analytics.compliance import _waiting_orders as waiting
from analytics.compliance._spans import is_empty, no_episodes, numbered, settled, steadied
from analytics.compliance.alerts import Metric, Told, flattened, listed, sequence
from analytics.compliance.detector import GAP_SCHEMA, Detector, Tables
from analytics.compliance.parameters import Parameters, parameter

_SECOND = waiting.SECOND


@dataclass(frozen=True)
class StopTriggeringParameters(Parameters):
    """What makes an own trade the cause of a client order's triggering."""

    window: float = parameter(
        60.0,
        unit="seconds before the order was triggered",
        low=1,
        high=600,
        rationale="What pushed the price was traded within the minute before.",
    )
    distance: float = parameter(
        2.0,
        unit="spreads",
        low=0.0,
        high=100,
        rationale="A stop closer to the market than this is reached by the next quote, whoever trades.",
    )
    reach: float = parameter(
        0.8,
        unit="fraction of the way to the stop",
        low=0.1,
        high=2.0,
        rationale="Own fills must have walked the price nearly all the way; what is left is the next quote.",
    )
    taken: float = parameter(
        2.0,
        unit="times the quantity shown at the touch",
        low=0.1,
        high=1000,
        rationale="What takes less than is on show moves no price.",
    )
    message_lead: float = parameter(
        86400.0,
        unit="seconds before the own trade",
        low=0,
        high=604800,
        rationale="Who was told of a stop remembers it for the day.",
    )
    exit_window: float = parameter(
        3600.0,
        unit="seconds",
        low=1,
        high=86400,
        rationale="What a triggered stop moves is harvested within the hour.",
    )
    min_score: float = parameter(
        60.0,
        unit="score",
        low=0,
        high=100,
        rationale="To have known, or to have moved the price, alone is no case.",
    )


class StopTriggering(Detector):
    """The house, or somebody who knows, trades a price to where a client's stop order lies.

    Rule: a client's stop order waits at a known price (a take-profit or if-touched order too, which lies on
    the other side of the market). Suspect are aggressive fills of house, personal or maker accounts within a
    minute before it is triggered, towards the stop, decided after it was known, by somebody who could know
    it: the client's trader, his desk, or who was told of it in a message. Together they took more than was
    shown at the touch and walked the price from the quote before the first of them nearly to the stop. Left
    out: stops that lay within the noise, passive fills, riskless principal and agency, programmes decided
    before, own stop orders. The score adds what was known (40), how soon the stop went (20), how hard it was
    pushed (20) and what was gained on the way back (20). Linear: stops are few, fills meet them in buckets of
    the window's length.
    """

    name = "stop_triggering"
    code = "D13b"
    title = "Suspected triggering of a client's stop"
    version = "1.0.0"
    description = "Own aggressive trades pushed the price to a client's stop order they could know of."
    regulation = ("MAR Art. 16(2), Reg. 2016/957",)
    inputs = ("order_events", "accounts", "quotes")
    helpful = ("messages",)
    false_positives = (
        "A market that was falling anyway while the house sold too",
        "The hedge of another client's trade",
        "A desk that sells with no view of the order book of clients",
    )
    Params = StopTriggeringParameters

    def episodes(self, tables: Tables, params: StopTriggeringParameters) -> pl.LazyFrame:
        """Return pushes with the client orders they triggered, one row per actor, instrument and episode."""
        stops = waiting.triggered(tables)
        if is_empty(stops):
            return no_episodes()
        own = settled(waiting.own_fills(tables, stops))
        met = settled(_met(stops, own, params))
        judged = settled(_pushed(met, tables, params))
        known = _knowing(judged, tables, params)
        pairs = known.join(_gains(known, own, params), on=["client_order", "actor_group"], how="left")
        scored = pairs.with_columns(points=_score(params)).filter(pl.col("points") >= params.min_score)
        keys = ["actor_group", "instrument_id"]
        told = (
            "client_order", "client_account", "client_qty", "stop_px", "known_at", "fired_at", "touched", "way",
            "qty", "vwap", "last_px", "before", "spread", "distance", "reach", "taken", "lag", "knowledge",
            "knowing", "gain", "gain_spreads", "exit_px", "points",
        )  # fmt: skip
        return steadied(
            numbered(scored, keys, last="fired_ns")
            .group_by(*keys, "episode")
            .agg(
                window_start=pl.col("first_at").min(),
                window_end=pl.max_horizontal(pl.col("fired_at").max(), pl.col("exit_at").max()),
                first_seq=sequence("first_ns").sort_by("first_ns").first(),
                last_seq=sequence("fired_ns").sort_by("fired_ns").last(),
                stops=pl.col("client_order").n_unique(),
                client_orders=listed("client_order"),
                own_orders=flattened("own_orders"),
                exit_orders=flattened("exit_orders"),
                exec_ids=flattened("exec_ids"),
                message_ids=flattened("message_ids"),
                accounts=flattened("accounts"),
                traders=flattened("traders"),
                **{
                    name: pl.col(name).sort_by("points", "client_qty", "client_order").last() for name in told
                },
            )
        )

    def blind_spots(self, tables: Tables, params: StopTriggeringParameters) -> list[pl.LazyFrame]:
        """Return client orders without a stop price, and pushes that could not be measured."""
        stops = waiting.triggered(tables)
        unknown = [waiting.unpriced(tables), waiting.none_on_record(tables)]
        if is_empty(stops):
            return unknown
        own = settled(waiting.own_fills(tables, stops, role=None))
        met = settled(_met(stops, own, params))
        unseen = met.join(waiting.quotes_before(met, tables), on=["client_order", "actor_group"], how="anti")
        return [
            *unknown,
            _gap(
                met.filter(pl.col("roles") < pl.col("fills")),
                "Own fills before a client's stop do not say whether they were aggressive; they were not judged.",
            ),
            _gap(
                unseen, "No quote before own trades at a client's stop; who moved the price was not judged."
            ),
        ]

    def tell(self, episode: Mapping[str, Any], params: StopTriggeringParameters) -> Told:
        """Score by what was known (40), how soon (20), how hard (20) and what was gained (20)."""
        up = episode["way"] > 0
        act, back, moved = ("bought", "sold", "up") if up else ("sold", "bought", "down")
        what = "take-profit order" if episode["touched"] else "stop order"
        who = f"trader {episode['traders'][0]}" if episode["traders"] else f"account {episode['accounts'][0]}"
        story = [
            (
                f"The {what} {episode['client_order']} of client account {episode['client_account']} over "
                f"{episode['client_qty']:,.0f} units of {episode['instrument_id']} waited at "
                f"{episode['stop_px']:,.4f}, known from {episode['known_at']:%H:%M:%S} UTC on "
                f"{episode['known_at']:%Y-%m-%d}; the market stood {episode['distance']:.1f} spreads away."
            ),
            (
                f"{who[0].upper()}{who[1:]} {act} {episode['qty']:,.0f} units for {', '.join(episode['accounts'])}, "
                f"{episode['taken']:.1f} times what was shown at the touch, and took the price {moved} from "
                f"{episode['before']:,.4f} to {episode['last_px']:,.4f}."
            ),
            f"The order was triggered {episode['lag']:.1f} seconds after the first of these fills.",
            f"Why they could know: {episode['knowing']}.",
        ]
        if episode["stops"] > 1:
            story.append(f"{episode['stops']} client orders were triggered that way.")
        if episode["exit_px"] is not None:
            word = "gain" if episode["gain"] >= 0 else "loss"
            story.append(
                f"It was {back} again at {episode['exit_px']:,.4f}, a {word} of {abs(episode['gain']):,.2f} or "
                f"{abs(episode['gain_spreads']):.1f} spreads."
            )
        story.append("Suspected triggering of stops: ask why this trade was done at that moment, so fast.")
        return Told(
            score=episode["points"],
            metrics=[
                Metric("stop_distance", episode["distance"], params.distance, "spreads"),
                Metric("reach", episode["reach"], params.reach, "fraction"),
                Metric("taken", episode["taken"], params.taken, "times the touch"),
                Metric("lag", episode["lag"], params.window, "seconds"),
                Metric("knowledge", episode["knowledge"], 25.0, "points"),
                Metric("gain", episode["gain_spreads"], None, "spreads"),
            ],
            story=story,
            actors=[("account", a) for a in episode["accounts"]]
            + [("trader", t) for t in episode["traders"]],
            order_ids=[*episode["own_orders"], *episode["client_orders"], *(episode["exit_orders"] or [])],
            exec_ids=episode["exec_ids"],
            message_ids=episode["message_ids"] or [],
        )


def _met(stops: pl.LazyFrame, own: pl.LazyFrame, params: StopTriggeringParameters) -> pl.LazyFrame:
    """Return, by client order and actor, the own fills towards the stop within the window before it went."""
    window = int(params.window * _SECOND)
    buckets = pl.int_ranges(
        (pl.col("fired_ns") - window) // window, pl.col("fired_ns") // window + 1, dtype=pl.Int64
    )
    order = pl.struct("ns", "exec_id")
    return (
        own.with_columns(bucket=pl.col("ns") // window)
        .join(
            stops.with_columns(bucket=buckets).explode("bucket"),
            on=["instrument_id", "bucket"],
            how="inner",
        )
        .filter(
            (pl.col("sign") == pl.col("way"))
            & (pl.col("ns") <= pl.col("fired_ns"))
            & (pl.col("ns") >= pl.col("fired_ns") - window)
            & (pl.col("decided_ns") > pl.col("known_ns"))
            & (pl.col("actor_group") != pl.col("client_group"))
        )
        .group_by("client_order", "actor_group")
        .agg(
            pl.col("instrument_id", "client_account", "client_trader", "client_desk", "client_qty", "stop_px",
                   "touched", "way", "known_ns", "known_at", "fired_ns", "fired_at").first(),
            first_ns=pl.col("ns").min(),
            last_ns=pl.col("ns").max(),
            first_at=pl.col("at").min(),
            qty=pl.col("qty").sum(),
            vwap=(pl.col("qty") * pl.col("px")).sum() / pl.col("qty").sum(),
            last_px=pl.col("px").sort_by(order).last(),
            farthest=(pl.col("px") * pl.col("sign")).max().abs(),
            fills=pl.len(),
            roles=pl.col("aggressive").is_not_null().sum(),
            persons=listed("person"),
            desks=listed("desk"),
            own_orders=listed("order_id"),
            exec_ids=listed("exec_id"),
            accounts=listed("account_id"),
            traders=listed("trader_id"),
        )
    )  # fmt: skip


def _pushed(met: pl.LazyFrame, tables: Tables, params: StopTriggeringParameters) -> pl.LazyFrame:
    """Keep what moved the price from outside the noise nearly to the stop, by taking more than was shown."""
    before = waiting.quotes_before(met, tables)
    way, gap = pl.col("way"), pl.col("way") * (pl.col("stop_px") - pl.col("before"))
    shown = pl.when(way > 0).then("ask_qty").otherwise("bid_qty")
    return (
        met.join(before, on=["client_order", "actor_group"], how="inner")
        .with_columns(
            distance=(gap / pl.col("spread")).round(9),
            reach=(way * (pl.col("farthest") - pl.col("before")) / gap).round(9),
            # Where nothing is known of what was shown, the walk of the price has to speak for itself.
            taken=pl.col("qty") / pl.when(shown > 0).then(shown),
            lag=(pl.col("fired_ns") - pl.col("first_ns")) / _SECOND,
        )
        .filter(
            (pl.col("distance") > 0)
            & (pl.col("distance") >= params.distance)
            & (pl.col("reach") >= params.reach)
            & (pl.col("taken").fill_null(params.taken) >= params.taken)
        )
        .with_columns(taken=pl.col("taken").fill_null(params.taken))
    )


def _knowing(pushed: pl.LazyFrame, tables: Tables, params: StopTriggeringParameters) -> pl.LazyFrame:
    """Keep who could know of the stop, with why and the points that is worth."""
    heard = waiting.messages_between(pushed, tables, lead=params.message_lead)
    same_trader = pl.col("persons").list.contains(pl.col("client_trader")).fill_null(value=False)
    same_desk = pl.col("desks").list.contains(pl.col("client_desk")).fill_null(value=False)
    told = pl.col("message_ids").is_not_null()
    points = pl.when(same_trader).then(40.0).when(told).then(35.0).when(same_desk).then(25.0).otherwise(0.0)
    why = (
        pl.when(same_trader)
        .then(pl.lit("the client's order was theirs to watch"))
        .when(told)
        .then(pl.lit("a message about the instrument reached them before"))
        .otherwise(pl.lit("the client's order waited on the same desk"))
    )
    return (
        pushed.join(heard, on=["client_order", "actor_group"], how="left")
        .with_columns(knowledge=points, knowing=why)
        .filter(pl.col("knowledge") > 0)
    )


def _gains(pairs: pl.LazyFrame, own: pl.LazyFrame, params: StopTriggeringParameters) -> pl.LazyFrame:
    """Return, by client order and actor, what trading back after the stop went brought."""
    wanted = pairs.select(
        "client_order", "actor_group", "instrument_id", "way", "fired_ns", "vwap", "spread", pushed="qty"
    )
    back = (
        wanted.join(own, on=["actor_group", "instrument_id"], how="inner")
        .filter(
            (pl.col("sign") == -pl.col("way"))
            & (pl.col("ns") >= pl.col("fired_ns"))
            & (pl.col("ns") <= pl.col("fired_ns") + int(params.exit_window * _SECOND))
        )
        .group_by("client_order", "actor_group")
        .agg(
            pl.col("way", "vwap", "spread", "pushed").first(),
            exit_px=(pl.col("qty") * pl.col("px")).sum() / pl.col("qty").sum(),
            closed=pl.col("qty").sum(),
            exit_at=pl.col("at").max(),
            exit_orders=listed("order_id"),
        )
    )
    each = pl.col("way") * (pl.col("exit_px") - pl.col("vwap"))
    return back.select(
        "client_order", "actor_group", "exit_px", "exit_at", "exit_orders",
        gain=each * pl.min_horizontal("pushed", "closed"), gain_spreads=each / pl.col("spread"),
    )  # fmt: skip


def _score(params: StopTriggeringParameters) -> pl.Expr:
    soon = 1 - pl.col("lag") / params.window
    hard = (pl.col("taken") / (5 * params.taken)).clip(upper_bound=1.0)
    gained = (pl.col("gain_spreads").fill_null(0.0) / 10).clip(0.0, 1.0)
    return pl.col("knowledge") + 20 * soon + 20 * hard + 20 * gained


def _gap(rows: pl.LazyFrame, reason: str) -> pl.LazyFrame:
    return (
        rows.group_by("instrument_id")
        .agg(missing=pl.len().cast(pl.UInt32))
        .with_columns(reason=pl.lit(reason))
        .select(*GAP_SCHEMA)
    )
