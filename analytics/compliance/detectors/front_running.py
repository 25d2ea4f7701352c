"""Front running: an own order ahead of a client order that was already known."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from analytics.compliance._client_orders import SECOND, client_orders, root_orders
from analytics.compliance._features import mids_of
from analytics.compliance._products import direction, with_product
from analytics.compliance._spans import settled
from analytics.compliance.alerts import Metric, Told, flattened, listed, sequence
from analytics.compliance.detector import GAP_SCHEMA, Detector, Tables
from analytics.compliance.parameters import Parameters, parameter
from analytics.text import formatted

_HOUR = 3600 * 10**9
_OWN = ("house", "personal", "mm")


@dataclass(frozen=True)
class FrontRunningParameters(Parameters):
    """What makes a client order worth running ahead of, and a trade suspect."""

    desk_percentile: float = parameter(
        0.75,
        unit="percentile of the desk's client orders",
        low=0.0,
        high=1.0,
        rationale="An order that is usual for the desk moves nothing.",
    )
    desk_history: int = parameter(
        20, unit="orders", low=1, high=10000, rationale="Fewer client orders set no percentile; all count."
    )
    size_multiple: float = parameter(
        3.0,
        unit="times the suspect order",
        low=0.1,
        high=1000,
        rationale="The client's order must be what moves the price, not the other way round.",
    )
    clock_tolerance: float = parameter(
        60.0,
        unit="seconds",
        low=0,
        high=600,
        rationale="Clocks of two systems and late time stamps; not granted where a message fixes the moment.",
    )
    message_lead: float = parameter(
        1800.0,
        unit="seconds",
        low=0,
        high=86400,
        rationale="A call or chat comes before the ticket is written, but not by hours.",
    )
    exit_window: float = parameter(
        86400.0, unit="seconds", low=60, high=604800, rationale="The impact is harvested within a day."
    )
    longest_order: float = parameter(
        43200.0, unit="seconds", low=600, high=86400, rationale="A client's order is worked within its day."
    )
    hedge_window: float = parameter(
        600.0,
        unit="seconds",
        low=1,
        high=3600,
        rationale="A hedge follows the derivative trade it covers within minutes.",
    )
    lead_scale: float = parameter(
        600.0,
        unit="seconds",
        low=1,
        high=86400,
        rationale="Within ten minutes of receipt chance is unlikely.",
    )
    min_score: float = parameter(
        60.0, unit="score", low=0, high=100, rationale="Knowledge, timing or luck alone is a coincidence."
    )


class FrontRunning(Detector):
    """The house, or somebody who knows, trades ahead of a client order in the same direction.

    Rule: a client order (the parent where there is one) is known from ``received_time``, or from a message
    about the instrument to whoever trades, if that came earlier. Suspect is an order of a house, personal
    or aggressive maker account, same economic direction, entered from then until the client's last fill, by
    somebody who could know: the client's trader, his desk, or the reader of the message; filled no worse
    than the client; closed within a day at a gain of at least a spread. Left out: orders whose parent is
    older, riskless principal, passive fills of makers, hedges of a derivative just traded. Linear: client
    orders are few after the size filter and meet suspects in hour buckets.
    """

    name = "front_running"
    code = "D13"
    title = "Suspected front running"
    version = "1.0.0"
    description = "An own order was placed ahead of a client order already known, and closed at a gain."
    regulation = ("FINRA Rule 5320", "MAR Art. 16(2), Reg. 2016/957")
    inputs = ("order_events", "accounts")
    helpful = ("quotes", "messages", "instruments", "prices")
    false_positives = (
        "A hedge of a derivative trade done just before",
        "Riskless principal fills",
        "A programme that was decided before the client called",
        "Two customers of one desk in a busy name",
    )
    Params = FrontRunningParameters

    def episodes(self, tables: Tables, params: FrontRunningParameters) -> pl.LazyFrame:
        """Return suspects with the client order they ran ahead of, one row per actor and client order."""
        # Each is read several times over: computed once, it stays small.
        roots = root_orders(tables)
        clients = client_orders(
            roots,
            percentile=params.desk_percentile,
            history=params.desk_history,
            longest=params.longest_order,
        )
        suspects = _suspects(roots)
        pairs = settled(_pairs(settled(clients), suspects, tables, params))
        gained = _gains(pairs, suspects, tables, params)
        merged = gained.group_by("actor_group", "instrument_id", "client_order").agg(
            window_start=pl.col("entered").min(),
            window_end=pl.max_horizontal(pl.col("exit_time").max(), pl.col("client_last_time").max()),
            first_seq=sequence("entered_ns").sort_by("entered_ns").first(),
            last_seq=sequence("entered_ns").sort_by("entered_ns").last(),
            lead=pl.col("lead").min(),
            knowledge=pl.col("knowledge").max(),
            knowing=pl.col("knowing").sort_by("knowledge").last(),
            qty=pl.col("qty").sum(),
            entry_px=(pl.col("vwap") * pl.col("filled")).sum() / pl.col("filled").sum(),
            exit_px=pl.col("exit_px").mean(),
            gain=(pl.col("gain") * pl.col("filled")).sum(),
            gain_spreads=pl.col("gain_spreads").max(),
            luck=pl.col("luck").min(),
            client_vwap=pl.col("client_vwap").first(),
            client_qty=pl.col("client_qty").first(),
            client_account=pl.col("client_account").first(),
            client_instrument=pl.col("client_instrument").first(),
            known_at=pl.col("known_at").first(),
            direction=pl.col("direction").first(),
            own_orders=listed("order_id"),
            exits=flattened("exit_orders"),
            message_ids=flattened("message_ids"),
            accounts=listed("account_id"),
            traders=listed("trader_id"),
        )
        # Of several client orders that one trade ran ahead of, the largest tells the story.
        keys = ["actor_group", "instrument_id", "first_seq"]
        best = merged.sort("client_qty", "client_order").unique(keys, keep="last", maintain_order=False)
        return best.filter(_score(params) >= params.min_score).with_columns(points=_score(params))

    def blind_spots(self, tables: Tables, params: FrontRunningParameters) -> list[pl.LazyFrame]:
        """Return client orders whose receipt is not on record."""
        kinds = tables["accounts"].filter(pl.col("kind") == "client").select("account_id").unique()
        return [
            tables["order_events"]
            .filter((pl.col("event_type") == "new") & pl.col("parent_order_id").is_null())
            .filter(pl.col("received_time").is_null())
            .join(kinds, on="account_id", how="semi")
            .group_by("instrument_id")
            .agg(missing=pl.len().cast(pl.UInt32))
            .with_columns(reason=pl.lit("Client orders carry no time of receipt; their entry was used."))
            .select(*GAP_SCHEMA)
        ]

    def tell(self, episode: Mapping[str, Any], params: FrontRunningParameters) -> Told:
        """Score by what was known (40), how soon (20) and how lucky the entry would have to be (40)."""
        act = "bought" if episode["direction"] > 0 else "sold"
        back, got = ("sold", "paid") if episode["direction"] > 0 else ("bought", "got")
        who = f"trader {episode['traders'][0]}" if episode["traders"] else f"account {episode['accounts'][0]}"
        luck = episode["luck"]
        story = [
            (
                f"The order {episode['client_order']} of client account {episode['client_account']} over "
                f"{episode['client_qty']:,.0f} units of {episode['client_instrument']} was known from "
                f"{episode['known_at']:%H:%M:%S} UTC on {episode['known_at']:%Y-%m-%d}."
            ),
            (
                f"{_span(episode['lead'])} {who} {act} {episode['qty']:,.0f} units of "
                f"{episode['instrument_id']} for {', '.join(episode['accounts'])} at "
                f"{episode['entry_px']:,.4f}; the client {got} {episode['client_vwap']:,.4f} on average."
            ),
            f"Why they could know: {episode['knowing']}.",
            (
                f"It was {back} again at {episode['exit_px']:,.4f}, a gain of {episode['gain']:,.2f} or "
                f"{episode['gain_spreads']:.1f} spreads."
            ),
        ]
        if luck is not None:
            story.append(f"Only {luck:.0%} of that day's prices would have been as good to enter at.")
        story.append("Suspected front running: ask what the trader knew, and why this trade at that moment.")
        return Told(
            score=episode["points"],
            metrics=[
                Metric("lead_time", episode["lead"], params.lead_scale, "seconds"),
                Metric("knowledge", episode["knowledge"], 25.0, "points"),
                Metric("gain", episode["gain_spreads"], 1.0, "spreads"),
                Metric("entry_luck", luck, 0.5, "fraction", None if luck is None else 100 * (1 - luck)),
            ],
            story=story,
            actors=[("account", a) for a in episode["accounts"]]
            + [("trader", t) for t in episode["traders"]],
            order_ids=[*episode["own_orders"], episode["client_order"], *episode["exits"]],
            message_ids=episode["message_ids"],
            instrument_ids=(
                []
                if episode["client_instrument"] == episode["instrument_id"]
                else [episode["client_instrument"]]
            ),
        )


def _suspects(roots: pl.LazyFrame) -> pl.LazyFrame:
    """Return orders for the house's or a person's own money."""
    riskless = (pl.col("capacity") == "riskless").fill_null(value=False)
    quoted = (pl.col("kind") == "mm") & pl.col("passive")
    person = pl.when(pl.col("kind") == "personal").then(pl.coalesce("owner_id", "trader_id"))
    return roots.filter(pl.col("kind").is_in(_OWN) & ~riskless & ~quoted).with_columns(
        person=person.otherwise(pl.col("trader_id")),
        # The house is one owner with many traders; only the trader's own book is one will.
        actor_group=pl.when(pl.col("kind") == "personal")
        .then("actor_group")
        .otherwise(
            pl.coalesce(
                formatted("trader:{}", pl.col("trader_id")), formatted("account:{}", pl.col("account_id"))
            )
        ),
    )


def _pairs(
    clients: pl.LazyFrame, suspects: pl.LazyFrame, tables: Tables, params: FrontRunningParameters
) -> pl.LazyFrame:
    """Return suspects beside the client orders they could have known, with why."""
    early = int(max(params.clock_tolerance, params.message_lead) * SECOND)
    bucket = pl.int_ranges(
        (pl.col("received") - early) // _HOUR, pl.col("client_last") // _HOUR + 1, dtype=pl.Int64
    )
    spread_out = clients.with_columns(bucket=bucket).explode("bucket")
    met = (
        suspects.with_columns(bucket=pl.col("entered_ns") // _HOUR)
        .join(spread_out, on=["product_id", "direction", "bucket"], how="inner")
        .filter(
            (pl.col("entered_ns") >= pl.col("received") - early)
            & (pl.col("entered_ns") < pl.col("client_last"))
            & (pl.col("first_ns") < pl.col("client_last"))
            & (pl.col("actor_group") != pl.col("client_group"))
            & (
                pl.col("client_notional")
                >= params.size_multiple * pl.col("qty") * pl.col("vwap") * pl.col("exposure").abs()
            )
            # Better than the client, where both trade the same thing.
            & (
                (pl.col("instrument_id") != pl.col("client_instrument"))
                | (pl.col("side_sign") * (pl.col("client_vwap") - pl.col("vwap")) >= 0)
            )
        )
    )
    same_trader = (pl.col("person") == pl.col("client_trader")).fill_null(value=False)
    same_desk = (pl.col("desk") == pl.col("client_desk")).fill_null(value=False)
    told = _told(met, tables, params)
    heard = pl.col("heard").is_not_null()
    known = pl.when(heard).then(pl.min_horizontal("heard", "received")).otherwise(pl.col("received"))
    tolerance = pl.when(heard).then(0).otherwise(int(params.clock_tolerance * SECOND))
    points = pl.when(same_trader).then(40.0).when(heard).then(35.0).when(same_desk).then(25.0).otherwise(0.0)
    why = (
        pl.when(same_trader)
        .then(pl.lit("the client's order was theirs to work"))
        .when(heard)
        .then(pl.lit("a message about the instrument reached them before"))
        .otherwise(pl.lit("the client's order was worked on the same desk"))
    )
    return (
        met.join(told, on=["order_id", "client_order"], how="left")
        .with_columns(known=known, knowledge=points, knowing=why)
        .filter((pl.col("entered_ns") >= pl.col("known") - tolerance) & (pl.col("knowledge") > 0))
        .with_columns(
            lead=(pl.col("entered_ns") - pl.col("known")) / SECOND,
            known_at=pl.from_epoch(pl.col("known") // 1000, time_unit="us").dt.replace_time_zone("UTC"),
        )
    )


def _told(met: pl.LazyFrame, tables: Tables, params: FrontRunningParameters) -> pl.LazyFrame:
    """Return, by pair, the first message on the instrument that joined both people before the suspect order."""
    lead = int(params.message_lead * SECOND)
    said = tables["messages"].filter(pl.col("instrument_ids").list.len() > 0).select(
        "message_id",
        said_ns="transact_time_ns",
        client_instrument="instrument_ids",
        people=pl.concat_list("sender_id", pl.col("recipient_ids").fill_null([])),
    ).explode("client_instrument")  # fmt: skip
    asked = met.select(
        "order_id", "client_order", "client_instrument", "person", "client_trader", "received", "entered_ns"
    )
    return (
        said.join(asked, on="client_instrument", how="inner")
        .filter(
            (pl.col("said_ns") <= pl.col("entered_ns") + lead)
            & (pl.col("said_ns") >= pl.col("received") - lead)
            & (pl.col("said_ns") <= pl.col("received"))
            & pl.col("people").list.contains(pl.col("person"))
            & pl.col("people").list.contains(pl.col("client_trader"))
        )
        .group_by("order_id", "client_order")
        .agg(heard=pl.col("said_ns").min(), message_ids=listed("message_id"))
    )


def _gains(
    pairs: pl.LazyFrame, suspects: pl.LazyFrame, tables: Tables, params: FrontRunningParameters
) -> pl.LazyFrame:
    """Keep what was closed at a gain of a spread or more and is no hedge; add how lucky the entry was."""
    window = int(params.exit_window * SECOND)
    closed = suspects.select(
        "actor_group", "instrument_id", exit_sign="side_sign", exit_order="order_id", exit_vwap="vwap",
        exit_qty="filled", exit_ns="first_ns", exit_at="last_time",
    )  # fmt: skip
    wanted = pairs.select(
        "order_id", "client_order", "actor_group", "instrument_id", "side_sign", "last_ns", "vwap"
    )
    exits = (
        wanted.join(closed, on=["actor_group", "instrument_id"], how="inner")
        .filter(
            (pl.col("exit_sign") == -pl.col("side_sign"))
            & (pl.col("exit_ns") > pl.col("last_ns"))
            & (pl.col("exit_ns") <= pl.col("last_ns") + window)
        )
        .group_by("order_id", "client_order")
        .agg(
            exit_px=(pl.col("exit_vwap") * pl.col("exit_qty")).sum() / pl.col("exit_qty").sum(),
            exit_time=pl.col("exit_at").max(),
            exit_orders=listed("exit_order"),
        )
    )
    mids = mids_of(pairs.select("instrument_id", day=pl.col("entered").dt.date()).unique(), tables)
    entry = pairs.select("order_id", "instrument_id", "side_sign", "vwap", day=pl.col("entered").dt.date())
    luck = (
        entry.unique("order_id")
        .join(mids, on=["instrument_id", "day"], how="inner")
        .group_by("order_id")
        .agg(
            luck=(pl.col("side_sign") * (pl.col("mid") - pl.col("vwap")) <= 0).mean(),
            spread=pl.col("spread").median(),
        )
    )
    gain = pl.col("side_sign") * (pl.col("exit_px") - pl.col("vwap"))
    return (
        pairs.join(exits, on=["order_id", "client_order"], how="inner")
        .join(luck, on="order_id", how="left")
        .join(_hedges(pairs, tables, params), on="order_id", how="anti")
        .with_columns(gain=gain, gain_spreads=gain / pl.col("spread").fill_null(pl.col("vwap") * 1e-4))
        .filter(pl.col("gain_spreads") >= 1)
    )


def _hedges(pairs: pl.LazyFrame, tables: Tables, params: FrontRunningParameters) -> pl.LazyFrame:
    """Return suspect orders that offset another instrument of the product, traded minutes before."""
    window = int(params.hedge_window * SECOND)
    asked = pairs.select(
        "order_id", "account_id", "product_id", "instrument_id", "direction", "entered_ns"
    ).unique()
    fills = tables["order_events"].filter((pl.col("event_type") == "fill") & (pl.col("last_qty") > 0))
    fills = fills.join(asked, on="account_id", how="semi").select(
        "account_id", "instrument_id", fill_ns="transact_time_ns", sign=direction()
    )
    other = with_product(fills, tables).select(
        "account_id", "product_id", "fill_ns", other="instrument_id",
        way=(pl.col("sign") * pl.col("exposure").sign()).cast(pl.Int8),
    )  # fmt: skip
    return (
        asked.join(other, on=["account_id", "product_id"], how="inner")
        .filter(
            (pl.col("other") != pl.col("instrument_id"))
            & (pl.col("way") == -pl.col("direction"))
            & (pl.col("fill_ns") <= pl.col("entered_ns"))
            & (pl.col("fill_ns") >= pl.col("entered_ns") - window)
        )
        .select("order_id")
        .unique()
    )


def _score(params: FrontRunningParameters) -> pl.Expr:
    soon = pl.max_horizontal(pl.lit(0.0), 1 - pl.col("lead").clip(lower_bound=0.0) / (2 * params.lead_scale))
    lucky = 1 - pl.col("luck").fill_null(0.5)
    big = (pl.col("gain_spreads") / 10).clip(upper_bound=1.0)
    return pl.col("knowledge") + 20 * soon + 25 * lucky + 15 * big


def _span(seconds: float) -> str:
    if seconds < 0:
        return f"{-seconds:.0f} seconds before that"
    if seconds < 120:
        return f"{seconds:.1f} seconds later"
    return f"{seconds / 60:.0f} minutes later"
