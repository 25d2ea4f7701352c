"""A book whose daily swings have changed."""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import polars as pl

from analytics.insights._returns import priced_books
from analytics.insights._rule import Candidate, Rule, Tables, link, quiet
from analytics.insights._say import course, desk_words
from analytics.insights._shifts import recent_shift
from analytics.insights._stats import Floats, Tested

RECENT = 15
HISTORY = 140
MIN_HISTORY = 80
Z_99 = 2.326


class RiskRegime(Rule):
    """Size of the daily moves of today's book over 15 sessions against the months before, with its drivers."""

    name = "risk_regime"
    title = "Risk regime has changed"
    description = "Today's book would have swung more, or less, in the last weeks than in the months before."
    domains = ("portfolio",)
    version = "3"
    inputs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "prices": ("instrument_id", "date", "adj_basis", "close"),
        "daily_positions": ("account_id", "instrument_id", "date", "market_value_base"),
        "accounts": ("account_id", "desk"),
    }
    test = "Permutation of the logarithm of daily moves, and Welch's t; at least 80 sessions."

    def candidates(self, tables: Tables, *, seed: int) -> list[Candidate]:
        """Return one candidate per desk."""
        found = []
        for desk, rows, days, place, returns in priced_books(tables, last=HISTORY, least=MIN_HISTORY):
            held = rows.sort("instrument_id")
            if held.height:
                columns = [place[name] for name in held["instrument_id"]]
                found.append(self._candidate(desk, held, days, returns[:, columns], seed))
        return found

    def _candidate(
        self, desk: str, held: pl.DataFrame, days: list[object], returns: Floats, seed: int
    ) -> Candidate:
        parts = returns * held["exposure"].to_numpy()
        pnl = parts.sum(axis=1)
        # The logarithm of the size of a move; a floor keeps a day without any from counting for all.
        sizes = np.log(np.maximum(np.abs(pnl), 0.05 * max(float(pnl.std()), 1e-9)))
        one = recent_shift(sizes, RECENT, seed=seed)
        value, low, high = (float(np.expm1(part)) for part in (one.value, one.low, one.high))
        tested = Tested(value, low, high, one.p, one.n)
        if (mute := quiet(f"{desk}|{days[-1]:%G-%V}", tested, "fraction")) is not None:
            return mute
        before, after = float(pnl[:-RECENT].std(ddof=1)), float(pnl[-RECENT:].std(ddof=1))
        change = parts[-RECENT:].T @ pnl[-RECENT:] / RECENT - parts[:-RECENT].T @ pnl[:-RECENT] / (
            len(pnl) - RECENT
        )
        order = np.argsort(-np.abs(change))[:3]
        drivers = [(held["instrument_id"][int(i)], float(change[i])) for i in order]
        whole = float(np.abs(change).sum()) or 1.0
        first, last = days[-RECENT], days[-1]
        names = ", ".join(f"{name} {share / whole:+.0%}" for name, share in drivers)
        return Candidate(
            subject=f"{desk}|{last:%G-%V}",
            title=f"The book of {desk_words(desk)} swings {self.money(after)} a day, {self.money(before)} before",
            text=(
                f"Today's book of {desk_words(desk)} would have had a standard deviation of {self.money(after)} a day from {first} "
                f"to {last} and of {self.money(before)} over the {len(pnl) - RECENT} sessions before. A typical day's move changed "
                f"by {value:+.0%} (95% interval {low:+.0%} to {high:+.0%}, {tested.p_text}). Shares of the change: {names}."
            ),
            tested=tested,
            unit="fraction",
            money=Z_99 * abs(after - before),
            why=[{"driver": name, "value": share / whole, "unit": "fraction"} for name, share in drivers],
            evidence=[{"kind": "instrument", "id": name} for name, _ in drivers],
            next=[
                link("See risk and its structure", "/portfolio/risk", desk=desk),
                link("Stress the book", "/portfolio/what-if", desk=desk),
            ],
            context={"desk": desk, "from": str(first), "to": str(last)},
            desks=(desk,),
            chart=course(days, pnl.tolist(), label="Day's result of today's book", recent=RECENT, usual=0.0),
        )
