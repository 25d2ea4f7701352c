"""The queue: the job table is the truth, huey wakes the worker and keeps the clock."""

import logging
import os
import socket
import threading
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from huey import Huey, RedisHuey, SqliteHuey, crontab
from huey.exceptions import HueyException
from redis.exceptions import RedisError
from sqlalchemy import select, update

from analytics.registry import modules
from app import jobs
from app.context import Context
from app.jobs import interrupted
from app.jobs._job import Job
from app.storage.records import people
from app.storage.records._base import new_id, now
from app.storage.records.jobs import Heartbeat
from app.storage.records.jobs import Job as JobRecord

HEARTBEAT_S = 5
LOST_AFTER = timedelta(seconds=60)
log = logging.getLogger(__name__)


def kinds() -> dict[str, Job]:
    """Return every job by kind: each public module of ``app/jobs`` that declares ``JOB``."""
    found = [module.JOB for module in modules(jobs) if hasattr(module, "JOB")]
    return {job.kind: job for job in found}


class JobQueue:
    """Jobs of one installation: put in by any process, done by the worker."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._huey = _open(context, "quarterdeck")
        self._task = self._huey.task(name="work")(self._work)
        self._quick = _open(context, "quarterdeck-quick")
        self._quick_task = self._quick.task(name="work")(self._work)

    def put(
        self,
        org: str,
        kind: str,
        params: Mapping[str, Any] | None = None,
        *,
        once: bool = False,
        key: str | None = None,
    ) -> str:
        """Queue a job and return its id.

        Args:
            org: Whose.
            kind: Of job.
            params: For it.
            once: A waiting job of the same kind serves for both.
            key: A job of the same kind and key that has not failed serves for both, done or not.
        """
        with self._context.database.session(None, write=True) as session:
            if key is not None:
                same = select(JobRecord.id).where(
                    JobRecord.org == org,
                    JobRecord.kind == kind,
                    JobRecord.unique_key == key,
                    JobRecord.state != "failed",
                )
                kept = session.scalar(same.limit(1))
                if kept is not None:
                    return str(kept)
            if once:
                waiting = select(JobRecord.id).where(
                    JobRecord.org == org, JobRecord.kind == kind, JobRecord.state == "queued"
                )
                found = session.scalar(waiting.limit(1))
                if found is not None:
                    return str(found)
            job_id = new_id("job")
            session.add(JobRecord(id=job_id, org=org, kind=kind, params=dict(params or {}), unique_key=key))
        self._wake(job_id, kind)
        return job_id

    def consume(self) -> None:
        """Work until a signal says stop."""
        stop = threading.Event()
        threading.Thread(target=self._beat, args=(stop,), daemon=True).start()
        self._huey.periodic_task(crontab(), name="minute")(self._minute)
        self._huey.periodic_task(crontab(minute="0"), name="hour")(self._hour)
        self._minute()
        # First: whoever starts last receives the signals, and ends the other.
        quick = self._quick.create_consumer(
            workers=1, worker_type="thread", periodic=False, initial_delay=0.1
        )
        quick.start()
        try:
            self._huey.create_consumer(
                workers=2, worker_type="thread", periodic=True, initial_delay=0.1
            ).run()
        finally:
            quick.stop(graceful=True)
            stop.set()

    def _wake(self, job_id: str, kind: str) -> None:
        """Tell the worker. A queue that is gone loses nothing: the minute's sweep finds the job in its table."""
        try:
            self._of(kind)(job_id)
        except (HueyException, RedisError, OSError) as error:
            log.warning("the worker could not be told of job %s: %s", job_id, type(error).__name__)

    def _of(self, kind: str) -> Any:
        job = kinds().get(kind)
        return self._quick_task if job is not None and job.quick else self._task

    # --- the worker's side -------------------------------------------------------------------------
    def _work(self, job_id: str) -> None:
        record = self._claim(job_id)
        if record is None:
            return
        job = kinds()[record.kind]
        done = threading.Event()
        threading.Thread(target=self._keep_alive, args=(job_id, done), daemon=True).start()
        try:
            result = job.run(self._context, record.org or "", record.params or {})
        except Exception as error:
            log.exception("job %s %s failed", record.kind, job_id)
            self._failed(record, job, f"{type(error).__name__}: {error}")
        else:
            self._finish(job_id, state="done", result=result if isinstance(result, dict) else None)
            log.info("job %s of %s done", record.kind, record.org)
        finally:
            done.set()

    def _claim(self, job_id: str) -> JobRecord | None:
        """Take a queued job; of several workers one wins the conditional update."""
        with self._context.database.session(None, write=True) as session:
            taken = session.execute(
                update(JobRecord)
                .where(JobRecord.id == job_id, JobRecord.state == "queued")
                .values(
                    state="running", started_at=now(), heartbeat_at=now(), attempts=JobRecord.attempts + 1
                )
            )
            return session.get(JobRecord, job_id) if getattr(taken, "rowcount", 0) else None

    def _failed(self, record: JobRecord, job: Job, error: str) -> None:
        if record.attempts >= job.attempts:
            self._finish(record.id, state="failed", error=error)
            return
        self._finish(record.id, state="queued", error=error)
        try:
            self._of(record.kind).schedule(args=(record.id,), delay=10 * 4 ** (record.attempts - 1))
        except (HueyException, RedisError, OSError) as error_now:
            log.warning("job %s waits for the minute's sweep: %s", record.id, type(error_now).__name__)

    def _finish(self, job_id: str, **values: Any) -> None:
        with self._context.database.session(None, write=True) as session:
            session.execute(
                update(JobRecord).where(JobRecord.id == job_id).values(finished_at=now(), **values)
            )

    def _keep_alive(self, job_id: str, done: threading.Event) -> None:
        while not done.wait(HEARTBEAT_S):
            with self._context.database.session(None, write=True) as session:
                session.execute(update(JobRecord).where(JobRecord.id == job_id).values(heartbeat_at=now()))

    def _beat(self, stop: threading.Event) -> None:
        name = f"worker:{socket.gethostname()}:{os.getpid()}"
        while True:
            try:
                with self._context.database.session(None, write=True) as session:
                    session.merge(Heartbeat(process=name, kind="worker", at=now()))
            except Exception:
                log.exception("the worker's heartbeat could not be written")
            if stop.wait(HEARTBEAT_S):
                return

    def _minute(self) -> None:
        self._requeue_lost()
        interrupted.recover(self._context)
        for org in self._organisations():
            for job in kinds().values():
                if job.every_minute and (job.due is None or job.due(self._context, org)):
                    self.put(org, job.kind, once=True)

    def _hour(self) -> None:
        hour = now().hour
        for org in self._organisations():
            for job in kinds().values():
                if job.hour == hour:
                    self.put(org, job.kind, once=True)

    def _requeue_lost(self) -> None:
        """Queue again what a dead worker left, and wake what waits (huey forgets with a lost queue file)."""
        with self._context.database.session(None, write=True) as session:
            lost = (JobRecord.state == "running") & (JobRecord.heartbeat_at < now() - LOST_AFTER)
            session.execute(update(JobRecord).where(lost).values(state="queued"))
            stale = select(JobRecord.id, JobRecord.kind).where(
                JobRecord.state == "queued", JobRecord.created_at < now() - LOST_AFTER
            )
            waiting = [(row[0], row[1]) for row in session.execute(stale)]
        for job_id, kind in waiting:
            self._wake(job_id, kind)

    def _organisations(self) -> list[str]:
        with self._context.database.session(None) as session:
            query = select(people.Organisation.slug).where(people.Organisation.disabled.is_(False))
            return list(session.scalars(query))


def _open(context: Context, name: str) -> Huey:
    settings = context.settings
    if settings.redis_url:
        # A store that hangs must not hold a request: longer than huey's own blocking read of a second.
        patience = "socket_connect_timeout=1&socket_timeout=5"
        url = f"{settings.redis_url}{'&' if '?' in settings.redis_url else '?'}{patience}"
        return RedisHuey(name, url=url, results=False)
    settings.root.mkdir(parents=True, exist_ok=True, mode=0o700)
    return SqliteHuey(name, filename=str(settings.root / "queue.db"), results=False)
