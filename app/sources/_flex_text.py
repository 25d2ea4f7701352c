"""Texts of Flex statements: numbers with thousands marks, days and times in their several spellings."""

import re
from decimal import Decimal

from app.sources._values import parse_decimal

_ZONES = {"EST": "-05:00", "EDT": "-04:00", "UTC": "Z", "GMT": "Z"}
_TIME = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})(?:[;,T ]+(\d{2}):?(\d{2}):?(\d{2}))?(?: +([A-Z]{3,4}))?")


def plain(text: str | None) -> str | None:
    """Drop thousands marks where they group by three."""
    if text and "," in text and re.fullmatch(r"-?\d{1,3}(,\d{3})+(\.\d+)?", text):
        return text.replace(",", "")
    return text


def amount(text: str | None) -> Decimal | None:
    """Return the number, rounded to 12 decimals, or None where there is none."""
    bare = plain(text)
    return parse_decimal(bare, rounding=True)[0] if bare else None


def unsigned(text: str | None) -> str | None:
    """Drop the sign."""
    return (plain(text) or "").lstrip("-+") or None


def negated(text: str | None) -> str | None:
    """Turn the sign: what Flex books as negative cash is a positive cost here."""
    bare = plain(text)
    if not bare:
        return None
    return bare[1:] if bare.startswith("-") else f"-{bare.lstrip('+')}"


def day(text: str | None) -> str | None:
    """Return the calendar day as ISO text; what is no date stays, to be refused later."""
    match = _TIME.fullmatch(text or "")
    return f"{match[1]}-{match[2]}-{match[3]}" if match else text


def instant(text: str | None) -> str | None:
    """Return the time as ISO text, without a zone unless the text names one."""
    match = _TIME.fullmatch(text or "")
    if match is None or (match[7] and match[7] not in _ZONES):
        return text
    clock = f"{match[4]}:{match[5]}:{match[6]}" if match[4] else "00:00:00"
    return f"{match[1]}-{match[2]}-{match[3]}T{clock}{_ZONES.get(match[7] or '', '')}"
