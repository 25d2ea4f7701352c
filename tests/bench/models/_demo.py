"""The models of the organisations of a home, as they were trained there."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import select

from app.actions._roles import system
from app.commands.demo import ensure_demo
from app.context import Context
from app.desk import Desk
from app.queries.intelligence_models import model, models
from app.scope import Scope
from app.storage.records.people import Organisation
from tests.bench._firm import settings_of


@dataclass(frozen=True)
class Firm:
    """One organisation and what its models' cards say."""

    slug: str
    cards: tuple[dict[str, Any], ...]


@contextmanager
def home_of(asked: Path | None, say: Callable[[str], None]) -> Iterator[Path]:
    """Give the home asked for, or a new one with the demo organisations."""
    if asked is not None:
        yield asked
        return
    with tempfile.TemporaryDirectory() as folder:
        say("making the demo organisations")
        ensure_demo(Context.open(settings_of(Path(folder))))
        yield Path(folder)


def firms(home: Path) -> Iterator[Firm]:
    """Yield every organisation of a home that has trained models."""
    context = Context.open(settings_of(home))
    with context.database.session(None) as session:
        slugs = sorted(session.scalars(select(Organisation.slug)))
    for slug in slugs:
        # Compliance knows of every model, surveillance's too.
        who = replace(system(slug, "Bench"), role="compliance")
        desk = Desk(context.lake, context.database, who, Scope())
        cards = [row | {"folds": model(desk, row["name"])["folds"]} for row in models(desk)]
        if cards:
            yield Firm(slug, tuple(cards))
