"""``user``: make, list and lock out people of an organisation."""

import argparse
import getpass
import sys
from typing import Any

from app.actions import users
from app.commands._actor import operator_of
from app.commands._output import emit
from app.context import Context
from app.errors import Invalid
from app.scope import ROLES


def add(subparsers: Any) -> None:
    """Register the commands."""
    parser = subparsers.add_parser("user", help="people: create, list, disable, enable, reset-password")
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    create = _verb(verbs, "create", run_create, "make a user")
    create.add_argument("--name", required=True)
    create.add_argument("--role", required=True, choices=ROLES)
    create.add_argument(
        "--desk", action="append", metavar="DESK", help="a desk the user sees; again for more"
    )
    create.add_argument("--person", metavar="ID", help="who this is in the `people` data set")
    _password(create)
    every = verbs.add_parser("list", help="list the users")
    every.add_argument("org", metavar="ORG")
    every.set_defaults(run=run_list)
    _verb(verbs, "disable", run_disable, "lock a user out at once")
    _verb(verbs, "enable", run_enable, "let a user in again")
    _password(_verb(verbs, "reset-password", run_reset, "set a new password and end all sessions"))


def run_create(args: argparse.Namespace, context: Context) -> int:
    """Make a user."""
    actor = operator_of(context, args.org)
    made = users.create(
        context.database,
        actor,
        email=args.email,
        name=args.name,
        role=args.role,
        desks=args.desk,
        password=_read_password(args),
        person_id=args.person,
        production=context.settings.production,
    )
    emit(args, {"id": made.id, "email": made.email, "role": made.role, "desks": made.desks})
    return 0


def run_list(args: argparse.Namespace, context: Context) -> int:
    """List the users of an organisation."""
    actor = operator_of(context, args.org)
    rows = [
        {
            "email": found.email,
            "name": found.name,
            "role": found.role,
            "desks": "*" if found.desks is None else ",".join(found.desks),
            "disabled": found.disabled,
            "last_sign_in": found.last_sign_in and found.last_sign_in.isoformat(timespec="seconds"),
        }
        for found in users.every(context.database, actor)
    ]
    emit(args, rows)
    return 0


def run_disable(args: argparse.Namespace, context: Context) -> int:
    """Lock a user out."""
    return _set_disabled(args, context, disabled=True)


def run_enable(args: argparse.Namespace, context: Context) -> int:
    """Let a user in again."""
    return _set_disabled(args, context, disabled=False)


def run_reset(args: argparse.Namespace, context: Context) -> int:
    """Set a new password."""
    actor = operator_of(context, args.org)
    found = users.find(context.database, actor, args.email)
    password = _read_password(args)
    users.reset_password(context.database, actor, found.id, password, production=context.settings.production)
    emit(args, {"email": found.email, "password": "changed", "sessions": "ended"})
    return 0


def _set_disabled(args: argparse.Namespace, context: Context, *, disabled: bool) -> int:
    actor = operator_of(context, args.org)
    found = users.find(context.database, actor, args.email)
    users.set_disabled(context.database, actor, found.id, disabled=disabled)
    emit(args, {"email": found.email, "disabled": disabled})
    return 0


def _verb(verbs: Any, name: str, run: Any, about: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = verbs.add_parser(name, help=about)
    parser.add_argument("org", metavar="ORG")
    parser.add_argument("email", metavar="EMAIL")
    parser.set_defaults(run=run)
    return parser


def _password(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--password-stdin", action="store_true", help="read the password from standard input")


def _read_password(args: argparse.Namespace) -> str:
    if args.password_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise Invalid("Give the password on standard input and say --password-stdin.")
    return getpass.getpass("Password: ")
