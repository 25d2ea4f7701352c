"""Who a command acts as: whoever may run commands on the machine, named in the audit."""

from dataclasses import replace

from app.actions import orgs
from app.actions._roles import console
from app.context import Context
from app.scope import Identity
from app.storage import schema


def operator_of(context: Context, org: str) -> Identity:
    """Return the identity of the command line within an organisation.

    Raises:
        NotFound: If there is no such organisation.
    """
    schema.upgrade(context.database)
    found = orgs.find(context.database, org)
    return replace(console(org), currency=found.base_currency, org_name=found.name, demo=found.demo)
