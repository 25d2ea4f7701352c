"""By which method the book is kept, for answers to say."""

from typing import Any

from app.desk import Desk
from app.storage.records.costing import RECORDS, costing

COSTING = RECORDS  # record set that answers with a convention rest on


def convention(desk: Desk) -> dict[str, Any]:
    """Return the cost method the figures rest on: cost_method, its title, and what is to be said of it."""
    with desk.session() as session:
        return costing(session, desk.org).as_convention()
