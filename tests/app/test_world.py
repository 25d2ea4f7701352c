"""Real rows come in, real numbers come out: one firm from files to answers."""

import pytest

from app.jobs.derive import derive
from tests.world import found, open_context


@pytest.fixture(scope="module")
def firm(tmp_path_factory):
    folder = tmp_path_factory.mktemp("world")
    context = open_context(folder / "home")
    return context, found(context, "acme", "KANARI", folder)


def test_the_firm_stands(firm):
    context, acme = firm
    derive(context, "acme", cause="test")
    rows = {t.name: t.rows for t in context.lake.tables("acme")}
    assert rows["executions"] == 2
    assert rows["daily_nav"] == 10
    assert acme.keys["risk"].startswith("qd_")
