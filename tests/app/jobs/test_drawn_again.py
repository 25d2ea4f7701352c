"""A message that a reader raised is drawn again from its seed, whatever came in or was decided since."""

import pytest
from sqlalchemy import select, update

from app.actions import supervision as acting
from app.desk import Desk
from app.errors import Conflict
from app.jobs.reproduce import reproduce
from app.queries import supervision
from app.scope import Scope
from app.storage.records.alerts import Alert
from app.storage.records.ledger import LakePin
from app.storage.records.supervision import SupervisionItem, SupervisionSample
from tests.app._casework import LEO, NONE, WHY, with_alert, with_people
from tests.app._world import context_of, land

HEAD = "message_id  transact_time         channel  sender_id  recipient_ids  text"
FIRST = [f"M{i}  2026-11-20T09:{i:02}:00Z  chat  tom  uma  lunch" for i in range(12)]
LATER = [f"L{i}  2026-11-20T10:{i:02}:00Z  chat  uma  tom  late" for i in range(12)]


@pytest.fixture
def firm(tmp_path, sqlite_database):
    context = context_of(tmp_path, sqlite_database)
    land(context, "acme", messages="\n".join([HEAD, *FIRST]))
    with_people(sqlite_database)
    with_alert(sqlite_database, "named", evidence={"message_ids": ["M5"]})
    return context


def drawn(firm, size):
    desk = Desk(firm.lake, firm.database, LEO, Scope(), firm.cache)
    return acting.draw(
        firm.database, LEO, supervision.population(desk), size=size, reason="routine", rationale=WHY
    )


def raised(firm, sample, place=2):
    with firm.database.session("acme") as session:
        item = session.scalar(
            select(SupervisionItem).where(
                SupervisionItem.sample_id == sample.id, SupervisionItem.place == place
            )
        )
    desk = Desk(firm.lake, firm.database, LEO, Scope(), firm.cache)
    said = supervision.message_of(desk, item.id)
    return acting.escalate(
        firm.database, LEO, item.id, said, to="case", rationale=WHY, line=NONE, severity="high",
        versions=sample.data_versions,
    ).alert_id  # fmt: skip


def test_it_reproduces_after_later_messages_alerts_and_draws(firm):
    drawn(firm, 3)
    alert = raised(firm, drawn(firm, 4))
    said = reproduce(firm, "acme", alert)
    assert (said["identical"], said["differences"]) == (True, {})
    land(firm, "acme", messages="\n".join([HEAD, *LATER]))
    with_alert(firm.database, "younger", created_at=None, evidence={"message_ids": ["M1", "M2", "M3"]})
    drawn(firm, 5)
    assert reproduce(firm, "acme", alert)["identical"]
    with firm.database.session("acme") as session:
        assert session.scalar(select(LakePin.version).where(LakePin.dataset == "messages")) is not None


def test_what_was_changed_on_record_is_told(firm):
    alert = raised(firm, drawn(firm, 4))
    with firm.database.session("acme", write=True) as session:
        session.execute(update(Alert).where(Alert.alert_id == alert).values(story=["Nothing to see."]))
    assert set(reproduce(firm, "acme", alert)["differences"]) == {"story"}
    with firm.database.session("acme", write=True) as session:
        session.execute(update(SupervisionSample).values(seed=SupervisionSample.seed + 1))
    assert "drawn" in reproduce(firm, "acme", alert)["differences"]


def test_without_its_draw_on_record_there_is_a_plain_reason(firm):
    with_alert(firm.database, "sv-loose", detector="supervision")
    with pytest.raises(Conflict, match="draw that this message came from"):
        reproduce(firm, "acme", "sv-loose")
