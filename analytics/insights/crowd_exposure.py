"""A burst of talk about an instrument that a desk holds."""

from collections.abc import Mapping
from typing import ClassVar

import polars as pl

from analytics.insights._rule import Candidate, Rule, Tables, link, quiet
from analytics.insights._say import course, desk_first, desk_words
from analytics.insights._stats import burst
from analytics.social.attention import daily_attention
from analytics.social.weighing import by_instrument, mean_tone

LOOKS = 5  # days looked at; the most unusual one is tested
HISTORY = 40  # days like it before
MIN_HISTORY = 15


class CrowdExposure(Rule):
    """Mentions of an instrument against comparable days, where a desk holds it, with tone and exposure.

    Mentions are counted, each as one: the test rests on how counts spread. The tone beside them is by the weight of posts.
    """

    name = "crowd_exposure"
    title = "Crowd attention on a holding"
    description = "An instrument that is held was mentioned far more than usual in the last five days."
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
    test = "Negative binomial on comparable days, doubled tail, five days looked at; at least 15 such days."

    def candidates(self, tables: Tables, *, seed: int) -> list[Candidate]:
        """Return one candidate per held instrument, told for the desk that holds most of it."""
        held = _held(tables)
        named = by_instrument(tables["posts"])
        mentions = named.join(held, on="instrument_id", how="semi")
        if mentions.is_empty():
            return []
        # The clock runs over all posts, so that days without any mention of a holding count as zeros.
        frame = mentions.select("instrument_id", "transact_time")
        edge = (
            tables["posts"].select(pl.lit("").alias("instrument_id"), "transact_time").sort("transact_time")
        )
        padded = pl.concat([frame, edge.head(1), edge.tail(1)])
        counts = daily_attention(padded).select("instrument_id", "day", "mentions")
        counts = counts.with_columns(weekend=pl.col("day").dt.weekday() > 5)
        found = [
            self._candidate(
                str(name), rows.sort("day"), mentions.filter(pl.col("instrument_id") == name), held
            )
            for (name,), rows in sorted(
                counts.join(held, on="instrument_id", how="semi").group_by("instrument_id")
            )
        ]
        return [one for one in found if one is not None]

    def _candidate(
        self, name: str, counts: pl.DataFrame, mentions: pl.DataFrame, held: pl.DataFrame
    ) -> Candidate | None:
        recent, before = counts.tail(LOOKS), counts.head(-LOOKS)
        tests = []
        for day, count, weekend in recent.select("day", "mentions", "weekend").iter_rows():
            alike = before.filter(pl.col("weekend") == weekend).tail(HISTORY)["mentions"].to_numpy()
            if len(alike) >= MIN_HISTORY:
                tests.append((burst(count, alike, looks=LOOKS), day, count, float(alike.mean())))
        if not tests:
            return None
        tested, day, count, usual = min(tests, key=lambda one: (one[0].p, one[1]))
        if (mute := quiet(f"{name}|{day}", tested, "mentions above usual")) is not None:
            return mute
        row = held.filter(pl.col("instrument_id") == name).row(0, named=True)
        exposure, desk = row["exposure"], row["desk"]
        that = mentions.filter(pl.col("transact_time").dt.date() == day)
        tone = that.select(mean_tone()).item()
        mood = (
            f"with a mean tone of {tone:+.2f} on a scale from -1 to 1"
            if isinstance(tone, float)
            else "without a known tone"
        )
        long = "long" if exposure >= 0 else "short"
        authors = that["author_id"].n_unique()
        return Candidate(
            subject=f"{name}|{day}",
            title=f"{name} was mentioned {count} times on {day} against {usual:.1f} usually; {desk_words(desk)} is {long} {self.money(abs(exposure))}",
            text=(
                f"{name} was mentioned {count} times by {authors} authors on {day}, {mood}; on {tested.n} comparable "
                f"days before, {usual:.1f} times (excess {tested.value:.1f}, 95% interval {tested.low:.1f} to "
                f"{tested.high:.1f}, {tested.p_text}, corrected for {LOOKS} days looked at). {desk_first(desk)} is {long} "
                f"{self.money(abs(exposure))}, {row['share']:.1%} of its gross exposure."
            ),
            tested=tested,
            unit="mentions above usual",
            money=abs(exposure) * 0.02,  # a two per cent day, the order of an ordinary single-stock move
            why=[
                {"driver": "mentions", "value": count, "unit": "posts", "usual": usual},
                {"driver": "authors", "value": authors, "unit": "people"},
                {"driver": f"exposure of {desk}", "value": exposure, "unit": "currency"},
            ],
            evidence=[{"kind": "instrument", "id": name}]
            + [{"kind": "post", "id": one} for one in that["post_id"].unique().sort().head(10)],
            next=[
                link("Read the posts", "/social/feed", instrument=name, from_=day, to=day),
                link("See the position", "/portfolio/positions", instrument=name, desk=desk),
            ],
            context={"instrument": name, "desk": desk, "from": str(day), "to": str(day)},
            desks=(str(desk),),
            chart=course(
                counts["day"].to_list(), counts["mentions"].cast(pl.Float64).to_list(), label="Mentions a day", recent=LOOKS,
                usual=usual,
            ),
        )  # fmt: skip


def _held(tables: Tables) -> pl.DataFrame:
    """Return instrument_id, desk, exposure (signed) and share of the desk's gross: the largest holder each."""
    positions = tables["daily_positions"]
    last = positions.filter(pl.col("date") == pl.col("date").max().over("account_id"))
    desks = tables["accounts"].unique("account_id", keep="any")
    by_desk = (
        last.join(desks, on="account_id", how="inner")
        .filter(pl.col("desk").is_not_null(), pl.col("market_value_base").is_not_null())
        .group_by("desk", "instrument_id")
        .agg(exposure=pl.col("market_value_base").cast(pl.Float64).sum())
        .filter(pl.col("exposure") != 0)
    )
    size = pl.col("exposure").abs()
    return (
        by_desk.with_columns(share=size / size.sum().over("desk"))
        .sort(size, "desk", descending=[True, False])
        .unique("instrument_id", keep="first", maintain_order=True)
    )
