"""Firms of the demo learn with a helper what they would have learnt without."""

import pytest
from sqlalchemy import select

from analytics.models import _base
from app.demo.training import Training
from app.storage.records.models import ModelVersion
from tests.app._world import context_of, land
from tests.app.jobs.test_train import made_up

FIRMS = ("acme", "zenith")
MODELS = ("patterns", "volatility")


@pytest.fixture
def context(tmp_path, sqlite_database, monkeypatch):
    few = {name: _base.all_models()[name] for name in MODELS}
    monkeypatch.setattr(_base, "all_models", lambda: few)
    made = context_of(tmp_path, sqlite_database)
    for seed, slug in enumerate(FIRMS):
        land(made, slug, prices=made_up(seed, 330, names=2))
    return made


def learnt(context) -> dict[tuple[str, str], tuple]:
    found = {}
    for slug in FIRMS:
        with context.database.session(slug, write=True) as session:
            for row in session.scalars(select(ModelVersion)):
                found[slug, row.name] = (row.status, row.record_sha256, row.metrics)
                session.delete(row)
    return found


def test_with_a_helper_alone_or_with_one_that_died_firms_learn_the_same(context):
    with Training(context, helped=False) as alone:
        for slug in FIRMS:
            alone.begin(slug)
        assert learnt(context) == {}
        alone.finish()
    expected = learnt(context)
    assert set(expected) == {(slug, model) for slug in FIRMS for model in MODELS}

    with Training(context, helped=True) as helped:
        helped.begin("acme")
        assert all(piece.done.result() for piece in helped._pieces)  # the helper has done them by itself
        helped.begin("zenith")
        helped.finish()
    assert learnt(context) == expected

    with Training(context, helped=True) as bereft:
        bereft._helper._process.kill()
        for slug in FIRMS:
            bereft.begin(slug)
        bereft.finish()
    assert learnt(context) == expected
