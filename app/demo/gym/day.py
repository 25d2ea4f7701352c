"""One gym day: a firm's sessions with planted scenes, in innocent flow as dense as the recipe says."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from analytics.compliance.detector import Tables
from analytics.text import formatted
from app.demo.control_room import closed_to_all
from app.demo.firm import Firm, Label
from app.demo.firms import FIRMS
from app.demo.generate import Scale, generate, quoted_market
from app.demo.gym.background import Flowed, bar_volume, member_accounts, weave
from app.demo.gym.chances import Window
from app.demo.gym.ratios import breaches
from app.demo.gym.repeats import repeats
from app.demo.gym.splitting import split
from app.demo.gym.store import Store
from app.demo.market import MICROSECOND
from app.demo.microstructure import Quotes
from app.demo.universe import INDEX

TODAY = date(2026, 11, 21)  # of every gym day, so that a seed means the same rows for ever
BATCH = 400_000  # background orders made at a time


@dataclass(frozen=True)
class Recipe:
    """What a gym day is made of.

    ``ambient`` is the innocent flow of every instrument through every session, in orders a second; ``density``
    comes on top of it for ``around`` seconds about each planted abuse and in as many seconds of ``calm``
    places where nothing is planted. The stretch is long beside a scene: a market that is only busy while the
    abuse lasts would hide it from whoever asks what others did at the time.
    """

    seed: int
    severities: tuple[float, ...] = (0.1, 0.3, 0.5, 0.7, 0.9)
    ambient: float = 0.1
    density: float = 0.0
    split: int = 1  # accounts that each planted abuse is dealt over
    unsplit: frozenset[str] = frozenset()  # patterns that nobody hides by splitting
    around: float = 900.0
    calm: int = 3
    sessions: int = 90
    recent: int = 10
    quotes: int = 240  # a session and instrument

    @property
    def scale(self) -> Scale:
        """How much of everything the demo generator makes."""
        return Scale(
            sessions=self.sessions,
            recent=self.recent,
            quotes=self.quotes,
            names=4,
            refreshes=24,
            resting=60,
            posts=12,
            post_days=3 * self.recent,  # what is usual must be known before the first scene
            chats=20,
            severities=self.severities,
        )


@dataclass(frozen=True)
class Day:
    """Tables for ``Detector.detect``, and the labels apart from them.

    ``breaches`` are what the rows break by exact rules without its having been planted; ``fills`` and
    ``orders`` count the rows of executions and order events.
    """

    recipe: Recipe
    firm: str
    tables: Tables
    labels: tuple[Label, ...]
    groups: dict[str, str]  # account to actor group
    orders: int
    fills: int
    breaches: tuple[Label, ...] = ()


def build(recipe: Recipe, *, folder: Path | None = None) -> Day:
    """Make a gym day.

    Args:
        recipe: What it is made of.
        folder: Where to keep the rows as Parquet while they are made; in memory when None.
    """
    firm = built_firm(recipe)
    files = split(firm.files, firm.labels, recipe.split, spare=recipe.unsplit)
    files["accounts"] = pl.concat([files["accounts"], member_accounts()])
    store = Store(folder)
    for name, frame in files.items():
        store.put(name, frame)
    added = []
    for flowed in _background(recipe, firm):
        store.put("order_events", flowed.order_events)
        store.put("executions", flowed.executions)
        added.append(bar_volume(flowed.executions))
    tables = store.tables(firm.lists)
    if added:
        tables["bars"] = _fuller(tables["bars"], pl.concat(added))
    groups = _groups(files["accounts"])
    return Day(
        recipe=recipe,
        firm=firm.slug,
        tables=tables,
        labels=firm.labels,
        groups=groups,
        breaches=(*breaches(tables, groups), *repeats(tables, firm.labels)),
        orders=store.rows["order_events"],
        fills=store.rows["executions"],
    )


def built_firm(recipe: Recipe) -> Firm:
    """Return the firm of a day, with everything planted and nothing around it."""
    plan = FIRMS[recipe.seed % len(FIRMS)]
    return next(generate(recipe.seed, recipe.scale, TODAY, only=[plan.slug]))


def windows(recipe: Recipe, firm: Firm, quotes: Quotes) -> list[Window]:
    """Return where the flow is dense: about each planted abuse, and in calm places of the same length.

    Names on a list are left out on the days it touches: an order there would be a breach without a label.
    """
    market, length = quotes.market, int(recipe.around * MICROSECOND)
    opens, closes = market.opens_us, market.closes_us
    found: dict[tuple[int, int, int], Window] = {}

    def add(session: int, instrument: int, start: int) -> None:
        start = min(max(start, int(opens[session])), int(closes[session]) - length)
        found.setdefault(
            (session, instrument, start // length), Window(session, instrument, start, start + length)
        )

    for label in (label for label in firm.labels if label.abuse):
        begun = int(label.start.timestamp() * MICROSECOND)
        session = int(np.searchsorted(closes, begun))
        if quotes.first_session <= session < len(closes):
            for name in label.instrument_ids[:1]:
                add(session, INDEX[name], begun - length // 3)
    rng = np.random.default_rng([recipe.seed, 71])
    for _ in range(recipe.calm):
        session = int(rng.integers(quotes.first_session, len(closes)))
        add(session, int(rng.integers(len(INDEX))), int(rng.integers(opens[session], closes[session])))
    return _open(found.values(), firm, quotes)


def sessions(firm: Firm, quotes: Quotes) -> list[Window]:
    """Return every session of every instrument, listed names left out."""
    market = quotes.market
    every = (
        Window(session, instrument, int(market.opens_us[session]), int(market.closes_us[session]))
        for session in range(quotes.first_session, len(market.sessions))
        for instrument in range(len(INDEX))
    )
    return _open(every, firm, quotes)


def _open(found: Iterable[Window], firm: Firm, quotes: Quotes) -> list[Window]:
    closed = closed_to_all(quotes.market, firm.lists)
    free = [window for window in found if not closed[window.session, window.instrument]]
    return sorted(free, key=lambda window: (window.start, window.instrument))


def _background(recipe: Recipe, firm: Firm) -> Iterator[Flowed]:
    quotes = quoted_market(recipe.seed, recipe.scale, TODAY)
    seq = firm.files["order_events"].height + 1
    layers = (
        ("A", recipe.ambient, sessions(firm, quotes)),
        ("B", recipe.density, windows(recipe, firm, quotes)),
    )
    for stream, (tag, density, places) in enumerate(layers):
        if not density:
            continue
        rng = np.random.default_rng([recipe.seed, 72, stream])
        longest = max((window.end - window.start) / MICROSECOND for window in places)
        each = max(1, int(BATCH / (density * longest)))
        for number, begin in enumerate(range(0, len(places), each)):
            part = places[begin : begin + each]
            flowed = weave(quotes, part, density, rng, tag=f"{tag}{number:03d}", first_seq=seq)
            seq += flowed.order_events.height
            yield flowed


def _fuller(bars: pl.LazyFrame, added: pl.DataFrame) -> pl.LazyFrame:
    """Return the bars with the background's trades in their volume and count: it is part of the market."""
    sums = added.group_by("instrument_id", "bar_start").agg(pl.col("added", "more").sum()).lazy()
    return (
        bars.join(sums, on=["instrument_id", "bar_start"], how="left", maintain_order="left")
        .with_columns(
            volume=(pl.col("volume") + pl.col("added").fill_null(0)).cast(pl.Decimal(38, 12)),
            trades=pl.col("trades") + pl.col("more").fill_null(0).cast(pl.Int64),
        )
        .drop("added", "more")
    )


def _groups(accounts: pl.DataFrame) -> dict[str, str]:
    related = pl.coalesce(
        formatted("link:{}", "link_group"),
        formatted("owner:{}", "owner_id"),
        formatted("account:{}", "account_id"),
    )
    rows = accounts.select("account_id", related=related).iter_rows()
    return {str(account): str(group) for account, group in rows}
