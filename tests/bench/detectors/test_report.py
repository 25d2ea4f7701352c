"""The page names every miss, nothing of where it was measured, and only whole runs replace it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from analytics.compliance.detectors.wash_trade import WashTrade
from tests.bench._machine import Machine
from tests.bench.detectors import _triage_page, _types
from tests.bench.detectors.__main__ import TARGET, destination, parser, seeds
from tests.bench.detectors._metrics import Scenario, Share, Tally
from tests.bench.detectors._quality import Plan, Scores
from tests.bench.detectors._report import lines, page, shortfalls
from tests.bench.detectors._speed import Speed
from tests.bench.detectors._triage import Ranked

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


RANKED = Ranked(
    515, 33, (0.97, 0.9, 1.0), (1.0, 1.0, 1.0), (0.01, 0.0, 0.02), {"0.1": 0.5, "0.4": None}, missed=0
)
OLD = Ranked(
    515, 35, (0.89, 0.8, 0.95), (0.97, 0.9, 1.0), (0.01, 0.0, 0.02), {"0.1": 0.5, "0.4": 0.9}, missed=1
)


def test_a_ranked_queue_is_told_by_either_reading_and_says_which_days_are_open_to_tuning():
    told = _triage_page.section({"names": RANKED, "meets": OLD}, (1, 2, 3, 7), (541, 542), MACHINE)
    assert "seeds 1 to 3, 7, then" in told
    assert "seeds 541 to 542, open to tuning" in told
    assert (
        "| names | 515 | 33 | 0.970 (0.900-1.000) | 1.000 (1.000-1.000) | 0 | 0.010 (0.000-0.020) | 0.500 | - | met |"
        in told
    )
    assert "| meets | 515 | 35 | 0.890 (0.800-0.950) | 0.970 (0.900-1.000) | 1 |" in told
    assert told.count("| missed |") == 1
    assert "open to tuning" not in _triage_page.section({"names": RANKED}, (1,), (3001,), MACHINE)


@pytest.mark.parametrize(
    "page", ["# A\n\n## Speed\n\nfast\n", "# A\n\n## Alert triage\n\nold\n\n## Speed\n\nfast\n"]
)
def test_a_section_takes_the_place_of_its_older_self_and_leaves_the_rest(page):
    made = "## Alert triage\n\nnew\n"
    told = _triage_page.put(page, made)
    assert told == "# A\n\n## Alert triage\n\nnew\n\n## Speed\n\nfast\n"
    assert _triage_page.found(told) == made
    assert _triage_page.found("# A\n\n## Speed\n") is None
    assert _triage_page.put("# A\n", made) == "# A\n\n## Alert triage\n\nnew\n"
