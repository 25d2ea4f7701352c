"""Talking his book: whether somebody trades one way before he speaks and the other way after, more than by chance.

One calculation for the author's page, REST and the insight rule: what he said (``said``, ``placed``), what he traded
(``traded``), and the test (``book_talk``).

By chance his trades turn with and against what he says alike. Statements of one episode share trades, or baskets tie
them, so an episode's sign is drawn as one. In simulations of 400 authors without any habit, at a level of 5 %, this
claimed 4 % (independent trades), 1 and 5 % (baskets, spoken of together), 5 % (trades only near posts), 7 % (sixty posts
a year) and 12 % where words and trades both keep their way for weeks. Clusters by name alone claimed 29 % of baskets,
and moving each name's posts round the calendar 27 %; the latter, comparing means, found no habit of those who trade
seldom, which this always found. With eight planted cases of fifteen it found 71 %.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.social.weighing import stances

WINDOW = 5  # sessions before, and after, a statement
LEAST = 5  # statements with trades around them; fewer are not tested
SESSIONS = 250  # looked back
DRAWS = 9_999
KINDS = {"own": "own accounts", "entered": "trades entered for others"}
_SEED = 20260
_COUNTED = 13  # episodes up to which every turn of their signs is counted
Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]

SAID: dict[str, type[pl.DataType]] = {
    "person": pl.String, "instrument_id": pl.String, "day": pl.Date, "side": pl.Int64, "kind": pl.String,
    "id": pl.String,
}  # fmt: skip
TRADED: dict[str, type[pl.DataType]] = {
    "person": pl.String, "kind": pl.String, "instrument_id": pl.String, "date": pl.Date, "value": pl.Float64,
}  # fmt: skip
CASES: dict[str, pl.DataType] = {
    "instrument_id": pl.String(),
    "date": pl.Date(),
    "side": pl.Int64(),
    "before": pl.Float64(),
    "after": pl.Float64(),
    "score": pl.Float64(),
    "first": pl.Date(),
    "last": pl.Date(),
    "posts": pl.List(pl.String()),
    "ideas": pl.List(pl.String()),
}


@dataclass(frozen=True)
class BookTalk:
    """What the test found. ``reason`` says why there is no p-value; ``cases`` has ``CASES``, the plainest first.

    ``score`` is the mean over statements with trades around them of a number from -1 to 1: 1 = all that was
    traded before went the way of the statement and all after it against it, -1 = the reverse, 0 = what chance
    gives. ``low`` and ``high`` are its 95 % interval, by the spread between episodes.
    """

    statements: int
    traded: int
    score: float | None
    p_value: float | None  # one-sided: such a score, or a higher one, by chance
    reason: str | None
    cases: pl.DataFrame
    low: float | None = None
    high: float | None = None
    episodes: int = 0

    @property
    def value(self) -> float:
        """Return what was traded around the statements, money, buys and sells added up."""
        return float((self.cases["before"].abs() + self.cases["after"].abs()).sum())


# --- what goes in ----------------------------------------------------------------------------------
def said(posts: pl.DataFrame, ideas: pl.DataFrame) -> pl.DataFrame:
    """Return what people said of instruments (``SAID``): a post with a tone, or an idea.

    Args:
        posts: post_id, transact_time, author_id, instrument_ids, relevance, sentiment (-1..1), confidence. A post the
            tone of which is not known or neither good nor bad, or that names an instrument among many
            (``weighing.stances``), says nothing of it.
        ideas: idea_id, posted_at, author_id, instrument_id, direction (long, short).
    """
    day, kind = pl.col("transact_time").dt.date(), pl.lit("post")
    told = (
        stances(posts)
        .with_columns(person="author_id", day=day, kind=kind, id="post_id")
        .select(list(SAID))
    )  # fmt: skip
    ways = pl.when(pl.col("direction") == "long").then(1).otherwise(-1).cast(pl.Int64)
    put = ideas.drop_nulls("instrument_id").select(
        person="author_id", instrument_id="instrument_id", day=pl.col("posted_at").dt.date(), side=ways,
        kind=pl.lit("idea"), id="idea_id",
    )  # fmt: skip
    return pl.concat([told, put])


def calendar(days: pl.Series) -> pl.DataFrame:
    """Return the last ``SESSIONS`` different days among ``days``, as date, ascending."""
    return days.drop_nulls().unique().sort().tail(SESSIONS).alias("date").to_frame()


def placed(statements: pl.DataFrame, sessions: pl.DataFrame) -> pl.DataFrame:
    """Return statements (``SAID``) with ``date``, the first session not before they were made; others left out."""
    days = sessions.select("date", day="date").sort("day")
    found = statements.sort("day", "instrument_id", "kind", "id").join_asof(
        days, on="day", strategy="forward"
    )
    # What was said before the calendar began belongs to none of its days.
    begun = pl.col("day") >= days["day"].min() if days.height else pl.lit(value=False)
    return found.drop_nulls("date").filter(begun)


def traded(executions: pl.DataFrame, accounts: pl.DataFrame) -> pl.DataFrame:
    """Return what people traded (``TRADED``), by ``KINDS``: in accounts they own, and entered in others' accounts.

    Args:
        executions: trader_id, account_id, instrument_id, date, value (base currency, buys positive).
        accounts: account_id, owner_id.
    """
    owners = (
        accounts.drop_nulls("owner_id")
        .unique("account_id", keep="any")
        .select("account_id", person="owner_id")
    )
    own = executions.join(owners, on="account_id", how="inner").with_columns(kind=pl.lit("own"))
    entered = (
        executions.drop_nulls("trader_id")
        .with_columns(person="trader_id", kind=pl.lit("entered"))
        .join(owners, on=["account_id", "person"], how="anti")
    )
    both = pl.concat([own.select(list(TRADED)), entered.select(list(TRADED))])
    return both.group_by("person", "kind", "instrument_id", "date").agg(pl.col("value").sum())


# --- the test --------------------------------------------------------------------------------------
def book_talk(
    statements: pl.DataFrame,
    trades: pl.DataFrame,
    sessions: pl.DataFrame,
    *,
    window: int = WINDOW,
    draws: int = DRAWS,
) -> BookTalk:
    """Test whether trades turn around what the same person says.

    Args:
        statements: instrument_id, date (its first session not before it was said), side (+1 praises or
            is long, -1 warns or is short); ``kind`` and ``id`` name it, where they are known. Several of a day,
            name and side count once.
        trades: instrument_id, date, value (money, buys positive, sells negative) of the same person.
        sessions: date, one row a session, ascending, covering both.
        window: Sessions looked at before and after; the day itself is in neither.
        draws: Random turns, where there are too many to count all.

    Returns:
        The result; without a p-value where fewer than ``LEAST`` statements have trades around them.

    Statements near in time are one episode if they are on one name or if both names were traded on the same sessions.
    The sign of each is drawn anew: all turns are counted where there are few, else ``draws`` of them, with one added
    above and below (Phipson and Smyth, SAGMB 9(1), 2010).
    """
    days = sessions["date"].unique().sort()
    told = statements.filter(pl.col("side") != 0).with_columns(pl.col("side").cast(pl.Int64))
    once = (
        told.select("instrument_id", "date", "side")
        .unique()
        .join(days.to_frame().with_row_index("at"), on="date", how="inner")
        .sort("date", "instrument_id", "side")
    )
    names = once["instrument_id"].unique().sort()
    flows = (
        trades.filter(pl.col("instrument_id").is_in(names.implode()))
        .join(days.to_frame().with_row_index("at"), on="date", how="inner")
        .group_by("instrument_id", "at")
        .agg(pl.col("value").cast(pl.Float64).sum())
        .join(names.to_frame().with_row_index("name"), on="instrument_id", how="inner")
    )
    total = len(days)
    if once.is_empty() or flows.is_empty() or total <= 2 * window + 1:
        none = pl.DataFrame(schema=CASES)
        return BookTalk(once.height, 0, None, None, "He did not trade what he spoke of.", none)
    signed = np.zeros((len(names), total))
    signed[flows["name"].to_numpy(), flows["at"].to_numpy()] = flows["value"].to_numpy()
    place = once.join(names.to_frame().with_row_index("name"), on="instrument_id", maintain_order="left")
    row, at = place["name"].to_numpy().astype(np.int64), place["at"].to_numpy().astype(np.int64)
    before, after = _around(signed, row, at, window)
    busy = np.add(*_around(np.abs(signed), row, at, window))
    with np.errstate(invalid="ignore", divide="ignore"):
        scores = np.where(busy > 0, place["side"].to_numpy() * (before - after) / busy, np.nan)
    known = ~np.isnan(scores)
    cases = _cases(once, told, days, window, before=before, after=after, scores=scores)
    score = float(scores[known].mean()) if known.any() else None
    if cases.height < LEAST or score is None:
        why = f"Fewer than {LEAST} statements have trades around them."
        return BookTalk(once.height, cases.height, score, None, why, cases)
    episodes = _episodes(row[known], at[known], signed, window)
    sums = np.bincount(episodes, weights=scores[known]).astype(np.float64)
    p = _p_value(sums, draws)
    low, high = _interval(score, sums, np.bincount(episodes))
    return BookTalk(once.height, cases.height, score, p, None, cases, low, high, len(sums))


def _around(values: Floats, row: Places, at: Places, window: int) -> tuple[Floats, Floats]:
    """Return what was traded in the sessions before and after each place, cut at the calendar's ends."""
    total = values.shape[1]
    # Running sums by name with a leading zero, so that a window is a difference.
    sums = np.concatenate([np.zeros((values.shape[0], 1)), values.cumsum(axis=1)], axis=1)
    before: Floats = sums[row, at] - sums[row, np.maximum(at - window, 0)]
    after: Floats = sums[row, np.minimum(at + 1 + window, total)] - sums[row, np.minimum(at + 1, total)]
    return before, after


def _cases(
    once: pl.DataFrame, told: pl.DataFrame, days: pl.Series, window: int, **numbers: Floats
) -> pl.DataFrame:
    """Return ``CASES`` of the statements with trades around them, the plainest first."""
    last = len(days) - 1
    at = once["at"].cast(pl.Int64)
    found = (
        once.with_columns(
            before=pl.Series(numbers["before"]),
            after=pl.Series(numbers["after"]),
            score=pl.Series(numbers["scores"]).fill_nan(None),
            first=days.gather((at - window).clip(0, last)),
            last=days.gather((at + window).clip(0, last)),
        )
        .filter(pl.col("score").is_not_null())
        .drop("at")
    )
    if "id" not in told.columns:
        told = told.with_columns(kind=pl.lit(""), id=pl.lit(""))
    ids = told.group_by("instrument_id", "date", "side").agg(
        posts=pl.col("id").filter(pl.col("kind") == "post").unique().sort(),
        ideas=pl.col("id").filter(pl.col("kind") == "idea").unique().sort(),
    )
    return (
        found.join(ids, on=["instrument_id", "date", "side"], how="left")
        .sort("score", "date", "instrument_id", "side", descending=[True, False, False, False])
        .select(list(CASES))
        .cast(CASES)  # type: ignore[arg-type]
    )


def _episodes(row: Places, at: Places, signed: Floats, window: int) -> Places:
    """Number places by what ties them: near in time, and of one name or with trades on the same sessions.

    In time a new episode begins beyond two windows of the last statement or of the episode's first, so that who
    speaks every day has more than one.
    """
    found = np.empty(len(at), dtype=np.int64)
    reach, first, last = 2 * window, -1, -1
    tied: dict[tuple[str, int], int] = {}
    groups: list[int] = []  # number to the number it was joined to

    def root(number: int) -> int:
        while groups[number] != number:
            number = groups[number]
        return number

    for one in np.argsort(at, kind="stable"):  # the statements of one person in a year
        if first < 0 or at[one] - last > reach or at[one] - first > reach:
            first, tied = at[one], {}
        last = at[one]
        start = max(int(at[one]) - window, 0)
        busy = start + np.flatnonzero(signed[row[one], start : at[one] + window + 1])
        ties = [("name", int(row[one])), *(("day", int(day)) for day in busy if day != at[one])]
        found[one] = len(groups)
        groups.append(len(groups))
        for tie in ties:
            groups[root(tied.setdefault(tie, int(found[one])))] = root(int(found[one]))
    numbers: Places = np.unique([root(int(one)) for one in found], return_inverse=True)[1]
    return numbers


def _p_value(sums: Floats, draws: int) -> float:
    """Return the share of turns of the episodes' signs that reach their sum."""
    seen = float(sums.sum()) - 1e-9
    if sums.size <= _COUNTED:
        turns = 1 - 2 * ((np.arange(2**sums.size)[:, None] >> np.arange(sums.size)) & 1)
        return float((turns @ sums >= seen).mean())
    turns = np.random.default_rng(_SEED).choice((-1, 1), size=(draws, sums.size))
    return (1 + int((turns @ sums >= seen).sum())) / (1 + draws)


def _interval(score: float, sums: Floats, counts: Places) -> tuple[float | None, float | None]:
    """Return the 95 % interval of a mean score, from how episodes differ; none of a single one."""
    from scipy import stats  # slow to load

    k = sums.size
    if k < 2:
        return None, None
    spread = np.sqrt(k / (k - 1) * ((sums - score * counts) ** 2).sum()) / counts.sum()
    reach = float(stats.t.ppf(0.975, k - 1) * spread)
    return max(-1.0, score - reach), min(1.0, score + reach)
