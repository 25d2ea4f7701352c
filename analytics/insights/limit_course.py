"""A limit that its utilisation is on course to pass."""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import polars as pl

from analytics.insights._rule import WHOLE, Candidate, Rule, Tables, link
from analytics.insights._say import course
from analytics.insights._stats import Tested, sign_flip
from analytics.insights._tables import LIMIT_USES
from analytics.money_words import money
from analytics.portfolio.limit_forecast import forecast
from analytics.portfolio.limit_measures import MEASURES

TREND = 20  # sessions over which utilisation must have grown
HORIZON = 10  # sessions ahead
LIKELY = 0.2  # probability of a breach below which nothing is said


class LimitCourse(Rule):
    """Growth of a limit's utilisation over 20 sessions, and the probability of passing it within ten more."""

    name = "limit_course"
    title = "Limit on course to breach"
    description = "Utilisation has grown more than a walk without direction would, and a breach is likely."
    domains = ("portfolio", "trading")
    version = "2"
    inputs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        LIMIT_USES: (
            "limit_id", "name", "measure", "subject_kind", "subject_id", "desk", "bound", "unit", "day", "utilisation",
        ),
    }  # fmt: skip
    test = "Sign flips of 20 daily changes in utilisation; the forecast is a first passage; at least 30 sessions."

    def candidates(self, tables: Tables, *, seed: int) -> list[Candidate]:
        """Return one candidate per limit whose level stands from day to day and that is not passed already."""
        uses = tables[LIMIT_USES].filter(
            pl.col("utilisation").is_finite(),
            pl.col("measure").is_in([name for name, one in MEASURES.items() if one.standing]),
        )
        found = []
        for _, rows in sorted(uses.group_by("limit_id"), key=lambda one: one[0]):
            ordered = rows.sort("day")
            if ordered.height > TREND + 10 and ordered["utilisation"][-1] <= 1:
                found.append(self._candidate(ordered, seed))
        return [one for one in found if one is not None]

    def _candidate(self, rows: pl.DataFrame, seed: int) -> Candidate | None:
        used = rows["utilisation"].to_numpy()
        changes = np.diff(used)[-TREND:]
        if changes.std() <= 1e-12:
            return None
        trend = sign_flip(changes, seed=seed)
        said = forecast(used.tolist(), horizon=HORIZON)
        chance = said["probability"]
        # A likely breach without growth is chance, growth without a likely breach no matter: both are asked for.
        likely = chance is not None and chance >= LIKELY
        low, high = (said["low"], said["high"]) if chance is not None else (0.0, 1.0)
        value = 0.0 if chance is None else float(chance)
        tested = Tested(value, float(low), float(high), trend.p if likely else 1.0, len(used))
        row = rows.row(-1, named=True)
        first, last = rows["day"][-TREND], row["day"]
        # A limit is mostly named after whom it bounds.
        told = row["subject_id"] and row["subject_id"] not in row["name"]
        named = f"{row['name']} of {row['subject_kind']} {row['subject_id']}" if told else row["name"]
        bound = money(row["bound"], row["unit"]) if row["unit"] else f"{row['bound']:,.6g}"
        desk = row["desk"]
        subject = row["subject_kind"]
        bounds = {subject: row["subject_id"]} if subject in {"desk", "trader", "instrument"} else {}
        return Candidate(
            subject=row["limit_id"],
            title=f"{named}: {value:.0%} chance of a breach within {HORIZON} sessions, {used[-1]:.0%} used now",
            text=(
                f"{named}: {used[-1]:.1%} of {bound} was used on {last}, {100 * (used[-1] - used[-TREND - 1]):+.1f} points in "
                f"{TREND} sessions. Growth is {100 * trend.value:+.2f} points a session ({trend.p_text} against a walk without "
                f"direction). At this pace the chance of a breach within {HORIZON} sessions is {value:.0%} "
                f"(90% interval {low:.0%} to {high:.0%}); from {LIKELY:.0%} on it is told."
            ),
            tested=tested,
            unit="fraction",
            against=LIKELY,
            money=float(row["bound"]) * 0.05 if row["unit"] else 0.0,
            weight=max(value, float(used[-1])) * 0.9,
            why=[
                {"driver": "used now", "value": float(used[-1]), "unit": "fraction"},
                {"driver": "growth a session", "value": trend.value, "unit": "fraction"},
                {"driver": "left until the limit", "value": float(1 - used[-1]), "unit": "fraction"},
            ],
            evidence=[{"kind": "limit", "id": row["limit_id"], "label": row["name"]}],
            next=[
                link("See the limit", "/compliance/limits", limit_id=row["limit_id"], desk=desk),
                link("Try a smaller book", "/portfolio/what-if", desk=desk),
            ],
            context={"limit": row["limit_id"], "desk": desk, "from": str(first), "to": str(last), **bounds},
            desks=(desk or WHOLE,),
            chart=course(rows["day"].to_list(), used.tolist(), label="Utilisation", recent=TREND, usual=1.0),
        )


__all__ = ["LimitCourse"]
