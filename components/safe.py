"""Links from data: only what cannot run in the page."""

from urllib.parse import urlsplit

_SCHEMES = frozenset({"http", "https", "mailto"})


def safe_url(value: object) -> str | None:
    """Return ``value`` when it is a web, mail or local address, else None.

    Browsers drop tabs and line breaks inside a scheme, so any control character or blank refuses the
    whole address rather than being cleaned.
    """
    if not isinstance(value, str) or not value or len(value) > 2000:
        return None
    if any(not character.isprintable() or character.isspace() for character in value):
        return None
    if value.startswith("/"):
        return None if value.startswith(("//", "/\\")) else value
    try:
        parts = urlsplit(value)
    except ValueError:
        return None
    if parts.scheme.lower() not in _SCHEMES:
        return None
    return value if parts.scheme == "mailto" or parts.netloc else None
