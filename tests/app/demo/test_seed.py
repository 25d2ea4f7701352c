"""The demo comes in through the import job, once, and production refuses it."""

import json

import polars as pl
import pytest
from sqlalchemy import select

from analytics.datasets import CASH_FLOWS, EXECUTIONS, ORDER_EVENTS, POSTS, PRICES
from app.actions import orgs, posts, users
from app.actions._roles import console
from app.config import Settings
from app.context import Context
from app.demo.seed import PASSWORD, complete, seed_demo
from app.errors import BadSettings, Conflict
from app.storage import schema
from app.storage.collect import collect
from app.storage.records.alerts import Alert
from tests.small_demo import DEMO_DAY, small_demo

pytestmark = pytest.mark.slow
SECRET = "x7Kq-0pLmZ3vB9sWnTyR4cUdHfJgQaEi"


def quiet(_):
    pass


def seed(installation, **changes):
    asked = {"seed": 7, "size": "small", "reset": False, "today": DEMO_DAY, "progress": quiet}
    return seed_demo(installation, **asked | changes)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return small_demo(tmp_path_factory.mktemp("demo") / "home", tmp_path_factory)


@pytest.fixture(scope="module")
def installation(made):
    opened, _ = made
    yield opened
    opened.database.close()


@pytest.fixture(scope="module")
def seeded(made):
    return made[1]


def test_both_firms_come_in_whole(installation, seeded, firms):
    for slug, firm in firms.items():
        assert seeded.rows[slug] == {name: frame.height for name, frame in firm.files.items()}
        assert complete(orgs.find(installation.database, slug))


@pytest.mark.parametrize(
    "dataset", [CASH_FLOWS, EXECUTIONS, ORDER_EVENTS, POSTS, PRICES], ids=lambda d: d.name
)
def test_what_was_generated_comes_back_to_the_last_digit(installation, seeded, firm, dataset):
    # What its people wrote here went by the actions of everybody's, not by a file.
    brought_in = installation.lake.scan(firm.slug, dataset).filter(pl.col("import_id") != posts.IMPORT_ID)
    stored = collect(brought_in.select(list(dataset.columns)))
    assert stored.sort(dataset.key).equals(firm.files[dataset.name].sort(dataset.key))


def test_planted_scenarios_are_alerts_of_the_organisation(installation, seeded, firm):
    with installation.database.session(firm.slug) as session:
        found = [set(alert.evidence["order_ids"]) for alert in session.scalars(select(Alert))]
    known = {"wash_trade", "restricted_list", "fat_finger"}
    planted = [set(label.order_ids) for label in firm.labels if label.abuse and label.pattern in known]
    assert all(any(orders & hit for hit in found) for orders in planted)


def test_one_person_of_each_role_can_sign_in(installation, seeded):
    roles = {"trader", "portfolio_manager", "risk", "compliance", "auditor", "admin"}
    assert {(who.organisation, who.role) for who in seeded.sign_ins} == {
        (name, role) for name in ("Halyard Capital", "Meridian Partners") for role in roles
    }
    people = users.every(installation.database, console("halyard"))
    narrowed = {user.role: user.desks for user in people}
    assert narrowed["trader"] == ["client-execution"]
    assert narrowed["compliance"] is None
    assert seeded.password == PASSWORD


def test_labels_are_kept_beside_the_data_and_not_in_it(installation, seeded, firms):
    folder = installation.settings.root / "demo" / "labels"
    kept = json.loads((folder / "halyard.json").read_text())
    assert [label["label_id"] for label in kept] == [label.label_id for label in firms["halyard"].labels]


def test_a_second_run_changes_nothing(installation, seeded):
    again = seed(installation)
    assert set(again.skipped) == {"halyard", "meridian"}
    assert again.rows == {}
    assert again.sign_ins == seeded.sign_ins


def test_production_refuses_the_demo(tmp_path):
    settings = Settings.load(home=tmp_path, mode="production", secret_key=SECRET)
    with pytest.raises(BadSettings, match="production"):
        seed(Context.open(settings))


def test_a_real_organisation_of_that_name_is_left_alone(tmp_path):
    installation = Context.open(Settings.load(home=tmp_path))
    schema.upgrade(installation.database)
    orgs.create(installation.database, console("halyard"), slug="halyard", name="Halyard Shipping")
    with pytest.raises(Conflict, match="no demo"):
        seed(installation, reset=True)
    assert orgs.find(installation.database, "halyard").name == "Halyard Shipping"
