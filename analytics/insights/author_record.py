"""An author whose posts have been right more often than luck would have it."""

from collections.abc import Mapping
from typing import ClassVar

import polars as pl

from analytics.insights._rule import Candidate, Rule, Tables, link, quiet
from analytics.insights._say import course, held_now
from analytics.insights._stats import Tested, sign_flip
from analytics.social.leaderboard import MIN_IDEAS, leaderboard

RECENT_DAYS = 10  # in which he must have spoken of something for it to matter now
SHIFT_HOURS = 5  # posts after 19:00 UTC cannot be traded at that day's close


class AuthorRecord(Rule):
    """Mean move of the session after an author's posts in the direction of their tone, less that of all names.

    Entered at the close of the post's own session, left at the next one; a day's mean counts as one observation.
    """

    name = "author_record"
    title = "Author with a record"
    description = "What an author praised did better on the next session than the rest, beyond luck."
    domains = ("social", "portfolio")
    version = "2"
    inputs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "posts": ("post_id", "transact_time", "author_id", "instrument_ids", "sentiment", "confidence"),
        "prices": ("instrument_id", "date", "adj_basis", "close"),
        "daily_positions": ("account_id", "instrument_id", "date", "market_value_base"),
        "accounts": ("account_id", "desk"),
    }
    test = f"Probabilistic Sharpe ratio and sign flips of days, the larger p; at least {MIN_IDEAS} days with posts."

    def candidates(self, tables: Tables, *, seed: int) -> list[Candidate]:
        """Return one candidate per author with enough days."""
        settled = _settled(tables["posts"], tables["prices"])
        days = settled.group_by("author_id").agg(pl.col("entry_date").n_unique())
        enough = days.filter(pl.col("entry_date") >= MIN_IDEAS)
        settled = settled.join(enough, on="author_id", how="semi")
        if settled.is_empty():
            return []
        ranked = leaderboard(settled).drop_nulls("skill")
        held = held_now(tables)
        return [
            self._candidate(row, settled.filter(pl.col("author_id") == row["author_id"]), held, seed)
            for row in ranked.sort("author_id").iter_rows(named=True)
        ]

    def _candidate(
        self, row: dict[str, object], ideas: pl.DataFrame, held: pl.DataFrame, seed: int
    ) -> Candidate:
        author, skill = str(row["author_id"]), float(str(row["skill"]))
        daily = ideas.group_by("entry_date").agg(pl.col("net").mean()).sort("entry_date")
        one = sign_flip(daily["net"].to_numpy() * 1e4, seed=seed)
        tested = Tested(one.value, one.low, one.high, max(one.p, 1 - skill), one.n)
        if (mute := quiet(author, tested, "bp")) is not None:
            return mute
        last = daily["entry_date"][-1]
        now = ideas.filter(pl.col("entry_date") > pl.lit(last).dt.offset_by(f"-{RECENT_DAYS}d"))
        mine = now.join(held, on="instrument_id", how="inner").group_by("instrument_id").agg(
            pl.col("exposure").first(), pl.col("net").last(), side=pl.col("side").last()
        ).sort("instrument_id")  # fmt: skip
        exposure = float(mine["exposure"].abs().sum())
        first = daily["entry_date"][0]
        names = ", ".join(
            f"{name} ({'up' if side > 0 else 'down'})"
            for name, side in mine.select("instrument_id", "side").head(4).iter_rows()
        )
        band = row["band"]
        instruments = mine["instrument_id"].to_list()
        return Candidate(
            subject=author,
            title=f"{author}'s posts were worth {tested.value:.0f} bp a day over {tested.n} days",
            text=(
                f"From {first} to {last} what {author} posted was followed, on the next session, by a move of "
                f"{tested.value:.1f} bp in its direction beyond the other names (95 % interval {tested.low:.1f} to "
                f"{tested.high:.1f} bp a day over {tested.n} days, {tested.p_text}); right on {float(str(row['hit_rate'])):.0%}. "
                f"Ratio {float(str(row['ratio'])):.2f} against {float(str(band)):.2f} that luck reaches in this league. "
                f"Of late: {names or 'nothing that is held'}, {self.money(exposure)} of own exposure."
            ),
            tested=tested,
            unit="bp",
            money=abs(tested.value) * 1e-4 * exposure,
            weight=0.2,
            why=[
                {"driver": name, "value": value, "unit": "currency"}
                for name, value in mine.select("instrument_id", "exposure").head(4).iter_rows()
            ]
            or [{"driver": "days with posts", "value": tested.n, "unit": "days"}],
            evidence=[{"kind": "author", "id": author}]
            + [{"kind": "post", "id": one} for one in ideas.sort("entry_date", "post_id")["post_id"].tail(5)],
            next=[
                link("Read the posts", "/social/feed", author=author),
                link("See the league", "/social/leaderboard", author=author),
                link("See the positions", "/portfolio/positions", instrument=",".join(instruments[:4]) or None),
            ],
            context={"author": author, "from": str(first), "to": str(last)},
            chart=course(
                daily["entry_date"].to_list(), (daily["net"].cum_sum() * 1e4).to_list(), label="Sum of daily results, bp"
            ),
        )  # fmt: skip


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
        posts.filter(pl.col("confidence") > 0, pl.col("sentiment") != 0)
        .explode("instrument_ids", empty_as_null=True)
        .drop_nulls("instrument_ids")
        .select(
            "post_id", "author_id", instrument_id="instrument_ids", side=pl.col("sentiment").sign(),
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
