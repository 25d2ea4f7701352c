"""How numbers, money and times read."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components import formats as f


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1_284_000, "+€1.284m"),
        (-212_000, "−€212k"),
        (9_800_000_000, "+€9.8bn"),
        (999_960, "+€1m"),
        (Decimal("412.6"), "+€412.6"),
        (0, "€0"),
        (-0.001, "€0"),
        (0.25, "+€0.25"),
        (None, "–"),
        (float("nan"), "–"),
        (float("inf"), "–"),
    ],
)
def test_money_is_short_and_signed(value, shown):
    assert f.money(value, "EUR", plus=True) == shown


@given(st.floats(allow_nan=True, allow_infinity=True) | st.none() | st.decimals(allow_nan=False))
def test_no_number_ever_reads_as_nan_none_or_a_hyphen(value):
    for shown in (
        f.money(value, "USD"),
        f.number(value, 2),
        f.percent(value),
        f.bps(value),
        f.quantity(value),
        f.price(value),
    ):
        assert not {"nan", "inf", "none", "-"} & set(shown.lower().split())
        assert "-" not in shown


def test_percent_takes_fractions():
    assert [f.percent(v) for v in (0.82, 0.0314, -0.5, 0)] == ["82%", "3.1%", "−50%", "0.0%"]


def test_small_prices_keep_their_digits():
    assert [f.price(v) for v in (190.1, 0.0123, 0.00000104)] == ["190.10", "0.0123", "0.00000104"]


def test_quantities_show_what_is_there():
    assert [f.quantity(v) for v in (Decimal("100.000000000000"), Decimal("0.5"), 1200)] == [
        "100",
        "0.5",
        "1,200",
    ]


def test_a_probability_is_never_certain():
    assert [f.probability(v) for v in (0.999, 0.0, 0.62)] == ["0.99", "0.01", "0.62"]


def test_ages_use_one_unit():
    assert [f.age(s) for s in (41, 540, 7200, 3 * 86400, -5, None)] == [
        "41 s",
        "9 min",
        "2 h",
        "3 d",
        "0 s",
        "–",
    ]


def test_since_counts_from_an_instant():
    now = datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert f.since(now - timedelta(minutes=9), now) == "9 min"
    assert f.since("2026-11-20T11:00:00Z", now) == "60 min"
    assert f.since("soon", now) == "–"


def test_days_and_clocks_read_without_doubt():
    moment = datetime(2026, 11, 20, 14, 33, 2, 418_000, tzinfo=UTC)
    assert f.day(date(2026, 11, 20)) == "20 Nov 2026"
    assert f.clock(moment) == "14:33"
    assert f.clock(moment, millis=True) == "14:33:02.418"
    assert f.moment("2026-11-20T14:33:02Z") == "20 Nov 2026 14:33"


def test_counts_agree_with_their_nouns():
    assert [f.plural(1, "post"), f.plural(4812, "post"), f.plural(2, "entry", "entries")] == [
        "1 post",
        "4,812 posts",
        "2 entries",
    ]


def test_amounts_and_shares_of_one_column_are_written_alike():
    assert f.money_alike([35_740_000, 44_900_000, -6_080_000, None], "USD", plus=True) == [
        "+$35.74m", "+$44.90m", "−$6.08m", "–",
    ]  # fmt: skip
    assert f.money_alike([99_900_000, 113_000_000], "USD") == ["$99.9m", "$113.0m"]
    assert f.money_alike([], "USD") == []
    assert f.percent_alike([0.17, 0.081, -0.12]) == ["17.0%", "8.1%", "−12.0%"]
    assert f.percent_alike([0.17, 0.12, None]) == ["17%", "12%", "–"]
