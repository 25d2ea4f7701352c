"""Who trades unlike his peers. Read by compliance; nobody reads of himself or his line."""

from collections import Counter
from typing import Any

from analytics.datasets import ACCOUNTS, ORDER_EVENTS, PEOPLE, PRICES
from analytics.models.behaviour import ODD, Behaviour
from app.desk import Desk
from app.errors import FieldError, Invalid
from app.queries._line import own_line
from app.queries._model_in_use import in_use
from app.queries.compliance import door
from app.storage.cache import cached

KINDS = ("trader", "account")


def behaviour(desk: Desk, *, who: str = "trader") -> dict[str, Any]:
    """Return every trader-day or account-day on the map, with its peers.

    Args:
        desk: The scope's traders (or accounts), desks and dates narrow the points.
        who: ``trader`` or ``account``.

    Returns:
        ``points`` (id, name, date, peers, rank 0 to 1, odd, x, y), ``peers`` (name to points), ``ordinary``
        (share of training days told as odd), ``expected`` (false alarms to expect among these points), ``odd``
        (points told), ``model`` (status, reason, version, skill, trained_at).

    Raises:
        Forbidden: If the role does not read surveillance.
        Invalid: If ``who`` is neither.
    """
    door(desk)
    if who not in KINDS:
        raise Invalid("Unknown kind.", errors=[FieldError("who", f"must be one of {', '.join(KINDS)}", who)])
    found = _looked(desk.with_scope(start=None, end=None, desk=(), account=(), trader=(), instrument=()))
    points = [row for row in found["points"] if row["who"] == who and _in_scope(desk, row)]
    points = _without_own(desk, points)
    return {
        "points": points,
        "peers": dict(sorted(Counter(row["peers"] for row in points).items())),
        "ordinary": round(1 - ODD, 6),
        "expected": round((1 - ODD) * len(points), 2),
        "odd": sum(row["odd"] for row in points),
        "days": len({row["date"] for row in points}),
        "model": found["model"],
    }


def anomalies(
    desk: Desk, *, who: str | None = None, limit: int | None = None, offset: int = 0
) -> dict[str, Any]:
    """Return the days that are odd, the oddest first, each with what makes it so.

    Returns:
        ``rows``: date, who, id, name, peers, rank, and ``reasons``: up to three of feature, words, value, low
        and high (tenth and ninetieth percentile of the peers), of (unit), contribution (robust deviations).
        ``total``, ``looked_at`` (days judged), ``expected`` (false alarms to expect among them), ``model``.

    Raises:
        Forbidden: If the role does not read surveillance.
        Invalid: If ``who`` is given and neither trader nor account.
    """
    kinds = KINDS if who is None else (who,)
    seen = [behaviour(desk, who=kind) for kind in kinds]
    odd = [row for one in seen for row in one["points"] if row["odd"]]
    odd.sort(key=lambda row: (-row["rank"], row["date"], row["id"]))
    size = desk.scope.limit if limit is None else limit
    looked_at = sum(len(one["points"]) for one in seen)
    return {
        "rows": [
            {k: v for k, v in row.items() if k not in {"x", "y", "odd"}}
            for row in odd[offset : offset + size]
        ],
        "total": len(odd),
        "looked_at": looked_at,
        "expected": round((1 - ODD) * looked_at, 2),
        "model": seen[0]["model"],
    }


@cached(ORDER_EVENTS, ACCOUNTS, PEOPLE, PRICES, records=("models",))
def _looked(desk: Desk) -> dict[str, Any]:
    used = in_use(desk, Behaviour)
    if used.model is None:
        return {"points": [], "model": used.as_dict()}
    sources = (ORDER_EVENTS, ACCOUNTS, PRICES)
    tables = {
        one.name: desk.collect(desk.rows(one, dated=False).select(Behaviour.inputs[one.name]))
        for one in sources
    }
    rows = used.model.features(tables)
    course = used.model.course(rows)
    odd = rows.filter(course["odd"])
    reasons = dict(zip(odd.select("who", "id", "date").rows(), used.model.reasons(odd), strict=True))
    people = desk.collect(desk.lake.scan(desk.org, PEOPLE).select("person_id", "name"))
    accounts = desk.collect(desk.lake.scan(desk.org, ACCOUNTS).select("account_id", "name"))
    names = {"trader": dict(people.rows()), "account": dict(accounts.rows())}
    points = [
        {
            "who": row["who"], "id": row["id"], "name": names[row["who"]].get(row["id"]) or row["id"],
            "date": row["date"].isoformat(), "peers": row["peers"], "rank": round(row["predicted"], 4),
            "odd": row["odd"], "x": round(row["x"], 3), "y": round(row["y"], 3),
            "reasons": [_rounded(one) for one in reasons.get((row["who"], row["id"], row["date"]), [])],
        }
        for row in course.iter_rows(named=True)
    ]  # fmt: skip
    return {"points": points, "model": used.as_dict()}


def _rounded(reason: dict[str, Any]) -> dict[str, Any]:
    return {
        key: float(f"{value:.6g}") if isinstance(value, float) else value for key, value in reason.items()
    }


def _without_own(desk: Desk, points: list[dict[str, Any]]) -> list[dict[str, Any]]:
    line = own_line(desk)
    hidden = line.own | line.others
    return [row for row in points if row["id"] not in hidden] if hidden else points


def _in_scope(desk: Desk, row: dict[str, Any]) -> bool:
    scope = desk.scope
    wanted = scope.trader if row["who"] == "trader" else scope.account
    if wanted and row["id"] not in wanted:
        return False
    if scope.desk and row["who"] == "trader" and row["peers"] not in scope.desk:
        return False
    start, end = scope.start, scope.end
    return (start is None or row["date"] >= start.isoformat()) and (
        end is None or row["date"] <= end.isoformat()
    )
