"""The five sections of the overview: the same numbers for the page and for scripts."""

from typing import Any

from app.desk import Desk
from app.queries import compliance, intelligence, portfolio, social, trading
from app.queries._money import Reasons, Values, currency
from app.queries._period import period


def overview(desk: Desk) -> dict[str, Any]:
    """Return every figure of CONTRACT section 5, each finite or null with a reason.

    Where the scope names no dates, flows (orders, notional, P&L) cover the last 20 sessions with data, and
    states (NAV, exposure, risk) stand at the last of them. Return, volatility, Sharpe ratio and drawdown
    need more than that: they cover the scope's dates where it names some, else the whole history.
    Money is in the scope's currency, or the organisation's, each row converted at its day's last known rate.

    Returns:
        ``trading``, ``portfolio``, ``compliance``, ``social``, ``intelligence`` (name to value),
        ``reasons`` ("section.name" to why it is null), ``period`` {from, to, sessions},
        ``performance_period`` and ``currency``.
    """
    sections = {
        "trading": trading.kpis,
        "portfolio": portfolio.kpis,
        "compliance": compliance.summary,
        "social": social.summary,
        "intelligence": intelligence.summary,
    }
    values: dict[str, Any] = {}
    reasons: Reasons = {}
    for name, figures in sections.items():
        found: tuple[Values, Reasons] = figures(desk)
        values[name] = found[0]
        reasons |= {
            f"{name}.{field}": found[1].get(field, "It is not known yet.")
            for field, value in found[0].items()
            if value is None
        }
    return values | {
        "reasons": reasons,
        "period": period(desk).as_dict(),
        "performance_period": period(desk, sessions=None).as_dict(),
        "currency": currency(desk),
    }
