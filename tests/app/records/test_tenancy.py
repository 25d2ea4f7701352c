"""A bound session neither reads nor writes another organisation's rows, whatever the model."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from sqlalchemy import (
    JSON,
    Boolean,
    Date,
    Float,
    Integer,
    LargeBinary,
    Numeric,
    String,
    delete,
    func,
    insert,
    inspect,
    select,
    update,
)

from app.actions.orgs import scoped_models
from app.errors import Forbidden
from app.storage.records._base import Instant, now
from app.storage.records.lists import ListEntry
from app.storage.records.people import User

MODELS = scoped_models()
over_all_models = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__tablename__)
_SAMPLES = {
    Instant: datetime(2026, 11, 20, tzinfo=UTC),
    Date: date(2026, 11, 20),
    JSON: {},
    Boolean: True,
    Float: 0.5,
    Numeric: Decimal(1),
    Integer: 7,
    LargeBinary: b"x",
    String: "x",
}


def sample(model, org, **values):
    """Return a record of ``model`` with a value in every column that needs one."""
    for column in inspect(model).columns:
        counted = column.primary_key and column.key == "id" and isinstance(column.type, Integer)
        if column.key not in values and not column.nullable and column.default is None and not counted:
            values[column.key] = next(v for kind, v in _SAMPLES.items() if isinstance(column.type, kind))
    return model(**values | {"org": org})


@pytest.fixture
def theirs(database):
    """Return a function that stores one record of a model for `zenith`."""

    def store(model):
        with database.session(None, write=True) as session:
            session.add(sample(model, "zenith"))

    return store


def rows_of(database, model, org):
    with database.session(None) as session:
        return session.scalar(select(func.count()).select_from(model).where(model.org == org))


@over_all_models
def test_a_stranger_finds_no_row(database, theirs, model):
    theirs(model)
    column = getattr(model, inspect(model).primary_key[-1].key)
    with database.session("acme") as session:
        assert session.scalars(select(model)).all() == []
        assert session.execute(select(column)).all() == []
        assert session.scalar(select(func.count()).select_from(model)) == 0
        assert session.scalars(select(model).where(model.org == "zenith")).all() == []
    with database.session("zenith") as session:
        assert len(session.scalars(select(model)).all()) == 1


@over_all_models
def test_a_stranger_cannot_get_a_row_by_its_key(database, theirs, model):
    theirs(model)
    with database.session(None) as session:
        key = inspect(session.scalars(select(model)).one()).identity
    with database.session("acme") as session:
        assert session.get(model, key) is None


@over_all_models
def test_a_stranger_changes_and_deletes_nothing(database, theirs, model):
    theirs(model)
    with database.session("acme", write=True) as session:
        assert session.execute(delete(model)).rowcount == 0
    assert rows_of(database, model, "zenith") == 1


@over_all_models
def test_a_stranger_cannot_add_a_row_to_another_firm(database, model):
    with pytest.raises(Forbidden), database.session("acme", write=True) as session:
        session.add(sample(model, "zenith"))
    assert rows_of(database, model, "zenith") == 0


@over_all_models
def test_a_stranger_cannot_insert_in_bulk_into_another_firm(database, model):
    made = sample(model, "zenith")
    values = {k: v for k, v in vars(made).items() if not k.startswith("_")}
    with pytest.raises(Forbidden), database.session("acme", write=True) as session:
        session.execute(insert(model).values(**values))
    with pytest.raises(Forbidden), database.session("acme", write=True) as session:
        session.execute(insert(model), [values])
    assert rows_of(database, model, "zenith") == 0


@over_all_models
def test_a_bare_table_is_not_read_because_it_would_not_be_narrowed(database, model):
    for statement in (
        select(model.__table__),
        select(inspect(model).primary_key[0]),
        delete(model.__table__),
    ):
        with pytest.raises(Forbidden), database.session("acme") as session:
            session.execute(statement)


def test_a_row_cannot_be_handed_over_to_another_firm(database):
    with database.session("acme", write=True) as session:
        session.add(sample(ListEntry, None))
    with pytest.raises(Forbidden), database.session("acme", write=True) as session:
        session.execute(update(ListEntry).values(org="zenith"))
    with pytest.raises(Forbidden), database.session("acme", write=True) as session:
        session.scalars(select(ListEntry)).one().org = "zenith"
    assert rows_of(database, ListEntry, "zenith") == 0


def test_a_new_row_belongs_to_the_sessions_firm(database):
    with database.session("acme", write=True) as session:
        session.add(sample(ListEntry, None))
    assert rows_of(database, ListEntry, "acme") == 1


def test_two_firms_may_have_the_same_address(database):
    for org in ("acme", "zenith"):
        with database.session(org, write=True) as session:
            session.add(User(org=org, email="jane@mail.com", name="Jane", role="trader"))
    assert [rows_of(database, User, org) for org in ("acme", "zenith")] == [1, 1]


def test_instants_come_back_in_utc(database):
    at = now()
    with database.session("acme", write=True) as session:
        session.add(sample(ListEntry, "acme", valid_from=at))
    with database.session("acme") as session:
        found = session.scalars(select(ListEntry)).one().valid_from
    assert (found, found.tzinfo) == (at, UTC)


def test_a_time_without_a_zone_is_not_stored(database):
    with pytest.raises(Exception, match="naive time"), database.session("acme", write=True) as session:
        session.add(sample(ListEntry, "acme", valid_from=datetime(2026, 11, 20)))  # noqa: DTZ001
