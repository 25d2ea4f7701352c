"""Ideas and whose were right: lists, one idea, the leaderboard, an author's record."""

from datetime import datetime, timedelta
from typing import Any

import polars as pl
from sqlalchemy import select

from analytics.compliance.pre_trade import Proposed
from analytics.datasets import INSTRUMENTS, PEOPLE, POSTS
from analytics.social.leaderboard import LUCK, MIN_IDEAS, band, leaderboard, ratio_of
from analytics.social.stated import stated_chances
from app.desk import Desk
from app.errors import FieldError, Invalid, NotFound
from app.queries._idea_rows import OPEN, OVER, READS, closes, idea_rows
from app.queries.pre_trade import listings
from app.scope import SURVEILLANCE_ROLES
from app.storage.records._base import now
from app.storage.records.ideas import RECORDS, IdeaVersion

STATES = ("open", "ended", "mine")
_PRIVATE = ("author_user", "reference", "reference_date")
_SHOWN_BEFORE = timedelta(days=30)
SKILLS = ((0.1, 1), (0.1, 5), (0.1, 20), (0.05, 5), (0.05, 20))  # information coefficient, ideas a day


def ideas(desk: Desk, *, state: str | None = None, author: str | None = None) -> list[dict[str, Any]]:
    """Return ideas in scope, the newest first.

    Args:
        desk: Its scope narrows instruments and the day an idea was put forward.
        state: open (waiting or running), ended, or mine; all when None.
        author: Only this author's.

    Returns:
        idea_id, author_id, author_name, posted_at, sealed_at, sealed, editable, mine, seeded, seal_entry,
        retracted_at, retracted_why, hidden, hidden_why, versions, instrument_id, symbol, direction, target,
        stop, horizon, probability, thesis (None where hidden from the caller), context, state, entry_date,
        entry, exit_date, exit, gross, net (fractions), won, brier, scored.

    Raises:
        Invalid: If there is no such state.
    """
    if state is not None and state not in STATES:
        allowed = FieldError("state", f"must be one of {', '.join(STATES)}", state[:40])
        raise Invalid("Some parameters do not fit.", errors=[allowed])
    rows = _scoped(desk, idea_rows(desk))
    if state in {"open", "ended"}:
        rows = rows.filter(pl.col("state").is_in(OPEN if state == "open" else (*OVER, "void")))
    if author is not None:
        rows = rows.filter(pl.col("author_id") == author)
    told = _told(desk, rows)
    return [row for row in told if row["mine"]] if state == "mine" else told


def idea(desk: Desk, idea_id: str) -> dict[str, Any]:
    """Return one idea as ``ideas`` does, with ``history`` (its versions: number, at) and ``course``.

    ``course``: date, close and move (fraction from the entry, positive = the author is right; null before it) from a
    month before it was put forward on.

    Raises:
        NotFound: If there is no such idea.
    """
    rows = idea_rows(desk).filter(pl.col("idea_id") == idea_id)
    if rows.is_empty():
        raise NotFound("There is no such idea.")
    (told,) = _told(desk, rows)
    with desk.session() as session:
        made = session.execute(
            select(IdeaVersion.number, IdeaVersion.at)
            .where(IdeaVersion.idea_id == idea_id)
            .order_by(IdeaVersion.number)
        )
        history = [{"number": number, "at": at} for number, at in made]
    return told | {"history": history, "course": _course(desk, rows)}


def figures(desk: Desk) -> tuple[dict[str, Any], dict[str, str]]:
    """Return ideas_open, ideas_ended, idea_hit_rate, authors and mean_net of the ideas in scope, and why not."""
    rows = _scoped(desk, idea_rows(desk))
    over = rows.filter(pl.col("state").is_in(OVER))
    values: dict[str, Any] = {
        "ideas": rows.height,
        "ideas_open": rows.filter(pl.col("state").is_in(OPEN)).height,
        "ideas_ended": over.height,
        "idea_hit_rate": over["won"].cast(pl.Float64).mean(),
        "authors": rows["author_id"].n_unique(),
        "mean_net": over["net"].mean(),
    }
    why = "no idea has been put forward" if rows.is_empty() else "no idea has ended yet"
    reasons = {name: why for name in ("idea_hit_rate", "mean_net") if values[name] is None}
    return values, reasons if values["ideas"] else {"ideas_open": why, **reasons}


def ended(desk: Desk) -> pl.DataFrame:
    """Return the ideas in scope that have ended, columns of ``idea_rows``."""
    return _scoped(desk, idea_rows(desk)).filter(pl.col("state").is_in(OVER))


def league(desk: Desk) -> dict[str, Any]:
    """Return the leaderboard of ideas that have ended in scope.

    Returns:
        ``rows`` (ranked authors) and ``apart`` (with a reason why not), columns of
        ``analytics.social.leaderboard.leaderboard`` with author_name, open (ideas) and brier_base; ``band``:
        authors, level, luck, least (days), needed (by skill: ic, ideas_a_day, ratio of a day, days).
    """
    rows = _scoped(desk, idea_rows(desk))
    over = rows.filter(pl.col("state").is_in(OVER) & pl.col("entry_date").is_not_null())
    table = leaderboard(over.select("author_id", "entry_date", "net", "won", "brier", "probability"))
    names = rows.unique("author_id", keep="first", maintain_order=True).select("author_id", "author_name")
    still = rows.filter(pl.col("state").is_in(OPEN)).group_by("author_id").agg(open=pl.len().cast(pl.Int64))
    full = table.join(names, on="author_id", how="left", maintain_order="left").join(
        still, on="author_id", how="left", maintain_order="left"
    )
    full = full.with_columns(pl.col("open").fill_null(0))
    ranked = full.filter(pl.col("rank").is_not_null())
    limits = band(max(ranked.height, 1))
    return {
        "rows": ranked.to_dicts(),
        "apart": full.filter(pl.col("rank").is_null()).to_dicts(),
        "band": {
            "authors": ranked.height,
            "level": limits.level,
            "luck": LUCK,
            "least": MIN_IDEAS,
            "needed": [
                {"ic": ic, "ideas_a_day": n, "ratio": ratio_of(ic, n), "days": limits.needed(ratio_of(ic, n))}
                for ic, n in SKILLS
            ],
        },
    }


def author(desk: Desk, author_id: str) -> dict[str, Any]:
    """Return an author's record, over all time and instruments.

    Returns:
        author_id, author_name, ``record`` (his row of the leaderboard, None before an idea has ended), ``band``,
        ``figures`` (counts), ``stated`` (``analytics.social.stated.stated_chances``), ``course`` (date, net of
        that day's ends, total so far: fractions of one idea's size), ``ideas``.

    Raises:
        NotFound: If nobody of that id put an idea forward, wrote a post or is of the firm.
    """
    bare = desk.with_scope(start=None, end=None, instrument=(), desk=(), account=(), trader=())
    mine = ideas(bare, author=author_id)
    name = mine[0]["author_name"] if mine else person_name(desk, author_id)
    table = league(bare)
    record = next((row for row in (*table["rows"], *table["apart"]) if row["author_id"] == author_id), None)
    rows = idea_rows(bare).filter(pl.col("author_id") == author_id)
    over = rows.filter(pl.col("state").is_in(OVER))
    course = (
        over.group_by(date="exit_date")
        .agg(net=pl.col("net").sum(), ideas=pl.len().cast(pl.Int64))
        .sort("date")
        .with_columns(total=pl.col("net").cum_sum())
    )
    states = dict(rows.group_by("state").len().iter_rows())
    return {
        "author_id": author_id,
        "author_name": name,
        "record": record,
        "band": table["band"],
        "figures": {
            "ideas": rows.height,
            "open": sum(states.get(one, 0) for one in OPEN),
            "ended": over.height,
            "void": states.get("void", 0),
            "retracted": rows.filter(pl.col("retracted_at").is_not_null()).height,
            "sealed": rows.filter(pl.col("seal_entry").is_not_null()).height,
            "seeded": int(rows["seeded"].sum()),
        },
        "stated": stated_chances(over.select("probability", "won")),
        "course": course.to_dicts(),
        "ideas": mine,
    }


def known(desk: Desk, instrument_id: str, *, at: datetime | None = None) -> dict[str, Any]:
    """Return what ``app.actions.ideas.Known`` holds of an instrument for who asks, at this instant or at ``at``.

    Raises:
        Invalid: If no such instrument is known.
    """
    names = desk.rows(INSTRUMENTS, dated=False, scoped=False)
    if desk.collect(
        names.filter(pl.col("instrument_id") == instrument_id).select("instrument_id").head(1)
    ).is_empty():
        unknown = FieldError("instrument_id", "names no known instrument", instrument_id[:80])
        raise Invalid("The idea does not fit.", errors=[unknown])
    moment = at or now()
    asked = pl.DataFrame(
        {"instrument_id": [instrument_id], "posted_at": [moment]},
        schema_overrides={"posted_at": pl.Datetime("us", "UTC")},
    )
    days = closes(desk, asked).filter(pl.col("date") < moment.date())
    last = days.row(-1, named=True) if days.height else {"close": None, "date": None}
    day = last["date"]
    return {
        "closed": closed(desk, instrument_id, at=moment),
        "close": last["close"],
        "close_date": None if day is None else day.isoformat(),
    }


def closed(
    desk: Desk, instrument_id: str, *, at: datetime | None = None, person_id: str | None = None
) -> bool:
    """Whether a list that binds the person (the caller, or ``person_id``) covers the instrument."""
    names = desk.rows(INSTRUMENTS, dated=False, scoped=False)
    who = person_id or desk.identity.person_id
    # Lists do not look at account, side or size: an order of one unit stands for any.
    order = Proposed("", instrument_id, "buy", 1.0, None, at or now(), trader_id=who)
    return bool(listings(desk, order, names))


# --- steps -----------------------------------------------------------------------------------------
def _scoped(desk: Desk, rows: pl.DataFrame) -> pl.DataFrame:
    scope = desk.scope
    if scope.instrument:
        rows = rows.filter(pl.col("instrument_id").is_in(list(scope.instrument)))
    if scope.start is not None:
        rows = rows.filter(pl.col("posted_at").dt.date() >= scope.start)
    if scope.end is not None:
        rows = rows.filter(pl.col("posted_at").dt.date() <= scope.end)
    return rows


def _told(desk: Desk, rows: pl.DataFrame) -> list[dict[str, Any]]:
    """Return rows for who asks: what is hidden stays hidden, and what the clock says is said now."""
    at = now()
    watches = desk.identity.role in SURVEILLANCE_ROLES
    return [_one(desk, row, at, watches=watches) for row in rows.iter_rows(named=True)]


def _one(desk: Desk, row: dict[str, Any], at: datetime, *, watches: bool) -> dict[str, Any]:
    mine = _mine(desk, row["author_user"], row["author_id"])
    sealed = row["sealed_at"] <= at
    seen = not row["hidden"] or mine or watches
    return {name: value for name, value in row.items() if name not in _PRIVATE} | {
        "mine": mine,
        "sealed": sealed,
        "editable": mine and not sealed and row["retracted_at"] is None,
        "thesis": row["thesis"] if seen else None,
        "context": row["context"] if seen else None,
        "hidden_why": row["hidden_why"] if watches or mine else None,
        "retracted_why": row["retracted_why"] if seen else None,
    }


def _mine(desk: Desk, user: str, author_id: str) -> bool:
    identity = desk.identity
    return identity.user_id == user or (identity.person_id is not None and identity.person_id == author_id)


def _course(desk: Desk, rows: pl.DataFrame) -> list[dict[str, Any]]:
    row = rows.row(0, named=True)
    sign = -1.0 if row["direction"] == "short" else 1.0
    days = closes(desk, rows).filter(pl.col("date") >= (row["posted_at"] - _SHOWN_BEFORE).date())
    if row["reference"] is not None:  # back to the prices of the day it was put forward
        basis = days.filter(pl.col("date") == row["reference_date"])["close"]
        if len(basis):
            days = days.with_columns(close=pl.col("close") * row["reference"] / basis[0])
    if row["exit_date"] is not None and row["state"] in OVER:
        days = days.filter(pl.col("date") <= row["exit_date"] + timedelta(days=14))
    since = pl.lit(row["entry_date"], pl.Date)
    move = (
        pl.when(pl.col("date") >= since).then(sign * (pl.col("close") / row["entry"] - 1))
        if row["entry"]
        else None
    )
    return days.select("date", "close", move=pl.lit(None, pl.Float64) if move is None else move).to_dicts()


def person_name(desk: Desk, author_id: str) -> str:
    """Return what an author without ideas is called: a person of the firm by name, others by their id.

    Raises:
        NotFound: If nobody of that id wrote a post or is of the firm.
    """
    people = desk.rows(PEOPLE, dated=False, scoped=False).filter(pl.col("person_id") == author_id)
    named = desk.collect(people.select("name").head(1))
    if named.height:
        return str(named["name"][0] or author_id)
    posts = desk.rows(POSTS, dated=False, scoped=False).filter(pl.col("author_id") == author_id)
    if desk.collect(posts.select("author_id").head(1)).is_empty():
        raise NotFound("There is no such author.")
    return author_id


__all__ = [
    "OPEN",
    "OVER",
    "READS",
    "RECORDS",
    "author",
    "closed",
    "figures",
    "idea",
    "ideas",
    "known",
    "league",
]
