"""What rests after each event, of known orders and of anonymous book events."""

import polars as pl

from analytics.datasets import DATASETS
from analytics.trading.resting import MOVES, book_moves, order_moves
from tests.conftest import parse_table

EVENTS = """
order_id  event_seq  event_type  instrument_id  account_id  side  limit_px  order_qty  last_qty  last_px  transact_time
O1        1          new         X              A           buy   100       10         -         -        2026-11-20T14:30:00
O1        2          ack         X              A           buy   100       10         -         -        2026-11-20T14:30:00
O1        3          fill        X              A           buy   -         -          4         100      2026-11-20T14:30:01
O1        4          replace     X              A           buy   101       12         -         -        2026-11-20T14:30:02
O1        5          cancel      X              A           buy   -         -          -         -        2026-11-20T14:30:03
O2        6          new         X              A           sell  -         5          -         -        2026-11-20T14:30:02
"""
BOOK = """
instrument_id  seq  action  book_order_id  side  px   qty  transact_time
X              1    add     b1             buy   99   10   2026-11-20T14:30:00
X              2    reduce  b1             -     -    3    2026-11-20T14:30:01
X              3    fill    b1             -     -    2    2026-11-20T14:30:02
X              4    modify  b1             buy   98   8    2026-11-20T14:30:03
X              5    add     b2             sell  103  4    2026-11-20T14:30:04
X              6    delete  b2             -     -    -    2026-11-20T14:30:05
X              7    clear   -              -     -    -    2026-11-20T14:30:06
X              8    trade   -              buy   99   1    2026-11-20T14:30:07
"""


def moves_of(text, name, ask):
    found = ask(parse_table(text, DATASETS[name])).collect()
    assert found.columns == list(MOVES)
    plain = found.select("key", "kind", "side", pl.col("px", "qty").cast(pl.Float64))
    return plain.rows()


def test_an_order_rests_with_what_is_left_at_its_last_limit_and_ends_with_nothing():
    assert moves_of(EVENTS, "order_events", order_moves) == [
        ("O1", "new", 1, 100.0, 10.0),
        ("O1", "fill", 1, 100.0, 6.0),
        ("O1", "replace", 1, 101.0, 8.0),
        ("O2", "new", -1, None, 5.0),
        ("O1", "cancel", 1, 101.0, 0.0),
    ]


def test_a_book_order_shrinks_by_what_went_and_a_cleared_book_is_empty():
    assert moves_of(BOOK, "book_events", book_moves) == [
        ("book:b1", "new", 1, 99.0, 10.0),
        ("book:b1", "replace", 1, 99.0, 7.0),
        ("book:b1", "fill", 1, 99.0, 5.0),
        ("book:b1", "replace", 1, 98.0, 8.0),
        ("book:b2", "new", -1, 103.0, 4.0),
        ("book:b2", "cancel", -1, 103.0, 0.0),
        ("book:b1", "cancel", 1, 98.0, 0.0),
    ]


def test_a_feed_without_order_ids_is_kept_level_by_level():
    text = BOOK.replace("b1 ", "-  ").replace("b2 ", "-  ")
    text = text.replace("reduce  -              -     -  ", "reduce  -              buy   99 ")
    found = moves_of("\n".join(text.splitlines()[:4]) + "\n", "book_events", book_moves)
    assert [row[0] for row in found] == ["book:buy@99.000000000000"] * 2
    assert found[-1][-1] == 7.0


def test_no_events_make_no_moves():
    for name, ask in (("order_events", order_moves), ("book_events", book_moves)):
        assert ask(DATASETS[name].empty()).collect().is_empty()
