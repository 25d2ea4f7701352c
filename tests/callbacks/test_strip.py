"""The strip of key figures fails alone, and is not drawn twice from the same version."""

import json
from types import SimpleNamespace

import pytest
from dash import Dash, html, no_update
from plotly.utils import PlotlyJSONEncoder

from app.errors import Unavailable
from app.scope import Identity, Scope
from callbacks import _fill, _strip
from callbacks._strip import fill_strip, strip_of

WHO = Identity(org="halyard", user_id="u_1", name="Ines", role="risk", currency="EUR")


@pytest.fixture(autouse=True)
def _desk(monkeypatch):
    monkeypatch.setattr(_fill, "request_id", lambda: "urn:quarterdeck:request:7f21c9")
    monkeypatch.setattr(
        _fill, "current_desk", lambda search: SimpleNamespace(identity=WHO, scope=Scope.parse(search))
    )
    monkeypatch.setattr(_strip, "oldest_s", lambda: None)


def draw(answer, view):
    return html.Section(f"{answer} in {view.currency}")


def words(made):
    return json.dumps(made, cls=PlotlyJSONEncoder)


def test_tiles_are_drawn_in_the_view_of_the_address():
    made, state = strip_of("?currency=USD", "dark", ask=lambda _: 42, draw=draw, retry="r")
    assert (made.children, state) == ("42 in USD", "ready")


def test_old_figures_say_how_old_they_are(monkeypatch):
    monkeypatch.setattr(_strip, "oldest_s", lambda: 540.0)
    made, state = strip_of("", "dark", ask=lambda _: 42, draw=draw, retry="r")
    assert state == "stale"
    assert "Figures of 9 min ago" in words(made)


def test_a_part_that_is_down_offers_to_ask_again():
    def ask(_):
        raise Unavailable("The prices table did not answer.")

    made, state = strip_of("", "dark", ask=ask, draw=draw, retry="page--kpis--retry")
    assert state == "error"
    assert '"data-retry": "page--kpis--retry"' in words(made)


def test_the_first_beat_and_another_group_do_not_ask_again():
    asked = []
    app = Dash(__name__)
    fill_strip(app, "page", ask=lambda _: asked.append(1), draw=draw, ignores=("group",))
    (show,) = [each["callback"].__wrapped__ for each in app.callback_map.values()]
    *_, key = show("?desk=a", "dark", None, None, None)
    *_, beat = show("?desk=a", "dark", None, "v1", key)
    assert beat.endswith("|v1")
    assert show("?desk=a&group=desk", "dark", None, "v1", beat) == (no_update,) * 3
    assert asked == [1]
    show("?desk=a", "dark", None, "v2", beat)
    assert asked == [1, 1]
