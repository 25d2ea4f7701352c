"""Pairs of prices that are tied to one another, once as many pairs as were tried are allowed for."""

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
import polars as pl

from analytics.insights._stats import benjamini_hochberg
from analytics.models._base import Floats, Model, Tables, Walk, short
from analytics.models._closes import adjusted_closes
from analytics.models._cointegration import p_value, tied

FALSE_DISCOVERY = 0.05
MOST = 40  # instruments, those with the longest history: 780 pairs
_LEAST = 120  # sessions in common, below which a pair is not tried
_SLOW = 60.0  # sessions in which half of a gap closes; what takes longer cannot be told from what never does
_FIELDS = ("constant", "slope", "spread", "step", "back", "p", "q", "statistic")


class Pairs(Model):
    """Engle and Granger's test of every pair, both ways round, the larger p-value, under Benjamini and Hochberg.

    A pair that passes, and whose gap closes by half within sixty sessions, is found. It is worth something only
    if it holds later: on the sessions after training the change of the gap is told from where the gap was, against
    no change. Where no pair is found the model repeats its baseline.
    """

    name = "pairs"
    title = "Pairs"
    version = "1.0.0"
    purpose = (
        "Which two prices are tied, so that a gap between them closes; for hedges and for reading moves."
    )
    kind = "structure"
    unit = "standard deviations of the gap"
    inputs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "prices": ("instrument_id", "date", "adj_basis", "close")
    }
    keys = ("pair", "date")
    target_name = "the next change of the gap of a pair found, in its own deviations"
    horizon = 0
    baseline_name = "no change: the gap stays what it is"
    metric = "squared error skill on later sessions, of pairs found before them"
    references = (
        "Engle and Granger, Co-integration and error correction, 1987",
        "MacKinnon, Approximate asymptotic distribution functions for unit-root and cointegration tests, 1994",
        "Benjamini and Hochberg, Controlling the false discovery rate, 1995",
    )
    limits = (
        "Pairs come apart: a merger, a new business, a split of interests",
        "A gap that closes is no profit: spreads, borrow and fees are not counted",
        f"The {MOST} instruments with the longest history are tried, no others",
    )
    walk = Walk(first=250, width=63, embargo=5, least=40, span=500)
    figure_words: ClassVar[Mapping[str, str]] = {"tried": "tried", "found": "found", "least_q": "smallest q"}
    owner = "Trading"

    def features(self, tables: Tables) -> pl.DataFrame:
        """Return pair (``A/B``, in order of name), date, log prices ``first`` and ``second``, and move: how they parted that day."""
        closes = adjusted_closes(tables["prices"]).with_columns(pl.col("close").log())
        since = closes.group_by("instrument_id").agg(pl.col("date").min()).sort("date", "instrument_id")
        kept = since["instrument_id"].head(MOST)
        closes = closes.filter(pl.col("instrument_id").is_in(kept.implode()))
        a = closes.select("date", a="instrument_id", first="close")
        b = closes.select("date", b="instrument_id", second="close")
        both = a.join(b, on="date").filter(pl.col("a") < pl.col("b"))
        gap = pl.col("first") - pl.col("second")
        return (
            both.with_columns(pair=pl.concat_str("a", pl.lit("/"), "b"))
            .sort("date", "pair")
            .with_columns(move=gap - gap.shift(1).over("pair"))
            .drop_nulls("move")
            .select("pair", "date", "first", "second", "move", baseline=pl.lit(None, pl.Float64), target=pl.lit(None, pl.Float64))
        )  # fmt: skip

    def known(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return all rows."""
        return rows

    def drivers(self, rows: pl.DataFrame) -> list[str]:
        """Watch how prices part from one day to the next: prices themselves have no usual."""
        return ["move"]

    def fit(self, rows: pl.DataFrame) -> Self:
        """Try every pair with enough sessions in common."""
        self.tests_: dict[str, dict[str, float]] = {}
        days = rows["date"].n_unique()
        counted = rows.group_by("pair").len().filter(pl.col("len") >= max(_LEAST, 0.98 * days))
        names = sorted(counted["pair"].to_list())
        self.n_ = days
        if names:
            part = rows.filter(pl.col("pair").is_in(names))
            first, second = (
                part.pivot("pair", index="date", values=column)
                .sort("date")
                .select(names)
                .fill_null(strategy="forward")
                .fill_null(strategy="backward")
                .to_numpy()
                for column in ("first", "second")
            )
            there, back = tied(first, second), tied(second, first)
            p = np.maximum(p_value(there.statistic), p_value(back.statistic))
            q = benjamini_hochberg(p.tolist())
            columns = (there.constant, there.slope, there.spread, there.step, there.back, p, np.array(q), there.statistic)  # fmt: skip
            for k, name in enumerate(names):
                self.tests_[name] = {field: float(x[k]) for field, x in zip(_FIELDS, columns, strict=True)}
        self.found_ = [name for name, one in self.tests_.items() if _holds(one)]
        return self

    def predict(self, rows: pl.DataFrame) -> Floats:
        """Return the gap of each pair and day in its own deviations; 0 for pairs that were not tried."""
        one = self._numbers(rows)
        gap = rows["first"].to_numpy() - one["slope"] * rows["second"].to_numpy() - one["constant"]
        return np.where(one["spread"] > 0, gap / np.where(one["spread"] > 0, one["spread"], 1.0), 0.0)

    def judge(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return, of pairs found, keys, target (change of the gap in deviations of its changes), predicted and losses.

        The first session of each pair has no gap before it and is left out. Where none was found one pair stands
        for all, told by the baseline.
        """
        named = self.found_ or sorted(rows["pair"].unique().to_list())[:1]
        part = rows.filter(pl.col("pair").is_in(named)).sort("pair", "date")
        one = self._numbers(part)
        gap = part["first"].to_numpy() - one["slope"] * part["second"].to_numpy() - one["constant"]
        step = np.where(one["step"] > 0, one["step"], 1.0)
        rate = one["back"] if self.found_ else np.zeros(part.height)
        told = part.with_columns(
            gap=pl.Series(gap), expected=pl.Series(-rate * gap / step), step=pl.Series(step)
        )
        told = told.with_columns(
            target=(pl.col("gap") - pl.col("gap").shift(1).over("pair")) / pl.col("step"),
            predicted=pl.col("expected").shift(1).over("pair"),
            baseline=pl.lit(0.0),
        ).drop_nulls(["target", "predicted"])
        return told.sort("date", "pair").select(
            "pair", "date", "target", "predicted", "baseline",
            loss=(pl.col("target") - pl.col("predicted")) ** 2, baseline_loss=pl.col("target") ** 2,
        )  # fmt: skip

    def latest(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the pairs found, on the last day: keys, predicted (the gap in deviations), p, q and half_life (sessions)."""
        now = rows.filter(pl.col("date") == pl.col("date").max(), pl.col("pair").is_in(self.found_)).sort(
            "pair"
        )
        one = self._numbers(now)
        return now.select("pair", "date").with_columns(
            pl.Series("predicted", self.predict(now), dtype=pl.Float64),
            pl.Series("p", one["p"], dtype=pl.Float64),
            pl.Series("q", one["q"], dtype=pl.Float64),
            pl.Series("half_life", [_half_life(x) for x in one["back"]], dtype=pl.Float64),
        )

    def reasons(self, rows: pl.DataFrame) -> list[list[dict[str, Any]]]:
        """Return, per row, how far the gap is, how strongly the two are tied, and how fast a gap closes."""
        gap, one = self.predict(rows), self._numbers(rows)
        return [
            [
                {"feature": "gap", "words": "gap between the two", "contribution": float(gap[k]), "unit": "deviations"},
                {"feature": "tie", "words": "Engle and Granger's statistic", "contribution": float(one["statistic"][k]), "unit": "t"},
                {"feature": "back", "words": "part of a gap that a session closes", "contribution": float(one["back"][k]), "unit": "fraction"},
            ]
            for k in range(rows.height)
        ]  # fmt: skip

    def calibration(self, tested: pl.DataFrame) -> dict[str, Any]:
        """Return how many pairs were tried, those found with p, q and half-life, and the nearest misses; and what held later."""
        later = {
            row["pair"]: row
            for row in tested.filter(pl.col("predicted") != 0.0)
            .group_by("pair")
            .agg(days=pl.len(), loss=pl.col("loss").mean(), base=pl.col("baseline_loss").mean())
            .iter_rows(named=True)
        }
        ranked = sorted(self.tests_.items(), key=lambda item: (item[1]["p"], item[0]))[:12]
        return {
            "kind": "pairs", "tried": len(self.tests_), "found": len(self.found_), "false_discovery": FALSE_DISCOVERY,
            "sessions": self.n_, "n": tested.height,
            "pairs": [
                {"pair": name, "p": short(one["p"]), "q": short(one["q"]), "n": self.n_, "slope": short(one["slope"]),
                 "half_life": short(_half_life(one["back"])), "found": name in self.found_,
                 "days_later": later[name]["days"] if name in later else 0,
                 "skill_later": short(1 - later[name]["loss"] / later[name]["base"]) if name in later else None}
                for name, one in ranked
            ],
        }  # fmt: skip

    def figures(self) -> dict[str, float | None]:
        """Return how many pairs were tried and found, and the smallest q."""
        least = min((one["q"] for one in self.tests_.values()), default=None)
        return {"tried": float(len(self.tests_)), "found": float(len(self.found_)), "least_q": short(least)}

    def state(self) -> dict[str, Any]:
        """Return every test."""
        return {"version": self.version, "tests": self.tests_, "n": self.n_}

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Self:
        """Take up what ``state`` gave."""
        made = cls.begun(state)
        made.tests_ = {name: dict(one) for name, one in state["tests"].items()}
        made.n_ = int(state["n"])
        made.found_ = [name for name, one in made.tests_.items() if _holds(one)]
        return made

    def _numbers(self, rows: pl.DataFrame) -> dict[str, Floats]:
        none = dict.fromkeys(_FIELDS, 0.0)
        own = [self.tests_.get(name, none) for name in rows["pair"].to_list()]
        return {field: np.array([one[field] for one in own], dtype=np.float64) for field in _FIELDS}


def _holds(one: Mapping[str, float]) -> bool:
    life = _half_life(one["back"])
    return one["q"] <= FALSE_DISCOVERY and life is not None and life <= _SLOW


def _half_life(back: float) -> float | None:
    """Return in how many sessions half of a gap closes; None where it does not."""
    if not 0 < back < 1:
        return None
    return float(-np.log(2) / np.log1p(-back))
