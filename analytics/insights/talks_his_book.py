"""Somebody of the firm who buys, praises, and sells."""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import polars as pl

from analytics.insights._rule import Candidate, Rule, Tables, link
from analytics.insights._say import bought, traded
from analytics.insights._stats import Floats, Tested
from analytics.social.book_talk import LEAST, WINDOW, book_talk

SESSIONS = 250
DRAWS = 9_999
FIRST = 499
ENOUGH = 20


class TalksHisBook(Rule):
    """Whether a person's own trades turn around what he posts, more than around the same posts on other days.

    The posts on each instrument are moved round the calendar together, each instrument's by its own number of
    sessions: that keeps how posts and trades cluster, and holds no fewer cases against what was seen than there are.
    """

    name = "talks_his_book"
    title = "Talks his book"
    description = "A person of the firm trades one way before what he posts and the other way after."
    domains = ("social", "trading", "compliance")
    version = "2"
    inputs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "posts": ("post_id", "transact_time", "author_id", "instrument_ids", "sentiment", "confidence"),
        "executions": (
            "exec_id", "trader_id", "account_id", "instrument_id", "side", "last_qty", "last_px", "to_base",
            "transact_time",
        ),
        "accounts": ("account_id", "owner_id"),
    }  # fmt: skip
    roles = ("compliance", "auditor")
    test = "Circular shifts of posts, by instrument; at least five posts with trades around them."

    def candidates(self, tables: Tables, *, seed: int) -> list[Candidate]:
        """Return one candidate per author who trades, for himself or for the firm."""
        said = _said(tables["posts"])
        trades = _trades(tables["executions"], tables["accounts"]).join(said, on="person", how="semi")
        if said.is_empty() or trades.is_empty():
            return []
        days = tables["executions"]["transact_time"].dt.date().unique().sort().tail(SESSIONS)
        sessions = days.alias("date").to_frame()
        placed = said.sort("date").join_asof(
            sessions.with_columns(session="date"), on="date", strategy="forward"
        )
        placed = placed.drop_nulls("session").with_columns(date="session")
        found = []
        for (person,), own in sorted(trades.group_by("person"), key=lambda one: one[0]):
            statements = placed.filter(pl.col("person") == person)
            result = book_talk(statements, own, sessions, draws=1)
            if result.traded >= LEAST and result.score is not None:
                p, usual = _by_shifts(statements, own, sessions["date"], result.score, seed)
                tested = Tested(
                    result.score - usual[1],
                    result.score - usual[2],
                    result.score - usual[0],
                    p,
                    result.traded,
                )
                found.append(self._candidate(str(person), tested, result.score, result.cases, statements))
        return found

    def _candidate(
        self, person: str, tested: Tested, score: float, cases: pl.DataFrame, statements: pl.DataFrame
    ) -> Candidate:
        value = float((cases["before"].abs() + cases["after"].abs()).sum())
        first, last = cases.select(first=pl.col("date").min(), last=pl.col("date").max()).row(0)
        top = cases.head(3)
        names = ", ".join(f"{name} on {day}" for name, day in top.select("instrument_id", "date").iter_rows())
        posts = statements.join(top, on=["instrument_id", "date"], how="semi")["post_id"].head(6)
        return Candidate(
            subject=person,
            title=f"{person} trades one way before what he posts and the other way after, {self.money(value)} around {tested.n} posts",
            text=(
                f"From {first} to {last} {person} traded {self.money(value)} within {WINDOW} sessions of {tested.n} of his "
                f"posts. On a scale from -1 to 1, where 1 is all before it the way of the post and all after it against "
                f"it, they score {score:+.2f}; around the same posts on other days {score - tested.value:+.2f} "
                f"(difference {tested.value:.2f}, 95 % interval {tested.low:.2f} to {tested.high:.2f}, "
                f"{tested.p_text}). Plainest: {names}."
            ),
            tested=tested,
            unit="score",
            money=value,
            why=[
                {"driver": f"{row['instrument_id']} on {row['date']}", "value": row["before"] - row["after"], "unit": "currency"}
                for row in top.iter_rows(named=True)
            ],
            evidence=[{"kind": "trader", "id": person}, *({"kind": "post", "id": one} for one in posts)],
            next=[
                link("Read his posts", "/social/feed", author=person, from_=first, to=last),
                link("See his trades", "/trading/blotter", trader=person, from_=first, to=last),
                link("Review his alerts", "/compliance/alerts", trader=person),
            ],
            context={"trader": person, "author": person, "from": str(first), "to": str(last)},
        )  # fmt: skip


def _said(posts: pl.DataFrame) -> pl.DataFrame:
    tone = pl.col("sentiment").sign().cast(pl.Int64)
    return (
        posts.filter(pl.col("confidence") > 0, pl.col("sentiment") != 0)
        .explode("instrument_ids", empty_as_null=True)
        .drop_nulls("instrument_ids")
        .select(
            "post_id", person="author_id", instrument_id="instrument_ids", side=tone,
            date=pl.col("transact_time").dt.date(),
        )
    )  # fmt: skip


def _trades(executions: pl.DataFrame, accounts: pl.DataFrame) -> pl.DataFrame:
    """Return person, instrument_id, date and value of what somebody traded, in the firm's books or in his own."""
    value = traded() * bought()
    columns = ["person", "instrument_id", "date", "value"]
    fills = executions.with_columns(value=value, date=pl.col("transact_time").dt.date())
    owners = (
        accounts.drop_nulls("owner_id")
        .unique("account_id", keep="any")
        .select("account_id", person="owner_id")
    )
    own = fills.join(owners, on="account_id", how="inner")
    booked = fills.filter(pl.col("trader_id").is_not_null()).with_columns(person="trader_id")
    return pl.concat([own.select(columns), booked.select(columns)])


def _by_shifts(
    statements: pl.DataFrame, trades: pl.DataFrame, days: pl.Series, score: float, seed: int
) -> tuple[float, tuple[float, float, float]]:
    """Return the p-value of a score, and the 2.5 %, 50 % and 97.5 % points of scores by chance."""
    total = len(days)
    calendar = days.alias("date").to_frame().with_row_index("at")
    said = (
        statements.select("instrument_id", "date", "side")
        .unique()
        .join(calendar, on="date")
        .sort("date", "instrument_id", "side")
    )
    names = said["instrument_id"].unique().sort().to_frame().with_row_index("name")
    flows = trades.join(calendar, on="date").join(names, on="instrument_id")
    flows = flows.group_by("name", "at").agg(pl.col("value").sum())
    signed = np.zeros((names.height, total))
    signed[flows["name"].to_numpy(), flows["at"].to_numpy()] = flows["value"].to_numpy()
    net, gross = (
        np.concatenate([np.zeros((names.height, 1)), one.cumsum(axis=1)], axis=1)
        for one in (signed, np.abs(signed))
    )
    row = said.join(names, on="instrument_id", maintain_order="left")["name"].to_numpy().astype(np.int64)
    at, side = said["at"].to_numpy().astype(np.int64), said["side"].to_numpy().astype(np.float64)

    def scores(sums: Floats, busy: Floats, when: np.ndarray) -> Floats:
        start, end = np.maximum(when - WINDOW, 0), np.minimum(when + 1 + WINDOW, total)
        after_from = np.minimum(when + 1, total)
        gap = (
            2 * sums[row, when]
            - sums[row, start]
            - sums[row, end]
            + (sums[row, after_from] - sums[row, when])
        )
        size = busy[row, when] - busy[row, start] + busy[row, end] - busy[row, after_from]
        with np.errstate(invalid="ignore", divide="ignore"):
            one = np.where(size > 0, side * gap / size, np.nan)
        known = np.isfinite(one)
        mean: Floats = np.where(known, one, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
        return mean

    random = np.random.default_rng(seed)
    drawn = np.empty(0)
    for count in (FIRST, DRAWS - FIRST):
        shifts = random.integers(1, total, size=(count, names.height))
        drawn = np.concatenate([drawn, scores(net, gross, (at + shifts[:, row]) % total)])
        if (drawn >= score - 1e-9).sum() >= ENOUGH:
            break
    p = (1 + int((drawn >= score - 1e-9).sum())) / (1 + len(drawn))
    low, middle, high = (float(x) for x in np.quantile(drawn, (0.025, 0.5, 0.975)))
    # There are no more placements than this: no p-value is smaller than one of them.
    return max(p, float(total) ** -names.height), (low, middle, high)
