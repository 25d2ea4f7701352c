"""Concentration counts a trade once, as it stands, and tells the band of ownership that was reached."""

import polars as pl
import pytest

from analytics.compliance.detectors.concentration import Concentration
from tests.analytics.compliance._kit import alerts
from tests.analytics.compliance.test_concentration import fill, given


def changed(made, qty, status):
    """Return the frames with a second version of the first execution."""
    rows = made["executions"].collect()
    later = rows.head(1).with_columns(
        version=pl.lit(2, rows.schema["version"]),
        exec_status=pl.lit(status),
        last_qty=pl.lit(qty).cast(rows.schema["last_qty"]),
    )
    return {**made, "executions": pl.concat([rows, later]).lazy()}


@pytest.mark.parametrize(("qty", "status", "peaks"), [
    (500, "corrected", []),  # 500 said twice is no thousand
    (400, "corrected", []),
    (900, "corrected", [900.0]),
    (500, "busted", []),
])  # fmt: skip
def test_a_correction_replaces_and_a_bust_removes_what_was_held(qty, status, peaks):
    found = alerts(Concentration, changed(given(fill("E1", 500)), qty, status))
    assert [m["value"] for a in found for m in a["metrics"] if m["name"] == "peak"] == peaks


@pytest.mark.parametrize(("qty", "band"), [
    (300, 0.03), (499, 0.03), (500, 0.05), (999, 0.05), (1000, 0.10), (2000, 0.10),
])  # fmt: skip
def test_the_band_of_ownership_is_told(qty, band):
    found = alerts(Concentration, given(fill("E1", qty), shares=10_000, subject="nobody"))
    (row,) = [one for one in found if any(m["name"] == "ownership" for m in one["metrics"])]
    (metric,) = [m for m in row["metrics"] if m["name"] == "ownership"]
    assert (metric["value"], metric["threshold"]) == (pytest.approx(qty / 10_000), band)
    assert f"beyond the band of {band:.0%}" in " ".join(row["story"])
