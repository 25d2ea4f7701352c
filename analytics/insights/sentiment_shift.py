"""Talk about a holding whose tone has turned."""

from collections.abc import Mapping
from typing import ClassVar

import polars as pl

from analytics.insights._rule import Candidate, Rule, Tables, link, quiet
from analytics.insights._say import course, desk_first, desk_words, held_now, interval
from analytics.insights._shifts import recent_shift
from analytics.social.weighing import by_instrument, mean_tone

RECENT = 4  # days with posts
HISTORY = 60
MIN_DAYS = 24
DAY_MOVE = 0.02  # of the order of an ordinary day of a single stock


class SentimentShift(Rule):
    """Mean tone of the posts on an instrument that is held, on the last four days with posts and before.

    The mean of a day is by the weight of posts (``analytics.social.weighing``), the one of pages and REST.
    """

    name = "sentiment_shift"
    title = "Tone on a holding has turned"
    description = (
        "Posts on an instrument that is held are more, or less, favourable than in the months before."
    )
    domains = ("social", "portfolio")
    version = "4"
    inputs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "posts": (
            "post_id", "transact_time", "author_id", "instrument_ids", "relevance", "sentiment", "confidence",
            "author_weight",
        ),
        "daily_positions": ("account_id", "instrument_id", "date", "market_value_base"),
        "accounts": ("account_id", "desk"),
    }  # fmt: skip
    test = "Permutation of days with posts, and Welch's t; at least 24 such days."

    def candidates(self, tables: Tables, *, seed: int) -> list[Candidate]:
        """Return one candidate per holding with enough days of posts, told for the desk that holds most of it."""
        held = held_now(tables).sort(pl.col("exposure").abs(), "desk", descending=[True, False])
        held = held.unique("instrument_id", keep="first", maintain_order=True)
        told = (
            by_instrument(tables["posts"])
            .filter(pl.col("weight") > 0)
            .join(held, on="instrument_id", how="inner")
            .with_columns(day=pl.col("transact_time").dt.date())
        )
        found = []
        for _, rows in sorted(told.group_by("instrument_id"), key=lambda one: one[0]):
            by_day = rows.group_by("day").agg(sentiment=mean_tone()).sort("day").tail(HISTORY)
            if by_day.height >= MIN_DAYS:
                found.append(self._candidate(rows, by_day, seed))
        return found

    def _candidate(self, rows: pl.DataFrame, by_day: pl.DataFrame, seed: int) -> Candidate:
        tested = recent_shift(by_day["sentiment"].to_numpy(), RECENT, seed=seed)
        name, desk, exposure = rows.select("instrument_id", "desk", "exposure").row(0)
        if (mute := quiet(f"{name}|{by_day['day'][-1]:%G-%V}", tested, "tone")) is not None:
            return mute
        tones = by_day["sentiment"].to_numpy()
        late, early = float(tones[-RECENT:].mean()), float(tones[:-RECENT].mean())
        first, last = by_day["day"][-RECENT], by_day["day"][-1]
        that = rows.filter(pl.col("day") >= first)
        sign = -1 if tested.value < 0 else 1
        voices = (
            that.group_by("author_id")
            .agg((pl.col("sentiment") * pl.col("weight")).sum())
            .sort(pl.col("sentiment") * -sign, "author_id")
            .head(3)
        )
        long = "long" if exposure >= 0 else "short"
        return Candidate(
            subject=f"{name}|{last:%G-%V}",
            title=f"Tone on {name} went from {early:+.2f} to {late:+.2f}; {desk_words(desk)} is {long} {self.money(abs(exposure))}",
            text=(
                f"{that.height} posts on {name} from {first} to {last} have a mean tone of {late:+.2f} on a scale from "
                f"-1 to 1, weighed by how much they are about it, against {early:+.2f} on the {tested.n - RECENT} days with posts before, a change of {tested.value:+.2f} "
                f"{interval(tested, '{:+.2f}')}. {desk_first(desk)} is {long} {self.money(abs(exposure))}."
            ),
            tested=tested,
            unit="tone",
            money=abs(exposure) * DAY_MOVE,
            why=[
                {"driver": author, "value": tone, "unit": "tone by weight, summed"}
                for author, tone in voices.select("author_id", "sentiment").iter_rows()
            ],
            evidence=[{"kind": "instrument", "id": name}]
            + [{"kind": "post", "id": one} for one in that["post_id"].unique().sort().head(8)],
            next=[
                link("Read the posts", "/social/feed", instrument=name, from_=first, to=last),
                link("See sentiment and price", "/social/sentiment", instrument=name),
                link("See the position", "/portfolio/positions", instrument=name, desk=desk),
            ],
            context={"instrument": name, "desk": desk, "from": str(first), "to": str(last)},
            desks=(str(desk),),
            chart=course(
                by_day["day"].to_list(), by_day["sentiment"].to_list(), label="Mean tone", recent=RECENT, usual=early
            ),
        )  # fmt: skip
