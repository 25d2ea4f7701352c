"""What is known of an alert when it is raised: its own numbers, and how earlier ones like it ended."""

from typing import Any

import numpy as np
import polars as pl

from analytics.models._base import Floats

# What the job hands in: every alert of the organisation, one row each, and how people ended it.
ALERT_FACTS = "alert_facts"
METRICS = pl.List(
    pl.Struct(
        {"name": pl.String(), "value": pl.Float64(), "threshold": pl.Float64(), "percentile": pl.Float64()}
    )
)
ALERT_FACTS_SCHEMA: dict[str, pl.DataType] = {
    "alert_id": pl.String(),
    "date": pl.Date(),  # of ``time``
    "time": pl.Datetime("us", "UTC"),  # when it was raised
    "detector": pl.String(),
    "score": pl.Float64(),
    "actor_group": pl.String(),
    "people": pl.List(pl.String()),  # ids of its actors
    "instrument_ids": pl.List(pl.String()),
    "seconds": pl.Float64(),  # length of its window
    "orders": pl.Int64(),  # that it names as evidence, and so on
    "fills": pl.Int64(),
    "messages": pl.Int64(),
    "posts": pl.Int64(),
    "metrics": METRICS,
    "outcome": pl.Float64(),  # 1 followed up, 0 dismissed, null undecided
    "decided": pl.Datetime("us", "UTC"),  # null while undecided
}
SLOTS = 6  # measures of a detector that are looked at, in its own order
_PRIOR = 6.0  # endings that the overall share counts as, where a share is of few
_BANDS = 10  # of the score
_NEAR_DAYS = 1.0  # company: other alerts on the same people so shortly before
_LONG_DAYS = 90.0  # what counts as history of an actor or an instrument

FEATURES: dict[str, tuple[str, str]] = {
    "score": ("the detector's score", "points of 100"),
    "score_rank": ("the score among earlier ones of the detector", "fraction below"),
    "detector_share": ("how often this detector's alerts were followed up", "log odds"),
    "detector_seen": ("earlier endings of this detector", "log count"),
    "beyond_mean": ("distance of its measures from their thresholds", "log ratio"),
    "beyond_least": ("the measure nearest to its threshold", "log ratio"),
    "percentile": ("how rare the rarest measure is", "percentile"),
    "seconds": ("length of the episode", "log seconds"),
    "orders": ("orders in evidence", "log count"),
    "fills": ("fills in evidence", "log count"),
    "messages": ("messages in evidence", "log count"),
    "posts": ("posts in evidence", "log count"),
    "people": ("people and accounts involved", "log count"),
    "names": ("instruments involved", "log count"),
    "actor_before": ("earlier alerts on the same actors", "log count"),
    "actor_share": ("how often alerts on these actors were followed up", "log odds"),
    "instrument_before": ("earlier alerts on the instrument", "log count"),
    "instrument_share": ("how often alerts on the instrument were followed up", "log odds"),
    "company": ("other detectors' alerts on the same actors a day before", "log count"),
    "talk": ("alerts on the actors' messages a day before", "log count"),
    **{f"measure_{n}": (f"measure {n} among earlier ones of the detector", "fraction below") for n in range(1, SLOTS + 1)},
}  # fmt: skip


def alert_facts(alerts: pl.DataFrame) -> pl.DataFrame:
    """Return alert_id, date, ``FEATURES``, detector, ``baseline`` and ``target``, sorted by time and id.

    Only alerts raised before an alert say anything of it, and only endings decided before its day.

    Args:
        alerts: ``ALERT_FACTS_SCHEMA``.

    Returns:
        ``baseline``: share followed up among earlier endings with a score in the same tenth, drawn towards the
        share of all (a half before there are any). ``target``: 1 followed up, 0 dismissed, null undecided.
    """
    rows = alerts.sort("time", "alert_id").with_columns(
        date=pl.col("time").dt.date(), instrument=pl.col("instrument_ids").list.first(),
    )  # fmt: skip
    if rows.is_empty():
        return pl.DataFrame(schema=_schema())
    seen = _Seen(rows)
    detectors, groups, names = (_codes(rows[name]) for name in ("detector", "actor_group", "instrument"))
    band = np.minimum((rows["score"].fill_null(0.0).to_numpy() / 100 * _BANDS).astype(np.int64), _BANDS - 1)
    overall, _ = seen.share(np.zeros(rows.height, dtype=np.int64), 0.5)
    detector_share, detector_seen = seen.share(detectors, overall)
    band_share, _ = seen.share(band, overall)
    actor_share, _ = seen.share(groups, overall)
    name_share, _ = seen.share(names, overall)
    told = np.array([name == "communications" for name in rows["detector"]])
    made: dict[str, Any] = {
        "score": rows["score"].to_numpy(),
        "score_rank": seen.rank(detectors, rows["score"].cast(pl.Float64).to_numpy()),
        "detector_share": _odds(detector_share),
        "detector_seen": np.log1p(detector_seen),
        "actor_before": np.log1p(seen.before(groups, _LONG_DAYS)),
        "actor_share": _odds(actor_share),
        "instrument_before": np.log1p(seen.before(names, _LONG_DAYS)),
        "instrument_share": _odds(name_share),
        "company": np.log1p(seen.before(groups, _NEAR_DAYS, unlike=detectors)),
        "talk": np.log1p(seen.before(groups, _NEAR_DAYS, only=told)),
    }
    for slot in range(SLOTS):
        value = rows["metrics"].list.get(slot, null_on_oob=True).struct.field("value").cast(pl.Float64)
        made[f"measure_{slot + 1}"] = seen.rank(detectors, value.to_numpy())
    found = rows.with_columns(_beyond()).with_columns(
        seconds=pl.col("seconds").clip(lower_bound=0.0).log1p(),
        people=pl.col("people").list.len().cast(pl.Float64).log1p(),
        names=pl.col("instrument_ids").list.len().cast(pl.Float64).log1p(),
        **{name: pl.col(name).cast(pl.Float64).log1p() for name in ("orders", "fills", "messages", "posts")},
        baseline=pl.Series(band_share), target="outcome",
        **{f"made_{name}": pl.Series(values, dtype=pl.Float64, nan_to_null=True) for name, values in made.items()},
    )  # fmt: skip
    return found.with_columns(**{name: pl.col(f"made_{name}") for name in made}).select(list(_schema()))


def _schema() -> dict[str, pl.DataType]:
    keys = {"alert_id": pl.String(), "date": pl.Date(), "detector": pl.String()}
    return keys | dict.fromkeys(FEATURES, pl.Float64()) | {"baseline": pl.Float64(), "target": pl.Float64()}


def _beyond() -> list[pl.Expr]:
    one = pl.element().struct
    ratio = (one.field("value").abs() / one.field("threshold").abs()).log().clip(-5.0, 5.0)
    known = pl.col("metrics").list.eval(
        pl.when(one.field("threshold").abs() > 0, one.field("value").abs() > 0).then(ratio)
    )
    rare = pl.col("metrics").list.eval(one.field("percentile"))
    return [
        known.list.mean().alias("beyond_mean"), known.list.min().alias("beyond_least"),
        rare.list.max().alias("percentile"),
    ]  # fmt: skip


def _codes(names: pl.Series) -> Any:
    # A row of its own for what is unknown: two unknown actors are not one.
    code = names.rank("dense").cast(pl.Int64)
    return code.fill_null(-1 - pl.int_range(len(names), eager=True)).to_numpy()


def _odds(share: Floats) -> Floats:
    return np.log(share / (1 - share))


class _Seen:
    """What was known before each alert. Alerts are hundreds or thousands: all pairs are compared, block by block."""

    def __init__(self, rows: pl.DataFrame) -> None:
        self.day = rows["time"].dt.epoch("us").to_numpy() / 86_400e6
        self.today = rows["date"].cast(pl.Int32).to_numpy()
        self.decided = rows["decided"].dt.date().cast(pl.Int32).fill_null(2**31 - 1).to_numpy()
        self.outcome = rows["outcome"].fill_null(0.0).to_numpy()

    def share(self, code: Any, prior: Any) -> tuple[Floats, Floats]:
        """Return the share followed up and the number of endings of the same code decided before the day."""
        total, good = self._sums(code)
        prior = np.broadcast_to(np.asarray(prior, dtype=np.float64), total.shape)
        return np.clip((good + _PRIOR * prior) / (total + _PRIOR), 0.005, 0.995), total

    def _sums(self, code: Any) -> tuple[Floats, Floats]:
        total, good = np.zeros(len(code)), np.zeros(len(code))
        for rows in self._alike(code):
            known = self.decided[rows][None, :] < self.today[rows][:, None]
            total[rows] = known.sum(axis=1)
            good[rows] = known @ self.outcome[rows]
        return total, good

    def before(self, code: Any, days: float, *, unlike: Any = None, only: Any = None) -> Floats:
        """Return how many alerts of the same code came in the days before, optionally of other codes or some only."""
        found = np.zeros(len(code))
        for rows in self._alike(code):
            ago = self.day[rows][:, None] - self.day[rows][None, :]
            near = (ago > 0) & (ago <= days)
            if unlike is not None:
                near &= unlike[rows][:, None] != unlike[rows][None, :]
            if only is not None:
                near &= only[rows][None, :]
            found[rows] = near.sum(axis=1)
        return found

    def rank(self, code: Any, value: Floats) -> Floats:
        """Return the fraction of earlier values of the same code below each, half a value counted either way."""
        found = np.full(len(code), np.nan)
        for rows in self._alike(code):
            own = value[rows]
            earlier = (self.day[rows][None, :] < self.day[rows][:, None]) & np.isfinite(own)[None, :]
            below = (earlier & (own[None, :] < own[:, None])).sum(axis=1)
            level = (earlier & (own[None, :] == own[:, None])).sum(axis=1)
            found[rows] = np.where(
                np.isfinite(own), (below + level / 2 + 0.5) / (earlier.sum(axis=1) + 1), np.nan
            )
        return found

    @staticmethod
    def _alike(code: Any) -> list[Any]:
        order = np.argsort(code, kind="stable")
        edges = np.nonzero(np.diff(code[order]))[0] + 1
        return np.split(order, edges)
