"""What trades would make of the book, before anybody trades: risk, exposures, cost, limits, orders."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
from sqlalchemy import select

from analytics.conventions import BASIS_POINTS
from analytics.datasets import (
    ACCOUNTS,
    BENCHMARKS,
    CORPORATE_ACTIONS,
    DAILY_NAV,
    DAILY_POSITIONS,
    FX_RATES,
    INSTRUMENTS,
    PRICES,
    QUOTES,
)
from analytics.portfolio.exposure import concentration
from analytics.portfolio.rebalance import orders as orders_of
from analytics.portfolio.rebalance import trades
from analytics.portfolio.risk import expected_shortfall, simulated_pnl, value_at_risk
from analytics.portfolio.scenarios import betas
from analytics.trading.expected_cost import expected_cost_bp
from app.desk import Desk
from app.queries import limits
from app.queries._targets import Plan, described, plan, targets_of, targets_text
from app.queries._universe import history, market
from app.storage.cache import cached
from app.storage.records.scenarios import Scenario

__all__ = [
    "PARTICIPATION",
    "READS",
    "Plan",
    "limits_after",
    "plan",
    "saved",
    "targets_of",
    "targets_text",
    "what_if",
]
READS = (
    DAILY_POSITIONS, DAILY_NAV, ACCOUNTS, INSTRUMENTS, FX_RATES, PRICES, CORPORATE_ACTIONS, BENCHMARKS, QUOTES,
)  # fmt: skip
PARTICIPATION = 0.2
YEAR = 252
OTHERS = 200  # instruments offered to join the plan
FRESH_S = 60.0  # an entry of the restricted list begins and ends by the clock
_SIDES = {"buy": 1.0, "buy_cover": 1.0, "sell": -1.0, "sell_short": -1.0}


def what_if(desk: Desk, targets: Mapping[str, float]) -> dict[str, Any]:
    """Return the book before and after trading to ``targets``.

    Args:
        desk: Whose holdings of the last session.
        targets: Weight by instrument (fraction of ``base``); what is not named stays.

    Returns:
        ``rows``: one per instrument: instrument_id, symbol, sector, weight, target (asked for), after (weight
        then), difference, quantity (signed, whole lots), traded (money), cost_bp, cost (money), days (to trade
        at ``PARTICIPATION`` of the volume), restricted, reason; ``orders``: account_id, instrument_id, symbol,
        side, quantity, price (last), value, reason; ``measures``: name, unit, before, after, reason (var_99_1d,
        es_975_1d, volatility, beta, gross_exposure, net_exposure, hhi, positions); ``trading``: turnover
        (fraction of base, both sides), traded, cost, cost_bp, days, unknown (trades without a cost); ``sectors``:
        sector, before, after (net weights); ``others``: instrument_id, symbol of what could join; ``base``, ``base_name`` (nav, or gross where none is known), ``currency``,
        ``date``, ``restricted`` (ids held or named), ``targets``, ``reason`` (why there is no book).

    Raises:
        Invalid: If a target names what is not known.
    """
    return _what_if(desk, targets=dict(sorted(targets.items())))


def limits_after(desk: Desk, targets: Mapping[str, float]) -> list[dict[str, Any]]:
    """Return each standing limit in view with ``before`` and ``after`` (value, utilisation, state, reason).

    Rows as ``limits.measured`` gives them, most used now first: limit_id, name, measure, title, unit, currency,
    subject_kind, subject_id, limit, hard. What the scope does not cover stays as it is.
    """
    return _limits_after(desk, targets=dict(sorted(targets.items())))


@cached(*READS, records=("lists",), ttl=FRESH_S)
def _what_if(desk: Desk, *, targets: dict[str, float]) -> dict[str, Any]:
    made = plan(desk, targets)
    told = described(made, desk) | {"targets": targets}
    if made.reason or not made.base > 0:
        empty: dict[str, Any] = {name: [] for name in ("rows", "orders", "measures", "sectors", "others")}
        return told | empty | {"trading": None, "reason": made.reason or "The book is worth nothing."}
    moved = _moved(made, targets)
    placed = orders_of(moved, made.book.held, main=_main(made))
    moved = _costed(moved, made)
    after = _after(made, placed)
    return told | {
        "rows": _rows(moved, made),
        "orders": _orders(placed, moved, made),
        "measures": _measures(desk, made, moved, after),
        "trading": _trading(moved, made),
        "others": _others(desk, made),
        "sectors": _sectors(moved, base=made.base),
    }


@cached(*limits.READS, *READS, records=("limits", "lists"), ttl=FRESH_S)
def _limits_after(desk: Desk, *, targets: dict[str, float]) -> list[dict[str, Any]]:
    made = plan(desk, targets)
    if made.reason or not made.base > 0:
        return []
    placed = orders_of(_moved(made, targets), made.book.held, main=_main(made))
    return _limits(desk, _after(made, placed), traded=placed.height > 0)


def _moved(made: Plan, targets: Mapping[str, float]) -> pl.DataFrame:
    return trades(made.rows, targets, base=made.base, restricted=made.restricted)


def saved(desk: Desk) -> list[dict[str, Any]]:
    """Return the organisation's kept plans, newest first: id, name, query, created_by_name, created_at."""
    query = select(Scenario).where(Scenario.kind == "what_if", Scenario.disabled.is_(False))
    with desk.session() as session:
        found = session.scalars(query.order_by(Scenario.created_at.desc(), Scenario.id))
        return [
            {
                "id": one.id,
                "name": one.name,
                "query": str(one.body.get("query", "")),
                "created_by_name": one.created_by_name,
                "created_at": one.created_at,
            }
            for one in found
        ]


def _main(made: Plan) -> str | None:
    gross = pl.col("market_value").abs().sum()
    found = (
        made.book.held.group_by("account_id")
        .agg(gross.alias("g"))
        .sort("g", "account_id", descending=[True, False])
    )
    return str(found["account_id"][0]) if found.height else None


def _others(desk: Desk, made: Plan) -> list[dict[str, Any]]:
    """Return instruments with a price that are neither held nor named: they could join the plan."""
    priced = desk.rows(PRICES, dated=False, scoped=False).select("instrument_id").unique()
    known = desk.rows(INSTRUMENTS, scoped=False).select("instrument_id", "symbol").unique("instrument_id")
    found = known.join(priced, on="instrument_id", how="semi").filter(
        ~pl.col("instrument_id").is_in(made.rows["instrument_id"].to_list())
    )
    symbol = pl.coalesce("symbol", "instrument_id").alias("symbol")
    return desk.collect(found.select("instrument_id", symbol).sort("symbol").head(OTHERS)).to_dicts()


def _costed(moved: pl.DataFrame, made: Plan) -> pl.DataFrame:
    size = pl.col("quantity").abs()
    norms = made.rows.select("instrument_id", "adv", "volatility", "quoted_spread_bp")
    kept = [name for name in norms.columns if name == "instrument_id" or name not in moved.columns]
    rows = moved.join(norms.select(kept), on="instrument_id", how="left", maintain_order="left")
    rows = rows.with_columns(filled_qty=size).with_columns(
        cost_bp=pl.when(size > 0).then(expected_cost_bp()).otherwise(0.0),
        days=pl.when(size == 0)
        .then(0.0)
        .when(pl.col("adv") > 0)
        .then(size / (PARTICIPATION * pl.col("adv"))),
    )
    return rows.with_columns(cost=pl.col("traded").abs() * pl.col("cost_bp") / BASIS_POINTS)


def _rows(moved: pl.DataFrame, made: Plan) -> list[dict[str, Any]]:
    base = made.base
    rows = moved.with_columns(
        after_weight=pl.col("after") / base,
        restricted=pl.col("instrument_id").is_in(list(made.restricted)),
    ).with_columns(difference=pl.col("after_weight") - pl.col("weight"))
    columns = (
        "instrument_id", "symbol", "name", "sector", "weight", "target", "difference", "quantity", "traded", "cost_bp", "cost",
        "days", "restricted", "blocked", "reason", "quoted_spread_bp", "adv",
    )  # fmt: skip
    return rows.select(*columns, after="after_weight").to_dicts()


def _orders(placed: pl.DataFrame, moved: pl.DataFrame, made: Plan) -> list[dict[str, Any]]:
    named = moved.select(
        "instrument_id", "symbol", "currency", "weight", "target", price=pl.col("market_px").cast(pl.Float64)
    )
    rows = placed.join(named, on="instrument_id", how="left", maintain_order="left")
    return [
        {
            **{name: row[name] for name in ("account_id", "instrument_id", "symbol", "side", "quantity", "price", "currency", "value")},
            "reason": f"to {row['target'] * 100:.2f}% of {'net asset value' if made.base_name == 'nav' else 'gross exposure'}, now {row['weight'] * 100:.2f}%",
        }
        for row in rows.iter_rows(named=True)
    ]  # fmt: skip


def _after(made: Plan, placed: pl.DataFrame) -> pl.DataFrame:
    """Return the holdings as they would be, in the shape of ``portfolio.positions``."""
    sign = pl.col("side").replace_strict(_SIDES, return_dtype=pl.Float64)
    changed = placed.group_by("account_id", "instrument_id").agg(
        change=(sign * pl.col("value")).sum(), units=(sign * pl.col("quantity")).sum()
    )
    held = made.book.held
    facts = made.rows.select("instrument_id", "sector", "currency", "symbol")
    rows = held.select(
        "account_id",
        "instrument_id",
        pl.col("market_value").cast(pl.Float64),
        pl.col("quantity").cast(pl.Float64),
    ).join(changed, on=["account_id", "instrument_id"], how="full", coalesce=True)
    rows = rows.with_columns(
        market_value=pl.col("market_value").fill_null(0.0) + pl.col("change").fill_null(0.0),
        quantity=pl.col("quantity").fill_null(0.0) + pl.col("units").fill_null(0.0),
    )
    return (
        rows.filter(pl.col("quantity") != 0)
        .drop("change", "units")
        .join(facts, on="instrument_id", how="left")
    )


def _measures(desk: Desk, made: Plan, moved: pl.DataFrame, after: pl.DataFrame) -> list[dict[str, Any]]:
    before_values = moved["value"].to_numpy().astype(np.float64)
    after_values = moved["after"].to_numpy().astype(np.float64)
    names = moved["instrument_id"].to_list()
    found = history(desk, names, moved["currency"].to_list(), day=made.book.date)
    _, moves = market(desk, found)
    loads = betas(found.returns, moves) if found.dates else [None] * len(names)
    held = made.book.held.select("instrument_id", pl.col("market_value").cast(pl.Float64))
    pairs = []
    for values, positions in ((before_values, held), (after_values, after)):
        owned = values != 0
        part = type(found)(found.dates, tuple(np.array(names)[owned]), found.returns[:, owned])
        pnl = simulated_pnl(part, values[owned])
        worth = positions["market_value"]
        known = [(w, b) for w, b in zip(values.tolist(), loads, strict=True) if w != 0]
        pairs.append(
            {
                "var_99_1d": value_at_risk(pnl, confidence=0.99) if owned.any() else 0.0,
                "es_975_1d": expected_shortfall(pnl, confidence=0.975) if owned.any() else 0.0,
                "volatility": float(pnl.std(ddof=1) * np.sqrt(YEAR) / made.base) if pnl.size > 1 else None if owned.any() else 0.0,
                "beta": sum(w * b for w, b in known if b is not None) / made.base if all(b is not None for _, b in known) else None,
                "gross_exposure": float(worth.abs().sum()),
                "net_exposure": float(worth.sum()),
                "hhi": concentration(positions),
                "positions": float(worth.len()),
            }
        )  # fmt: skip
    units = {"volatility": "fraction", "beta": "ratio", "hhi": "ratio", "positions": "count"}
    short = "not enough common history of what is held"
    reasons = {"beta": "a benchmark or a common history is missing", "hhi": "nothing would be held"}
    before, then = pairs
    return [
        {
            "name": name,
            "unit": units.get(name, "currency"),
            "before": before[name],
            "after": then[name],
            "reason": reasons.get(name, short) if before[name] is None or then[name] is None else None,
        }
        for name in before
    ]


def _trading(moved: pl.DataFrame, made: Plan) -> dict[str, Any]:
    active = moved.filter(pl.col("quantity") != 0)
    traded = float(active["traded"].abs().sum())
    unknown = active["cost"].null_count()
    cost = None if unknown else float(active["cost"].sum())
    return {
        "traded": traded,
        "turnover": traded / made.base,
        "cost": cost,
        "cost_bp": cost / traded * BASIS_POINTS if cost is not None and traded else None if unknown else 0.0,
        "days": None if active["days"].null_count() else active["days"].max() or 0.0,
        "trades": active.height,
        "unknown": unknown,
        "blocked": int(moved["blocked"].sum()),
    }


def _sectors(moved: pl.DataFrame, *, base: float) -> list[dict[str, Any]]:
    rows = moved.group_by(pl.col("sector").fill_null("Not known")).agg(
        before=pl.col("value").sum() / base, after=pl.col("after").sum() / base
    )
    return rows.sort(pl.col("before").abs(), "sector", descending=[True, False]).to_dicts()


def _limits(desk: Desk, after: pl.DataFrame, *, traded: bool) -> list[dict[str, Any]]:
    now = limits.measured(desk)
    then = {row["limit_id"]: row for row in (limits.measured(desk, holdings=after) if traded else now)}
    kept = ("value", "utilisation", "state", "reason")
    about = (
        "limit_id",
        "name",
        "measure",
        "title",
        "unit",
        "currency",
        "subject_kind",
        "subject_id",
        "limit",
        "hard",
        "standing",
    )
    return [
        {name: row.get(name) for name in about}
        | {"before": {name: row[name] for name in kept}, "after": {name: then[row["limit_id"]][name] for name in kept}}
        for row in now
        if row["limit_id"] in then and row.get("standing", True)
    ]  # fmt: skip
