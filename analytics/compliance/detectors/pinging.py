"""Pinging: small orders feel for hidden liquidity, and a large one follows where one was met."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from analytics.compliance._features import with_group
from analytics.compliance._order_lives import BUYS, DAY, SECOND, at_ns, whose
from analytics.compliance._shared import computed, once
from analytics.compliance._spans import settled, steadied
from analytics.compliance.alerts import Metric, Told, flattened, listed, sequence, with_episode
from analytics.compliance.detector import Detector, Tables
from analytics.compliance.parameters import Parameters, parameter

_SIDE = ["actor_group", "instrument_id", "buying"]
_HOUR = 3600.0
_LOCAL = 120  # seconds that say how busy an owner is just then


@dataclass(frozen=True)
class PingingParameters(Parameters):
    """What is small, how dense, how soon and how large what follows."""

    pings: int = parameter(
        5, unit="orders", low=2, high=1000, rationale="A few small orders in a row are everyday."
    )
    window: float = parameter(
        10.0,
        unit="seconds",
        low=0.1,
        high=600,
        rationale="Probing is quick: the book must not change meanwhile.",
    )
    small: float = parameter(
        0.05,
        unit="quantile of the instrument's order sizes",
        low=0,
        high=0.5,
        rationale="As little as is shown at all.",
    )
    crumb: float = parameter(
        0.1,
        unit="fraction of the instrument's median order",
        low=0,
        high=0.5,
        rationale="Small too, where so many probe that they set the quantile.",
    )
    follow_window: float = parameter(
        2.0, unit="seconds", low=0.001, high=60, rationale="Who found hidden size takes it before it moves."
    )
    follow_multiple: float = parameter(
        20.0,
        unit="times the ping",
        low=2,
        high=10_000,
        rationale="What follows was the aim; odd lots stay small.",
    )
    burst: float = parameter(
        5.0,
        unit="times the owner's usual small orders",
        low=1,
        high=1000,
        rationale="An owner that sends small orders all day, or all these minutes, does not probe with them.",
    )
    follow_chance: float = parameter(
        0.1,
        unit="probability",
        low=0,
        high=1,
        rationale="That an order as large falls into the window anyway, at the owner's own pace.",
    )


class Pinging(Detector):
    """A burst of tiny orders, one of them filled, and at once an order many times as large on the same side.

    Rule: at least ``pings`` orders of one owner, instrument and side within ``window``, each among the
    smallest there and far denser than that owner's small orders are otherwise, that day and in the minutes
    around; one is filled, and within
    ``follow_window`` the same owner sends at least ``follow_multiple`` times its size on the same side, which
    at the owner's usual pace would hardly happen. Linear: one sort of the small orders, one bucketed join.
    """

    name = "pinging"
    code = "D24"
    title = "Suspected pinging"
    version = "1.1.0"
    description = (
        "Tiny orders felt for hidden liquidity; once one was filled, a large order followed at once."
    )
    regulation = ("MAR Art. 16(2), Reg. 2016/957", "RTS 6 (2017/589) Art. 13")
    inputs = ("order_events",)
    helpful = ("accounts",)
    by_instrument = True
    false_positives = (
        "Sweeps of a smart order router that begin with small pieces",
        "Odd-lot programs whose parent order happens to be sent meanwhile",
        "Tests of a new connection with the smallest size",
    )
    Params = PingingParameters

    def episodes(self, tables: Tables, params: PingingParameters) -> pl.LazyFrame:
        """Return probing that was followed up, merged into episodes by group, instrument and side."""
        orders = _orders(tables)
        pings = settled(_bursts(orders, params))
        hits = _followed(_met(pings, tables), orders, params)
        keys = _SIDE
        return steadied(
            with_episode(hits, ns="met_ns", by=keys)
            .group_by(*keys, "episode")
            .agg(
                window_start=at_ns(pl.col("first_ns").min()),
                window_end=at_ns(pl.col("follow_ns").max()),
                first_seq=sequence("first_ns").first(),
                last_seq=sequence("follow_ns").last(),
                pings=pl.col("burst").max(),
                usual=pl.col("usual").max(),
                ping_qty=pl.col("qty").max(),
                follow_qty=pl.col("follow_qty").max(),
                ratio=pl.col("ratio").max(),
                delay=pl.col("delay").min(),
                chance=pl.col("chance").max(),
                small=pl.col("limit").max(),
                times=pl.col("burst_no").n_unique(),
                burst_ids=flattened("burst_ids"),
                follow_ids=listed("follow_id"),
                follow_accounts=listed("follow_account"),
                exec_ids=listed("exec_id"),
                accounts=listed("account_id"),
                traders=listed("trader_id"),
            )
        )

    def tell(self, episode: Mapping[str, Any], params: PingingParameters) -> Told:
        """Score by number of pings, size of what followed, speed and repetition."""
        side = "buy" if episode["buying"] else "sell"
        accounts = sorted({*episode["accounts"], *episode["follow_accounts"]})
        n, ratio, delay = episode["pings"], episode["ratio"], episode["delay"]
        score = (
            50
            + 15 * min(1.0, (n - params.pings) / 15)
            + 15 * min(1.0, (ratio / params.follow_multiple - 1) / 9)
            + 10 * (1 - min(1.0, delay / params.follow_window))
            + 10 * min(1.0, (episode["times"] - 1) / 3)
        )
        story = [
            (
                f"From {episode['window_start']:%H:%M:%S} UTC on {episode['window_start']:%Y-%m-%d}, "
                f"{whose(accounts)} sent {n} tiny {side} orders in {episode['instrument_id']} within "
                f"{params.window:g} s, each over {episode['ping_qty']:,.0f} units at most."
            ),
            (
                f"Orders up to {episode['small']:,.0f} units count as tiny there; the owner usually sends "
                f"{episode['usual']:.2f} of them in such a time."
            ),
            (
                f"One was filled, and {delay:.3f} s later an order over {episode['follow_qty']:,.0f} units followed on "
                f"the same side: {ratio:.0f} times as large."
            ),
            f"At the owner's pace such an order falls into that window with a probability of {episode['chance']:.1%}.",
            "Suspected pinging: check which program sent the tiny orders, and what it was told to look for.",
        ]
        return Told(
            score=score,
            metrics=[
                Metric("pings", float(n), float(params.pings), "orders"),
                Metric("follow_ratio", ratio, params.follow_multiple, "times the ping"),
                Metric("delay", delay, params.follow_window, "seconds"),
                Metric("usual_small_orders", episode["usual"], None, "orders"),
                Metric("follow_chance", episode["chance"], params.follow_chance, "probability"),
                Metric("times", float(episode["times"]), 1.0, "times"),
            ],
            story=story,
            actors=[("account", a) for a in accounts] + [("trader", t) for t in episode["traders"]],
            order_ids=sorted({*episode["burst_ids"], *episode["follow_ids"]}),
            exec_ids=episode["exec_ids"],
        )


def _orders(tables: Tables) -> pl.LazyFrame:
    """Return entered orders with group and side, in floats."""
    return once(tables, "entered", lambda: _entered(tables), kept=True)


def _entered(tables: Tables) -> pl.LazyFrame:
    entered = (
        tables["order_events"]
        .filter(pl.col("event_type") == "new")
        .select(
            "order_id", "account_id", "trader_id", "instrument_id",
            ns="transact_time_ns", buying=pl.col("side").is_in(BUYS), qty=pl.col("order_qty").cast(pl.Float64),
        )
    )  # fmt: skip
    return with_group(entered, tables)


def _bursts(orders: pl.LazyFrame, params: PingingParameters) -> pl.LazyFrame:
    """Return the small orders of dense bursts, with the burst's ids, size and beginning."""
    sizes = orders.group_by("instrument_id").agg(
        limit=pl.max_horizontal(pl.col("qty").quantile(params.small), params.crumb * pl.col("qty").median()),
        seconds=pl.max_horizontal((pl.col("ns").max() - pl.col("ns").min()) / SECOND, pl.lit(_HOUR)),
        days=(pl.col("ns") // DAY).n_unique(),
    )
    small = orders.join(settled(sizes), on="instrument_id", how="inner").filter(
        pl.col("qty") <= pl.col("limit")
    )
    # Nights are no part of the pace: at most seven hours a day count.
    active = pl.min_horizontal("seconds", pl.col("days") * 7 * _HOUR)
    window, back = int(params.window * SECOND), params.pings - 1
    ns = pl.col("ns")
    span = ns - ns.shift(back).over(_SIDE)
    apart = (ns - ns.shift(1).over(_SIDE) > window).fill_null(value=False)
    ordered = small.sort(*_SIDE, "ns", "order_id")
    dense = (span <= window).fill_null(value=False)
    if not computed(ordered.select(dense.any())).item():
        ordered = ordered.clear()  # mostly there is no burst at all, and nothing more to ask
    ordered = ordered.with_columns(
        closes=dense,
        burst_no=apart.cast(pl.Int32).cum_sum().over(_SIDE),
        usual=pl.len().over(_SIDE) / active * params.window,
        minutes=ns // (_LOCAL * SECOND),
    )
    member = pl.any_horizontal(
        *(pl.col("closes").shift(-k).over(_SIDE).fill_null(value=False) for k in range(params.pings))
    )
    runs = [*_SIDE, "burst_no"]
    return (
        ordered.filter(member)
        .with_columns(
            burst=pl.len().over(runs),
            first_ns=ns.min().over(runs),
            last_ns=ns.max().over(runs),
        )
        .with_columns(
            lasting=pl.max_horizontal(
                (pl.col("last_ns") - pl.col("first_ns")) / SECOND / params.window, pl.lit(1.0)
            )
        )
        .join(_crowd(ordered), on=[*_SIDE, "minutes"], how="left")
        # The burst itself is part of what is usual: it is taken off before the comparison.
        .with_columns(
            usual=pl.max_horizontal(
                pl.col("usual") - pl.col("burst") / active * params.window,
                (pl.col("here") - pl.col("burst")) / _LOCAL * params.window,
                pl.col("beside") / _LOCAL * params.window,
                pl.lit(0.0),
            )
        )
        .filter(pl.col("burst") / pl.col("lasting") >= params.burst * pl.col("usual"))
        .with_columns(burst_ids=pl.col("order_id").implode().over(runs), active=active)
    )


def _crowd(orders: pl.LazyFrame) -> pl.LazyFrame:
    """Return how many orders a side has ``here``, in each two minutes, and at most ``beside``: before or after."""
    counted = orders.group_by(*_SIDE, "minutes").agg(here=pl.len().cast(pl.Int64))
    near = [counted.select(*_SIDE, pl.col("minutes") + step, beside="here") for step in (-1, 1)]
    beside = pl.concat(near).group_by(*_SIDE, "minutes").agg(pl.col("beside").max())
    return counted.join(beside, on=[*_SIDE, "minutes"], how="left").with_columns(
        pl.col("beside").fill_null(0)
    )


def _filled(tables: Tables) -> pl.LazyFrame:
    fills = tables["order_events"].filter(pl.col("event_type") == "fill")
    return fills.select("order_id", "exec_id", met_ns="transact_time_ns")


def _met(pings: pl.LazyFrame, tables: Tables) -> pl.LazyFrame:
    """Return the pings that were filled, with the first fill."""
    fills = (
        once(tables, "met", lambda: _filled(tables), kept=True)
        .join(pings.select("order_id"), on="order_id", how="semi")
        .sort("met_ns", "exec_id", nulls_last=True)
        .unique("order_id", keep="first", maintain_order=True)
    )
    return settled(pings.join(fills, on="order_id", how="inner"))


def _followed(met: pl.LazyFrame, orders: pl.LazyFrame, params: PingingParameters) -> pl.LazyFrame:
    """Return filled pings with the largest order that followed in time."""
    width = max(1, int(params.follow_window * SECOND))
    spread = met.with_columns(bucket=pl.col("met_ns") // width)
    spread = pl.concat([spread, spread.with_columns(pl.col("bucket") + 1)])
    large = orders.join(met.select(_SIDE).unique(), on=_SIDE, how="semi").select(
        *_SIDE, follow_id="order_id", follow_account="account_id", follow_ns="ns", follow_qty="qty",
        bucket=pl.col("ns") // width,
    )  # fmt: skip
    large = settled(large)
    after = pl.col("follow_ns") - pl.col("met_ns")
    ratio = pl.col("follow_qty") / pl.col("qty")
    pairs = spread.join(large, on=[*_SIDE, "bucket"], how="inner").filter(
        (after > 0) & (after <= width) & (ratio >= params.follow_multiple)
    )
    first = pairs.sort("follow_qty", "follow_id", descending=[True, False]).unique(
        "order_id", keep="first", maintain_order=True
    )
    # How often would an order as large fall into such a window anyway?
    least = first.group_by(_SIDE).agg(least=(params.follow_multiple * pl.col("qty")).min())
    able = (
        large.join(least, on=_SIDE, how="inner")
        .filter(pl.col("follow_qty") >= pl.col("least"))
        .with_columns(minutes=pl.col("follow_ns") // (_LOCAL * SECOND))
    )
    pace = able.group_by(_SIDE).agg(as_large=pl.len())
    local = able.group_by(*_SIDE, "minutes").agg(as_near=pl.len())
    followed = pl.col("follow_id").n_unique()
    rate = pl.max_horizontal(
        (pl.col("as_large") - followed.over(_SIDE)).clip(lower_bound=0) / pl.col("active"),
        (pl.col("as_near") - followed.over(*_SIDE, "minutes")).clip(lower_bound=0) / _LOCAL,
    )
    return (
        first.with_columns(minutes=pl.col("follow_ns") // (_LOCAL * SECOND))
        .join(pace, on=_SIDE, how="left")
        .join(local, on=[*_SIDE, "minutes"], how="left")
        .with_columns(ratio=ratio, delay=after / SECOND, chance=1 - (-rate * params.follow_window).exp())
        .filter(pl.col("chance") <= params.follow_chance)
    )
