"""Where scenarios are played: one firm's recent sessions, with what a scene needs at hand."""

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from app.demo.allocations import Allotment
from app.demo.conduct import Conduct
from app.demo.control_room import instant
from app.demo.firm import Label, ListEntry
from app.demo.firms import FirmPlan
from app.demo.flow import Flow, Ticket
from app.demo.history import Cash
from app.demo.market import MICROSECOND, Market
from app.demo.universe import INDEX, STOCKS, SYMBOLS

SECOND = MICROSECOND
MINUTE = 60 * SECOND


@dataclass(frozen=True)
class Mark:
    """A scenario by internal numbers, until orders have their public ids."""

    pattern: str
    abuse: bool
    severity: float
    tickets: tuple[Ticket, ...]
    messages: tuple[str, ...] = ()
    posts: tuple[str, ...] = ()
    note: str = ""
    # Beside the orders, or where there are none: who else played, in what, from when to when.
    accounts: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    instruments: tuple[int, ...] = ()
    span: tuple[int, int] | None = None


@dataclass(frozen=True)
class Said:
    """A message or post that belongs to a scenario."""

    key: str
    time: int
    author: str
    text: str
    instrument: int
    recipients: tuple[str, ...] = ()


@dataclass
class Stage:
    """One firm's recent sessions.

    ``closed`` (sessions x instruments) tells which names are listed; scenes other than the listed-name ones
    stay out of them.
    """

    plan: FirmPlan
    flow: Flow
    rng: np.random.Generator
    lists: tuple[ListEntry, ...]
    closed: npt.NDArray[np.bool_]
    marks: list[Mark] = field(default_factory=list)
    messages: list[Said] = field(default_factory=list)
    posts: list[Said] = field(default_factory=list)
    stories: list[Said] = field(default_factory=list)
    allotments: list[Allotment] = field(default_factory=list)
    conduct: Conduct = field(default_factory=Conduct)
    taken: set[tuple[int, int]] = field(default_factory=set)  # sessions and names a price was moved in

    @property
    def market(self) -> Market:
        """The market."""
        return self.flow.quotes.market

    @property
    def sessions(self) -> range:
        """Sessions with quotes."""
        return range(self.flow.quotes.first_session, len(self.market.sessions))

    def session(self) -> int:
        """Pick a recent session."""
        return int(self.rng.choice(np.array(self.sessions)))

    def name(self, session: int, *, days: int = 1) -> int:
        """Pick a stock that is on no list that day, nor on those after it, ``days`` in all."""
        free = np.nonzero(~self.closed[session : session + days, :20].any(axis=0))[0]
        return int(self.rng.choice(free))

    def quiet(self) -> tuple[int, int]:
        """Pick a session and one of the names least traded, where no other scene has moved the price.

        Here a firm of the demo's size can be a fair part of the market.
        """
        worth = self.market.adv * self.market.close[-1]
        thin = [int(n) for n in np.argsort(worth)[:7]]
        free = [(s, n) for s in self.sessions for n in thin if not self.closed[s, n]]
        fresh = [cell for cell in free if cell not in self.taken] or free
        # The thinner the likelier.
        weight = 1 / np.array([worth[n] for _, n in fresh])
        cell = fresh[int(self.rng.choice(len(fresh), p=weight / weight.sum()))]
        self.taken.add(cell)
        return cell

    def apart(self) -> "Stage":
        """Return this stage with dice of its own: what is thrown there moves nothing else of the demo."""
        return replace(self, rng=self.rng.spawn(1)[0])

    def lull(self) -> tuple[int, int, int]:
        """Pick a session, a name traded well whose price no scene has moved that day, and a moment amid it."""
        worth = self.market.adv * self.market.close[-1]
        thin = {int(n) for n in np.argsort(worth)[:7]}
        cells = [
            (session, name)
            for session in self.sessions
            for name in range(20)
            if name not in thin and not self.closed[session, name]
        ]
        fresh = [cell for cell in cells if cell not in self.flow.pressure.shifts] or cells
        session, name = fresh[int(self.rng.integers(len(fresh)))]
        return session, name, self.moment(session, float(self.rng.uniform(0.2, 0.8)))

    def shown(self, session: int, instrument: int, time: int, side: str) -> int:
        """Return how many shares are shown at the price that an aggressive order of ``side`` takes."""
        where = (np.array([session]), np.array([instrument]), np.array([time]))
        _, _, at_bid, at_ask = self.flow.quotes.at(*where)
        return int((at_ask if side == "buy" else at_bid)[0])

    def strangers(self, count: int) -> list[str]:
        """Pick client accounts of different owners that nothing links."""
        books = [b for b in self.plan.books if b.kind == "client" and b.link_group is None]
        alone = list({book.owner: book.account_id for book in books}.values())
        return [alone[int(n)] for n in self.rng.permutation(len(alone))[:count]]

    def push(self, session: int, instrument: int, time: int, fraction: float) -> None:
        """Move the quotes by ``fraction`` of the price from ``time`` on; 0 lets them go."""
        self.flow.pressure.push(session, instrument, time, fraction)

    def swing(self, instrument: int, minutes: float) -> float:
        """Return the standard deviation of an instrument's return over some minutes of trading."""
        history = np.log(self.market.history[-60:, instrument])
        return float(np.std(np.diff(history)) * np.sqrt(minutes / 390))

    def usual(self, instrument: int, minutes: float) -> float:
        """Return how many shares an instrument trades in some minutes of an average day."""
        return float(self.market.adv[instrument]) * minutes / 390

    def moment(self, session: int, fraction: float) -> int:
        """Return the instant at a fraction of a session."""
        start, end = int(self.market.opens_us[session]), int(self.market.closes_us[session])
        return start + int(fraction * (end - start))

    def touch(self, session: int, instrument: int, time: int) -> tuple[float, float]:
        """Return bid and ask at an instant."""
        bid, ask, _, _ = self.flow.quotes.at(np.array([session]), np.array([instrument]), np.array([time]))
        moved = 1 + self.flow.pressure.at(session, instrument, time)
        lower = round(float(bid[0]) * moved, 2)
        return lower, round(lower + float(ask[0] - bid[0]), 2)

    def book(self, account_id: str) -> int:
        """Return the number of an account."""
        return next(n for n, book in enumerate(self.plan.books) if book.account_id == account_id)

    def lot(self, session: int, instrument: int, notional: float) -> int:
        """Return about ``notional`` USD in shares, in tens, at most 1 % of a day's volume."""
        price = float(self.market.open[session, instrument])
        most = 0.01 * float(self.market.adv[instrument])
        return max(10, int(min(notional / price, most) / 10) * 10)

    def ticket(
        self, account_id: str, session: int, instrument: int, side: str, quantity: int, **more: object
    ) -> Ticket:
        """Write an order of an account, by its first trader unless told."""
        book = self.book(account_id)
        given = {"trader": self.plan.books[book].traders[0], **more}
        return Ticket(self.flow, session, book, instrument, side, quantity, **given)  # type: ignore[arg-type]

    def square(self, tickets: list[Ticket], fraction: float) -> None:
        """Have each account trade back what the orders left it with, patiently, in one unremarkable order."""
        left: dict[tuple[int, int, int], int] = {}
        for ticket in tickets:
            sign = 1 if ticket.side in {"buy", "buy_cover"} else -1
            key = (ticket.book, ticket.session, ticket.instrument)
            left[key] = left.get(key, 0) + sign * ticket.quantity
        for (book, session, instrument), quantity in left.items():
            if quantity:
                time = self.moment(session, fraction + float(self.rng.uniform(0, 0.05)))
                bid, ask = self.touch(session, instrument, time)
                account, price = self.plan.books[book].account_id, ask if quantity > 0 else bid
                side = "sell" if quantity > 0 else "buy"
                order = self.ticket(account, session, instrument, side, abs(quantity), limit=price)
                order.enter(time).fill(time + 45 * SECOND, price, liquidity="maker")

    def mark(
        self, pattern: str, tickets: list[Ticket], *, abuse: bool, severity: float = 0.0, **more: object
    ) -> None:
        """Note what was planted."""
        self.marks.append(Mark(pattern, abuse, severity, tuple(tickets), **more))  # type: ignore[arg-type]

    def say(self, session_time: int, author: str, text: str, instrument: int, *, to: tuple[str, ...]) -> str:
        """Send a message; returns its key."""
        key = f"m{len(self.messages)}"
        self.messages.append(Said(key, session_time, author, text, instrument, to))
        return key

    def post(self, time: int, author: str, text: str, instrument: int) -> str:
        """Publish a post; returns its key."""
        key = f"p{len(self.posts)}"
        self.posts.append(Said(key, time, author, text, instrument))
        return key

    def allot(self, block: Ticket, account_id: str, quantity: int, price: float, *, time: int) -> None:
        """Give part of a block to an account."""
        self.allotments.append(
            Allotment(
                block.number, block.trader, account_id, block.instrument, block.side, quantity, price, time
            )
        )

    def pay_in(self, account_id: str, session: int, amount: float) -> None:
        """Bring money that a scene needs into an account, the day before ``session``."""
        book = self.plan.books[self.book(account_id)]
        day = self.market.sessions[session - 1]
        paid = Cash(account_id, day, "deposit", round(amount, 2), book.currency, external=True)
        self.conduct.paid_in.append(paid)

    def report(self, session: int, time: int, instrument: int) -> None:
        """Have the press tell of a move of ``session`` that is in the prices: nothing is invented of a company."""
        move = float(self.market.close[session, instrument] / self.market.close[session - 1, instrument] - 1)
        way = "higher" if move > 0 else "lower"
        headline = f"Demo story: {STOCKS[instrument].name} seen {abs(move):.1%} {way}"
        self.stories.append(Said(f"n{len(self.stories)}", time, "press", headline, instrument))


def labels(
    stage: Stage, order_ids: dict[int, str], spans: dict[int, tuple[int, int]], said: dict[str, str]
) -> tuple[Label, ...]:
    """Return the scenarios with their public ids.

    Args:
        stage: Where they were played.
        order_ids: Internal order number to public id.
        spans: Internal order number to first and last event, microseconds since 1970.
        said: Key of a message or post to its public id.
    """
    found = []
    for place, mark in enumerate(stage.marks, 1):
        numbers = [ticket.number for ticket in mark.tickets]
        books = dict.fromkeys(stage.plan.books[ticket.book].account_id for ticket in mark.tickets)
        ends = [spans[n] for n in numbers] + ([mark.span] if mark.span else [])
        names = dict.fromkeys((*(t.instrument for t in mark.tickets), *mark.instruments))
        found.append(
            Label(
                label_id=f"{stage.plan.slug}-{place:03d}",
                pattern=mark.pattern,
                abuse=mark.abuse,
                severity=mark.severity,
                accounts=tuple(dict.fromkeys((*books, *mark.accounts))),
                traders=tuple(dict.fromkeys((*(ticket.trader for ticket in mark.tickets), *mark.people))),
                instrument_ids=tuple(SYMBOLS[name] for name in names),
                start=instant(min(first for first, _ in ends)),
                end=instant(max(last for _, last in ends)),
                order_ids=tuple(order_ids[n] for n in numbers),
                message_ids=tuple(said[key] for key in mark.messages),
                post_ids=tuple(said[key] for key in mark.posts),
                note=mark.note,
            )
        )
    return tuple(found)


def restricted_name(stage: Stage) -> tuple[int, int, int]:
    """Return the restricted stock, and the first and last session that its listing touches."""
    entry = stage.lists[0]
    instrument = INDEX[entry.instrument_id]
    start = entry.start.timestamp() * MICROSECOND
    end = entry.end.timestamp() * MICROSECOND if entry.end else np.inf
    market = stage.market
    days = [s for s in stage.sessions if market.closes_us[s] >= start and market.opens_us[s] < end]
    return instrument, days[0], days[-1]
