"""Jobs are done once by one worker, again when it dies, and are not lost with the queue."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app.jobs import _queue
from app.jobs._job import Job
from app.jobs._queue import JobQueue
from app.storage.records._base import now
from app.storage.records.jobs import Job as JobRecord
from tests.world import open_context


@pytest.fixture
def context(tmp_path):
    return open_context(tmp_path / "home")


@pytest.fixture
def done(monkeypatch):
    """A job that notes its runs, and one that fails."""
    runs = []
    jobs = {
        "note": Job("note", "Note", lambda _, org, params: runs.append((org, dict(params)))),
        "fail": Job("fail", "Fail", lambda *_: 1 / 0, attempts=2),
    }
    monkeypatch.setattr(_queue, "kinds", lambda: jobs)
    return runs


def record(context, job_id) -> JobRecord:
    with context.database.session(None) as session:
        return session.get_one(JobRecord, job_id)


def test_a_job_runs_once_however_often_the_worker_is_woken(context, done):
    queue = JobQueue(context)
    job_id = queue.put("acme", "note", {"n": 1})
    for _ in range(3):
        queue._work(job_id)
    assert done == [("acme", {"n": 1})]
    assert (record(context, job_id).state, record(context, job_id).attempts) == ("done", 1)


def test_a_waiting_job_serves_for_both(context, done):
    queue = JobQueue(context)
    assert queue.put("acme", "note", once=True) == queue.put("acme", "note", once=True)
    assert queue.put("zeta", "note", once=True) != queue.put("acme", "note", once=True)


def test_a_failing_job_is_tried_again_and_then_left_with_its_error(context, done):
    queue = JobQueue(context)
    job_id = queue.put("acme", "fail")
    queue._work(job_id)
    assert record(context, job_id).state == "queued"
    queue._work(job_id)
    assert (record(context, job_id).state, record(context, job_id).error) == (
        "failed",
        "ZeroDivisionError: division by zero",
    )


def test_the_job_of_a_dead_worker_is_queued_again(context, done):
    queue = JobQueue(context)
    job_id = queue.put("acme", "note")
    assert queue._claim(job_id) is not None
    with context.database.session(None, write=True) as session:
        session.execute(update(JobRecord).values(heartbeat_at=now() - timedelta(minutes=5)))
    queue._requeue_lost()
    assert record(context, job_id).state == "queued"
    queue._work(job_id)
    assert record(context, job_id).state == "done"


def test_a_queue_that_is_gone_loses_no_job(context, done, monkeypatch, caplog):
    queue = JobQueue(context)

    def gone(_):
        raise ConnectionError

    monkeypatch.setattr(queue, "_task", gone)
    job_id = queue.put("acme", "note")
    with context.database.session(None) as session:
        assert session.scalars(select(JobRecord.id)).all() == [job_id]
    assert job_id in caplog.text
    with context.database.session(None, write=True) as session:
        session.execute(update(JobRecord).values(created_at=now() - timedelta(minutes=5)))
    woken = []
    monkeypatch.setattr(queue, "_task", woken.append)
    queue._requeue_lost()
    assert woken == [job_id]
