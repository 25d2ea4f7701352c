"""Best execution: client orders that cost far more than they should have, and brokers or venues that always do."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from analytics.compliance._client_service import client_windows, poorly_served, tell_service
from analytics.compliance._features import with_baseline, with_group
from analytics.compliance._grades import blend, grade
from analytics.compliance._shared import computed, deferred
from analytics.compliance.alerts import Metric, Told, flattened, listed, sequence, with_episode
from analytics.compliance.detector import GAP_SCHEMA, Detector, Tables
from analytics.compliance.parameters import Parameters, parameter
from analytics.conventions import BASIS_POINTS
from analytics.text import formatted
from analytics.trading.expected_cost import fit_cost_model, with_expected_cost
from analytics.trading.fills import current
from analytics.trading.league import standings

_PLACES = ("broker", "venue")
_STALE = 600 * 10**9  # ns after which a quote says nothing of the market


@dataclass(frozen=True)
class BestExecutionParameters(Parameters):
    """How far off, how much money, and how sure."""

    deviations: float = parameter(
        3.5,
        unit="robust standard deviations",
        low=2,
        high=20,
        rationale="The usual bound for outliers by median absolute deviation.",
    )
    excess: float = parameter(
        15.0,
        unit="basis points over expected",
        low=1,
        high=1000,
        rationale="An order done at once scatters by little; small change is no harm.",
    )
    money: float = parameter(
        500.0, unit="currency", low=0, high=1e9, rationale="What the client lost must be worth a letter."
    )
    through: float = parameter(
        5.0,
        unit="quoted spreads beyond the touch",
        low=0.5,
        high=100,
        rationale="Size walks through a level or two, not through five.",
    )
    bias: float = parameter(
        3.5,
        unit="basis points",
        low=0.1,
        high=100,
        rationale="Against the others, orders alike; less is a matter of routing.",
    )
    slow: float = parameter(
        300.0, unit="seconds to release", low=1, high=86_400, rationale="A desk needs moments, not minutes."
    )
    slower: float = parameter(
        10.0,
        unit="times the usual delay",
        low=1,
        high=1000,
        rationale="Where all waits are long, that is how it works.",
    )
    unfilled: float = parameter(
        0.5,
        unit="fraction of the order",
        low=0.05,
        high=1.0,
        rationale="Half of an order without a limit left undone.",
    )
    own_share: float = parameter(
        0.3, unit="fraction of the market's volume", low=0.01, high=1.0,
        rationale="An order that is the market is its own average.",
    )  # fmt: skip
    orders: int = parameter(30, unit="orders", low=10, high=10_000, rationale="Fewer are no habit.")


class BestExecution(Detector):
    """A client order dearer than the market explains, or a broker or venue that is dear throughout.

    Rule: the cost of each client order against arrival is compared with half the spread plus impact fitted on
    the firm's own orders; raised where it is at least ``deviations`` robust deviations and ``excess`` basis
    points above, cost the client ``money``, and the fills were worse than the quotes of their own time by half
    of that (a market that moved meanwhile is nobody's fault). A fill more than ``through`` spreads beyond the
    touch counts from 2 deviations, where the order is that dear against arrival too. Brokers and venues: mean excess of at least ``orders`` orders against the others by
    Welch's test with Benjamini and Hochberg, and at least ``bias``.
    """

    name = "best_execution"
    code = "D20"
    title = "Client order far from best execution"
    version = "1.2.0"
    description = "A client's order cost far more than expected, or a broker or venue is dear throughout."
    regulation = ("FINRA 5310", "MiFID II Art. 27")
    inputs = ("executions", "accounts", "prices")
    helpful = ("quotes", "order_events", "instruments", "bars", "tape")
    false_positives = (
        "Orders whose venue, limit or time the client prescribed",
        "News that moved the market while the order was worked",
        "Quotes that are late or not those of the venue",
    )
    Params = BestExecutionParameters

    def episodes(self, tables: Tables, params: BestExecutionParameters) -> pl.LazyFrame:
        """Return orders that stand out, by client, instrument and time; and the brokers and venues that do."""
        return deferred(lambda: _found(tables, params), _EPISODES)

    def blind_spots(self, tables: Tables, params: BestExecutionParameters) -> list[pl.LazyFrame]:
        """Return client fills without an arrival price."""
        return [
            _client_fills(tables)
            .filter(pl.col("arrival_px").is_null())
            .group_by("instrument_id")
            .agg(missing=pl.len().cast(pl.UInt32))
            .with_columns(reason=pl.lit("No arrival price is known for some fills of clients."))
            .select(*GAP_SCHEMA)
        ]

    def tell(self, episode: Mapping[str, Any], params: BestExecutionParameters) -> Told:
        """Grade how far off, how sure and how much."""
        if episode["vector"]:
            return tell_service(episode, params)
        return _tell_place(episode, params) if episode["place"] else _tell_order(episode, params)


_EPISODES: dict[str, Any] = {
    "actor_group": pl.String, "instrument_id": pl.String, "window_start": pl.Datetime("us", "UTC"),
    "window_end": pl.Datetime("us", "UTC"), "first_seq": pl.String, "last_seq": pl.String, "place": pl.String,
    "name": pl.String, "mean": pl.Float64, "league": pl.Float64, "q": pl.Float64, "n": pl.Int64, "cost": pl.Float64,
    "expected": pl.Float64, "z": pl.Float64, "lost": pl.Float64, "beyond": pl.Float64, "concession": pl.Float64,
    "accounts": pl.List(pl.String), "traders": pl.List(pl.String), "order_ids": pl.List(pl.String),
    "exec_ids": pl.List(pl.String), "vector": pl.String, "off": pl.Float64, "wait": pl.Float64, "usual": pl.Float64,
    "left": pl.Float64, "expected_cost_bp": pl.Float64,
}  # fmt: skip


def _client_fills(tables: Tables) -> pl.LazyFrame:
    clients = tables["accounts"].filter(pl.col("kind") == "client").select("account_id").unique()
    return (
        current(tables["executions"])
        .join(clients, on="account_id", how="semi")
        .filter(pl.col("order_id").is_not_null())
    )


def _fills(tables: Tables) -> pl.LazyFrame:
    """Return client fills with their parent order, the quote of their time, and what they gave away."""
    parents = tables["order_events"].filter(pl.col("parent_order_id").is_not_null())
    roots = parents.group_by("order_id").agg(root=pl.col("parent_order_id").min())
    quotes = (
        tables["quotes"]
        .filter((pl.col("bid_px") > 0) & (pl.col("ask_px") >= pl.col("bid_px")))
        .select(
            "instrument_id", "transact_time_ns", "seq", quote_ns="transact_time_ns",
            bid=pl.col("bid_px").cast(pl.Float64), ask=pl.col("ask_px").cast(pl.Float64),
        )
        .sort("transact_time_ns", "seq")
        .drop("seq")
    )  # fmt: skip
    rows = (
        _client_fills(tables)
        .select(
            "exec_id", "order_id", "account_id", "trader_id", "instrument_id", "side", "broker", "venue", "transact_time",
            "transact_time_ns", qty=pl.col("last_qty").cast(pl.Float64), px=pl.col("last_px").cast(pl.Float64),
            arrival=pl.col("arrival_px").cast(pl.Float64), day=pl.col("transact_time").dt.date(),
        )
        .join(roots, on="order_id", how="left")
        .with_columns(
            root=pl.coalesce("root", "order_id"),
            sign=pl.when(pl.col("side").is_in(["buy", "buy_cover"])).then(1.0).otherwise(-1.0),
        )
        .sort("transact_time_ns", "exec_id")
    )  # fmt: skip
    seen = rows.join_asof(
        quotes, on="transact_time_ns", by="instrument_id", strategy="backward", check_sortedness=False
    )
    fresh = pl.col("transact_time_ns") - pl.col("quote_ns") <= _STALE
    mid, spread = (pl.col("bid") + pl.col("ask")) / 2, pl.col("ask") - pl.col("bid")
    away = pl.col("sign") * (pl.col("px") - mid)
    return seen.with_columns(
        concession=pl.when(fresh).then(away / mid * BASIS_POINTS),
        spread_bp=pl.when(fresh).then(spread / mid * BASIS_POINTS),
        beyond=pl.when(fresh & (spread > 0)).then((away - spread / 2) / spread),
    )


def _orders(tables: Tables) -> pl.DataFrame:
    ordered = _fills(tables).group_by("root", maintain_order=True)
    value = pl.col("qty") * pl.col("px")
    orders = ordered.agg(
        *(pl.col(name).first() for name in ("account_id", "instrument_id", "sign", "arrival", "day", "transact_time", "transact_time_ns")),
        trader_id=pl.col("trader_id").drop_nulls().first(),
        broker=pl.col("broker").drop_nulls().mode().sort().first(),
        venue=pl.col("venue").drop_nulls().mode().sort().first(),
        last_time=pl.col("transact_time").last(),
        duration_seconds=(pl.col("transact_time_ns").last() - pl.col("transact_time_ns").first()) / 1e9,
        filled_qty=pl.col("qty").sum(),
        paid=value.sum(),
        concession=(pl.col("concession") * value).sum() / value.filter(pl.col("concession").is_not_null()).sum(),
        beyond=pl.col("beyond").max(),
        quoted_spread_bp=pl.col("spread_bp").first(),
        order_ids=listed("order_id"),
        exec_ids=listed("exec_id"),
    )  # fmt: skip
    norms = with_baseline(orders.filter(pl.col("arrival") > 0), tables).rename({"sigma": "volatility"})
    vwap = pl.col("paid") / pl.col("filled_qty")
    costs = norms.with_columns(cost_bp=pl.col("sign") * (vwap / pl.col("arrival") - 1) * BASIS_POINTS)
    return computed(costs.sort("transact_time_ns", "root"))


def _found(tables: Tables, params: BestExecutionParameters) -> pl.DataFrame:
    orders = _orders(tables)
    if orders.is_empty():
        return pl.DataFrame(schema=_EPISODES)
    judged = with_expected_cost(orders, fit_cost_model(orders)).with_columns(
        excess=pl.col("cost_bp") - pl.col("expected_cost_bp")
    )
    judged = judged.with_columns(vwap=pl.col("paid") / pl.col("filled_qty"))
    dear = _outliers(judged, tables, params)
    windows = client_windows(tables, _client_fills(tables))
    told = dear["order_ids"].explode().unique()
    served = poorly_served(windows, judged, tables, params, but=told)
    parts = [dear, served, *(_places(judged, place, params) for place in _PLACES)]
    return pl.concat(
        [part for part in parts if part.height] or [pl.DataFrame(schema=_EPISODES)], how="diagonal"
    ).match_to_schema(_EPISODES, missing_columns="insert")


def _outliers(judged: pl.DataFrame, tables: Tables, params: BestExecutionParameters) -> pl.DataFrame:
    lost = pl.col("excess") / BASIS_POINTS * pl.col("paid")
    # Without quotes the arrival price is all there is; with them, the fill itself must be off.
    own_fault = pl.col("concession").fill_null(pl.col("excess")) >= 0.5 * pl.col("excess")
    dear = (
        (pl.col("z") >= params.deviations)
        & (pl.col("excess") >= params.excess)
        & pl.col("outlier")
        & own_fault
    )
    # Against the quote alone a late quote would do, against arrival alone a moving market: both must agree.
    both = pl.min_horizontal("excess", "concession") >= params.excess
    usual = (pl.col("z") < 2.0).fill_null(value=False)
    through = (pl.col("beyond") > params.through) & pl.col("concession").is_not_null() & both & ~usual
    hits = judged.with_columns(lost=lost).filter(
        ((dear | through) & (lost >= params.money)).fill_null(value=False)
    )
    if hits.is_empty():
        return pl.DataFrame(schema=_EPISODES)
    numbered = with_episode(with_group(hits.lazy().with_columns(order_id="root"), tables))
    worst = {
        "cost": "cost_bp",
        "expected": "expected_cost_bp",
        "z": "z",
        "beyond": "beyond",
        "concession": "concession",
    }
    return (
        numbered.group_by("actor_group", "instrument_id", "episode")
        .agg(
            window_start=pl.col("transact_time").min(),
            window_end=pl.col("last_time").max(),
            first_seq=sequence().first(),
            last_seq=sequence().last(),
            lost=pl.col("lost").sum(),
            n=pl.len().cast(pl.Int64),
            accounts=listed("account_id"),
            traders=listed("trader_id"),
            order_ids=pl.concat([pl.col("order_ids").explode(), pl.col("root")])
            .drop_nulls()
            .unique()
            .sort()
            .head(500),
            exec_ids=flattened("exec_ids"),
            **{name: pl.col(column).sort_by("excess", "root").last() for name, column in worst.items()},
        )
        .drop("episode")
        .collect()
    )


def _places(judged: pl.DataFrame, place: str, params: BestExecutionParameters) -> pl.DataFrame:
    rows = judged.filter(pl.col("excess").is_not_null() & pl.col(place).is_not_null())
    # One wild order is a case of its own and must not name its broker.
    rows = rows.filter(pl.col("excess").abs() <= 20 * pl.col("cost_risk_bp").clip(lower_bound=1.0))
    if rows.is_empty():
        return pl.DataFrame(schema=_EPISODES)
    table = standings(rows, by=place, value="excess", cluster="root", min_n=params.orders)
    dear = table.filter(pl.col("significant") & (pl.col("mean") - pl.col("league_mean") >= params.bias))
    spans = rows.group_by(place).agg(
        window_start=pl.col("transact_time").min(),
        window_end=pl.col("last_time").max(),
        first_seq=pl.col("transact_time_ns").min().cast(pl.String),
        last_seq=pl.col("transact_time_ns").max().cast(pl.String),
        lost=(pl.col("excess") / BASIS_POINTS * pl.col("paid")).sum(),
        traders=listed("trader_id"),
        accounts=listed("account_id"),
        order_ids=pl.col("root").sort_by("excess", descending=True).head(50).sort(),
        exec_ids=pl.lit([], pl.List(pl.String)),
    )
    return dear.join(spans, on=place, how="inner").select(
        "window_start", "window_end", "first_seq", "last_seq", "mean", "q", "lost", "traders", "accounts", "order_ids",
        "exec_ids", actor_group=formatted(f"{place}:{{}}", pl.col(place)), place=pl.lit(place), name=pl.col(place),
        league="league_mean", n=pl.col("clusters").cast(pl.Int64),
    )  # fmt: skip


def _tell_order(episode: Mapping[str, Any], params: BestExecutionParameters) -> Told:
    account, name, excess = episode["accounts"][0], episode["instrument_id"], None
    metrics = [Metric("cost_bp", episode["cost"], None, "basis points")]
    story = [
        (
            f"On {episode['window_start']:%Y-%m-%d} at {episode['window_start']:%H:%M:%S} UTC, {episode['n']} order"
            f"{'s' * (episode['n'] != 1)} of client account {account} in {name} were filled at {episode['cost']:+.0f} basis points against arrival."
        )
    ]
    if episode["z"] is not None:
        excess = episode["cost"] - episode["expected"]
        metrics += [
            Metric("excess_bp", excess, params.excess, "basis points"),
            Metric("deviations", episode["z"], params.deviations, "robust standard deviations"),
        ]
        story.append(
            f"Spread and size explain {episode['expected']:.0f}; the rest is {episode['z']:.1f} times the usual scatter and "
            f"cost the client about {episode['lost']:,.0f}."
        )
    if episode["concession"] is not None:
        metrics.append(Metric("through", episode["beyond"], params.through, "quoted spreads"))
        story.append(
            f"Against the mid of its own moment the order gave {episode['concession']:.0f} basis points, at worst "
            f"{max(0.0, episode['beyond'] or 0.0):.1f} spreads beyond the touch."
        )
    story.append("Check what the client had prescribed before judging the fill.")
    score = blend(
        45.0,
        (
            45,
            grade(excess if excess is not None else episode["concession"], params.excess, 10 * params.excess),
        ),
        (35, grade(episode["z"], params.deviations, 8 * params.deviations)),
        (20, grade(episode["lost"], params.money, 100 * params.money + 1)),
    )
    actors = [("account", one) for one in episode["accounts"]] + [
        ("trader", one) for one in episode["traders"]
    ]
    return Told(
        score=score,
        metrics=metrics,
        story=story,
        actors=actors,
        order_ids=episode["order_ids"],
        exec_ids=episode["exec_ids"],
    )


def _tell_place(episode: Mapping[str, Any], params: BestExecutionParameters) -> Told:
    bias = episode["mean"] - episode["league"]
    metrics = [
        Metric("bias_bp", bias, params.bias, "basis points"),
        Metric("q", episode["q"], 0.05, "false discovery rate"),
        Metric("orders", float(episode["n"]), float(params.orders), "orders"),
    ]
    story = [
        (
            f"{episode['n']} client orders that went to {episode['place']} {episode['name']} cost {episode['mean']:+.1f} basis points "
            f"beyond what spread and size explain; those that went elsewhere {episode['league']:+.1f}."
        ),
        f"Chance would single out a {episode['place']} like this with a false discovery rate of {episode['q']:.2g}.",
        f"Over the period that came to about {episode['lost']:,.0f} for the clients.",
        "Check why orders go there before changing where they go.",
    ]
    score = blend(
        45.0, (70, grade(bias, params.bias, 5 * params.bias)), (30, grade(-episode["q"], -0.05, -0.0001))
    )
    return Told(
        score=score,
        metrics=metrics,
        story=story,
        actors=[(episode["place"], episode["name"])],
        order_ids=episode["order_ids"],
    )
