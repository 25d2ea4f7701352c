"""The gate under attack: nothing is reached that is not let through by name."""

import pytest

from app.actions import keys, sessions
from app.scope import Identity
from tests.app.gateway.kit import HOST

PROBLEM = "application/problem+json"


def raw(client, path, method="GET", **more):
    """Send a path exactly as spelt: the test client would tidy it up."""
    from urllib.parse import unquote

    return client.open(
        "/",
        method=method,
        environ_overrides={"RAW_URI": path, "REQUEST_URI": path, "PATH_INFO": unquote(path, "latin-1")},
        **more,
    )


@pytest.mark.parametrize(
    "path",
    ["/_dash-layout", "/_dash-dependencies", "/_reload-hash", "/_mcp", "/api/things/who", "/api/nothing"],
)
def test_anonymous_is_refused_everything_of_dash_and_the_api(house, path):
    response = house.client().get(path)
    assert (response.status_code, response.mimetype) == (401, PROBLEM)
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_anonymous_cannot_post_a_callback(house):
    response = house.client().post("/_dash-update-component", json={"output": "out.children"}, headers=HOST)
    assert (response.status_code, response.mimetype) == (401, PROBLEM)


def test_anonymous_page_view_goes_to_the_sign_in_and_back(house):
    response = house.client().get("/compliance/alerts?from=2026-11-01&desk=a,b")
    assert response.status_code == 302
    assert response.location == "/sign-in?next=/compliance/alerts%3Ffrom%3D2026-11-01%26desk%3Da%2Cb"


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/sign-in", "/metrics", "/_favicon.ico"])
def test_what_anybody_may_see_is_seen(house, path):
    assert house.client().get(path).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "//api//things/who",
        "/api/./things/who",
        "/api/../api/things/who",
        "/%2e%2e/etc/passwd",
        "/%61pi/things/who",
        "/api/things/who;jsessionid=1",
        "/api/things/who%00",
        "/api/things%5cwho",
        "/api/things/who%0d%0aX-Evil:1",
        "/assets/..%2f..%2fetc/passwd",
        "/assets/%252e%252e/passwd",
        "/%",
        "/%zz",
        "/%ff%fe",
    ],
)
@pytest.mark.parametrize("who", [None, "compliance@alpha.example"])
def test_odd_spellings_are_refused_before_anybody_looks(house, path, who):
    response = raw(house.client(who), path)
    assert response.status_code == 400
    assert b"alpha" not in response.data


@pytest.mark.parametrize("path", ["/API/things/who", "/api/things/who/", "/Api/Things/Who"])
def test_other_spellings_of_a_route_are_unknown(house, path):
    assert house.client("compliance@alpha.example").get(path).status_code == 404
    assert house.client().get(path).status_code == 401


def test_trace_and_made_up_methods_are_refused(house):
    for method in ("TRACE", "CONNECT", "PROPFIND"):
        assert (
            house.client("compliance@alpha.example").open("/api/things/who", method=method).status_code == 405
        )


def test_unknown_api_path_is_404_and_a_wrong_method_405(house):
    client = house.client("compliance@alpha.example")
    assert client.get("/api/typo").status_code == 404
    assert client.post("/api/typo", json={}, headers=HOST).status_code == 404
    for method in ("PUT", "DELETE", "PATCH", "POST"):
        response = client.open("/api/things/who", method=method, headers=HOST)
        assert (response.status_code, response.mimetype) == (405, PROBLEM), method
    response = client.get("/api/things/write")
    assert (response.status_code, response.headers["Allow"]) == (405, "POST")


def test_unknown_page_draws_the_shell_but_says_404(house):
    client = house.client("compliance@alpha.example")
    assert client.get("/").status_code == 200
    assert client.get("/compliance/alerts/al_1").status_code == 200
    response = client.get("/console")
    assert (response.status_code, response.mimetype) == (404, "text/html")


@pytest.mark.parametrize("path", ["/_mcp", "/_alive_x", "/_dash-typo", "/_dash-component-suites/os/x.py"])
def test_inner_paths_of_dash_that_do_not_exist_are_404(house, path):
    assert house.client("compliance@alpha.example").get(path).status_code == 404


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "localhost@evil", "", "127.0.0.1:99999999", "[::1", "a b"],
)
def test_a_foreign_host_name_is_refused_and_not_repeated(house, host):
    response = house.client().get("/sign-in", environ_overrides={"HTTP_HOST": host})
    assert response.status_code == 400
    assert b"evil" not in response.data
    assert "evil" not in str(response.headers)


def test_probes_answer_under_any_host_name(house):
    assert house.client().get("/livez", environ_overrides={"HTTP_HOST": "10.0.3.7:8050"}).status_code == 200


def test_organisation_comes_from_the_credential_alone(house):
    client = house.client("compliance@alpha.example")
    assert client.get("/api/things/who", headers={"X-Tenant-ID": "beta"}).json["data"] == {"org": "alpha"}
    for query in ("org=beta", "tenant=beta", "organisation=beta"):
        response = client.get(f"/api/things/who?{query}")
        assert (response.status_code, response.json["errors"][0]["field"]) == (422, query.split("=")[0])


def test_a_key_works_in_either_header_and_two_different_ones_do_not(house):
    key, other = house.key(), house.key(org="beta")
    client = house.client()
    assert client.get("/api/things/who", headers={"Authorization": f"Bearer {key}"}).json["data"] == {
        "org": "alpha"
    }
    assert client.get("/api/things/who", headers={"X-API-Key": other}).json["data"] == {"org": "beta"}
    both = {"Authorization": f"Bearer {key}", "X-API-Key": other}
    assert client.get("/api/things/who", headers=both).status_code == 401


@pytest.mark.parametrize("name", ["api_key", "key", "X-API-KEY", "access_token", "desk"])
def test_a_key_in_the_url_is_refused(house, name):
    response = house.client().get("/api/things/who", query_string={name: house.key()})
    assert response.status_code == 400
    assert b"qd_" not in response.data


def test_a_bad_key_is_refused_even_beside_a_good_session(house):
    client = house.client("compliance@alpha.example")
    for bad in (
        "Bearer qd_" + "x" * 43,
        "Bearer",
        "Basic dXNlcjpwdw==",
        "Bearer qd_\u00e9",
        "Bearer " + "q" * 5000,
    ):
        assert client.get("/api/things/who", headers={"Authorization": bad}).status_code == 401, bad
    key = house.key()
    for bad in (key[:-1], key + "A", key.upper(), key.replace("qd_", "qd-")):
        assert client.get("/api/things/who", headers={"X-API-Key": bad}).status_code == 401


def test_revoked_keys_and_ended_sessions_are_refused_at_once(house):
    actor = Identity("alpha", "u_admin", "Admin", "admin")
    record, key = keys.create(house.context.database, actor, name="x", role="compliance")
    client = house.client()
    assert client.get("/api/things/who", headers={"X-API-Key": key}).status_code == 200
    keys.revoke(house.context.database, actor, record.id)
    assert client.get("/api/things/who", headers={"X-API-Key": key}).status_code == 401
    signed_in = house.client("compliance@alpha.example")
    token = signed_in.get_cookie("qd_session").value
    identity = sessions.find_session(house.context.database, token)
    sessions.revoke(house.context.database, identity, token)
    assert signed_in.get("/api/things/who").status_code == 401
    assert signed_in.get("/").status_code == 302


@pytest.mark.parametrize(
    "token", ["", "x", "null", "a" * 43, "é" * 30, "../" * 20, "a" * 5000, "eyJhbGciOiJub25lIn0.e30."]
)
def test_a_forged_session_cookie_is_nobody(house, token):
    client = house.client()
    assert client.get("/api/things/who", headers={"Cookie": f"qd_session={token}"}).status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "null"},
        {"Origin": "https://evil.example"},
        {"Origin": "http://localhost.evil.example"},
        {"Origin": "http://localhost:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://localhost"},
        {"Referer": "http://localhost/"},
    ],
)
def test_another_site_cannot_make_a_signed_in_browser_write(house, headers):
    client = house.client("compliance@alpha.example")
    assert client.post("/api/things/write", json={"amount": 1}, headers=headers).status_code == 403
    assert client.post("/sign-out", headers=headers).status_code == 403
    assert client.get("/api/things/who").status_code == 200


def test_our_own_site_and_keys_may_write(house):
    client = house.client("compliance@alpha.example")
    for headers in (HOST, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none", **HOST}):
        response = client.post("/api/things/write", json={"amount": 1}, headers=headers)
        assert (response.status_code, response.json["data"]["amount"]) == (201, 1)
    key = house.key(scopes=("write",))
    response = house.client().post("/api/things/write", json={"amount": 2}, headers={"X-API-Key": key})
    assert (response.status_code, response.json["data"]["amount"]) == (201, 2)


def test_the_door_asks_for_role_and_scope(house):
    assert house.client("admin@alpha.example").get("/api/things/who").status_code == 403
    client = house.client()
    reader = {"X-API-Key": house.key(scopes=("read",))}
    assert client.post("/api/things/write", json={"amount": 1}, headers=reader).status_code == 403
    for scope in ("read:trading", "write", "ingest"):
        found = client.get("/api/things/who", headers={"X-API-Key": house.key(scopes=(scope,))})
        assert found.status_code == 403, scope


def test_bodies_over_the_limit_are_refused_before_they_are_read(house):
    client = house.client("compliance@alpha.example")
    big = b'{"amount": 1' + b" " * (2 * 1024 * 1024) + b"}"
    response = client.post("/api/things/write", data=big, content_type="application/json", headers=HOST)
    assert (response.status_code, response.mimetype) == (413, PROBLEM)
    response = house.client().post("/sign-in", data={"email": "a" * 20_000, "password": "x"}, headers=HOST)
    assert response.status_code == 413
    declared = house.client().post(
        "/sign-in", headers=HOST, environ_overrides={"CONTENT_LENGTH": str(10**12)}, data=b""
    )
    assert declared.status_code == 413


def test_every_answer_carries_the_security_headers(house):
    for path in ("/sign-in", "/livez", "/api/things/who", "/", "/_dash-layout"):
        headers = house.client("compliance@alpha.example").get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff", path
        assert headers["X-Frame-Options"] == "DENY", path
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"], path
        assert "unsafe-eval" not in headers["Content-Security-Policy"], path
        assert "Access-Control-Allow-Origin" not in headers, path
        assert "private" in headers["Cache-Control"], path
        assert {"Cookie", "Authorization"} <= {part.strip() for part in headers["Vary"].split(",")}, path


def test_the_shell_allows_the_scripts_of_dash_by_hash_alone(house):
    policy = house.client("compliance@alpha.example").get("/").headers["Content-Security-Policy"]
    scripts = policy.split("script-src", 1)[1]
    assert "'unsafe-inline'" not in scripts
    assert all(found in scripts for found in house.dash.csp_hashes())


def test_static_files_ask_nobody_and_may_be_kept(house, monkeypatch):
    def look_up(*_):
        raise AssertionError("a session was looked up for a file")

    client = house.client("compliance@alpha.example")
    monkeypatch.setattr(sessions, "find_session", look_up)
    response = client.get("/_dash-component-suites/dash/dcc/dash_core_components.js")
    assert response.status_code == 200
    assert "Cookie" not in response.headers.get("Vary", "")
    assert client.post("/_dash-component-suites/dash/dcc/x.js").status_code == 405


def test_a_database_that_is_down_closes_the_door(house, monkeypatch):
    from app.errors import Unavailable

    def down(*_):
        raise Unavailable("The records database does not answer.", retry_after=5)

    client = house.client("compliance@alpha.example")
    monkeypatch.setattr(sessions, "find_session", down)
    response = client.get("/api/things/who")
    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
    assert client.get("/livez").status_code == 200


def test_forwarded_addresses_count_only_behind_a_configured_proxy(settings):
    from tests.app.gateway.kit import build

    seen = []
    house = build(settings)

    @house.server.before_request
    def note():
        from flask import request

        seen.append(request.remote_addr)

    house.client().get("/sign-in", headers={"X-Forwarded-For": "6.6.6.6"})
    assert seen == ["127.0.0.1"]


def test_request_ids_are_ours(house):
    ids = {
        house.client().get("/sign-in", headers={"X-Request-ID": "mine"}).headers["X-Request-ID"]
        for _ in range(3)
    }
    assert len(ids) == 3
    assert "mine" not in ids
