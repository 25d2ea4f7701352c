"""Sentences have names and days as people write them; ids that nobody asked for stay words."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from app.queries import compliance
from app.queries import insights as told
from app.queries._spoken import spoken
from app.storage.records.alerts import Alert
from app.storage.records.insights import Insight
from tests.app._world import context_of, desk_of, land

NAMES = {"dpetrov": "Dana Petrov", "marking_the_close": "marking the close", "a.b-1@x": "Ann Bell"}


@pytest.mark.parametrize(("kept", "said"), [
    ("dpetrov's orders fell", "Dana Petrov's orders fell"),
    ("Ask dpetrov, or a.b-1@x.", "Ask Dana Petrov, or Ann Bell."),
    ("dpetrovs and my_dpetrov and dpetrov2 are others", "dpetrovs and my_dpetrov and dpetrov2 are others"),
    ("(marking_the_close, layering)", "(marking the close, layering)"),
    ("From 2026-10-01 to 2026-11-20, 3 days", "From 1 Oct 2026 to 20 Nov 2026, 3 days"),
    ("2026-13-45 is no day, 1.25 no id, HC-2026-10-01 an order", "2026-13-45 is no day, 1.25 no id, HC-2026-10-01 an order"),
    ("", ""),
    ("1 seconds later, 1 trades on 1 days; 11 days, 14.1 times, 2.1 units", "1 second later, 1 trade on 1 day; 11 days, 14.1 times, 2.1 units"),
    ("account:HC-102 held it", "account HC-102 held it"),
    ("1 order of account A in HD were filled at +2", "1 order of account A in HD was filled at +2"),
    ("12 times (p = 0.0e+00), once (p = 0.03)", "12 times (p < 1e-300), once (p = 0.03)"),
])  # fmt: skip
def test_ids_become_names_and_nothing_else_changes(kept, said):
    assert spoken(kept, NAMES) == said


def test_an_insight_names_whom_it_is_about_and_keeps_ids_in_its_evidence(tmp_path, sqlite_database):
    context = context_of(tmp_path, sqlite_database)
    land(context, "acme", people="person_id name\nwill Will\nann Ann")
    with sqlite_database.session("acme", write=True) as session:
        session.add(Insight(
            org="acme", id="one", kind="trader_behaviour", severity="low", title="ann trades unlike others",
            text="It will be seen from 2026-11-02 on whether ann goes on.", domains=["trading"],
            context={"rank": 0.5}, evidence=[{"kind": "trader", "id": "ann"}],
            why=[{"driver": "Fills through ann", "value": 3, "unit": "fills"}], chart={"label": "Cost through ann"},
        ))  # fmt: skip
    found = told.insight(desk_of(context, role="compliance"), "one")
    assert found["title"] == "Ann trades unlike others"
    assert found["text"] == "It will be seen from 2 Nov 2026 on whether Ann goes on."
    assert found["evidence"] == [{"kind": "trader", "id": "ann", "label": "Ann"}]
    assert found["why"] == [{"driver": "Fills through Ann", "value": 3, "unit": "fills"}]
    assert found["chart"]["label"] == "Cost through Ann"


def test_an_alert_is_told_with_names_and_stays_stored_as_it_was_found(tmp_path, sqlite_database):
    context = context_of(tmp_path, sqlite_database)
    land(context, "acme", people="person_id name\nwill Will\nann Ann")
    at, kept = (
        datetime(2026, 11, 2, 14, tzinfo=UTC),
        ["1. 1 seconds later ann bought; it will be seen from 2026-11-02 on."],
    )
    with sqlite_database.session("acme", write=True) as session:
        session.add(Alert(
            org="acme", alert_id="a", detector="restricted_list", detector_version="1", parameters_version="1", title="T",
            severity="low", score=1.0, status="new", actors=[{"kind": "trader", "id": "ann"}], instrument_ids=[],
            evidence={}, metrics=[], story=kept, regulation=[], data_versions={}, created_at=at, updated_at=at,
        ))  # fmt: skip
    desk = desk_of(context, role="compliance")
    said = ["1. 1 second later Ann bought; it will be seen from 2 Nov 2026 on."]
    assert compliance.alert(desk, "a")["story"] == said
    assert [row["story"] for row in compliance.alerts(desk)["rows"]] == [said]
    with sqlite_database.session("acme") as session:
        assert session.scalar(select(Alert.story)) == kept
