"""The page names every miss, nothing of where it was measured, and only whole runs replace it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from analytics.compliance.detectors.wash_trade import WashTrade
from tests.bench._machine import Machine
from tests.bench.detectors import _types
from tests.bench.detectors.__main__ import TARGET, destination, parser, seeds
from tests.bench.detectors._metrics import Scenario, Share, Tally
from tests.bench.detectors._quality import Plan, Scores
from tests.bench.detectors._report import lines, page, shortfalls
from tests.bench.detectors._speed import Speed

MACHINE = Machine(2, "Some CPU", 24.0, 0.5, datetime(2026, 11, 22, tzinfo=UTC), (("polars", "2.1.0"),))
KINDS = {"wash_trade": WashTrade}


TRIED = {
    "kept_gb": 0.1,
    "peak_gb": 2.0,
    "first_seconds": 11.0,
    "first_spent": 9.0,
    "again_seconds": 4.0,
    "again_spent": 3.0,
}


def scores(**changes):
    found = [Scenario(0.3, 60.0), Scenario(0.7, 30.0), Scenario(0.9, None)]
    base = Tally(scenarios=found, alerts=4, right=2, other=1, lookalike=1, own_lookalikes=3, own_alerted=1)
    kept = Tally(scenarios=found[:2], alerts=2, right=2)
    made = Scores(base=base, split=kept, thin=kept, dense=Tally(scenarios=found[:1], alerts=8, right=2))
    made.control = {20: Share(6, 1000), 200: Share(5, 1000)}
    for name, value in changes.items():
        setattr(made, name, value)
    return {"wash_trade": made}


def test_figures_stand_beside_their_goals():
    told = {
        line.what: (line.value.split(" ")[0], line.met) for line in lines(WashTrade, scores()["wash_trade"])
    }
    assert told == {
        "recall": ("0.667", False),
        "recall at severity 0.5 and above": ("0.500", False),
        "precision": ("0.500", False),
        "precision at 250/s over 3/s": ("0.25", False),
        "recall lost by splitting": ("-33.3", True),
        "fills alerted, 20 members": ("0.60%", False),
        "fills alerted, 200 members": ("0.50%", True),
    }


def test_the_page_names_misses_and_no_place():
    speed = Speed(
        rows=100, seconds={"wash_trade": 70.0}, spent={"wash_trade": 80.0}, peaks={"wash_trade": 1.0},
        peak_gb=1.0, what_if={"wash_trade": TRIED}, batch_rows=9, batches=(0.4, 1.5), peers={"wash_trade": {"duckdb": 35.0, "pandas": 140.0, "hits": 1}},
    )  # fmt: skip
    told = page(KINDS, scores(), speed, Plan((1001, 1002), (1001,), None), MACHINE)
    assert "- **D01 wash_trade**: recall 0.667" in told
    assert "goal at least 1.00" in told
    assert "not run: no tape" in told
    assert "| All 1 detectors | 70.0 s | at most 60 s | missed |" in told
    assert (
        "over 200 events, first (9.0 s of processor, peak 2.0 GB, kept 0.10 GB) | 11.0 s | at most 10 s | missed |"
        in told
    )
    assert (
        "over 200 events, again (3.0 s of processor, peak 2.0 GB, kept 0.10 GB) | 4.0 s | at most 10 s | met |"
        in told
    )
    assert "| wash_trade | 70.00 | 80.00 | 1 | 1.00 |" in told
    assert "| One-minute batch, 95th percentile | 1.50 s | at most 1 s | missed |" in told
    assert "| wash_trade | 70.00 s | 35.00 s | 140.00 s | 0.50x | 2.00x |" in told
    assert str(Path.home()) not in told
    assert str(Path(__file__).parents[3]) not in told


def test_a_shortfall_says_why_where_that_is_known(monkeypatch):
    monkeypatch.setitem(_types.REASONS, "wash_trade", "Too dense.")
    (line,) = shortfalls(KINDS, scores())
    assert line.startswith("- **D01 wash_trade**: recall 0.667")
    assert line.endswith(". Too dense.")


def test_a_detector_that_fails_or_has_no_scene_is_named():
    told = page(KINDS, scores(failed="ValueError: no", base=Tally()), None, Plan((1001,), (), None), MACHINE)
    assert "failed: ValueError: no" in told
    assert "no scene planted" in told


@pytest.mark.parametrize(
    "words", [["--quick"], ["--detectors", "wash_trade"], ["--part", "speed"], ["--seeds", "1001-1003"]]
)
def test_part_of_a_run_never_replaces_the_page(words):
    assert destination(parser().parse_args(words)) is None
    assert destination(parser().parse_args([*words, "--out", "x.md"])) == Path("x.md")


def test_a_whole_run_writes_the_page():
    assert destination(parser().parse_args(["--bitstamp", "tape.csv"])) == TARGET


def test_seeds_are_given_as_ranges_and_lists():
    assert seeds("1001-1003,1010") == (1001, 1002, 1003, 1010)
