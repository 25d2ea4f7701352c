"""Behaviour: a trader's day unlike his peers' and his own, whatever it may mean."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import polars as pl

from analytics.compliance._busy_minutes import MINUTE, MINUTE_NS, odd_minutes
from analytics.compliance._conduct import FEATURES
from analytics.compliance._features import with_group
from analytics.compliance._grades import blend, grade, who
from analytics.compliance._odd_reasons import LEAST, REASONS, odd_rows, reasons, sentence
from analytics.compliance._seen_days import Need, Seen, gaps, look
from analytics.compliance._shared import computed, deferred
from analytics.compliance._unlike import CLIP
from analytics.compliance.alerts import ALERT_SCHEMA, Metric, Told, listed, sequence
from analytics.compliance.detector import GAP_SCHEMA, Detector, Tables, empty_table
from analytics.compliance.parameters import Parameters, parameter
from analytics.text import formatted

_CEILING = 69.0  # odd is no offence: a lead, never graver than medium


@dataclass(frozen=True)
class BehaviourParameters(Parameters):
    """How much history, how rare, how far, how many."""

    days: int = parameter(
        8, unit="days of the trader", low=5, high=250, rationale="Fewer days show no habit."
    )
    activity: int = parameter(
        5,
        unit="orders on a day",
        low=1,
        high=1000,
        rationale="Shares and quantiles of fewer orders are chance, and a quiet day is no lead.",
    )
    rows: int = parameter(
        100,
        unit="trader-days, or busy minutes, in all",
        low=30,
        high=100_000,
        rationale="Ranks among fewer are noise.",
    )
    busy: int = parameter(
        12,
        unit="orders in a minute and name",
        low=3,
        high=10_000,
        rationale="One every five seconds is more than most do in a name; quieter minutes show no pattern.",
    )
    peers: int = parameter(
        30,
        unit="trader-days of a desk",
        low=10,
        high=10_000,
        rationale="Below this all traders are the peers.",
    )
    rank: float = parameter(
        0.99,
        unit="mean rank of three methods",
        low=0.5,
        high=1.0,
        rationale="All three must find it among the oddest in a hundred.",
    )
    deviations: float = parameter(
        6.0,
        unit="robust deviations",
        low=2,
        high=50,
        rationale="Something must be plainly odd, not everything a little.",
    )
    agreement: float = parameter(
        2.0,
        unit="robust deviations",
        low=1,
        high=50,
        rationale="One odd number is a slip or a typing error; three kinds of them are another way to act.",
    )
    capacity: int = parameter(
        2,
        unit="trader-days a day",
        low=1,
        high=100,
        rationale="What can be looked into properly; the oddest come first.",
    )
    recent: int = parameter(
        5, unit="last days", low=1, high=60, rationale="A trading week against what came before it."
    )
    shift: float = parameter(
        0.25,
        unit="population stability index",
        low=0.05,
        high=5,
        rationale="By custom a quarter is a shift that matters.",
    )
    trees: int = parameter(
        60, unit="trees", low=20, high=1000, rationale="Ranks hardly move with more of them."
    )
    seed: int = parameter(7, unit="number", low=0, high=2**31 - 1, rationale="The same forest every time.")


class Behaviour(Detector):
    """A trader's day, or a busy minute in one name, that three methods agree is unlike any other.

    Rule: each trader's day of at least ``activity`` orders is described by counts, quantiles of sizes and lives,
    shares, venues, times and the gain of his orders; each number's distance from the medians of his own days
    and of his peers' days is taken in robust deviations, and the smaller of the two counts, less what moved
    most traders that day. An isolation forest, empirical tail probabilities (ECOD) and the distance to the
    nearest days rank all days. Raised where the mean rank reaches ``rank``, one number is ``deviations`` away
    and at least three kinds of numbers are ``agreement`` away; of each day the oddest ``capacity``. Where a
    number has drifted for everybody in the ``recent`` days it says nothing of one trader: it is left out of
    those days and the drift is reported; where half of them have, those days are not judged. In the same way
    the minutes in which a group of accounts enters ``busy`` orders or more in one name (the busiest 2,000) are measured against the group's own and everybody's busy minutes. Too little history: it
    abstains and says so. It names no offence, never scores above medium and closes nothing.
    """

    name = "behaviour"
    code = "D27"
    title = "Unusual trading behaviour"
    version = "2.1.0"
    description = "A trader's day was unlike his own and his peers', whatever the reason."
    regulation = ("MAR Art. 16(2), Reg. 2016/957",)
    inputs = ("order_events",)
    helpful = ("accounts", "prices")
    false_positives = (
        "New joiners and people who cover for others",
        "Thin days around holidays, and days of corporate actions",
        "A new mandate, algorithm or venue",
    )
    Params = BehaviourParameters

    def found(self, tables: Tables, params: Parameters | None = None) -> pl.LazyFrame:
        """Return alerts and blind spots of one look at the orders: both rest on the same numbers."""
        chosen = params if isinstance(params, BehaviourParameters) else self.Params()
        given = self._given(tables)

        def rows() -> pl.DataFrame:
            seen = _look(given, chosen)
            alerts = self._teller(chosen)(_odd(seen, given, chosen))
            return pl.concat([alerts, *(self._gap_teller(chosen)(gap) for gap in gaps(seen))])

        return deferred(rows, ALERT_SCHEMA)

    def episodes(self, tables: Tables, params: BehaviourParameters) -> pl.LazyFrame:
        """Return the odd trader-days and the odd minutes."""
        return deferred(lambda: _odd(_look(tables, params), tables, params), _EPISODES)

    def blind_spots(self, tables: Tables, params: BehaviourParameters) -> list[pl.LazyFrame]:
        """Return the orders of traders with too few days to judge, what has drifted for all, minutes not judged."""
        return [deferred(partial(_gap, tables, params, place), GAP_SCHEMA) for place in range(3)]

    def tell(self, episode: Mapping[str, Any], params: BehaviourParameters) -> Told:
        """Name the numbers that make the day or the minute odd, the oddest first, each of another kind."""
        features = FEATURES if episode["minute"] is None else MINUTE
        told = episode["reasons"]
        metrics = [Metric("mean_rank", episode["rank"], params.rank, "fraction of all compared")]
        metrics += [
            Metric(one["name"], one["value"], one["usual"], features[one["name"]].unit) for one in told
        ]
        rare = f"unlike all but {1 - episode['rank']:.1%} of {episode['compared']:,}"
        if episode["minute"] is None:
            first = f"On {episode['day']:%Y-%m-%d}, trader {episode['trader_id']} behaved {rare} trader-days."
            actors = [("trader", episode["trader_id"])]
        else:
            first = (
                f"At {episode['minute']:%H:%M} UTC on {episode['day']:%Y-%m-%d}, {who(episode['accounts'])} acted in "
                f"{episode['instrument_id']} {rare} busy minutes of anybody in any name."
            )
            actors = [("account", one) for one in episode["accounts"]]
            actors += [("trader", one) for one in episode["traders"]]
        worst = max(abs(one["z"]) for one in told)
        score = blend(
            35.0,
            (40, grade(episode["rank"], params.rank, 1.0)),
            (30, grade(worst, params.deviations, CLIP)),
            (30, grade(episode["kinds"], LEAST, 8)),
        )
        return Told(
            score=min(_CEILING, score), metrics=metrics, actors=actors,
            story=[first, *(sentence(one, features[one["name"]]) for one in told),
                   "This names no offence: it is a reason to look, and to say what it was."],
            order_ids=episode["order_ids"], instrument_ids=episode["names_traded"],
        )  # fmt: skip


_TEXTS = pl.List(pl.String)
_EPISODES: dict[str, Any] = {
    "actor_group": pl.String, "instrument_id": pl.String, "window_start": pl.Datetime("us", "UTC"),
    "window_end": pl.Datetime("us", "UTC"), "first_seq": pl.String, "last_seq": pl.String, "trader_id": pl.String,
    "day": pl.Date, "minute": pl.Datetime("us", "UTC"), "rank": pl.Float64, "compared": pl.Int64, "kinds": pl.Int64,
    "order_ids": _TEXTS, "names_traded": _TEXTS, "accounts": _TEXTS, "traders": _TEXTS, "reasons": REASONS,
}  # fmt: skip


def _look(tables: Tables, params: BehaviourParameters) -> Seen:
    need = Need(params.days, params.activity, params.rows, params.peers, params.recent, params.shift)
    return look(tables, need, busy=params.busy, trees=params.trees, seed=params.seed)


def _gap(tables: Tables, params: BehaviourParameters, place: int) -> pl.DataFrame:
    return gaps(_look(tables, params))[place]


def _odd(seen: Seen, tables: Tables, params: BehaviourParameters) -> pl.DataFrame:
    return pl.concat([_odd_days(seen, tables, params), _odd_minutes(seen, tables, params)])


def _odd_days(seen: Seen, tables: Tables, params: BehaviourParameters) -> pl.DataFrame:
    if seen.far is None:
        return pl.DataFrame(schema=_EPISODES)
    odd = odd_rows(
        seen.far, seen.rank, least_rank=params.rank, deviations=params.deviations, agreement=params.agreement,
        features=FEATURES,
    )  # fmt: skip
    days = seen.days[odd["at"]]
    told = [
        reasons(day, seen.far, at, agreement=params.agreement, features=FEATURES)
        for at, day in zip(odd["at"].to_list(), days.iter_rows(named=True), strict=True)
    ]
    found = odd.with_columns(
        trader_id=days["trader_id"], day=days["day"], reasons=pl.Series(told, dtype=REASONS)
    )
    if seen.blind:
        found = found.filter(pl.col("day") < seen.recent_from)
    chosen = _oddest(found, ["trader_id"], params)
    if chosen.is_empty():
        return pl.DataFrame(schema=_EPISODES)
    wanted = chosen.lazy().select("trader_id", "day")
    events = tables["order_events"].filter(pl.col("trader_id").is_in(chosen["trader_id"].unique().to_list()))
    events = events.with_columns(day=pl.col("transact_time").dt.date()).join(
        wanted, on=["trader_id", "day"], how="semi"
    )
    evidence = _evidence(events, ["trader_id", "day"])
    return (
        chosen.join(evidence, on=["trader_id", "day"], how="inner")
        .with_columns(
            actor_group=formatted("trader:{}", pl.col("trader_id")),
            instrument_id=pl.lit(None, pl.String),
            compared=pl.lit(seen.days.height, pl.Int64),
            minute=pl.lit(None, pl.Datetime("us", "UTC")),
        )
        .select(*_EPISODES)
    )


def _odd_minutes(seen: Seen, tables: Tables, params: BehaviourParameters) -> pl.DataFrame:
    if seen.minutes.height < params.rows:
        return pl.DataFrame(schema=_EPISODES)
    found = odd_minutes(
        seen.minutes, rank=params.rank, deviations=params.deviations, agreement=params.agreement,
        trees=params.trees, seed=params.seed,
    )  # fmt: skip
    day = pl.from_epoch(pl.col("minute") * 60, time_unit="s").dt.date()
    chosen = _oddest(found.with_columns(day=day), ["actor_group", "instrument_id", "minute"], params)
    if chosen.is_empty():
        return pl.DataFrame(schema=_EPISODES)
    key = ["actor_group", "instrument_id", "minute"]
    spans = chosen.lazy().select(*key, "from", "to")
    at = pl.col("transact_time_ns") // MINUTE_NS
    # Few minutes of few names: let go of all other rows before anything is joined.
    minutes = sorted(
        {m for low, high in chosen.select("from", "to").iter_rows() for m in range(low, high + 1)}
    )
    near = tables["order_events"].filter(
        at.is_in(minutes) & pl.col("instrument_id").is_in(chosen["instrument_id"].unique().to_list())
    )
    events = (
        with_group(near, _with_accounts(tables))
        .join(spans, on=key[:2], how="inner")
        .filter(at.is_between(pl.col("from"), pl.col("to")))
    )
    instant = (
        pl.from_epoch(pl.col("minute") * 60, time_unit="s")
        .cast(pl.Datetime("us"))
        .dt.replace_time_zone("UTC")
    )
    return (
        chosen.join(_evidence(events, key), on=key, how="inner")
        .with_columns(
            compared=pl.lit(seen.minutes.height, pl.Int64), minute=instant, trader_id=pl.lit(None, pl.String)
        )
        .select(*_EPISODES)
    )


def _with_accounts(tables: Tables) -> Tables:
    return {"accounts": tables["accounts"] if "accounts" in tables else empty_table("accounts")}


def _oddest(found: pl.DataFrame, ties: list[str], params: BehaviourParameters) -> pl.DataFrame:
    """Return as many as can be looked into: of each day the oddest, by rank, then by the largest distances."""
    ordered = found.sort(
        "day", "rank", "strength", *ties, descending=[False, True, True, *(False for _ in ties)]
    )
    return ordered.filter(pl.int_range(pl.len()).over("day") < params.capacity)


_NONE = pl.lit([], _TEXTS)
_LISTED = {"names_traded": "instrument_id", "traders": "trader_id", "accounts": "account_id"}


def _evidence(events: pl.LazyFrame, key: list[str]) -> pl.DataFrame:
    """Return window, first and last event, orders, accounts, traders and names of each ``key``."""
    columns = {
        "transact_time",
        "transact_time_ns",
        "event_seq",
        "order_id",
        "account_id",
        "trader_id",
        "instrument_id",
    }
    return computed(
        events.select(*key, *sorted(columns - set(key)))
        .sort("transact_time_ns", "event_seq", "order_id")
        .group_by(key, maintain_order=True)
        .agg(
            window_start=pl.col("transact_time").min(),
            window_end=pl.col("transact_time").max(),
            first_seq=sequence(seq="event_seq").first(),
            last_seq=sequence(seq="event_seq").last(),
            order_ids=listed("order_id"),
            **{name: listed(column) if column not in key else _NONE for name, column in _LISTED.items()},
        )
    )
