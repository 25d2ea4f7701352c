"""Wash trade: the same or linked owners on both sides of one trade."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from analytics.compliance._features import with_baseline, with_group
from analytics.compliance.alerts import Metric, Told, flattened, sequence, with_episode
from analytics.compliance.detector import Detector, Tables
from analytics.compliance.parameters import Parameters, parameter

_BUYS = ("buy", "buy_cover")


@dataclass(frozen=True)
class WashTradeParameters(Parameters):
    """Thresholds of the exact wash trade rule."""

    base_score: float = parameter(
        60.0, unit="score", low=0, high=100, rationale="One match of related owners is worth a look."
    )
    repeat_score: float = parameter(
        10.0, unit="score", low=0, high=50, rationale="Repetition is what sets a pattern apart from chance."
    )
    volume_share: float = parameter(
        0.05,
        unit="fraction of average daily volume",
        low=0.001,
        high=1.0,
        rationale="Self-trades near 5 % of a security's volume raise concern; the score is full there.",
    )
    exempt_agency_cross: bool = parameter(
        default=True,
        unit="yes/no",
        rationale="An agency cross between different owners does change the beneficial owner.",
    )


class WashTrade(Detector):
    """Both legs of one trade belong to the same or to linked beneficial owners.

    Rule: within a venue's day, executions that share ``match_id`` and whose accounts share a link group,
    an owner or the account itself, with quantity on both sides. Trades of different owners that are both
    done as agent are left out. Linear: one grouping by match.
    """

    name = "wash_trade"
    code = "D01"
    title = "Suspected wash trade"
    version = "1.0.0"
    description = "The same or linked owners stand on both sides of one trade, so nothing changes hands."
    regulation = ("MAR Art. 16(2), Reg. 2016/957", "FINRA Rule 5210.02")
    inputs = ("executions",)
    helpful = ("accounts", "prices")
    false_positives = (
        "Agency crosses of clients under one manager",
        "Two unrelated algorithms of one firm that meet by chance",
        "Omnibus accounts that hold many owners",
    )
    Params = WashTradeParameters

    def episodes(self, tables: Tables, params: WashTradeParameters) -> pl.LazyFrame:
        """Return matches of related owners, merged into episodes."""
        bought = pl.col("side").is_in(_BUYS)
        fills = with_group(tables["executions"].filter(pl.col("match_id").is_not_null()), tables)
        fills = fills.with_columns(
            day=pl.coalesce("trade_date", pl.col("transact_time").dt.date()),
            venue=pl.col("venue").fill_null(""),
        )
        as_agent = pl.col("capacity").is_in(["agency", "riskless"]).fill_null(value=False)
        matches = (
            fills.group_by("actor_group", "instrument_id", "venue", "day", "match_id")
            .agg(
                bought_qty=pl.col("last_qty").filter(bought).sum(),
                sold_qty=pl.col("last_qty").filter(~bought).sum(),
                price=pl.col("last_px").cast(pl.Float64).min(),
                transact_time=pl.col("transact_time").min(),
                last_time=pl.col("transact_time").max(),
                transact_time_ns=pl.col("transact_time_ns").min(),
                last_ns=pl.col("transact_time_ns").max(),
                exec_ids=pl.col("exec_id").unique().sort(),
                order_ids=pl.col("order_id").drop_nulls().unique().sort(),
                accounts=pl.col("account_id").unique().sort(),
                traders=pl.col("trader_id").drop_nulls().unique().sort(),
                owners=pl.coalesce("owner_id", "account_id").n_unique(),
                as_agent=as_agent.all(),
            )
            .filter((pl.col("bought_qty") > 0) & (pl.col("sold_qty") > 0))
        )
        if params.exempt_agency_cross:
            matches = matches.filter(~(pl.col("as_agent") & (pl.col("owners") > 1)))
        crossed = pl.min_horizontal("bought_qty", "sold_qty").cast(pl.Float64)
        matches = matches.with_columns(crossed_qty=crossed, notional=crossed * pl.col("price"))
        found = (
            with_episode(matches)
            .group_by("actor_group", "instrument_id", "episode")
            .agg(
                window_start=pl.col("transact_time").min(),
                window_end=pl.col("last_time").max(),
                first_seq=sequence().sort_by("transact_time_ns").first(),
                last_seq=sequence("last_ns").sort_by("last_ns").last(),
                day=pl.col("day").min(),
                matches=pl.len(),
                crossed_qty=pl.col("crossed_qty").sum(),
                notional=pl.col("notional").sum(),
                exec_ids=flattened("exec_ids"),
                order_ids=flattened("order_ids"),
                accounts=flattened("accounts"),
                traders=flattened("traders"),
                first_match=pl.col("match_id").sort_by("transact_time_ns", "match_id").first(),
            )
        )
        return with_baseline(found, tables)

    def tell(self, episode: Mapping[str, Any], params: WashTradeParameters) -> Told:
        """Score by repetition and by share of the instrument's usual volume."""
        n, adv = episode["matches"], episode["adv"]
        share = episode["crossed_qty"] / adv if adv else None
        weight = (100 - params.base_score) * min(1.0, (share or 0.0) / params.volume_share)
        accounts, instrument = episode["accounts"], episode["instrument_id"]
        who = f"account {accounts[0]}" if len(accounts) == 1 else f"related accounts {_and(accounts)}"
        story = [
            (
                f"At {episode['window_start']:%H:%M:%S} UTC on {episode['window_start']:%Y-%m-%d}, {who} stood on "
                f"both sides of trade {episode['first_match']} in {instrument}."
            ),
            (
                f"{_times(n)} within this episode, {episode['crossed_qty']:,.0f} units crossed without a change of "
                f"owner, worth {episode['notional']:,.2f} at the traded prices."
            ),
            f"That is {share:.2%} of the instrument's average daily volume; the score is full at "
            f"{params.volume_share:.0%}."
            if share is not None
            else "The instrument's usual volume is not known, so the share of volume does not count here.",
            "Suspected wash trade: check for an internal cross that was approved, or an omnibus account.",
        ]
        actors = [("account", a) for a in accounts] + [("trader", t) for t in episode["traders"]]
        return Told(
            score=params.base_score + params.repeat_score * (n - 1) + weight,
            metrics=[
                Metric("matches", float(n), 1.0, "trades"),
                Metric("crossed_qty", episode["crossed_qty"], None, "units"),
                Metric("notional", episode["notional"], None, "currency"),
                Metric("volume_share", share, params.volume_share, "fraction of average daily volume"),
            ],
            story=story,
            actors=actors,
            order_ids=episode["order_ids"],
            exec_ids=episode["exec_ids"],
        )


def _and(names: list[str]) -> str:
    shown = names if len(names) <= 4 else [*names[:3], f"{len(names) - 3} more"]
    return f"{', '.join(shown[:-1])} and {shown[-1]}"


def _times(n: int) -> str:
    return "Once" if n == 1 else f"{n} times"
