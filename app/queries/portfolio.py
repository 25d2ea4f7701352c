"""What is held, what it is worth, what it risks and how it did."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import polars as pl

from analytics.conventions import strict_sum
from analytics.datasets import (
    ACCOUNTS,
    BENCHMARKS,
    CASH_FLOWS,
    CORPORATE_ACTIONS,
    DAILY_NAV,
    DAILY_POSITIONS,
    FX_RATES,
    INSTRUMENTS,
    POSITIONS,
    PRICES,
)
from analytics.portfolio.exposure import concentration, leverage
from analytics.portfolio.exposure import exposure as exposure_of
from analytics.portfolio.houses import compared
from analytics.portfolio.houses_risk import concentration_readings, tail_readings
from analytics.portfolio.passport import Passport
from analytics.portfolio.reconciliation import reconcile
from app.desk import Desk
from app.errors import FieldError, Invalid
from app.queries._book import BY_TRADER, NOTHING_HELD, holdings, instruments, nav_days, unvalued
from app.queries._money import Reasons, Values, currency, number
from app.queries._passports import Subject
from app.queries._performance import nav_series
from app.queries._period import period
from app.queries._risk import tail
from app.queries._tail_passports import TAILS, book_records, leverage_record, tail_records
from app.queries._var_limit import var_limit_used
from app.queries.performance import performance
from app.storage.cache import cached

__all__ = [
    "exposure", "kpis", "nav_series", "performance", "positions", "reconciliation", "risk", "top_positions", "totals",
]  # fmt: skip
TOP = 10
_BOOK = (DAILY_POSITIONS, DAILY_NAV, ACCOUNTS, INSTRUMENTS, FX_RATES)
GROUPS = ("instrument", "sector", "currency", "desk", "country", "asset_class", "account")
_COLUMN = {"instrument": "instrument_id", "account": "account_id"}


@cached(*_BOOK, POSITIONS)
def positions(desk: Desk) -> pl.DataFrame:
    """Return what is held at the last session of the scope, beside what others report for that day.

    One row per account and instrument, largest value first: account_id, account_name, desk, instrument_id,
    symbol, name, sector, country, asset_class, date, currency (traded), quantity, avg_cost, market_px,
    price_date, market_value, unrealised_pnl, pnl (of the day) and weight (of gross) in the answer's
    currency, broker_quantity, broker_date, difference (derived less reported; null when nobody reports).
    """
    held = holdings(desk)
    gross = pl.col("market_value").abs().cast(pl.Float64)
    weight = pl.when(pl.col("market_value").null_count() == 0, gross.sum() > 0).then(gross / gross.sum())
    reported = _reported(desk)
    both = held.with_columns(weight=weight).join(
        reported.select("account_id", "instrument_id", broker_quantity="quantity", broker_date="date"),
        on=["account_id", "instrument_id"],
        how="left",
        maintain_order="left",
    )
    return both.with_columns(difference=pl.col("quantity") - pl.col("broker_quantity"))


@cached(*_BOOK)
def exposure(desk: Desk, *, group_by: str = "sector") -> dict[str, Any]:
    """Return gross, net, long and short by group at the last session of the scope.

    Returns:
        ``rows``: group, label, gross, net, long, short, weight (of gross), positions, ``pnl`` (of the day),
        largest gross first; ``total``: the same over all, with ``hhi`` (by instrument) and ``nav``,
        ``leverage``; ``currency``, ``date``, ``reasons``. Null where not known.

    Raises:
        Invalid: For a group that is not one of instrument, sector, currency, desk, country, asset_class,
            account.
    """
    if group_by not in GROUPS:
        allowed = f"must be one of {', '.join(GROUPS)}"
        raise Invalid(
            "Exposure is not grouped by this.", errors=[FieldError("group_by", allowed, group_by[:80])]
        )
    column = _COLUMN.get(group_by, group_by)
    held = holdings(desk)
    label = "symbol" if group_by == "instrument" else column
    labels = held.group_by(column).agg(
        label=pl.col(label).first(),
        **({} if column == "sector" else {"sector": pl.col("sector").first()}),
        pnl=pl.when(pl.col("pnl").null_count() == 0).then(pl.col("pnl").sum()),
    )
    rows = exposure_of(held, by=column).join(
        labels, on=column, how="left", nulls_equal=True, maintain_order="left"
    )
    whole, reasons = totals(desk)
    return {
        "rows": rows.rename({column: "group"}).with_columns(pl.col("label").fill_null("Not known")),
        "total": whole | {"hhi": concentration(held), "positions": held.height},
        "metrics": records(desk),
        "currency": currency(desk),
        "date": period(desk).last,
        "reasons": reasons,
    }


def totals(desk: Desk) -> tuple[Values, Reasons]:
    """Return nav, gross_exposure, net_exposure and leverage at the last session, and why a part is null."""
    names = ("nav", "gross_exposure", "net_exposure", "leverage")
    values: Values = dict.fromkeys(names)
    if desk.scope.trader:
        return values, dict.fromkeys(names, BY_TRADER)
    found = period(desk)
    held = holdings(desk)
    whole = exposure_of(held).row(0, named=True)
    reasons: Reasons = {}
    if found.last is None:
        return values, dict.fromkeys(names, NOTHING_HELD)
    values["gross_exposure"], values["net_exposure"] = number(whole["gross"]), number(whole["net"])
    why = unvalued(desk, held)
    if why:
        reasons |= {"gross_exposure": why, "net_exposure": why}
    nav, missing = nav_days(desk, days=replace(found, start=found.last, end=found.last))
    if missing:
        reasons |= {"nav": missing["nav"], "leverage": missing["nav"]}
        return values, reasons
    values["nav"] = number(nav["nav"][-1])
    values["leverage"] = leverage(values["gross_exposure"], values["nav"])
    if values["leverage"] is None:
        reasons["leverage"] = why or "Net asset value is not positive, so there is no ratio to it."
    return values, reasons


@cached(*_BOOK, PRICES, CORPORATE_ACTIONS, records=("limits",))
def risk(desk: Desk) -> dict[str, Any]:
    """Return value at risk and expected shortfall of what is held at the last session of the scope.

    Historical simulation: today's holdings over the last 500 daily returns of their prices, currency moves
    included, quantile type 7, positive = loss.

    Returns:
        ``var_99_1d``, ``es_975_1d`` (money), ``var_99_1d_nav`` (fraction of NAV), ``var_limit_used``
        (fraction of the limit), ``n`` (sessions replayed), ``pnl`` (frame date, pnl: the simulated days),
        ``currency``, ``date``, ``reasons``.
    """
    values, reasons, simulated = tail(desk)
    nav, _ = totals(desk)
    values["var_limit_used"], why = var_limit_used(desk, values["var_99_1d"])
    if why:
        reasons["var_limit_used"] = why
    share = None
    if values["var_99_1d"] is not None and nav["nav"]:
        share = values["var_99_1d"] / nav["nav"]
    return values | {
        "var_99_1d_nav": share,
        "n": simulated.height,
        "pnl": simulated,
        "currency": currency(desk),
        "date": period(desk).last,
        "reasons": reasons,
    }


@cached(*_BOOK, POSITIONS)
def reconciliation(desk: Desk) -> dict[str, Any]:
    """Return derived positions against those a broker or custodian reports, at their last common day.

    Returns:
        ``rows``: account_id, instrument_id, symbol, source, date, derived_quantity, reported_quantity,
        difference, state (matched, quantity_break, missing_here, missing_there), breaks first; ``counts``
        by state; ``tolerance`` (units); ``reasons``.
    """
    derived = desk.rows(DAILY_POSITIONS, dated=False).select(
        "account_id", "instrument_id", "date", "quantity"
    )
    reported = desk.rows(POSITIONS).filter(pl.col("source") != "derived")
    rows, tolerance = reconcile(derived, reported)
    found = desk.collect(
        rows.join(
            instruments(desk).select("instrument_id", "symbol"),
            on="instrument_id",
            how="left",
            maintain_order="left",
        )
    )
    counts = dict(found.group_by("state").len().sort("state").iter_rows())
    reasons = {} if found.height else {"rows": "No broker or custodian positions are known in this period."}
    return {"rows": found, "counts": counts, "tolerance": float(tolerance), "reasons": reasons}


def _reported(desk: Desk) -> pl.DataFrame:
    # What a broker or custodian says on or before the session shown, its latest statement of the account.
    day = period(desk).last
    rows = desk.rows(POSITIONS, dated=False).filter(pl.col("source") != "derived")
    rows = rows.filter(pl.col("date") <= pl.lit(day, pl.Date))
    last = rows.filter(pl.col("date") == pl.col("date").max().over("account_id"))
    return desk.collect(last.sort("source")).unique(["account_id", "instrument_id"], keep="first")


@cached(*_BOOK, PRICES, CORPORATE_ACTIONS, BENCHMARKS, CASH_FLOWS, records=("limits",))
def kpis(desk: Desk) -> tuple[Values, Reasons]:
    """Return the overview's portfolio figures, and for each null why it is null.

    Values at the last session: nav, gross_exposure, net_exposure, leverage, var_99_1d, es_975_1d,
    var_limit_used, top_positions (the ten largest by |value|); over the scope's dates, or the whole history
    where it names none: total_return, annualised_volatility, sharpe_ratio, max_drawdown.
    """
    values, reasons = totals(desk)
    tails = risk(desk)
    for name in ("var_99_1d", "es_975_1d", "var_limit_used"):
        values[name] = tails[name]
        if tails[name] is None:
            reasons[name] = tails["reasons"].get(name, NOTHING_HELD)
    by_name = {metric["name"]: metric for metric in performance(desk)["metrics"]}
    for name in ("total_return", "annualised_volatility", "sharpe_ratio", "max_drawdown"):
        values[name] = by_name[name]["value"]
        if values[name] is None:
            reasons[name] = by_name[name]["reason"]
    values["top_positions"] = top_positions(desk)
    return values, reasons


def top_positions(desk: Desk, *, n: int = TOP) -> list[dict[str, Any]]:
    """Return the ``n`` instruments with the largest |net value|: instrument_id, symbol, name, market_value, weight.

    Values are net over the accounts in view; the weight is |net| over their gross exposure.
    """
    held = holdings(desk)
    if desk.scope.trader:
        held = held.clear()
    whole = held["market_value"].abs().sum() if not held["market_value"].null_count() else None
    net = held.group_by("instrument_id").agg(
        strict_sum(pl.col("market_value")), pl.col("symbol", "name").first()
    )
    rows = net.sort(pl.col("market_value").abs(), "instrument_id", descending=[True, False], nulls_last=True)
    return [
        {
            "instrument_id": row["instrument_id"],
            "symbol": row["symbol"] or row["instrument_id"],
            "name": row["name"],
            "market_value": number(row["market_value"]),
            "weight": number(abs(row["market_value"]) / whole)
            if whole and row["market_value"] is not None
            else None,
        }
        for row in rows.head(n).iter_rows(named=True)
    ]


def records(desk: Desk) -> list[Passport]:
    """Return what is held as records: value, exposures, leverage, concentration, VaR and expected shortfall."""
    held = holdings(desk)
    if desk.scope.trader:
        held = held.clear()
    values, reasons = totals(desk)
    return [
        *book_records(values, reasons, held, currency=currency(desk)),
        leverage_record(values, reasons, accounts=held["account_id"].n_unique()),
        *tail_records(risk(desk)),
    ]


def _readings(desk: Desk, record: Mapping[str, Any]) -> list[dict[str, Any]]:
    name = record["name"]
    if record["value"] is None:
        return []
    if name in {"hhi", "top_10_share"}:
        weights = exposure_of(holdings(desk), by="instrument_id")["weight"].to_numpy()
        found = concentration_readings(weights)
        return [asdict(one) for one in found] if name == "hhi" else []
    if name == "leverage":
        values, _ = totals(desk)
        gross, net, nav = (values[part] for part in ("gross_exposure", "net_exposure", "nav"))
        made = {"gross exposure / net asset value": record["value"], "net exposure / net asset value": net / nav,
                "gross exposure / net asset value, less 1 (borrowed part)": gross / nav - 1}  # fmt: skip
        return [asdict(one) for one in compared(made)]
    if name in TAILS:
        kind, confidence = TAILS[name]
        pnl = risk(desk)["pnl"]["pnl"].cast(pl.Float64).to_numpy()
        return [asdict(one) for one in tail_readings(kind, pnl, confidence=confidence)]
    return []


PASSPORTS = Subject(
    records=records,
    datasets=(*_BOOK, PRICES, CORPORATE_ACTIONS),
    readings=_readings,
    period=lambda desk: period(desk).as_dict(),
)
