"""The trail: what tampering is found, by our own verification and by the independent one."""

import importlib.util
import io
import json
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from app.actions import audit as trail
from app.actions._roles import console
from app.errors import Forbidden
from app.scope import Identity
from app.storage.anchors import Anchors
from app.storage.records import audit
from app.storage.records.audit import HASHED, digest
from tests.app.conftest import SECRET

ROOT = Path(__file__).resolve().parents[3]
FIELDS = ", ".join((*HASHED, "hash"))


def act(database, org="acme", number=1):
    for i in range(number):
        with database.session(org, write=True) as session:
            audit.record(
                session,
                actor=console(org),
                action="list.add",
                object_kind="list_entry",
                object_id=f"le_{i}",
                after={"n": i, "who": "Zoë"},
            )


def attack(database, statement, **values):
    with database.engine.connect() as connection:
        connection.execute(text(statement), values)
        connection.commit()


def rows(database, org):
    with database.engine.connect() as connection:
        found = connection.execute(
            text(f"SELECT {FIELDS} FROM audit_entries WHERE org = :o ORDER BY seq"), {"o": org}
        )
        return [dict(row._mapping) for row in found]


def rewrite(database, org, entries):
    """Replace a chain by another one that is consistent in itself, head included: all but the anchors."""
    attack(database, "DELETE FROM audit_entries WHERE org = :o", o=org)
    previous = audit.genesis(org)
    for seq, entry in enumerate(entries, 1):
        entry |= {"org": org, "seq": seq, "prev_hash": previous}
        previous = entry["hash"] = digest(entry)
        names = ", ".join(f":{name}" for name in (*HASHED, "hash"))
        attack(database, f"INSERT INTO audit_entries ({FIELDS}) VALUES ({names})", **entry)
    attack(
        database,
        "UPDATE audit_heads SET seq = :s, hash = :h WHERE org = :o",
        s=len(entries),
        h=previous,
        o=org,
    )


@pytest.fixture
def trails(database):
    """Return a database in which two firms have nine and four entries."""
    act(database, "acme", 9)
    act(database, "zenith", 4)
    return database


def test_an_untouched_trail_holds(trails):
    report = trail.verify(trails, "acme")
    assert (report.ok, report.entries, report.first_bad, report.anchored) == (True, 9, None, 9)


def test_a_firm_without_a_trail_has_nothing_wrong(database):
    assert trail.verify(database, "acme").ok


@pytest.mark.parametrize("column", [name for name in HASHED if name not in {"org", "seq"}])
def test_an_edited_entry_is_found_whatever_was_edited(trails, column):
    attack(trails, f"UPDATE audit_entries SET {column} = 'x' WHERE org = 'acme' AND seq = 5")
    report = trail.verify(trails, "acme")
    assert (report.ok, report.first_bad) == (False, 5)


def test_a_deleted_entry_is_found(trails):
    attack(trails, "DELETE FROM audit_entries WHERE org = 'acme' AND seq = 5")
    report = trail.verify(trails, "acme")
    assert (report.first_bad, report.reason) == (5, "entry 5 is missing")


def test_an_inserted_entry_is_found(trails):
    attack(trails, "UPDATE audit_entries SET seq = 100 WHERE org = 'acme' AND seq = 9")
    attack(trails, "UPDATE audit_entries SET seq = 10 WHERE org = 'acme' AND seq = 100")
    attack(
        trails,
        f"INSERT INTO audit_entries ({FIELDS}) SELECT {FIELDS.replace('seq', '9 AS seq', 1)} "
        "FROM audit_entries WHERE org = 'acme' AND seq = 8",
    )
    assert trail.verify(trails, "acme").first_bad == 9


def test_two_entries_in_another_order_are_found(trails):
    for old, new in ((4, 100), (5, 4), (100, 5)):
        attack(trails, "UPDATE audit_entries SET seq = :n WHERE org = 'acme' AND seq = :o", n=new, o=old)
    assert trail.verify(trails, "acme").first_bad == 4


def test_a_tail_that_was_cut_off_is_found(trails):
    attack(trails, "DELETE FROM audit_entries WHERE org = 'acme' AND seq > 6")
    assert trail.verify(trails, "acme").first_bad == 7


def test_a_tail_that_was_cut_off_together_with_the_head_is_found_by_the_anchors(trails):
    rewrite(trails, "acme", rows(trails, "acme")[:6])
    report = trail.verify(trails, "acme")
    assert (report.first_bad, report.reason) == (7, "entries 7 to 9 were anchored and are missing")


def test_a_chain_rewritten_as_a_whole_is_found_by_the_anchors(trails):
    forged = rows(trails, "acme")
    forged[2]["actor_name"] = "somebody else"
    rewrite(trails, "acme", forged)
    report = trail.verify(trails, "acme")
    assert report.first_bad == 3
    assert "rewritten" in report.reason


def test_an_older_copy_that_went_on_is_found_by_the_anchors(trails):
    rewrite(trails, "acme", rows(trails, "acme")[:6])
    act(trails, "acme", 5)
    assert trail.verify(trails, "acme").first_bad == 7


def test_entries_of_another_firm_are_found(trails):
    for org, other in (("acme", "swap"), ("zenith", "acme"), ("swap", "zenith")):
        attack(trails, "UPDATE audit_entries SET org = :n WHERE org = :o AND seq = 3", n=other, o=org)
    assert [trail.verify(trails, org).first_bad for org in ("acme", "zenith")] == [3, 3]


def test_a_forged_anchor_is_found(trails, tmp_path):
    Anchors(tmp_path / "anchors", "a wrong secret").write("acme", 9, "0" * 64)
    report = trail.verify(trails, "acme")
    assert not report.ok
    assert "not signed" in report.reason


def test_a_torn_last_anchor_is_no_fault(trails, tmp_path):
    path = tmp_path / "anchors" / "acme.log"
    path.write_text(path.read_text()[:-40])
    report = trail.verify(trails, "acme")
    assert (report.ok, report.anchored) == (True, 8)


def test_heads_that_a_killed_process_left_are_anchored_at_start(trails, tmp_path):
    path = tmp_path / "anchors" / "acme.log"
    path.unlink()
    Anchors.of(trails).catch_up(trails)
    assert trail.verify(trails, "acme").anchored == 9


def test_an_action_that_cannot_be_recorded_does_not_happen(database, admin, monkeypatch):
    from app.actions import lists
    from app.scope import Identity

    def broken(*_, **__):
        raise OSError("no space left")

    monkeypatch.setattr(audit, "digest", broken)
    with pytest.raises(OSError, match="no space"):
        lists.add(database, Identity("acme", "u_1", "Cleo", "compliance"), kind="watch", instrument_id="AAPL")
    assert lists.every(database, Identity("acme", "u_1", "Cleo", "compliance")) == []


def test_an_action_that_fails_leaves_no_entry(database):
    act(database)

    def fails_after_recording():
        with database.session("acme", write=True) as session:
            audit.record(session, actor=console("acme"), action="a.b", object_kind="a", object_id="1")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails_after_recording()
    report = trail.verify(database, "acme")
    assert (report.ok, report.entries) == (True, 1)


def test_entries_written_at_once_make_one_chain(database):
    threads = [threading.Thread(target=act, args=(database, "acme", 10)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    report = trail.verify(database, "acme")
    assert (report.ok, report.entries, report.anchored) == (True, 40, 40)


def test_secrets_are_left_out(database):
    after = {"email": "j@a.com", "password": "p", "nested": [{"api_key": "k", "token_id": "t", "kept": 1}]}
    with database.session("acme", write=True) as session:
        audit.record(
            session,
            actor=console("acme"),
            action="a.b",
            object_kind="a",
            object_id="1",
            before=after,
            after=after,
        )
    entry = rows(database, "acme")[0]
    assert entry["before"] == entry["after"] == '{"email":"j@a.com","nested":[{"kept":1}]}'


def test_only_those_who_may_read_the_trail_do(database):
    act(database)
    for role in ("trader", "portfolio_manager", "risk", "operator"):
        with pytest.raises(Forbidden):
            trail.entries(database, Identity("acme", "u_1", "X", role))
    assert len(trail.entries(database, Identity("acme", "u_1", "X", "auditor"))) == 1
    assert trail.entries(database, Identity("zenith", "u_1", "X", "auditor")) == []
    # The entry is about a list of the control room, which is none of an admin's business.
    assert trail.entries(database, Identity("acme", "u_1", "X", "admin")) == []


# --- the independent verifier ----------------------------------------------------------------------
@pytest.fixture
def verifier():
    spec = importlib.util.spec_from_file_location("audit_verify", ROOT / "docs/tools/audit_verify.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def exported(trails, tmp_path):
    text_file = io.StringIO()
    assert trail.export(trails, "acme", text_file) == 9
    return text_file.getvalue().splitlines()


def prove(verifier, tmp_path, lines):
    path = tmp_path / "trail.ndjson"
    path.write_text("".join(f"{line}\n" for line in lines))
    return verifier.prove(path, tmp_path / "anchors" / "acme.log", SECRET)


def test_the_independent_verifier_agrees(verifier, exported, tmp_path):
    assert prove(verifier, tmp_path, exported) == (9, None)


def test_the_independent_verifier_leans_on_nothing_of_ours():
    source = (ROOT / "docs/tools/audit_verify.py").read_text()
    imported = {line.split()[1] for line in source.splitlines() if line.startswith(("import ", "from "))}
    assert imported == {"argparse", "hashlib", "hmac", "json", "re", "sys"}
    assert len(source.splitlines()) <= 150


def changed(lines, at, **values):
    return [*lines[:at], json.dumps(json.loads(lines[at]) | values), *lines[at + 1 :]]


@pytest.mark.parametrize(
    ("tamper", "first_bad"),
    [
        (lambda t: changed(t, 4, actor_name="x"), 5),
        (lambda t: [*t[:4], t[4].replace("list.add", "list.del"), *t[5:]], 5),
        (lambda t: changed(t, 4, hash="0" * 64), 5),
        (lambda t: t[:4] + t[5:], 5),
        (lambda t: [*t[:4], t[5], t[4], *t[6:]], 5),
        (lambda t: [*t[:5], t[4], *t[5:]], 6),
        (lambda t: t[:6] + t[9:], 7),
        (lambda t: t[:6], 7),
        (lambda t: changed(t, 2, org="zenith"), 3),
        (lambda t: [*t, t[0]], 10),
    ],
    ids=[
        "edited",
        "edited in place",
        "another hash",
        "deleted",
        "reordered",
        "inserted",
        "tail cut",
        "head cut",
        "foreign",
        "after the head",
    ],
)
def test_the_independent_verifier_names_the_first_bad_entry(verifier, exported, tmp_path, tamper, first_bad):
    number, fault = prove(verifier, tmp_path, tamper(exported))
    assert (number, bool(fault)) == (first_bad, True)


def test_the_independent_verifier_takes_lines_however_they_are_spaced(verifier, exported, tmp_path):
    spaced = [json.dumps(json.loads(line), indent=None) for line in exported]
    assert spaced != exported
    assert prove(verifier, tmp_path, spaced) == (9, None)


def test_the_independent_verifier_finds_a_rewritten_trail_by_the_anchors(verifier, trails, tmp_path):
    forged = rows(trails, "acme")
    forged[2]["actor_name"] = "somebody else"
    rewrite(trails, "acme", forged)
    text_file = io.StringIO()
    trail.export(trails, "acme", text_file)
    number, fault = prove(verifier, tmp_path, text_file.getvalue().splitlines())
    assert number == 3
    assert "rewritten" in fault


def test_kinds_are_counted_as_far_as_one_may_read(database, admin):
    watcher = replace(admin, role="compliance")
    with database.session(admin.org, write=True) as session:
        for kind, name in (("alert", "a1"), ("alert", "a2"), ("user", "u1")):
            audit.record(session, actor=watcher, action=f"{kind}.test", object_kind=kind, object_id=name)
    seen = trail.kinds(database, watcher)
    assert (seen["alert"], "alert" in trail.kinds(database, admin)) == (2, False)
    assert trail.kinds(database, watcher, without=frozenset({"a1"}))["alert"] == 1
    with pytest.raises(Forbidden):
        trail.kinds(database, replace(admin, role="trader"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        'a "quoted" \\ word',
        "\x00\x01\x1f\x7f\b\f\n\r\t",
        "é ß 中文 😀 \u2028\u2029",
        "</script>&<>",
        '{"a":1.5}',
    ],
)
def test_the_quick_digest_is_the_one_an_entry_was_written_with(text):
    for before in (text, None):
        fields = dict.fromkeys(HASHED, text) | {"seq": 2**62, "before": before}
        assert trail._digest([fields[name] for name in trail._SORTED]) == digest(fields)
