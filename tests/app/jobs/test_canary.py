"""Canaries: known patterns go through the whole chain, and nothing of them stays behind."""

import pytest
from sqlalchemy import select

from app.jobs import canary
from app.storage.records.alerts import Alert
from app.storage.records.imports import Import
from app.storage.records.surveillance import CanaryRun, DetectorRun
from tests.app._world import context_of


@pytest.fixture
def context(tmp_path, sqlite_database):
    return context_of(tmp_path, sqlite_database)


def kept(context, kind):
    with context.database.session(None) as session:
        return list(session.scalars(select(kind)))


def test_canaries_are_answered_and_leave_only_the_record_of_it(context):
    said = canary.fly(context, "acme")
    assert (said["state"], said["silent"], said["answered"]) == ("ok", [], sorted(canary.EXPECTED))
    (run,) = kept(context, CanaryRun)
    assert (run.org, run.state, run.answered_at) == ("acme", "ok", run.ran_at)
    assert [kept(context, kind) for kind in (Alert, Import, DetectorRun)] == [[], [], []]
    assert not any((context.settings.root / "lake").glob("*/*"))


def test_a_detector_that_does_not_answer_raises_the_alarm(context, monkeypatch):
    def blind(parameters, at):
        return canary.EXPECTED - {"layering"}

    monkeypatch.setattr(canary, "_alerts", blind)
    first = canary.fly(context, "acme")
    assert (first["state"], first["silent"]) == ("silent", ["layering"])
    (run,) = kept(context, CanaryRun)
    assert (run.state, run.answered_at) == ("silent", None)


def test_a_chain_that_breaks_is_told_with_its_reason(context, monkeypatch):
    def broken(parameters, at):
        raise OSError("no space left")

    monkeypatch.setattr(canary, "_alerts", broken)
    assert canary.fly(context, "acme") | {"seconds": 0} == {
        "state": "failed", "reason": "no space left", "answered": [], "silent": sorted(canary.EXPECTED), "seconds": 0,
    }  # fmt: skip
