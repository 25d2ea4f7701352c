"""An author who has been right more often than luck would have it: by his sealed ideas, or, without any, his posts."""

from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import quote

import polars as pl

from analytics.insights._rule import Candidate, Rule, Tables, link, quiet
from analytics.insights._say import course, desk_words, held_now
from analytics.insights._stats import Tested, sign_flip
from analytics.insights._tables import IDEA_SCORES, IDEA_SCORES_SCHEMA
from analytics.social.leaderboard import MIN_IDEAS, leaderboard
from analytics.social.weighing import stances

RECENT_DAYS = 10  # in which he must have spoken of something for it to matter now
SHIFT_HOURS = 5  # posts after 19:00 UTC cannot be traded at that day's close


class AuthorRecord(Rule):
    """Mean result of a day of an author: of his sealed ideas after costs, or of the session after his posts.

    Who has put ideas forward is judged by those that are on record as ended, and by nothing else: of two records one
    would tell the better. Such a record is the leaderboard's, and must stand above what luck reaches in its league.
    Who has none is judged by the tone of his posts: entered at the close of the post's own session, left at the next
    one, less the move of all names; a post that names an instrument among many takes no side on it
    (``analytics.social.weighing``). A day's mean counts as one observation.
    """

    name = "author_record"
    title = "Author with a record"
    description = "An author's sealed ideas, or, for want of any, the tone of posts, were right beyond luck."
    domains = ("social", "portfolio")
    version = "4"
    inputs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "posts": (
            "post_id", "transact_time", "author_id", "instrument_ids", "relevance", "sentiment", "confidence",
        ),
        "prices": ("instrument_id", "date", "adj_basis", "close"),
        "daily_positions": ("account_id", "instrument_id", "date", "market_value_base"),
        "accounts": ("account_id", "desk"),
        IDEA_SCORES: tuple(IDEA_SCORES_SCHEMA),
    }  # fmt: skip
    test = (
        "Ideas: probabilistic Sharpe ratio of days after costs against the best of as many coin flippers as are "
        "ranked. Posts, of those without ideas: the same ratio alone and sign flips of days, the larger p. "
        f"At least {MIN_IDEAS} days."
    )

    def candidates(self, tables: Tables, *, seed: int) -> list[Candidate]:
        """Return one candidate per author with enough days."""
        held, scores = held_now(tables), tables[IDEA_SCORES]
        posted = _settled(tables["posts"].join(scores, on="author_id", how="anti"), tables["prices"])
        return [*self._by_ideas(scores, held), *self._by_posts(posted, held, seed)]

    def _by_ideas(self, scores: pl.DataFrame, held: pl.DataFrame) -> list[Candidate]:
        ended = scores.filter(pl.col("ended"), pl.col("entry_date").is_not_null())
        if ended.is_empty():
            return []
        ranked = leaderboard(ended).drop_nulls("skill")
        return [
            self._by_idea(row, scores.filter(pl.col("author_id") == row["author_id"]), held, ranked.height)
            for row in ranked.sort("author_id").iter_rows(named=True)
        ]  # fmt: skip

    def _by_idea(
        self, row: dict[str, Any], ideas: pl.DataFrame, held: pl.DataFrame, authors: int
    ) -> Candidate:
        from scipy.special import stdtrit

        author, ended = str(row["author_id"]), ideas.filter(pl.col("ended"))
        daily = ended.group_by("entry_date").agg(pl.col("net").mean()).sort("entry_date")
        # The chance that the best of as many coin flippers as are ranked looks as good: below 5 % is above the band.
        p = 1 - float(row["skill"]) ** authors
        days = daily["net"].to_numpy() * 1e4
        mean, n = float(days.mean()), len(days)
        half = float(stdtrit(n - 1, 0.975) * days.std(ddof=1) / n**0.5)
        tested = Tested(mean, mean - half, mean + half, min(max(p, 0.0), 1.0), n)
        if (mute := quiet(author, tested, "bp")) is not None:
            return mute
        first, last = daily["entry_date"][0], daily["entry_date"][-1]
        mine = _meeting(ideas.filter(~pl.col("ended")), held)
        exposure = float(mine["exposure"].abs().sum())
        return Candidate(
            subject=author,
            title=f"{author}'s {row['ideas']} sealed ideas earned {tested.value:.0f} bp a day after costs over {tested.n} days",
            text=(
                f"By sealed ideas: {row['ideas']} of {author}, entered on {tested.n} days from {first} to {last}, ended with "
                f"{tested.value:.0f} bp of their size a day after costs (95% interval {tested.low:.0f} to "
                f"{tested.high:.0f}); {float(row['hit_rate']):.0%} with a profit. Ratio of a day {float(row['ratio']):.2f} "
                f"against {float(row['band']):.2f} that the best of {authors} coin flippers would show "
                f"({tested.p_text}, corrected for the {authors} ranked; at least {MIN_IDEAS} days). "
                f"Still running: {self._met(mine)}."
            ),
            tested=tested,
            unit="bp",
            money=abs(tested.value) * 1e-4 * exposure,
            weight=0.2,
            why=_exposures(mine) or [{"driver": "days with ideas", "value": tested.n, "unit": "days"}],
            evidence=[{"kind": "author", "id": author, "href": f"/social/authors/{quote(author, safe='')}"}]
            + [{"kind": "idea", "id": one} for one in ended.sort("entry_date", "idea_id")["idea_id"].tail(5)],
            next=[
                link("See the ideas", f"/social/authors/{quote(author, safe='')}"),
                link("See the league", "/social/leaderboard", author=author),
                _positions(mine),
            ],
            context={"author": author, "from": str(first), "to": str(last)},
            desks=_whose(mine),
            chart=_summed(daily),
        )

    def _by_posts(self, settled: pl.DataFrame, held: pl.DataFrame, seed: int) -> list[Candidate]:
        days = settled.group_by("author_id").agg(pl.col("entry_date").n_unique())
        enough = days.filter(pl.col("entry_date") >= MIN_IDEAS)
        settled = settled.join(enough, on="author_id", how="semi")
        if settled.is_empty():
            return []
        ranked = leaderboard(settled).drop_nulls("skill")
        return [
            self._by_post(row, settled.filter(pl.col("author_id") == row["author_id"]), held, seed)
            for row in ranked.sort("author_id").iter_rows(named=True)
        ]

    def _by_post(self, row: dict[str, Any], posts: pl.DataFrame, held: pl.DataFrame, seed: int) -> Candidate:
        author, skill = str(row["author_id"]), float(row["skill"])
        daily = posts.group_by("entry_date").agg(pl.col("net").mean()).sort("entry_date")
        one = sign_flip(daily["net"].to_numpy() * 1e4, seed=seed)
        tested = Tested(one.value, one.low, one.high, max(one.p, 1 - skill), one.n)
        if (mute := quiet(author, tested, "bp")) is not None:
            return mute
        first, last = daily["entry_date"][0], daily["entry_date"][-1]
        now = posts.filter(pl.col("entry_date") > pl.lit(last).dt.offset_by(f"-{RECENT_DAYS}d"))
        mine = _meeting(now, held)
        exposure = float(mine["exposure"].abs().sum())
        return Candidate(
            subject=author,
            title=f"{author}'s posts were worth {tested.value:.0f} bp a day over {tested.n} days",
            text=(
                f"By the tone of posts, for want of sealed ideas: from {first} to {last} what {author} posted was followed, on "
                f"the next session, by a move of "
                f"{tested.value:.1f} bp in its direction beyond the other names (95% interval {tested.low:.1f} to "
                f"{tested.high:.1f} bp a day over {tested.n} days, {tested.p_text}); right on {float(row['hit_rate']):.0%}. "
                f"Ratio {float(row['ratio']):.2f} against {float(row['band']):.2f} that luck reaches in this league. "
                f"Of late: {self._met(mine)}."
            ),
            tested=tested,
            unit="bp",
            money=abs(tested.value) * 1e-4 * exposure,
            weight=0.2,
            why=_exposures(mine) or [{"driver": "days with posts", "value": tested.n, "unit": "days"}],
            evidence=[{"kind": "author", "id": author}]
            + [{"kind": "post", "id": one} for one in posts.sort("entry_date", "post_id")["post_id"].tail(5)],
            next=[
                link("Read the posts", "/social/feed", author=author),
                link("See the league", "/social/leaderboard", author=author),
                _positions(mine),
            ],
            context={"author": author, "from": str(first), "to": str(last)},
            desks=_whose(mine),
            chart=_summed(daily),
        )

    def _met(self, mine: pl.DataFrame) -> str:
        if mine.is_empty():
            return "nothing that is held"
        pairs = mine.select("instrument_id", "side").head(4).iter_rows()
        names = ", ".join(f"{name} ({'up' if side > 0 else 'down'})" for name, side in pairs)
        exposure = self.money(float(mine["exposure"].abs().sum()))
        return f"{names}, {exposure} of the exposure of {desk_words(str(mine['desk'][0]))}"


def _meeting(said: pl.DataFrame, held: pl.DataFrame) -> pl.DataFrame:
    """Return instrument_id, desk, exposure and side of what he speaks of, as the desk holds it that holds most of it."""
    sides = said.group_by("instrument_id").agg(side=pl.col("side").last())
    met = held.join(sides, on="instrument_id", how="inner")
    whose = (
        met.group_by("desk")
        .agg(pl.col("exposure").abs().sum())
        .sort("exposure", "desk", descending=[True, False])
    )
    return met.join(whose.head(1), on="desk", how="semi").sort("instrument_id")


def _whose(mine: pl.DataFrame) -> tuple[str, ...] | None:
    """Return the desk whose exposure is told, which bounds who reads it; None where none is."""
    return None if mine.is_empty() else (str(mine["desk"][0]),)


def _exposures(mine: pl.DataFrame) -> list[dict[str, Any]]:
    pairs = mine.select("instrument_id", "exposure").head(4).iter_rows()
    return [{"driver": name, "value": value, "unit": "currency"} for name, value in pairs]


def _positions(mine: pl.DataFrame) -> dict[str, str]:
    names = ",".join(mine["instrument_id"].to_list()[:4])
    return link("See the positions", "/portfolio/positions", instrument=names or None)


def _summed(daily: pl.DataFrame) -> dict[str, Any]:
    sums = (daily["net"].cum_sum() * 1e4).to_list()
    return course(daily["entry_date"].to_list(), sums, label="Sum of daily results, bp")


def _settled(posts: pl.DataFrame, prices: pl.DataFrame) -> pl.DataFrame:
    """Return post_id, author_id, instrument_id, side, entry_date, net, won, brier and probability (null)."""
    order = pl.col("adj_basis").replace_strict({"split_div": 0, "split": 1}, default=2, return_dtype=pl.Int8)
    known = prices.with_columns(order=order).filter(
        pl.col("order") == pl.col("order").min().over("instrument_id")
    )
    close = pl.col("close").cast(pl.Float64)
    moves = (
        known.sort("instrument_id", "date")
        .select("instrument_id", "date", move=close.shift(-1).over("instrument_id") / close - 1)
        .drop_nulls("move")
        .with_columns(move=pl.col("move") - pl.col("move").mean().over("date"))
        .sort("date")
    )
    said = (
        stances(posts)
        .select(
            "post_id", "author_id", "instrument_id", side=pl.col("side").cast(pl.Float64),
            date=pl.col("transact_time").dt.offset_by(f"{SHIFT_HOURS}h").dt.date(),
        )
        .sort("post_id")
        .unique(["author_id", "instrument_id", "date"], keep="first", maintain_order=True)
        .sort("date", "post_id")
    )  # fmt: skip
    entered = said.join_asof(
        moves.with_columns(entry_date="date"), on="date", by="instrument_id", strategy="forward",
        tolerance="4d", check_sortedness=False,
    ).drop_nulls("move")  # fmt: skip
    net = pl.col("side") * pl.col("move")
    return entered.select(
        "post_id", "author_id", "instrument_id", "side", "entry_date", net=net, won=net > 0,
        brier=pl.lit(None, pl.Float64), probability=pl.lit(None, pl.Float64),
    )  # fmt: skip
