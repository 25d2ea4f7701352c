"""What was said: communications, posts, follows, news."""

from analytics.datasets._base import Dataset, count, flag, instant, text, texts

MESSAGES = Dataset(
    "messages",
    "Internal communications",
    {
        "message_id": text("Message.", required=True),
        "transact_time": instant("When it was sent.", required=True),
        "channel": text("chat, mail, voice, ..."),
        "thread_id": text("Thread."),
        "kind": text("Kind."),
        "sender_id": text("Sender.", required=True),
        "recipient_ids": texts("Recipients.", required=True),
        "text": text("Text.", required=True),
        "instrument_ids": texts("Instruments named."),
    },
    key=("message_id",),
    time="transact_time",
)

POSTS = Dataset(
    "posts",
    "Posts",
    {
        "post_id": text("Post.", required=True),
        "transact_time": instant("When it was posted.", required=True),
        "author_id": text("Author.", required=True),
        "text": text("Text.", required=True),
        "instrument_ids": texts("Instruments named."),
        "in_reply_to": text("Post this answers."),
        "likes": count("Likes."),
        "sentiment_label": text("Label given by the source.", values=("positive", "neutral", "negative")),
    },
    key=("post_id",),
    time="transact_time",
)

FOLLOWS = Dataset(
    "follows",
    "Follows",
    {
        "follower_id": text("Who follows.", required=True),
        "followee_id": text("Who is followed.", required=True),
        "transact_time": instant("Since when.", required=True),
        "action": text("follow or unfollow.", required=True, values=("follow", "unfollow")),
    },
    key=("follower_id", "followee_id", "transact_time"),
    time="transact_time",
)

NEWS = Dataset(
    "news",
    "News",
    {
        "news_id": text("Story.", required=True),
        "published_time": instant("When it became public.", required=True),
        "instrument_ids": texts("Instruments named.", required=True),
        "headline": text("Headline.", required=True),
        "body": text("Body."),
        "event_type": text("earnings, guidance, merger, ..."),
        "price_sensitive": flag("Likely to move the price."),
    },
    key=("news_id",),
    time="published_time",
)
