"""Attention: unusual against its own past only, and silent without one."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from analytics.social.attention import attention, daily_attention, mentions_by_day
from analytics.social.instruments import mentioned, resolved, symbols_of

START = datetime(2026, 10, 5, 14, 10, tzinfo=UTC)  # a Monday
SYMBOLS = {"AAPL": "AAPL", "ALL": "XNYS:ALL", "IT": "XNYS:IT", "BRK.B": "BRK.B", "F": "F"}


def weekly(counts: list[int], *, name: str = "AAPL") -> pl.DataFrame:
    times = [START + timedelta(weeks=w, minutes=i % 40) for w, n in enumerate(counts) for i in range(n)]
    return pl.DataFrame({"instrument_id": [name] * len(times), "transact_time": times}).cast(
        {"transact_time": pl.Datetime("us", "UTC")}
    )


def at_the_hour(rows: pl.DataFrame) -> list:
    return rows.filter(pl.col("hour").dt.hour() == 14, pl.col("hour").dt.weekday() == 1)["z"].to_list()


def test_an_hour_is_compared_with_the_same_hour_of_earlier_weeks_only():
    z = at_the_hour(attention(weekly([4, 4, 4, 4, 4, 20])))
    assert z[:4] == [None] * 4
    assert z[4:] == [0.0, pytest.approx((20 - 4) / 2)]  # sd not below that of a Poisson count: sqrt(4)


def test_what_comes_later_changes_nothing_before():
    short, long = attention(weekly([3, 5, 4, 6, 2])), attention(weekly([3, 5, 4, 6, 2, 90, 1]))
    assert at_the_hour(short) == at_the_hour(long)[:5]


def test_a_lone_first_mention_is_no_burst():
    quiet = pl.concat([weekly([1]), weekly([0, 0, 0, 0, 0, 0, 1]), weekly([5] * 7, name="MSFT")])
    rows = attention(quiet).filter(pl.col("instrument_id") == "AAPL")
    assert rows["z"].max() < 2


def test_no_mentions_give_no_rows():
    assert attention(weekly([])).is_empty()
    assert daily_attention(weekly([])).is_empty()


def test_days_are_compared_with_days_before_and_weekends_with_weekends():
    days = [(d, 10) for d in range(40) if (START + timedelta(days=d)).weekday() < 5]
    days.append((40, 60))  # a Saturday? 2026-10-05 + 40 d = 2026-11-14, yes: compared with empty weekends
    times = [START + timedelta(days=d, seconds=i) for d, n in days for i in range(n)]
    rows = daily_attention(
        pl.DataFrame({"instrument_id": "AAPL", "transact_time": times}).cast(
            {"transact_time": pl.Datetime("us", "UTC")}
        )
    )
    last = rows.row(-1, named=True)
    assert (last["mentions"], last["usual"], last["z"]) == (60, 0.0, 60.0)
    friday = rows.row(-2, named=True)
    assert (friday["mentions"], friday["usual"], friday["z"]) == (10, 10.0, 0.0)


@pytest.mark.parametrize(("text", "ids"), [
    ("buying $aapl today", ["AAPL"]),
    ("AAPL looks fine", ["AAPL"]),
    ("it is ALL about IT now", []),
    ("$ALL and $IT report today", ["XNYS:ALL", "XNYS:IT"]),
    ("the letter F alone means nothing", []),
    ("$F means Ford", ["F"]),
    ("$BRK.B split?", ["BRK.B"]),
    ("AAPL IS GOING UP NOW FOLKS", []),
    ("mail me at AAPL@x.com or see site/AAPL", []),
    ("$5 for an apple, $AAPLX", []),
])  # fmt: skip
def test_words_that_are_also_tickers_need_their_dollar(text, ids):
    assert mentioned(text, SYMBOLS) == ids


def test_given_instruments_are_kept_and_shared_symbols_name_nobody():
    instruments = pl.DataFrame(
        {"instrument_id": ["X:A1", "Y:A1", "AAPL"], "symbol": ["AONE", "AONE", "AAPL"]}
    )
    assert symbols_of(instruments) == {"AAPL": "AAPL"}
    posts = pl.DataFrame(
        {"text": ["$AAPL up", "$AAPL up", "nothing"], "instrument_ids": [["MSFT"], None, []]},
        schema={"text": pl.String, "instrument_ids": pl.List(pl.String)},
    )
    assert resolved(posts, instruments)["instrument_ids"].to_list() == [["MSFT"], ["AAPL"], []]


def test_a_silent_day_of_any_name_counts_as_nothing():
    friday = START + timedelta(days=4)
    rows = pl.DataFrame(
        {"instrument_id": ["A", "A", "B"], "transact_time": [friday, friday, friday + timedelta(days=2)]}
    )
    found = mentions_by_day(rows)
    assert found.select("instrument_id", "mentions", "weekend").rows() == [
        ("A", 2, False), ("A", 0, True), ("A", 0, True), ("B", 0, False), ("B", 0, True), ("B", 1, True)
    ]  # fmt: skip


def test_a_wrong_date_or_posts_of_long_ago_put_no_years_of_silence_between():
    days = [START + timedelta(days=d) for d in range(30) if (START + timedelta(days=d)).weekday() < 5]
    now = pl.DataFrame({"instrument_id": "A", "transact_time": [*days[:-1], *[days[-1]] * 9]})
    stray = pl.DataFrame(
        {
            "instrument_id": ["B", "A"],
            "transact_time": [datetime(1800, 1, 1, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC)],
        }
    )
    rows = daily_attention(pl.concat([now, stray]))
    assert rows.height == (days[-1] - days[0]).days + 3
    assert rows.filter(pl.col("instrument_id") == "A", pl.col("day") < pl.date(2099, 1, 1)).equals(
        daily_attention(now)
    )
    assert rows["z"].drop_nulls().max() == 8.0
