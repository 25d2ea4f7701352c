"""Circular trading: a ring of owners passes the same quantity round until everybody is where he began."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from analytics.compliance._counterparties import known_trades
from analytics.compliance._features import with_baseline
from analytics.compliance._grades import blend, grade, joined
from analytics.compliance._spans import in_windows, is_empty, merged_spans, no_episodes, settled, steadied
from analytics.compliance.alerts import Metric, Told, flattened
from analytics.compliance.detector import Detector, Tables
from analytics.compliance.parameters import Parameters, parameter
from analytics.text import formatted

_DAY = 1440  # minutes
_SPANS = (_DAY, 7 * _DAY)
_KEYS = ["span", "window", "instrument_id", "size"]
_ALIKE = 1.05  # times the next smaller trade: still of one size
_RINGS = {
    "span": pl.Int32(),
    "window": pl.Int64(),
    "instrument_id": pl.String(),
    "size": pl.Int64(),
    "ring": pl.Int64(),
    "group": pl.String(),
}


@dataclass(frozen=True)
class CircularTradingParameters(Parameters):
    """Thresholds of circular trading."""

    smallest: int = parameter(
        3, unit="owners", low=2, high=10, rationale="Two that trade back and forth are matched orders."
    )
    largest: int = parameter(
        6, unit="owners", low=3, high=50, rationale="Larger circles arise by themselves where many trade."
    )
    net: float = parameter(
        0.05,
        unit="fraction of gross",
        low=0,
        high=0.3,
        rationale="Each member ends within a twentieth of where he began, sizes jittered by hand included.",
    )
    laps: int = parameter(2, unit="laps", low=1, high=50, rationale="One closed chain can be chance.")
    volume_share: float = parameter(
        0.02,
        unit="fraction of average daily volume",
        low=0.0001,
        high=1.0,
        rationale="The score is full where the ring is a visible part of the volume.",
    )
    base_score: float = parameter(
        60.0, unit="score", low=0, high=100, rationale="A ring that closes twice is hardly chance."
    )


class CircularTrading(Detector):
    """Three to six owners trade one instrument in a circle within a day or a week, and each ends where he began.

    Directed graph of seller to buyer, one per instrument and stretch of one or seven days (they overlap by half),
    of all trades and of trades of one size; strongly connected components in which every member's net is
    small beside what he traded inside, and which goes round at least twice or on two days. Market makers,
    auctions and documented crosses are left out. Only trades of which both sides are known can be judged.
    Linear in trades; the graphs are small.
    """

    name = "circular_trading"
    code = "D03"
    title = "Suspected circular trading"
    version = "1.0.0"
    description = "A ring of owners passes a quantity round, which makes volume and changes nothing."
    regulation = ("MAR Art. 16(2), Reg. 2016/957", "SGX Rule 3.6.3")
    inputs = ("executions",)
    helpful = ("accounts", "prices")
    false_positives = (
        "Dealers who lay off risk with one another",
        "Index arbitrage baskets that pass through several books",
        "Give-ups and allocations booked as trades",
    )
    Params = CircularTradingParameters

    def blind_spots(self, tables: Tables, params: CircularTradingParameters) -> list[pl.LazyFrame]:
        """Return a gap if no execution says against whom it was."""
        told = pl.col("match_id").is_not_null() | pl.col("contra_account_id").is_not_null()
        reason = "No execution has a match number or names the other side: rings cannot be seen."
        return [
            tables["executions"]
            .select(missing=pl.len(), told=told.any())
            .filter(pl.col("missing") > 0, ~pl.col("told"))
            .select(reason=pl.lit(reason), instrument_id=pl.lit(None, pl.String), missing=pl.col("missing"))
        ]

    def episodes(self, tables: Tables, params: CircularTradingParameters) -> pl.LazyFrame:
        """Return rings, merged over the stretches they show in."""
        maker = (pl.col("buyer_kind") == "mm") | (pl.col("seller_kind") == "mm")
        trades = known_trades(tables).filter(
            ~maker.fill_null(value=False), ~pl.col("auction"), ~pl.col("cross")
        )
        known = settled(trades)
        windowed = _sized(
            pl.concat(
                [in_windows(known, minutes=span).with_columns(span=pl.lit(span, pl.Int32)) for span in _SPANS]
            )
        )
        edges = windowed.group_by(*_KEYS, "buyer_group", "seller_group").agg(qty=pl.col("qty").sum())
        members = pl.DataFrame(
            list(
                _rings(_closed(edges, params).sort(*_KEYS, "buyer_group", "seller_group").collect(), params)
            ),
            schema=_RINGS,
            orient="row",
        ).lazy()
        if is_empty(members):
            return no_episodes()
        inside = windowed.join(
            members.rename({"group": "buyer_group"}), on=[*_KEYS, "buyer_group"], how="inner"
        ).join(members.rename({"group": "seller_group"}), on=[*_KEYS, "ring", "seller_group"], how="inner")
        found = settled(_weighed(inside, params))
        keys = ["actor_group", "instrument_id"]
        merged = merged_spans(
            found,
            keys,
            told=("groups", "laps", "days", "net", "gross", "trades", "price"),
            best=("gross", "first_ns"),
        ).with_columns(day=pl.col("window_start").dt.date())
        return steadied(with_baseline(merged, tables))

    def tell(self, episode: Mapping[str, Any], params: CircularTradingParameters) -> Told:
        """Score by laps, how exactly the ring closed, and share of the usual volume."""
        adv, size = episode["adv"], len(episode["groups"])
        share = episode["gross"] / adv if adv else None
        score = blend(
            params.base_score,
            (2, grade(float(episode["laps"]), float(params.laps), params.laps + 4.0)),
            (2, grade(-episode["net"], -params.net, 0.0)),
            (1, grade(share, 0.0, params.volume_share)),
        )
        story = [
            (
                f"From {episode['window_start']:%Y-%m-%d %H:%M:%S} to {episode['window_end']:%Y-%m-%d %H:%M:%S} "
                f"UTC, {size} owners passed {episode['instrument_id']} round: accounts "
                f"{joined(episode['accounts'])}."
            ),
            (
                f"{episode['trades']} trades made at least {episode['laps']} laps on {episode['days']} days, "
                f"{episode['gross']:,.0f} units in all at about {episode['price']:,.4f}."
            ),
            (
                f"Whoever moved farthest ended {episode['net']:.1%} of what he traded away from where he began; "
                f"{params.net:.0%} or less alerts."
            ),
            f"That is {share:.2%} of the instrument's average daily volume."
            if share is not None
            else "The instrument's usual volume is not known, so the share of volume does not count here.",
            "Suspected circular trading: check what the owners have to do with one another.",
        ]
        return Told(
            score=score,
            metrics=[
                Metric("owners", float(size), float(params.smallest), "owners"),
                Metric("laps", float(episode["laps"]), float(params.laps), "laps"),
                Metric("net", episode["net"], params.net, "fraction of gross"),
                Metric("gross", episode["gross"], None, "units"),
                Metric("volume_share", share, params.volume_share, "fraction of average daily volume"),
            ],
            story=story,
            actors=[("account", a) for a in episode["accounts"]]
            + [("trader", t) for t in episode["traders"]],
            order_ids=episode["order_ids"],
            exec_ids=episode["exec_ids"],
        )


def _sized(windowed: pl.LazyFrame) -> pl.LazyFrame:
    # All trades together, and once more by size: what is passed round keeps its size, so that the members'
    # other dealing does not hide a ring. Class -1 is all sizes.
    where = [key for key in _KEYS if key != "size"]
    jump = (pl.col("qty") > _ALIKE * pl.col("qty").shift(1)).fill_null(value=False)
    classed = (
        windowed.sort(*where, "qty", "transact_time_ns")
        .with_columns(size=jump.over(where))
        .with_columns(size=pl.col("size").cast(pl.Int64).cum_sum().over(where))
    )
    return settled(pl.concat([windowed.with_columns(size=pl.lit(-1, pl.Int64)), classed]))


def _closed(edges: pl.LazyFrame, params: CircularTradingParameters) -> pl.LazyFrame:
    """Leave out trades that close no ring: of owners who only bought, or only sold, and of too few of them.

    Most of the small graphs fall apart here and need not be drawn. Twice around finds nearly all.
    """
    left = edges
    for _ in range(2):
        some = settled(left)
        sold = some.select(*_KEYS, buyer_group="seller_group")
        bought = some.select(*_KEYS, seller_group="buyer_group")
        left = some.join(sold, on=[*_KEYS, "buyer_group"], how="semi").join(
            bought, on=[*_KEYS, "seller_group"], how="semi"
        )
    return left.filter(pl.len().over(_KEYS) >= params.smallest)


def _rings(
    edges: pl.DataFrame, params: CircularTradingParameters
) -> Iterator[tuple[int, int, str, int, int, str]]:
    # One small graph per instrument and stretch of time. What draws them is loaded by the first look, ring or no
    # ring, and not in the midst of a later one.
    import scipy.sparse.csgraph  # noqa: F401

    for (span, window, instrument, size), part in edges.group_by(_KEYS, maintain_order=True):
        if part.height < params.smallest:
            continue
        number = 0
        for ring in _components(part):
            if len(ring) > params.largest:
                # A crowd: those who end where they began may be a ring within it.
                level = _balanced(part, ring, params)
                small = [inner for inner in _components(level) if len(inner) <= params.largest]
            else:
                small = [ring]
            for members in small:
                if len(members) >= params.smallest:
                    yield from ((span, window, instrument, size, number, group) for group in members)
                    number += 1


def _components(edges: pl.DataFrame) -> list[list[str]]:
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    if edges.is_empty():
        return []
    names = np.unique(np.concatenate([edges["seller_group"].to_numpy(), edges["buyer_group"].to_numpy()]))
    start = np.searchsorted(names, edges["seller_group"].to_numpy())
    end = np.searchsorted(names, edges["buyer_group"].to_numpy())
    graph = csr_array((np.ones(len(start)), (start, end)), shape=(len(names), len(names)))
    _, label = connected_components(graph, directed=True, connection="strong")
    return [names[label == one].tolist() for one in np.unique(label) if (label == one).sum() > 1]


def _balanced(edges: pl.DataFrame, ring: list[str], params: CircularTradingParameters) -> pl.DataFrame:
    inside = edges.filter(pl.col("buyer_group").is_in(ring) & pl.col("seller_group").is_in(ring))
    flows = pl.concat(
        [
            inside.select(group="buyer_group", net="qty", qty="qty"),
            inside.select(group="seller_group", net=-pl.col("qty"), qty="qty"),
        ]
    )
    sums = flows.group_by("group").agg(pl.col("net").sum().abs(), pl.col("qty").sum())
    even = sums.filter(pl.col("net") <= params.net * pl.col("qty"))["group"].to_list()
    return inside.filter(pl.col("buyer_group").is_in(even) & pl.col("seller_group").is_in(even))


def _weighed(inside: pl.LazyFrame, params: CircularTradingParameters) -> pl.LazyFrame:
    keys = [*_KEYS, "ring"]
    flows = pl.concat(
        [
            inside.select(
                *keys, "day", "qty", group=f"{who}_group", signed=sign * pl.col("qty"), way=pl.lit(sign)
            )
            for who, sign in (("buyer", 1), ("seller", -1))
        ]
    )
    each = flows.group_by(*keys, "group").agg(
        net=pl.col("signed").sum().abs() / pl.col("qty").sum(),
        laps=pl.min_horizontal((pl.col("way") > 0).sum(), (pl.col("way") < 0).sum()),
        days=pl.col("day").n_unique(),
    )
    rings = (
        each.group_by(keys)
        .agg(pl.col("net").max(), pl.col("laps").min(), pl.col("days").min(), groups=pl.col("group").sort())
        .filter(
            pl.col("net") <= params.net, (pl.col("laps") >= params.laps) | (pl.col("days") >= params.laps)
        )
    )
    told = inside.group_by(keys).agg(
        gross=pl.col("qty").sum(),
        price=(pl.col("px") * pl.col("qty")).sum() / pl.col("qty").sum(),
        trades=pl.len(),
        first_ns=pl.col("transact_time_ns").min(),
        last_ns=pl.col("transact_time_ns").max(),
        window_start=pl.col("transact_time").min(),
        window_end=pl.col("transact_time").max(),
        **{
            name: pl.concat_list(f"buyer_{what}", f"seller_{what}")
            .explode()
            .drop_nulls()
            .unique()
            .sort()
            .head(500)
            for name, what in (("exec_ids", "exec"), ("order_ids", "order"), ("accounts", "account"))
        },
        traders=flattened("trader_ids"),
    )
    named = formatted("ring:{}", pl.col("groups").list.join("|"))
    return rings.join(told, on=keys, how="inner").with_columns(actor_group=named)
