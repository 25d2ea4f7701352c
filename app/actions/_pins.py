"""Table versions that something on record rests on: they are kept, however old."""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from analytics.datasets import DATASETS
from app.storage.records.ledger import LakePin

_NONE = "-"  # version of a table that has no rows


def pin(session: Session, org: str, *versions: Mapping[str, str]) -> None:
    """Keep table versions that alerts rest on from being cleared away; other records are left out."""
    wanted = {
        (name, int(token.split("+")[0]))
        for found in versions
        for name, token in found.items()
        if name in DATASETS and token != _NONE
    }
    held = {
        (row.dataset, row.version)
        for row in session.scalars(select(LakePin).where(LakePin.reason == "alert"))
    }
    for dataset, version in sorted(wanted - held):
        session.add(LakePin(org=org, dataset=dataset, version=version, reason="alert"))
