"""Models over REST: who reads which, whose books are named, who changes the version in use."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from analytics.models.volatility import Volatility
from app.storage.records.audit import AuditEntry
from app.storage.records.jobs import Job
from app.storage.records.models import ModelOutput, ModelVersion
from tests.api.test_lists import call

ROUTE = "/api/intelligence/models"
AT = datetime(2026, 11, 20, tzinfo=UTC)
NAMES = {"volatility_5d", "value_at_risk", "watching"}


@pytest.fixture
def told(installation):
    """Two versions of a volatility model, value at risk of four books, and a model of surveillance."""
    firm = installation.one
    c = firm.canary
    books = ["organisation", f"desk/{c}-desk1", f"account/{c}-ACC1", f"account/{c}-ACC2"]
    test = {"n": 250, "exceptions": 3, "plain_exceptions": 6, "expected": 2.5, "zone": "green", "tests": []}
    cards = {
        "volatility_5d": {"title": "V", "version": Volatility.version},
        "value_at_risk": {"title": "R", "calibration": {"kind": "interval", "bands": [],
                                                        "backtests": dict.fromkeys(books, test)}},
        "watching": {"title": "W", "owner": "Surveillance", "version": "1"},
    }  # fmt: skip
    kept = []
    with installation.context.database.session(firm.slug, write=True) as session:
        for row in session.scalars(select(ModelVersion).where(ModelVersion.name.in_(NAMES))):
            kept.append({column.name: getattr(row, column.name) for column in ModelVersion.__table__.columns})
            session.delete(row)
        session.flush()
        for name, card in cards.items():
            session.add(ModelVersion(org=firm.slug, name=name, version=2, champion=True, status="ok", card=card,
                                     metrics={"value": 0.1}, artefact_sha256="0" * 64, trained_at=AT, crowned_at=AT))  # fmt: skip
        session.add(
            ModelVersion(
                org=firm.slug, name="volatility_5d", version=1, card=cards["volatility_5d"], artefact_sha256="1" * 64,
                trained_at=AT, crowned_at=AT - timedelta(days=1),
            )
        )  # fmt: skip
        for place, book in enumerate(books):
            document = {"var_99": 100.0 + place, "plain_var_99": 90.0, "reasons": []}
            session.merge(ModelOutput(org=firm.slug, name="value_at_risk", key=book, day=date(2026, 11, 20), version=2,
                                      served="model", document=document))  # fmt: skip
    yield firm
    with installation.context.database.session(firm.slug, write=True) as session:
        for model in (ModelVersion, ModelOutput):
            for row in session.scalars(select(model).where(model.name.in_(NAMES))):
                session.delete(row)
        session.flush()
        session.add_all(ModelVersion(**row) for row in kept)


def back(installation, firm, role, name="volatility_5d", body=None, **more):
    return call(installation, firm, role, f"{ROUTE}/{name}/rollback", body or {}, **more)


@pytest.mark.parametrize(("role", "status"), [
    ("risk", 200), ("admin", 403), ("trader", 403), ("portfolio_manager", 403), ("compliance", 403), ("auditor", 403),
])  # fmt: skip
def test_risk_puts_an_earlier_version_in_use_and_nobody_else(installation, told, role, status):
    answer = back(installation, told, role)
    assert answer.status_code == status, answer.json
    with installation.context.database.session(told.slug) as session:
        champion = session.scalar(
            select(ModelVersion.version).where(
                ModelVersion.name == "volatility_5d", ModelVersion.champion.is_(True)
            )
        )
        assert champion == (1 if status == 200 else 2)
        if status == 200:
            assert answer.json["data"] == {"name": "volatility_5d", "version": 1, "replaced": 2}
            trail = session.scalars(select(AuditEntry).where(AuditEntry.action == "model.rollback"))
            assert any(entry.object_id == "volatility_5d/1" for entry in trail)
            assert session.scalars(select(Job).where(Job.kind == "predict")).first() is not None


def test_a_stranger_changes_nothing_and_bad_bodies_are_refused(installation, told):
    assert back(installation, installation.other, "risk", name="watching").status_code == 404
    assert back(installation, told, "risk", body={"version": 0}).status_code == 422
    assert back(installation, told, "risk", body={"versions": 1}).status_code == 422
    assert back(installation, told, "risk", body={"version": 2}).status_code == 422
    assert back(installation, told, "risk", body={"version": 77}).status_code == 404
    assert back(installation, told, "risk", name="value_at_risk").status_code == 409


def test_models_of_surveillance_are_known_to_those_who_watch(installation, told):
    def names(role):
        return {row["name"] for row in call(installation, told, role, ROUTE).json["data"]}

    assert "watching" in names("compliance")
    for role in ("risk", "trader", "portfolio_manager"):
        assert "watching" not in names(role)
        assert call(installation, told, role, f"{ROUTE}/watching").status_code == 404
    assert back(installation, told, "risk", name="watching").status_code == 404
    assert back(installation, told, "admin", name="watching").status_code == 403
    # Compliance answers for it, and learns that there is nothing to go back to.
    assert back(installation, told, "compliance", name="watching").status_code == 409
    card = call(installation, told, "compliance", f"{ROUTE}/watching").json["data"]
    assert card["may_roll_back"]


def test_who_may_not_read_models_may_not_choose_one_and_who_may_choose_one_reads_it(installation, told):
    for role in ("risk", "compliance", "admin", "trader", "portfolio_manager", "auditor"):
        reads = call(installation, told, role, ROUTE)
        names = {row["name"] for row in reads.json["data"]} & NAMES if reads.status_code == 200 else set()
        chooses = {
            name for name in NAMES if back(installation, told, role, name=name).status_code in (200, 409)
        }
        assert chooses <= names, role
        assert chooses == {"risk": NAMES - {"watching"}, "compliance": {"watching"}}.get(role, set())
    assert call(installation, told, "admin", ROUTE).status_code == 403


def test_books_are_told_to_who_sees_all_of_their_accounts(installation, told):
    c = told.canary

    def books(role, query=""):
        found = call(installation, told, role, f"/api/intelligence/forecasts{query}").json["data"]["books"]
        return {row["book"]: row["backtest"] for row in found}

    whole = {"organisation", f"desk/{c}-desk1", f"account/{c}-ACC1", f"account/{c}-ACC2"}
    assert set(books("risk")) == whole
    assert books("risk")["organisation"]["exceptions"] == 3
    mine = {f"desk/{c}-desk1", f"account/{c}-ACC1"}
    assert set(books("trader")) == mine
    tests = call(installation, told, "trader", f"{ROUTE}/value_at_risk").json["data"]["calibration"][
        "backtests"
    ]
    assert set(tests) == mine
    assert set(books("risk", f"?account={c}-ACC2")) == {f"account/{c}-ACC2"}
    assert books("trader", f"?account={c}-ACC2") == {}


@pytest.mark.parametrize("query", ["?horizon=2", "?horizon=5&nonsense=1", "?horizon="])
def test_forecasts_refuse_what_they_do_not_know(installation, told, query):
    assert call(installation, told, "risk", f"/api/intelligence/forecasts{query}").status_code == 422


def test_a_version_may_be_chosen_by_risk_only_on_the_page(installation, told):
    seen = {
        role: call(installation, told, role, f"{ROUTE}/volatility_5d").json["data"]["may_roll_back"]
        for role in ("risk", "trader", "compliance")
    }
    assert seen == {"risk": True, "trader": False, "compliance": False}
