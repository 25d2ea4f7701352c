"""The API's description and its reader: offline, for anybody, without operations that are none."""

import pytest

from app.gateway import api_docs


@pytest.fixture
def client(house):
    """Return nobody's client of an app that serves the documentation."""
    api_docs.install(house.server)
    return house.client()


def test_the_description_names_the_operations_of_resources_alone(client):
    found = client.get("/api/openapi.json").json
    assert set(found["paths"]) == {
        f"/api/things/{name}" for name in ("who", "write", "broken", "down", "gone")
    }


def test_the_reader_asks_no_other_host_and_needs_no_inline_script(client):
    response = client.get("/api/docs")
    assert response.status_code == 200
    assert "https://" not in response.text
    assert "'unsafe-inline'" not in response.headers["Content-Security-Policy"].split("script-src")[1]
    for path in ("css/swagger-ui.css", "js/swagger-ui-bundle.js"):
        assert client.get(f"/api/docs/static/{path}").status_code == 200, path


@pytest.mark.parametrize("path", ["index.html", "css/../../../__init__.py", "css/none.css", "js", ""])
def test_the_reader_serves_its_own_files_only(client, path):
    assert client.get(f"/api/docs/static/{path}").status_code in {400, 404}
