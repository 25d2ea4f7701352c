"""Relevance of a post to an instrument: how it is named, where, and beside how many others."""

import polars as pl
import pytest

from analytics.social.relevance import first_words, relevance, with_relevance

SYMBOLS = {
    "AAPL": ["AAPL"],
    "MSFT": ["MSFT"],
    "X": ["X"],
    "META": ["FB", "META"],
    "BRK": ["BRK"],
    "ALL": ["ALL"],
}
NAMES = {"AAPL": "apple", "MSFT": "microsoft"}


def of(text, *ids):
    return relevance(text, ids, SYMBOLS, NAMES)


def test_a_cashtag_says_more_than_a_name_and_a_name_more_than_the_source():
    assert of("$aapl is up", "AAPL") == [1.0]
    assert of("AAPL is up", "AAPL") == of("Apple is up", "AAPL") == [0.8]
    assert of("What a day", "AAPL") == [0.5]
    # What says most counts, wherever it stands.
    assert of("Apple, that is $AAPL", "AAPL")[0] > 0.8 * 0.8


def test_what_is_named_late_counts_less_and_never_below_seven_tenths():
    early, late = of("$AAPL and much else besides", "AAPL"), of("much else besides and then $AAPL", "AAPL")
    assert 0.7 < late[0] < early[0] == 1.0


def test_instruments_named_together_share_what_is_said():
    both = of("$AAPL and $MSFT", "AAPL", "MSFT")
    assert both[0] == pytest.approx(2**-0.5, abs=1e-4)
    assert both[1] < both[0]


def test_a_part_of_a_word_and_a_single_letter_name_nothing():
    assert of("pineapple AAPLX $AAPLE", "AAPL") == [0.5]
    assert of("X marks the spot", "X") == [0.5]
    assert of("$X marks the spot", "X") == [1.0]


def test_what_names_an_instrument_is_read_as_where_posts_are_told_their_instruments():
    # Tags that touch, a tag of another class of shares, a word that is a symbol as well, a text that shouts.
    assert of("$AAPL$MSFT_again", "AAPL", "MSFT") == pytest.approx(
        [0.7071, 0.7071 * (1 - 0.3 * 5 / 16)], abs=1e-4
    )
    assert of("$BRK.B is up", "BRK") == [0.5]
    assert of("ALL is well", "ALL") == [0.5]
    assert of("AAPL TO THE MOON", "AAPL") == [0.5]


def test_an_instrument_is_named_by_the_symbol_it_had_before_too():
    assert of("$FB rallies", "META") == of("$META rallies", "META") == [1.0]
    posts = pl.DataFrame({"text": ["$FB rallies"], "instrument_ids": [["META"]]})
    table = pl.DataFrame(
        {"instrument_id": ["META", "META"], "symbol": ["FB", "META"], "name": ["Facebook", "Meta"]}
    )
    assert with_relevance(posts, table)["relevance"].to_list() == [[1.0]]


def test_first_words_that_two_instruments_share_stand_for_neither():
    table = pl.DataFrame(
        {
            "instrument_id": ["A", "B", "C", "D"],
            "name": ["General Electric", "General Motors", "Visa Inc", "3M"],
        }
    )
    assert first_words(table) == {"C": "visa"}


def test_each_post_keeps_a_number_for_each_instrument_in_their_order():
    posts = pl.DataFrame(
        {"text": ["$MSFT, Apple", None, "x"], "instrument_ids": [["AAPL", "MSFT"], ["AAPL"], None]}
    )
    table = pl.DataFrame(
        {"instrument_id": ["AAPL", "MSFT"], "symbol": ["aapl", "MSFT"], "name": ["Apple Inc", "Microsoft"]}
    )
    apple, microsoft = (told := with_relevance(posts, table)["relevance"].to_list())[0]
    assert microsoft == pytest.approx(2**-0.5, abs=1e-4)
    assert apple < 0.8 * 2**-0.5
    assert told[1:] == [[0.5], None]
