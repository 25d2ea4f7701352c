"""Communications: what is said, in which words, about which trade, and what is only talk."""

import polars as pl
import pytest

from analytics.compliance._concepts import stands_for
from analytics.compliance._message_links import side_of, size_of
from analytics.compliance.detectors.communications import (
    Communications,
    CommunicationsParameters,
    supervision_sample,
)
from analytics.datasets import MESSAGES
from tests.analytics.compliance._declared import Edge, Kit
from tests.analytics.compliance._kit import (
    alerts,
    gaps,
    mirrored,
    renamed,
    scaled,
    shifted,
    shuffled,
    tables,
    verdict,
)

INSTRUMENTS = """
instrument_id  symbol  name   asset_class  currency
AAPL           AAPL    Apple  equity       USD
MSFT           MSFT    Micro  equity       USD
"""
TRADES = """
exec_id  order_id  account_id  trader_id  instrument_id  side  last_qty  last_px  transact_time
E1       O1        A1          ann        AAPL           buy   5000      190      14:20:00
E2       O2        A1          ann        AAPL           sell  5000      190      14:21:00
E3       O3        A1          bob        AAPL           buy   200       190      14:11:00
E4       O4        A1          ann        MSFT           buy   5000      410      14:12:00
E5       O5        A1          zoe        AAPL           buy   5000      190      14:11:00
"""
ACCOUNTS = """
account_id  kind   base_currency  owner_id
A1          house  USD            firm
"""


def said(*texts, at="14:10:00", to=("bob",), sender="ann", thread="t1", **more: str):
    day = pl.datetime(2026, 11, 20, time_zone="UTC")
    hours = [
        sum(int(x) * s for x, s in zip(at.split(":"), (3600, 60, 1), strict=True)) + 30 * n
        for n in range(len(texts))
    ]
    frame = pl.DataFrame({"text": list(texts), "s": hours}).with_row_index("n").select(
        message_id=pl.format("M{}", "n"), transact_time=(day + pl.duration(seconds="s")).cast(MESSAGES.schema["transact_time"]),
        thread_id=pl.lit(thread), sender_id=pl.lit(sender), recipient_ids=pl.lit(list(to), pl.List(pl.String)), text="text",
    )  # fmt: skip
    frame = frame.with_columns(transact_time_ns=pl.col("transact_time").dt.epoch("us") * 1000)
    missing = [pl.lit(None, dtype).alias(n) for n, dtype in MESSAGES.schema.items() if n not in frame.columns]
    given = tables(instruments=INSTRUMENTS, executions=TRADES, accounts=ACCOUNTS)
    return {
        **given,
        "messages": frame.with_columns(missing).select(list(MESSAGES.schema)).lazy(),
        **tables(**more),
    }


GRAVE = "big client order in AAPL coming, buy 5000 in front of it and keep it quiet"


def test_a_grave_message_is_alerted_with_its_words_and_the_trade_it_fits_best():
    (found,) = alerts(Communications, said(GRAVE))
    assert (found["message_ids"], found["order_ids"], found["exec_ids"]) == (["M0"], ["O1"], ["E1"])
    assert found["severity"] in {"high", "critical"}
    assert {"kind": "person", "id": "bob"} in found["actors"]
    metrics = {m["name"]: m["value"] for m in found["metrics"]}
    assert metrics["link"] == pytest.approx(80 + 20 * 2.718281828 ** (-600 / 7200), abs=1e-3)
    assert any("keep it quiet" in line for line in found["story"])


@pytest.mark.parametrize("text", [
    "pls del3te this aft3r reading, K33P IT QUIET", "don\u2019t tell compliance about it, delete this", "lets fix the price b4 the clnt calls",
])  # fmt: skip
def test_slang_contractions_and_letters_written_as_digits_do_not_hide_the_words(text):
    (found,) = alerts(Communications, said(text))
    assert found["instrument_ids"] == []


@pytest.mark.parametrize("text", [
    "compliance training: what is a wash trade and how do you report it",
    "our team got robbed by the referee last night",
    "can you show me 5000 AAPL at market please",
    "This email and any attachments are confidential. We guarantee nothing: wash trade, delete this, keep it quiet",
    "ok\n> delete this and keep it quiet\n> i guarantee you a profit",
])  # fmt: skip
def test_training_sports_orders_small_print_and_quoted_mail_are_left_alone(text):
    assert alerts(Communications, said(text)) == []


@pytest.mark.parametrize(("people", "n"), [(25, 1), (26, 0)])
def test_mail_to_more_than_so_many_people_is_left_out(people, n):
    to = tuple(f"p{i}" for i in range(people))
    assert len(alerts(Communications, said(GRAVE, to=to))) == n


def test_the_threshold_of_the_odds_counts_from_its_own_value():
    text = "keep it quiet between us"
    (found,) = alerts(Communications, said(text))
    p = found["metrics"][0]["value"]
    above = CommunicationsParameters(odds=min(0.99, p + 1e-6), doubt=0.0, grave=100.0)
    assert len(alerts(Communications, said(text), CommunicationsParameters(odds=p, grave=100.0))) == 1
    assert alerts(Communications, said(text), above) == []


NO_PHRASE = "you know which client to leave to me, i leave the next one to you"


def test_words_with_nothing_beside_them_must_be_surer_than_beside_a_fitting_trade_or_a_phrase():
    alone = said(NO_PHRASE, sender="eve", to=("fay",))
    sure = CommunicationsParameters(alone=0.99, grave=100.0, link=100.0)
    assert alerts(Communications, alone, sure) == []
    (found,) = alerts(Communications, alone, CommunicationsParameters(alone=0.05))
    p = found["metrics"][0]["value"]
    assert CommunicationsParameters().odds <= p < 0.99
    # A trade of the sender that fits, or a phrase of the lexicon: the odds are enough. A trade in the name alone is not.
    traded = said(f"{NO_PHRASE} in AAPL")
    (found,) = alerts(Communications, traded, CommunicationsParameters(alone=0.05, link=100.0))
    fit = next(metric["value"] for metric in found["metrics"] if metric["name"] == "link")
    assert 40 < fit < 99
    assert alerts(Communications, traded, CommunicationsParameters(alone=0.99, link=fit))
    assert alerts(Communications, traded, CommunicationsParameters(alone=0.99, link=fit + 0.01)) == []
    assert alerts(Communications, said(f"{NO_PHRASE}, keep it quiet", sender="eve", to=("fay",)), sure)


def test_a_bound_for_words_alone_below_the_odds_lowers_nothing():
    given = said(NO_PHRASE, sender="eve", to=("fay",))
    assert alerts(Communications, given, CommunicationsParameters(alone=0.05, odds=0.99)) == []


def test_a_trade_is_linked_up_to_the_edges_of_the_window_and_not_beyond():
    text = "client order coming in AAPL: buy 5000 before they start, delete this"
    for at, n in (("14:50:00", 1), ("14:51:00", 1), ("14:51:01", 0)):
        (found,) = alerts(Communications, said(text, at=at))
        assert len(found["order_ids"]) == n, at


def test_a_message_without_a_name_is_about_what_its_thread_was_about():
    (found,) = alerts(
        Communications, said("what is AAPL doing", "buy 5000 in front of the client order, keep it quiet")
    )
    assert (found["instrument_ids"], found["order_ids"], found["message_ids"]) == (["AAPL"], ["O1"], ["M1"])


def test_messages_of_one_thread_within_five_minutes_are_one_alert():
    (found,) = alerts(Communications, said(GRAVE, "delete this, keep AAPL quiet"))
    assert found["message_ids"] == ["M0", "M1"]


@pytest.mark.parametrize("change", [
    lambda g: shuffled(g, 1), lambda g: scaled(g, 10), lambda g: shifted(g, hours=3), lambda g: shifted(g, days=40),
])  # fmt: skip
def test_the_verdict_does_not_depend_on_order_price_level_or_clock(change):
    given = said(GRAVE, "delete this, keep AAPL quiet")
    assert verdict(alerts(Communications, change(given))) == verdict(alerts(Communications, given))


def test_selling_instead_of_buying_and_other_names_give_the_same_verdict():
    given = said(GRAVE)
    other = said(GRAVE.replace("buy", "sell"))
    other["executions"] = mirrored(other)["executions"]
    named = renamed(said(GRAVE, sender="zzann", to=("zzbob",)))
    want = verdict(alerts(Communications, given))
    assert verdict(alerts(Communications, other)) == want
    assert verdict(alerts(Communications, named)) == want


@pytest.mark.parametrize(("text", "side", "size"), [
    ("sell 20k at 190.5", -1, 20_000), ("buy 1,200 shares before 14:30", 1, 1_200), ("long or short 3m?", None, 3e6), ("up 4%", None, None),
])  # fmt: skip
def test_side_and_size_are_read_from_what_is_said(text, side, size):
    assert (side_of(text), size_of(text)) == (side, size)


def test_the_sample_of_the_rest_is_about_its_share_and_the_same_every_time():
    given = said(*[f"hello number {n}" for n in range(2000)])["messages"]
    drawn = supervision_sample(given, ["M3"], rate=0.05).collect()["message_id"].to_list()
    again = supervision_sample(given.sort("message_id"), ["M3"], rate=0.05).collect()["message_id"].to_list()
    assert drawn == again
    assert 70 <= len(drawn) <= 130
    assert "M3" not in supervision_sample(given, ["M3"], rate=1.0).collect()["message_id"].to_list()


def test_no_messages_are_a_gap_not_silence():
    assert gaps(Communications, {}) == ["No internal communications to look at."]


def test_a_trade_that_follows_fits_better_than_a_nearer_one_that_was_done():
    trades = TRADES + "E6 O6 A1 ann AAPL buy 5000 190 14:09:00\n"
    given = said("client order coming in AAPL, buy before they start, delete this", at="14:13:00")
    (found,) = alerts(Communications, given | tables(executions=trades))
    assert found["order_ids"] == ["O1"]  # seven minutes after, where another was done four before


@pytest.mark.parametrize("text", [
    "could you look at the limit in AAPL for me before the next slice?",
    "we were knocked out on penalties last night, the referee robbed us",
    "the auditors leave on friday, files are ready",
])  # fmt: skip
def test_a_careful_desk_and_lost_games_are_left_alone(text):
    assert alerts(Communications, said(text)) == []


@pytest.mark.parametrize(
    ("token", "meaning"), [("erased", "erase"), ("pensioners", "client"), ("table", None)]
)
def test_words_stand_for_what_they_mean_whatever_their_ending(token, meaning):
    found = stands_for(token)
    assert meaning in found if meaning else found == ()


# What test_kit_complete.py holds this detector to.
SOFT = "buy 5000 AAPL, keep it quiet"
WORTH = {
    metric["name"]: metric["value"]
    for metric in alerts(Communications, said(SOFT), CommunicationsParameters(odds=0.5))[0]["metrics"]
}
ALONE = alerts(
    Communications, said(NO_PHRASE, sender="eve", to=("fay",)), CommunicationsParameters(alone=0.05)
)[0]["metrics"][0]["value"]
LINK_ONLY = {"odds": 0.99, "grave": 100.0, "doubt": 0.0}


KIT = Kit(
    Communications,
    lambda: said(GRAVE),
    (
        test_training_sports_orders_small_print_and_quoted_mail_are_left_alone,
        test_a_careful_desk_and_lost_games_are_left_alone,
    ),
    {
        "odds": Edge(
            WORTH["odds"],
            1.001 * WORTH["odds"],
            scene=lambda: said(SOFT),
            others={"grave": 100.0, "link": 100.0},
        ),
        "alone": Edge(ALONE, 1.001 * ALONE, scene=lambda: said(NO_PHRASE, sender="eve", to=("fay",))),
        "doubt": Edge(
            WORTH["odds"],
            1.001 * WORTH["odds"],
            scene=lambda: said(SOFT),
            others={"odds": 0.99, "grave": 0.0},
        ),
        "link": Edge(WORTH["link"], 1.001 * WORTH["link"], scene=lambda: said(SOFT), others=LINK_ONLY),
        "grave": Edge(
            WORTH["gravity"],
            1.001 * WORTH["gravity"],
            scene=lambda: said(SOFT),
            others={"odds": 0.99, "link": 100.0, "doubt": 0.0},
        ),
        "before": Edge(
            1800.0, 1799.0, scene=lambda: said(SOFT, at="14:51:00"), others=LINK_ONLY | {"link": 40.0}
        ),
        "after": Edge(600.0, 599.0, scene=lambda: said(SOFT, to=("cid",)), others=LINK_ONLY),
        "tau": Edge(5700.0, 5690.0, scene=lambda: said(SOFT), others=LINK_ONLY | {"link": 98.0}),
        "most_recipients": Edge(3, 2, scene=lambda: said(GRAVE, to=("bob", "cid", "dan"))),
    },
    changes={
        "buys for sells": lambda rows: (
            said(GRAVE.replace("buy", "sell")) | {"executions": mirrored(rows)["executions"]}
        ),
        "other names": lambda _: renamed(said(GRAVE, sender="zzann", to=("zzbob",))),
    },
)
