"""Dash's renderer is sent with the one question that spares it a second on every first page."""

import pkgutil

from app.gateway import renderer

ADDRESS = "/_dash-component-suites/dash/dash-renderer/build/dash_renderer.min.js"


def test_the_pinned_dash_has_the_place_that_is_changed_and_is_otherwise_sent_as_it_is(house):
    renderer.install(house.server)
    own = pkgutil.get_data("dash", "dash-renderer/build/dash_renderer.min.js")
    sent = house.server.test_client().get(ADDRESS, base_url="http://127.0.0.1")
    assert sent.status_code == 200
    assert sent.mimetype == "text/javascript"
    before, found, after = own.partition(renderer.EQUALS)
    assert found
    assert sent.data == before + found + renderer.SOONER + after


def test_another_file_and_a_renderer_built_otherwise_stay_as_they_are(house):
    renderer.install(house.server)
    other = "/_dash-component-suites/dash/deps/react@18.3.1.min.js"
    sent = house.server.test_client().get(other, base_url="http://127.0.0.1")
    assert sent.data == pkgutil.get_data("dash", "deps/react@18.3.1.min.js")
    assert renderer.quick(b"function equals(a,b){return a===b}") == b"function equals(a,b){return a===b}"
