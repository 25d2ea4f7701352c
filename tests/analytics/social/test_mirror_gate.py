"""The gate of a paper mirror: every bound refuses, and what cannot be judged is refused."""

from dataclasses import replace

import pytest

from analytics.social.mirror_gate import Asked, Bounds, judge

BOUNDS = Bounds(capital=1_000_000, weight=0.1, max_loss=0.05, adv_share=0.01)
ASKED = Asked("long", price=100.0, stop=95.0, adv=1_000_000, closed=False)


def test_what_is_within_every_bound_is_taken_with_its_weight_in_whole_units():
    verdict = judge(BOUNDS, replace(ASKED, price=99.9))
    assert (verdict.accepted, verdict.quantity) == (True, 1001.0)
    assert verdict.notional == pytest.approx(99_999.9)
    assert verdict.at_risk == pytest.approx(1001 * 4.9)
    assert [check.name for check in verdict.checks] == ["list", "price", "stop", "size", "loss", "liquidity"]


@pytest.mark.parametrize(
    ("change", "name", "words"),
    [
        ({"closed": True}, "list", "restricted"),
        ({"price": None}, "price", "No price"),
        ({"stop": None}, "stop", "no stop"),
        ({"stop": 100.0}, "stop", "at or beyond"),
        ({"stop": 101.0}, "stop", "at or beyond"),
        ({"direction": "short"}, "stop", "at or beyond"),
        ({"price": 200_000.0, "stop": 190_000.0}, "size", "One unit"),
        ({"invested": 950_000}, "size", "would be invested"),
        ({"lost": 46_000}, "loss", "the most"),
        ({"at_risk": 46_000}, "loss", "the most"),
        ({"stop": 40.0}, "loss", "the most"),
        ({"adv": None}, "liquidity", "not known"),
        ({"adv": 50_000}, "liquidity", "usual daily volume"),
    ],
)
def test_each_bound_refuses_with_its_reason(change, name, words):
    verdict = judge(BOUNDS, replace(ASKED, **change))
    assert not verdict.accepted
    assert words in verdict.reason
    assert next(check.name for check in verdict.checks if not check.holds) == name
    assert verdict.quantity is verdict.notional is verdict.at_risk is None


def test_what_was_won_before_makes_room_for_a_loss():
    assert judge(BOUNDS, replace(ASKED, at_risk=46_000, lost=-10_000)).accepted


def test_a_short_is_judged_by_a_stop_above():
    verdict = judge(BOUNDS, replace(ASKED, direction="short", stop=105.0))
    assert verdict.accepted
    assert verdict.at_risk == pytest.approx(5000)


def test_a_bound_that_is_none_is_refused():
    with pytest.raises(ValueError, match="above zero"):
        judge(replace(BOUNDS, weight=0.0), ASKED)
