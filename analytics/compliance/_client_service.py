"""How a client's order was served beside its price against arrival: the market's average, delay, what was left.

Costs and prices come from ``analytics.trading``: one order's window, the average price of the market in it, and
the parts of its implementation shortfall. Positive = cost to the client.
"""

from collections.abc import Mapping
from typing import Any, Protocol

import polars as pl

from analytics.compliance._features import with_group
from analytics.compliance._grades import blend, grade
from analytics.compliance._spans import settled
from analytics.compliance.alerts import Metric, Told, listed, sequence, with_episode
from analytics.compliance.detector import Tables
from analytics.conventions import BASIS_POINTS
from analytics.text import formatted
from analytics.trading.benchmarks import Market, interval_vwap, mid_at, order_windows
from analytics.trading.shortfall import filled_amounts, root_orders, shortfalls

_MAX_AGE = "10m"  # of a quote that still says something of the market
_MAD_TO_SD = 1.4826
_LEAST_BP = 1.0  # of scatter: prices have ticks
_READ = ("order_id", "parent_order_id", "account_id", "trader_id", "instrument_id", "event_type", "event_seq",
         "transact_time", "transact_time_ns", "received_time", "side", "order_qty", "limit_px", "stop_px",
         "time_in_force")  # fmt: skip
VECTORS = ("vwap", "delay", "unfilled")


class Rules(Protocol):
    """The thresholds; see ``BestExecutionParameters``."""

    @property
    def deviations(self) -> float:
        """Robust deviations."""

    @property
    def excess(self) -> float:
        """Basis points."""

    @property
    def money(self) -> float:
        """Currency."""

    @property
    def slow(self) -> float:
        """Seconds."""

    @property
    def slower(self) -> float:
        """Times the usual delay."""

    @property
    def unfilled(self) -> float:
        """Fraction of the order."""

    @property
    def own_share(self) -> float:
        """Fraction of the market's volume."""


def client_windows(tables: Tables, fills: pl.LazyFrame) -> pl.DataFrame:
    """Return each client order with its window, prices of the market, shortfall and terms.

    Orders that can be judged are looked at: those with fills, and those without a limit. One row per root order:
    the columns of ``order_windows`` and ``shortfalls``, ``vwap_px`` and ``market_qty`` from release to last fill,
    ``wait`` (seconds from decision to release), ``limited`` (the client set a limit or a stop, or asked for an auction),
    account_id and trader_id.

    Args:
        tables: order_events, accounts, quotes, tape and bars.
        fills: Executions of clients as they stand, with an order.
    """
    clients = tables["accounts"].filter(pl.col("kind") == "client").select("account_id").unique()
    events = tables["order_events"].join(clients, on="account_id", how="semi")
    done = fills.select("order_id").unique()
    free = events.filter((pl.col("event_type") == "new") & pl.col("limit_px").is_null()).select("order_id")
    above = events.join(done, on="order_id", how="semi").select(order_id="parent_order_id").drop_nulls()
    wanted = settled(pl.concat([done, free, above]).unique())
    # The few orders first, then whose they are, and no column that nothing below reads.
    some = settled(
        tables["order_events"]
        .select(*_READ)
        .join(wanted, on="order_id", how="semi")
        .join(clients, on="account_id", how="semi")
    )
    roots = settled(root_orders(some.select("order_id", "parent_order_id")))
    windows = order_windows(some, fills, roots)
    # The terms are the parent's: prices of its children are the desk's own.
    auction = pl.col("time_in_force").is_in(["opg", "cls"]).fill_null(value=False)
    asked = pl.col("limit_px").is_not_null() | pl.col("stop_px").is_not_null() | auction
    terms = (
        pl.concat([some.select("order_id", "account_id", "trader_id", asked=asked), fills.select("order_id", "account_id", "trader_id")], how="diagonal")
        .join(roots, on="order_id", how="left")
        .with_columns(
            order_id=pl.coalesce("root_id", "order_id"),
            asked=pl.col("asked") & (pl.col("order_id") == pl.coalesce("root_id", "order_id")),
        )
        .sort("order_id", "account_id", "trader_id", nulls_last=True)
        .group_by("order_id", maintain_order=True)
        .agg(pl.col("account_id", "trader_id").drop_nulls().first(), limited=pl.col("asked").any())
    )  # fmt: skip
    rows = settled(windows.join(terms, on="order_id", how="inner"))
    names = rows.select("instrument_id").unique()
    about = Market.of(
        **{
            name: tables[name].join(names, on="instrument_id", how="semi")
            for name in ("quotes", "tape", "bars")
        }
    )
    for time in ("decision", "release", "end"):
        rows = mid_at(rows, about.track, time=f"{time}_time", name=f"{time}_px", max_age=_MAX_AGE)
    rows = interval_vwap(rows, about, start="release_time", end="last_fill_time")
    wait = (pl.col("release_time") - pl.col("decision_time")).dt.total_milliseconds() / 1000
    return shortfalls(rows, filled_amounts(fills, roots)).with_columns(wait=wait).collect()


def poorly_served(
    windows: pl.DataFrame, judged: pl.DataFrame, tables: Tables, rules: Rules, *, but: pl.Series
) -> pl.DataFrame:
    """Return client orders far from the market's average, released late, or left undone, by episode.

    Rules: (vwap) dearer than the market's average in the order's window by ``excess`` basis points and by
    ``deviations`` robust deviations from the firm's other orders, or its price risk where that is larger; not
    where the order was more than ``own_share`` of the market, nor where the client set a limit or a stop, nor
    where the fills were that far from the quotes of their moment already: it is the moments that were ill
    chosen. (delay) released ``slow`` seconds and ``slower`` times the
    usual after the decision, at ``excess`` basis points. (unfilled) an order without a limit of which ``unfilled``
    or more was never done while the price ran away by ``excess`` of the order's worth. Each from ``money`` on.

    Args:
        windows: ``client_windows``.
        judged: Orders with ``root``, ``vwap`` (own average price), ``expected_cost_bp``, ``cost_risk_bp``, ``paid``,
            ``concession`` (basis points off the mids of the fills' moments).
        tables: accounts.
        rules: Thresholds.
        but: Roots that are told of already.
    """
    norms = judged.select("root", "vwap", "expected_cost_bp", "cost_risk_bp", "paid", "concession")
    rows = windows.join(norms, left_on="order_id", right_on="root", how="left")
    sign = pl.when(pl.col("side").is_in(["buy", "buy_cover"])).then(1.0).otherwise(-1.0)
    market, paper = pl.col("vwap_px").cast(pl.Float64), pl.col("paper").cast(pl.Float64)
    share = pl.col("filled_qty").cast(pl.Float64) / pl.col("market_qty").cast(pl.Float64)
    rows = rows.with_columns(
        vwap_bp=pl.when((share <= rules.own_share) & ~pl.col("limited")).then(
            sign * (pl.col("vwap") / market - 1) * BASIS_POINTS
        ),
        left=1 - pl.col("filled_qty").cast(pl.Float64) / pl.col("order_qty").cast(pl.Float64),
    )
    middle, usual = pl.col("vwap_bp").median(), pl.col("wait").median()
    scatter = (pl.col("vwap_bp") - middle).abs().median() * _MAD_TO_SD
    floor = pl.max_horizontal(scatter, pl.col("cost_risk_bp").fill_null(_LEAST_BP), pl.lit(_LEAST_BP))
    rows = rows.with_columns(z=(pl.col("vwap_bp") - middle) / floor, usual=usual)
    hits = {
        "vwap": (
            "vwap_bp",
            (pl.col("z") >= rules.deviations) & (pl.col("concession").fill_null(0.0) < 0.5 * pl.col("vwap_bp")),
            pl.col("vwap_bp") / BASIS_POINTS * pl.col("paid"),
        ),
        "delay": (
            "delay_bp",
            (pl.col("wait") >= rules.slow) & (pl.col("wait") >= rules.slower * pl.col("usual")),
            pl.col("delay_bp") / BASIS_POINTS * paper,
        ),
        "unfilled": (
            "opportunity_bp",
            (pl.col("left") >= rules.unfilled) & ~pl.col("limited"),
            pl.col("opportunity_bp") / BASIS_POINTS * paper,
        ),
    }  # fmt: skip
    found = pl.concat(
        [
            rows.with_columns(vector=pl.lit(name), off=pl.col(column), lost=lost).filter(
                (flagged & (pl.col("off") >= rules.excess) & (pl.col("lost") >= rules.money)).fill_null(value=False)
            )
            for name, (column, flagged, lost) in hits.items()
        ]
    ).filter(~pl.col("order_id").is_in(but.implode()))  # fmt: skip
    # An order that fails in several ways is told by the dearest.
    worst = found.sort("lost", "vector").unique("order_id", keep="last", maintain_order=True)
    timed = worst.with_columns(
        transact_time="release_time", transact_time_ns=pl.col("release_time").dt.epoch("us") * 1000
    )
    told = ("off", "z", "wait", "usual", "left", "expected_cost_bp")
    return (
        with_episode(with_group(timed.lazy(), tables), by=("actor_group", "instrument_id", "vector"))
        .group_by("actor_group", "instrument_id", "vector", "episode")
        .agg(
            window_start=pl.col("release_time").min(),
            window_end=pl.col("end_time").max(),
            first_seq=formatted("{}|{}", sequence().first(), pl.col("vector").first()),
            last_seq=sequence().last(),
            lost=pl.col("lost").sum(),
            n=pl.len().cast(pl.Int64),
            accounts=listed("account_id"),
            traders=listed("trader_id"),
            order_ids=listed("order_id"),
            exec_ids=pl.lit([], pl.List(pl.String)),
            **{name: pl.col(name).sort_by("lost", "order_id").last() for name in told},
        )
        .drop("episode")
        .collect()
    )


def tell_service(episode: Mapping[str, Any], rules: Rules) -> Told:
    """Grade what it cost in basis points, in expected costs, and in money."""
    vector, off, expected = episode["vector"], episode["off"], episode["expected_cost_bp"]
    account, name, many = episode["accounts"][0], episode["instrument_id"], episode["n"]
    metrics = [Metric(f"{vector}_bp", off, rules.excess, "basis points")]
    times = off / expected if expected and expected > 0 else None
    if times is not None:
        metrics.append(Metric("times_expected", times, None, "times the expected cost"))
    story = [
        (
            f"On {episode['window_start']:%Y-%m-%d} at {episode['window_start']:%H:%M:%S} UTC, {many} order"
            f"{'s' * (many != 1)} of client account {account} in {name} went to the market."
        )
    ]
    if vector == "vwap":
        metrics.append(Metric("deviations", episode["z"], rules.deviations, "robust standard deviations"))
        story.append(
            f"The fills were {off:.0f} basis points worse than the market's own average price in the same time, "
            f"{episode['z']:.1f} times the usual scatter."
        )
    elif vector == "delay":
        metrics.append(Metric("wait", episode["wait"], rules.slow, "seconds"))
        story.append(
            f"It was released {episode['wait']:,.0f} seconds after it had been decided; {episode['usual'] or 0:,.0f} is usual. "
            f"The price moved away by {off:.0f} basis points of the order meanwhile."
        )
    else:
        metrics.append(Metric("unfilled", episode["left"], rules.unfilled, "fraction of the order"))
        story.append(
            f"The client had set no limit, and {episode['left']:.0%} of it was never done; at the end that had cost "
            f"{off:.0f} basis points of the order."
        )
    if times is not None:
        story.append(f"Spread and size explain {expected:.1f} basis points: it is {times:.1f} times that.")
    story += [
        f"The client lost about {episode['lost']:,.0f}.",
        "Check what the client had prescribed before judging the service.",
    ]
    score = blend(
        45.0,
        (60, grade(off, rules.excess, 10 * rules.excess)),
        (40, grade(episode["lost"], rules.money, 100 * rules.money + 1)),
    )
    actors = [("account", one) for one in episode["accounts"]]
    actors += [("trader", one) for one in episode["traders"]]
    return Told(score=score, metrics=metrics, story=story, actors=actors, order_ids=episode["order_ids"])
