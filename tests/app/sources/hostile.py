"""Executions that no importer should swallow: one small body a kind, written as CSV."""

HEADER = "exec_id,account_id,instrument_id,side,last_qty,last_px,currency,transact_time"
GOOD = "E1,A1,AAPL,buy,100,10.25,USD,2026-03-02T14:30:00Z"


def row(**changes: str) -> str:
    """Return the good row with some values changed."""
    values = dict(zip(HEADER.split(","), GOOD.split(","), strict=True)) | changes
    return ",".join(values.values())


def body(*rows: str, header: str = HEADER) -> bytes:
    """Return a CSV of these rows."""
    return ("\n".join([header, *rows]) + "\n").encode("utf-8", "surrogatepass")


CORPUS: dict[str, bytes] = {
    "nan": body(row(last_px="NaN")),
    "infinity": body(row(last_qty="inf"), row(last_qty="-Infinity", exec_id="E2")),
    "beyond double": body(row(last_px="1e400")),
    "negative quantity": body(row(last_qty="-5")),
    "negative zero": body(row(last_qty="-0.0")),
    "price zero": body(row(last_px="0")),
    "price of 10^12": body(row(last_px="1000000000000")),
    "integer overflow": body(row(last_qty="9" * 40)),
    "utf-16": body(GOOD).decode().encode("utf-16"),
    "nul byte": body(row(account_id="A\x00B")),
    "latin-1 byte in one row": body(GOOD) + b"E2,Z\xfcrich,AAPL,buy,1,1,USD,2026-03-02T14:30:00Z\n",
    "lone surrogate": body(row(account_id="\ud800")),
    "ragged short": body("E1,A1,AAPL"),
    "ragged long": body(GOOD + ",1,2"),
    "header twice": body(GOOD + ",B", header=HEADER + ",account_id"),
    "missing columns": body("E1,A1", header="exec_id,account_id"),
    "tenant column": body(GOOD + ",halyard", header=HEADER + ",tenant_id"),
    "formula": body(row(account_id="=cmd|' /C calc'!A0")),
    "right-to-left override": body(row(instrument_id="\u202eLPAA")),
    "zero width": body(row(account_id="A\u200b1")),
    "field of 3 MB": body(row(account_id="x" * 3_000_000)),
    "10,000 columns": body(",".join("1" * 10_000), header=",".join(f"c{n}" for n in range(10_000))),
    "carriage returns only": body(GOOD).replace(b"\n", b"\r"),
    "day first": body(row(transact_time="02/01/2026")),
    "two-digit year": body(row(transact_time="26-01-02T00:00:00Z")),
    "naive time": body(row(transact_time="2026-03-02T14:30:00")),
    "leap second": body(row(transact_time="2016-12-31T23:59:60Z")),
    "no such day": body(row(transact_time="2026-02-30T00:00:00Z")),
    "unclosed quote": body(row(account_id='"A1'), GOOD),
    "quote in a field": body(row(account_id='A"1"x')),
    "thousands mark": body(row(last_qty='"1,000"')),
    "empty file": b"",
    "header only": body(),
    "blank lines": body("", GOOD, "", ""),
    "same id twice": body(GOOD, GOOD),
    "same id, other content": body(GOOD, row(last_px="11")),
    "out of order": body(GOOD, row(exec_id="E2", transact_time="2026-03-01T00:00:00Z")),
    "unknown side": body(row(side="hold")),
    "unknown currency": body(row(currency="?")),
    "mixed case and blanks": body(row(side=" Buy ", currency="usd", instrument_id=" AAPL ")),
    "unicode digits": body(row(last_qty="１２")),
    "thirteen decimals": body(row(last_px="1.0000000000001")),
    "column named line": body(GOOD + ",7", header=HEADER + ",line"),
    "ext that is no list": body(GOOD + ",hello", header=HEADER + ",ext"),
    "many tiny rows": body(*(row(exec_id=f"E{n}") for n in range(2_000))),
    "binary": bytes(range(256)) * 20,
}
