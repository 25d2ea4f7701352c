"""Bodies nobody should send: refused with a problem, or each record told; nothing half stored, nothing left."""

import gzip
import io
import zlib

import polars as pl
import pytest
from sqlalchemy import func, select

from app.storage.records.imports import Import
from tests.tenancy.conftest import HERE

pytestmark = pytest.mark.slow
HEAD = "exec_id,account_id,instrument_id,side,last_qty,last_px,currency,transact_time"


def row(**other):
    """Return one good row, with other values in places."""
    values = {
        "exec_id": "H1", "account_id": "A1", "instrument_id": "I1", "side": "buy", "last_qty": "1", "last_px": "10",
        "currency": "USD", "transact_time": "2026-11-20T14:30:00Z",
    } | other  # fmt: skip
    return ",".join(values.values())


def table(*rows, head=HEAD):
    return "\n".join([head, *rows]).encode(errors="surrogateescape") + b"\n"


@pytest.fixture
def send(installation):
    """Return a function that posts a body as the firm's compliance officer."""

    def post(body, *, dataset="executions", media="text/csv", query="", declared=None, **headers):
        key = installation.one.keys["compliance"]
        headers = {"Authorization": f"Bearer {key}"} | {k.replace("_", "-"): v for k, v in headers.items()}
        return installation.client().post(
            f"/api/ingest/{dataset}{query}",
            data=body,
            content_type=media,
            headers=headers,
            base_url=HERE,
            environ_overrides={"CONTENT_LENGTH": str(declared)} if declared else {},
        )

    return post


@pytest.fixture
def nothing_changes(installation):
    """Check afterwards that no row, no spooled body and no running import is left of the test."""
    before = tables(installation)
    yield
    assert tables(installation) == before
    check_nothing_is_left(installation)


def tables(installation):
    kept = installation.context.lake.tables("acme")
    return {t.name: (t.rows, t.version) for t in kept if t.name != "rejects"}


def check_nothing_is_left(installation):
    spool = installation.context.settings.root / "spool"
    assert [path for path in spool.rglob("*") if path.is_file()] == []
    with installation.context.database.session("acme") as session:
        open_ones = select(func.count()).where(Import.status.in_(("queued", "running")))
        assert session.scalar(open_ones.select_from(Import)) == 0


def parquet(**columns):
    buffer = io.BytesIO()
    pl.DataFrame(columns).write_parquet(buffer)
    return buffer.getvalue()


# Refused as a whole: body, media type. What is large is made only where it is sent.
REFUSED = {
    "empty": (b"", "text/csv"),
    "only blanks": (b"\n\n  \n", "text/csv"),
    "not text": (bytes(range(256)) * 40, "text/csv"),
    "utf-16": (table(row()).decode().encode("utf-16"), "text/csv"),
    "nul bytes": (table(row(exec_id="H\0")), "text/csv"),
    "names twice": (table(row() + ",1", head=HEAD + ",last_px"), "text/csv"),
    "an organisation's column": (table(row() + ",zeta", head=HEAD + ",tenant_id"), "text/csv"),
    "a column of the lake": (table(row() + ",imp_1", head=HEAD + ",import_id"), "text/csv"),
    "a required column missing": (table("H1,A1", head="exec_id,account_id"), "text/csv"),
    "ten thousand columns": (",".join(f"c{n}" for n in range(10_000)).encode() + b"\n1\n", "text/csv"),
    "gzip bomb": (lambda: gzip.compress(b"exec_id\n" + b"0\n" * 40_000_000, 9), "text/csv"),
    "cut gzip": (gzip.compress(table(row()) * 99)[:-20], "text/csv"),
    "zlib as csv": (zlib.compress(table(row())), "text/csv"),
    "cut parquet": (parquet(exec_id=["H1"] * 500)[:-9], "application/vnd.apache.parquet"),
    "parquet of zeros": (b"PAR1" + bytes(4_000) + b"PAR1", "application/vnd.apache.parquet"),
    "parquet bomb": (lambda: parquet(exec_id=["A" * 1_000] * 1_500_000), "application/vnd.apache.parquet"),
    "parquet of other columns": (parquet(a=[1]), "application/vnd.apache.parquet"),
    "xml entities": (
        b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><FlexQueryResponse>&b;</FlexQueryResponse>',
        "application/xml",
    ),
    "xml of a file": (
        b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><FlexQueryResponse>&a;</FlexQueryResponse>',
        "application/xml",
    ),
    "cut xml": (b"<FlexQueryResponse><FlexStatements>", "application/xml"),
    "no FIX in it": (b"hello world\n" * 20, "text/plain"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_a_body_that_is_no_table_is_refused_as_a_whole(send, nothing_changes, name):
    body, media = REFUSED[name]
    dataset = "auto" if media in {"application/xml", "text/plain"} else "executions"
    answer = send(body() if callable(body) else body, media=media, dataset=dataset)
    assert 400 <= answer.status_code < 500, answer.text[:400]
    assert answer.mimetype == "application/problem+json"
    assert "Traceback" not in answer.text
    assert "/" not in answer.get_json()["detail"].replace("and/or", "")


# Told record by record.
REJECTED = {
    "not a number": row(last_px="NaN"), "infinite": row(last_px="inf"), "beyond numbers": row(last_px="1e400"),
    "no quantity": row(last_qty="0"), "a sold buy": row(last_qty="-5"), "minus zero": row(last_qty="-0.0"),
    "a number of words": row(last_px="ten"), "thousands": row(last_px='"1,000"'), "an unknown side": row(side="hold"), "day first": row(transact_time="20/11/2026 14:30"),
    "no such day": row(transact_time="2026-02-30T14:30:00Z"), "no zone": row(transact_time="2026-11-20T14:30:00"),
    "no id": row(exec_id=""), "too few values": "H1,A1", "too many values": row() + ",x,y",
    "more digits than kept": row(last_qty="9" * 40),
}  # fmt: skip


REJECTED |= {
    "a lone surrogate": row(exec_id="H\udced\udca0\udc80"),
    "latin-1": row(exec_id="H\udce9"),  # the byte E9
}


@pytest.mark.parametrize("name", REJECTED)
def test_a_record_that_does_not_fit_is_told_and_not_stored(send, nothing_changes, name):
    answer = send(table(REJECTED[name]))
    assert answer.status_code in {201, 400, 422}, answer.text[:300]
    if answer.status_code == 201:
        said = answer.get_json()["data"]
        assert (said["accepted"], said["rejected"], said["records"]) == (0, 1, 1), said
        assert said["errors"][0]["line"] == 2
        assert said["errors"][0]["code"]
        assert len(said["errors"][0]["message"]) > 8
    else:
        assert answer.mimetype == "application/problem+json"


@pytest.mark.parametrize(
    "media", ["", "application/json", "text/html", "multipart/form-data", "image/png", "text/csvx"]
)
def test_a_media_type_nobody_reads_is_named(send, nothing_changes, media):
    answer = send(table(row()), media=media)
    assert answer.status_code == 415
    assert answer.mimetype == "application/problem+json"


def test_more_than_256_mb_are_refused_before_they_are_read(send, nothing_changes):
    answer = send(b"x" * 100, declared=257 * 2**20)
    assert answer.status_code == 413
    assert answer.mimetype == "application/problem+json"


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.99])
def test_a_body_cut_short_stores_nothing(send, nothing_changes, kept):
    whole = table(*(row(exec_id=f"CUT{n}") for n in range(50)))
    answer = send(whole[: int(len(whole) * kept)], declared=len(whole))
    assert answer.status_code in {400, 422}
    assert answer.mimetype == "application/problem+json"


@pytest.mark.parametrize(
    "dataset", ["daily_nav", "rejects", "raw_records", "nothing", "..", "%2e%2e", "executions%00"]
)
def test_what_is_no_data_set_takes_no_rows(send, nothing_changes, dataset):
    assert 400 <= send(table(row()), dataset=dataset).status_code < 500


@pytest.mark.parametrize(
    "query",
    ["?zone=Mars/Olympus", "?mapping=none-such", "?org=zeta", "?dry_run=maybe", "?filename=" + "x" * 300],
)
def test_an_option_that_does_not_fit_is_refused(send, nothing_changes, query):
    answer = send(table(row()), query=query)
    assert answer.status_code in {400, 404, 422}
    assert answer.mimetype == "application/problem+json"


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb"])
def test_an_idempotency_key_that_is_none_is_refused(send, nothing_changes, key):
    assert send(table(row()), Idempotency_Key=key).status_code in {400, 422}


def test_a_dry_run_stores_nothing(send, nothing_changes):
    said = send(table(row()), query="?dry_run=true").get_json()["data"]
    assert (said["status"], said["accepted"]) == ("previewed", 1)


def test_the_same_key_answers_again_and_another_body_under_it_is_refused(installation, send):
    body = table(row(exec_id="IDEM1"))
    first, again = (send(body, Idempotency_Key="once") for _ in range(2))
    assert first.get_json()["data"] == again.get_json()["data"]
    assert first.get_json()["data"]["accepted"] == 1
    other = send(table(row(exec_id="IDEM2")), Idempotency_Key="once")
    assert other.status_code == 422
    assert other.mimetype == "application/problem+json"
    with installation.context.database.session("acme", write=True) as session:
        record = session.scalar(select(Import).where(Import.idempotency_key == "once"))
        record.status = "queued"  # as while the worker has it
    assert send(body, Idempotency_Key="once").status_code == 409
    with installation.context.database.session("acme", write=True) as session:
        session.scalar(select(Import).where(Import.idempotency_key == "once")).status = "done"
    check_nothing_is_left(installation)


def test_a_key_of_one_firm_is_free_in_the_other(installation, send):
    body = table(row(exec_id="BOTH1"))
    mine = send(body, Idempotency_Key="both").get_json()["data"]
    headers = {"Authorization": f"Bearer {installation.other.keys['compliance']}", "Idempotency-Key": "both"}
    answer = installation.client().post(
        "/api/ingest/executions", data=body, content_type="text/csv", headers=headers, base_url=HERE
    )
    theirs = answer.get_json()["data"]
    assert (theirs["accepted"], mine["accepted"]) == (1, 1)
    assert theirs["import_id"] != mine["import_id"]


@pytest.mark.parametrize(
    "text",
    ["=cmd|' /C calc'!A0", "+1+1", "@SUM(1)", "\u202eevil", "a\u200bb", "<img src=x onerror=alert(1)>"],
)
def test_odd_words_are_kept_as_they_came(installation, send, text):
    """They are data; where they are written to a spreadsheet or drawn, that place makes them harmless."""
    said = send(table(row(exec_id=f"ODD-{ord(text[0])}", account_id=text))).get_json()["data"]
    assert said["accepted"] + said["rejected"] == 1
    check_nothing_is_left(installation)
