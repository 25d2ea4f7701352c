"""The day inside: quotes around the way from a session's open to its close."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from app.demo.market import Floats, Ints, Market
from app.demo.universe import STOCKS, TICK

# Larger than a session in microseconds, so that (block, time) packs into one sortable number.
_SPAN = 10**11


def u_shape(u: Floats) -> Floats:
    """Map uniform numbers to fractions of a session so that its ends are busy and its middle is calm."""
    ends = 0.5 + 0.5 * np.sign(u - 0.5) * np.sqrt(np.abs(np.cos(np.pi * u)))
    result: Floats = np.clip(0.62 * u + 0.38 * ends, 0.0, 1.0)
    return result


@dataclass(frozen=True)
class Quotes:
    """Best bid and offer of every instrument over the last sessions.

    Quotes are grouped in blocks, one per session and instrument, ``per_block`` of them each; a price holds
    until the next quote.
    """

    market: Market
    first_session: int
    per_block: int
    time: Ints  # microseconds since 1970, blocks x per_block
    bid: Floats
    ask: Floats
    bid_qty: Ints
    ask_qty: Ints

    def block(self, session: Ints, instrument: Ints) -> Ints:
        """Return the block numbers of sessions and instruments."""
        result: Ints = (session - self.first_session) * len(STOCKS) + instrument
        return result

    def at(self, session: Ints, instrument: Ints, time: Ints) -> tuple[Floats, Floats, Ints, Ints]:
        """Return bid, ask and the quantities shown at each instant."""
        block = self.block(session, instrument)
        since = np.clip(time - self.market.opens_us[session], 0, _SPAN - 1)
        found = np.searchsorted(self._packed, block * _SPAN + since, side="right") - 1
        found = np.clip(found, block * self.per_block, (block + 1) * self.per_block - 1)
        flat = (self.bid, self.ask, self.bid_qty, self.ask_qty)
        bid, ask, bid_qty, ask_qty = (values.reshape(-1)[found] for values in flat)
        return bid, ask, bid_qty, ask_qty

    def mid(self, session: Ints, instrument: Ints, time: Ints) -> Floats:
        """Return the middle of bid and ask at each instant."""
        bid, ask, _, _ = self.at(session, instrument, time)
        result: Floats = (bid + ask) / 2
        return result

    @cached_property
    def _packed(self) -> Ints:
        block = np.arange(len(self.time))
        opened = self.market.opens_us[self.first_session + block // len(STOCKS)]
        result: Ints = (block[:, None] * _SPAN + self.time - opened[:, None]).reshape(-1)
        return result


def quote(market: Market, rng: np.random.Generator, *, sessions: int, per_block: int) -> Quotes:
    """Lay Brownian bridges between the opens and closes of the last ``sessions`` and quote around them."""
    first = len(market.sessions) - sessions
    width = len(STOCKS)
    blocks = sessions * width
    start, end = market.opens_us[first:].repeat(width), market.closes_us[first:].repeat(width)
    jitter = (np.arange(per_block) + rng.random((blocks, per_block))) / per_block
    share = np.sort(u_shape(jitter), axis=1)
    share[:, 0] = 0.0
    time = (start[:, None] + share * (end - start)[:, None]).astype(np.int64)
    opening, closing = market.open[first:].reshape(-1), market.close[first:].reshape(-1)
    sigma = np.tile(np.std(np.diff(np.log(market.history[-80:]), axis=0), axis=0), sessions) * 0.75
    steps = rng.normal(0, 1, share.shape) * np.sqrt(np.diff(share, axis=1, prepend=0.0))
    walk = np.cumsum(steps, axis=1)
    bridge = walk - share * walk[:, -1:] / np.maximum(share[:, -1:], 1e-9)
    way = np.log(opening)[:, None] + share * np.log(closing / opening)[:, None]
    mid = np.exp(way + bridge * sigma[:, None])
    basis = np.tile(np.array([stock.spread_bp for stock in STOCKS]), sessions)[:, None] * 1e-4
    # Spreads are wide at the open and tighten towards the close.
    wide = (1 + 1.6 * np.exp(-share * 18)) * np.exp(rng.normal(0, 0.28, share.shape))
    ticks = np.maximum(np.round(mid * basis * wide / TICK), 1)
    bid = (np.round(mid / TICK - ticks / 2) * TICK).round(2)
    ask = (bid + ticks * TICK).round(2)
    adv = np.tile(market.adv, sessions)[:, None]
    shown = [
        (np.maximum(np.round(adv * 4e-5 * np.exp(rng.normal(0, 0.6, share.shape)) / 100), 1) * 100)
        for _ in range(2)
    ]
    return Quotes(
        market, first, per_block, time, bid, ask, shown[0].astype(np.int64), shown[1].astype(np.int64)
    )
