"""The key figures of what is held as records, for the panels behind their names."""

from typing import Any

import numpy as np
import polars as pl

from analytics.portfolio.passport import Passport, passport
from analytics.portfolio.risk import WINDOW
from analytics.portfolio.var import quantile_interval


def tail_records(found: dict[str, Any]) -> list[Passport]:
    """Return VaR and expected shortfall of ``portfolio.risk`` as records.

    The interval of VaR is that of the order statistics, at 95 %.
    """
    pnl = found["pnl"]["pnl"].cast(pl.Float64).to_numpy().astype(np.float64)
    shared = {
        "method": "historical simulation", "days": 1, "history": f"at most {WINDOW} sessions",
        "holdings": "as at the last session", "sign": "positive = loss", "currency": found["currency"],
    }  # fmt: skip
    band = quantile_interval(pnl, confidence=0.99)
    reasons = found["reasons"]
    return [
        passport(
            "var_99_1d", found["var_99_1d"], unit="currency", n=found["n"], interval=band,
            reason=reasons.get("var_99_1d"), confidence=0.99, quantile="type 7", **shared,
        ),
        passport(
            "es_975_1d", found["es_975_1d"], unit="currency", n=found["n"],
            reason=reasons.get("es_975_1d"), confidence=0.975, **shared,
        ),
    ]  # fmt: skip


def leverage_record(found: dict[str, Any], reasons: dict[str, str], *, accounts: int) -> Passport:
    """Return leverage of ``portfolio.totals`` as a record; ``accounts`` is what it is summed over."""
    return passport(
        "leverage", found["leverage"], unit="ratio", n=accounts, reason=reasons.get("leverage"),
        gross="sum of |market value|", over="net asset value at the last session",
    )  # fmt: skip
