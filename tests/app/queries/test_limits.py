"""Limits measured in one place: by hand, as the portfolio says, for whom they concern, for a book that is not."""

from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl
import pytest

from app.errors import Forbidden, NotFound
from app.queries import compliance, limits, portfolio
from app.scope import Scope
from app.storage.records import counters
from app.storage.records.lists import Limit
from tests.app._world import desk_of

# The book of tests/app/queries/_firm.py at 2026-11-20: 60 AAPL at 193 in A1, 10 SAP at 201 EUR (1.2) in A2.
AAPL, SAP = 60 * 193.0, 10 * 201 * 1.2


@pytest.fixture
def set_limits(firm):
    """Return a way to put limits on record, which are gone after the test."""
    made = []

    def put(*entries):
        with firm.database.session("acme", write=True) as session:
            for name, measure, value, more in entries:
                limit = Limit(
                    id=name, name=name, measure=measure, value=Decimal(str(value)), created_by="u", **more
                )
                session.add(limit)
                made.append(name)
            counters.bump(session, "acme", "limits")

    yield put
    with firm.database.session("acme", write=True) as session:
        for name in made:
            session.delete(session.get_one(Limit, name))
        counters.bump(session, "acme", "limits")


def account(name):
    return {"subject_kind": "account", "subject_id": name}


def by_name(rows):
    return {row["name"]: row for row in rows}


def test_measures_are_those_of_the_book(firm, set_limits):
    set_limits(
        ("gross", "gross_exposure", 10_000, {}), ("net", "net_exposure", 20_000, {}), ("one", "gross_exposure", 20_000, account("A1")),
        ("euro", "gross_exposure", 5000, account("A2") | {"unit": "EUR"}), ("weight", "position_weight", 0.9, {}),
        ("order", "order_notional", 10_000, {}), ("odd", "leverage", 1, {"subject_kind": "trader", "subject_id": "T1"}),
    )  # fmt: skip
    rows = by_name(limits.measured(desk_of(firm, role="risk")))
    assert rows["gross"]["value"] == pytest.approx(AAPL + SAP)
    assert rows["one"]["value"] == pytest.approx(AAPL)
    assert (rows["euro"]["value"], rows["euro"]["currency"]) == (pytest.approx(2010.0), "EUR")
    assert (rows["weight"]["value"], rows["weight"]["driver"]) == (pytest.approx(AAPL / (AAPL + SAP)), "AAPL")
    assert rows["order"]["value"] == 0.0  # no order on the last day
    assert rows["odd"]["reason"] == "Leverage is not measured for a trader."
    assert {name: row["state"] for name, row in rows.items()} == {
        "gross": "breach", "net": "ok", "one": "ok", "euro": "ok", "weight": "ok", "order": "ok", "odd": "unknown",
    }  # fmt: skip
    assert rows["gross"]["utilisation"] == pytest.approx((AAPL + SAP) / 10_000)


def test_orders_of_the_day_count_at_their_limit(firm, set_limits):
    set_limits(("order", "order_notional", 10_000, {}))
    (row,) = limits.measured(desk_of(firm, role="risk", scope=Scope(end=date(2026, 11, 19))))
    assert (row["value"], row["driver"], row["state"]) == (pytest.approx(80 * 190.10), "O2", "breach")


def test_figures_are_those_of_the_portfolio_page(firm, set_limits):
    set_limits(*((name, name, 1e9, {}) for name in ("gross_exposure", "net_exposure", "leverage")))
    rows = by_name(limits.measured(desk_of(firm, role="risk")))
    figures, _ = portfolio.totals(desk_of(firm, role="risk"))
    assert {name: row["value"] for name, row in rows.items()} == pytest.approx(
        {name: figures[name] for name in rows}
    )


def test_a_limit_is_passed_just_above_it_and_warns_from_its_warning_on(firm, set_limits):
    cent = Decimal("0.01")
    exact = Decimal(str(AAPL))
    set_limits(
        ("at", "gross_exposure", exact, account("A1") | {"warn_at": exact - cent}),
        ("under", "gross_exposure", exact - cent, account("A1")),
        ("warns", "gross_exposure", exact * 2, account("A1") | {"warn_at": exact}),
        ("calm", "gross_exposure", exact * 2, account("A1") | {"warn_at": exact + cent}),
    )  # fmt: skip
    states = {
        name: row["state"] for name, row in by_name(limits.measured(desk_of(firm, role="risk"))).items()
    }
    assert states == {"at": "warn", "under": "breach", "warns": "warn", "calm": "ok"}


@pytest.mark.parametrize(("start", "end", "session", "until", "expected"), [
    (None, None, 20, 20, True),
    (20, None, 20, 20, True),
    (21, None, 20, 20, False),
    (21, None, 20, 22, True),  # came into force while that close still stood
    (23, None, 20, 22, False),
    (None, 20, 20, 22, True),
    (None, 19, 20, 22, False),
])  # fmt: skip
def test_validity_covers_both_ends_and_a_close_stands_until_the_next(start, end, session, until, expected):
    def day(n):
        return None if n is None else date(2026, 11, n)

    limit = Limit(measure="leverage", value=Decimal(1), valid_from=day(start), valid_to=day(end))
    assert limits.applies(limit, day(session), until=day(until)) is expected
    order = Limit(measure="order_notional", value=Decimal(1), valid_from=day(start), valid_to=day(end))
    held = (start is None or start <= session) and (end is None or session <= end)
    assert limits.applies(order, day(session), until=day(until)) is held


def test_a_limit_that_is_not_in_force_yet_is_no_breach(firm, set_limits):
    set_limits(("later", "gross_exposure", 1, {"valid_from": date(2100, 1, 1)}))
    (row,) = limits.measured(desk_of(firm, role="risk"))
    assert row["state"] == "not_in_force"
    assert limits.breached(desk_of(firm)) == (None, "none of the limits has a measure that can be computed")


def test_the_overview_counts_every_measure(firm, set_limits):
    set_limits(("order", "order_qty", 1, {}), ("loss", "loss_1d", 1, {}), ("gross", "gross_exposure", 1, {}))
    values, _ = compliance.summary(desk_of(firm))
    rows = limits.measured(desk_of(firm))
    assert values["limit_breaches"] == sum(row["state"] == "breach" for row in rows) == 1


def test_a_book_that_does_not_exist_yet_is_measured_against_the_same_limits(firm, set_limits):
    set_limits(
        ("gross", "gross_exposure", 100_000, {}), ("lever", "leverage", 10, account("A1")),
        ("weight", "position_weight", 1, {}), ("loss", "loss_1d", 1e6, {}),
    )  # fmt: skip
    desk = desk_of(firm, role="risk", scope=Scope(account=("A1",)))
    before = by_name(limits.measured(desk))
    held = portfolio.positions(desk)
    same = by_name(limits.measured(desk, holdings=held))
    assert {n: r["value"] for n, r in same.items()} == pytest.approx(
        {n: r["value"] for n, r in before.items()}
    )
    double = held.with_columns(market_value=pl.col("market_value") * 2)
    after = by_name(limits.measured(desk, holdings=double))
    # What the scope does not cover stays; net asset value does too.
    assert after["gross"]["value"] == pytest.approx(2 * AAPL + SAP)
    assert after["lever"]["value"] == pytest.approx(2 * before["lever"]["value"])
    assert after["weight"]["value"] == pytest.approx(2 * AAPL / (2 * AAPL + SAP))
    assert after["loss"]["value"] == before["loss"]["value"]
    none = by_name(limits.measured(desk, holdings=held.clear()))
    assert (none["gross"]["value"], none["lever"]["value"]) == (pytest.approx(SAP), 0.0)


def test_a_desk_reads_the_limits_of_its_own_and_no_others(firm, set_limits):
    set_limits(
        ("firm", "gross_exposure", 1, {}), ("d1", "gross_exposure", 1, {"subject_kind": "desk", "subject_id": "D1"}),
        ("d2", "gross_exposure", 1, {"subject_kind": "desk", "subject_id": "D2"}), ("a1", "gross_exposure", 1, account("A1")),
        ("a2", "gross_exposure", 1, account("A2")), ("t1", "order_notional", 1, {"subject_kind": "trader", "subject_id": "T1"}),
        ("t2", "order_notional", 1, {"subject_kind": "trader", "subject_id": "T2"}),
        ("x", "gross_exposure", 1, {"subject_kind": "instrument", "subject_id": "AAPL"}),
    )  # fmt: skip
    for role in ("trader", "portfolio_manager"):
        desk = desk_of(firm, role=role, desks=("D1",), person_id="T1")
        assert set(by_name(limits.measured(desk))) == {"d1", "a1", "t1"}
        for name in ("firm", "d2", "a2", "nothing"):
            with pytest.raises(NotFound, match="There is no such limit"):
                limits.history(desk, name)
    for role in ("risk", "compliance", "auditor"):
        assert len(limits.measured(desk_of(firm, role=role))) == 8
    with pytest.raises(Forbidden):
        limits.measured(desk_of(firm, role="admin"))
    assert limits.measured(desk_of(firm, "zenith", role="risk")) == []


def test_the_course_of_a_limit_is_known_before_anything_is_stored(firm, set_limits):
    set_limits(("gross", "gross_exposure", 20_000, account("A1")))
    found = limits.history(desk_of(firm, role="risk"), "gross")
    assert [(row["date"].day, row["value"]) for row in found["rows"]] == [
        (18, pytest.approx(19_000)), (19, pytest.approx(11_520)), (20, pytest.approx(AAPL)),
    ]  # fmt: skip
    assert "needs 20 sessions" in found["forecast"]["reason"]
    assert found["value"] == found["rows"][-1]["value"]


def test_as_of_before_the_book_was_known_there_is_nothing_to_measure(firm, set_limits):
    set_limits(("gross", "gross_exposure", 1, {}))
    desk = desk_of(firm, role="risk", scope=Scope(as_of=datetime(2020, 1, 1, tzinfo=UTC)))
    (row,) = limits.measured(desk)
    assert (row["value"], row["date"]) == (None, None)
    assert limits.breached(desk) == (None, "no position is known to measure limits against")


def test_the_summary_adds_up(firm, set_limits):
    set_limits(
        ("a", "gross_exposure", 1, {}),
        ("b", "gross_exposure", AAPL + SAP + 1, {"warn_at": Decimal(1)}),
        ("c", "leverage", 9, {}),
    )
    found = limits.summary(desk_of(firm, role="risk"))
    assert (found["limits"], found["breached"], found["warned"], found["nearest"]["name"]) == (3, 1, 1, "b")
    assert (found["unacknowledged"], found["unconfirmed"]) == (0, 0)
