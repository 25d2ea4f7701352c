"""Returns by day, week or month, before or after costs, beside those of a benchmark."""

from typing import Any

import polars as pl

from analytics.datasets import ACCOUNTS, BENCHMARKS, CASH_FLOWS, DAILY_NAV, DAILY_POSITIONS, FX_RATES
from app.desk import Desk
from app.queries._benchmark import benchmark_ids, benchmark_returns
from app.queries._book import daily_pnl
from app.queries._money import Reasons, converted
from app.queries._performance import nav_series
from app.queries._period import period
from app.queries._terms import NO_BENCHMARK, Terms
from app.storage.cache import cached

_EVERY = {"weekly": "1w", "monthly": "1mo"}
_FEES = ("fee", "tax")  # what the account itself is charged
READS = (DAILY_NAV, DAILY_POSITIONS, ACCOUNTS, BENCHMARKS, CASH_FLOWS, FX_RATES)


def returns(desk: Desk, terms: Terms) -> dict[str, Any]:
    """Return the scope's returns by period of the terms' frequency.

    Returns:
        ``rows``: date (last session of the period), ``return`` and ``benchmark`` (fractions; the benchmark's
        is null where it has no level), finite returns only; ``benchmark`` (its id or None), ``benchmarks``
        (all ids), ``left_out`` (sessions without a return), ``period``, ``reasons`` (return, benchmark).
    """
    plain = desk.with_scope(extra={})
    return _returns(plain, frequency=terms.frequency, benchmark=terms.benchmark, costs=terms.costs)


@cached(*READS)
def _returns(desk: Desk, *, frequency: str, benchmark: str | None, costs: str) -> dict[str, Any]:
    days, reasons, span = daily(desk, costs=costs)
    ids = benchmark_ids(desk)
    name, against = (None, None) if benchmark == NO_BENCHMARK else benchmark_returns(desk, benchmark)
    if name is None:
        reasons["benchmark"] = (
            "No benchmark is chosen." if benchmark == NO_BENCHMARK
            else "No benchmark is known." if not ids
            else "No benchmark is named by the accounts, and several are known."
        )  # fmt: skip
    other = against if against is not None else pl.DataFrame(schema={"date": pl.Date, "return": pl.Float64})
    # The first session of a history has nothing before it; that is no gap.
    begun = days.filter(pl.col("return").is_not_null().cum_max()) if days.height else days
    missing = begun["return"].null_count()
    rows = begun.join(other.rename({"return": "benchmark"}), on="date", how="left", maintain_order="left")
    if frequency in _EVERY and rows.height:
        rows = _compounded(rows, _EVERY[frequency])
    rows = rows.drop_nulls("return").filter(pl.col("return").is_finite())
    if rows.is_empty() and "return" not in reasons:
        reasons["return"] = (
            "Net asset value before each session was not positive or not known, so there is no return."
            if days.height else "No net asset value is known in this period."
        )  # fmt: skip
    return {
        "rows": rows.select("date", "return", "benchmark"), "benchmark": name, "benchmarks": ids,
        "left_out": missing, "period": span, "reasons": reasons,
    }  # fmt: skip


def _compounded(rows: pl.DataFrame, every: str) -> pl.DataFrame:
    def whole(name: str) -> pl.Expr:
        return (1 + pl.col(name)).product() - 1

    groups = rows.group_by_dynamic("date", every=every, label="left", start_by="window").agg(
        last=pl.col("date").last(),
        # Part of a period is not the period: one session without a value leaves it out.
        whole=pl.when(pl.col("return").null_count() == 0).then(whole("return")),
        # Days on which only the benchmark did not trade earn nothing there.
        other=pl.when(pl.col("benchmark").count() > 0).then(whole("benchmark")),
    )
    return groups.select(date="last", **{"return": pl.col("whole"), "benchmark": pl.col("other")})


def daily(desk: Desk, *, costs: str) -> tuple[pl.DataFrame, Reasons, dict[str, Any]]:
    """Return ``date``, ``return`` by session, net or before all costs; why there is none; the period.

    Gross adds back commissions, fees and taxes of trades, and fees and taxes charged to the account, on the
    day they were paid.
    """
    series = nav_series(desk)
    reasons: Reasons = {"return": series["reasons"]["nav"]} if "nav" in series["reasons"] else {}
    rows = series["rows"].select("date", "nav", "base", "return")
    if costs == "gross" and rows.height:
        paid = _charged(desk, rows.select("date"))
        rows = rows.join(paid, on="date", how="left", maintain_order="left")
        gross = (pl.col("nav") + pl.col("paid").fill_null(0.0)) / pl.col("base") - 1
        # A cost that is not known leaves its day without a gross return.
        known = pl.col("return").is_not_null() & pl.col("unknown").is_not_null().not_()
        rows = rows.with_columns(pl.when(known).then(gross).alias("return"))
        if rows["return"].null_count() == rows.height and "return" not in reasons:
            reasons["return"] = "Costs are not known in the answer's currency."
    return rows.select("date", "return"), reasons, series["period"]


def _charged(desk: Desk, sessions: pl.DataFrame) -> pl.DataFrame:
    days = period(desk, sessions=None)
    bounded = desk.with_scope(start=days.start, end=days.end)
    trades = daily_pnl(bounded).select("date", paid=pl.col("costs").cast(pl.Float64))
    flows = bounded.rows(CASH_FLOWS).filter(pl.col("kind").is_in(_FEES))
    fees = converted(desk, desk.collect(flows.select("date", "currency", "amount")), "amount")
    both = pl.concat([trades, fees.select("date", paid=-pl.col("amount").cast(pl.Float64))]).sort("date")
    # What is charged on a day without a session is in the value of the next one.
    placed = both.join_asof(
        sessions.sort("date").with_columns(session="date"),
        on="date",
        strategy="forward",
        check_sortedness=False,
    )
    return (
        placed.drop_nulls("session")
        .group_by(date="session")
        .agg(paid=pl.col("paid").sum(), unknown=pl.when(pl.col("paid").null_count() > 0).then(True))
    )
