"""Whose trading comes before prices move his way: luck, skill, or knowing more than he should."""

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
import polars as pl

from analytics.insights._stats import benjamini_hochberg
from analytics.models._base import Floats, Model, Tables, Walk, short
from analytics.models._closes import adjusted_closes
from analytics.models._reasons import occluded

FALSE_DISCOVERY = 0.05
DRAWS = 3_999
_LEAST = 40  # days of a trader, below which he is not tried
_USUAL = 60  # sessions a swing is measured by
_CLIP = 5.0  # deviations
_BUYS = ("buy", "buy_cover")
_SEED = 31


class TraderLead(Model):
    """A trader's net trading of a day against the next session's return, each trader tested by turning days' signs.

    Net trading is bought less sold over both, -1 to 1, by trader, instrument and day; the return is from that day's
    close to the next, less the mean of all instruments, in the instrument's own past deviations. What a day adds is
    the mean over its instruments of the product. Under chance its sign is as likely the other: p by turning signs of
    days, both ways, all traders under Benjamini and Hochberg. Those that pass have a slope each; the others tell
    nothing, and where none passes the model repeats its baseline.
    """

    name = "trader_lead"
    title = "Trading before prices"
    version = "1.0.0"
    purpose = "Whose trading comes before prices move his way, or against him, once chance and all who were tried are allowed for."
    unit = "deviations of the next session's return"
    inputs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "executions": ("trader_id", "instrument_id", "transact_time", "side", "last_qty", "last_px"),
        "prices": ("instrument_id", "date", "adj_basis", "close"),
    }
    keys = ("trader_id", "instrument_id", "date")
    target_name = "the next session's return against the market, in the instrument's own deviations"
    horizon = 1
    baseline_name = "no move: nobody's trading tells"
    metric = "skill in squared error: 1 - error / error of the baseline"
    references = (
        "Phipson and Smyth, Permutation p-values should never be zero, 2010",
        "Benjamini and Hochberg, Controlling the false discovery rate, 1995",
    )
    limits = (
        "To come before a price is no offence: a good eye, a slow order worked over days and knowing more look alike here",
        "From close to close: what moves within the day of the trade is not looked at",
        "Who traded on fewer than forty days is not tried",
    )
    walk = Walk(first=200, width=63)
    seeds: ClassVar[Mapping[str, int]] = {"signs turned": _SEED}
    figure_words: ClassVar[Mapping[str, str]] = {"tried": "tried", "found": "found", "least_q": "smallest q"}
    page = "/intelligence/behaviour"
    owner = "Surveillance"

    def features(self, tables: Tables) -> pl.DataFrame:
        """Return one row per trader, instrument and day he traded it: flow (-1 to 1) and the target."""
        own = "instrument_id"
        change = (pl.col("close") / pl.col("close").shift(1)).log().over(own)
        rows = adjusted_closes(tables["prices"]).with_columns(change=change)
        rows = rows.with_columns(
            apart=pl.col("change") - pl.col("change").mean().over("date"),
            swing=pl.col("change").rolling_std(_USUAL, min_samples=_USUAL // 2).over(own),
        )
        ahead = (pl.col("apart").shift(-1).over(own) / pl.col("swing")).clip(-_CLIP, _CLIP)
        days = rows.with_columns(target=ahead).filter(pl.col("swing") > 0).select(own, "date", "target")
        value = pl.col("last_qty").cast(pl.Float64) * pl.col("last_px").cast(pl.Float64)
        signed = pl.when(pl.col("side").is_in(_BUYS)).then(pl.col("value")).otherwise(-pl.col("value"))
        traded = (
            tables["executions"]
            .drop_nulls(["trader_id", own])
            .with_columns(date=pl.col("transact_time").dt.date(), value=value)
            .sort("trader_id", own, "date", "side", "value")
            .group_by("trader_id", own, "date", maintain_order=True)
            .agg(net=signed.sum(), gross=pl.col("value").sum())
            .filter(pl.col("gross") > 0)
        )
        return (
            traded.join(days, on=[own, "date"], how="inner")
            .sort("date", "trader_id", own)
            .select(
                "trader_id", own, "date", flow=(pl.col("net") / pl.col("gross")).round(9), baseline=pl.lit(0.0),
                target="target",
            )
        )  # fmt: skip

    def fit(self, rows: pl.DataFrame) -> Self:
        """Test every trader with enough days, and keep a slope for those that pass."""
        added = (
            rows.group_by("trader_id", "date")
            .agg(added=(pl.col("flow") * pl.col("target")).mean())
            .sort("trader_id", "date")
        )
        slopes = rows.group_by("trader_id").agg(
            xy=(pl.col("flow") * pl.col("target")).sum(), xx=(pl.col("flow") ** 2).sum()
        )
        slope = {name: xy / xx if xx > 0 else 0.0 for name, xy, xx in slopes.iter_rows()}
        self.tests_: dict[str, dict[str, float]] = {}
        for (name,), part in added.group_by("trader_id", maintain_order=True):
            if part.height >= _LEAST:
                value = part["added"].to_numpy()
                self.tests_[str(name)] = {
                    "added": float(value.mean()), "p": turned(value), "n": part.height, "slope": float(slope[name]),
                }  # fmt: skip
        qs = benjamini_hochberg([one["p"] for one in self.tests_.values()])
        for one, q in zip(self.tests_.values(), qs, strict=True):
            one["q"] = q
        return self

    def predict(self, rows: pl.DataFrame) -> Floats:
        """Return what each row's trading leads to expect of the next session; 0 where the trader has not passed."""
        return self._moved(np.column_stack([rows["flow"].to_numpy(), self._slopes(rows)]))

    def latest(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return what the last day's trading of those who passed leads to expect: keys, predicted, baseline, flow."""
        now = rows.filter(pl.col("date") == pl.col("date").max())
        return now.select(*self.keys, pl.Series("predicted", self.predict(now)), "baseline", "flow")

    def reasons(self, rows: pl.DataFrame) -> list[list[dict[str, Any]]]:
        """Return, per row, what moves the expectation: the day's trading, how far it counts, and the test behind it."""
        X = np.column_stack([rows["flow"].to_numpy(), self._slopes(rows)])
        words = {"flow": "net trading of the day", "slope": "how far his trading came before prices"}
        told = occluded(self._moved, X, np.zeros(2), words, unit=self.unit)
        for reasons, name in zip(told, rows["trader_id"].to_list(), strict=True):
            one = self.tests_.get(name)
            reasons.append(
                {"feature": "test", "words": "share of chance runs that go as far",
                 "contribution": one["p"] if one else 1.0, "unit": "p"}
            )  # fmt: skip
        return [reasons[:3] for reasons in told]

    def calibration(self, tested: pl.DataFrame) -> dict[str, Any]:
        """Return how many traders were tried and passed, and the smallest p; no names: a card has many readers."""
        ps = sorted(one["p"] for one in self.tests_.values())
        return {
            "kind": "traders", "tried": len(ps), "found": len(self.passed()), "false_discovery": FALSE_DISCOVERY,
            "least_p": ps[0] if ps else None, "draws": DRAWS, "n": tested.height,
        }  # fmt: skip

    def passed(self) -> list[str]:
        """Return the traders whose trading came before prices, or against them, beyond chance."""
        return sorted(name for name, one in self.tests_.items() if one["q"] <= FALSE_DISCOVERY)

    def figures(self) -> dict[str, float | None]:
        """Return how many traders were tried and found, and the smallest q; no names."""
        least = min((one["q"] for one in self.tests_.values()), default=None)
        return {"tried": float(len(self.tests_)), "found": float(len(self.passed())), "least_q": short(least)}

    def state(self) -> dict[str, Any]:
        """Return every test."""
        return {"version": self.version, "tests": self.tests_}

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Self:
        """Take up what ``state`` gave."""
        made = cls.begun(state)
        made.tests_ = {name: dict(one) for name, one in state["tests"].items()}
        return made

    def _slopes(self, rows: pl.DataFrame) -> Floats:
        kept = {name: self.tests_[name]["slope"] for name in self.passed()}
        return np.array([kept.get(name, 0.0) for name in rows["trader_id"].to_list()], dtype=np.float64)

    @staticmethod
    def _moved(X: Floats) -> Floats:
        found: Floats = X[:, 0] * X[:, 1]
        return found


def turned(values: Floats, *, draws: int = DRAWS, seed: int = _SEED) -> float:
    """Return the share of runs, with the sign of each value turned by chance, whose mean is as far from zero.

    Both ways, and never zero: the values themselves count as one run.
    """
    rng = np.random.default_rng((seed, len(values)))
    signs = rng.integers(0, 2, size=(draws, len(values)), dtype=np.int8)
    sums = np.abs(2 * (signs @ values) - values.sum())
    seen = abs(float(values.sum()))
    return (1 + int((sums >= seen - 1e-9 * float(np.abs(values).sum())).sum())) / (1 + draws)
