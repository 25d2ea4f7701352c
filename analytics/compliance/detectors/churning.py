"""Churning: a client's account is turned over again and again, at his cost."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from analytics.compliance._equity import equity, traded
from analytics.compliance._grades import blend, grade
from analytics.compliance.alerts import Metric, Told, listed, sequence
from analytics.compliance.detector import GAP_SCHEMA, Detector, Tables
from analytics.compliance.parameters import Parameters, parameter
from analytics.text import formatted

_YEAR = 365.0


@dataclass(frozen=True)
class ChurningParameters(Parameters):
    """The tiers of turnover and cost, and the window they are taken over."""

    window: int = parameter(
        30, unit="days", low=7, high=365, rationale="Long enough for a pattern, short enough to stop one."
    )
    turnover: float = parameter(
        4.0, unit="times equity a year", low=0.5, high=100, rationale="The middle tier of 2, 4 and 6."
    )
    cost: float = parameter(
        0.10, unit="fraction of equity a year", low=0.005, high=2.0,
        rationale="The middle tier of 5, 10 and 20 %: an account must earn that before its owner does.",
    )  # fmt: skip
    in_and_out: float = parameter(
        0.3, unit="fraction of purchases", low=0.0, high=1.0,
        rationale="Bought and sold again within the window; a portfolio that is merely built is not churned.",
    )  # fmt: skip
    fills: int = parameter(
        10, unit="executions", low=2, high=10_000, rationale="A handful of trades is no pattern."
    )


class Churning(Detector):
    """An account of a client whose trading costs more than it can be expected to earn.

    Rule: over any ``window`` of days, turnover (the lesser of purchases and sales, so that neither funding nor
    winding up counts, over average equity, a year's worth) >= ``turnover``, and commission, fees and what the
    fills cost beyond arrival >= ``cost`` of equity a year, and at least ``in_and_out`` of what was bought was
    sold again in the same name. Accounts of clients only: nobody recommends trades to a house, a market maker
    or a person who trades for himself.
    """

    name = "churning"
    code = "D22"
    title = "Suspected churning"
    version = "1.0.0"
    description = "A client's account was turned over again and again, at a cost it could hardly earn."
    regulation = ("FINRA 2111, Regulatory Notice 18-13",)
    inputs = ("executions", "accounts")
    helpful = ("cash_flows", "daily_nav")
    in_window = False
    false_positives = (
        "Accounts that pay one fee for everything",
        "Clients who decide for themselves and know what it costs",
        "A change of mandate that turns the portfolio over once",
    )
    Params = ChurningParameters

    def episodes(self, tables: Tables, params: ChurningParameters) -> pl.LazyFrame:
        """Return runs of days whose window is over every threshold, one row per account and run."""
        kinds = tables["accounts"].filter(pl.col("kind") == "client")
        kinds = kinds.filter((pl.col("strategy") != "self_directed").fill_null(value=True))
        fills = tables["executions"].join(kinds.select("account_id").unique(), on="account_id", how="semi")
        over = _over(_windows(fills, tables, params), params)
        return _runs(over, fills, params).join(
            kinds.select("account_id", "owner_id", "link_group").unique("account_id", keep="any"),
            on="account_id",
            how="left",
        ).with_columns(
            actor_group=pl.coalesce(
                formatted("link:{}", "link_group"), formatted("owner:{}", "owner_id"), formatted("account:{}", "account_id")
            ),
            instrument_id=pl.lit(None, pl.String),
        )  # fmt: skip

    def blind_spots(self, tables: Tables, params: ChurningParameters) -> list[pl.LazyFrame]:
        """Return the trades of clients whose equity nobody knows."""
        clients = tables["accounts"].filter(pl.col("kind") == "client").select("account_id").unique()
        known = equity(tables).select("account_id").unique()
        unknown = (
            tables["executions"]
            .join(clients, on="account_id", how="semi")
            .join(known, on="account_id", how="anti")
        )
        return [
            unknown.select(missing=pl.len())
            .filter(pl.col("missing") > 0)
            .with_columns(
                reason=pl.lit(
                    "Neither cash flows nor a net asset value tell what some client accounts are worth."
                ),
                instrument_id=pl.lit(None, pl.String),
            )
            .select(*GAP_SCHEMA)
        ]

    def tell(self, episode: Mapping[str, Any], params: ChurningParameters) -> Told:
        """Grade turnover, cost and in-and-out trading."""
        turnover, cost, in_and_out = episode["turnover"], episode["cost_to_equity"], episode["in_out"]
        score = blend(
            45.0,
            (40, grade(turnover, params.turnover, 2.5 * params.turnover)),
            (40, grade(cost, params.cost, 3 * params.cost)),
            (20, grade(in_and_out, params.in_and_out, 1.0)),
        )
        metrics = [
            Metric("turnover", turnover, params.turnover, "times a year"),
            Metric("cost_to_equity", cost, params.cost, "fraction a year"),
            Metric("in_and_out", in_and_out, params.in_and_out, "fraction of purchases"),
            Metric("executions", float(episode["count"]), float(params.fills), "executions"),
        ]
        account = episode["account_id"]
        story = [
            (
                f"In the {params.window} days to {episode['worst']:%Y-%m-%d}, account {account} bought for "
                f"{episode['purchases']:,.0f} and sold for {episode['sales']:,.0f}, on an average equity of {episode['equity']:,.0f}."
            ),
            f"That is {turnover:.1f} times its equity a year; from {params.turnover:g} it is looked at.",
            f"Commission, fees and concessions came to {episode['costs']:,.0f}: the account must earn {cost:.0%} a year to break even.",
            f"{in_and_out:.0%} of what was bought was sold again in the same name within the window.",
            "Suspected only: check the mandate, and who had the ideas.",
        ]
        actors = [("account", account), *(("trader", one) for one in episode["traders"])]
        return Told(
            score=score, metrics=metrics, story=story, actors=actors,
            order_ids=episode["order_ids"], exec_ids=episode["exec_ids"], instrument_ids=episode["names"],
        )  # fmt: skip


def _windows(fills: pl.LazyFrame, tables: Tables, params: ChurningParameters) -> pl.LazyFrame:
    # Per account and day with trades: what the window that ends there came to.
    names = traded(fills, by=("account_id", "instrument_id", "date")).sort("date")
    span = f"{params.window}d"
    rolled = names.rolling("date", period=span, group_by=["account_id", "instrument_id"]).agg(
        bought=pl.col("purchases").sum(), sold=pl.col("sales").sum()
    )
    both = (
        names.group_by("account_id", "date")
        .agg(*(pl.col(name).sum() for name in ("purchases", "sales", "costs", "concession", "fills")))
        .sort("date")
        .rolling("date", period=span, group_by="account_id")
        .agg(*(pl.col(name).sum() for name in ("purchases", "sales", "costs", "concession", "fills")))
    )
    # What a name adds to the money that went in and out counts on the day it is added.
    pairs = (
        rolled.with_columns(in_and_out=pl.min_horizontal("bought", "sold"))
        .sort("account_id", "instrument_id", "date")
        .with_columns(
            change=pl.col("in_and_out")
            - pl.col("in_and_out").shift(1).over("account_id", "instrument_id").fill_null(0.0)
        )
        .group_by("account_id", "date")
        .agg(fresh=pl.col("change").clip(lower_bound=0.0).sum())
        .sort("date")
        .rolling("date", period=span, group_by="account_id")
        .agg(matched=pl.col("fresh").sum())
    )
    worth = equity(tables)
    return (
        both.join(pairs, on=["account_id", "date"], how="left")
        .sort("date")
        .join_asof(worth, on="date", by="account_id", strategy="backward", check_sortedness=False)
        .sort("account_id", "date")
        .with_columns(equity=pl.col("equity").rolling_mean_by("date", window_size=span).over("account_id"))
    )


def _over(windows: pl.LazyFrame, params: ChurningParameters) -> pl.LazyFrame:
    scale = _YEAR / params.window / pl.col("equity")
    return windows.with_columns(
        turnover=(pl.min_horizontal("purchases", "sales") * scale).round(6),
        cost_to_equity=((pl.col("costs") + pl.col("concession")) * scale).round(6),
        in_out=(pl.col("matched") / pl.col("purchases")).fill_nan(0.0).clip(upper_bound=1.0).round(6),
    ).filter(
        (pl.col("equity") > 0)
        & (pl.col("turnover") >= params.turnover)
        & (pl.col("cost_to_equity") >= params.cost)
        & (pl.col("in_out") >= params.in_and_out)
        & (pl.col("fills") >= params.fills)
    )


def _runs(over: pl.LazyFrame, fills: pl.LazyFrame, params: ChurningParameters) -> pl.LazyFrame:
    apart = (pl.col("date") - pl.col("date").shift(1)).dt.total_days() > params.window
    worst = ("purchases", "sales", "costs", "equity", "turnover", "cost_to_equity", "in_out")
    runs = (
        over.sort("account_id", "date")
        .with_columns(
            costs=pl.col("costs") + pl.col("concession"),
            run=apart.fill_null(value=False).cast(pl.Int32).cum_sum().over("account_id"),
        )
        .group_by("account_id", "run")
        .agg(
            *(pl.col(name).sort_by("cost_to_equity", "date").last() for name in worst),
            worst=pl.col("date").sort_by("cost_to_equity", "date").last(),
            since=pl.col("date").min().dt.offset_by(f"-{params.window - 1}d"),
            until=pl.col("date").max(),
        )
    )
    rows = fills.with_columns(date=pl.coalesce("trade_date", pl.col("transact_time").dt.date())).join(
        runs, on="account_id", how="inner"
    )
    inside = rows.filter(pl.col("date").is_between(pl.col("since"), pl.col("until"))).sort(
        "transact_time_ns", "exec_id"
    )
    return inside.group_by("account_id", "run", maintain_order=True).agg(
        *(pl.col(name).first() for name in (*worst, "worst")),
        window_start=pl.col("transact_time").min(),
        window_end=pl.col("transact_time").max(),
        first_seq=sequence().first(),
        last_seq=sequence().last(),
        count=pl.len().cast(pl.Int64),
        traders=listed("trader_id"),
        names=pl.col("instrument_id").unique().sort(),
        order_ids=listed("order_id"),
        exec_ids=listed("exec_id"),
    )
