"""One card fails alone, and says why."""

import json
from types import SimpleNamespace

import pytest
from dash import html
from plotly.utils import PlotlyJSONEncoder

from app.errors import FieldError, Forbidden, Invalid, NotFound, Unavailable
from app.scope import Identity, Scope
from callbacks import _fill
from callbacks._fill import Drawn, card_of, nothing

WHO = Identity(org="halyard", user_id="u_1", name="Ines", role="risk", currency="EUR")


@pytest.fixture
def asked(monkeypatch):
    """Return a function that draws one card for an address and an answer (or an error to raise)."""
    monkeypatch.setattr(_fill, "request_id", lambda: "urn:quarterdeck:request:7f21c9")
    monkeypatch.setattr(
        _fill, "current_desk", lambda search: SimpleNamespace(identity=WHO, scope=Scope.parse(search))
    )

    def ask(answer, draw=lambda answer, _: Drawn(html.Div(str(answer))), search="?desk=cash"):
        def question(_):
            if isinstance(answer, Exception):
                raise answer
            return answer

        made = card_of("name", "Title", search, "dark", ask=question, draw=draw, retry="page--name--retry")
        props = made.to_plotly_json()["props"]
        return props["data-state"], json.dumps(made, cls=PlotlyJSONEncoder, ensure_ascii=False)

    return ask


def test_an_answer_is_drawn_with_the_view_of_the_address(asked):
    seen = {}

    def draw(answer, view):
        seen.update(
            look=view.look.name, desk=view.scope.desk, currency=view.currency, tab=view.state("tab", "all")
        )
        return Drawn(html.Div(str(answer)))

    assert asked(42, draw, "?desk=cash&tab=mine")[0] == "ready"
    assert seen == {"look": "dark", "desk": ("cash",), "currency": "EUR", "tab": "mine"}


def test_a_role_that_may_not_is_told_who_can_grant_it(asked):
    state, words = asked(Forbidden("Surveillance is read by compliance."))
    assert state == "denied"
    assert "Surveillance is read by compliance. An administrator of your organisation" in words


def test_a_part_that_is_down_offers_to_ask_again_and_an_id_to_quote(asked):
    state, words = asked(Unavailable("The prices table did not answer."))
    assert state == "error"
    assert '"data-retry": "page--name--retry"' in words
    assert '"data-copy": "7f21c9"' in words


def test_a_defect_shows_nothing_of_its_inside(asked, caplog):
    state, words = asked(ZeroDivisionError("secret path /srv/x"))
    assert state == "error"
    assert "secret" not in words
    assert "secret" in caplog.text


def test_an_unknown_id_is_empty_not_broken(asked):
    assert asked(NotFound("There is no such order."))[0] == "empty"


def test_an_address_that_does_not_fit_names_the_field(asked):
    problem = Invalid(
        "Some parameters do not fit.", errors=[FieldError("from", "must be a date like 2026-11-20")]
    )
    state, words = asked(problem)
    assert state == "error"
    assert "From must be a date like 2026-11-20." in words


def test_an_address_that_cannot_be_read_fails_the_card_alone(asked):
    state, words = asked(1, search="?from=yesterday")
    assert state == "error"
    assert "must be a date" in words


def test_nothing_found_names_the_filters_that_emptied_it(asked):
    state, words = asked(
        [], lambda _, view: nothing(view, "No fills", "Import some."), "?desk=cash&from=2026-11-01"
    )
    assert state == "empty"
    assert "The view is narrowed to desk cash; dates 2026-11-01 to now." in words
    assert '"data-clear": "desk,from,to"' in words


def test_nothing_found_without_filters_says_what_is_missing(asked):
    state, words = asked([], lambda _, view: nothing(view, "No fills", "Import some."), "")
    assert state == "empty"
    assert "Import some." in words


def test_a_change_a_card_ignores_leaves_its_key():
    assert _fill._without("?desk=cash&sort=-px&order=O1", ("sort", "order")) == "desk=cash"


def test_the_last_good_answer_is_shown_with_its_age(asked, monkeypatch):
    monkeypatch.setattr(_fill, "oldest_s", lambda: 372.0)
    state, words = asked(42)
    assert state == "stale"
    assert "6 min old" in words
    assert "42" in words
