"""Training: one version per state of the data, a champion only on merit, states that can be read back."""

import polars as pl
import pytest
from sqlalchemy import select

from analytics.compliance._teaching import conduct_lines
from analytics.models._base import all_models
from analytics.models.communications_risk import LINES_TABLE, dealt
from analytics.models.volatility import Volatility
from app.errors import Invalid, NotFound, Unavailable
from app.jobs import train as training
from app.jobs._model_tables import Made, is_shipped
from app.jobs.train import train
from app.storage.artifacts import Artifacts
from app.storage.records.audit import AuditEntry
from app.storage.records.models import ModelVersion
from tests.analytics.models._tables import prices
from tests.app._world import context_of, land


def made_up(seed: int, days: int, **more) -> pl.DataFrame:
    rows = prices(seed, days=days, **more)["prices"]
    missing = {"open", "volume", "vwap"}
    decimals = {name: pl.Decimal(38, 12) for name in ("high", "low", "close")}
    filled = rows.cast(decimals).with_columns(pl.lit(None, pl.Decimal(38, 12)).alias(n) for n in missing)
    return filled.with_columns(pl.lit(None, pl.String).alias(n) for n in ("currency", "ext"))


@pytest.fixture
def context(tmp_path, sqlite_database):
    made = context_of(tmp_path, sqlite_database)
    land(made, "acme", prices=made_up(11, 900, names=8))
    return made


def versions(context, org="acme") -> list[ModelVersion]:
    with context.database.session(org) as session:
        return list(session.scalars(select(ModelVersion).order_by(ModelVersion.name, ModelVersion.version)))


def test_a_model_with_skill_becomes_champion_with_card_record_and_audit(context):
    said = train(context, "acme", model="volatility")["volatility"]
    assert (said["version"], said["status"], said["champion"], said["unchanged"]) == (1, "ok", True, False)
    (row,) = versions(context)
    assert row.metrics["low"] > 0
    assert row.card["folds"][0]["fold"] == 0
    assert row.data_versions == {"prices": "1"}
    with context.database.session("acme") as session:
        assert [e.action for e in session.scalars(select(AuditEntry))] == ["model.train"]


def test_the_same_data_is_not_trained_twice_and_a_stored_state_loads(context):
    train(context, "acme", model="volatility")
    assert train(context, "acme", model="volatility")["volatility"]["unchanged"] is True
    (row,) = versions(context)
    state = Artifacts(context.settings.root, "acme").get("model", row.artefact_sha256)
    assert Volatility.restore(state).state() == state


def test_a_model_that_shows_no_skill_is_silent_and_says_why(tmp_path, sqlite_database):
    made = context_of(tmp_path, sqlite_database)
    assert train(made, "acme", model="volatility")["volatility"]["status"] == "silent"
    assert versions(made)[0].reason == "only 0 days out of sample; 40 are needed for a record"
    land(made, "acme", prices=made_up(2, 460, names=2, clustered=False))
    said = train(made, "acme", model="volatility")["volatility"]
    assert said["version"] == 2
    silent = versions(made)[1]
    assert (silent.status, silent.metrics["shown"]) == ("silent", False)
    assert silent.reason == "no skill shown: the interval of its skill against the baseline touches zero"
    assert [row.champion for row in versions(made)] == [False, True]


def test_a_challenger_with_less_skill_does_not_replace_the_champion(context):
    train(context, "acme", model="volatility")
    noise = made_up(5, 900, names=40, clustered=False).with_columns(pl.col("instrument_id") + "x")
    land(context, "acme", prices=noise)
    said = train(context, "acme", model="volatility")["volatility"]
    first, second = versions(context)
    assert (said["status"], said["champion"]) == ("ok", False)
    assert second.metrics["value"] < first.metrics["value"] - 0.01
    assert (first.champion, second.champion) == (True, False)


def test_firms_are_trained_apart_and_unknown_models_refused(context):
    train(context, "acme", model="volatility")
    assert versions(context, "zenith") == []
    with pytest.raises(Invalid, match="no model 'nothing'"):
        train(context, "acme", model="nothing")


def test_artefacts_are_kept_once_found_by_content_and_checked(tmp_path):
    kept = Artifacts(tmp_path, "acme")
    path, digest = kept.put("model", {"b": 1, "a": [1.5]})
    assert kept.put("model", {"a": [1.5], "b": 1}) == (path, digest)
    assert kept.get("model", digest) == {"a": [1.5], "b": 1}
    (tmp_path / "artifacts" / "acme" / path).write_text("{}")
    with pytest.raises(Unavailable, match="damaged"):
        kept.get("model", digest)
    for kind, name in (("model", "0" * 64), ("../x", digest), ("model", "../../etc/passwd")):
        with pytest.raises(NotFound):
            kept.get(kind, name)
    with pytest.raises(NotFound):
        Artifacts(tmp_path, "../acme")


def test_what_the_product_brings_is_learnt_once_for_organisations_with_the_same_rows(context, monkeypatch):
    kind = all_models()["communications_risk"]
    monkeypatch.setattr(training, "_alike", {})
    lines = conduct_lines().head(0)
    few = Made(LINES_TABLE, lambda _c, org: dealt(rows[org]), lambda _c, org: org, shipped=True)
    rows = {"acme": lines, "zenith": lines, "other": conduct_lines().head(1)}
    monkeypatch.setattr(training, "tables_of", lambda c, org, k: {LINES_TABLE: few.read(c, org)})
    learnt = []
    learn = training._learn
    monkeypatch.setattr(training, "_learn", lambda k, r: learnt.append(k.name) or learn(k, r))
    said = [train(context, org, model=kind.name)[kind.name] for org in ("acme", "zenith", "other")]
    assert learnt == [kind.name] * 2  # other rows are learnt for themselves
    assert [one["version"] for one in said] == [1, 1, 1]
    first, second = (versions(context, org)[-1] for org in ("acme", "zenith"))
    assert (first.artefact_sha256, first.record_sha256, first.status) == (
        second.artefact_sha256, second.record_sha256, second.status,
    )  # fmt: skip
    assert not is_shipped(all_models()["volatility"])
    assert not is_shipped(all_models()["alert_triage"])
