"""The worker fits what takes long, judges each book's models, and speaks up once."""

import numpy as np
import pytest
from sqlalchemy import select

from analytics.portfolio.var import tail_risk
from app.jobs import risk_models, surveil
from app.jobs._queue import kinds
from app.jobs._watch import finding, open_alerts, watches
from app.queries import portfolio, risk, risk_backtest
from app.scope import Scope
from app.storage.records.alerts import Alert
from app.storage.records.ledger import LakePin
from app.storage.records.risk import RiskForecast
from tests.app._world import context_of, desk_of
from tests.app.queries._traded import found_firm
from tests.world import NOW

ORG = "acme"


@pytest.fixture(scope="module")
def fitted(empty_sqlite, tmp_path_factory):
    """Return a firm whose risk models have been fitted once, and what the job said."""
    import shutil

    from app.storage.database import Database

    home = tmp_path_factory.mktemp("home")
    shutil.copy(empty_sqlite, home / "records.db")
    database = Database(f"sqlite:///{home / 'records.db'}")
    context = context_of(home, database)
    found_firm(context, sessions=380)
    assert risk_models.due(context, ORG)
    said = risk_models.refresh_risk(context, ORG, cause="test")
    yield context, said
    database.close()


def alerts(context, org=ORG):
    with context.database.session(org) as session:
        return list(session.scalars(select(Alert).where(Alert.detector == risk_models.SOURCE)))


def test_every_book_is_fitted_and_desks_are_back_tested(fitted):
    context, said = fitted
    assert (said["books"], said["fitted"], said["failed"]) == (5, 5, {})  # the firm, two desks, two accounts
    assert said["backtests"] == 3 * 6
    with context.database.session(ORG) as session:
        kept = {(row.book_kind, row.book_id) for row in session.scalars(select(RiskForecast))}
    assert kept == {
        ("organisation", ""),
        ("desk", "D1"),
        ("desk", "D2"),
        ("account", "A1"),
        ("account", "A2"),
    }


def test_a_second_run_on_the_same_tables_changes_nothing(fitted):
    context, _ = fitted
    before = [alert.alert_id for alert in alerts(context)]
    again = risk_models.refresh_risk(context, ORG, cause="test")
    assert again["unchanged"]
    assert [alert.alert_id for alert in alerts(context)] == before
    assert not risk_models.due(context, ORG)


def test_the_page_reads_what_was_fitted(fitted):
    context, _ = fitted
    desk = desk_of(context)
    pnl = portfolio.risk(desk)["pnl"]["pnl"].to_numpy()
    cells = [
        cell for cell in risk.report(desk)["table"] if cell["convention"]["method"] == "filtered_historical"
    ]
    one = next(c for c in cells if c["convention"]["confidence"] == 0.99 and c["convention"]["days"] == 1)
    assert len(cells) == 8
    assert one["value"] == pytest.approx(tail_risk(pnl, method="filtered_historical", confidence=0.99).var)
    assert one["convention"]["data_versions"]["prices"] == desk.versions(*risk_models.BOOK)["prices"]
    found = risk_backtest.backtest(desk, method="filtered_historical")
    assert found["reasons"] == {}
    judged = found["rows"].filter(found["rows"]["exception"].is_not_null())
    # 250 sessions of history are needed for the first fit, and the last evening's day is not there yet.
    assert judged.height == 380 - 1 - 250
    assert found["zone"]["n"] == judged.height


def test_who_sees_one_desk_reads_its_forecasts_and_no_others(fitted):
    context, _ = fitted
    trader = desk_of(context, role="trader", desks=("D1",))
    whole = risk_backtest.backtest(desk_of(context), method="filtered_historical")["rows"]["var"][-1]
    mine = risk_backtest.backtest(trader, method="filtered_historical")["rows"]["var"][-1]
    same = risk_backtest.backtest(desk_of(context, scope=Scope(desk=("D1",))), method="filtered_historical")
    assert mine == same["rows"]["var"][-1] != whole
    asked = desk_of(context, role="trader", desks=("D1",), scope=Scope(desk=("D2",)))
    assert risk_backtest.backtest(asked, method="filtered_historical")["rows"].is_empty()
    asked = desk_of(context, role="trader", desks=("D1",), scope=Scope(account=("A2",)))
    assert risk_backtest.backtest(asked, method="filtered_historical")["rows"].is_empty()


@pytest.mark.parametrize(
    "scope", [Scope(instrument=("AAA",)), Scope(currency="EUR"), Scope(account=("A1", "A2"))], ids=str
)
def test_another_cut_of_the_data_says_that_it_is_not_fitted(fitted, scope):
    found = risk_backtest.backtest(desk_of(fitted[0], scope=scope), method="filtered_historical")
    assert "each desk and each account only" in found["reasons"]["rows"]


def judged(hits, n=250, zone=None):
    """Return a back-test that counted so many exceptions."""
    import polars as pl

    from analytics.portfolio.var_backtest import basel_zone, kupiec

    light = basel_zone(hits, n)
    days = pl.date_range(pl.date(2026, 1, 1), pl.date(2026, 1, 1) + pl.duration(days=n - 1), eager=True)
    rows = pl.DataFrame({"date": days, "exception": [place < hits for place in range(n)]})
    last = {"date": days[-1], "pnl": -2_000.0, "var": 1_000.0}
    tests = [{"name": "kupiec_pof", "p_value": kupiec(hits, n, confidence=0.99).p_value}]
    tests += [{"name": name, "p_value": None} for name in ("conditional_coverage", "acerbi_szekely_z2")]
    return {
        "zone": {"zone": light.zone, "exceptions": hits, "n": n, "from_red": light.from_red},
        "tests": tests, "rows": rows, "exceptions": [last] if hits else [], "currency": "USD",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("hits", "severity"), [(2, None), (6, None), (8, "medium"), (10, "high"), (20, "critical")]
)
def test_red_zone_or_a_rejected_coverage_makes_a_finding(hits, severity):
    found = risk_models._finding(
        ("desk", "D1"), "historical", {"historical": judged(hits), "ewma": judged(3)}
    )
    assert (found and found["severity"]) == severity
    if found:
        assert found["story"][0].startswith(
            f"The historical VaR at 99 % of desk D1 was exceeded on {hits} of 250"
        )
        assert found["story"][-1] == "Nearer to what was expected: ewma 3."
        assert found["actors"] == [{"kind": "desk", "id": "D1"}]
        assert {metric["name"] for metric in found["metrics"]} >= {
            "exceptions",
            "kupiec_p_value",
            "exceptions_ewma",
        }


def test_few_sessions_say_nothing():
    assert risk_models._finding(("organisation", ""), "historical", {"historical": judged(9, n=90)}) is None


def test_a_misleading_model_opens_one_alert_that_can_be_computed_again(fitted, monkeypatch):
    context, _ = fitted
    # Whatever the zone, a model that is judged by so strict a level misleads.
    monkeypatch.setattr(risk_models, "REJECTED", 1.1)
    whole = next(risk_models._books(context, ORG))
    monkeypatch.setattr(risk_models, "_books", lambda *_: iter([whole]))
    with context.database.session(ORG, write=True) as session:
        for row in session.scalars(select(RiskForecast)):
            row.version = "old"
    first = risk_models.refresh_risk(context, ORG, cause="test")
    assert first["alerts"] == first["misleading"] - (len(alerts(context)) - first["alerts"]) > 0
    with context.database.session(ORG, write=True) as session:
        for row in session.scalars(select(RiskForecast)):
            row.version = "old"
    assert risk_models.refresh_risk(context, ORG, cause="test")["alerts"] == 0
    one = alerts(context)[0]
    assert one.title.startswith("Value at risk misleads: ")
    assert one.data_versions["daily_positions"] != "-"
    with context.database.session(ORG) as session:
        pinned = {(pin.dataset, pin.version) for pin in session.scalars(select(LakePin))}
    assert ("daily_positions", int(one.data_versions["daily_positions"])) in pinned
    found = surveil.reproduce(context, ORG, one.alert_id)
    assert (found["identical"], found["differences"]) == (True, {})


def test_alerts_of_other_sources_are_recorded_once(fitted):
    context, _ = fitted
    row = finding(["one"], subject="a thing", score=50, metrics=[], story=["It was so."], window=(NOW, NOW))
    for expected in (1, 0):
        said = open_alerts(
            context,
            ORG,
            source="other",
            version="1",
            parameters_version="p",
            rows=[row],
            data_versions={},
            titles="Odd",
        )
        assert len(said.new) == expected
    with context.database.session(ORG) as session:
        stored = session.scalar(select(Alert).where(Alert.detector == "other"))
    assert (stored.title, stored.severity, stored.story) == ("Odd: a thing", "medium", ["It was so."])


def test_the_job_and_its_watch_are_found():
    assert kinds()["risk_models"].hour is not None
    assert risk_models.SOURCE in watches()


def test_a_firm_without_positions_is_left_alone(fitted):
    context, _ = fitted
    assert not risk_models.due(context, "zenith")
    said = risk_models.refresh_risk(context, "zenith", cause="test")
    assert (said["fitted"], said["alerts"]) == (0, 0)
    assert np.isfinite(said["seconds"])
