"""Concentration: the path within the day, each bound from both sides, splits, groups and derivatives."""

import pytest

from analytics.compliance.detectors.concentration import Concentration, ConcentrationParameters
from tests.analytics.compliance._declared import Edge, Kit
from tests.analytics.compliance._kit import (
    alerts,
    gaps,
    mirrored,
    renamed,
    scaled,
    shifted,
    shuffled,
    tables,
    verdict,
)  # fmt: skip

ACCOUNTS = """
account_id  kind    base_currency  owner_id  link_group
A1          client  USD            O1        -
A2          client  USD            O1        -
L1          client  USD            O2        G
L2          client  USD            O3        G
"""
NAMES = """
instrument_id  symbol  asset_class  currency  underlying_id  put_call  multiplier  shares_outstanding
AAPL           AAPL    equity       USD       -              -         1           {}
AAPLC          AAPLC   option       USD       AAPL           call      100         -
AAPLP          AAPLP   option       USD       AAPL           put       100         -
AAPLF          AAPLF   future       USD       AAPL           -         100         -
"""
LIMIT = (
    "limit_id instrument_id subject_kind subject_id max_quantity valid_from valid_to\nL AAPL {} {} 1000 {} {}"
)
FILLS = "exec_id account_id instrument_id side last_qty last_px currency transact_time\n"


def fill(exec_id, qty, *, side="buy", account="A1", name="AAPL", at="14:30:00"):
    return f"{exec_id} {account} {name} {side} {qty} 190 USD {at}"


def given(*lines, kind="account", subject="A1", start="-", end="-", shares="-", **more):
    return tables(
        executions=FILLS + "\n".join(lines), accounts=ACCOUNTS, instruments=NAMES.format(shares),
        position_limits=LIMIT.format(kind, subject, start, end), **more,
    )  # fmt: skip


def uses(found):
    return [m["value"] for a in found for m in a["metrics"] if m["name"] == "use_of_limit"]


@pytest.mark.parametrize(("qty", "severities"), [
    ("799.999", []), (800, ["medium"]), (999, ["medium"]), (1000, ["high"]), (2000, ["critical"]),
])  # fmt: skip
def test_eighty_percent_warns_and_the_limit_itself_is_a_breach(qty, severities):
    assert [a["severity"] for a in alerts(Concentration, given(fill("E1", qty)))] == severities


def test_a_position_that_is_back_by_the_evening_is_found_with_its_peak_and_times():
    lines = [
        fill("E1", 700, at="14:00:00"), fill("E2", 400, at="14:30:00"), fill("E3", 100, at="14:40:00"),
        fill("E4", 900, side="sell", at="15:00:00"),
    ]  # fmt: skip
    (found,) = alerts(Concentration, given(*lines))
    assert (uses([found]), found["exec_ids"]) == ([1.2], ["E2", "E3"])
    assert found["story"][:3] == [
        "1. From 2026-11-20 14:30:00 UTC, account:A1 held up to 1,200 units of AAPL, 120% of the limit of 1,000.",
        "2. The most was reached at 2026-11-20 14:40:00 UTC.",
        "3. It was back below by 2026-11-20 15:00:00 UTC.",
    ]


def test_two_stretches_above_are_two_alerts():
    lines = [
        fill("E1", 900, at="14:00:00"), fill("E2", 900, side="sell", at="14:30:00"),
        fill("E3", 900, at="15:00:00"),
    ]  # fmt: skip
    assert len({a["alert_id"] for a in alerts(Concentration, given(*lines))}) == 2


SPLIT = "instrument_id ca_id kind ex_date ratio\nAAPL S1 split 2026-11-20 10"


@pytest.mark.parametrize(("why", "made"), {
    "a split whose limit was adjusted": given(
        fill("E1", 70, at="2026-11-18T14:30:00Z"), fill("E2", 10), start="2026-11-20", corporate_actions=SPLIT),
    "a transfer within the owner": given(
        fill("E1", 700), fill("E2", 600, side="sell", at="14:31:00"), fill("E3", 600, account="A2", at="14:32:00"),
        kind="owner", subject="O1"),
    "a limit that is over": given(fill("E1", 5000), end="2026-11-19"),
    "a limit of somebody else": given(fill("E1", 5000), subject="A2"),
    "another instrument": given(fill("E1", 5000, name="MSFT")),
    "shares hedged with puts": given(fill("E1", 900), fill("E0", 10, name="AAPLP", at="14:29:00")),
    "calls hedged with shares sold": given(
        fill("E1", 20, name="AAPLC"), fill("E2", 700, side="sell", at="14:29:00")),
}.items())  # fmt: skip
def test_look_alikes_are_left_alone(why, made):
    assert alerts(Concentration, made) == [], why


def test_a_split_without_a_new_limit_is_reported_from_the_next_fill():
    unadjusted = given(fill("E1", 70, at="2026-11-18T14:30:00Z"), fill("E2", 300), corporate_actions=SPLIT)
    assert uses(alerts(Concentration, unadjusted)) == [1.0]


def test_a_new_limit_finds_what_is_already_held():
    (found,) = alerts(Concentration, given(fill("E1", 1500, at="2026-11-18T14:30:00Z"), start="2026-11-20"))
    assert (found["window_start"].isoformat(), uses([found])) == ("2026-11-20T00:00:00+00:00", [1.5])


@pytest.mark.parametrize(
    ("name", "qty", "use"), [("AAPLF", 9, 0.9), ("AAPLC", 18, 0.9), ("AAPLP", 18, 0.9), ("AAPLP", 15, None)]
)
def test_derivatives_count_for_what_they_stand_for(name, qty, use):
    found = alerts(Concentration, given(fill("E1", qty, name=name)))
    assert uses(found) == ([use] if use else [])
    assert [a["instrument_ids"] for a in found] == ([["AAPL", name]] if use else [])


@pytest.mark.parametrize(("kind", "subject", "group"), [
    ("link", "G", "link:G"), ("firm", "-", "firm"), ("-", "-", "link:G"),
])  # fmt: skip
def test_accounts_of_a_group_add_up(kind, subject, group):
    found = alerts(
        Concentration,
        given(fill("E1", 500, account="L1"), fill("E2", 500, account="L2"), kind=kind, subject=subject),
    )
    assert [(a["actor_group"], a["severity"]) for a in found] == [(group, "high")]


@pytest.mark.parametrize(("qty", "n"), [("299.9", 0), (300, 1)])
def test_three_percent_of_the_shares_outstanding_are_reported(qty, n):
    found = alerts(Concentration, given(fill("E1", qty), subject="X", shares=10_000))
    assert [a["severity"] for a in found] == ["high"] * n


PRICES = "instrument_id date close volume\n" + "\n".join(
    f"AAPL 2026-11-{d:02} 190 4000" for d in range(9, 20)
)


@pytest.mark.parametrize(("qty", "n"), [(499, 0), (500, 1)])
def test_a_quarter_of_usual_volume_in_a_day_is_reported(qty, n):
    made = given(fill("E1", 500), fill("E2", qty, side="sell", at="14:40:00"), subject="X", prices=PRICES)
    found = alerts(Concentration, made)
    assert [a["exec_ids"] for a in found] == [["E1", "E2"]] * n


def test_the_score_grows_with_what_was_used():
    scores = [alerts(Concentration, given(fill("E1", q)))[0]["score"] for q in (800, 900, 1000, 1500, 3000)]
    assert scores == [40.0, 55.0, 70.0, 85.0, 100.0]


def test_a_limit_on_a_name_nobody_traded_is_reported_as_not_judged():
    assert gaps(Concentration, given(fill("E1", 5, name="MSFT"))) == [
        "A position limit names an instrument that nobody has traded."
    ]
    assert gaps(Concentration, {}) == ["No executions to look at."]


def test_a_lower_warning_finds_more():
    low = ConcentrationParameters(warn=0.5)
    assert len(alerts(Concentration, given(fill("E1", 600)), low)) == 1


@pytest.mark.parametrize("change", [
    lambda g: shuffled(g, 1), lambda g: shuffled(g, 2), lambda g: scaled(g, 10), mirrored,
    lambda g: shifted(g, hours=3), lambda g: shifted(g, days=40),
])  # fmt: skip
def test_the_verdict_does_not_depend_on_order_price_level_clock_or_side(change):
    base = given(
        fill("E1", 900), fill("E2", 300, at="14:40:00"), fill("E3", 900, side="sell", at="14:50:00"),
        fill("E4", 400, account="L1"), fill("E5", 450, account="L2", at="15:00:00"), kind="-", subject="-",
    )  # fmt: skip
    assert len(alerts(Concentration, base)) == 2
    assert verdict(alerts(Concentration, change(base))) == verdict(alerts(Concentration, base))


def test_the_verdict_does_not_depend_on_names():
    base = given(fill("E1", 900), kind="-", subject="-")
    assert verdict(alerts(Concentration, renamed(base))) == verdict(alerts(Concentration, base))


# What test_kit_complete.py holds this detector to.
def much_of_the_day():
    rows = (fill("E1", 500), fill("E2", 500, side="sell", at="14:40:00"))
    return given(*rows, subject="X", prices=PRICES)


KIT = Kit(
    Concentration,
    lambda: given(fill("E1", 900), kind="-", subject="-"),
    (test_look_alikes_are_left_alone,),
    {
        "warn": Edge(0.9, 0.905),
        "ownership": Edge(0.03, 0.0301, scene=lambda: given(fill("E1", 300), subject="X", shares=10_000)),
        "adv_share": Edge(0.25, 0.251, scene=much_of_the_day),
        "option_delta": Edge(0.445, 0.444, scene=lambda: given(fill("E1", 18, name="AAPLC"))),
    },
)
