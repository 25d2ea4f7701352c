"""CSV through a mapping: signs, marks, formats, rules, ids; previews and guesses."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from app import errors
from app.sources._base import Mapping, ReadOptions, read_file
from app.sources.mapped_csv import preview, shipped, suggest

BASE = {
    "exec_id": {"template": "{raw}"}, "account_id": {"constant": "A"}, "instrument_id": "Symbol", "currency": {"constant": "EUR"},
    "side": {"source": "Qty", "sign": ["buy", "sell"]}, "last_qty": {"source": "Qty", "number": "abs"}, "last_px": "Price",
    "transact_time": "Time",
}  # fmt: skip


def mapping(*, columns=None, **more):
    spec = {"name": "test", "rules": [{"dataset": "executions", "columns": BASE | (columns or {})}]}
    return Mapping.from_json(spec | more)


def read(tmp_path, text, made, **options):
    path = tmp_path / "x.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_file(path, options=ReadOptions(filename="x.csv", mapping=made, **options))


def first(reading, dataset="executions"):
    assert reading.rejects.is_empty(), reading.rejects["code"].to_list()
    return reading.tables[dataset].row(0, named=True)


def test_a_signed_quantity_becomes_side_and_quantity(tmp_path):
    row = first(read(tmp_path, "Symbol,Qty,Price,Time\nX,-5,2,2026-01-02T00:00:00Z\n", mapping()))
    assert (row["side"], row["last_qty"]) == ("sell", Decimal(5))


@pytest.mark.parametrize(
    ("price", "marks", "value"),
    [
        ("$1,234.50", {"thousands": ","}, "1234.5"),
        ("€3.102,25", {"decimal": ",", "thousands": "."}, "3102.25"),
        ("1 234,5", {"decimal": ",", "thousands": " "}, "1234.5"),
        ("1'234.5", {"thousands": "'"}, "1234.5"),
        ("2.2e-07", {}, "0.00000022"),
    ],
)
def test_marks_of_money_are_read(tmp_path, price, marks, value):
    text = f'Symbol;Qty;Price;Time\nX;1;"{price}";2026-01-02T00:00:00Z\n'
    assert first(read(tmp_path, text, mapping(delimiter=";", **marks)))["last_px"] == Decimal(value)


def test_a_thousands_mark_that_groups_nothing_is_refused(tmp_path):
    made = read(
        tmp_path, 'Symbol,Qty,Price,Time\nX,1,"0,76672417",2026-01-02T00:00:00Z\n', mapping(thousands=",")
    )
    assert made.rejects.select("column", "code").rows() == [("last_px", "BAD_NUMBER")]


@pytest.mark.parametrize(
    ("text", "formats", "when"),
    [
        ("20260302;143000", ["%Y%m%d;%H%M%S"], datetime(2026, 3, 2, 14, 30, tzinfo=UTC)),
        ("3/2/2026 14:30:00", ["%m/%d/%Y %H:%M:%S"], datetime(2026, 3, 2, 14, 30, tzinfo=UTC)),
        ("02-03-2026 14:30:00", ["%d-%m-%Y %H:%M:%S"], datetime(2026, 3, 2, 14, 30, tzinfo=UTC)),
        ("2026-03-02 14:30:00 UTC", [], datetime(2026, 3, 2, 14, 30, tzinfo=UTC)),
        ("1772461800", ["epoch_s"], datetime(2026, 3, 2, 14, 30, tzinfo=UTC)),
        ("1772461800.25", ["epoch_s"], datetime(2026, 3, 2, 14, 30, 0, 250_000, tzinfo=UTC)),
        ("1772461800250", ["epoch_ms"], datetime(2026, 3, 2, 14, 30, 0, 250_000, tzinfo=UTC)),
        ("1772461800250000001", ["epoch_ns"], datetime(2026, 3, 2, 14, 30, 0, 250_000, tzinfo=UTC)),
    ],
)
def test_times_come_in_many_formats(tmp_path, text, formats, when):
    made = mapping(formats=formats, zone="UTC")
    assert first(read(tmp_path, f"Symbol,Qty,Price,Time\nX,1,2,{text}\n", made))["transact_time"] == when


def test_a_date_alone_is_midnight_and_says_so(tmp_path):
    made = mapping(formats=["%m/%d/%Y"], zone="America/New_York", columns={"trade_date": {"source": "Time"}})
    row = first(read(tmp_path, "Symbol,Qty,Price,Time\nX,1,2,03/02/2026\n", made))
    assert row["transact_time"] == datetime(2026, 3, 2, 5, tzinfo=UTC)
    assert row["trade_date"] == date(2026, 3, 2)
    assert row["dq_flags"] == ["TIME_OF_DAY_UNKNOWN", "TZ_ASSUMED"]


def test_without_a_zone_naive_times_are_refused(tmp_path):
    made = read(tmp_path, "Symbol,Qty,Price,Time\nX,1,2,2026-03-02 14:30:00\n", mapping())
    assert made.rejects["code"].to_list() == ["ZONE_MISSING"]


def test_minor_units_and_patterns_and_values(tmp_path):
    columns = {
        "instrument_id": {"source": "Symbol", "pattern": "^(.+)/(.+)$", "group": 1},
        "currency": {"source": "Symbol", "pattern": "^(.+)/(.+)$", "group": 2},
        "last_qty": {"source": "Qty", "factor": "1e-8"},
        "side": {"source": "Way", "values": {"bid": "buy", "*": "sell"}},
    }
    text = "Symbol,Qty,Price,Time,Way\nBTC/EUR,178855669,2,2026-01-02T00:00:00Z,Ask\n"
    row = first(read(tmp_path, text, mapping(columns=columns)))
    assert (row["instrument_id"], row["currency"], row["last_qty"], row["side"]) == (
        "BTC",
        "EUR",
        Decimal("1.78855669"),
        "sell",
    )


def test_rules_route_rows_totals_are_ignored_the_rest_is_rejected(tmp_path):
    cash = {"account_id": {"constant": "A"}, "flow_id": {"template": "{raw}"}, "date": "Time", "kind": {"constant": "fee"},
            "amount": "Price", "currency": {"constant": "EUR"}}  # fmt: skip
    spec = {
        "name": "test", "preamble": 2, "encoding": "cp1252", "ignore": {"Symbol": "total.*"},
        "rules": [{"dataset": "executions", "columns": BASE, "when": {"Act": "trade"}},
                  {"dataset": "cash_flows", "columns": cash, "when": {"Act": "f.e"}}],
    }  # fmt: skip
    text = (
        "Statement of Zürich\n\nAct,Symbol,Qty,Price,Time\nTrade,X,1,2,2026-01-02T00:00:00Z\n"
        "FEE,,,-3,2026-01-02\nDream,,,,\n,Totals,,-1,\n"
    )
    made = read(tmp_path, text.encode("cp1252"), Mapping.from_json(spec))
    assert made.counts() == {"accepted": 3, "rejected": 1, "duplicate": 0}
    assert {name: table.height for name, table in made.tables.items()} == {"executions": 1, "cash_flows": 1}
    assert made.rejects.select("column", "value", "code").rows() == [("Act", "Dream", "NO_RULE")]


def test_ids_made_from_identical_rows_differ_and_stay(tmp_path):
    text = "Symbol,Qty,Price,Time\n" + "X,1,2,2026-01-02T00:00:00Z\n" * 2
    once, again = (
        read(tmp_path, text, mapping()).tables["executions"]["exec_id"].to_list() for _ in range(2)
    )
    assert len(set(once)) == 2
    assert once == again


def test_the_account_can_be_named_at_import(tmp_path):
    assert (
        first(read(tmp_path, "Symbol,Qty,Price,Time\nX,1,2,2026-01-02T00:00:00Z\n", mapping(), account="Z"))[
            "account_id"
        ]
        == "Z"
    )


def test_a_missing_column_is_named(tmp_path):
    with pytest.raises(errors.Invalid, match="Price"):
        read(tmp_path, "Symbol,Qty,Time\nX,1,2026\n", mapping())


def test_mappings_survive_json():
    for made in shipped().values():
        assert Mapping.from_json(made.to_json()) == made


@pytest.mark.parametrize(
    "change",
    [
        {"name": "Bad Name"},
        {"zone": "Mars"},
        {"rules": []},
        {"rules": [{"dataset": "nope", "columns": {}}]},
        {"rules": [{"dataset": "executions", "columns": {"exec_id": {"template": "x"}}}]},
        {
            "rules": [
                {"dataset": "executions", "columns": BASE | {"last_px": {"source": "a", "constant": "b"}}}
            ]
        },
        {"rules": [{"dataset": "executions", "columns": BASE, "when": {"a": "("}}]},
        {"unknown": 1},
        {"rules": 5},
    ],
)
def test_a_mapping_that_cannot_work_is_refused(change):
    with pytest.raises(errors.Invalid):
        Mapping.from_json({"name": "test", "rules": [{"dataset": "executions", "columns": BASE}]} | change)


def test_a_preview_stops_after_n_records(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text(
        "Symbol,Qty,Price,Time\n" + "X,1,2,2026-01-02T00:00:00Z\n" * 9 + "X,1,bad,2026-01-02T00:00:00Z\n"
    )
    assert preview(path, mapping(), n=3).records == 3
    assert preview(path, mapping(), n=50).rejects["code"].to_list() == ["BAD_NUMBER"]


def test_a_guess_reads_a_common_blotter(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("Trade Date,Ticker,Side,Quantity,Price,Currency\n2026-03-02,X,Bought,5,2.5,USD\n")
    made = suggest(path)
    row = first(read_file(path, options=ReadOptions(mapping=made, zone="UTC")))
    assert (row["instrument_id"], row["side"], row["last_qty"]) == ("X", "buy", Decimal(5))
