"""Drawings are written as Dash would write them."""

from datetime import UTC, date, datetime
from decimal import Decimal

import numpy as np
import orjson
import pytest
from dash import Dash, Input, Output, Patch, dcc, html, no_update
from plotly.io.json import to_json_plotly

from app.gateway.written import WritingDash, fragment, written


def drawing():
    rows = [html.Tr([html.Td(n), html.Td(None), html.Td(["a", html.B("<b>")])]) for n in (1, 2.5, "x/y")]
    figure = {"data": [{"x": np.array([1.0, np.nan]), "text": np.array(["p", None], dtype=object)}]}
    return html.Section(
        [
            html.Table(rows, id={"type": "grid", "index": 3}),
            dcc.Graph(figure=figure, config={"responsive": True}),
            dcc.Store(id="kept", data={"day": date(2026, 11, 20), "at": datetime(2026, 11, 20, 14, 30, 0, 5, tzinfo=UTC),
                            "worth": Decimal("12.340"), 7: (True, None, [], {})}),
            html.Div((), hidden=True),
        ],
        className="card",
        **{"data-card": "one", "aria-label": "Ünï"},
    )  # fmt: skip


def read(text):
    return orjson.loads(text)


@pytest.mark.parametrize(
    "answer", [drawing(), [drawing(), "between"], (drawing(), "key"), [no_update, drawing()]]
)
def test_an_answer_reads_as_dash_would_have_written_it(answer):
    made = written(answer)
    one = made if isinstance(answer, html.Section) else list(made)
    assert read(to_json_plotly({"response": one})) == read(to_json_plotly({"response": answer}))


def test_what_holds_no_drawing_is_left_alone():
    patch = Patch()
    for answer in ("text", None, no_update, {"a": 1}, ["a", "b"], patch, (patch, "key"), ([1, 2], "key")):
        found = written(answer)
        assert found is answer or found == list(answer)


def test_an_attribute_that_is_no_property_is_not_shown():
    box = html.Div("x", **{"data-shown": 1})
    box.secret = "not for the browser"
    assert read(to_json_plotly(fragment(box)))["props"] == {"children": "x", "data-shown": 1}


def test_what_nobody_can_draw_is_refused():
    with pytest.raises(TypeError):
        fragment(html.Div(object()))


def test_a_callback_answers_the_same():
    answers = []
    for kind in (Dash, WritingDash):
        app = kind("t", use_async=False)
        app.layout = html.Div([dcc.Input(id="in"), html.Div(id="a"), html.Div(id="b")])

        @app.callback(Output("a", "children"), Output("b", "children"), Input("in", "value"))
        def show(value):
            return drawing(), [html.I(value), "and"]

        body = {
            "output": "..a.children...b.children..",
            "outputs": [{"id": "a", "property": "children"}, {"id": "b", "property": "children"}],
            "inputs": [{"id": "in", "property": "value", "value": "v"}],
            "changedPropIds": ["in.value"],
        }
        answer = app.server.test_client().post("/_dash-update-component", json=body)
        assert answer.status_code == 200
        answers.append(answer.get_json())
    assert answers[0] == answers[1]
