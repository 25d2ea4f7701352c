"""Every detector brings its whole test kit, and the kit holds: a new one without it fails here."""

from dataclasses import fields
from functools import cache
from importlib import import_module

import polars as pl
import pytest

from analytics.compliance.detector import all_detectors
from tests.analytics.compliance._declared import Edge, Kit, Near, Pair, Waived, innocents_in
from tests.analytics.compliance._kit import CHANGES, alerts, verdict

DETECTORS = sorted(all_detectors())
LOOK_ALIKES = 3


@cache
def kit_of(name: str) -> Kit:
    return import_module(f"tests.analytics.compliance.test_{name}").KIT


@cache
def scene_of(name: str) -> dict[str, pl.LazyFrame]:
    return {table: frame.collect().lazy() for table, frame in kit_of(name).positive().items()}


@cache
def found_in(name: str) -> list[dict]:
    return alerts(kit_of(name).detector, scene_of(name), kit_of(name).params)


def declared(kind: str) -> list[tuple[str, str]]:
    """Return detector and parameter, or change, for what each kit declares; a missing kit fails by itself."""
    found = []
    for name in DETECTORS:
        try:
            kit = kit_of(name)
        except (ImportError, AttributeError):
            continue
        keys = kit.edges if kind == "edges" else CHANGES
        chosen = kit.edges.get if kind == "edges" else kit.change
        found.extend((name, key) for key in keys if not isinstance(chosen(key), Waived))
    return found


@pytest.mark.parametrize("name", DETECTORS)
def test_every_detector_has_a_kit_of_its_own_in_its_own_test_file(name):
    assert kit_of(name).detector is all_detectors()[name]


@pytest.mark.parametrize("name", DETECTORS)
def test_the_positive_is_alerted(name):
    assert found_in(name)


@pytest.mark.parametrize("name", DETECTORS)
def test_three_look_alikes_or_more_are_tested(name):
    kit = kit_of(name)
    home = f"tests.analytics.compliance.test_{name}"
    assert all(test.__module__ == home and test.__name__.startswith("test_") for test in kit.innocents)
    assert sum(innocents_in(test) for test in kit.innocents) >= LOOK_ALIKES


@pytest.mark.parametrize("name", DETECTORS)
def test_every_parameter_has_a_pair_either_side_or_a_reason_why_not(name):
    kit = kit_of(name)
    assert set(kit.edges) == {item.name for item in fields(kit.detector.Params)}
    for key, edge in kit.edges.items():
        assert not isinstance(edge, Waived) or len(edge.reason) > 20, key
        assert not isinstance(edge, Edge) or edge.close, key


@pytest.mark.parametrize(("name", "key"), declared("edges"))
def test_just_either_side_of_a_threshold_the_verdict_differs(name, key):
    kit = kit_of(name)
    edge = kit.edges[key]
    if isinstance(edge, Pair):
        found, missed = (alerts(kit.detector, scene(), kit.params) for scene in (edge.found, edge.missed))
    else:
        given = edge.scene() if edge.scene else scene_of(name)
        found, missed = (
            alerts(kit.detector, given, kit.with_values({**edge.others, key: value}))
            for value in (edge.found, edge.missed)
        )
    assert len(found) > len(missed)


@pytest.mark.parametrize("name", DETECTORS)
def test_changes_that_do_not_apply_have_a_reason(name):
    kit = kit_of(name)
    assert set(kit.changes) <= set(CHANGES)
    for change in kit.changes.values():
        assert not isinstance(change, Waived) or len(change.reason) > 20


@pytest.mark.parametrize(("name", "key"), declared("changes"))
def test_the_verdict_does_not_change(name, key):
    kit = kit_of(name)
    change = kit.change(key)
    before = verdict(found_in(name))
    apply = change.change if isinstance(change, Near) else change
    after = verdict(alerts(kit.detector, apply(scene_of(name)), kit.params))
    if not isinstance(change, Near):
        assert after == before
        return
    assert [row[2:] for row in after] == [row[2:] for row in before]
    assert [row[0] for row in after] == pytest.approx([row[0] for row in before], abs=change.by)


@pytest.mark.parametrize("name", DETECTORS)
def test_without_rows_it_says_what_it_cannot_see_and_alerts_nothing(name):
    found = all_detectors()[name]().detect({}).collect()
    assert set(found["kind"]) == {"data_gap"}
    assert found.height >= len(all_detectors()[name].inputs)
