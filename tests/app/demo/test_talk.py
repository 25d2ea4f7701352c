"""People talk about names that exist, and some of them know something."""

import polars as pl


def test_posts_name_instruments_that_exist(firm):
    known = set(firm.files["instruments"]["instrument_id"])
    assert set(firm.files["posts"]["instrument_ids"].explode()) <= known
    assert firm.files["posts"].filter(~pl.col("text").str.contains(r"\$[A-Z]+")).is_empty()


def test_replies_answer_earlier_posts(firm):
    posts = firm.files["posts"]
    asked = posts.select(in_reply_to="post_id", before="transact_time")
    replies = posts.join(asked, on="in_reply_to")
    assert replies.height == posts["in_reply_to"].drop_nulls().len() > 0
    assert (replies["transact_time"] >= replies["before"]).all()


def test_messages_are_between_people_of_the_firm(firm):
    people = set(firm.files["people"]["person_id"])
    messages = firm.files["messages"]
    assert set(messages["sender_id"]) <= people
    assert set(messages["recipient_ids"].explode()) <= people


def test_news_say_what_the_prices_say(firm):
    prices = firm.files["prices"].sort("instrument_id", "date")
    move = (pl.col("close").cast(pl.Float64) / pl.col("close").cast(pl.Float64).shift(1) - 1).over(
        "instrument_id"
    )
    moves = prices.select("instrument_id", "date", move=move)
    news = firm.files["news"].explode("instrument_ids").with_columns(date=pl.col("published_time").dt.date())
    told = news.join(moves, left_on=["instrument_ids", "date"], right_on=["instrument_id", "date"])
    assert told.height == news.height > 0
    for headline, change in told.select("headline", "move").iter_rows():
        assert headline.endswith(f"{abs(change):.1%} {'higher' if change > 0 else 'lower'}")
