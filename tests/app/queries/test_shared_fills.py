"""Fills and orders are measured once for a whole organisation; everybody sees the own part only."""

import pytest

from app.jobs.warm import warm
from app.queries import _fills, _tca_lives, _tca_orders, pnl, pnl_identity
from app.queries import execution_quality as quality
from app.scope import Scope
from tests.app._world import context_of, desk_of, land

# O1 is one desk's, O2 the other's; O3 is a block of which each of them got a part.
FIRM = {
    "accounts": """
account_id  kind   base_currency  desk  name
A1          house  USD            D1    One
A2          house  USD            D2    Two
""",
    "instruments": """
instrument_id  symbol  name  asset_class  currency
X              XX      Ex    equity       USD
""",
    "quotes": """
instrument_id  transact_time        seq  bid_px  ask_px
X              2026-11-20T14:29:00  1    99      101
X              2026-11-20T15:30:00  2    103     105
""",
    "order_events": """
order_id  event_seq  event_type  transact_time        instrument_id  account_id  trader_id  side  order_qty  algo_id  venue
O1        1          new         2026-11-20T14:30:00  X              A1          T1         buy   10         vwap     XNAS
O2        1          new         2026-11-20T14:30:00  X              A2          T2         buy   20         vwap     XNYS
O3        1          new         2026-11-20T14:30:00  X              A1          T1         buy   30         twap     XNYS
""",
    "executions": """
exec_id  order_id  account_id  trader_id  instrument_id  side  last_qty  last_px  currency  transact_time        commission  venue
E1       O1        A1          T1         X              buy   10        101      USD       2026-11-20T14:31:00  1           XNAS
E2       O2        A2          T2         X              buy   20        102      USD       2026-11-20T14:32:00  2           XNYS
E3       O3        A1          T1         X              buy   10        101      USD       2026-11-20T14:33:00  4           XNYS
E4       O3        A2          T2         X              buy   20        102      USD       2026-11-20T14:34:00  8           XNYS
""",
}


@pytest.fixture
def context(tmp_path, database):
    made = context_of(tmp_path, database)
    for org in ("acme", "rival"):
        land(made, org, **FIRM)
    return made


@pytest.fixture
def built(monkeypatch):
    """Tell how often fills and orders are measured, and their orders put together."""
    seen: list[str] = []
    for module, name in (
        (_fills, "with_benchmarks"),
        (_tca_lives, "order_windows"),
        (_tca_orders, "shortfalls"),
    ):
        real = getattr(module, name)

        def counted(*given, real=real, module=module, **more):
            seen.append(module.__name__.rpartition(".")[2])
            return real(*given, **more)

        monkeypatch.setattr(module, name, counted)
    return seen


def explicit(desk) -> float:
    return quality.study(desk)["shortfall"]["traded"]["explicit"]


def test_a_trader_of_one_desk_sees_the_own_desk_only_after_everybody_was_measured(context):
    whole = desk_of(context)
    assert (quality.study(whole)["executions"], explicit(whole)) == (4, 15)
    mine = desk_of(context, role="trader", desks=("D1",))
    assert set(_fills.fills(quality.bare(mine)[0])["account_id"]) == {"A1"}
    assert quality.study(mine)["executions"] == 2
    assert set(quality.league(mine, by="trader")["rows"]["name"]) == {"T1"}
    assert quality.study(desk_of(context, role="trader", desks=("D2",)))["executions"] == 2
    nobody = desk_of(context, role="trader", desks=("D9",))
    assert quality.study(nobody)["executions"] == 0
    assert quality.outliers(nobody)[1] == 0


def test_of_an_order_that_desks_share_each_sees_the_own_part_of_the_cost(context):
    quality.study(desk_of(context))
    # Commissions: O1 and the part of O3 that A1 got; O2 and A2's part.
    assert explicit(desk_of(context, role="trader", desks=("D1",))) == 1 + 4
    orders = _tca_orders.orders(quality.bare(desk_of(context, role="trader", desks=("D2",)))[0])
    assert dict(orders["traded"].select("order", "filled_qty").iter_rows()) == {"O2": 20, "O3": 20}


def test_a_stranger_of_another_organisation_gets_the_own_fills(context):
    first = _fills.measured(quality.bare(desk_of(context))[0])
    land(context, "rival", executions=FIRM["executions"].replace("\nE", "\nF"))
    assert quality.study(desk_of(context, "rival"))["executions"] == 2 * first.height
    assert quality.study(desk_of(context))["executions"] == first.height


def test_after_the_warm_up_no_question_measures_again(context, built):
    assert warm(context, "acme", cause="test")["executions"] == 4
    assert sorted(built) == ["_fills", "_tca_lives", "_tca_orders"]
    built.clear()
    for desk in (
        desk_of(context),
        desk_of(context, role="risk", person_id="P1"),
        desk_of(context, scope=Scope(extra={"venue": "XNYS"})),
        desk_of(context, scope=Scope(currency="USD", group_by="algo")),
    ):
        quality.tca(desk, by="algo")
    assert built == []
    quality.league(desk_of(context, role="trader", desks=("D1",)), by="venue")
    quality.daily(desk_of(context, scope=Scope(trader=("T2",))))
    assert built == []


def test_after_the_warm_up_all_who_see_the_whole_read_pnl_from_what_was_kept(context):
    warm(context, "acme", cause="test")
    before = context.cache.stats("acme")
    for role in ("compliance", "portfolio_manager"):
        for ask in (pnl.figures, pnl.pnl_series, pnl.explain, pnl.by_group, pnl_identity.identity):
            ask(desk_of(context, role=role, person_id="P1"))
    after = context.cache.stats("acme")
    assert (after["misses"], after["hits"] - before["hits"]) == (before["misses"], 10)
    pnl.figures(desk_of(context, role="trader", desks=("D1",)))
    assert context.cache.stats("acme")["misses"] > after["misses"]


def test_a_second_warm_up_computes_nothing_and_new_rows_are_measured(context, built):
    warm(context, "acme", cause="test")
    built.clear()
    warm(context, "acme", cause="test")
    assert built == []
    land(context, "acme", executions=FIRM["executions"].replace("\nE", "\nG"))
    warm(context, "acme", cause="test")
    assert sorted(built) == ["_fills", "_tca_lives", "_tca_orders"]


def test_a_shared_table_without_owners_is_refused(context):
    rows = _fills.measured(quality.bare(desk_of(context))[0])
    with pytest.raises(ValueError, match="account_id"):
        desk_of(context, role="trader", desks=("D1",)).narrowed(rows.drop("account_id"))
