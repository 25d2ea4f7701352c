"""Passports of a firm with 330 sessions: every record is defined, and ours is the first of all readings."""

import pytest

from analytics.definitions import definition
from app.queries import passports
from app.storage import schema
from app.storage.database import Database
from tests.app._world import desk_of
from tests.app.queries._long import firm_of


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    home = tmp_path_factory.mktemp("long")
    database = Database(f"sqlite:///{home / 'records.db'}")
    schema.upgrade(database)
    yield desk_of(firm_of(home, database))
    database.close()


@pytest.mark.parametrize("name", sorted(set(passports.subjects()) - {"order_cost"}))
def test_every_record_is_defined_and_its_readings_begin_with_ours(desk, name):
    subject = passports.subjects()[name]
    for record in subject.records(desk):
        assert definition(subject.defines.get(record["name"], record["name"])), record["name"]
        assert record["value"] is not None or record["reason"], record["name"]
        found = subject.readings(desk, record) if subject.readings else []
        if found:
            assert found[0]["value"] == pytest.approx(record["value"], rel=1e-9), record


@pytest.mark.parametrize(
    ("what", "other"),
    [
        ("risk:var_99_1d", "quantile type 6"),
        ("risk:es_975_1d", "whole ones only"),
        ("risk:value_at_risk?method=historical&confidence=0.99&days=10", "overlapping sums of 10 days"),
        ("portfolio:hhi", "share of the five largest"),
    ],
)
def test_tails_and_concentration_say_how_others_read_them(desk, what, other):
    found = passports.passport(desk, what)
    named = [row for row in found["readings"] if other in row["convention"]]
    assert found["record"]["value"] is not None
    assert named
    assert found["readings"][0]["value"] == pytest.approx(found["record"]["value"])
    assert all(found["versions"].values())
