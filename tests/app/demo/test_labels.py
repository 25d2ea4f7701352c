"""What is planted is labelled and found; what is not planted does not alert."""

from datetime import UTC, datetime
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from analytics.compliance.detector import LISTS, LISTS_SCHEMA, all_detectors
from analytics.datasets import DATASETS
from app.demo.abuse.personal_dealing import unasked
from app.demo.conduct import Approval, Conduct
from app.demo.control_room import closed_to_all
from app.demo.generate import SCALES
from app.demo.market import load

DETERMINISTIC = ["wash_trade", "restricted_list", "fat_finger", "concentration"]


def stored(name, frame):
    """Return the rows as the lake would hold them."""
    dataset = DATASETS[name]
    added = {"transact_time_ns": pl.col(dataset.time).dt.timestamp("ns")} if dataset.time else {}
    at = pl.lit(datetime(2026, 11, 22, tzinfo=UTC)).cast(dataset.schema["ingest_time"])
    system = {"raw_id": pl.lit(""), "import_id": pl.lit(""), "ingest_time": at}
    return frame.with_columns(**added, **system, dq_flags=pl.lit([], pl.List(pl.String()))).lazy()


def listed(firm):
    rows = [
        {
            "list_type": entry.kind,
            "subject_kind": "person" if entry.person_ids else "firm",
            "subject_id": next(iter(entry.person_ids), None),
            "instrument_id": entry.instrument_id,
            "valid_from": entry.start,
            "valid_to": entry.end,
        }
        for entry in firm.lists
    ]
    return pl.DataFrame(rows, schema=LISTS_SCHEMA).lazy()


@pytest.mark.parametrize("name", DETERMINISTIC)
def test_each_planted_scenario_alerts_and_nothing_else_does(firm, name):
    detector = all_detectors()[name]()
    wanted = (*detector.inputs, *detector.helpful)
    kept = [n for n in wanted if n == LISTS or n in firm.files]  # derived tables come with a lake only
    tables = {n: listed(firm) if n == LISTS else stored(n, firm.files[n]) for n in kept}
    alerts = detector.detect(tables).filter(pl.col("kind") == "alert").collect()
    found = [set(orders) for orders in alerts["order_ids"]]
    planted = [set(label.order_ids) for label in firm.labels if label.pattern == name and label.abuse]
    # Who probes with fifty equal orders, or trades a restricted name privately, breaks these rules as well.
    abused = [set(label.order_ids) for label in firm.labels if label.abuse]
    assert len(planted) == len(SCALES["small"].severities)
    assert all(any(orders & hit for hit in found) for orders in planted)
    assert all(any(orders & hit for orders in abused) for hit in found)


def test_every_pattern_has_labels_and_most_have_look_alikes(firm):
    abuse = {label.pattern for label in firm.labels if label.abuse}
    harmless = {label.pattern for label in firm.labels if not label.abuse}
    assert abuse >= {"wash_trade", "restricted_list", "fat_finger", "layering", "front_running"}
    assert harmless >= {"wash_trade", "restricted_list", "fat_finger", "layering", "front_running"}


def test_labels_name_rows_that_exist(firm):
    orders = set(firm.files["order_events"]["order_id"])
    messages, posts = set(firm.files["messages"]["message_id"]), set(firm.files["posts"]["post_id"])
    for label in firm.labels:
        assert label.order_ids or label.message_ids or label.post_ids or label.accounts
        assert set(label.order_ids) <= orders
        assert set(label.message_ids) <= messages
        assert set(label.post_ids) <= posts
        assert label.start <= label.end


def test_a_planted_cross_shares_one_match_and_every_other_fill_has_its_own(firm):
    fills = firm.files["executions"].drop_nulls("match_id")
    shared = fills.filter(pl.col("match_id").is_duplicated())
    met = {"wash_trade", "circular_trading", "matched_orders"}
    crosses = [label for label in firm.labels if label.pattern in met]
    assert set(shared["order_id"]) <= {order for label in crosses for order in label.order_ids}
    assert set(shared.group_by("match_id").len()["len"]) == {2}


def test_honest_orders_stay_out_of_listed_names(firm):
    planted = {order for label in firm.labels for order in label.order_ids}
    days = firm.files["order_events"].filter(~pl.col("order_id").is_in(list(planted)))
    market = load(seed=7, today=datetime(2026, 11, 22, tzinfo=UTC).date(), sessions=SCALES["small"].sessions)
    closed = closed_to_all(market, firm.lists)
    assert closed.any()
    for session, name in zip(*closed.nonzero(), strict=True):
        day, symbol = market.sessions[session], firm.files["instruments"]["instrument_id"][int(name)]
        on_it = (pl.col("transact_time").dt.date() == day) & (pl.col("instrument_id") == symbol)
        assert days.filter(on_it).is_empty()


def test_no_look_alike_trades_beside_a_scene_that_a_position_limit_is_set_around(firm):
    limits = firm.files["position_limits"].filter(pl.col("subject_kind") == "account")
    bound = set(limits.select("subject_id", "instrument_id").iter_rows())
    trades = firm.files["order_events"].select("order_id", "account_id", "instrument_id").unique()
    active = [
        order
        for one in firm.labels
        if (one.pattern, one.abuse) == ("churning", False)
        for order in one.order_ids
    ]
    theirs = trades.filter(pl.col("order_id").is_in(active)).select("account_id", "instrument_id")
    assert bound
    assert not bound & set(theirs.iter_rows())


def test_scenes_of_personal_dealing_do_not_approve_one_another(firm):
    scenes = [
        one for one in firm.labels
        if (one.pattern, one.abuse) == ("personal_dealing", True) and "restricted" not in one.note
    ]  # fmt: skip
    names = [name for one in scenes for name in one.instrument_ids]
    assert len(names) == len(SCALES["small"].severities) == len(set(names))


def test_a_scene_takes_the_next_open_name_that_no_other_has_asked_leave_for():
    asked = [Approval("P", name, "buy", 10, 0, 1) for name in (19, 0)] + [Approval("Q", 2, "buy", 10, 0, 1)]
    closed = np.zeros((1, 21), dtype=bool)
    closed[0, 1] = True
    stage = SimpleNamespace(conduct=Conduct(approvals=asked), closed=closed)
    assert [unasked(stage, "P", 0, name) for name in (18, 19, 0, 1)] == [18, 2, 2, 2]
