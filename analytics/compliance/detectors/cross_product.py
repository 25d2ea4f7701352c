"""Cross-product manipulation: moving the price of one instrument for the sake of a position in another."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from analytics.compliance._features import daily_closes, with_baseline, with_group
from analytics.compliance._products import direction, with_product
from analytics.compliance._spans import settled
from analytics.compliance.alerts import Metric, Told, listed, sequence, with_episode
from analytics.compliance.detector import Detector, Tables
from analytics.compliance.parameters import Parameters, parameter
from analytics.text import formatted

_SECOND = 10**9
_HOUR = 3600 * _SECOND
_MINUTES = 390  # of a session


@dataclass(frozen=True)
class CrossProductParameters(Parameters):
    """What counts as a push, as related, and as worth it."""

    share: float = parameter(
        0.15,
        unit="fraction of a minute's usual volume and own",
        low=0.01,
        high=1.0,
        rationale="Enough of a minute's trading to be felt.",
    )
    sigmas: float = parameter(
        3.0, unit="standard deviations", low=1, high=20, rationale="A move that is not the minute's noise."
    )
    window: int = parameter(
        60, unit="seconds", low=1, high=600, rationale="The push and the harvest lie close together."
    )
    exposure: float = parameter(
        3.0,
        unit="times the value of the push",
        low=1,
        high=100,
        rationale="The position must gain more than the push costs.",
    )
    unwind: float = parameter(
        0.5, unit="fraction of the push", low=0.0, high=1.0, rationale="Nobody wanted what was bought."
    )
    unwind_seconds: int = parameter(
        600, unit="seconds", low=10, high=3600, rationale="The push is undone before the price comes back."
    )
    beta: float = parameter(
        0.8, unit="beta", low=0.1, high=5, rationale="Without a contract between them, they must move as one."
    )
    r2: float = parameter(0.6, unit="fraction of variance", low=0.1, high=1.0, rationale="And nearly always.")
    sessions: int = parameter(
        60, unit="sessions", low=20, high=250, rationale="Long enough to tell, short enough to hold."
    )


class CrossProduct(Detector):
    """Aggressive trading moves A while a position in the related B gains, is sold into it, and A is undone.

    Rule: own aggressive flow in A of at least ``share`` of a minute's volume within ``window``; mid of A moved
    ``sigmas`` in its direction; the group held, before it began, a position in B that gains from the move,
    worth ``exposure`` times the push, and traded B the other way from the push on until ``window`` after;
    half of the push is undone within ``unwind_seconds``. Related are instruments of one product, and pairs
    with beta and R2 high enough. A position in B with the opposite sign is a hedge, and none of this.
    Market makers are left out. Linear: only pushes, which are few, are joined to anything.
    """

    name = "cross_product"
    code = "D15"
    title = "Suspected cross-product manipulation"
    version = "1.0.0"
    description = "One instrument was pushed to profit from a position in a related one."
    regulation = ("MAR Annex I", "MAR Art. 16(2), Reg. 2016/957")
    inputs = ("executions", "quotes")
    helpful = ("accounts", "instruments", "prices")
    false_positives = (
        "Delta hedging, where both positions offset each other",
        "Basis and index arbitrage",
        "Creation and redemption of funds",
    )
    Params = CrossProductParameters

    def episodes(self, tables: Tables, params: CrossProductParameters) -> pl.LazyFrame:
        """Return pushes with the position they served, one row per actor, pushed and served instrument."""
        fills = _fills(tables)
        # Pushes are few; what is joined to them is read several times over, so each is computed once.
        pushes = settled(_pushes(fills, tables, params))
        theirs = settled(fills.join(pushes.select("actor_group").unique(), on="actor_group", how="semi"))
        served = settled(_served(pushes, theirs, tables, params))
        undone = settled(_undone(served, theirs, params))
        return _moved(undone, tables, params)

    def tell(self, episode: Mapping[str, Any], params: CrossProductParameters) -> Told:
        """Score by the share of the push, the size of the move and of the position, and what was undone."""
        move, exposure = episode["move_sigmas"], episode["exposure_ratio"]
        score = (
            50.0
            + 15.0 * min(1.0, episode["push_share"] / params.share - 1)
            + 15.0 * min(1.0, move / params.sigmas - 1)
            + 10.0 * min(1.0, exposure / params.exposure - 1)
            + 10.0 * min(1.0, episode["undone"])
        )
        act, way = ("bought", "up") if episode["sign"] > 0 else ("sold", "down")
        relation = (
            "stands for the same product"
            if episode["relation"] == "product"
            else f"moves with it (beta {episode['relation_beta']:.2f}, R2 {episode['relation_r2']:.2f})"
        )
        return Told(
            score=score,
            metrics=[
                Metric("push_share", episode["push_share"], params.share, "fraction of a minute's volume"),
                Metric("move", move, params.sigmas, "standard deviations"),
                Metric("exposure", exposure, params.exposure, "times the push"),
                Metric("undone", episode["undone"], params.unwind, "fraction of the push"),
            ],
            story=[
                (
                    f"From {episode['window_start']:%H:%M:%S} UTC on {episode['window_start']:%Y-%m-%d}, "
                    f"{', '.join(episode['accounts'])} {act} {episode['push_qty']:,.0f} units of "
                    f"{episode['instrument_id']} aggressively, {episode['push_share']:.0%} of a minute's volume."
                ),
                f"The price went {way} by {move:.1f} standard deviations of such a stretch.",
                (
                    f"A position of {episode['held']:,.0f} units in {episode['served']}, which {relation}, "
                    f"gained from that; it was worth {exposure:.1f} times the push."
                ),
                f"{episode['served_qty']:,.0f} units of {episode['served']} were then traded at the moved price.",
                f"{episode['undone']:.0%} of the push was undone within {params.unwind_seconds / 60:.0f} minutes.",
                "Suspected cross-product manipulation: ask for the reason of the first trades.",
            ],
            actors=[("account", a) for a in episode["accounts"]]
            + [("trader", t) for t in episode["traders"]],
            order_ids=episode["order_ids"],
            exec_ids=[*episode["exec_ids"], *episode["served_ids"]],
            instrument_ids=[episode["served"]],
        )


def _fills(tables: Tables) -> pl.LazyFrame:
    kinds = tables["accounts"].select("account_id", "kind").unique("account_id", keep="any")
    # What was delivered twice was done once.
    done = tables["executions"].unique(["exec_id", "version"], keep="any")
    rows = with_group(with_product(done, tables), tables).join(kinds, on="account_id", how="left")
    house = (pl.col("kind") == "house").fill_null(value=False)
    return rows.filter((pl.col("kind") != "mm").fill_null(value=True)).select(
        "exec_id", "order_id", "account_id", "trader_id", "instrument_id", "product_id", "transact_time",
        "transact_time_ns",
        actor_group=pl.when(house).then(formatted("account:{}", pl.col("account_id"))).otherwise("actor_group"),
        sign=direction(),
        delta=pl.col("exposure"),
        qty=pl.col("last_qty").cast(pl.Float64),
        px=pl.col("last_px").cast(pl.Float64),
        taker=(pl.col("liquidity") == "taker").fill_null(value=False),
        day=pl.col("transact_time").dt.date(),
    )  # fmt: skip


def _pushes(fills: pl.LazyFrame, tables: Tables, params: CrossProductParameters) -> pl.LazyFrame:
    """Return bursts of aggressive fills that are a large part of a minute's volume."""
    keys = ["actor_group", "instrument_id", "sign"]
    taken = fills.filter("taker").sort(*keys, "transact_time", "exec_id")
    within = (
        pl.col("qty")
        .rolling_sum_by("transact_time", window_size=f"{params.window}s", closed="both")
        .over(keys)
    )
    based = with_baseline(taken.with_columns(within=within), tables).filter(pl.col("adv") > 0)
    usual = pl.col("adv") * params.window / (60 * _MINUTES)
    large = based.with_columns(push_share=pl.col("within") / (usual + pl.col("within"))).filter(
        pl.col("push_share") >= params.share
    )
    return (
        with_episode(large, by=keys)
        .group_by(*keys, "episode")
        .agg(
            pl.col("product_id", "delta", "day", "sigma").first(),
            push_share=pl.col("push_share").max(),
            push_qty=pl.max_horizontal(pl.col("qty").sum(), pl.col("within").max()),
            push_px=pl.col("px").mean(),
            begin=pl.col("transact_time_ns").min() - params.window * _SECOND,
            start_ns=pl.col("transact_time_ns").min(),
            end_ns=pl.col("transact_time_ns").max(),
            window_start=pl.col("transact_time").min(),
            first_seq=sequence().first(),
            accounts=listed("account_id"),
            traders=listed("trader_id"),
            order_ids=listed("order_id"),
            exec_ids=listed("exec_id"),
        )
    )


def _served(
    pushes: pl.LazyFrame, fills: pl.LazyFrame, tables: Tables, params: CrossProductParameters
) -> pl.LazyFrame:
    """Return pushes beside the related position that gained and was traded into the move."""
    window = params.window * _SECOND
    bucket = pl.int_ranges(
        pl.col("start_ns") // _HOUR, (pl.col("end_ns") + window) // _HOUR + 1, dtype=pl.Int64
    )
    traded = fills.select(
        "actor_group", served="instrument_id", served_product="product_id", served_sign="sign",
        served_delta="delta", served_ns="transact_time_ns", served_time="transact_time", served_id="exec_id",
        served_part="qty", served_px="px", bucket=pl.col("transact_time_ns") // _HOUR,
    )  # fmt: skip
    pairs = (
        pushes.with_columns(bucket=bucket)
        .explode("bucket")
        .join(traded, on=["actor_group", "bucket"], how="inner")
        .filter(
            (pl.col("served") != pl.col("instrument_id"))
            & (pl.col("served_ns") >= pl.col("start_ns"))
            & (pl.col("served_ns") <= pl.col("end_ns") + window)
        )
    )
    keys = ["actor_group", "instrument_id", "served", "first_seq"]
    related = _related(pairs, tables, params)
    held = (
        pairs.select(*keys, "begin")
        .unique()
        .join(
            fills.select(
                "actor_group",
                served="instrument_id",
                at="transact_time_ns",
                own=pl.col("sign") * pl.col("qty"),
            ),
            on=["actor_group", "served"],
            how="inner",
        )
        .filter(pl.col("at") < pl.col("begin"))
        .group_by(keys)
        .agg(held=pl.col("own").sum())
    )
    # What a rise of the pushed instrument does to one unit held: its sign decides between gain and hedge.
    gains = (pl.col("delta") * pl.col("served_delta")).sign() * pl.col("relation_sign")
    return (
        pairs.join(related, on=["instrument_id", "served"], how="inner")
        .join(held, on=keys, how="inner")
        .with_columns(gains=gains)
        .filter(
            (pl.col("held") * pl.col("gains") * pl.col("sign") > 0)
            & (pl.col("served_sign") * pl.col("gains") == -pl.col("sign"))
        )
        .group_by(*keys, "sign")
        .agg(
            pl.col(
                "day", "sigma", "push_share", "push_qty", "push_px", "start_ns", "end_ns", "window_start", "accounts",
                "traders", "order_ids", "exec_ids", "held", "relation", "relation_beta", "relation_r2", "delta",
                "served_delta",
            ).first(),
            served_qty=pl.col("served_part").sum(),
            served_px=pl.col("served_px").mean(),
            served_ns=pl.col("served_ns").min(),
            served_last=pl.col("served_ns").max(),
            window_end=pl.col("served_time").max(),
            served_ids=listed("served_id"),
        )
        .with_columns(exposure_ratio=_exposure())
        .filter(pl.col("exposure_ratio") >= params.exposure)
    )  # fmt: skip


def _exposure() -> pl.Expr:
    """Return the value of the position over that of the push: in units of the product where they share one."""
    units = (pl.col("held") * pl.col("served_delta")).abs() / (pl.col("push_qty") * pl.col("delta")).abs()
    money = (pl.col("held") * pl.col("served_px")).abs() / (pl.col("push_qty") * pl.col("push_px"))
    return pl.when(pl.col("relation") == "product").then(units).otherwise(money)


def _related(pairs: pl.LazyFrame, tables: Tables, params: CrossProductParameters) -> pl.LazyFrame:
    """Return the pairs of instruments that move together, by contract or by habit, and with which sign."""
    asked = pairs.select("instrument_id", "product_id", "served", "served_product").unique()
    same = asked.filter(pl.col("product_id") == pl.col("served_product")).select(
        "instrument_id", "served",
        relation=pl.lit("product"), relation_sign=pl.lit(1.0),
        relation_beta=pl.lit(None, pl.Float64), relation_r2=pl.lit(None, pl.Float64),
    )  # fmt: skip
    returns = (
        daily_closes(tables)
        .sort("instrument_id", "date")
        .select("instrument_id", "date", r=pl.col("close").log().diff().over("instrument_id"))
        .filter(pl.col("r").is_finite())
        .group_by("instrument_id")
        .tail(params.sessions)
    )
    others = asked.filter(pl.col("product_id") != pl.col("served_product")).select("instrument_id", "served")
    moved = (
        others.join(returns, on="instrument_id", how="inner")
        .join(returns.rename({"instrument_id": "served", "r": "served_r"}), on=["served", "date"], how="inner")
        .group_by("instrument_id", "served")
        .agg(
            days=pl.len(),
            relation_beta=pl.cov("r", "served_r") / pl.col("r").var(),
            relation_r2=pl.corr("r", "served_r") ** 2,
        )
        .filter(
            (pl.col("days") >= params.sessions // 2)
            & (pl.col("relation_beta").abs() >= params.beta)
            & (pl.col("relation_r2") >= params.r2)
        )
        .select(
            "instrument_id", "served",
            relation=pl.lit("beta"), relation_sign=pl.col("relation_beta").sign(),
            relation_beta="relation_beta", relation_r2="relation_r2",
        )
    )  # fmt: skip
    return pl.concat([same, moved])


def _undone(served: pl.LazyFrame, fills: pl.LazyFrame, params: CrossProductParameters) -> pl.LazyFrame:
    """Keep pushes of which enough was undone in time, with the share that was."""
    keys = ["actor_group", "instrument_id", "served", "first_seq"]
    back = fills.select(
        "actor_group", "instrument_id", back_sign="sign", back_ns="transact_time_ns", back_qty="qty"
    )
    undone = (
        served.select(*keys, "sign", "end_ns")
        .join(back, on=["actor_group", "instrument_id"], how="inner")
        .filter(
            (pl.col("back_sign") == -pl.col("sign"))
            & (pl.col("back_ns") > pl.col("end_ns"))
            & (pl.col("back_ns") <= pl.col("end_ns") + params.unwind_seconds * _SECOND)
        )
        .group_by(keys)
        .agg(back=pl.col("back_qty").sum())
    )
    return (
        served.join(undone, on=keys, how="inner")
        .with_columns(undone=pl.col("back") / pl.col("push_qty"))
        .filter(pl.col("undone") >= params.unwind)
    )


def _moved(served: pl.LazyFrame, tables: Tables, params: CrossProductParameters) -> pl.LazyFrame:
    """Keep pushes that moved the mid far enough, from before they began to when the position was traded."""
    days = served.select("instrument_id", "day").unique()
    mids = (
        tables["quotes"]
        .filter((pl.col("bid_px") > 0) & (pl.col("ask_px") >= pl.col("bid_px")))
        .with_columns(day=pl.col("transact_time").dt.date())
        .join(days, on=["instrument_id", "day"], how="semi")
        .select(
            "instrument_id", "transact_time_ns", mid=((pl.col("bid_px") + pl.col("ask_px")) / 2).cast(pl.Float64)
        )
        .sort("transact_time_ns")
    )  # fmt: skip

    def at(rows: pl.LazyFrame, ns: str, name: str, *, exact: bool) -> pl.LazyFrame:
        return rows.sort(ns).join_asof(
            mids.rename({"mid": name}), left_on=ns, right_on="transact_time_ns", by="instrument_id",
            strategy="backward", allow_exact_matches=exact, check_sortedness=False,
        ).drop("transact_time_ns", strict=False)  # fmt: skip

    both = at(at(served, "start_ns", "before", exact=False), "served_last", "after", exact=True)
    minutes = pl.max_horizontal(pl.lit(1.0), (pl.col("served_last") - pl.col("start_ns")) / (60 * _SECOND))
    noise = pl.col("sigma") * (minutes / _MINUTES).sqrt()
    move = pl.col("sign") * (pl.col("after") / pl.col("before")).log()
    return (
        both.with_columns(move_sigmas=move / noise, last_seq=formatted("{}.{}", "served_last", pl.col("served")))
        .filter(pl.col("move_sigmas") >= params.sigmas)
    )  # fmt: skip
