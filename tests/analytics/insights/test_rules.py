"""Rules: silent where nothing is planted, outspoken where something is, honest about both."""

import json
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import numpy as np
import polars as pl
import pytest

from analytics.insights._rule import ALERTS, all_rules, insight_id
from analytics.insights._shifts import largest_shift, recent_shift, spread_of, together
from analytics.insights._stats import benjamini_hochberg, burst, outlier, share_above, sign_flip
from analytics.insights._tables import IDEA_SCORES
from analytics.money_words import money
from tests.analytics.insights._null_firm import DAYS, DESKS, firm
from tests.analytics.insights._null_firm import found as run


def test_every_rule_has_something_to_test_in_a_firm_and_many_cross_domains():
    rules = all_rules().values()
    assert len(rules) >= 17
    assert sum(len(rule.domains) >= 2 for rule in rules) >= 6
    tables = firm(1)
    kinds = {rule.name for rule in rules if rule().candidates(tables, seed=0)}
    assert kinds == set(all_rules())


def test_a_dear_venue_is_named_with_its_effect_interval_and_money():
    tables = firm(3)
    dear = pl.col("venue") == "IEXG"
    worse = pl.when(pl.col("side") == "buy").then(1.0008).otherwise(1 / 1.0008)
    tables["executions"] = tables["executions"].with_columns(
        last_px=pl.when(dear).then(pl.col("last_px") * worse).otherwise("last_px")
    )
    found = [item for item in run(tables) if item.rule.name == "venue_cost"]
    assert {item.candidate.context["venue"] for item in found} == {"IEXG"}
    # Told of each desk it is dear for, and of the firm as a whole.
    by_desk = {item.candidate.context["desk"]: item.candidate for item in found}
    assert set(by_desk) == {None, *DESKS.values()}
    assert all(one.tested.low > 0 and one.unit == "bp" for one in by_desk.values())
    assert by_desk[None].tested.low < 8 < by_desk[None].tested.high
    one = by_desk["alpha"]
    assert one.next[0]["href"].startswith("/trading/execution-quality?desk=alpha&")
    assert one.next[0]["href"].endswith("&group_by=venue&venue=IEXG")  # its row stands in the league
    (meant,) = parse_qs(urlsplit(one.next[1]["href"]).query)["filter"]
    assert json.loads(meant) == {"venue": {"filterType": "text", "type": "equals", "filter": "IEXG"}}


def test_a_days_loss_is_told_with_its_drivers_and_only_to_its_desk():
    tables = firm(4)
    hit = (
        (pl.col("date") == DAYS[-3].date())
        & (pl.col("account_id") == "A")
        & (pl.col("instrument_id") == "XOM")
    )
    tables["daily_positions"] = tables["daily_positions"].with_columns(
        pnl_base=pl.when(hit).then(-900_000.0).otherwise("pnl_base")
    )
    (item,) = [item for item in run(tables) if item.rule.name == "pnl_outlier"]
    one = item.candidate
    assert (one.desks, one.why[0]["driver"], one.context["from"]) == (("alpha",), "XOM", str(DAYS[-3].date()))
    assert one.tested.value < 0
    assert "alpha lost" in one.title


def test_a_desk_that_swings_more_every_day_is_no_outlier():
    tables = firm(5)
    wild = (pl.col("date") >= DAYS[-20].date()) & (pl.col("account_id") == "A")
    tables["daily_positions"] = tables["daily_positions"].with_columns(
        pnl_base=pl.when(wild).then(pl.col("pnl_base") * 30).otherwise("pnl_base")
    )
    assert [item for item in run(tables) if item.rule.name == "pnl_outlier"] == []


def test_alerts_that_gather_on_one_trader_are_told_to_surveillance_only():
    tables = firm(6)
    trader = pl.when(pl.col("kind") == "trader").then(pl.lit("t3")).otherwise("id")
    tables[ALERTS] = tables[ALERTS].with_columns(id=trader)
    found = [item for item in run(tables) if item.rule.name == "alert_cluster"]
    (one,) = [item for item in found if item.candidate.context["trader"] == "t3"]
    assert one.rule.roles == ("compliance", "auditor")
    assert one.candidate.tested.low > 1
    assert {"kind": "trader", "id": "t3"} in one.candidate.evidence
    assert "suspected" in one.candidate.title
    assert "fraud" not in one.candidate.text


def test_one_act_that_alerts_several_detectors_is_counted_once():
    tables = firm(6)
    again = [
        tables[ALERTS].with_columns(pl.col("detector") + f"-{k}", pl.col("alert_id") + f"-{k}")
        for k in (1, 2)
    ]
    thrice = tables | {ALERTS: pl.concat([tables[ALERTS], *again])}
    rule = all_rules()["alert_cluster"]
    once, more = (
        {one.subject: one.tested for one in rule().candidates(given, seed=0)} for given in (tables, thrice)
    )
    assert once == more


def test_who_writes_and_trades_all_day_on_one_day_meets_once():
    tables = firm(6)
    fill = tables["executions"].row(0, named=True)
    days = (DAYS[-2], DAYS[-5], DAYS[-9])
    met = [
        fill | {"exec_id": f"{day:%j}{hour}{side}", "trader_id": who, "side": side, "instrument_id": "XOM", "last_px": 90.0 + hour,
                "transact_time": day + timedelta(hours=hour, minutes=10)}
        for day in days for hour in range(14, 20) for side, who in (("buy", "t2"), ("sell", "t5"))
    ]  # fmt: skip
    said = [
        (f"W{minute}", days[0] + timedelta(hours=13, minutes=minute), "t2", ["t5"], ["XOM"])
        for minute in range(0, 420, 5)
    ]
    given = tables | {
        "executions": pl.concat(
            [tables["executions"], pl.DataFrame(met, schema=tables["executions"].schema, orient="row")]
        ),
        "messages": pl.DataFrame(said, schema=tables["messages"].schema, orient="row"),
    }
    (pair,) = [
        one
        for one in all_rules()["chat_matched_orders"]().candidates(given, seed=0)
        if one.subject == "t2|t5"
    ]
    # One day with talk among three with matches: three chances of one in forty, not six matches of six.
    assert 0.03 < pair.tested.p < 0.3


def test_a_burst_of_talk_on_a_holding_is_told_with_exposure_and_tone():
    tables = firm(7)
    more = [
        (f"X{k}", DAYS[-2] + timedelta(hours=16, minutes=k), f"u{k}", ["PG"], [1.0], 0.6, 0.8)
        for k in range(25)
    ]
    tables["posts"] = pl.concat(
        [tables["posts"], pl.DataFrame(more, schema=tables["posts"].schema, orient="row")]
    )
    (found,) = [item for item in run(tables) if item.rule.name == "crowd_exposure"]
    one = found.candidate
    held = tables["daily_positions"].filter(
        pl.col("instrument_id") == "PG", pl.col("date") == DAYS[-1].date()
    )
    account, exposure = held.sort("market_value_base").select("account_id", "market_value_base").row(-1)
    desk = DESKS[account]
    said = (one.context["instrument"], one.desks, one.context["from"])
    assert said == ("PG", (desk,), str(DAYS[-2].date()))
    assert one.tested.low > 0
    assert f"{desk} is long {money(exposure)}" in one.text


def test_passing_mentions_do_not_turn_the_tone_of_a_holding_but_posts_about_it_do():
    tables = firm(9)
    days = DAYS[-4:]
    loud = [
        (f"X{i}-{k}", day + timedelta(hours=15, minutes=k), f"u{k}", ["PG"], 0.95, 0.9)
        for i, day in enumerate(days)
        for k in range(6)
    ]
    plain = tables["posts"].with_columns(relevance=pl.lit([1.0]))

    def told(relevance):
        more = [(*row[:4], [relevance], *row[4:]) for row in loud]
        posts = pl.concat([plain, pl.DataFrame(more, schema=plain.schema, orient="row")])
        found = all_rules()["sentiment_shift"]().candidates(tables | {"posts": posts}, seed=0)
        return next(one for one in found if one.subject.startswith("PG|")).tested

    assert told(1.0).p < 0.01
    quiet = all_rules()["sentiment_shift"]().candidates(tables | {"posts": plain}, seed=0)
    assert told(0.3) == next(one for one in quiet if one.subject.startswith("PG|")).tested


def _skilled(tables, *, mean, days=90):
    """Give author a0 ideas whose results have a mean, in place of those he had."""
    others = tables[IDEA_SCORES].filter(pl.col("author_id") != "a0")
    rng = np.random.default_rng(11)
    rows = [
        (f"g{i}", "a0", "XOM", 1.0, i < days, DAYS[i].date(), float(net), net > 0, 0.2, 0.6)
        for i, net in enumerate(rng.normal(mean, 0.02, days + 2))
    ]
    return tables | {IDEA_SCORES: pl.concat([others, pl.DataFrame(rows, schema=others.schema, orient="row")])}


def _records(tables):
    return {one.subject: one for one in all_rules()["author_record"]("USD").candidates(tables, seed=0)}


def test_an_author_with_sealed_ideas_is_judged_by_them_and_it_says_so():
    told = _records(_skilled(firm(9), mean=0.012))["a0"]
    assert told.tested.p < 0.001
    assert told.tested.n == 90
    assert told.text.startswith("By sealed ideas: 90 of a0, entered on 90 days")
    assert "that the best of 3 coin flippers would show" in told.text
    assert "at least 30 days" in told.text
    assert "Still running: XOM (up), $" in told.text
    assert {"kind": "idea", "id": "g89"} in told.evidence
    assert told.desks is not None  # whose exposure it tells
    assert _records(firm(9))["a0"].tested.p > 0.05


def test_of_two_records_the_better_one_is_not_told():
    tables = firm(9)
    # A good tone for u1 in his posts, and ideas of his that came to nothing: the ideas alone count.
    loud = tables | {
        IDEA_SCORES: tables[IDEA_SCORES].with_columns(author_id=pl.col("author_id").replace("a0", "u1"))
    }
    assert set(_records(loud)) == {"u1", "a1", "a2", "u2", "u3", "u4", "t1", "t2"}
    ideas = _records(loud)["u1"].tested
    assert (
        ideas.n
        == loud[IDEA_SCORES].filter(pl.col("author_id") == "u1", pl.col("ended"))["entry_date"].n_unique()
    )
    # Too short a record is none, by posts neither.
    short = loud | {
        IDEA_SCORES: loud[IDEA_SCORES].filter(
            (pl.col("author_id") != "u1") | (pl.col("entry_date") < DAYS[20].date())
        )
    }
    assert "u1" not in _records(short)


def test_without_ideas_the_tone_of_posts_is_what_it_goes_by_and_it_says_so():
    tables = firm(9)
    none = tables | {IDEA_SCORES: tables[IDEA_SCORES].clear()}
    moves = (
        tables["prices"]
        .sort("instrument_id", "date")
        .with_columns(move=pl.col("close").shift(-1).over("instrument_id") / pl.col("close") - 1)
    )
    ahead = moves.select(
        instrument_ids=pl.concat_list("instrument_id"),
        name="instrument_id",
        day="date",
        move=pl.col("move") - pl.col("move").mean().over("date"),
    )
    posts = none["posts"].with_columns(
        name=pl.col("instrument_ids").list.first(), day=pl.col("transact_time").dt.offset_by("5h").dt.date()
    )
    right = posts.join(ahead.drop("instrument_ids"), on=["name", "day"], how="left")
    knows = (pl.col("author_id") == "u2") & pl.col("move").is_not_null()
    tone = right.with_columns(
        sentiment=pl.when(knows).then(pl.col("move").sign() * 0.5).otherwise("sentiment")
    )
    told = _records(none | {"posts": tone.select(none["posts"].columns)})["u2"]
    assert told.text.startswith("By the tone of posts, for want of sealed ideas: ")
    assert told.tested.p < 0.001


def test_authors_of_coin_flips_pass_the_band_in_one_league_of_twenty():
    table, league = firm(1), 40
    rng = np.random.default_rng(5)
    passed = 0
    for _ in range(league):
        rows = [
            (f"{who}-{day}", f"c{who}", "XOM", 1.0, True, DAYS[day].date(), float(net), net > 0, 0.25, 0.5)
            for who, nets in enumerate(rng.normal(0, 0.02, (8, 40)))
            for day, net in enumerate(nets)
        ]
        scores = pl.DataFrame(rows, schema=table[IDEA_SCORES].schema, orient="row")
        passed += any(
            one.tested.p <= 0.05
            for one in _records(table | {IDEA_SCORES: scores, "posts": table["posts"].clear()}).values()
        )
    assert passed <= 6  # two are to be expected; more than six in forty is one chance in two hundred


def test_the_same_tables_give_the_same_insights_whatever_the_order_of_rows():
    tables = firm(8) | {"posts": firm(7)["posts"]}
    mixed = {name: frame.sample(fraction=1.0, shuffle=True, seed=1) for name, frame in tables.items()}
    kinds = [kind for name, kind in all_rules().items()]
    for kind in kinds:
        once, again = (kind().candidates(given, seed=0) for given in (tables, mixed))
        assert [(c.subject, round(c.tested.p, 9)) for c in once] == [
            (c.subject, round(c.tested.p, 9)) for c in again
        ]


def test_no_rows_give_no_candidates():
    empty = {name: frame.clear() for name, frame in firm(1).items()}
    assert run(empty) == []


def test_ids_name_rule_and_subject():
    assert insight_id("a", "x") == insight_id("a", "x") != insight_id("b", "x")


@pytest.mark.parametrize("p", [[0.01, 0.02, 0.03, 0.04], [0.5, 0.001, 0.04, 0.9, 0.03]])
def test_q_values_follow_the_definition(p):
    q = benjamini_hochberg(p)
    ranked = sorted(p)
    for value, found in zip(p, q, strict=True):
        assert found == pytest.approx(
            min(len(p) * ranked[j] / (j + 1) for j in range(len(p)) if ranked[j] >= value)
        )
    assert benjamini_hochberg([]) == []


def test_p_values_are_uniform_or_larger_without_an_effect():
    rng = np.random.default_rng(1)
    flips = [sign_flip(rng.normal(size=20), seed=0).p for _ in range(300)]
    outliers = [outlier(*_extreme(rng.normal(size=120)), looks=20).p for _ in range(400)]
    bursts = [burst(rng.poisson(3), rng.poisson(3, 30)).p for _ in range(600)]
    shares = [share_above(int(rng.binomial(20, 0.2)), 20, 0.2).p for _ in range(600)]
    shifts = [recent_shift(rng.standard_t(4, 60), 5, seed=0).p for _ in range(300)]
    drifting = [recent_shift(_sticky(rng, 60), 5, seed=0).p for _ in range(300)]
    wandering = [recent_shift(_wandering(rng, 60), 5, seed=0).p for _ in range(150)]
    turning = [sign_flip(_sticky(rng, 60), seed=0, stretch=10).p for _ in range(150)]
    baskets = [_baskets(rng) for _ in range(150)]
    several = [largest_shift(rng.normal(size=(60, 4)), 5, seed=0)[0].p for _ in range(300)]
    chances = rng.random(30) * 0.4
    meetings = [together(chances, int((rng.random(30) < chances).sum())).p for _ in range(400)]
    drawn = {
        "flip": flips, "outlier": outliers, "burst": bursts, "share": shares, "shift": shifts, "sticky": drifting,
        "several": several, "together": meetings, "wandering": wandering, "turning": turning, "baskets": baskets,
    }  # fmt: skip
    for name, found in drawn.items():
        assert np.mean(np.array(found) <= 0.05) <= 0.085, name


def _sticky(rng, n):
    """Return a series in which every day resembles the one before."""
    steps, out = rng.normal(size=n), np.empty(n)
    out[0] = steps[0]
    for at in range(1, n):
        out[at] = 0.5 * out[at - 1] + steps[at]
    return out


def _wandering(rng, n):
    """Return noise on a level that wanders for weeks: a day hardly resembles the one before."""
    level = np.zeros(n)
    for at in range(1, n):
        level[at] = 0.95 * level[at - 1] + rng.normal() * 0.19
    return level + rng.normal(size=n)


def _baskets(rng):
    """Return the p-value of occasions that come and coincide four at a time."""
    hits = np.repeat(rng.random(30) < 0.3, 4)
    chances, days = [0.3] * len(hits), np.repeat(np.arange(30), 4).tolist()
    return together(chances, int(hits.sum()), spread=spread_of(chances, hits.tolist(), days)).p


def _extreme(values):
    history, recent = values[:-20], values[-20:]
    return recent[np.argmax(np.abs(recent - history.mean()))], history


@pytest.mark.parametrize("kind", sorted(all_rules()))
def test_every_rule_says_what_it_reads_and_for_whom(kind):
    rule = all_rules()[kind]
    assert rule.title
    assert rule.description
    assert rule.inputs
    assert rule.test.endswith(".")
    assert rule.version
