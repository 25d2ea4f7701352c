"""Make the demo firms: the same seed and day give the same bytes."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.registry import modules
from app.demo import abuse, allocations, conduct, control_room, negatives, reference, screened
from app.demo.bars import bars, follow
from app.demo.firm import Firm
from app.demo.firms import FIRMS, FirmPlan
from app.demo.flow import Flow
from app.demo.history import Trades, makers, simulate
from app.demo.ledger import finish, maker_round_trips, past_executions
from app.demo.market import Market, load
from app.demo.microstructure import Quotes, quote
from app.demo.social import talk
from app.demo.stage import Stage, labels
from app.demo.strategies.making import make_markets
from app.demo.strategies.resting import rest_orders
from app.demo.strategies.slicing import slice_parents

Size = Literal["small", "full"]


@dataclass(frozen=True)
class Scale:
    """How much of everything."""

    sessions: int  # of daily history
    recent: int  # sessions with orders and quotes
    quotes: int  # a session and instrument
    names: int  # a maker quotes
    refreshes: int  # of a maker's quotes, a session and name
    resting: int  # patient orders a session
    posts: int  # a session
    post_days: int  # sessions with posts
    chats: int  # internal messages a session
    severities: tuple[float, ...]  # of each kind of planted abuse


SCALES: dict[str, Scale] = {
    "small": Scale(
        sessions=90,
        recent=4,
        quotes=60,
        names=2,
        refreshes=12,
        resting=20,
        posts=12,
        post_days=15,
        chats=10,
        severities=(0.3, 1.0),
    ),
    "full": Scale(
        sessions=525,
        recent=20,
        quotes=420,
        names=5,
        refreshes=36,
        resting=90,
        posts=22,
        post_days=80,
        chats=45,
        severities=(0.3, 0.6, 1.0),
    ),
}


def generate(
    seed: int, size: Size | Scale, today: date, *, only: Collection[str] | None = None
) -> Iterator[Firm]:
    """Yield the demo firms.

    Args:
        seed: Of every random draw.
        size: ``full`` is two years with 20 recent sessions; ``small`` is for tests; or a scale of one's own.
        today: The last session is the one before this day.
        only: Slugs to make; all when None.
    """
    scale = size if isinstance(size, Scale) else SCALES[size]
    quotes = quoted_market(seed, scale, today)
    market = quotes.market
    intraday = bars(quotes, np.random.default_rng([seed, 3]))
    for plan in (plan for plan in FIRMS if only is None or plan.slug in only):
        yield _firm(plan, market, quotes, intraday=intraday, scale=scale, seed=seed)


def quoted_market(seed: int, scale: Scale, today: date) -> Quotes:
    """Return the market that ``generate`` makes its firms trade in, with its quotes."""
    market = load(seed=seed, today=today, sessions=scale.sessions)
    return quote(market, np.random.default_rng([seed, 2]), sessions=scale.recent, per_block=scale.quotes)


def _firm(
    plan: FirmPlan, market: Market, quotes: Quotes, *, intraday: pl.DataFrame, scale: Scale, seed: int
) -> Firm:
    def chance(stream: int) -> np.random.Generator:
        return np.random.default_rng([seed, plan.number, stream])

    lists = control_room.lists(plan, market, first_recent=quotes.first_session)
    closed = control_room.closed_to_all(market, lists)
    trades = simulate(plan, market, chance(10), closed=closed)
    flow = Flow(plan, quotes)
    slice_parents(flow, _part(trades, trades.session >= quotes.first_session), chance(11))
    make_markets(flow, makers(plan), chance(12), names=scale.names, refreshes=scale.refreshes, closed=closed)
    rest_orders(flow, chance(13), per_session=scale.resting, closed=closed)
    stage = Stage(plan, flow, chance(17), lists, closed)
    stage.conduct.traded = conduct.names_traded(trades)
    _play(stage, scale)
    trades.cash.extend(stage.conduct.paid_in)
    said = talk(stage, chance(18), posts=scale.posts, post_days=scale.post_days, chats=scale.chats)
    ledger = finish(flow, _past(flow, trades, (chance(14), chance(15), chance(16)), closed), chance(19))
    shown = reference.quotes_file(quotes, flow.pressure)
    files = {
        "instruments": reference.instruments(),
        "accounts": reference.accounts(plan),
        "people": reference.people(plan, lists),
        "prices": reference.prices(market),
        "benchmarks": reference.benchmarks(market),
        "fx_rates": reference.fx_rates(market),
        "corporate_actions": reference.corporate_actions(trades, market),
        "cash_flows": reference.cash_flows(trades),
        "positions": reference.broker_positions(ledger.executions, market),
        "quotes": shown,
        "bars": follow(intraday, shown, flow.pressure, market),
        "order_events": ledger.order_events,
        "executions": ledger.executions,
        "allocations": allocations.allocations(stage.allotments, ledger),
        "messages": said.messages,
        "posts": said.posts,
        "follows": said.follows,
        "news": said.news,
        "parties": screened.parties(plan),
        "sanctions": screened.sanctions(),
        "preclearances": conduct.preclearances(stage, ledger),
        "position_limits": conduct.position_limits(stage, ledger),
    }
    return Firm(
        slug=plan.slug,
        name=plan.name,
        currency="USD",
        files=files,
        logins=reference.logins(plan),
        lists=lists,
        limits=control_room.limits(plan),
        labels=labels(stage, ledger.order_ids, ledger.spans, said.ids),
    )


def _play(stage: Stage, scale: Scale) -> None:
    for scene in modules(abuse):
        for severity in scale.severities:
            scene.plant(stage, severity)
    for scene in modules(negatives):
        scene.plant(stage)


def _past(
    flow: Flow, trades: Trades, chances: tuple[np.random.Generator, ...], closed: npt.NDArray[np.bool_]
) -> pl.DataFrame:
    plan, market, first = flow.plan, flow.quotes.market, flow.quotes.first_session
    earlier = _part(trades, trades.session < first)
    trips = maker_round_trips(market, makers(plan), chances[0], closed=closed[:first])
    return pl.concat(
        [
            past_executions(plan, market, earlier, chances[1]),
            past_executions(plan, market, trips, chances[2]),
        ]
    )


def _part(trades: Trades, chosen: np.ndarray) -> Trades:
    names = ("session", "book", "instrument", "quantity", "price", "before")
    return Trades(*(getattr(trades, name)[chosen] for name in names))
