"""Cherry picking: who gets a trade is decided once it is known how well it did, and one account does too well."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import erfc, sqrt
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.compliance._features import daily_closes, with_group
from analytics.compliance._grades import blend, grade
from analytics.compliance.alerts import Metric, Told, sequence
from analytics.compliance.detector import GAP_SCHEMA, Detector, Tables
from analytics.compliance.parameters import Parameters, parameter
from analytics.conventions import BASIS_POINTS
from analytics.trading.fills import current
from analytics.trading.league import q_values

Floats = npt.NDArray[np.float64]
_CHUNK = 4_000_000  # random numbers at a time
_LATE = 4 * 3600.0  # seconds
_BEYOND_DRAWS = 4.5  # standard deviations: one in three hundred thousand
_SURE = 1e-6  # by ranks alone


@dataclass(frozen=True)
class CherryPickingParameters(Parameters):
    """How sure, how much and how often."""

    q: float = parameter(
        0.001, unit="false discovery rate", low=1e-6, high=0.2,
        rationale="An accusation: one in a thousand, after allowing for the number of accounts looked at.",
    )  # fmt: skip
    effect: float = parameter(
        50.0,
        unit="basis points",
        low=1,
        high=2000,
        rationale="Rounding and odd lots make a few; nobody cheats for those.",
    )
    allocations: int = parameter(30, unit="allocations", low=5, high=10_000, rationale="Fewer are luck.")
    delay: float = parameter(
        60.0, unit="seconds after the fill", low=0, high=86_400,
        rationale="What was named when it traded, or before, was not picked; systems need a moment.",
    )  # fmt: skip
    draws: int = parameter(
        100_000,
        unit="permutations",
        low=1000,
        high=1_000_000,
        rationale="Enough to tell one in a thousand among a hundred accounts.",
    )
    seed: int = parameter(7, unit="number", low=0, high=2**31 - 1, rationale="The same draw every time.")


class CherryPicking(Detector):
    """An account whose allocations, made after the fact, do better than the day's others by more than luck.

    Rule: of allocations decided more than ``delay`` after the last fill of their block, the return to the
    close of that day is compared within strata of the same allocator, day and mandate. Labels are drawn anew
    ``draws`` times within strata, once for the returns and once for their ranks; the one-sided p of a group
    with an allocator (twice the lesser of the two), and of each account of a group with several, is corrected
    by Benjamini and Hochberg over all of them. Raised where q < ``q``, what it got beats what others got in the
    same strata by ``effect`` on average, and it got at least ``allocations``. The clearest of an allocator is
    then taken out and the rest looked at again, for two favourites hide each other.
    """

    name = "cherry_picking"
    code = "D21"
    title = "Suspected cherry picking"
    version = "1.1.0"
    description = "Trades were allocated after the fact, and one account was given too many of the winners."
    regulation = ("MAR Art. 16(2), Reg. 2016/957",)
    inputs = ("allocations", "executions", "prices")
    helpful = ("accounts",)
    in_window = False
    false_positives = (
        "Accounts with other mandates than those they are compared with",
        "Rounding of shares that are given in proportion",
        "An account that decides first and is named first",
    )
    Params = CherryPickingParameters

    def episodes(self, tables: Tables, params: CherryPickingParameters) -> pl.LazyFrame:
        """Return the favoured groups of accounts, one row for each and its allocator."""
        return pl.defer(lambda: _favoured(tables, params), schema=_EPISODES)

    def blind_spots(self, tables: Tables, params: CherryPickingParameters) -> list[pl.LazyFrame]:
        """Return allocations of blocks nobody reported a fill of."""
        unknown = tables["allocations"].join(
            tables["executions"].select("order_id").unique(), on="order_id", how="anti"
        )
        return [
            unknown.group_by("instrument_id")
            .agg(missing=pl.len().cast(pl.UInt32))
            .with_columns(reason=pl.lit("Some allocations belong to blocks without a fill on record."))
            .select(*GAP_SCHEMA)
        ]

    def tell(self, episode: Mapping[str, Any], params: CherryPickingParameters) -> Told:
        """Grade effect, certainty and delay."""
        effect, late = episode["effect"], episode["late"]
        score = blend(
            60.0,
            (50, grade(effect, params.effect, 6 * params.effect)),
            (30, grade(-np.log10(max(episode["q"], 1e-12)), 3.0, 5.0)),
            (20, late),
        )
        metrics = [
            Metric("effect", effect, params.effect, "basis points"),
            Metric("q", episode["q"], params.q, "false discovery rate"),
            Metric("allocations", float(episode["count"]), float(params.allocations), "allocations"),
            Metric("late_share", late, None, "fraction"),
            Metric("late_share_of_others", episode["late_rest"], None, "fraction"),
            Metric("reallocated", float(episode["again"]), None, "allocations"),
            Metric("taken_from_others", float(episode["moved"]), None, "allocations"),
        ]
        account = episode["accounts"][0]
        story = [
            (
                f"From {episode['window_start']:%Y-%m-%d} to {episode['window_end']:%Y-%m-%d}, {episode['count']} trades were "
                f"allocated to account {account} after they were done, {late:.0%} of them more than four hours later."
            ),
            (
                f"To the close of their day they made {episode['own']:+.0f} basis points; what the same people allocated on the "
                f"same days to others made {episode['rest']:+.0f}."
            ),
            f"Chance alone gives such a difference once in {1 / max(episode['p'], 1e-6):,.0f} draws.",
        ]
        if episode["moved"]:
            story.append(
                f"{episode['moved']} of them had first been given to another account; they made "
                f"{episode['moved_made']:+.0f} basis points."
            )
        story.append("Suspected only: compare mandates, and ask why allocation had to wait.")
        actors = [("account", one) for one in episode["accounts"]] + [
            ("person", one) for one in episode["allocators"]
        ]
        return Told(
            score=score, metrics=metrics, story=story, actors=actors,
            order_ids=episode["order_ids"], instrument_ids=episode["names"],
        )  # fmt: skip


_EPISODES: dict[str, Any] = {
    "actor_group": pl.String, "instrument_id": pl.String, "window_start": pl.Datetime("us", "UTC"),
    "window_end": pl.Datetime("us", "UTC"), "first_seq": pl.String, "last_seq": pl.String, "effect": pl.Float64,
    "own": pl.Float64, "rest": pl.Float64, "p": pl.Float64, "q": pl.Float64, "count": pl.Int64, "late": pl.Float64,
    "late_rest": pl.Float64, "again": pl.Int64, "moved": pl.Int64, "moved_made": pl.Float64, "accounts": pl.List(pl.String), "allocators": pl.List(pl.String),
    "names": pl.List(pl.String), "order_ids": pl.List(pl.String),
}  # fmt: skip


def _returns(tables: Tables, params: CherryPickingParameters) -> pl.DataFrame:
    # One row per allocation made after the fact: its group, its stratum, its return to that day's close.
    blocks = tables["allocations"].select("order_id").unique()
    fills = current(tables["executions"]).join(blocks, on="order_id", how="semi")
    done = fills.group_by("order_id").agg(
        done_ns=pl.col("transact_time_ns").max(), day=pl.col("transact_time").max().dt.date()
    )
    # Given to another first: who had it when it was first allocated.
    before = pl.col("account_id").first().over("allocation_id")
    latest = (
        tables["allocations"]
        .sort("allocation_id", "version")
        .with_columns(moved=pl.col("account_id") != before)
        .unique("allocation_id", keep="last", maintain_order=True)
    )
    rows = latest.join(done, on="order_id", how="inner").with_columns(
        delay=(pl.col("transact_time_ns") - pl.col("done_ns")) / 1e9
    )
    sign = pl.when(pl.col("side").is_in(["buy", "buy_cover"])).then(1.0).otherwise(-1.0)
    closes = daily_closes(tables).select("instrument_id", day="date", close="close")
    rows = rows.filter(pl.col("delay") > params.delay).join(closes, on=["instrument_id", "day"], how="inner")
    rows = with_group(rows, tables).with_columns(
        r=sign * (pl.col("close") / pl.col("price").cast(pl.Float64) - 1),
        stratum=pl.concat_str(
            pl.col("allocated_by", "day", "strategy").cast(pl.String).fill_null(""), separator="|"
        ),
    )
    keep = ("moved", "actor_group", "stratum", "r", "delay", "alloc_time", "transact_time_ns", "allocation_id", "version", "account_id",
            "allocated_by", "instrument_id", "order_id")  # fmt: skip
    return rows.select(*keep).sort("stratum", "allocation_id").collect(engine="streaming")


def _favoured(tables: Tables, params: CherryPickingParameters) -> pl.DataFrame:
    rows = _returns(tables, params)
    # Where a stratum holds one group only there is nothing to pick between.
    rows = rows.filter(pl.col("actor_group").n_unique().over("stratum") > 1).with_columns(
        # Ranks tell who got the better ones of a day, whatever a single wild name did.
        rank=(pl.col("r").rank() / pl.len()).over("stratum"),
        by=pl.col("allocated_by").fill_null(""),
    )
    managers = rows.partition_by("by", maintain_order=True)
    first = [tested for part in managers for tested in _tests(part, params)]
    if not first:
        return pl.DataFrame(schema=_EPISODES)
    # All pairs are looked at, so all count towards the false discoveries, whatever is looked at again later.
    found = [pair for part in managers for pair in _stepwise(part, first, params)]
    told = [_told(pair) for pair in found]
    return pl.DataFrame(told, schema=_EPISODES) if told else pl.DataFrame(schema=_EPISODES)


@dataclass(frozen=True)
class _Pair:
    """What an allocator gave a group, or one account of a group with several; returns in basis points."""

    by: str
    group: str
    unit: str  # group, or account
    own: pl.DataFrame
    effect: float
    mean: float
    p: float
    late_rest: float
    q: float = 1.0


def _stepwise(part: pl.DataFrame, first: list[_Pair], params: CherryPickingParameters) -> Iterator[_Pair]:
    """Return the favoured of one allocator, clearest first; each is then taken out of what the others are held against.

    Two favourites of one allocator hide each other: what one was given makes the rest look well.
    """
    by = part["by"][0]
    tested, others = [one for one in first if one.by == by], [one.p for one in first if one.by != by]
    while tested:
        q = q_values(np.array([one.p for one in tested] + others))[: len(tested)]
        clear = [
            replace(one, q=float(value))
            for one, value in zip(tested, q, strict=True)
            if value < params.q and one.effect >= params.effect
        ]
        if not clear:
            return
        best = min(clear, key=lambda one: (one.p, -one.effect, one.unit))
        yield best
        part = part.filter(pl.col("actor_group") != best.group)
        tested = _tests(part, params)


def _tests(part: pl.DataFrame, params: CherryPickingParameters) -> list[_Pair]:
    """Test each group that one allocator gave enough, and each account of a group with several."""
    part = part.filter(pl.col("actor_group").n_unique().over("stratum") > 1)
    units = (
        part.group_by("actor_group").agg(accounts=pl.col("account_id").unique().sort()).sort("actor_group")
    )
    pairs = []
    for group, accounts in units.iter_rows():
        asked = [(group, pl.col("actor_group") == group)]
        if len(accounts) > 1:
            asked += [(one, pl.col("account_id") == one) for one in accounts]
        pairs += [_tested(part, group, unit, mine, params) for unit, mine in asked]
    return [pair for pair in pairs if pair is not None]


def _tested(
    part: pl.DataFrame, group: str, unit: str, mine: pl.Expr, params: CherryPickingParameters
) -> _Pair | None:
    """Return effect and one-sided p of what a unit got; None with too few allocations.

    The effect is what its allocations made beyond the others' mean of the same stratum. The p is twice the lesser
    of two, of the sum of returns and of the sum of their ranks within strata.
    """
    rows = part.with_columns(mine=mine).filter(pl.col("mine").any().over("stratum"))
    rows = rows.filter(~pl.col("mine").all().over("stratum"))
    own = rows.filter("mine")
    if own.height < params.allocations:
        return None
    rest = pl.col("r").filter(~pl.col("mine")).mean()
    effect = (
        rows.with_columns(rest=rest.over("stratum"))
        .filter("mine")
        .select((pl.col("r") - pl.col("rest")).mean())
    )
    p = _chance(rows, "rank", params)
    if p > _SURE:
        p = min(p, _chance(rows, "r", params))
    return _Pair(
        by=part["by"][0],
        group=group,
        unit=unit,
        own=own,
        effect=float(effect.item()) * BASIS_POINTS,
        mean=float(own.select(pl.col("r").mean()).item()) * BASIS_POINTS,
        p=min(1.0, 2 * p),
        late_rest=float(rows.filter(~pl.col("mine")).select((pl.col("delay") > _LATE).mean()).item()),
    )


def _chance(rows: pl.DataFrame, column: str, params: CherryPickingParameters) -> float:
    """Return how often labels drawn anew within strata give the unit as much of ``column``."""
    own, values = rows["mine"].to_numpy(), rows[column].to_numpy()
    _, first, sizes = np.unique(rows["stratum"].to_numpy(), return_index=True, return_counts=True)
    parts = [
        (values[at : at + size], int(own[at : at + size].sum()))
        for at, size in zip(first, sizes, strict=True)
    ]
    # Mean and variance of the sum under exchange within strata are known; only what stands out is drawn.
    observed = float(values[own].sum())
    mean = sum(k * part.mean() for part, k in parts)
    variance = sum(k * (part.size - k) / part.size * part.var(ddof=1) for part, k in parts if part.size > 1)
    z = (observed - mean) / np.sqrt(variance) if variance > 1e-18 else 0.0
    if z < 2.0:
        return _upper(z)
    # Ranks are bounded and their sums all but normal: where no draw would come near, the tail says how rare it is.
    if column == "rank" and z > _BEYOND_DRAWS:
        return _upper(z)
    return permuted(parts, observed, draws=params.draws, seed=params.seed)


def _told(pair: _Pair) -> dict[str, Any]:
    own = pair.own.sort("transact_time_ns", "allocation_id")
    late = own.select((pl.col("delay") > _LATE).mean()).item()
    row = own.select(
        window_start=pl.col("alloc_time").min(),
        window_end=pl.col("alloc_time").max(),
        first_seq=sequence().first(),
        last_seq=sequence().last(),
        count=pl.len().cast(pl.Int64),
        again=(pl.col("version") > 1).sum().cast(pl.Int64),
        moved=pl.col("moved").sum().cast(pl.Int64),
        moved_made=pl.col("r").filter("moved").mean() * BASIS_POINTS,
        accounts=pl.col("account_id").unique().sort().implode(),
        allocators=pl.col("allocated_by").drop_nulls().unique().sort().implode(),
        names=pl.col("instrument_id").unique().sort().implode(),
        order_ids=pl.col("order_id").unique().sort().head(500).implode(),
    ).row(0, named=True)
    return row | {
        "actor_group": pair.group, "instrument_id": None, "effect": pair.effect, "own": pair.mean,
        "rest": pair.mean - pair.effect, "p": pair.p, "q": pair.q, "late": late, "late_rest": pair.late_rest,
    }  # fmt: skip


def permuted(parts: list[tuple[Floats, int]], observed: float, *, draws: int, seed: int) -> float:
    """Return how often a random choice within each stratum sums to at least ``observed``: (hits + 1) / (draws + 1).

    Args:
        parts: Per stratum its values and how many of them are the group's.
        observed: The group's own sum.
        draws: Permutations.
        seed: Of the draw.
    """
    rng = np.random.default_rng(seed)
    sums = np.zeros(draws)
    for values, k in parts:
        step = max(1, _CHUNK // values.size)
        for at in range(0, draws, step):
            count = min(step, draws - at)
            if k == 1:
                sums[at : at + count] += values[rng.integers(0, values.size, count)]
                continue
            order = rng.random((count, values.size), dtype=np.float32).argpartition(
                min(k, values.size - 1), axis=1
            )
            sums[at : at + count] += values[order[:, :k]].sum(axis=1)
    hits = int((sums >= observed - 1e-12).sum())
    return (hits + 1) / (draws + 1)


def _upper(z: float) -> float:
    return 0.5 * erfc(z / sqrt(2))
