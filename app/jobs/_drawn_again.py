"""Draw a supervised message again: from the recorded seed, of the messages that were there to be drawn."""

from typing import Any

from sqlalchemy import select

from analytics.compliance.sampling import Message, drawn
from analytics.datasets import MESSAGES
from app.actions.supervision import finding_of, named_by
from app.context import Context
from app.errors import Conflict
from app.jobs._watch import NONE
from app.queries.supervision import messages_of
from app.storage.records.alerts import Alert
from app.storage.records.supervision import SupervisionItem, SupervisionSample


def drawn_again(
    context: Context, org: str, alert: Alert
) -> tuple[dict[str, Any] | None, dict[str, Any], int]:
    """Draw the sample of a raised message again, and put down again what was raised.

    What was there to be drawn is put together anew: the messages of the period at the versions that the draw
    is pinned to, without those that an alert named then and those that an earlier draw holds.

    Args:
        context: The installation's stores.
        org: The organisation's slug.
        alert: One that a reader raised of a drawn message.

    Returns:
        The finding as it would be put down today, None where the message is not drawn any more; what came out
        differently in the draw itself (name to what is on record and what came out); the seed.

    Raises:
        Conflict: If the draw it came from is not on record.
        Unavailable: If the messages are not kept at that version.
    """
    with context.database.session(org) as session:
        item = session.scalar(select(SupervisionItem).where(SupervisionItem.alert_id == alert.alert_id))
        named_sample = select(SupervisionSample).where(
            SupervisionSample.id == (item.sample_id if item else None)
        )
        sample = session.scalar(named_sample)
        if item is None or sample is None:
            raise Conflict("The draw that this message came from is not on record.")
        stored = select(SupervisionItem.message_id).where(SupervisionItem.sample_id == sample.id)
        recorded = list(session.scalars(stored.order_by(SupervisionItem.place)))
        earlier = select(SupervisionSample.id).where(SupervisionSample.drawn_at < sample.drawn_at)
        held = set(
            session.scalars(select(SupervisionItem.message_id).where(SupervisionItem.sample_id.in_(earlier)))
        )
        named = named_by(session, sample.drawn_at)
    messages = {one.id: one for one in _then(context, org, sample)}
    again = drawn(messages.keys() - named - held, seed=sample.seed, size=sample.size)
    differences: dict[str, Any] = {}
    if len(messages) != sample.population:
        differences["messages_of_the_period"] = [sample.population, len(messages)]
    if again != recorded:
        differences["drawn"] = [recorded, again]
    if item.message_id not in again:
        return None, differences, sample.seed
    finding = finding_of(
        messages[item.message_id], sample.id, severity=alert.severity, words=item.comment or "",
        name=item.decided_name or "",
    )  # fmt: skip
    return finding, differences, sample.seed


def _then(context: Context, org: str, sample: SupervisionSample) -> list[Message]:
    token = sample.data_versions.get(MESSAGES.name, NONE)
    # Rows that had not been put into the table yet have no version of their own: they count by their time.
    rows = (
        context.lake.scan(org, MESSAGES, as_of=sample.drawn_at)
        if "+" in token
        else context.lake.scan(org, MESSAGES, version=-1 if token == NONE else int(token))
    )
    return messages_of(rows, sample.start, sample.end, sample.channel)
