"""A large answer is kept in parts."""

import os

import pytest

from app.config import Settings
from app.storage import cache_store
from app.storage.cache_store import Store


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setattr(cache_store, "MAX_ENTRY", 1000)
    monkeypatch.setattr(cache_store, "PART", 300)
    monkeypatch.setattr(cache_store, "MAX_VALUE", 5000)
    return Store.open(Settings(home=tmp_path, secret_key="only-for-tests-0123456789-abcdefgh"))


@pytest.mark.parametrize("size", [0, 999, 1000, 1001, 1200, 5000])
def test_every_size_comes_back_as_it_was(store, size):
    value = os.urandom(size)
    assert store.set("k", value)
    assert store.get("k") == value


def test_beyond_the_limit_nothing_is_kept(store):
    assert not store.set("k", os.urandom(5001))
    assert store.get("k") is None


def test_with_a_part_gone_there_is_no_answer(store):
    store.set("k", os.urandom(1500))
    store.delete("k-3")
    assert store.get("k") is None


def test_parts_do_not_meet_those_of_another_answer(store):
    first, second = os.urandom(1500), os.urandom(1600)
    store.set("a", first)
    store.set("b", second)
    assert (store.get("a"), store.get("b")) == (first, second)
