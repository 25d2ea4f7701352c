"""Somebody of the firm who buys, praises, and sells."""

from collections.abc import Mapping
from typing import ClassVar
from urllib.parse import quote

import polars as pl

from analytics.insights._rule import Candidate, Rule, Tables, link
from analytics.insights._say import bought, course, traded
from analytics.insights._stats import Tested
from analytics.insights._tables import IDEAS, IDEAS_SCHEMA
from analytics.social import book_talk as talk


class TalksHisBook(Rule):
    """Whether a person's own trades turn around what he posts and the ideas he puts forward.

    The calculation is that of the author's page, ``analytics.social.book_talk``: once for the accounts he owns, once
    for what he enters for others.
    """

    name = "talks_his_book"
    title = "Talking one's book"
    description = "A person of the firm trades one way before speaking of a name and the other way after."
    domains = ("social", "trading", "compliance")
    version = "5"
    inputs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "posts": (
            "post_id", "transact_time", "author_id", "instrument_ids", "relevance", "sentiment", "confidence",
        ),
        IDEAS: tuple(IDEAS_SCHEMA),
        "executions": (
            "exec_id", "trader_id", "account_id", "instrument_id", "side", "last_qty", "last_px", "to_base",
            "transact_time",
        ),
        "accounts": ("account_id", "owner_id"),
    }  # fmt: skip
    roles = ("compliance", "auditor")
    test = "Turned signs of episodes of what is said; at least five statements with trades around them."

    def candidates(self, tables: Tables, *, seed: int) -> list[Candidate]:
        """Return one candidate per person and kind of trade (``book_talk.KINDS``)."""
        fills = tables["executions"].with_columns(
            value=traded() * bought(), date=pl.col("transact_time").dt.date()
        )
        sessions = talk.calendar(fills["date"])
        said = talk.placed(talk.said(tables["posts"], tables[IDEAS]), sessions)
        trades = talk.traded(fills, tables["accounts"]).join(said, on="person", how="semi")
        found = []
        for (person, kind), own in sorted(trades.group_by("person", "kind"), key=lambda one: one[0]):
            result = talk.book_talk(said.filter(pl.col("person") == person), own, sessions)
            if result.p_value is not None:
                accounts = tables["accounts"].filter(pl.col("owner_id") == person) if kind == "own" else None
                found.append(self._candidate(str(person), str(kind), result, accounts))
        return found

    def _candidate(
        self, person: str, kind: str, found: talk.BookTalk, accounts: pl.DataFrame | None
    ) -> Candidate:
        score = found.score or 0.0
        low, high = (-1.0, 1.0) if found.low is None or found.high is None else (found.low, found.high)
        tested = Tested(score, low, high, found.p_value or 1.0, found.traded)
        top = found.cases.head(3)
        by_day = found.cases.group_by("date").agg(pl.col("score").sum()).sort("date")
        names = ", ".join(f"{name} on {day}" for name, day in top.select("instrument_id", "date").iter_rows())
        first, last = found.cases.select(pl.col("first").min(), pl.col("last").max()).row(0)
        posts = top["posts"].explode(empty_as_null=True).drop_nulls().unique(maintain_order=True).head(6)
        where = {"trader": person} if accounts is None else {
            "account": ",".join(accounts["account_id"].unique().sort())
        }  # fmt: skip
        trades = f"In {talk.KINDS[kind]}," if accounts is not None else f"With {talk.KINDS[kind]},"
        return Candidate(
            subject=f"{person}|{kind}",
            title=(
                f"{person} trades one way before speaking and the other way after, {self.money(found.value)} "
                f"around {tested.n} statements ({talk.KINDS[kind]})"
            ),
            text=(
                f"{trades} {person} traded {self.money(found.value)} within {talk.WINDOW} sessions of {tested.n} own "
                f"posts and ideas, {first} to {last}. The trades score {score:+.2f} (95% interval {low:+.2f} to {high:+.2f}, "
                f"{tested.p_text}, from {found.episodes} episodes) on a scale from -1 to 1, where 1 is all before with the "
                f"words and all after against them, and chance gives 0. Plainest: {names}."
            ),
            tested=tested,
            unit="score",
            money=found.value,
            why=[
                {"driver": f"{row['instrument_id']} on {row['date']}", "value": row["before"] - row["after"], "unit": "currency"}
                for row in top.iter_rows(named=True)
            ],
            evidence=[{"kind": "trader", "id": person}, *({"kind": "post", "id": one} for one in posts)],
            next=[
                link("Lay words beside trades", f"/social/authors/{quote(person, safe='')}"),
                link("See the trades", "/trading/blotter", **where, from_=first, to=last),
                link("Read the posts", "/social/feed", author=person, from_=first, to=last),
                link("Review the alerts", "/compliance/alerts", trader=person),
            ],
            context={"trader": person, "author": person, "from": str(first), "to": str(last)},
            chart=course(
                by_day["date"].to_list(), by_day["score"].cum_sum().to_list(), label="Score of statements, summed", usual=0.0
            ),
        )  # fmt: skip
