"""Which paths there are, and which spellings of them are refused before anybody looks at them."""

import re
from collections.abc import Iterable
from typing import Any

PROBES = frozenset({"/livez", "/readyz"})
# Reached by anybody. Each shows nothing of an organisation; health answers with its status only.
PUBLIC = PROBES | {
    "/sign-in",
    "/metrics",  # checks address and key itself
    "/favicon.ico",
    "/_favicon.ico",
    "/api/integration/health",
    "/api/openapi.json",
}
PUBLIC_UNDER = ("/api/docs",)
_STATIC = ("/assets/", "/_dash-component-suites/")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})?")
# Letters, digits and these need no escape: whoever escapes them hopes that two readers will differ.
_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/\\;%")
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def is_static(path: str) -> bool:
    """Return whether ``path`` is a vendored file: the same for everybody, no look-up needed."""
    return path.startswith(_STATIC)


def is_probe(path: str) -> bool:
    """Return whether ``path`` is asked by the machinery around us, under whatever host name."""
    return path in PROBES


def is_public(path: str) -> bool:
    """Return whether ``path`` is answered without a sign-in."""
    return path in PUBLIC or any(path == p or path.startswith(p + "/") for p in PUBLIC_UNDER)


def is_api(path: str) -> bool:
    """Return whether ``path`` is answered with JSON, errors included."""
    return path.lower().startswith(("/api/", "/_")) or path.lower() == "/api" or is_probe(path)


def odd(environ: dict[str, Any]) -> str | None:
    """Return what is odd about the spelling of the path; None when there is nothing.

    Two programs in a row must not read the same path differently: doubled slashes, dot segments,
    needless escapes, parameters after a semicolon, backslashes and control characters are refused.
    """
    raw = str(environ.get("RAW_URI") or environ.get("REQUEST_URI") or "").split("?", 1)[0]
    if raw.lower().startswith(("http://", "https://")):
        raw = "/" + raw.split("/", 3)[3] if raw.count("/") > 2 else "/"
    try:
        path = str(environ.get("PATH_INFO", "")).encode("latin-1").decode("utf-8")
    except UnicodeError:
        return "is not UTF-8"
    if any(not found or int(found, 16) in _PLAIN for found in _ESCAPE.findall(raw)):
        return "has an escape that is not needed"
    if not path.startswith("/") or "//" in path or "//" in raw:
        return "has an empty segment"
    if any(segment in {".", ".."} for segment in path.split("/")):
        return "has a dot segment"
    if any(ord(character) < 32 or ord(character) == 127 or character in "\\;" for character in path):
        return "has a character that does not belong in a path"
    return None


def host_allowed(host: str, allowed: Iterable[str]) -> bool:
    """Return whether ``host`` (a Host header, port and all) is one of ``allowed``."""
    match = re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9_.\-]+)(?::\d{1,5})?", host)
    name = match.group(1).lower().rstrip(".") if match else None
    return name is not None and name in {item.lower() for item in allowed}


def local_path(target: str | None) -> str:
    r"""Return ``target`` when it is a path of this site, otherwise ``/``.

    Browsers read ``//evil``, ``/\evil`` and tabs within as the name of another host.
    """
    if not target or len(target) > 4000 or not target.startswith("/") or not target.isprintable():
        return "/"
    if target.startswith(("//", "/\\")) or "\\" in target or not target.isascii():
        return "/"
    lowered = target.lower()
    if lowered.startswith(("/%2f", "/%5c", "/sign-in", "/sign-out", "/api/", "/_")):
        return "/"
    return target
