"""What came in: every source record kept verbatim, and those set aside with their reason."""

from analytics.datasets._base import Dataset, count, text

RAW_RECORDS = Dataset(
    "raw_records",
    "Source records, verbatim",
    {
        "feed": text("Feed: format and source."),
        "line": count("Line or record number in the file, from 1."),
        "occurrence": count("n-th occurrence of these bytes in the file, from 1."),
        "record": text("The bytes of the record, UTF-8; others as Latin-1 with a flag."),
        "datasets": text("Data sets the record landed in, comma separated; empty when none."),
    },
    key=("raw_id",),
    derived=True,
)

REJECTS = Dataset(
    "rejects",
    "Records set aside",
    {
        "line": count("Line or record number in the file, from 1."),
        "column": text("Column, where one is to blame."),
        "value": text("The value found, cut to 200 characters."),
        "code": text("Machine-readable reason."),
        "message": text("What was expected."),
        "record": text("The record, verbatim, cut to 4,000 characters."),
    },
    key=("import_id", "line", "column", "code"),
    derived=True,
)
