"""What canaries do: the files of a small firm with one blatant scene for every detector, and who saw which.

The scenes are those of the abuse gym, made by ``app.demo.canaries`` in a process of its own. Chance is drawn
from a fixed seed and the days end yesterday, so that a reader of files or a detector that cannot cope with
today's dates is found out as well.
"""

import json
import os
import subprocess
import sys
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from analytics.compliance.detector import LISTS, all_detectors
from app.errors import Unavailable
from app.storage.records.alerts import Alert

SLACK = timedelta(minutes=5)
DEADLINE = 300.0  # seconds of wall clock to make the firm
_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Ground:
    """The canaries' firm: data set and file in order of import, entries of its lists, and what was planted."""

    files: tuple[tuple[str, Path], ...]
    lists: tuple[Mapping[str, Any], ...]
    scenes: tuple[Mapping[str, Any], ...]


def ground(folder: Path, day: date, seed: int) -> Ground:
    """Make the canaries' firm, its last session the one before ``day``.

    Raises:
        Unavailable: If it cannot be made.
    """
    # The maker needs none of the installation's settings, least of all its keys.
    environment = {k: v for k, v in os.environ.items() if not k.startswith("QUARTERDECK_")}
    order = [sys.executable, "-m", "app.demo.canaries", str(folder), day.isoformat(), str(seed)]
    try:
        done = subprocess.run(
            order, cwd=_ROOT, capture_output=True, text=True, timeout=DEADLINE, check=False,
            env=environment | {"POLARS_MAX_THREADS": "1"},
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise Unavailable("The canaries' firm was not made in time.") from error
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [f"ended with {done.returncode}"])[-1]
        raise Unavailable(f"The canaries' firm could not be made: {last[:300]}")
    told = json.loads((folder / "canaries.json").read_text())
    read = {name for kind in all_detectors().values() for name in (*kind.inputs, *kind.helpful)} - {LISTS}
    return Ground(
        tuple((name, folder / file) for name, file in told["files"] if name in read),
        tuple(told["lists"]),
        tuple(told["scenes"]),
    )


def entries(lists: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the columns of the list entries, one per person concerned."""
    return [
        {
            "kind": entry["kind"],
            "instrument_id": entry["instrument_id"],
            "person_id": person,
            "valid_from": datetime.fromisoformat(entry["start"]),
            "valid_to": datetime.fromisoformat(entry["end"]) if entry["end"] else None,
        }
        for entry in lists
        for person in (entry["person_ids"] or [None])
    ]


def answered(scenes: Iterable[Mapping[str, Any]], alerts: Collection[Alert]) -> frozenset[str]:
    """Return the detectors that have an alert about a scene planted for them: same people, name and time."""
    return frozenset(
        str(scene["pattern"]) for scene in scenes if any(_about(alert, scene) for alert in alerts)
    )


def _about(alert: Alert, scene: Mapping[str, Any]) -> bool:
    if alert.detector != scene["pattern"] or alert.window_start is None or alert.window_end is None:
        return False
    people = {actor["id"] for actor in alert.actors} & {*scene["accounts"], *scene["traders"]}
    named = not alert.instrument_ids or set(alert.instrument_ids) & set(scene["instrument_ids"])
    start, end = (datetime.fromisoformat(scene[edge]) for edge in ("start", "end"))
    return bool(people and named) and alert.window_start <= end + SLACK and alert.window_end >= start - SLACK
