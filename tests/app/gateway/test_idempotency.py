"""A write sent twice under one key is done once."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import update

from app.gateway import idempotency
from app.storage.records._base import now
from app.storage.records.replies import Reply
from tests.app.gateway.kit import HOST, WRITES


@pytest.fixture(autouse=True)
def fresh():
    WRITES.clear()


def write(client, key, amount=1, **more):
    headers = HOST | ({} if key is None else {"Idempotency-Key": key})
    return client.post("/api/things/write", json={"amount": amount}, headers=headers, **more)


def test_the_second_try_gets_the_first_answer(house):
    client = house.client("compliance@alpha.example")
    first, second = write(client, "k1"), write(client, "k1")
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.data == second.data
    assert second.headers["Idempotent-Replayed"] == "true"
    assert WRITES == [1]


def test_without_a_key_each_is_done(house):
    client = house.client("compliance@alpha.example")
    write(client, None)
    write(client, None)
    assert WRITES == [1, 1]


def test_the_same_key_for_another_payload_is_refused(house):
    client = house.client("compliance@alpha.example")
    write(client, "k1")
    response = write(client, "k1", 2)
    assert (response.status_code, response.json["errors"][0]["field"]) == (422, "Idempotency-Key")
    assert WRITES == [1]


def test_keys_of_other_people_and_organisations_are_others(house):
    for email, org in (
        ("compliance@alpha.example", "alpha"),
        ("trader@alpha.example", "alpha"),
        ("compliance@beta.example", "beta"),
    ):
        response = write(house.client(email, org=org), "k1")
        assert (response.status_code, "Idempotent-Replayed" in response.headers) == (201, False)
    assert len(WRITES) == 3


def test_while_the_first_runs_the_second_is_told_so(house):
    client = house.client("compliance@alpha.example")
    write(client, "k1")
    set_reply(house, status=None)
    response = write(client, "k1")
    assert (response.status_code, response.mimetype) == (409, "application/problem+json")
    assert WRITES == [1]


def test_a_key_whose_holder_died_is_free_again(house):
    client = house.client("compliance@alpha.example")
    write(client, "k1")
    set_reply(house, status=None, created_at=now() - timedelta(minutes=6))
    assert write(client, "k1").status_code == 201
    assert WRITES == [1, 1]


def test_a_refusal_is_replayed_but_a_fault_of_ours_may_be_tried_again(house):
    client = house.client("compliance@alpha.example")
    assert [write(client, "bad", 422).status_code for _ in range(2)] == [422, 422]
    assert [write(client, "down", 500).status_code for _ in range(2)] == [503, 503]
    assert WRITES == [422, 500, 500]


def test_answers_are_forgotten_after_a_day(house):
    client = house.client("compliance@alpha.example")
    write(client, "k1")
    set_reply(house, created_at=now() - idempotency.KEPT - timedelta(seconds=1))
    write(client, "k1")
    assert WRITES == [1, 1]


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb"])
def test_what_is_no_key_is_refused(house, key):
    assert write(house.client("compliance@alpha.example"), key).status_code == 422
    assert WRITES == []


def test_the_role_is_checked_before_an_answer_is_replayed(house):
    assert write(house.client("admin@alpha.example"), "k1").status_code == 403


def test_many_at_once_are_done_once(house):
    clients = [house.client("compliance@alpha.example") for _ in range(8)]
    codes = []
    threads = [
        threading.Thread(target=lambda c=client: codes.append(write(c, "k1").status_code))
        for client in clients
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert WRITES == [1]
    assert set(codes) <= {201, 409}


def set_reply(house, **values):
    with house.context.database.session("alpha", write=True) as session:
        session.execute(update(Reply).values(**values))
