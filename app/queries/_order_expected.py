"""What one order should have cost, by the law fitted on the orders of the period."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import polars as pl

from analytics.portfolio.passport import Passport, passport
from analytics.trading.expected_cost import CostModel, with_expected_cost
from app.desk import Desk
from app.queries._fills import bare
from app.queries._order_parts import NOTHING_FILLED
from app.queries._tca_orders import RESTED, orders

_Z_95 = 1.959963984540054
_INPUTS = ("filled_qty", "adv", "volatility", "quoted_spread_bp", "duration_seconds", "cost_bp")


def expected(desk: Desk, order_id: str, inputs: Mapping[str, Any], *, fills: int) -> list[Passport]:
    """Return expected cost (bp) and how far the order was off it (standard deviations, positive = dearer).

    The law is that of execution quality over the scope's period, fitted on every order the asker may see; an
    order that is one of the period's is judged by the very figures of that page.

    Args:
        desk: Whose order.
        order_id: Which.
        inputs: filled_qty, adv, volatility, quoted_spread_bp, duration_seconds, cost_bp, passive.
        fills: How many fills it has.
    """
    everybody = replace(desk.scope, desk=(), account=(), trader=(), instrument=())
    plain, _ = bare(replace(desk, scope=everybody))
    judged = orders(plain)
    told = judged["model"]
    model = CostModel(told["coefficient"], told["scale"], int(told["orders"]))
    own = judged["traded"].filter(pl.col("order_id") == order_id)
    if own.height:
        row = own.row(0, named=True)
    else:
        frame = pl.DataFrame(
            [{name: inputs[name] for name in _INPUTS}], schema=dict.fromkeys(_INPUTS, pl.Float64)
        )
        row = with_expected_cost(frame, model).row(0, named=True)
        if inputs["passive"]:
            row |= dict.fromkeys(("expected_cost_bp", "cost_risk_bp", "z", "p")) | {"reason": RESTED}
    why = row["reason"] if fills else NOTHING_FILLED
    fair, risk = row["expected_cost_bp"], row["cost_risk_bp"]
    band = (fair - _Z_95 * risk, fair + _Z_95 * risk) if fair is not None and risk is not None else None
    law: dict[str, Any] = {
        "law": "half spread + coefficient x volatility x sqrt(filled / ADV)",
        "coefficient": model.coefficient,
        "scale": model.scale,
        "fitted_on": model.orders,
        "adv": row["adv"],
        "volatility": row["volatility"],
    }
    return [
        passport(
            "expected_cost", fair, unit="bp", n=fills, interval=band, reason=why, against="arrival", **law
        ),
        passport(
            "cost_z", row["z"], unit="sd", n=fills, reason=why, p=row["p"], sign="positive = dearer", **law
        ),
    ]
