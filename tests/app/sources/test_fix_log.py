"""FIX logs: framing, chains, fills, corrections, busts, flags, and every field back again."""

import json
from decimal import Decimal

import pytest
import simplefix
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app import errors
from app.sources._base import ReadOptions, read_file
from app.sources.fix_log import decode, encode


def message(*pairs, version="FIX.4.4"):
    """Build a valid message; header and trailer are added."""
    made = simplefix.FixMessage()
    made.append_pair(8, version)
    for tag, value in pairs:
        made.append_pair(tag, value)
    return made.encode().decode()


def order(seq, ident, *more, kind="D", sender="FUND", target="BROKER"):
    return message(
        (35, kind), (49, sender), (56, target), (34, seq), (52, "20260302-14:30:00"), (11, ident), (1, "A1"), (55, "AAPL"),
        (54, 1), (38, 100), (40, 2), (44, "10.5"), (60, "20260302-14:30:00.125"), *more,
    )  # fmt: skip


def report(seq, ident, *more, exec_type="F", status="2"):
    return message(
        (35, "8"), (49, "BROKER"), (56, "FUND"), (34, seq), (52, "20260302-14:30:01"), (37, f"X{seq}"), (11, ident),
        (1, "A1"), (55, "AAPL"), (54, 1), (38, 100), (150, exec_type), (39, status), (15, "USD"),
        (60, "20260302-14:30:01"), *more,
    )  # fmt: skip


def read(tmp_path, text, **options):
    path = tmp_path / "x.fix"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_file(path, options=ReadOptions(filename="x.fix", **options))


FILL = ((17, "F1"), (32, 100), (31, "10.25"), (14, 100), (151, 0), (6, "10.25"))


@pytest.mark.parametrize("mark", ["\x01", "|", "^A"])
@pytest.mark.parametrize("between", ["\n", "", "\r\n2026-03-02 14:30:00.123 IN : "])
def test_separators_and_prefixes_do_not_matter(tmp_path, mark, between):
    text = between + (order(1, "C1") + between + report(1, "C1", *FILL)).replace("\x01", mark)
    made = read(tmp_path, text)
    assert made.counts() == {"accepted": 2, "rejected": 0, "duplicate": 0}
    assert made.tables["order_events"]["event_type"].to_list() == ["new", "fill"]
    assert made.tables["executions"]["last_px"].to_list() == [Decimal("10.25")]
    assert made.tables["executions"]["dq_flags"].to_list() == [[]]


def test_the_order_is_the_root_of_the_chain_not_tag_37(tmp_path):
    replaced = report(2, "C2", (41, "C1"), exec_type="5", status="0")
    made = read(
        tmp_path,
        "\n".join([order(1, "C1"), order(2, "C2", (41, "C1"), kind="G"), replaced, report(3, "C2", *FILL)]),
    )
    events = made.tables["order_events"]
    assert events["order_id"].n_unique() == 1
    assert events["order_id"][0].endswith(":C1")
    # The request was answered, so the answer alone is the event.
    assert events["event_type"].to_list() == ["new", "replace", "fill"]


def test_an_unanswered_request_is_the_event(tmp_path):
    made = read(tmp_path, "\n".join([order(1, "C1"), order(2, "C2", (41, "C1"), kind="F")]))
    assert made.tables["order_events"]["event_type"].to_list() == ["new", "cancel"]


@pytest.mark.parametrize(
    ("extra", "status", "px"),
    [(((150, "G"),), "corrected", "10.30"), (((150, "H"),), "busted", "10.25")],
)
def test_corrections_and_busts_are_new_versions_of_the_first_report(tmp_path, extra, status, px):
    later = report(2, "C1", (17, "F2"), (19, "F1"), (32, 100), (31, px), (14, 100), exec_type=extra[0][1])
    made = read(tmp_path, "\n".join([report(1, "C1", *FILL), later]))
    rows = made.tables["executions"].select("exec_id", "version", "exec_status", "exec_ref_id").rows()
    assert rows == [("F1", 1, "new", None), ("F1", 2, status, "F1")]


def test_a_bust_of_fix_42_goes_by_tag_20_and_borrows_the_fill(tmp_path):
    bust = report(2, "C1", (17, "F2"), (19, "F1"), (20, 1), (32, 0), (31, 0), exec_type="1", status="0")
    made = read(tmp_path, "\n".join([report(1, "C1", *FILL), bust]))
    last = made.tables["executions"].row(1, named=True)
    assert (last["exec_status"], last["last_qty"]) == ("busted", Decimal(100))


def test_damage_is_flagged_not_refused(tmp_path):
    broken = order(1, "C1").replace("\x019=", "\x019=9")
    gap = order(5, "C5")
    made = read(tmp_path, broken + "\n" + gap)
    flags = made.tables["order_events"]["dq_flags"].to_list()
    assert flags == [["BODYLENGTH_BAD", "CHECKSUM_BAD"], ["SEQ_GAP"]]


def test_an_average_that_contradicts_the_fills_is_flagged(tmp_path):
    wrong = report(1, "C1", *FILL[:-1], (6, "235.00"))
    assert read(tmp_path, wrong).tables["executions"]["dq_flags"][0].to_list() == ["AVGPX_MISMATCH"]


def test_session_messages_are_kept_without_a_table(tmp_path):
    made = read(tmp_path, message((35, 0), (49, "A"), (56, "B"), (34, 1), (52, "20260302-14:30:00")))
    assert made.counts() == {"accepted": 1, "rejected": 0, "duplicate": 0}
    assert not made.tables


def test_a_resent_message_is_a_duplicate(tmp_path):
    again = order(1, "C1", (43, "Y"), (122, "20260302-14:30:00"))
    assert read(tmp_path, order(1, "C1") + "\n" + again).counts() == {
        "accepted": 1,
        "rejected": 0,
        "duplicate": 1,
    }


def test_lines_without_a_message_are_rejected_by_number(tmp_path):
    made = read(tmp_path, order(1, "C1") + "\nserver restarted\n" + order(2, "C2"))
    assert made.rejects.select("line", "code").rows() == [(2, "NOT_FIX")]


def test_custom_tags_and_groups_stay_in_order_with_repeats(tmp_path):
    made = read(
        tmp_path,
        order(1, "C1", (453, 2), (448, "P1"), (452, 3), (448, "P2"), (452, 11), (8011, "up"), (8011, "up")),
    )
    row = made.tables["order_events"].row(0, named=True)
    ext = [pair for pair in json.loads(row["ext"]) if pair[0] in ("448", "8011")]
    assert ext == [["448", "P1"], ["448", "P2"], ["8011", "up"], ["8011", "up"]]
    assert (row["client_id"], row["trader_id"]) == ("P1", "P2")


def test_no_account_is_assumed_and_flagged_or_named(tmp_path):
    text = order(1, "C1").replace("\x011=A1", "")
    assert read(tmp_path, text).tables["order_events"]["account_id"][0] == "FUND"
    assert "ACCOUNT_ASSUMED" in read(tmp_path, text).tables["order_events"]["dq_flags"][0]
    assert read(tmp_path, text, account="Z").tables["order_events"]["account_id"][0] == "Z"


def test_a_leap_second_is_a_row_error(tmp_path):
    text = order(1, "C1").replace("14:30:00.125", "23:59:60")
    assert read(tmp_path, text).rejects["code"].to_list() == ["LEAP_SECOND"]


def test_a_file_without_fix_says_so(tmp_path):
    path = tmp_path / "x.log"
    path.write_text("hello\n")
    with pytest.raises(errors.Invalid, match="no FIX message"):
        read_file(path, format="fix")


TAGS = st.integers(1, 99_999).filter(
    lambda t: t not in (8, 9, 10, 35, 89, 91, 96, 213, 446, 619, 622) and not 348 <= t <= 365
)
VALUES = st.text(
    st.characters(blacklist_characters="\x00\x01\r\n", blacklist_categories=["Cs"]), min_size=1, max_size=12
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(fields=st.lists(st.lists(st.tuples(TAGS, VALUES), max_size=12), min_size=1, max_size=4))
def test_every_field_of_every_message_comes_back(tmp_path, fields):
    sent = [message((35, "D"), *pairs) for pairs in fields]
    if any("8=FIX" in value for pairs in fields for _, value in pairs):
        return
    made = read(tmp_path, "\n".join(sent))
    assert [encode(decode(record)).decode() for record in made.raw["record"]] == sent
    assert sum(made.counts().values()) == made.records == len(sent)
