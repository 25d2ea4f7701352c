"""Quote stuffing: a flood of entries and cancellations that hardly ever trade."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from analytics.compliance._features import account_groups, with_group
from analytics.compliance._order_lives import BY_MARKET, at_ns, whose
from analytics.compliance._shared import computed
from analytics.compliance._spans import no_episodes, settled
from analytics.compliance.alerts import Metric, Told, flattened, listed, sequence, with_episode
from analytics.compliance.detector import Detector, Tables
from analytics.compliance.parameters import Parameters, parameter

_SENT = ("new", "replace", "cancel")
_SECOND = 10**9
_SPREAD = 11400714819323198485  # an odd number that spreads neighbouring seconds over all others
_AROUND = 600  # seconds in which the instrument's messages a second are usual
_PACED = 60  # busy seconds of these from which an owner's own median is taken


@dataclass(frozen=True)
class QuoteStuffingParameters(Parameters):
    """What makes a second of messages a flood; each threshold has a local part."""

    messages: int = parameter(
        50, unit="messages a second", low=2, high=100_000, rationale="Fewer slow nobody down."
    )
    instrument_multiple: float = parameter(
        10.0,
        unit="times the instrument's median",
        low=1,
        high=1000,
        rationale="Of what one owner sends in a busy second: a fast market has fast members.",
    )
    usual_seconds: int = parameter(
        100,
        unit="active seconds",
        low=1,
        high=1_000_000,
        rationale="Fewer seconds have no median worth the name: then the floor alone holds.",
    )
    own_percentile: float = parameter(
        0.999,
        unit="quantile of own seconds",
        low=0.5,
        high=1,
        rationale="Beyond what the same owner sends in this instrument otherwise.",
    )
    own_seconds: int = parameter(
        1000,
        unit="active seconds",
        low=10,
        high=1_000_000,
        rationale="Fewer seconds have no such percentile: the flood itself would set it.",
    )
    withdrawn: float = parameter(
        0.95,
        unit="fraction of orders sent",
        low=0.1,
        high=1,
        rationale="Almost all is withdrawn or amended at once.",
    )
    filled: float = parameter(
        0.01, unit="fraction of orders sent", low=0, high=1, rationale="Honest speed trades now and then."
    )
    entered: float = parameter(
        0.2,
        unit="fraction of messages",
        low=0,
        high=1,
        rationale="A mass cancellation after a lost line enters nothing.",
    )
    market_share: float = parameter(
        0.5,
        unit="fraction of the instrument's messages",
        low=0,
        high=1,
        rationale="At the open, in an auction or on news everybody is busy in the same second.",
    )
    calm: float = parameter(
        2.0,
        unit="times the instrument's usual messages a second",
        low=1,
        high=100,
        rationale="While the others send no more than they do in these minutes anyway, nothing happened that "
        "would make everybody busy: then a flood needs no share of a fast market.",
    )


class QuoteStuffing(Detector):
    """One owner floods one instrument with orders that are withdrawn at once.

    Rule: a second with at least ``messages`` entries, amendments and cancellations of one group in one
    instrument, ``instrument_multiple`` times the median of such seconds there and of the group's own in
    these minutes, and the group's own percentile; nearly all withdrawn by the next second, hardly any filled, and not while the rest of the
    market is as busy and busier than in the ten minutes around. Repeated rows of one event count once. Linear: one grouping by second.
    """

    name = "quote_stuffing"
    code = "D06"
    title = "Suspected quote stuffing"
    version = "1.1.0"
    description = "A flood of orders entered and withdrawn within seconds, with hardly a trade among them."
    regulation = ("MAR Art. 16(2), Reg. 2016/957", "RTS 6 (2017/589) Art. 13")
    inputs = ("order_events",)
    helpful = ("accounts",)
    by_instrument = True
    false_positives = (
        "The open, auctions and the seconds after news, where everybody is busy",
        "Events delivered twice by a feed",
        "A mass cancellation after a lost connection",
    )
    Params = QuoteStuffingParameters

    def episodes(self, tables: Tables, params: QuoteStuffingParameters) -> pl.LazyFrame:
        """Return floods, merged into episodes by group and instrument."""
        names = _flooded(tables, params)
        if names.is_empty():
            return no_episodes()
        hot = _judged(_recounted(_busy(tables, names, params), tables), params)
        return (
            with_episode(hot, ns="first_ns")
            .group_by("actor_group", "instrument_id", "episode")
            .agg(
                window_start=at_ns(pl.col("first_ns").min()),
                window_end=at_ns(pl.col("last_ns").max()),
                first_seq=sequence("first_ns", "first_event").first(),
                last_seq=sequence("last_ns", "last_event").last(),
                seconds=pl.len(),
                peak=pl.col("sent").max(),
                limit=pl.col("limit").max(),
                usual=pl.col("usual").max(),
                sent=pl.col("sent").sum(),
                entered=pl.col("entered").sum(),
                withdrawn=pl.col("withdrawn").sum(),
                filled=pl.col("filled").sum(),
                share=pl.col("share").max(),
                accounts=flattened("accounts"),
                traders=flattened("traders"),
                order_ids=flattened("order_ids"),
            )
        )

    def tell(self, episode: Mapping[str, Any], params: QuoteStuffingParameters) -> Told:
        """Score by the peak against its threshold, by length and by share of the instrument's messages."""
        peak, limit = episode["peak"], episode["limit"]
        accounts = episode["accounts"]
        excess = min(1.0, (peak / limit - 1) / 9)
        lasting = min(1.0, (episode["seconds"] - 1) / 9)
        out = min(1.0, episode["withdrawn"] / episode["entered"])
        story = [
            (
                f"At {episode['window_start']:%H:%M:%S} UTC on {episode['window_start']:%Y-%m-%d}, "
                f"{whose(accounts)} sent {peak:,} messages in {episode['instrument_id']} within one second."
            ),
            f"The threshold is {limit:,.0f}; an owner usually sends {episode['usual']:,.0f} in an active second."
            if episode["usual"] is not None
            else f"The threshold is {limit:,.0f}; too little is known to say what is usual there.",
            (
                f"Over {_seconds_word(episode['seconds'])}, {episode['entered']:,} orders were entered or amended, "
                f"{out:.0%} withdrawn or amended again at once and {episode['filled']:,} filled."
            ),
            f"That was {episode['share']:.0%} of all messages in the instrument at the time.",
            "Suspected quote stuffing: check for a runaway program, and whether others were slowed down.",
        ]
        return Told(
            score=55 + 20 * excess + 15 * lasting + 10 * episode["share"],
            metrics=[
                Metric("peak_messages", float(peak), limit, "messages a second"),
                Metric("seconds", float(episode["seconds"]), 1.0, "seconds"),
                Metric("withdrawn", out, params.withdrawn, "fraction of orders sent"),
                Metric(
                    "filled", episode["filled"] / episode["entered"], params.filled, "fraction of orders sent"
                ),
                Metric("market_share", episode["share"], params.market_share, "fraction of messages"),
            ],
            story=story,
            actors=[("account", a) for a in accounts] + [("trader", t) for t in episode["traders"]],
            order_ids=episode["order_ids"],
        )


def _sent(tables: Tables) -> pl.LazyFrame:
    """Return each message as numbers: ``name``, ``second`` and ``book``, the hash of group and instrument.

    Every event passes here, so that nothing else is carried.
    """
    known = account_groups(tables).select("account_id", "related").drop_nulls()
    numbers = computed(known.select(account=pl.col("account_id").hash(), group=pl.col("related").hash()))
    group = pl.col("account_id").hash().replace(numbers["account"], numbers["group"])
    return (
        tables["order_events"]
        .filter(pl.col("event_type").is_in(_SENT) & _by_member())
        .select(
            name=pl.col("instrument_id").hash(), second=pl.col("transact_time_ns") // _SECOND, group=group
        )
        .select("name", "second", book=pl.col("group") * 3 + pl.col("name"))
    )


def _flooded(tables: Tables, params: QuoteStuffingParameters) -> pl.Series:
    """Return the ``name`` of instruments in which any group ever sent ``messages`` in a second.

    Sorted by one number for group, instrument and second, as many of one kind stand side by side: far cheaper than
    to count, where hardly two are of one kind. Mostly there is none, and nothing more to ask.
    """
    cell = pl.col("book") ^ (pl.col("second").cast(pl.UInt64) * _SPREAD)
    cells, sent = pl.col("cell"), _sent(tables)
    ordered = sent.select(cell=cell).sort("cell")
    full = computed(ordered.filter(cells == cells.shift(params.messages - 1)).unique())["cell"]
    if full.is_empty():
        return pl.Series("name", [], pl.UInt64)
    return computed(sent.filter(cell.is_in(full.implode())).select("name").unique())["name"]


def _busy(tables: Tables, names: pl.Series, params: QuoteStuffingParameters) -> pl.LazyFrame:
    """Return the seconds above the local threshold: with ``usual``, ``limit``, ``total`` of all, ``accounts``."""
    counts = settled(
        _sent(tables)
        .filter(pl.col("name").is_in(names.implode()))
        .group_by("book", "second")
        .agg(pl.col("name").first(), n=pl.len())
    )
    hot = counts.filter(pl.col("n") >= params.messages)
    usual = counts.group_by("name").agg(
        usual=pl.when(pl.len() >= params.usual_seconds).then(pl.col("n").median())
    )
    own = counts.group_by("book").agg(
        own=pl.when(pl.len() >= params.own_seconds).then(pl.col("n").quantile(params.own_percentile))
    )
    # What the owner sends in these minutes anyway: a flood of seconds does not move the median of many.
    pace = counts.group_by("book", around=pl.col("second") // _AROUND).agg(
        pace=pl.when(pl.len() >= _PACED).then(pl.col("n").median())
    )
    total = counts.group_by("name", "second").agg(total=pl.col("n").sum())
    around = ["name", pl.col("second") // _AROUND]
    total = total.with_columns(
        steady=pl.when(pl.len().over(around) >= params.usual_seconds).then(
            pl.col("total").median().over(around)
        )
    )
    limit = pl.max_horizontal(
        pl.lit(float(params.messages)),
        params.instrument_multiple * pl.col("usual"),
        pl.col("own").cast(pl.Float64),
        params.instrument_multiple * pl.col("pace"),
    )
    above = (
        hot.with_columns(around=pl.col("second") // _AROUND)
        .join(usual, on="name", how="inner")
        .join(pace, on=["book", "around"], how="left")
        .join(own, on="book", how="left")
        .join(total, on=["name", "second"], how="left")
        .with_columns(limit=limit)
        .filter(pl.col("n") >= pl.col("limit"))
    )
    return settled(_named(above, tables))


def _named(above: pl.LazyFrame, tables: Tables) -> pl.LazyFrame:
    """Give busy seconds their names back: actor_group, instrument_id and the accounts at work."""
    at_work = (
        tables["order_events"]
        .filter(pl.col("event_type").is_in(_SENT) & _by_member())
        .select(
            "account_id", "instrument_id", name=pl.col("instrument_id").hash(),
            second=pl.col("transact_time_ns") // _SECOND,
        )
        .join(above.select("name", "second").unique(), on=["name", "second"], how="semi")
        .unique()
    )  # fmt: skip
    group = pl.coalesce("related", "account_id").hash()
    named = with_group(at_work, tables).with_columns(book=group * 3 + pl.col("name"))
    accounts = named.group_by("book", "second").agg(
        pl.col("actor_group").first(), pl.col("instrument_id").first(), accounts=pl.col("account_id")
    )
    return above.join(accounts, on=["book", "second"], how="inner")


def _recounted(busy: pl.LazyFrame, tables: Tables) -> pl.LazyFrame:
    """Count the events of the busy seconds and the one after again, each once, by what they are."""
    keys = ["account_id", "instrument_id", "second"]
    spans = pl.concat(
        [
            busy.explode("accounts").select(
                "actor_group", "instrument_id", busy="second", second=pl.col("second") + later,
                account_id="accounts",
            )
            for later in (0, 1)
        ]
    )  # fmt: skip
    kind, now = pl.col("event_type"), pl.col("second") == pl.col("busy")
    entry, sent = kind.is_in(["new", "replace"]), kind.is_in(_SENT) & _by_member()
    withdrawn_now = kind.is_in(["cancel", "replace"])
    rows = (
        tables["order_events"]
        .filter(kind.is_in([*_SENT, "fill"]))
        .select(
            "account_id", "instrument_id", "order_id", "event_seq", "event_type", "trader_id", "cancel_by",
            "transact_time_ns", second=pl.col("transact_time_ns") // _SECOND,
        )
        .join(spans, on=keys, how="inner")
        .unique(["busy", "order_id", "event_seq", "event_type"], keep="any")
    )  # fmt: skip
    counted = rows.group_by("actor_group", "instrument_id", second="busy").agg(
        sent=(now & sent).sum(),
        entered=(now & entry).sum(),
        withdrawn=(withdrawn_now & (now | (kind == "cancel"))).sum(),
        filled=(kind == "fill").sum(),
        first_ns=pl.col("transact_time_ns").filter(now).min(),
        last_ns=pl.col("transact_time_ns").filter(now).max(),
        first_event=pl.col("event_seq").filter(now).min(),
        last_event=pl.col("event_seq").filter(now).max(),
        accounts=listed("account_id"),
        traders=listed("trader_id"),
        order_ids=pl.col("order_id").filter(now).unique().sort().head(500),
    )
    return counted.join(
        busy.select("actor_group", "instrument_id", "second", "usual", "limit", "total", "steady", "n"),
        on=["actor_group", "instrument_id", "second"],
        how="inner",
    )


def _by_member() -> pl.Expr:
    return ~pl.col("cancel_by").is_in(BY_MARKET).fill_null(value=False)


def _judged(counted: pl.LazyFrame, params: QuoteStuffingParameters) -> pl.LazyFrame:
    others = pl.col("total") - pl.col("n")
    return counted.with_columns(share=pl.col("sent") / (pl.col("sent") + others)).filter(
        (pl.col("sent") >= pl.col("limit"))
        & (pl.col("entered") >= params.entered * pl.col("sent"))
        & (pl.col("withdrawn") >= params.withdrawn * pl.col("entered"))
        & (pl.col("filled") <= params.filled * pl.col("entered"))
        & (
            (pl.col("share") >= params.market_share)
            | (others <= params.calm * pl.col("steady")).fill_null(value=False)
        )
    )


def _seconds_word(n: int) -> str:
    return "one second" if n == 1 else f"{n} seconds"
