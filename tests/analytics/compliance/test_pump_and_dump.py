"""Pump and dump: who built up, who talked, who sold into it."""

import polars as pl
import pytest

from analytics.compliance._bursts import copies, daily_talk
from analytics.compliance.detectors.pump_and_dump import PumpAndDump, PumpAndDumpParameters
from tests.analytics.compliance._declared import Edge, Kit, Waived
from tests.analytics.compliance._kit import (
    alerts,
    gaps,
    mirrored,
    shifted,
    tables,
)

ACCOUNTS = """
account_id  kind      base_currency  owner_id  link_group
P1          personal  USD            ann       -
P2          personal  USD            bea       fam
P3          personal  USD            cal       fam
M1          mm        USD            firm      -
"""
TRADES = """
exec_id  order_id  account_id  trader_id  instrument_id  side  last_qty  last_px  transact_time
E1       O1        P1          ann        RRC            buy   1000      50       13:00:00
E2       O2        P1          ann        RRC            sell  1000      52       19:00:00
"""


def posts(burst=8, *, author="fan{}", day=20, quiet=8, first="14"):
    """Return one quiet post a weekday for a fortnight, and a burst of the same words on the last day."""
    head = "post_id  author_id  text  instrument_ids  transact_time\n"
    days = [d for d in range(6, 20) if d not in {7, 8, 14, 15}][:quiet]
    rows = [f"Q{d} old quiet_word_{chr(97 + d)} RRC 2026-11-{d:02d}T15:00:00Z" for d in days]
    rows += [
        f"B{n} {author.format(n)} buy_before_all_the_others RRC 2026-11-{day}T{first}:{n:02d}:00Z"
        for n in range(burst)
    ]
    return head + "\n".join(rows)


def given(trades=TRADES, said=None, **more: str):
    return tables(executions=trades, posts=posts() if said is None else said, accounts=ACCOUNTS, **more)


def test_who_bought_before_a_chorus_and_sold_into_it_is_alerted_with_posts_and_trades():
    (found,) = alerts(PumpAndDump, given())
    assert (found["actor_group"], found["exec_ids"], len(found["post_ids"])) == ("owner:ann", ["E1", "E2"], 8)
    assert found["severity"] in {"high", "critical"}


def test_one_who_talks_up_his_own_holding_alone_is_alerted_too():
    (found,) = alerts(PumpAndDump, given(said=posts(author="ann")))
    assert {"kind": "author", "id": "ann"} in found["actors"]


def test_linked_accounts_that_buy_and_sell_for_one_another_are_one_group():
    split = TRADES.replace("P1          ann", "P2          bea", 1).replace(
        "P1          ann", "P3          cal"
    )
    (found,) = alerts(PumpAndDump, given(split))
    assert found["actor_group"] == "link:fam"


@pytest.mark.parametrize(("why", "trades", "said"), [
    ("nobody sells", "\n".join(TRADES.splitlines()[:3]), posts()),
    ("the sale is small", TRADES.replace("sell  1000", "sell  299"), posts()),
    ("he bought only after the talk began", TRADES.replace("13:00:00", "14:30:00"), posts()),
    ("a market maker", TRADES.replace("P1 ", "M1 "), posts()),
    ("no burst", TRADES, posts(burst=3)),
    ("he bought long before", TRADES.replace("13:00:00", "2026-11-02T13:00:00Z"), posts()),
])  # fmt: skip
def test_innocent_trading_is_left_alone(why, trades, said):
    assert alerts(PumpAndDump, given(trades, said)) == [], why


@pytest.mark.parametrize(("published", "n"), [("10:00:00", 0), ("07:59:59", 1), ("14:01:00", 1)])
def test_news_within_six_hours_before_the_first_post_explains_it(published, n):
    news = f"news_id instrument_ids headline published_time\nN1 RRC results {published}"
    assert len(alerts(PumpAndDump, given(news=news))) == n


@pytest.mark.parametrize(("sold", "n"), [("300", 1), ("299", 0)])
def test_a_sale_counts_from_three_tenths_of_what_was_bought(sold, n):
    found = alerts(
        PumpAndDump, given(TRADES.replace("sell  1000", f"sell  {sold}")), PumpAndDumpParameters(floor=0.0)
    )
    assert len(found) == n


def test_selling_first_and_buying_back_into_the_talk_is_another_pattern():
    assert alerts(PumpAndDump, mirrored(given())) == []


def test_texts_that_differ_in_a_word_are_copies_and_others_are_not():
    same = ["buy this name now before all others do", "buy this name today before all others do"]
    assert copies([*same, "reading the annual report again", "lunch"], alike=0.7) == [
        True,
        True,
        False,
        False,
    ]


def test_posts_without_a_name_and_empty_tables_are_gaps():
    nameless = "post_id author_id text instrument_ids transact_time\nB1 a hello - 14:00:00"
    assert gaps(PumpAndDump, given(said=nameless)) == ["Some posts name no instrument."]
    assert sorted(gaps(PumpAndDump, {})) == ["No executions to look at.", "No posts to look at."]


def test_an_earlier_burst_does_not_raise_the_bar_and_without_a_past_the_other_names_tell_what_is_usual():
    days = [(name, day) for name in ("OLD", "BIG") for day in range(1, 26)]
    rows = [("OLD", 12)] * 20 + [("OLD", 25)] * 9 + [("NEW", 24), *[("NEW", 25)] * 9] + days
    frame = pl.DataFrame(rows, schema=["instrument_id", "d"], orient="row")
    said = frame.select("instrument_id", transact_time=pl.datetime(2026, 6, "d", 12, time_zone="UTC"))
    last = {
        row["instrument_id"]: row for row in daily_talk(said).filter(pl.col("day").dt.day() == 25).to_dicts()
    }
    assert last["OLD"]["z"] == pytest.approx(9.0)
    early = daily_talk(said.filter(pl.col("transact_time").dt.day() <= 3)).filter(pl.col("own_days") < 5)
    assert early["usual"].to_list() == [1.0] * 6  # two names, three days, none of its own past


def test_the_talk_begins_with_what_looks_arranged_not_with_the_first_post_of_the_day():
    early = posts() + "\nX0 old nothing_to_see_here RRC 2026-11-20T08:00:00Z"
    (found,) = alerts(PumpAndDump, given(said=early))
    assert found["exec_ids"] == ["E1", "E2"]  # bought after eight, before the chorus


def test_an_earlier_sale_of_the_name_does_not_hide_what_was_built_up_since():
    before = TRADES + "E0 O0 P1 ann RRC sell 1000 50 2026-11-18T13:00:00Z\n"
    (found,) = alerts(PumpAndDump, given(before))
    assert {m["name"]: m["value"] for m in found["metrics"]}["sold"] == pytest.approx(1.0)


def test_who_sells_as_much_every_day_was_not_waiting_for_this_one():
    daily = "".join(
        f"S{d} S{d} P1 ann OTH sell 2000 52 2026-11-{d}T15:00:00Z\n" for d in (10, 11, 12, 13, 17, 18, 19)
    )
    (once,), often = alerts(PumpAndDump, given()), alerts(PumpAndDump, given(TRADES + daily))
    assert all(one["score"] <= once["score"] - 30 for one in often)


def ordinary_days(per_day: int = 2) -> str:
    """Return accounts that buy and sell the name at the same hours of earlier days, nobody talking."""
    rows = []
    for day in (12, 13, 16, 17, 18, 19):
        for n in range(per_day):
            who = f"C{day}{n} c{day}{n} RRC"
            rows += [
                f"X{day}{n} X{day}{n} {who.replace('RRC', '')} RRC buy 1000 50 2026-11-{day}T13:00:00Z",
                f"Y{day}{n} Y{day}{n} {who.replace('RRC', '')} RRC sell 1000 52 2026-11-{day}T19:00:00Z",
            ]
    return TRADES + "\n".join(rows) + "\n"


def test_where_others_sell_as_much_on_ordinary_days_a_sale_into_the_talk_may_be_chance():
    mild = PumpAndDumpParameters(floor=0.0)
    (alone,) = alerts(PumpAndDump, given(), mild)
    among = [one for one in alerts(PumpAndDump, given(ordinary_days()), mild) if "E2" in one["exec_ids"]]
    assert alone["score"] - among[0]["score"] == pytest.approx(40.0)
    assert "2.0 others sell as much" in " ".join(among[0]["story"])


def test_who_wrote_the_campaign_did_not_sell_into_it_by_chance():
    said = posts(author="ann")
    own = [one for one in alerts(PumpAndDump, given(ordinary_days(), said)) if "E2" in one["exec_ids"]]
    assert own[0]["score"] == alerts(PumpAndDump, given(said=said))[0]["score"]


def test_one_ordinary_remark_among_many_counts_for_less_than_a_part_in_the_campaign():
    mild = PumpAndDumpParameters(floor=0.0)
    remark = posts() + "\nX0 ann what_a_day_for_this_one RRC 2026-11-20T14:30:00Z"
    copied = posts() + "\nX0 ann buy_before_all_the_others RRC 2026-11-20T14:30:00Z"
    scores = [alerts(PumpAndDump, given(said=said), mild)[0]["score"] for said in (posts(), remark, copied)]
    assert scores[0] < scores[2]
    assert scores[1] <= scores[2] - 10


@pytest.mark.parametrize(("sold", "n"), [("3333", 1), ("3334", 0)])
def test_the_sale_of_an_old_holding_is_not_the_dump_of_what_was_just_bought(sold, n):
    assert len(alerts(PumpAndDump, given(TRADES.replace("sell  1000", f"sell  {sold}")))) == n


def test_buying_back_later_does_not_hide_what_was_sold_into_the_talk():
    back = TRADES + "E3 O3 P1 ann RRC buy 1000 51 19:30:00\n"
    (found,) = alerts(PumpAndDump, given(back))
    assert {m["name"]: m["value"] for m in found["metrics"]}["sold"] == pytest.approx(1.0)


# What test_kit_complete.py holds this detector to.
STORY = "news_id instrument_ids headline published_time\nN1 RRC results 10:00:00"


def nearly_alike():
    """A chorus whose posts end in words of their own."""
    lines = posts().splitlines()
    return given(
        said="\n".join(line.replace("_others", f"_others_{chr(97 + n)}q") for n, line in enumerate(lines))
    )


def bought_before():
    return given(TRADES.replace("13:00:00", "2026-11-18T13:00:00Z"))


def sold_part():
    return given(TRADES.replace("sell  1000", "sell  400"))


def sells_daily():
    """Who sells as much of another name on one of a few days."""
    return given(TRADES + "S1 S1 P1 ann OTH sell 2000 52 2026-11-19T15:00:00Z\n")


KIT = Kit(
    PumpAndDump,
    given,
    (test_innocent_trading_is_left_alone,),
    {
        "burst": Edge(6.99, 7.02),
        "posts": Edge(8, 9),
        "alike": Edge(0.714, 0.716, scene=nearly_alike),
        "bought_days": Edge(3, 2, scene=bought_before),
        "lead": Edge(59.9, 60.1),
        "sold": Edge(0.4, 0.41, scene=sold_part, others={"floor": 0.0}),
        "news_hours": Edge(3.99, 4.01, scene=lambda: given(news=STORY), others={"floor": 50.0}),
        "habit": Edge(0.334, 0.332, scene=sells_daily),
        "floor": Edge(76.2, 76.3),
    },
    changes={
        "buys for sells": Waived(
            "Talking a price up to sell into it has one direction; short sellers say other words."
        ),
        # What is usual to be said hangs on the day of the week.
        "forty days later": lambda rows: shifted(rows, days=35),
    },
)
