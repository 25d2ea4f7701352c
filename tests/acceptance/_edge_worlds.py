"""Firms at the edge of what can be told: each a few tables, small enough to read."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta

LAST = date(2026, 11, 20)
HISTORY = 262  # sessions: just over a year, so that yearly figures are asked for
_ACCOUNTS = (
    "account_id kind base_currency desk name benchmark_id\nA1 house USD D1 One MIX\nA2 house USD D2 Two MIX\n"
)
_INSTRUMENTS = (
    "instrument_id symbol name asset_class currency sector\n"
    "AAA AAA Alpha equity USD Tech\nBBB BBB Beta equity USD Energy\nEEE EEE Epsilon equity EUR Energy\n"
)
_EXECUTION = (
    "exec_id order_id account_id trader_id instrument_id side last_qty last_px currency transact_time "
    "commission arrival_px venue version exec_status\n"
)
_EVENT = "order_id event_seq event_type instrument_id account_id trader_id side limit_px order_qty transact_time last_qty\n"


def sessions(count: int, *, last: date = LAST) -> list[date]:
    """Return the last ``count`` weekdays up to ``last``, oldest first."""
    days = (last - timedelta(days=n) for n in range(count * 2 + 7))
    return sorted([day for day in days if day.weekday() < 5][:count])


def prices(names: Sequence[str], days: Sequence[date], level: Callable[[str, int], float]) -> str:
    rows = [f"{name} {day} {level(name, n):.6f} USD" for n, day in enumerate(days) for name in names]
    return "instrument_id date close currency\n" + "\n".join(rows) + "\n"


def index(days: Sequence[date], level: Callable[[int], float]) -> str:
    rows = [f'MIX {day} {level(n):.6f} {{"AAA":0.5,"BBB":0.5}}' for n, day in enumerate(days)]
    return "benchmark_id date level weights\n" + "\n".join(rows) + "\n"


def fill(
    day: date, *, name: str = "AAA", side: str = "buy", qty: int = 100, px: float = 100, **more: str
) -> str:
    told = {
        "exec": "E1",
        "order": "O1",
        "account": "A1",
        "currency": "USD",
        "version": "1",
        "status": "new",
    } | more
    return (
        f"{told['exec']} {told['order']} {told['account']} T1 {name} {side} {qty} {px} {told['currency']} "
        f"{day}T14:30:00 1.5 {px} XNAS {told['version']} {told['status']}\n"
    )


def order(day: date, *, name: str = "AAA", side: str = "buy", qty: int = 100, px: float = 100) -> str:
    return (
        f"O1 1 new {name} A1 T1 {side} {px} {qty} {day}T14:29:00 -\n"
        f"O1 2 fill {name} A1 T1 {side} {px} {qty} {day}T14:30:00 {qty}\n"
    )


def deposit(day: date, amount: int = 100_000) -> str:
    return f"account_id flow_id date kind amount currency\nA1 F1 {day} deposit {amount} USD\n"


def _held(level: Callable[[str, int], float], *, count: int = HISTORY, side: str = "buy") -> dict[str, str]:
    # One position of two instruments, bought on the first session and held.
    days = sessions(count)
    first = level("AAA", 0)
    return {
        "accounts": _ACCOUNTS,
        "instruments": _INSTRUMENTS,
        "prices": prices(("AAA", "BBB"), days, level),
        "benchmarks": index(days, lambda n: 1000 * level("AAA", n) / first),
        "cash_flows": deposit(days[0]),
        "executions": _EXECUTION + fill(days[0], px=first, side=side) + fill(days[1], name="BBB", px=level("BBB", 1), exec="E2", order="O2"),
        "order_events": _EVENT + order(days[0], px=first, side=side),
    }  # fmt: skip


def _nothing() -> dict[str, str]:
    return {}


def _one_observation() -> dict[str, str]:
    return {
        "accounts": _ACCOUNTS, "instruments": _INSTRUMENTS, "prices": prices(("AAA",), [LAST], lambda *_: 101.0),
        "benchmarks": index([LAST], lambda _: 1000.0), "cash_flows": deposit(LAST),
        "executions": _EXECUTION + fill(LAST), "order_events": _EVENT + order(LAST),
    }  # fmt: skip


def _only_reference() -> dict[str, str]:
    return {"accounts": _ACCOUNTS, "instruments": _INSTRUMENTS}


def _zero_variance() -> dict[str, str]:
    return _held(lambda *_: 100.0)


def _only_losses() -> dict[str, str]:
    return _held(lambda name, n: 100 * (0.998 if name == "AAA" else 0.997) ** n)


def _no_prices() -> dict[str, str]:
    return {
        "accounts": _ACCOUNTS, "instruments": _INSTRUMENTS, "cash_flows": deposit(LAST),
        "executions": _EXECUTION + fill(LAST), "order_events": _EVENT + order(LAST),
    }  # fmt: skip


def _executions_alone() -> dict[str, str]:
    return {"executions": _EXECUTION + fill(LAST)}


def _some_prices_missing() -> dict[str, str]:
    # BBB is held but has no price; AAA has a gap of a month.
    whole = _held(lambda _, n: 100 + n % 7)
    rows = whole["prices"].splitlines()
    kept = [row for n, row in enumerate(rows) if "BBB" not in row and not 200 < n < 240]
    return whole | {"prices": "\n".join(kept) + "\n"}


def _delisted() -> dict[str, str]:
    # BBB trades no more after the first hundred sessions and is held to this day.
    whole = _held(lambda _, n: 100 + n % 7)
    rows = whole["prices"].splitlines()
    return whole | {"prices": "\n".join([r for n, r in enumerate(rows) if "BBB" not in r or n < 200]) + "\n"}


def _future_dated() -> dict[str, str]:
    later = [date(2099, 3, 2), date(2099, 3, 3), date(2099, 3, 4)]
    whole = _held(lambda _, n: 100 + n % 7, count=30)
    executions = whole["executions"] + fill(later[0], exec="E9", order="O9")
    rows = [f"AAA {day} 120 USD" for day in later]
    return whole | {"executions": executions, "prices": whole["prices"] + "\n".join(rows) + "\n"}


def _busted_after_the_close() -> dict[str, str]:
    # The only trade was taken back: nothing was ever held.
    days = sessions(30)
    whole = _held(lambda _, n: 100 + n % 7, count=30)
    trade = fill(days[3])
    bust = fill(days[3], version="2", status="bust")
    return whole | {"executions": _EXECUTION + trade + bust, "order_events": _EVENT + order(days[3])}


def _owing() -> dict[str, str]:
    # Ten times more bought than was paid in, and then the price fell by half: nothing is left, and less.
    days = sessions(130)
    whole = _held(lambda _, n: 100.0 + n % 3 if n < 60 else 50.0 + n % 3, count=130)
    return whole | {
        "cash_flows": deposit(days[0], 1_000),
        "executions": _EXECUTION + fill(days[0], qty=1000),
    }


def _all_withdrawn() -> dict[str, str]:
    days = sessions(30)
    flows = deposit(days[0]) + f"A1 F2 {days[5]} withdrawal -100000 USD\n"
    return _held(lambda _, n: 100 + n % 7, count=30) | {"cash_flows": flows, "executions": _EXECUTION}


def _no_rate() -> dict[str, str]:
    # A holding in a currency that no rate is known for.
    days = sessions(30)
    whole = _held(lambda _, n: 100 + n % 7, count=30)
    priced = "".join(f"EEE {day} 50 EUR\n" for day in days)
    return whole | {
        "prices": whole["prices"] + priced,
        "executions": whole["executions"]
        + fill(days[2], name="EEE", currency="EUR", exec="E8", order="O8", px=50),
    }


def _no_cash() -> dict[str, str]:
    whole = _held(lambda _, n: 100 + n % 7, count=130)
    del whole["cash_flows"]
    return whole


def _short() -> dict[str, str]:
    return _held(lambda name, n: 100 + (n * 7 + len(name)) % 11, count=130, side="sell_short")


def _extremes() -> dict[str, str]:
    # A price that falls to almost nothing and another that grows a million times.
    return _held(
        lambda name, n: max(100 * 0.8**n, 1e-6) if name == "AAA" else 0.001 * 1.1 ** min(n, 120), count=130
    )


WORLDS: dict[str, Callable[[], dict[str, str]]] = {
    "nothing": _nothing,
    "only reference": _only_reference,
    "one observation": _one_observation,
    "zero variance": _zero_variance,
    "only losses": _only_losses,
    "no prices": _no_prices,
    "executions alone": _executions_alone,
    "some prices missing": _some_prices_missing,
    "delisted": _delisted,
    "future dated": _future_dated,
    "busted after the close": _busted_after_the_close,
    "owing": _owing,
    "all withdrawn": _all_withdrawn,
    "no rate": _no_rate,
    "no cash": _no_cash,
    "short": _short,
    "extremes": _extremes,
}
