"""Change counters move with the transaction that changes something."""

import threading

import pytest

from app.errors import Forbidden, Unavailable
from app.storage.database import Database
from app.storage.records.counters import bump, version_of, versions_of


def version(database, org="acme", name="alerts"):
    with database.session(org) as session:
        return version_of(session, org, name)


def test_a_counter_moves_once_a_transaction_and_only_its_own(database):
    assert version(database) == 0
    for _ in range(2):
        with database.session("acme", write=True) as session:
            bump(session, "acme", "alerts")
            bump(session, "acme", "alerts")
    assert [version(database), version(database, name="lists"), version(database, "zenith")] == [2, 0, 0]


def test_all_counters_of_a_firm_at_once_are_the_committed_ones(database):
    with database.session("acme", write=True) as session:
        bump(session, "acme", "alerts")
        bump(session, "acme", "lists")
    with database.session("zenith", write=True) as session:
        bump(session, "zenith", "models")
    with database.session("acme", write=True) as session:
        bump(session, "acme", "alerts")
        assert versions_of(database, "acme") == {"alerts": 1, "lists": 1}
    assert versions_of(database, "acme") == {"alerts": 2, "lists": 1}


def test_counters_that_cannot_be_read_are_unavailable(tmp_path):
    with pytest.raises(Unavailable):
        versions_of(Database(f"sqlite:///{tmp_path / 'nowhere' / 'records.db'}"), "acme")


def test_the_transaction_sees_its_own_change(database):
    with database.session("acme", write=True) as session:
        bump(session, "acme", "alerts")
        assert version_of(session, "acme", "alerts") == 1


def test_a_change_that_is_taken_back_does_not_count(database):
    def fails():
        with database.session("acme", write=True) as session:
            bump(session, "acme", "alerts")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert version(database) == 0


def test_the_counter_of_another_firm_is_not_moved(database):
    with pytest.raises(Forbidden), database.session("acme", write=True) as session:
        bump(session, "zenith", "alerts")
    assert version(database, "zenith") == 0


def test_transactions_that_name_the_sets_in_another_order_do_not_wait_for_one_another(database):
    def work(names):
        for _ in range(15):
            with database.session("acme", write=True) as session:
                for name in names:
                    bump(session, "acme", name)

    names = ["alerts", "insights", "lists"]
    threads = [threading.Thread(target=work, args=(order,)) for order in (names, names[::-1], names)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [version(database, name=name) for name in names] == [45, 45, 45]
