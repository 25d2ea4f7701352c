"""A feed of which more is set aside than before."""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import polars as pl

from analytics.insights._rule import Candidate, Rule, Tables, link
from analytics.insights._say import course, interval
from analytics.insights._stats import Tested
from analytics.insights._tables import IMPORTS

MIN_IMPORTS = 6  # before the last one
MAX_IMPORTS = 100


class RejectedRecords(Rule):
    """Share of records set aside in a data set's last import, against its imports before.

    Shares differ between imports as much as they did (beta-binomial with the overdispersion seen).
    """

    name = "rejected_records"
    title = "More records set aside"
    description = "The last import of a data set had more unusable records than those before."
    domains = ("operations",)
    version = "2"
    inputs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        IMPORTS: ("import_id", "dataset", "time", "records", "rejected"),
    }
    test = "Upper tail of a beta-binomial, doubled; at least six imports before."

    def candidates(self, tables: Tables, *, seed: int) -> list[Candidate]:
        """Return one candidate per data set with enough imports."""
        imports = tables[IMPORTS].filter(pl.col("records") > 0, pl.col("dataset").is_not_null())
        return [
            self._candidate(str(dataset), rows.sort("time", "import_id").tail(MAX_IMPORTS))
            for (dataset,), rows in sorted(imports.group_by("dataset"), key=lambda one: one[0])
            if rows.height > MIN_IMPORTS
        ]

    def _candidate(self, dataset: str, rows: pl.DataFrame) -> Candidate:
        from scipy import stats

        records, rejected = (
            rows["records"].to_numpy().astype(float),
            rows["rejected"].to_numpy().astype(float),
        )
        n, bad = int(records[-1]), int(rejected[-1])
        before, wrong = records[:-1], rejected[:-1]
        usual = (float(wrong.sum()) + 0.5) / (float(before.sum()) + 1)
        # Pearson's dispersion of the shares, less what counting alone brings, as a correlation within imports.
        spread = ((wrong - before * usual) ** 2) / (before * usual * (1 - usual))
        few = len(before) - 1
        # Few imports say little of how much they differ: the upper end of what the dispersion may be.
        pearson = float(spread.sum()) / few * (1 + 2 * float(np.sqrt(2 / few)))
        alike = float(np.clip((pearson - 1) / max(float(before.mean()) - 1, 1.0), 0.0, 0.5))
        known = float(before.sum()) / (1 + (float(before.mean()) - 1) * alike)
        strength = known if alike <= 0 else min(known, 1 / alike - 1)
        a, b = usual * max(strength, 1.0), (1 - usual) * max(strength, 1.0)
        p = min(1.0, 2 * float(stats.betabinom.sf(bad - 1, n, a, b)))
        ends = [float(q) / n for q in stats.betabinom.ppf((0.025, 0.975), n, a, b)]
        share = bad / n
        tested = Tested(share - usual, share - ends[1], share - ends[0], p, len(before))
        row = rows.row(-1, named=True)
        words = dataset.replace("_", " ")
        day = row["time"].date()
        return Candidate(
            subject=f"{dataset}|{row['import_id']}",
            title=f"{share:.1%} of the last import of {words} was set aside ({bad:,} records), {usual:.1%} is usual",
            text=(
                f"Of {n:,} records of {words} that came in on {day}, {bad:,} ({share:.2%}) were set aside; over the "
                f"{len(before)} imports before, {usual:.2%}. The difference is {tested.value:+.2%} "
                f"{interval(tested, '{:+.2%}')}. Positions, costs and alerts are measured without these records."
            ),
            tested=tested,
            unit="fraction",
            money=0.0,
            weight=min(0.9, 0.2 + 3 * max(0.0, share - usual)),
            why=[
                {"driver": "records set aside", "value": bad, "unit": "records"},
                {"driver": "to be expected", "value": usual * n, "unit": "records"},
                {"driver": "records in all", "value": n, "unit": "records"},
            ],
            evidence=[{"kind": "import", "id": row["import_id"]}],
            next=[
                link("See what was set aside", "/operations/pipeline", import_=row["import_id"]),
                link("See data health", "/operations/health"),
            ],
            context={"dataset": dataset, "from": str(day), "to": str(day)},
            chart=course(
                rows["time"].dt.date().to_list(), (rejected / records).tolist(), label="Share set aside", recent=1, usual=usual
            ),
        )  # fmt: skip
