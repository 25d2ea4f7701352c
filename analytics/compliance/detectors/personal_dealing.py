"""Personal account dealing: private trades held against the firm's rules for them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from analytics.compliance._approvals import PERSON, private_trades, with_approvals
from analytics.compliance._client_orders import client_orders, root_orders
from analytics.compliance._listings import covered, in_force
from analytics.compliance._spans import is_empty, no_episodes
from analytics.compliance.alerts import Metric, Told, listed, sequence, with_episode
from analytics.compliance.detector import GAP_SCHEMA, LISTS, Detector, Tables
from analytics.compliance.parameters import Parameters, parameter

_DAY = 86_400 * 10**9
_SAYS = {
    "no_approval": "no approval was asked for, or none was given",
    "outside_window": "the approval did not cover that time",
    "over_quantity": "more was traded than approved",
    "restricted": "the instrument was on the restricted or on the person's insider list",
    "holding_period": "it was closed again too soon",
    "proximity": "the desk's client traded the same way shortly after",
    "blackout": "a large client order of the desk or the firm's research was too near",
}


@dataclass(frozen=True)
class PersonalDealingParameters(Parameters):
    """The firm's rules, and how heavy each weighs."""

    holding_days: float = parameter(
        30.0, unit="days", low=0, high=365, rationale="Private trades are meant to be investments."
    )
    proximity_days: float = parameter(
        5.0, unit="days", low=0, high=30, rationale="A client order is in the making for about a week."
    )
    blackout_days: float = parameter(
        1.0,
        unit="days",
        low=0,
        high=7,
        rationale="Either way round, research and blocks move prices for a day.",
    )
    block_percentile: float = parameter(
        0.95,
        unit="percentile of the desk's client orders",
        low=0,
        high=1,
        rationale="A busy desk trades most names every day; only its blocks are worth anticipating.",
    )
    block_history: int = parameter(
        20, unit="orders", low=1, high=10000, rationale="Fewer client orders set no percentile; all count."
    )
    trust_approval: bool = parameter(
        default=True,
        unit="yes/no",
        rationale="Whoever approves knows the desk's orders, so a valid approval settles proximity and blackout.",
    )
    approval_memory: float = parameter(
        30.0,
        unit="days",
        low=1,
        high=365,
        rationale="An approval of long ago is none; a recent one shows that the rule was known.",
    )
    funds: bool = parameter(
        default=False, unit="yes/no", rationale="Diversified funds cannot be moved by what a desk knows."
    )


class PersonalDealing(Detector):
    """A trade in a personal account breaks a rule of personal account dealing.

    Rules: (approval) executed without an approval of account or person, instrument and side, outside its
    time, or beyond its quantity; (restricted) on a restricted or own insider list; (holding) opposite to
    what was traded within ``holding_days``; (proximity) same side within ``proximity_days`` before a large
    client order of the person's desk was received; (blackout) within ``blackout_days`` of such an order or
    of the firm's research. In scope are accounts of kind personal and all others with ``pad`` set; those
    with ``pad`` unset by hand (managed at discretion) are not, nor are funds and reinvested dividends.
    Linear: private trades are few, everything else is joined to them.
    """

    name = "personal_dealing"
    code = "D18"
    title = "Suspected breach of personal dealing rules"
    version = "1.1.0"
    description = "A private trade without approval, too near to clients' orders, or closed too soon."
    regulation = ("Advisers Act Rule 204A-1", "MAR Art. 16(2), Reg. 2016/957")
    inputs = ("executions", "accounts")
    helpful = ("preclearances", LISTS, "order_events", "instruments", "news", "quotes")
    false_positives = (
        "Accounts managed at discretion by others",
        "Corporate actions and reinvested dividends booked as trades",
        "An approval given on paper and entered later",
    )
    Params = PersonalDealingParameters

    def episodes(self, tables: Tables, params: PersonalDealingParameters) -> pl.LazyFrame:
        """Return trades that break a rule, merged by group and instrument."""
        private = private_trades(tables, funds=params.funds)
        if is_empty(private):
            return no_episodes()
        trades = with_approvals(private, tables, memory_days=params.approval_memory)
        settled = pl.col("approved") if params.trust_approval else pl.lit(value=False)
        blocks = client_orders(
            root_orders(tables),
            percentile=params.block_percentile,
            history=params.block_history,
            longest=_DAY / 1e9,
        )
        near = _near(trades, blocks, tables, params).with_columns(
            waived=pl.col("waives").list.contains("blackout") | settled
        )
        hits = pl.concat(
            [
                trades.filter(~pl.col("approved") & pl.col("known")).with_columns(rule=pl.col("finding")),
                _restricted(trades, tables),
                _too_soon(trades, params).filter(~pl.col("waives").list.contains("holding_period")),
                near.filter(~pl.col("waived")),
            ],
            how="diagonal",
        )
        return (
            with_episode(hits)
            .group_by("actor_group", "instrument_id", "episode")
            .agg(
                window_start=pl.col("transact_time").min(),
                window_end=pl.col("transact_time").max(),
                first_seq=sequence().first(),
                last_seq=sequence().last(),
                rules=pl.col("rule").unique().sort(),
                sides=pl.col("side").unique().sort(),
                qty=pl.col("qty").filter(pl.col("exec_id").is_first_distinct()).sum(),
                over=pl.col("over").max(),
                held=pl.col("held").min(),
                ahead=pl.col("ahead").abs().min(),
                client_orders=listed("client_order"),
                listed_since=pl.col("listed_since").min(),
                accounts=listed("account_id"),
                people=listed(PERSON),
                order_ids=listed("order_id"),
                exec_ids=listed("exec_id"),
            )
        )

    def blind_spots(self, tables: Tables, params: PersonalDealingParameters) -> list[pl.LazyFrame]:
        """Return private trades where the firm has no approvals on record at all."""
        trades = private_trades(tables, funds=params.funds)
        asked = tables["preclearances"].select(pl.len().alias("requests"))
        return [
            trades.join(asked, how="cross")
            .filter(pl.col("requests") == 0)
            .group_by("instrument_id")
            .agg(missing=pl.col("exec_id").n_unique().cast(pl.UInt32))
            .with_columns(reason=pl.lit("Private trades were made, but no approvals are on record at all."))
            .select(*GAP_SCHEMA)
        ]

    def tell(self, episode: Mapping[str, Any], params: PersonalDealingParameters) -> Told:
        """Score by the gravest rule broken; every further one adds a little."""
        weights = {
            "no_approval": 70.0,
            "outside_window": 60.0,
            "over_quantity": 55.0 + 25.0 * min(1.0, (episode["over"] or 0.0)),
            "restricted": 95.0,
            "holding_period": 50.0 + 25.0 * (1 - (episode["held"] or 0.0) / max(params.holding_days, 1e-9)),
            "proximity": 80.0,
            "blackout": 65.0,
        }
        rules = episode["rules"]
        who = episode["people"][0] if episode["people"] else "Somebody"
        metrics = [Metric("rules_broken", float(len(rules)), 1.0, "rules")]
        if "over_quantity" in rules:
            metrics.append(Metric("beyond_approval", episode["over"], 0.0, "fraction of the approval"))
        if "holding_period" in rules:
            metrics.append(Metric("held", episode["held"], params.holding_days, "days"))
        if {"proximity", "blackout"} & set(rules) and episode["ahead"] is not None:
            bound = params.proximity_days if "proximity" in rules else params.blackout_days
            metrics.append(Metric("to_client_order", episode["ahead"], bound, "days"))
        acts = " and ".join(_ACTS[side] for side in episode["sides"])
        return Told(
            score=max(weights[rule] for rule in rules) + 5 * (len(rules) - 1),
            metrics=metrics,
            story=[
                (
                    f"At {episode['window_start']:%H:%M:%S} UTC on {episode['window_start']:%Y-%m-%d}, {who} "
                    f"{acts} {episode['qty']:,.0f} units of {episode['instrument_id']} in "
                    f"{', '.join(episode['accounts'])}, which personal dealing rules cover."
                ),
                *(f"Rule broken: {_SAYS[rule]}{_detail(rule, episode)}." for rule in rules),
                "Suspected breach: ask for the approval on paper and for the reason of the trade.",
            ],
            actors=[("account", a) for a in episode["accounts"]] + [("person", p) for p in episode["people"]],
            order_ids=[*episode["order_ids"], *episode["client_orders"]],
            exec_ids=episode["exec_ids"],
        )


_ACTS = {"buy": "bought", "sell": "sold", "sell_short": "sold short", "buy_cover": "bought back"}


def _detail(rule: str, episode: Mapping[str, Any]) -> str:
    if rule == "over_quantity":
        return f" by {episode['over']:.0%}"
    if rule == "holding_period":
        return f", after {episode['held']:.1f} days"
    if rule == "restricted":
        return f", since {episode['listed_since']:%Y-%m-%d %H:%M} UTC"
    if rule in {"proximity", "blackout"} and episode["ahead"] is not None:
        return f" ({episode['ahead']:.1f} days apart)"
    return ""


def _restricted(trades: pl.LazyFrame, tables: Tables) -> pl.LazyFrame:
    """Return trades in an instrument that was closed to the person at that time."""
    barred = covered(tables).filter(pl.col("list_type").is_in(["restricted", "insider"]))
    subject = pl.col("subject_id")
    everybody = subject.is_null() | (pl.col("subject_kind") == "firm")
    own = (pl.col("subject_kind") == "person") & (subject == pl.col(PERSON))
    desk = (pl.col("subject_kind") == "desk") & (subject == pl.col("desk"))
    return (
        trades.join(barred, on="instrument_id", how="inner")
        .filter(in_force() & (everybody | own | desk).fill_null(value=False))
        .with_columns(rule=pl.lit("restricted"), listed_since="valid_from")
    )


def _too_soon(trades: pl.LazyFrame, params: PersonalDealingParameters) -> pl.LazyFrame:
    """Return trades that undo the last opposite one before the holding period is over."""
    keys = ["account_id", "instrument_id"]
    opposite = trades.select(*keys, "direction", "transact_time_ns", before_ns="transact_time_ns")
    undone = opposite.with_columns(direction=-pl.col("direction"))
    later = trades.sort("transact_time_ns").join_asof(
        undone.sort("transact_time_ns"),
        on="transact_time_ns",
        by=[*keys, "direction"],
        strategy="backward",
        allow_exact_matches=False,
        check_sortedness=False,
    )
    held = (pl.col("transact_time_ns") - pl.col("before_ns")) / _DAY
    return later.with_columns(held=held, rule=pl.lit("holding_period")).filter(
        pl.col("held") < params.holding_days
    )


def _near(
    trades: pl.LazyFrame, blocks: pl.LazyFrame, tables: Tables, params: PersonalDealingParameters
) -> pl.LazyFrame:
    """Return trades close to a block of the desk's clients, or to the firm's research."""
    asked = blocks.select(
        "received", "client_order", instrument_id="client_instrument", desk="client_desk", way="direction"
    )
    days = (pl.col("received") - pl.col("transact_time_ns")) / _DAY
    both = trades.join(asked, on=["instrument_id", "desk"], how="inner").with_columns(ahead=days)
    same = pl.col("way") == pl.col("direction")
    soon = (pl.col("ahead") > 0) & (pl.col("ahead") <= params.proximity_days)
    told = (
        tables["news"]
        .filter((pl.col("event_type") == "research").fill_null(value=False))
        .select(instrument_id="instrument_ids", published="transact_time_ns")
        .explode("instrument_id")
    )
    written = trades.join(told, on="instrument_id", how="inner").with_columns(
        ahead=(pl.col("published") - pl.col("transact_time_ns")) / _DAY
    )
    close = pl.col("ahead").abs() <= params.blackout_days
    return pl.concat(
        [
            both.filter(same & soon).with_columns(rule=pl.lit("proximity")),
            both.filter(close & ~(same & soon)).with_columns(rule=pl.lit("blackout")),
            written.filter(close).with_columns(rule=pl.lit("blackout")),
        ],
        how="diagonal",
    )
