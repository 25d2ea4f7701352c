"""Pages and their doors."""

import json

from dash import html
from plotly.utils import PlotlyJSONEncoder

import callbacks
import pages
from analytics.registry import modules
from components.page import TALK_OF_ACCOUNT, Page, Step, guarded
from components.shell import shell

PAGE = Page(path="/x", section="trading", name="x", title="X", description="", roles=frozenset({"risk"}))


class Person:
    name = "Ines Halvorsen"
    role = "trader"
    org_name = "Halyard Capital"
    demo = True


def test_a_page_is_closed_to_other_roles_whatever_the_address_says():
    show = guarded(PAGE, lambda role="", **_: html.Div(role), lambda: "trader")
    closed = show(role="risk").to_plotly_json()["props"]
    assert closed["data-page"] == "trading-x"
    assert closed["children"].to_plotly_json()["props"]["data-state"] == "denied"


def test_the_layout_learns_the_role_from_the_session_alone():
    show = guarded(PAGE, lambda role="", **_: html.Div(role), lambda: "risk")
    assert show(role="compliance").children == "risk"


def test_the_rail_lists_what_the_role_may_open(monkeypatch):
    monkeypatch.setattr("components.shell.dash.page_container", html.Div())
    open_page = Page(
        path="/y", section="trading", name="y", title="Y", description="", roles=frozenset({"trader"})
    )
    drawn = json.dumps(shell([PAGE, open_page], who=Person()), cls=PlotlyJSONEncoder)
    assert '"data-nav": "/y"' in drawn
    assert '"data-nav": "/x"' not in drawn
    assert "Demo: real prices, simulated firm" in drawn


def test_next_steps_lead_to_pages_that_exist():
    known = {module.PAGE.path for module in modules(pages, deep=True)}
    for module in modules(pages, deep=True):
        for step in module.PAGE.next:
            assert step.path.split("?")[0] in known, (module.__name__, step.path)


def test_a_thread_is_led_to_where_the_view_names_one_thing_and_not_where_it_names_none_or_several():
    assert TALK_OF_ACCOUNT.leads_to({"account": ("A&1",)}) == "/social/feed?about=account%3AA%261"
    assert TALK_OF_ACCOUNT.leads_to({"account": ()}) is None
    assert TALK_OF_ACCOUNT.leads_to({"account": ("A1", "A2"), "instrument": ("KO",)}) is None
    assert Step("See it", "/x", "why").leads_to({}) == "/x"


def test_every_page_about_accounts_of_the_portfolio_leads_to_their_thread():
    of_portfolio = [module.PAGE for module in modules(pages, deep=True) if module.PAGE.section == "portfolio"]
    assert len(of_portfolio) >= 5
    assert all("account" in page.accepts and TALK_OF_ACCOUNT in page.next for page in of_portfolio)


def test_page_keys_are_unique_and_every_layout_takes_any_query():
    keys = [module.PAGE.key for module in modules(pages, deep=True)]
    assert len(keys) == len(set(keys))
    for module in modules(pages, deep=True):
        made = module.layout(role="compliance", nonsense="1")
        assert made.to_plotly_json()["props"]["data-page"] == module.PAGE.key


def test_callbacks_offer_register():
    assert all(callable(module.register) for module in modules(callbacks, deep=True))


def test_who_is_turned_away_is_told_of_with_what_the_address_names():
    told = []

    def note(page, given):
        told.append((page.key, given))

    guarded(PAGE, lambda role="", **_: html.Div(role), lambda: "risk", note)(case_id="c-1")
    assert told == []
    guarded(PAGE, lambda role="", **_: html.Div(role), lambda: "trader", note)(case_id="c-1")
    assert told == [("trading-x", {"case_id": "c-1"})]
