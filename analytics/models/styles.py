"""Who trades alike: styles by how people and accounts behave, whatever their desk says."""

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
import polars as pl

from analytics.models._base import Floats, short
from analytics.models._clusters import Ints, ward
from analytics.models._conduct_days import NUMBERS, OfConduct, in_units
from analytics.models._habits import Habits, distances, habits, stable, without_own

STABLE = 0.65  # adjusted Rand index below which agreement is poor (Steinley, 2004)
_MOST = 10  # groups tried, those too small for a style among them
_MEMBERS = 3  # of a style: two alike are a coincidence, one is himself
_LEAST = 2 * _MEMBERS  # people or accounts with habits, below which there is nothing to tell apart
_UNLIKE = 0.25  # share of all that may be in no style; where more are, styles describe too few
_DRAWS = 20  # of the resampling
_SEED = 13


class Styles(OfConduct):
    """Ward's method on habits: the median, over a trader's or an account's days, of each number in robust deviations.

    The numbers are those of the behaviour model, here measured from the median of all rather than of the peers,
    for peers is what styles are not to know. Numbers of one kind share a weight of one. A style has at least three
    members; who is in a smaller group is unlike any style. At least two styles, as many as make the silhouette
    largest (0 for who is in none), and at most a quarter of all in none. Days are drawn anew to see whether the same styles
    come out; where they do not (adjusted Rand below 0.65) there are no styles and the model says nothing.

    Judged on later days: how well the habits of the others of a style tell one's days, against the habits of
    everybody else. Who is unlike any style is told by everybody.
    """

    name = "styles"
    title = "Trading styles"
    version = "1.1.0"
    purpose = "Which traders and accounts trade alike, in what, and whether their desk says so."
    kind = "structure"
    unit = "robust deviations"
    target_name = "the numbers of a day, from the habits of the others of the style"
    horizon = 0
    baseline_name = "the habits of everybody else: no styles"
    rivals: ClassVar[Mapping[str, str]] = {
        "random": "styles of the same sizes, dealt at random",
        "peers": "the desk, or the kind of account",
    }
    metric = "squared error skill on later days"
    references = (
        "Ward, Hierarchical grouping to optimize an objective function, 1963",
        "Rousseeuw, Silhouettes: a graphical aid, 1987",
        "Hubert and Arabie, Comparing partitions, 1985",
        "Steinley, Properties of the Hubert-Arabie adjusted Rand index, 2004",
    )
    limits = (
        "A style is a habit, not an offence; who shares a style need not know the other",
        "Those with fewer than three days of five orders have no habit yet",
        "Styles are of the days trained on: who changes his ways is told by the behaviour model first",
        "Where one stands apart and all others are alike there are no styles: that is for the behaviour model to tell",
    )
    seeds: ClassVar[Mapping[str, int]] = {"days drawn anew and styles dealt at random": _SEED}
    figure_words: ClassVar[Mapping[str, str]] = {
        f"{who}_{name}": f"{who}s, {words}"
        for who in ("trader", "account")
        for name, words in (
            ("styles", "styles"),
            ("stability", "days drawn anew"),
            ("silhouette", "silhouette"),
        )
    }

    def fit(self, rows: pl.DataFrame) -> Self:
        """Learn habits, group them where the groups are stable, and how far each partition is worth following."""
        self.until_ = str(rows["date"].max()) if rows.height else None
        self.kinds_: dict[str, _Kind] = {}
        for (who,), part in rows.group_by("who", maintain_order=True):
            self.kinds_[str(who)] = _Kind.learnt(part)
        self.kinds_ = dict(sorted(self.kinds_.items()))
        return self

    def predict(self, rows: pl.DataFrame) -> Floats:
        """Return rows x numbers: what the style leads to expect of each day, weighted robust deviations."""
        return self._expected(rows, "style")

    def judge(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return keys, target and predicted (how far the day and the expectation are from all), and the losses.

        A loss is the squared distance of the day from what was expected, over the number of numbers. ``loss_random``
        and ``loss_peers`` are those of the rivals.
        """
        seen = self._days(rows)
        said = {name: self._expected(rows, name) for name in ("style", "all", "random", "peers")}
        loss = {name: ((seen - one) ** 2).mean(axis=1) for name, one in said.items()}
        columns = {
            "target": np.sqrt((seen**2).sum(axis=1)), "predicted": np.sqrt((said["style"] ** 2).sum(axis=1)),
            "baseline": np.sqrt((said["all"] ** 2).sum(axis=1)), "loss": loss["style"], "baseline_loss": loss["all"],
            "loss_random": loss["random"], "loss_peers": loss["peers"],
        }  # fmt: skip
        return rows.select(*self.keys, *(pl.Series(n, x, dtype=pl.Float64) for n, x in columns.items()))

    def latest(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the last day of each that has a style: keys, predicted (the style's number) and peers."""
        last = rows.filter(pl.col("date") == pl.col("date").max().over("who", "id"))
        style = [self.style(who, one) for who, one in last.select("who", "id").iter_rows()]
        found = last.select(*self.keys, pl.Series("predicted", style, dtype=pl.Float64), "peers")
        return found.drop_nulls("predicted").sort(self.order())

    def style(self, who: str, one: str) -> int | None:
        """Return the number of the style of a trader or an account, from 1; None where there is none."""
        kind = self.kinds_.get(who)
        if kind is None or not kind.stable or one not in kind.habits.names:
            return None
        number = int(kind.style[kind.habits.names.index(one)])
        return number + 1 if number >= 0 else None

    def found(self, who: str) -> dict[str, Any]:
        """Return what was found among ``trader`` or ``account``: stability, silhouette, needed, people, until, styles, unlike.

        ``styles`` is empty where they are not stable; else each has style (from 1), members (id, peers, fit: the
        silhouette of each, -1 to 1), and reasons: the three kinds of numbers it differs in most, see ``reasons``.
        ``unlike`` has the same for each who is in no style beside them: style and fit are null.
        """
        kind = self.kinds_.get(who)
        told: dict[str, Any] = {"stability": None, "silhouette": None, "needed": STABLE, "people": 0, "styles": [], "unlike": [],
                                "until": self.until_}  # fmt: skip
        if kind is None:
            return told
        told |= {"stability": kind.stability, "silhouette": kind.silhouette, "people": len(kind.habits.names)}
        for number in range(int(kind.style.max(initial=-1)) + 1) if kind.stable else ():
            at = np.nonzero(kind.style == number)[0]
            members = [
                {"id": kind.habits.names[k], "peers": kind.habits.peers[k], "fit": float(kind.fit[k])}
                for k in at
            ]
            told["styles"].append({"style": number + 1, "members": members, "reasons": kind.reasons(at)})
        for k in np.nonzero(kind.style < 0)[0] if kind.stable else ():
            one = {"id": kind.habits.names[k], "peers": kind.habits.peers[k], "fit": None}
            told["unlike"].append({"style": None, "members": [one], "reasons": kind.reasons(np.array([k]))})
        return told

    def calibration(self, tested: pl.DataFrame) -> dict[str, Any]:
        """Return stability, silhouette, the least that counts and how many share each style; no names: a card has many readers."""
        kinds = {}
        for who in self.kinds_:
            found = self.found(who)
            sizes = [len(one["members"]) for one in found["styles"]]
            kinds[who] = {k: found[k] for k in ("stability", "silhouette", "needed", "people")} | {
                "sizes": sizes, "unlike": len(found["unlike"]),
            }  # fmt: skip
        return {"kind": "styles", "kinds": kinds, "n": tested.height}

    def figures(self) -> dict[str, float | None]:
        """Return, of traders and of accounts, how many styles were told, how stable and how far apart groups were."""
        found: dict[str, float | None] = {}
        for who, kind in self.kinds_.items():
            told = float(kind.style.max(initial=-1) + 1) if kind.stable else 0.0
            found |= {f"{who}_styles": told, f"{who}_stability": short(kind.stability),
                      f"{who}_silhouette": short(kind.silhouette)}  # fmt: skip
        return found

    def sorted_into(self, rows: pl.DataFrame) -> dict[str, int]:
        """Return the style of each trader and account; nothing of those without."""
        return {
            f"{who}|{name}": at * _MOST + int(number)
            for at, (who, kind) in enumerate(self.kinds_.items())
            for name, number in zip(kind.habits.names, kind.style, strict=True)
            if kind.stable and number >= 0
        }

    def reasons(self, rows: pl.DataFrame) -> list[list[dict[str, Any]]]:
        """Return, per row, the three kinds of numbers in which the style (or, without one, the habit) differs most from all.

        Each has feature, words, contribution (robust deviations of the median member), unit, value and usual (the
        median of the style's habits and of all), of (their unit).
        """
        found = []
        for who, one in rows.select("who", "id").iter_rows():
            kind = self.kinds_.get(who)
            if kind is None:
                found.append(_nothing())
                continue
            own = kind.habits.names.index(one) if one in kind.habits.names else None
            if own is None:
                found.append(_nothing())
            elif kind.stable and kind.style[own] >= 0:
                found.append(kind.reasons(np.nonzero(kind.style == kind.style[own])[0]))
            else:
                found.append(kind.reasons(np.array([own])))
        return found

    def state(self) -> dict[str, Any]:
        """Return habits, styles and how stable they are, by kind."""
        return {
            "version": self.version, "numbers": list(NUMBERS), "until": self.until_,
            "kinds": {who: kind.state() for who, kind in self.kinds_.items()},
        }  # fmt: skip

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Self:
        """Take up what ``state`` gave."""
        made = cls.begun(state)
        made.until_ = state["until"]
        made.kinds_ = {who: _Kind.restored(one) for who, one in state["kinds"].items()}
        return made

    def _days(self, rows: pl.DataFrame) -> Floats:
        found = np.zeros((rows.height, len(NUMBERS)))
        for who, kind in self.kinds_.items():
            mine = rows["who"].to_numpy() == who
            found[mine] = kind.habits.scaled(rows.filter(pl.col("who") == who))
        return found

    def _expected(self, rows: pl.DataFrame, partition: str) -> Floats:
        found = np.zeros((rows.height, len(NUMBERS)))
        for who, kind in self.kinds_.items():
            mine = rows["who"].to_numpy() == who
            found[mine] = kind.expected(rows.filter(pl.col("who") == who)["id"].to_list(), partition)
        return found


class _Kind:
    """Traders, or accounts: their habits and styles."""

    habits: Habits
    style: Ints
    random: Ints
    follow: dict[str, float]
    stability: float
    silhouette: float
    fit: Floats
    stable: bool

    @classmethod
    def learnt(cls, rows: pl.DataFrame) -> "_Kind":
        made = cls()
        made.habits = habits(rows)
        x = made.habits.vectors
        made.style, made.fit, made.silhouette, count = _grouped(x)
        made.stability = 0.0
        if count:

            def again(distance: Floats) -> Ints:
                return _with_members(ward(distance, count))

            made.stability = stable(made.habits, rows, made.style, regroup=again, draws=_DRAWS, seed=_SEED)
        made.stable = made.stability >= STABLE
        made.random = np.random.default_rng(_SEED).permutation(made.style)
        days, ids = made.habits.scaled(rows), rows["id"].to_list()
        made.follow = dict.fromkeys(("all", "style", "random", "peers"), 1.0)
        # A mean of few is noisy: each partition is followed as far as it paid in training.
        for name in made.follow:
            made.follow[name] = _slope(days, made.expected(ids, name))
        return made

    def expected(self, ids: list[str], partition: str) -> Floats:
        """Return ids x numbers: the mean habit of the others of the group, of all others for one alone or unknown."""
        everybody = np.zeros(len(self.habits.names), dtype=np.int64)
        group = {
            "all": everybody, "style": _alone(self.style) if self.stable else everybody,
            "random": _alone(self.random) if self.stable else everybody,
            "peers": np.unique(np.array(self.habits.peers, dtype=str), return_inverse=True)[1],
        }[partition]  # fmt: skip
        table = without_own(self.habits.vectors, np.asarray(group, dtype=np.int64))
        place = {name: k for k, name in enumerate(self.habits.names)}
        # The mean of all stands for those without a habit.
        rows = np.vstack([table, self.habits.vectors.mean(axis=0) if len(table) else np.zeros(len(NUMBERS))])
        found: Floats = self.follow[partition] * rows[[place.get(one, len(place)) for one in ids]]
        return found

    def reasons(self, at: Ints) -> list[dict[str, Any]]:
        """Return the three kinds of numbers in which the members differ most from all."""
        middle = np.median(self.habits.vectors[at], axis=0)
        raw = np.median(self.habits.raw[at], axis=0)
        told: list[dict[str, Any]] = []
        seen: set[str] = set()
        for k in np.argsort(-np.abs(middle), kind="stable"):
            name, number = list(NUMBERS)[k], list(NUMBERS.values())[k]
            if number.family in seen:
                continue
            seen.add(number.family)
            told.append({
                "feature": name, "words": number.words, "contribution": float(middle[k] / self.habits.weights[k]),
                "unit": "robust deviations", "value": short(in_units(name, float(raw[k]))),
                "usual": short(in_units(name, float(self.habits.middle[k]))), "of": number.unit,
            })  # fmt: skip
        return told[:3]

    def state(self) -> dict[str, Any]:
        return {
            "habits": self.habits.state(), "style": self.style.tolist(), "random": self.random.tolist(),
            "follow": self.follow, "stability": self.stability, "silhouette": self.silhouette,
            "fit": self.fit.tolist(), "stable": self.stable,
        }  # fmt: skip

    @classmethod
    def restored(cls, state: Mapping[str, Any]) -> "_Kind":
        made = cls()
        made.habits = Habits.restored(state["habits"])
        made.style, made.random = (np.array(state[name], dtype=np.int64) for name in ("style", "random"))
        made.follow, made.fit = dict(state["follow"]), np.array(state["fit"], dtype=np.float64)
        made.stability, made.silhouette, made.stable = (
            state["stability"],
            state["silhouette"],
            state["stable"],
        )
        return made


def _grouped(x: Floats) -> tuple[Ints, Floats, float, int]:
    """Return styles (-1: none), each one's silhouette, their mean, and how many groups Ward's method was asked for.

    The mean counts who is in no style as 0 and is largest for that many groups; zero groups where no number of them
    gives two styles with three members each and few enough in none.
    """
    from sklearn.metrics import silhouette_samples

    n = len(x)
    best: tuple[Ints, Floats, float, int] = (np.full(n, -1, dtype=np.int64), np.zeros(n), 0.0, 0)
    if n < _LEAST:
        return best
    distance = distances(x)
    for count in range(2, min(_MOST, n - 1) + 1):
        styles = _with_members(ward(distance, count))
        inside = styles >= 0
        if styles.max() < 1 or (~inside).mean() > _UNLIKE:
            continue
        fit = np.zeros(n)
        fit[inside] = silhouette_samples(
            distance[np.ix_(inside, inside)], styles[inside], metric="precomputed"
        )
        if fit.mean() > best[2]:
            best = styles, fit, float(fit.mean()), count
    return best


def _with_members(groups: Ints) -> Ints:
    """Return the groups with enough members, numbered by first appearance; -1 for who is in a smaller one."""
    _, first, inverse, sizes = np.unique(groups, return_index=True, return_inverse=True, return_counts=True)
    large = [k for k in np.argsort(first) if sizes[k] >= _MEMBERS]
    number = np.full(len(sizes), -1, dtype=np.int64)
    number[large] = np.arange(len(large))
    found: Ints = number[inverse]
    return found


def _alone(styles: Ints) -> Ints:
    """Return groups in which each without a style is by himself."""
    return np.where(styles < 0, -1 - np.arange(len(styles)), styles)


def _slope(days: Floats, expected: Floats) -> float:
    total = float((expected**2).sum())
    return float(np.clip((days * expected).sum() / total, 0.0, 1.0)) if total > 0 else 0.0


def _nothing() -> list[dict[str, Any]]:
    """Return three reasons of nothing: nobody knows the habits of one without days."""
    return [
        {"feature": name, "words": NUMBERS[name].words, "contribution": 0.0, "unit": "robust deviations", "value": None,
         "usual": None, "of": NUMBERS[name].unit}
        for name in list(NUMBERS)[:3]
    ]  # fmt: skip
