"""Who trades alike, whatever his desk. Read by compliance; nobody reads of himself or his line."""

from typing import Any

import polars as pl

from analytics.datasets import ACCOUNTS, ORDER_EVENTS, PEOPLE
from analytics.models.styles import STABLE, Styles
from app.desk import Desk
from app.errors import FieldError, Invalid, NotFound
from app.queries._line import own_line
from app.queries._model_in_use import in_use
from app.queries.behaviour import KINDS
from app.queries.compliance import door
from app.queries.intelligence_models import model as card
from app.storage.cache import cached


def styles(desk: Desk, *, who: str = "trader") -> dict[str, Any]:
    """Return the trading styles of traders or accounts, each with its members and what sets it apart.

    Args:
        desk: The scope's traders (or accounts) and desks narrow the members; dates do not: a style is a habit.
        who: ``trader`` or ``account``.

    Returns:
        ``styles``: style (from 1), people (members in all, whom one may read of or not), members (id, name, peers,
        fit: silhouette, -1 to 1) and reasons (up to three of feature, words, value, usual, of (unit), contribution
        in robust deviations from all). ``unlike``: the same for each who is in no style of three, where there are styles;
        style and fit are null. ``stability`` (adjusted Rand index over days drawn anew), ``needed``,
        ``silhouette``, ``people``, ``until`` (last day learnt from), ``model`` (status, reason, version, skill,
        trained_at). No styles where they are not stable or the model has shown no skill.

    Raises:
        Forbidden: If the role does not read surveillance.
        Invalid: If ``who`` is neither.
    """
    door(desk)
    if who not in KINDS:
        raise Invalid("Unknown kind.", errors=[FieldError("who", f"must be one of {', '.join(KINDS)}", who)])
    used = in_use(desk, Styles)
    if used.model is None:
        return _told(desk, who) | {"until": None, "styles": [], "unlike": [], "model": used.as_dict()}
    found = used.model.found(who)
    line = own_line(desk)
    hidden = line.own | line.others
    names = _names(desk.with_scope(start=None, end=None, desk=(), account=(), trader=(), instrument=()))[who]
    wanted = desk.scope.trader if who == "trader" else desk.scope.account

    def shown(style: dict[str, Any]) -> dict[str, Any]:
        members = [
            one | {"name": names[one["id"]], "fit": None if one["fit"] is None else round(one["fit"], 3)}
            for one in style["members"]
            if one["id"] in names
            and one["id"] not in hidden
            and (not wanted or one["id"] in wanted)
            and (not desk.scope.desk or who != "trader" or one["peers"] in desk.scope.desk)
        ]
        return style | {"people": len(style["members"]), "members": members}

    told = {part: [one for one in map(shown, found[part]) if one["members"]] for part in ("styles", "unlike")}
    return found | told | {"model": used.as_dict()}


def _told(desk: Desk, who: str) -> dict[str, Any]:
    """Return how stable styles were when last looked for, from the model's card."""
    nothing = {"stability": None, "silhouette": None, "needed": STABLE, "people": 0}
    try:
        kinds = card(desk, Styles.name)["calibration"].get("kinds", {})
    except NotFound:
        return nothing
    return nothing | {name: value for name, value in kinds.get(who, {}).items() if name in nothing}


@cached(ORDER_EVENTS, ACCOUNTS, PEOPLE)
def _names(desk: Desk) -> dict[str, dict[str, str]]:
    """Return the traders and accounts whose orders one may read: id to name."""
    orders = desk.rows(ORDER_EVENTS, dated=False)
    people = desk.lake.scan(desk.org, PEOPLE).select("name", id="person_id")
    accounts = desk.lake.scan(desk.org, ACCOUNTS).select("name", id="account_id")
    found = {}
    for kind, column, named in (("trader", "trader_id", people), ("account", "account_id", accounts)):
        known = (
            orders.select(id=pl.col(column))
            .drop_nulls()
            .unique()
            .join(named.unique("id", keep="first"), on="id", how="left")
        )
        rows = desk.collect(
            known.with_columns(name=pl.coalesce("name", "id")).select("id", "name").sort("id")
        )
        found[kind] = dict(rows.rows())
    return found
