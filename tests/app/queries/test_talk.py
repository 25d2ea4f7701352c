"""Talk against price, bursts, networks: figures of a small firm, entitlement, what there is nothing to say about."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from analytics.datasets import POSTS
from analytics.insights._rule import all_rules
from app.actions import follows, posts, rooms
from app.actions._casework import Concealed
from app.errors import Forbidden
from app.jobs._insight_tables import tables, version
from app.queries import feed, network, social, talk
from app.queries import rooms as reading
from app.queries._said import toned
from app.scope import Scope
from app.storage.records import counters
from app.storage.records.rooms import Place
from tests.app._world import context_of, desk_of, land
from tests.conftest import parse_table

DAYS = [
    date(2026, 8, 3) + timedelta(days=i)
    for i in range(80)
    if (date(2026, 8, 3) + timedelta(days=i)).weekday() < 5
]


def world():
    """Return prices that jump the session after each cheerful post and fall after each gloomy one."""
    prices, said, level = [], [], 100.0
    for number, day in enumerate(DAYS):
        good = number * number % 7 < 3
        prices.append(f"AAPL {day} split {level:.4f}")
        tone = "a_great_rally_ahead" if good else "plunged_and_missed"
        said.append(f"p{number} {day}T14:00:00Z u{number % 3} $AAPL_{tone} AAPL")
        level *= 1.02 if good else 0.98
    burst = [
        f"b{i} {DAYS[-1]}T15:0{i}:00Z x{i} $MSFT_about_to_explode_buy_before_others MSFT" for i in range(9)
    ]
    usual = [f"m{i} {DAYS[-2 - i]}T15:00:00Z u1 quiet_day_for_this_one MSFT" for i in range(12)]
    return prices, [*said, *burst, *usual]


@pytest.fixture(scope="module")
def firm(tmp_path_factory, migrated):
    prices, said = world()
    table = "\n".join(["post_id transact_time author_id text instrument_ids", *said])
    told = parse_table(table, POSTS).collect().with_columns(pl.col("text").str.replace_all("_", " "))
    context = context_of(tmp_path_factory.mktemp("talk"), migrated)
    land(
        context, "acme", prices="\n".join(["instrument_id date adj_basis close", *prices]),
        posts=told,
        instruments="instrument_id symbol asset_class currency\nAAPL AAPL equity USD\nMSFT MSFT equity USD",
        accounts="account_id desk kind base_currency\nA1 cash house USD\nA2 rates house USD",
        people="person_id name\nu1 Una",
        follows="follower_id followee_id transact_time action\nu1 u2 2026-08-03T10:00:00Z follow\nu2 u1 2026-08-03T10:00:00Z follow\nu0 u1 2026-08-03T10:00:00Z follow",
    )  # fmt: skip
    return context


@pytest.fixture(scope="module")
def migrated(tmp_path_factory):
    from app.storage.database import Database
    from tests.world import begin

    made = Database(f"sqlite:///{tmp_path_factory.mktemp('records')}/records.db")
    begin(made)
    yield made
    made.close()


def test_talk_that_comes_before_the_price_is_said_to_lead(firm):
    found = talk.leads(desk_of(firm, scope=Scope(instrument=("AAPL",))))
    assert found["finding"] == "leads"
    assert 1 in found["clear"]
    one = next(row for row in found["rows"] if row["lag"] == 1)
    assert (one["value"] > 0.9, one["n"], one["days"]) == (True, len(DAYS) - 1, len(DAYS) - 1)


def test_too_few_sessions_are_a_reason_and_no_figure(firm):
    found = talk.leads(desk_of(firm, scope=Scope(start=DAYS[-5])))
    assert found["reason"].startswith("only ")
    assert all(row["value"] is None for row in found["rows"])
    nobody = talk.leads(desk_of(firm, scope=Scope(instrument=("NONE",))))
    assert (nobody["instruments"], nobody["finding"]) == (0, "none")


def test_a_day_of_much_talk_is_a_burst_with_the_returns_around_it(firm):
    rows = talk.bursts(desk_of(firm)).to_dicts()
    assert [(row["instrument_id"], row["day"], row["authors"]) for row in rows] == [("MSFT", DAYS[-1], 9)]
    assert rows[0]["same"] is None  # there are no prices of it


def test_instruments_are_counted_with_the_interval_of_their_tone(firm):
    rows = {row["instrument_id"]: row for row in talk.by_instrument(desk_of(firm)).to_dicts()}
    assert (rows["AAPL"]["posts"], rows["AAPL"]["authors"], rows["MSFT"]["posts"]) == (len(DAYS), 3, 21)
    assert rows["AAPL"]["low"] <= rows["AAPL"]["sentiment"] <= rows["AAPL"]["high"]
    assert rows["MSFT"]["change"] is None


def test_the_tone_of_an_instrument_weighs_posts_by_how_much_they_are_about_it(firm):
    said = [
        "g 2026-08-03T10:00:00Z u1 $AAPL_great_rally AAPL",
        "b 2026-08-03T11:00:00Z u2 $MSFT_plunged_and_missed,_not_so_much_apple AAPL,MSFT",
    ]
    table = "\n".join(["post_id transact_time author_id text instrument_ids", *said])
    told = (
        parse_table(table, POSTS)
        .collect()
        .with_columns(
            pl.col("text").str.replace_all("_", " "),
            pl.Series("instrument_ids", [["AAPL"], ["AAPL", "MSFT"]]),
        )
    )
    names = "instrument_id symbol name asset_class currency\nAAPL AAPL Apple equity USD\nMSFT MSFT Microsoft equity USD"
    land(firm, "mixed", posts=told, instruments=names)
    desk = desk_of(firm, "mixed")
    good, bad = toned(desk).sort("post_id", descending=True).iter_rows(named=True)
    about, aside = good["relevance"][0], bad["relevance"][0]
    assert about == 1.0
    assert aside < 0.5 < bad["relevance"][1]
    (row,) = talk.by_instrument(desk.with_scope(instrument=("AAPL",))).to_dicts()
    weights = good["confidence"] * about, bad["confidence"] * aside
    expected = (good["sentiment"] * weights[0] + bad["sentiment"] * weights[1]) / sum(weights)
    assert row["sentiment"] == pytest.approx(expected)
    assert row["relevance"] == pytest.approx((about + aside) / 2)
    # The course by day, the attention of the last day and the overview say the same of the same post.
    apple = desk.with_scope(instrument=("AAPL",))
    (course,) = social.sentiment(apple).to_dicts()
    (now,) = social.attention(apple).to_dicts()
    (day,) = feed.posts(apple, sort="transact_time")[0].group_by(pl.lit(1)).agg("relevance").to_dicts()
    assert (course["sentiment"], course["relevance"]) == (row["sentiment"], row["relevance"])
    assert (now["sentiment"], now["relevance"]) == (row["sentiment"], row["relevance"])
    assert social.summary(apple)[0]["sentiment"] == row["sentiment"]
    assert day["relevance"] == [[about], bad["relevance"]]
    sure = good["confidence"], bad["confidence"]
    assert row["sentiment"] > (good["sentiment"] * sure[0] + bad["sentiment"] * sure[1]) / sum(sure)


def test_the_network_shows_imported_follows_and_those_made_here(firm):
    desk = desk_of(firm, role="risk", person_id="u1")
    before = network.follow_network(desk)
    assert (before["people"], before["follows"], before["mutual"]) == (3, 3, 1)
    follows.follow(firm.database, desk.identity, "author", "x1")
    after = network.follow_network(desk)
    assert (after["people"], after["follows"]) == (4, 4)
    assert {row["id"]: row["inside"] for row in after["rows"]} == {
        "u1": True,
        "u2": False,
        "u0": False,
        "x1": False,
    }
    assert {(edge["a"], edge["b"]) for edge in after["edges"]} >= {("u1", "x1"), ("u1", "u2")}
    assert follows.unfollow(firm.database, desk.identity, "author", "x1")
    assert network.follow_network(desk)["follows"] == 3


def test_authors_who_post_together_are_named_with_what_chance_brings(firm):
    found = network.burst_network(desk_of(firm, scope=Scope(instrument=("MSFT",))))
    assert {node["id"] for node in found["nodes"]} == {f"x{i}" for i in range(9)}
    assert (found["groups"][0]["posts"], found["pairs"] > found["expected"]) == (9, True)
    assert network.burst_network(desk_of(firm, scope=Scope(instrument=("NONE",))))["nodes"] == []


def test_what_rules_read_has_another_version_when_a_post_is_hidden_or_the_model_of_tone_changes(firm):
    before = version(firm, "acme", "posts")
    for records in ("room_posts", "models"):
        with firm.database.session("acme", write=True) as session:
            counters.bump(session, "acme", records)
        assert version(firm, "acme", "posts") != before
        before = version(firm, "acme", "posts")
    assert version(firm, "acme", "posts") == before


def _read_by_rules(firm):
    rules = {"crowd_exposure": all_rules()["crowd_exposure"]}
    return tables(firm, "acme", rules)["posts"]


def test_hidden_and_edited_posts_change_what_everybody_reads_and_counts(firm):
    writer = desk_of(firm, role="trader", person_id="u9", desks=("cash",)).identity
    made = posts.write(firm.database, writer, "$MSFT is a great rally", place=Place(), instruments=["MSFT"])
    posts.relay(firm.database, firm.lake, "acme")
    reader, watcher = desk_of(firm, role="risk"), desk_of(firm)

    def counted():
        return {row["instrument_id"]: row["posts"] for row in talk.by_instrument(reader).to_dicts()}

    assert counted() == {"AAPL": len(DAYS), "MSFT": 22}
    posts.edit(firm.database, writer, made.id, "$AAPL is a great rally", instruments=["AAPL"])
    assert counted() == {"AAPL": len(DAYS) + 1, "MSFT": 21}
    with pytest.raises(Forbidden, match="A decision is taken by a person"):
        posts.hide(firm.database, _key(watcher.identity), made.id, reason="Names a client here.", own=())
    assert made.id in set(_read_by_rules(firm)["post_id"])
    posts.hide(firm.database, watcher.identity, made.id, reason="Names a client here.", own=())
    assert counted() == {"AAPL": len(DAYS), "MSFT": 21}
    assert feed.one(watcher, made.id)["hidden"]
    assert made.id not in set(_read_by_rules(firm)["post_id"])
    assert [v["text"] for v in feed.one(watcher, made.id)["versions"]] == [
        "$MSFT is a great rally",
        "$AAPL is a great rally",
    ]


def test_nobody_judges_talk_about_an_alert_on_himself(firm):
    place = Place(context_kind="alert", context_id="al-1")
    made = posts.write(
        firm.database,
        desk_of(firm, role="compliance", person_id="c2").identity,
        "Odd fills here",
        place=place,
    )
    with pytest.raises(Concealed):
        posts.hide(
            firm.database, desk_of(firm).identity, made.id, reason="Names a client here.", own={"al-1"}
        )


def test_as_of_and_dates_bound_what_was_written_here(firm):
    writer = desk_of(firm, role="risk").identity
    made = posts.write(firm.database, writer, "Said just now", place=Place())
    early = desk_of(firm, scope=Scope(as_of=datetime.now(UTC) - timedelta(hours=1)))
    assert made.id in feed.everything(desk_of(firm))["post_id"]
    assert made.id not in feed.everything(early)["post_id"]
    assert made.id not in feed.everything(desk_of(firm, scope=Scope(end=DAYS[-1])))["post_id"]


def test_a_room_of_a_desk_follows_the_desk(firm):
    one = desk_of(firm, role="trader", desks=("cash",))
    made = rooms.open_room(firm.database, one.identity, name="Cash desk", kind="desk", desk="cash")
    assert made.id in reading.readable(one).rooms
    assert made.id not in reading.readable(desk_of(firm, role="trader", desks=("rates",))).rooms
    assert reading.desks(one) == ["cash"]
    assert reading.desks(desk_of(firm, role="risk")) == ["cash", "rates"]


def _key(identity):
    from dataclasses import replace

    return replace(identity, user_id="k_1")
