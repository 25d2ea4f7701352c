"""Work of the system that takes longer than it did."""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import polars as pl

from analytics.insights._rule import Candidate, Rule, Tables, link
from analytics.insights._say import course
from analytics.insights._shifts import recent_shift
from analytics.insights._stats import Tested
from analytics.insights._tables import JOB_RUNS

RECENT = 4
HISTORY = 80
MIN_RUNS = 24
NOTICED = 5.0  # seconds; what takes less is no matter however much longer than before


class SlowJobs(Rule):
    """Seconds of the last runs of a job against those before, as a ratio; only slower is told."""

    name = "slow_jobs"
    title = "System has become slower"
    description = "The last runs of a job took longer than the runs before."
    domains = ("operations",)
    version = "2"
    inputs: ClassVar[Mapping[str, tuple[str, ...]]] = {JOB_RUNS: ("job_id", "kind", "time", "seconds")}
    test = "Permutation of the logarithm of run times, and Welch's t; at least 24 runs."

    def candidates(self, tables: Tables, *, seed: int) -> list[Candidate]:
        """Return one candidate per kind of job with enough runs."""
        runs = tables[JOB_RUNS].filter(pl.col("seconds") > 0)
        return [
            self._candidate(str(kind), rows.sort("time", "job_id").tail(HISTORY), seed)
            for (kind,), rows in sorted(runs.group_by("kind"), key=lambda one: one[0])
            if rows.height >= MIN_RUNS
        ]

    def _candidate(self, kind: str, rows: pl.DataFrame, seed: int) -> Candidate:
        seconds = rows["seconds"].to_numpy()
        one = recent_shift(np.log(seconds), RECENT, seed=seed)
        value, low, high = (float(np.exp(part)) for part in (one.value, one.low, one.high))
        late, early = float(np.median(seconds[-RECENT:])), float(np.median(seconds[:-RECENT]))
        slower = one.value > 0 and late >= NOTICED
        tested = Tested(value, low, high, one.p if slower else 1.0, one.n)
        day = rows["time"][-1].date()
        words = kind.replace("_", " ")
        return Candidate(
            subject=f"{kind}|{day:%G-%V}",
            title=f"The job {words!r} takes {late:,.0f} s, {early:,.0f} s before",
            text=(
                f"The last {RECENT} runs of the job {words!r}, up to {day}, took {value:.2f} times as long as the "
                f"{one.n - RECENT} runs before (95% interval {low:.2f} to {high:.2f}, {tested.p_text}): {late:,.1f} s at the "
                f"median, {early:,.1f} s before. What it makes comes {late - early:,.1f} s later after an import."
            ),
            tested=tested,
            unit="times as long",
            against=1.0,
            money=0.0,
            weight=min(0.6, 0.1 * value),
            why=[
                {"driver": "last run", "value": float(seconds[-1]), "unit": "s"},
                {"driver": "slowest before", "value": float(seconds[:-RECENT].max()), "unit": "s"},
                {"driver": "median before", "value": early, "unit": "s"},
            ],
            evidence=[{"kind": "job", "id": str(rows["job_id"][-1])}],
            next=[link("See health", "/operations/health"), link("See the pipeline", "/operations/pipeline")],
            context={"job": kind, "to": str(day)},
            chart=course(
                rows["time"].dt.date().to_list(), seconds.tolist(), label="Seconds a run", recent=RECENT, usual=early
            ),
        )  # fmt: skip
