"""``init``, ``doctor``, ``repair``, ``list``: set up, check and mend an installation; name its parts."""

import argparse
from typing import Any

from app.commands._actor import operator_of
from app.commands._output import emit, table
from app.context import Context
from app.storage import schema


def add(subparsers: Any) -> None:
    """Register the commands."""
    subparsers.add_parser("init", help="prepare the home folder and the database").set_defaults(run=run_init)
    subparsers.add_parser("doctor", help="check settings, stores and every table").set_defaults(
        run=run_doctor
    )
    repair = subparsers.add_parser("repair", help="restore an organisation's damaged tables")
    repair.add_argument("org", metavar="ORG")
    repair.set_defaults(run=run_repair)
    subparsers.add_parser(
        "list", help="name every data set, detector, model, page, route, job and setting"
    ).set_defaults(run=run_list)


def run_init(args: argparse.Namespace, context: Context) -> int:
    """Create what is missing; running it again changes nothing."""
    context.settings.root.mkdir(parents=True, exist_ok=True, mode=0o700)
    _ = context.settings.secret
    schema.upgrade(context.database)
    emit(
        args,
        {
            "home": str(context.settings.root),
            "database": context.database.url.render_as_string(),
            "ready": True,
        },
    )
    return 0


def run_doctor(args: argparse.Namespace, context: Context) -> int:
    """Check everything that can be checked from here; 1 when anything is wrong."""
    from app.observability.health import installation

    checks = installation(context)
    # A worker that is not running is a remark, not a fault: doctor may be asked before the start.
    bad = [c for c in checks if c["status"] == "down"]
    text = table([{k: c.get(k) for k in ("name", "status", "detail")} for c in checks])
    emit(args, {"checks": checks, "ok": not bad}, text)
    return 1 if bad else 0


def run_repair(args: argparse.Namespace, context: Context) -> int:
    """Bring damaged tables back to their last acknowledged state where their bytes allow it."""
    from dataclasses import asdict

    from app.jobs.repair import repair

    operator_of(context, args.org)
    findings = [asdict(finding) for finding in repair(context, args.org)]
    emit(args, findings, table(findings) if findings else "Nothing to repair.")
    return 0


def run_list(args: argparse.Namespace, context: Context) -> int:
    """Name every part the registries found."""
    from app.docs import parts

    found = parts(context)
    text = "\n\n".join(
        f"{kind}\n" + "\n".join(f"  {p['name']:<28} {p['title']}" for p in rows)
        for kind, rows in found.items()
    )
    emit(args, found, text)
    return 0
