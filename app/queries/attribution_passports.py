"""Attribution's figures as records, and how they read under the other model and the other linkings."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from analytics.datasets import BENCHMARKS, CORPORATE_ACTIONS, PRICES
from analytics.portfolio.houses import compared
from app.desk import Desk
from app.queries._passports import Subject
from app.queries._pnl_explain import READS
from app.queries.attribution import LINKINGS, attribution

_MODELS = {"bf": "Brinson-Fachler", "bhb": "Brinson-Hood-Beebower"}
_MODELLED = {"allocation", "selection", "interaction"}
_LINKED = _MODELLED | {"active_return", "costs", "trading", "index_difference"}


def asked(desk: Desk) -> dict[str, Any]:
    """Return what the address asks of attribution."""
    state = desk.scope.extra
    return {
        "model": state.get("model", "bf"),
        "linking": state.get("linking", "carino"),
        "group_by": state.get("group", "sector"),
        "benchmark": state.get("benchmark") or None,
    }


def answer(desk: Desk, **terms: Any) -> dict[str, Any]:
    """Return the attribution that the address asks for, with ``terms`` of it changed.

    A return belongs to accounts: an instrument in the address marks its row and narrows nothing.
    """
    return attribution(desk.with_scope(instrument=()), **(asked(desk) | terms))


def readings(desk: Desk, record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return an effect by the other model and the other linkings; empty for what neither changes."""
    name, ours = record["name"], asked(desk)
    if record["value"] is None or name not in _LINKED:
        return []
    ways = [(ours["model"], ours["linking"])]
    if name in _MODELLED:
        ways += [(model, ours["linking"]) for model in _MODELS if model != ours["model"]]
    ways += [(ours["model"], linking) for linking in LINKINGS if linking != ours["linking"]]
    found = {
        f"{_MODELS[model]}, linked by {linking.capitalize()}": _value(
            answer(desk, model=model, linking=linking), name
        )
        for model, linking in ways
    }
    return [asdict(one) for one in compared(found)]


def _value(found: Mapping[str, Any], name: str) -> float | None:
    value: float | None = next(one["value"] for one in found["metrics"] if one["name"] == name)
    return value


PASSPORTS = Subject(
    records=lambda desk: answer(desk)["metrics"],
    datasets=(*READS, PRICES, CORPORATE_ACTIONS, BENCHMARKS),
    readings=readings,
    period=lambda desk: answer(desk)["period"],
    defines={
        "portfolio_return": "time_weighted_return", "benchmark_return": "total_return", "costs": "attribution_costs",
        "trading": "attribution_trading", "residual": "attribution_residual",
    },
)  # fmt: skip
