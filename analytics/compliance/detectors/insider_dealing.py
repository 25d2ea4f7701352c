"""Insider dealing: an unusual position built before a price-moving event, in the right direction."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from analytics.compliance._features import with_group
from analytics.compliance._habits import with_habits
from analytics.compliance._listings import covered
from analytics.compliance._price_events import price_events
from analytics.compliance._products import direction, with_product
from analytics.compliance.alerts import Metric, Told, flattened, sequence
from analytics.compliance.detector import LISTS, Detector, Tables
from analytics.compliance.parameters import Parameters, parameter
from analytics.text import formatted


@dataclass(frozen=True)
class InsiderDealingParameters(Parameters):
    """What counts as an event, and what as unusual before it."""

    event_sigmas: float = parameter(
        3.0,
        unit="standard deviations",
        low=1.5,
        high=10,
        rationale="A move that the market does not explain.",
    )
    event_move: float = parameter(
        0.03, unit="log return", low=0.005, high=0.5, rationale="Smaller moves are not worth the risk."
    )
    look_back: int = parameter(
        25,
        unit="days",
        low=1,
        high=120,
        rationale="Most suspect trading lies within 25 days; shorter where an earlier event is nearer.",
    )
    rumour_days: float = parameter(
        5.0,
        unit="days",
        low=0,
        high=30,
        rationale="Who buys after public news that names the instrument has a public reason.",
    )
    size_sigmas: float = parameter(
        3.0,
        unit="robust standard deviations of the log of own sizes",
        low=1,
        high=10,
        rationale="Far larger than what the account usually does.",
    )
    own_trades: int = parameter(
        4,
        unit="days traded in the year before",
        low=2,
        high=1000,
        rationale="Fewer are no habit: then the account slept, and most of what it does must be this.",
    )
    alone: float = parameter(
        0.5,
        unit="share of what it did in those days",
        low=0.0,
        high=1.0,
        rationale="A sleeping account that wakes for many names is being funded, not informed.",
    )
    placebo: float = parameter(
        0.05,
        unit="share of other windows",
        low=0.001,
        high=1.0,
        rationale="The same account at other dates and in other names must seldom do as much.",
    )
    novelty_days: int = parameter(
        60,
        unit="days",
        low=1,
        high=365,
        rationale="A name is new only to an account that has been seen for a while.",
    )
    profit_floor: float = parameter(
        10_000.0,
        unit="currency",
        low=0,
        high=1e7,
        rationale="What is earned, or lost no more, makes the risk worth it; below it counts no sign.",
    )
    profit_multiple: float = parameter(
        3.0, unit="times own median", low=1, high=100, rationale="Large for this account, whatever its size."
    )
    late: float = parameter(
        0.8,
        unit="share built in the last five days",
        low=0.0,
        high=1.0,
        rationale="Who knows the day waits for it; who follows a plan does not.",
    )
    signs: int = parameter(
        2, unit="signs", low=1, high=5, rationale="One unusual thing is chance; two together seldom are."
    )


class InsiderDealing(Detector):
    """Somebody builds an unusual position, the right way round, before an event that moves the price.

    Rule: events are days with an abnormal return (market model) beyond ``event_sigmas`` and ``event_move``,
    with or without news. For each group of owners (house books each by itself, market makers left out) the
    net exposure built in the ``look_back`` days before, but after the instrument's previous event, must
    have the sign of the move, be larger than nearly all of the account's other windows (placebo), and show
    at least two signs of: size beyond own habit, an instrument new to it, more than ever in a year at a
    profit that matters (of a known instrument only where ``late`` of it was built in the last days, or twice as large as that), leverage, a name on an insider or watch list that covers it; size or novelty must be
    among them. Trades after
    public price-sensitive news on the name are left out. Nothing depends on a trade on the day of the move.
    Linear: trades are summed by day first, and only days before events go further.
    """

    name = "insider_dealing"
    code = "D14"
    title = "Suspected insider dealing"
    version = "1.1.0"
    description = "An unusual position was built before a price-moving event, in the direction of the move."
    regulation = ("MAR Art. 8", "MAR Art. 16(2), Reg. 2016/957")
    inputs = ("executions", "prices")
    helpful = ("accounts", "news", "instruments", LISTS)
    in_window = False
    false_positives = (
        "Savings plans and programmes announced before",
        "Index funds and sector rotation",
        "Trading before results as the account always does",
        "A rumour that was public but is not in the news feed",
    )
    Params = InsiderDealingParameters

    def episodes(self, tables: Tables, params: InsiderDealingParameters) -> pl.LazyFrame:
        """Return one row per actor and event: what was built before, and how unusual it was."""
        flows = _flows(tables, params)
        events = price_events(tables, sigmas=params.event_sigmas, move=params.event_move)
        built = _built(flows, events, params)
        usual = with_habits(
            built,
            flows,
            block=params.look_back,
            least=params.own_trades,
            novelty=params.novelty_days,
        )
        judged = usual.join(
            _listed(built, tables), on=["actor_group", "product_id", "event_day"], how="left"
        ).with_columns(on_list=pl.col("on_list").fill_null(value=False))
        z = pl.col("size_z")
        worth = pl.max_horizontal(
            pl.lit(params.profit_floor), params.profit_multiple * pl.col("own_profit").fill_null(0.0)
        )
        signed = judged.with_columns(
            large=pl.when(pl.col("slept"))
            .then((pl.col("share") >= params.alone) & (pl.col("profit") >= worth))
            .otherwise(z >= params.size_sigmas)
            .fill_null(value=False),
            worth=worth,
            # Of a name it knows, a record is just size again, unless it was timed or beyond all measure.
            record=(
                pl.col("new") | (pl.col("late") >= params.late) | (z >= 2 * params.size_sigmas)
            ).fill_null(value=False)
            & (pl.col("as_much") == 0).fill_null(value=False)
            & (pl.col("profit") >= worth),
        )
        count = sum(
            pl.col(name).cast(pl.Int32) for name in ("large", "new", "record", "leveraged", "on_list")
        )
        return (
            signed.with_columns(signs=count)
            .filter(
                (pl.col("large") | pl.col("new"))
                & (pl.col("signs") >= params.signs)
                & (pl.col("as_much") <= params.placebo * pl.col("windows")).fill_null(value=True)
            )
            .rename({"product_id": "instrument_id"})
        )

    def blind_spots(self, tables: Tables, params: InsiderDealingParameters) -> list[pl.LazyFrame]:
        """Return the sessions for which the news feed has been silent, where that is longer than ever before."""
        sessions = tables["prices"].select(day="date").unique().sort("day").with_row_index("session")
        spoken = (
            tables["news"].select(day=pl.col("published_time").dt.date()).unique().sort("day")
        )  # fmt: skip
        heard = (
            spoken.join_asof(sessions, on="day", strategy="backward")
            .select("session")
            .unique()
            .sort("session")
        )
        gaps = heard.select(
            last=pl.col("session").max().cast(pl.Int64),
            longest=pl.col("session").cast(pl.Int64).diff().max().fill_null(1),
        )
        silent = (pl.col("sessions").cast(pl.Int64) - 1 - pl.col("last").fill_null(-1)).alias("silent")
        return [
            sessions.select(sessions=pl.len())
            .join(gaps, how="cross")
            .with_columns(silent)
            .filter((pl.col("sessions") > 0) & (pl.col("silent") > pl.col("longest").fill_null(0)))
            .select(
                reason=pl.lit(
                    "The news feed has been silent for longer than ever before: nothing explains moves."
                ),
                instrument_id=pl.lit(None, pl.String),
                missing=pl.col("silent").cast(pl.UInt32),
            )
        ]

    def tell(self, episode: Mapping[str, Any], params: InsiderDealingParameters) -> Told:
        """Score by the signs: size and novelty first, then profit, timing, leverage and lists."""
        z, p = episode["size_z"], episode["placebo_p"]
        score = (
            35.0
            + 25.0 * (0.5 if z is None else min(1.0, max(0.0, z / (2 * params.size_sigmas))))
            + 10.0 * episode["new"]
            + 15.0 * min(1.0, episode["profit"] / (2 * episode["worth"]))
            + 10.0 * episode["late"]
            + 5.0 * episode["leveraged"]
            + 15.0 * episode["on_list"]
        )
        up = episode["abnormal"] > 0
        act, gain = ("bought", "earned") if up else ("sold", "saved")
        story = [
            (
                f"On {episode['event_day']}, {episode['instrument_id']} {'rose' if up else 'fell'} "
                f"{abs(episode['abnormal']):.1%} beyond what the market explains, "
                f"{abs(episode['abnormal']) / episode['sigma']:.1f} standard deviations."
            ),
            (
                f"From {episode['window_start']:%Y-%m-%d} on, {', '.join(episode['accounts'])} had {act} a net "
                f"{abs(episode['net']):,.0f} units ({episode['notional']:,.0f}) in the {episode['looked']} days "
                f"before; the move {gain} about {episode['profit']:,.0f}."
            ),
        ]
        if z is not None:
            story.append(f"That is {z:.1f} standard deviations above its usual size.")
        if episode["slept"]:
            story.append(
                f"It had hardly traded for a year; this was {episode['share']:.0%} of what it did then."
            )
        if episode["new"]:
            story.append("It had not traded the name in the year before.")
        if p is not None:
            story.append(f"In {p:.0%} of its other windows it did as much.")
        if episode["leveraged"]:
            story.append("Part of it was in derivatives.")
        if episode["on_list"]:
            story.append("The name was on a watch or insider list that covers it at the time.")
        story.append(
            "Suspected insider dealing: ask for the reason of the trades, and who knew of the event."
        )
        return Told(
            score=score,
            metrics=[
                Metric("size", z, params.size_sigmas, "standard deviations"),
                Metric(
                    "placebo",
                    p,
                    params.placebo,
                    "share of other windows",
                    None if p is None else 100 * (1 - p),
                ),
                Metric("profit", episode["profit"], episode["worth"], "currency"),
                Metric("built_late", episode["late"], params.late, "share in the last five days"),
                Metric("signs", float(episode["signs"]), float(params.signs), "signs"),
            ],
            story=story,
            actors=[("account", a) for a in episode["accounts"]]
            + [("trader", t) for t in episode["traders"]],
            order_ids=episode["order_ids"],
            exec_ids=episode["exec_ids"],
            instrument_ids=[n for n in episode["instruments"] if n != episode["instrument_id"]],
        )


def _flows(tables: Tables, params: InsiderDealingParameters) -> pl.LazyFrame:
    """Return what each actor did in each product on each day: net units, notional, evidence."""
    kinds = tables["accounts"].select("account_id", "kind").unique("account_id", keep="any")
    rows = with_group(with_product(tables["executions"], tables), tables).join(
        kinds, on="account_id", how="left"
    )
    house = (pl.col("kind") == "house").fill_null(value=False)
    rows = rows.filter((pl.col("kind") != "mm").fill_null(value=True)).select(
        "account_id", "trader_id", "order_id", "exec_id", "instrument_id", "product_id", "transact_time_ns",
        "transact_time",
        actor_group=pl.when(house).then(formatted("account:{}", pl.col("account_id"))).otherwise("actor_group"),
        person=pl.coalesce("owner_id", "trader_id"),
        day=pl.col("transact_time").dt.date(),
        units=direction() * pl.col("last_qty").cast(pl.Float64) * pl.col("exposure"),
        money=direction() * pl.col("last_qty").cast(pl.Float64) * pl.col("last_px").cast(pl.Float64)
        * pl.col("exposure").sign(),
        derived=pl.col("instrument_id") != pl.col("product_id"),
    )  # fmt: skip
    public = (
        tables["news"]
        .filter(pl.col("price_sensitive").fill_null(value=False))
        .filter((pl.col("event_type") != "price_move").fill_null(value=True))
        .select(product_id="instrument_ids", told="transact_time_ns", transact_time_ns="transact_time_ns")
        .explode("product_id")
        .sort("transact_time_ns")
    )
    since = (pl.col("transact_time_ns") - pl.col("told")) / 86_400e9
    return (
        rows.sort("transact_time_ns")
        .join_asof(
            public, on="transact_time_ns", by="product_id", strategy="backward", check_sortedness=False
        )
        .filter((since > params.rumour_days).fill_null(value=True))
        .group_by("actor_group", "product_id", "day")
        .agg(
            units=pl.col("units").sum(),
            money=pl.col("money").sum(),
            derived=pl.col("derived").any(),
            first_ns=pl.col("transact_time_ns").min(),
            last_ns=pl.col("transact_time_ns").max(),
            first_at=pl.col("transact_time").min(),
            last_at=pl.col("transact_time").max(),
            accounts=pl.col("account_id").unique().sort(),
            people=pl.col("person").unique().sort(),
            traders=pl.col("trader_id").drop_nulls().unique().sort(),
            instruments=pl.col("instrument_id").unique().sort(),
            order_ids=pl.col("order_id").drop_nulls().unique().sort(),
            exec_ids=pl.col("exec_id").unique().sort(),
        )
    )


def _built(flows: pl.LazyFrame, events: pl.LazyFrame, params: InsiderDealingParameters) -> pl.LazyFrame:
    """Return what was built before each event in its direction."""
    window = pl.min_horizontal(
        pl.lit(params.look_back), (pl.col("event_day") - pl.col("previous")).dt.total_days()
    )
    before = (pl.col("event_day") - pl.col("day")).dt.total_days()
    pairs = (
        flows.join(events.rename({"day": "event_day"}), on="product_id", how="inner")
        .with_columns(looked=window, before=before)
        .filter((pl.col("before") > 0) & (pl.col("before") <= pl.col("looked")))
        # On the day of an earlier event nobody knows which came first.
        .filter((pl.col("day") > pl.col("previous")).fill_null(value=True))
    )
    sums = pairs.group_by("actor_group", "product_id", "event_day").agg(
        pl.col("abnormal", "sigma", "looked").first(),
        net=pl.col("units").sum(),
        money=pl.col("money").sum(),
        recent=pl.col("units").filter(pl.col("before") <= 5).sum(),
        leveraged=pl.col("derived").any(),
        window_start=pl.col("first_at").min(),
        window_end=pl.col("last_at").max(),
        first_day=pl.col("day").min(),
        first_seq=sequence("first_ns").sort_by("first_ns").first(),
        last_seq=sequence("last_ns").sort_by("last_ns").last(),
        accounts=flattened("accounts"),
        people=flattened("people"),
        traders=flattened("traders"),
        instruments=flattened("instruments"),
        order_ids=flattened("order_ids"),
        exec_ids=flattened("exec_ids"),
    )
    return sums.filter(pl.col("net") * pl.col("abnormal") > 0).with_columns(
        notional=pl.col("money").abs(),
        profit=pl.col("money").abs() * pl.col("abnormal").abs(),
        late=(pl.col("recent") / pl.col("net")).clip(0.0, 1.0),
    )


def _listed(built: pl.LazyFrame, tables: Tables) -> pl.LazyFrame:
    """Return, by actor and event, whether a watch or insider list covered the name while it was built."""
    entries = covered(tables).filter(pl.col("list_type").is_in(["watch", "insider"]))
    subject = pl.col("subject_id")
    return (
        built.select(
            "actor_group", "product_id", "event_day", "window_start", "window_end", "people", "traders"
        )
        .join(entries, left_on="product_id", right_on="instrument_id", how="inner")
        .filter(
            (pl.col("valid_from") <= pl.col("window_end"))
            & (pl.col("valid_to").is_null() | (pl.col("valid_to") > pl.col("window_start")))
        )
        .group_by("actor_group", "product_id", "event_day")
        .agg(
            on_list=(
                subject.is_null()
                | pl.col("people").list.contains(subject)
                | pl.col("traders").list.contains(subject)
            )
            .fill_null(value=False)
            .any()
        )
    )
