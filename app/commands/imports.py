"""``import``: bring files in through the same job as uploads and scripts."""

import argparse
import sys
from pathlib import Path
from typing import Any

from analytics.datasets import IMPORTABLE
from app.commands._actor import operator_of
from app.commands._output import emit
from app.context import Context
from app.errors import Invalid, QuarterdeckError
from app.jobs import ingest
from app.jobs.refresh import refresh

FORMATS = ("auto", "csv", "parquet", "ndjson", "fix", "flex", "lobster")


def add(subparsers: Any) -> None:
    """Register the command."""
    parser = subparsers.add_parser("import", help="import files into a data set of an organisation")
    parser.add_argument("org", metavar="ORG")
    parser.add_argument("dataset", metavar="DATASET", help=f"one of: auto, {', '.join(IMPORTABLE)}")
    parser.add_argument("files", metavar="FILE", nargs="+", type=Path)
    parser.add_argument("--format", choices=FORMATS, default="auto")
    parser.add_argument("--mapping", metavar="NAME", help="saved or shipped mapping that reads this CSV")
    parser.add_argument("--zone", help="time zone of the feed, where its times carry none")
    parser.add_argument("--account", help="account of rows that name none")
    parser.add_argument("--dry-run", action="store_true", help="read and check, store nothing")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, context: Context) -> int:
    """Import each file; the exit code tells the worst of what happened."""
    actor = operator_of(context, args.org)
    results: list[dict[str, Any]] = []
    changed: set[str] = set()
    failures = 0
    for number, path in enumerate(args.files, 1):
        _progress(args, f"{number}/{len(args.files)} {path.name}")
        upload = ingest.Upload(
            path=path,
            filename=path.name,
            dataset=None if args.dataset == "auto" else args.dataset,
            format=args.format,
            mapping=args.mapping,
            zone=args.zone,
            account=args.account,
            dry_run=args.dry_run,
        )
        try:
            result = _one(context, actor, upload)
        except QuarterdeckError as error:
            failures += 1
            results.append({"filename": path.name, "status": "failed", "error": _why(error)})
            continue
        changed |= ingest.touched(result)
        results.append(result.as_dict())
    if changed:
        _progress(args, "positions, alerts and insights")
        refresh(context, args.org, datasets=frozenset(changed))
    _progress(args, "")
    emit(args, results, "\n".join(map(_line, results)))
    if failures:
        return 2 if failures == len(results) else 1
    return 3 if any(r.get("rejected") for r in results) else 0


def _one(context: Context, actor: Any, upload: ingest.Upload) -> ingest.ImportResult:
    if not upload.path.is_file():
        raise Invalid(f"{upload.path} is not a file.")
    return ingest.run(context, actor, upload)


def _why(error: QuarterdeckError) -> str:
    return " ".join([error.detail, *(f"{e.field}: {e.message}" for e in error.errors)])


def _line(result: dict[str, Any]) -> str:
    if result["status"] == "failed":
        return f"{result['filename']}: failed. {result['error']}"
    counts = f"{result['accepted']} accepted, {result['rejected']} rejected, {result['duplicate']} duplicate"
    lines = [f"{result['filename']}: {result['records']} records: {counts} ({result['import_id']})"]
    lines += [f"  {rows} rows in {name}" for name, rows in sorted(result["rows"].items())]
    lines += [f"  note: {warning}" for warning in result["warnings"][:10]]
    lines += [
        f"  line {e['line']}, {e['column'] or 'record'}: {e['message']} [{e['code']}]"
        for e in result["errors"][:10]
    ]
    if len(result["errors"]) > 10:
        lines.append("  more on the pipeline page, or with --json")
    return "\n".join(lines)


def _progress(args: argparse.Namespace, what: str) -> None:
    if sys.stderr.isatty() and not args.json:
        sys.stderr.write(f"\r\033[K{what}")
        sys.stderr.flush()
