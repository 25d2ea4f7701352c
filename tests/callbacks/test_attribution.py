"""The attribution page draws what the query says, and no more."""

import json

import pytest

from app.jobs.derive import derive
from app.scope import Scope
from app.storage import schema
from app.storage.database import Database
from callbacks._fill import View
from callbacks.portfolio import attribution as page
from components.theme import theme
from tests.app._world import context_of, desk_of, land
from tests.app.queries._classes import tables


def drawn(part) -> str:
    return json.dumps(
        part.to_plotly_json() if hasattr(part, "to_plotly_json") else part,
        default=lambda o: o.to_plotly_json(),
    )


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    folder = tmp_path_factory.mktemp("attribution")
    database = Database(f"sqlite:///{folder / 'records.db'}")
    schema.upgrade(database)
    context = context_of(folder, database)
    land(context, "acme", **tables(commission=25.0))
    derive(context, "acme", cause="test")
    yield lambda **scope: desk_of(context, scope=Scope(**scope))
    database.close()


def view(desk) -> View:
    return View(theme("dark"), desk.scope, "USD", "risk")


def kpis(part) -> dict[str, str]:
    found = {}

    def walk(node):
        if isinstance(node, list | tuple):
            for one in node:
                walk(one)
        elif hasattr(node, "to_plotly_json"):
            props = node.to_plotly_json()["props"]
            if "data-kpi" in props:
                found[props["data-kpi"]] = props["data-value"]
            walk(props.get("children"))

    walk(part)
    return found


def test_the_tiles_carry_the_figures_of_the_answer(desk):
    answer = page._ask(desk())
    shown = kpis(page._strip(answer, view(desk())))
    figures = {metric["name"]: metric["value"] for metric in answer["metrics"]}
    for name in (
        "portfolio_return",
        "benchmark_return",
        "active_return",
        "allocation",
        "selection",
        "interaction",
        "residual",
    ):
        assert float(shown[name.replace("_", "-")]) == figures[name], name


@pytest.mark.parametrize("linking", ["carino", "geometric"])
@pytest.mark.parametrize(
    "draw", [page._effects, page._bridge, page._course, page._weights, page._classes, page._securities]
)
def test_every_card_is_drawn_without_what_no_reader_can_read(desk, draw, linking):
    asked = desk(extra={"linking": linking})
    made = draw(page._ask(asked), view(asked))
    assert made.state == "ready"
    words = drawn(made.body)
    assert "NaN" not in words
    assert "Infinity" not in words
    assert ">None<" not in words


def test_a_chosen_class_narrows_the_securities_alone(desk):
    everything, bonds = desk(), desk(extra={"segment": "bond"})
    answer = page._ask(bonds)
    assert answer["rows"].equals(page._ask(everything)["rows"])
    made = page._securities(answer, view(bonds))
    assert "2 securities in bond" in made.sub
    assert page._securities(answer, view(desk(extra={"segment": "gold"}))).state == "empty"


def test_an_instrument_in_the_address_marks_and_narrows_nothing(desk):
    held = desk(instrument=("P-bond",))
    assert page._ask(held)["rows"].equals(page._ask(desk())["rows"])
    assert '"instrument": ""' in drawn(page._securities(page._ask(held), view(held)).body)


@pytest.mark.parametrize(
    "draw", [page._effects, page._bridge, page._course, page._weights, page._classes, page._securities]
)
def test_without_an_answer_every_card_says_why(desk, draw):
    asked = desk(trader=("T1",))
    made = draw(page._ask(asked), view(asked))
    assert made.state == "empty"
    assert "trader" in drawn(made.body)


def test_the_parts_of_the_bridge_are_the_lines_of_the_answer(desk):
    answer = page._ask(desk())
    made = page._bridge(answer, view(desk()))
    figures = {metric["name"]: metric["value"] for metric in answer["metrics"]}
    bar = made.body.children.children.figure["data"][0]
    assert bar["x"][:-1] == [figures[field] for field, _ in page.LINES]
    assert bar["x"][-1] == pytest.approx(figures["active_return"], abs=1e-14)


def test_geometric_parts_come_to_the_active_return_too(desk):
    asked = desk(extra={"linking": "geometric"})
    answer = page._ask(asked)
    bar = page._bridge(answer, view(asked)).body.children.children.figure["data"][0]
    active = next(m["value"] for m in answer["metrics"] if m["name"] == "active_return")
    assert bar["x"][-1] == pytest.approx(active, abs=1e-14)
    assert bar["y"][-2] == "Compounding"
