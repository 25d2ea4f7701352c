"""The command fills an empty installation only."""

import pytest

from app.actions import orgs
from app.actions._roles import console
from app.commands.demo import ensure_demo
from app.config import Settings
from app.context import Context
from app.errors import BadSettings
from app.storage import schema


def test_an_installation_with_organisations_of_its_own_gets_no_demo(tmp_path, capsys):
    context = Context.open(Settings.load(home=tmp_path))
    schema.upgrade(context.database)
    orgs.create(context.database, console("acme"), slug="acme", name="Acme")
    ensure_demo(context)
    assert [org.slug for org in orgs.every(context.database)] == ["acme"]
    assert capsys.readouterr().out == ""


def test_an_empty_production_installation_refuses_the_demo(tmp_path):
    settings = Settings.load(home=tmp_path, mode="production", secret_key="x7Kq-0pLmZ3vB9sWnTyR4cUdHfJgQaEi")
    with pytest.raises(BadSettings, match="production"):
        ensure_demo(Context.open(settings))
