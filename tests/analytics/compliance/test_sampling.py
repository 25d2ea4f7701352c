"""Samples for supervision: drawn again by anybody, and of a size that says something."""

import pytest
from scipy import stats

from analytics.compliance.sampling import drawn, most, size_for

IDS = [f"M{i}" for i in range(500)]


def test_a_draw_follows_from_its_seed_and_not_from_the_order_of_the_ids():
    first = drawn(IDS, seed=7, size=40)
    assert len(set(first)) == 40
    assert drawn(reversed(IDS), seed=7, size=40) == first
    assert drawn(IDS, seed=7, size=10) == first[:10]
    assert drawn(IDS, seed=8, size=40) != first
    assert drawn(IDS[:3], seed=7, size=40) == drawn(IDS[:3], seed=7, size=3)


def test_every_id_has_the_same_chance():
    counts = dict.fromkeys(IDS[:20], 0)
    for seed in range(1000):
        for one in drawn(IDS[:20], seed=seed, size=5):
            counts[one] += 1
    assert stats.chisquare(list(counts.values())).pvalue > 0.001


@pytest.mark.parametrize(("population", "share"), [(1000, 0.05), (200, 0.1), (5000, 0.01)])
def test_the_size_finds_one_with_the_confidence_asked_for(population, share):
    size, sought = size_for(population, share), round(population * share)
    assert stats.hypergeom.sf(0, population, sought, size) >= 0.945
    assert stats.hypergeom.sf(0, population, sought, size - 3) < 0.95


def test_sizes_and_bounds_at_the_edges():
    assert size_for(0, 0.05) == 0
    assert size_for(10, 0.05) == 10  # not even one of them: only all of them would do
    assert most(0, 0) is None
    assert most(3, 3) == 1.0
    assert most(0, 59) == pytest.approx(0.0495, abs=1e-3)
    for bad in (0.0, 1.0):
        with pytest.raises(ValueError, match="between"):
            size_for(10, bad)
    with pytest.raises(ValueError, match="more"):
        most(2, 1)
