"""The classifier on lines it was not taught: other templates, and other ways of saying it."""

import csv
from pathlib import Path

import polars as pl
import pytest

from analytics.compliance import _wording
from analytics.compliance._teaching import SHIFT, SLOPE, conduct_lines, features, filled, fitted
from analytics.compliance.detectors.communications import Communications, CommunicationsParameters
from analytics.social.tone_model import labelled
from tests.analytics.compliance._kit import alerts
from tests.analytics.compliance.test_communications import said
from tools.communications import held_out
from tools.communications.train import lines, shipped, taught_set


def flagged(lines: list[str], seed: int) -> int:
    texts = filled(lines, times=4, seed=seed)
    found = _wording.read(
        pl.DataFrame({"text": texts, "recipient_ids": [["x"]] * len(texts)}), most_recipients=25, names=()
    )
    return int((found["p"] >= CommunicationsParameters().odds).sum())


def f1(groups: dict[str, tuple[str, ...]]) -> float:
    bad = [line for lines in groups.values() for line in lines]
    hits, alarms = flagged(bad, 21), flagged(list(held_out.GOOD), 22)
    return 2 * hits / (hits + alarms + 4 * len(bad))


def test_f1_on_templates_left_out_of_teaching_is_at_least_eighty_percent():
    assert f1(held_out.TEMPLATES) >= 0.80


def test_on_wording_that_nothing_taught_resembles_it_finds_most_and_is_known_to_miss_a_third():
    # Words alone carry no idiom: this is what the links to trades and the sample of the rest are for.
    assert f1(held_out.PHRASES) >= 0.60


def blind() -> list[dict[str, str]]:
    """Lines written before the classifier was last worked on, and scored once when that was done.

    By the hand that wrote the lines to learn from, so other people's wording is found less often than this.
    """
    with Path(__file__).with_name("held_out_messages.csv").open(encoding="utf-8", newline="") as source:
        asked = list(csv.DictReader(source))
    # What a line to learn from happens to say word for word measures nothing.
    learnt = {text for *_, text in lines()}
    return [one for one in asked if one["text"] not in learnt]


def test_f1_on_lines_kept_apart_until_the_end_stays_what_it_was_measured_to_be():
    asked = blind()
    found = _wording.read(
        pl.DataFrame({"text": [one["text"] for one in asked], "recipient_ids": [["x"]] * len(asked)}),
        most_recipients=25,
        names=(),
    ).filter(~pl.col("bulk"))
    told = set(found.filter(pl.col("p") >= CommunicationsParameters().odds)["text"])
    bad = {one["text"] for one in asked if one["family"] != "clean"}
    assert len(asked) >= 250
    assert 2 * len(told & bad) / (len(told) + len(bad)) >= 0.86


def alerting(texts: list[str]) -> float:
    """Return the share of texts that the detector alerts to by their words alone: nobody here trades."""
    found = alerts(Communications, said(*texts, sender="eve", to=("fay",)))
    return len({one for row in found for one in row["message_ids"]}) / len(texts)


def ordinary() -> list[str]:
    """Plain talk of a desk, in sentences, look-alikes among it. By the hand that wrote the lines to learn from."""
    with Path(__file__).with_name("ordinary_talk.csv").open(encoding="utf-8", newline="") as source:
        return [row["text"] for row in csv.DictReader(source)]


def test_of_outsiders_posts_on_markets_hardly_any_alerts():
    posts = labelled()["text"].to_list()[::10]
    assert len(posts) == 955
    assert alerting(posts) <= 0.03


def test_of_ordinary_talk_at_most_one_line_in_ten_alerts():
    assert len(ordinary()) == 120
    assert alerting(ordinary()) <= 0.10


def test_of_the_blind_lines_of_misconduct_words_alone_are_known_to_find_less_than_half():
    bad = [one["text"] for one in blind() if one["family"] != "clean"]
    assert alerting(bad) >= 0.45


def test_nothing_measured_was_taught():
    learnt = {text for *_, text in lines()}
    asked = {
        line for group in (held_out.TEMPLATES, held_out.PHRASES) for lines in group.values() for line in lines
    }
    assert not learnt & (asked | set(held_out.GOOD) | set(ordinary()) | {one["text"] for one in blind()})


@pytest.mark.slow
def test_the_stored_weights_are_what_teaching_gives():
    texts, labels = taught_set()
    again = fitted(features(texts), labels, slope=SLOPE, shift=SHIFT)
    stored = _wording.model()
    assert set(stored) == {"bias", "weights"}
    assert again["bias"] == pytest.approx(stored["bias"], abs=0.02)
    assert all(
        again["weights"].get(name, 0.0) == pytest.approx(w, abs=0.05) for name, w in stored["weights"].items()
    )


@pytest.mark.slow
def test_the_lines_the_product_comes_with_are_those_written():
    assert conduct_lines().equals(shipped())
