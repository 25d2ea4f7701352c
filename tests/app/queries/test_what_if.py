"""Plans of a small book: before and after by hand, restricted names, entitlements, the optimiser's answer."""

import csv
from decimal import Decimal

import numpy as np
import pytest

from app.actions import limits as limit_acts
from app.actions import lists, scenarios
from app.actions import what_if as acts
from app.actions.audit import entries
from app.errors import Forbidden, Invalid, NotFound
from app.jobs import optimise as job
from app.queries import optimise, portfolio, what_if
from app.queries.optimise import Asked
from app.scope import Identity, Scope
from tests.app._world import context_of, desk_of
from tests.app.queries._long import firm_of, values


@pytest.fixture(scope="module")
def long_firm(module_database, tmp_path_factory):
    return firm_of(tmp_path_factory.mktemp("home"), module_database)


@pytest.fixture
def desk(long_firm):
    return desk_of(long_firm, role="risk")


def by_name(rows, key="instrument_id"):
    return {row[key]: row for row in rows}


def test_a_plan_without_targets_changes_nothing(desk):
    found = what_if.what_if(desk, {})
    assert found["orders"] == []
    for row in found["measures"]:
        assert row["after"] == row["before"], row["name"]
    assert found["trading"] | {"days": 0, "cost_bp": 0} == {
        "traded": 0, "turnover": 0, "cost": 0, "cost_bp": 0, "days": 0, "trades": 0, "unknown": 0, "blocked": 0,
    }  # fmt: skip
    assert found["others"] == [{"instrument_id": "DDD", "symbol": "DDD"}]


def test_before_is_what_the_risk_page_says(desk):
    before = {row["name"]: row["before"] for row in what_if.what_if(desk, {})["measures"]}
    risk, whole = portfolio.risk(desk), portfolio.totals(desk)[0]
    assert before["var_99_1d"] == pytest.approx(risk["var_99_1d"])
    assert before["es_975_1d"] == pytest.approx(risk["es_975_1d"])
    assert before["gross_exposure"] == pytest.approx(whole["gross_exposure"])
    assert before["net_exposure"] == pytest.approx(whole["net_exposure"])


def test_targets_by_hand(desk):
    held, base = dict(values(desk).iter_rows()), portfolio.totals(desk)[0]["nav"]
    found = what_if.what_if(desk, {"AAA": 0.3, "CCC": 0.0, "DDD": 0.1})
    rows = by_name(found["rows"])
    unit = held["AAA"] / 300
    lots = int((0.3 * base - held["AAA"]) / unit / 10) * 10
    assert rows["AAA"]["quantity"] == lots
    assert rows["AAA"]["after"] == pytest.approx((held["AAA"] + lots * unit) / base)
    assert rows["CCC"]["quantity"] == 100
    sides = {(o["account_id"], o["instrument_id"]): (o["side"], o["quantity"]) for o in found["orders"]}
    assert sides[("A1", "AAA")] == ("buy", lots)
    assert sides[("A2", "CCC")] == ("buy_cover", 100)
    # Nobody holds DDD: the account with the largest book trades it.
    assert sides[("A1", "DDD")][0] == "buy"
    after = {row["name"]: row["after"] for row in found["measures"]}
    net = sum(row["after"] for row in rows.values()) * base
    assert after["net_exposure"] == pytest.approx(net)
    assert sum(row["after"] for row in found["sectors"]) == pytest.approx(net / base)
    assert found["trading"]["turnover"] == pytest.approx(
        sum(abs(row["traded"]) for row in rows.values()) / base
    )
    assert found["trading"]["cost"] > 0


def test_half_the_book_is_half_the_risk(desk):
    rows = what_if.what_if(desk, {})["rows"]
    found = what_if.what_if(desk, {row["instrument_id"]: row["weight"] / 2 for row in rows})
    measures = by_name(found["measures"], "name")
    # Lots of ten shares round a little.
    assert measures["volatility"]["after"] == pytest.approx(measures["volatility"]["before"] / 2, rel=0.03)
    assert measures["beta"]["after"] == pytest.approx(measures["beta"]["before"] / 2, rel=0.05)


def test_an_instrument_named_at_nothing_changes_nothing(desk):
    plain, with_zero = what_if.what_if(desk, {"AAA": 0.3}), what_if.what_if(desk, {"AAA": 0.3, "DDD": 0.0})
    assert with_zero["orders"] == plain["orders"]
    assert with_zero["measures"] == plain["measures"]


def test_restricted_names_are_flagged_not_bought_and_other_lists_stay_hidden(long_firm, desk):
    officer = Identity("acme", "u_c", "Clara", "compliance")
    listed = [
        lists.add(long_firm.database, officer, kind="restricted", instrument_id="AAA"),
        lists.add(long_firm.database, officer, kind="watch", instrument_id="BBB"),
    ]
    try:
        found = what_if.what_if(desk, {"AAA": 0.5, "BBB": 0.3})
        rows = by_name(found["rows"])
        assert (rows["AAA"]["quantity"], rows["AAA"]["blocked"]) == (0, True)
        assert found["restricted"] == ["AAA"]
        assert (rows["BBB"]["restricted"], rows["BBB"]["reason"]) == (False, None)
        assert rows["BBB"]["quantity"] > 0
        sold = by_name(what_if.what_if(desk, {"AAA": 0.0})["rows"])["AAA"]
        assert (sold["quantity"], sold["restricted"]) == (-300, True)
        weights = optimise.optimise(desk, Asked(objective="equal_weight"))["targets"]
        assert weights["AAA"] <= rows["AAA"]["weight"] + 1e-6
    finally:
        for entry in listed:
            lists.remove(long_firm.database, officer, entry.id)


def test_limits_are_measured_as_they_would_be(long_firm, desk):
    risk = Identity("acme", "u_risk", "Rita", "risk")
    made = limit_acts.add(
        long_firm.database, risk, name="Gross", measure="gross_exposure", value=Decimal(100_000)
    )
    rows = by_name(what_if.limits_after(desk, {"AAA": 0.0}), "limit_id")
    gross = by_name(what_if.what_if(desk, {"AAA": 0.0})["measures"], "name")["gross_exposure"]
    assert rows[made.id]["before"]["value"] == pytest.approx(gross["before"])
    assert rows[made.id]["after"]["value"] == pytest.approx(gross["after"])


def test_targets_in_an_address_read_back():
    targets = {"XETR:SAP": -0.05, "AAA": 0.1}
    assert what_if.targets_of(what_if.targets_text(targets)) == targets
    for wrong in ("AAA", "AAA:x", ":0.1", "AAA:nan", "AAA:11", "AAA:0.1,AAA:0.2"):
        with pytest.raises(Invalid):
            what_if.targets_of(wrong)


def test_unknown_names_are_refused_and_nothing_held_is_told(desk, tmp_path, sqlite_database):
    with pytest.raises(Invalid):
        what_if.what_if(desk, {"MOON": 0.1})
    nobody = what_if.what_if(desk_of(context_of(tmp_path, sqlite_database), org="zenith"), {})
    assert (nobody["rows"], nobody["trading"]) == ([], None)
    assert nobody["reason"]
    assert what_if.what_if(desk.with_scope(trader=("T1",)), {})["reason"].endswith("not by trader.")


def test_a_desk_plans_with_its_own_accounts_only(long_firm):
    mine = desk_of(long_firm, role="trader", desks=("D2",))
    found = what_if.what_if(mine, {"CCC": 0.0})
    assert [row["instrument_id"] for row in found["rows"]] == ["CCC"]
    assert {order["account_id"] for order in found["orders"]} == {"A2"}


def test_orders_leave_as_a_file_and_the_trail_says_so(long_firm, desk):
    keeper = Identity("acme", "u_pm", "Petra", "portfolio_manager")
    plan = what_if.what_if(desk, {"AAA": 0.0})
    text = acts.export_orders(long_firm.database, keeper, plan, name="=Less energy")
    head, row = text.splitlines()
    assert head == "side,quantity,instrument_id,symbol,account_id,reference_price,currency,value,as_of,reason"
    assert row.startswith("sell,300,AAA,AAA,A1,")
    assert next(csv.reader([row]))[-1].startswith("'=Less energy: to 0.00% of net asset value, now ")
    auditor = Identity("acme", "u_a", "Ada", "auditor")
    told = entries(long_firm.database, auditor, object_kind="plan")
    assert [(one["action"], one["actor_name"]) for one in told] == [("orders.export", "Petra")]
    with pytest.raises(Forbidden):
        acts.export_orders(long_firm.database, Identity("acme", "u_t", "Tom", "trader"), plan)
    with pytest.raises(Invalid, match="nothing to trade"):
        acts.export_orders(long_firm.database, keeper, what_if.what_if(desk, {}))


def test_a_plan_is_kept_under_a_name(long_firm, desk):
    keeper = Identity("acme", "u_pm", "Petra", "portfolio_manager")
    made = acts.keep(long_firm.database, keeper, name="Less energy", targets={"AAA": 0.05, "X&Y": 0.1})
    assert what_if.saved(desk)[0]["query"] == "targets=AAA:0.05,X%26Y:0.1"
    with pytest.raises(Invalid):
        acts.keep(long_firm.database, keeper, name="Nothing", targets={})
    scenarios.remove(long_firm.database, keeper, made.id)
    assert what_if.saved(desk) == []


# --- the optimiser ---------------------------------------------------------------------------------------
def test_optimised_weights_come_with_their_record(desk):
    found = optimise.optimise(desk, Asked())
    now = sum(row["weight"] for row in what_if.what_if(desk, {})["rows"])
    assert found["state"] == "ready"
    assert sum(found["targets"].values()) == pytest.approx(now, abs=1e-4)
    assert min(found["targets"].values()) >= -1e-9
    sessions = len(found["dates"])
    assert {len(course["growth"]) for course in found["courses"].values()} == {sessions}
    for name, course in found["courses"].items():
        daily = np.diff([1.0, *course["growth"]]) / [1.0, *course["growth"][:-1]]
        assert course["measures"]["volatility"] == pytest.approx(daily.std(ddof=1) * 252**0.5, rel=1e-3), name
    gap = found["against"]["equal"]["volatility"]
    assert gap["low"] <= gap["value"] <= gap["high"]
    assert len(found["frontier"]["in_sample"]) == len(found["frontier"]["out_of_sample"])
    assert found["verdict"]["text"]


def test_what_cannot_be_optimised_says_why(desk, long_firm, tmp_path, sqlite_database):
    found = optimise.optimise(desk, Asked(max_weight=0.01))
    assert (found["state"], "less than the" in found["reason"]) == ("infeasible", True)
    short = optimise.optimise(desk.with_scope(account=("A2",)), Asked())
    assert "net short" in short["reason"]
    lone = optimise.optimise(desk.with_scope(instrument=("AAA",)), Asked())
    assert lone["targets"] == {"AAA": pytest.approx(1.0)}
    nobody = optimise.optimise(desk_of(context_of(tmp_path, sqlite_database), org="zenith"), Asked())
    assert nobody["state"] == "infeasible"
    assert nobody["reason"]
    with pytest.raises(Invalid):
        Asked(objective="get_rich", max_weight=-1).checked()


def test_a_request_is_worked_out_once_and_is_nobody_elses(long_firm, desk):
    first = job.request(long_firm, desk, Asked(objective="equal_weight"))
    assert first["state"] == "queued"
    again = job.request(
        long_firm, desk.with_scope(extra={"targets": "AAA:0"}), Asked(objective="equal_weight")
    )
    assert again["request_id"] == first["request_id"]
    from app.jobs._queue import JobQueue

    JobQueue(long_firm)._work(first["request_id"])
    done = job.answer(long_firm, desk, first["request_id"])
    assert done["state"] == "ready"
    assert done["result"]["targets"] == optimise.optimise(desk, Asked(objective="equal_weight"))["targets"]
    colleague = desk_of(long_firm, role="portfolio_manager", desks=("D2",))
    stranger = desk_of(long_firm, org="zenith", role="risk")
    for other in (colleague, stranger):
        with pytest.raises(NotFound):
            job.answer(long_firm, other, first["request_id"])
    assert (
        job.request(long_firm, colleague, Asked(objective="equal_weight"))["request_id"]
        != first["request_id"]
    )
    with pytest.raises(Forbidden):
        job.request(long_firm, desk_of(long_firm, role="trader", desks=("D1",)), Asked())


def test_a_scope_of_its_own_is_another_question(long_firm, desk):
    whole = job.request(long_firm, desk, Asked())
    part = job.request(long_firm, desk_of(long_firm, role="risk", scope=Scope(account=("A1",))), Asked())
    assert part["request_id"] != whole["request_id"]
