"""Concentration: positions at or near a limit, a share of the issuer or of the market, at any moment."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from analytics.compliance._features import account_groups, with_baseline
from analytics.compliance._products import direction, with_product
from analytics.compliance.alerts import Metric, Told, listed, sequence
from analytics.compliance.detector import GAP_SCHEMA, Detector, Tables
from analytics.compliance.parameters import Parameters, parameter
from analytics.text import formatted
from analytics.trading.fills import current

_BANDS = (0.10, 0.05, 0.03)  # of the shares outstanding, from where holders are told of in many countries
_EPS = 1e-9  # what sums of floats may miss a limit by


@dataclass(frozen=True)
class ConcentrationParameters(Parameters):
    """From where a position is reported."""

    warn: float = parameter(
        0.80,
        unit="fraction of the limit",
        low=0.1,
        high=1.0,
        rationale="Early enough to act before a breach.",
    )
    ownership: float = parameter(
        0.03,
        unit="fraction of shares outstanding",
        low=0.001,
        high=1.0,
        rationale="The lowest of the usual disclosure bands; they start at 3 % in many countries.",
    )
    adv_share: float = parameter(
        0.25,
        unit="fraction of average daily volume",
        low=0.01,
        high=10,
        rationale="Who trades a quarter of a usual day's volume in a day moves the price.",
    )
    option_delta: float = parameter(
        0.5,
        unit="units of the underlying",
        low=0.0,
        high=1.0,
        rationale="Without a model, an option counts as if at the money.",
    )


class Concentration(Detector):
    """A position passes a limit, or nears it, at any moment of the day; or is too much of the issuer or market.

    Rule: (limit) |position| >= ``warn`` x the limit of the account, owner, link group or firm that holds on
    that day; (ownership) a group holds ``ownership`` or more of the shares outstanding; (volume) a group
    trades ``adv_share`` of average daily volume within a day. Positions run fill by fill, as corrected, over the whole
    history, derivatives by their exposure to the underlying, splits applied at the start of their ex date.
    A limit binds from its first day on, so a position that a new limit finds too large is reported too.
    One episode lasts from the fill that reaches the warning to the one that leaves it. Linear: one
    cumulative sum a book.
    """

    name = "concentration"
    code = "D16"
    title = "Suspected breach of a position limit"
    version = "1.1.0"
    description = (
        "A position reached a limit, or a large share of the issuer or market, if only for a moment."
    )
    regulation = ("MAR Art. 16(2), Reg. 2016/957", "SEC Rule 15c3-5")
    inputs = ("executions",)
    helpful = ("position_limits", "accounts", "instruments", "corporate_actions", "prices")
    in_window = False
    false_positives = (
        "A split whose limit was not adjusted",
        "Positions transferred in from elsewhere without an execution",
        "Omnibus accounts that hold many owners",
    )
    Params = ConcentrationParameters

    def episodes(self, tables: Tables, params: ConcentrationParameters) -> pl.LazyFrame:
        """Return runs of fills at or above the warning, one row a run, subject and limit."""
        fills = _fills(tables, params)
        return pl.concat(
            [
                _runs(_limited(fills, tables), params.warn),
                _runs(_owned(fills, tables, params), 1.0),
                _traded(fills, tables, params),
            ],
            how="diagonal",
        )

    def blind_spots(self, tables: Tables, params: ConcentrationParameters) -> list[pl.LazyFrame]:
        """Return position limits on instruments or subjects that no trade names."""
        traded = with_product(tables["executions"].select("instrument_id").unique(), tables).select(
            instrument_id="product_id"
        )
        return [
            tables["position_limits"]
            .join(traded.unique(), on="instrument_id", how="anti")
            .group_by("instrument_id")
            .agg(missing=pl.len().cast(pl.UInt32))
            .with_columns(reason=pl.lit("A position limit names an instrument that nobody has traded."))
            .select(*GAP_SCHEMA)
        ]

    def tell(self, episode: Mapping[str, Any], params: ConcentrationParameters) -> Told:
        """Score by how much of the bound was used: 40 at the warning, 70 at the limit, 100 at twice."""
        use, kind = episode["use"], episode["bound_kind"]
        floor = params.warn if kind == "limit" else 1.0
        score = (
            70 + 30 * min(1.0, use - 1) if use >= 1 - _EPS else 40 + 30 * (use - floor) / (1 - floor + _EPS)
        )
        whose = {"firm": "the firm"}.get(episode["actor_group"], episode["actor_group"])
        back = episode["standing"]
        what = {
            "limit": f"the limit of {episode['bound']:,.0f}",
            "ownership": f"{params.ownership:.1%} of the shares outstanding ({episode['bound']:,.0f})",
            "volume": f"{params.adv_share:.0%} of usual daily volume ({episode['bound']:,.0f})",
        }[kind]
        held = use * params.ownership if kind == "ownership" else 0.0
        band = next((one for one in _BANDS if held >= one - _EPS), None)
        verb = "traded up to" if kind == "volume" else "held up to"
        state = "It still stood there after the last fill on record."
        if kind == "volume":
            state = "Counted are all fills of the day, bought and sold."
        elif not back:
            state = f"It was back below by {episode['window_end']:%Y-%m-%d %H:%M:%S} UTC."
        return Told(
            score=score,
            metrics=[
                Metric("peak", episode["peak"], episode["bound"], "units"),
                Metric("use_of_limit", use, floor, "fraction"),
                *([Metric("ownership", held, band, "fraction of shares outstanding")] if held else []),
            ],
            story=[
                (
                    f"From {episode['window_start']:%Y-%m-%d %H:%M:%S} UTC, {whose} {verb} "
                    f"{abs(episode['peak']):,.0f} units of {episode['instrument_id']}"
                    f"{' short' if kind != 'volume' and episode['peak'] < 0 else ''}, {use:.0%} of {what}."
                ),
                *([f"That is {held:.1%} of all shares, beyond the band of {band:.0%}."] if band else []),
                f"The most was reached at {episode['peak_time']:%Y-%m-%d %H:%M:%S} UTC.",
                state,
                "Suspected breach: check the limit, splits and transfers, then whether it must be disclosed."
                if use >= 1 - _EPS
                else "A warning: nothing is broken yet.",
            ],
            actors=[("account", a) for a in episode["accounts"]]
            + [("trader", t) for t in episode["traders"]],
            order_ids=episode["order_ids"],
            exec_ids=episode["exec_ids"],
            instrument_ids=[n for n in episode["instruments"] if n != episode["instrument_id"]],
        )


def _fills(tables: Tables, params: ConcentrationParameters) -> pl.LazyFrame:
    """Return fills in units of the product, with group, owner, and the product of splits before them."""
    groups = account_groups(tables)
    # A correction replaces what it corrects, and a bust removes it: counted as well, a position would be held twice.
    rows = with_product(current(tables["executions"]), tables, option_delta=params.option_delta).select(
        "exec_id", "order_id", "account_id", "trader_id", "instrument_id", "product_id", "transact_time",
        "transact_time_ns",
        day=pl.col("transact_time").dt.date(),
        signed=direction() * pl.col("last_qty").cast(pl.Float64) * pl.col("exposure"),
    )  # fmt: skip
    links = tables["accounts"].select("account_id", "link_group").unique("account_id", keep="any")
    named = rows.join(groups, on="account_id", how="left").join(links, on="account_id", how="left")
    named = named.with_columns(
        actor_group=pl.coalesce("related", formatted("account:{}", pl.col("account_id")))
    )
    return _split(named, tables).with_columns(unsplit=pl.col("signed") / pl.col("factor"))


def _split(rows: pl.LazyFrame, tables: Tables) -> pl.LazyFrame:
    """Add ``factor``: new shares per first share by ``day``, 1 where nothing was split."""
    splits = (
        tables["corporate_actions"]
        .filter((pl.col("kind") == "split") & (pl.col("ratio") > 0))
        .sort("instrument_id", "ex_date", "ca_id")
        .select(
            product_id="instrument_id",
            ex_date="ex_date",
            factor=pl.col("ratio").cast(pl.Float64).cum_prod().over("instrument_id"),
        )
        .sort("ex_date")
    )
    return (
        rows.sort("day")
        .join_asof(
            splits,
            left_on="day",
            right_on="ex_date",
            by="product_id",
            strategy="backward",
            check_sortedness=False,
        )
        .with_columns(factor=pl.col("factor").fill_null(1.0))
    )


def _limited(fills: pl.LazyFrame, tables: Tables) -> pl.LazyFrame:
    """Return the path of each limited subject, with the limit of the day and how much of it was used."""
    limits = tables["position_limits"].select(
        "limit_id", "subject_kind", "subject_id", "valid_from", "valid_to",
        product_id="instrument_id", bound=pl.col("max_quantity").cast(pl.Float64),
    )  # fmt: skip
    ids = {"account": "account_id", "owner": "owner_id", "link": "link_group"}
    named = [
        fills.join(
            limits.filter(pl.col("subject_kind") == kind).with_columns(pl.col("subject_id").alias("_id")),
            left_on=["product_id", column],
            right_on=["product_id", "_id"],
            how="inner",
        ).with_columns(subject=formatted("{}:{}", pl.lit(kind), pl.col("subject_id")))
        for kind, column in ids.items()
    ]
    each = limits.filter(pl.col("subject_kind").is_null())
    firm = limits.filter(pl.col("subject_kind") == "firm")
    path = pl.concat(
        [
            *named,
            fills.join(each, on="product_id", how="inner").with_columns(subject=pl.col("actor_group")),
            fills.join(firm, on="product_id", how="inner").with_columns(subject=pl.lit("firm")),
        ],
        how="diagonal",
    )
    # A limit finds what is held when it begins: a look without a trade at the first instant of its day.
    begins = (
        path.filter(pl.col("day") < pl.col("valid_from"))
        .group_by("limit_id", "subject", "product_id")
        .agg(pl.col("bound", "valid_from", "valid_to").first(), pl.col("account_id").last())
        .with_columns(
            day=pl.col("valid_from"),
            transact_time=pl.col("valid_from").cast(pl.Datetime("us", "UTC")),
            signed=pl.lit(0.0),
        )
        .with_columns(transact_time_ns=pl.col("transact_time").dt.epoch("us") * 1000)
    )
    looked = pl.concat([path.drop("factor", "unsplit", "ex_date"), begins], how="diagonal")
    in_force = (pl.col("valid_from").is_null() | (pl.col("day") >= pl.col("valid_from"))) & (
        pl.col("valid_to").is_null() | (pl.col("day") <= pl.col("valid_to"))
    )
    keys = ["limit_id", "subject", "product_id"]
    return (
        _held(_split(looked, tables), keys)
        .filter(in_force)
        .with_columns(bound_kind=pl.lit("limit"), use=pl.col("held").abs() / pl.col("bound"))
    )


def _held(rows: pl.LazyFrame, keys: list[str]) -> pl.LazyFrame:
    ordered = rows.sort(*keys, "transact_time_ns", "exec_id", nulls_last=False)
    first_units = (pl.col("signed") / pl.col("factor")).cum_sum().over(keys)
    return ordered.with_columns(held=first_units * pl.col("factor"))


def _owned(fills: pl.LazyFrame, tables: Tables, params: ConcentrationParameters) -> pl.LazyFrame:
    """Return the path of each group in instruments whose shares outstanding are known."""
    issued = (
        tables["instruments"]
        .filter(pl.col("shares_outstanding") > 0)
        .select(
            product_id="instrument_id", bound=params.ownership * pl.col("shares_outstanding").cast(pl.Float64)
        )
        .unique("product_id", keep="any")
    )
    keys = ["limit_id", "subject", "product_id"]
    rows = fills.join(issued, on="product_id", how="inner").with_columns(
        subject="actor_group", limit_id=pl.lit("ownership")
    )
    return _held(rows, keys).with_columns(
        bound_kind=pl.lit("ownership"), use=pl.col("held").abs() / pl.col("bound")
    )


def _runs(path: pl.LazyFrame, floor: float) -> pl.LazyFrame:
    """Return one row for each stretch of fills that stay at or above the floor."""
    keys = ["limit_id", "subject", "product_id"]
    above = pl.col("use") >= floor - _EPS
    ordered = path.with_columns(above=above).with_columns(
        run=(pl.col("above") != pl.col("above").shift(1).over(keys)).fill_null(value=True).cast(pl.Int32)
    )
    ordered = ordered.with_columns(
        run=pl.col("run").cum_sum().over(keys), left=pl.col("transact_time").shift(-1).over(keys)
    )
    return (
        ordered.filter("above")
        .group_by(*keys, "run")
        .agg(
            bound_kind=pl.col("bound_kind").first(),
            bound=pl.col("bound").first(),
            window_start=pl.col("transact_time").min(),
            window_end=pl.coalesce(pl.col("left").last(), pl.col("transact_time").last()),
            standing=pl.col("left").last().is_null(),
            first_seq=sequence().first() + formatted("|{}", pl.col("limit_id").first()),
            last_seq=sequence().first(),
            peak=pl.col("held").sort_by("use").last(),
            peak_time=pl.col("transact_time")
            .sort_by("use", "transact_time", descending=[False, True])
            .last(),
            use=pl.col("use").max(),
            **_evidence(),
        )
        .rename({"subject": "actor_group", "product_id": "instrument_id"})
    )


def _traded(fills: pl.LazyFrame, tables: Tables, params: ConcentrationParameters) -> pl.LazyFrame:
    """Return group days that traded a large share of usual volume."""
    keys = ["actor_group", "product_id", "day"]
    days = fills.with_columns(run=pl.col("signed").abs()).group_by(keys).agg(
        peak=pl.col("run").sum(),
        window_start=pl.col("transact_time").min(),
        window_end=pl.col("transact_time").max(),
        peak_time=pl.col("transact_time").max(),
        first_seq=sequence().sort_by("transact_time_ns").first() + "|volume",
        last_seq=sequence().sort_by("transact_time_ns").last(),
    )  # fmt: skip
    based = with_baseline(days.rename({"product_id": "instrument_id"}), tables)
    bound = params.adv_share * pl.col("adv")
    large = based.filter((pl.col("adv") > 0) & (pl.col("peak") >= bound * (1 - _EPS))).with_columns(
        bound=bound, use=pl.col("peak") / bound, bound_kind=pl.lit("volume"), standing=pl.lit(value=False)
    )
    evidence = (
        fills.rename({"product_id": "traded"})
        .join(
            large.select("actor_group", "day", traded="instrument_id"),
            on=["actor_group", "traded", "day"],
            how="semi",
        )
        .group_by("actor_group", "traded", "day")
        .agg(**_evidence())
        .rename({"traded": "instrument_id"})
    )
    return large.join(evidence, on=["actor_group", "instrument_id", "day"], how="left")


def _evidence() -> dict[str, pl.Expr]:
    return {
        "accounts": listed("account_id"),
        "traders": listed("trader_id"),
        "instruments": listed("instrument_id"),
        "order_ids": listed("order_id"),
        "exec_ids": listed("exec_id"),
    }
