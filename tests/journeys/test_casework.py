"""Case work as people do it: triage with keys, a case, two people, a pack; and the ways that are closed."""

import io
import json
import re
import subprocess
import sys
import zipfile
import zlib
from hashlib import sha256

import jsonschema_rs
import pytest

from app.demo.firms import HALYARD
from tests.journeys._server import ROOT, environment

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


def here(window):
    return window.page.url.partition("?")[0].rpartition("/")[2]


def step(window, key):
    """Walk the queue by a key; returns the alert one comes to."""
    was = here(window)
    window.page.keyboard.press(key)
    for _ in range(200):
        if here(window) != was:
            break
        window.page.wait_for_timeout(50)
    window.settle("compliance-alert")
    assert here(window) != was
    return here(window)


def work_of(window, alert_id):
    return window.rest(f"/api/compliance/alerts/{alert_id}/work")["data"]


def taken_by_key(window):
    window.page.keyboard.press("a")
    window.page.wait_for_selector("[data-card=decision] .person:not(:has-text('nobody'))")
    window.settle()


def closed_by_key(window):
    """Close a grave alert without an issue: it waits for a second person."""
    window.page.keyboard.press("c")
    window.page.wait_for_selector("[data-act=close][open]")
    write(window, "close", WHY)
    window.page.wait_for_selector("[data-card=decision] .waits")
    window.settle()


def triaged(window):
    """Go through five alerts by keys alone; returns them: taken, closed, closed, taken, about to be escalated."""
    window.go("/compliance/alerts?severity=critical,high&status=new")
    window.drawn("alerts")
    window.page.keyboard.press("?")
    sheet = window.page.locator("dialog.keysheet[open]")
    words = sheet.inner_text()
    assert all(
        one in words for one in ("On an alert", "Assign it to me", "Escalate it to a case", "Close it")
    )
    window.page.keyboard.press("Escape")
    sheet.wait_for(state="hidden")
    window.page.keyboard.press("j")
    window.page.keyboard.press("Enter")
    window.settle("compliance-alert")
    seen = [here(window)]
    taken_by_key(window)
    seen.append(step(window, "j"))
    closed_by_key(window)
    seen.append(step(window, "j"))
    closed_by_key(window)
    assert step(window, "k") == seen[1]
    assert step(window, "j") == seen[2]
    seen.append(step(window, "j"))
    taken_by_key(window)
    seen.append(step(window, "j"))
    window.page.keyboard.press("e")
    window.page.wait_for_selector("[data-act=escalate][open]")
    assert len(set(seen)) == 5
    assert [work_of(window, one)["status"] for one in seen] == [
        "assigned",
        "in_review",
        "in_review",
        "assigned",
        "new",
    ]
    return seen


def test_from_the_queue_to_a_pack_by_two_people_and_the_forbidden_ways(visit, server):
    first, second = visit("compliance"), visit("surveillance")
    *_, waits, _, alert_id = triaged(first)
    # Too few words: the refusal stands at the field, and what was written stays.
    first.forgive("422")
    write(first, "escalate", "Odd.")
    first.page.wait_for_selector("[data-act=escalate] .field-said:has-text('20')")
    write(first, "escalate", WHY)
    first.page.click("[data-card=decision] a:has-text('Open the case')")
    first.settle("compliance-case")
    case_id = here(first)
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
    second.go(f"/compliance/alerts/{waits}")
    second.page.click("[data-card=decision] button:has-text('Agree')")
    second.page.wait_for_selector("[data-card=decision] .stand:has-text('Closed')")
    second.go(f"/compliance/cases/{case_id}")
    second.page.click("[data-card=decision] button:has-text('Agree')")
    second.page.wait_for_selector("[data-card=decision] .stand:has-text('Report approved')")
    closed_by_two(first, second, case_id)
    with second.page.expect_download() as kept:
        second.page.click("[data-card=report] button:has-text('Report pack')")
    second.settle()
    pack_holds(kept.value.path().read_bytes(), case_id, second.rest("/api/compliance/report-schema")["data"])
    done = [
        row["action"] for row in second.rest(f"/api/compliance/cases/{case_id}/trail", limit=1000)["data"]
    ]
    assert {
        "case.open",
        "case.note",
        "case.report",
        "case.check",
        "case.refused",
        "case.decision_approved",
        "case.close_asked",
        "case.transition",
        "case.pack",
    } <= set(done)
    second.go(f"/compliance/audit?object={case_id}")
    second.page.wait_for_selector(f"[data-page]:has-text('{case_id}')")
    assert second.wrong() == []
    closed_ways(visit, case_id, alert_id)
    nobody_judges_himself(first, second)
    proven(second, server.home)


def closed_by_two(first, second, case_id):
    """Complete the checklist by pressing each check, hand the report in, and close it with a second person."""
    # The checks of this kind, the first two by pressing them; the others would only take time.
    keys = [item["key"] for item in case_of(first, case_id)["checklist"] if item["mandatory"]]
    for key in keys[2:]:
        version = case_of(first, case_id)["version"]
        body = {"key": key, "state": "done", "comment": "Seen.", "version": version}
        assert post(first, f"/cases/{case_id}/checklist", **body).status == 200
    first.go(f"/compliance/cases/{case_id}")
    for key in keys[:2]:
        first.page.click(f"[data-check='{key}'] button.check")
        first.page.wait_for_selector(f"[data-check='{key}'] .bi-check-square-fill")
        first.settle()
    part = first.page.locator("[data-act=stor_submitted]")
    part.locator("> summary").click()
    part.locator("[name=reference]").fill("BF-2026-1")
    write(first, "stor_submitted", WHY)
    first.page.wait_for_selector("[data-card=decision] .stand:has-text('BF-2026-1')")
    first.settle()
    write(first, "closed", WHY)
    first.page.wait_for_selector("[data-card=decision] .waits:has-text('somebody else must agree')")
    assert first.page.query_selector("[data-card=decision] .waits button") is None
    assert post(first, f"/cases/{case_id}/review", decision="approve").status == 403
    second.go(f"/compliance/cases/{case_id}")
    second.page.click("[data-card=decision] button:has-text('Agree')")
    second.page.wait_for_selector("[data-card=decision] .tag:has-text('Closed')")
    second.settle()


def pack_holds(body, case_id, schema):
    """Check a pack: its manifest names every file and the hash of each, the report keeps its schema, paper opens."""
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert archive.testzip() is None
        parts = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(parts.pop("manifest.json"))
    told = {one["path"]: (one["size"], one["sha256"]) for one in manifest["files"]}
    assert told == {name: (len(part), sha256(part).hexdigest()) for name, part in parts.items()}
    assert {"stor.json", "stor.schema.json", "stor.pdf", "events.csv", "audit.ndjson"} <= set(told)
    report = json.loads(parts["stor.json"])
    assert json.loads(parts["stor.schema.json"]) == schema
    jsonschema_rs.validator_for(schema).validate(report)
    assert (report["case_id"], manifest["case_id"]) == (case_id, case_id)
    assert report["suspicion"]["narrative"]["value"] == STORY
    assert pages_of(parts["stor.pdf"]) >= 1


def pages_of(body):
    """Open a PDF as a reader does, from its end: every object is where its table says; returns its pages."""
    assert (body[:5], body.rstrip()[-5:]) == (b"%PDF-", b"%%EOF")
    start = int(re.findall(rb"startxref\s+(\d+)", body)[-1])
    head = re.match(rb"\d+ 0 obj\s*<<(.*?/Type /XRef.*?)>>\s*stream\r?\n", body[start:], re.DOTALL)
    assert head is not None
    widths = [int(one) for one in re.search(rb"/W \[(\d+) (\d+) (\d+)\]", head[1]).groups()]
    table = zlib.decompressobj().decompress(body[start + head.end() :])
    rows = [table[at : at + sum(widths)] for at in range(0, len(table), sum(widths))]
    places = [int.from_bytes(row[widths[0] : sum(widths[:2])]) for row in rows if row[0] == 1]
    said = b""
    for place in places:
        found = re.match(rb"\d+ 0 obj\s*(.*?)(?:stream\r?\n|endobj)", body[place:], re.DOTALL)
        assert found is not None, place
        said += found[1]
        if b"/ObjStm" in found[1]:
            said += zlib.decompressobj().decompress(body[place + found.end() :])
    return len(re.findall(rb"/Type\s*/Page\b", said))


def told(window, name, action):
    """Return what the trail says of refused attempts at an object: who, and which way or why."""
    rows = window.rest("/api/compliance/audit", limit=1000)["data"]
    kept = [row for row in rows if row["object_id"] == name and row["action"] == action]
    return {(row["actor_name"], (said := json.loads(row["after"])).get("way") or said["why"]) for row in kept}


def closed_ways(visit, case_id, alert_id):
    """Try what nobody may; all of it is refused, in the page and by REST, and stands in the trail."""
    trader, auditor, first, second = (
        visit(who) for who in ("trader", "auditor", "compliance", "surveillance")
    )
    for path in (f"/compliance/cases/{case_id}", f"/compliance/alerts/{alert_id}", "/compliance/supervision"):
        trader.go(path)
        assert trader.states() == {"door": "denied"}
    for path in (f"/cases/{case_id}/review", f"/alerts/{alert_id}/review"):
        assert post(trader, path, decision="approve").status == 403
    for path in (f"/cases/{case_id}", f"/alerts/{alert_id}"):
        assert trader.page.context.request.get(f"{trader.base}/api/compliance{path}").status == 403
    assert "/compliance/supervision" not in trader.nav()
    auditor.go(f"/compliance/cases/{case_id}")
    assert auditor.wrong() == []
    assert auditor.page.query_selector("[data-page] form[data-post], [data-page] button[data-post]") is None
    assert post(auditor, f"/cases/{case_id}/notes", text="A word.").status == 403
    # A closed case: its page offers no step but opening it again, and what is sent past the page is refused.
    first.go(f"/compliance/cases/{case_id}")
    assert first.page.query_selector("[data-card=checklist] button, [data-card=files] [data-upload]") is None
    assert first.page.query_selector("[data-act^=correct-]") is None
    assert not first.page.is_visible("[data-card=write]")
    note = case_of(first, case_id)["notes"][0]
    version = case_of(first, case_id)["version"]
    item = case_of(first, case_id)["checklist"][0]["key"]
    for path, body in (
        ("notes", {"text": "One more word."}),
        ("checklist", {"key": item, "state": "open", "version": version}),
        ("report", {"given": {"narrative": "Nothing happened."}, "version": version}),
    ):
        assert post(first, f"/cases/{case_id}/{path}", **body).status == 409
    # A note: somebody else's is not corrected, nor an older version of one's own written over.
    other = opened(first, title="Notes of it", actors=[])
    for text, more in (("First.", {}), ("Second.", {"replaces": 1})):
        again = {"note_id": note["note_id"]} if more else {}
        note = post(first, f"/cases/{other}/notes", text=text, **again, **more).json()["data"]
    second.go(f"/compliance/cases/{other}")
    assert second.page.query_selector("[data-act^=correct-]") is None
    over = {"note_id": note["note_id"], "text": "Over it."}
    assert post(second, f"/cases/{other}/notes", **over, replaces=2).status == 403
    assert post(first, f"/cases/{other}/notes", **over, replaces=1).status == 409
    assert [one["text"] for one in case_of(first, other)["notes"][0]["earlier"]] == ["First."]
    names = {who: name_of(who) for who in ("trader", "auditor", "compliance", "surveillance")}
    ways = told(first, case_id, "door.refused")
    assert {way for who, way in ways if who == names["trader"]} >= {
        "page /compliance/cases/<case_id>", "GET /api/compliance/cases/<case_id>",
        "POST /api/compliance/cases/<case_id>/review",
    }  # fmt: skip
    assert (names["auditor"], "POST /api/compliance/cases/<case_id>/notes") in ways
    assert {way for _, way in told(first, alert_id, "door.refused")} >= {
        "page /compliance/alerts/<alert_id>", "GET /api/compliance/alerts/<alert_id>",
        "POST /api/compliance/alerts/<alert_id>/review",
    }  # fmt: skip
    whys = told(first, case_id, "case.refused")
    assert {who for who, why in whys if "second person must agree" in why} == {names["compliance"]}
    assert {who for who, why in whys if "closed and cannot be changed" in why} == {names["compliance"]}
    assert {who for who, _ in told(first, other, "case.refused")} == {
        names["compliance"],
        names["surveillance"],
    }


def opened(window, *, title, actors):
    answer = post(
        window, "/cases", title=title, rationale=WHY, actors=[{"kind": "trader", "id": one} for one in actors]
    )
    assert answer.status == 201, answer.text()
    return answer.json()["data"]["case_id"]


def person_of(role):
    return next(one for one in HALYARD.people if one.role == role)


def name_of(role):
    return person_of(role).name


def nobody_judges_himself(first, second):
    """A case about the second person is unknown to him; one about who he reports to he reads and leaves alone."""
    own = opened(first, title="About her", actors=[person_of("surveillance").person_id])
    line = opened(first, title="About who she reports to", actors=[person_of("risk").person_id])
    second.forgive("404")
    second.go(f"/compliance/cases/{own}")
    assert "There is no such" in second.text()
    assert "About her" not in second.text()
    assert second.page.context.request.get(f"{second.base}/api/compliance/cases/{own}").status == 404
    assert post(second, f"/cases/{own}/notes", text="It was not me.").status == 404
    second.go(f"/compliance/cases/{line}")
    assert second.page.query_selector("[data-card=decision] form, [data-card=checklist] button") is None
    assert post(second, f"/cases/{line}/notes", text="Not him.").status == 403
    assert told(first, own, "case.refused") == {(name_of("surveillance"), "it is about the one who asks")}
    assert {who for who, _ in told(first, line, "case.refused")} == {name_of("surveillance")}


def proven(window, home):
    """Prove the trail in the page, and with the verifier that knows nothing of the product."""
    window.go("/compliance/audit")
    window.page.click("button:has-text('Prove it now')")
    window.page.wait_for_selector("[data-card=chain] .bi-check-circle.ok")
    trail = home / "trail.ndjson"
    export = [sys.executable, "app.py", "audit", "export", "halyard", str(trail)]
    subprocess.run(export, cwd=ROOT, env=environment(home), check=True, capture_output=True, timeout=120)
    proof = [sys.executable, "docs/tools/audit_verify.py", str(trail), "--anchors", str(home / "anchors/halyard.log"),
             "--key-file", str(home / "secret_key")]  # fmt: skip
    assert subprocess.run(proof, cwd=ROOT, check=False, capture_output=True, timeout=60).returncode == 0
    lines = trail.read_bytes().splitlines(keepends=True)
    trail.write_bytes(b"".join([*lines[:3], *lines[4:]]))  # one entry taken out
    assert subprocess.run(proof, cwd=ROOT, check=False, capture_output=True, timeout=60).returncode == 1


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
