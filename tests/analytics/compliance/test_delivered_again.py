"""A feed that delivers everything twice says nothing new: orders pulled around fills, and cross-product pushes."""

import pytest

from analytics.compliance._order_lives import order_lives
from tests.analytics.compliance import (
    test_away_account,
    test_cross_product,
    test_cross_product_layering,
    test_layering,
    test_spoofing,
)
from tests.analytics.compliance._kit import alerts, delivered_again
from tests.analytics.compliance._orders import Book

KITS = [
    one.KIT
    for one in (
        test_away_account,
        test_cross_product,
        test_cross_product_layering,
        test_layering,
        test_spoofing,
    )
]


@pytest.mark.parametrize("kit", KITS, ids=lambda kit: kit.detector.name)
def test_everything_delivered_twice_gives_the_same_alerts_to_the_last_figure(kit):
    given = {name: frame.collect().lazy() for name, frame in kit.positive().items()}
    once = alerts(kit.detector, given, kit.params)
    assert once
    assert alerts(kit.detector, delivered_again(given), kit.params) == once


def test_an_amended_and_partly_filled_order_has_each_stretch_of_its_life_once():
    book = Book()
    book.order(1, "buy", 100.0, 300, moved=[(2, 100.01), (3, 100.02)], fill=(4, 100), out=5)
    book.order(1, "sell", 100.1, 300, fill=(2, 100), out=3)
    # Two executions of one instant and size are two.
    second = book.rows[-2] | {"exec_id": "E-other"}
    book.rows.append(second)
    columns = ["order_id", "entered", "out", "amended", "qty", "px", "filled"]
    lives = [
        order_lives(given).select(columns).sort("order_id", "entered").collect()
        for given in (book.given(), delivered_again(book.given()))
    ]
    assert lives[0]["filled"].to_list() == [100.0, 100.0, 100.0, 200.0]
    assert lives[1].equals(lives[0])
