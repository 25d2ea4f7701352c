"""What a person has set for himself: theme, density, zone."""

import json
from typing import Any

from app.actions.users import get
from app.errors import FieldError, Forbidden, Invalid
from app.scope import Identity
from app.storage.database import Database

LONGEST = 16_384


def of(database: Database, actor: Identity) -> dict[str, Any]:
    """Return the actor's own preferences; none for a key."""
    if not actor.user_id.startswith("u_"):
        return {}
    with database.session(actor.org) as session:
        return dict(get(session, actor.user_id).preferences)


def change(database: Database, actor: Identity, values: dict[str, Any]) -> dict[str, Any]:
    """Set some of the actor's own preferences (None removes one) and return all.

    Not audited: nothing but the look of his own screen depends on them.

    Raises:
        Forbidden: For a key.
        Invalid: If they would be more than 16 kB.
    """
    if not actor.user_id.startswith("u_"):
        raise Forbidden("A key has no preferences.")
    with database.session(actor.org, write=True) as session:
        user = get(session, actor.user_id)
        merged = {k: v for k, v in {**user.preferences, **values}.items() if v is not None}
        if len(json.dumps(merged)) > LONGEST:
            raise Invalid(
                "These are too many preferences.",
                errors=[FieldError("preferences", f"must be at most {LONGEST} characters")],
            )
        user.preferences = merged
    return merged
