"""How a command answers: a table for people, one JSON document with ``--json``."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import orjson


def emit(args: argparse.Namespace, data: Any, text: str | None = None) -> None:
    """Print ``data`` as JSON when asked for, else ``text`` (or a plain table of rows)."""
    if args.json:
        sys.stdout.write(orjson.dumps(data, default=str, option=orjson.OPT_INDENT_2).decode() + "\n")
        return
    sys.stdout.write((text if text is not None else table(data)) + "\n")


def table(rows: Any) -> str:
    """Lay out rows as aligned text; a mapping becomes one line a key."""
    if isinstance(rows, Mapping):
        width = max((len(str(key)) for key in rows), default=0)
        return "\n".join(f"{key!s:<{width}}  {value}" for key, value in rows.items())
    if not isinstance(rows, Sequence) or not rows:
        return "(none)"
    names = list(rows[0])
    cells = [names, *([("" if row[name] is None else str(row[name])) for name in names] for row in rows)]
    widths = [max(len(line[i]) for line in cells) for i in range(len(names))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    )
