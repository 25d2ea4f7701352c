"""What the market is like: calm, trending or stressed, from what is known at the end of each day."""

import math
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Self

import numpy as np
import polars as pl
from scipy.special import ndtri

from analytics.models._base import Floats, Model, Tables, Walk, short
from analytics.models._change_points import DRAWS, LEAST, LEVEL, SEED, change_points
from analytics.models._closes import adjusted_closes
from analytics.models._learn import top_reasons
from analytics.models._spreads import COLUMNS as SPREAD_COLUMNS
from analytics.models._spreads import DAILY_SPREADS, against_usual
from analytics.models._sticky_mixture import StickyMixture, log_normal

STATES = ("calm", "trending", "stressed")
FEATURES: dict[str, str] = {
    "activity": "size of the day's moves over all instruments",
    "together": "how much instruments moved together",
    "volume": "volume against the twenty days before",
    "follow": "whether the market went on the way it had gone (1) or turned (0)",
}
SPREAD_WORDS = "quoted spreads against the twenty days before"
SPREAD_DAYS = 120  # days of training with quotes, below which spreads are left out: a state needs weeks to be told by them
# What a change is told in: words, unit, and from the mean of a feature to that unit.
_UNITS: dict[str, tuple[str, str, Callable[[float], float]]] = {
    "activity": ("size of a day's move", "fraction", lambda mean: math.exp(mean / 2)),
    "together": ("part of moves that is common", "fraction", float),
    "volume": ("volume against the twenty days before", "ratio", math.exp),
    "follow": ("days that went on the market's way", "fraction", float),
}
_GAUSSIAN = ["activity", "together", "volume"]
_FLOOR = 1e-10  # of a mean square return
_USUAL = 20  # sessions of usual volume
_PAST = 10  # sessions of the market's way so far
_FEW = 3  # instruments without which there is no market
_LEVELS = np.linspace(0.01, 0.99, 99)  # quantiles that scores are read from
_SCORES = ndtri(_LEVELS)
_STARTS = (
    (0.8, 0.65),
    (0.65, 0.8),
    (0.9, 0.65),
)  # part of days taken to be not stressed; of those, not trending


class Regimes(Model):
    """Three states that stay, on four numbers of the market's day.

    Each number is of its own day, so that nothing persists by construction: log of the mean square return over
    instruments, the part of it that is common, log volume against the twenty sessions before (these three as
    normal scores: Gaussian in each state), and whether the market went the way of its last ten sessions. States
    are filtered: what is said of a day uses no later day. The state with the largest moves is called stressed,
    of the others the one that goes on its way more often trending.

    Where at least 120 days of training have quotes, spreads are a fifth number, on its own within a state; days
    without quotes are judged by the other four. With fewer the model is the one without spreads, to the last bit,
    and says so. A number that stood still over all days of training (volume, where prices come without) is left out
    too, of the states and of the one state alike: a density of what cannot move says nothing. Lasting changes of the four numbers are tested apart (``changes``): states do not rest on them.
    """

    name = "regimes"
    title = "Market regime"
    version = "1.3.0"
    purpose = "Whether the market is calm, trending or stressed now, and since when it is another than it was; shown under charts and used to read other figures by."
    kind = "density"
    unit = "probability of each state"
    inputs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "prices": ("instrument_id", "date", "adj_basis", "close", "volume"),
        DAILY_SPREADS: SPREAD_COLUMNS,
    }
    keys = ("date",)
    target_name = "the day's four numbers, given the days before"
    horizon = 0
    baseline_name = "one state: the same normal distribution every day"
    metric = "log density of the day, above that of one state"
    skill_unit = "nats a day"
    references = (
        "Hamilton, A new approach to the economic analysis of nonstationary time series, 1989",
        "Fox, Sudderth, Jordan and Willsky, A sticky HDP-HMM with application to speaker diarization, 2011",
        "Rabiner, A tutorial on hidden Markov models, 1989",
        "Ploberger and Kramer, The CUSUM test with OLS residuals, 1992",
        "Buhlmann, Sieve bootstrap for time series, 1997",
        "Theiler and others, Testing for nonlinearity in time series: the method of surrogate data, 1992",
    )
    limits = (
        "The names are ours: nobody labels a market calm or stressed",
        "The market is the instruments with prices here, equally weighted",
        f"Spreads are among its numbers only where {SPREAD_DAYS} days of training have quotes, volume only where prices come with it",
        "A change of state shows after it has begun, usually within days",
        f"A change point is placed looking back and needs {LEAST} sessions on each side; spells that come and go are states, not changes",
        "Where swings fade over months, a series without a change shows one more often than said: about one in six instead of one in twenty",
    )
    # A state lasts weeks, so tests are quarters; fitting costs a forward and a backward pass a step.
    walk = Walk(first=250, width=63, embargo=5, least=40)
    page = "/intelligence/behaviour"
    seeds: ClassVar[Mapping[str, int]] = {"series without a change": SEED}
    figure_words: ClassVar[Mapping[str, str]] = {f"dwell_{name}": f"{name}, sessions" for name in STATES}

    def features(self, tables: Tables) -> pl.DataFrame:
        """Return date, ``FEATURES``, spread and market (mean log return), one row a session; baseline and target are null.

        ``spread`` is null on days without quotes or without ten days of quotes before.
        """
        closes = adjusted_closes(tables["prices"], also=("volume",))
        own = pl.col("volume").cast(pl.Float64)
        usual = own.shift(1).rolling_median(_USUAL, min_samples=_USUAL // 2).over("instrument_id")
        rows = closes.with_columns(
            change=(pl.col("close") / pl.col("close").shift(1)).log().over("instrument_id"),
            more=pl.when(usual > 0, own > 0).then((own / usual).log()),
        )
        days = (
            rows.drop_nulls("change")
            .group_by("date")
            .agg(
                n=pl.len(), market=pl.col("change").mean(), square=(pl.col("change") ** 2).mean(),
                volume=pl.col("more").median(),
            )
            .filter(pl.col("n") >= _FEW)
            .sort("date")
        )  # fmt: skip
        days = days.join(
            against_usual(tables.get(DAILY_SPREADS)), on="date", how="left", maintain_order="left"
        )
        way = pl.col("market").shift(1).rolling_mean(_PAST).sign()
        return days.with_columns(
            activity=pl.max_horizontal("square", pl.lit(_FLOOR)).log(),
            together=(pl.col("market").abs() / pl.max_horizontal(pl.col("square"), pl.lit(_FLOOR)).sqrt()),
            volume=pl.col("volume").fill_null(0.0),
            follow=(pl.col("market") * way > 0).cast(pl.Float64),
            baseline=pl.lit(None, pl.Float64), target=pl.lit(None, pl.Float64),
        ).select("date", *FEATURES, "spread", "market", "baseline", "target")  # fmt: skip

    def known(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the days with all four numbers."""
        return rows.drop_nulls(list(FEATURES))

    def drivers(self, rows: pl.DataFrame) -> list[str]:
        """Watch the numbers it goes by."""
        return [*FEATURES, "spread"] if getattr(self, "aside_", None) else list(FEATURES)

    def fit(self, rows: pl.DataFrame) -> Self:
        """Fit the states, named by what they are like, and the one state they are compared with.

        Raises:
            ValueError: If prices stood still over all days of training.
        """
        raw = self._all(rows)
        moved = np.ptp(raw, axis=0) > 0
        if not moved[_GAUSSIAN.index("activity")]:
            raise ValueError("prices have not moved on any day of training")
        self.used_ = [name for name, one in zip(_GAUSSIAN, moved, strict=True) if one]
        self.grid_ = np.quantile(self._raw(rows), _LEVELS, axis=0)
        spreads = _spread(rows)
        self.spread_days_ = int((~np.isnan(spreads)).sum())
        self.aside_: list[list[float]] | None = None
        if self.spread_days_ >= SPREAD_DAYS:
            self.aside_ = [np.nanquantile(spreads, _LEVELS).tolist()]
            scores = np.interp(spreads[~np.isnan(spreads)], self.aside_[0], _SCORES)
            # Of the one state: mean and variance.
            self.aside_.append([float(scores.mean()), max(float(scores.var()), 1e-3)])
        x, yes = self._scaled(rows), _followed(rows)
        self.mixture_ = _likeliest(x, yes, self._aside(rows))
        self.one_ = np.cov(x, rowvar=False) + 1e-6 * np.eye(x.shape[1])
        self.often_ = float((yes.sum() + 1) / (yes.size + 2))
        stressed = int(np.argmax(self.mixture_.mean_[:, self.used_.index("activity")]))
        others = [k for k in range(len(STATES)) if k != stressed]
        trending = max(others, key=lambda k: (float(self.mixture_.often_[k]), k))
        calm = next(k for k in others if k != trending)
        self.mixture_.reorder([calm, trending, stressed])
        self.learnt_ = rows.select("date", *FEATURES)
        return self

    def predict(self, rows: pl.DataFrame) -> Floats:
        """Return days x states: the probability of calm, trending and stressed given the rows until each day."""
        return self.mixture_.filtered(self._scaled(rows), _followed(rows), self._aside(rows))[0]

    def judge(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return date, predicted (of stressed), loss and baseline_loss: minus the log density of each day before it came."""
        x, yes = self._scaled(rows), _followed(rows)
        aside = self._aside(rows)
        states, density = self.mixture_.filtered(x, yes, aside)
        lower = np.linalg.cholesky(self.one_)
        z = np.linalg.solve(lower, x.T)
        one = np.log(np.where(yes > 0, self.often_, 1 - self.often_))
        if aside is not None and self.aside_ is not None:
            one += log_normal(aside, *self.aside_[1])
        one += -0.5 * (z**2).sum(axis=0) - np.log(np.diag(lower)).sum() - x.shape[1] / 2 * np.log(2 * np.pi)
        return rows.select(
            "date",
            pl.col("target"),
            pl.Series("predicted", states[:, 2], dtype=pl.Float64),
            pl.col("baseline"),
            pl.Series("loss", -density, dtype=pl.Float64),
            pl.Series("baseline_loss", -one, dtype=pl.Float64),
        )

    def course(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return date, state, its probability ``predicted``, and calm, trending, stressed; filtered, one row a day."""
        days = self.known(rows).sort("date")
        chance = self.predict(days) if days.height else np.empty((0, len(STATES)))
        return days.select(
            "date",
            pl.Series("state", [STATES[k] for k in chance.argmax(axis=1)], dtype=pl.String),
            pl.Series("predicted", chance.max(axis=1, initial=0.0), dtype=pl.Float64),
            *(pl.Series(name, chance[:, k], dtype=pl.Float64) for k, name in enumerate(STATES)),
        )

    def latest(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the last day of ``course``, and ``since``: the first day of the stretch it belongs to."""
        course = self.course(rows)
        before = course.filter(pl.col("state") != pl.col("state").last())["date"].max()
        stretch = course if before is None else course.filter(pl.col("date") > before)
        return course.tail(1).with_columns(since=pl.lit(stretch["date"].min(), pl.Date))

    @classmethod
    def changes(cls, rows: pl.DataFrame) -> list[dict[str, Any]]:
        """Return the lasting changes of the four numbers, see ``change_points``; the last word is of today, looking back.

        It rests on no state and on no training: only on the rows.

        Returns:
            date (first day after), p, level (what p had to stay below), sessions before and after (to the next
            change), and ``moved``: what moved, the most first, with words, before, after, unit (``fraction`` or
            ``ratio``) and how far (normal scores).
        """
        days = cls().known(rows).sort("date")
        x = _normal(days.select(list(FEATURES)).to_numpy().astype(np.float64))
        found = change_points(x)
        ends = [0, *(one.at for one in found), days.height]
        told = []
        for one, start, end in zip(found, ends, ends[2:], strict=False):
            before, after = slice(start, one.at), slice(one.at, end)
            moved = []
            for k, (name, (words, unit, to)) in enumerate(_UNITS.items()):
                was, now = (float(days[name][part].mean()) for part in (before, after))  # type: ignore[arg-type]
                far = float(x[after, k].mean() - x[before, k].mean())
                moved.append({"feature": name, "words": words, "before": short(to(was)), "after": short(to(now)),
                              "unit": unit, "far": short(far)})  # fmt: skip
            moved.sort(key=lambda row: -abs(row["far"]))
            told.append({"date": days["date"][one.at].isoformat(), "p": one.p, "level": one.level,
                         "before": one.at - start, "after": end - one.at, "moved": moved})  # fmt: skip
        return told

    def spread_told(self) -> dict[str, Any]:
        """Return whether spreads are among its numbers: used, days (of training with quotes), needed."""
        return {"used": self.aside_ is not None, "days": self.spread_days_, "needed": SPREAD_DAYS}

    def dwell(self) -> dict[str, float]:
        """Return how many sessions each state lasts on average, by the fitted chances of leaving it."""
        return dict(zip(STATES, self.mixture_.dwell().tolist(), strict=True))

    def figures(self) -> dict[str, float | None]:
        """Return how many sessions each state lasts."""
        return {f"dwell_{name}": round(days, 2) for name, days in self.dwell().items()}

    def sorted_into(self, rows: pl.DataFrame) -> dict[str, int]:
        """Return the state of each day, filtered."""
        course = self.course(rows)
        return {str(day): STATES.index(state) for day, state in course.select("date", "state").iter_rows()}

    def calibration(self, tested: pl.DataFrame) -> dict[str, Any]:
        """Return dwell times in sessions, how many tested days were said to be stressed, change points, and spreads."""
        said = tested["predicted"].to_numpy()
        return {
            "kind": "changes",
            "changes": self.changes(self.learnt_),
            "until": self.learnt_["date"].max().isoformat(),  # type: ignore[union-attr]
            "level": LEVEL,
            "draws": DRAWS,
            "spread": self.spread_told(),
            "dwell": {name: round(days, 2) for name, days in self.dwell().items()},
            "stressed_days": int((said > 0.5).sum()),
            "n": tested.height,
        }

    def reasons(self, rows: pl.DataFrame) -> list[list[dict[str, Any]]]:
        """Return the three numbers farthest from what they usually are, in deviations of the training days."""
        parts = np.column_stack([self._scaled(rows), 2 * _followed(rows) - 1])
        aside = self._aside(rows)
        names = {name: FEATURES[name] for name in (*self.used_, "follow")}
        if aside is None:
            return top_reasons(parts, list(names), names, unit="normal score")
        names |= {"spread": SPREAD_WORDS}
        return top_reasons(
            np.column_stack([parts, np.nan_to_num(aside)]), list(names), names, unit="normal score"
        )

    def state(self) -> dict[str, Any]:
        """Return scales, states and the one state."""
        return {
            "version": self.version, "grid": self.grid_.tolist(), "used": self.used_,
            "one": self.one_.tolist(), "often": self.often_, "mixture": self.mixture_.state(), "states": list(STATES),
            "dwell": self.dwell(), "aside": self.aside_, "spread_days": self.spread_days_,
        }  # fmt: skip

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Self:
        """Take up what ``state`` gave."""
        made = cls.begun(state)
        made.grid_, made.used_ = np.array(state["grid"]), list(state["used"])
        made.often_ = state["often"]
        made.aside_, made.spread_days_ = state["aside"], int(state["spread_days"])
        made.one_, made.mixture_ = np.array(state["one"]), StickyMixture.restore(state["mixture"])
        return made

    def _aside(self, rows: pl.DataFrame) -> Floats | None:
        """Return normal scores of the spreads, NaN on days without; None where the model does not go by them."""
        if self.aside_ is None:
            return None
        spreads = _spread(rows)
        scores: Floats = np.interp(spreads, self.aside_[0], _SCORES)
        return np.where(np.isnan(spreads), np.nan, scores)

    @staticmethod
    def _all(rows: pl.DataFrame) -> Floats:
        return np.asarray(rows.select(_GAUSSIAN).to_numpy(), dtype=np.float64)

    def _raw(self, rows: pl.DataFrame) -> Floats:
        return np.asarray(rows.select(self.used_).to_numpy(), dtype=np.float64)

    def _scaled(self, rows: pl.DataFrame) -> Floats:
        """Return normal scores by the quantiles of the training days: then only what persists is left to states."""
        raw = self._raw(rows)
        columns = [np.interp(raw[:, k], self.grid_[:, k], _SCORES) for k in range(raw.shape[1])]
        return np.stack(columns, axis=1)


def _spread(rows: pl.DataFrame) -> Floats:
    return np.asarray(rows["spread"].cast(pl.Float64).to_numpy(), dtype=np.float64)


def _normal(x: Floats) -> Floats:
    """Return normal scores by rank within each column: no single day can make a change."""
    from scipy.stats import rankdata

    return np.asarray(ndtri((rankdata(x, axis=0) - 0.5) / max(len(x), 1)), dtype=np.float64)


def _followed(rows: pl.DataFrame) -> Floats:
    return np.asarray(rows["follow"].to_numpy(), dtype=np.float64)


def _likeliest(x: Floats, yes: Floats, aside: Floats | None) -> StickyMixture:
    """Return the likeliest of a few fits: from one guess alone a few days more may end in other states."""
    fits = [StickyMixture().fit(x, yes, _guess(x, yes, *start), aside) for start in _STARTS]
    told = [float(one.filtered(x, yes, aside)[1].sum()) for one in fits]
    return fits[max(range(len(fits)), key=lambda k: (round(told[k], 6), -k))]


def _guess(x: Floats, yes: Floats, quiet: float, going_on: float) -> Floats:
    """Return first guesses: days whose moves lie above a quantile stressed, of the rest those that went on trending."""
    week, month = np.ones(5) / 5, np.ones(20) / 20
    smooth = np.convolve(x[:, 0], week)[: x.shape[0]]  # activity, which is always there
    going = np.convolve(yes, month)[: x.shape[0]]
    stressed = smooth >= np.quantile(smooth, quiet)
    trending = ~stressed & (going >= np.quantile(going, going_on))
    found = np.full((x.shape[0], len(STATES)), 0.1)
    found[np.arange(x.shape[0]), np.where(stressed, 2, np.where(trending, 1, 0))] = 0.8
    return found
