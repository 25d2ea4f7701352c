"""What is said inside and outside the firm: messages, posts, follows, news."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from analytics.datasets import FOLLOWS, MESSAGES, NEWS, POSTS
from app.demo.ledger import conform, instant
from app.demo.market import MICROSECOND
from app.demo.phrases import CHAT, HANDLES, NEGATIVE, NEUTRAL, POSITIVE, REPLIES
from app.demo.stage import Said, Stage
from app.demo.universe import STOCKS, SYMBOLS

HOUR = 3600 * MICROSECOND
TONES = {1: ("positive", POSITIVE), 0: ("neutral", NEUTRAL), -1: ("negative", NEGATIVE)}
LOUD_MOVE = 0.035  # a daily move that makes the news


@dataclass(frozen=True)
class Talk:
    """The finished files, and what the keys of planted messages and posts became."""

    messages: pl.DataFrame
    posts: pl.DataFrame
    follows: pl.DataFrame
    news: pl.DataFrame
    ids: dict[str, str]


def talk(stage: Stage, rng: np.random.Generator, *, posts: int, post_days: int, chats: int) -> Talk:
    """Return everything said at and around a firm.

    Args:
        stage: The firm, with what its scenarios already said.
        rng: Source of chance.
        posts: Posts a session.
        post_days: Sessions back that posts reach.
        chats: Internal messages a session.
    """
    authors = _authors(stage)
    said = _posts(stage, rng, authors, per_day=posts, days=post_days)
    post_rows = said + [_planted(one, "post_id", "author_id") for one in stage.posts]
    public, ids = _numbered(post_rows, "post_id", "PO")
    _reply(public, rng)
    chat_rows = _chats(stage, rng, chats) + [
        _planted(one, "message_id", "sender_id") for one in stage.messages
    ]
    internal, more = _numbered(chat_rows, "message_id", "ME")
    return Talk(
        messages=_frame(internal, MESSAGES, "transact_time"),
        posts=_frame(public, POSTS, "transact_time"),
        follows=_frame(_follows(stage, rng, authors, post_days), FOLLOWS, "transact_time"),
        news=_frame(_news(stage), NEWS, "published_time"),
        ids=ids | more,
    )


def _authors(stage: Stage) -> list[str]:
    inside = [p.person_id for p in stage.plan.people if p.role in {"trader", "portfolio_manager", "research"}]
    return [*inside, *HANDLES]


def _posts(
    stage: Stage, rng: np.random.Generator, authors: list[str], *, per_day: int, days: int
) -> list[dict[str, Any]]:
    market = stage.market
    last = len(market.sessions)
    skill = rng.normal(0.06, 0.12, len(authors))  # chance above a coin's of calling tomorrow
    reach = rng.lognormal(1.2, 1.0, len(authors))
    rows = []
    for session in range(max(1, last - days), last):
        change = market.close[session] / market.close[session - 1] - 1
        follow = market.close[session + 1] / market.close[session] - 1 if session + 1 < last else 0 * change
        weight = (0.004 + np.abs(change[:20])) / (0.004 + np.abs(change[:20])).sum()
        for _ in range(int(rng.poisson(per_day))):
            who = int(rng.integers(len(authors)))
            name = int(rng.choice(20, p=weight))
            tone = _tone(rng, float(change[name]), float(follow[name]), float(skill[who]))
            label, lines = TONES[tone]
            start, end = market.opens_us[session], market.closes_us[session]
            time = int(rng.integers(start - 2 * HOUR, end + 3 * HOUR))
            rows.append(
                {
                    "key": None, "time": time, "author_id": authors[who], "reply": None,
                    "text": str(rng.choice(np.array(lines))).format("$" + SYMBOLS[name]),
                    "instrument_ids": [SYMBOLS[name]], "likes": int(rng.poisson(reach[who])),
                    "sentiment_label": label if rng.random() < 0.4 else None,
                }
            )  # fmt: skip
    return rows


def _tone(rng: np.random.Generator, change: float, follow: float, skill: float) -> int:
    if rng.random() < 0.25:
        return 0
    if rng.random() < 0.35:  # talks about what just happened
        return 1 if change > 0 else -1
    right = rng.random() < 0.5 + skill
    up = follow > 0 if follow else rng.random() < 0.5
    return 1 if up == right else -1


def _reply(rows: list[dict[str, Any]], rng: np.random.Generator) -> None:
    # One in eight posts answers an earlier one about the same name.
    latest: dict[str, str] = {}
    for row in rows:
        name = row["instrument_ids"][0]
        if row["key"] is None and name in latest and rng.random() < 0.12:
            row["reply"] = latest[name]
            row["text"] = str(rng.choice(np.array(REPLIES))).format("$" + name)
            row["sentiment_label"] = None
        latest[name] = row["post_id"]
        row["in_reply_to"] = row["reply"]


def _chats(stage: Stage, rng: np.random.Generator, per_day: int) -> list[dict[str, Any]]:
    desks = list(stage.plan.desks)
    members = {desk: [p.person_id for p in stage.plan.people if p.desk == desk] for desk in desks}
    rows = []
    for session in stage.sessions:
        for _ in range(per_day):
            desk = desks[int(rng.integers(len(desks)))]
            sender = str(rng.choice(np.array(members[desk])))
            line = CHAT[int(rng.integers(len(CHAT)))]
            name = SYMBOLS[stage.name(session)]
            time = stage.moment(session, float(rng.uniform(-0.1, 1.05)))
            rows.append(
                {
                    "key": None, "time": time, "channel": "chat", "kind": "desk",
                    "thread_id": f"{desk}-{stage.market.sessions[session]}", "sender_id": sender,
                    "recipient_ids": [m for m in members[desk] if m != sender],
                    "text": line.format(name), "instrument_ids": [name] if "{}" in line else None,
                }
            )  # fmt: skip
    return rows


def _planted(one: Said, id_column: str, who: str) -> dict[str, Any]:
    row: dict[str, Any] = {
        "key": one.key, "time": one.time, who: one.author, "text": one.text,
        "instrument_ids": [SYMBOLS[one.instrument]],
    }  # fmt: skip
    if id_column == "message_id":
        channel = {"channel": "chat", "kind": "direct", "thread_id": f"direct-{one.key}"}
        return row | channel | {"recipient_ids": list(one.recipients)}
    return row | {"likes": 3, "sentiment_label": None, "reply": None}


def _numbered(
    rows: list[dict[str, Any]], column: str, prefix: str
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    rows = sorted(rows, key=lambda row: row["time"])
    for place, row in enumerate(rows, 1):
        row[column] = f"{prefix}{place:06d}"
    return rows, {row["key"]: row[column] for row in rows if row["key"] is not None}


def _follows(stage: Stage, rng: np.random.Generator, authors: list[str], days: int) -> list[dict[str, Any]]:
    market = stage.market
    first = int(market.opens_us[max(0, len(market.sessions) - 2 * days)])
    last = int(market.closes_us[-1])
    rows = []
    for follower in authors:
        others = [a for a in authors if a != follower]
        for followee in rng.choice(np.array(others), int(rng.integers(3, 9)), replace=False):
            since = int(rng.integers(first, last))
            rows.append(
                {"follower_id": follower, "followee_id": str(followee), "time": since, "action": "follow"}
            )
            if rng.random() < 0.06:
                until = int(rng.integers(since + 1, last + 2))
                rows.append(rows[-1] | {"time": until, "action": "unfollow"})
    return rows


def _news(stage: Stage) -> list[dict[str, Any]]:
    # Beside what a scene needs, only what the prices themselves say.
    market = stage.market
    rows: list[dict[str, Any]] = [
        {
            "news_id": f"NS{place:05d}", "time": one.time, "instrument_ids": [SYMBOLS[one.instrument]],
            "headline": one.text, "body": "Told early for the demo; the move is in the prices.", "event_type": "price_move", "price_sensitive": True,
        }
        for place, one in enumerate(stage.stories, 1)
    ]  # fmt: skip
    planted = len(rows)
    for session in range(1, len(market.sessions)):
        for name, stock in enumerate(STOCKS[:20]):
            move = float(market.close[session, name] / market.close[session - 1, name] - 1)
            if abs(move) < LOUD_MOVE:
                continue
            way = "higher" if move > 0 else "lower"
            rows.append(
                {
                    "news_id": f"NE{len(rows) - planted + 1:05d}",
                    "time": int(market.closes_us[session]) + 12 * 60 * MICROSECOND,
                    "instrument_ids": [stock.symbol],
                    "headline": f"{stock.name} ends {abs(move):.1%} {way}",
                    "body": f"A real move of {market.originals[session]}, told on the demo's own date.",
                    "event_type": "price_move",
                    "price_sensitive": abs(move) >= 2 * LOUD_MOVE,
                }
            )
    return sorted(rows, key=lambda row: row["time"])


def _frame(rows: list[dict[str, Any]], dataset: Any, time: str) -> pl.DataFrame:
    frame = pl.DataFrame(rows, infer_schema_length=None)
    return conform(frame.with_columns(instant("time").alias(time)), dataset)
