"""The canaries' firm as files: ``python -m app.demo.canaries FOLDER DAY SEED``, run by the canary job.

It is made in a process of its own: the worker that watches customers' tables knows nothing of how scenes are
made, and gives back what the making took.
"""

import json
import sys
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Any

from app.demo.files import write
from app.demo.firm import Firm
from app.demo.firms import FIRMS
from app.demo.generate import Scale, generate

# Ninety sessions of trades for detectors that ask what is usual, twelve of orders for those that ask for a habit;
# one blatant scene of each pattern.
GROUND = Scale(
    sessions=90, recent=12, quotes=60, names=2, refreshes=8, resting=10, posts=8, post_days=15, chats=10,
    severities=(1.0,),
)  # fmt: skip


def ground(day: date, seed: int) -> Firm:
    """Return the canaries' firm; its last session is the one before ``day``."""
    return next(generate(seed, GROUND, day, only=[FIRMS[0].slug]))


def put(firm: Firm, folder: Path) -> Path:
    """Write a firm's files into ``folder``, and beside them ``canaries.json``.

    It holds ``files`` (data set and name, in order of import), ``lists`` (entries of the control room) and
    ``scenes`` (what was planted; look-alikes are left out).
    """
    told = {
        "files": [(name, path.name) for name, path in write(firm, folder).items()],
        "lists": [asdict(entry) for entry in firm.lists],
        "scenes": [asdict(label) for label in firm.labels if label.abuse],
    }
    path = folder / "canaries.json"
    path.write_text(json.dumps(told, default=_iso))
    return path


def _iso(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form here")


if __name__ == "__main__":
    put(ground(date.fromisoformat(sys.argv[2]), int(sys.argv[3])), Path(sys.argv[1]))
