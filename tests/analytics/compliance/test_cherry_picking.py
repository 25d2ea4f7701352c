"""Cherry picking: allocations after the fact, and whether luck can explain who got the winners."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from analytics.compliance.detectors.cherry_picking import CherryPicking, CherryPickingParameters, permuted
from tests.analytics.compliance._declared import Edge, Kit, Near, Waived
from tests.analytics.compliance._kit import (
    alerts,
    gaps,
    mirrored,
    scaled,
    tables,
)

FEW = CherryPickingParameters(draws=20_000)
ACCOUNTS = """
account_id  kind    base_currency  owner_id  link_group
FAV         client  USD            ann       -
FAV2        client  USD            ann2      kin
FAV3        client  USD            ann3      kin
B           client  USD            bob       -
C           client  USD            cal       -
"""
DAYS = [date(2026, 10, 1) + timedelta(days=n) for n in range(40)]


def given(*, favourite=("FAV",), lucky=False, at="19:00:00", shares=False, days=40, edge=2.0):
    """Return three blocks a day, at 100; the one that closes ``edge`` higher goes to the favourite unless all is ``lucky``."""
    rng = np.random.default_rng(5)
    allocations = [
        "allocation_id order_id instrument_id account_id side quantity price alloc_time allocated_by"
    ]
    fills = ["exec_id order_id account_id instrument_id side last_qty last_px transact_time"]
    prices = ["instrument_id date close"]
    for n, day in enumerate(DAYS[:days]):
        winner = int(rng.integers(3))
        others = ["B", "C"]
        dealt = rng.permutation([favourite[0], "B", "C"])
        for place in range(3):
            block, name = f"O{n}{place}", f"N{place}"
            prices.append(f"{name} {day} {100 + (edge if place == winner else 0)}")
            fills.append(f"E{block} {block} POOL {name} buy 100 100 {day}T14:0{place}:00Z")
            if shares:
                to = [*favourite[:1], "B", "C"]
            elif lucky:
                to = [str(dealt[place])]
            elif place == winner:
                to = [favourite[n % len(favourite)]]
            else:
                to = [others.pop()]
            allocations += [
                f"A{block}{account} {block} {name} {account} buy 100 100 {day}T{at}Z mgr" for account in to
            ]
    texts = {"allocations": allocations, "executions": fills, "prices": prices}
    return tables(accounts=ACCOUNTS, **{name: "\n".join(rows) for name, rows in texts.items()})


def test_an_account_that_is_given_the_winners_after_the_close_is_alerted():
    (found,) = alerts(CherryPicking, given(), FEW)
    metrics = {m["name"]: m["value"] for m in found["metrics"]}
    assert found["actor_group"] == "owner:ann"
    assert metrics["effect"] == pytest.approx(200.0)
    assert metrics["late_share"] == 1.0
    assert metrics["q"] < 0.001
    assert {"kind": "person", "id": "mgr"} in found["actors"]


def test_winners_dealt_over_linked_accounts_count_together():
    (found,) = alerts(CherryPicking, given(favourite=("FAV2", "FAV3")), FEW)
    assert found["actor_group"] == "link:kin"


@pytest.mark.parametrize(("why", "more"), [
    ("settled before the fill", {"at": "13:00:00"}),
    ("settled within a minute of the fill", {"at": "14:02:30"}),
    ("everybody gets his share", {"shares": True}),
    ("the difference is small", {"edge": 0.3}),
    ("chance", {"lucky": True}),
])  # fmt: skip
def test_innocent_allocations_are_left_alone(why, more):
    assert alerts(CherryPicking, given(**more), FEW) == [], why


@pytest.mark.parametrize(("days", "n"), [(30, 1), (29, 0)])
def test_thirty_allocations_are_needed(days, n):
    assert len(alerts(CherryPicking, given(days=days), FEW)) == n


@pytest.mark.parametrize(("effect", "n"), [(199.9, 1), (200.1, 0)])
def test_the_effect_counts_from_its_threshold(effect, n):
    assert len(alerts(CherryPicking, given(), CherryPickingParameters(draws=20_000, effect=effect))) == n


def scaled_price(g):
    return g["allocations"].with_columns(
        (pl.col("price") * 10).cast(g["allocations"].collect_schema()["price"])
    )


def test_the_best_sales_count_as_the_best_purchases_do():
    falling = mirrored(given(edge=-2.0))
    (found,) = alerts(CherryPicking, falling, FEW)
    assert found["actor_group"] == "owner:ann"


def test_the_permutation_agrees_with_counting_all_cases():
    parts = [(np.array([1.0, 2.0, 3.0]), 1), (np.array([1.0, 2.0, 3.0, 4.0]), 2)]
    # Largest sum: 3 of the first, 3 + 4 of the second: one of 3 x 6 cases.
    assert permuted(parts, 10.0, draws=40_000, seed=1) == pytest.approx(1 / 18, abs=0.006)
    assert permuted(parts, 10.0, draws=2000, seed=1) == permuted(parts, 10.0, draws=2000, seed=1)


def test_blocks_without_fills_and_empty_tables_are_gaps():
    lone = given(days=1)
    lone["executions"] = lone["executions"].limit(1)
    assert "Some allocations belong to blocks without a fill on record." in gaps(CherryPicking, lone)
    assert len(gaps(CherryPicking, {})) == 3


def two_favourites(days=40):
    """Return six blocks a day of one manager: the best goes to FAV, the second best to FAV2, the rest to B and C."""
    rng = np.random.default_rng(9)
    allocations = [
        "allocation_id version order_id instrument_id account_id side quantity price alloc_time allocated_by"
    ]
    fills = ["exec_id order_id account_id instrument_id side last_qty last_px transact_time"]
    prices = ["instrument_id date close"]
    for n, day in enumerate(DAYS[:days]):
        gains = rng.normal(0, 1, 6)
        order = np.argsort(-gains)
        to = {int(order[0]): "FAV", int(order[1]): "FAV2"} | {int(k): "BC"[n % 2] for k in order[2:]}
        for place in range(6):
            block, name = f"O{n}{place}", f"N{place}"
            prices.append(f"{name} {day} {100 + gains[place]:.6f}")
            fills.append(f"E{block} {block} POOL {name} buy 100 100 {day}T14:0{place}:00Z")
            row = f"{block} {name} {{}} buy 100 100 {day}T19:00:00Z mgr"
            allocations.append(f"A{block} 1 {row.format('B' if to[place] == 'FAV' else to[place])}")
            if to[place] == "FAV":
                allocations.append(f"A{block} 2 {row.format('FAV')}")
    texts = {"allocations": allocations, "executions": fills, "prices": prices}
    return tables(accounts=ACCOUNTS, **{name: "\n".join(rows) for name, rows in texts.items()})


def test_two_favourites_of_one_manager_do_not_hide_each_other():
    found = {row["actor_group"]: row for row in alerts(CherryPicking, two_favourites(), FEW)}
    assert set(found) == {"owner:ann", "link:kin"}


def test_what_was_first_given_to_another_is_counted_and_told():
    found = {row["actor_group"]: row for row in alerts(CherryPicking, two_favourites(), FEW)}
    taken = {
        group: next(m["value"] for m in row["metrics"] if m["name"] == "taken_from_others")
        for group, row in found.items()
    }
    assert taken == {"owner:ann": 40.0, "link:kin": 0.0}
    assert "first been given to another account" in " ".join(found["owner:ann"]["story"])


def test_a_relative_that_gets_the_losers_does_not_hide_the_favourite():
    mixed = given()
    to = pl.when(pl.col("account_id") == "FAV").then(pl.lit("FAV2")).when(pl.col("account_id") == "B").then(
        pl.lit("FAV3")).otherwise("account_id")  # fmt: skip
    (found,) = alerts(
        CherryPicking, {**mixed, "allocations": mixed["allocations"].with_columns(account_id=to)}, FEW
    )
    assert (found["actor_group"], found["actors"][0]["id"]) == ("link:kin", "FAV2")


# What test_kit_complete.py holds this detector to.
KIT = Kit(
    CherryPicking,
    given,
    (test_innocent_allocations_are_left_alone,),
    {
        "q": Edge(1.205e-3, 1.195e-3, scene=lambda: given(days=8), others={"allocations": 8}),
        "effect": Edge(199.9, 200.1),
        "allocations": Edge(40, 41),
        "delay": Edge(179.0, 181.0, scene=lambda: given(at="14:05:00")),
        "draws": Waived("How finely chance is computed, by drawing; it is no bound of anything."),
        "seed": Waived("Where the random draws begin, so that a run can be repeated."),
    },
    changes={
        "prices times ten": lambda rows: scaled(rows, 10) | {"allocations": scaled_price(rows)},
        "buys for sells": Near(lambda _: mirrored(given(edge=-2.0)), by=1.0),
    },
    params=FEW,
)
