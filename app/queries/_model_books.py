"""Which books' figures somebody may read: those whose accounts he sees all of."""

from collections.abc import Mapping
from typing import TypeVar

from analytics.datasets import ACCOUNTS
from app.desk import Desk

WHOLE = "organisation"
T = TypeVar("T")


def readable_books(desk: Desk, books: Mapping[str, T]) -> dict[str, T]:
    """Return the books (``organisation``, ``desk/<name>``, ``account/<id>``) of which no account is withheld."""
    mine = desk.identity.desks
    if mine is None:
        return dict(books)
    accounts = set(
        desk.collect(desk.rows(ACCOUNTS, dated=False, scoped=False).select("account_id"))["account_id"]
    )
    seen = {f"desk/{name}" for name in mine} | {f"account/{name}" for name in accounts}
    return {name: what for name, what in books.items() if name in seen}


def in_scope(desk: Desk, books: Mapping[str, T]) -> dict[str, T]:
    """Return the readable books that the scope asks for: all where it names neither desk nor account."""
    found = readable_books(desk, books)
    asked = {f"desk/{name}" for name in desk.scope.desk} | {f"account/{name}" for name in desk.scope.account}
    return {name: what for name, what in found.items() if not asked or name in asked}
