"""Signing in and out, as a person and as somebody who guesses."""

import pytest

from app.actions import sessions
from app.actions._passwords import hash_password
from app.config import Settings
from app.gateway.limits import Budgets
from app.gateway.paths import local_path
from app.storage.records.people import Organisation, User
from tests.app.gateway.kit import HOST, PASSWORD, build


def sign_in(client, email="compliance@alpha.example", password=PASSWORD, **more):
    return client.post("/sign-in", data={"email": email, "password": password, **more}, headers=HOST)


def test_the_right_password_opens_a_session(house):
    client = house.client()
    response = sign_in(client, next="/trading/blotter?desk=a")
    assert (response.status_code, response.location) == (303, "/trading/blotter?desk=a")
    cookie = response.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert client.get("/api/things/who").json["data"] == {"org": "alpha"}
    assert client.get("/sign-in").status_code == 303


def test_the_token_is_kept_as_a_hash_only(house, settings):
    client = house.client()
    sign_in(client)
    token = client.get_cookie("qd_session").value
    assert len(token) >= 43
    house.context.database.close()
    kept = b"".join(path.read_bytes() for path in settings.root.rglob("*") if path.is_file())
    assert token.encode() not in kept


def test_who_comes_with_an_ended_session_gets_the_form_instead_of_a_loop(house):
    client = house.client()
    sign_in(client)
    token = client.get_cookie("qd_session").value
    identity = sessions.find_session(house.context.database, token)
    sessions.revoke(house.context.database, identity, token)
    assert client.get("/trading/blotter").location == "/sign-in?next=/trading/blotter"
    assert client.get("/sign-in?next=/trading/blotter").status_code == 200


def test_production_sends_the_cookie_over_tls_only(tmp_path):
    settings = Settings(
        home=tmp_path, secret_key="8fK2mQ9xLw4TzB7nR1vY6cJ3hG5dS0pE", mode="production", trusted_proxies=1
    )
    response = sign_in(build(settings).client())
    assert "Secure" in response.headers["Set-Cookie"]


def test_a_session_from_before_does_not_live_on(house):
    client = house.client("trader@alpha.example")
    planted = client.get_cookie("qd_session").value
    sign_in(client)
    assert client.get_cookie("qd_session").value != planted
    other = house.client()
    other.set_cookie("qd_session", planted)
    assert other.get("/api/things/who").status_code == 401


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("compliance@alpha.example", "wrong password of some length"),
        ("nobody@alpha.example", PASSWORD),
        ("compliance@alpha.example'--", PASSWORD),
        ("\u202ecompliance@alpha.example", PASSWORD),
    ],
)
def test_every_refusal_looks_the_same(house, email, password):
    known = sign_in(house.client(), "trader@alpha.example", "wrong")
    found = sign_in(house.client(), email, password)
    assert found.status_code == known.status_code == 401
    assert "Set-Cookie" not in found.headers
    banner = '<div class="banner err" role="alert">'
    assert found.text.split(banner)[1].split("</div>")[0] == known.text.split(banner)[1].split("</div>")[0]
    assert "9 tries left" in found.text


def test_what_was_typed_comes_back_inert_and_never_the_password(house):
    response = sign_in(house.client(), '"><script>alert(1)</script>@x', "my secret words here")
    assert "<script>alert" not in response.text
    assert "my secret words" not in response.text


def test_guessing_is_stopped_and_says_when_to_try_again(house):
    client = house.client()
    answers = [sign_in(client, password=f"guess number {n} is wrong") for n in range(14)]
    codes = [response.status_code for response in answers]
    assert codes[:9] == [401] * 9
    assert set(codes[10:]) == {429}
    assert "The next try is possible in" in answers[-1].text
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 900
    assert sign_in(client, "trader@alpha.example").status_code == 303


def test_one_password_for_many_people_is_stopped(settings):
    client = build(settings, Budgets(sign_in_address="5 per minute")).client()
    codes = [sign_in(client, f"person{n}@alpha.example", "Spring 2026 is here").status_code for n in range(8)]
    assert codes == [401] * 5 + [429] * 3


def test_signing_in_rightly_is_not_counted(settings):
    house = build(settings, Budgets(sign_in="2 per minute", sign_in_address="2 per minute"))
    assert [sign_in(house.client()).status_code for _ in range(5)] == [303] * 5


def test_another_site_cannot_sign_a_browser_in(house):
    for headers in ({}, {"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        data = {"email": "compliance@alpha.example", "password": PASSWORD}
        assert house.client().post("/sign-in", data=data, headers=headers).status_code == 403


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "/\\evil.example",
        "https:evil.example",
        "https://evil.example",
        "/%2f%2fevil.example",
        "/%5cevil.example",
        "javascript:alert(1)",
        "/\t/evil.example",
        "/a\r\nSet-Cookie: x=1",
        "evil.example",
        "",
        "/sign-in?next=/x",
        "/api/things/who",
        "/é",
        "\x00/",
        "/" + "a" * 5000,
    ],
)
def test_signing_in_never_leads_to_another_site(house, target):
    assert local_path(target) == "/"
    assert sign_in(house.client(), next=target).location == "/"


def test_signing_out_ends_the_session_on_the_server(house):
    client = house.client("compliance@alpha.example")
    copied = client.get_cookie("qd_session").value
    response = client.post("/sign-out", headers=HOST)
    assert (response.status_code, response.location) == (303, "/sign-in?signed-out=1")
    thief = house.client()
    thief.set_cookie("qd_session", copied)
    assert thief.get("/api/things/who").status_code == 401
    assert house.client().get("/sign-out").status_code in {302, 405}


def test_signing_out_everywhere_ends_all_sessions_of_the_person(house):
    here, there = house.client("compliance@alpha.example"), house.client("compliance@alpha.example")
    other = house.client("trader@alpha.example")
    assert here.post("/sign-out-everywhere", headers=HOST).status_code == 303
    assert there.get("/api/things/who").status_code == 401
    assert other.get("/api/things/who").status_code == 200


def test_a_disabled_person_is_out_at_once(house):
    client = house.client("compliance@alpha.example")
    with house.context.database.session("alpha", write=True) as session:
        from sqlalchemy import update

        session.execute(update(User).where(User.role == "compliance").values(disabled=True))
    assert client.get("/api/things/who").status_code == 401


def test_somebody_known_to_two_organisations_is_asked_which(house):
    with house.context.database.session(None, write=True) as session:
        for org in ("alpha", "beta"):
            session.add(
                User(
                    org=org,
                    email="both@x.example",
                    name="b",
                    role="compliance",
                    password_hash=hash_password(PASSWORD),
                )
            )
    response = sign_in(house.client(), "both@x.example")
    assert response.status_code == 409
    assert '<details class="mb-3" open>' in response.text
    client = house.client()
    assert sign_in(client, "both@x.example", organisation="Beta ").status_code == 303
    assert client.get("/api/things/who").json["data"] == {"org": "beta"}


def test_demo_sign_ins_are_shown_only_in_development_and_only_of_demo_firms(house, tmp_path):
    assert "Demo sign-ins" not in house.client().get("/sign-in").text
    with house.context.database.session(None, write=True) as session:
        session.get(Organisation, "beta").demo = True
    text = house.client().get("/sign-in").text
    assert "trader@beta.example" in text
    assert "alpha.example" not in text
    production = Settings(
        home=tmp_path / "p", secret_key="8fK2mQ9xLw4TzB7nR1vY6cJ3hG5dS0pE", mode="production"
    )
    other = build(production)
    with other.context.database.session(None, write=True) as session:
        session.get(Organisation, "beta").demo = True
    assert "beta.example" not in other.client().get("/sign-in").text


def test_the_page_asks_nothing_of_another_host_and_has_no_script_inline(house):
    response = house.client().get("/sign-in")
    assert "http://" not in response.text.replace("http://www.w3.org", "")
    assert "https://" not in response.text
    assert "<script>" not in response.text
    assert "script-src 'self'" in response.headers["Content-Security-Policy"]
