"""Two years of days: what each account wanted, traded and was paid, so that cash and positions agree."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from app.demo import firms
from app.demo.firms import FirmPlan
from app.demo.market import WARMUP, Floats, Ints, Market
from app.demo.strategies.targets import STYLES
from app.demo.universe import INDEX, INDEX_FUND

# No account takes more of a day's market than this.
MAX_SHARE = 0.012
# Spread, impact and commission set aside for every trade, as a fraction of its value.
COSTS = 6e-4
QUARTER = 63  # sessions
DIVIDEND_YIELD = 0.0037  # of the tracker, a quarter
LENDING_RATE = 0.035  # a year, on cash
FEE_RATE = 0.0015  # a quarter, of a client's NAV


@dataclass(frozen=True)
class Cash:
    """One movement of cash that is not a trade."""

    account_id: str
    day: date
    kind: str
    amount: float
    currency: str
    external: bool
    instrument_id: str | None = None


@dataclass(frozen=True)
class Dividend:
    """A distribution of the tracker."""

    ex_session: int
    pay_session: int
    per_share: float


@dataclass
class Trades:
    """Net daily trades, one element per account, instrument and session that traded."""

    session: Ints
    book: Ints
    instrument: Ints
    quantity: Ints  # signed
    price: Floats
    before: Ints  # position before the trade
    cash: list[Cash] = field(default_factory=list)
    dividends: list[Dividend] = field(default_factory=list)


def simulate(
    plan: FirmPlan, market: Market, rng: np.random.Generator, *, closed: npt.NDArray[np.bool_]
) -> Trades:
    """Walk every account of ``plan`` through the sessions of ``market``.

    Args:
        plan: The firm.
        market: Its market.
        rng: Source of chance.
        closed: Sessions x instruments in which nobody of the firm trades (restricted names).
    """
    return _Walk(plan, market, rng).run(closed)


class _Walk:
    def __init__(self, plan: FirmPlan, market: Market, rng: np.random.Generator) -> None:
        self.plan, self.market, self.rng = plan, market, rng
        books, width = plan.books, market.close.shape[1]
        self.positions = np.zeros((len(books), width))
        self.cash = np.zeros(len(books))  # in USD
        self.core = rng.dirichlet(np.full(width - 1, 1.6), size=len(books))
        self.core = np.hstack([self.core, np.zeros((len(books), 1))])
        self.styles = np.array([book.strategy for book in books])
        self.chance = np.array([STYLES[book.strategy].chance for book in books])[:, None]
        self.band = np.array([STYLES[book.strategy].band for book in books])[:, None]
        self.client = np.array([book.kind == "client" for book in books])
        self.flows: list[Cash] = []
        self.dividends: list[Dividend] = []
        self.owed: dict[int, Floats] = {}

    def run(self, closed: npt.NDArray[np.bool_]) -> Trades:
        parts: list[tuple[Ints, Ints, Ints, Ints, Floats, Ints]] = []
        for session in range(len(self.market.sessions)):
            self._pay(session)
            quantity, price = self._trade(session, closed[session])
            book, instrument = np.nonzero(quantity)
            if len(book):
                done = quantity[book, instrument].astype(np.int64)
                before = self.positions[book, instrument].astype(np.int64)
                where = np.full(len(book), session)
                parts.append((where, book, instrument, done, price[book, instrument], before))
                self.positions += quantity
                self.cash -= (quantity * price).sum(axis=1) + COSTS * (np.abs(quantity) * price).sum(axis=1)
        joined: list[Any] = [np.concatenate(column) for column in zip(*parts, strict=True)]
        session, book, instrument, done, price, before = joined
        return Trades(session, book, instrument, done, price, before, self.flows, self.dividends)

    def _trade(self, session: int, closed: npt.NDArray[np.bool_]) -> tuple[Floats, Floats]:
        market, rng = self.market, self.rng
        past = market.history[: WARMUP + session]
        last = past[-1]
        nav = (self.cash + self.positions @ last)[:, None]
        target = np.zeros_like(self.positions)
        for name, style in STYLES.items():
            rows = self.styles == name
            if rows.any():
                target[rows] = style.weights(past, self.core[rows])
        gap = target * nav / last - self.positions
        # Everybody builds up over the first days; afterwards each looks now and then.
        chance = np.maximum(self.chance, 0.6) if session < 8 else self.chance
        looks = (rng.random(gap.shape) < chance) & (np.abs(gap) * last > self.band * nav) & ~closed
        limit = MAX_SHARE * market.adv
        quantity = np.where(looks, np.clip(gap, -limit, limit), 0.0)
        step = np.where(np.abs(quantity) >= 500, 10, 1)
        quantity = np.trunc(quantity / step) * step
        # Nobody buys with money he has not got.
        buying = (np.maximum(quantity, 0) * last).sum(axis=1)
        afford = np.clip(0.85 * self.cash / np.maximum(buying, 1.0), 0, 1)[:, None]
        quantity = np.where(quantity > 0, np.trunc(quantity * afford), quantity)
        where = rng.uniform(0.15, 0.85, gap.shape)
        price = market.open[session] * (1 - where) + market.close[session] * where
        price = np.clip(price, market.low[session], market.high[session]).round(2)
        return quantity, price

    def _pay(self, session: int) -> None:
        if session == 0:
            self._open()
            return
        fund = INDEX[INDEX_FUND]
        previous = self.market.close[session - 1]
        day = self.market.sessions[session]
        if session % QUARTER == 30 and session + 5 < len(self.market.sessions):
            per_share = round(float(previous[fund]) * DIVIDEND_YIELD, 4)
            self.dividends.append(Dividend(session, session + 5, per_share))
            self.owed[session + 5] = self.positions[:, fund] * per_share
        if session in self.owed:
            self._distribute(self.owed.pop(session), day)
        if session % 21 == 10:
            self._flow(np.maximum(self.cash, 0) * LENDING_RATE / 12, "interest", day)
            self._subscribe(previous, day)
        if session % QUARTER == 0:
            nav = self.cash + self.positions @ previous
            self._flow(np.where(self.client, -np.minimum(FEE_RATE * nav, 0.5 * self.cash), 0), "fee", day)

    def _open(self) -> None:
        day, rate = self.market.sessions[0], float(self.market.eur_usd[0])
        for number, book in enumerate(self.plan.books):
            self.flows.append(
                Cash(book.account_id, day, "deposit", book.deposit, book.currency, external=True)
            )
            dollars = book.deposit
            if book.currency != "USD":
                # The money is changed at once: every instrument of the demo trades in dollars.
                dollars = round(book.deposit * rate, 2)
                self.flows.append(
                    Cash(book.account_id, day, "fx", -book.deposit, book.currency, external=False)
                )
                self.flows.append(Cash(book.account_id, day, "fx", dollars, "USD", external=False))
            self.cash[number] = dollars

    def _subscribe(self, previous: Floats, day: date) -> None:
        nav = self.cash + self.positions @ previous
        drawn = self.rng.random(len(nav)) < 0.12
        size = np.round(self.rng.normal(0.004, 0.015, len(nav)) * nav, -3)
        size = np.where(self.client & drawn, np.maximum(size, -0.5 * np.maximum(self.cash, 0)), 0)
        self._flow(np.maximum(size, 0), "deposit", day)
        self._flow(np.minimum(size, 0), "withdrawal", day)

    def _distribute(self, amounts: Floats, day: date) -> None:
        self._flow(amounts, "dividend", day, instrument=INDEX_FUND)
        foreign = np.array([book.currency != "USD" for book in self.plan.books])
        self._flow(
            np.where(foreign, -0.15 * np.maximum(amounts, 0), 0), "withholding", day, instrument=INDEX_FUND
        )

    def _flow(self, amounts: Floats, kind: str, day: date, *, instrument: str | None = None) -> None:
        for number, amount in enumerate(np.round(amounts, 2).tolist()):
            if abs(amount) >= 0.01:
                account = self.plan.books[number].account_id
                external = kind in {"deposit", "withdrawal"}
                self.flows.append(Cash(account, day, kind, amount, "USD", external, instrument))
                self.cash[number] += amount


def sides(quantity: Ints, before: Ints) -> npt.NDArray[np.str_]:
    """Return the order side of signed quantities, given the positions before them."""
    selling = np.where(before > 0, "sell", "sell_short")
    buying = np.where(before < 0, "buy_cover", "buy")
    return np.where(quantity > 0, buying, selling)


def makers(plan: FirmPlan) -> list[int]:
    """Return the numbers of the market-making accounts."""
    return [n for n, book in enumerate(plan.books) if book.strategy == firms.MAKER]
