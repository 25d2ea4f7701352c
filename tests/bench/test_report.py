"""The page says what was measured, and nothing of where."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.bench.__main__ import measures
from tests.bench._machine import Machine
from tests.bench._measure import Row, Sizes, alternate, pair
from tests.bench._report import Section, line, page

MACHINE = Machine(2, "Some CPU", 24.0, 0.5, datetime(2026, 11, 22, tzinfo=UTC), (("polars", "2.1.0"),))


def test_a_page_names_ratio_goal_and_verdict_but_no_path():
    rows = (
        pair("rows", {"ours": 0.012, "plain": 0.010}, "plain", goal=1.1),
        pair(
            "rows, faster",
            {"ours": 0.010, "old": 0.5},
            "old",
            inverse=True,
            goal=40,
            sense="at least",
            note="9 rows",
        ),
    )
    told = page([Section("P1", "Rows", "How.", rows, 1.0)], Sizes.named(quick=True), MACHINE)
    assert "| P1 | rows | 12.0 ms | plain | 10.0 ms | 1.20x | at most 1.10x | missed |" in told
    assert "| P1 | rows, faster | 10.0 ms | old | 500.0 ms | 50.0x | at least 40.0x | met |" in told
    assert "- rows, faster: 9 rows" in told
    assert str(Path.home()) not in told
    assert str(Path(__file__).parents[2]) not in told


def test_a_plain_figure_has_no_other_side():
    assert line(Row("Memory", 223.0, "MB", goal=450)) == "Memory: 223 MB; goal at most 450 MB, met"


def test_sides_take_turns_after_a_warm_call_each():
    calls = []
    sides = {name: lambda name=name: calls.append(name) for name in ("ours", "other")}
    assert set(alternate(sides, rounds=2)) == {"ours", "other"}
    assert calls == ["ours", "other", "ours", "other", "other", "ours"]


@pytest.mark.parametrize("quick", [True, False])
def test_a_full_run_takes_five_rounds_at_least(quick):
    assert (Sizes.named(quick=quick).rounds >= 5) is not quick


def test_every_measure_is_found_in_order():
    numbers = [int(name.split("_")[0].removeprefix("p")) for name in measures()]
    assert numbers == sorted(numbers)
    assert {1, 2, 3, 4, 5, 8, 10, 14, 15, 16} <= set(numbers)
