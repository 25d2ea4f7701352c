"""From an alert to a report over REST: two people do it, everybody else is refused, all of it is on record."""

import csv
import hashlib
import io
import json
import zipfile

import jsonschema_rs
import pytest

from app.actions import audit as proof
from app.actions import sessions, users
from app.actions._roles import console
from app.scope import Identity
from app.storage.records.alerts import Alert
from tests.tenancy._routes import bearer
from tests.tenancy.conftest import HERE

ROOT = "/api/compliance"
WHY = "Looked at orders, fills and messages of the day."
NAMES = ("cases-1", "cases-2", "cases-3")


@pytest.fixture(scope="module")
def firm(installation):
    """Return the firm with three alerts of this module and a second person of compliance."""
    one, context = installation.one, installation.context
    c = one.canary
    with context.database.session(one.slug, write=True) as session:
        for name in NAMES:
            session.add(Alert(
                org=one.slug, alert_id=name, detector="wash_trade", detector_version="1", parameters_version="p",
                title="Wash trade", severity="high", score=80.0, actors=[{"kind": "trader", "id": f"{c}-omar"}],
                instrument_ids=[f"{c}-AAA"], evidence={"order_ids": [f"{c}-O1", f"{c}-O2"], "exec_ids": [f"{c}-E1"]},
                story=["Bought and sold."], actor_group="own1",
            ))  # fmt: skip
    made = users.create(context.database, console(one.slug), email="second@acme.example", name="Second", role="compliance",
                        desks=None, person_id=None, password=None)  # fmt: skip
    who = Identity(one.slug, made.id, made.name, "compliance")
    one.tokens["second"] = sessions.open_session(context.database, who)
    return one


@pytest.fixture
def ask(installation, firm):
    """Return a function that asks as somebody."""

    def send(path, body=None, *, who="compliance", of=None, key=False, **more):
        whose = of or firm
        client = installation.client(token=None if key else whose.tokens[who])
        headers = {"Origin": HERE} | (bearer(whose.keys[who]) if key else {})
        method = "GET" if body is None and not more else "POST"
        given = {"json": body} if body is not None else more
        return client.open(ROOT + path, method=method, base_url=HERE, headers=headers, **given)

    return send


def data(answer, status=200):
    assert answer.status_code == status, answer.text[:500]
    return answer.get_json()["data"]


def test_the_whole_way_to_a_report_and_the_forbidden_ways(ask, firm, installation):
    # Triage: closing a high alert waits for a second person, and the first one is refused.
    said = data(
        ask(
            "/alerts/cases-1/transition",
            {"to": "closed_no_issue", "reason": "hedge", "rationale": WHY, "through": True},
        )
    )
    assert said["waits"]["why"] == "severity"
    assert ask("/alerts/cases-1/review", {"decision": "approve"}).status_code == 403
    assert (
        data(ask("/alerts/cases-1/review", {"decision": "approve"}, who="second"))["status"]
        == "closed_no_issue"
    )
    # Escalate into a new case, add another alert.
    said = data(
        ask("/alerts/cases-2/transition", {"to": "escalated", "reason": "suspicion", "rationale": WHY})
    )
    assert said["status"] == "escalated"
    case = data(ask(f"/cases?instrument={firm.canary}-AAA"))[0]
    name = case["case_id"]
    case = data(
        ask(f"/cases/{name}/alerts", {"alert_ids": ["cases-3"], "rationale": WHY, "version": case["version"]})
    )
    assert ask(f"/cases/{name}/take", {"version": case["version"] - 1}).status_code == 409
    # Checks, a note, a file.
    for item in case["checklist"]:
        case = data(
            ask(f"/cases/{name}/checklist", {"key": item["key"], "state": "done", "version": case["version"]})
        )
    note = data(ask(f"/cases/{name}/notes", {"text": "<script>first</script>"}), 201)
    again = data(
        ask(f"/cases/{name}/notes", {"text": "Second.", "note_id": note["note_id"], "replaces": 1}), 201
    )
    assert [one["text"] for one in again["earlier"]] == ["<script>first</script>"]
    assert (
        ask(
            f"/cases/{name}/notes", {"text": "Over it.", "note_id": note["note_id"], "replaces": 1}
        ).status_code
        == 409
    )
    file = data(ask(f"/cases/{name}/attachments?filename=minutes.pdf", data=b"%PDF-1.7 x"), 201)
    assert ask(f"/cases/{name}/attachments?filename=a.exe", data=b"MZ").status_code == 415
    assert (
        ask(f"/cases/{name}/attachments?filename=a.pdf", data=b"%PDF-" + b"x" * 10 * 2**20).status_code == 413
    )
    got = ask(f"/cases/{name}/attachments/{file['id']}")
    assert hashlib.sha256(got.data).hexdigest() == file["sha256"]
    assert got.headers["Content-Disposition"] == 'attachment; filename="minutes.pdf"'
    # Suspicion, decision, second person.
    case = data(ask(f"/cases/{name}/suspicion", {"version": data(ask(f"/cases/{name}"))["version"]}))
    case = data(ask(f"/cases/{name}/decision", {"submit": True, "reasons": WHY, "version": case["version"]}))
    case = data(
        ask(
            f"/cases/{name}/report",
            {"given": {"narrative": "He bought\nfrom himself."}, "version": case["version"]},
        )
    )
    assert ask(f"/cases/{name}/review", {"decision": "approve"}).status_code == 403
    case = data(ask(f"/cases/{name}/review", {"decision": "approve"}, who="second"))
    assert case["status"] == "stor_approved"
    case = data(ask(f"/cases/{name}/transition", {"to": "stor_submitted", "reason": "reported", "rationale": WHY,
                                                  "reference": "BF-1", "version": case["version"]}))  # fmt: skip
    case = data(
        ask(
            f"/cases/{name}/transition",
            {"to": "closed", "reason": "decided", "rationale": WHY, "version": case["version"]},
        )
    )
    assert case["status"] == "stor_submitted"
    case = data(ask(f"/cases/{name}/review", {"decision": "approve"}, who="second"))
    assert case["status"] == "closed"
    assert ask(f"/cases/{name}/notes", {"text": "One more word."}).status_code == 409
    pack_holds(ask(f"/cases/{name}/pack", {}), case, firm)
    # Nobody else, and every refusal of those who may come in is on record.
    for who in ("trader", "portfolio_manager", "risk", "admin"):
        assert ask(f"/cases/{name}", who=who).status_code == 403
        assert ask(f"/cases/{name}/notes", {"text": "Hello."}, who=who).status_code == 403
    assert ask(f"/cases/{name}", who="auditor").status_code == 200
    assert ask(f"/cases/{name}/notes", {"text": "Hello."}, who="auditor").status_code == 403
    doors = [row["actor_name"] for row in data(ask("/audit?limit=1000")) if row["action"] == "door.refused"]
    assert {f"{firm.canary} trader", f"{firm.canary} auditor"} <= set(doors)
    assert "door.refused" not in data_of_admin(installation, firm)
    foreign = ask(f"/cases/{name}", of=installation.other)
    unknown = ask("/cases/case_unknown", of=installation.other)
    assert (foreign.status_code, foreign.get_json()["detail"]) == (404, unknown.get_json()["detail"])
    assert ask(f"/cases/{name}/notes", {"text": "Hello."}, of=installation.other).status_code == 404
    actions = [row["action"] for row in data(ask(f"/cases/{name}/trail?limit=1000"))]
    assert actions.count("case.refused") >= 3
    assert {"case.pack", "case.file_read", "case.decision_approved", "door.refused"} <= set(actions)
    assert proof.verify(installation.context.database, firm.slug).ok


def data_of_admin(installation, firm):
    """Return what an admin reads of the trail."""
    return json.dumps(
        proof.entries(installation.context.database, firm.people["admin"], limit=1000), default=str
    )


def pack_holds(answer, case, firm):
    """Check a pack: every file is in the manifest with its hash, the JSON keeps its schema."""
    assert answer.status_code == 200, answer.text[:500]
    assert answer.headers["X-Sha256"] == hashlib.sha256(answer.data).hexdigest()
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        parts = {one: archive.read(one) for one in archive.namelist()}
    manifest = json.loads(parts.pop("manifest.json"))
    assert {(f["path"], f["size"], f["sha256"]) for f in manifest["files"]} == {
        (path, len(content), hashlib.sha256(content).hexdigest()) for path, content in parts.items()
    }
    report = json.loads(parts["stor.json"])
    jsonschema_rs.validator_for(json.loads(parts["stor.schema.json"])).validate(report)
    assert (report["status"], report["regulator_reference"], report["reference"]) == (
        "submitted",
        "BF-1",
        case["ref"],
    )
    assert report["suspicion"]["narrative"] == {"value": "He bought\nfrom himself."}
    assert report["submitter"]["lei"] == {"value": "NA", "reason": "not written into the report"}
    assert {one["id"] for one in report["transactions"]} >= {f"{firm.canary}-O1", f"{firm.canary}-E1"}
    assert report["persons"][0]["name"] == {"value": f"{firm.canary} Omar"}
    rows = [line for line in parts["events.csv"].decode().splitlines() if not line.startswith("#")]
    assert len(list(csv.DictReader(rows))) == len(report["transactions"])
    assert parts["stor.pdf"].startswith(b"%PDF-")
    assert parts["attachments/001-minutes.pdf"] == b"%PDF-1.7 x"


@pytest.mark.parametrize("path", ["/cases", "/reviews", "/reasons", "/colleagues", "/groups", "/management", "/suppressions",
                                  "/report-schema", "/alerts/cases-1/work", "/alerts/cases-1/similar"])  # fmt: skip
def test_compliance_and_auditors_read_and_unknown_parameters_are_named(ask, path):
    for who in ("compliance", "auditor"):
        data(ask(path, who=who))
    assert ask(path, who="trader").status_code == 403
    assert ask(f"{path}?colour=red").status_code == 422


@pytest.mark.parametrize("body", [
    {}, [], {"to": "x"}, {"to": "closed_no_issue", "org": "zeta"}, {"to": 1}, {"to": "triaged", "version": "x"},
    {"to": "assigned", "assignee": "u_nobody"}, {"to": "escalated", "rationale": "no"}, {"to": "triaged", "role": "admin"},
])  # fmt: skip
def test_a_body_that_does_not_fit_changes_nothing(ask, body):
    before = data(ask("/alerts/cases-1/work"))
    assert ask("/alerts/cases-1/transition", body).status_code in {409, 422}
    assert data(ask("/alerts/cases-1/work")) == before


def test_a_key_of_compliance_sorts_and_does_not_decide(ask):
    assert (
        ask(
            "/alerts/cases-1/transition",
            {"to": "reopened", "reason": "new_facts", "rationale": WHY},
            key=True,
        ).status_code
        == 403
    )
    assert ask("/cases", {"title": "By a script", "rationale": WHY}, key=True).status_code == 201


def test_a_restricted_case_is_unknown_to_colleagues_and_reads_are_on_record(ask):
    name = data(ask("/cases", {"title": "Secret matter", "rationale": WHY, "restricted": True}), 201)[
        "case_id"
    ]
    assert ask(f"/cases/{name}", who="second").status_code == 404
    assert "Secret matter" not in ask("/cases", who="second").text
    assert "Secret matter" not in ask("/audit?limit=1000", who="second").text
    assert "Secret matter" in ask("/audit?limit=1000").text
    assert ask(f"/cases/{name}", who="auditor").status_code == 200
    readers = [row["actor_name"] for row in data(ask(f"/cases/{name}/trail")) if row["action"] == "case.read"]
    assert len(readers) == 1


def test_every_way_to_an_alert_that_is_refused_is_on_record_once(ask, firm):
    ways = [f"/alerts/cases-1{part}" for part in ("", "/evidence", "/work")] + ["/coverage", "/parameters"]
    for path in ways * 2:
        assert ask(path, who="risk").status_code == 403
    person = firm.people["risk"].user_id  # other files may have asked by a key of the same role
    rows = [row for row in data(ask("/audit?limit=1000")) if row["action"] == "door.refused"]
    told = [json.loads(row["after"]) for row in rows if row["actor_id"] == person]
    mine = [one["way"].replace("<string:", "<") for one in told]
    rules = [f"GET {ROOT}{path.replace('cases-1', '<alert_id>')}" for path in ways]
    assert [mine.count(rule) for rule in rules] == [1] * len(rules)
