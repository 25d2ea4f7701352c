"""Communications: words of misconduct, odds of a small classifier, and the trade a message is about."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from analytics.compliance._lexicon import FAMILIES
from analytics.compliance._message_links import linked, spoken, spoken_names
from analytics.compliance._shared import computed, deferred
from analytics.compliance._wording import read
from analytics.compliance.alerts import Metric, Told, flattened, listed, with_episode
from analytics.compliance.detector import Detector, Tables
from analytics.compliance.parameters import Parameters, parameter
from analytics.text import formatted

_SHOWN = 160  # characters of a message that a story quotes
_EPISODES: dict[str, Any] = {
    "actor_group": pl.String, "instrument_id": pl.String, "window_start": pl.Datetime("us", "UTC"),
    "window_end": pl.Datetime("us", "UTC"), "first_seq": pl.String, "last_seq": pl.String, "sender": pl.String,
    "people": pl.List(pl.String), "message_ids": pl.List(pl.String), "order_ids": pl.List(pl.String),
    "exec_ids": pl.List(pl.String), "families": pl.List(pl.String), "phrases": pl.List(pl.String), "p": pl.Float64,
    "gravity": pl.Float64, "link": pl.Float64, "quote": pl.String, "quoted_at": pl.Datetime("us", "UTC"), "account_id": pl.String,
    "linked_side": pl.String, "linked_qty": pl.Float64, "away_s": pl.Float64,
}  # fmt: skip


@dataclass(frozen=True)
class CommunicationsParameters(Parameters):
    """When a message is worth a person's time."""

    odds: float = parameter(
        0.5, unit="probability", low=0.05, high=0.99,
        rationale="With a phrase of the lexicon: near the best F1 on families of phrases not taught.",
    )  # fmt: skip
    alone: float = parameter(
        0.92, unit="probability", low=0.05, high=0.99,
        rationale="With nothing beside the words: one in ten lines of ordinary talk gets here; lower it where reviewers have time.",
    )  # fmt: skip
    doubt: float = parameter(
        0.3, unit="probability", low=0.0, high=0.99,
        rationale="Beside a trade that fits, or a grave phrase, weaker words are enough.",
    )  # fmt: skip
    link: float = parameter(
        60.0, unit="points of 100", low=40, high=100,
        rationale="Instrument plus any one more of side, time and size.",
    )  # fmt: skip
    grave: float = parameter(
        70.0, unit="points of 100", low=0, high=100,
        rationale="Collusion, inside information, manipulation, or two phrases at once.",
    )  # fmt: skip
    before: float = parameter(
        1800.0, unit="seconds", low=0, high=86_400, rationale="People talk about what they have just done."
    )
    after: float = parameter(
        86_400.0, unit="seconds", low=60, high=864_000, rationale="A plan is carried out within the day."
    )
    tau: float = parameter(
        7200.0, unit="seconds", low=60, high=86_400, rationale="Two hours on, a trade is a third as near."
    )
    most_recipients: int = parameter(
        25, unit="people", low=2, high=10_000, rationale="Nobody conspires with a mailing list."
    )


class Communications(Detector):
    """A message whose words suggest misconduct, with the trade it fits.

    Rule: what a sender wrote himself (no quoted mail, no small print) is turned into plain words; families of
    phrases are found in one pass and a linear classifier gives the odds ``p`` of its worst sentence. Raised
    where ``p`` >= ``alone``; or ``p`` >= ``odds`` with a phrase outside of talk about rules; or ``p`` >= ``doubt``
    and either gravity (the gravest family's weight, 15 more for each further phrase, none in talk about rules)
    reaches ``grave`` or a trade of the sender or a recipient fits by ``link`` points: 40 for the instrument, 20 side,
    20 time, 20 size. Mail to many is left out. Score: 45 of the odds, 30 of the gravest family, 25 of the link.
    """

    name = "communications"
    code = "D25"
    title = "Suspicious communication"
    version = "1.3.0"
    description = "A message whose words suggest misconduct, and the trade it appears to be about."
    regulation = ("MAR Art. 16(2), Reg. 2016/957",)
    inputs = ("messages",)
    helpful = ("executions", "instruments", "accounts")
    false_positives = (
        "Jokes, sports and birthdays told in the words of the trade",
        "Compliance training, news and disclaimers that name what they warn of",
        "Orders of clients passed on in the ordinary way",
    )
    Params = CommunicationsParameters

    def episodes(self, tables: Tables, params: CommunicationsParameters) -> pl.LazyFrame:
        """Return flagged messages, merged by sender, thread and instrument."""
        return deferred(lambda: _flagged(tables, params), _EPISODES)

    def tell(self, episode: Mapping[str, Any], params: CommunicationsParameters) -> Told:
        """Score odds, gravity and link together."""
        weight = episode["gravity"]
        link = episode["link"] or 0.0
        score = 45 * episode["p"] + 0.3 * weight + 0.25 * link
        metrics = [
            Metric("odds", episode["p"], params.odds, "probability"),
            Metric("gravity", weight, params.grave, "points"),
            Metric("link", episode["link"], params.link, "points"),
        ]
        count = len(episode["message_ids"])
        to = [one for one in episode["people"] if one != episode["sender"]]
        story = [
            (
                f"On {episode['window_start']:%Y-%m-%d} from {episode['window_start']:%H:%M:%S} UTC, {episode['sender']} "
                f"sent {count} message{'s' * (count != 1)} to {', '.join(to[:5]) or 'nobody named'} that "
                f"stand{'s' * (count == 1)} out."
            ),
            f"At {episode['quoted_at']:%H:%M:%S} UTC: “{episode['quote']}”",
        ]
        if episode["families"]:
            kinds = ", ".join(FAMILIES[name].title for name in episode["families"])
            story.append(f"The words are those of {kinds}: {', '.join(episode['phrases'][:8])}.")
        story.append(
            f"The classifier puts the odds of misconduct at {episode['p']:.0%}: words alone alert from "
            f"{max(params.odds, params.alone):.0%}, with a phrase of the lexicon from {params.odds:.0%}, beside a trade that fits from {params.doubt:.0%}."
        )
        if episode["link"] is not None:
            way = "after" if episode["away_s"] >= 0 else "before"
            story.append(
                f"Account {episode['account_id']} traded {episode['linked_qty']:,.0f} {episode['instrument_id']} "
                f"({episode['linked_side']}) {abs(episode['away_s']) / 60:,.0f} minutes {way}: the fit is {link:.0f} of 100."
            )
        story.append("Suspected only: read the whole conversation before judging a sentence.")
        actors = [("person", one) for one in episode["people"]]
        return Told(
            score=score, metrics=metrics, story=story,
            actors=actors + ([("account", episode["account_id"])] if episode["account_id"] else []),
            order_ids=episode["order_ids"], exec_ids=episode["exec_ids"], message_ids=episode["message_ids"],
        )  # fmt: skip


def _flagged(tables: Tables, params: CommunicationsParameters) -> pl.DataFrame:
    messages = computed(tables["messages"])
    if messages.is_empty():
        return pl.DataFrame(schema=_EPISODES)
    instruments = tables["instruments"].collect()
    names = spoken_names(instruments)
    told = read(messages, most_recipients=params.most_recipients, names=names)
    worth = {name: family.weight for name, family in FAMILIES.items()}
    gravest = pl.col("families").list.eval(pl.element().replace_strict(worth, default=0.0)).list.max()
    further = 15.0 * (pl.col("phrases").list.len().cast(pl.Float64) - 1).clip(lower_bound=0.0)
    gravity = (
        pl.when(pl.col("rules"))
        .then(0.0)
        .otherwise((gravest.fill_null(0.0) + further).clip(upper_bound=100.0))
    )
    told = told.with_columns(weight=gravity).filter(
        ~pl.col("bulk") & (pl.col("p") >= min(params.doubt, params.odds))
    )
    if told.is_empty():
        return pl.DataFrame(schema=_EPISODES)
    said = spoken(told, messages, instruments)
    found = linked(
        said,
        tables["executions"],
        tables["accounts"],
        before=params.before,
        after=params.after,
        tau=params.tau,
    )
    about = said.group_by("message_id").agg(about=pl.col("instrument_id").min())
    told = told.join(found, on="message_id", how="left").join(about, on="message_id", how="left")
    fits = (pl.col("link") >= params.link).fill_null(value=False)
    # Ordinary talk reaches the odds often, and hardly ever with a phrase beside it.
    enough = pl.when(pl.col("weight") > 0).then(params.odds).otherwise(max(params.odds, params.alone))
    worded = pl.col("p") >= enough
    chosen = told.filter(worded | (pl.col("weight") >= params.grave) | fits)
    return _episodes(chosen.lazy()).collect()


def _episodes(rows: pl.LazyFrame) -> pl.LazyFrame:
    rows = rows.with_columns(
        actor_group=formatted("person:{}", pl.col("sender_id")),
        instrument_id=pl.coalesce("linked_instrument", "about"),
        thread=pl.coalesce("thread_id", "message_id"),
        seq=formatted("{}.{}", "transact_time_ns", "message_id"),
        rank=pl.col("p") + pl.col("weight") / 100 + pl.col("link").fill_null(0.0) / 100,
    ).sort("transact_time_ns", "message_id")
    by = ["actor_group", "instrument_id", "thread"]
    # What ties the messages of one moment: their ids stand in for an order's.
    numbered = with_episode(rows.drop("order_id").with_columns(order_id="message_id"), by=by).join(
        rows.select("message_id", linked_order="order_id"), on="message_id", how="left", maintain_order="left"
    )
    worst = {name: pl.col(name).sort_by("rank", "seq").last() for name in ("quoted_at", "quote")}
    fit = {
        name: pl.col(name).sort_by(pl.col("link").fill_null(-1.0), "seq").last()
        for name in ("account_id", "linked_side", "linked_qty", "away_s")
    }
    return (
        numbered.with_columns(
            quote=pl.col("text").str.replace_all(r"\s+", " ").str.slice(0, _SHOWN), quoted_at="transact_time",
            people_here=pl.concat_list(pl.col("sender_id"), pl.col("recipient_ids").fill_null([])),
        )
        .group_by(*by, "episode")
        .agg(
            window_start=pl.col("transact_time").min(),
            window_end=pl.col("transact_time").max(),
            first_seq=pl.col("seq").first(),
            last_seq=pl.col("seq").last(),
            sender=pl.col("sender_id").first(),
            people=flattened("people_here"),
            message_ids=listed("message_id"),
            order_ids=listed("linked_order"),
            exec_ids=flattened("exec_ids"),
            families=flattened("families"),
            phrases=flattened("phrases"),
            p=pl.col("p").max(),
            gravity=pl.col("weight").max(),
            link=pl.col("link").max(),
            **worst,
            **fit,
        )
        .select(*_EPISODES)
    )  # fmt: skip


def supervision_sample(
    messages: pl.LazyFrame, alerted: Collection[str], *, rate: float = 0.01, seed: str = "supervision"
) -> pl.LazyFrame:
    """Return a random share of the messages nobody was alerted to, for the supervision queue.

    What reviewers find there tells how much the detector misses. The draw hangs on the message's own id, so
    that it is the same in every run, and a message once drawn stays drawn.

    Args:
        messages: Rows of MESSAGES.
        alerted: Ids of messages that an alert names.
        rate: Share drawn, 0..1.
        seed: Another one gives another sample.
    """
    bound = int(rate * 2**64)

    def drawn(ids: pl.Series) -> pl.Series:
        numbers = (hashlib.blake2b(f"{seed}:{one}".encode(), digest_size=8).digest() for one in ids)
        return pl.Series([int.from_bytes(number) < bound for number in numbers], dtype=pl.Boolean)

    rest = messages.filter(~pl.col("message_id").is_in(sorted(alerted)))
    return rest.filter(pl.col("message_id").map_batches(drawn, return_dtype=pl.Boolean)).sort(
        "transact_time_ns", "message_id"
    )
