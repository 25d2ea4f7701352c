"""Forks processes that import files through the real job until they die at a given point; run as a module.

One order a line: ``<name> call <n>`` dies by its own hand at its n-th call into the app's code, the same
point each time; ``<name> clock <ms>`` is killed from outside; ``<name> count 0`` lives and tells its calls.
"""

import os
import random
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

from analytics.datasets import EXECUTIONS
from app.actions._roles import console
from app.config import Settings
from app.context import Context
from app.jobs import derive, ingest  # noqa: F401 - imported before the fork, so that a child starts in no time
from app.jobs.flush import flush
from app.sources import _child, _worker
from tests.app.storage._lakes import fills
from tests.faults._files import KINDS

ROOT = str(Path(ingest.__file__).parents[1])
LIVE = 25
ROUNDS = 1


def say(*words):
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def upload(home, kind, name):
    """Write a file of this kind, and say how it is imported; odd ones carry a key for retries."""
    make, dataset, how = KINDS[kind]
    path = home / "files" / f"{kind}.{name}"
    path.write_text(make(name))
    key = path.name if int(name[-1]) % 2 else None
    zone = "UTC" if how == "fix" else None
    return ingest.Upload(
        path=path, filename=path.name, dataset=dataset, format=how, zone=zone, idempotency_key=key
    )


def work(home, victim):
    """Import files of every kind; log live rows in between and move them to Delta."""
    context = Context.open(Settings(home=home, secret_key="k" * 40))
    dice = random.Random(victim)
    for number in range(ROUNDS):
        for kind in dice.sample(sorted(KINDS), 2):
            result = ingest.run(context, console("acme"), upload(home, kind, f"{victim}-{number}"))
            say("acknowledged", result.import_id, result.accepted)
            live = f"live.{kind}.{victim}-{number}"
            context.lake.log("acme", EXECUTIONS, fills(*(f"{live}-{n}" for n in range(LIVE))), import_id=live)
            say("acknowledged", live, LIVE)
            if dice.random() < 0.6:
                flush(context, "acme")


def child(home, victim, limit):
    calls = 0

    def count(frame, event, _):
        nonlocal calls
        if event == "call" and frame.f_code.co_filename.startswith(ROOT):
            calls += 1
            if calls == limit:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(count)
    work(home, victim)
    sys.setprofile(None)
    say("calls", calls)


def reader():
    """Fork the reading child that the next victim finds warm, as it would in a server.

    What it needs is imported here already; a hundred that start anew would each import it again.
    """
    orders, ours = os.pipe()
    theirs, answers = os.pipe()
    pid = os.fork()
    if not pid:
        os.setsid()
        for end, place in ((orders, 0), (answers, 1), (os.open(os.devnull, os.O_WRONLY), 2)):
            os.dup2(end, place)
        os.closerange(3, 256)
        os.environ["POLARS_MAX_THREADS"] = "2"
        sys.stdin, sys.argv = os.fdopen(0, closefd=False), ["reader", str(_child.MEMORY)]
        _worker.main()
        os._exit(0)
    for end in (orders, answers):
        os.close(end)
    return SimpleNamespace(
        pid=pid,
        stdin=os.fdopen(ours, "wb"),
        stdout=os.fdopen(theirs, "rb"),
        poll=lambda: None,  # the victim is not its parent and cannot ask
        kill=lambda: os.kill(pid, signal.SIGKILL),
        wait=lambda timeout=None: _waited(pid),
    )


def _waited(pid):
    with suppress(ChildProcessError):  # a victim asks, whose child it is not
        os.waitpid(pid, 0)


def main(home):
    spare = reader()
    for line in sys.stdin:
        name, how, amount = line.split()
        _child._POOL._process, _child._POOL._memory = spare, _child.MEMORY
        pid = os.fork()
        if not pid:
            child(home, name, int(amount) if how == "call" else 0)
            os._exit(0)
        used, spare = spare, reader()
        if how == "clock":
            time.sleep(int(amount) / 1000)
            os.kill(pid, signal.SIGKILL)
        status = os.waitpid(pid, 0)[1]
        for pipe in (used.stdin, used.stdout):
            pipe.close()
        os.kill(used.pid, signal.SIGKILL)
        used.wait()
        say("dead", os.waitstatus_to_exitcode(status))
    os.kill(spare.pid, signal.SIGKILL)
    spare.wait()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
