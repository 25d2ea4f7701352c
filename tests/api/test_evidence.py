"""The evidence of an alert over REST: what its page asks, on record where people's words are read."""

import pytest

from app.storage.records.alerts import Alert
from tests.tenancy._routes import bearer
from tests.tenancy.conftest import HERE


@pytest.fixture(scope="module")
def firm(installation):
    """Return the firm with an alert of this module."""
    one, c = installation.one, installation.one.canary
    with installation.context.database.session(one.slug, write=True) as session:
        session.add(Alert(
            org=one.slug, alert_id="evidence-1", detector="wash_trade", detector_version="1", parameters_version="p",
            title="Wash trade", severity="high", score=80.0, actors=[{"kind": "trader", "id": f"{c}-omar"}],
            instrument_ids=[f"{c}-AAA"], story=["Bought and sold."], actor_group="own1",
            evidence={"order_ids": [f"{c}-O1"], "exec_ids": [f"{c}-E1"], "message_ids": [f"{c}-X1"]},
        ))  # fmt: skip
    return one


@pytest.fixture
def ask(installation, firm):
    def send(path, who="compliance", of=None):
        whose = of or firm
        return installation.client().get(
            f"/api/compliance{path}", base_url=HERE, headers=bearer(whose.keys[who])
        )

    return send


def test_evidence_names_its_cards_and_holds_their_facts(ask, firm):
    c = firm.canary
    answer = ask("/alerts/evidence-1/evidence")
    assert answer.status_code == 200
    found = answer.get_json()["data"]
    assert found["cards"][:2] == ["market", "replay"]
    assert [order["order_id"] for order in found["orders"]] == [f"{c}-O1"]
    assert found["replay"]["orders"]
    assert found["effect"]["fills"] == 1
    assert found["messages"]
    trail = ask("/audit?limit=200").get_json()["data"]
    looks = [row for row in trail if row["object_id"] == "evidence-1"]
    assert looks


@pytest.mark.parametrize(
    ("path", "who", "status"),
    [
        ("/alerts/evidence-1/evidence?stretch=9", "compliance", 422),
        ("/alerts/evidence-1/evidence?other=1", "compliance", 422),
        ("/alerts/none/evidence", "compliance", 404),
        ("/alerts/evidence-1/evidence", "trader", 403),
    ],
)
def test_what_does_not_fit_is_refused(ask, path, who, status):
    assert ask(path, who).status_code == status


def test_a_stranger_learns_nothing_of_it(ask, installation):
    assert ask("/alerts/evidence-1/evidence", of=installation.other).status_code == 404
