"""A day on which a desk made or lost more than it usually does, and what made it."""

from collections.abc import Mapping
from datetime import date
from typing import ClassVar

import numpy as np
import polars as pl

from analytics.insights._rule import Candidate, Rule, Tables, link, quiet
from analytics.insights._say import course, desk_first, traded
from analytics.insights._stats import Floats, outlier

LOOKS = 20  # sessions looked at; the most extreme one is tested
MIN_HISTORY = 60
MAX_HISTORY = 500


class PnlOutlier(Rule):
    """The most unusual of the last 20 daily P&Ls of a desk against the days before, with its drivers."""

    name = "pnl_outlier"
    title = "Unusual profit or loss explained"
    description = (
        "A desk's daily P&L outside its own history, with the instruments and the trading behind it."
    )
    domains = ("portfolio", "trading")
    version = "3"
    inputs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "daily_positions": ("account_id", "instrument_id", "date", "pnl_base", "market_value_base"),
        "accounts": ("account_id", "desk"),
        "executions": (
            "exec_id",
            "account_id",
            "instrument_id",
            "last_qty",
            "last_px",
            "to_base",
            "transact_time",
        ),
    }
    test = "Student's t with heavy tails on the desk's own days, 20 days looked at; at least 80 sessions."

    def candidates(self, tables: Tables, *, seed: int) -> list[Candidate]:
        """Return one candidate per desk with enough history."""
        desks = tables["accounts"].unique("account_id", keep="any")
        held = (
            tables["daily_positions"]
            .join(desks, on="account_id", how="inner")
            .filter(pl.col("desk").is_not_null(), pl.col("pnl_base").is_not_null())
        )
        held = held.with_columns(pl.col("pnl_base", "market_value_base").cast(pl.Float64))
        fills = (
            tables["executions"]
            .join(desks, on="account_id", how="inner")
            .with_columns(
                day=pl.col("transact_time").dt.date(),
                notional=traded(),
            )
        )
        found = [
            self._candidate(str(desk), rows, fills.filter(pl.col("desk") == desk))
            for (desk,), rows in sorted(held.group_by("desk"))
        ]
        return [one for one in found if one is not None]

    def _candidate(self, desk: str, rows: pl.DataFrame, fills: pl.DataFrame) -> Candidate | None:
        days = rows.group_by("date").agg(pnl=pl.col("pnl_base").sum()).sort("date")
        if days.height < MIN_HISTORY + LOOKS:
            return None
        recent = days.tail(LOOKS)
        history = _as_wild_as(days.head(-LOOKS).tail(MAX_HISTORY)["pnl"].to_numpy(), recent["pnl"].to_numpy())
        centre = float(history.mean())
        day, pnl = recent.with_columns(away=(pl.col("pnl") - centre).abs()).sort("away").row(-1)[:2]
        tested = outlier(pnl, history, looks=LOOKS)
        if (mute := quiet(f"{desk}|{day}", tested, "currency")) is not None:
            return mute
        drivers = (
            rows.filter(pl.col("date") == day)
            .group_by("instrument_id")
            .agg(pl.col("pnl_base").sum(), held=pl.col("market_value_base").sum())
            .sort(pl.col("pnl_base") * (1 if pnl > 0 else -1), "instrument_id", descending=[True, False])
        )
        top = drivers.head(3)
        said, whose = "made" if pnl >= 0 else "lost", desk_first(desk)
        sd = float(history.std(ddof=1))
        trading = self._trading(fills, day)
        names = ", ".join(f"{name} {self.money(value, plus=True)}" for name, value, _ in top.iter_rows())
        return Candidate(
            subject=f"{desk}|{day}",
            title=f"{whose} {said} {self.money(abs(pnl))} on {day}, {abs(pnl - centre) / sd if sd else 0:.1f} times its usual swing",
            text=(
                f"{whose} {said} {self.money(abs(pnl))} on {day}; over the {tested.n} sessions before, a day's result had a "
                f"standard deviation of {self.money(sd)} around {self.money(centre)}. That is {self.money(tested.value, plus=True)} "
                f"from the mean (95% interval {self.money(tested.low, plus=True)} to {self.money(tested.high, plus=True)}, "
                f"{tested.p_text}, corrected for {LOOKS} days looked at). Largest drivers: {names}. {trading}"
            ),
            tested=tested,
            unit="currency",
            money=abs(tested.value),
            why=[
                {"driver": name, "value": value, "unit": "currency", "held": market}
                for name, value, market in top.iter_rows()
            ],
            evidence=[{"kind": "instrument", "id": name} for name in top["instrument_id"]]
            + [{"kind": "execution", "id": name} for name in _largest(fills, day, top["instrument_id"][0])],
            next=[
                link("Explain the P&L", "/trading/pnl", desk=desk, from_=day, to=day),
                link("See the trades", "/trading/blotter", desk=desk, from_=day, to=day),
            ],
            context={"desk": desk, "from": str(day), "to": str(day)},
            desks=(desk,),
            chart=course(
                days["date"].to_list(),
                days["pnl"].to_list(),
                label="Day's result",
                recent=LOOKS,
                usual=centre,
            ),
        )

    def _trading(self, fills: pl.DataFrame, day: date) -> str:
        by_day = fills.group_by("day").agg(pl.col("notional").sum())
        that = float(by_day.filter(pl.col("day") == day)["notional"].sum())
        usual = by_day.filter(pl.col("day") < day)["notional"].median()
        if not isinstance(usual, float) or usual <= 0:
            return f"It traded {self.money(that)} that day."
        return f"It traded {self.money(that)} that day, {that / usual:.1f} times its median day."


def _as_wild_as(history: Floats, recent: Floats) -> Floats:
    """Widen the history to the recent weeks, where those are wilder throughout.

    A desk that has begun to trade more swings more every day; that is no outlier.
    """

    def swing(values: Floats) -> float:
        return float(np.median(np.abs(values - np.median(values))))

    before = swing(history)
    factor = max(1.0, swing(recent) / before) if before > 0 else 1.0
    widened: Floats = history.mean() + (history - history.mean()) * factor
    return widened


def _largest(fills: pl.DataFrame, day: date, instrument: str) -> list[str]:
    found = fills.filter(pl.col("day") == day, pl.col("instrument_id") == instrument)
    return found.sort("notional", "exec_id", descending=[True, False]).head(3)["exec_id"].to_list()
