"""Posts with tone, days beside prices, attention of the last day."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from analytics.datasets import POSTS
from analytics.insights._rule import all_rules
from app.errors import Forbidden, Invalid
from app.jobs._insight_tables import tables
from app.queries import social
from app.scope import Scope
from tests.app._world import context_of, desk_of, land

INSTRUMENTS = """
instrument_id  symbol  asset_class  currency
AAPL           AAPL    equity       USD
XNYS:ALL       ALL     equity       USD
"""
PRICES = """
instrument_id  date        adj_basis  close
AAPL           2026-11-19  raw        100
AAPL           2026-11-20  raw        110
XNYS:ALL       2026-11-19  raw        50
XNYS:ALL       2026-11-20  raw        45
"""
DAY = datetime(2026, 11, 20, 15, tzinfo=UTC)


def posts() -> pl.DataFrame:
    rows = [
        ("p1", DAY, "u1", "$AAPL rally, great quarter 🚀", 5),
        ("p2", DAY + timedelta(minutes=1), "u2", "$ALL plunged", 2),
        ("p3", DAY - timedelta(days=1), "u1", "ALL quiet today", None),
    ]
    usual = [(f"h{d}", DAY - timedelta(days=d), "u3", "$AAPL", 0) for d in range(2, 40)]
    burst = [(f"b{i}", DAY + timedelta(minutes=5 + i), "u4", "$AAPL", 0) for i in range(10)]
    frame = pl.DataFrame(
        rows + usual + burst, schema=["post_id", "transact_time", "author_id", "text", "likes"], orient="row"
    )
    filled = frame.with_columns(
        pl.col("transact_time").cast(pl.Datetime("us", "UTC")),
        transact_time_ns=pl.col("transact_time").dt.epoch("us") * 1000,
    )
    missing = {n: t for n, t in POSTS.schema.items() if n not in filled.columns}
    return filled.with_columns(pl.lit(None, t).alias(n) for n, t in missing.items()).select(
        list(POSTS.schema)
    )


@pytest.fixture
def firm(tmp_path, sqlite_database):
    context = context_of(tmp_path, sqlite_database)
    land(context, "acme", instruments=INSTRUMENTS, prices=PRICES, posts=posts())
    return context


LAST = Scope(start=date(2026, 11, 19), end=date(2026, 11, 20))


def test_posts_come_newest_first_with_tone_and_the_instruments_they_name(firm):
    rows, total = social.posts(desk_of(firm, scope=LAST), limit=100)
    assert total == 13
    by_id = {row["post_id"]: row for row in rows.to_dicts()}
    assert rows["transact_time"].is_sorted(descending=True)
    assert (by_id["p1"]["tone"], by_id["p1"]["instrument_ids"]) == ("positive", ["AAPL"])
    assert (by_id["p2"]["tone"], by_id["p2"]["instrument_ids"]) == ("negative", ["XNYS:ALL"])
    assert by_id["p3"]["instrument_ids"] == []


def test_pages_join_to_the_whole_and_sorts_are_checked(firm):
    desk = desk_of(firm, scope=LAST)
    pages = [social.posts(desk, limit=5, offset=start, sort="-likes")[0] for start in (0, 5, 10)]
    whole = social.posts(desk, limit=100, sort="-likes")[0]
    assert pl.concat(pages).equals(whole)
    assert whole["post_id"][0] == "p1"
    with pytest.raises(Invalid, match="Unknown sort"):
        social.posts(desk, sort="colour")


def test_an_instrument_in_scope_narrows_posts_by_what_their_text_names(firm):
    rows, total = social.posts(desk_of(firm, scope=Scope(instrument=("XNYS:ALL",))))
    assert (rows["post_id"].to_list(), total) == (["p2"], 1)


def test_the_summary_counts_the_scope_and_lists_the_burst_first(firm):
    values, reasons = social.summary(desk_of(firm, scope=LAST))
    assert (values["posts"], values["authors"]) == (13, 3)
    assert -1 <= values["sentiment"] <= 1
    first = values["attention"][0]
    assert (first["instrument_id"], first["mentions"], first["n"]) == ("AAPL", 11, 20)
    assert first["z"] > 3
    assert set(reasons) == {"ideas_open", "idea_hit_rate"}


def test_without_posts_sentiment_is_null_and_says_why(firm):
    values, reasons = social.summary(desk_of(firm, "zenith"))
    assert (values["posts"], values["sentiment"], values["attention"]) == (0, None, [])
    assert reasons["sentiment"] == "no post in scope"


def test_tone_stands_beside_the_price_of_the_one_instrument_or_of_all(firm):
    one = social.sentiment(desk_of(firm, scope=Scope(start=LAST.start, end=LAST.end, instrument=("AAPL",))))
    assert one.select("day", "posts", "price").rows() == [
        (date(2026, 11, 19), 0, 100.0),
        (date(2026, 11, 20), 11, 110.0),
    ]
    everything = social.sentiment(desk_of(firm, scope=LAST))
    assert everything["price"].to_list() == [100.0, 100.0]  # +10 % and -10 %, equally weighted


def test_a_post_dated_ahead_is_in_the_feed_but_is_not_the_last_day_of_anything(firm):
    one = posts().head(1)
    ahead = one.with_columns(
        post_id=pl.lit("ahead"),
        transact_time=pl.datetime(2099, 1, 1, time_zone="UTC", time_unit="us"),
        transact_time_ns=pl.lit(1).cast(pl.Int64),
        dq_flags=pl.lit(["FUTURE_TIME"]),
    )
    land(firm, "early", instruments=INSTRUMENTS, prices=PRICES, posts=pl.concat([posts(), ahead]))
    desk, without = desk_of(firm, "early"), desk_of(firm)
    assert social.posts(desk)[0]["post_id"][0] == "ahead"
    assert social.attention(desk).equals(social.attention(without))
    assert social.sentiment(desk).equals(social.sentiment(without))
    read = tables(firm, "early", {"crowd_exposure": all_rules()["crowd_exposure"]})["posts"]
    assert read.height == posts().height


def test_attention_of_a_period_without_posts_is_empty_and_not_that_of_an_earlier_day(firm):
    assert social.attention(desk_of(firm, scope=Scope(start=date(2026, 11, 21)))).is_empty()
    assert social.attention(desk_of(firm, scope=Scope(start=date(2026, 11, 20))))["day"][0] == date(
        2026, 11, 20
    )


def test_who_reads_no_data_reads_no_posts(firm):
    for role in ("admin", "operator"):
        with pytest.raises(Forbidden):
            social.posts(desk_of(firm, role=role))


def test_tones_count_what_choosing_one_would_show(firm):
    desk = desk_of(firm)
    counts = social.tones(desk)
    assert sum(counts.values()) == social.posts(desk)[1]
    for tone, count in counts.items():
        assert social.posts(desk, tone=tone)[1] == count


def test_posts_of_one_author_are_his_alone(firm):
    desk = desk_of(firm)
    everybody, total = social.posts(desk)
    author = everybody["author_id"][0]
    rows, count = social.posts(desk, author=author)
    assert set(rows["author_id"]) == {author}
    assert count == (everybody["author_id"] == author).sum()
    assert sum(social.tones(desk, author=author).values()) == count
    assert count <= total
