"""The command line: ``python app.py COMMAND``. Commands are found in ``app/commands``."""

import argparse
import sys
from collections.abc import Sequence

from analytics.registry import modules
from app import commands
from app.config import Settings
from app.context import Context
from app.errors import BadSettings, Forbidden, Invalid, NotFound, QuarterdeckError, TooLarge, UnsupportedMedia

DONE, FAILED, REFUSED, DONE_WITH_REJECTS = 0, 1, 2, 3
_REFUSALS = (Invalid, TooLarge, UnsupportedMedia, NotFound, Forbidden)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    args = _parser().parse_args(argv)
    try:
        context = Context.open(Settings.load())
    except BadSettings as error:
        return _complain(error.detail, FAILED)
    try:
        code: int = args.run(args, context)
    except _REFUSALS as error:
        return _complain(_told(error), REFUSED)
    except QuarterdeckError as error:
        return _complain(_told(error), FAILED)
    except KeyboardInterrupt:
        return _complain("Interrupted.", 130)
    except OSError as error:
        return _complain(f"{error.strerror or error}: {error.filename or ''}".strip(": "), FAILED)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="app.py", description="Quarterdeck: one desk for a trading firm.")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    for module in modules(commands):
        module.add(subparsers)
    _offer_json(parser)
    return parser


def _offer_json(parser: argparse.ArgumentParser) -> None:
    """Give every command ``--json`` (machine-readable output), wherever it stands in the line."""
    default = False if parser.prog == "app.py" else argparse.SUPPRESS
    parser.add_argument("--json", action="store_true", default=default, help="machine-readable output")
    for action in parser._actions:  # noqa: SLF001 - argparse offers no other way to walk its tree
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            for child in set(action.choices.values()):
                _offer_json(child)


def _told(error: QuarterdeckError) -> str:
    fields = "; ".join(f"{e.field}: {e.message}" for e in error.errors)
    return f"{error.detail} {fields}".strip()


def _complain(message: str, code: int) -> int:
    print(" ".join(f"app.py: {message}".split()), file=sys.stderr)
    return code
