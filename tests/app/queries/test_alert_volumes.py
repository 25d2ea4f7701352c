"""Too many and too few alerts of a detector are an alarm, by its own sessions before."""

from datetime import datetime, timedelta

import pytest

from app.queries import assurance
from app.storage.records.alerts import Alert
from app.storage.records.surveillance import DetectorRun
from tests.app._world import context_of, desk_of, land

FIRST = datetime.fromisoformat("2026-11-02T15:00:00+00:00")
SESSIONS = 15


@pytest.fixture
def firm(tmp_path, sqlite_database):
    context = context_of(tmp_path, sqlite_database)
    head = "order_id  event_seq  event_type  instrument_id  account_id  side  limit_px  order_qty  transact_time\n"
    lines = [
        f"O{n}  {n}  new  AAPL  A1  buy  190.10  100  {FIRST + timedelta(days=n):%Y-%m-%dT%H:%M:%SZ}\n"
        for n in range(SESSIONS)
    ]
    land(context, "acme", order_events=head + "".join(lines))
    return context


def judged(context, counts):
    """Return how a detector with so many alerts a session, oldest first, is judged."""
    with context.database.session("acme", write=True) as session:
        session.add(
            DetectorRun(
                org="acme", detector="layering", detector_version="1", parameters_version="x", state="ok"
            )
        )
        for day, count in enumerate(counts):
            at = FIRST + timedelta(days=day)
            session.add_all(
                Alert(
                    org="acme", alert_id=f"{day}-{n}", detector="layering", detector_version="1", severity="low",
                    parameters_version="x", score=10.0, window_start=at, window_end=at,
                )
                for n in range(count)
            )  # fmt: skip
    found = {row["detector"]: row for row in assurance.volumes(desk_of(context))}
    return found["layering"]


@pytest.mark.parametrize(
    ("before", "last", "state"),
    [(4, 12, "many"), (4, 8, "usual"), (4, 0, "usual"), (12, 0, "few"), (12, 3, "usual"), (0, 3, "many")],
)
def test_the_last_session_is_judged_by_three_standard_deviations(firm, before, last, state):
    said = judged(firm, [before] * (SESSIONS - 1) + [last])
    assert (said["last"], said["mean"], said["state"]) == (last, before, state)


def test_days_that_vary_of_themselves_are_given_more_room(firm):
    said = judged(firm, [0, 8] * ((SESSIONS - 1) // 2) + [12])
    assert said["mean"] == 4
    assert said["state"] == "usual"
