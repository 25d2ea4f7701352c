"""Where the active return came from: Brinson's effects of one period, by class and by security."""

from dataclasses import dataclass

import polars as pl

from analytics.definitions import declares

MODELS = ("fachler", "hood_beebower")
EFFECTS = ("allocation", "selection", "interaction")
_CLASS = ("portfolio_weight", "benchmark_weight", "portfolio_return", "benchmark_return")
CLASSES: dict[str, pl.DataType] = {"segment": pl.String()} | {name: pl.Float64() for name in _CLASS}
_RESULT: dict[str, pl.DataType] = {"segment": pl.String()} | {
    name: pl.Float64() for name in (*EFFECTS, "total")
}


@dataclass(frozen=True)
class Attribution:
    """Effects of one period, by class.

    ``effects``: segment, allocation, selection, interaction, total (fractions; positive helped), in the
    order given. ``classes``: the input with absent sides filled in. ``active`` = portfolio less benchmark
    return; ``residual`` = active less the sum of all effects: rounding, as long as both sides' weights add
    up to the same. All numbers are None with a ``reason``, and there are no effects then.
    """

    model: str
    effects: pl.DataFrame
    classes: pl.DataFrame
    portfolio_return: float | None
    benchmark_return: float | None
    active: float | None
    residual: float | None
    reason: str | None


@declares("allocation", "selection", "interaction")
def brinson(classes: pl.DataFrame, *, model: str = "fachler") -> Attribution:
    """Return allocation, selection and interaction of one period.

    Args:
        classes: One row per class: ``segment``, ``portfolio_weight``, ``benchmark_weight`` (fractions at
            the start of the period; null = 0), ``portfolio_return``, ``benchmark_return`` (fractions).
        model: fachler: ``allocation`` = (wp - wb) (rb - total rb). hood_beebower: (wp - wb) rb. In both
            ``selection`` = wb (rp - rb). ``interaction`` = (wp - wb) (rp - rb).

    Returns:
        The effects. A class one side does not hold needs no return there: one not in the portfolio takes
        the benchmark's (nothing was selected), one not in the benchmark the whole benchmark's return (going
        there is no allocation effect under Fachler; what it earned above is interaction). A class that is
        held but has no return is a reason, as is no class at all.

    Raises:
        ValueError: For another model, or a segment named twice.

    Source: Brinson, Hood and Beebower, Financial Analysts Journal 42(4), 1986; Brinson and Fachler, J. of
    Portfolio Management 11(3), 1985. Checked on the three-class example of Bacon, 2nd ed., ch. 5.
    """
    if model not in MODELS:
        raise ValueError(f"the model is one of {', '.join(MODELS)}")
    given = classes.select(pl.col(name).cast(dtype) for name, dtype in CLASSES.items())
    if given["segment"].is_duplicated().any():
        raise ValueError("each class has one row")
    given = given.with_columns(pl.col(*_CLASS).fill_nan(None))
    given = given.with_columns(pl.col("portfolio_weight", "benchmark_weight").fill_null(0.0))
    if not given.height:
        return _refused(model, given, "there is no class")
    for side in ("portfolio", "benchmark"):
        unknown = given.filter((pl.col(f"{side}_weight") != 0) & pl.col(f"{side}_return").is_null())
        if unknown.height:
            return _refused(model, given, f"{unknown['segment'][0]} has no {side} return")
    whole = float((given["benchmark_weight"] * given["benchmark_return"].fill_null(0.0)).sum())
    rb = pl.col("benchmark_return").fill_null(whole)
    filled = given.with_columns(
        benchmark_return=rb,
        portfolio_return=pl.coalesce("portfolio_return", "benchmark_return").fill_null(rb),
    )
    # A class nobody in the portfolio held selected nothing, whatever return was handed in for it.
    idle = pl.col("portfolio_weight") == 0
    filled = filled.with_columns(
        portfolio_return=pl.when(idle).then("benchmark_return").otherwise("portfolio_return")
    )
    extra = pl.col("portfolio_weight") - pl.col("benchmark_weight")
    ahead = pl.col("portfolio_return") - pl.col("benchmark_return")
    over = pl.col("benchmark_return") - (whole if model == "fachler" else 0.0)
    effects = filled.select(
        "segment",
        allocation=extra * over,
        selection=pl.col("benchmark_weight") * ahead,
        interaction=extra * ahead,
    ).with_columns(total=pl.sum_horizontal(EFFECTS))
    mine = float((filled["portfolio_weight"] * filled["portfolio_return"]).sum())
    residual = mine - whole - float(effects["total"].sum())
    return Attribution(model, effects, filled, mine, whole, mine - whole, residual, None)


def classes_of(securities: pl.DataFrame) -> pl.DataFrame:
    """Return the classes that ``brinson`` reads, from single securities.

    Args:
        securities: ``segment``, ``instrument_id`` and the four columns of ``brinson``, one row each.

    Returns:
        One row per segment, sorted: weights summed (null = 0), returns weighted; null where the side has no
        weight in the class, or holds a security without a return.
    """
    sides = []
    for side in ("portfolio", "benchmark"):
        weight, earned = pl.col(f"{side}_weight").fill_null(0.0), pl.col(f"{side}_return")
        unknown = ((weight != 0) & earned.is_null()).any()
        total = weight.sum()
        mean = (weight * earned.fill_null(0.0)).sum() / total
        sides.append(total.alias(f"{side}_weight"))
        sides.append(pl.when(~unknown & (total.abs() > 1e-15)).then(mean).alias(f"{side}_return"))
    return securities.group_by("segment").agg(sides).select(*CLASSES).sort("segment")


def security_effects(securities: pl.DataFrame) -> pl.DataFrame:
    """Return what each security added to the selection and interaction of its class.

    Args:
        securities: As ``classes_of`` reads.

    Returns:
        ``segment``, ``instrument_id``, ``effect`` = wp (rp - class rb) - wb (rb - class rb), in the order
        given; summed over a class they are its selection + interaction. The class rb is the benchmark's
        return in the class, the whole benchmark's where it holds none. Null without a return.
    """
    whole = (pl.col("benchmark_weight").fill_null(0.0) * pl.col("benchmark_return").fill_null(0.0)).sum()
    level = classes_of(securities).select("segment", level="benchmark_return")
    known = securities.with_columns(whole=whole).join(level, on="segment", how="left", maintain_order="left")
    level_return = pl.coalesce("level", "whole")
    parts = []
    for side, sign in (("portfolio", 1.0), ("benchmark", -1.0)):
        weight = pl.col(f"{side}_weight").fill_null(0.0)
        part = weight * (pl.col(f"{side}_return") - level_return) * sign
        parts.append(pl.when(weight == 0).then(0.0).otherwise(part))
    return known.select("segment", "instrument_id", effect=parts[0] + parts[1])


def _refused(model: str, classes: pl.DataFrame, reason: str) -> Attribution:
    return Attribution(model, pl.DataFrame(schema=_RESULT), classes, None, None, None, None, reason)
