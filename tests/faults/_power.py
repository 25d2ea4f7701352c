"""Imports, and before each fsync leaves a copy of what a disk would hold if the power went just then."""

import os
import shutil
import sys
from pathlib import Path

from app.storage.database import Database
from app.storage.lake import Lake
from tests.faults._importer import acknowledge, import_one


def main(home, imports):
    """Run ``imports`` imports; copy ``home`` as ``cut-N`` at each fsync, unforced content emptied."""
    lake = Lake(str(home / "lake"), Database(f"sqlite:///{home / 'records.db'}"))
    forced, real = {}, os.fsync
    cuts = iter(range(10_000))

    def cut():
        target = home / f"cut-{next(cuts):04d}"
        shutil.copytree(home / "lake", target / "lake")
        for name in ("records.db", "records.db-wal", "records.db-shm", "acknowledged"):
            if (home / name).exists():
                shutil.copy(home / name, target / name)
        for path in (target / "lake").rglob("*"):
            original = home / "lake" / path.relative_to(target / "lake")
            if path.is_file() and ".locks" not in path.parts and forced.get(original) != path.stat().st_size:
                path.write_bytes(b"")  # the name reached the disk, the content did not

    def fsync(descriptor):
        cut()
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        real(descriptor)
        if path.is_file():
            final = (
                path.with_name(path.name[1:].split(".json.")[0] + ".json")
                if path.suffix == ".partial"
                else path
            )
            forced[path] = forced[final] = path.stat().st_size

    os.fsync = fsync
    for number in range(imports):
        import_one(lake, f"p-{number}")
        acknowledge(home, f"p-{number}")
    cut()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
