"""A value-at-risk model whose forecasts results do not respect."""

from collections.abc import Mapping
from datetime import date
from typing import ClassVar

import numpy as np
import polars as pl

from analytics.insights._rule import WHOLE, Candidate, Rule, Tables, link
from analytics.insights._say import course, desk_words
from analytics.insights._stats import Tested, carried
from analytics.insights._tables import VAR_EVENINGS

LEVEL = 0.05  # tail of the one-day value at risk at 95 %
MIN_EVENINGS = 100


class VarModel(Rule):
    """Days worse than the value at risk at 95 %, book by book, against one in twenty.

    Too few are told as well: a model that is never wrong ties up capital.
    """

    name = "var_model"
    title = "Value at risk misleads"
    description = "Results fall below the value at risk at 95% on more, or on fewer, days than one in twenty."
    domains = ("portfolio",)
    version = "3"
    inputs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        VAR_EVENINGS: ("book_kind", "book_id", "method", "day", "var_95", "pit"),
    }
    test = "Exact binomial, doubled tail, of as many days as are independent; at least 100 evenings."

    def candidates(self, tables: Tables, *, seed: int) -> list[Candidate]:
        """Return one candidate per book and method with enough evenings."""
        known = tables[VAR_EVENINGS].drop_nulls(["pit", "var_95"])
        return [
            self._candidate(rows.sort("day"))
            for _, rows in sorted(known.group_by("book_kind", "book_id", "method"), key=lambda one: one[0])
            if rows.height >= MIN_EVENINGS
        ]

    def _candidate(self, rows: pl.DataFrame) -> Candidate:
        from scipy import stats

        pit = rows["pit"].to_numpy()
        n, hits = len(pit), int((pit < LEVEL).sum())
        # Bad days that come in a row are fewer events than days.
        kept = carried((pit < LEVEL).astype(np.float64))
        events, days = round(hits * kept), round(n * kept)
        tails = stats.binom.cdf(events, days, LEVEL), stats.binom.sf(events - 1, days, LEVEL)
        p = min(1.0, 2 * float(min(tails)))
        low = float(stats.beta.ppf(0.025, events, days - events + 1)) if events else 0.0
        high = float(stats.beta.ppf(0.975, events + 1, days - events)) if events < days else 1.0
        tested = Tested(hits / n, low, high, p, n)
        kind, book, method = rows.select("book_kind", "book_id", "method").row(0)
        whom = desk_words(str(book)) if kind == "desk" else "the whole book"
        var = float(rows["var_95"].tail(1).item())
        bad = rows.filter(pl.col("pit") < LEVEL)
        first, last = rows["day"][0], rows["day"][-1]
        words = method.replace("_", " ")
        gap = abs(hits / n - LEVEL) / LEVEL
        return Candidate(
            subject=f"{kind}|{book}|{method}",
            title=f"Value at risk of {whom} was passed on {hits} of {n} days, {n * LEVEL:.1f} were to be expected",
            text=(
                f"From {first} to {last} the one-day value at risk at 95% of {whom} ({words}, now {self.money(var)}) was "
                f"passed on {hits} of {n} days, {hits / n:.1%} against the 5.0% it promises (95% interval "
                f"{low:.1%} to {high:.1%}, {tested.p_text})."
            ),
            tested=tested,
            unit="fraction",
            against=LEVEL,
            money=var * min(1.0, gap),
            why=[
                {"driver": "days worse than forecast", "value": hits, "unit": "days", "usual": n * LEVEL},
                {"driver": "of them in the last 60", "value": int((rows["pit"].tail(60) < LEVEL).sum()), "unit": "days"},
                {"driver": "value at risk now", "value": var, "unit": "currency"},
            ],
            evidence=[_day(day, book if kind == "desk" else None) for day in bad["day"].tail(5)],
            next=[
                link("See the back-test", "/portfolio/risk", desk=book if kind == "desk" else None, method=method),
                link("Stress the book", "/portfolio/what-if", desk=book if kind == "desk" else None),
            ],
            context={"desk": book if kind == "desk" else None, "from": str(first), "to": str(last)},
            desks=(book if kind == "desk" else WHOLE,),
            chart=course(
                rows["day"].to_list(), rows["pit"].to_list(), label="Where results fell in the forecast", usual=LEVEL
            ),
        )  # fmt: skip


def _day(day: date, desk: str | None) -> dict[str, str]:
    """Return a day as evidence: it leads to what explains its result."""
    return {"kind": "day", "id": str(day), "label": str(day)} | {
        "href": link("", "/trading/pnl", desk=desk, from_=day, to=day)["href"]
    }
