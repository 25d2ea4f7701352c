"""Training: one version per state of the data, a champion only on merit, states that can be read back."""

import polars as pl
import pytest
from sqlalchemy import select

from analytics.compliance._teaching import conduct_lines
from analytics.models._base import all_models
from analytics.models._skill import Skill
from analytics.models._walk import walk_forward
from analytics.models.communications_risk import LINES_TABLE, dealt
from analytics.models.volatility import Volatility
from app.errors import Invalid, NotFound, Unavailable
from app.jobs import train as training
from app.jobs._model_tables import Made, is_shipped, tables_of
from app.jobs.predict import judged
from app.jobs.train import RECENT, met, train
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


def test_other_libraries_or_other_code_train_again_on_the_same_data(context, monkeypatch):
    train(context, "acme", model="volatility")
    (row,) = versions(context)
    kept = row.card["made_with"]
    assert kept["libraries"]["scikit-learn"]
    assert len(kept["code"]) == 16
    assert kept["seeds"]["trees"] == 0
    other = {**kept, "libraries": {**kept["libraries"], "scikit-learn": "0.1"}}
    monkeypatch.setattr(training, "made_with", lambda kind: other)
    said = train(context, "acme", model="volatility")["volatility"]
    assert (said["unchanged"], said["version"], said["champion"]) == (False, 2, True)
    first, second = versions(context)
    assert second.artefact_sha256 == first.artefact_sha256  # the same to the last bit, so neither is better


def test_a_champion_that_this_code_cannot_read_gives_way(context, monkeypatch):
    train(context, "acme", model="volatility")
    monkeypatch.setattr(training, "made_with", lambda kind: {"code": "other"})

    def refused(state):
        raise ValueError("this state is of version 1.0, the code of 1.1")

    monkeypatch.setattr(Volatility, "restore", refused)
    monkeypatch.setattr(training, "met", lambda *_, **__: {"days": 100, "challenger": 2.0, "champion": 1.0})
    assert train(context, "acme", model="volatility")["volatility"]["champion"] is True


def test_a_further_baseline_that_does_better_silences_a_model():
    found = Skill(0.2, 0.1, 0.3, 0.001, 200, 0.8, 1.0)
    rival = {"title": "median cost of the venue", "low": -0.02, "high": -0.001}
    assert judged(found, None, least=40, card={"rivals": {"venue": rival}}) == (
        "silent", "no skill shown: median cost of the venue does better, by more than chance",
    )  # fmt: skip
    for high in (0.001, None):  # as good as it, or not to be told
        assert judged(found, None, least=40, card={"rivals": {"venue": rival | {"high": high}}}) == (
            "ok",
            None,
        )


@pytest.mark.parametrize(("alike", "status"), [(0.19, "silent"), (0.2, "ok"), (None, "ok")])
def test_states_that_a_refit_sorts_otherwise_silence_a_model(alike, status):
    figures = {} if alike is None else {"agreement": alike}
    earlier, last = {"figures": {"agreement": 0.0}}, {"figures": figures}
    said, reason = judged(
        Skill(0.2, 0.1, 0.3, 0.001, 200, 0.8, 1.0), None, least=40, card={"folds": [earlier, last]}
    )
    assert said == status
    assert (reason is not None and "adjusted Rand index 0.19" in reason) == (status == "silent")


def test_a_champion_meets_its_challenger_on_days_after_its_own_record_too(context):
    train(context, "acme", model="volatility")
    old = versions(context)[0]
    kind = Volatility
    rows = kind().features(tables_of(context, "acme", kind))
    tested = walk_forward(kind(), rows)
    record = Artifacts(context.settings.root, "acme").get_table("record", old.record_sha256)
    cut = record["date"].unique().sort()[-60]
    digest = Artifacts(context.settings.root, "acme").put_table(
        "record", record.filter(pl.col("date") < cut)
    )[1]
    old.record_sha256 = digest  # as if it had been trained sixty days ago
    seen = met(context, "acme", kind, old, tested, rows=rows)
    assert seen["days"] == RECENT
    short = met(context, "acme", kind, old, tested.filter(pl.col("date") >= cut))
    assert short is None
    assert met(context, "acme", kind, old, tested.filter(pl.col("date") >= cut), rows=rows)["days"] == 60


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
