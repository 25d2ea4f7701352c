"""The schema: one head, equal to the models, safe to upgrade."""

import threading

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from app.errors import BadSettings, QuarterdeckError, Unavailable
from app.storage import schema
from app.storage.database import Database
from app.storage.records._base import Base


def test_the_migrations_make_exactly_what_the_models_say(database):
    with database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_a_second_upgrade_changes_nothing(database):
    schema.upgrade(database)
    schema.check(database)


def test_an_empty_database_is_not_served(tmp_path):
    with pytest.raises(BadSettings, match="schema none"):
        schema.check(Database(f"sqlite:///{tmp_path}/new.db"))


@pytest.mark.parametrize("act", [schema.check, schema.upgrade])
def test_records_of_a_newer_release_are_refused(sqlite_database, act):
    with sqlite_database.engine.connect() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        connection.commit()
    with pytest.raises(BadSettings, match="newer release"):
        act(sqlite_database)


def test_an_upgrade_that_dies_half_way_leaves_nothing_and_can_run_again(tmp_path, monkeypatch):
    database = Database(f"sqlite:///{tmp_path}/new.db")
    whole = command.upgrade

    def dies(*args):
        whole(*args)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(command, "upgrade", dies)
        with pytest.raises(KeyboardInterrupt):
            schema.upgrade(database)
    assert inspect(database.engine).get_table_names() == []
    schema.upgrade(database)
    schema.check(database)


def test_processes_that_start_together_upgrade_once(tmp_path):
    errors = []

    def start():
        try:
            schema.upgrade(Database(f"sqlite:///{tmp_path}/new.db"))
        except QuarterdeckError as error:
            errors.append(error)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    schema.check(Database(f"sqlite:///{tmp_path}/new.db"))


def test_a_database_that_is_gone_is_said_to_be_unavailable():
    with pytest.raises(Unavailable):
        schema.check(Database("postgresql+psycopg://nobody@127.0.0.1:1/none"))
