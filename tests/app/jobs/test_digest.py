"""The daily digest: once a day, only what its reader may read, by mail where he wants it, against a real server."""

import socketserver
import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.actions import insights as saying
from app.errors import BadSettings
from app.jobs import digest
from app.scope import Identity
from app.storage.records._base import now
from app.storage.records.insights import Insight
from app.storage.records.notifications import Notification
from app.storage.records.people import Organisation, User
from tests.app._world import context_of

PEOPLE = {"ann": "trader", "carl": "compliance", "root": "admin"}


class _Postbox(socketserver.StreamRequestHandler):
    """As much of a mail server as a sender needs (RFC 5321)."""

    def handle(self):
        self.wfile.write(b"220 box\r\n")
        body = None
        for raw in self.rfile:
            line = raw.decode().rstrip("\r\n")
            if body is not None:
                if line == ".":
                    self.server.kept.append("\n".join(body))
                    body = None
                    self.wfile.write(b"250 kept\r\n")
                else:
                    body.append(line)
            elif line.upper() == "DATA":
                body = []
                self.wfile.write(b"354 go on\r\n")
            elif line.upper() == "QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            else:
                self.wfile.write(b"250 fine\r\n")


@pytest.fixture
def postbox():
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Postbox) as server:
        server.kept = []
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def firm(tmp_path, sqlite_database, postbox):
    made = context_of(tmp_path, sqlite_database)
    port = postbox.server_address[1]
    made = made.__class__(
        made.settings.model_copy(update={"smtp_url": f"smtp://127.0.0.1:{port}"}), *_rest(made)
    )
    with sqlite_database.session(None, write=True) as session:
        session.add(Organisation(slug="acme", name="Acme", name_key="acme"))
    with sqlite_database.session("acme", write=True) as session:
        for name, role in PEOPLE.items():
            session.add(User(org="acme", id=f"u_{name}", email=f"{name}@acme.example", name=name, role=role))
        for name, roles in (("cost", None), ("watch", ["compliance", "auditor"])):
            session.add(_insight(name, roles))
    return made


def _rest(context):
    return context.database, context.lake, context.cache


def _insight(name, roles=None):
    return Insight(org="acme", id=name, kind="venue_cost", title=f"{name} found", text="t", severity="high",
                   context={"rank": 0.5}, roles=roles)  # fmt: skip


def notes(context) -> dict[str, Notification]:
    with context.database.session("acme") as session:
        return {row.user_id: row for row in session.scalars(select(Notification))}


def test_each_is_told_what_he_may_read_once_a_day(firm, postbox):
    assert digest.send_digests(firm, "acme") == {"people": 2, "digests": 2, "mails": 0, "failed": 0}
    found = notes(firm)
    assert found.keys() == {"u_ann", "u_carl"}
    assert found["u_ann"].text == "cost found"
    assert "watch found" in found["u_carl"].text
    assert found["u_ann"].href == "/intelligence/insights?state=new"
    assert digest.send_digests(firm, "acme")["digests"] == 0
    assert postbox.kept == []


def test_the_next_digest_has_only_what_came_since(firm, monkeypatch):
    digest.send_digests(firm, "acme")
    tomorrow = now() + timedelta(days=1)
    monkeypatch.setattr(digest, "now", lambda: tomorrow)
    assert digest.send_digests(firm, "acme")["digests"] == 0
    with firm.database.session("acme", write=True) as session:
        session.add(_insight("later"))
        session.flush()
        session.get(Insight, ("acme", "later")).created_at = now() + timedelta(minutes=1)
    assert digest.send_digests(firm, "acme")["digests"] == 2
    with firm.database.session("acme") as session:
        own = select(Notification).where(Notification.user_id == "u_ann").order_by(Notification.created_at)
        assert [row.text for row in session.scalars(own)] == ["cost found", "later found"]


def test_who_wants_mail_gets_it_once_and_who_wants_nothing_gets_nothing(firm, postbox):
    ann, carl = (Identity("acme", f"u_{name}", name, PEOPLE[name]) for name in ("ann", "carl"))
    assert saying.digest(firm.database, ann) == {"on": True, "mail": False}
    saying.change_digest(firm.database, ann, mail=True)
    saying.change_digest(firm.database, carl, on=False)
    assert digest.send_digests(firm, "acme") == {"people": 2, "digests": 1, "mails": 1, "failed": 0}
    digest.send_digests(firm, "acme")
    (mail,) = postbox.kept
    assert "To: ann@acme.example" in mail
    assert "cost found" in mail
    assert "watch" not in mail
    assert notes(firm)["u_ann"].delivered_at is not None


def test_a_mail_server_that_is_down_is_tried_again(firm, postbox):
    saying.change_digest(firm.database, Identity("acme", "u_ann", "ann", "trader"), mail=True)
    deaf = firm.__class__(firm.settings.model_copy(update={"smtp_url": "smtp://127.0.0.1:1"}), *_rest(firm))
    assert digest.send_digests(deaf, "acme") == {"people": 2, "digests": 2, "mails": 0, "failed": 1}
    assert notes(firm)["u_ann"].delivered_at is None
    assert digest.send_digests(firm, "acme")["mails"] == 1
    assert (len(postbox.kept), notes(firm)["u_ann"].attempts) == (1, 2)


def test_an_address_that_is_no_mail_server_is_told():
    with pytest.raises(BadSettings, match="SMTP_URL"), digest.mail_server("http://mail.example"):
        pass
