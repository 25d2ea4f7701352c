"""What came in: outcomes, imports, data sets."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from components.cards import card
from components.formats import MISSING, compact, moment, number, plural, words
from components.states import banner, empty
from components.tables import facts, link, table

STATUS = {"done": "ok", "failed": "crit", "running": "acc", "queued": "acc", "interrupted": "high"}


def errors_table(errors: Sequence[Mapping[str, Any]]) -> html.Div:
    """Draw rejected fields: line, column, value, what was expected, code."""
    cells = [
        (e["line"], e["column"], e["value"], e["message"], html.Span(e["code"], className="mono t11"))
        for e in errors
    ]
    return table(
        ("Line", "Column", "Value", "Expected", "Code"),
        cells,
        numeric=(0,),
        wrap=(3,),
        label="Records set aside",
    )


def outcome(result: Mapping[str, Any]) -> html.Section:
    """Draw what became of a file just sent."""
    failed = result.get("status") == "failed"
    if failed:
        body: Any = banner(
            "err", str(result.get("error") or "The file could not be read."), "Nothing was stored."
        )
        return card("result", str(result.get("filename") or "The file"), body, fit="pad")
    rejected = int(result.get("rejected") or 0)
    checked = result.get("status") == "previewed"
    verb = "Checked" if checked else "Imported"
    said = (
        f"{verb}: {plural(result['records'], 'record')}. {number(result['accepted'])} accepted, "
        f"{number(rejected)} set aside, {number(result['duplicate'])} known already."
    )
    parts: list[Any] = [
        banner("stale" if rejected else "good", said, "Nothing was stored." if checked else "")
    ]
    parts += [banner("info", str(warning)) for warning in (result.get("warnings") or [])[:8]]
    rows = result.get("rows") or {}
    if rows:
        parts.append(
            html.P(
                ", ".join(f"{number(n)} rows in {words(name).lower()}" for name, n in rows.items()),
                className="t2 mt-2",
            )
        )
    if result.get("errors"):
        parts.append(errors_table(result["errors"]))
    return card("result", str(result.get("filename") or "The file"), html.Div(parts), fit="pad")


def status(value: str) -> html.Span:
    """Draw an import's status."""
    return html.Span(words(value), className=f"tag {STATUS.get(value, '')}")


def imports_table(rows: Sequence[Mapping[str, Any]]) -> Any:
    """Draw the newest imports; a click on one shows what it set aside."""
    if not rows:
        return empty(
            "Nothing has been imported yet", "Choose a file above, or send one by REST or the command line."
        )
    cells = [
        (
            moment(row["created_at"]),
            html.Button(
                row["filename"] or row["import_id"],
                type="button",
                className="lk",
                **{"data-set": "import", "data-value": row["import_id"]},
            ),
            words(row["dataset"] or row["feed"] or "auto"),
            status(row["status"]),
            row["records"],
            row["accepted"],
            row["rejected"],
            row["duplicate"],
        )
        for row in rows
    ]
    heads = ("When, UTC", "File", "Data set", "Status", "Records", "Accepted", "Set aside", "Known")
    return table(heads, cells, numeric=(4, 5, 6, 7), label="Imports")


def one_import(found: Mapping[str, Any], rejects: Any, total: int) -> html.Div:
    """Draw one import: its facts and the first records it set aside."""
    parts: list[Any] = [
        facts(
            [
                ("File", found["filename"]),
                ("Status", status(found["status"])),
                (
                    "Records",
                    f"{number(found['accepted'])} accepted + {number(found['rejected'])} set aside + {number(found['duplicate'])} known = {number(found['records'])}",
                ),
                ("Rows", ", ".join(f"{number(n)} {name}" for name, n in found["rows"].items()) or MISSING),
                ("Mapping", found["mapping"]),
                ("Versions", ", ".join(f"{name} {v}" for name, v in found["versions"].items()) or MISSING),
                ("Id", html.Span(found["import_id"], className="mono")),
            ]
        )
    ]
    if found.get("error"):
        parts.append(banner("err", found["error"]))
    parts += [banner("info", str(warning)) for warning in found["warnings"][:8]]
    if total:
        parts.append(
            html.P(
                f"{plural(total, 'reason')} why records were set aside, the first {min(total, 100)}:",
                className="t2 mt-2",
            )
        )
        parts.append(errors_table(rejects.to_dicts()))
        parts.append(
            html.P(
                link(
                    "All of them as JSON", f"/api/ingest/{found['import_id']}/rejects?limit=1000", carry=False
                ),
                className="mt-2",
            )
        )
    return html.Div(parts)


def datasets_table(rows: Sequence[Mapping[str, Any]], *, meant: str = "") -> Any:
    """Draw data sets with rows and age; ``meant`` is the one that the address names."""
    if not rows:
        return empty("No data set has rows yet", "They appear with the first import.")
    cells = [
        (
            words(row["dataset"]),
            compact(row["rows"]),
            moment(row["last_ingest"]),
            html.Span(
                row["state"], className=f"tag {'ok' if row['state'] == 'ok' else 'crit'}", title=row["reason"]
            ),
        )
        for row in rows
    ]
    named = [place for place, row in enumerate(rows) if row["dataset"] == meant]
    heads = ("Data set", "Rows", "Last import, UTC", "State")
    return table(heads, cells, numeric=(1,), meant=named, label="Data sets")
