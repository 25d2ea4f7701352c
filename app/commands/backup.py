"""``backup`` and ``restore``: the whole installation in one file, and back."""

import argparse
from pathlib import Path
from typing import Any

from app.commands._output import emit
from app.context import Context
from app.errors import Invalid
from app.storage import backup, schema


def add(subparsers: Any) -> None:
    """Register the commands."""
    parser = subparsers.add_parser("backup", help="write records, tables, anchors and artefacts to one file")
    parser.add_argument("file", metavar="FILE", type=Path)
    parser.set_defaults(run=run_backup)
    parser = subparsers.add_parser("restore", help="put a backup into an empty home folder and database")
    parser.add_argument("file", metavar="FILE", type=Path)
    parser.set_defaults(run=run_restore)


def run_backup(args: argparse.Namespace, context: Context) -> int:
    """Write a backup; the server may go on working."""
    schema.check(context.database)
    if not args.file.absolute().parent.is_dir():
        raise Invalid(f"There is no folder {args.file.absolute().parent}.")
    done = backup.take(context.database, context.lake, context.settings.root, args.file.absolute())
    emit(args, {"file": str(args.file), **done})
    return 0


def run_restore(args: argparse.Namespace, context: Context) -> int:
    """Restore a backup into a new home."""
    done = backup.restore(context.database, context.settings.root, args.file.absolute())
    note = "" if not context.settings.secret_key else " Set the same QUARTERDECK_SECRET_KEY as before."
    text = f"{done['files']} files restored. Run `python app.py doctor` next.{note}"
    emit(args, {"file": str(args.file), **done}, text)
    return 0
