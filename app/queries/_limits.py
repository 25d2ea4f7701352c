"""How many limits are breached now."""

from typing import Any

import polars as pl
from sqlalchemy import select

from analytics.datasets import ACCOUNTS, DAILY_NAV, DAILY_POSITIONS
from app.desk import Desk
from app.storage.records.lists import Limit


def breaches(desk: Desk) -> tuple[int | None, str | None]:
    """Return the number of limits whose measure is above its bound at the last close, or null and why.

    Measured here: gross_exposure, net_exposure (absolute) and leverage, from the derived NAV, and
    position_weight (largest position over gross exposure), of the organisation, a desk or an account.
    """
    with desk.session() as session:
        limits = list(session.scalars(select(Limit).where(Limit.disabled.is_(False))))
    if not limits:
        return None, "no limit has been set"
    books = _books(desk)
    if books.is_empty():
        return None, "no position is known to measure limits against"
    measured = [m for m in (_measure(books, limit) for limit in limits) if m is not None]
    if not measured:
        return None, "none of the limits has a measure that can be computed"
    return sum(measured), None


def _books(desk: Desk) -> pl.DataFrame:
    """Return account_id, desk, gross, net, nav and largest position at each account's last day."""
    nav = desk.rows(DAILY_NAV, dated=False, scoped=False)
    last = nav.sort("date").group_by("account_id").last()
    positions = desk.rows(DAILY_POSITIONS, dated=False, scoped=False)
    held = (
        positions.join(last.select("account_id", "date"), on=["account_id", "date"], how="semi")
        .group_by("account_id")
        .agg(largest=pl.col("market_value_base").abs().max())
    )
    accounts = desk.rows(ACCOUNTS, scoped=False).select("account_id", "desk").unique("account_id")
    return desk.collect(
        last.join(held, on="account_id", how="left")
        .join(accounts, on="account_id", how="left")
        .select("account_id", "desk", "gross_exposure", "net_exposure", "nav", "largest")
    )


def _measure(books: pl.DataFrame, limit: Limit) -> bool | None:
    """Return whether a limit is breached; None when its measure is not known."""
    if limit.subject_kind in ("account", "desk"):
        column = "account_id" if limit.subject_kind == "account" else "desk"
        books = books.filter(pl.col(column) == limit.subject_id)
    elif limit.subject_kind != "organisation":
        return None
    total: dict[str, Any] = books.select(
        pl.col("gross_exposure", "net_exposure", "nav").sum(), pl.col("largest").max()
    ).row(0, named=True)
    gross, nav = total["gross_exposure"], total["nav"]
    values = {
        "gross_exposure": gross,
        "net_exposure": abs(total["net_exposure"]) if total["net_exposure"] is not None else None,
        "leverage": gross / nav if nav else None,
        "position_weight": total["largest"] / gross if gross and total["largest"] is not None else None,
    }
    value = values.get(limit.measure)
    return None if value is None or books.is_empty() else bool(value > limit.value)
