"""Limits: what risk sees is what REST says; a breach is settled by two people; a desk sees its own."""

import pytest

pytestmark = pytest.mark.journey

PATH = "/compliance/limits"


def test_the_tiles_and_bars_are_what_rest_says(visit):
    window = visit("risk")
    window.go(PATH)
    assert window.wrong() == []
    rows = window.rest("/api/compliance/limits")["data"]
    passed = window.rest("/api/compliance/limits/breaches")["data"]
    tiles = window.kpis()
    assert tiles["limits"] == len(rows)
    assert tiles["breached"] == sum(row["state"] == "breach" for row in rows)
    assert tiles["warned"] == sum(row["state"] == "warn" for row in rows) >= 1
    assert tiles["unacknowledged"] == sum(row["settled"] == "new" for row in passed)
    assert tiles["nearest"] == max(row["utilisation"] for row in rows if row["state"] in {"ok", "warn"})
    assert window.values("limit") == {row["limit_id"]: row["utilisation"] for row in rows}


def test_a_limit_opens_its_course_and_the_address_keeps_it(visit):
    window = visit("risk")
    window.go(PATH)
    rows = window.rest("/api/compliance/limits")["data"]
    other = next(row for row in rows if row["state"] == "warn")
    window.page.click(f"[data-limit='{other['limit_id']}'] .lim-name")
    window.settle()
    assert f"limit_id={other['limit_id']}" in window.page.url
    said = window.page.inner_text("[data-card=course]")
    assert other["name"] in said
    forecast = window.rest(f"/api/compliance/limits/{other['limit_id']}")["data"]["forecast"]
    assert ("Probability of a breach" in said) == (forecast["probability"] is not None)
    window.page.reload()
    window.settle()
    assert other["name"] in window.page.inner_text("[data-card=course]")


def test_a_breach_is_settled_by_two_people_and_never_by_one(visit):
    first, second = visit("risk"), visit("compliance")
    for window in (first, second):
        window.go(PATH)
    breach = next(
        row for row in first.rest("/api/compliance/limits/breaches")["data"] if row["settled"] == "new"
    )
    here = f"{PATH}?breach={breach['breach_id']}"
    first.go(here)
    assert breach["name"] in first.page.inner_text("#breach-chosen")
    first.page.fill("#breach-comment", "Position is cut over the day.")
    first.page.click("#breach-acknowledge")
    first.page.wait_for_selector("#breach-said:has-text('Acknowledged.')")
    first.page.click("#breach-confirm")
    first.page.wait_for_selector("#breach-said:has-text('a second person must confirm')")
    second.go(here)
    assert "Position is cut over the day." in second.page.inner_text("#breach-chosen")
    second.page.click("#breach-confirm")
    second.page.wait_for_selector("#breach-said:has-text('two people have settled it')")
    second.settle()
    found = {row["breach_id"]: row for row in second.rest("/api/compliance/limits/breaches")["data"]}
    assert found[breach["breach_id"]]["settled"] == "confirmed"


def test_risk_sets_a_limit_and_retires_it_again(visit):
    window = visit("risk")
    window.go(PATH)
    before = window.kpis()["limits"]
    window.page.fill("#limit-name", "Journey limit")
    window.page.select_option("#limit-measure", "leverage")
    window.page.fill("#limit-value", "none")
    window.page.click("#limit-add")
    window.page.wait_for_selector("#limit-said:has-text('must be a number')")
    window.page.fill("#limit-value", "3")
    window.page.click("#limit-add")
    window.page.wait_for_selector("#limit-said:has-text('is in force from')")
    window.page.wait_for_selector("[data-limit]:has-text('Journey limit')")
    window.settle()
    assert window.kpis()["limits"] == before + 1
    row = window.page.locator("[data-limit]", has_text="Journey limit")
    row.locator("summary").click()
    row.get_by_text("Retire for good").click()
    window.page.wait_for_selector("[data-limit]:has-text('Journey limit')", state="detached")
    window.settle()
    assert window.kpis()["limits"] == before


def test_a_trader_reads_the_limits_of_his_desk_and_nothing_of_alerts(visit):
    window = visit("trader")
    window.go(PATH)
    assert window.wrong() == []
    rows = window.rest("/api/compliance/limits")["data"]
    assert rows
    assert {row["subject_kind"] for row in rows} <= {"desk", "account", "trader"}
    assert window.page.query_selector("#breach-acknowledge") is None
    assert window.page.query_selector("#limit-add") is None
    said = window.page.evaluate("document.querySelector('[data-page]').textContent").lower()
    assert [word for word in ("alert", "insider", "surveillance") if word in said] == []


@pytest.mark.parametrize("size", ["tablet", "phone"])
def test_it_fits_small_screens(visit, size):
    window = visit("compliance", size, "light")
    window.go(PATH)
    assert window.wrong() == []
