"""One page of a long list: sorted, cut, with the cursor of the next."""

from collections.abc import Callable
from typing import Any

import polars as pl
from flask import Response

from analytics.datasets import Dataset
from app.desk import Desk
from app.errors import FieldError, Invalid
from app.gateway.resource import answer, cursor_of, position_of


def page(
    desk: Desk,
    question: Callable[..., tuple[pl.DataFrame, int]],
    *,
    datasets: tuple[Dataset, ...],
    **more: Any,
) -> Response:
    """Answer one page of ``question`` by the scope's limit and cursor and the ``sort`` parameter."""
    start = offset_of(desk)
    rows, total = question(
        desk, limit=desk.scope.limit, offset=start, sort=desk.scope.extra.get("sort"), **more
    )
    return answer(desk, rows, datasets=datasets, next_cursor=next_cursor(desk, start, len(rows), total))


def offset_of(desk: Desk) -> int:
    """Return how many rows the cursor skips.

    Raises:
        Invalid: If the cursor was not given out for this question.
    """
    start = position_of(desk.identity, desk.scope.cursor) or 0
    if not isinstance(start, int) or start < 0:
        raise Invalid("The cursor does not fit.", errors=[FieldError("cursor", "is not one given out here")])
    return start


def next_cursor(desk: Desk, start: int, shown: int, total: int) -> str | None:
    """Return the cursor after the rows shown; None on the last page."""
    after = start + shown
    return cursor_of(desk.identity, after) if shown and after < total else None
