"""A desk that trades the way the crowd talked the day before."""

from collections.abc import Mapping
from typing import ClassVar

import polars as pl

from analytics.insights._rule import Candidate, Rule, Tables, link, quiet
from analytics.insights._say import bought, course, desk_first, desk_words, traded, with_desk
from analytics.insights._stats import Tested, sign_flip
from analytics.social.weighing import by_instrument, mean_tone

SESSIONS = 60
MIN_DAYS = 20
STRETCH = 10  # sessions for which a desk may go on buying what the talk goes on praising


class CrowdFollowing(Rule):
    """Agreement of a desk's net trades in an instrument with the tone of the day before, one value a day.

    The tone is by the weight of posts (``analytics.social.weighing``), the one of pages and REST.
    With its sign when the desk trades with the talk, against it otherwise; days are turned at random.
    """

    name = "crowd_following"
    title = "Desk trades with the crowd"
    description = "A desk's net trades follow, or oppose, the tone of posts of the day before."
    domains = ("social", "trading")
    version = "4"
    inputs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "posts": (
            "post_id", "transact_time", "author_id", "instrument_ids", "relevance", "sentiment", "confidence",
        ),
        "executions": (
            "exec_id",
            "account_id",
            "instrument_id",
            "side",
            "last_qty",
            "last_px",
            "to_base",
            "transact_time",
        ),
        "accounts": ("account_id", "desk"),
    }  # fmt: skip
    test = "Sign flips of days, doubled; at least 20 days with posts before trades."

    def candidates(self, tables: Tables, *, seed: int) -> list[Candidate]:
        """Return one candidate per desk with enough days."""
        if tables["executions"].is_empty() or tables["posts"].is_empty():
            return []
        value = traded()
        fills = with_desk(tables["executions"], tables).with_columns(
            day=pl.col("transact_time").dt.date(), value=value, sign=bought()
        )
        days = fills["day"].unique().sort().tail(SESSIONS)
        net = (
            fills.filter(pl.col("day").is_in(days.implode()))
            .group_by("desk", "day", "instrument_id")
            .agg(net=(pl.col("value") * pl.col("sign")).sum(), gross=pl.col("value").sum())
        )
        # The session before, not the calendar day: what was said over a weekend meets Monday.
        following = days.to_frame("day").with_columns(said=pl.col("day"))
        tone = (
            by_instrument(tables["posts"])
            .filter(pl.col("weight") > 0)
            .select(
                "sentiment",
                "weight",
                "instrument_id",
                said=pl.col("transact_time").dt.date() + pl.duration(days=1),
            )
            .sort("said")
            .join_asof(following, on="said", strategy="forward")
            .drop_nulls("day")
            .group_by("day", "instrument_id")
            .agg(tone=mean_tone())
        )
        both = net.join(tone, on=["day", "instrument_id"], how="inner").filter(pl.col("tone") != 0)
        agree = pl.col("tone").sign() * pl.col("net") / pl.col("gross")
        return [
            self._candidate(str(desk), rows.with_columns(agree=agree), seed)
            for (desk,), rows in sorted(both.group_by("desk"), key=lambda one: one[0])
            if rows["day"].n_unique() >= MIN_DAYS
        ]

    def _candidate(self, desk: str, rows: pl.DataFrame, seed: int) -> Candidate:
        by_day = rows.group_by("day").agg(pl.col("agree").mean()).sort("day")
        values = by_day["agree"].to_numpy()
        side = -1.0 if values.mean() < 0 else 1.0
        one = sign_flip(values * side, seed=seed, stretch=STRETCH)
        ends = sorted((one.low * side, one.high * side))
        tested = Tested(one.value * side, ends[0], ends[1], min(1.0, 2 * one.p), one.n)
        if (mute := quiet(desk, tested, "fraction")) is not None:
            return mute
        gross = float(rows["gross"].sum())
        first, last = by_day["day"][0], by_day["day"][-1]
        names = (
            rows.group_by("instrument_id")
            .agg(share=pl.col("agree").mean(), gross=pl.col("gross").sum())
            .sort(pl.col("gross") * pl.col("share") * -side, "instrument_id")
            .head(3)
        )
        way = "with" if side > 0 else "against"
        return Candidate(
            subject=desk,
            title=(
                f"{desk_first(desk)} trades {way} the tone of the day before: {abs(tested.value):.0%} of {self.money(gross)}, net"
            ),
            text=(
                f"From {first} to {last}, on {tested.n} days, {abs(tested.value):.0%} of what {desk_words(desk)} traded in names "
                f"talked of the day before went, net, {way} the tone (95% interval {tested.low:+.0%} to "
                f"{tested.high:+.0%} with the tone, {tested.p_text}, against none). That is "
                f"{self.money(abs(tested.value) * gross)} of {self.money(gross)} traded."
            ),
            tested=tested,
            unit="fraction",
            money=abs(tested.value) * gross * 1e-3,
            why=[
                {"driver": name, "value": share, "unit": "fraction"}
                for name, share in names.select("instrument_id", "share").iter_rows()
            ],
            evidence=[{"kind": "instrument", "id": name} for name in names["instrument_id"]],
            next=[
                link("See the trades", "/trading/blotter", desk=desk, from_=first, to=last),
                link("Read the posts", "/social/feed", instrument=names["instrument_id"][0]),
            ],
            context={"desk": desk, "from": str(first), "to": str(last)},
            desks=(desk,),
            chart=course(
                by_day["day"].to_list(), values.tolist(), label="Agreement with the tone", usual=0.0
            ),
        )
