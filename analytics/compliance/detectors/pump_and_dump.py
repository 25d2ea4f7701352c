"""Pump and dump: a name is talked up in public, and whoever held it before sells into the talk."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from analytics.compliance._bursts import BURSTS, bursts
from analytics.compliance._coincidence import built_up, taken_off, with_coincidence, with_habit
from analytics.compliance._features import daily_closes, with_group
from analytics.compliance._spans import settled
from analytics.compliance.alerts import Metric, Told, listed, sequence
from analytics.compliance.detector import GAP_SCHEMA, Detector, Tables
from analytics.compliance.parameters import Parameters, parameter

_BUYS = ("buy", "buy_cover")


@dataclass(frozen=True)
class PumpAndDumpParameters(Parameters):
    """What makes a burst, and what makes somebody's trading fit it."""

    burst: float = parameter(
        4.0,
        unit="standard deviations",
        low=1,
        high=50,
        rationale="Against the same kind of day before; chance gives 4 once in 30,000.",
    )
    posts: int = parameter(
        5, unit="posts", low=2, high=1000, rationale="Fewer are no campaign, however quiet the name."
    )
    alike: float = parameter(
        0.8,
        unit="share of words in common",
        low=0.3,
        high=1.0,
        rationale="People rarely find the same words twice.",
    )
    bought_days: int = parameter(
        10,
        unit="days before the burst",
        low=1,
        high=60,
        rationale="Who pumps builds his position shortly before.",
    )
    lead: float = parameter(
        0.0,
        unit="minutes before the first post",
        low=0,
        high=1440,
        rationale="Bought before the first post, however shortly.",
    )
    sold: float = parameter(
        0.3,
        unit="fraction of what was bought",
        low=0.05,
        high=1.0,
        rationale="Taking a little profit is no dump.",
    )
    news_hours: float = parameter(
        6.0,
        unit="hours before the burst",
        low=0,
        high=72,
        rationale="What the press has just said explains what people post.",
    )
    habit: float = parameter(
        0.02,
        unit="share of other names and days",
        low=0.001,
        high=1.0,
        rationale="Who sells as much somewhere every other day was not waiting for this one.",
    )
    floor: float = parameter(
        50.0, unit="points of 100", low=0, high=100, rationale="A burst and a sale coincide now and then; more must fit."
    )  # fmt: skip


class PumpAndDump(Detector):
    """A burst of posts about a name that somebody bought shortly before and sells while it lasts.

    Rule: posts about an instrument on a day at least ``burst`` standard deviations above the days before (and
    at least ``posts``); a group of accounts, market makers aside, built up within ``bought_days`` before the
    first of them and sells at least ``sold`` of that within a day, of which in turn that is at least ``sold``.
    Points: 15 burst and sale, up to 15 for the size of the burst, 30 for coordination (near-duplicate texts by authors never seen before), 20 for the share
    sold, 10 where an author owns or trades the account, 20 more where what he wrote is part of the campaign (much
    of it, or in the words of others) and 10 more where it is much; less 40 where news came first. For those who
    did not write it, coincidence must be unlikely: less up to 35 where the group sells as much of some name on many
    other days, and up to 40 where as many sell as much after buying on ordinary days of the name. Raised from
    ``floor``.
    """

    name = "pump_and_dump"
    code = "D26"
    title = "Suspected pump and dump"
    version = "1.2.0"
    description = "A name was talked up in public, and an account that had just bought sold into the talk."
    regulation = ("MAR Art. 16(2), Reg. 2016/957",)
    inputs = ("posts", "executions")
    helpful = ("accounts", "news", "prices")
    in_window = False
    false_positives = (
        "Results or other news that everybody talks and trades about",
        "A joke that goes round without anybody trading on it",
        "A holder who takes profit in a name that happens to be popular",
    )
    Params = PumpAndDumpParameters

    def episodes(self, tables: Tables, params: PumpAndDumpParameters) -> pl.LazyFrame:
        """Return bursts with those who sold into them, one row per group, instrument and burst."""
        return pl.defer(lambda: _raised(tables, params), schema=_EPISODES)

    def blind_spots(self, tables: Tables, params: PumpAndDumpParameters) -> list[pl.LazyFrame]:
        """Return posts that name no instrument."""
        nameless = tables["posts"].filter(pl.col("instrument_ids").list.len().fill_null(0) == 0)
        return [
            nameless.select(missing=pl.len())
            .filter(pl.col("missing") > 0)
            .with_columns(
                reason=pl.lit("Some posts name no instrument."), instrument_id=pl.lit(None, pl.String)
            )
            .select(*GAP_SCHEMA)
        ]

    def tell(self, episode: Mapping[str, Any], params: PumpAndDumpParameters) -> Told:
        """Give the points, and say what they are for."""
        name = episode["instrument_id"]
        metrics = [
            Metric("burst_z", episode["z"], params.burst, "standard deviations"),
            Metric("posts", float(episode["posts"]), float(params.posts), "posts"),
            Metric("near_duplicates", episode["duplicates"], None, "fraction of posts"),
            Metric("new_authors", episode["fresh"], None, "fraction of authors"),
            Metric("sold", episode["sold_share"], params.sold, "fraction of what was bought"),
            Metric("usual_sale", episode["usual_sale"], params.habit, "share of other names and days"),
            Metric(
                "by_chance", episode["by_chance"], 1.0, "sellers like this on an ordinary day of the name"
            ),
            Metric("day_return", episode["change"], None, "fraction"),
        ]
        story = [
            f"Account {episode['accounts'][0]} bought {episode['bought']:,.0f} {name} in the {params.bought_days} days before.",
            (
                f"From {episode['started']:%H:%M:%S} UTC on {episode['day']:%Y-%m-%d}, {episode['posts']} posts named {name}, "
                f"where {episode['usual']:.1f} are usual: {episode['z']:.1f} standard deviations more."
            ),
            (
                f"{episode['duplicates']:.0%} of them say nearly the same as another; {episode['fresh']:.0%} of the authors "
                "had not posted before."
            ),
            f"While the talk went on the account sold {episode['sold']:,.0f}, {episode['sold_share']:.0%} of what it had bought.",
        ]
        if episode["own_days"] < 5:
            story.append("Too few days of the name are on record: what is usual was taken from all names.")
        if episode["linked"]:
            part = ", in the words of the others or much of it all" if episode["part"] else ""
            story.append(f"{', '.join(episode['linked'])} wrote about it and is behind the account{part}.")
        elif episode["by_chance"] is not None:
            story.append(
                f"On an ordinary day of the name, {episode['by_chance']:.1f} others sell as much of what they lately bought."
            )
        if episode["news"]:
            story.append(
                "News about the name came shortly before the posts, which speaks against a campaign."
            )
        story.append("Suspected only: look for who is behind the authors.")
        actors = [("account", one) for one in episode["accounts"]] + [
            ("trader", one) for one in episode["traders"]
        ]
        return Told(
            score=episode["points"], metrics=metrics, story=story,
            actors=actors + [("author", one) for one in episode["linked"]],
            order_ids=episode["order_ids"], exec_ids=episode["exec_ids"], post_ids=episode["post_ids"],
        )  # fmt: skip


_EPISODES: dict[str, Any] = {
    **BURSTS, "actor_group": pl.String, "window_start": pl.Datetime("us", "UTC"), "window_end": pl.Datetime("us", "UTC"),
    "first_seq": pl.String, "last_seq": pl.String, **dict.fromkeys(("accounts", "traders", "linked", "order_ids", "exec_ids"), pl.List(pl.String)),
    **dict.fromkeys(("bought", "sold", "sold_share", "usual_sale", "by_chance", "change", "points"), pl.Float64),
    **dict.fromkeys(("part", "news"), pl.Boolean),
}  # fmt: skip


def _raised(tables: Tables, params: PumpAndDumpParameters) -> pl.DataFrame:
    posts = (
        tables["posts"]
        .select("post_id", "transact_time", "transact_time_ns", "author_id", "text", "instrument_ids")
        .collect(engine="streaming")
    )
    loud = bursts(posts, burst=params.burst, least=params.posts, alike=params.alike)
    if loud.is_empty():
        return pl.DataFrame(schema=_EPISODES)
    found = _sellers(loud.lazy(), tables, params).filter(pl.col("points") >= params.floor)
    return found.select(*_EPISODES).collect(engine="streaming")


def _sellers(loud: pl.LazyFrame, tables: Tables, params: PumpAndDumpParameters) -> pl.LazyFrame:
    day_ns = 86_400 * 10**9
    makers = tables["accounts"].filter(pl.col("kind") == "mm").select("account_id")
    trades = (
        with_group(
            tables["executions"].join(loud.select("instrument_id").unique(), on="instrument_id", how="semi"),
            tables,
        )
        .join(makers, on="account_id", how="anti")
        .with_columns(
            qty=pl.col("last_qty").cast(pl.Float64),
            px=pl.col("last_px").cast(pl.Float64),
            buying=pl.col("side").is_in(_BUYS),
        )
    )
    used = (
        trades.join(loud.select("instrument_id", "day", "start_ns"), on="instrument_id", how="inner")
        .with_columns(away=pl.col("transact_time_ns") - pl.col("start_ns"))
        .filter(pl.col("away").is_between(-params.bought_days * day_ns, day_ns))
    )
    early, late = pl.col("away") < -params.lead * 60e9, pl.col("away") >= 0
    signed = pl.when(pl.col("buying")).then("qty").otherwise(-pl.col("qty"))
    sold = late & ~pl.col("buying")
    found = (
        used.sort("transact_time_ns", "exec_id")
        .with_columns(behind=pl.concat_list("trader_id", "owner_id").list.drop_nulls())
        .group_by("actor_group", "instrument_id", "day", maintain_order=True)
        .agg(
            window_start=pl.col("transact_time").min(),
            window_end=pl.col("transact_time").max(),
            first_seq=sequence().first(),
            last_seq=sequence().last(),
            accounts=listed("account_id"),
            traders=listed("trader_id"),
            behind=pl.col("behind").explode(empty_as_null=True, keep_nulls=True).drop_nulls().unique().sort(),
            order_ids=listed("order_id"),
            exec_ids=listed("exec_id"),
            bought=built_up(signed.filter(early)),
            sold=taken_off(signed.filter(late)),
            px=(pl.col("qty") * pl.col("px")).filter(sold).sum() / pl.col("qty").filter(sold).sum(),
        )
        # What was bought must be a fair part of what is sold as well: the sale of an old holding is another story.
        .filter(
            (pl.col("bought") > 0)
            & (pl.col("sold") >= params.sold * pl.col("bought"))
            & (pl.col("bought") >= params.sold * pl.col("sold"))
        )
        .join(loud, on=["instrument_id", "day"], how="inner")
        .with_columns(
            worth=pl.col("sold") * pl.col("px"),
            sold_share=(pl.col("sold") / pl.col("bought")).clip(upper_bound=1.0),
            linked=pl.col("behind").list.set_intersection(pl.col("authors")).list.sort(),
            part=pl.col("behind")
            .list.set_intersection(pl.col("heavy").list.set_union(pl.col("chorus")))
            .list.len()
            > 0,
            loud=pl.col("behind").list.set_intersection(pl.col("heavy")).list.len() > 0,
        )
    )
    # A few groups; what follows asks of them several times.
    found, trades = settled(found), settled(trades)
    found = with_habit(found, used.select("actor_group", "instrument_id", "day"), tables)
    found = with_coincidence(found, trades, bought_days=params.bought_days, sold=params.sold)
    found = _with_change(_with_news(found, tables, params), tables)
    # Whoever wrote the campaign did not sell into it by coincidence.
    chance = 35 * (pl.col("usual_sale") / params.habit).clip(0.0, 1.0) + 40 * pl.col("by_chance").fill_null(
        0.0
    ).clip(0.0, 1.0)
    points = (
        15.0
        + 15 * ((pl.col("z") - params.burst) / params.burst).clip(0.0, 1.0)
        + 30 * (pl.col("duplicates") * pl.col("fresh")).sqrt()
        + 20 * ((pl.col("sold_share") - params.sold) / (1 - params.sold + 1e-9)).clip(0.0, 1.0)
        + 10 * (pl.col("linked").list.len() > 0)
        + 20 * pl.col("part")
        + 10 * pl.col("loud")
        - 40 * pl.col("news")
        - pl.when("part").then(0.0).otherwise(chance)
    )
    return found.with_columns(points=points.round(4))


def _with_news(found: pl.LazyFrame, tables: Tables, params: PumpAndDumpParameters) -> pl.LazyFrame:
    stories = (
        tables["news"]
        .select(instrument_id="instrument_ids", published="transact_time_ns")
        .explode("instrument_id")
        .drop_nulls()
    )
    told = (
        found.select("instrument_id", "day", "start_ns")
        .unique()
        .join(stories, on="instrument_id", how="inner")
    )
    hours = (pl.col("start_ns") - pl.col("published")) / 3.6e12
    known = told.filter(hours.is_between(0, params.news_hours)).select("instrument_id", "day").unique()
    return found.join(
        known.with_columns(news=pl.lit(value=True)), on=["instrument_id", "day"], how="left"
    ).with_columns(pl.col("news").fill_null(value=False))


def _with_change(found: pl.LazyFrame, tables: Tables) -> pl.LazyFrame:
    closes = daily_closes(tables).sort("instrument_id", "date")
    moves = closes.select(
        "instrument_id",
        day="date",
        change=(pl.col("close") / pl.col("close").shift(1) - 1).over("instrument_id"),
    )
    return found.join(moves, on=["instrument_id", "day"], how="left")
