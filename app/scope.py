"""Who is asking, and about what: parsed once per request, the same for page, callback and script."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, date, datetime
from typing import Self
from urllib.parse import parse_qsl, urlencode

from app.errors import FieldError, Invalid

ROLES = ("trader", "portfolio_manager", "risk", "compliance", "auditor", "admin", "operator")
SURVEILLANCE_ROLES = frozenset({"compliance", "auditor"})
DATA_ROLES = frozenset({"trader", "portfolio_manager", "risk", "compliance", "auditor"})
MODEL_ROLES = frozenset({"risk", "compliance"})  # who answers for models, see ``answers_for``
MAX_LIMIT = 1000
_LISTS = ("desk", "account", "trader", "instrument")
_WORDS = ("currency", "cursor", "group_by", "order", "alert", "case", "post")


def answers_for(role: str, *, surveillance: bool) -> bool:
    """Return whether a role chooses the version of a model that is in use.

    That takes somebody who reads its record: compliance for models of surveillance, risk for all others. An
    administrator reads neither, and so chooses none.
    """
    return role == ("compliance" if surveillance else "risk")


@dataclass(frozen=True)
class Identity:
    """Who is asking: set by the gateway from a session or an API key, never from the request's body."""

    org: str  # organisation's slug, also the name of its folder in the lake
    user_id: str  # "u_..." for people, "k_..." for API keys
    name: str
    role: str
    desks: tuple[str, ...] | None = None  # None = every desk
    scopes: frozenset[str] = frozenset({"read", "write", "ingest"})
    person_id: str | None = None  # who this is among the organisation's people, if anybody
    currency: str = "USD"  # the organisation's base currency
    org_name: str = ""
    demo: bool = False

    @property
    def entitlements(self) -> str:
        """What this identity may see, as a stable text for cache keys."""
        desks = "*" if self.desks is None else ",".join(sorted(self.desks))
        return f"{self.org}|{self.role}|{desks}|{self.person_id or ''}"


@dataclass(frozen=True)
class Line:
    """Ids of people, and of their accounts, whom somebody must not judge."""

    own: frozenset[str] = frozenset()  # himself: he must not even learn of it
    others: frozenset[str] = frozenset()  # those he reports to, and those who report to him


@dataclass(frozen=True)
class Scope:
    """One question's bounds. Empty tuples and None mean: not narrowed."""

    start: date | None = None  # inclusive
    end: date | None = None  # inclusive
    desk: tuple[str, ...] = ()
    account: tuple[str, ...] = ()
    trader: tuple[str, ...] = ()
    instrument: tuple[str, ...] = ()
    currency: str | None = None
    as_of: datetime | None = None
    limit: int = 100
    cursor: str | None = None
    group_by: str | None = None
    order: str | None = None
    alert: str | None = None
    case: str | None = None
    post: str | None = None
    extra: Mapping[str, str] = field(default_factory=dict, hash=False)  # the page's own state

    @classmethod
    def parse(cls, query: str, *, own: frozenset[str] | None = None) -> Self:
        """Parse a query string.

        Args:
            query: With or without the leading ``?``.
            own: Extra parameter names the caller understands; None keeps any (pages), a set refuses
                the rest (REST).

        Raises:
            Invalid: Naming every field that is unknown, repeated or malformed.
        """
        errors: list[FieldError] = []
        values: dict[str, object] = {}
        extra: dict[str, str] = {}
        seen: set[str] = set()
        for name, raw in parse_qsl(query.lstrip("?"), keep_blank_values=True, max_num_fields=100):
            if name in seen:
                errors.append(FieldError(name, "given more than once"))
                continue
            seen.add(name)
            if "\0" in raw or len(raw) > 4000:
                errors.append(FieldError(name, "is too long or holds a NUL"))
            elif name in _PARSERS:
                try:
                    key = {"from": "start", "to": "end"}.get(name, name)
                    values[key] = _PARSERS[name](raw)
                except ValueError as error:
                    errors.append(FieldError(name, str(error), raw[:80]))
            elif own is None or name in own:
                extra[name] = raw
            else:
                errors.append(FieldError(name, "is not a parameter of this route"))
        start, end = values.get("start"), values.get("end")
        if isinstance(start, date) and isinstance(end, date) and start > end:
            errors.append(FieldError("from", "is after `to`"))
        if errors:
            raise Invalid("Some parameters do not fit.", errors=errors)
        return cls(**values, extra=extra)  # type: ignore[arg-type]

    def to_query(self, **changes: object) -> str:
        """Return the query string that parses back to this scope, for links that carry the context."""
        scope = replace(self, **changes) if changes else self  # type: ignore[arg-type]
        pairs: list[tuple[str, str]] = []
        for item in fields(scope):
            value = getattr(scope, item.name)
            if item.name == "extra" or value in (None, (), "") or (item.name == "limit" and value == 100):
                continue
            name = {"start": "from", "end": "to"}.get(item.name, item.name)
            if isinstance(value, tuple):
                value = ",".join(value)
            elif isinstance(value, datetime):
                value = value.astimezone(UTC).isoformat().replace("+00:00", "Z")
            pairs.append((name, str(value)))
        pairs.extend(sorted(scope.extra.items()))
        return urlencode(pairs)

    @property
    def key(self) -> str:
        """This scope as a stable text for cache keys and answers."""
        return self.to_query()


def _day(raw: str) -> date:
    try:
        found = date.fromisoformat(raw) if raw.isascii() and len(raw) == 10 else None
    except ValueError:
        found = None
    if found is None or not 1900 <= found.year <= 2200:
        raise ValueError("must be a date like 2026-11-20")
    return found


def _instant(raw: str) -> datetime:
    try:
        # A plus sign in a query string arrives as a space.
        found = datetime.fromisoformat(raw.replace(" ", "+")) if raw.isascii() else None
    except ValueError:
        found = None
    if found is None or found.tzinfo is None or not 1900 <= found.year <= 2200:
        raise ValueError("must be an instant with a zone like 2026-11-20T16:00:00Z")
    return found.astimezone(UTC)


def _names(raw: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(filter(None, raw.split(","))))
    if len(names) > 200:
        raise ValueError("lists at most 200 names")
    return tuple(_word(name) for name in names)


def _word(raw: str) -> str:
    if len(raw) > 200 or not raw.isprintable():
        raise ValueError("must be at most 200 printable characters")
    return raw


def _limit(raw: str) -> int:
    if not (raw.isascii() and raw.isdigit() and 1 <= int(raw[:9]) <= MAX_LIMIT and len(raw) <= 9):
        raise ValueError(f"must be a whole number from 1 to {MAX_LIMIT}")
    return int(raw)


_PARSERS = {
    "from": _day,
    "to": _day,
    "as_of": _instant,
    "limit": _limit,
    **dict.fromkeys(_LISTS, _names),
    **dict.fromkeys(_WORDS, _word),
}
