"""Wash trade: the same or linked owners on both sides of one trade, or of trades that cancel out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from analytics.compliance._counterparties import documented, twice
from analytics.compliance._features import with_baseline
from analytics.compliance._volumes import own_fills
from analytics.compliance.alerts import Metric, Told, flattened, sequence, with_episode
from analytics.compliance.detector import Detector, Tables
from analytics.compliance.parameters import Parameters, parameter

_SECOND_NS = 10**9
_HOUR_NS = 3600 * _SECOND_NS
# How surely both legs are known to be one trade: a shared match number; two reports that fit; only their sum.
_MATCH, _FIT, _NET = "match", "fit", "net"
_AGENT = ("agency", "riskless")


@dataclass(frozen=True)
class WashTradeParameters(Parameters):
    """Thresholds of the wash trade rules."""

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
        rationale="An agency cross between different owners that was written down does change the owner; "
        "linked owners without a record get no such benefit.",
    )
    fit_seconds: float = parameter(
        1.0, unit="seconds", low=0.001, high=60, rationale="Two reports of one trade come within a second."
    )
    fit_ticks: float = parameter(
        1.0, unit="ticks", low=0, high=10, rationale="Two legs of one trade differ by rounding at most."
    )
    fit_quantity: float = parameter(
        0.9,
        unit="fraction",
        low=0.5,
        high=1.0,
        rationale="Legs may be reported in parts, so nearly equal sizes count.",
    )
    net_fraction: float = parameter(
        0.01,
        unit="fraction of gross",
        low=0,
        high=0.2,
        rationale="A net of at most 1 % of what was traded leaves the position as it was.",
    )
    net_price: float = parameter(
        2.0,
        unit="basis points",
        low=0,
        high=50,
        rationale="Legs that cancel out at one price carry no market risk; day trading earns a spread.",
    )
    net_legs: int = parameter(
        4, unit="fills", low=2, high=100, rationale="Two fills that happen to cancel out are no pattern."
    )


class WashTrade(Detector):
    """Both legs of a trade belong to the same or to linked beneficial owners.

    Three rules, each within a venue's day and an actor group:

    - match: executions that share ``match_id``, with quantity on both sides;
    - fit: where no match number is known, a buy and a sell at one venue within a second, a tick and a tenth
      of the size, unless both made or both took liquidity, for one trade has one of each;
    - net: where no match number is known, two or more accounts of different sides in one clock hour whose
      fills cancel out at one price. Market makers are left out of the last two.

    Crosses of different owners, both as agent, are left out if a record says so. Linear: groupings and one
    as-of join.
    """

    name = "wash_trade"
    code = "D01"
    title = "Suspected wash trade"
    version = "1.1.0"
    description = "The same or linked owners stand on both sides of one trade, so nothing changes hands."
    regulation = ("MAR Art. 16(2), Reg. 2016/957", "FINRA Rule 5210.02")
    inputs = ("executions",)
    helpful = ("accounts", "prices", "instruments")
    false_positives = (
        "Agency crosses of clients under one manager",
        "Two unrelated algorithms of one firm that meet by chance",
        "Omnibus accounts that hold many owners",
    )
    Params = WashTradeParameters

    def episodes(self, tables: Tables, params: WashTradeParameters) -> pl.LazyFrame:
        """Return trades of related owners, merged into episodes."""
        fills = own_fills(
            tables, "order_id", "trader_id", "venue", "match_id", "liquidity", "capacity", "strategy", "ext"
        ).with_columns(pl.col("venue").fill_null(""))
        unmatched = fills.filter(pl.col("match_id").is_null() & (pl.col("account_kind").ne_missing("mm")))
        fitting = _fitting(unmatched, tables, params)
        matches = pl.concat([_matched(fills, params), _pairs(fitting, params), _netting(unmatched, params)])
        found = (
            with_episode(matches)
            .group_by("actor_group", "instrument_id", "episode")
            .agg(
                window_start=pl.col("transact_time").min(),
                window_end=pl.col("last_time").max(),
                first_seq=sequence().sort_by("transact_time_ns").first(),
                last_seq=sequence("last_ns").sort_by("last_ns").last(),
                day=pl.col("day").min(),
                basis=pl.col("basis").unique().sort(),
                matches=pl.col("legs").sum(),
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
        accounts = episode["accounts"]
        who = f"account {accounts[0]}" if len(accounts) == 1 else f"related accounts {_and(accounts)}"
        story = [
            _opening(episode, who),
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


def _opening(episode: Mapping[str, Any], who: str) -> str:
    when = f"{episode['window_start']:%H:%M:%S} UTC on {episode['window_start']:%Y-%m-%d}"
    instrument = episode["instrument_id"]
    if _MATCH in episode["basis"]:
        number = f" {episode['first_match']}" if episode["first_match"] else ""
        return f"At {when}, {who} stood on both sides of trade{number} in {instrument}."
    if _FIT in episode["basis"]:
        return (
            f"At {when}, {who} bought and sold {instrument} at one venue, price and size within a second; no "
            "match number says against whom."
        )
    return (
        f"From {when}, {who} traded {instrument} against one another's direction until nothing was left, at one "
        "price; no match number says against whom."
    )


def _and(names: list[str]) -> str:
    shown = names if len(names) <= 4 else [*names[:3], f"{len(names) - 3} more"]
    return f"{', '.join(shown[:-1])} and {shown[-1]}"


def _times(n: int) -> str:
    return "Once" if n == 1 else f"{n} times"


def _matched(fills: pl.LazyFrame, params: WashTradeParameters) -> pl.LazyFrame:
    both = twice(fills).group_by("actor_group", "instrument_id", "venue", "day", "match_id")
    return _crossed(both.agg(**_legs()), params, basis=_MATCH)


def _legs() -> dict[str, pl.Expr]:
    return {
        "bought_qty": pl.col("qty").filter(pl.col("buys")).sum(),
        "sold_qty": pl.col("qty").filter(~pl.col("buys")).sum(),
        "price": pl.col("px").min(),
        "transact_time": pl.col("transact_time").min(),
        "last_time": pl.col("transact_time").max(),
        "transact_time_ns": pl.col("transact_time_ns").min(),
        "last_ns": pl.col("transact_time_ns").max(),
        "exec_ids": pl.col("exec_id").unique().sort(),
        "order_ids": pl.col("order_id").drop_nulls().unique().sort(),
        "accounts": pl.col("account_id").unique().sort(),
        "traders": pl.col("trader_id").drop_nulls().unique().sort(),
        "owners": pl.coalesce("owner_id", "account_id").n_unique(),
        "as_agent": pl.col("capacity").is_in(_AGENT).fill_null(value=False).all(),
        "documented": documented().all(),
        "legs": pl.lit(1, pl.UInt32),
    }


def _crossed(trades: pl.LazyFrame, params: WashTradeParameters, *, basis: str) -> pl.LazyFrame:
    crossed = pl.min_horizontal("bought_qty", "sold_qty")
    approved = pl.col("as_agent") & pl.col("documented") & (pl.col("owners") > 1)
    if not params.exempt_agency_cross:
        approved = pl.lit(value=False)
    return trades.filter((pl.col("bought_qty") > 0) & (pl.col("sold_qty") > 0) & ~approved).select(
        *("actor_group", "instrument_id", "day", "match_id", "transact_time", "last_time"),
        *("transact_time_ns", "last_ns", "exec_ids", "order_ids", "accounts", "traders", "legs"),
        crossed_qty=crossed,
        notional=crossed * pl.col("price"),
        basis=pl.lit(basis),
    )


def _fitting(fills: pl.LazyFrame, tables: Tables, params: WashTradeParameters) -> pl.LazyFrame:
    # Each sell beside the nearest buy of its group at that venue; both ends of a fit get one key.
    ticks = tables["instruments"].select("instrument_id", tick=pl.col("tick_size").cast(pl.Float64))
    by = ["actor_group", "instrument_id", "venue"]
    sides = fills.select(*by, "exec_id", "transact_time_ns", "px", "qty", "buys", "liquidity")
    buys = sides.filter("buys").drop("buys").sort("transact_time_ns", "exec_id")
    sells = sides.filter(~pl.col("buys")).drop("buys").sort("transact_time_ns", "exec_id")
    near = sells.join_asof(
        buys.with_columns(bought_ns="transact_time_ns"),
        on="transact_time_ns",
        by=by,
        strategy="nearest",
        tolerance=int(params.fit_seconds * _SECOND_NS),
        suffix="_bought",
        check_sortedness=False,
    ).filter(pl.col("exec_id_bought").is_not_null())
    tick = pl.col("tick").fill_null(pl.col("px") * 1e-4)
    apart = (pl.col("px") - pl.col("px_bought")).abs() <= (params.fit_ticks + 1e-6) * tick
    ratio = pl.min_horizontal("qty", "qty_bought") / pl.max_horizontal("qty", "qty_bought")
    same_role = (pl.col("liquidity") == pl.col("liquidity_bought")).fill_null(value=False)
    pairs = (
        near.join(ticks.unique("instrument_id", keep="any"), on="instrument_id", how="left")
        .filter(apart, ratio >= params.fit_quantity, ~same_role)
        .select("exec_id", "exec_id_bought", key=pl.struct("exec_id", "exec_id_bought").hash())
        .sort("exec_id")
        .unique("exec_id_bought", keep="first", maintain_order=True)
    )
    ends = pl.concat([pairs.select("key", "exec_id"), pairs.select("key", exec_id="exec_id_bought")]).unique(
        "exec_id", keep="any"
    )
    return fills.join(ends, on="exec_id", how="inner")


def _pairs(fitting: pl.LazyFrame, params: WashTradeParameters) -> pl.LazyFrame:
    trades = fitting.group_by("actor_group", "instrument_id", "venue", "day", "key").agg(**_legs())
    return _crossed(trades.with_columns(match_id=pl.lit(None, pl.String)), params, basis=_FIT)


def _netting(fills: pl.LazyFrame, params: WashTradeParameters) -> pl.LazyFrame:
    hour = pl.col("transact_time_ns") // _HOUR_NS
    by = ["actor_group", "instrument_id", "day", "hour"]
    signed = pl.when("buys").then(pl.col("qty")).otherwise(-pl.col("qty"))
    worth = pl.col("qty") * pl.col("px")
    keyed = fills.with_columns(hour=hour)
    sums = (
        keyed.group_by(by)
        .agg(
            net=signed.sum().abs(),
            gross=pl.col("qty").sum(),
            fills=pl.len(),
            bought_px=worth.filter("buys").sum() / pl.col("qty").filter("buys").sum(),
            sold_px=worth.filter(~pl.col("buys")).sum() / pl.col("qty").filter(~pl.col("buys")).sum(),
            buyers=pl.col("account_id").filter("buys").n_unique(),
            sellers=pl.col("account_id").filter(~pl.col("buys")).n_unique(),
            members=pl.col("account_id").n_unique(),
        )
        .filter(
            pl.col("fills") >= params.net_legs,
            pl.col("members") > 1,
            pl.col("net") <= params.net_fraction * pl.col("gross"),
            (pl.col("bought_px") / pl.col("sold_px") - 1).abs() * 1e4 <= params.net_price,
        )
    )
    trades = (
        keyed.join(sums.select(by), on=by, how="semi").group_by(by).agg(**(_legs() | {"legs": pl.len() // 2}))
    )
    return _crossed(trades.with_columns(match_id=pl.lit(None, pl.String)), params, basis=_NET)
