"""How alembic meets the records: every module of ``app/storage/records`` is part of the schema."""

from typing import Any, Literal

from alembic import context
from sqlalchemy import JSON, Connection

from analytics.registry import modules
from app.storage import records
from app.storage.database import Database
from app.storage.records._base import Base, Instant

modules(records)


def _render(kind: str, item: Any, _: Any) -> str | Literal[False]:
    # A migration must not change when our types do: plain SQLAlchemy only.
    if kind == "type" and isinstance(item, Instant):
        return "sa.DateTime(timezone=True)"
    return "sa.JSON()" if kind == "type" and isinstance(item, JSON) else False


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,  # SQLite alters a table by copying it
        render_item=_render,
        transactional_ddl=True,  # both databases roll DDL back; alembic assumes SQLite does not
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    _run(given)
else:
    database = Database(context.get_x_argument(as_dictionary=True)["url"])
    with database.engine.begin() as opened:
        _run(opened)
