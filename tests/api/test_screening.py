"""Screening from a file to a decision: who may, what stays quiet, and what wakes it again."""

import pytest
from sqlalchemy import select

from app.actions.screening import decide as decided
from app.errors import Forbidden
from app.jobs.list_entries import take_in
from app.jobs.screening import screen_all
from app.jobs.surveil import reproduce
from app.scope import Line
from app.storage.records.screening import ScreeningHit
from tests.api.test_lists import call
from tests.tenancy._routes import bearer
from tests.tenancy.conftest import HERE
from tests.world import bring

ROUTE = "/api/compliance/screening"
WHY = "Passport seen: born elsewhere and in another year."
PARTIES = "party_id,valid_from,name,kind,role,country,date_of_birth\n"
LISTED = "list_name,entry_id,valid_from,valid_to,name,kind,aliases,country,date_of_birth,programme\n"


@pytest.fixture(scope="module")
def screened(installation, tmp_path_factory):
    """A firm with three parties and four entries: one true, one weak, two that only look near."""
    folder, firm = tmp_path_factory.mktemp("lists"), installation.one
    officer, c = firm.people["compliance"], firm.canary

    def load(dataset, text):
        result = bring(installation.context, officer, dataset, text, folder)
        assert result.rejected == 0, result.errors
        return screen_all(installation.context, firm.slug, cause="test")

    load("parties", PARTIES + (
        f"{c}-own1,,Vasil Drozdenko,person,owner,BY,1961-05-02\n{c}-p2,,Marta Ilves,person,client,EE,1980-01-01\n"
        f"{c}-p3,,Kestrel Bay Shipping Ltd,entity,counterparty,CY,\n"
    ))  # fmt: skip
    first = load("sanctions", LISTED + (
        'EX,1,,,"DROZDENKO, Vasiliy",person,Василь Дрозденко|The Miller,BY,1961-05-02,demo\n'
        "EX,2,,,Martha Ilves,person,,EE,1980,demo\nEX,3,,,Igor Drozdov,person,,BY,,demo\n"
        "EX,4,,,Kestrel Point Shipping,entity,,CY,,demo\n"
    ))  # fmt: skip
    return firm, load, first


def rows(installation, firm, query="", role="compliance"):
    return {row["subject_id"]: row for row in call(installation, firm, role, ROUTE + query).json["data"]}


def post(installation, firm, role, hit_id, verdict, reason, why=WHY):
    body = {"verdict": verdict, "reason": reason, "rationale": why}
    return call(installation, firm, role, f"{ROUTE}/{hit_id}/decide", body)


def test_import_finds_the_true_and_the_weak_one_and_a_second_run_changes_nothing(installation, screened):
    firm, _, first = screened
    assert (first["hits"], first["new"]) == (2, 2)
    again = screen_all(installation.context, firm.slug, cause="test")
    assert (again["new"], again["reopened"], again["lapsed"]) == (0, 0, 0)
    found = rows(installation, firm)
    assert set(found) == {f"{firm.canary}-own1", f"{firm.canary}-p2"}
    assert found[f"{firm.canary}-own1"]["strong"]
    assert any("Василь" in said for said in found[f"{firm.canary}-own1"]["explanation"]["entry"]["aliases"])


@pytest.mark.parametrize("role", ["trader", "portfolio_manager", "risk", "admin"])
def test_nobody_else_learns_of_a_match(installation, screened, role):
    firm, *_ = screened
    name = next(iter(rows(installation, firm).values()))["hit_id"]
    assert call(installation, firm, role, ROUTE).status_code == 403
    assert call(installation, firm, role, f"{ROUTE}/{name}").status_code == 403
    assert post(installation, firm, role, name, "false_match", "other_birth").status_code == 403


def test_a_stranger_finds_nothing_and_decides_nothing(installation, screened):
    firm, *_ = screened
    name = next(iter(rows(installation, firm).values()))["hit_id"]
    assert rows(installation, installation.other) == {}
    assert (
        post(installation, installation.other, "compliance", name, "false_match", "other_birth").status_code
        == 404
    )
    assert call(installation, installation.other, "compliance", f"{ROUTE}/{name}").status_code == 404


def test_a_key_and_too_few_words_are_refused(installation, screened):
    firm, *_ = screened
    name = rows(installation, firm)[f"{firm.canary}-p2"]["hit_id"]
    body = {"verdict": "false_match", "reason": "other_birth", "rationale": WHY}
    key = installation.client().post(
        f"{ROUTE}/{name}/decide", json=body, base_url=HERE, headers=bearer(firm.keys["compliance"])
    )
    assert key.status_code == 403
    assert post(installation, firm, "compliance", name, "false_match", "other_birth", "no").status_code == 422
    assert (
        post(installation, firm, "compliance", name, "false_match", "confirmed_documents").status_code == 422
    )


def test_a_strong_match_needs_two_people_to_be_called_false_and_stays_quiet_until_a_record_changes(
    installation, screened
):
    firm, load, _ = screened
    party = f"{firm.canary}-p2"
    name = rows(installation, firm)[party]["hit_id"]
    assert (
        post(installation, firm, "compliance", name, "false_match", "other_birth").json["data"]["status"]
        == "proposed"
    )
    assert post(installation, firm, "compliance", name, "false_match", "other_birth").status_code == 403
    second = firm.people["compliance"].__class__(
        org=firm.slug, user_id="u_second", name="Second", role="compliance"
    )
    decided(
        installation.context.database, second, name, verdict="false_match", reason="other_birth", rationale=WHY, line=Line()
    )  # fmt: skip
    assert rows(installation, firm)[party]["status"] == "false_match"
    assert screen_all(installation.context, firm.slug, cause="test")["reopened"] == 0
    assert rows(installation, firm)[party]["status"] == "false_match"
    said = load("parties", PARTIES + f"{party},2026-01-02,Marta M. Ilves,person,client,EE,1980-01-01\n")
    assert said["reopened"] == 1
    again = rows(installation, firm)[party]
    assert (again["status"], again["decided_name"], again["second_name"]) == ("open", None, None)
    assert (
        load("sanctions", LISTED + "EX,2,2026-01-03,2026-01-04,Martha Ilves,person,,EE,1980,demo\n")["lapsed"]
        == 1
    )
    assert rows(installation, firm)[party]["status"] == "lapsed"


def test_a_true_match_opens_an_alert_that_reproduces_and_blocks_before_a_trade(installation, screened):
    firm, load, _ = screened
    order = {
        "account_id": f"{firm.canary}-ACC1", "instrument_id": f"{firm.canary}-AAA", "side": "buy", "quantity": 1, "price": 100,
    }  # fmt: skip

    def party_check():
        checks = call(installation, firm, "risk", "/api/compliance/pre-trade", order).json["data"]["checks"]
        return next(check for check in checks if check["name"] == "party")

    assert party_check()["outcome"] == "pass"  # while nobody has decided nothing is given away
    name = rows(installation, firm)[f"{firm.canary}-own1"]["hit_id"]
    made = post(installation, firm, "compliance", name, "true_match", "confirmed_documents").json["data"]
    assert made["status"] == "true_match"
    assert post(installation, firm, "compliance", name, "false_match", "other_birth").status_code == 409
    alert = call(installation, firm, "compliance", f"/api/compliance/alerts/{made['alert_id']}").json["data"]
    assert alert["severity"] == "critical"
    load("parties", PARTIES + f"{firm.canary}-p9,,Nobody Else,person,client,,\n")
    assert reproduce(installation.context, firm.slug, made["alert_id"])["identical"]
    assert screen_all(installation.context, firm.slug, cause="test")["alerts"] == 0
    blocked = party_check()
    assert blocked["outcome"] == "block"
    assert "sanction" not in blocked["reason"].lower()


def test_one_name_can_be_held_against_the_lists(installation, screened):
    firm, *_ = screened
    found = call(installation, firm, "compliance", f"{ROUTE}/names?name=Vasil%20Drozdenko&kind=person").json[
        "data"
    ]
    assert [row["entry_id"] for row in found] == ["1"]
    assert call(installation, firm, "compliance", f"{ROUTE}/names?name=%20").status_code == 422
    assert call(installation, firm, "compliance", f"{ROUTE}/names").status_code == 422
    assert call(installation, firm, "compliance", f"{ROUTE}?status=odd").status_code == 422


def test_entries_of_lists_come_by_the_normal_import_and_only_compliance_sees_it(
    installation, screened, tmp_path
):
    firm, *_ = screened
    c, context = firm.canary, installation.context
    text = (
        "entry_id,kind,instrument_id,person_id,project,reason,valid_from,valid_to\n"
        f"R1,watch,{c}-BBB,,Falcon,Mandate,2026-01-01T00:00:00Z,\nR2,insider,{c}-BBB,,Falcon,,2026-01-01T00:00:00Z,\n"
    )
    with pytest.raises(Forbidden):
        bring(context, firm.people["risk"], "list_entries", text, tmp_path)
    result = bring(context, firm.people["compliance"], "list_entries", text, tmp_path)
    assert take_in(context, firm.slug) == {"added": 1, "misfits": 1}
    assert take_in(context, firm.slug)["added"] == 0
    listed = call(installation, firm, "compliance", "/api/compliance/lists?kind=watch&state=valid").json[
        "data"
    ]
    assert [(row["project"], row["added_by"]) for row in listed] == [("Falcon", f"{c} compliance")]
    for role, status in (("risk", 404), ("compliance", 200)):
        assert call(installation, firm, role, f"/api/ingest/{result.import_id}").status_code == status
    entry = listed[0]["entry_id"]
    assert (
        call(
            installation, firm, "compliance", f"/api/compliance/lists/{entry}/end", {"reason": "over"}
        ).status_code
        == 200
    )


def test_a_file_approves_nobodys_own_trades(installation, screened, tmp_path):
    firm, *_ = screened
    text = (
        "preclearance_id,person_id,instrument_id,status,valid_from,valid_to\n"
        f"X1,{firm.canary}-jane,{firm.canary}-AAA,approved,2026-11-01T00:00:00Z,2026-12-30T00:00:00Z\n"
    )
    with pytest.raises(Forbidden):
        bring(installation.context, firm.people["trader"], "preclearances", text, tmp_path)


def test_what_was_decided_is_on_the_trail_and_matches_pin_their_versions(installation, screened):
    firm, *_ = screened
    with installation.context.database.session(firm.slug) as session:
        hits = list(session.scalars(select(ScreeningHit)))
    assert all(set(hit.data_versions) == {"accounts", "parties", "people", "sanctions"} for hit in hits)
    trail = call(installation, firm, "auditor", "/api/compliance/audit?limit=200").json["data"]
    assert {"screening.run", "screening.decide"} <= {row["action"] for row in trail}
