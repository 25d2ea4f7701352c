"""Train the models of several firms, helped by a second process that begins while the next firm is made."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from analytics.models._base import Model
from app.context import Context

_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class _Piece:
    """One model of one firm. ``done``: whether the helper has trained it."""

    slug: str
    model: str
    once: bool  # the helper keeps what the first firm taught
    done: "Future[bool]"


class Training:
    """Models learn one after the other; ``helped``, a second process takes them from the other end.

    The helper starts with the first firm and goes on while others are made. What it has not come to when
    ``finish`` is called, or could not do, the caller does: the outcome is the same, whoever came first.
    """

    def __init__(self, context: Context, *, helped: bool) -> None:
        self._context = context
        self._helper = _Helper(context) if helped and (os.cpu_count() or 1) > 1 else None
        self._pieces: list[_Piece] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._helper is not None:
            self._helper.close()

    def begin(self, slug: str) -> None:
        """Let the models of a firm learn whose data are all there."""
        from analytics.models._base import all_models

        known = sorted(all_models().values(), key=lambda kind: not _is_brought(kind))
        for kind in known:
            done = _nobody() if self._helper is None else self._helper.ask(slug, kind.name)
            self._pieces.append(_Piece(slug, kind.name, _is_brought(kind), done))

    def finish(self) -> None:
        """Train what is left; returns when every model of every firm has learnt."""
        from app.jobs.train import train

        for piece in reversed(self._pieces):
            if not piece.once and piece.done.cancel():
                train(self._context, piece.slug, model=piece.model)
        for piece in self._pieces:
            if not piece.done.cancelled() and not piece.done.result():
                train(self._context, piece.slug, model=piece.model)
        self._pieces.clear()


def _is_brought(kind: type[Model]) -> bool:
    """Whether firms share what a model learns from: tables that come with the product are among them."""
    from app.jobs._model_tables import made

    return any(name in made() and made()[name].shipped for name in kind.inputs)


def _nobody() -> "Future[bool]":
    done: Future[bool] = Future()
    done.set_result(False)
    return done


class _Helper:
    """A fresh interpreter that trains what it is asked: one line of JSON each way. It ends with its parent."""

    def __init__(self, context: Context) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "app.demo._trainer"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,  # nothing is left to be said when it is gone
            cwd=_ROOT,
            env=os.environ | {"PYTHONPATH": str(_ROOT)},
            start_new_session=True,  # Ctrl+C reaches the parent, which then ends it
        )
        self._thread = ThreadPoolExecutor(1)
        self._thread.submit(self._say, json.loads(context.settings.model_dump_json()))

    def ask(self, slug: str, model: str) -> "Future[bool]":
        """Return whether it was trained, as soon as it is known; may be cancelled until it begins."""
        return self._thread.submit(self._say, {"slug": slug, "model": model})

    def close(self) -> None:
        """End it, whatever it does."""
        self._thread.shutdown(wait=False, cancel_futures=True)
        self._process.kill()
        self._process.wait()
        self._thread.shutdown()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()

    def _say(self, words: Mapping[str, Any]) -> bool:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        try:
            stdin.write(json.dumps(words).encode() + b"\n")
            stdin.flush()
            return stdout.readline() == b"done\n"
        except OSError:  # it has died, and has said why
            return False
