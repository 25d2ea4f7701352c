"""A book that has become slower to sell."""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import polars as pl

from analytics.insights._rule import Candidate, Rule, Tables, link, quiet
from analytics.insights._say import course, desk_words, interval, with_desk
from analytics.insights._shifts import recent_shift
from analytics.insights._stats import Tested

RECENT = 5
HISTORY = 120
MIN_HISTORY = 45
VOLUME_DAYS = 20
PART = 0.2  # of a day's volume one may be


class LiquidityChange(Rule):
    """Change over five sessions in the days it takes to sell a desk's book at a fifth of the volume."""

    name = "liquidity_change"
    title = "Liquidity has changed"
    description = "The days needed to sell a desk's book have moved more than in the months before."
    domains = ("portfolio", "trading")
    version = "3"
    inputs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "daily_positions": ("account_id", "instrument_id", "date", "market_value_base", "quantity"),
        "accounts": ("account_id", "desk"),
        "prices": ("instrument_id", "date", "adj_basis", "volume"),
    }
    test = "Permutation of daily changes of the logarithm, and Welch's t; at least 45 sessions."

    def candidates(self, tables: Tables, *, seed: int) -> list[Candidate]:
        """Return one candidate per desk with enough sessions and volumes."""
        held = with_desk(tables["daily_positions"].drop_nulls(["market_value_base", "quantity"]), tables)
        recent = held["date"].unique().sort().tail(HISTORY)
        volumes = _volumes(tables["prices"])
        cells = (
            held.filter(pl.col("date").is_in(recent.implode()))
            .group_by("desk", "date", "instrument_id")
            .agg(
                quantity=pl.col("quantity").cast(pl.Float64).sum().abs(),
                value=pl.col("market_value_base").cast(pl.Float64).sum().abs(),
            )
            .join(volumes, on=["instrument_id", "date"], how="inner")
            .with_columns(days=pl.col("quantity") / (PART * pl.col("usual")))
            .filter(pl.col("value") > 0)
        )
        return [
            one
            for (desk,), rows in sorted(cells.group_by("desk"), key=lambda one: one[0])
            if rows["date"].n_unique() >= MIN_HISTORY and (one := self._candidate(str(desk), rows, seed))
        ]

    def _candidate(self, desk: str, cells: pl.DataFrame, seed: int) -> Candidate | None:
        weighted = (pl.col("days") * pl.col("value")).sum() / pl.col("value").sum()
        by_day = cells.group_by("date").agg(days=weighted, gross=pl.col("value").sum()).sort("date")
        needed = by_day["days"].to_numpy()
        if needed.min() <= 0:
            return None
        one = recent_shift(np.diff(np.log(needed)), RECENT, seed=seed)
        low, value, high = (float(np.expm1(RECENT * part)) for part in (one.low, one.value, one.high))
        tested = Tested(value, low, high, one.p, one.n)
        if (mute := quiet(f"{desk}|{by_day['date'][-1]:%G-%V}", tested, "fraction")) is not None:
            return mute
        first, last = by_day["date"][-RECENT - 1], by_day["date"][-1]
        slow = (
            cells.filter(pl.col("date") == last)
            .sort("days", "instrument_id", descending=[True, False])
            .head(3)
        )
        gross = float(by_day["gross"][-1])
        stuck = cells.filter(pl.col("date") == last, pl.col("days") > 1)
        left = float(stuck.select((pl.col("value") * (1 - 1 / pl.col("days"))).sum()).item())
        names = ", ".join(
            f"{name} {days:.2f}" for name, days in slow.select("instrument_id", "days").iter_rows()
        )
        return Candidate(
            subject=f"{desk}|{last:%G-%V}",
            title=(
                f"The book of {desk_words(desk)} takes {needed[-1]:.2f} days to sell, {needed[-RECENT - 1]:.2f} on {first}; "
                f"{self.money(left)} cannot be sold within a day"
            ),
            text=(
                f"At a fifth of the usual volume the {self.money(gross)} of {desk_words(desk)} takes {needed[-1]:.2f} days to "
                f"sell on {last}, {needed[-RECENT - 1]:.2f} on {first}. Beyond the mean of five sessions over the "
                f"{one.n - RECENT} before that is {value:+.0%} {interval(tested, '{:+.0%}')}. Slowest, in days: {names}. "
                f"{self.money(left)} cannot be sold within a day."
            ),
            tested=tested,
            unit="fraction",
            money=left,
            # However much it changed: a book that is sold within hours is no matter.
            weight=min(0.6, abs(value)) * min(1.0, float(needed[-RECENT - 1 :].max())),
            why=[
                {"driver": name, "value": days, "unit": "days"}
                for name, days in slow.select("instrument_id", "days").iter_rows()
            ],
            evidence=[{"kind": "instrument", "id": name} for name in slow["instrument_id"]],
            next=[
                link("See the positions", "/portfolio/positions", desk=desk),
                link("Cost of selling", "/portfolio/what-if", desk=desk),
            ],
            context={"desk": desk, "from": str(first), "to": str(last)},
            desks=(desk,),
            chart=course(by_day["date"].to_list(), needed.tolist(), label="Days to sell", recent=RECENT),
        )


def _volumes(prices: pl.DataFrame) -> pl.DataFrame:
    known = prices.filter(pl.col("volume") > 0).unique(["instrument_id", "date"], keep="any")
    return (
        known.sort("instrument_id", "date")
        .with_columns(
            usual=pl.col("volume")
            .cast(pl.Float64)
            .rolling_median(VOLUME_DAYS, min_samples=5)
            .over("instrument_id")
        )
        .drop_nulls("usual")
        .select("instrument_id", "date", "usual")
    )
