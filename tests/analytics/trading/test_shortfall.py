"""Implementation shortfall of parent orders, exact in fixed point."""

from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.datasets import DECIMAL
from analytics.trading.cost import implementation_shortfall
from analytics.trading.shortfall import PARTS, filled_amounts, root_orders, shortfall_sums, shortfalls

MONEY = ("order_qty", "decision_px", "release_px", "end_px", "multiplier")


def orders(*rows: dict) -> pl.LazyFrame:
    names = ("order_id", "side", *MONEY)
    schema = {name: DECIMAL if name in MONEY else pl.String for name in names}
    return pl.LazyFrame([dict.fromkeys(names) | row for row in rows], schema=schema)


EXAMPLE = {
    "order_id": "P1", "side": "buy", "order_qty": 1000,
    "decision_px": Decimal("40.00"), "release_px": Decimal("40.04"), "end_px": Decimal("40.08"),
}  # fmt: skip
CHILDREN = """
exec_id  order_id  account_id  instrument_id  side  last_qty  last_px  currency  commission  fees  transact_time
E1       C1        A1          X              buy   400       40.05    USD       10          -     14:30:00
E2       C2        A1          X              buy   300       40.05    USD       5           2     14:35:00
E3       -         A1          X              buy   999       99       USD       5           2     14:35:00
"""


def test_the_published_example_sums_exactly_over_children(table):
    tree = pl.LazyFrame({"order_id": ["P1", "C1", "C2"], "parent_order_id": [None, "P1", "P1"]})
    filled = filled_amounts(table(CHILDREN, "executions"), root_orders(tree))
    found = shortfalls(orders(EXAMPLE), filled).collect().row(0, named=True)
    # On a paper value of 40,000: 0.07 % + 0.0175 % + 0.06 % + 0.0425 % = 0.19 %.
    assert [found[name] for name in (*PARTS, "total")] == [28, 7, 24, 17, 76]
    bp = [found[f"{name}_bp"] for name in (*PARTS, "total")]
    assert bp == [pytest.approx(x, rel=1e-12) for x in (7, 1.75, 6, 4.25, 19)]
    assert (found["paper"], found["filled_qty"], found["fills"], found["reason"]) == (40000, 700, 2, None)


PX = st.integers(1, 10**6).map(lambda cents: Decimal(cents) / 100)
FILLS = st.lists(st.tuples(st.integers(1, 100), PX), max_size=5)


@settings(max_examples=20, deadline=None)
@given(
    st.sampled_from(["buy", "sell", "sell_short", "buy_cover"]), FILLS, st.integers(0, 100), PX, PX, PX, PX
)
def test_parts_are_paper_less_real_and_equal_the_single_order_function(
    side, fills, rest, decision, release, end, costs
):
    quantity = sum(q for q, _ in fills) + rest
    if not quantity:
        return
    order = {"order_id": "O", "side": side, "order_qty": quantity, "decision_px": decision,
             "release_px": release, "end_px": end}  # fmt: skip
    filled = pl.LazyFrame(
        {"order_id": ["O"], "filled_qty": [sum(q for q, _ in fills)], "fills": [len(fills)],
         "paid": [sum((q * p for q, p in fills), Decimal(0))], "costs": [costs]},
        schema_overrides=dict.fromkeys(("filled_qty", "paid", "costs"), DECIMAL),
    )  # fmt: skip
    found = shortfalls(orders(order), filled).collect().row(0, named=True)
    sign = 1 if side.startswith("buy") else -1
    paper = sign * quantity * (end - decision)
    real = sign * sum((q * (end - p) for q, p in fills), Decimal(0)) - costs
    assert found["total"] == sum(found[name] for name in PARTS) == paper - real
    one = implementation_shortfall(
        buy=sign > 0, order_qty=Decimal(quantity), decision_px=decision, release_px=release,
        fills=[(Decimal(q), p) for q, p in fills], end_px=end, costs=costs,
    )  # fmt: skip
    for name in PARTS:
        assert getattr(one, name) == pytest.approx(found[name] / found["paper"], abs=Decimal("1e-20"))


def test_a_sale_mirrors_a_purchase_and_contracts_scale_it(table):
    mirror = {
        "side": "sell_short",
        "decision_px": 40,
        "release_px": Decimal("39.96"),
        "end_px": Decimal("39.92"),
    }
    fills = filled_amounts(
        table(CHILDREN.replace("40.05", "39.95"), "executions").with_columns(order_id=pl.lit("P1"))
    )
    fills = fills.with_columns(filled_qty=pl.lit(700).cast(DECIMAL), paid=pl.lit(27965).cast(DECIMAL))
    rows = orders(EXAMPLE | mirror, EXAMPLE | mirror | {"multiplier": 50})
    found = shortfalls(rows, fills).collect()
    assert found["delay"].to_list() == [28, 1400]
    assert found["trading"].to_list() == [7, 350]
    assert found["opportunity"].to_list() == [24, 1200]
    # Costs are money already, whatever a contract holds: 24 here, with the row that has no order.
    assert found["explicit"].to_list() == [24, 24]


def test_what_is_missing_is_null_with_a_reason_and_what_does_not_matter_may_be_missing():
    none = filled_amounts(pl.LazyFrame(schema={
        "order_id": pl.String, "last_qty": DECIMAL, "last_px": DECIMAL, "commission": DECIMAL, "fees": DECIMAL,
        "taxes": DECIMAL, "transact_time": pl.Datetime("us", "UTC"),
    }))  # fmt: skip
    rows = orders(
        EXAMPLE | {"release_px": None},
        EXAMPLE | {"decision_px": None},
        EXAMPLE | {"end_px": None},
        EXAMPLE | {"side": None},
        EXAMPLE | {"order_qty": None},
        EXAMPLE | {"decision_px": 0},
    )
    found = shortfalls(rows, none).collect()
    assert found["total"].to_list() == [80, None, None, None, None, None]
    assert found["opportunity"].to_list() == [80, None, None, None, None, None]
    assert found["total_bp"].to_list() == [20, None, None, None, None, None]
    assert [reason is None for reason in found["reason"]] == [True, False, False, False, False, False]
    assert "decision" in found["reason"][1]
    assert "end of the order" in found["reason"][2]


def test_an_order_filled_beyond_its_quantity_has_a_reason(table):
    fills = filled_amounts(table(CHILDREN, "executions").with_columns(order_id=pl.lit("P1")))
    found = shortfalls(orders(EXAMPLE), fills).collect().row(0, named=True)
    assert (found["total"], found["explicit"], found["reason"]) == (
        None,
        None,
        "More was filled than ordered.",
    )
    whole = (
        shortfalls(orders(EXAMPLE | {"order_qty": 1699, "end_px": None}), fills).collect().row(0, named=True)
    )
    assert (whole["opportunity"], whole["reason"]) == (0, None)


def test_sums_weigh_by_paper_value_and_count_what_is_missing(table):
    tree = pl.LazyFrame({"order_id": ["C1", "C2"], "parent_order_id": ["P1", "P1"]})
    filled = filled_amounts(table(CHILDREN, "executions"), root_orders(tree))
    rows = orders(EXAMPLE, EXAMPLE | {"order_id": "P2"}, EXAMPLE | {"order_id": "P3", "end_px": None})
    found = shortfall_sums(shortfalls(rows, filled), by=["side"]).collect().row(0, named=True)
    assert (found["orders"], found["missing"], found["paper"], found["total"]) == (2, 1, 80000, 156)
    assert found["total_bp"] == pytest.approx(19.5)
    assert shortfall_sums(shortfalls(rows, filled), by=[]).collect()["total"].to_list() == [156]


def test_the_root_of_a_chain_is_its_top_and_a_cycle_has_none():
    chain = {f"O{n}": f"O{n - 1}" for n in range(1, 20)} | {"O0": None, "X": "Y", "Y": "X", "Z": "elsewhere"}
    chain |= {"A": "B", "B": "C", "C": "A"}
    found = root_orders(
        pl.LazyFrame({"order_id": list(chain), "parent_order_id": list(chain.values())})
    ).collect()
    roots = dict(found.rows())
    assert {roots[f"O{n}"] for n in range(20)} == {"O0"}
    assert roots["Z"] == "elsewhere"
    assert {name: roots[name] for name in "XYABC"} == {name: name for name in "XYABC"}


@settings(max_examples=15, deadline=None)
@given(st.permutations(range(4)))
def test_the_order_of_rows_does_not_matter(order):
    rows = [EXAMPLE | {"order_id": f"P{n}", "order_qty": 100 * (n + 1)} for n in range(4)]
    filled = pl.LazyFrame(
        {
            "order_id": ["P0", "P2"],
            "filled_qty": [100, 50],
            "paid": [4005, 2002],
            "costs": [1, 2],
            "fills": [1, 1],
        },
        schema_overrides=dict.fromkeys(("filled_qty", "paid", "costs"), DECIMAL),
    )
    straight = shortfalls(orders(*rows), filled).collect()
    mixed = shortfalls(orders(*(rows[n] for n in order)), filled).collect().sort("order_id")
    assert mixed.equals(straight)
