"""A book that has become more, or less, concentrated."""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import polars as pl

from analytics.insights._rule import Candidate, Rule, Tables, link, quiet
from analytics.insights._say import course, desk_first, desk_words, interval, with_desk
from analytics.insights._shifts import recent_shift
from analytics.insights._stats import Tested

RECENT = 5
HISTORY = 120
MIN_HISTORY = 45


class ConcentrationChange(Rule):
    """Change of a desk's concentration (sum of squared shares of gross exposure) over five sessions."""

    name = "concentration_change"
    title = "Concentration has changed"
    description = "A desk's exposure has moved into fewer, or more, instruments than in the months before."
    domains = ("portfolio",)
    version = "3"
    inputs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "daily_positions": ("account_id", "instrument_id", "date", "market_value_base"),
        "accounts": ("account_id", "desk"),
    }
    test = "Permutation of daily changes, and Welch's t; at least 45 sessions."

    def candidates(self, tables: Tables, *, seed: int) -> list[Candidate]:
        """Return one candidate per desk with enough sessions."""
        held = with_desk(tables["daily_positions"].drop_nulls("market_value_base"), tables)
        recent = held["date"].unique().sort().tail(HISTORY)
        size = pl.col("market_value_base").cast(pl.Float64)
        cells = (
            held.filter(pl.col("date").is_in(recent.implode()))
            .group_by("desk", "date", "instrument_id")
            .agg(value=size.sum().abs())
            .with_columns(share=pl.col("value") / pl.col("value").sum().over("desk", "date"))
            .filter(pl.col("share").is_finite())
        )
        return [
            self._candidate(str(desk), rows, seed)
            for (desk,), rows in sorted(cells.group_by("desk"), key=lambda one: one[0])
            if rows["date"].n_unique() >= MIN_HISTORY
        ]

    def _candidate(self, desk: str, cells: pl.DataFrame, seed: int) -> Candidate:
        days = cells.group_by("date").agg(index=(pl.col("share") ** 2).sum(), gross=pl.col("value").sum())
        days = days.sort("date")
        index = days["index"].to_numpy()
        one = recent_shift(np.diff(index), RECENT, seed=seed)
        # Five days' change beside what five days of before would bring.
        tested = Tested(RECENT * one.value, RECENT * one.low, RECENT * one.high, one.p, one.n)
        if (mute := quiet(f"{desk}|{days['date'][-1]:%G-%V}", tested, "concentration")) is not None:
            return mute
        first, last = days["date"][-RECENT - 1], days["date"][-1]
        ends = cells.filter(pl.col("date").is_in([first, last])).pivot(
            on="date", index="instrument_id", values="share", aggregate_function="sum"
        )
        moved = (
            ends.with_columns(pl.exclude("instrument_id").fill_null(0.0))
            .with_columns(change=pl.col(str(last)) - pl.col(str(first)))
            .sort(pl.col("change").abs(), "instrument_id", descending=[True, False])
            .head(3)
        )
        gross, names = float(days["gross"][-1]), 1 / max(float(index[-1]), 1e-9)
        shifted = float(moved["change"].abs().sum()) * gross
        said = ", ".join(
            f"{name} {change:+.1%}" for name, change in moved.select("instrument_id", "change").iter_rows()
        )
        top = cells.filter(pl.col("date") == last).sort("share", "instrument_id").row(-1, named=True)
        return Candidate(
            subject=f"{desk}|{last:%G-%V}",
            title=(
                f"{desk_first(desk)} is as concentrated as {names:.1f} equal positions, "
                f"{1 / max(float(index[-RECENT - 1]), 1e-9):.1f} on {first}; {self.money(shifted)} moved"
            ),
            text=(
                f"From {first} to {last} the sum of squared shares in the gross exposure of {desk_words(desk)} went from "
                f"{index[-RECENT - 1]:.3f} to {index[-1]:.3f}. Beyond the mean of five sessions over the {one.n - RECENT} before "
                f"that is {tested.value:+.3f} {interval(tested, '{:+.3f}')}. Shares that moved most: {said}, {self.money(shifted)} "
                f"in all. The largest is {top['instrument_id']} with {top['share']:.1%} of {self.money(gross)}."
            ),
            tested=tested,
            unit="concentration",
            money=shifted,
            why=[
                {"driver": name, "value": change, "unit": "fraction"}
                for name, change in moved.select("instrument_id", "change").iter_rows()
            ],
            evidence=[{"kind": "instrument", "id": name} for name in moved["instrument_id"]],
            next=[
                link("See the positions", "/portfolio/positions", desk=desk),
                link("Try another mix", "/portfolio/what-if", desk=desk),
            ],
            context={"desk": desk, "from": str(first), "to": str(last)},
            desks=(desk,),
            chart=course(days["date"].to_list(), index.tolist(), label="Concentration", recent=RECENT),
        )
