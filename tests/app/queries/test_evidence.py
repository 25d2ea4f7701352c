"""What an alert rests on: its rows, its people's words around it, its price; closed to its subject."""

from datetime import UTC, datetime

import pytest

from app.actions import supervision
from app.errors import Forbidden, NotFound
from app.jobs._watch import watches
from app.queries import evidence
from app.scope import Scope
from app.storage.records.alerts import Alert
from tests.app._world import context_of, desk_of, land

AT = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
TABLES = {
    "accounts": """
account_id  kind   base_currency  owner_id  desk   name
A1          house  USD            O1        alpha  One
""",
    "people": """
person_id  name  desk
tom        Tom   alpha
jane       Jane  alpha
""",
    "instruments": """
instrument_id  symbol  name   asset_class  currency
XNAS:AAPL      AAPL    Apple  equity       USD
""",
    "executions": """
exec_id  order_id  account_id  trader_id  instrument_id  side  last_qty  last_px  currency  transact_time
E1       O1        A1          tom        XNAS:AAPL      buy   10        100.50   USD       2026-11-20T14:30:01
E2       O9        A1          jane       XNAS:AAPL      buy   10        100.40   USD       2026-11-20T16:30:00
""",
    "order_events": """
order_id  event_seq  event_type  instrument_id  account_id  trader_id  side  limit_px  order_qty  transact_time
O1        1          new         XNAS:AAPL      A1          tom        buy   101       10         2026-11-20T14:30:00
O2        2          new         XNAS:AAPL      A1          tom        sell  102       20         2026-11-20T14:29:00
O2        3          cancel      XNAS:AAPL      A1          tom        sell  102       20         2026-11-20T14:31:00
""",
    "prices": """
instrument_id  date        close  currency
XNAS:AAPL      2026-11-19  99     USD
XNAS:AAPL      2026-11-20  101    USD
""",
    "messages": """
message_id  transact_time        sender_id  recipient_ids  text
M1          2026-11-20T14:00:00  tom        jane           early
M2          2026-11-20T14:45:00  jane       tom            answered
M3          2026-11-20T16:00:00  tom        jane           too_late
M4          2026-11-20T14:30:00  jane       ruth           others
""",
}


@pytest.fixture
def firm(tmp_path, sqlite_database):
    context = context_of(tmp_path, sqlite_database)
    land(context, "acme", **TABLES)
    with sqlite_database.session("acme", write=True) as session:
        session.add(
            Alert(
                org="acme",
                alert_id="a1",
                detector="wash_trade",
                detector_version="1",
                parameters_version="p",
                score=95,
                severity="critical",
                title="T",
                actors=[{"kind": "trader", "id": "tom"}],
                instrument_ids=["XNAS:AAPL"],
                window_start=AT,
                window_end=AT,
                created_at=AT,
                evidence={"order_ids": ["O2"], "exec_ids": ["E1"], "message_ids": [], "post_ids": []},
            )
        )
    return context


def test_evidence_holds_named_executions_their_orders_and_the_named_orders(firm):
    found = evidence.evidence(desk_of(firm), "a1")
    assert found["executions"]["exec_id"].to_list() == ["E1"]
    assert found["orders"].select("order_id", "status").rows() == [("O2", "cancelled"), ("O1", "filled")]


def test_messages_of_its_people_within_an_hour_stand_in_where_none_is_named(firm):
    found = evidence.evidence(desk_of(firm), "a1")
    assert found["messages"]["message_id"].to_list() == ["M1", "M2"]
    assert found["around"] is True


def test_dates_of_the_view_do_not_hide_evidence(firm):
    narrowed = desk_of(firm, scope=Scope.parse("from=2020-01-01&to=2020-01-02&instrument=MSFT"))
    assert evidence.evidence(narrowed, "a1")["executions"].height == 1


def test_daily_closes_stand_in_where_nothing_finer_is_known(firm):
    found = evidence.market(desk_of(firm), "a1")
    assert found["kind"] == "closes"
    assert [row["price"] for row in found["rows"]] == [99.0, 101.0]
    assert [(row["order_id"], row["limit_px"]) for row in found["orders"]] == [("O2", 102.0), ("O1", 101.0)]
    assert found["start"] < AT < found["end"]


@pytest.mark.parametrize("ask", [evidence.evidence, evidence.market])
def test_evidence_is_closed_to_other_roles_to_its_subject_and_to_strangers(firm, ask):
    with pytest.raises(Forbidden):
        ask(desk_of(firm, role="trader"), "a1")
    with pytest.raises(NotFound):
        ask(desk_of(firm, person_id="tom"), "a1")
    with pytest.raises(NotFound):
        ask(desk_of(firm, org="other"), "a1")


def test_names_are_those_of_the_askers_firm(firm):
    assert evidence.names(desk_of(firm)) == {
        "person": {"tom": "Tom", "jane": "Jane"},
        "account": {"A1": "One"},
        "instrument": {"XNAS:AAPL": "AAPL"},
    }
    assert evidence.names(desk_of(firm, org="other")) == {"person": {}, "account": {}, "instrument": {}}


def test_a_detector_that_left_the_release_is_none():
    assert evidence.detector("wash_trade")["false_positives"]
    assert evidence.detector("gone") is None


def test_every_source_of_alerts_that_is_no_detector_says_what_it_looks_for():
    assert set(evidence.WATCHES) == set(watches()) | {supervision.SOURCE}
    for source in evidence.WATCHES:
        told = evidence.detector(source)
        assert told is not None
        assert told["description"]
    assert evidence.detector("of_an_older_release") is None
