"""Thresholds by segment: which sets a detector looks with, and what each of them may say."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from analytics.compliance.detector import Detector
from analytics.compliance.parameters import Parameters
from analytics.compliance.segments import EVERYWHERE, NOBODY, Members, members, read
from analytics.datasets import ACCOUNTS, INSTRUMENTS, PRICES
from app.actions.parameters import in_effect_by_segment
from app.context import Context
from app.storage.collect import collect


@dataclass(frozen=True)
class Sets:
    """The thresholds of one detector: those of everywhere, and of segments that have their own."""

    everywhere: Parameters
    of: Mapping[str, Parameters]
    members: Members = NOBODY

    @property
    def digest(self) -> str:
        """Sixteen hex digits that change with any of the sets, and when something changes its segment."""
        if not self.of:
            return self.everywhere.version
        parts = [self.everywhere.version, self.members.digest]
        parts += [f"{name}={one.version}" for name, one in sorted(self.of.items())]
        return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:16]

    def segment_of(self, finding: Mapping[str, Any]) -> str:
        """Return the segment whose thresholds a finding is judged by."""
        return self.members.of(finding, self.of)

    def own(self, segment: str, found: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return the findings that a segment's thresholds may speak of."""
        return [row for row in found if self.segment_of(row) == segment]

    def own_gaps(self, segment: str, gaps: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return the gaps that concern a segment; those of no instrument are everywhere's."""
        told = [{"instrument_ids": [gap["instrument_id"]], "actors": []} for gap in gaps]
        return [gap for gap, row in zip(gaps, told, strict=True) if self.segment_of(row) == segment]


def sets_of(
    context: Context, org: str, session: Session, kinds: Mapping[str, type[Detector]], at: datetime
) -> dict[str, Sets]:
    """Return the sets of each detector that are in effect at an instant."""
    found = {name: in_effect_by_segment(session, kind, at) for name, kind in kinds.items()}
    split = any(set(sets) - {EVERYWHERE} for sets in found.values())
    known = members_of(context, org) if split else NOBODY
    return {
        name: Sets(
            sets[EVERYWHERE][0] if EVERYWHERE in sets else kinds[name].Params(),
            {segment: params for segment, (params, _) in sets.items() if segment != EVERYWHERE},
            known,
        )
        for name, sets in found.items()
    }


def members_of(context: Context, org: str) -> Members:
    """Return which instruments and accounts are in which segment, as the tables are now."""
    tables = [context.lake.scan(org, dataset) for dataset in (INSTRUMENTS, PRICES, ACCOUNTS)]
    return read(collect(members(*tables)))
