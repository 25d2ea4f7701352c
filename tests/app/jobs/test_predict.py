"""The champions' word: on new data, only with skill, not when they drift; and going back to an earlier one."""

from datetime import timedelta

import polars as pl
import pytest
from sqlalchemy import select

from analytics.models._base import all_models
from app.actions._roles import console
from app.actions.models import roll_back
from app.errors import Conflict, Forbidden, Invalid, NotFound
from app.jobs._model_tables import tables_of, versions_of
from app.jobs.predict import Features, alert, predict
from app.jobs.train import train
from app.queries import forecasts, intelligence
from app.scope import Identity, Scope
from app.storage.artifacts import Artifacts
from app.storage.records.audit import AuditEntry
from app.storage.records.models import ModelOutput, ModelVersion
from app.storage.records.notifications import Notification
from tests.app._world import context_of, desk_of, land
from tests.app.jobs.test_train import made_up

NAME = "volatility"
RISK = Identity("acme", "u_risk", "Risk", "risk")


@pytest.fixture(scope="module")
def rows() -> pl.DataFrame:
    return made_up(11, 700, names=6)


@pytest.fixture
def firm(tmp_path, sqlite_database, rows):
    made = context_of(tmp_path, sqlite_database)
    land(made, "acme", prices=rows)
    train(made, "acme", model=NAME)
    return made


def all_of(context, record) -> list:
    with context.database.session("acme") as session:
        return list(session.scalars(select(record)))


def version(context, number: int) -> ModelVersion:
    return next(row for row in all_of(context, ModelVersion) if row.version == number)


def later(rows: pl.DataFrame, *, days: int, times: float = 1.0) -> pl.DataFrame:
    """Return so many more days; moves are those of the last ones, times as large."""
    last = rows["date"].max()
    tail = rows.filter(pl.col("date") > last - timedelta(days=days))
    if times == 1.0:
        return tail.with_columns(pl.col("date") + timedelta(days=days))
    sign = pl.when(pl.col("date").dt.ordinal_day() % 2 == 0).then(times).otherwise(1 / times)
    money = [
        (pl.col(name).cast(pl.Float64) * sign).round(6).cast(pl.Decimal(38, 12))
        for name in ("high", "low", "close")
    ]
    return tail.with_columns(pl.col("date") + timedelta(days=days), *money)


def test_after_training_each_instrument_has_a_forecast_with_three_reasons_and_nothing_is_done_twice(firm):
    outputs = all_of(firm, ModelOutput)
    assert sorted(row.key for row in outputs) == [f"N{i}" for i in range(6)]
    assert {(row.version, row.served) for row in outputs} == {(1, "model")}
    for row in outputs:
        assert row.document["predicted"] > 0
        assert len(row.document["reasons"]) == 3
        assert row.data_versions == {"prices": "1"}
    assert predict(firm, "acme", cause="test", model=NAME)[NAME]["unchanged"] is True


def test_features_at_hand_are_used_if_and_only_if_the_tables_are_still_the_same(firm, rows, monkeypatch):
    kind = all_models()[NAME]
    land(firm, "acme", prices=later(rows, days=3))
    versions = versions_of(firm, "acme", kind)
    fresh = Features(kind().features(tables_of(firm, "acme", kind)), versions)
    old = Features(fresh.rows.filter(pl.col("date") <= rows["date"].max()), {"prices": "1"})
    made = []
    features = kind.features
    monkeypatch.setattr(kind, "features", lambda self, tables: made.append(1) or features(self, tables))
    predict(firm, "acme", cause="test", model=NAME, features=old)
    assert made
    said = {
        (row.key, row.day): row.document for row in all_of(firm, ModelOutput) if row.data_versions == versions
    }
    assert len(said) == 6
    land(firm, "acme", prices=later(rows, days=3).tail(1).with_columns(pl.col("instrument_id") + "x"))
    made.clear()
    again = Features(fresh.rows, versions_of(firm, "acme", kind))
    assert predict(firm, "acme", cause="test", model=NAME, features=again)[NAME]["unchanged"] is False
    assert not made
    assert {
        (row.key, row.day): row.document for row in all_of(firm, ModelOutput) if (row.key, row.day) in said
    } == said


def test_new_prices_give_new_forecasts_of_the_same_version(firm, rows):
    land(firm, "acme", prices=later(rows, days=3))
    said = predict(firm, "acme", cause="test", model=NAME)[NAME]
    assert (said["version"], said["outputs"], said["unchanged"]) == (1, 6, False)
    days = {row.day for row in all_of(firm, ModelOutput)}
    assert len(days) == 2


def test_a_champion_that_drifts_leaves_it_to_its_baseline_and_risk_is_told(firm, rows):
    land(firm, "acme", prices=later(rows, days=60, times=3.0))
    said = predict(firm, "acme", cause="test", model=NAME)[NAME]
    assert said["status"] == "drifting"
    row = version(firm, 1)
    assert "has shifted" in row.reason
    assert row.drift["drifting"] is True
    newest = max(one.day for one in all_of(firm, ModelOutput))
    assert {one.served for one in all_of(firm, ModelOutput) if one.day == newest} == {"baseline"}
    (told,) = all_of(firm, Notification)
    assert (told.role, told.kind) == ("risk", "model.drifting")
    assert "model.status" in [entry.action for entry in all_of(firm, AuditEntry)]
    (card,) = intelligence.models(desk_of(firm, role="risk"))
    assert (card["status"], card["served"]) == ("drifting", "baseline")
    (swing,) = forecasts.forecasts(desk_of(firm, role="risk"))["volatility"] or [None]
    assert swing is None or swing["served"] == "baseline"


def test_of_a_model_of_surveillance_that_stops_compliance_is_told_and_nobody_else(firm):
    row = version(firm, 1)
    with firm.database.session("acme", write=True) as session:
        for owner in ("Surveillance", "Risk"):
            row.card = row.card | {"owner": owner}
            alert(session, row)
    assert [told.role for told in all_of(firm, Notification)] == ["compliance", "risk"]


def test_a_state_that_cannot_be_read_fails_the_model_and_nothing_else(firm, rows):
    row = version(firm, 1)
    (firm.settings.root / "artifacts" / "acme" / row.artefact).write_text("{}")
    land(firm, "acme", prices=later(rows, days=3))
    assert predict(firm, "acme", cause="test", model=NAME)[NAME]["status"] == "failed"
    assert "damaged" in version(firm, 1).reason


def test_an_earlier_version_comes_back_by_one_call_and_the_trail_says_who(firm, rows):
    with firm.database.session("acme", write=True) as session:
        first = session.get_one(ModelVersion, ("acme", NAME, 1))
        later_one = {
            column.name: getattr(first, column.name)
            for column in ModelVersion.__table__.columns
            if column.name not in ("version", "champion", "crowned_at")
        }
        first.champion = False
        session.add(
            ModelVersion(
                **later_one, version=2, champion=True, crowned_at=first.crowned_at + timedelta(hours=1)
            )
        )
    said = roll_back(firm.database, RISK, NAME)
    assert said == {"name": NAME, "version": 1, "replaced": 2}
    assert (version(firm, 1).champion, version(firm, 2).champion) == (True, False)
    entry = all_of(firm, AuditEntry)[-1]
    assert (entry.action, entry.actor_id if hasattr(entry, "actor_id") else "u_risk") == (
        "model.rollback",
        "u_risk",
    )
    assert roll_back(firm.database, RISK, NAME, version=2)["version"] == 2
    with pytest.raises(Invalid):
        roll_back(firm.database, RISK, NAME, version=2)
    with pytest.raises(NotFound):
        roll_back(firm.database, RISK, NAME, version=9)


@pytest.mark.parametrize("role", ["trader", "portfolio_manager", "compliance", "auditor", "admin"])
def test_only_risk_and_the_command_line_choose_the_version(firm, role):
    with pytest.raises(Forbidden):
        roll_back(firm.database, Identity("acme", "u", "U", role), NAME)
    with pytest.raises(Conflict):  # there is nothing to go back to
        roll_back(firm.database, console("acme"), NAME)


def test_a_stranger_finds_no_model_to_change(firm):
    with pytest.raises(NotFound):
        roll_back(firm.database, Identity("zenith", "u", "U", "risk"), NAME)


def test_forecasts_name_the_instrument_what_is_served_and_what_earlier_ranges_held(
    tmp_path, sqlite_database, rows
):
    made = context_of(tmp_path, sqlite_database)
    land(made, "acme", prices=rows.filter(pl.col("instrument_id").is_in(["N1", "N2", "N3"])))
    train(made, "acme", model="return_range")
    found = forecasts.forecasts(desk_of(made, role="risk", scope=Scope(instrument=("N2",))), horizon="1")
    assert found["instrument"]["id"] == "N2"
    (near,) = found["ranges"]
    served = {row.served for row in all_of(made, ModelOutput)}
    assert {near["served"]} == served
    assert near["prices"]["q05"] < found["close"] < near["prices"]["q95"]
    judged = [row for row in found["course"] if row["missed"] is not None]
    assert found["held"][0]["n"] == len(judged) > 60
    assert found["held"][0]["held"] == pytest.approx(1 - sum(row["missed"] for row in judged) / len(judged))
    record = Artifacts(made.settings.root, "acme").get_table("record", version(made, 1).record_sha256)
    before = record.filter(pl.col("instrument_id") == "N2").sort("date").row(-1, named=True)
    last = found["course"][-1]
    assert last["low"] == pytest.approx(found["course"][-2]["close"] * 2.718281828459045 ** before["q05"])
    assert [p["said"] for p in found["levels"]] == [0.05, 0.1, 0.25, 0.75, 0.9, 0.95]
    empty = forecasts.forecasts(desk_of(made, role="risk", scope=Scope(instrument=("NONE",))))
    assert (empty["instrument"], empty["ranges"], empty["course"]) == (None, [], [])
    with pytest.raises(Forbidden):
        forecasts.forecasts(desk_of(made, role="admin"))
