"""Talk as people do it: a post with a cashtag, its instrument and the tone on it; compliance takes it out of sight."""

import pytest

pytestmark = pytest.mark.journey

HOSTILE = '<img src=x onerror="window.__x=1"> [a](javascript:window.__x=1)'
WORDS = f"Great quarter ahead for $AAPL, not for $NOSUCH {HOSTILE}"
WHY = "Names a client who asked not to be named."
FEED = "/social/feed"


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
