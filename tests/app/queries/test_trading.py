"""Orders, executions, P&L and venues of a desk."""

from contextlib import suppress
from datetime import UTC, date, datetime

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.errors import Forbidden, Invalid, NotFound
from app.queries import trading
from app.scope import Scope
from tests.app._world import desk_of


def ids(answer) -> list[str]:
    return answer[0]["exec_id"].to_list()


def test_executions_come_newest_first_and_page_stably(firm):
    desk = desk_of(firm)
    rows, total = trading.executions(desk, limit=2)
    assert (ids((rows, total)), total) == (["E3", "E2"], 3)
    assert ids(trading.executions(desk, limit=2, offset=2)) == ["E1"]
    assert rows["notional"].to_list() == [2000, 7644]
    assert rows["symbol"].to_list() == ["SAP", "AAPL"]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"symbol": "SAP"}, ["E3"]),
        ({"symbol": {"op": "contains", "value": "aP"}}, ["E1", "E2", "E3"]),
        ({"venue": ["XNAS", None]}, ["E1", "E2"]),
        ({"last_qty": {"op": "gt", "value": 10}, "side": "buy"}, ["E1"]),
        ({"last_px": {"op": "between", "value": "191", "value_to": 195}}, ["E2"]),
        ({"transact_time": {"op": "ge", "value": datetime(2026, 11, 19, tzinfo=UTC)}}, ["E2", "E3"]),
        ({"arrival_px": {"op": "blank"}}, ["E3"]),
        ({"arrival_px": {"op": "not_blank"}, "exec_id": {"op": "not_equals", "value": "E1"}}, ["E2"]),
        ({"exec_id": {"type": "endsWith", "filterType": "text", "filter": "2"}}, ["E2"]),
        ({"last_qty": {"filterType": "number", "type": "lessThanOrEqual", "filter": 40}}, ["E2", "E3"]),
        ({"transact_time": {"filterType": "date", "type": "lessThan", "dateFrom": "2026-11-19 00:00:00"}}, ["E1"]),
        (
            {"exec_id": {"operator": "OR", "conditions": [{"type": "equals", "filter": "E1"}, {"type": "startsWith", "filter": "e3"}]}},
            ["E1", "E3"],
        ),
        ({"symbol": {"op": "contains", "value": ".*"}}, []),
        ({"symbol": {"op": "not_contains", "value": "AAPL"}}, ["E3"]),
    ],
)  # fmt: skip
def test_filters(firm, filters, expected):
    rows, total = trading.executions(desk_of(firm), filters=filters, sort="exec_id")
    assert (rows["exec_id"].to_list(), total) == (expected, len(expected))


@pytest.mark.parametrize(
    "asked",
    [
        {"sort": "ext"}, {"sort": "-nothing"}, {"sort": [{"colId": None}]}, {"sort": 5}, {"limit": 0},
        {"limit": 1001}, {"offset": -1}, {"filters": {"nothing": 1}}, {"filters": {"last_qty": "many"}},
        {"filters": {"last_qty": float("nan")}}, {"filters": {"last_qty": "1e400"}}, {"filters": {"version": 1.5}},
        {"filters": {"symbol": {"op": "regex", "value": "x"}}}, {"filters": {"symbol": {"op": "in", "value": "x"}}},
        {"filters": {"last_px": {"op": "contains", "value": "1"}}}, {"filters": {"symbol": {"conditions": []}}},
        {"filters": {"transact_time": "yesterday"}}, {"filters": {"symbol": "x" * 201}}, {"filters": {"trade_date": {"op": "gt"}}},
        {"filters": {"symbol": {"op": "contains", "value": ""}}}, {"filters": [1]}, {"filters": {"symbol": "\ud800"}},
        {"filters": {"symbol": {"conditions": [{"conditions": [{"type": "blank"}]}]}}},
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(firm, asked):
    with pytest.raises(Invalid) as caught:
        trading.executions(desk_of(firm), **asked)
    assert caught.value.errors
    assert all((error.value or "").encode() is not None for error in caught.value.errors)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.dates()
    | st.binary(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["op", "type", "value", "filter", "conditions", "operator", "values", "value_to"]
            ),
            inner,
        )
    ),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(["symbol", "last_qty", "version", "transact_time", "trade_date", "slippage_bp"]),
    VALUES,
    VALUES,
)
def test_any_filter_is_answered_or_refused(firm, column, wanted, sort):
    rows, total = pl.DataFrame(), 0
    with suppress(Invalid):
        rows, total = trading.executions(desk_of(firm), filters={column: wanted}, sort=sort)
    assert rows.height == total <= 3


def test_orders_show_how_they_stand(firm):
    rows, total = trading.orders(desk_of(firm))
    assert total == 2
    assert rows.select("order_id", "symbol", "filled_qty", "status").rows() == [
        ("O2", "AAPL", 40, "cancelled"), ("O1", "AAPL", 100, "filled"),
    ]  # fmt: skip
    assert trading.orders(desk_of(firm), filters={"status": "filled"})[1] == 1


def test_an_order_is_told_from_its_first_event_to_its_executions(firm):
    life = trading.order_life(desk_of(firm, scope=Scope(start=date(2020, 1, 1), end=date(2020, 1, 2))), "O2")
    assert life["order"]["status"] == "cancelled"
    assert life["events"]["event_type"].to_list() == ["new", "fill", "cancel"]
    assert life["executions"]["exec_id"].to_list() == ["E2"]
    assert life["children"] == []


def test_an_order_known_from_its_executions_only(firm):
    life = trading.order_life(desk_of(firm), "O3")
    assert life["order"] is None
    assert life["executions"]["exec_id"].to_list() == ["E3"]


@pytest.mark.parametrize("org", ["acme", "zenith"])
def test_a_foreign_order_is_as_unknown_as_none(firm, org):
    with pytest.raises(NotFound):
        trading.order_life(desk_of(firm, org=org, role="trader", desks=("D2",)), "O1")


def test_who_only_administers_reads_no_trades(firm):
    with pytest.raises(Forbidden):
        trading.executions(desk_of(firm, role="admin"))


def test_pnl_adds_up_by_day_beside_the_benchmark(firm):
    found = trading.pnl_series(desk_of(firm))
    rows = found["rows"]
    assert rows["date"].to_list() == [date(2026, 11, 18), date(2026, 11, 19), date(2026, 11, 20)]
    assert rows["pnl"].to_list() == pytest.approx([-11.5, 172.7, 60])
    assert rows["cumulative"].to_list() == pytest.approx([-11.5, 161.2, 221.2])
    # The deposits of the first day earn its return; then yesterday's net asset value does.
    assert found["benchmark"] == "SPX"
    last = 1550 + 160_161.2 * 0.01
    assert rows["benchmark"].to_list() == pytest.approx([1550, 1550, last])
    assert rows["usual_low"].null_count() == 3
    assert found["reasons"] == {}


def test_pnl_by_group_sums_to_the_whole(firm):
    for group in ("desk", "account", "strategy", "instrument", "sector", "country", "asset_class"):
        rows = trading.pnl(desk_of(firm), group_by=group)
        assert float(rows["pnl"].sum()) == pytest.approx(221.2), group
        parts = rows["realised_pnl"] + rows["unrealised_change"] + rows["income"] - rows["costs"]
        assert (parts == rows["pnl"]).all()
    assert trading.pnl(desk_of(firm), group_by="sector")["label"].to_list() == ["Tech", "Not known"]
    assert trading.pnl(desk_of(firm, scope=Scope(trader=("T1",)))).is_empty()
    with pytest.raises(Invalid):
        trading.pnl(desk_of(firm), group_by="password")


def test_venues_with_what_they_cost(firm):
    rows = trading.venues(desk_of(firm)).select("venue", "executions", "notional", "n", "slippage_bp")
    mean = (19010 * 1e4 * 0.1 / 190 + 7644 * 1e4 * (1 - 191.1 / 191.2)) / 26654
    assert rows.rows() == [("XNAS", 2, 26654, 2, pytest.approx(mean)), ("XETR", 1, 2400, 0, None)]


def test_freshness_names_what_has_rows(firm):
    rows = trading.freshness(desk_of(firm))
    assert rows["dataset"].to_list() == ["executions", "order_events", "prices", "cash_flows", "fx_rates"]
    assert rows["last_event"][0] == datetime(2026, 11, 19, 14, 30, tzinfo=UTC)
    assert trading.freshness(desk_of(firm, org="zenith")).is_empty()


def test_nothing_known_answers_in_shape(firm):
    desk = desk_of(firm, org="zenith")
    for rows, total in (trading.orders(desk), trading.executions(desk)):
        assert rows.is_empty()
        assert total == 0
    assert trading.pnl(desk).columns[0] == "group"
    assert trading.venues(desk).is_empty()
    found = trading.pnl_series(desk)
    assert isinstance(found["rows"], pl.DataFrame)
    assert found["reasons"]["pnl"]
