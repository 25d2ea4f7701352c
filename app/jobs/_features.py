"""Where a detector's features of one state of the tables are kept, so that thresholds are tried on them alone."""

import hashlib
import shutil
from collections.abc import Mapping
from pathlib import Path

import orjson

from analytics.compliance.detector import Detector
from app.context import Context

SHAPE = 1  # of the features


def features_folder(context: Context, org: str, detector: Detector, versions: Mapping[str, str]) -> Path:
    """Return the folder of a detector's features at these versions of its tables; those of others are dropped.

    What it holds can be made again at any time: it is no record, and backups leave it out.
    """
    above = context.settings.root / "cache" / "features" / org / detector.name
    state = [SHAPE, detector.version, dict(versions)]
    name = hashlib.sha256(orjson.dumps(state, option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]
    (above / name).mkdir(parents=True, exist_ok=True, mode=0o700)
    for other in above.iterdir():
        if other.name != name:
            shutil.rmtree(other, ignore_errors=True)
    return above / name
