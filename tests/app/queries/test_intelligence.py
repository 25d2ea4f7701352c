"""Insights and models: who may read what, what is in use, what the card says."""

from datetime import UTC, datetime

import pytest

from app.errors import Forbidden, NotFound
from app.queries import intelligence
from app.scope import Scope
from app.storage.records.insights import Insight
from app.storage.records.models import ModelVersion
from tests.app._world import context_of, desk_of

AT = datetime(2026, 11, 20, tzinfo=UTC)


def told(name: str, rank: float, **more) -> Insight:
    context = {"rank": rank} | more.pop("context", {})
    return Insight(
        org="acme", id=name, kind="k", title=name, text="t", severity="low", context=context, **more
    )


@pytest.fixture
def firm(tmp_path, sqlite_database):
    context = context_of(tmp_path, sqlite_database)
    with sqlite_database.session("acme", write=True) as session:
        session.add_all([
            told("open", 0.1),
            told("alpha", 0.5, desks=["alpha"], context={"desk": "alpha"}),
            told("both", 0.4, desks=["alpha", "beta"]),
            told("watch", 0.9, roles=["compliance", "auditor"], evidence=[{"kind": "trader", "id": "tom"}]),
            told("gone", 1.0, expired_at=AT),
            ModelVersion(org="acme", name="m", version=1, champion=True, status="ok", metrics={"value": 0.1},
                         card={"title": "M", "folds": [{"fold": 0}]}, trained_at=AT),
            ModelVersion(org="acme", name="m", version=2, status="silent", reason="none", trained_at=AT),
            ModelVersion(org="acme", name="n", version=1, champion=True, status="silent", trained_at=AT),
        ])  # fmt: skip
    return context


def ids(desk) -> list[str]:
    return ids_of(intelligence.insights(desk))


def ids_of(answer) -> list[str]:
    return [row["id"] for row in answer["rows"]]


@pytest.mark.parametrize(("who", "expected"), [
    ({"role": "compliance"}, ["watch", "alpha", "both", "open"]),
    ({"role": "auditor"}, ["watch", "alpha", "both", "open"]),
    ({"role": "risk"}, ["alpha", "both", "open"]),
    ({"role": "trader", "desks": ("alpha",)}, ["alpha", "open"]),
    ({"role": "trader", "desks": ("alpha", "beta")}, ["alpha", "both", "open"]),
    ({"role": "portfolio_manager", "desks": ("gamma",)}, ["open"]),
    ({"role": "compliance", "person_id": "tom"}, ["alpha", "both", "open"]),
    ({"role": "compliance", "org": "zenith"}, []),
])  # fmt: skip
def test_each_reads_what_role_desks_and_subject_allow(firm, who, expected):
    desk = desk_of(firm, **who)
    assert ids(desk) == expected
    assert intelligence.summary(desk)[0]["insights"] == len(expected)


def test_the_scope_narrows_to_what_names_it_and_pages_cut(firm):
    assert ids(desk_of(firm, scope=Scope(desk=("beta",)))) == ["watch", "both", "open"]
    page = intelligence.insights(desk_of(firm), limit=2, offset=1)
    assert ([row["id"] for row in page["rows"]], page["total"]) == (["alpha", "both"], 4)


def test_the_champion_is_in_use_and_the_history_is_whole(firm):
    rows = {row["name"]: row for row in intelligence.models(desk_of(firm))}
    assert (rows["m"]["version"], rows["m"]["versions"], rows["m"]["title"]) == (1, 2, "M")
    found = intelligence.model(desk_of(firm), "m")
    assert (found["version"], found["folds"], [h["version"] for h in found["history"]]) == (
        1,
        [{"fold": 0}],
        [2, 1],
    )
    values, reasons = intelligence.summary(desk_of(firm))
    assert (values["models_ok"], values["models_silent"], values["regime"]) == (1, 1, None)
    assert reasons == {"regime": "no regime model has been fitted"}


def test_unknown_and_foreign_models_are_not_found_and_admins_are_refused(firm):
    with pytest.raises(NotFound):
        intelligence.model(desk_of(firm), "nothing")
    with pytest.raises(NotFound):
        intelligence.model(desk_of(firm, "zenith"), "m")
    with pytest.raises(Forbidden):
        intelligence.models(desk_of(firm, role="admin"))


def test_facets_count_what_choosing_would_show(firm, sqlite_database):
    with sqlite_database.session("acme", write=True) as session:
        session.add_all([
            told("x", 0.3, domains=["trading", "social"]),
            told("y", 0.2, domains=["trading"]),
        ])  # fmt: skip
        session.get(Insight, ("acme", "y")).severity = "high"
    desk = desk_of(firm, role="risk", cached=False)
    for domain, count in intelligence.insights(desk)["facets"]["domain"].items():
        assert intelligence.insights(desk, domain=domain)["total"] == count
    of_trading = intelligence.insights(desk, domain="trading")
    assert of_trading["facets"]["severity"] == {"low": 1, "high": 1}
    high = intelligence.insights(desk, severity="high")
    assert (ids_of(high), high["facets"]["domain"]) == (["y"], {"trading": 1})
    assert intelligence.insights(desk, domain="nothing")["rows"] == []


def test_a_rule_counts_only_findings_the_asker_may_read(firm, sqlite_database):
    with sqlite_database.session("acme", write=True) as session:
        for name, more in (("c1", {"roles": ["compliance"]}), ("c2", {})):
            made = told(name, 0.1, **more)
            made.kind = "venue_cost"
            session.add(made)
    found = {
        role: {
            row["name"]: row["found"] for row in intelligence.rules(desk_of(firm, role=role, cached=False))
        }
        for role in ("risk", "compliance")
    }
    assert (found["risk"]["venue_cost"], found["compliance"]["venue_cost"]) == (1, 2)
    with pytest.raises(Forbidden):
        intelligence.rules(desk_of(firm, role="admin", cached=False))


def test_rules_about_surveillance_are_named_to_those_who_read_what_they_find(firm):
    domains = {
        role: {
            domain
            for row in intelligence.rules(desk_of(firm, role=role, cached=False))
            for domain in row["domains"]
        }
        for role in ("trader", "risk", "auditor")
    }
    assert "compliance" in domains["auditor"]
    assert "compliance" not in domains["trader"] | domains["risk"]
