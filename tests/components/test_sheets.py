"""What an export takes from a drawn card: the values behind the words."""

import copy
from datetime import UTC, date, datetime
from decimal import Decimal

from dash import html

from components.formats import Shown, bps, clock, day, full_money, number, percent, price
from components.sheets import endless, has_table, sheets
from components.states import hidden
from components.tables import column, grid, link, table

AT = datetime(2026, 11, 20, 14, 30, 1, 123456, tzinfo=UTC)


def test_words_carry_what_they_stand_for_and_stay_words():
    shown = price(Decimal("40.123456"))
    assert (shown, shown.raw) == ("40.12", Decimal("40.123456"))
    assert type(f"{shown} up") is str
    assert (percent(0.1234).raw, percent(0.1234).unit) == (0.1234, "fraction")
    assert (full_money(1.005, "EUR").raw, full_money(1.005, "EUR").unit) == (1.005, "EUR")
    assert clock(AT).raw == AT
    again = copy.deepcopy(shown)
    assert (again, again.raw) == (shown, shown.raw)


def test_a_plain_table_gives_its_values_and_the_units_of_its_columns():
    made = table(
        ["Name", "When", "Cost", "Share", "n"],
        [
            [link("Ann", "/x"), day(date(2026, 11, 20)), bps(1.23456), percent(0.5), 3],
            [html.Span(["Bo", html.Small("b")]), None, bps(None), percent(None), 0],
        ],
        label="People",
    )
    (found,) = sheets(html.Div([made]), None, title="Card")
    assert (found.title, found.heads, found.units) == (
        "People", ("Name", "When", "Cost", "Share", "n"), ("", "", "bps", "fraction", ""),
    )  # fmt: skip
    assert [list(row) for row in found.rows] == [
        ["Ann", date(2026, 11, 20), 1.23456, 0.5, 3],
        ["Bo b", None, None, None, 0],
    ]


def test_words_that_are_only_heard_leave_where_nothing_is_seen():
    rows = [[html.Button(["Crash", hidden(": show its parts")])], [html.Span(hidden("holds"))]]
    (found,) = sheets(table(["Scenario"], rows), None, title="Card")
    assert [list(row) for row in found.rows] == [["Crash"], ["holds"]]


def test_a_column_of_several_units_says_each():
    made = table(["What", "Amount"], [["a", full_money(2.5, "USD")], ["b", full_money(3, "EUR")]])
    (found,) = sheets(made, None, title="Card")
    assert found.heads == ("What", "Amount", "Amount unit")
    assert [list(row) for row in found.rows] == [["a", 2.5, "USD"], ["b", 3, "EUR"]]
    assert found.title == "Card"


def test_digits_that_are_a_name_stay_text():
    (found,) = sheets(table(["Id"], [["00123"], [number(123)]]), None, title="Card")
    assert [row[0] for row in found.rows] == ["00123", 123]


def test_a_grid_gives_its_rows_and_comes_before_the_table_in_the_menu():
    columns = [column("at", "Time", "time"), column("x", "Share", "percent"), column("secret", "", hide=True)]
    rows = [{"at": AT, "x": Decimal("0.125"), "secret": 1, "_open": "/y"}]
    body = grid("g", columns, rows=rows, height=100)
    (found,) = sheets(body, table(["a"], [["b"]]), title="Card")
    assert (found.heads, found.units, [list(r) for r in found.rows]) == (
        ("Time", "Share"),
        ("", "fraction"),
        [[AT, 0.125]],
    )


def test_a_grid_without_rows_of_its_own_names_its_columns():
    body = grid("g", [column("a", "A"), column("b", "B", "percent")], height=100)
    columns = endless(body, title="Card")
    assert columns.sheet([{"b": 2, "c": 3}]).rows == [[None, 2]]
    assert sheets(body, None, title="Card") == []
    assert has_table(body)


def test_the_table_in_the_menu_stands_for_a_plot():
    body, shown = html.Div("plot"), table(["a"], [["b"]])
    assert sheets(body, shown, title="Card")[0].rows == [["b"]]
    assert (has_table(body, None), has_table(body, shown)) == (False, True)
    assert isinstance(number(1), Shown)
