"""The reference pages say what the code says: `make docs` has been run."""

import json
from pathlib import Path

import pytest

from app import docs
from app.factory import create_app
from tests.world import open_context

REFERENCE = Path(__file__).resolve().parents[1] / "docs" / "reference"


@pytest.fixture(scope="module")
def context(tmp_path_factory):
    return open_context(tmp_path_factory.mktemp("docs"))


def test_the_openapi_description_is_current(context):
    spec = create_app(context=context).server.api_doc
    assert json.loads((REFERENCE / "openapi.json").read_text()) == json.loads(json.dumps(spec))


def test_the_reference_pages_are_current(context):
    found = docs.parts(context)
    for kind in ("sources", "detectors", "models", "insights", "pages", "routes", "jobs"):
        page = (REFERENCE / f"{kind}.md").read_text()
        assert [row["name"] for row in found[kind] if f"`{row['name']}`" not in page] == [], kind
    assert (REFERENCE / "datasets.md").read_text() == docs.datasets_page()


def test_every_route_of_the_description_has_a_summary(context):
    assert [row["name"] for row in docs.routes(create_app(context=context).server) if not row["title"]] == []
