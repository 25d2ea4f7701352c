"""The key figures of what is held as records, for the panels behind their names."""

from typing import Any

import numpy as np
import polars as pl

from analytics.portfolio.exposure import concentration, largest_share
from analytics.portfolio.passport import Passport, passport
from analytics.portfolio.risk import WINDOW
from analytics.portfolio.var import quantile_interval

# Key figure to the tail that houses_risk knows, and its confidence.
TAILS = {"var_99_1d": ("value_at_risk", 0.99), "es_975_1d": ("expected_shortfall", 0.975)}


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


def book_records(
    found: dict[str, Any], reasons: dict[str, str], held: pl.DataFrame, *, currency: str
) -> list[Passport]:
    """Return net asset value, exposures and concentration as records.

    Args:
        found: ``portfolio.totals``.
        reasons: Why a part of it is null.
        held: ``_book.holdings``.
        currency: Of the answer.
    """
    accounts, at = held["account_id"].n_unique(), "close of the last session"
    money = [
        passport(
            name, found[name], unit="currency", n=n, reason=reasons.get(name), valued=at, currency=currency
        )
        for name, n in (("nav", accounts), ("gross_exposure", held.height), ("net_exposure", held.height))
    ]
    why = reasons.get("gross_exposure") or "Nothing is held."
    shares = (("hhi", concentration(held)), ("top_10_share", largest_share(held)))
    return [
        *money,
        *(passport(name, value, unit="fraction", n=held["instrument_id"].n_unique(), reason=why, by="instrument",
                   of="gross exposure") for name, value in shares),
    ]  # fmt: skip


def leverage_record(found: dict[str, Any], reasons: dict[str, str], *, accounts: int) -> Passport:
    """Return leverage of ``portfolio.totals`` as a record; ``accounts`` is what it is summed over."""
    return passport(
        "leverage", found["leverage"], unit="ratio", n=accounts, reason=reasons.get("leverage"),
        gross="sum of |market value|", over="net asset value at the last session",
    )  # fmt: skip
