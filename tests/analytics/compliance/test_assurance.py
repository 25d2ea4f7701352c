"""Alarms on alerts and feeds, against tables of the Poisson distribution and cases worked by hand."""

import pytest

from analytics.compliance.assurance import covered, judged, quiet


def test_a_poisson_day_of_four_is_usual_up_to_eleven():
    # Tables of the Poisson distribution, mean 4: P(X <= 10) = 0.9972, P(X <= 11) = 0.9991.
    days = [4, 3, 5, 4, 4, 3, 5, 4]
    assert judged([*days, 11])["state"] == "usual"
    assert judged([*days, 12])["state"] == "many"
    assert judged([*days, 0])["state"] == "usual"  # P(X = 0) = 0.018


def test_too_few_is_an_alarm_too():
    # Mean 20: P(X <= 7) = 0.0008, P(X <= 8) = 0.0021.
    days = [20, 18, 22, 20, 19, 21]
    assert judged([*days, 8])["state"] == "usual"
    assert judged([*days, 7])["state"] == "few"


def test_days_that_vary_more_than_chance_widen_what_is_usual():
    calm, wild = [10] * 8, [0, 20, 0, 20, 0, 20, 0, 20]
    assert judged([*calm, 25])["state"] == "many"
    assert judged([*wild, 25])["state"] == "usual"


def test_one_alert_after_days_of_none_is_no_alarm_and_three_are():
    assert judged([0] * 20 + [1])["state"] == "usual"
    assert judged([0] * 20 + [3])["state"] == "many"


@pytest.mark.parametrize("counts", [[], [3], [1, 2, 3, 4, 5]])
def test_little_history_is_not_judged(counts):
    assert judged(counts)["state"] == "unknown"


def test_feeds():
    assert quiet([100] * 6 + [90])["state"] == "flowing"
    assert quiet([100] * 6 + [20])["state"] == "flowing"
    assert quiet([100] * 6 + [19])["state"] == "quiet"
    assert quiet([100] * 6 + [0])["state"] == "silent"
    assert quiet([0] * 6 + [0])["state"] == "flowing"
    assert quiet([100, 0])["state"] == "unknown"


def test_a_place_without_a_table_is_blind():
    assert covered(("executions", "news"), {"executions": 5, "news": 0}, "ok") == ("blind", ("news",))
    assert covered(("executions", "accounts"), {"executions": 5, "accounts": None}, "gap") == ("covered", ())
    assert covered(("executions",), {"executions": 5}, "failed") == ("off", ())
