"""Canaries: known patterns go through the whole chain, and nothing of them stays behind."""

from dataclasses import asdict

import pytest
from sqlalchemy import select

from analytics.compliance.detector import all_detectors
from analytics.compliance.detectors.churning import Churning
from app.errors import Unavailable
from app.jobs import canary
from app.jobs._canary_scenes import answered, ground
from app.storage.records._base import now
from app.storage.records.alerts import Alert, ParameterSet
from app.storage.records.imports import Import
from app.storage.records.surveillance import CanaryRun, DetectorRun
from tests.app._world import context_of


@pytest.fixture
def context(tmp_path, sqlite_database):
    return context_of(tmp_path, sqlite_database)


def kept(context, kind):
    with context.database.session(None) as session:
        return list(session.scalars(select(kind)))


def test_every_detector_answers_but_the_one_that_the_firms_own_thresholds_blind(context, monkeypatch):
    monkeypatch.setattr(canary, "SEEDS", canary.SEEDS[:1])
    blind = asdict(Churning.Params(fills=10_000))
    with context.database.session("acme", write=True) as session:
        session.add(
            ParameterSet(
                org="acme", detector="churning", version=1, parameters=blind, rationale="a test",
                created_by="u_1", approved_by="u_2", approved_at=now(), effective_from=now(),
            )
        )  # fmt: skip
    said = canary.fly(context, "acme")
    assert (said["state"], said["reason"], said["silent"]) == ("silent", None, ["churning"])
    assert said["answered"] == sorted(set(all_detectors()) - {"churning"})
    (run,) = kept(context, CanaryRun)
    assert (run.org, run.state, run.answered_at) == ("acme", "silent", None)
    assert [kept(context, kind) for kind in (Alert, Import, DetectorRun)] == [[], [], []]
    assert not any((context.settings.root / "lake").glob("*/*"))


def test_who_is_silent_once_is_asked_again_on_another_ground(context, monkeypatch):
    asked = []

    def hears_later(parameters, at, seed, detectors):
        asked.append((seed, detectors))
        return frozenset(detectors) if len(asked) > 1 else canary.expected() - {"layering"}

    monkeypatch.setattr(canary, "_alerts", hears_later)
    assert canary.fly(context, "acme")["state"] == "ok"
    first, second = canary.SEEDS
    assert asked == [(first, sorted(canary.expected())), (second, ["layering"])]
    (run,) = kept(context, CanaryRun)
    assert run.answered_at == run.ran_at


def test_a_detector_that_does_not_answer_raises_the_alarm(context, monkeypatch):
    monkeypatch.setattr(canary, "_alerts", lambda *_: canary.expected() - {"layering"})
    first = canary.fly(context, "acme")
    assert (first["state"], first["silent"]) == ("silent", ["layering"])
    (run,) = kept(context, CanaryRun)
    assert (run.state, run.answered_at) == ("silent", None)


def test_a_chain_that_breaks_is_told_with_its_reason(context, monkeypatch):
    def broken(*_):
        raise OSError("no space left")

    monkeypatch.setattr(canary, "_alerts", broken)
    assert canary.fly(context, "acme") | {"seconds": 0} == {
        "state": "failed", "reason": "no space left", "answered": [], "silent": sorted(canary.expected()),
        "seconds": 0,
    }  # fmt: skip


def test_an_alert_answers_a_scene_of_its_people_name_and_time_only():
    at = now()
    scene = {
        "pattern": "wash_trade", "accounts": ["A1"], "traders": [], "instrument_ids": ["AAPL"],
        "start": at.isoformat(), "end": at.isoformat(),
    }  # fmt: skip
    given = {"detector": "wash_trade", "actors": [{"kind": "account", "id": "A1"}], "instrument_ids": ["AAPL"],
             "window_start": at, "window_end": at}  # fmt: skip
    assert answered([scene], [Alert(**given)]) == {"wash_trade"}
    for other in (
        {"detector": "layering"},
        {"actors": [{"kind": "account", "id": "A2"}]},
        {"instrument_ids": ["JPM"]},
        {"window_start": at.replace(year=2030), "window_end": at.replace(year=2030)},
        {"window_start": None},
    ):
        assert answered([scene], [Alert(**(given | other))]) == frozenset()


def test_a_ground_that_cannot_be_made_says_why(tmp_path):
    with pytest.raises(Unavailable, match="canaries' firm could not be made"):
        ground(tmp_path / "not-there", now().date(), 11)
