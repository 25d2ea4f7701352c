"""``org``: make, list, hand out and remove organisations."""

import argparse
from pathlib import Path
from typing import Any

from app.actions import orgs, takeout
from app.actions._roles import console
from app.commands._actor import operator_of
from app.commands._output import emit
from app.context import Context
from app.errors import Invalid
from app.storage import schema

FOLDERS = (
    "artifacts",
    "spool",
    "reports",
    "cache/features",
)  # of the home folder, each with one folder an organisation


def add(subparsers: Any) -> None:
    """Register the commands."""
    parser = subparsers.add_parser("org", help="organisations: create, list, export, delete")
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    create = verbs.add_parser("create", help="make an organisation")
    create.add_argument("slug", metavar="SLUG")
    create.add_argument("--name", required=True)
    create.add_argument("--currency", default="USD", help="base currency (USD)")
    create.set_defaults(run=run_create)
    verbs.add_parser("list", help="list the organisations").set_defaults(run=run_list)
    export = verbs.add_parser("export", help="write everything of an organisation to a zip file")
    export.add_argument("slug", metavar="SLUG")
    export.add_argument("file", metavar="FILE", type=Path)
    export.set_defaults(run=run_export)
    delete = verbs.add_parser("delete", help="remove an organisation with everything it has")
    delete.add_argument("slug", metavar="SLUG")
    delete.add_argument("--yes", action="store_true", help="do it: there is no way back")
    delete.set_defaults(run=run_delete)


def run_create(args: argparse.Namespace, context: Context) -> int:
    """Make an organisation."""
    schema.upgrade(context.database)
    made = orgs.create(
        context.database, console(args.slug), slug=args.slug, name=args.name, currency=args.currency
    )
    emit(args, {"slug": made.slug, "name": made.name, "currency": made.base_currency})
    return 0


def run_list(args: argparse.Namespace, context: Context) -> int:
    """List the organisations."""
    schema.upgrade(context.database)
    rows = [
        {
            "slug": found.slug,
            "name": found.name,
            "currency": found.base_currency,
            "demo": found.demo,
            "disabled": found.disabled,
            "created": found.created_at.isoformat(timespec="seconds"),
        }
        for found in orgs.every(context.database)
    ]
    emit(args, rows)
    return 0


def run_export(args: argparse.Namespace, context: Context) -> int:
    """Write everything of an organisation to a zip file."""
    actor = operator_of(context, args.slug)
    if args.file.exists():
        raise Invalid(f"{args.file} exists already: name a new file.")
    written = takeout.write(context.database, context.lake, actor, args.file)
    emit(args, {"file": str(args.file), **written})
    return 0


def run_delete(args: argparse.Namespace, context: Context) -> int:
    """Remove an organisation."""
    operator_of(context, args.slug)
    if not args.yes:
        raise Invalid(f"This removes {args.slug} with all its data for good. Add --yes to do it.")
    removed = orgs.delete(
        context.database,
        console(args.slug),
        args.slug,
        stores=(context.lake, context.cache),
        folders=[context.settings.root / name / args.slug for name in FOLDERS],
    )
    emit(args, {"deleted": args.slug, "records": sum(removed.values())})
    return 0
