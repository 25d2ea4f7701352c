"""A grid asks for a block: it gets no more than it may, and a refusal is told instead of an empty table."""

from types import SimpleNamespace

import pytest
from dash import no_update

from app.errors import Invalid
from callbacks import _rows
from callbacks._rows import answered


@pytest.fixture
def grid(monkeypatch):
    """Return a function that answers what a grid asks by ``block``: its rows and the notice."""
    monkeypatch.setattr(_rows, "current_desk", lambda search: SimpleNamespace(search=search))
    return lambda block, asked: answered("rows", block, asked, "?desk=cash")


def test_a_grid_gets_the_block_it_asked_for(grid):
    seen = []

    def block(desk, asked, limit, offset):
        seen.append((desk.search, asked["sortModel"], limit, offset))
        return [{"a": 1}], 812

    rows, notice = grid(block, {"startRow": 100, "endRow": 200, "sortModel": ["x"]})
    assert rows == {"rowData": [{"a": 1}], "rowCount": 812}
    assert notice is no_update
    assert seen == [("?desk=cash", ["x"], 100, 100)]


@pytest.mark.parametrize(("asked", "limit", "offset"), [
    ({}, None, None), ({"startRow": -5, "endRow": 10**9}, 1_000, 0), ({"startRow": 50, "endRow": 20}, 1, 50),
    ({"startRow": 0, "endRow": None}, 100, 0),
])  # fmt: skip
def test_a_block_is_never_longer_than_it_may_be(grid, asked, limit, offset):
    seen = []
    grid(lambda desk, asked, *bounds: (seen.append(bounds), ([], 0))[1], asked)
    assert seen == ([(limit, offset)] if limit else [])


def test_a_refusal_is_told(grid):
    def block(*_):
        raise Invalid("The price filter needs a number.")

    rows, notice = grid(block, {"startRow": 0, "endRow": 100})
    assert rows == {"rowData": [], "rowCount": 0}
    assert notice == {
        "kind": "error",
        "fact": "The rows could not be read",
        "effect": "The price filter needs a number.",
    }
