"""How it runs: settings, organisations, storage, doors, jobs. ``app.server`` is the WSGI server, built on first use."""

import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flask import Flask

    server: Flask

_lock = threading.Lock()


def __getattr__(name: str) -> Any:
    # Lazy (PEP 562), so that importing a room has no side effects yet `gunicorn app:server` works.
    if name != "server":
        raise AttributeError(f"module 'app' has no attribute {name!r}")
    with _lock:
        from app.wsgi import server

        return server
