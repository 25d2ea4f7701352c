"""What one order cost: the published example through the lake, children, what is missing, who may ask."""

from datetime import UTC, datetime
from decimal import Decimal

import polars as pl
import pytest

from app.errors import Forbidden, NotFound
from app.queries._fills import bare
from app.queries._tca_orders import orders
from app.queries.order_cost import alerts_on, order_cost, order_course, order_tca
from app.scope import Scope
from app.storage.records.alerts import Alert
from tests.app._world import context_of, desk_of, land

# The worked example of the domain paper: decided at 40.00, released at 40.04, 700 of 1,000 filled at 40.05,
# cancelled at 40.08, costs of 17: 0.07 % + 0.0175 % + 0.06 % + 0.0425 % = 0.19 % of 40,000.
TABLES = {
    "accounts": """
account_id  kind   base_currency  desk   name
A1          house  USD            alpha  One
A2          house  EUR            beta   Two
""",
    "people": """
person_id  name  desk
tom        Tom   alpha
""",
    "instruments": """
instrument_id  symbol  name   asset_class  currency  multiplier
X              X       Ex     equity       USD       1
Y              Y       Why    equity       EUR       1
""",
    "order_events": """
order_id  event_seq  event_type  instrument_id  account_id  trader_id  side  parent_order_id  limit_px  order_qty  transact_time  received_time
P1        1          new         X              A1          tom        buy   -                -         1000       14:30:00       14:29:00
C1        2          new         X              A1          tom        buy   P1               40.06     600        14:30:10       -
C1        3          replace     X              A1          tom        buy   -                40.05     500        14:30:20       -
C2        4          new         X              A1          tom        buy   P1               40.05     300        14:31:00       -
C1        5          cancel      X              A1          tom        buy   P1               -         500        14:40:00       -
P1        6          cancel      X              A1          tom        buy   -                -         1000       14:40:00       -
S1        1          new         X              A1          tom        sell  -                40        10         14:50:00       -
B1        1          new         Y              A2          ann        sell  -                -         10         14:30:00       -
F1        1          fill        X              A1          tom        buy   -                -         10         14:30:00       -
""",
    "executions": """
exec_id  order_id  account_id  trader_id  instrument_id  side  last_qty  last_px  currency  commission  fees  transact_time
E1       C1        A1          tom        X              buy   400       40.05    USD       10          -     14:30:30
E2       C2        A1          tom        X              buy   300       40.05    USD       5           2     14:35:00
E3       B1        A2          ann        Y              sell  10        50       EUR       1           -     14:31:00
E4       N1        A1          tom        X              buy   5         40.10    USD       -           -     14:45:00
""",
    "quotes": """
instrument_id  transact_time  seq  bid_px  ask_px
X              14:28:00       1    39.99   40.01
X              14:29:30       2    40.03   40.05
X              14:39:00       3    40.07   40.09
X              14:45:30       4    40.09   40.11
""",
    "tape": """
instrument_id  transact_time  seq  last_px  last_qty
X              14:30:30       1    40.05    1000
X              14:34:00       2    40.06    2500
""",
    "prices": """
instrument_id  date        close  currency
X              2026-11-19  39     USD
X              2026-11-20  41     USD
X              2026-11-21  42     USD
""",
    "fx_rates": """
date        from_currency  to_currency  rate
2026-11-19  USD            EUR          0.5
""",
}


@pytest.fixture(scope="module")
def firm(tmp_path_factory, empty_sqlite):
    import shutil

    from app.storage.database import Database

    home = tmp_path_factory.mktemp("orders")
    shutil.copy(empty_sqlite, home / "records.db")
    database = Database(f"sqlite:///{home / 'records.db'}")
    context = context_of(home, database)
    land(context, "acme", **TABLES)
    with database.session("acme", write=True) as session:
        for alert_id, evidence, actor in (
            ("a1", {"order_ids": ["C2"]}, "tom"),
            ("a2", {"exec_ids": ["E1"]}, "tom"),
            ("a3", {"order_ids": ["S1"]}, "ann"),
        ):
            session.add(
                Alert(
                    org="acme",
                    alert_id=alert_id,
                    detector="wash_trade",
                    detector_version="1",
                    parameters_version="p",
                    score=95,
                    severity="critical",
                    title="T",
                    actors=[{"kind": "trader", "id": actor}],
                    instrument_ids=["X"],
                    created_at=datetime(2026, 11, 20, 15, tzinfo=UTC),
                    evidence=evidence,
                )
            )
    yield context
    database.close()


def by_name(passports) -> dict:
    return {one["name"]: one for one in passports}


def test_the_published_example_is_exact_with_its_children(firm):
    found = order_cost(desk_of(firm, scope=Scope(account=("A2",), trader=("ann",))), "P1")["shortfall"]
    assert (found["paper"], found["currency"], found["filled_qty"]) == (40_000, "USD", 700)
    amounts = {part["name"]: part["amount"] for part in found["parts"]}
    assert amounts == {"delay": 28, "trading": 7, "opportunity": 24, "explicit": 17}
    assert found["total"]["amount"] == sum(amounts.values()) == 76
    assert found["total"]["amount"] / found["paper"] == Decimal("0.0019")
    bp = [part["value"] for part in (*found["parts"], found["total"])]
    assert bp == [pytest.approx(x, rel=1e-12) for x in (7, 1.75, 6, 4.25, 19)]


def test_every_benchmark_has_its_price_and_its_cost(firm):
    found = by_name(order_cost(desk_of(firm), "P1")["benchmarks"])
    prices = {"decision": 40, "arrival": Decimal("40.04"), "vwap": Decimal("40.057142857142"),
              "close": 41, "previous_close": 39}  # fmt: skip
    for name, price in prices.items():
        assert found[name]["price"] == pytest.approx(price, abs=Decimal("1e-11")), name
        assert found[name]["value"] == pytest.approx((40.05 / float(price) - 1) * 1e4, rel=1e-6), name
        assert (found[name]["n"], found[name]["reason"]) == (2, None)
    # Mid of 40.04 from the release to 14:35, the last fill.
    assert found["twap"]["price"] == Decimal("40.04")
    assert found["decision"]["time"] == datetime(2026, 11, 20, 14, 29, tzinfo=UTC)


def test_measures_of_the_parent_count_what_its_children_did(firm):
    answer = order_tca(desk_of(firm), "P1")
    found = by_name(answer["measures"])
    assert found["average_price"]["value"] == pytest.approx(40.05)
    assert found["fill_rate"]["value"] == pytest.approx(0.7)
    assert found["duration"]["value"] == 300
    assert found["participation"]["value"] == pytest.approx(700 / 3500)
    assert found["effective_spread"]["value"] == pytest.approx(2 * 0.01 / 40.04 * 1e4)
    assert found["quoted_spread"]["value"] == pytest.approx(0.02 / 40.04 * 1e4)
    # At the last fill the mid was 40.04, five minutes later 40.08: it did not come back.
    assert found["reversion"]["value"] == pytest.approx((40.04 / 40.08 - 1) * 1e4)
    # Three sessions say nothing of a usual volume.
    assert found["share_of_adv"]["reason"] == "No average daily volume is known."
    assert (
        found["cost_z"]["reason"] == found["expected_cost"]["reason"] == "No average daily volume is known."
    )
    order = answer["order"]
    assert (order["status"], order["filled_qty"], order["children"], order["trader_name"]) == (
        "cancelled", 700, 2, "Tom",
    )  # fmt: skip
    assert answer["children"]["order_id"].to_list() == ["C1", "C2"]
    assert answer["events"].height == 6


def test_mark_outs_are_of_this_order_alone_and_have_no_band(firm):
    found = by_name(order_cost(desk_of(firm), "P1")["markouts"])
    assert list(found) == ["1s", "10s", "1m", "5m", "30m", "close", "1d"]
    assert found["1s"]["value"] == pytest.approx((40.05 / 40.04 - 1) * 1e4)
    assert found["close"]["value"] == pytest.approx((40.05 / 41 - 1) * 1e4)
    assert found["1d"]["value"] == pytest.approx((40.05 / 42 - 1) * 1e4)
    # Quotes end at 14:45:30: half an hour after its first fill they are too old to count.
    assert found["30m"]["n"] == 0
    assert found["30m"]["reason"] == "No price is known that long after its fills."
    assert all(one["low"] is None for one in found.values())


def test_a_child_is_an_order_of_its_own_and_names_its_parent(firm):
    found = order_cost(desk_of(firm), "C1")
    assert (found["order"]["parent_order_id"], found["order"]["order_qty"]) == ("P1", 500)
    assert found["shortfall"]["filled_qty"] == 400
    assert found["fills"]["exec_id"].to_list() == ["E1"]
    assert found["events"]["event_type"].to_list() == ["new", "replace", "cancel"]


def test_money_in_the_currency_asked_for_still_sums(firm):
    found = order_cost(desk_of(firm, scope=Scope(currency="EUR")), "P1")["shortfall"]
    assert (found["currency"], found["paper"], found["total"]["amount"]) == ("EUR", 20_000, 38)
    assert found["total"]["value"] == pytest.approx(19)
    missing = order_cost(desk_of(firm, scope=Scope(currency="CHF")), "P1")["shortfall"]
    assert missing["paper"] is missing["total"]["amount"] is None
    assert missing["total"]["value"] == pytest.approx(19)
    assert missing["money_reason"] == "No rate from USD to CHF is known."


def test_an_order_that_filled_nothing_says_so(firm):
    found = order_tca(desk_of(firm), "S1")
    assert found["shortfall"]["total"]["amount"] == 0
    assert {one["reason"] for one in found["benchmarks"]} == {"Nothing of it was filled."}
    assert by_name(found["benchmarks"])["decision"]["price"] == Decimal("40.10")
    assert found["markouts"] == []
    assert by_name(found["measures"])["fill_rate"]["value"] == 0
    assert by_name(found["measures"])["cost_z"]["reason"] == "Nothing of it was filled."
    assert found["order"]["status"] == "open"


def test_without_a_market_each_null_has_its_reason(firm):
    found = order_tca(desk_of(firm), "B1")
    assert found["shortfall"]["total"]["reason"] == "No price is known for the time of the decision."
    nulls = [
        one for one in (*found["benchmarks"], *found["markouts"], *found["measures"]) if one["value"] is None
    ]
    assert len(nulls) > 15
    assert all(one["reason"] for one in nulls)


def test_fills_told_by_events_alone_are_no_opportunity_lost(firm):
    found = order_cost(desk_of(firm), "F1")
    why = "Its fills are known as order events only; no execution of it was imported."
    assert found["shortfall"]["total"]["reason"] == why
    assert found["shortfall"]["total"]["amount"] is None
    assert by_name(found["measures"])["fill_rate"]["reason"] == why


def test_an_order_known_from_its_executions_only(firm):
    found = order_cost(desk_of(firm), "N1")
    assert found["shortfall"]["total"]["reason"] == "The ordered quantity is not known."
    assert (found["order"]["side"], found["order"]["account_id"]) == ("buy", "A1")
    assert by_name(found["benchmarks"])["arrival"]["price"] == Decimal("40.08")
    assert order_course(desk_of(firm), "N1")["fills"][0]["price"] == 40.10


def test_its_life_has_limits_as_long_as_they_stood(firm):
    found = order_course(desk_of(firm), "C1")
    assert found["kind"] == "quotes"
    assert [(row["limit_px"], row["time"].second, row["until"].minute) for row in found["limits"]] == [
        (40.06, 10, 30), (40.05, 20, 40),
    ]  # fmt: skip
    assert [row["event_type"] for row in found["marks"]] == ["new", "replace", "cancel"]
    assert found["start"] < datetime(2026, 11, 20, 14, 30, tzinfo=UTC) < found["end"]
    # A parent without a limit shows those of its children.
    assert {row["order_id"] for row in order_course(desk_of(firm), "P1")["limits"]} == {"C1", "C2"}


@pytest.mark.parametrize("question", [order_cost, order_course])
def test_a_foreign_order_is_as_unknown_as_none(firm, question):
    said = set()
    for desk, order in (
        (desk_of(firm, org="zenith"), "P1"),
        (desk_of(firm, role="trader", desks=("beta",)), "P1"),
        (desk_of(firm), "no-such-order"),
    ):
        with pytest.raises(NotFound) as caught:
            question(desk, order)
        said.add(caught.value.detail)
    assert len(said) == 1
    assert question(desk_of(firm, role="trader", desks=("alpha",)), "P1")


def test_alerts_on_an_order_are_for_compliance_and_never_for_their_subject(firm):
    assert [alert["alert_id"] for alert in alerts_on(desk_of(firm), "P1")] == ["a1", "a2"]
    assert alerts_on(desk_of(firm, scope=Scope(instrument=("Y",))), "S1")[0]["alert_id"] == "a3"
    assert alerts_on(desk_of(firm, person_id="tom"), "P1") == []
    for role in ("trader", "risk", "portfolio_manager", "admin"):
        with pytest.raises(Forbidden):
            alerts_on(desk_of(firm, role=role), "P1")


def test_it_is_judged_by_the_very_figures_of_execution_quality(firm):
    judged = orders(bare(desk_of(firm))[0])["traded"].filter(pl.col("order_id") == "P1").row(0, named=True)
    answer = order_tca(desk_of(firm, scope=Scope(account=("A2",))), "P1")
    found = by_name(answer["measures"])
    assert (found["cost_z"]["value"], found["cost_z"]["reason"]) == (judged["z"], judged["reason"])
    assert by_name(answer["benchmarks"])["arrival"]["value"] == pytest.approx(judged["cost_bp"])
    for name in ("delay", "trading", "opportunity", "explicit"):
        assert by_name(answer["shortfall"]["parts"])[name]["amount"] == judged[name]
    assert answer["inputs"]["duration_seconds"] == judged["duration_seconds"]
