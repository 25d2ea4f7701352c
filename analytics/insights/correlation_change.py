"""Holdings that have begun to move together, or apart."""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import polars as pl

from analytics.insights._returns import priced_books
from analytics.insights._rule import Candidate, Rule, Tables, link, quiet
from analytics.insights._say import course, desk_words, interval
from analytics.insights._shifts import recent_shift
from analytics.insights._stats import Floats

RECENT = 20
HISTORY = 140
MIN_HISTORY = 80
NAMES = 15
Z_99 = 2.326


class CorrelationChange(Rule):
    """Mean correlation of a desk's largest holdings over 20 sessions against the months before."""

    name = "correlation_change"
    title = "Holdings move together"
    description = "The mean correlation of a desk's largest holdings has changed, and its risk with it."
    domains = ("portfolio",)
    version = "3"
    inputs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "prices": ("instrument_id", "date", "adj_basis", "close"),
        "daily_positions": ("account_id", "instrument_id", "date", "market_value_base"),
        "accounts": ("account_id", "desk"),
    }
    test = "Permutation of daily cross products, and Welch's t; at least 80 sessions and four holdings."

    def candidates(self, tables: Tables, *, seed: int) -> list[Candidate]:
        """Return one candidate per desk with enough holdings and prices."""
        found = []
        for desk, rows, days, place, returns in priced_books(tables, last=HISTORY, least=MIN_HISTORY):
            largest = rows.sort(pl.col("exposure").abs(), "instrument_id", descending=[True, False]).head(
                NAMES
            )
            columns = [place[name] for name in largest["instrument_id"]]
            if len(columns) >= 4:
                found.append(self._candidate(desk, largest, days, returns[:, columns], seed))
        return found

    def _candidate(
        self, desk: str, held: pl.DataFrame, days: list[object], returns: Floats, seed: int
    ) -> Candidate:
        usual = returns[:-RECENT]
        scaled = (returns - usual.mean(axis=0)) / np.maximum(usual.std(axis=0), 1e-12)
        # Recent volatility is taken out as well: what is left is how alike they move.
        scaled[-RECENT:] /= np.maximum(np.sqrt((scaled[-RECENT:] ** 2).mean(axis=0)), 1e-12)
        n = scaled.shape[1]
        products = (scaled.sum(axis=1) ** 2 - (scaled**2).sum(axis=1)) / (n * (n - 1))
        tested = recent_shift(products, RECENT, seed=seed)
        if (mute := quiet(f"{desk}|{days[-1]:%G-%V}", tested, "correlation")) is not None:
            return mute
        before, after = float(products[:-RECENT].mean()), float(products[-RECENT:].mean())
        pnl = returns @ held["exposure"].to_numpy()
        swings = float(pnl[:-RECENT].std(ddof=1)), float(pnl[-RECENT:].std(ddof=1))
        names = held["instrument_id"].to_list()
        means = scaled[-RECENT:].T @ scaled[-RECENT:] / RECENT
        own = (means.sum(axis=1) - np.diag(means)) / (n - 1)
        leaders = sorted(zip(names, own.tolist(), strict=True), key=lambda one: -one[1])[:3]
        first, last = days[-RECENT], days[-1]
        return Candidate(
            subject=f"{desk}|{last:%G-%V}",
            title=f"The {n} largest holdings of {desk_words(desk)} have a mean correlation of {after:.2f}, {before:.2f} before",
            text=(
                f"From {first} to {last} the {n} largest holdings of {desk_words(desk)} had a mean correlation of {after:.2f} "
                f"against {before:.2f} over the {len(products) - RECENT} sessions before, a change of "
                f"{tested.value:+.2f} {interval(tested, '{:+.2f}')}. Today's book would have swung {self.money(swings[1])} "
                f"a day since then and {self.money(swings[0])} before."
            ),
            tested=tested,
            unit="correlation",
            money=Z_99 * abs(swings[1] - swings[0]),
            why=[{"driver": name, "value": value, "unit": "correlation"} for name, value in leaders],
            evidence=[{"kind": "instrument", "id": name} for name, _ in leaders],
            next=[
                link("See risk and its structure", "/portfolio/risk", desk=desk),
                link("Stress the book", "/portfolio/what-if", desk=desk),
            ],
            context={"desk": desk, "from": str(first), "to": str(last)},
            desks=(desk,),
            chart=course(days, products.tolist(), label="Mean product of moves", recent=RECENT, usual=before),
        )
