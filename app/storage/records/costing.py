"""How an organisation keeps its book: the cost method set, and the one its positions stand by."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from analytics.portfolio.cost_methods import DEFAULT, METHODS, TITLES
from analytics.portfolio.lots import Method
from app.storage.records.counters import bump
from app.storage.records.people import Organisation

RECORDS = "costing"  # name of the record set that answers rest on
ASKED, KEPT = "cost_method", "costing"  # keys in the organisation's settings
MOST_NAMED = 20  # positions named in the record of a derive


@dataclass(frozen=True)
class Costing:
    """``asked``: the organisation's setting. ``kept``: how the published positions are kept.

    ``averaged``: account and instrument of positions kept at average cost all the same, the first twenty;
    ``averaged_count``: how many.
    """

    asked: Method
    kept: Method
    averaged: tuple[tuple[str, str], ...] = ()
    averaged_count: int = 0

    @property
    def pending(self) -> bool:
        """Whether the positions still stand as another method had them."""
        return self.asked != self.kept

    def as_convention(self) -> dict[str, Any]:
        """Return what answers say about how realised and unrealised were told apart."""
        found: dict[str, Any] = {"cost_method": self.kept, "cost_method_title": TITLES[self.kept]}
        if self.pending:
            found["cost_method_asked"] = self.asked
            found["note"] = f"{TITLES[self.asked]} is being worked out; figures follow in a moment."
        elif self.averaged_count:
            names = ", ".join(f"{account} {instrument}" for account, instrument in self.averaged[:3])
            more = f" and {self.averaged_count - 3} more" if self.averaged_count > 3 else ""
            found["averaged_positions"] = self.averaged_count
            found["note"] = f"At average cost, since their turnover is too large for lots: {names}{more}."
        return found


def costing(session: Session, org: str) -> Costing:
    """Return how ``org`` keeps its book; average cost where nothing else was set."""
    found = session.get(Organisation, org)
    settings: dict[str, Any] = dict(found.settings or {}) if found is not None else {}
    kept = settings.get(KEPT) or {}
    return Costing(
        _method(settings.get(ASKED)),
        _method(kept.get("method")),
        tuple((str(account), str(instrument)) for account, instrument in kept.get("averaged", ())),
        int(kept.get("averaged_count", 0)),
    )


def note_kept(session: Session, org: str, *, method: Method, averaged: list[tuple[str, str]]) -> None:
    """Write down how positions were kept, in the transaction that publishes them."""
    found = locked(session, org)
    if found is None:
        return
    named = [list(position) for position in averaged[:MOST_NAMED]]
    said = {"method": method, "averaged": named, "averaged_count": len(averaged)}
    settings = dict(found.settings or {})
    if settings.get(KEPT, {"method": DEFAULT, "averaged": [], "averaged_count": 0}) != said:
        found.settings = {**settings, KEPT: said}
        bump(session, org, RECORDS)


def locked(session: Session, org: str) -> Organisation | None:
    """Return the organisation for a change of its settings: two writers must not undo each other."""
    wanted = select(Organisation).where(Organisation.slug == org).with_for_update()
    return session.scalar(wanted.execution_options(populate_existing=True))


def _method(value: object) -> Method:
    return next((known for known in METHODS if known == value), DEFAULT)
