"""Trading styles: who reads them, how they are narrowed, and what is said where there are none."""

import pytest

from analytics.models._walk import fit
from analytics.models.styles import STABLE, Styles
from app.errors import Forbidden, Invalid
from app.queries.styles import styles
from app.scope import Scope
from tests.analytics.models._tables_structure import conduct, markets
from tests.app._world import context_of, desk_of, land
from tests.app.queries.test_behaviour import keep, whole


@pytest.fixture(scope="module")
def model():
    return fit(Styles(), Styles().features(conduct(4, heavy=False, styles=True)))


@pytest.fixture
def firm(tmp_path, sqlite_database, model):
    context = context_of(tmp_path, sqlite_database)
    tables = conduct(4, heavy=False, styles=True)
    land(context, "acme", order_events=whole("order_events", tables["order_events"]),
         prices=whole("prices", markets(5, days=60)["prices"]))  # fmt: skip
    keep(context, sqlite_database, model)
    return context


def members(found) -> list[list[str]]:
    return [[one["id"] for one in style["members"]] for style in found["styles"]]


def test_styles_have_members_reasons_and_how_stable_they_are(firm):
    found = styles(desk_of(firm))
    assert members(found) == [["t0", "t2", "t5"], ["t1", "t3", "t4"]]
    assert found["stability"] >= found["needed"] == STABLE
    assert {len(one["reasons"]) for one in found["styles"]} == {3}
    assert found["model"]["status"] == "ok"
    assert members(styles(desk_of(firm), who="account")) == [["A0", "A2", "A5"], ["A1", "A3", "A4"]]


def test_scope_narrows_the_members_and_says_how_many_there_are(firm):
    found = styles(desk_of(firm, scope=Scope(trader=("t2",))))
    assert members(found) == [["t2"]]
    assert found["styles"][0]["people"] == 3
    assert members(styles(desk_of(firm, scope=Scope(desk=("d1",))))) == [["t5"], ["t1", "t3"]]


def test_nobody_reads_of_himself_and_only_those_who_read_surveillance_read_at_all(firm):
    assert "t0" not in str(members(styles(desk_of(firm, person_id="t0"))))
    assert styles(desk_of(firm, org="zenith"))["styles"] == []
    for role in ("trader", "portfolio_manager", "risk", "admin"):
        with pytest.raises(Forbidden):
            styles(desk_of(firm, role=role))
    with pytest.raises(Invalid):
        styles(desk_of(firm), who="desk")


def test_a_silent_model_names_no_style_and_says_why(tmp_path, sqlite_database, model):
    context = context_of(tmp_path, sqlite_database)
    assert styles(desk_of(context))["model"]["status"] == "untrained"
    keep(context, sqlite_database, model, status="silent", reason="noise")
    found = styles(desk_of(context, cached=False))
    assert (found["styles"], found["model"]["reason"], found["needed"]) == ([], "noise", STABLE)
