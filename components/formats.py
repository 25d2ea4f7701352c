"""Numbers, money, times as people read them. Nulls become an en dash, minus is a real minus."""

import math
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Self

from analytics.money_words import MINUS as MINUS  # noqa: PLC0414 - read from here by everything that draws
from analytics.money_words import compact as written
from analytics.money_words import scale_of, signed
from analytics.money_words import symbol as symbol  # noqa: PLC0414

MISSING = "–"

Number = float | int | Decimal | None


class Shown(str):
    """Words that people read with the value behind them, so that an exported table holds the value itself.

    ``raw`` is a number, a date or an instant; ``unit`` is a currency, ``bps``, ``fraction``, ``s`` or empty.
    Joined with other words it becomes plain text again.
    """

    __slots__ = ("raw", "unit")

    raw: Any
    unit: str

    def __new__(cls, words: str, raw: Any = None, unit: str = "") -> Self:
        """Return ``words`` with what they stand for."""
        made = super().__new__(cls, words)
        made.raw, made.unit = raw, unit
        return made


def known(value: object) -> float | None:
    """Return ``value`` as a finite float, or None when there is no number to show."""
    if value is None or isinstance(value, (str, bool)):
        return None
    number = float(value)  # type: ignore[arg-type]
    return number if math.isfinite(number) else None


def number(value: Number, decimals: int = 0, *, plus: bool = False) -> str:
    """Return a number with grouping commas and fixed decimals."""
    found = known(value)
    if found is None:
        return MISSING
    return Shown(signed(f"{abs(found):,.{decimals}f}", found, plus=plus), value)


def quantity(value: Number, *, plus: bool = False) -> str:
    """Return shares, contracts or coins: whole when whole, else up to eight decimals."""
    found = known(value)
    if found is None:
        return MISSING
    text = f"{abs(found):,.8f}".rstrip("0").rstrip(".")
    return Shown(signed(text, found, plus=plus), value)


def price(value: Number) -> str:
    """Return a price: two decimals from one upwards, more below."""
    found = known(value)
    if found is None:
        return MISSING
    decimals = 2 if abs(found) >= 1 else 4 if abs(found) >= 0.01 else 8
    return Shown(number(found, decimals), value)


def compact(value: Number, *, plus: bool = False, unit: str = "") -> str:
    """Return at most four significant digits with k, m, bn or tn: ``1.284m``."""
    found = known(value)
    if found is None:
        return MISSING
    return Shown(written(found, plus=plus, unit=unit), value)


def money(value: Number, currency: str | None = None, *, plus: bool = False) -> str:
    """Return an amount short enough for a tile: ``+$1.284m``."""
    text = compact(value, plus=plus, unit=symbol(currency))
    return text if text == MISSING else Shown(text, value, currency or "")


def money_alike(values: Iterable[Number], currency: str | None = None, *, plus: bool = False) -> list[str]:
    """Return the amounts of one column alike: the unit of the largest and as many decimals for each: ``$6.08m``."""
    given = list(values)
    largest = max((abs(found) for one in given if (found := known(one)) is not None), default=0.0)
    scale, suffix, decimals = scale_of(largest)
    sign = symbol(currency)

    def said(value: Number) -> str:
        found = known(value)
        if found is None:
            return MISSING
        return Shown(
            signed(f"{sign}{abs(found) / scale:,.{decimals}f}{suffix}", found, plus=plus),
            value,
            currency or "",
        )

    return [said(one) for one in given]


def percent_alike(values: Iterable[Number], *, plus: bool = False) -> list[str]:
    """Return the shares of one column with as many decimals for each: one where any is below ten per cent."""
    given = list(values)
    fine = any(0 < abs(found) < 0.0995 for one in given if (found := known(one)) is not None)

    def said(value: Number) -> str:
        found = known(value)
        if found is None:
            return MISSING
        return Shown(number(found * 100, 1 if fine else 0, plus=plus) + "%", value, "fraction")

    return [said(one) for one in given]


def full_money(value: Number, currency: str | None = None, *, plus: bool = False) -> str:
    """Return an amount to the cent, for hovers and tables."""
    found = known(value)
    if found is None:
        return MISSING
    text = signed(f"{symbol(currency)}{abs(found):,.2f}", found, plus=plus)
    return Shown(text, value, currency or "")


def bps(value: Number, decimals: int = 1, *, plus: bool = False, unit: bool = True) -> str:
    """Return basis points, from basis points."""
    text = number(value, decimals, plus=plus)
    return text if text == MISSING else Shown(f"{text} bps" if unit else text, value, "bps")


def percent(value: Number, *, plus: bool = False) -> str:
    """Return a fraction as per cent: one decimal below ten, none from there."""
    found = known(value)
    if found is None:
        return MISSING
    scaled = found * 100
    return Shown(number(scaled, 1 if abs(scaled) < 9.95 else 0, plus=plus) + "%", value, "fraction")


def ratio(value: Number, decimals: int = 2) -> str:
    """Return a multiple: ``1.93×``."""
    text = number(value, decimals)
    return text if text == MISSING else Shown(f"{text}×", value)


def sigma(value: Number, *, plus: bool = True) -> str:
    """Return standard deviations with one decimal."""
    text = number(value, 1, plus=plus)
    return text if text == MISSING else Shown(f"{text}σ", value, "sd")


def probability(value: Number) -> str:
    """Return a probability with two decimals that never reads as certain."""
    found = known(value)
    return MISSING if found is None else Shown(f"{min(max(found, 0.01), 0.99):.2f}", value)


def age(seconds: Number) -> str:
    """Return a duration in the one unit that fits: ``41 s``, ``9 min``, ``2 h``, ``3 d``."""
    found = known(seconds)
    if found is None:
        return MISSING
    found = max(found, 0)
    for limit, unit, size in ((90, "s", 1), (5400, "min", 60), (172800, "h", 3600)):
        if found < limit:
            return Shown(f"{found / size:.0f} {unit}", seconds, "s")
    return Shown(f"{found / 86400:,.0f} d", seconds, "s")


def instant(value: object) -> datetime | None:
    """Return an ISO text or datetime as an instant in UTC."""
    if isinstance(value, datetime):
        found: datetime | None = value
    elif isinstance(value, str) and value:
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            return None
    else:
        return None
    return found.replace(tzinfo=UTC) if found and found.tzinfo is None else found


def since(value: object, now: datetime | None = None) -> str:
    """Return how long ago an instant was."""
    found = instant(value)
    return MISSING if found is None else age(((now or datetime.now(UTC)) - found).total_seconds())


def day(value: object) -> str:
    """Return a day as ``20 Nov 2026``."""
    if isinstance(value, str):
        try:
            value = date.fromisoformat(value[:10])
        except ValueError:
            return MISSING
    return Shown(f"{value.day} {value:%b %Y}", value) if isinstance(value, date) else MISSING


def clock(value: object, *, seconds: bool = False, millis: bool = False) -> str:
    """Return an instant's time of day in UTC: ``14:33``, with seconds or milliseconds where order matters."""
    found = instant(value)
    if found is None:
        return MISSING
    found = found.astimezone(UTC)
    if millis:
        return Shown(f"{found:%H:%M:%S}.{found.microsecond // 1000:03d}", found)
    return Shown(f"{found:%H:%M:%S}" if seconds else f"{found:%H:%M}", found)


def moment(value: object) -> str:
    """Return day and time: ``20 Nov 2026 14:33``."""
    found = instant(value)
    return MISSING if found is None else Shown(f"{day(found.date())} {clock(found)}", found)


def plural(count: Number, one: str, many: str | None = None) -> str:
    """Return a count with its noun: ``1 post``, ``4,812 posts``."""
    return f"{number(count)} {one if count == 1 else many or one + 's'}"


def words(name: str) -> str:
    """Return a field's name as a label: ``order_to_trade`` to ``Order to trade``."""
    text = name.replace("_", " ").replace("-", " ").strip()
    return text[:1].upper() + text[1:]


def short_id(name: str) -> str:
    """Return an id short enough for a tag: long digests are cut to their first ten characters."""
    return name if len(name) <= 24 else f"{name[:10]}…"
