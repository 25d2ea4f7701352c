"""Fat finger: an order far through the market, far above the usual size, or sent again and again."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from analytics.compliance._order_references import (
    BUYS,
    KEPT,
    beyond_all,
    entered_orders,
    grounds,
    limits_of,
    referenced,
)
from analytics.compliance._price_practice import beyond_practice, price_score, price_told
from analytics.compliance._repeats import equal_bursts
from analytics.compliance._spans import is_empty, no_episodes, settled
from analytics.compliance.alerts import Metric, Told, listed, sequence, with_episode
from analytics.compliance.detector import GAP_SCHEMA, Detector, Tables
from analytics.compliance.parameters import Parameters, parameter
from analytics.text import formatted


@dataclass(frozen=True)
class FatFingerParameters(Parameters):
    """Collar, size and duplicate thresholds; each is relative to something local."""

    collar: float = parameter(
        0.05,
        unit="fraction of the reference",
        low=0.001,
        high=1.0,
        rationale="Static floor around a live mid.",
    )
    spreads: float = parameter(
        5.0, unit="quoted spreads", low=1, high=100, rationale="A wide market makes a wide order usual."
    )
    sigmas: float = parameter(
        6.0,
        unit="standard deviations",
        low=1,
        high=50,
        rationale="Of one minute around a mid, of a day around a close.",
    )
    close_collar: float = parameter(
        0.10,
        unit="fraction of the reference",
        low=0.001,
        high=2.0,
        rationale="A close is a weaker reference than a mid.",
    )
    max_quote_age: float = parameter(
        600.0,
        unit="seconds",
        low=1,
        high=3600,
        rationale="Feeds report changes only; ten minutes without one mean a halt or a dead feed.",
    )
    max_close_age: int = parameter(
        7, unit="days", low=1, high=60, rationale="Covers a long weekend; beyond it the reference is stale."
    )
    practice_share: float = parameter(
        0.01,
        unit="fraction of the instrument's filled orders",
        low=0.0001,
        high=1.0,
        rationale="Slips are rare; what one filled order in a hundred does is how market orders are sent there.",
    )
    practice_actors: int = parameter(
        5,
        unit="traders",
        low=2,
        high=1000,
        rationale="One desk's habit, or its broken program, is no practice.",
    )
    practice_multiple: float = parameter(
        2.0,
        unit="times the usual distance",
        low=1,
        high=100,
        rationale="A wider limit than usual alone is not a mistake; as with sizes.",
    )
    own_multiple: float = parameter(
        2.0,
        unit="times own 99.9th percentile",
        low=1,
        high=100,
        rationale="A new record alone is not a mistake.",
    )
    own_history: int = parameter(
        30, unit="orders", low=5, high=10000, rationale="Fewer orders say nothing about what is usual."
    )
    adv_share: float = parameter(
        0.10,
        unit="fraction of average daily volume",
        low=0.001,
        high=10,
        rationale="Small orders are harmless whatever is usual.",
    )
    nav_multiple: float = parameter(
        2.0,
        unit="times the account's net asset value",
        low=0.1,
        high=100,
        rationale="One order worth twice the whole account is hardly meant, whatever the leverage.",
    )
    repeats: int = parameter(
        3, unit="orders", low=2, high=1000, rationale="Two equal orders happen; three within a second seldom."
    )
    repeat_window: float = parameter(
        1.0,
        unit="seconds",
        low=0.001,
        high=60,
        rationale="A stuck key or a looping program is faster than a hand.",
    )
    repeat_chance: float = parameter(
        1e-5,
        unit="runs a day by chance",
        low=1e-12,
        high=1.0,
        rationale="Busy accounts repeat themselves by chance; over a hundred thousand kinds of orders, one such run.",
    )


class FatFinger(Detector):
    """An order that looks like a slip: price, size or repetition.

    Rule: (price) a buy limit above, or a sell limit below, the reference by more than the collar; passive
    prices are never flagged. Where such limits are how orders are sent in the instrument (one filled order in a
    hundred of the last 30 days, from several traders), only those far beyond the usual distance are flagged, and
    those that traded beyond the collar; what was wholly done within it scores less. The reference is the mid not older than ``max_quote_age``, else the last
    close, else the order is reported as not judged. (size) quantity above both ``own_multiple`` x the
    account's own 99.9th percentile of the last 30 days and ``adv_share`` of usual volume. (notional) worth
    more than ``nav_multiple`` x the account's last net asset value. (repeat) the
    same account, instrument, side, venue, quantity and price again and again within a second, which the
    pace of the account's other orders does not explain. Orders for auctions and in options are not held to the price collar.
    """

    name = "fat_finger"
    code = "D19"
    title = "Suspected fat finger"
    version = "1.3.0"
    description = "An order far through the market, far above the usual size, or sent several times at once."
    regulation = ("SEC Rule 15c3-5", "MAR Art. 16(2), Reg. 2016/957")
    inputs = ("order_events",)
    helpful = ("quotes", "prices", "instruments", "daily_nav")
    false_positives = (
        "Auctions, halts and the first trade of a listing, where the reference is off",
        "A deliberate block far above the account's usual size",
        "Slices of one parent that happen to be equal",
    )
    Params = FatFingerParameters

    def episodes(self, tables: Tables, params: FatFingerParameters) -> pl.LazyFrame:
        """Return flagged orders, merged into episodes by trader and instrument."""
        orders = entered_orders(tables)
        ground = settled(grounds(tables, params))
        found = [
            settled(hits)
            for hits in (
                _prices(orders, ground, tables, params),
                _sizes(orders, ground, params),
                _notionals(orders, ground, tables, params),
                _repeated(orders, params),
            )
        ]
        if all(is_empty(hits) for hits in found):
            return no_episodes()
        hits = pl.concat(found, how="diagonal").with_columns(
            actor_group=pl.coalesce(
                formatted("trader:{}", pl.col("trader_id")), formatted("account:{}", pl.col("account_id"))
            )
        )
        return (
            with_episode(hits)
            .group_by("actor_group", "instrument_id", "episode")
            .agg(
                window_start=pl.col("transact_time").min(),
                window_end=pl.col("transact_time").max(),
                first_seq=sequence(seq="event_seq").first(),
                last_seq=sequence(seq="event_seq").last(),
                order_ids=listed("order_id"),
                event_seqs=listed("event_seq"),
                accounts=listed("account_id"),
                traders=listed("trader_id"),
                checks=pl.col("check").unique().sort(),
                **{
                    name: pl.col(name).sort_by("excess", name).last()
                    for name in ("side", "limit_px", "order_qty")
                },
                **{
                    name: pl.col(name).filter(pl.col("check") == check).sort_by(_excess(check)).last()
                    for name, check in _OF_CHECK.items()
                },
                repeated=pl.col("burst").max(),
                by_chance=pl.col("by_chance").sort_by("burst", "by_chance").last(),
            )
        )

    def blind_spots(self, tables: Tables, params: FatFingerParameters) -> list[pl.LazyFrame]:
        """Return limit orders whose reference is missing or stale."""
        orders = entered_orders(tables)
        ground = settled(grounds(tables, params).filter(~pl.col("recent")))
        if is_empty(ground):
            return []
        priced = referenced(
            limits_of(orders.join(ground, on=["instrument_id", "day"], how="inner")), tables, params
        )
        return [
            priced.filter(pl.col("reference").is_null())
            .group_by("instrument_id")
            .agg(missing=pl.len().cast(pl.UInt32))
            .with_columns(
                reason=pl.lit("No quote and no recent close to hold the price of some orders against.")
            )
            .select(*GAP_SCHEMA)
        ]

    def tell(self, episode: Mapping[str, Any], params: FatFingerParameters) -> Told:
        """Score the worst of the three checks by how far beyond its threshold it is."""
        who = f"trader {episode['traders'][0]}" if episode["traders"] else f"account {episode['accounts'][0]}"
        story = [
            (
                f"At {episode['window_start']:%H:%M:%S} UTC on {episode['window_start']:%Y-%m-%d}, {who} sent "
                f"{len(episode['order_ids'])} order{'s' * (len(episode['order_ids']) != 1)} in "
                f"{episode['instrument_id']} that stand{'s' * (len(episode['order_ids']) == 1)} out."
            )
        ]
        metrics, scores = [], []
        if "price" in episode["checks"]:
            scores.append(price_score(episode))
            told, said = price_told(episode)
            metrics += told
            story += said
        if "size" in episode["checks"]:
            ratio = episode["size_ratio"]
            scores.append(50 + 50 * min(1.0, (ratio - 1) / 9))
            metrics.append(Metric("order_qty", episode["size_qty"], episode["size_limit"], "units"))
            story.append(
                f"An order over {episode['size_qty']:,.0f} units is {ratio:.1f} times the threshold of "
                f"{episode['size_limit']:,.0f}, set by {episode['size_basis']}."
            )
        if "notional" in episode["checks"]:
            ratio = episode["nav_ratio"]
            scores.append(50 + 50 * min(1.0, (ratio / params.nav_multiple - 1) / 4))
            metrics.append(Metric("order_to_nav", ratio, params.nav_multiple, "times the account"))
            story.append(f"One order was worth {ratio:.1f} times the account's last net asset value.")
        if "repeat" in episode["checks"]:
            scores.append(45 + 10 * (episode["repeated"] - params.repeats))
            metrics.append(Metric("repeats", float(episode["repeated"]), float(params.repeats), "orders"))
            metrics.append(
                Metric("repeats_by_chance", episode["by_chance"], params.repeat_chance, "runs a day")
            )
            story.append(
                f"The same order was sent {episode['repeated']} times, each within {params.repeat_window:g} s of the last."
            )
        story.append("Suspected slip: check what was meant, and whether a control should have stopped it.")
        return Told(
            score=max(scores) + 5 * (len(scores) - 1),
            metrics=metrics,
            story=story,
            actors=[("account", a) for a in episode["accounts"]]
            + [("trader", t) for t in episode["traders"]],
            order_ids=episode["order_ids"],
            event_seqs=episode["event_seqs"],
        )


_OF_CHECK = {"away": "price", "band": "price", "bound": "price", "reached": "price", "beyond": "price", "harmless": "price",
             "reference": "price", "reference_kind": "price",
             "size_qty": "size", "size_limit": "size", "size_ratio": "size", "size_basis": "size",
             "nav_ratio": "notional"}  # fmt: skip


def _excess(check: str) -> pl.Expr:
    return pl.col("excess").filter(pl.col("check") == check)


def _prices(
    orders: pl.LazyFrame, ground: pl.LazyFrame, tables: Tables, params: FatFingerParameters
) -> pl.LazyFrame:
    """Return limits through the reference by more than the collar and the practice, on the aggressive side only.

    Only a limit beyond the collar of the day's lowest or highest reference can be beyond that of its own, so
    no other one is looked up.
    """
    suspects = settled(beyond_all(orders, ground, params))
    sign = pl.when(pl.col("side").is_in(BUYS)).then(1.0).otherwise(-1.0)
    far = (
        referenced(suspects, tables, params)
        .with_columns(away=sign * (pl.col("px") / pl.col("reference") - 1))
        .filter(pl.col("away") > pl.col("band"))
        .select(*KEPT, "away", "band", "reference", "reference_kind")
    )
    return beyond_practice(far, tables, params).select(
        *KEPT, "away", "band", "bound", "reached", "harmless", "reference", "reference_kind",
        check=pl.lit("price"), beyond="excess", excess="excess",
    )  # fmt: skip


def _sizes(orders: pl.LazyFrame, ground: pl.LazyFrame, params: FatFingerParameters) -> pl.LazyFrame:
    """Return orders above both the account's own usual size and a share of usual volume.

    Own size is compared in units of the instrument's average daily volume, so that all of an account's
    orders speak for one another; only orders strictly before count, and only accounts with an order above
    the share are asked.
    """
    floor = params.adv_share * pl.col("adv")
    days = settled(ground.filter(pl.col("adv") > 0).select("instrument_id", "day", "most", "adv"))
    entered, on = orders.filter(pl.col("event_type") == "new"), ["instrument_id", "day"]
    # Accounts are asked for on days with such an order only.
    busy = settled(days.filter(pl.col("most") > floor))
    if is_empty(busy):
        entered = entered.clear()
    sized = entered.join(days.drop("most"), on=on, how="inner")
    large = settled(
        entered.join(busy, on=on, how="inner").filter(pl.col("qty") > floor).select("account_id").unique()
    )
    own = (
        sized.join(large, on="account_id", how="semi", nulls_equal=True)
        .with_columns(ratio=pl.col("qty") / pl.col("adv"))
        .sort("account_id", "transact_time", "event_seq", "order_id")
        .with_columns(
            usual=pl.col("ratio")
            .rolling_quantile_by("transact_time", quantile=0.999, interpolation="linear",
                                 min_samples=params.own_history, window_size="30d", closed="left")
            .over("account_id")
        )
    )  # fmt: skip
    theirs = params.own_multiple * pl.col("usual") * pl.col("adv")
    return (
        own.with_columns(size_limit=pl.max_horizontal(floor, theirs))
        .filter(pl.col("qty") > pl.col("size_limit"))
        .with_columns(
            size_basis=pl.when((theirs > floor).fill_null(value=False))
            .then(pl.lit("the account's own history"))
            .otherwise(formatted("{}% of usual volume", pl.lit(round(params.adv_share * 100)))),
            size_ratio=pl.col("qty") / pl.col("size_limit"),
            check=pl.lit("size"),
        )
        .select(
            *KEPT, "size_limit", "size_ratio", "size_basis", "check",
            size_qty="qty", excess=pl.col("size_ratio"),
        )
    )  # fmt: skip


def _notionals(
    orders: pl.LazyFrame, ground: pl.LazyFrame, tables: Tables, params: FatFingerParameters
) -> pl.LazyFrame:
    """Return orders worth more than some multiple of the account's value on the evening before."""
    values = settled(
        tables["daily_nav"]
        .filter(pl.col("nav") > 0)
        .select("account_id", known="date", value=pl.col("nav").cast(pl.Float64))
        .sort("known")
    )
    if is_empty(values):
        nothing = orders.clear().with_columns(nav_ratio=pl.lit(0.0), check=pl.lit("notional"))
        return nothing.select(*KEPT, "nav_ratio", "check", excess="nav_ratio")
    factors = tables["instruments"].select(
        "instrument_id", size=(pl.col("multiplier") * pl.col("price_unit_factor")).cast(pl.Float64)
    ).unique("instrument_id", keep="any")  # fmt: skip
    evenings = (
        settled(orders.select("account_id", "day").unique())
        .sort("day")
        .join_asof(
            values,
            left_on="day",
            right_on="known",
            by="account_id",
            strategy="backward",
            allow_exact_matches=False,
            check_sortedness=False,
        )
        .filter(pl.col("value").is_not_null())
        .select("account_id", "day", "value")
    )
    worth = pl.col("qty") * pl.coalesce("px", "close") * pl.col("size").fill_null(1.0)
    closes = ground.select("instrument_id", "day", "close")
    return (
        orders.join(evenings, on=["account_id", "day"], how="inner")
        .join(closes, on=["instrument_id", "day"], how="left")
        .join(factors, on="instrument_id", how="left")
        .with_columns(nav_ratio=worth / pl.col("value"))
        .filter(pl.col("nav_ratio") > params.nav_multiple)
        .select(*KEPT, "nav_ratio", check=pl.lit("notional"), excess=pl.col("nav_ratio"))
    )


def _repeated(orders: pl.LazyFrame, params: FatFingerParameters) -> pl.LazyFrame:
    """Return every order of a run of equal orders that is dense, and rare in the account's own rhythm."""
    entered = orders.filter(pl.col("event_type") == "new").select(*KEPT, "venue", "parent_order_id", "day")
    return equal_bursts(
        entered, repeats=params.repeats, window=params.repeat_window, chance=params.repeat_chance
    ).select(*KEPT, "burst", "by_chance", check=pl.lit("repeat"), excess=pl.lit(1.0))
