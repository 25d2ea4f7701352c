"""Two firms in one installation, on each set of stores, and every way to ask it something."""

import html
import json
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import redis
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import create_engine

from app.actions import cases, ideas, mirrors
from app.factory import create_app
from app.gateway import limits
from app.jobs.refresh import refresh
from app.jobs.train import train
from app.scope import Line
from app.storage.database import Database
from app.storage.records._base import Base
from app.storage.records.alerts import Alert
from app.storage.records.cases import Case
from app.storage.records.ideas import Idea, Mirror
from app.storage.records.insights import Insight
from tests.app.conftest import postgres_url
from tests.once import copy_of
from tests.world import Firm, found, open_context

__all__ = ["postgres_url"]
HERE = "http://127.0.0.1"


@dataclass
class Installation:
    """One server with two firms."""

    context: Any
    server: Flask
    one: Firm
    other: Firm
    dependencies: list[dict[str, Any]]
    cases: dict[str, int] = field(default_factory=dict)  # test -> how many generated cases it judged

    def client(self, *, token: str | None = None) -> FlaskClient:
        """Return a browser, signed in with a session token or not."""
        client = self.server.test_client()
        if token:
            client.set_cookie("qd_session", token, domain="127.0.0.1")
        return client

    def counted(self, name: str, cases: int) -> None:
        """Remember how many cases a test judged, to be printed."""
        self.cases[name] = self.cases.get(name, 0) + cases

    def ids(self, firm: Firm) -> list[str]:
        """Return one id of each kind that a firm has and a route may be asked for."""
        c = firm.canary
        with self.context.database.session(firm.slug) as session:
            alerts = [alert.alert_id for alert in session.query(Alert).limit(1)]
            mine_cases = [case.id for case in session.query(Case).limit(1)]
            spoken = [one.id for model in (Idea, Mirror, Insight) for one in session.query(model).limit(1)]
        mine = [
            *mine_cases,
            firm.people["admin"].user_id,
            firm.ids["key:admin"],
            firm.ids["import:executions"],
        ]
        return [f"{c}-O1", f"{c}-E1", f"{c}-AAA", f"{c}-ACC1", *alerts, *mine, *spoken]

    def server_side(self) -> list[dict[str, Any]]:
        """Return the callbacks that the server computes."""
        return [found for found in self.dependencies if not found.get("clientside_function")]


def build(folder: Path, factory: pytest.TempPathFactory, **settings: str) -> Installation:
    """Open an installation with two firms, their derived data, alerts and models; the first in a run makes them."""
    stores = "servers" if settings else "files"
    mine = []

    def make(kept: Path) -> tuple[list[Firm], Rows]:
        context = open_context(kept / "home", **settings)
        firms = _firms(context, kept)
        mine.append(stores)
        rows = _rows(context.database) if settings else {}
        context.database.close()
        return firms, rows

    firms, rows = copy_of(f"two-firms-on-{stores}", make, folder, factory)
    context = open_context(folder / "home", **settings)
    if rows and not mine:  # another process's servers have them
        _bring_back(context.database, rows)
    generous = limits.Budgets(**dict.fromkeys(limits.Budgets.__dataclass_fields__, "1000000/minute"))
    app = create_app(context=context, budgets=generous)
    client = app.server.test_client()
    client.set_cookie("qd_session", firms[0].tokens["compliance"], domain="127.0.0.1")
    dependencies = json.loads(client.get("/_dash-dependencies", base_url=HERE).data)
    return Installation(context, app.server, firms[0], firms[1], dependencies)


def _firms(context: Any, folder: Path) -> list[Firm]:
    names = (("acme", "KANARIQ"), ("zeta", "ZEISIGQ"))
    firms = [found(context, slug, canary, folder) for slug, canary in names]
    for firm in firms:
        refresh(context, firm.slug)
        for model in (
            "volatility",
            "value_at_risk",
        ):  # one of instruments, one of books; all would take minutes
            train(context, firm.slug, model=model)
        cases.open_case(
            context.database,
            firm.people["compliance"],
            line=Line(),
            title=f"{firm.canary} case",
            rationale="Seen by chance on the desk.",
        )
        _speak(context, firm)
    return firms


Rows = dict[str, list[dict[str, Any]]]


def _rows(database: Database) -> Rows:
    """Return every row of the records by table."""
    with database.engine.connect() as connection:
        return {
            table.name: [dict(row) for row in connection.execute(table.select()).mappings()]
            for table in Base.metadata.sorted_tables
        }


def _bring_back(database: Database, rows: Rows) -> None:
    with database.engine.begin() as connection:
        for table in reversed(Base.metadata.sorted_tables):
            connection.execute(table.delete())
        for table in Base.metadata.sorted_tables:
            if rows[table.name]:
                connection.execute(table.insert(), rows[table.name])


def _speak(context: Any, firm: Firm) -> None:
    """Let the trader put an idea forward and the portfolio manager mirror him."""
    c, trader = firm.canary, firm.people["trader"]
    said = ideas.Said(f"{c}-AAA", "long", 20, Decimal("0.6"), f"{c} earns more than people think.")
    ideas.post(context.database, trader, said, known=ideas.Known())
    mirrors.start(
        context.database, firm.people["portfolio_manager"], author_id=trader.user_id, author_name=trader.name,
        capital=Decimal(1_000_000), weight=0.1, max_loss=0.1, adv_share=0.1,
    )  # fmt: skip


def _said(made: Installation, stores: str) -> None:
    total = sum(made.cases.values())
    print(f"\n{total} tenancy cases on {stores}: {json.dumps(made.cases, indent=1)}")  # noqa: T201


# Whose door is whose is asked of every role on files; on the servers, of one role of each kind of door.
ON_SERVERS = {"trader", "compliance", "admin"}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out, on the servers, the roles that pass the same doors as another."""
    left = [item for item in items if _again(item)]
    config.hook.pytest_deselected(items=left)
    items[:] = [item for item in items if item not in left]


def _again(item: pytest.Item) -> bool:
    params = getattr(getattr(item, "callspec", None), "params", {})
    return params.get("installation") == "servers" and params.get("role", "trader") not in ON_SERVERS


SERVERS = pytest.param("servers", marks=[pytest.mark.postgres, pytest.mark.redis, pytest.mark.slow])


@pytest.fixture(scope="session", params=["local", SERVERS])
def installation(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """Return the installation: on SQLite and files, then on PostgreSQL and Redis."""
    settings = {}
    if request.param == "servers":
        settings = {
            "database_url": request.getfixturevalue("postgres_url"),
            "redis_url": request.getfixturevalue("redis_url"),
        }
        # The servers outlive an installation: pytest may build this one again for another module.
        with create_engine(settings["database_url"]).begin() as emptied:
            emptied.exec_driver_sql("DROP SCHEMA public CASCADE")
            emptied.exec_driver_sql("CREATE SCHEMA public")
        redis.Redis.from_url(settings["redis_url"]).flushall()
    made = build(tmp_path_factory.mktemp("tenancy"), tmp_path_factory, **settings)
    yield made
    _said(made, request.param)
    made.context.database.close()


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start a Redis of our own and return its address."""
    if shutil.which("redis-server") is None:
        why = "Redis is not installed: apt-get install redis-server"
        pytest.fail(why) if os.environ.get("CI") == "true" else pytest.skip(why)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = str(tmp_path_factory.mktemp("redis"))
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    client = redis.Redis(port=port)
    for _ in range(200):
        try:
            client.ping()
            break
        except redis.ConnectionError:
            time.sleep(0.05)
    yield f"redis://127.0.0.1:{port}/0"
    process.kill()
    process.wait()


# --- judging answers -------------------------------------------------------------------------------
_OWN = re.compile(r'urn:quarterdeck:request:[0-9a-f]+|nonce="[^"]+"|"end_id":"[^"]+"')


def without_own(text: str) -> str:
    """Return an answer without what every request has of its own: its id, its nonce, its tokens."""
    return _OWN.sub("", text)


def unechoed(answer: Any, address: str) -> str:
    """Return what an answer tells beyond the question: the data of JSON, else all but the address asked."""
    if answer.status_code == 200 and answer.is_json:
        body = answer.get_json()
        return json.dumps(body.get("data") if isinstance(body, dict) and "meta" in body else body)
    asked = unquote(address)
    text = unquote(unquote(html.unescape(answer.data.decode(errors="replace"))))
    for part in (asked, asked.rpartition("?")[2], asked.rpartition("/")[2]):
        text = text.replace(part, "") if len(part) > 3 else text
    return text
