"""A trader who is on the right side of the news before it is out."""

from collections.abc import Mapping
from typing import ClassVar

import polars as pl

from analytics.insights._rule import Candidate, Rule, Tables, link, quiet
from analytics.insights._say import bought, course, traded
from analytics.insights._stats import Tested, sign_flip

SESSIONS = 250
BEFORE = 2  # sessions before the news whose trades count
MIN_STORIES = 8
MIN_NAMES = 4  # with prices on a day, from which their mean stands for the market


class AheadOfNews(Rule):
    """How often a trader's net trades of the two sessions before a story had the sign of the move on it.

    A story is an instrument's news of one session, its move that beyond the mean of all names, so that who is long on a
    day of gains for all foresees nothing. Without knowledge of it half of the trades would have its sign; stories of one
    day are turned together.
    """

    name = "ahead_of_news"
    title = "Trades ahead of news"
    description = "A trader's trades before news have the sign of the move more often than a coin would."
    domains = ("trading", "social", "compliance")
    version = "3"
    inputs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "news": ("news_id", "published_time", "instrument_ids"),
        "executions": (
            "exec_id",
            "trader_id",
            "instrument_id",
            "side",
            "last_qty",
            "last_px",
            "to_base",
            "transact_time",
        ),
        "prices": ("instrument_id", "date", "adj_basis", "close"),
    }
    roles = ("compliance", "auditor")
    test = "Binomial with one half, and sign flips of days, doubled; the larger p counts; at least eight stories."

    def candidates(self, tables: Tables, *, seed: int) -> list[Candidate]:
        """Return one candidate per trader with trades before enough stories."""
        moves = _moves(tables["prices"])
        stories = _stories(tables["news"], moves)
        if stories.is_empty() or tables["executions"].is_empty():
            return []
        value = traded() * bought()
        sessions = moves.select("date", "at").unique("date")
        trades = (
            tables["executions"]
            .filter(pl.col("trader_id").is_not_null())
            .with_columns(date=pl.col("transact_time").dt.date(), value=value)
            .group_by("trader_id", "instrument_id", "date")
            .agg(pl.col("value").sum(), exec_id=pl.col("exec_id").sort_by("value", "exec_id").last())
            .join(sessions, on="date", how="inner")
        )
        ahead = (
            trades.join(stories, on="instrument_id", how="inner", suffix="_story")
            .filter((pl.col("at_story") - pl.col("at")).is_between(1, BEFORE))
            .group_by("trader_id", "instrument_id", "date_story")
            .agg(
                pl.col("value").sum(), pl.col("move").first(), pl.col("news_id").first(), pl.col("exec_id").max(),
            )
            .filter(pl.col("value") != 0)
            .with_columns(right=pl.col("value").sign() == pl.col("move").sign(), made=pl.col("value") * pl.col("move"))
        )  # fmt: skip
        return [
            self._candidate(str(trader), rows.sort("date_story", "instrument_id"), seed)
            for (trader,), rows in sorted(ahead.group_by("trader_id"), key=lambda one: one[0])
            if rows.height >= MIN_STORIES
        ]

    def _candidate(self, trader: str, rows: pl.DataFrame, seed: int) -> Candidate:
        from scipy import stats

        n, right = rows.height, int(rows["right"].sum())
        low = float(stats.beta.ppf(0.025, right, n - right + 1)) if right else 0.0
        high = float(stats.beta.ppf(0.975, right + 1, n - right)) if right < n else 1.0
        by_day = rows.group_by("date_story").agg(
            score=pl.col("right").cast(pl.Float64).sum() - pl.len() / 2, made=pl.col("made").sum()
        )
        by_day = by_day.sort("date_story")
        p = float(stats.binom.sf(right - 1, n, 0.5))
        if by_day.height > 1:
            p = max(p, sign_flip(by_day["score"].to_numpy(), seed=seed).p)
        tested = Tested(right / n, low, high, min(1.0, 2 * p), n)
        if (mute := quiet(trader, tested, "fraction")) is not None:
            return mute
        made = float(rows["made"].sum())
        best = rows.filter(pl.col("right")).sort("made", "news_id", descending=[True, False]).head(3)
        first, last = rows["date_story"][0], rows["date_story"][-1]
        days = best["date_story"].to_list()
        cases = [
            (f"{name} on {day}", value)
            for day, (name, value) in zip(days, best.select("instrument_id", "made").iter_rows(), strict=True)
        ]
        names = ", ".join(f"{name} {self.money(value, plus=True)}" for name, value in cases)
        return Candidate(
            subject=trader,
            title=(
                f"{trader} was on the right side before {right} of {n} stories, {self.money(made, plus=True)} on the days of "
                "the news"
            ),
            text=(
                f"From {first} to {last} {trader} traded ahead of {n} stories, within {BEFORE} sessions before each; "
                f"{right} times ({right / n:.0%}) on the side of the move that came with it beyond that of all names, against "
                f"50% without knowledge (95% interval {low:.0%} to {high:.0%}, {tested.p_text}). These moves were worth "
                f"{self.money(made, plus=True)} to the trades; the most by {names or 'none'}."
            ),
            tested=tested,
            unit="fraction",
            against=0.5,
            money=abs(made),
            why=[
                {"driver": name, "value": value, "unit": "currency"}
                for name, value in cases
            ],
            evidence=[{"kind": "trader", "id": trader}]
            + [{"kind": "execution", "id": one} for one in best["exec_id"]]
            + [{"kind": "news", "id": one} for one in best["news_id"]],
            next=[
                link("See the trades", "/trading/blotter", trader=trader, from_=first, to=last),
                link("Review the alerts", "/compliance/alerts", trader=trader),
            ],
            context={"trader": trader, "from": str(first), "to": str(last)},
            chart=course(
                by_day["date_story"].to_list(), by_day["made"].cum_sum().to_list(), label="Made on days of news, summed"
            ),
        )  # fmt: skip


def _moves(prices: pl.DataFrame) -> pl.DataFrame:
    """Return the move of each session beyond the mean of all names: instrument_id, date, at (number of the session), move."""
    raw = prices.filter(pl.col("adj_basis") == "raw")
    known = (prices if raw.is_empty() else raw).unique(["instrument_id", "date"], keep="any")
    recent = known["date"].unique().sort().tail(SESSIONS + 1)
    ordered = known.filter(pl.col("date").is_in(recent.implode())).sort("instrument_id", "date")
    close = pl.col("close").cast(pl.Float64)
    moved = ordered.select(
        "instrument_id", "date", at=pl.col("date").rank("dense").cast(pl.Int64),
        move=close / close.shift(1).over("instrument_id") - 1,
    ).drop_nulls("move")  # fmt: skip
    # Of two or three names the mean is mostly the name itself.
    enough = pl.len().over("date") >= MIN_NAMES
    return moved.with_columns(
        move=pl.col("move") - pl.when(enough).then(pl.col("move").mean().over("date")).otherwise(0.0)
    )


def _stories(news: pl.DataFrame, moves: pl.DataFrame) -> pl.DataFrame:
    """Return one row per instrument and session with news: the session's move, and one story's id."""
    told = (
        news.explode("instrument_ids", empty_as_null=True)
        .drop_nulls("instrument_ids")
        .select("news_id", instrument_id="instrument_ids", date=pl.col("published_time").dt.date())
        .sort("date", "instrument_id", "news_id")
        .unique(["instrument_id", "date"], keep="first", maintain_order=True)
    )
    return told.join(moves, on=["instrument_id", "date"], how="inner").filter(pl.col("move") != 0)
