"""Find anything by a few letters: instruments, accounts, people, orders."""

from typing import Any
from urllib.parse import quote

import polars as pl

from analytics.datasets import ACCOUNTS, INSTRUMENTS, ORDER_EVENTS, PEOPLE
from app.desk import Desk
from app.storage.cache import cached

PER_KIND = 8
MAX_LENGTH = 100
# From how many letters on orders are looked through: fewer would match thousands.
MIN_ORDER = 2


def search(desk: Desk, q: str) -> list[dict[str, Any]]:
    """Return what the asker may see that matches ``q``, best first: {kind, id, label, detail, href}.

    Instruments, accounts and people match by any part of their id, symbol or name, exact and leading
    matches first; orders by the beginning of their id. Case does not matter. At most eight of a kind.
    The scope does not narrow the search: one searches to leave it.
    """
    wanted = " ".join(q.encode("utf-8", "ignore").decode().split())[:MAX_LENGTH].lower()
    return _search(desk, wanted) if wanted else []


@cached(INSTRUMENTS, ACCOUNTS, PEOPLE, ORDER_EVENTS)
def _search(desk: Desk, wanted: str) -> list[dict[str, Any]]:
    named = ("symbol", "name")
    kinds = (
        ("instrument", "instrument_id", desk.rows(INSTRUMENTS, scoped=False), named),
        ("account", "account_id", desk.rows(ACCOUNTS, scoped=False), named[1:]),
        ("person", "person_id", _people(desk), named[1:]),
    )
    found = []
    for kind, key, rows, names in kinds:
        best = desk.collect(_best(rows.select(key, *names), wanted, key=key))
        found += [
            _hit(kind, row[key], row[names[0]] or row[key], row["name"] or row[key])
            for row in best.iter_rows(named=True)
        ]
    return [*found, *_orders(desk, wanted)] if len(wanted) >= MIN_ORDER else found


def _people(desk: Desk) -> pl.LazyFrame:
    # Entitled to some desks only: the people of those desks.
    people = desk.rows(PEOPLE, scoped=False)
    desks = desk.identity.desks
    return people if desks is None else people.filter(pl.col("desk").is_in(list(desks)))


def _best(rows: pl.LazyFrame, wanted: str, *, key: str) -> pl.LazyFrame:
    # Exact before leading before anywhere, in any of the columns.
    texts = [pl.col(name).fill_null("").str.to_lowercase() for name in rows.collect_schema().names()]
    needle = pl.lit(wanted)
    exact = pl.any_horizontal(text == needle for text in texts)
    leading = pl.any_horizontal(text.str.starts_with(needle) for text in texts)
    inside = pl.any_horizontal(text.str.contains(needle, literal=True) for text in texts)
    rank = pl.when(exact).then(0).when(leading).then(1).when(inside).then(2)
    ranked = rows.with_columns(_rank=rank).drop_nulls("_rank").sort("_rank", key)
    return ranked.unique(key, keep="first", maintain_order=True).head(PER_KIND)


def _orders(desk: Desk, wanted: str) -> list[dict[str, Any]]:
    rows = desk.rows(ORDER_EVENTS, dated=False, scoped=False)
    matching = rows.filter(pl.col("order_id").str.to_lowercase().str.starts_with(wanted))
    found = matching.select("order_id", "instrument_id", "side").unique("order_id", keep="any")
    return [
        _hit("order", row["order_id"], row["order_id"], f"{row['side']} {row['instrument_id']}")
        for row in desk.collect(found.sort("order_id").head(PER_KIND)).iter_rows(named=True)
    ]


def _hit(kind: str, found: str, label: str, detail: str) -> dict[str, Any]:
    # Where a hit leads: the page that shows it, with the context set to it.
    value = quote(found, safe="")
    href = {
        "instrument": f"/portfolio/positions?instrument={value}",
        "account": f"/portfolio/positions?account={value}",
        "person": f"/trading/blotter?trader={value}",
        "order": f"/trading/blotter?order={value}",
    }[kind]
    return {"kind": kind, "id": found, "label": label, "detail": detail, "href": href}
