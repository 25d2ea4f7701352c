"""Other thresholds: what is gained, what is lost, worked by hand on five findings."""

from dataclasses import dataclass
from datetime import UTC, datetime

import polars as pl
import pytest

from analytics.compliance.alerts import ALERT_SCHEMA
from analytics.compliance.calibration import compare, curve, matched, perturbed, tally
from analytics.compliance.parameters import Parameters, parameter


def findings(*rows):
    """(id, group, instrument, minute it begins, minute it ends, score)"""
    made = [
        dict.fromkeys(ALERT_SCHEMA)
        | {
            "alert_id": name,
            "kind": "alert",
            "actor_group": group,
            "instrument_ids": [instrument],
            "window_start": datetime(2026, 11, 20, 14, start, tzinfo=UTC),
            "window_end": datetime(2026, 11, 20, 14, end, tzinfo=UTC),
            "score": float(score),
        }
        for name, group, instrument, start, end, score in rows
    ]
    return pl.DataFrame(made, schema=ALERT_SCHEMA, orient="row")


BEFORE = findings(
    ("a", "G1", "AAPL", 0, 5, 80), ("b", "G1", "AAPL", 20, 25, 60), ("c", "G2", "AAPL", 0, 5, 40), ("d", "G2", "JPM", 0, 5, 30)
)  # fmt: skip
AFTER = findings(("A", "G1", "AAPL", 4, 9, 85), ("D", "G2", "JPM", 1, 2, 35), ("E", "G3", "JPM", 1, 2, 20))
ENDS = {"a": "followed", "b": "followed", "c": "dismissed"}


def test_findings_pair_where_group_instrument_and_time_meet():
    assert matched(BEFORE, AFTER).sort("alert_id").rows() == [("a", "A"), ("d", "D")]


def test_what_is_gained_lost_and_lost_though_followed_up_is_named():
    said = compare(BEFORE, AFTER, ENDS)
    assert said["lost"]["alert_id"].to_list() == ["b", "c"]
    assert said["added"]["alert_id"].to_list() == ["E"]
    assert said["lost_followed"] == ["b"]
    assert said["kept"] == 2
    assert said["before"] == {
        "alerts": 4, "followed": 2, "dismissed": 1, "undecided": 1, "precision": pytest.approx(2 / 3),
    }  # fmt: skip
    assert (said["after"]["followed"], said["after"]["precision"]) == (1, 1.0)


def test_nothing_before_and_after_is_nothing():
    none = findings()
    assert compare(none, none, {})["before"] == {
        "alerts": 0, "followed": 0, "dismissed": 0, "undecided": 0, "precision": None,
    }  # fmt: skip


def test_the_curve_falls_with_the_cut_and_counts_scores_at_it():
    rows = {row["score"]: row for row in curve(BEFORE, ENDS)}
    assert [rows[cut]["alerts"] for cut in (0, 30, 35, 60, 65, 85)] == [4, 4, 3, 2, 1, 0]
    assert (rows[60]["recall"], rows[65]["recall"], rows[85]["precision"]) == (1.0, 0.5, None)


@dataclass(frozen=True)
class Two(Parameters):
    share: float = parameter(0.9, unit="fraction", rationale="r", low=0.0, high=1.0)
    count: int = parameter(3, unit="orders", rationale="r", low=1)
    on: bool = parameter(True, unit="", rationale="r")


def test_one_number_moves_at_a_time_inside_its_range():
    moved = {(name, step): getattr(params, name) for name, step, params in perturbed(Two())}
    assert moved["share", "small down"] == pytest.approx(0.855)
    assert moved["share", "large up"] == 1.0
    assert (moved["count", "small down"], moved["count", "large up"]) == (2, 4)
    assert not any(name == "on" for name, _ in moved)
    assert all(
        sum(getattr(params, n) != getattr(Two(), n) for n in ("share", "count", "on")) == 1
        for _, _, params in perturbed(Two())
    )


def test_a_tally_of_undecided_alerts_has_no_precision():
    assert tally(BEFORE, {})["precision"] is None
