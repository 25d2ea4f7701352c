"""Case work as people do it: triage with keys, a case, two people, a pack; and the ways that are closed."""

import io
import json
import zipfile
from hashlib import sha256

import pytest

pytestmark = pytest.mark.journey

WHY = "Looked at orders, fills and messages of the day."
STORY = "He bought from himself through an account of his own."


def post(window, path, **body):
    """Ask REST to change something with the session of a window; returns the answer."""
    headers = {"Origin": window.base, "Content-Type": "application/json"}
    place = f"{window.base}/api/compliance{path}"
    return window.page.context.request.post(place, data=json.dumps(body), headers=headers)


def case_of(window, case_id):
    return window.rest(f"/api/compliance/cases/{case_id}")["data"]


def write(window, part, words):
    """Open a part of a card, write its words and send it."""
    form = window.page.locator(f"[data-act={part}]")
    if form.get_attribute("open") is None:
        form.locator("> summary").click()
    form.locator("textarea").first.fill(words)
    form.locator("button[type=submit]").click()


def test_from_the_queue_to_a_pack_by_two_people_and_the_forbidden_ways(visit):
    first, second = visit("compliance"), visit("surveillance")
    # Triage with keys: the first row of the list, take it, escalate it.
    first.go("/compliance/alerts?severity=high&status=new")
    first.drawn("alerts")
    first.page.keyboard.press("j")
    first.page.keyboard.press("Enter")
    first.settle("compliance-alert")
    alert_id = first.page.url.partition("?")[0].rpartition("/")[2]
    first.page.keyboard.press("a")
    first.page.wait_for_selector("[data-card=decision] .person:not(:has-text('nobody'))")
    first.settle()
    first.page.keyboard.press("e")
    first.page.wait_for_selector("[data-act=escalate][open]")
    # Too few words: the refusal stands at the field, and what was written stays.
    first.forgive("422")
    write(first, "escalate", "Odd.")
    first.page.wait_for_selector("[data-act=escalate] .field-said:has-text('20')")
    write(first, "escalate", WHY)
    first.page.click("[data-card=decision] a:has-text('Open the case')")
    first.settle("compliance-case")
    case_id = first.page.url.partition("?")[0].rpartition("/")[2]
    assert [one["alert_id"] for one in case_of(first, case_id)["alerts"]] == [alert_id]
    # A note, and its correction: the first version stays.
    first.page.fill("[data-card=write] textarea", "Both accounts are his.")
    first.page.click("[data-card=write] button[type=submit]")
    first.page.wait_for_selector("[data-note]:has-text('Both accounts are his.')")
    note = case_of(first, case_id)["notes"][0]["note_id"]
    write(first, f"correct-{note}", "Both accounts are his brother's.")
    first.page.wait_for_selector("[data-note]:has-text('1 earlier version')")
    # The clock of a report runs; the draft names what is missing.
    first.page.click("[data-act=suspicion] > summary")
    first.page.click("[data-act=suspicion] button[type=submit]")
    first.page.wait_for_selector("[data-missing=narrative]")
    write(first, "draft", STORY)
    first.page.wait_for_selector("[data-missing=narrative]", state="detached")
    first.settle()
    write(first, "report", WHY)
    first.page.wait_for_selector("[data-card=decision] .waits:has-text('somebody else must agree')")
    # Alone nobody gets on: not by the page, not by REST.
    assert first.page.query_selector("[data-card=decision] .waits button") is None
    assert post(first, f"/cases/{case_id}/review", decision="approve").status == 403
    second.go(f"/compliance/cases/{case_id}")
    second.page.click("[data-card=decision] button:has-text('Agree')")
    second.page.wait_for_selector("[data-card=decision] .stand:has-text('Report approved')")
    with second.page.expect_download() as kept:
        second.page.click("[data-card=report] button:has-text('Report pack')")
    pack_holds(kept.value.path().read_bytes(), case_id)
    second.settle()
    done = [row["action"] for row in second.rest(f"/api/compliance/cases/{case_id}/trail")["data"]]
    assert {
        "case.open",
        "case.note",
        "case.report",
        "case.refused",
        "case.decision_approved",
        "case.pack",
    } <= set(done)
    second.go(f"/compliance/audit?object={case_id}")
    second.page.wait_for_selector(f"[data-page]:has-text('{case_id}')")
    assert second.wrong() == []
    closed_ways(visit, case_id, alert_id)


def pack_holds(body, case_id):
    """Check a pack: every file is the one that its manifest tells of, and the report tells the story."""
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        for one in manifest["files"]:
            assert sha256(archive.read(one["path"])).hexdigest() == one["sha256"]
        report = json.loads(archive.read("stor.json"))
    assert report["case_id"] == case_id
    assert report["suspicion"]["narrative"]["value"] == STORY


def closed_ways(visit, case_id, alert_id):
    """Try what a trader and an auditor may not; all of it is refused."""
    trader, auditor = visit("trader"), visit("auditor")
    for path in (f"/compliance/cases/{case_id}", f"/compliance/alerts/{alert_id}", "/compliance/supervision"):
        trader.go(path)
        assert trader.states() == {"door": "denied"}
    for path in (f"/cases/{case_id}/review", f"/alerts/{alert_id}/review"):
        assert post(trader, path, decision="approve").status == 403
    assert "/compliance/supervision" not in trader.nav()
    auditor.go(f"/compliance/cases/{case_id}")
    assert auditor.wrong() == []
    assert auditor.page.query_selector("[data-page] form[data-post], [data-page] button[data-post]") is None
    assert post(auditor, f"/cases/{case_id}/notes", text="A word.").status == 403


def test_drawn_messages_are_read_with_keys(visit):
    window = visit("compliance")
    window.go("/compliance/supervision")
    form = window.page.locator("[data-card=draw] form")
    form.locator("textarea").fill("Enough to see one in ten of them.")
    form.locator("[name=size]").fill("3")
    form.locator("button[type=submit]").click()
    window.page.wait_for_selector("[data-item]")
    window.settle()
    before = window.kpis()
    window.page.keyboard.press("j")
    window.page.keyboard.press("r")
    window.page.wait_for_selector(".note:has-text('Read')")
    window.settle()
    after = window.kpis()
    assert (after["to_read"], after["coverage"] > before["coverage"]) == (before["to_read"] - 1, True)
    found = window.rest("/api/compliance/supervision/figures")["data"]
    assert (found["open"], found["coverage"], found["at_most"]) == tuple(
        after[name] for name in ("to_read", "coverage", "at_most")
    )
    window.page.keyboard.press("j")
    window.page.keyboard.press("e")
    window.page.wait_for_selector("[data-item] [data-act=raise][open]")
