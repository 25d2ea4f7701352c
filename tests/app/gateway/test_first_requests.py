"""The first requests after a start come at once, from several browsers: each is answered whole."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from app.desk import Desk
from app.factory import create_app
from app.queries.pulse import pulse
from app.scope import Scope
from tests.app._world import context_of
from tests.world import found, open_context


@pytest.fixture
def app(tmp_path, sqlite_database):
    return create_app(context=context_of(tmp_path, sqlite_database))


def test_dash_has_nothing_left_to_do_on_the_first_request(app):
    known = set(app.callback_map)
    assert any("_pages_content" in output for output in known)  # the one that shows pages
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: app.server.test_client().get("/livez").status_code, range(16)))
    assert answers == [200] * 16
    assert set(app.callback_map) == known


def test_the_frame_names_the_version_of_the_data_that_its_page_is_drawn_from(tmp_path):
    context = open_context(tmp_path / "home")
    firm = found(context, "acme", "KANARIQ", tmp_path)
    client = create_app(context=context).server.test_client()
    client.set_cookie("qd_session", firm.tokens["risk"], domain="127.0.0.1")
    frame = client.get("/_dash-layout", base_url="http://127.0.0.1").get_json()
    stores = {
        part["props"]["id"]: part["props"] for part in frame["props"]["children"] if part["type"] == "Store"
    }
    desk = Desk(context.lake, context.database, firm.people["risk"], Scope())
    assert stores["data-version"]["data"] == pulse(desk)
    assert "executions:" in pulse(desk)
