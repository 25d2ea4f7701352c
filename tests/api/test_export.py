"""Tables and reports as files: the same rows as the question, for whoever may ask it, and noted."""

import csv
import io
import json

import pytest
from sqlalchemy import select

from app.gateway import limits
from app.gateway.limits import Budgets
from app.queries.reports import REPORTS
from app.storage.records.audit import AuditEntry
from callbacks._fill import filled
from tests.tenancy._routes import bearer
from tests.tenancy.conftest import HERE, Installation, unechoed

BLOTTER = "/export/table/trading-blotter/blotter"


def table(body: bytes) -> tuple[dict[str, str], list[dict[str, str]]]:
    """Return what a CSV says of itself, and its rows."""
    lines = body.decode().splitlines()
    told = dict(line[2:].split(": ", 1) for line in lines if line.startswith("# ") and ": " in line)
    return told, list(
        csv.DictReader(io.StringIO("\n".join(line for line in lines if not line.startswith("#"))))
    )


def get(
    installation: Installation,
    address: str,
    role: str = "compliance",
    *,
    firm: str = "one",
    key: bool = False,
):
    """Ask as somebody of one of the two firms."""
    whose = getattr(installation, firm)
    if key:
        return installation.client().get(address, base_url=HERE, headers=bearer(whose.keys[role]))
    return installation.client(token=whose.tokens[role]).get(address, base_url=HERE)


def test_the_blotter_leaves_with_its_filters_its_sort_and_who_took_it(installation):
    c = installation.one.canary
    answer = get(
        installation, f"{BLOTTER}?format=csv&sort=-exec_id&account={c}-ACC1,{c}-ACC2&from=2026-11-01"
    )
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"].startswith(
        'attachment; filename="quarterdeck-trading-blotter-blotter-'
    )
    told, rows = table(answer.data)
    assert [row["Execution"] for row in rows] == [f"{c}-E2", f"{c}-E1"]
    assert (rows[0]["Price"], rows[0]["Quantity"], rows[0]["Notional"]) == ("119.5", "100", "11950")
    # Full precision, not what fits on the screen.
    assert float(rows[0]["bps vs arrival"]) == pytest.approx(-(119.5 / 119.4 - 1) * 1e4, rel=1e-12)
    assert rows[0]["Time, UTC"] == "2026-11-20T14:30:01Z"
    assert told["Table"] == "Blotter: Blotter"
    assert f"account {c}-ACC1 {c}-ACC2" in told["View"]
    assert "dates 2026-11-01 to last" in told["View"]
    assert "executions " in told["Data versions"]
    assert told["Exported by"] == f"{c} compliance (compliance)"
    assert told["Exported at"].endswith("Z")
    assert told["Release"].startswith("Quarterdeck ")
    assert told["Rows"] == "2"
    grid = json.dumps({"side": {"filterType": "text", "type": "equals", "filter": "buy"}})
    _, bought = table(get(installation, f"{BLOTTER}?format=csv&account={c}-ACC1,{c}-ACC2&filter={grid}").data)
    assert [row["Side"] for row in bought] == ["buy"]
    _, orders = table(get(installation, f"{BLOTTER}?format=csv&view=orders&account={c}-ACC1,{c}-ACC2").data)
    assert {row["Order"] for row in orders} == {f"{c}-O1", f"{c}-O2"}


def test_every_table_of_every_page_is_a_file_for_who_may_open_the_page(installation):
    c = installation.one.canary
    made, said = 0, []
    for (page, card), found in sorted(filled(installation.server).items()):
        about = f"&about={c}-O1" if found.about else ""
        for kind in ("csv", "xlsx"):
            answer = get(installation, f"/export/table/{page}/{card}?format={kind}{about}")
            # 422: the card shows no table in this view; 404: an alert of that id is not there.
            assert answer.status_code in {200, 403, 404, 422}, (
                page,
                card,
                answer.status_code,
                answer.text[:300],
            )
            made += answer.status_code == 200
            said.append((page, card, answer.status_code))
    assert made >= 20, said


def test_a_colleague_takes_his_own_desk_and_a_stranger_nothing(installation):
    c = installation.one.canary
    for (page, card), found in sorted(filled(installation.server).items()):
        for about in (f"&about={c}-O2", f"&about={c}-O1") if found.about else ("",):
            address = f"/export/table/{page}/{card}?format=csv&account={c}-ACC2{about}"
            stranger = get(installation, address, firm="other")
            assert stranger.status_code < 500
            body = (
                b""
                if stranger.status_code != 200
                else b"\n".join(
                    line for line in stranger.data.splitlines() if not line.startswith(b"# View:")
                )
            )
            assert c.encode() not in body.replace(f"{c}-ACC2".encode(), b""), address
            plain = get(installation, f"/export/table/{page}/{card}?format=csv{about}", "trader")
            assert plain.status_code < 500
            if plain.status_code == 200:
                rows = plain.data.decode()
                assert f"{c}-ACC2" not in rows, address
                assert f"{c}-E2" not in rows, address
    _, mine = table(get(installation, f"{BLOTTER}?format=csv", "trader").data)
    assert [row["Execution"] for row in mine] == [f"{c}-E1"]
    foreign = get(installation, f"/export/table/trading-order/fills?format=csv&about={c}-O1", firm="other")
    unknown = get(installation, "/export/table/trading-order/fills?format=csv&about=no-such", firm="other")
    assert foreign.status_code == unknown.status_code == 404
    assert c not in unechoed(foreign, f"{c}-O1")


@pytest.mark.parametrize(
    ("address", "role", "status"),
    [
        (f"{BLOTTER}?format=csv", "admin", 403),
        ("/export/table/compliance-alerts/alerts?format=csv", "trader", 403),
        ("/export/table/operations-admin/people?format=csv", "trader", 404),
        (BLOTTER, "compliance", 422),
        (f"{BLOTTER}?format=pdf", "compliance", 422),
        (f"{BLOTTER}?format=csv&from=yesterday", "compliance", 422),
        (f"{BLOTTER}?format=csv&from=2001-01-01&to=2001-01-02", "compliance", 422),
        ("/export/table/trading-blotter/nothing?format=csv", "compliance", 404),
        ("/export/table/nothing/blotter?format=csv", "compliance", 404),
        ("/api/export/nothing", "compliance", 404),
        ("/api/export/orders?format=docx", "compliance", 422),
        ("/api/export/orders?nothing=1", "compliance", 422),
        ("/api/export/orders", "admin", 403),
    ],
)
def test_what_does_not_fit_is_refused(installation, address, role, status):
    assert get(installation, address, role).status_code == status


def test_tables_of_pages_are_for_people_and_reports_for_scripts_too(installation):
    assert get(installation, f"{BLOTTER}?format=csv", key=True).status_code == 403
    assert get(installation, "/api/export/orders", key=True).status_code == 200
    assert installation.client().get(f"{BLOTTER}?format=csv", base_url=HERE).status_code == 302
    assert installation.client().get("/api/export/orders", base_url=HERE).status_code == 401


@pytest.mark.parametrize("report", sorted(REPORTS))
def test_every_report_comes_as_csv_and_as_excel(installation, report):
    told, _ = table(get(installation, f"/api/export/{report}?format=csv").data)
    assert told["Table"] == REPORTS[report].title
    assert told["Organisation"]
    book = get(installation, f"/api/export/{report}?format=xlsx")
    assert book.status_code == 200
    assert book.data.startswith(b"PK")


def test_a_report_holds_what_rest_answers(installation):
    _, rows = table(get(installation, "/api/export/orders").data)
    answered = get(installation, "/api/trading/orders").get_json()["data"]
    assert [row["order_id"] for row in rows] == [row["order_id"] for row in answered]
    told, held = table(
        get(installation, f"/api/export/positions?account={installation.one.canary}-ACC1").data
    )
    answered = get(
        installation, f"/api/portfolio/positions?account={installation.one.canary}-ACC1"
    ).get_json()["data"]
    assert [float(row["market_value"]) for row in held] == [float(row["market_value"]) for row in answered]
    assert told["View"] == f"account {installation.one.canary}-ACC1"


def test_a_report_comes_on_paper(installation):
    answer = get(installation, "/api/export/positions?format=pdf")
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.data.startswith(b"%PDF-")


def test_an_export_is_noted_before_it_leaves(installation):
    get(installation, f"{BLOTTER}?format=xlsx&view=orders")
    get(installation, "/api/export/tca")
    with installation.context.database.session(installation.one.slug) as session:
        found = list(
            session.scalars(
                select(AuditEntry)
                .where(AuditEntry.action.like("export.%"))
                .order_by(AuditEntry.seq.desc())
                .limit(2)
            )
        )
        told = [(entry.action, entry.object_id, json.loads(entry.after)) for entry in found]
    assert told[0][:2] == ("export.report", "tca")
    assert told[1][:2] == ("export.table", "trading-blotter/blotter")
    assert told[1][2] == {"format": "xlsx", "rows": 2, "view": "view=orders"}


def test_exports_count_on_their_own(monkeypatch):
    from flask import Flask

    server = Flask("exports")
    for path, counted in ((BLOTTER, True), ("/api/export/orders", True), ("/api/trading/orders", False)):
        with server.test_request_context(path):
            assert limits._no_export() is not counted
    assert Budgets().export == "60 per minute"
