"""Cycles of pulled sides as episodes: what the fill gained, how it is scored, how it is told."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from analytics.compliance._features import daily_baseline, with_group
from analytics.compliance._order_lives import BUYS, SECOND, at_ns, filled_once, order_lives
from analytics.compliance._pulled_sides import PulledParameters, Pulls, fill_clusters, with_book
from analytics.compliance._shared import once
from analytics.compliance._spans import settled, steadied
from analytics.compliance.alerts import Metric, Told, flattened, with_episode
from analytics.compliance.detector import GAP_SCHEMA, Tables
from analytics.text import formatted

_LISTS = (
    "filled_in",
    "order_ids",
    "accounts",
    "traders",
    "fill_orders",
    "exec_ids",
    "fill_accounts",
    "fill_traders",
)
_SESSION_MINUTES = 390.0


def every_fill(tables: Tables) -> pl.LazyFrame:
    """Return the fills among order events, with group and side, in floats; ``filled_in`` is the instrument."""
    return once(tables, "every_fill", lambda: _fills(tables), kept=True)


def _fills(tables: Tables) -> pl.LazyFrame:
    fills = filled_once(
        tables["order_events"].filter((pl.col("event_type") == "fill") & (pl.col("last_qty") > 0))
    ).select(
        "order_id", "exec_id", "account_id", "trader_id", "instrument_id",
        ns="transact_time_ns", buying=pl.col("side").is_in(BUYS),
        qty=pl.col("last_qty").cast(pl.Float64), px=pl.col("last_px").cast(pl.Float64),
        filled_in="instrument_id",
    )  # fmt: skip
    return with_group(fills, tables)


def own_pulls(tables: Tables, params: PulledParameters, *, levels: int, level_quantile: float) -> Pulls:
    """Return the look at sides pulled around fills in the same instrument."""
    clusters = once(tables, "fill_clusters", lambda: fill_clusters(every_fill(tables)), kept=True)
    lives = once(tables, "lives_in_books", lambda: _shown(order_lives(tables)))
    return Pulls(lives, clusters, params, levels=levels, level_quantile=level_quantile)


def pulls_of(
    lives: pl.LazyFrame, fills: pl.LazyFrame, params: PulledParameters, *, levels: int, level_quantile: float,
    by_value: bool = False,
) -> Pulls:  # fmt: skip
    """Return the look at sides pulled around ``fills``, which may be in other instruments, then by value."""
    shown = _shown(lives)
    if by_value:
        shown = shown.with_columns(qty=pl.col("qty") * pl.col("px"), filled=pl.col("filled") * pl.col("px"))
    return Pulls(
        settled(shown), settled(fill_clusters(fills)), params, levels=levels, level_quantile=level_quantile
    )


def _shown(lives: pl.LazyFrame) -> pl.LazyFrame:
    return with_book(lives.filter(pl.col("px").is_not_null()))


def episodes_of(cycles: pl.LazyFrame, tables: Tables, params: PulledParameters) -> pl.LazyFrame:
    """Return cycles unlikely by chance, merged into episodes of one group, instrument and side."""
    chosen = settled(cycles.filter(pl.col("log_chance") <= pl.lit(params.max_chance).log10()))
    priced = _with_gain(_with_volume(chosen, tables), tables)
    keys = ["actor_group", "instrument_id", "buying"]
    return steadied(
        with_episode(priced, ns="ns", by=keys)
        .group_by(*keys, "episode")
        .agg(
            *(flattened(name) for name in _LISTS),
            window_start=at_ns(pl.col("since").min()),
            window_end=at_ns(pl.max_horizontal("until", "ns").max()),
            first_seq=formatted("{}.{}", pl.col("since").min(), pl.col("buying").first().cast(pl.Int8)),
            last_seq=formatted("{}.0", pl.col("until").max()),
            cycles=pl.len(),
            **{name: pl.col(name).max() for name in ("levels", "level_qty", "pulled_qty", "ratio", "asymmetry",
                                                     "day_cycles", "trials", "coverage", "floor", "minutes")},
            fill_qty=pl.col("fill_qty").sum(),
            fill_px=pl.col("fill_px").mean(),
            life=pl.col("life").median() / SECOND,
            log_chance=pl.col("log_chance").min(),
            gain=pl.col("gain").mean(),
        )
        .with_columns(
            apart=pl.col("accounts").list.set_intersection("fill_accounts").list.len() == 0,
        )
    )  # fmt: skip


def _with_volume(cycles: pl.LazyFrame, tables: Tables) -> pl.LazyFrame:
    """Add ``minutes``: the pulled quantity in minutes of the instrument's usual volume."""
    base = daily_baseline(tables).filter(pl.col("adv") > 0).select("instrument_id", "adv", known="date")
    days = cycles.with_columns(date=at_ns(pl.col("ns")).dt.date()).sort("date")
    joined = days.join_asof(
        base.sort("known"), left_on="date", right_on="known", by="instrument_id", strategy="backward",
        allow_exact_matches=False, check_sortedness=False,
    )  # fmt: skip
    return joined.with_columns(minutes=pl.col("pulled_qty") / (pl.col("adv") / _SESSION_MINUTES))


def _with_gain(cycles: pl.LazyFrame, tables: Tables) -> pl.LazyFrame:
    """Add ``gain``: fill price against the mid before the first pulled order, in spreads; above 0 is better."""
    asked = cycles.select("instrument_id").unique().collect()["instrument_id"].to_list()
    given = tables["quotes"] if asked else tables["quotes"].clear()
    quotes = (
        given.filter(pl.col("instrument_id").is_in(asked))
        .filter((pl.col("bid_px") > 0) & (pl.col("ask_px") > pl.col("bid_px")))
        .select("instrument_id", "bid_px", "ask_px", quoted="transact_time_ns")
        .sort("quoted")
    )
    sign = pl.when(pl.col("buying")).then(1.0).otherwise(-1.0)
    return (
        cycles.sort("since")
        .join_asof(
            quotes, left_on="since", right_on="quoted", by="instrument_id", strategy="backward",
            allow_exact_matches=False, check_sortedness=False,
        )
        .with_columns(
            mid=((pl.col("bid_px") + pl.col("ask_px")) / 2).cast(pl.Float64),
            spread=(pl.col("ask_px") - pl.col("bid_px")).cast(pl.Float64),
        )
        .drop("bid_px", "ask_px")
        .with_columns(gain=sign * (pl.col("mid") - pl.col("fill_px")) / pl.col("spread"))
    )  # fmt: skip


def graded(episode: Mapping[str, Any], params: PulledParameters) -> float:
    """Return 40 to 100: monotone in rarity, size, speed, one-sidedness, repetition and gain."""
    part = {
        "rarity": (_unit(-episode["log_chance"] / 15), 3.0),
        "size": (_unit(episode["ratio"] / params.size_multiple / 7), 1.5),
        "speed": (1 - _unit(episode["life"] / 60), 1.0),
        "one_sided": (_unit((episode["asymmetry"] + 1) / 2), 1.0),
        "repetition": (_unit((episode["day_cycles"] - 1) / 4), 1.5),
        "levels": (_unit(episode["levels"] / 6), 1.0),
        "gain": (0.5 if episode["gain"] is None else _unit((episode["gain"] + 1) / 2), 0.5),
    }
    whole = sum(weight for _, weight in part.values())
    return 40 + 60 * sum(value * weight for value, weight in part.values()) / whole


def told_of(episode: Mapping[str, Any], params: PulledParameters, *, shown: str, ending: str) -> Told:
    """Tell an episode; ``shown`` names what was shown, ``ending`` says what to check.

    Where the fills are in other instruments, quantities are values.
    """
    bought, elsewhere = episode["buying"], [i for i in episode["filled_in"] if i != episode["instrument_id"]]
    wanted, other = ("bought", "sell") if bought else ("sold", "buy")
    unit, act = ("in value", "traded") if elsewhere else ("units", wanted)
    n, day = episode["cycles"], episode["day_cycles"]
    gain = episode["gain"]
    accounts = sorted({*episode["accounts"], *episode["fill_accounts"]})
    traders = sorted({*episode["traders"], *episode["fill_traders"]})
    story = [
        (
            f"From {episode['window_start']:%H:%M:%S} UTC on {episode['window_start']:%Y-%m-%d}, "
            f"{_names(episode['accounts'])} showed {shown} to {other} {episode['instrument_id']}, "
            f"{episode['pulled_qty']:,.0f} {unit} at most."
        ),
        (
            f"Meanwhile {_names(episode['fill_accounts'])} {act} {episode['fill_qty']:,.0f} {unit} "
            + (
                f"in {', '.join(elsewhere)}, which moves with it"
                if elsewhere
                else f"at an average of {episode['fill_px']:,.4f}"
            )
            + f"; the {other} orders were {episode['ratio']:.1f} times as much."
        ),
        (
            f"Around each fill the {other} orders were withdrawn, after a median life of {episode['life']:.1f} s; "
            f"orders on the other side were not (asymmetry {episode['asymmetry']:.2f})."
        ),
        (
            f"This happened {_times(n)} within this episode and {_times(day)} that day, of {episode['trials']:.0f} "
            f"such withdrawals in all; windows around fills cover {episode['coverage']:.1%} of the session, so chance "
            f"explains it with a probability below {10 ** max(episode['log_chance'], -99):.1g}."
        ),
    ]
    if gain is not None:
        story.append(
            f"The fills were {abs(gain):.2f} spreads {'better' if gain >= 0 else 'worse'} than the mid before."
        )
    elif not elsewhere:
        story.append("No quotes are known, so what the fills gained does not count here.")
    if episode["apart"]:
        story.append("The two sides were entered by different linked accounts.")
    story.append(ending)
    return Told(
        score=graded(episode, params),
        metrics=[
            Metric("cycles", float(day), 1.0, "times a day"),
            Metric("levels", float(episode["levels"]), None, "prices"),
            Metric("size_ratio", episode["ratio"], params.size_multiple, "times the filled quantity"),
            Metric("asymmetry", episode["asymmetry"], params.asymmetry, "(opposite - same) / both"),
            Metric("median_life", episode["life"], params.max_age, "seconds"),
            Metric("log10_chance", episode["log_chance"], None, "log10 of probability"),
            Metric("coverage", episode["coverage"], None, "fraction of the session"),
            Metric("gain", gain, None, "spreads"),
            Metric("minutes_of_volume", episode["minutes"], None, "minutes of usual volume"),
            Metric("collusive", float(episode["apart"]), None, "1 if the sides are in different accounts"),
        ],
        story=story,
        actors=[("account", a) for a in accounts] + [("trader", t) for t in traders],
        order_ids=sorted({*episode["order_ids"], *episode["fill_orders"]}),
        exec_ids=episode["exec_ids"],
        instrument_ids=elsewhere,
    )


def unseen_fills(tables: Tables) -> pl.LazyFrame:
    """Return executions of orders on record whose fills are not among the events: they are not judged."""
    events = tables["order_events"]
    filled = events.filter(pl.col("event_type") == "fill").select("order_id").unique()
    unseen = settled(
        tables["executions"]
        .filter(pl.col("order_id").is_not_null())
        .select("order_id", "instrument_id")
        .join(filled, on="order_id", how="anti")
    )
    # Of millions of orders only those of these few executions are asked for.
    asked = unseen.select("order_id").unique()
    entered = events.filter(pl.col("event_type") == "new").select("order_id")
    known = entered.join(asked, on="order_id", how="semi").unique()
    return (
        unseen.join(known, on="order_id", how="semi")
        .group_by("instrument_id")
        .agg(missing=pl.len().cast(pl.UInt32))
        .with_columns(reason=pl.lit("Executions of some orders are not among the order events."))
        .select(*GAP_SCHEMA)
    )


def _unit(value: float) -> float:
    return min(1.0, max(0.0, value))


def _names(accounts: list[str]) -> str:
    if not accounts:
        return "an account"
    return f"account {accounts[0]}" if len(accounts) == 1 else f"linked accounts {', '.join(accounts[:4])}"


def _times(n: int) -> str:
    return "once" if n == 1 else f"{n} times"
