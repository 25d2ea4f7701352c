"""``serve`` and ``worker``: the processes of an installation."""

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from app.context import Context
from app.gateway.limits import check_workers
from app.observability import logs
from app.storage import schema

ROOT = Path(__file__).resolve().parents[2]
GRACE_S = 30
DRAIN_S = 2.0  # how long readiness is false before the listener closes: two probe periods of a proxy


def add(subparsers: Any) -> None:
    """Register the commands."""
    serve = subparsers.add_parser("serve", help="start the web server and the worker beside it")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=8050)
    serve.add_argument("--workers", type=int, default=1, help="web processes; more than one needs Redis")
    serve.add_argument("--threads", type=int, default=64, help="threads of a web process")
    serve.add_argument("--no-worker", action="store_true", help="do not start the worker process")
    serve.add_argument(
        "--demo", action="store_true", help="create the demo organisations when the home is empty"
    )
    serve.set_defaults(run=run_serve)
    worker = subparsers.add_parser("worker", help="run jobs: imports, surveillance, training, flushes")
    worker.set_defaults(run=run_worker)


def run_serve(args: argparse.Namespace, context: Context) -> int:
    """Start the processes, pass signals on, restart a worker that died."""
    check_workers(args.workers, context.settings)
    schema.upgrade(context.database)
    context.check()
    if args.demo:
        from app.commands.demo import ensure_demo

        ensure_demo(context)
    context.database.close()
    return _Supervisor(args, context.settings.root).run()


def run_worker(_: argparse.Namespace, context: Context) -> int:
    """Run jobs until told to stop."""
    from app.jobs._queue import JobQueue

    logs.configure(context.settings.log_format)
    schema.upgrade(context.database)
    context.lake.recover()
    JobQueue(context).consume()
    return 0


def gunicorn_arguments(*, host: str, port: int, workers: int, threads: int) -> list[str]:
    """Return the server's command line.

    gthread with many threads: idle sockets and event streams hold a thread each, and 8 starve. No
    preload: a polars query before the fork would hang every child.
    """
    return [
        sys.executable, "-m", "gunicorn", "app.wsgi:server", "--chdir", str(ROOT),
        "--bind", f"{host}:{port}", "--worker-class", "gthread",
        "--workers", str(workers), "--threads", str(threads),
        "--timeout", "120", "--graceful-timeout", str(GRACE_S), "--keep-alive", "15",
        "--max-requests", "100000", "--max-requests-jitter", "20000",
        "--no-control-socket", "--log-level", "warning", "--worker-tmp-dir", "/dev/shm" if Path("/dev/shm").is_dir() else "/tmp",  # noqa: S108
    ]  # fmt: skip


class _Supervisor:
    """The web server and the worker as two children."""

    def __init__(self, args: argparse.Namespace, home: Path) -> None:
        self._args = args
        self._draining = home / "run" / "draining"
        self._stop = False
        self._web: subprocess.Popen[bytes] | None = None
        self._worker: subprocess.Popen[bytes] | None = None

    def run(self) -> int:
        self._draining.parent.mkdir(parents=True, exist_ok=True)
        self._draining.unlink(missing_ok=True)
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, self._asked_to_stop)
        env = dict(os.environ, POLARS_MAX_THREADS=str(max(1, (os.cpu_count() or 1) // self._args.workers)))
        self._web = self._start(
            gunicorn_arguments(
                host=self._args.host,
                port=self._args.port,
                workers=self._args.workers,
                threads=self._args.threads,
            ),
            env,
        )
        print(f"Quarterdeck on http://{self._args.host}:{self._args.port} (Ctrl+C stops it)", flush=True)
        code = self._watch(env)
        self._draining.unlink(missing_ok=True)
        return code

    def _watch(self, env: dict[str, str]) -> int:
        assert self._web is not None
        started, delay = 0.0, 1.0
        while not self._stop:
            if self._web.poll() is not None:
                self._end(self._worker)
                return self._web.returncode or 1
            if not self._args.no_worker and (self._worker is None or self._worker.poll() is not None):
                # Back off when it dies young, so that a broken worker does not eat a core.
                delay = 1.0 if time.monotonic() - started > 60 else min(delay * 2, 60)
                if self._worker is None or time.monotonic() - started > delay:
                    self._worker = self._start([sys.executable, str(ROOT / "app.py"), "worker"], env)
                    started = time.monotonic()
            time.sleep(0.5)
        # Readiness first: a proxy stops sending before the listener closes.
        self._draining.touch()
        time.sleep(DRAIN_S)
        self._end(self._web)
        self._end(self._worker)
        return 0

    def _start(self, command: Sequence[str], env: dict[str, str]) -> "subprocess.Popen[bytes]":
        # Own sessions: Ctrl+C reaches only the supervisor, which then stops them in order.
        return subprocess.Popen(command, cwd=ROOT, env=env, start_new_session=True)

    def _end(self, child: "subprocess.Popen[bytes] | None") -> None:
        if child is None or child.poll() is not None:
            return
        child.terminate()
        try:
            child.wait(GRACE_S + 5)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()

    def _asked_to_stop(self, _: int, __: FrameType | None) -> None:
        self._stop = True
