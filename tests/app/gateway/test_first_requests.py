"""The first requests after a start come at once, from several browsers: each is answered whole."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from app.factory import create_app
from tests.app._world import context_of


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
