"""The insight job: stored once, replaced when changed, retired when gone, told apart by firm."""

from datetime import timedelta
from typing import ClassVar

import pytest
from sqlalchemy import select

from analytics.insights._rule import Candidate, Rule, all_rules
from analytics.insights._stats import Tested
from app.errors import Invalid
from app.jobs.insights import refresh_insights
from app.storage.records._base import now
from app.storage.records.counters import version_of
from app.storage.records.insights import Insight, InsightRun, InsightTest
from tests.analytics.insights._null_firm import firm as random_firm
from tests.app._world import context_of


@pytest.fixture
def context(tmp_path, sqlite_database, monkeypatch):
    made = context_of(tmp_path, sqlite_database)
    made_up = {"acme": _firm(spread=8e-4), "zenith": random_firm(3)}
    monkeypatch.setattr("app.jobs.insights._tables", lambda _, org, kinds: made_up[org])
    made_up["swap"] = random_firm(3)
    return made, made_up


def _firm(*, spread: float):
    import polars as pl

    tables = random_firm(3)
    dear = pl.col("venue") == "IEXG"
    worse = pl.when(pl.col("side") == "buy").then(1 + spread).otherwise(1 / (1 + spread))
    fills = tables["executions"].with_columns(
        last_px=pl.when(dear).then(pl.col("last_px") * worse).otherwise("last_px")
    )
    return tables | {"executions": fills}


def stored(context, org="acme") -> dict[str, Insight]:
    with context.database.session(org) as session:
        return {row.id: row for row in session.scalars(select(Insight))}


def counter(context, org="acme") -> int:
    with context.database.session(org) as session:
        return version_of(session, org, "insights")


def test_a_second_run_changes_nothing_and_does_not_move_the_counter(context):
    made, _ = context
    first = refresh_insights(made, "acme", cause="test")
    assert first["new"] == first["insights"] > 0
    before, moved = stored(made), counter(made)
    assert refresh_insights(made, "acme", cause="again") | {"seconds": 0, "cause": ""} == {
        "insights": first["insights"], "new": 0, "changed": 0, "expired": 0, "seconds": 0, "cause": "",
        "rules": len(all_rules()), "failed": 0,
    }  # fmt: skip
    assert {i: row.created_at for i, row in stored(made).items()} == {
        i: row.created_at for i, row in before.items()
    }
    assert counter(made) == moved == 1


def test_what_no_longer_holds_is_retired_and_comes_back_under_its_id(context):
    made, tables = context
    refresh_insights(made, "acme", cause="test")
    held = set(stored(made))
    tables["acme"], back = tables["swap"], tables["acme"]
    assert refresh_insights(made, "acme", cause="test")["expired"] == len(held)
    assert all(row.expired_at is not None for row in stored(made).values())
    tables["acme"] = back
    refresh_insights(made, "acme", cause="test")
    assert {i for i, row in stored(made).items() if row.expired_at is None} == held


def test_another_firms_insights_are_its_own(context):
    made, _ = context
    refresh_insights(made, "acme", cause="test")
    refresh_insights(made, "zenith", cause="test")
    assert stored(made, "zenith") == {}


def test_every_field_of_the_contract_is_there_and_finite(context):
    made, _ = context
    refresh_insights(made, "acme", cause="test")
    for row in stored(made).values():
        assert row.effect.keys() == {"value", "unit", "low", "high", "n"}
        assert row.effect["low"] <= row.effect["value"] <= row.effect["high"]
        assert 0 <= row.p_value <= row.q_value <= 0.05
        assert 0.95 <= row.confidence <= 0.99
        assert row.why
        assert row.evidence
        assert all(step["href"].startswith("/") for step in row.next)


def test_a_run_of_one_rule_leaves_the_others_insights_standing(context):
    made, _ = context
    refresh_insights(made, "acme", cause="test")
    assert refresh_insights(made, "acme", cause="test", rules=["pnl_outlier"])["expired"] == 0
    with pytest.raises(Invalid, match="no insight rule 'nothing'"):
        refresh_insights(made, "acme", cause="test", rules=["nothing"])


def test_an_empty_firm_reads_its_own_tables_and_finds_nothing(tmp_path, sqlite_database):
    made = context_of(tmp_path, sqlite_database)
    assert refresh_insights(made, "acme", cause="test")["insights"] == 0


# --- the day's family ----------------------------------------------------------------------------------
class Coin(Rule):
    """A rule whose p-values the test sets."""

    name = "coin"
    title = description = "Coin"
    domains = ("trading",)
    test = "None."
    inputs: ClassVar = {"executions": ("exec_id",)}
    says: ClassVar[dict[str, float]] = {}

    def candidates(self, tables, *, seed):
        made = []
        for subject, p in self.says.items():
            if p > 1:
                raise ValueError("the coin is lost")
            tested = Tested(1.0, 0.5, 1.5, p, 30)
            made.append(
                Candidate(subject, f"{subject} told", "text", tested, "bp", 1e6, why=[{"driver": "x"}])
            )
        return made


@pytest.fixture
def coin(tmp_path, sqlite_database, monkeypatch):
    made = context_of(tmp_path, sqlite_database)
    monkeypatch.setattr("app.jobs.insights.all_rules", lambda: {"coin": Coin})
    held = {"version": "1"}
    monkeypatch.setattr("app.jobs.insights._version", lambda *_: held["version"])
    monkeypatch.setattr("app.jobs.insights._tables", lambda *_: {})
    return made, held


def standing(context) -> set[str]:
    return {row.title for row in stored(context).values() if row.expired_at is None}


def test_every_look_of_a_day_counts_for_what_may_be_told(coin):
    made, _ = coin
    Coin.says = {"a": 0.02}
    refresh_insights(made, "acme", cause="test")
    assert standing(made) == {"a told"}
    # Nine more looks that found nothing: 0.02 is no longer beyond 5 % of ten times 0.05 / 10.
    Coin.says = {"a": 0.02} | {f"n{i}": 0.6 for i in range(9)}
    assert refresh_insights(made, "acme", cause="test")["expired"] == 1
    assert standing(made) == set()
    # The family does not shrink again within the day: the nine were looked at.
    Coin.says = {"a": 0.02}
    refresh_insights(made, "acme", cause="test")
    assert standing(made) == set()


def test_a_rule_whose_inputs_did_not_change_does_not_run_again_after_an_import(coin):
    made, held = coin
    Coin.says = {"a": 0.001}
    assert refresh_insights(made, "acme", cause="test", changed=True)["rules"] == 1
    assert refresh_insights(made, "acme", cause="test", changed=True)["rules"] == 0
    assert standing(made) == {"a told"}
    held["version"] = "2"
    Coin.says = {}
    assert refresh_insights(made, "acme", cause="test", changed=True) | {"seconds": 0} == {
        "insights": 0, "new": 0, "changed": 0, "expired": 1, "rules": 1, "failed": 0, "seconds": 0, "cause": "test",
    }  # fmt: skip


def test_a_rule_without_a_reason_to_run_is_in_the_next_days_family_with_its_last_looks(coin, monkeypatch):
    made, _ = coin
    Coin.says = {"a": 0.001, "b": 0.7}
    refresh_insights(made, "acme", cause="test")
    tomorrow = now() + timedelta(days=1)
    monkeypatch.setattr("app.jobs.insights.now", lambda: tomorrow)
    assert refresh_insights(made, "acme", cause="test", changed=True)["rules"] == 0
    assert standing(made) == {"a told"}
    with made.database.session("acme") as session:
        of_tomorrow = select(InsightTest).where(InsightTest.day == tomorrow.date())
        assert {row.p for row in session.scalars(of_tomorrow)} == {0.001, 0.7}


def test_a_rule_that_fails_is_noted_and_what_it_said_stands(coin):
    made, _ = coin
    Coin.says = {"a": 0.001}
    refresh_insights(made, "acme", cause="test")
    Coin.says = {"a": 2.0}
    assert refresh_insights(made, "acme", cause="test")["failed"] == 1
    assert standing(made) == {"a told"}
    with made.database.session("acme") as session:
        run = session.get(InsightRun, ("acme", "coin"))
        assert (run.state, run.reason) == ("failed", "ValueError: the coin is lost")
    Coin.says = {"a": 0.001}
    # It failed, so it runs again though nothing has changed.
    assert refresh_insights(made, "acme", cause="test", changed=True)["rules"] == 1
