"""Rows behind an alert beside orders and fills: posts, news, allocations, rules that applied, instruments."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from dash import html

from components.evidence import side
from components.formats import clock, day, moment, number, price, quantity, words
from components.lanes import order_page
from components.tables import link, table


def _scrolling(made: Any) -> html.Div:
    return html.Div(made, className="scroll-y")


def posts_list(rows: Sequence[Mapping[str, Any]], people: Mapping[str, str]) -> html.Div:
    """Draw posts as they were written, each with a way to the feed."""
    items = [
        html.Li(
            [
                html.Div(
                    [
                        html.Span(people.get(row["author_id"], row["author_id"]), className="w5"),
                        html.Span(", ".join(row["instrument_ids"] or []), className="t3"),
                        html.A("Open", href=f"/social/feed?post={quote(row['post_id'], safe='')}"),
                        html.Span(f"{moment(row['transact_time'])} UTC", className="mono t11"),
                    ],
                    className="hd",
                ),
                html.P(str(row["text"])),
            ]
        )
        for row in rows
    ]
    return _scrolling(html.Ul(items, className="talk"))


def news_list(rows: Sequence[Mapping[str, Any]]) -> html.Div:
    """Draw stories with when they came out and whether they are likely to move the price."""
    cells = [
        [
            html.Span(moment(row["published_time"]), className="mono"),
            row["headline"],
            ", ".join(row["instrument_ids"] or []),
            words(row["event_type"] or ""),
            "yes" if row["price_sensitive"] else "",
        ]
        for row in rows
    ]
    heads = ["Public at, UTC", "Headline", "Instruments", "Kind", "Price sensitive"]
    return _scrolling(table(heads, cells, wrap=(1,), label="News"))


def allocations_table(rows: Sequence[Mapping[str, Any]], people: Mapping[str, str] | None = None) -> html.Div:
    """Draw who got what, and how long after the block was done it was decided. ``people``: person id to name."""
    named = people or {}
    cells = [
        [
            link(row["order_id"], order_page(row["order_id"]), mono=True),
            row["instrument_id"],
            side(row["side"]),
            quantity(row["quantity"]),
            price(row["price"]),
            row["account_id"],
            named.get(row["allocated_by"], row["allocated_by"]) or "–",
            html.Span(
                f"{row['alloc_time'].day} {row['alloc_time']:%b} {clock(row['alloc_time'], seconds=True)}",
                className="mono",
                title=day(row["alloc_time"].date()),
            ),
            _after(row["after"]),
        ]
        for row in rows
    ]
    heads = [
        "Block",
        "Instrument",
        "Side",
        "Quantity",
        "Price",
        "To account",
        "By",
        "Decided, UTC",
        "After its last fill",
    ]
    return _scrolling(table(heads, cells, numeric=(3, 4, 8), label="Allocations"))


def _after(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    return f"{number(seconds / 3600, 1)} h" if abs(seconds) >= 3600 else f"{number(seconds / 60, 1)} min"


def rules_table(rows: Sequence[Mapping[str, Any]]) -> html.Div:
    """Draw list entries, approvals and position limits that held at the time."""
    cells = [
        [
            words(row["kind"]),
            row["instrument_id"],
            row["subject"] or "the firm",
            quantity(row["bound"]) if row["bound"] is not None else "–",
            words(str(row["status"])),
            _when(row["valid_from"]) or "always",
            _when(row["valid_to"]) or "further notice",
            row["reason"] or "–",
        ]
        for row in rows
    ]
    heads = ["Kind", "Instrument", "Subject", "Quantity", "State", "From", "Until", "Reason"]
    return _scrolling(
        table(heads, cells, numeric=(3,), wrap=(7,), label="Lists, approvals and limits that applied")
    )


def _when(value: Any) -> str:
    if value is None:
        return ""
    return moment(value) if hasattr(value, "hour") else day(value)


def instruments_table(rows: Sequence[Mapping[str, Any]]) -> html.Div:
    """Draw how the orders and fills spread over instruments."""
    cells = [
        [
            row["instrument_id"],
            number(row["orders"] or 0),
            number(row["withdrawn"] or 0),
            number(row["filled"] or 0),
            number(row["fills"] or 0),
            quantity(row["quantity"] or 0),
        ]
        for row in rows
    ]
    heads = ["Instrument", "Orders", "Withdrawn or ended", "Orders filled", "Fills", "Quantity"]
    return _scrolling(table(heads, cells, numeric=(1, 2, 3, 4, 5), label="By instrument"))
