"""``demo``: make the demo organisations and print who can sign in."""

import argparse
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from app.commands._output import emit, table
from app.context import Context
from app.storage import schema

DEFAULT_SEED = 7


def add(subparsers: Any) -> None:
    """Register the command."""
    parser = subparsers.add_parser("demo", help="make the demo organisations: real prices, simulated firms")
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED, help="of every random draw")
    parser.add_argument("--size", choices=("small", "full"), default="full")
    parser.add_argument("--reset", action="store_true", help="remove the demo organisations first")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, context: Context) -> int:
    """Make what is missing; demo organisations that are complete stay as they are."""
    from app.demo.seed import seed_demo

    seeded = seed_demo(
        context,
        seed=args.seed,
        size=args.size,
        reset=args.reset,
        today=datetime.now(UTC).date(),
        progress=_silent if args.json else _progress,
    )
    _done(args.json)
    emit(args, asdict(seeded), _told(seeded))
    return 0


def ensure_demo(context: Context) -> None:
    """Make the demo organisations in an empty installation, and print the sign-ins of those there are.

    Raises:
        BadSettings: In production mode, when nothing is there yet.
    """
    from app.actions import orgs
    from app.demo.seed import complete, seed_demo

    schema.upgrade(context.database)
    there = orgs.every(context.database)
    half_made = any(org.demo and not complete(org) for org in there)
    if there and not half_made and not any(org.demo for org in there):
        return
    seeded = seed_demo(
        context,
        seed=DEFAULT_SEED,
        size="full",
        reset=False,
        today=datetime.now(UTC).date(),
        progress=_progress,
    )
    _done(False)
    print(_told(seeded), flush=True)


def _told(seeded: Any) -> str:
    people = [
        {"organisation": who.organisation, "role": who.role, "email": who.email, "name": who.name}
        for who in seeded.sign_ins
    ]
    lines = [
        "Demo: real prices, simulated firms. Sign in with one of these:",
        table(people),
        f"Password of each: {seeded.password}",
    ]
    if seeded.rows:
        rows = sum(sum(found.values()) for found in seeded.rows.values())
        lines.append(f"{rows:,} rows imported in {sum(seeded.seconds.values()):.0f} s.")
    return "\n".join(lines)


def _progress(what: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\033[K{what}")
    else:
        sys.stderr.write(what + "\n")
    sys.stderr.flush()


def _silent(_: str) -> None:
    """Say nothing: somebody reads JSON."""


def _done(quiet: bool) -> None:
    if not quiet and sys.stderr.isatty():
        sys.stderr.write("\r\033[K")
