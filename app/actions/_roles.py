"""Who may do what: every action asks here first."""

import getpass
import unicodedata

from app.errors import FieldError, Forbidden, Invalid
from app.scope import Identity

CONSOLE = "console"  # the person at the machine's command line; no session or key ever carries this id


def console(org: str) -> Identity:
    """Return who acts for an organisation from the command line."""
    try:
        name = getpass.getuser()
    except (OSError, KeyError):
        name = "unknown"
    return Identity(org, CONSOLE, f"{name} (command line)", "admin")


def system(org: str, name: str) -> Identity:
    """Return who acts when nobody does: a job, the start of the server."""
    return Identity(org, "system", name, "operator")


def require(actor: Identity, *roles: str) -> None:
    """Refuse an actor without one of ``roles``, and a key that may only read.

    Raises:
        Forbidden: If so.
    """
    if actor.role not in roles and not (actor.user_id == CONSOLE and "operator" in roles):
        raise Forbidden(f"This needs the role {' or '.join(roles)}.")
    if "write" not in actor.scopes:
        raise Forbidden("This key may only read.")


def require_installation(actor: Identity) -> None:
    """Refuse everybody but operators and the command line.

    Raises:
        Forbidden: If so.
    """
    require(actor, "operator")


def text(field: str, value: str, *, longest: int = 200) -> str:
    """Return ``value`` in NFKC form, without surrounding blanks.

    Raises:
        Invalid: If it is empty, too long, or holds characters that cannot be seen.
    """
    clean = unicodedata.normalize("NFKC", value).strip()
    if not clean or len(clean) > longest or not clean.isprintable():
        raise Invalid(
            f"The {field} does not fit.",
            errors=[FieldError(field, f"must be 1 to {longest} printable characters", value[:80])],
        )
    return clean
