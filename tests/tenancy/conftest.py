"""Two firms in one installation, and every way to ask it something."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.factory import create_app
from app.gateway import limits
from app.jobs.refresh import refresh
from app.jobs.train import train
from app.storage.records.alerts import Alert
from tests.world import Firm, found, open_context

HERE = "http://127.0.0.1"


@dataclass
class Installation:
    """One server with two firms."""

    context: Any
    server: Flask
    one: Firm
    other: Firm
    dependencies: list[dict[str, Any]]

    def client(self, *, token: str | None = None) -> FlaskClient:
        """Return a browser, signed in with a session token or not."""
        client = self.server.test_client()
        if token:
            client.set_cookie("qd_session", token, domain="127.0.0.1")
        return client

    def ids(self, firm: Firm) -> list[str]:
        """Return every id of a firm that a route may be asked for."""
        c = firm.canary
        with self.context.database.session(firm.slug) as session:
            alerts = [a.alert_id for a in session.query(Alert)]
        people = [i.user_id for i in firm.people.values()]
        return [f"{c}-O1", f"{c}-E1", f"{c}-AAA", f"{c}-ACC1", *alerts, *people, *firm.ids.values()]


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    folder = tmp_path_factory.mktemp("tenancy")
    context = open_context(Path(folder) / "home")
    firms = [
        found(context, slug, canary, Path(folder))
        for slug, canary in (("acme", "KANARIQ"), ("zeta", "ZEISIGQ"))
    ]
    for firm in firms:
        refresh(context, firm.slug)
        train(context, firm.slug)
    generous = limits.Budgets(**dict.fromkeys(limits.Budgets.__dataclass_fields__, "1000000/minute"))
    app = create_app(context=context, budgets=generous)
    client = app.server.test_client()
    client.set_cookie("qd_session", firms[0].tokens["compliance"], domain="127.0.0.1")
    dependencies = json.loads(client.get("/_dash-dependencies", base_url=HERE).data)
    return Installation(context, app.server, firms[0], firms[1], dependencies)


def without_request_id(body: bytes) -> bytes:
    """Return a body without the id that every request has of its own."""
    return re.sub(rb"urn:quarterdeck:request:[0-9a-f]+", b"urn", body)
