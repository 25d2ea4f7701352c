"""``audit``: prove and hand out the trail of an organisation."""

import argparse
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from app.actions import audit, idea_proof
from app.commands._actor import operator_of
from app.commands._output import emit
from app.context import Context
from app.errors import Invalid


def add(subparsers: Any) -> None:
    """Register the commands."""
    parser = subparsers.add_parser("audit", help="the audit trail and the ideas sealed in it: verify, export")
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    verify = verbs.add_parser(
        "verify", help="prove the trail and hold every idea against it; 1 when either fails"
    )
    verify.add_argument("org", metavar="ORG")
    verify.set_defaults(run=run_verify)
    export = verbs.add_parser("export", help="write the trail as NDJSON with its signed head")
    export.add_argument("org", metavar="ORG")
    export.add_argument("file", metavar="FILE", type=Path)
    export.set_defaults(run=run_export)


def run_verify(args: argparse.Namespace, context: Context) -> int:
    """Prove the trail of an organisation."""
    operator_of(context, args.org)
    report = audit.verify(context.database, args.org)
    ideas = idea_proof.verify(context.database, args.org)
    if report.ok:
        text = f"{report.entries} entries hold; anchored up to entry {report.anchored}."
    else:
        text = f"The trail does not hold from entry {report.first_bad}: {report.reason}."
    lines = [text, *_told(ideas)] if ideas.ideas or ideas.faults else [text]
    emit(args, asdict(report) | {"ideas": asdict(ideas)}, "\n".join(lines))
    return 0 if report.ok and ideas.ok else 1


def _told(ideas: idea_proof.IdeaReport) -> list[str]:
    if not ideas.ok:
        return [f"Idea {fault.idea_id} does not hold: {fault.what}." for fault in ideas.faults]
    seeded = f"; {ideas.seeded} were made on the demo's clock" if ideas.seeded else ""
    return [f"{ideas.ideas} ideas are what the trail holds, {ideas.sealed} of them sealed{seeded}."]


def run_export(args: argparse.Namespace, context: Context) -> int:
    """Write the trail to a new file."""
    operator_of(context, args.org)
    try:
        descriptor = os.open(args.file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise Invalid(f"{args.file} exists already: name a new file.") from error
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        count = audit.export(context.database, args.org, file)
    emit(args, {"file": str(args.file), "entries": count, "prove_with": "docs/tools/audit_verify.py"})
    return 0
