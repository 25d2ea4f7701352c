"""The small demo on disk, made once in a run."""

from datetime import date
from pathlib import Path

import pytest

from app.config import Settings
from app.context import Context
from app.demo.seed import Seeded, seed_demo
from tests.once import copy_of
from tests.world import open_context

DEMO_DAY = date(2026, 11, 22)


def small_demo(home: Path, factory: pytest.TempPathFactory) -> tuple[Context, Seeded]:
    """Open an installation in ``home`` with the small demo of ``DEMO_DAY``, and tell what making it gave."""

    def make(folder: Path) -> Seeded:
        context = Context.open(Settings.load(home=folder, _env_file=None))
        made = seed_demo(context, seed=7, size="small", reset=False, today=DEMO_DAY, progress=lambda _: None)
        context.database.close()
        return made

    made = copy_of("small-demo", make, home, factory)
    return open_context(home), made
