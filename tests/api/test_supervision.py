"""Supervision over REST: owner, colleague and stranger; what is refused, and that reading is on record."""

import pytest

from tests.app._world import land
from tests.tenancy._routes import bearer
from tests.tenancy.conftest import HERE

ROOT = "/api/compliance"
WHY = "Enough to see five per cent of them."


@pytest.fixture(scope="module")
def drawn(installation):
    """Return the drawn messages of the firm, as its compliance reads them."""
    firm = installation.one
    land(installation.context, firm.slug, messages="\n".join(
        ["message_id transact_time channel sender_id recipient_ids text",
         *(f"{firm.canary}-SV{i} 2026-11-19T10:0{i}:00Z chat {firm.canary}-omar {firm.canary}-jane hello" for i in range(4))]
    ))  # fmt: skip
    size = {"size": 50, "reason": "routine", "rationale": WHY, "start": "2020-01-01", "end": "2030-01-01"}
    answer = _ask(installation, "/supervision/samples", size)
    assert answer.status_code == 201, answer.text[:500]
    assert answer.get_json()["data"]["counts"]["open"] >= 2
    return _ask(installation, "/supervision?state=open").get_json()["data"]


def _ask(installation, path, body=None, *, who="compliance", of=None, key=False):
    firm = of or installation.one
    client = installation.client(token=None if key else firm.tokens[who])
    headers = {"Origin": HERE} | (bearer(firm.keys[who]) if key else {})
    given = {"json": body} if body is not None else {}
    return client.open(
        ROOT + path, method="GET" if body is None else "POST", base_url=HERE, headers=headers, **given
    )


def test_messages_are_drawn_read_and_raised_and_all_of_it_is_on_record(installation, drawn):
    first, second = drawn[0]["id"], drawn[1]["id"]
    assert _ask(installation, f"/supervision/{first}/review", {}).get_json()["data"]["state"] == "reviewed"
    assert _ask(installation, f"/supervision/{first}/review", {}).status_code == 409
    body = {"to": "alert", "rationale": "Talks about a price before it was public."}
    made = _ask(installation, f"/supervision/{second}/escalate", body).get_json()["data"]
    assert _ask(installation, f"/alerts/{made['alert_id']}").get_json()["data"]["detector"] == "supervision"
    found = _ask(installation, "/supervision/figures").get_json()["data"]
    assert (found["reviewed"], found["escalated"]) == (1, 1)
    done = {row["action"] for row in _ask(installation, "/audit?limit=1000").get_json()["data"]}
    assert {"supervision.draw", "supervision.reviewed", "supervision.escalated", "supervision.read"} <= done


@pytest.mark.parametrize("who", ["trader", "portfolio_manager", "risk", "admin"])
def test_no_other_role_reads_or_settles_anything(installation, drawn, who):
    for path in ("/supervision", "/supervision/samples", "/supervision/figures", "/supervision/plan"):
        assert _ask(installation, path, who=who).status_code == 403
    assert _ask(installation, f"/supervision/{drawn[2]['id']}/review", {}, who=who).status_code == 403
    body = {"size": 1, "reason": "routine", "rationale": WHY}
    assert _ask(installation, "/supervision/samples", body, who=who).status_code == 403


def test_the_auditor_reads_and_changes_nothing_and_a_key_draws_nothing(installation, drawn):
    assert _ask(installation, "/supervision", who="auditor").status_code == 200
    assert _ask(installation, f"/supervision/{drawn[2]['id']}/review", {}, who="auditor").status_code == 403
    body = {"size": 1, "reason": "routine", "rationale": WHY}
    assert _ask(installation, "/supervision/samples", body, key=True).status_code == 403


def test_another_firm_learns_nothing(installation, drawn):
    other = installation.other
    assert {row["id"] for row in drawn} & {
        row["id"] for row in _ask(installation, "/supervision", of=other).get_json()["data"]
    } == set()
    name = drawn[2]["id"]
    foreign = _ask(installation, f"/supervision/{name}/review", {}, of=other)
    unknown = _ask(installation, "/supervision/sit_unknown/review", {}, of=other)
    assert (foreign.status_code, foreign.get_json()["detail"]) == (404, unknown.get_json()["detail"])
    body = {"to": "case", "rationale": "Talks about a price before it was public."}
    assert _ask(installation, f"/supervision/{name}/escalate", body, of=other).status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"size": 5, "reason": "whim", "rationale": WHY}, "reason"),
        ({"size": 5, "reason": "routine", "rationale": "short"}, "rationale"),
        ({"size": 0, "reason": "routine", "rationale": WHY}, "size"),
        ({"size": 5, "reason": "routine", "rationale": WHY, "channel": "fax"}, "channel"),
        (
            {"size": 5, "reason": "routine", "rationale": WHY, "start": "2026-11-20", "end": "2026-11-01"},
            "start",
        ),
        ({"size": 5, "reason": "routine", "rationale": WHY, "seed": 1}, "seed"),
    ],
)
def test_what_does_not_fit_is_named(installation, body, field):
    answer = _ask(installation, "/supervision/samples", body)
    assert answer.status_code == 422
    assert [one["field"].rpartition(".")[2] for one in answer.get_json()["errors"]] == [field]


def test_an_unknown_state_and_an_unknown_parameter_are_refused(installation):
    for path in ("/supervision?state=lost", "/supervision?colour=red", "/supervision/plan?from=2026-11-01"):
        assert _ask(installation, path).status_code == 422
