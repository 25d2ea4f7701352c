"""LOBSTER files, archives and limits, and the child process."""

import gzip
import os
import resource
import signal
import stat
import time
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from app import errors
from app.sources import _child, _open
from app.sources._base import ReadOptions, read_file
from app.sources._child import read_in_child
from app.sources.mapped_csv import shipped

NAME = "AMZN_2012-06-21_34200000_57600000_message_10.csv"
CSV = b"date,from_currency,to_currency,rate\n2026-03-02,EUR,USD,1.08\n"
RATES = ReadOptions(dataset="fx_rates", filename="x.csv")


def put(tmp_path, data, name="x.csv"):
    path = tmp_path / name
    path.write_bytes(data)
    return path


def test_lobster_events_and_trades(tmp_path):
    text = b"34200.017459617,5,0,1,2238200,-1\n34200.5,1,11885113,21,2238100,1\n34201,4,11885113,20,2238100,1\n34202,7,0,0,-1,-1\n"
    made = read_file(put(tmp_path, text, NAME), options=ReadOptions(filename=NAME, zone="America/New_York"))
    events = made.tables["book_events"]
    assert events["action"].to_list() == ["trade", "add", "fill", "halt"]
    assert events["px"][0] == Decimal("223.82")
    assert events["transact_time_ns"][0] % 1_000_000_000 == 17_459_617
    assert made.tables["tape"].select("side", "last_qty").rows() == [
        ("buy", Decimal(1)),
        ("sell", Decimal(20)),
    ]


def test_lobster_needs_zone_day_and_ticker(tmp_path):
    text = b"34200.5,1,11885113,21,2238100,1\n"
    made = read_file(put(tmp_path, text, NAME), options=ReadOptions(filename=NAME))
    assert made.rejects["code"].to_list() == ["ZONE_MISSING"]
    with pytest.raises(errors.Invalid, match="day"):
        read_file(put(tmp_path, text), format="lobster", options=ReadOptions(filename="x.csv"))
    named = ReadOptions(filename="x.csv", day=date(2012, 6, 21), instrument="AMZN", zone="America/New_York")
    assert read_file(put(tmp_path, text), format="lobster", options=named).counts()["accepted"] == 1


def test_gzip_and_zip_of_one_file_are_unpacked(tmp_path):
    packed = put(tmp_path, gzip.compress(CSV), "x.csv.gz")
    assert read_file(packed, options=RATES).records == 1
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("x.csv", CSV)
    assert read_file(tmp_path / "x.zip", options=RATES).records == 1


def test_bad_archives_are_refused(tmp_path):
    whole = gzip.compress(os.urandom(5_000))
    for cut in (len(whole) // 10, len(whole) // 2, len(whole) - 3):
        with pytest.raises(errors.Invalid, match="cut off"):
            read_file(put(tmp_path, whole[:cut]), options=RATES)
    for names in ([], ["a", "b"], ["../a"]):
        with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
            for name in names:
                archive.writestr(name, CSV)
        with pytest.raises(errors.Invalid):
            read_file(tmp_path / "x.zip", options=RATES)
    link = zipfile.ZipInfo("a")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(errors.Invalid, match="link"):
        read_file(tmp_path / "x.zip", options=RATES)
    with pytest.raises(errors.Invalid, match="inside"):
        read_file(put(tmp_path, gzip.compress(gzip.compress(CSV))), options=RATES)


def test_bombs_are_refused_quickly(tmp_path):
    bomb = put(tmp_path, gzip.compress(b"0" * 50_000_000))
    start = time.monotonic()
    with pytest.raises(errors.TooLarge):
        read_file(bomb, options=RATES)
    assert time.monotonic() - start < 2
    wide = tmp_path / "x.parquet"
    pl.DataFrame({"date": ["2026-03-02"]}).select(
        pl.col("date").repeat_by(1_000_000).explode()
    ).write_parquet(wide)
    with pytest.raises(errors.QuarterdeckError):
        read_file(wide, options=RATES)


def test_a_file_over_the_limit_is_too_large(tmp_path, monkeypatch):
    monkeypatch.setattr(_open, "MAX_FILE", 10)
    with pytest.raises(errors.TooLarge):
        read_file(put(tmp_path, CSV), options=RATES)


@pytest.mark.parametrize("head", [b"%PDF-1.7", b"\x89PNG\r\n", b"SQLite format 3\x00"])
def test_foreign_formats_are_named(tmp_path, head):
    with pytest.raises(errors.UnsupportedMedia, match="This is"):
        read_file(put(tmp_path, head + b"x" * 50), options=RATES)


@pytest.fixture
def child():
    # A child that has read much for other tests is about to be replaced.
    _child.close()
    yield
    _child.close()


def test_the_child_reads_the_same_and_stays_warm(tmp_path, child):
    path = put(tmp_path, CSV + b"2026-03-03,EUR,USD,x\n")
    options = ReadOptions(
        dataset="fx_rates", filename="x.csv", now=datetime(2026, 4, 1, tzinfo=UTC), day=date(2026, 1, 1)
    )
    here, there = read_file(path, options=options), read_in_child(path, options=options)
    for name in ("raw", "rejects", "duplicates"):
        assert getattr(here, name).equals(getattr(there, name))
    assert here.tables["fx_rates"].equals(there.tables["fx_rates"])
    pid = _child._POOL._process.pid
    read_in_child(path, options=options)
    assert _child._POOL._process.pid == pid


def test_the_child_hands_over_errors_and_mappings(tmp_path, child):
    with pytest.raises(errors.Invalid, match="header") as caught:
        read_in_child(put(tmp_path, b"a,b\n1,2\n"), options=RATES)
    assert {e.field for e in caught.value.errors} >= {"rate", "date"}
    with pytest.raises(errors.Invalid, match="lacks columns"):
        read_in_child(put(tmp_path, CSV), options=ReadOptions(mapping=shipped()["yobit"]))
    with pytest.raises(errors.UnsupportedMedia):
        read_in_child(put(tmp_path, CSV), format="word", options=RATES)


def test_a_child_that_dies_or_dawdles_is_an_error_and_is_replaced(tmp_path, child):
    path = put(tmp_path, CSV)
    read_in_child(path, options=RATES)
    os.kill(_child._POOL._process.pid, signal.SIGSTOP)
    with pytest.raises(errors.Invalid, match="limits"):
        read_in_child(path, options=RATES, deadline=0.5)
    assert read_in_child(path, options=RATES).records == 1


def test_memory_is_limited(tmp_path, child):
    big = b"date,from_currency,to_currency,rate\n" + b"2026-03-02,EUR,USD,1.08\n" * 3_000_000
    with pytest.raises(errors.Invalid, match="limits"):
        read_in_child(put(tmp_path, big), options=RATES, memory=1_200 * 2**20, deadline=10)
    assert resource.getrlimit(resource.RLIMIT_AS)[0] != 1_200 * 2**20
    assert read_in_child(put(tmp_path, CSV), options=RATES).records == 1


@pytest.mark.slow
def test_a_child_reads_a_large_file_within_ten_times_its_size(tmp_path, child):
    n = pl.int_range(400_000, eager=True).cast(pl.String)
    rows = pl.DataFrame({"exec_id": "EX20260302-" + n.str.zfill(9)}).with_columns(
        order_id="ORD-" + n.str.zfill(8),
        account_id=pl.lit("HAL-EQ-01"),
        trader_id=pl.lit("t.morris"),
        desk=pl.lit("Equities"),
        strategy=pl.lit("stat-arb"),
        instrument_id=pl.lit("XNAS:GOOG"),
        side=pl.lit("sell_short"),
        last_qty=n.str.slice(-3) + "1",
        last_px="190." + n.str.slice(-2) + "1",
        currency=pl.lit("USD"),
        commission="0." + n.str.slice(-2) + "1",
        transact_time="2026-03-02T14:30:00." + n.str.zfill(6) + "Z",
        trade_date=pl.lit("2026-03-02"),
        venue=pl.lit("XNAS"),
        liquidity=pl.lit("maker"),
    )
    path = tmp_path / "large.csv"
    rows.write_csv(path)
    size = path.stat().st_size
    assert size > 60_000_000
    options = ReadOptions(dataset="executions", filename="large.csv")
    made = read_in_child(path, options=options, memory=3 * 2**30)
    assert made.counts() == {"accepted": 400_000, "rejected": 0, "duplicate": 0}
    status = Path(f"/proc/{_child._POOL._process.pid}/status").read_text()
    peak = 1024 * int(status.partition("VmHWM:")[2].split()[0])
    assert peak < 10 * size + 200_000_000  # the constant is the interpreter, polars and one piece
