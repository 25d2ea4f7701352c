"""What a detector has to look at again: nothing, the instruments that something came in for, or everything."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
import polars as pl

from analytics.compliance.detector import LISTS, Detector, title_of
from analytics.datasets import DATASETS, EXECUTIONS
from app.context import Context
from app.jobs._ground import OF_INSTRUMENTS
from app.jobs._watch import NONE
from app.storage.collect import collect
from app.storage.records.surveillance import DetectorRun


@dataclass(frozen=True)
class Again:
    """What to look at. ``instruments`` None: everything; none of them: nothing has changed."""

    instruments: frozenset[str] | None = None

    @property
    def nothing(self) -> bool:
        """Whether looking again cannot tell anything new."""
        return self.instruments is not None and not self.instruments


EVERYTHING = Again()


@dataclass
class Changes:
    """What came into an organisation's tables since detectors last looked."""

    context: Context
    org: str
    _known: dict[tuple[str, str], frozenset[str] | None] = field(default_factory=dict)

    def of(
        self, detector: Detector, parameters: str, versions: Mapping[str, str], last: DetectorRun | None
    ) -> Again:
        """Return what a detector must look at so that its alerts are those of a look at everything.

        Everything, where it, its thresholds, a list or a table without instruments changed, where it failed,
        and always for detectors that measure across instruments (not ``by_instrument``).

        Args:
            detector: Who looks.
            parameters: Version of its thresholds.
            versions: Its tables' versions now.
            last: Its last run.
        """
        ground = (detector.version, parameters)
        if (
            last is None
            or last.state == "failed"
            or (last.detector_version, last.parameters_version) != ground
        ):
            return EVERYTHING
        moved = {name for name, version in versions.items() if last.data_versions.get(name) != version}
        if not moved:
            return Again(frozenset())
        if not detector.by_instrument or not moved <= OF_INSTRUMENTS:
            return EVERYTHING
        touched: set[str] = set()
        for name in sorted(moved):
            came = self._came(name, last.data_versions.get(name, NONE))
            if came is None:
                return EVERYTHING
            touched |= came
        return Again(frozenset(touched))

    def _came(self, name: str, since: str) -> frozenset[str] | None:
        """Return the instruments of the rows that came in after a version; None if that cannot be told."""
        if (name, since) not in self._known:
            self._known[name, since] = self._read(name, since)
        return self._known[name, since]

    def _read(self, name: str, since: str) -> frozenset[str] | None:
        dataset = DATASETS[name]
        paths = self._paths(name, -1 if since == NONE else int(since.split("+", maxsplit=1)[0]))
        if paths is None:
            return None
        wanted = ["instrument_id", *(["exec_ref_id"] if dataset is EXECUTIONS else [])]
        rows = collect(self.context.lake.folder(self.org, dataset).rows(paths).select(wanted).unique())
        found = rows["instrument_id"]
        if dataset is EXECUTIONS:
            # A correction also takes away what it corrects, wherever that was.
            refs = rows["exec_ref_id"].drop_nulls().unique().implode()
            if refs.list.len().item():
                all_fills = self.context.lake.scan(self.org, dataset)
                meant = all_fills.filter(pl.col("exec_id").is_in(refs)).select("instrument_id").unique()
                found = pl.concat([found, collect(meant)["instrument_id"]])
        return None if found.has_nulls() else frozenset(found.unique().to_list())

    def _paths(self, name: str, since: int) -> list[str] | None:
        """Return the files that commits after ``since`` added rows in; None if they are not there any more."""
        lake, head = self.context.lake, self.context.lake.head(self.org, DATASETS[name])
        if head is None or "+" in lake.version(self.org, DATASETS[name]):
            return None
        paths: list[str] = []
        for version in range(since + 1, head.version + 1):
            content = lake.ledger.content(self.org, name, version)
            if content is None:
                return None
            for line in content.splitlines():
                added = orjson.loads(line).get("add")
                if added is not None and added.get("dataChange", True):
                    paths.append(str(lake.folder(self.org, DATASETS[name]).path / added["path"]))
        held = {path for path, _ in lake.snapshot(self.org, DATASETS[name], head).files}
        return paths if held.issuperset(paths) else None


def gaps_after(
    again: Again,
    detector: Detector,
    versions: Mapping[str, str],
    found: list[dict[str, Any]],
    last: DetectorRun | None,
) -> list[dict[str, Any]]:
    """Return a detector's gaps after a look at some instruments: theirs anew, those of the others as they were."""
    if again.instruments is None or last is None:
        return found
    empty = {
        f"No {title_of(name).lower()} to look at."
        for name in detector.inputs
        if versions.get(name) == NONE and name != LISTS
    }
    there = [gap for gap in found if gap["instrument_id"] in again.instruments or gap["reason"] in empty]
    kept = [gap for gap in last.gaps if gap["instrument_id"] not in {None, *again.instruments}]
    return sorted([*there, *kept], key=lambda gap: (gap["reason"], gap["instrument_id"] or ""))
