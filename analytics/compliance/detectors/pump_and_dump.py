"""Pump and dump: a name is talked up in public, and whoever held it before sells into the talk."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import polars as pl

from analytics.compliance._features import daily_closes, with_group
from analytics.compliance.alerts import Metric, Told, listed, sequence
from analytics.compliance.detector import GAP_SCHEMA, Detector, Tables
from analytics.compliance.parameters import Parameters, parameter
from analytics.social.attention import daily_attention

_BUYS = ("buy", "buy_cover")
_HEAVY = 0.3  # of a burst's posts: who writes that many is behind it
_COMPARED = 200  # posts of one burst compared word by word


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
    floor: float = parameter(
        50.0, unit="points of 100", low=0, high=100, rationale="A burst and a sale coincide now and then; more must fit."
    )  # fmt: skip


class PumpAndDump(Detector):
    """A burst of posts about a name that somebody bought shortly before and sells while it lasts.

    Rule: posts about an instrument on a day at least ``burst`` standard deviations above the days before (and
    at least ``posts``); a group of accounts, market makers aside, built up within ``bought_days`` before the
    first of them and sells at least ``sold`` of that within a day. Points: 15 burst and sale, up to 15 for the
    size of the burst, 30 for coordination (near-duplicate texts by authors never seen before), 20 for the share
    sold, 8 where an author owns or trades the account and 27 more where he wrote much of it; less 40 where news came first. Raised from ``floor``.
    """

    name = "pump_and_dump"
    code = "D26"
    title = "Suspected pump and dump"
    version = "1.0.0"
    description = "A name was talked up in public, and an account that had just bought sold into the talk."
    regulation = ("MAR Art. 16(2), Reg. 2016/957",)
    inputs = ("posts", "executions")
    helpful = ("accounts", "news", "prices")
    false_positives = (
        "Results or other news that everybody talks and trades about",
        "A joke that goes round without anybody trading on it",
        "A holder who takes profit in a name that happens to be popular",
    )
    Params = PumpAndDumpParameters

    def episodes(self, tables: Tables, params: PumpAndDumpParameters) -> pl.LazyFrame:
        """Return bursts with those who sold into them, one row per group, instrument and burst."""
        bursts = pl.defer(lambda: _bursts(tables, params), schema=_BURSTS)
        return _sellers(bursts, tables, params).filter(pl.col("points") >= params.floor)

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
        if episode["linked"]:
            story.append(f"{', '.join(episode['linked'])} wrote about it and is behind the account.")
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


_BURSTS: dict[str, Any] = {
    "instrument_id": pl.String, "day": pl.Date, "started": pl.Datetime("us", "UTC"), "start_ns": pl.Int64,
    "posts": pl.Int64, "usual": pl.Float64, "z": pl.Float64, "duplicates": pl.Float64, "fresh": pl.Float64,
    "authors": pl.List(pl.String), "heavy": pl.List(pl.String), "post_ids": pl.List(pl.String),
}  # fmt: skip


def _bursts(tables: Tables, params: PumpAndDumpParameters) -> pl.DataFrame:
    posts = (
        tables["posts"]
        .select("post_id", "transact_time", "transact_time_ns", "author_id", "text", "instrument_ids")
        .collect(engine="streaming")
    )
    first = posts.group_by("author_id").agg(first=pl.col("transact_time").min())
    named = (
        posts.explode("instrument_ids")
        .rename({"instrument_ids": "instrument_id"})
        .drop_nulls("instrument_id")
    )
    usual = daily_attention(named.select("instrument_id", "transact_time"))
    loud = usual.filter((pl.col("z") >= params.burst) & (pl.col("mentions") >= params.posts))
    rows = named.with_columns(day=pl.col("transact_time").dt.date()).join(
        loud.select("instrument_id", "day", "usual", "z"), on=["instrument_id", "day"], how="inner"
    )
    rows = rows.join(first, on="author_id", how="left").sort("transact_time_ns", "post_id")
    # Somebody who first spoke on that very day has no past.
    fresh = pl.col("first").dt.date() == pl.col("day")
    voice = pl.len().over("instrument_id", "day", "author_id") / pl.len().over("instrument_id", "day")
    grouped = rows.with_columns(fresh=fresh, voice=voice).group_by(
        "instrument_id", "day", maintain_order=True
    )
    found = grouped.agg(
        started=pl.col("transact_time").first(),
        start_ns=pl.col("transact_time_ns").first(),
        posts=pl.len().cast(pl.Int64),
        usual=pl.col("usual").first(),
        z=pl.col("z").first(),
        fresh=pl.col("author_id").filter(pl.col("fresh")).n_unique() / pl.col("author_id").n_unique(),
        authors=listed("author_id"),
        heavy=pl.col("author_id").filter(pl.col("voice") >= _HEAVY).unique().sort(),
        post_ids=listed("post_id"),
        texts=pl.col("text").sort(),
    )
    shares = [near_duplicates(texts, alike=params.alike) for texts in found["texts"].to_list()]
    return found.with_columns(duplicates=pl.Series(shares, dtype=pl.Float64)).select(*_BURSTS)


def near_duplicates(texts: Sequence[str], *, alike: float) -> float:
    """Return the share of texts that have another with at least ``alike`` of their words in common (Jaccard)."""
    words = [frozenset(re.findall(r"[a-z$]{2,}", text.lower())) for text in texts[:_COMPARED]]
    hit: set[int] = set()
    for one, other in combinations(range(len(words)), 2):
        union = len(words[one] | words[other])
        if union and len(words[one] & words[other]) / union >= alike:
            hit |= {one, other}
    return len(hit) / len(words) if words else 0.0


def _sellers(bursts: pl.LazyFrame, tables: Tables, params: PumpAndDumpParameters) -> pl.LazyFrame:
    day_ns = 86_400 * 10**9
    trades = with_group(
        tables["executions"].join(bursts.select("instrument_id").unique(), on="instrument_id", how="semi"),
        tables,
    ).with_columns(qty=pl.col("last_qty").cast(pl.Float64), buying=pl.col("side").is_in(_BUYS))
    before = bursts.select(
        "instrument_id",
        "day",
        "started",
        "start_ns",
        "authors",
        "heavy",
        "post_ids",
        "posts",
        "usual",
        "z",
        "duplicates",
        "fresh",
    )
    near = trades.join(before, on="instrument_id", how="inner").with_columns(
        away=pl.col("transact_time_ns") - pl.col("start_ns")
    )
    near = near.filter(pl.col("away").is_between(-params.bought_days * day_ns, day_ns))
    makers = tables["accounts"].filter(pl.col("kind") == "mm").select("account_id")
    used = near.join(makers, on="account_id", how="anti")
    early, late = pl.col("away") < -params.lead * 60e9, pl.col("away") >= 0
    signed = pl.when(pl.col("buying")).then("qty").otherwise(-pl.col("qty"))
    behind = pl.concat_list("trader_id", "owner_id").list.drop_nulls()
    grouped = (
        used.sort("transact_time_ns", "exec_id")
        .with_columns(behind=behind)
        .group_by("actor_group", "instrument_id", "day", maintain_order=True)
    )
    told = (
        "started",
        "authors",
        "heavy",
        "post_ids",
        "posts",
        "usual",
        "z",
        "duplicates",
        "fresh",
        "start_ns",
    )
    found = grouped.agg(
        *(pl.col(name).first() for name in told),
        window_start=pl.col("transact_time").min(),
        window_end=pl.col("transact_time").max(),
        first_seq=sequence().first(),
        last_seq=sequence().last(),
        accounts=listed("account_id"),
        traders=listed("trader_id"),
        behind=pl.col("behind").explode(empty_as_null=True, keep_nulls=True).drop_nulls().unique().sort(),
        order_ids=listed("order_id"),
        exec_ids=listed("exec_id"),
        bought=signed.filter(early).sum(),
        sold=-signed.filter(late).sum(),
    )  # fmt: skip
    found = found.filter(pl.col("bought") > 0).with_columns(
        sold_share=(pl.col("sold") / pl.col("bought")).clip(upper_bound=1.0),
        linked=pl.col("behind").list.set_intersection(pl.col("authors")).list.sort(),
        loud=pl.col("behind").list.set_intersection(pl.col("heavy")).list.len() > 0,
    )
    found = _with_change(
        _with_news(found.filter(pl.col("sold_share") >= params.sold), tables, params), tables
    )
    points = (
        15.0
        + 15 * ((pl.col("z") - params.burst) / params.burst).clip(0.0, 1.0)
        + 30 * (pl.col("duplicates") * pl.col("fresh")).sqrt()
        + 20 * ((pl.col("sold_share") - params.sold) / (1 - params.sold + 1e-9)).clip(0.0, 1.0)
        + 8 * (pl.col("linked").list.len() > 0)
        + 27 * pl.col("loud")
        - 40 * pl.col("news")
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
