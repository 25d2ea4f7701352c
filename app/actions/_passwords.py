"""Passwords: argon2id hashes, and the few rules that help."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.errors import FieldError, Invalid, Unavailable

MIN_DEVELOPMENT, MIN_PRODUCTION, LONGEST = 12, 15, 256
# Long enough to pass the length rule, and on every attacker's first page.
_COMMON = (
    "password", "passw0rd", "quarterdeck", "qwerty", "letmein", "welcome", "administrator", "changeme",
    "iloveyou", "trustno1", "monkey", "dragon", "football", "baseball", "superman", "correcthorsebatterystaple",
)  # fmt: skip
_RUNS = ("01234567890123456789", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm")

# 19 MiB, two passes, one lane (OWASP's second choice). Each hash holds a core for some 30 ms: more than two
# at once would starve the requests of everybody who is signed in.
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_slots = threading.BoundedSemaphore(2)


def check_password(password: str, *, production: bool, email: str = "") -> None:
    """Refuse a password that is short, common or the address itself. No composition rules, by intent.

    Raises:
        Invalid: Saying what is wrong.
    """
    shortest = MIN_PRODUCTION if production else MIN_DEVELOPMENT
    folded = password.casefold()
    bare = folded.strip("0123456789!?.-_ ")
    local = email.partition("@")[0]
    reason = None
    if len(password) < shortest:
        reason = f"must have at least {shortest} characters"
    elif len(password) > LONGEST:
        reason = f"must have at most {LONGEST} characters"
    elif bare in _COMMON or len(set(folded)) < 5 or any(folded in run * 2 for run in _RUNS):
        reason = "is too easy to guess"
    elif local and local in folded and len(bare) < len(local) + 6:
        reason = "must not be built from the e-mail address"
    if reason:
        raise Invalid(f"The password {reason}.", errors=[FieldError("password", reason)])


def hash_password(password: str) -> str:
    """Return the argon2id hash of ``password``."""
    with _slot():
        return _hasher.hash(password)


def verify_password(stored: str | None, password: str) -> bool:
    """Return whether ``password`` fits; without a stored hash the same work is done in vain."""
    with _slot():
        try:
            fits = _hasher.verify(stored or _nobody(), password[:LONGEST])
        except (VerificationError, InvalidHashError):
            return False
    return fits and stored is not None


def needs_rehash(stored: str) -> bool:
    """Return whether the hash was made with other parameters than today's."""
    return _hasher.check_needs_rehash(stored)


@contextmanager
def _slot() -> Iterator[None]:
    if not _slots.acquire(timeout=5):
        raise Unavailable("Too many people are signing in at once.", retry_after=2)
    try:
        yield
    finally:
        _slots.release()


@cache
def _nobody() -> str:
    return _hasher.hash("nobody has this password")
