"""Communications risk: judged on phrases it was not taught, the same classifier as detector D25's, and why."""

import csv
from pathlib import Path

import polars as pl
import pytest

from analytics.compliance import _wording
from analytics.compliance._teaching import conduct_lines
from analytics.models._walk import fit
from analytics.models.communications_risk import LINES_TABLE, ODDS, CommunicationsRisk, dealt

HELD_OUT = Path(__file__).parents[1] / "compliance" / "held_out_messages.csv"


@pytest.fixture(scope="module")
def taught():
    model = CommunicationsRisk()
    return fit(model, model.features({LINES_TABLE: dealt(conduct_lines())}))


def rows_of(texts, family="good"):
    lines = pl.DataFrame({"line_id": [f"x{at}" for at in range(len(texts))], "text": texts})
    lines = lines.with_columns(date=pl.lit(None, pl.Date), family=pl.lit(family))
    return CommunicationsRisk().features({LINES_TABLE: lines}).sort(pl.col("line_id").str.slice(1).cast(int))


def test_lines_that_say_the_same_are_never_on_both_sides_of_a_fold():
    lines = conduct_lines()
    days = dealt(lines).with_columns(group=lines["phrase_family"])
    assert days.group_by("group").agg(pl.col("date").n_unique())["date"].max() == 1
    assert days.group_by("text").agg(pl.col("date").n_unique())["date"].max() == 1
    assert days["date"].n_unique() > 150


def test_the_lexicons_rate_is_known_from_earlier_days_alone():
    rows = CommunicationsRisk().features({LINES_TABLE: dealt(conduct_lines())})
    first = rows.filter(pl.col("date") == pl.col("date").min())
    assert set(first["baseline"]) == {0.5}
    late = rows.filter(pl.col("date") > pl.col("date").quantile(0.5))
    heard, silent = (late.filter(pl.col("gravity") > 0), late.filter(pl.col("phrases") == 0))
    assert heard["baseline"].mean() > silent["baseline"].mean()


def test_it_says_of_lines_kept_apart_what_the_detector_says(taught):
    with HELD_OUT.open(encoding="utf-8", newline="") as source:
        asked = [one for one in csv.DictReader(source) if "{" not in one["text"]]
    texts = [one["text"] for one in asked]
    rows = rows_of(texts)
    p = pl.Series(taught.predict(rows))
    detector = _wording.read(
        pl.DataFrame({"text": texts, "recipient_ids": [["x"]] * len(texts)}), most_recipients=25, names=()
    )["p"]
    # The slots of the lines are filled by other draws, so the weights are not the same to the digit.
    assert (p - detector).abs().mean() < 0.04
    assert ((p >= ODDS) == (detector >= ODDS)).mean() > 0.95
    bad = pl.Series([one["family"] != "clean" for one in asked])
    called = p >= ODDS
    assert 2 * (called & bad).sum() / (called.sum() + bad.sum()) > 0.84
    known = [
        (kind, one["family"])
        for kind, one in zip(taught.families(rows), asked, strict=True)
        if one["family"] != "clean"
    ]
    assert sum(kind == family for kind, family in known) / len(known) > 0.5


def test_it_gives_words_and_meanings_as_reasons_and_no_kind_to_what_it_does_not_understand(taught):
    rows = rows_of(["delete this chat, ring my private mobile", "zzz qqq"])
    why, blank = taught.reasons(rows)
    assert all(one["contribution"] > 0 for one in why)
    assert any(one["words"].startswith(("speaks of", "a phrase of")) for one in why)
    assert [one["contribution"] for one in blank] == [0.0, 0.0, 0.0]
    kind, unknown = taught.families(rows)
    assert kind in {"secrecy", "channel_switch"}
    assert unknown is None


def test_between_doubt_and_odds_it_does_not_know():
    model = CommunicationsRisk()
    model.odds_, model.kinds_ = {"bias": -0.5, "weights": {"x": 0.0}}, {"bias": {}, "weights": {}}
    rows = rows_of(["zzz qqq"]).with_columns(date=pl.date(2026, 1, 1))
    assert model.latest(rows)["call"].to_list() == ["unsure"]
    model.odds_ = {"bias": -3.0, "weights": {"x": 0.0}}
    assert model.latest(rows)["call"].to_list() == ["clean"]


def test_one_kind_of_line_teaches_nothing():
    rows = rows_of(["lunch at noon", "settlement is late"])
    with pytest.raises(ValueError, match="misconduct"):
        CommunicationsRisk().fit(rows)
