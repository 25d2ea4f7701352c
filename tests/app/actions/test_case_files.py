"""Attachments are what they say they are, are kept with their hash, and are told when changed."""

import hashlib
import io
import zipfile

import pytest
from sqlalchemy import update

from app.actions import case_files as files
from app.errors import Conflict, Forbidden, Invalid, NotFound, TooLarge, UnsupportedMedia
from app.scope import Identity, Line
from app.storage.records.cases import CaseFile
from tests.app._casework import LEO, NINA, NONE, ORG, opened, trail

PDF = b"%PDF-1.7 words"


def office(*names):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return out.getvalue()


def attach(database, name, filename, content, **more):
    return files.attach(database, more.pop("actor", NINA), name, name=filename, content=content, line=NONE)


@pytest.mark.parametrize(("filename", "content", "kept"), [
    ("minutes.pdf", PDF, "minutes.pdf"), ("shot.PNG", b"\x89PNG\r\n\x1a\nx", "shot.PNG"),
    ("../../etc/pass wd.txt", "Grüße".encode(), "pass wd.txt"), ("C:\\notes\\a.csv", b"a,b\n1,2\n", "a.csv"),
    ('a"\r\nX-Evil: 1.pdf', PDF, "a___X-Evil_ 1.pdf"), ("book.xlsx", office("[Content_Types].xml"), "book.xlsx"),
])  # fmt: skip
def test_a_file_is_kept_under_a_harmless_name_with_its_hash(sqlite_database, filename, content, kept):
    name = opened(sqlite_database).id
    made = attach(sqlite_database, name, filename, content)
    assert (made.name, made.size, made.sha256) == (kept, len(content), hashlib.sha256(content).hexdigest())
    assert files.read(sqlite_database, LEO, name, made.id, line=NONE).content == content
    assert trail(sqlite_database, name)[-2:] == ["case.attach", "case.file_read"]


@pytest.mark.parametrize(("filename", "content", "error"), [
    ("a.exe", b"MZ..", UnsupportedMedia), ("a.pdf", b"MZ..", UnsupportedMedia), ("a.png", PDF, UnsupportedMedia),
    ("a.html", b"<script>", UnsupportedMedia), ("a.svg", b"<svg onload=x>", UnsupportedMedia),
    ("a", PDF, UnsupportedMedia), ("a.txt", b"\xff\xfe\x00x", UnsupportedMedia), ("a.csv", b"a\0b", UnsupportedMedia),
    ("a.docx", b"PK\x03\x04 not a zip", UnsupportedMedia), ("a.docx", office("x"), UnsupportedMedia),
    ("a.xlsx", office("[Content_Types].xml", "xl/vbaProject.bin"), UnsupportedMedia),
    ("a.txt", b"X5O!..EICAR-STANDARD-ANTIVIRUS-TEST-FILE", UnsupportedMedia), ("a.txt", b"#!/bin/sh", UnsupportedMedia),
    ("a.pdf", b"", Invalid), ("", PDF, Invalid), ("..", PDF, Invalid), ("big.pdf", PDF + b"x" * files.LARGEST, TooLarge),
])  # fmt: skip
def test_what_is_not_what_it_says_is_refused(sqlite_database, filename, content, error):
    name = opened(sqlite_database).id
    with pytest.raises(error):
        attach(sqlite_database, name, filename, content)
    assert "case.attach" not in trail(sqlite_database, name)


def test_the_same_file_twice_is_told_and_a_changed_one_is_not_given_out(database):
    name = opened(database).id
    made = attach(database, name, "a.pdf", PDF)
    with pytest.raises(Conflict, match="this very file"):
        attach(database, name, "b.pdf", PDF)
    with database.session(ORG, write=True) as session:
        session.execute(update(CaseFile).values(content=PDF + b"!"))
    with pytest.raises(Conflict, match="bytes have changed"):
        files.read(database, NINA, name, made.id, line=NONE)


def test_only_people_who_may_know_of_the_case_read_it(sqlite_database):
    name = opened(sqlite_database, restricted=True).id
    made = attach(sqlite_database, name, "a.pdf", PDF)
    for who, line in ((LEO, NONE), (NINA, Line(own=frozenset({"tom"})))):
        with pytest.raises(NotFound):
            files.read(sqlite_database, who, name, made.id, line=line)
    with pytest.raises(NotFound):
        files.read(sqlite_database, NINA, "case_other", made.id, line=NONE)
    with pytest.raises(NotFound):
        files.read(sqlite_database, Identity("zenith", "u_z", "Zed", "compliance"), name, made.id, line=NONE)
    with pytest.raises(Forbidden):
        attach(sqlite_database, name, "b.pdf", PDF + b"2", actor=Identity(ORG, "u_t", "T", "trader"))
