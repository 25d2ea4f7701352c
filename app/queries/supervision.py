"""The supervision queue: drawn messages to be read, what became of them, and what that lets one conclude."""

from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import polars as pl
from sqlalchemy import select

from analytics.compliance.sampling import CONFIDENCE, LARGEST, REASONS, Message, Population, most, size_for
from analytics.datasets import MESSAGES
from app.desk import Desk
from app.errors import FieldError, Invalid, NotFound
from app.queries._line import own_line
from app.queries.compliance import door
from app.storage.collect import collect
from app.storage.records.alerts import Alert
from app.storage.records.supervision import SupervisionItem, SupervisionSample

__all__ = [
    "REASONS",
    "STATES",
    "channels",
    "figures",
    "message_of",
    "messages_of",
    "plan",
    "population",
    "queue",
    "samples",
]
STATES = ("open", "reviewed", "escalated")
SHARES = (0.01, 0.02, 0.05, 0.1)  # rates of what is looked for, that sizes are told for
USUAL_DAYS = 7
_SAMPLE = ("id", "seed", "start", "end", "channel", "population", "alerted", "before", "size", "senders",
           "senders_drawn", "reason", "rationale", "data_versions", "drawn_by", "drawn_name", "drawn_at")  # fmt: skip
_ITEM = ("id", "sample_id", "place", "message_id", "sent_at", "state", "comment", "alert_id", "case_id",
         "decided_name", "decided_at")  # fmt: skip


def population(
    desk: Desk, *, start: date | None = None, end: date | None = None, channel: str | None = None
) -> Population:
    """Return what a sample of a period is drawn from.

    Args:
        desk: Whose organisation; the scope's accounts and people do not narrow what is drawn from.
        start: First day, UTC; with ``end`` left out too, the last week that has messages.
        end: Last day, inclusive; the last one with messages when None.
        channel: Only messages of it; every channel when None.

    Raises:
        Forbidden: If the role does not read surveillance.
        Invalid: If the period ends before it begins, or there is no such channel.
    """
    door(desk)
    rows = desk.rows(MESSAGES, dated=False, scoped=False)
    bounds = desk.collect(rows.select(pl.col("transact_time").max().dt.date()))
    last: date | None = bounds.item()
    until = end or last or date(1970, 1, 1)
    since = start or until - timedelta(days=USUAL_DAYS - 1)
    if since > until:
        raise Invalid("The period does not fit.", errors=[FieldError("start", "must not be after its end")])
    if channel and channel not in channels(desk):
        raise Invalid(
            "There is no such channel.",
            errors=[FieldError("channel", "is none of the messages'", channel[:40])],
        )
    messages = messages_of(rows, since, until, channel or None)
    with desk.session() as session:
        named = {
            one for kept in session.scalars(select(Alert.evidence)) for one in kept.get("message_ids") or ()
        }
    return Population(
        since,
        until,
        channel or None,
        messages,
        frozenset(named & {one.id for one in messages}),
        desk.versions(MESSAGES),
    )


def messages_of(rows: pl.LazyFrame, start: date, end: date, channel: str | None) -> list[Message]:
    """Return the messages of a period among ``rows`` of the data set, by id.

    Args:
        rows: Of the data set messages.
        start: First day, UTC.
        end: Last day, inclusive.
        channel: Only of this one; every channel when None.
    """
    inside = pl.col("transact_time").dt.date().is_between(start, end)
    wanted = inside & (pl.col("channel") == channel) if channel else inside
    columns = ("message_id", "transact_time", "channel", "sender_id", "recipient_ids", "instrument_ids")
    found = collect(rows.filter(wanted).unique("message_id", keep="any").select(columns).sort("message_id"))
    return [_message(row) for row in found.iter_rows(named=True)]


def plan(
    desk: Desk, *, start: date | None = None, end: date | None = None, channel: str | None = None
) -> dict[str, Any]:
    """Return how many messages of a period may be drawn, and how many it takes to see what is how frequent.

    Returns:
        ``start``, ``end``, ``channel``, ``messages``, ``alerted``, ``before``, ``eligible`` (counts), ``senders``,
        ``sizes`` (rows of ``share`` and ``size``: as many find at least one with 95 % confidence),
        ``channels``, ``reasons`` and ``largest``.

    Raises:
        Forbidden: If the role does not read surveillance.
        Invalid: As ``population``.
    """
    found = population(desk, start=start, end=end, channel=channel)
    with desk.session() as session:
        held = set(session.scalars(select(SupervisionItem.message_id)))
    quiet = [one for one in found.messages if one.id not in found.alerted]
    eligible = [one for one in quiet if one.id not in held]
    return {
        "start": found.start, "end": found.end, "channel": found.channel, "messages": len(found.messages),
        "alerted": len(found.messages) - len(quiet), "before": len(quiet) - len(eligible), "eligible": len(eligible),
        "senders": len({one.people[0] for one in found.messages}),
        "sizes": [{"share": share, "size": min(LARGEST, size_for(len(eligible), share))} for share in SHARES],
        "confidence": CONFIDENCE, "channels": channels(desk), "reasons": REASONS, "largest": LARGEST,
    }  # fmt: skip


def channels(desk: Desk) -> list[str]:
    """Return the channels that messages came by."""
    rows = desk.rows(MESSAGES, dated=False, scoped=False).select("channel").unique()
    return sorted(one for one in desk.collect(rows)["channel"].to_list() if one is not None)


def queue(
    desk: Desk,
    *,
    state: str | None = "open",
    sample: str | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> dict[str, Any]:
    """Return drawn messages with their words, those that wait the longest first.

    A message that the asking person wrote or was sent is not told of: somebody else reads it.

    Args:
        desk: Whose queue.
        state: One of ``STATES``; all when None.
        sample: Id of a sample; all when None.
        limit: Rows of the page; the scope's limit when None.
        offset: Rows to skip.

    Returns:
        ``rows`` (item, ``sender_id``, ``recipient_ids``, ``channel``, ``text``, ``instrument_ids``, ``may_act``),
        ``total``, ``counts`` by state, and ``own``: how many are left to others. ``text`` is null where the
        message is not in the tables any more.

    Raises:
        Forbidden: If the role does not read surveillance.
        Invalid: If there is no such state.
    """
    door(desk)
    if state is not None and state not in STATES:
        raise Invalid(
            "There is no such state.", errors=[FieldError("state", f"must be one of {', '.join(STATES)}")]
        )
    line = own_line(desk)
    with desk.session() as session:
        query = select(SupervisionItem, SupervisionSample.drawn_at).join(
            SupervisionSample, SupervisionSample.id == SupervisionItem.sample_id
        )
        if sample is not None:
            query = query.where(SupervisionItem.sample_id == sample)
        every = list(session.execute(query.order_by(SupervisionSample.drawn_at, SupervisionItem.place)))
    hidden = line.own | {desk.identity.person_id}
    shown = [one for one, _ in every if not hidden & set(one.people)]
    wanted = [one for one in shown if state is None or one.state == state]
    size = desk.scope.limit if limit is None else limit
    page = wanted[offset : offset + size]
    said = _said(desk, [one.message_id for one in page])
    acts = desk.identity.role == "compliance"
    return {
        "rows": [
            {name: getattr(one, name) for name in _ITEM}
            | said.get(
                one.message_id, dict.fromkeys(("channel", "text", "thread_id")) | {"instrument_ids": []}
            )
            | {"sender_id": one.people[0], "recipient_ids": one.people[1:]}
            | {"may_act": acts and not line.others & set(one.people)}
            for one in page
        ],
        "total": len(wanted),
        "counts": dict.fromkeys(STATES, 0) | Counter(one.state for one in shown),
        "own": len(every) - len(shown),
    }


def message_of(desk: Desk, item_id: str) -> Message:
    """Return the message of a drawn item that the asking person may read.

    Raises:
        Forbidden: If the role does not read surveillance.
        NotFound: If there is none of this id for him, or the message is not in the tables any more.
    """
    door(desk)
    with desk.session() as session:
        found = session.scalar(select(SupervisionItem).where(SupervisionItem.id == item_id))
    if found is None or desk.identity.person_id in found.people:
        raise NotFound("There is no such message.")
    rows = desk.rows(MESSAGES, dated=False, scoped=False).filter(pl.col("message_id") == found.message_id)
    columns = ("message_id", "transact_time", "channel", "sender_id", "recipient_ids", "instrument_ids")
    for row in desk.collect(rows.select(columns).head(1)).iter_rows(named=True):
        return _message(row)
    raise NotFound("The message is not in the tables any more.")


def samples(desk: Desk) -> list[dict[str, Any]]:
    """Return every sample, the newest first, with how far it is read and what it lets one conclude.

    Returns:
        Rows of the sample with ``counts`` by state, ``read`` (share of it settled, 0 to 1), ``coverage`` (settled
        of the period's messages that no alert names; null without any) and ``at_most`` (share of those that at
        most would be escalated, 95 % confidence; null before the first is settled).

    Raises:
        Forbidden: If the role does not read surveillance.
    """
    door(desk)
    with desk.session() as session:
        rows = list(session.scalars(select(SupervisionSample).order_by(SupervisionSample.drawn_at.desc())))
        states = Counter((one.sample_id, one.state) for one in session.scalars(select(SupervisionItem)))
    return [{name: getattr(row, name) for name in _SAMPLE} | _progress(row, states) for row in rows]


def figures(desk: Desk) -> dict[str, Any]:
    """Return how supervision stands over all samples.

    Returns:
        ``open``, ``reviewed``, ``escalated``, ``drawn`` (counts), ``read`` (settled of drawn), ``messages`` (in the
        periods that were drawn from), ``coverage`` (settled of those that no alert names), ``people`` and
        ``people_read`` (who wrote at all; of whom a message was settled), ``at_most`` (as ``samples``), and
        ``reasons``: why a figure is null.

    Raises:
        Forbidden: If the role does not read surveillance.
    """
    door(desk)
    with desk.session() as session:
        drawn = list(session.scalars(select(SupervisionSample)))
        items = list(session.scalars(select(SupervisionItem)))
    counts = Counter(one.state for one in items)
    settled = counts["reviewed"] + counts["escalated"]
    messages, quiet, people = _periods(desk, drawn)
    reasons = (
        {}
        if drawn
        else dict.fromkeys(("read", "coverage", "people_read", "at_most"), "no sample has been drawn")
    )
    if drawn and not settled:
        reasons["at_most"] = "no drawn message has been read yet"
    return {
        "open": counts["open"], "reviewed": counts["reviewed"], "escalated": counts["escalated"], "drawn": len(items),
        "read": settled / len(items) if items else None, "messages": messages,
        "coverage": settled / quiet if quiet else None, "people": people,
        "people_read": len({one.people[0] for one in items if one.state != "open"}) if drawn else None,
        "at_most": most(counts["escalated"], settled), "reasons": reasons,
    }  # fmt: skip


# --- steps -----------------------------------------------------------------------------------------
def _message(row: Mapping[str, Any]) -> Message:
    people = tuple(dict.fromkeys((row["sender_id"], *(row["recipient_ids"] or ()))))
    return Message(
        row["message_id"], row["transact_time"], people, row["channel"], tuple(row["instrument_ids"] or ())
    )


def _said(desk: Desk, ids: list[str]) -> dict[str, dict[str, Any]]:
    if not ids:
        return {}
    columns = ("message_id", "channel", "thread_id", "text", "instrument_ids")
    rows = (
        desk.rows(MESSAGES, dated=False, scoped=False).filter(pl.col("message_id").is_in(ids)).select(columns)
    )
    return {
        row.pop("message_id"): row | {"instrument_ids": row["instrument_ids"] or []}
        for row in desk.collect(rows).to_dicts()
    }


def _progress(row: SupervisionSample, states: Mapping[tuple[str, str], int]) -> dict[str, Any]:
    counts = {name: states.get((row.id, name), 0) for name in STATES}
    settled, quiet = counts["reviewed"] + counts["escalated"], row.population - row.alerted
    return {
        "counts": counts,
        "read": settled / row.size if row.size else None,
        "coverage": settled / quiet if quiet else None,
        "at_most": most(counts["escalated"], settled),
    }


def _periods(desk: Desk, drawn: list[SupervisionSample]) -> tuple[int, int, int]:
    """Return messages of the periods drawn from, those that no alert names, and who wrote them."""
    if not drawn:
        return 0, 0, 0
    inside = pl.lit(value=False)
    for one in {(sample.start, sample.end, sample.channel) for sample in drawn}:
        part = pl.col("transact_time").dt.date().is_between(one[0], one[1])
        inside |= part & (pl.col("channel") == one[2]) if one[2] else part
    rows = desk.rows(MESSAGES, dated=False, scoped=False).filter(inside).unique("message_id", keep="any")
    found = desk.collect(rows.select("message_id", "sender_id"))
    with desk.session() as session:
        named = {
            one for kept in session.scalars(select(Alert.evidence)) for one in kept.get("message_ids") or ()
        }
        held = set(session.scalars(select(SupervisionItem.message_id)))
    # A message that was escalated from a sample is named by an alert now; it was read all the same.
    quiet = found.filter(~pl.col("message_id").is_in(sorted(named - held))).height
    return found.height, quiet, found["sender_id"].n_unique()
