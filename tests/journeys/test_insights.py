"""From an insight to its evidence, to the page where one acts, and back; what one says of it is kept; the bell."""

import pytest

pytestmark = pytest.mark.journey
FIRST = "[data-card=insights] [data-insight]"


def identify(window):
    """Return the id of the first insight that stands on the page."""
    window.page.wait_for_selector(FIRST)
    return window.page.get_attribute(FIRST, "data-insight")


def told(window, name):
    """Return the insight as REST tells it."""
    return window.rest(f"/api/intelligence/insights/{name}")["data"]


def test_an_insight_leads_to_its_evidence_and_to_action_and_back(visit):
    window = visit("compliance")
    window.go("/intelligence/insights")
    name = identify(window)
    found = told(window, name)
    shown = window.page.locator(f"[data-insight='{name}']")
    assert found["title"] in shown.inner_text()
    assert found["text"] in shown.inner_text()
    assert shown.locator(".ev a").count() > 0
    step = shown.locator("[data-next]").first
    place = step.get_attribute("data-next")
    step.click()
    window.page.wait_for_url(f"**{place}**")
    window.settle()
    for kind in ("trader", "instrument", "desk"):
        if found["context"].get(kind) and f"{kind}=" in found["next"][0]["href"]:
            assert window.chips()[kind]
    window.page.go_back()
    window.page.wait_for_selector("[data-page=intelligence-insights]")
    window.settle()
    assert identify(window) == name


def test_what_one_says_of_an_insight_is_kept_and_nobody_elses(visit):
    window = visit("compliance")
    window.go("/intelligence/insights")
    name = identify(window)
    vote = f"[data-insight='{name}'] .verdicts button >> nth=0"
    window.page.click(vote)
    window.page.wait_for_selector(f"[data-insight='{name}'] .verdicts button[aria-pressed=true]")
    window.settle()
    assert told(window, name)["verdict"] == "useful"
    window.go("/intelligence/insights")
    assert window.page.get_attribute(vote, "aria-pressed") == "true"
    window.page.click(vote)
    window.page.wait_for_selector(
        f"[data-insight='{name}'] .verdicts button[aria-pressed=true]", state="detached"
    )
    window.settle()
    assert told(window, name)["verdict"] is None


def test_the_bell_counts_what_is_new_until_it_is_marked_as_read(visit):
    window = visit("auditor", size="phone")
    window.go("/")
    unread = window.rest("/api/intelligence/insights/bell")["data"]["unread"]
    assert unread > 0
    assert window.page.inner_text("#bell-count") == str(unread)
    window.page.click("[data-act=bell]")
    window.page.wait_for_selector(".bell-panel.show [data-act=seen]")
    window.page.click(".bell-panel [data-act=seen]")
    window.page.wait_for_selector(".bell-panel [data-act=seen]", state="detached")
    window.settle()
    assert window.page.inner_text("#bell-count") == ""
    assert window.rest("/api/intelligence/insights/bell")["data"]["unread"] == 0
