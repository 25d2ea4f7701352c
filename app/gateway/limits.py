"""How much one caller and one organisation may ask: exact over all workers, and kept when Redis is gone."""

import hashlib
import logging
import time
from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, current_app, g, request
from flask_limiter import ApplicationLimit, Limiter
from redis.exceptions import RedisError

from app.config import Settings
from app.errors import BadSettings
from app.gateway.paths import is_probe, is_static

log = logging.getLogger(__name__)

EXTENSION = "quarterdeck_limiter"
REDIS_TIMEOUT = 0.2  # seconds; afterwards counting goes on in memory


@dataclass(frozen=True)
class Budgets:
    """What is allowed, in the words of the ``limits`` package. Unknown paths and refusals count too."""

    caller: str = "6000 per minute"  # one key, or one person's sessions
    organisation: str = "18000 per minute"  # all keys and people of a firm together
    anonymous: str = "3000 per minute"  # one address that has not signed in
    sign_in: str = "10 per 5 minutes"  # failures of one address for one email
    sign_in_address: str = "30 per 5 minutes"  # failures of one address, whoever it names
    export: str = "60 per minute"  # one organisation
    ingest: str = "600 per minute"  # one organisation


def check_workers(workers: int, settings: Settings) -> None:
    """Refuse more than one web process without a store they share.

    Raises:
        BadSettings: With the reason: each process would count on its own, so that the limits would
            silently be a multiple of what they say.
    """
    if workers < 1:
        raise BadSettings(f"{workers} web workers: at least one is needed.")
    if workers > 1 and not settings.redis_url:
        raise BadSettings(
            f"{workers} web workers need QUARTERDECK_REDIS_URL: without a shared store each would count "
            f"requests on its own and let {workers} times the limit through. "
            "Use one worker with more threads, or set Redis."
        )


def install(server: Flask, settings: Settings, budgets: Budgets) -> Limiter:
    """Count every request from here on; call between the hook that identifies and the one that refuses."""
    options: dict[str, Any] = (
        {"socket_timeout": REDIS_TIMEOUT, "socket_connect_timeout": REDIS_TIMEOUT}
        if settings.redis_url
        else {}
    )
    limiter = Limiter(
        _caller,
        application_limits=[
            ApplicationLimit(budgets.caller, key_function=_caller, scope="caller", exempt_when=_anonymous),
            ApplicationLimit(
                budgets.organisation, key_function=_organisation, scope="organisation", exempt_when=_anonymous
            ),
            ApplicationLimit(budgets.anonymous, key_function=_address, scope="address", exempt_when=_known),
            ApplicationLimit(
                budgets.sign_in,
                key_function=_person,
                scope="sign-in",
                exempt_when=_no_sign_in,
                deduct_when=_refused,
            ),
            ApplicationLimit(
                budgets.sign_in_address,
                key_function=_address,
                scope="sign-in-address",
                exempt_when=_no_sign_in,
                deduct_when=_refused,
            ),
            ApplicationLimit(
                budgets.export, key_function=_organisation, scope="export", exempt_when=_no_export
            ),
            ApplicationLimit(
                budgets.ingest, key_function=_organisation, scope="ingest", exempt_when=_no_ingest
            ),
        ],
        strategy="sliding-window-counter",
        storage_uri=settings.redis_url or "memory://",
        storage_options=options,
        in_memory_fallback_enabled=True,
        swallow_errors=False,  # swallowing would open the door when Redis is gone
        headers_enabled=False,  # its own say `X-RateLimit-*` and send Retry-After on every answer
        request_identifier=lambda: "all",  # without an endpoint it would let unknown paths through uncounted
        key_prefix="qd",
    )
    limiter.request_filter(_free)
    limiter.init_app(server)
    server.extensions[EXTENSION] = limiter
    return limiter


def add_headers(response: Response) -> Response:
    """Say how much is left: seconds in ``RateLimit-Reset``, and in ``Retry-After`` on a refusal."""
    limiter: Limiter | None = current_app.extensions.get(EXTENSION)
    found = limiter.current_limit if limiter is not None else None
    if found is None:
        return response
    try:
        seconds = max(0, int(found.reset_at - time.time()) + 1)
        response.headers["RateLimit-Limit"] = str(found.limit.amount)
        response.headers["RateLimit-Remaining"] = str(max(0, found.remaining))
        response.headers["RateLimit-Reset"] = str(seconds)
    except (RedisError, OSError) as error:
        log.warning("limit headers left out: %s", type(error).__name__)
        return response
    if response.status_code == 429 and "Retry-After" not in response.headers:
        response.headers["Retry-After"] = str(max(1, seconds))
    return response


def degraded() -> bool:
    """Return whether counting goes on in this process's memory because Redis is gone."""
    limiter: Limiter | None = current_app.extensions.get(EXTENSION)
    return bool(limiter is not None and limiter._storage_dead)  # noqa: SLF001


def _free() -> bool:
    return is_static(request.path) or is_probe(request.path)


def _identity_id() -> str | None:
    identity = g.get("identity")
    return None if identity is None else f"{identity.org}:{identity.user_id}"


def _caller() -> str:
    return _identity_id() or _address()


def _organisation() -> str:
    identity = g.get("identity")
    return _address() if identity is None else str(identity.org)


def _address() -> str:
    return f"ip:{request.remote_addr or '-'}"


def _person() -> str:
    email = request.form.get("email", "").strip().casefold()
    organisation = request.form.get("organisation", "").strip().casefold()
    # Hashed: what people type into a sign-in form has no place in a shared store.
    return hashlib.sha256(f"{_address()}|{organisation}|{email}".encode()).hexdigest()[:32]


def _anonymous() -> bool:
    return g.get("identity") is None


def _known() -> bool:
    return g.get("identity") is not None


def _no_sign_in() -> bool:
    return not (request.path == "/sign-in" and request.method == "POST")


def _no_export() -> bool:
    return not request.path.startswith(("/api/export/", "/export/"))


def _no_ingest() -> bool:
    return not (request.path.startswith("/api/ingest/") and request.method == "POST")


def _refused(response: Response) -> bool:
    return response.status_code != 303
