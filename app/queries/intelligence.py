"""What the models and the insight rules have to say, and with what record."""

from collections import Counter
from typing import Any

from analytics.datasets import PRICES
from app.desk import Desk
from app.queries.insights import false_discovery, insight, insights, readable, rules
from app.queries.intelligence_models import model, models
from app.queries.regimes import regimes
from app.storage.cache import cached

__all__ = ["false_discovery", "insight", "insights", "model", "models", "readable", "rules", "summary"]


@cached(PRICES, records=("insights", "models", "alerts"))
def summary(desk: Desk) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the overview's intelligence figures, and for each null why it is null.

    Values: insights (readable now), models_ok and models_silent (models in use, by whether they speak
    or the baseline is served), regime (calm, trending or stressed; null until a regime model has been fitted and has shown skill).
    """
    states = Counter(row["status"] for row in models(desk))
    values = {
        "insights": len(readable(desk)),
        "models_ok": states["ok"],
        "models_silent": states["silent"] + states["drifting"] + states["failed"],
        "regime": None,
    }
    market = regimes(desk)
    if market["now"] is not None:
        return values | {"regime": market["now"]["state"]}, {}
    why = market["model"]["reason"] if market["model"]["status"] != "untrained" else None
    return values, {"regime": why or "no regime model has been fitted"}
