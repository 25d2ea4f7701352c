"""Unusual P&L beside a day's gain: prices off the market, late bookings, changes, a record, jumps that were met."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from analytics.compliance.detectors.unusual_pnl import UnusualPnl, UnusualPnlParameters
from tests.analytics.compliance._kit import CHANGES, alerts, tables, verdict

DAY = date(2026, 11, 17)
HEAD = "exec_id order_id account_id trader_id instrument_id side last_qty last_px transact_time"
PRICES = ["instrument_id date close volume"] + [
    f"N0 {DAY - timedelta(days=n)} {100 + n % 2} 1000000" for n in range(1, 30)
]


def kinds(given, params=None):
    return [(row["first_seq"].partition("|")[2] or "day", row) for row in alerts(UnusualPnl, given, params)]


def measured(row):
    return {m["name"]: m["value"] for m in row["metrics"]}


def traded(*rows, quotes=(), close=100.0, **more):
    """Return fills ``account side qty px time`` in one name, with quotes ``bid ask time`` around them."""
    fills = [
        f"E{n} O{n} {account} T{account} N0 {side} {qty} {px} {DAY}T{at}Z"
        for n, (account, side, qty, px, at) in enumerate(rows)
    ]
    shown = [f"N0 {bid} {ask} {DAY}T{at}Z {n}" for n, (bid, ask, at) in enumerate(quotes)]
    return tables(
        executions="\n".join([HEAD, *fills]),
        prices="\n".join([*PRICES, f"N0 {DAY} {close} 1000000"]),
        quotes="\n".join(["instrument_id bid_px ask_px transact_time seq", *shown]),
        **more,
    )


STILL = ((99.95, 100.05, "14:59:58"), (99.95, 100.05, "15:00:02"))
MOVING = ((99.95, 100.05, "14:59:58"), (98.95, 99.05, "15:00:02"))
FAR_APART = ((99.95, 100.05, "14:55:00"), (99.95, 100.05, "15:05:00"))


def bought(px=98.5, quotes=STILL, qty=10_000):
    return traded(("A", "buy", qty, px, "15:00:00"), quotes=quotes)


def test_a_purchase_far_below_the_mids_around_it_is_alerted_with_its_gain():
    ((kind, found),) = kinds(bought())
    assert (kind, measured(found)["spreads_off"]) == ("off_market", pytest.approx(15.0))
    assert measured(found)["gain"] == pytest.approx(15_000.0)


@pytest.mark.parametrize(("why", "given"), [
    ("dearer than the market: the account lost", bought(101.5)),
    ("the market came down to it", bought(98.9, MOVING)),
    ("nobody knows where the price was in ten minutes", bought(99.4, FAR_APART, qty=50_000)),
    ("no quote near it", bought(quotes=())),
    ("another was filled there as well: the quotes are wrong", traded(
        ("A", "buy", 10_000, 98.5, "15:00:00"), ("B", "sell", 100, 98.5, "15:00:01"), quotes=STILL)),
    ("small change", bought(qty=1000)),
])  # fmt: skip
def test_prices_that_somebody_could_have_had_are_left_alone(why, given):
    assert kinds(given) == [], why


def test_who_stood_on_the_other_side_is_no_witness():
    deal = [(account, side, 10_000, 98.5, "15:00:00") for account, side in (("A", "buy"), ("B", "sell"))]
    ((kind, found),) = kinds(traded(*deal, quotes=STILL))
    assert (kind, found["actor_group"]) == ("off_market", "account:A")


@pytest.mark.parametrize(("px", "n"), [(99.49, 1), (99.50, 0)])
def test_more_than_five_spreads_are_needed(px, n):
    assert len(kinds(bought(px, qty=50_000))) == n


@pytest.mark.parametrize(("money", "n"), [(15_000.0, 1), (15_000.1, 0)])
def test_the_gain_off_the_market_counts_from_its_threshold(money, n):
    assert len(kinds(bought(), UnusualPnlParameters(off_money=money))) == n


def booked(hours=30.0, *, late=1, count=10, close=112.0, qty=1000):
    """Return ``count`` purchases of a day at 100, booked at once but for the first ``late`` of them."""
    given = traded(
        *[("AB"[n > 0], "buy", qty if n < late else 1, 100, f"15:0{n}:00") for n in range(count)], close=close
    )
    wait = pl.when(pl.col("exec_id").is_in([f"E{n}" for n in range(late)])).then(hours).otherwise(0.01)
    came = pl.col("transact_time") + pl.duration(seconds=1) * (wait * 3600)
    return {**given, "executions": given["executions"].with_columns(ingest_time=came)}


def test_a_winner_that_was_booked_the_day_after_is_alerted():
    ((kind, found),) = kinds(booked())
    assert (kind, found["exec_ids"]) == ("late", ["E0"])
    assert (measured(found)["hours_late"], measured(found)["gain"]) == pytest.approx((30.0, 12_000.0))


@pytest.mark.parametrize(("why", "given"), [
    ("a whole feed was late", booked(late=3)),
    ("late, but nothing came of it", booked(close=101.0)),
    ("all of an old day was loaded at once", booked(late=10)),
    ("when it was booked is not known", traded(("A", "buy", 1000, 100, "15:00:00"), close=112.0)),
])  # fmt: skip
def test_bookings_in_time_or_without_consequence_are_left_alone(why, given):
    assert kinds(given) == [], why


@pytest.mark.parametrize(("hours", "n"), [(4.2, 1), (4.0, 0)])
def test_late_is_four_hours_after_the_trade_and_the_rest(hours, n):
    assert len(kinds(booked(hours))) == n


@pytest.mark.parametrize(("money", "n"), [(12_000.0, 1), (12_000.1, 0)])
def test_what_was_at_stake_counts_from_its_threshold(money, n):
    assert len(kinds(booked(), UnusualPnlParameters(late_money=money))) == n


def corrected(px=100.0, *, days=3, status="corrected", first=88.0, qty=1000):
    """Return a purchase at ``first`` that was said ``days`` later to have been at ``px``; the close is 100."""
    given = traded(("A", "buy", qty, first, "15:00:00"), ("B", "buy", 1, 100, "15:00:00"))
    rows = given["executions"].collect()
    later = rows.filter(pl.col("exec_id") == "E0").with_columns(
        version=pl.lit(2, rows.schema["version"]),
        exec_status=pl.lit(status),
        last_px=pl.lit(px).cast(rows.schema["last_px"]),
        ingest_time=pl.col("transact_time") + pl.duration(days=days),
    )
    return {**given, "executions": pl.concat([rows, later]).lazy()}


PARAMS = UnusualPnlParameters(reversed_usual=0.0)


@pytest.mark.parametrize("status", ["corrected", "busted"])
def test_a_gain_that_is_taken_back_days_later_is_alerted(status):
    ((kind, found),) = kinds(corrected(status=status), PARAMS)
    assert kind == "reversed"
    assert measured(found)["change"] == pytest.approx(-(100 / 88 - 1) * 88_000)
    assert (measured(found)["days_later"], found["exec_ids"]) == (3.0, ["E0"])


@pytest.mark.parametrize(("why", "given", "params"), [
    ("put right on the same day", corrected(days=0), PARAMS),
    ("a penny", corrected(99.99, first=100.0), PARAMS),
    ("no more than what the group makes on any day", corrected(95.0), UnusualPnlParameters(reversed_money=0.0)),
])  # fmt: skip
def test_honest_corrections_are_left_alone(why, given, params):
    assert kinds(given, params) == [], why


@pytest.mark.parametrize(("money", "n"), [(11_999.0, 1), (12_001.0, 0)])
def test_the_change_counts_from_its_threshold(money, n):
    params = UnusualPnlParameters(reversed_money=money, reversed_usual=0.0)
    assert len(kinds(corrected(), params)) == n


def record(*, better=0.02, days=80, since=60, qty=4000, everybody=False, accounts=6):
    """Return daily purchases in one name that make nothing on average, and ``better`` more from day ``since``."""
    rng = np.random.default_rng(8)
    first = DAY - timedelta(days=days)
    fills, prices = [HEAD], ["instrument_id date close volume"]
    for n in range(days):
        day = first + timedelta(days=n)
        prices.append(f"N0 {day} {100 + rng.normal(0, 1):.4f} 1000000")
        close = float(prices[-1].split()[2])
        for account in range(accounts):
            gain = float(rng.normal(0, 0.006)) + better * (n >= since and (everybody or account == 0))
            fills.append(
                f"E{n}x{account} O{n}x{account} A{account} T{account} N0 buy {qty} {close / (1 + gain):.6f} {day}T15:00:00Z"
            )
    return tables(executions="\n".join(fills), prices="\n".join(prices))


def test_a_record_that_becomes_too_good_at_once_is_alerted_once():
    ((kind, found),) = kinds(record())
    assert (kind, found["actor_group"]) == ("record", "account:A0")
    assert measured(found)["sharpe"] > 15 > abs(measured(found)["sharpe_before"])
    assert measured(found)["gain"] == pytest.approx(20 * 4000 * 100 * 0.02, rel=0.2)


@pytest.mark.parametrize(("why", "given"), [
    ("it always was that good", record(since=0)),
    ("a good month for everybody", record(everybody=True)),
    ("small money", record(qty=40)),
    ("a little better", record(better=0.001)),
    ("no record to compare with", record(days=59, since=39)),
])  # fmt: skip
def test_records_that_say_nothing_are_left_alone(why, given):
    assert [kind for kind, _ in kinds(given) if kind == "record"] == [], why


def test_the_difference_counts_from_its_threshold():
    (found,) = alerts(UnusualPnl, record())
    z = measured(found)["standard_errors"]
    for jump, n in ((z - 0.01, 1), (z + 0.01, 0)):
        assert len(alerts(UnusualPnl, record(), UnusualPnlParameters(jump=jump))) == n


def jumps(*, met=7, of=8, ordinary=0, after=False, both=False, qty=300):
    """Return ``of`` jumps of 8 % in one of six names, of which an account traded ``met`` the right way before."""
    rng = np.random.default_rng(6)
    first = DAY - timedelta(days=119)
    fills, prices, level = [HEAD], ["instrument_id date close volume"], dict.fromkeys("abcdef", 100.0)
    at = {40 + 9 * n: n for n in range(of)}
    for n in range(120):
        day, names = first + timedelta(days=n), list(level)
        before = dict(level)
        for name in names:
            level[name] *= 1 + float(rng.normal(0, 0.004))
        if n in at:
            level["a"] = before["a"] * 1.08
        prices += [f"{name} {day} {level[name]:.6f} 1000000" for name in names]
        trade = (n in at and at[n] >= of - met) or (ordinary and n % 9 < ordinary)
        if trade:
            px = level["a"] if after else before["a"]
            fills.append(f"E{n} O{n} A T a buy {qty} {px:.6f} {day}T15:00:00Z")
            if both:
                fills.append(f"S{n} P{n} A T a sell {qty} {px:.6f} {day}T15:00:01Z")
    fills.append(f"EX OX A T a buy 1 100 {first}T15:00:00Z")
    return tables(executions="\n".join(fills), prices="\n".join(prices))


def test_seven_of_eight_jumps_met_by_one_that_hardly_trades_are_alerted():
    ((kind, found),) = kinds(jumps())
    assert (kind, len(found["exec_ids"])) == ("shocks", 7)
    assert (measured(found)["jumps_met"], measured(found)["hit_rate"]) == (7.0, 7 / 8)
    assert found["instrument_ids"] == ["a"]


@pytest.mark.parametrize(("why", "given"), [
    ("bought after the jump", jumps(after=True)),
    ("on both sides of it", jumps(both=True)),
    ("trades every day, and meets half of them", jumps(met=8, ordinary=9)),
])  # fmt: skip
def test_jumps_that_were_not_foreseen_are_left_alone(why, given):
    assert [kind for kind, _ in kinds(given) if kind == "shocks"] == [], why


@pytest.mark.parametrize(("met", "n"), [(5, 1), (4, 0)])
def test_five_jumps_are_needed(met, n):
    assert len(kinds(jumps(met=met))) == n


@pytest.mark.parametrize("change", list(CHANGES))
@pytest.mark.parametrize("given", [bought(qty=100_000), booked(), corrected(), jumps()])
def test_the_verdict_does_not_depend_on_order_names_clock_level_side_or_splitting(given, change):
    params = UnusualPnlParameters(late_money=0.0, reversed_usual=0.0, reversed_money=0.0, off_money=0.0)
    want = verdict(alerts(UnusualPnl, given, params))
    assert want
    if change == "split over linked accounts":
        given = {**tables(accounts="account_id kind owner_id\nA client ann\nB client bob"), **given}
    if change == "buys for sells":
        given = {**given, **mirrored_prices(given)}
    assert verdict(alerts(UnusualPnl, CHANGES[change](given), params)) == want


def mirrored_prices(given):
    """Turn prices round one hundred, so that what rose falls: sides are turned by the kit."""
    out = {}
    for name, columns in (
        ("executions", ["last_px"]),
        ("prices", ["close"]),
        ("quotes", ["bid_px", "ask_px"]),
    ):
        if name in given:
            frame = given[name]
            turned = frame.with_columns(
                (pl.col(c).cast(pl.Float64) * -1 + 200).cast(frame.collect_schema()[c]) for c in columns
            )
            out[name] = turned.with_columns(bid_px="ask_px", ask_px="bid_px") if name == "quotes" else turned
    return out
