"""Lists over REST: who keeps them, who reads which, and that a watch is silent."""

import pytest

from app.actions import lists
from tests.tenancy._routes import bearer
from tests.tenancy.conftest import HERE

ROUTE = "/api/compliance/lists"


def call(installation, firm, role, route=ROUTE, body=None, *, key=False):
    client = installation.client(token=None if key else firm.tokens[role])
    headers = {"Origin": HERE} | (bearer(firm.keys[role]) if key else {})
    if body is None:
        return client.get(route, base_url=HERE, headers=headers)
    return client.post(route, json=body, base_url=HERE, headers=headers)


@pytest.fixture
def entries(installation):
    """One entry of each list, made over REST and ended afterwards."""
    firm = installation.one
    made = {}
    for kind in ("restricted", "watch", "insider"):
        body = {"kind": kind, "instrument_id": f"{firm.canary}-AAA", "reason": "Advising", "project": "Alder"}
        body |= {"person_id": f"{firm.canary}-omar"} if kind == "insider" else {}
        answer = call(installation, firm, "compliance", body=body)
        assert answer.status_code == 201, answer.json
        made[kind] = answer.json["data"]
    yield made
    officer = firm.people["compliance"]
    for row in made.values():
        if any(
            e.id == row["entry_id"] and e.valid_to is None
            for e in lists.every(installation.context.database, officer)
        ):
            lists.remove(installation.context.database, officer, row["entry_id"])


@pytest.mark.parametrize("role", ["trader", "portfolio_manager", "risk"])
def test_those_on_the_desk_are_told_the_restricted_list_alone_and_no_reason(installation, entries, role):
    firm = installation.one
    found = call(installation, firm, role, f"{ROUTE}?state=valid")
    assert [row["entry_id"] for row in found.json["data"]] == [entries["restricted"]["entry_id"]]
    (row,) = found.json["data"]
    assert {row[name] for name in ("reason", "project", "person_id", "added_by")} == {None}
    for kind in ("watch", "insider"):
        assert call(installation, firm, role, f"{ROUTE}?kind={kind}").json["data"] == []
    assert entries["watch"]["entry_id"] not in found.text


@pytest.mark.parametrize("role", ["compliance", "auditor"])
def test_surveillance_reads_every_list_with_who_added_it_and_why(installation, entries, role):
    rows = call(installation, installation.one, role, f"{ROUTE}?state=valid").json["data"]
    assert {row["entry_id"] for row in rows} == {row["entry_id"] for row in entries.values()}
    watch = next(row for row in rows if row["kind"] == "watch")
    assert (watch["reason"], watch["project"]) == ("Advising", "Alder")
    assert watch["added_by"] == f"{installation.one.canary} compliance"


def test_a_stranger_reads_and_ends_nothing(installation, entries):
    stranger = installation.other
    assert call(installation, stranger, "compliance").json["data"] == []
    ending = f"{ROUTE}/{entries['watch']['entry_id']}/end"
    unknown = call(installation, stranger, "compliance", f"{ROUTE}/le_unknown/end", {"reason": "done"})
    foreign = call(installation, stranger, "compliance", ending, {"reason": "done"})
    assert (foreign.status_code, unknown.status_code) == (404, 404)


@pytest.mark.parametrize("role", ["trader", "portfolio_manager", "risk", "auditor", "admin"])
def test_nobody_but_compliance_changes_a_list(installation, entries, role):
    firm = installation.one
    body = {"kind": "watch", "instrument_id": f"{firm.canary}-BBB"}
    assert call(installation, firm, role, body=body).status_code == 403
    ending = f"{ROUTE}/{entries['watch']['entry_id']}/end"
    assert call(installation, firm, role, ending, {"reason": "done"}).status_code == 403


def test_whoever_lists_a_name_is_told_whether_an_instrument_of_the_firm_is_called_so(installation, entries):
    firm, other = installation.one, installation.other
    assert entries["restricted"]["instrument_known"] is True
    officer = firm.people["compliance"]
    for name in ("NO-SUCH-NAME", f"{other.canary}-AAA"):
        body = {"kind": "restricted", "instrument_id": name, "reason": "Advising"}
        made = call(installation, firm, "compliance", body=body).json["data"]
        lists.remove(installation.context.database, officer, made["entry_id"])
        assert (made["instrument_id"], made["instrument_known"]) == (name, False)


def test_an_entry_ends_once_with_its_reason_and_stays_on_record(installation, entries):
    firm = installation.one
    ending = f"{ROUTE}/{entries['restricted']['entry_id']}/end"
    assert call(installation, firm, "compliance", ending, {"reason": ""}).status_code == 422
    ended = call(installation, firm, "compliance", ending, {"reason": "Deal closed"}).json["data"]
    assert (ended["state"], ended["ended_reason"]) == ("ended", "Deal closed")
    assert call(installation, firm, "compliance", ending, {"reason": "again"}).status_code == 404
    rows = call(installation, firm, "auditor", f"{ROUTE}?state=ended").json["data"]
    assert entries["restricted"]["entry_id"] in {row["entry_id"] for row in rows}


@pytest.mark.parametrize(
    ("query", "field"), [("kind=grey", "kind"), ("state=old", "state"), ("colour=red", "colour")]
)
def test_what_is_not_understood_is_refused_by_name(installation, query, field):
    refused = call(installation, installation.one, "compliance", f"{ROUTE}?{query}")
    assert refused.status_code == 422
    assert field in refused.text
