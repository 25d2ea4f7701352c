"""Who a command acts as: whoever may run commands on the machine, named in the audit."""

import getpass

from app.context import Context
from app.errors import NotFound
from app.scope import Identity
from app.storage import schema
from app.storage.records.people import Organisation


def operator_of(context: Context, org: str, *, role: str = "compliance") -> Identity:
    """Return the identity of the command line within an organisation.

    Raises:
        NotFound: If there is no such organisation.
    """
    schema.upgrade(context.database)
    with context.database.session(None) as session:
        found = session.get(Organisation, org)
        if found is None or found.disabled:
            raise NotFound(f"There is no organisation {org!r}: `app.py org list` shows those there are.")
        return Identity(
            org=org,
            user_id="cli",
            name=f"command line ({_login()})",
            role=role,
            currency=found.base_currency,
            org_name=found.name,
            demo=found.demo,
        )


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # no entry for this user id, as in a container
        return "unknown"
