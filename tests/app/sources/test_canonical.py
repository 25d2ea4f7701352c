"""Canonical CSV, NDJSON and Parquet: nothing is lost, nothing slips in."""

import importlib.util
import io
import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from app import errors
from app.sources import _records
from app.sources._base import ReadOptions, read_file
from app.sources.canonical_csv import CanonicalCsv

_spec = importlib.util.spec_from_file_location("hostile", Path(__file__).with_name("hostile.py"))
hostile = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(hostile)
OPTIONS = ReadOptions(dataset="executions", filename="x.csv")


def read(tmp_path, data, *, kind="csv", **options):
    path = tmp_path / "body"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return read_file(path, format=kind, options=ReadOptions(**({"dataset": "executions"} | options)))


def codes(reading):
    return set(reading.rejects["code"])


def as_ndjson(data):
    """Turn a CSV body into NDJSON line by line, as sloppily as a script would."""
    lines = data.split(b"\n")
    names = lines[0].split(b",")
    out = []
    for line in lines[1:]:
        if line:
            pairs = (
                b'"%s":"%s"' % (n, v.replace(b"\\", b""))
                for n, v in zip(names, line.split(b","), strict=False)
            )
            out.append(b"{" + b",".join(pairs) + b"}")
    return b"\n".join(out)


def as_parquet(data):
    """Turn a CSV body into Parquet where that is possible, else hand over the damaged bytes."""
    try:
        frame = pl.read_csv(data, infer_schema=False, truncate_ragged_lines=True)
        out = io.BytesIO()
        frame.write_parquet(out)
        return out.getvalue()
    except (pl.exceptions.PolarsError, UnicodeError, ValueError):
        return b"PAR1" + data


@pytest.mark.parametrize("kind", hostile.CORPUS)
@pytest.mark.parametrize(
    ("source", "shape"), [("csv", bytes), ("ndjson", as_ndjson), ("parquet", as_parquet), ("auto", bytes)]
)
def test_hostile_input_is_refused_or_counted(tmp_path, kind, source, shape):
    data = shape(hostile.CORPUS[kind])
    try:
        made = read(tmp_path, data, kind=source)
    except (errors.Invalid, errors.TooLarge, errors.UnsupportedMedia) as error:
        refused = error.detail
    else:
        refused = ""
    if refused:
        assert refused.endswith((".", ")", "]"))
        return
    assert sum(made.counts().values()) == made.records == made.raw.height
    lines = set(made.outcome().filter(pl.col("outcome") == "rejected")["line"])
    assert lines <= set(made.rejects["line"])
    assert made.rejects["code"].null_count() == 0
    assert (made.rejects["message"].str.len_chars() > 5).all()


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("nan", "NOT_FINITE"),
        ("infinity", "NOT_FINITE"),
        ("beyond double", "NOT_FINITE"),
        ("negative quantity", "NOT_POSITIVE"),
        ("negative zero", "NOT_POSITIVE"),
        ("price zero", "NOT_POSITIVE"),
        ("integer overflow", "OVERFLOW"),
        ("latin-1 byte in one row", "NOT_UTF8"),
        ("lone surrogate", "NOT_UTF8"),
        ("ragged short", "RAGGED"),
        ("ragged long", "RAGGED"),
        ("right-to-left override", "INVISIBLE"),
        ("zero width", "INVISIBLE"),
        ("field of 3 MB", "TOO_LONG"),
        ("day first", "BAD_TIME"),
        ("two-digit year", "BAD_TIME"),
        ("naive time", "ZONE_MISSING"),
        ("leap second", "LEAP_SECOND"),
        ("no such day", "BAD_TIME"),
        ("quote in a field", "BAD_QUOTING"),
        ("thousands mark", "BAD_NUMBER"),
        ("same id, other content", "CONFLICT"),
        ("unknown side", "UNKNOWN_VALUE"),
        ("unknown currency", "BAD_CURRENCY"),
        ("unicode digits", "BAD_NUMBER"),
        ("thirteen decimals", "PRECISION"),
        ("ext that is no list", "BAD_JSON"),
    ],
)
def test_each_kind_of_bad_row_has_its_own_code(tmp_path, kind, code):
    assert codes(read(tmp_path, hostile.CORPUS[kind])) == {code}


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("utf-16", "UTF-16"),
        ("nul byte", "Line 2 holds a NUL byte"),
        ("header twice", "account_id"),
        ("missing columns", "required"),
        ("tenant column", "tenant_id"),
        ("10,000 columns", "512"),
        ("carriage returns only", "carriage returns"),
        ("unclosed quote", "line 2"),
        ("empty file", "empty"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(tmp_path, kind, words):
    with pytest.raises(errors.Invalid, match=words):
        read(tmp_path, hostile.CORPUS[kind])


def test_good_values_arrive_to_the_last_digit(tmp_path):
    made = read(
        tmp_path,
        hostile.body(hostile.row(last_qty="1e-12", last_px="12345678901234567890123456.123456789012")),
    )
    row = made.tables["executions"].row(0, named=True)
    assert row["last_qty"] == Decimal("0.000000000001")
    assert row["last_px"] == Decimal("12345678901234567890123456.123456789012")


def test_enums_fold_case_and_ids_are_trimmed(tmp_path):
    row = read(tmp_path, hostile.CORPUS["mixed case and blanks"]).tables["executions"].row(0, named=True)
    assert (row["side"], row["currency"], row["instrument_id"]) == ("buy", "USD", "AAPL")


def test_nanoseconds_are_kept_beside_the_microseconds(tmp_path):
    made = read(tmp_path, hostile.body(hostile.row(transact_time="2026-03-02T14:30:00.123456789+01:00")))
    row = made.tables["executions"].row(0, named=True)
    assert row["transact_time"] == datetime(2026, 3, 2, 13, 30, 0, 123456, tzinfo=UTC)
    assert row["transact_time_ns"] % 1_000_000_000 == 123456789


@pytest.mark.parametrize(
    ("zone", "local", "code"),
    [
        ("Europe/London", "2026-10-25T01:30:00", "AMBIGUOUS_TIME"),
        ("Europe/London", "2026-03-29T01:30:00", "NONEXISTENT_TIME"),
        ("America/New_York", "2026-11-01T01:30:00", "AMBIGUOUS_TIME"),
        ("America/New_York", "2026-03-08T02:30:00", "NONEXISTENT_TIME"),
    ],
)
def test_clock_changes_are_row_errors(tmp_path, zone, local, code):
    made = read(tmp_path, hostile.body(hostile.row(transact_time=local)), zone=zone)
    assert codes(made) == {code}


def test_a_named_zone_places_naive_times_and_flags_them(tmp_path):
    made = read(tmp_path, hostile.CORPUS["naive time"], zone="America/New_York")
    row = made.tables["executions"].row(0, named=True)
    assert row["transact_time"] == datetime(2026, 3, 2, 19, 30, tzinfo=UTC)
    assert row["dq_flags"] == ["TZ_ASSUMED"]


def test_an_unknown_zone_is_refused():
    with pytest.raises(errors.Invalid, match="zone"):
        read_file(Path("x"), options=ReadOptions(dataset="executions", zone="Mars/Base"))


def test_the_future_and_disorder_are_flagged_not_refused(tmp_path):
    made = read(tmp_path, hostile.CORPUS["out of order"], now=datetime(2026, 3, 2, 14, 0, tzinfo=UTC))
    assert made.tables["executions"]["dq_flags"].to_list() == [["FUTURE_TIME"], ["OUT_OF_ORDER"]]


def test_pence_become_pounds(tmp_path):
    made = read(tmp_path, hostile.body(hostile.row(currency="GBp", last_px="151.5")))
    row = made.tables["executions"].row(0, named=True)
    assert (row["currency"], row["last_px"], row["dq_flags"]) == ("GBP", Decimal("1.515"), ["MINOR_UNITS"])


def test_identical_rows_are_two_records_and_one_row(tmp_path):
    made = read(tmp_path, hostile.CORPUS["same id twice"])
    assert made.raw["occurrence"].to_list() == [1, 2]
    assert made.raw["raw_id"].n_unique() == 2
    assert made.counts() == {"accepted": 1, "rejected": 0, "duplicate": 1}


def test_reading_twice_gives_the_same_identities(tmp_path):
    body = hostile.CORPUS["many tiny rows"]
    assert read(tmp_path, body).raw.equals(read(tmp_path, body).raw)


def test_records_keep_their_text_quoted_line_breaks_included(tmp_path):
    record = 'E1,A1,AAPL,buy,100,10.25,USD,2026-03-02T14:30:00Z,"one ""two""\nthree"'
    made = read(
        tmp_path, hostile.HEADER + ",note\r\n" + record + "\r\n" + hostile.row(exec_id="E2") + ",\r\n"
    )
    assert made.raw["record"][0] == record
    assert made.raw["line"].to_list() == [2, 4]
    assert json.loads(made.tables["executions"]["ext"][0]) == [["note", 'one "two"\nthree']]


def test_unknown_columns_go_to_ext_in_order(tmp_path):
    made = read(tmp_path, hostile.body(hostile.GOOD + ",x,7", header=hostile.HEADER + ",zeta,alpha"))
    assert json.loads(made.tables["executions"]["ext"][0]) == [["zeta", "x"], ["alpha", "7"]]


def test_a_bom_is_no_part_of_the_first_name(tmp_path):
    assert read(tmp_path, b"\xef\xbb\xbf" + hostile.body(hostile.GOOD)).counts()["accepted"] == 1


def test_ndjson_keeps_digits_and_lists(tmp_path):
    line = json.dumps({"message_id": "1", "transact_time": "2026-01-01T00:00:00Z", "sender_id": "p", "text": "a|b",
                       "recipient_ids": ["x", "y|z"]})  # fmt: skip
    made = read(tmp_path, line, kind="ndjson", dataset="messages")
    row = made.tables["messages"].row(0, named=True)
    assert row["recipient_ids"] == ["x", "y|z"]
    assert row["text"] == "a|b"


def test_parquet_decimals_are_exact_and_floats_are_flagged(tmp_path):
    values = hostile.GOOD.split(",")
    frame = pl.DataFrame([values], schema=hostile.HEADER.split(","), orient="row")
    for dtype, flags in ((pl.Decimal(38, 12), []), (pl.Float64, ["ROUNDED"])):
        typed = frame.with_columns(last_px=pl.Series([0.1 + 0.2]).cast(dtype))
        path = tmp_path / "x.parquet"
        typed.write_parquet(path)
        made = read_file(path, options=OPTIONS)
        row = made.tables["executions"].row(0, named=True)
        assert row["last_px"] == Decimal("0.3")
        assert row["dq_flags"] == flags


def test_a_cut_parquet_is_damaged_not_fatal(tmp_path):
    out = io.BytesIO()
    pl.DataFrame([hostile.GOOD.split(",")], schema=hostile.HEADER.split(","), orient="row").write_parquet(out)
    data = out.getvalue()
    for cut in range(4, len(data) - 1, 97):
        with pytest.raises(errors.Invalid):
            read(tmp_path, data[:cut], kind="parquet")


def test_content_that_contradicts_the_claim_is_refused(tmp_path):
    with pytest.raises(errors.Invalid, match="not Parquet"):
        read(tmp_path, b"a,b\n1,2\n", kind="parquet")
    with pytest.raises(errors.Invalid, match="is Parquet"):
        read(tmp_path, b"PAR1xxxxPAR1", kind="csv")


NUMBERS = st.decimals(min_value="0.000000000001", max_value="99999999999999", places=12)
ROWS = st.lists(
    st.tuples(
        st.integers(0, 20),
        st.one_of(NUMBERS.map(str), st.sampled_from(["", "x", "-1", "1e3", "NaN", "1e-8", "0"])),
        NUMBERS,
        st.sampled_from(["buy", "sell", "hold", "", '"sell"', 'b"uy', "buy,", "\u202e", "sell_short"]),
    ),
    max_size=30,
)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS)
def test_every_record_is_accepted_rejected_or_duplicate(tmp_path, rows):
    lines = [
        hostile.row(exec_id=f"E{n}", last_qty=quantity, last_px=f"{price:f}", side=side)
        for n, quantity, price, side in rows
    ]
    made = read(tmp_path, hostile.body(*lines))
    assert sum(made.counts().values()) == made.records == len(lines)
    source = dict(enumerate(lines, 2))
    table = made.tables.get("executions")
    for row in table.iter_rows(named=True) if table is not None else ():
        cells = source[row["line"]].split(",")
        assert (Decimal(cells[4]), Decimal(cells[5])) == (row["last_qty"], row["last_px"])
        assert row["side"] == cells[3].strip('"')


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=300), at=st.integers(0, 150), keep=st.booleans())
def test_bytes_written_into_a_good_file_never_escape_as_a_crash(tmp_path, data, at, keep):
    good = hostile.body(hostile.GOOD, hostile.row(exec_id="E2"))
    body = good[:at] + data + (good[at:] if keep else b"")
    for kind in ("csv", "ndjson", "fix", "flex", "parquet", "auto"):
        try:
            made = read(tmp_path, body, kind=kind)
        except errors.QuarterdeckError:
            continue
        assert sum(made.counts().values()) == made.records


def mixed(rows):
    """Return executions of which many are odd: late, twice, contradictory, ragged, in pence, without a zone."""
    changes = [
        {},
        {"last_px": "1e2", "note": "x,y"},
        {"transact_time": "2026-03-02 09:30"},
        {"currency": "GBp", "last_px": "1234.5"},
        {"last_qty": "-1", "side": "hold"},
        {"transact_time": "2026-02-27T10:00:00Z"},
        {"transact_time": "soon", "note": 'say ""no""'},
        {"exec_id": "X1"},
        {"exec_id": "X1", "last_px": "77"},
        {"last_px": "1.0000000000001"},
        {"transact_time": "2031-01-01T00:00:00Z"},
        {"note": "two\nlines"},
    ]
    names = [*hostile.HEADER.split(","), "note"]
    good = dict(zip(names, [*hostile.GOOD.split(","), ""], strict=True))
    out = [",".join(names)]
    for n in range(rows):
        at = {"exec_id": f"E{n}", "transact_time": f"2026-03-02T14:30:{n % 60:02}.{n:09}Z"}
        row = good | at | changes[(n * n + n // 11) % len(changes)]
        text = ",".join([*(row[name] for name in names[:-1]), f'"{row["note"]}"'])
        out.append("E,short" if n % 29 == 3 else text)
        if n % 31 == 5:
            out.append(text)
    return "\n".join(out).encode().replace(b"E20,", b"E\xff20,") + b"\n\n"


@pytest.mark.parametrize("ends", [b"\n", b"\r\n"])
@pytest.mark.parametrize("rows", [0, 1, 7, 8, 250])
def test_pieces_of_seven_records_read_as_the_whole_does(tmp_path, monkeypatch, rows, ends):
    body = mixed(rows).replace(b"\n", ends)
    options = {"zone": "Europe/London", "now": datetime(2026, 4, 1, tzinfo=UTC)}
    whole = read(tmp_path, body, **options)
    monkeypatch.setattr(CanonicalCsv, "piece", 7)
    monkeypatch.setattr(_records, "_AT_ONCE", 100)
    cut = read(tmp_path, body, **options)
    assert (cut.feed, cut.records, cut.warnings) == (whole.feed, whole.records, whole.warnings)
    assert list(cut.tables) == list(whole.tables)
    for name in ("raw", "rejects", "duplicates"):
        assert_frame_equal(getattr(cut, name), getattr(whole, name))
    for name, frame in whole.tables.items():
        assert_frame_equal(cut.tables[name], frame)
    if rows == 250:
        flags = set(whole.tables["executions"]["dq_flags"].explode().drop_nulls())
        assert flags == {"OUT_OF_ORDER", "TZ_ASSUMED", "MINOR_UNITS", "FUTURE_TIME"}
        assert {"CONFLICT", "RAGGED", "NOT_UTF8", "BAD_TIME", "NOT_POSITIVE", "PRECISION"} <= codes(whole)
        assert whole.duplicates.height


def test_a_row_is_late_though_every_piece_is_in_order(tmp_path, monkeypatch):
    monkeypatch.setattr(CanonicalCsv, "piece", 2)
    days = ("05", "06", "03", "04", "06", "07")
    rows = [
        hostile.row(exec_id=f"E{d}{n}", transact_time=f"2026-03-{d}T00:00:00Z") for n, d in enumerate(days)
    ]
    flags = read(tmp_path, hostile.body(*rows)).tables["executions"]["dq_flags"].to_list()
    assert flags == [[], [], ["OUT_OF_ORDER"], ["OUT_OF_ORDER"], [], []]
