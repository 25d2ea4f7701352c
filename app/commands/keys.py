"""``key``: make, list and revoke API keys."""

import argparse
from typing import Any

from app.actions import keys
from app.commands._actor import operator_of
from app.commands._output import emit
from app.context import Context
from app.scope import ROLES


def add(subparsers: Any) -> None:
    """Register the commands."""
    parser = subparsers.add_parser("key", help="API keys: create, list, revoke")
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    create = verbs.add_parser("create", help="make a key and print it, this once, on the last line")
    create.add_argument("org", metavar="ORG")
    create.add_argument("--name", required=True)
    create.add_argument("--role", required=True, choices=[role for role in ROLES if role != "operator"])
    create.add_argument(
        "--scope", action="append", metavar="SCOPE", help="read (default), write, ingest, read:trading"
    )
    create.add_argument("--desk", action="append", metavar="DESK", help="a desk the key sees; again for more")
    create.add_argument("--expires", type=int, metavar="DAYS")
    create.set_defaults(run=run_create)
    every = verbs.add_parser("list", help="list the keys")
    every.add_argument("org", metavar="ORG")
    every.set_defaults(run=run_list)
    revoke = verbs.add_parser("revoke", help="stop a key at once")
    revoke.add_argument("org", metavar="ORG")
    revoke.add_argument("key", metavar="KEY_ID")
    revoke.set_defaults(run=run_revoke)


def run_create(args: argparse.Namespace, context: Context) -> int:
    """Make a key; it stands alone on the last line."""
    made, plain = keys.create(
        context.database,
        operator_of(context, args.org),
        name=args.name,
        role=args.role,
        scopes=args.scope or ["read"],
        desks=args.desk,
        expires=args.expires,
    )
    shown = {"id": made.id, "name": made.name, "role": made.role, "scopes": made.scopes, "key": plain}
    emit(args, shown, f"Key {made.id} for {args.org}. It is shown this once:\n{plain}")
    return 0


def run_list(args: argparse.Namespace, context: Context) -> int:
    """List the keys of an organisation."""
    names = ("id", "name", "prefix", "role", "scopes", "expires_at", "last_used_at", "revoked_at")
    found = keys.every(context.database, operator_of(context, args.org))
    emit(args, [{name: key[name] for name in names} for key in found])
    return 0


def run_revoke(args: argparse.Namespace, context: Context) -> int:
    """Stop a key."""
    keys.revoke(context.database, operator_of(context, args.org), args.key)
    emit(args, {"id": args.key, "revoked": True})
    return 0
