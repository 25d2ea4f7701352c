"""Unusual days and the market's state: who reads of whom, how they are narrowed, and silence without a record."""

from datetime import UTC, date, datetime

import polars as pl
import pytest

from analytics.datasets import DATASETS
from analytics.models._walk import fit
from analytics.models.behaviour import Behaviour
from analytics.models.regimes import STATES, Regimes
from app.errors import Forbidden, Invalid
from app.queries import behaviour, intelligence, regimes
from app.scope import Scope
from app.storage.artifacts import Artifacts
from app.storage.records.models import ModelVersion
from tests.analytics.models._tables_structure import conduct, markets, quoted
from tests.app._world import context_of, desk_of, land

AT = datetime(2026, 11, 20, tzinfo=UTC)


def whole(name: str, rows: pl.DataFrame) -> pl.DataFrame:
    """Give rows every business column of their data set."""
    schema = DATASETS[name].schema
    absent = [pl.lit(None, schema[column]).alias(column) for column in schema if column not in rows.columns]
    return rows.with_columns(*absent).cast(
        {column: schema[column] for column in rows.columns if column in schema}
    )


def keep(context, database, model, *, status: str = "ok", reason: str | None = None) -> None:
    path, digest = Artifacts(context.settings.root, "acme").put("model", model.state())
    with database.session("acme", write=True) as session:
        session.add(ModelVersion(org="acme", name=model.name, version=1, champion=True, status=status, reason=reason,
                                 metrics={"value": 0.2}, card={"title": model.title}, artefact=path,
                                 artefact_sha256=digest, trained_at=AT))  # fmt: skip


@pytest.fixture
def bare(tmp_path, sqlite_database):
    context = context_of(tmp_path, sqlite_database)
    tables = conduct(2, heavy=False)
    events = tables["order_events"]
    last = events["transact_time"].dt.date().max()
    odd = pl.col("trader_id").is_in(["t1", "t2"]) & (pl.col("transact_time").dt.date() == last)
    changed = events.with_columns(
        order_qty=pl.when(odd).then(pl.col("order_qty") * 400).otherwise("order_qty")
    )
    accounts = tables["accounts"].with_columns(base_currency=pl.lit("USD"), desk=pl.lit("d0"))
    people = pl.DataFrame({"person_id": [f"t{n}" for n in range(6)], "name": [f"Trader {n}" for n in range(6)],
                           "manager_id": [None, None, None, "t1", None, None]})  # fmt: skip
    land(context, "acme", order_events=whole("order_events", changed), accounts=whole("accounts", accounts),
         people=whole("people", people), prices=whole("prices", markets(5)["prices"]))  # fmt: skip
    return context, tables | {"order_events": changed}


@pytest.fixture
def firm(bare, sqlite_database):
    context, tables = bare
    model = Behaviour(trees=20)
    keep(context, sqlite_database, fit(model, model.features(tables)))
    market = Regimes()
    keep(context, sqlite_database, fit(market, market.features(markets(5))))
    return context


def test_without_a_record_both_say_nothing_and_why(bare, sqlite_database):
    context, tables = bare
    desk = desk_of(context)
    assert behaviour.anomalies(desk)["rows"] == []
    assert behaviour.anomalies(desk)["model"]["status"] == "untrained"
    market = regimes.regimes(desk)
    assert (market["now"], market["spread"]) == (None, None)
    assert market["test"]["sessions"] > 300  # change points are looked for where states are silent
    keep(
        context,
        sqlite_database,
        fit(Behaviour(trees=5), Behaviour().features(tables)),
        status="silent",
        reason="noise",
    )
    again = behaviour.behaviour(desk_of(context, cached=False))
    assert (again["points"], again["model"]["reason"]) == ([], "noise")


def test_the_odd_days_come_with_value_usual_range_and_expected_false_alarms(firm):
    found = behaviour.anomalies(desk_of(firm), who="trader")
    assert {row["id"] for row in found["rows"][:2]} == {"t1", "t2"}
    first = found["rows"][0]
    assert (first["who"], first["name"][:6]) == ("trader", "Trader")
    assert first["reasons"][0]["value"] > first["reasons"][0]["high"] > first["reasons"][0]["low"]
    assert found["expected"] == pytest.approx(0.01 * found["looked_at"])
    assert found["total"] == len(found["rows"])


def test_the_map_holds_every_day_with_its_peers_and_both_kinds_add_up(firm):
    desk = desk_of(firm)
    seen = [behaviour.behaviour(desk, who=kind) for kind in behaviour.KINDS]
    assert sum(seen[0]["peers"].values()) == len(seen[0]["points"])
    assert {row["peers"] for row in seen[1]["points"]} == {"client"}
    both = behaviour.anomalies(desk)
    assert both["total"] == sum(one["odd"] for one in seen)
    assert both["looked_at"] == sum(len(one["points"]) for one in seen)


def test_the_scope_narrows_traders_desks_and_dates(firm):
    one = behaviour.behaviour(desk_of(firm, scope=Scope(trader=("t1",))))
    assert {row["id"] for row in one["points"]} == {"t1"}
    desk = behaviour.behaviour(desk_of(firm, scope=Scope(desk=("d0",))))
    assert {row["peers"] for row in desk["points"]} == {"d0"}
    day = date(2024, 1, 10)
    dated = behaviour.behaviour(desk_of(firm, scope=Scope(start=day, end=day)))
    assert {row["date"] for row in dated["points"]} == {"2024-01-10"}


@pytest.mark.parametrize("role", ["trader", "portfolio_manager", "risk", "admin"])
def test_only_those_who_read_surveillance_read_of_behaviour(firm, role):
    for question in (behaviour.behaviour, behaviour.anomalies):
        with pytest.raises(Forbidden):
            question(desk_of(firm, role=role))


def test_nobody_reads_of_himself_or_his_line(firm):
    mine = behaviour.behaviour(desk_of(firm, person_id="t1"))
    assert not {"t1", "t3"} & {row["id"] for row in mine["points"]}
    assert "t1" not in {row["id"] for row in behaviour.anomalies(desk_of(firm, person_id="t1"))["rows"]}
    assert behaviour.behaviour(desk_of(firm, org="zenith"))["points"] == []


def test_an_unknown_kind_is_refused(firm):
    with pytest.raises(Invalid):
        behaviour.behaviour(desk_of(firm), who="desk")


def test_the_market_has_a_state_every_day_that_dates_narrow_and_the_overview_names(firm):
    found = regimes.regimes(desk_of(firm, role="trader"))
    assert found["now"]["state"] in STATES
    assert sum(one["sessions"] for one in found["stretches"]) == len(found["days"])
    assert all(abs(sum(row[name] for name in STATES) - 1) < 0.001 for row in found["days"])
    few = regimes.regimes(
        desk_of(firm, role="trader", scope=Scope(start=date(2024, 6, 1), end=date(2024, 6, 30)))
    )
    assert len(few["days"]) == 30
    assert few["now"] == found["now"]
    assert found["spread"] == {"used": False, "days": 0, "needed": 120}
    values, reasons = intelligence.summary(desk_of(firm, role="trader"))
    assert values["regime"] == found["now"]["state"]
    assert "regime" not in reasons


def test_quotes_are_read_where_the_model_goes_by_spreads_and_change_points_are_narrowed_by_dates(
    bare, sqlite_database
):
    context, _ = bare
    market = Regimes()
    keep(context, sqlite_database, fit(market, market.features(quoted(5))))
    quotes = "instrument_id  transact_time  seq  bid_px  ask_px\nN0  2024-03-01T15:00:00  1  99  101\n"
    land(context, "acme", quotes=quotes)
    found = regimes.regimes(desk_of(context))
    assert found["spread"]["used"]
    assert found["now"]["state"] in STATES
    day = date(2024, 1, 2)
    assert regimes.regimes(desk_of(context, scope=Scope(start=day, end=day)))["changes"] == []
