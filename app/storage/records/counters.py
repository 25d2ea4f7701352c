"""Change counters: what a cached answer rests on beside the versions of its tables."""

from sqlalchemy import BigInteger, String, bindparam, event, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.errors import Unavailable
from app.storage.database import Database
from app.storage.records._base import OrgScoped

_PENDING = "bumped"


class Counter(OrgScoped):
    """How often one organisation's set of records (alerts, insights, lists, ...) has changed."""

    __tablename__ = "counters"

    org: Mapped[str] = mapped_column(String(63), primary_key=True)
    name: Mapped[str] = mapped_column(String(63), primary_key=True)
    value: Mapped[int] = mapped_column(BigInteger)


_COUNTED = select(Counter.name, Counter.value).where(Counter.org == bindparam("asked"))


def version_of(session: Session, org: str, name: str) -> int:
    """Return the change counter of a set of records; 0 before its first change."""
    stored = session.scalar(select(Counter.value).where(Counter.org == org, Counter.name == name)) or 0
    return stored + ((org, name) in session.info.get(_PENDING, ()))


def versions_of(database: Database, org: str) -> dict[str, int]:
    """Return the committed change counters of ``org`` by name, in one small query.

    A set that is not in it never changed.

    Raises:
        Unavailable: If the records database does not answer.
    """
    # Every kept answer is looked up by these: plain columns cost a third of the same through a session.
    try:
        with database.engine.connect() as connection:
            return {row[0]: row[1] for row in connection.execute(_COUNTED, {"asked": org})}
    except (OperationalError, InterfaceError) as error:
        raise Unavailable("The records database does not answer.", retry_after=5) from error


def bump(session: Session, org: str, name: str) -> None:
    """Count a change of a set of records, in the transaction of ``session``.

    However often it is called in one transaction, the counter moves by one, at the commit.
    """
    session.info.setdefault(_PENDING, set()).add((org, name))


# Written at the very end and in sorted order: two transactions that change the same sets in another
# order would otherwise hold one counter each and wait for the other's (PostgreSQL ends one of them).
@event.listens_for(Session, "before_commit")
def _write(session: Session) -> None:
    if session.in_nested_transaction():
        return
    for org, name in sorted(session.info.pop(_PENDING, ())):
        insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
        row = insert(Counter).values(org=org, name=name, value=1)
        again = {"value": Counter.value + 1}
        session.execute(row.on_conflict_do_update(index_elements=["org", "name"], set_=again))
