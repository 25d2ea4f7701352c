"""A feed that brought less than it always does."""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import polars as pl

from analytics.insights._rule import Candidate, Rule, Tables, link
from analytics.insights._say import course
from analytics.insights._stats import Floats, Tested
from analytics.insights._tables import ROW_COUNTS

HISTORY = 30
MIN_HISTORY = 15
BLINDS = {
    "quotes": "spoofing, layering and pinging", "messages": "collusion and misuse of inside knowledge",
    "order_events": "every pattern of orders", "executions": "every pattern of trades",
    "posts": "touting", "news": "insider dealing", "bars": "marking of the close", "prices": "price effects",
}  # fmt: skip


class FeedGap(Rule):
    """Rows of a data set on the last session, against the sessions before: a missing feed blinds those who watch.

    Counts spread as far as they did before (negative binomial); the last session is the last with rows of any kind.
    """

    name = "feed_gap"
    title = "Feed missing or thin"
    description = "A data set brought fewer rows on the last session than on the sessions before."
    domains = ("compliance", "operations")
    version = "2"
    inputs: ClassVar[Mapping[str, tuple[str, ...]]] = {ROW_COUNTS: ("dataset", "day", "rows")}
    roles = ("compliance", "auditor", "risk")
    test = "Lower tail of a negative binomial, doubled; at least 15 sessions."

    def candidates(self, tables: Tables, *, seed: int) -> list[Candidate]:
        """Return one candidate per data set with rows on most sessions."""
        counts = tables[ROW_COUNTS].filter(pl.col("day").dt.weekday() <= 5)
        days = counts["day"].unique().sort().tail(HISTORY + 1)
        if days.len() <= MIN_HISTORY:
            return []
        grid = days.to_frame("day").join(counts["dataset"].unique().to_frame(), how="cross")
        every = grid.join(counts, on=["day", "dataset"], how="left").with_columns(pl.col("rows").fill_null(0))
        found = []
        for (dataset,), rows in sorted(every.group_by("dataset"), key=lambda one: one[0]):
            ordered = rows.sort("day")
            history = ordered["rows"][:-1].to_numpy().astype(np.float64)
            # What comes in now and then has no session to be missing on.
            if (history > 0).mean() >= 0.8 and len(history) >= MIN_HISTORY:
                found.append(self._candidate(str(dataset), ordered, history))
        return found

    def _candidate(self, dataset: str, rows: pl.DataFrame, history: Floats) -> Candidate:
        count, day = int(rows["rows"][-1]), rows["day"][-1]
        tested = _shortfall(count, history)
        usual = float(history.mean())
        blind = BLINDS.get(dataset, "what rests on it")
        words = dataset.replace("_", " ")
        missing = 1 - count / usual if usual else 0.0
        return Candidate(
            subject=f"{dataset}|{day}",
            title=f"{words.capitalize()}: {count:,} rows on {day}, {usual:,.0f} are usual, {missing:.0%} missing",
            text=(
                f"On {day} {count:,} rows of {words} came in; on the {tested.n} sessions before, {usual:,.0f} on average and "
                f"never fewer than {history.min():,.0f}. {usual - count:,.0f} rows are missing, {missing:.0%} (95% interval "
                f"{-tested.high:,.0f} to {-tested.low:,.0f} rows, {tested.p_text}). Until they come in, {blind} may go unseen."
            ),
            tested=tested,
            unit="rows",
            money=0.0,
            weight=max(0.0, 0.9 * missing),
            why=[
                {"driver": "rows that came in", "value": count, "unit": "rows"},
                {"driver": "usual", "value": usual, "unit": "rows"},
                {"driver": "fewest before", "value": float(history.min()), "unit": "rows"},
            ],
            evidence=[{"kind": "dataset", "id": dataset, "label": words.capitalize()}],
            next=[
                link("See what cannot be seen", "/compliance/coverage"),
                link("See the feed", "/operations/pipeline", dataset=dataset),
                link("See data health", "/operations/health"),
            ],
            context={"dataset": dataset, "from": str(day), "to": str(day)},
            chart=course(
                rows["day"].to_list(), rows["rows"].cast(pl.Float64).to_list(), label="Rows a session", recent=1,
                usual=usual,
            ),
        )  # fmt: skip


def _shortfall(count: int, history: Floats) -> Tested:
    """Return the test of a count below its history; the effect is the count less the mean."""
    from scipy import stats

    n, mean = len(history), float(history.mean())
    spread = max(1.0, float(history.var(ddof=1)) / mean) if mean > 0 else 1.0
    size, chance = float(history.sum()) / spread + 0.5, n / (n + 1)
    p = min(1.0, 2 * float(stats.nbinom.cdf(np.floor(count / spread), size, chance)))
    low, high = (float(q) * spread for q in stats.nbinom.ppf((0.025, 0.975), size, chance))
    return Tested(count - mean, count - high, count - low, p, n)
