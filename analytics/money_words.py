"""Sums as people read them: at most four significant digits, with the currency's sign before them."""

MINUS = "−"
_SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "CHF": "CHF ", "": ""}
_SCALES = ((1e12, "tn"), (1e9, "bn"), (1e6, "m"), (1e3, "k"), (1.0, ""))


def symbol(currency: str | None) -> str:
    """Return the sign that stands before an amount; the code and a space where a currency has none of its own."""
    return _SYMBOLS.get(currency or "", f"{currency} ")


def signed(text: str, value: float, *, plus: bool) -> str:
    """Put the sign of ``value`` before ``text``; none where every digit of it is zero."""
    # The sign follows the rounded text: a loss of 0.001 that reads 0.00 carries none.
    if not any(digit in text for digit in "123456789"):
        return text
    return (MINUS if value < 0 else "+" if plus else "") + text


def compact(value: float, *, plus: bool = False, unit: str = "") -> str:
    """Return at most four significant digits with k, m, bn or tn: ``1.284m``."""
    size = abs(float(f"{value:.4g}"))
    if size < 0.005:
        return f"{unit}0"
    scale, suffix = next(((s, x) for s, x in _SCALES if size >= s), _SCALES[-1])
    text = f"{size / scale:.4g}" if size >= 1 else f"{size:.2f}"
    return signed(f"{unit}{text}{suffix}", value, plus=plus)


def scale_of(largest: float) -> tuple[float, str, int]:
    """Return how a column of amounts is written whose largest is given: what to divide by, the word for it, decimals.

    Below a hundred of its unit two decimals, else one: 60.08m, 578.2m.
    """
    scale, suffix = next(((s, x) for s, x in _SCALES if largest >= s * 0.99995), _SCALES[-1])
    return scale, suffix, 2 if largest / scale < 99.995 else 1


def money(value: float, currency: str | None = None, *, plus: bool = False) -> str:
    """Return an amount short enough for a sentence or a tile: ``+$1.284m``."""
    return compact(value, plus=plus, unit=symbol(currency))
