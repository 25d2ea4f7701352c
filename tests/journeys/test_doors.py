"""Who may see what, and what ends when it is ended: roles, keys, sessions."""

import re
import sqlite3

import pytest

from tests.journeys.conftest import email_of

pytestmark = pytest.mark.journey

# Everybody knows that there is a compliance department: limits and the restricted list stand under its name.
SURVEILLANCE = ("alert", "surveillance", "suspect", "insider", "spoof")
OPEN = re.compile("/compliance[/-](limits|lists)")


def assert_no_surveillance(window):
    """Nothing of surveillance: no word, no link, no count."""
    said = window.page.evaluate("document.querySelector('#shell').innerText").lower()
    assert [word for word in SURVEILLANCE if word in said] == []
    links = window.page.evaluate(
        "[...document.querySelectorAll('[href]')].map((a) => a.getAttribute('href'))"
    )
    secret = [href for href in links if "/compliance" in OPEN.sub("", href) or "alert=" in href]
    assert secret == []
    assert window.page.query_selector("[data-kpi=open-alerts]") is None


def test_a_trader_sees_no_trace_of_surveillance_anywhere(visit):
    window = visit("trader")
    window.go("/")
    for path in window.nav():
        window.follow(path)
        assert_no_surveillance(window)
        assert window.wrong() == [], path


def test_a_traders_search_finds_no_alert(visit):
    watcher, trader = visit("compliance"), visit("trader")
    watcher.go("/compliance/alerts")
    alert = watcher.rest("/api/compliance/alerts", limit=1)["data"][0]["alert_id"]
    trader.go("/")
    trader.page.keyboard.press("Control+k")
    dialog = trader.page.locator("dialog.palette[open]")
    dialog.wait_for()
    for words in ("alerts", "surveillance", alert):
        with trader.page.expect_response("**/api/search**"):
            dialog.locator("input").fill(words)
        trader.settle()
        found = dialog.locator("[role=option]").all_inner_texts()
        assert [
            one for one in found if any(word in one.lower() for word in (*SURVEILLANCE, alert.lower()))
        ] == []


def test_a_trader_with_a_link_to_an_alert_meets_a_closed_door(visit):
    watcher, trader = visit("compliance"), visit("trader")
    watcher.go("/compliance/alerts")
    alert = watcher.rest("/api/compliance/alerts", limit=1)["data"][0]
    for path in ("/compliance/alerts", f"/compliance/alerts/{alert['alert_id']}"):
        trader.go(path)
        assert trader.states() == {"door": "denied"}
        assert alert["title"] not in trader.text()
    answer = trader.page.context.request.get(f"{trader.base}/api/compliance/alerts")
    assert answer.status == 403


def test_compliance_opens_an_alert_and_reads_its_story_and_evidence(visit):
    window = visit("compliance")
    window.go("/compliance/alerts")
    window.drawn("alerts")
    window.page.locator("[data-card=alerts] .ag-row [col-id=title]").first.click()
    window.page.wait_for_url("**/compliance/alerts/*")
    window.settle("compliance-alert")
    alert = window.page.url.partition("?")[0].rpartition("/")[2]
    said = window.rest(f"/api/compliance/alerts/{alert}")["data"]
    assert said["title"] in window.page.inner_text("[data-page]")
    assert window.wrong() == []
    assert set(window.states().values()) <= {"ready", "empty"}


def test_a_key_works_from_its_making_to_its_revocation_and_not_a_moment_longer(visit, playwright):
    window = visit("admin")
    page = window.page
    window.go("/operations/admin")
    page.fill("#key-name", "journey key")
    page.select_option("#key-role", "risk")
    page.click("#key-add")
    page.wait_for_selector("#key-once code")
    key = page.inner_text("#key-once code")
    window.settle("operations-admin")
    script = playwright.request.new_context(extra_http_headers={"Authorization": f"Bearer {key}"})
    url = f"{window.base}/api/analytics/overview"
    answer = script.get(url)
    assert answer.status == 200
    assert answer.json()["data"]["portfolio"]["nav"] is not None
    page.locator("[data-card=keys] tr", has_text="journey key").get_by_text("Revoke", exact=True).click()
    page.wait_for_selector("[data-card=keys] tr:has-text('journey key') >> text=Revoked")
    assert script.get(url).status == 401
    window.settle("operations-admin")
    assert key not in page.inner_text("[data-card=keys]")
    script.dispose()


def test_signing_out_leaves_nothing_for_the_back_button(visit):
    window = visit(None)
    page = window.page
    window.sign_in(email_of("trader"))
    window.go("/trading/blotter")
    page.click(".qd-menu > summary")
    page.click(".qd-menu form button")
    page.wait_for_url("**/sign-in?signed-out=1")
    for _ in range(2):
        page.go_back(wait_until="load")
        page.wait_for_url("**/sign-in**")
        assert page.query_selector("#shell") is None
        assert "JPM" not in window.text()


def test_a_session_that_ends_leads_to_sign_in_and_back_to_the_same_view(visit, server):
    window = visit(None)
    page = window.page
    window.sign_in(email_of("portfolio_manager", "meridian"))
    window.go("/portfolio/positions?instrument=JPM&group=country")
    before = window.kpis()
    end_sessions_of(server.home, email_of("portfolio_manager", "meridian"))
    window.forgive("401")
    page.click("[data-clear=instrument]")
    page.wait_for_url("**/sign-in?next=**")
    window.enter(email_of("portfolio_manager", "meridian"))
    page.wait_for_url("**/portfolio/positions**")
    window.settle("portfolio-positions")
    assert page.url.endswith("/portfolio/positions?group=country")
    page.go_back()
    window.go("/portfolio/positions?instrument=JPM&group=country")
    assert window.kpis() == before


def end_sessions_of(home, email):
    """Let a person's sessions run out, as eight idle hours would."""
    with sqlite3.connect(home / "records.db", timeout=20) as records:
        done = records.execute(
            "UPDATE web_sessions SET expires_at = created_at "
            "WHERE user_id = (SELECT id FROM users WHERE email = ?)",
            [email],
        )
        assert done.rowcount


def test_a_wrong_password_is_answered_without_saying_which_part_was_wrong(visit):
    window = visit(None)
    window.forgive("401")
    window.page.goto(f"{window.base}/sign-in")
    window.enter("nobody@halyard.demo", "not the password")
    window.page.wait_for_selector("[role=alert]")
    said = window.page.inner_text("[role=alert]")
    window.enter(email_of("risk"), "not the password")
    window.page.wait_for_selector("[role=alert]")
    assert said.split(".")[0] == window.page.inner_text("[role=alert]").split(".")[0]
    assert window.page.query_selector("#shell") is None
