"""The one door survives what is on disk."""

import pickle

import polars as pl
import pytest

from app.errors import Unavailable
from app.storage.collect import collect, is_panic


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "secret-folder" / "part.parquet"
    path.parent.mkdir()
    rows = pl.DataFrame({"number": range(50_000)}).with_columns(text=pl.col("number").cast(pl.String))
    rows.write_parquet(path, compression="zstd")
    return path


@pytest.mark.parametrize("share", [0, 10, 50, 90, 99])
def test_a_cut_file_is_unavailable_and_the_process_lives(file, share):
    content = file.read_bytes()
    file.write_bytes(content[: len(content) * share // 100])
    with pytest.raises(Unavailable) as refused:
        collect(pl.scan_parquet(file, schema={"number": pl.Int64, "text": pl.String}))
    assert "secret-folder" not in refused.value.detail


def test_a_file_of_zeros_is_unavailable(file):
    file.write_bytes(bytes(file.stat().st_size))
    with pytest.raises(Unavailable):
        collect(pl.scan_parquet(file, schema={"number": pl.Int64, "text": pl.String}))


def test_a_file_that_vanished_is_unavailable(file):
    rows = pl.scan_parquet(file)
    rows.collect_schema()
    file.unlink()
    with pytest.raises(Unavailable):
        collect(rows)


def test_a_panic_which_no_except_exception_sees_is_unavailable(monkeypatch):
    def panic(*_, **__):
        raise pl.exceptions.PanicException("index out of range")

    monkeypatch.setattr(pl.LazyFrame, "collect", panic)
    assert not issubclass(pl.exceptions.PanicException, Exception)
    with pytest.raises(Unavailable):
        collect(pl.LazyFrame({"a": [1]}))


def test_what_is_no_fault_of_the_disk_passes():
    with pytest.raises(pl.exceptions.ColumnNotFoundError):
        collect(pl.LazyFrame({"a": [1]}).select("b"))
    assert not is_panic(KeyboardInterrupt())
    assert not is_panic(pickle.PickleError())


def test_fixed_point_sums_are_exact_and_the_same_every_time():
    rows = pl.LazyFrame({"x": ["0.1", "0.2", "1e-12"] * 10_000}).with_columns(
        pl.col("x").cast(pl.Float64).round(12).cast(pl.Decimal(38, 12))
    )
    sums = {collect(rows.select(pl.col("x").sum())).item() for _ in range(5)}
    assert [str(total) for total in sums] == ["3000.000000010000"]
