"""Who or what a desk pays more at than at the others: one comparison for venues, brokers, algorithms, traders."""

import json
from typing import Any, ClassVar

import polars as pl

from analytics.insights._rule import WHOLE, Candidate, Rule, Tables, link, quiet
from analytics.insights._say import course, desk_words, traded
from analytics.insights._stats import doubled, sign_flip

SESSIONS = 20
MIN_DAYS = 8
MIN_FILLS = 30
FILL_COLUMNS = (
    "exec_id", "order_id", "account_id", "instrument_id", "side", "last_qty", "last_px", "arrival_px",
    "transact_time", "to_base",
)  # fmt: skip


class Dear(Rule):
    """Slippage against arrival at one of several places, minus that of the desk's others on the same days.

    Within a day each fill is compared with the desk's other fills of its instrument and side, so that nobody is
    blamed for what was traded there. One difference per day, for every desk and for the firm, tested by sign flips, the p-value doubled.
    """

    domains = ("trading",)
    version = "3"
    by: ClassVar[str]  # column that names the place
    others: ClassVar[str]  # "its other venues"
    at: ClassVar[str] = "at "  # put before its name
    test = "Sign flips of one cost difference per day, doubled; at least 8 days and 30 fills."

    def fills(self, tables: Tables) -> pl.DataFrame:
        """Return executions with the column that names the place."""
        return tables["executions"]

    def candidates(self, tables: Tables, *, seed: int) -> list[Candidate]:
        """Return one candidate per desk and place with enough days and fills."""
        fills = _costs(self.fills(tables), tables["accounts"], self.by)
        if fills.is_empty():
            return []
        paired = _against_others(fills, self.by)
        enough = paired.filter(
            pl.len().over("desk", self.by) >= MIN_DAYS,
            pl.col("fills").sum().over("desk", self.by) >= MIN_FILLS,
        )
        return [
            self._candidate(str(desk), str(name), rows.sort("day"), seed)
            for (desk, name), rows in sorted(enough.group_by("desk", self.by), key=lambda one: one[0])
        ]

    def _candidate(self, desk: str, name: str, rows: pl.DataFrame, seed: int) -> Candidate:
        tested = doubled(sign_flip(rows["gap"].to_numpy(), seed=seed))
        if (mute := quiet(f"{desk}|{name}", tested, "bp")) is not None:
            return mute
        fills, notional = int(rows["fills"].sum()), float(rows["notional"].sum())
        first, last = rows["day"].min(), rows["day"].max()
        money = max(0.0, tested.value) * 1e-4 * notional
        worst = rows.sort("gap").tail(2)["worst"].explode().to_list()
        days = {"from": str(first), "to": str(last)}
        whom, bound = ("the firm", None) if desk == WHOLE else (desk_words(desk), desk)
        dearer = int((rows["gap"] > 0).sum())
        kind = self.by.removesuffix("_id")
        named = {kind: name}
        return Candidate(
            subject=f"{desk}|{name}",
            title=f"{name} costs {whom} {tested.value:.1f} bp more than {self.others}, {self.money(money)} in {rows.height} sessions",
            text=(
                f"Over {rows.height} sessions and {fills:,} fills, {whom} paid {tested.value:.1f} bp more "
                f"{self.at}{name} than {self.at}{self.others} in the same names on the same days (95% interval "
                f"{tested.low:.1f} to {tested.high:.1f} bp, {tested.p_text}); dearer on {dearer} of {rows.height} days. On "
                f"{self.money(notional)} traded there that is {self.money(money)}."
            ),
            tested=tested,
            unit="bp",
            money=money,
            why=[
                {"driver": instrument, "value": excess, "unit": "currency"}
                for instrument, excess in _dearest(rows).iter_rows()
            ],
            evidence=[{"kind": "execution", "id": exec_id} for exec_id in worst],
            next=[
                link("See execution quality", "/trading/execution-quality", desk=bound, from_=first, to=last, group_by=kind, **named),
                *_trades(kind, name, {"desk": bound, "from_": first, "to": last}),
            ],
            context={"desk": bound, kind: name, **days},
            desks=(desk,),
            chart=course(
                rows["day"].to_list(), rows["gap"].to_list(), label=f"Cost {self.at}{name} above the others, bp",
                usual=0.0,
            ),
        )  # fmt: skip


def _trades(kind: str, name: str, bounds: dict[str, Any]) -> list[dict[str, str]]:
    """Return the way to the fills meant: a trader is context, a column of the blotter a filter; it has no algorithms."""
    equals = {"filterType": "text", "type": "equals", "filter": name}
    held: dict[str, dict[str, str]] = {
        "trader": {"trader": name},
        **{one: {"filter": json.dumps({one: equals}, separators=(",", ":"))} for one in ("venue", "broker")},
    }
    return [link("See the trades", "/trading/blotter", **bounds, **held[kind])] if kind in held else []


def _dearest(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the instruments that cost most above the others: instrument_id, excess (base currency)."""
    parts = rows.select(pl.col("parts").explode()).unnest("parts")
    sums = parts.group_by("instrument_id").agg(pl.col("excess").sum())
    return sums.sort("excess", "instrument_id", descending=[True, False]).head(4)


def _costs(executions: pl.DataFrame, accounts: pl.DataFrame, by: str) -> pl.DataFrame:
    """Return fills of the last sessions with desk, day, notional and slippage in bp, positive = cost."""
    bought = pl.col("side").is_in(["buy", "buy_cover"])
    price, arrival = pl.col("last_px").cast(pl.Float64), pl.col("arrival_px").cast(pl.Float64)
    last = executions["transact_time"].max()
    if last is None:
        return executions.clear()
    priced = executions.filter(
        pl.col("transact_time") >= pl.lit(last) - pl.duration(days=3 * SESSIONS),
        pl.col("arrival_px") > 0,
        pl.col(by).is_not_null(),
    )
    desks = accounts.unique("account_id", keep="any").select("account_id", "desk")
    fills = (
        priced.drop("desk", strict=False)
        .join(desks, on="account_id", how="inner")
        .filter(pl.col("desk").is_not_null())
        .with_columns(
            day=pl.col("transact_time").dt.date(),
            bought=bought,
            notional=traded(),
            slippage=pl.when(bought).then(price / arrival - 1).otherwise(1 - price / arrival) * 1e4,
        )
    )
    recent = fills["day"].unique().sort().tail(SESSIONS)
    return fills.filter(pl.col("day").is_in(recent.implode()))


def _against_others(fills: pl.DataFrame, by: str) -> pl.DataFrame:
    """Return one cost difference (bp) per desk, place and day, with notional, fills, the worst, and its parts by instrument.

    The whole firm is added as a desk of its own, in which each desk's fills are still compared with its own.
    """
    closest = ["desk", "day", "instrument_id", "bought"]
    cells = _cells(fills, [*closest, by])
    matched, alone = _gaps(cells, closest, by)
    # What has nobody on its own side is compared with both sides of the instrument.
    rest, _ = _gaps(_merged(alone, [*closest[:-1], by]), closest[:-1], by)
    compared = pl.concat(
        [
            one.select("desk", "day", by, "instrument_id", "gap", "weight", "notional", "fills", "worst")
            for one in (matched, rest)
        ]
    )
    firm = compared.with_columns(desk=pl.lit(WHOLE)) if fills["desk"].n_unique() > 1 else compared.clear()
    return (
        pl.concat([compared, firm])
        .group_by("desk", by, "day")
        .agg(
            gap=(pl.col("gap") * pl.col("weight")).sum() / pl.col("weight").sum(),
            notional=pl.col("notional").sum(),
            fills=pl.col("fills").sum(),
            worst=pl.col("worst").sort_by("gap", "worst", descending=True).head(3),
            parts=pl.struct("instrument_id", excess=pl.col("gap") * pl.col("notional") * 1e-4),
        )
    )


def _cells(fills: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    return fills.group_by(keys).agg(
        cost=(pl.col("slippage") * pl.col("notional")).sum(),
        notional=pl.col("notional").sum(),
        fills=pl.len(),
        worst=pl.col("exec_id").sort_by("slippage", "exec_id", descending=True).first(),
    )


def _merged(cells: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    dearest = pl.col("worst").sort_by(pl.col("cost") / pl.col("notional"), "worst", descending=True).first()
    return cells.group_by(keys).agg(pl.col("cost", "notional", "fills").sum(), worst=dearest)


def _gaps(cells: pl.DataFrame, alike: list[str], by: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return cells with their difference from the others among those alike, and those that have no others.

    They weigh as a difference of two means does, so that one with hardly anything on one side says little.
    """
    ordered = cells.sort(*alike, by)
    there = pl.col("notional").sum().over(alike) - pl.col("notional")
    rest = (pl.col("cost").sum().over(alike) - pl.col("cost")) / there
    several = pl.len().over(alike) > 1
    compared = ordered.filter(several).with_columns(
        gap=pl.col("cost") / pl.col("notional") - rest,
        weight=pl.col("notional") * there / (pl.col("notional") + there),
    )
    return compared.filter(pl.col("weight") > 0), ordered.filter(~several)
