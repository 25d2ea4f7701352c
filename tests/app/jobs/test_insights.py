"""The insight job: stored once, replaced when changed, retired when gone, told apart by firm."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import ClassVar

import polars as pl
import pytest
from sqlalchemy import select

from analytics.insights._rule import Candidate, Rule, all_rules
from analytics.insights._say import ordered, traded
from analytics.insights._stats import Tested
from app.errors import Invalid
from app.jobs import _insight_tables
from app.jobs._insight_tables import tables as tables_of
from app.jobs.insights import refresh_insights
from app.storage.records._base import now
from app.storage.records.counters import version_of
from app.storage.records.insights import Insight, InsightRun, InsightTest
from app.storage.records.people import Organisation
from tests.analytics.insights._null_firm import firm as random_firm
from tests.app._world import context_of, land


@pytest.fixture
def context(tmp_path, sqlite_database, monkeypatch):
    made = context_of(tmp_path, sqlite_database)
    made_up = {"acme": _firm(spread=8e-4), "zenith": random_firm(3)}
    monkeypatch.setattr("app.jobs.insights._tables", lambda _, org, kinds: made_up[org])
    made_up["swap"] = random_firm(3)
    return made, made_up


def _firm(*, spread: float):
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


def test_every_sum_is_said_with_its_currency_and_stored_with_it(context):
    made, tables = context
    hit = (pl.col("account_id") == "A") & (pl.col("date") == pl.col("date").max())
    tables["acme"]["daily_positions"] = tables["acme"]["daily_positions"].with_columns(
        pnl_base=pl.when(hit).then(-450_000.0).otherwise("pnl_base")
    )
    with made.database.session(None, write=True) as session:
        session.add(Organisation(slug="acme", name="Acme", name_key="acme", base_currency="EUR"))
    refresh_insights(made, "acme", cause="test")
    (loss,) = [row for row in stored(made).values() if row.kind == "pnl_outlier"]
    assert loss.title.startswith("Desk alpha lost €1.8m on ")
    assert (loss.effect["unit"], loss.why[0]["unit"]) == ("EUR", "EUR")
    assert "€450k" in loss.text
    assert "−€450k" in loss.text
    (dear, *_) = [row for row in stored(made).values() if row.kind == "venue_cost"]
    assert re.search(r"On €[\d.]+m traded there that is €[\d.]+k", dear.text)
    # Nothing is told in bare figures: no digits grouped by commas but counts of fills and orders.
    assert not re.search(
        r"(?<![€\d])\d{1,3}(,\d{3})+(?! (fills|orders|records|rows))", loss.title + loss.text
    )


def test_what_rules_read_is_in_the_organisations_currency(tmp_path, sqlite_database, monkeypatch):
    made = context_of(tmp_path, sqlite_database)
    monkeypatch.setattr(_insight_tables, "now", lambda: datetime(2026, 11, 4, tzinfo=UTC))
    land(
        made, "acme",
        instruments="instrument_id symbol asset_class currency multiplier\nSAP SAP equity EUR 1\nES ES future USD 50\nX X equity CHF 1",
        accounts="account_id desk kind base_currency\nA1 cash house USD\nA2 cash house EUR",
        fx_rates="date from_currency to_currency rate\n2026-11-02 EUR USD 1.25",
        executions=(
            "exec_id account_id instrument_id side last_qty last_px currency transact_time\n"
            "E1 A1 SAP buy 10 100 EUR 2026-11-03T10:00:00Z\nE2 A1 ES buy 1 100 USD 2026-11-03T10:00:00Z\n"
            "E3 A1 X buy 1 100 CHF 2026-11-03T10:00:00Z"
        ),
        order_events=(
            "order_id event_seq event_type transact_time instrument_id account_id side order_qty limit_px\n"
            "O1 1 new 2026-11-03T10:00:00Z SAP A1 buy 10 100"
        ),
        daily_positions=(
            "account_id instrument_id date currency quantity market_value_base pnl_base\n"
            "A1 SAP 2026-11-03 EUR 1 125 1\nA2 SAP 2026-11-03 EUR 1 100 2"
        ),
    )  # fmt: skip
    read = tables_of(made, "acme", {name: all_rules()[name] for name in ("pnl_outlier", "trader_behaviour")})
    worth = dict(read["executions"].select("exec_id", traded()).iter_rows())
    assert worth == {"E1": 1250.0, "E2": 5000.0, "E3": None}
    assert read["order_events"].select(ordered()).to_series().to_list() == [1250.0]
    held = {row["account_id"]: row for row in read["daily_positions"].iter_rows(named=True)}
    assert (held["A1"]["market_value_base"], held["A2"]["market_value_base"]) == (125, 125)
    assert held["A2"]["pnl_base"] == Decimal("2.5")
    # A session is counted when it is over: until then no rows of it are missing.
    counted = {"feed_gap": all_rules()["feed_gap"]}
    assert tables_of(made, "acme", counted)["row_counts"]["day"].unique().to_list() == [date(2026, 11, 3)]
    monkeypatch.setattr(_insight_tables, "now", lambda: datetime(2026, 11, 3, 20, tzinfo=UTC))
    assert tables_of(made, "acme", counted)["row_counts"].is_empty()


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
