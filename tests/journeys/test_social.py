"""Talk as people do it: a post with a cashtag, its instrument and the tone on it; compliance takes it out of sight.

And who praises what he has bought to sell it: compliance is told, and walks to the posts and the trades.
"""

import time
from datetime import date, timedelta

import pytest

pytestmark = pytest.mark.journey

HOSTILE = '<img src=x onerror="window.__x=1"> [a](javascript:window.__x=1)'
WORDS = f"Great quarter ahead for $AAPL, not for $NOSUCH {HOSTILE}"
WHY = "Names a client who asked not to be named."
FEED = "/social/feed"
CUT = (
    "tables => tables.filter(t => t.offsetParent && t.scrollWidth > t.clientWidth + 1).map(t => t.innerText)"
)


def mine(window):
    return window.page.locator("[data-card=posts] [data-post-id]", has_text="Great quarter ahead")


def posted(window):
    """Write a post with the keyboard; return its id."""
    window.go(FEED)
    window.page.keyboard.press("n")
    window.page.keyboard.type(WORDS)
    window.page.wait_for_selector(".preview:has-text('No instrument answers to $NOSUCH')")
    assert "names $AAPL" in window.page.inner_text(".preview")
    window.page.keyboard.press("Control+Enter")
    mine(window).wait_for()
    window.settle()
    assert window.page.locator(".composer textarea").input_value() == ""
    return mine(window).get_attribute("data-post-id")


def test_a_post_leads_to_its_instrument_and_what_compliance_hides_is_gone(visit):
    trader = visit("trader")
    name = posted(trader)
    assert HOSTILE in mine(trader).inner_text()  # shown as the words it is
    assert trader.page.evaluate("window.__x") is None
    assert trader.page.locator("[data-card=posts] img, [data-card=posts] a[href^=javascript]").count() == 0

    mine(trader).locator("button.cashtag").click()
    trader.page.wait_for_selector("[data-context=instrument]")
    trader.settle()
    assert trader.chips()["instrument"] == "AAPL"
    trader.page.click("[data-page] .next [data-next='/social/sentiment']")
    trader.page.wait_for_selector("[data-page=social-sentiment]")
    trader.settle()
    assert trader.chips()["instrument"] == "AAPL"
    assert trader.wrong() == []
    told = trader.rest("/api/social/instruments", instrument="AAPL")["data"]
    assert [row["instrument_id"] for row in told] == ["AAPL"]
    shown = trader.page.inner_text("[data-card=instruments] tbody tr")
    assert shown.split("\t")[:2] == ["AAPL", str(told[0]["posts"])]
    trader.page.set_viewport_size({"width": 820, "height": 1180})
    assert trader.page.eval_on_selector_all(".tbl-wrap", CUT) == []
    trader.page.set_viewport_size({"width": 1440, "height": 900})

    watcher = visit("compliance")
    watcher.go(FEED)
    watcher.page.keyboard.press("j")
    assert watcher.page.evaluate("document.activeElement.dataset.postId") == name
    watcher.page.keyboard.press("Enter")
    watcher.page.wait_for_selector("[data-context=post]")
    watcher.settle()
    part = mine(watcher).locator(f"[data-act=hide-{name}]")
    part.locator("summary").click()
    part.locator("textarea").fill(WHY)
    part.locator("button[type=submit]").click()
    watcher.page.wait_for_selector(f"[data-post-id={name}] .taken:has-text('{WHY}')")
    watcher.settle()
    assert watcher.wrong() == []
    done = [
        (row["action"], row["object_id"]) for row in watcher.rest("/api/compliance/audit", limit=200)["data"]
    ]
    assert {("post.write", name), ("post.hide", name)} <= set(done)

    stranger = visit(None)
    stranger.sign_in("trader@meridian.demo")
    for window in (trader, stranger):
        window.go(FEED)
        assert mine(window).count() == 0
        answer = window.page.context.request.get(f"{window.base}/api/social/posts/{name}")
        assert (answer.status, "Great quarter" in answer.text()) == (404, False)
    trader.go("/social/network")
    assert trader.wrong() == []


AUTHOR = "rmehta"  # trader@meridian.demo
NAME = "Rohan Mehta"
NAMES = ("AAPL", "JPM", "MSFT", "XOM")
SESSIONS = [one for one in (date(2026, 7, 20) + timedelta(days=at) for at in range(124)) if one.weekday() < 5]
TOLD_S = 120  # for an insight of what was imported, on machines that do other things too


def habit():
    """Return files: an account of his own, posts on it, and a buy two sessions before each and a sale two after."""
    posts = ["post_id,transact_time,author_id,text,instrument_ids"]
    trades = ["exec_id,account_id,trader_id,instrument_id,side,last_qty,last_px,currency,transact_time"]
    for number, at in enumerate(range(5, len(SESSIONS) - 5, 6)):
        name = NAMES[number % len(NAMES)]
        words = f"${name} looks strong: great results, buy before everybody does"
        posts.append(f'TALK-{number},{SESSIONS[at]}T12:00:00Z,{AUTHOR},"{words}",{name}')
        for side, day in (("buy", SESSIONS[at - 2]), ("sell", SESSIONS[at + 2])):
            trades.append(f"TALK-{side}-{number},MP-95,{AUTHOR},{name},{side},400,150,USD,{day}T15:00:00Z")
    account = ["account_id,desk,kind,base_currency,owner_id", f"MP-95,execution,personal,USD,{AUTHOR}"]
    return {
        name: "\n".join(lines)
        for name, lines in (("accounts", account), ("posts", posts), ("executions", trades))
    }


def insight_of(window):
    """Wait until the imports have been thought about; return the insight on the author."""
    until = time.monotonic() + TOLD_S
    while time.monotonic() < until:
        for row in window.rest("/api/intelligence/insights", limit=200)["data"]:
            if row["kind"] == "talks_his_book" and row["context"]["author"] == AUTHOR:
                return row
        window.page.wait_for_timeout(500)
    raise AssertionError("nothing was told of the author")


def test_compliance_is_told_who_talks_his_book_and_walks_to_his_posts_and_trades(visit):
    watcher = visit(None)
    watcher.sign_in("compliance@meridian.demo")
    for name, text in habit().items():
        answer = watcher.page.context.request.post(
            f"{watcher.base}/api/ingest/{name}",
            data=text,
            headers={"Content-Type": "text/csv", "Origin": watcher.base},
        )
        assert (answer.status, answer.json()["data"]["rejected"]) == (201, 0), answer.text()

    page = f"/social/authors/{AUTHOR}"
    watcher.go(page)
    said = watcher.page.inner_text("[data-card=said]")
    assert "looks strong: great results" in said
    assert "All in the feed" in said
    own = watcher.page.locator("[data-card=talk] [data-talk=own]")
    told = watcher.rest(f"/api{page}/talk")["data"][0]
    assert told["p_value"] < 0.001
    assert "They turn around what he says" in own.inner_text()
    assert f"score +{told['score']:.2f}" in own.inner_text()
    assert watcher.wrong() == []
    case = told["cases"][0]
    own.locator("tbody tr").first.get_by_role("link", name="post").click()
    watcher.page.wait_for_selector(f"[data-page=social-feed] [data-post-id='{case['posts'][0]}']")
    watcher.settle()
    assert "looks strong: great results" in watcher.page.inner_text("[data-card=posts]")
    watcher.page.go_back()
    watcher.page.wait_for_selector("[data-page=social-author]")
    watcher.settle()
    own.locator("tbody tr").first.get_by_role("link", name="trades").click()
    watcher.page.wait_for_selector("[data-page=trading-blotter]")
    watcher.settle()
    found = {(row["exec_id"], row["instrument_id"]) for row in watcher.rows("trading-blotter--blotter--grid")}
    number = case["posts"][0].removeprefix("TALK-")
    assert found == {(f"TALK-{side}-{number}", case["instrument_id"]) for side in ("buy", "sell")}
    assert watcher.wrong() == []

    insight = insight_of(watcher)
    assert insight["effect"]["value"] == pytest.approx(told["score"])
    watcher.go("/intelligence/insights")
    shown = watcher.page.locator(f"[data-insight='{insight['id']}']")
    assert f"{NAME} trades one way before speaking and the other way after" in shown.inner_text()
    assert shown.locator(".ev a[href*='post=TALK-']").count() > 0
    shown.locator(f"[data-next='{page}']").click()
    watcher.page.wait_for_selector("[data-page=social-author] [data-talk=own]")
    watcher.settle()
    assert "They turn around what he says" in own.inner_text()

    himself = visit(None)
    himself.sign_in("trader@meridian.demo")
    himself.go(page)
    assert "talk" not in himself.states()
    assert himself.page.context.request.get(f"{himself.base}/api{page}/talk").status == 403
