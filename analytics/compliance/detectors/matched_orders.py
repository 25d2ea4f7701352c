"""Matched orders: two owners with nothing in common meet far more often, and more exactly, than chance."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from analytics.compliance._counterparties import known_trades
from analytics.compliance._features import account_groups
from analytics.compliance._grades import blend, grade, joined
from analytics.compliance._spans import MINUTE_NS, in_windows, merged_spans, settled, steadied
from analytics.compliance._volumes import market_buckets
from analytics.compliance.alerts import Metric, Told, flattened
from analytics.compliance.detector import Detector, Tables
from analytics.compliance.parameters import Parameters, parameter
from analytics.text import formatted

_MINUTES = 28 * 1440  # twenty sessions
_HOUR_NS = 60 * MINUTE_NS
_HALF_NS = _MINUTES * MINUTE_NS // 2
_TELLING = 30  # trades of an hour with both sides on record, from which they tell who could have met whom
_PAIR = ["window", "one", "other"]


@dataclass(frozen=True)
class MatchedOrdersParameters(Parameters):
    """Thresholds of matched orders."""

    matches: int = parameter(
        5, unit="trades", low=2, high=100, rationale="Strangers meet once or twice in an open market."
    )
    lift: float = parameter(
        5.0,
        unit="times chance",
        low=1,
        high=1000,
        rationale="Large participants meet everybody; what counts is more often than their size explains.",
    )
    false_rate: float = parameter(
        1e-4,
        unit="false discovery rate",
        low=1e-9,
        high=0.1,
        rationale="Over all pairs looked at, one in ten thousand alerts may be chance.",
    )
    together: float = parameter(
        0.5,
        unit="fraction of matches",
        low=0.1,
        high=1.0,
        rationale="Most of the trades must look arranged; the pair may also meet by other ways. 0.8 loses every "
        "pair that also meets in honest trades; number, lift and chance keep the rest out.",
    )
    gap: float = parameter(
        2.0,
        unit="seconds",
        low=0.001,
        high=60,
        rationale="Orders that know of one another are entered within a breath.",
    )
    quantity: float = parameter(
        0.95, unit="fraction", low=0.5, high=1.0, rationale="Arranged orders have the same size."
    )
    base_score: float = parameter(
        50.0, unit="score", low=0, high=100, rationale="Number, lift and timing together deserve a look."
    )


class MatchedOrders(Detector):
    """Opposite orders of two unrelated groups, entered together in the same size, that keep meeting.

    Over four weeks (which overlap by half) and per pair: the number of trades against what random meeting
    would give, n(A) x n(B) / N with N the prints of the market in those instruments, else of the
    organisation, or what the others on record do among themselves would give; Poisson with Benjamini-Hochberg over all pairs; and most of the trades with order entries
    within seconds and equal sizes. Market makers, auctions and documented crosses are left out. Linear: the
    entry of an order is looked up for known trades only.
    """

    name = "matched_orders"
    code = "D02"
    title = "Suspected matched orders"
    version = "1.1.0"
    description = "Opposite orders of two owners, entered together in one size, that keep meeting."
    regulation = ("MAR Art. 16(2), Reg. 2016/957", "SGX Rule 3.6")
    inputs = ("executions", "order_events")
    helpful = ("accounts", "bars", "tape")
    false_positives = (
        "Requests for quotes and block facilities",
        "A provider of liquidity who is everybody's other side and not marked as a maker",
        "Names with a handful of participants",
    )
    Params = MatchedOrdersParameters

    def episodes(self, tables: Tables, params: MatchedOrdersParameters) -> pl.LazyFrame:
        """Return pairs that keep meeting."""
        maker = (pl.col("buyer_kind") == "mm") | (pl.col("seller_kind") == "mm")
        trades = settled(
            known_trades(tables).filter(~maker.fill_null(value=False), ~pl.col("auction"), ~pl.col("cross"))
        )
        pairs = trades.with_columns(
            one=pl.min_horizontal("buyer_group", "seller_group"),
            other=pl.max_horizontal("buyer_group", "seller_group"),
        )
        windowed = settled(in_windows(_entered(pairs, tables, params), minutes=_MINUTES))
        counted = settled(_counted(windowed))
        # All pairs are counted; only those that could alert are looked into.
        pairs_met = counted.select(pl.len()).collect().item()
        able = counted.filter(pl.col("arranged") >= params.matches)
        tested = able.join(_chance(windowed, able, tables), on=_PAIR, how="left").collect()
        kept = _discoveries(tested, params.false_rate, pairs_met).filter(
            pl.col("arranged") >= params.matches,
            pl.col("arranged") >= params.together * pl.col("matches"),
            pl.col("arranged") >= params.lift * pl.col("expected"),
        )
        keys = ["actor_group", "instrument_id"]
        merged = merged_spans(
            kept.lazy().with_columns(instrument_id=pl.col("instruments").list.first()),
            keys,
            told=("matches", "arranged", "expected", "p", "qty", "gap", "turned", "days"),
            best=("matches", "first_ns"),
            instruments=flattened("instruments"),
        )
        return steadied(merged)

    def tell(self, episode: Mapping[str, Any], params: MatchedOrdersParameters) -> Told:
        """Score by number, timing, how unlikely it is, and whether the pair turned round."""
        n, together = episode["matches"], episode["arranged"] / episode["matches"]
        lift = episode["arranged"] / episode["expected"] if episode["expected"] else None
        turned = episode["turned"] / n
        score = blend(
            params.base_score,
            (2, grade(float(episode["arranged"]), float(params.matches), 3.0 * params.matches)),
            (2, grade(together, params.together, 1.0)),
            (1, grade(-(episode["gap"] or params.gap), -params.gap, 0.0)),
            (2, grade(turned, 0.0, 0.4)),
        )
        others = [name for name in episode["instruments"] if name != episode["instrument_id"]]
        chance = f"{episode['expected']:.3g}" if episode["expected"] else "none"
        story = [
            (
                f"From {episode['window_start']:%Y-%m-%d %H:%M:%S} to {episode['window_end']:%Y-%m-%d %H:%M:%S} "
                f"UTC, accounts {joined(episode['accounts'])} met in {n} trades on {episode['days']} days, "
                f"{episode['qty']:,.0f} units in {joined(episode['instruments'])}."
            ),
            (
                f"{together:.0%} of these trades come from orders entered within {params.gap:g} seconds of one "
                f"another in the same size; {params.together:.0%} alerts."
            ),
            f"By chance two of their size would have met {chance} times (p = {episode['p']:.1e}).",
            f"In {episode['turned']} trades the side was the other way round."
            if episode["turned"]
            else "One always bought and the other always sold.",
            "Suspected matched orders: check what the owners have to do with one another, and who arranged it.",
        ]
        return Told(
            score=score,
            metrics=[
                Metric("matches", float(n), None, "trades"),
                Metric("arranged", float(episode["arranged"]), float(params.matches), "trades"),
                Metric("together", together, params.together, "fraction of matches"),
                Metric("lift", lift, params.lift, "times chance"),
                Metric("gap", episode["gap"], params.gap, "seconds"),
                Metric("turned", turned, None, "fraction of matches"),
            ],
            story=story,
            actors=[("account", a) for a in episode["accounts"]]
            + [("trader", t) for t in episode["traders"]],
            order_ids=episode["order_ids"],
            exec_ids=episode["exec_ids"],
            instrument_ids=others,
        )


def _entered(trades: pl.LazyFrame, tables: Tables, params: MatchedOrdersParameters) -> pl.LazyFrame:
    # When and in what size each side's order was entered; only orders of known trades are looked up.
    wanted = pl.concat([trades.select(order_id="buyer_order"), trades.select(order_id="seller_order")])
    entries = settled(
        tables["order_events"]
        .filter(pl.col("event_type") == "new")
        .join(wanted.drop_nulls().unique(), on="order_id", how="semi")
        .group_by("order_id")
        .agg(ns=pl.col("transact_time_ns").min(), size=pl.col("order_qty").cast(pl.Float64).max())
    )
    both = trades
    for who in ("buyer", "seller"):
        both = both.join(
            entries.rename({"order_id": f"{who}_order", "ns": f"{who}_ns", "size": f"{who}_size"}),
            on=f"{who}_order",
            how="left",
        )
    gap = (pl.col("buyer_ns") - pl.col("seller_ns")).abs() / 1e9
    ratio = pl.min_horizontal("buyer_size", "seller_size") / pl.max_horizontal("buyer_size", "seller_size")
    arranged = (gap <= params.gap) & (ratio >= params.quantity)
    return both.with_columns(gap=gap, arranged=arranged.fill_null(value=False))


def _counted(windowed: pl.LazyFrame) -> pl.LazyFrame:
    forth = pl.col("buyer_group") == pl.col("one")
    # Counted in sorted order: counts in any order would not be the same twice within one expression.
    by_name = pl.col("instrument_id").sort().rle()
    common = by_name.sort_by(by_name.struct.field("len"), by_name.struct.field("value"))
    return (
        windowed.group_by(_PAIR)
        .agg(
            matches=pl.len(),
            arranged=pl.col("arranged").sum(),
            gap=pl.col("gap").median(),
            turned=pl.min_horizontal(forth.sum(), (~forth).sum()),
            days=pl.col("day").n_unique(),
            qty=pl.col("qty").sum(),
            instruments=common.struct.field("value").reverse(),
            first_ns=pl.col("transact_time_ns").min(),
            last_ns=pl.col("transact_time_ns").max(),
            window_start=pl.col("transact_time").min(),
            window_end=pl.col("transact_time").max(),
            traders=flattened("trader_ids"),
            **{
                name: pl.concat_list(f"buyer_{what}", f"seller_{what}")
                .explode()
                .drop_nulls()
                .unique()
                .sort()
                .head(500)
                for name, what in (("exec_ids", "exec"), ("order_ids", "order"), ("accounts", "account"))
            },
        )
        .with_columns(actor_group=formatted("pair:{}|{}", "one", "other"))
    )


def _chance(windowed: pl.LazyFrame, able: pl.LazyFrame, tables: Tables) -> pl.LazyFrame:
    """Return how often each of the pairs would have met by chance: ``expected``, the larger of two.

    - n(A) x n(B) / N, with all that either printed in the pair's instruments and N the prints of everybody.
    - In hours in which many trades have both sides on record: how often A met somebody, times B's part of what
      the others did among themselves. The busy meet in busy hours.
    """
    met = windowed.join(able.select(_PAIR), on=_PAIR, how="semi")
    both = _by_prints(met, tables).join(_by_meetings(windowed, met), on=_PAIR, how="left")
    return both.select(*_PAIR, expected=pl.max_horizontal("expected", pl.col("hourly").fill_null(0.0)))


def _by_meetings(windowed: pl.LazyFrame, met: pl.LazyFrame) -> pl.LazyFrame:
    """Return ``hourly``: meetings expected of pairs in the hours that tell who could have met whom."""
    where = ["window", "instrument_id", "hour"]
    hour = pl.col("transact_time_ns") // _HOUR_NS
    every = windowed.select("window", "instrument_id", "one", "other", hour=hour)
    total = every.group_by(where).agg(total=pl.len().cast(pl.Float64)).filter(pl.col("total") >= _TELLING)
    rich = every.join(total, on=where, how="inner")
    sides = pl.concat([rich.select(*where, "total", who=side) for side in ("one", "other")])
    own = sides.group_by(*where, "who").agg(pl.col("total").first(), own=pl.len().cast(pl.Float64))
    pairs = met.select(*_PAIR, "instrument_id").unique()
    first = own.rename({"who": "one", "own": "n_one"})
    second = own.rename({"who": "other", "own": "n_other"}).drop("total")
    mutual = rich.group_by(*where, "one", "other").agg(mutual=pl.len().cast(pl.Float64))
    told = (
        pairs.join(first, on=["window", "instrument_id", "one"], how="inner")
        .join(second, on=[*where, "other"], how="inner")
        .join(mutual, on=[*where, "one", "other"], how="left")
        .with_columns(pl.col("mutual").fill_null(0.0))
    )

    def way(of: str, other: str) -> pl.Expr:
        # Their own meetings are no measure of how often they would meet.
        rest = pl.col(other) - pl.col("mutual")
        return pl.col(of) * rest / pl.max_horizontal(2 * (pl.col("total") - pl.col(of)), rest, pl.lit(1.0))

    likely = pl.max_horizontal(way("n_one", "n_other"), way("n_other", "n_one"))
    return told.group_by(_PAIR).agg(hourly=likely.sum())


def _by_prints(met: pl.LazyFrame, tables: Tables) -> pl.LazyFrame:
    names = met.select(*_PAIR, "instrument_id").unique()
    groups = pl.concat([names.select(actor_group="one"), names.select(actor_group="other")]).unique()
    accounts = account_groups(tables).with_columns(
        actor_group=pl.coalesce("related", formatted("account:{}", "account_id"))
    )
    half = pl.col("transact_time_ns") // _HALF_NS
    rows = tables["executions"].select("account_id", "instrument_id", half=half)
    own = settled(rows.group_by("account_id", "instrument_id", "half").len())
    by_group = (
        own.join(accounts.select("account_id", "actor_group"), on="account_id", how="left")
        .with_columns(pl.coalesce("actor_group", formatted("account:{}", "account_id")))
        .join(groups, on="actor_group", how="semi")
        .group_by("actor_group", "instrument_id", "half")
        .agg(pl.col("len").sum())
    )
    market = market_buckets(tables).group_by(
        "instrument_id", half=pl.col("bucket").dt.epoch("us") * 1000 // _HALF_NS
    )
    prints = market.agg(prints=pl.col("trades").sum())
    everybody = (
        own.group_by("instrument_id", "half")
        .agg(pl.col("len").sum())
        .join(prints, on=["instrument_id", "half"], how="full", coalesce=True)
        .select("instrument_id", "half", prints=pl.max_horizontal("len", "prints"))
    )
    halves = pl.concat([names.with_columns(half=pl.col("window") + step) for step in (0, 1)])
    where = ["instrument_id", "half"]
    joined_up = halves.join(everybody, on=where, how="left")
    for who in ("one", "other"):
        counts = by_group.rename({"actor_group": who, "len": f"n_{who}"})
        joined_up = joined_up.join(counts, on=[who, *where], how="left")
    sums = joined_up.group_by(_PAIR).agg(pl.col("n_one", "n_other", "prints").sum())
    most = pl.max_horizontal("prints", "n_one", "n_other")
    return sums.select(*_PAIR, expected=pl.col("n_one") * pl.col("n_other") / most)


def _discoveries(tested: pl.DataFrame, rate: float, of: int) -> pl.DataFrame:
    # Poisson tail of each pair, then Benjamini-Hochberg over the ``of`` pairs that met: keep all up to the
    # largest p below its line. Pairs that could not alert rank behind the rest.
    # Only trades that look arranged count, while chance is of all meetings: the careful side.
    p = [_tail(int(n), float(e)) for n, e in tested.select("arranged", "expected").iter_rows()]
    ranked = tested.with_columns(p=pl.Series("p", p, dtype=pl.Float64)).sort("p", "one", "other", "window")
    line = rate * pl.int_range(1, pl.len() + 1) / max(of, 1)
    below = (pl.col("p") <= line).cast(pl.Int8).reverse().cum_max().reverse()
    return ranked.filter(below == 1)


def _tail(n: int, mean: float) -> float:
    """Return the chance of ``n`` or more where ``mean`` are expected."""
    if mean <= 0:
        return 0.0 if n else 1.0
    term = math.exp(n * math.log(mean) - mean - math.lgamma(n + 1))
    total, k = 0.0, n
    while term > 1e-18 and k < n + 500:
        total += term
        k += 1
        term *= mean / k
    return min(1.0, total) if n > mean else 1.0
