"""A hundred alerts, drawn at random, are found again bit for bit whatever came in, or was changed, afterwards."""

import io
import random
from datetime import date, timedelta

import polars as pl
import pytest
from sqlalchemy import select

from analytics.compliance.calibration import perturbed
from analytics.compliance.detector import all_detectors
from analytics.datasets import DATASETS
from app.actions import parameters
from app.demo.files import as_text
from app.demo.generate import Scale, generate
from app.demo.gym.store import timed
from app.jobs import ingest
from app.jobs.compact import compact
from app.jobs.reproduce import reproduce, reproduce_all
from app.jobs.surveil import surveil
from app.scope import Identity
from app.storage import schema
from app.storage.database import Database
from app.storage.records.alerts import Alert
from app.storage.records.lists import ListEntry
from tests.app._world import context_of, land

ORG, SEED, DAY = "acme", 6, date(2026, 11, 21)
DRAWN = 100
SCALE = Scale(
    sessions=90, recent=12, quotes=60, names=2, refreshes=8, resting=10, posts=8, post_days=15, chats=10,
    severities=(0.5, 0.8, 1.0),
)  # fmt: skip
KEPT = ("alert_id", "score", "severity", "metrics", "story", "evidence", "window_start", "window_end", "actors",
        "parameters_version", "detector_version", "data_versions")  # fmt: skip
READ = {name for kind in all_detectors().values() for name in (*kind.inputs, *kind.helpful)} & set(DATASETS)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Return a small firm that was looked at, and then lived on: imports, corrections, thresholds, lists."""
    home = tmp_path_factory.mktemp("reproduction")
    database = Database(f"sqlite:///{home / 'records.db'}")
    schema.upgrade(database)
    context = context_of(home, database)
    firm = next(generate(SEED, SCALE, DAY, only=["halyard"]))
    land(context, ORG, **{name: stored(name, firm.files[name]) for name in READ & set(firm.files)})
    with database.session(ORG, write=True) as session:
        session.add_all(
            ListEntry(
                kind=entry.kind, instrument_id=entry.instrument_id, person_id=person, created_by="u_c",
                valid_from=entry.start, valid_to=entry.end,
            )
            for entry in firm.lists
            for person in (entry.person_ids or (None,))
        )  # fmt: skip
    surveil(context, ORG, cause="first look")
    first = {alert.alert_id: {name: getattr(alert, name) for name in KEPT} for alert in alerts(context)}
    live_on(context, firm, home)
    later = surveil(context, ORG, cause="second look")
    yield context, first, later
    database.close()


def stored(name, frame):
    dataset = DATASETS[name]
    absent = [column for column in dataset.schema if column not in frame.columns]
    return timed(name, frame).with_columns(
        pl.lit(None, dataset.schema[column]).alias(column) for column in absent if column != "transact_time_ns"
    )  # fmt: skip


def alerts(context):
    with context.database.session(ORG) as session:
        return list(session.scalars(select(Alert).order_by(Alert.alert_id)))


def live_on(context, firm, home):
    """Bring in later rows and corrections as files, change every detector's thresholds, the lists, the tables."""
    compliance = Identity(ORG, "u_author", "Author", "compliance")
    admin = Identity(ORG, "u_admin", "Admin", "admin")
    suspects = pl.Series([one for alert in alerts(context) for one in alert.evidence["exec_ids"]]).unique(
        maintain_order=True
    )
    fills = firm.files["executions"]
    concerned = fills.filter(pl.col("exec_id").is_in(suspects.implode()))
    assert concerned.height > 50
    cancelled = concerned.gather_every(3).with_columns(exec_status=pl.lit("busted"), exec_ref_id="exec_id")
    corrected = concerned.gather_every(3, 1).with_columns(
        exec_status=pl.lit("corrected"), exec_ref_id="exec_id", last_qty=(pl.col("last_qty") * 3).cast(fills.schema["last_qty"]),
        last_px=(pl.col("last_px") + 1).cast(fills.schema["last_px"]),
    )  # fmt: skip
    changes = pl.concat([cancelled, corrected]).with_columns(exec_id=pl.format("LATER-{}", "exec_id"))
    day = timedelta(days=1)
    events = firm.files["order_events"]
    more = {
        "executions": changes,
        "order_events": events.tail(3000).with_columns(
            order_id=pl.format("LATER-{}", "order_id"), exec_id=pl.format("LATER-{}", "exec_id"),
            transact_time=pl.col("transact_time") + day, received_time=pl.col("received_time") + day,
            event_seq=pl.col("event_seq") + events.height,
        ),
        "prices": firm.files["prices"].tail(21).with_columns(pl.col("date") + day, pl.col("close") * 2),
        "messages": firm.files["messages"].tail(5).with_columns(message_id=pl.format("LATER-{}", "message_id")),
    }  # fmt: skip
    for name, frame in more.items():
        path = home / f"{name}.csv"
        text = io.StringIO()
        as_text(frame).write_csv(text, datetime_format="%Y-%m-%dT%H:%M:%S%.6fZ")
        path.write_text(text.getvalue())
        done = ingest.run(context, admin, ingest.Upload(path, path.name, dataset=name))
        assert (done.accepted, done.rejected) == (frame.height, 0), (name, done.errors[:2])
    for name, kind in all_detectors().items():
        _, _, moved = next(perturbed(kind.Params()))
        values = {one["name"]: getattr(moved, one["name"]) for one in kind.Params.describe()}
        made = parameters.propose(
            context.database, compliance, detector=name, values=values, rationale="Another year, other thresholds."
        )  # fmt: skip
        second = Identity(ORG, "u_second", "Second", "compliance")
        parameters.approve(context.database, second, detector=name, version=made.version)
    with context.database.session(ORG, write=True) as session:
        for entry in session.scalars(select(ListEntry)):
            entry.valid_to = entry.valid_from + timedelta(seconds=1)
    compact(context.lake, ORG, retention=timedelta(0), at_least=2)


def test_a_hundred_random_alerts_are_the_same_when_computed_again(world):
    context, first, _ = world
    drawn = random.Random(SEED).sample(sorted(first), DRAWN)
    with context.database.session(ORG) as session:
        kinds = set(session.scalars(select(Alert.detector).where(Alert.alert_id.in_(drawn))))
    assert len(kinds) >= 25
    again = reproduce_all(context, ORG, drawn, state=1)
    assert {name: said["differences"] for name, said in again.items() if said["differences"]} == {}
    assert all(said["identical"] for said in again.values())
    for name, said in again.items():
        pinned = {what: said[what] for what in ("parameters_version", "detector_version", "data_versions")}
        assert pinned == {what: first[name][what] for what in pinned}


def test_what_came_later_did_change_what_is_found_now(world):
    context, first, later = world
    assert later["failed"] == {}
    assert later["gone"] + later["grown"] > DRAWN // 2
    stands = {alert.alert_id: alert for alert in alerts(context)}
    changed = [
        name for name, one in first.items() if one["score"] != stands[name].score or stands[name].gone_at
    ]
    assert len(changed) > 10
    assert all(stands[name].state > 1 or stands[name].gone_at or stands[name].score == first[name]["score"] for name in first)  # fmt: skip


def test_an_alert_that_was_tampered_with_is_not_identical(world):
    context, first, _ = world
    name = next(one.alert_id for one in alerts(context) if one.state == 1 and one.alert_id in first)
    assert reproduce(context, ORG, name)["identical"]
    with context.database.session(ORG, write=True) as session:
        session.get(Alert, (ORG, name)).score = 1.0
    said = reproduce(context, ORG, name)
    assert not said["identical"]
    assert said["differences"]["score"] == [1.0, first[name]["score"]]
