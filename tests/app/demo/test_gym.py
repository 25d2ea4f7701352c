"""The gym's days: the same again by seed, labels true to the rows, density and splitting as asked."""

from dataclasses import replace
from datetime import UTC, datetime

import polars as pl
import pytest

from analytics.compliance.detectors.order_to_trade import OrderToTradeParameters
from app.demo.gym import Recipe, build
from app.demo.gym.background import cancel_share, member_accounts
from app.demo.gym.day import built_firm
from app.demo.gym.ratios import LEAST, LIMITS, breaches
from app.demo.gym.splitting import split

THIN = Recipe(
    21, severities=(0.6,), ambient=0.0, density=3.0, sessions=70, recent=3, quotes=60, around=20.0, calm=2
)


@pytest.fixture(scope="module")
def bare():
    return of(THIN, density=0.0)


def of(recipe, **changes):
    return build(replace(recipe, **changes))


@pytest.fixture(scope="module")
def day():
    return build(THIN)


@pytest.fixture(scope="module")
def dense():
    return of(THIN, density=60.0)


@pytest.fixture(scope="module")
def parted():
    return of(THIN, split=3)


def ours(day, name="order_events"):
    rows = day.tables[name].collect()
    return rows.filter(pl.col("account_id").str.starts_with("MB-")), rows


def test_a_seed_means_the_same_rows_in_memory_and_on_disk(day, tmp_path):
    again = build(THIN, folder=tmp_path)
    assert again.labels == day.labels
    for name in ("order_events", "executions", "accounts", "bars", "lists"):
        assert again.tables[name].collect().equals(day.tables[name].collect()), name


def test_another_seed_means_other_rows(day):
    other = built_firm(replace(THIN, seed=23))
    assert [label.start for label in other.labels] != [label.start for label in day.labels]


def test_labels_name_orders_of_their_accounts_and_times(day):
    events = day.tables["order_events"].collect()
    spans = events.group_by("order_id").agg(
        pl.col("account_id").first(), first=pl.col("transact_time").min(), last=pl.col("transact_time").max()
    )
    known = {row[0]: row[1:] for row in spans.iter_rows()}
    for label in day.labels:
        for order in label.order_ids:
            account, first, last = known[order]
            assert account in label.accounts
            assert label.start <= first <= last <= label.end


def test_events_are_numbered_once_and_in_order_of_time_within_an_order(day):
    events = day.tables["order_events"].collect()
    assert not events["event_seq"].is_duplicated().any()
    steps = events.sort("order_id", "event_seq").select(
        back=pl.col("transact_time").diff().over("order_id") < pl.duration()
    )
    assert not steps["back"].any()


def test_density_adds_that_many_orders_and_nothing_else(day, dense):
    thin, dense_rows = (ours(one)[0].filter(pl.col("event_type") == "new") for one in (day, dense))
    places = thin.select("instrument_id").n_unique()
    assert places > 1
    resting = [rows.filter(pl.col("received_time").is_not_null()).height for rows in (thin, dense_rows)]
    assert resting[1] / resting[0] == pytest.approx(20, rel=0.02)
    one = pl.col("instrument_id") == thin["instrument_id"][0]
    span = dense_rows.filter(one).sort("transact_time").head(1000)["transact_time"]
    assert (span.max() - span.min()).total_seconds() == pytest.approx(1000 / 60, rel=0.35)
    assert [label.order_ids for label in dense.labels] == [label.order_ids for label in day.labels]


def test_ambient_flow_fills_every_open_session_of_every_name():
    rows, _ = ours(of(THIN, ambient=0.02, density=0.0))
    entered = rows.filter(pl.col("event_type") == "new")
    cells = entered.group_by("instrument_id", pl.col("transact_time").dt.date()).agg(
        hours=(pl.col("transact_time").max() - pl.col("transact_time").min()).dt.total_hours()
    )
    assert cells.height > 50
    assert cells["hours"].min() >= 5


def test_background_cancels_as_real_books_do(dense):
    assert cancel_share(ours(dense)[0]) == pytest.approx(0.99, abs=0.003)


def test_background_trades_are_between_members_with_different_owners(dense):
    fills, _ = ours(dense, "executions")
    legs = fills.group_by("match_id").agg(
        pl.len(),
        sides=pl.col("side").n_unique(),
        who=pl.col("account_id").n_unique(),
        qty=pl.col("last_qty").n_unique(),
    )
    assert legs.height > 20
    assert legs.select(pl.col("len", "sides", "who") == 2).to_numpy().all()
    assert (legs["qty"] == 1).all()
    owners = member_accounts()
    assert owners["owner_id"].n_unique() == owners.height
    assert owners["link_group"].null_count() == owners.height


def test_background_fills_never_exceed_their_order_and_events_say_so_too(dense):
    events, _ = ours(dense)
    fills, _ = ours(dense, "executions")
    assert (events["cum_qty"] <= events["order_qty"]).all()
    assert (events["leaves_qty"] >= 0).all()
    told = events.filter(pl.col("event_type") == "fill")
    assert sorted(told["exec_id"]) == sorted(fills["exec_id"])


def test_background_stays_out_of_listed_names(dense):
    events, _ = ours(dense)
    lists = dense.tables["lists"].collect()
    met = events.join(lists, on="instrument_id").filter(
        (pl.col("transact_time") >= pl.col("valid_from"))
        & (pl.col("valid_to").is_null() | (pl.col("transact_time") < pl.col("valid_to")))
    )
    assert met.is_empty()


def test_background_trades_are_part_of_the_market_s_volume(bare, dense):
    fills, _ = ours(dense, "executions")
    before = bare.tables["bars"].select(pl.col("volume").sum()).collect().item()
    after = dense.tables["bars"].select(pl.col("volume").sum()).collect().item()
    assert after - before == fills["last_qty"].sum() / 2


def test_splitting_deals_each_abuse_over_accounts_of_one_group(day, parted):
    events = parted.tables["order_events"].collect()
    account = dict(events.select("order_id", "account_id").unique().iter_rows())
    assert {order for label in day.labels for order in label.order_ids} <= set(account)
    for label in parted.labels:
        used = {account[order] for order in label.order_ids}
        assert {parted.groups[name] for name in used} <= {parted.groups[name] for name in label.accounts}
        if not label.abuse:
            assert used <= set(label.accounts)
    layered = next(label for label in parted.labels if label.pattern == "layering" and label.abuse)
    assert len({account[order] for order in layered.order_ids}) == 3 * len(layered.accounts)


def test_splitting_changes_accounts_and_nothing_else(day, parted):
    for name in ("order_events", "executions"):
        one, other = day.tables[name].collect(), parted.tables[name].collect()
        assert one.drop("account_id").equals(other.drop("account_id"))
        joined = pl.DataFrame({"order": one["order_id"], "a": one["account_id"], "b": other["account_id"]})
        planted = {order for label in day.labels if label.abuse for order in label.order_ids}
        assert set(joined.filter(pl.col("a") != pl.col("b"))["order"]) <= planted


def test_patterns_nobody_hides_are_left_alone(bare):
    files = {name: bare.tables[name].collect() for name in ("order_events", "executions", "accounts")}
    patterns = {label.pattern for label in bare.labels}
    spared = split(files, bare.labels, 3, spare=patterns)
    assert all(spared[name].equals(files[name]) for name in files)
    some = split(files, bare.labels, 3, spare=patterns - {"layering"})
    assert some["accounts"].height > files["accounts"].height


def session(account, *, news=0, moves=0, withdrawn=0, fills=0, by="user"):
    kinds = ["new"] * news + ["replace"] * moves + ["cancel"] * withdrawn + ["fill"] * fills
    return [
        {"account_id": account, "order_id": f"{account}-{n}", "event_type": kind, "venue": "XNAS", "order_qty": 100,
         "instrument_id": "KO", "transact_time": datetime(2026, 11, 20, 15, n // 60 % 60, n % 60, tzinfo=UTC),
         "last_qty": 100 if kind == "fill" else None, "cancel_by": by if kind == "cancel" else None}
        for n, kind in enumerate(kinds)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        (session("A", news=405, fills=4), 1),  # 405 / 4 - 1 is beyond 100
        (session("A", news=404, fills=4), 0),
        (session("A", news=330), 1),
        (session("A", news=329), 0),  # too few to speak of a ratio
        (session("A", news=136, moves=100, fills=3), 1),  # an amendment counts twice
        (session("A", news=166, withdrawn=166, fills=3), 1),
        (session("A", news=166, withdrawn=166, fills=3, by="venue"), 0),
        (session("M", news=1000, fills=3), 0),  # a maker may do more
        (session("A", news=166, fills=2) + session("B", news=166, fills=1), 1),  # one group
    ],
)
def test_ratios_the_rows_exceed_are_counted(rows, found):
    kept = pl.DataFrame(rows, schema_overrides={"last_qty": pl.Int64, "cancel_by": pl.String}).lazy()
    accounts = pl.LazyFrame({"account_id": ["A", "B", "M"], "kind": ["client", "client", "mm"]})
    tables = {
        "order_events": kept.with_columns(parent_order_id=pl.lit(None, pl.String)),
        "accounts": accounts,
    }
    assert len(breaches(tables, {"A": "link:x", "B": "link:x"})) == found


def test_the_count_of_ratios_goes_by_what_the_detector_goes_by():
    known = OrderToTradeParameters()
    assert known.minimum_messages == LEAST
    assert known.limits == "* * {} {}; * mm {} {}".format(*LIMITS[False], *LIMITS[True])


def test_a_limit_of_an_account_that_is_split_holds_for_whoever_is_behind_it(day, parted):
    before, after = (one.tables["position_limits"].collect() for one in (day, parted))
    owners = dict(day.tables["accounts"].select("account_id", "owner_id").collect().iter_rows())
    scene = next(one for one in day.labels if one.pattern == "concentration" and one.abuse)
    (account,) = scene.accounts
    old = before.filter(pl.col("subject_id") == account)
    new = after.filter(pl.col("subject_id") == owners[account])
    assert (set(old["subject_kind"]), set(new["subject_kind"])) == ({"account"}, {"owner"})
    assert sorted(old["limit_id"]) == sorted(new["limit_id"])
    assert before.filter(pl.col("subject_kind") == "firm").equals(
        after.filter(pl.col("subject_kind") == "firm")
    )
