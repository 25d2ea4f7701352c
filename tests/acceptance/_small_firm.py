"""One small firm as plain rows, and the ways to tell the same or a changed story of it."""

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from tests.acceptance._edge_worlds import sessions

DAYS = sessions(130)
Row = dict[str, str]
CASH = 1_000_000


@dataclass(frozen=True)
class Trade:
    """One fill of one order, in the afternoon of a session."""

    number: int
    day: int
    name: str
    signed: int  # quantity, positive = bought
    px: float
    arrival: float
    commission: float


@dataclass(frozen=True)
class Story:
    """What happened: enough to write every file."""

    closes: dict[str, list[float]]
    trades: tuple[Trade, ...]
    flows: tuple[tuple[int, float], ...] = ((0, float(CASH)),)  # session, amount
    weights: tuple[tuple[str, float], ...] = (("AAA", 0.3), ("ACC", 0.2), ("BBB", 0.5))
    pieces: int = 1  # fills an order is told in
    shuffled: int | None = None  # seed of another order of rows

    def files(self) -> dict[str, str]:
        """Return each canonical file as CSV."""
        tables = {
            "instruments": self._instruments(), "accounts": self._accounts(), "prices": self._prices(),
            "benchmarks": self._benchmarks(), "cash_flows": self._flows(), "order_events": self._events(),
            "executions": self._executions(),
        }  # fmt: skip
        random = np.random.default_rng(self.shuffled)
        if self.shuffled is not None:
            tables = {name: [rows[n] for n in random.permutation(len(rows))] for name, rows in tables.items()}
        return {name: _csv(rows) for name, rows in tables.items()}

    def _instruments(self) -> list[Row]:
        shared = {"asset_class": "equity", "currency": "USD"}
        return [
            {"instrument_id": name, "symbol": name, "name": name.title(), "sector": f"Sector {name[0]}"}
            | shared
            for name in self.closes
        ]

    def _accounts(self) -> list[Row]:
        shared = {"kind": "house", "base_currency": "USD", "desk": "D1", "benchmark_id": "MIX"}
        return [{"account_id": "A1", "name": "One"} | shared]

    def _prices(self) -> list[Row]:
        return [
            {"instrument_id": name, "date": f"{day}", "close": f"{course[n]:.6f}", "currency": "USD"}
            for n, day in enumerate(DAYS)
            for name, course in self.closes.items()
        ]

    def _benchmarks(self) -> list[Row]:
        text = "{" + ",".join(f'"{name}":{weight}' for name, weight in self.weights) + "}"
        # A level of its own: what the weights do not explain is a line of the attribution.
        level = 1000 * np.exp(np.cumsum(np.random.default_rng(11).normal(0.0002, 0.009, len(DAYS))))
        return [
            {"benchmark_id": "MIX", "date": f"{day}", "level": f"{level[n]:.6f}", "weights": text}
            for n, day in enumerate(DAYS)
        ]

    def _flows(self) -> list[Row]:
        return [
            {"account_id": "A1", "flow_id": f"F{n}", "date": f"{DAYS[day]}", "kind": "deposit",
             "amount": f"{amount:.6f}", "currency": "USD"}
            for n, (day, amount) in enumerate(self.flows)
        ]  # fmt: skip

    def _events(self) -> list[Row]:
        rows = []
        for trade in self.trades:
            shared = {
                "order_id": f"O{trade.number}", "instrument_id": trade.name, "account_id": "A1", "trader_id": "T1",
                "side": _side(trade), "order_qty": str(abs(trade.signed)), "limit_px": f"{trade.px:.6f}",
            }  # fmt: skip
            day = DAYS[trade.day]
            rows.append(
                shared
                | {"event_seq": "1", "event_type": "new", "transact_time": f"{day}T15:00:00Z", "last_qty": ""}
            )
            rows.append(
                shared | {"event_seq": "2", "event_type": "fill", "transact_time": f"{day}T15:10:00Z", "last_qty": str(abs(trade.signed))}
            )  # fmt: skip
        return rows

    def _executions(self) -> list[Row]:
        rows = []
        for trade in self.trades:
            whole = abs(trade.signed)
            sizes = [whole // self.pieces] * (self.pieces - 1)
            sizes.append(whole - sum(sizes))
            for piece, size in enumerate(sizes):
                rows.append(
                    {
                        "exec_id": f"E{trade.number}-{piece}", "order_id": f"O{trade.number}", "account_id": "A1",
                        "trader_id": "T1", "instrument_id": trade.name, "side": _side(trade), "last_qty": str(size),
                        "last_px": f"{trade.px:.6f}", "currency": "USD", "venue": "XNAS",
                        "commission": f"{trade.commission * size / whole:.9f}",
                        "arrival_px": f"{trade.arrival:.6f}", "transact_time": f"{DAYS[trade.day]}T15:10:00Z",
                        "trade_date": f"{DAYS[trade.day]}",
                    }
                )  # fmt: skip
        return rows


def base() -> Story:
    """Return the firm: three instruments of two sectors that wander, a trade every third session, some of them sales."""
    random = np.random.default_rng(8)
    closes = {
        name: (start * np.exp(np.cumsum(random.normal(0.0003, 0.015, len(DAYS))))).round(4).tolist()
        for name, start in (("AAA", 100.0), ("ACC", 60.0), ("BBB", 40.0))
    }
    trades = []
    for number, day in enumerate(range(0, len(DAYS) - 1, 3)):
        name = ("AAA", "BBB", "ACC")[number % 3]
        signed = int(random.integers(1, 8)) * 120 * (1 if number < 3 or random.random() < 0.6 else -1)
        arrival = round(closes[name][day] * float(1 + random.normal(0, 0.002)), 4)
        px = round(arrival * float(1 + random.normal(0, 0.001)), 4)
        trades.append(Trade(number, day, name, signed, px, arrival, 1.2))
    return Story(closes, tuple(trades))


def free(story: Story) -> Story:
    """Return the story with trades that cost nothing."""
    return _traded(story, lambda trade: replace(trade, commission=0.0))


def larger(story: Story, factor: int) -> Story:
    """Return the story with every quantity and every amount of money ``factor`` times as large."""
    grown = _traded(story, lambda t: replace(t, signed=t.signed * factor, commission=t.commission * factor))
    return replace(grown, flows=tuple((day, amount * factor) for day, amount in story.flows))


def levered(story: Story, factor: int) -> Story:
    """Return the story with every quantity ``factor`` times as large, on the same money."""
    return _traded(story, lambda t: replace(t, signed=t.signed * factor, commission=t.commission * factor))


def finer(story: Story, factor: int) -> Story:
    """Return the story in units worth a ``factor``th: prices divided, quantities multiplied."""
    closes = {name: [close / factor for close in course] for name, course in story.closes.items()}
    units = _traded(
        story, lambda t: replace(t, signed=t.signed * factor, px=t.px / factor, arrival=t.arrival / factor)
    )
    return replace(units, closes=closes)


def mirrored(story: Story) -> Story:
    """Return the story in which everything bought was sold and the other way round, at the same prices."""
    return _traded(story, lambda t: replace(t, signed=-t.signed))


def with_bystander(story: Story) -> Story:
    """Return the story with an instrument that is priced, weighs nothing and nobody trades."""
    course = [70.0 * (1 + 0.02 * (-1) ** n) for n in range(len(DAYS))]
    return replace(story, closes=story.closes | {"CCC": course}, weights=(*story.weights, ("CCC", 0.0)))


def with_deposit(story: Story, *, day: int) -> Story:
    """Return the story with as much again paid in on ``day`` and invested as what was there, at fair value.

    The deposit counts at the start of the day and buys every holding once more at the close before; from
    then on every trade is twice as large.
    """
    held = dict.fromkeys(story.closes, 0)
    cash = sum(amount for at, amount in story.flows if at < day)
    for trade in story.trades:
        if trade.day < day:
            held[trade.name] += trade.signed
            cash -= trade.signed * trade.px + trade.commission
    value = cash + sum(held[name] * story.closes[name][day - 1] for name in held)
    bought = [
        Trade(1000 + n, day, name, quantity, story.closes[name][day - 1], story.closes[name][day - 1], 0.0)
        for n, (name, quantity) in enumerate(held.items())
        if quantity
    ]
    later = _traded(
        story, lambda t: replace(t, signed=t.signed * 2, commission=t.commission * 2) if t.day >= day else t
    )
    return replace(later, trades=(*later.trades, *bought), flows=(*story.flows, (day, value)))


def _traded(story: Story, change: Callable[[Trade], Trade]) -> Story:
    return replace(story, trades=tuple(change(trade) for trade in story.trades))


def _side(trade: Trade) -> str:
    return "buy" if trade.signed > 0 else "sell"


def _csv(rows: list[Row]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()
