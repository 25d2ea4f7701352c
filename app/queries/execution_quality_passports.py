"""Every figure of execution quality as a record, and how costs read under other houses' conventions."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import polars as pl

from analytics.portfolio.passport import Passport, passport
from analytics.trading.houses import cost_readings
from analytics.trading.shortfall import PARTS
from app.desk import Desk
from app.queries._fills import SLIPPAGES, bare, fills
from app.queries._passports import Subject
from app.queries._tca_lives import READS
from app.queries._tca_orders import orders
from app.queries.execution_quality import choice, narrowed, study

_SIGN = "positive is a cost"
_SPREADS = ("quoted_spread_bp", "effective_spread_bp", "realised_spread_bp")
_OF_ORDERS = ("reversion_bp", "participation")
_OTHER_PRICES = {
    f"against {words}": SLIPPAGES[name]
    for name, words in (
        ("decision", "the mid of the decision"), ("vwap", "the interval's VWAP"), ("twap", "the interval's TWAP"),
        ("close", "the close"), ("previous_close", "the close before"),
    )
}  # fmt: skip


def records(desk: Desk) -> list[Passport]:
    """Return the page's figures: key figures, slippage by benchmark, shortfall by part, mark-outs by horizon."""
    found = study(desk)
    about = {"sign": _SIGN, "weight": f"notional in {found['currency']}"}
    traded = found["shortfall"]["traded"]
    return [
        *found["summary"],
        *(
            passport(
                f"slippage_{row['benchmark']}_bp", row["slippage_bp"], unit="basis points", n=row["n"],
                interval=_pair(row), reason=row["reason"], benchmark=row["benchmark"], **about,
            )
            for row in found["benchmarks"].iter_rows(named=True)
        ),
        *(
            passport(
                f"{name}_bp", traded[f"{name}_bp"], unit="basis points", n=traded["orders"], sign=_SIGN,
                base="quantity ordered x price of the decision", orders="those that traded",
                reason=None if traded["orders"] else "No order of this period is known with its quantity and its prices.",
            )
            for name in PARTS
        ),
        *(
            passport(
                "markout_bp", row["markout_bp"], unit="basis points", n=row["n"], interval=_pair(row),
                horizon=row["horizon"], reason="No price is known that long after these fills.",
                interval_by="bootstrap of whole orders or days", **about,
            )
            for row in found["markouts"].iter_rows(named=True)
        ),
    ]  # fmt: skip


def _pair(row: Mapping[str, Any]) -> tuple[float, float] | None:
    return None if row["low"] is None or row["high"] is None else (row["low"], row["high"])


def readings(desk: Desk, record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return a cost under our convention and under those of others; empty where houses agree."""
    if record["value"] is None:
        return []
    name, plain = record["name"], bare(desk)[0]
    filters = choice(desk).filters
    executed = narrowed(fills(plain), filters)
    if name == "slippage_bp":
        found = cost_readings(executed, SLIPPAGES["arrival"], order="order", others=_OTHER_PRICES)
    elif name.startswith("slippage_"):
        column = SLIPPAGES[name.removeprefix("slippage_").removesuffix("_bp")]
        found = cost_readings(executed, column, order="order")
    elif name in _SPREADS:
        halved = executed.with_columns(_half=pl.col(name) / 2)
        found = cost_readings(halved, name, order="order", others={"half spread, not doubled": "_half"})
    elif name in {*_OF_ORDERS, "implementation_shortfall_bp"}:
        found = _of_orders(desk, plain, executed, name)
    else:
        return []
    return [asdict(one) for one in found]


def _of_orders(desk: Desk, plain: Desk, executed: pl.DataFrame, name: str) -> list[Any]:
    traded = orders(plain)["traded"]
    if choice(desk).filters:
        traded = traded.join(executed.select("order"), on="order", how="semi")
    if name != "implementation_shortfall_bp":
        by_day = name == "participation" and traded["participation"].null_count() == traded.height
        return cost_readings(traded, "day_share" if by_day else name)
    paper, total = (pl.col(part).cast(pl.Float64) for part in ("paper", "total"))
    rows = traded.filter(pl.col("total").is_not_null(), paper > 0)
    rows = rows.with_columns(_bp=total / paper * 1e4, _paper=paper)
    return cost_readings(rows, "_bp", weight="_paper", others={})


PASSPORTS = Subject(
    records=records,
    datasets=READS,
    readings=readings,
    period=lambda desk: bare(desk)[1].as_dict(),
    defines={f"slippage_{name}_bp": "slippage_bp" for name in SLIPPAGES}
    | {f"{name}_bp": name for name in PARTS},
)
