"""A venue where a desk pays more than at the others."""

from collections.abc import Mapping
from typing import ClassVar

import polars as pl

from analytics.insights._rule import Candidate, Rule, Tables, link
from analytics.insights._stats import sign_flip

SESSIONS = 20
MIN_DAYS = 8
MIN_FILLS = 30


class VenueCost(Rule):
    """Slippage against arrival at one venue, minus that of the desk's other venues on the same days.

    Within a day each fill is compared with the other fills of its instrument and side, so that a venue
    is not blamed for what was traded there. One difference per day, tested by sign flips.
    """

    name = "venue_cost"
    title = "Venue costs more than the others"
    description = "Slippage at a venue above that of the desk's other venues over the last 20 sessions."
    domains = ("trading",)
    inputs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "executions": (
            "exec_id", "order_id", "account_id", "instrument_id", "side", "last_qty", "last_px", "arrival_px",
            "transact_time", "venue", "currency",
        ),
        "accounts": ("account_id", "desk"),
    }  # fmt: skip

    def candidates(self, tables: Tables, *, seed: int) -> list[Candidate]:
        """Return one candidate per desk and venue with enough days and fills."""
        fills = _fills(tables)
        alike = ["desk", "day", "instrument_id", "bought"]
        cells = fills.group_by(*alike, "venue").agg(
            cost=(pl.col("slippage") * pl.col("notional")).sum(),
            notional=pl.col("notional").sum(),
            fills=pl.len(),
            worst=pl.col("exec_id").sort_by("slippage", "exec_id", descending=True).first(),
        )
        # Against the other venues of the same instrument, side and day; cells weigh as a difference of
        # two means does, so that one with hardly anything on one side says little.
        there = pl.col("notional").sum().over(alike) - pl.col("notional")
        rest = (pl.col("cost").sum().over(alike) - pl.col("cost")) / there
        compared = cells.with_columns(
            gap=pl.col("cost") / pl.col("notional") - rest,
            weight=pl.col("notional") * there / (pl.col("notional") + there),
        ).filter(pl.col("weight") > 0)
        paired = compared.group_by("desk", "venue", "day").agg(
            gap=(pl.col("gap") * pl.col("weight")).sum() / pl.col("weight").sum(),
            notional=pl.col("notional").sum(),
            fills=pl.col("fills").sum(),
            worst=pl.col("worst").sort_by("gap", "worst", descending=True).head(3),
        )
        return [
            self._candidate(str(desk), str(venue), rows.sort("day"), seed)
            for (desk, venue), rows in sorted(paired.group_by("desk", "venue"))
            if rows.height >= MIN_DAYS and rows["fills"].sum() >= MIN_FILLS
        ]

    def _candidate(self, desk: str, venue: str, rows: pl.DataFrame, seed: int) -> Candidate:
        tested = sign_flip(rows["gap"].to_numpy(), seed=seed)
        fills, notional = int(rows["fills"].sum()), float(rows["notional"].sum())
        first, last = rows["day"].min(), rows["day"].max()
        money = max(0.0, tested.value) * 1e-4 * notional
        return Candidate(
            subject=f"{desk}|{venue}",
            title=f"{venue} costs {desk} {tested.value:.1f} bp more than its other venues",
            text=(
                f"Over {rows.height} sessions and {fills:,} fills, {desk} paid {tested.value:.1f} bp more at "
                f"{venue} than at its other venues on the same days (95 % interval {tested.low:.1f} to "
                f"{tested.high:.1f} bp, {tested.p_text}). On {notional:,.0f} traded there that is {money:,.0f}."
            ),
            tested=tested,
            unit="bp",
            money=money,
            why=[
                {"driver": f"fills at {venue}", "value": fills, "unit": "fills"},
                {"driver": f"traded at {venue}", "value": notional, "unit": "currency"},
                {
                    "driver": "days on which it was dearer",
                    "value": int((rows["gap"] > 0).sum()),
                    "unit": "days",
                },
            ],
            evidence=[
                {"kind": "execution", "id": exec_id}
                for ids in rows["worst"].tail(2).to_list()
                for exec_id in ids
            ],
            next=[
                link("See execution quality", "/trading/execution-quality", desk=desk, from_=first, to=last)
            ],
            context={"desk": desk, "venue": venue, "from": str(first), "to": str(last)},
            desks=(desk,),
        )


def _fills(tables: Tables) -> pl.DataFrame:
    """Return fills of the last sessions with desk, day, notional and slippage in bp, positive = cost."""
    bought = pl.col("side").is_in(["buy", "buy_cover"])
    price, arrival = pl.col("last_px").cast(pl.Float64), pl.col("arrival_px").cast(pl.Float64)
    fills = (
        tables["executions"]
        .filter(pl.col("arrival_px") > 0, pl.col("venue").is_not_null())
        .join(tables["accounts"].unique("account_id", keep="any"), on="account_id", how="inner")
        .filter(pl.col("desk").is_not_null())
        .with_columns(
            day=pl.col("transact_time").dt.date(),
            bought=bought,
            notional=price * pl.col("last_qty").cast(pl.Float64),
            slippage=pl.when(bought).then(price / arrival - 1).otherwise(1 - price / arrival) * 1e4,
        )
    )
    recent = fills["day"].unique().sort().tail(SESSIONS)
    return fills.filter(pl.col("day").is_in(recent.implode()))
