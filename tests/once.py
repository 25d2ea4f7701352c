"""What takes long to make is made once in a run, by the first of its processes that asks; each gets a copy."""

import fcntl
import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

_SAID = "said.pickle"


def copy_of(
    name: str, make: Callable[[Path], Any], into: Path, tmp_path_factory: pytest.TempPathFactory
) -> Any:
    """Let ``make(folder)`` fill a folder unless this run has one of that name; copy it to ``into``, which is new.

    Returns:
        What ``make`` returned, in every process.
    """
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    made = folder / f"once-{name}"
    with (folder / f"once-{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            making = folder / f"once-{name}-making"
            shutil.rmtree(making, ignore_errors=True)
            making.mkdir()
            said = make(making)
            (making / _SAID).write_bytes(pickle.dumps(said))
            making.rename(made)
    shutil.copytree(made, into, ignore=shutil.ignore_patterns(_SAID), dirs_exist_ok=True)
    return pickle.loads((made / _SAID).read_bytes())
