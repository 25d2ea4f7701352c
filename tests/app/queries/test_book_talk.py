"""Talking his book: page, REST and insight say the same of the same author; only surveillance is told."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from analytics.datasets import POSTS
from analytics.insights.talks_his_book import TalksHisBook
from app.errors import Forbidden, NotFound
from app.jobs._insight_tables import tables
from app.queries import book_talk
from app.scope import Scope
from tests.app._world import context_of, desk_of, land

DAYS = [
    one
    for one in (date(2026, 3, 2) + timedelta(days=at) for at in range(220))
    if one.weekday() < 5
]  # fmt: skip
SAID = range(
    10, 140, 13
)  # sessions on which Jane speaks, far enough from each other to be cases of their own
INSTRUMENTS = "instrument_id symbol asset_class currency multiplier\nAAA AAA equity EUR 2\n"
ACCOUNTS = "account_id kind base_currency owner_id\nJ1 personal USD jane\nF1 firm USD -\n"
RATES = f"from_currency to_currency date rate\nEUR USD {DAYS[0]} 1.5\n"


def trades() -> str:
    """Jane buys for herself before she praises and sells afterwards; Omar trades every day for the firm."""
    rows = [
        (f"{at}{side}", "J1", "omar", side, DAYS[at + way])
        for at in SAID
        for side, way in (("buy", -2), ("sell", 2))
    ]
    rows += [(f"f{at}", "F1", "omar", "buy", day) for at, day in enumerate(DAYS)]
    head = (
        "exec_id account_id trader_id instrument_id side last_qty last_px currency transact_time trade_date"
    )
    lines = [
        f"{name} {account} {who} AAA {side} 100 10 EUR {day}T15:00:00Z {day}"
        for name, account, who, side, day in rows
    ]
    return "\n".join([head, *lines])


def posts() -> pl.DataFrame:
    at = [datetime.combine(DAYS[one], datetime.min.time(), UTC) + timedelta(hours=9) for one in SAID]
    frame = pl.DataFrame({
        "post_id": [f"p{one}" for one in SAID],
        "transact_time": at,
        "author_id": ["jane"] * len(at),
        "text": ["$AAA rally, great quarter, strong buy"] * len(at),
    }).with_columns(
        pl.col("transact_time").cast(pl.Datetime("us", "UTC")),
        transact_time_ns=pl.col("transact_time").dt.epoch("us") * 1000,
    )  # fmt: skip
    missing = {name: kind for name, kind in POSTS.schema.items() if name not in frame.columns}
    return frame.with_columns(pl.lit(None, kind).alias(name) for name, kind in missing.items()).select(
        list(POSTS.schema)
    )


@pytest.fixture(scope="module")
def firm(empty_sqlite, tmp_path_factory, module_database):
    context = context_of(tmp_path_factory.mktemp("talk"), module_database)
    land(
        context, "acme", instruments=INSTRUMENTS, accounts=ACCOUNTS, fx_rates=RATES, executions=trades(),
        posts=posts(),
    )  # fmt: skip
    return context


def test_the_page_and_the_insight_say_the_same(firm):
    own, entered = book_talk.talks(desk_of(firm), "jane")
    assert (own["accounts"], own["statements"], own["traded"], own["episodes"]) == (["J1"], 10, 10, 10)
    assert own["p_value"] == 2**-10
    assert (entered["traded"], entered["p_value"]) == (0, None)
    case = own["cases"][0]
    assert (case["before"], case["after"]) == (
        3000.0,
        -3000.0,
    )  # 100 x 10 x 2 a contract, 1.5 dollars the euro
    assert (case["date"], case["posts"], case["first"]) == (str(DAYS[10]), ["p10"], str(DAYS[5]))

    read = tables(firm, "acme", {TalksHisBook.name: TalksHisBook})
    (told,) = TalksHisBook("USD").candidates(read, seed=0)
    assert told.subject == "jane|own"
    assert (told.tested.value, told.tested.p, told.tested.n) == (own["score"], own["p_value"], own["traded"])
    assert told.money == 60_000.0
    assert "$60k" in told.title
    assert [step["href"].partition("?")[0] for step in told.next] == [
        "/social/authors/jane", "/trading/blotter", "/social/feed", "/compliance/alerts",
    ]  # fmt: skip
    assert "account=J1" in told.next[1]["href"]
    assert {"kind": "post", "id": "p10"} in told.evidence


def test_what_the_view_is_narrowed_to_changes_nothing_and_others_are_not_told(firm):
    narrow = Scope(start=DAYS[-3], end=DAYS[-1], instrument=("BBB",), trader=("nobody",))
    whole = book_talk.talks(desk_of(firm), "jane")
    assert book_talk.talks(desk_of(firm, role="auditor", scope=narrow), "jane") == whole
    for role in ("trader", "portfolio_manager", "risk"):
        with pytest.raises(Forbidden):
            book_talk.talks(desk_of(firm, role=role, person_id="jane"), "jane")
    with pytest.raises(NotFound):
        book_talk.talks(desk_of(firm, "rival"), "jane")
