"""Ideas and mirrors over REST: author, colleague, compliance, key and stranger; the page's callbacks besides."""

from datetime import timedelta
from decimal import Decimal

import pytest

from app.actions import _clock, keys, lists, orgs, sessions, users
from app.actions import ideas as acting
from app.actions._roles import console
from app.factory import create_app
from app.jobs import ideas as job
from app.queries import ideas
from app.scope import Identity
from app.storage.records import audit
from tests.app._world import context_of, desk_of, land
from tests.world import begin

HERE = "http://127.0.0.1"
BODY = {
    "instrument_id": "AAA", "direction": "long", "horizon": 10, "probability": 0.6, "target": 120, "stop": 90,
    "thesis": "Orders turn up and nobody looks at it.", "context": "/trading/blotter?instrument=AAA",
}  # fmt: skip
INSTRUMENTS = "instrument_id symbol asset_class currency\nAAA AAA equity USD\nBBB BBB equity USD\n"
PRICES = "instrument_id date adj_basis close volume\nAAA 2026-11-19 raw 99 1000000\nAAA 2026-11-20 raw 100 1000000\n"


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """Return a server with two firms and clients by (organisation, role or name)."""
    from app.storage.database import Database

    home = tmp_path_factory.mktemp("ideas-api")
    database = Database(f"sqlite:///{home}/quarterdeck.db")
    begin(database)
    context = context_of(home, database)
    clients = {}
    server = create_app(context=context).server
    for slug in ("acme", "zeta"):
        orgs.create(database, console(slug), slug=slug, name=f"{slug} Capital")
        land(context, slug, instruments=INSTRUMENTS, prices=PRICES)
        for name, role in (
            ("jane", "trader"),
            ("omar", "trader"),
            ("cleo", "compliance"),
            ("aud", "auditor"),
            ("ada", "admin"),
        ):
            user = users.create(
                database, console(slug), email=f"{name}@{slug}.example", name=f"{name} of {slug}", role=role,
                person_id=name, desks=None,
            )  # fmt: skip
            token = sessions.open_session(database, Identity(slug, user.id, user.name, role, person_id=name))
            clients[slug, name] = server.test_client()
            clients[slug, name].set_cookie("qd_session", token, domain="127.0.0.1")
    return context, server, clients


def ask(client, method, path, body=None, **headers):
    answer = client.open(
        f"/api/social/{path}", method=method, json=body, base_url=HERE, headers={"Origin": HERE} | headers
    )
    return answer.status_code, answer.get_json()


@pytest.fixture
def later(monkeypatch):
    """Let the server's clock be moved on."""
    real = acting.now

    def move(minutes):
        for module in (acting, _clock, audit, ideas, job):
            monkeypatch.setattr(module, "now", lambda: real() + timedelta(minutes=minutes))

    return move


def posted(clients, **more):
    status, answer = ask(clients["acme", "jane"], "POST", "ideas", BODY | more)
    assert status == 201, answer
    return answer["data"]["idea_id"]


def test_an_idea_is_told_alike_by_route_and_query_and_changed_by_its_author_alone(house):
    context, _, clients = house
    name = posted(clients)
    status, answer = ask(clients["acme", "omar"], "GET", f"ideas/{name}")
    assert (status, answer["data"]["target"], answer["data"]["mine"]) == (200, 120.0, False)
    assert answer["data"]["net"] == ideas.idea(desk_of(context, role="risk"), name)["net"]
    status, answer = ask(clients["acme", "jane"], "PATCH", f"ideas/{name}", BODY | {"horizon": 20})
    assert (status, answer["data"]["horizon"], answer["data"]["versions"]) == (200, 20, 2)
    assert ask(clients["acme", "omar"], "PATCH", f"ideas/{name}", BODY)[0] == 403
    assert ask(clients["acme", "omar"], "POST", f"ideas/{name}/retract", {"why": "x"})[0] == 403


def test_after_fifteen_minutes_it_is_sealed_by_time_and_then_by_the_job(house, later):
    context, _, clients = house
    name = posted(clients)
    later(15.1)
    status, answer = ask(clients["acme", "jane"], "PATCH", f"ideas/{name}", BODY | {"horizon": 30})
    assert (status, answer["title"]) == (409, "Conflict")
    data = ask(clients["acme", "jane"], "GET", f"ideas/{name}")[1]["data"]
    assert (data["sealed"], data["editable"], data["seal_entry"]) == (True, False, None)
    assert job.JOB.due(context, "acme")
    job.settle(context, "acme")
    proof = ask(clients["acme", "omar"], "GET", f"ideas/{name}/verify")[1]["data"]
    assert proof["ok"], proof
    assert proof["entry"] == ask(clients["acme", "jane"], "GET", f"ideas/{name}")[1]["data"]["seal_entry"]


@pytest.mark.parametrize("claim", ["posted_at", "sealed_at", "at", "seeded", "author_id", "clock", "org"])
def test_a_time_or_an_author_of_the_caller_s_own_is_refused(house, claim):
    _, _, clients = house
    status, _ = ask(clients["acme", "jane"], "POST", "ideas", BODY | {claim: "2020-01-01T00:00:00Z"})
    assert status == 422


@pytest.mark.parametrize("method", ["GET", "PATCH", "retract", "hide", "verify"])
def test_a_stranger_gets_the_answer_of_an_unknown_idea(house, method):
    _, _, clients = house
    name = posted(clients)
    body = {"retract": {"why": "x"}, "hide": {"why": "x"}, "PATCH": BODY}.get(method)
    verb = "POST" if method in {"retract", "hide"} else "GET" if method == "verify" else method
    tail = f"/{method}" if method in {"retract", "hide", "verify"} else ""
    who = clients["zeta", "cleo" if method == "hide" else "jane"]
    told = ask(who, verb, f"ideas/{name}{tail}", body)
    unknown = ask(who, verb, f"ideas/idea_unknown{tail}", body)
    assert told[0] == unknown[0] == 404
    assert told[1]["detail"] == unknown[1]["detail"]


def test_keys_auditors_and_admins_put_nothing_forward(house):
    context, server, clients = house
    _, key = keys.create(context.database, console("acme"), name="k", role="trader", scopes=("read", "write"))
    status, answer = ask(server.test_client(), "POST", "ideas", BODY, Authorization=f"Bearer {key}")
    assert (status, "person" in answer["detail"]) == (403, True)
    assert [ask(clients["acme", name], "POST", "ideas", BODY)[0] for name in ("aud", "ada")] == [403, 403]


def test_a_restricted_instrument_is_refused_neutrally_and_the_attempt_is_read_by_compliance(house):
    context, _, clients = house
    lists.add(
        context.database, Identity("acme", "u_cleo", "Cleo", "compliance"), kind="restricted", instrument_id="BBB", reason="deal"
    )  # fmt: skip
    body = BODY | {"instrument_id": "BBB", "target": None, "stop": None}
    status, answer = ask(clients["acme", "jane"], "POST", "ideas", body)
    assert (status, answer["detail"]) == (403, acting.CLOSED)
    trail = clients["acme", "cleo"].get("/api/compliance/audit?object=idea", base_url=HERE)
    entries = (trail.get_json() or {}).get("data") or clients["acme", "cleo"].get(
        "/api/compliance/audit", base_url=HERE
    ).get_json()["data"]
    assert any(entry["action"] == "idea.refused" and entry["object_id"] == "BBB" for entry in entries)


def test_compliance_hides_the_words_and_nobody_else(house):
    _, _, clients = house
    name = posted(clients)
    assert ask(clients["acme", "omar"], "POST", f"ideas/{name}/hide", {"why": "x"})[0] == 403
    assert ask(clients["acme", "cleo"], "POST", f"ideas/{name}/hide", {"why": "Names a client."})[0] == 200
    assert ask(clients["acme", "omar"], "GET", f"ideas/{name}")[1]["data"]["thesis"] is None
    assert ask(clients["acme", "jane"], "GET", f"ideas/{name}")[1]["data"]["thesis"] == BODY["thesis"]
    assert (
        ask(clients["acme", "cleo"], "POST", f"ideas/{name}/hide", {"why": "It does not.", "hidden": False})[
            0
        ]
        == 200
    )


def test_a_mirror_is_begun_and_ended_by_its_owner_alone(house):
    _, _, clients = house
    posted(clients)
    status, answer = ask(clients["acme", "omar"], "POST", "mirrors", {"author_id": "jane", "capital": 100000})
    assert (status, answer["data"]["kind"]) == (201, "PAPER")
    name = answer["data"]["mirror_id"]
    assert ask(clients["acme", "omar"], "POST", "mirrors", {"author_id": "jane"})[0] == 409
    assert ask(clients["acme", "omar"], "POST", "mirrors", {"author_id": "nobody at all"})[0] == 404
    assert ask(clients["acme", "omar"], "POST", "mirrors", {"author_id": "jane", "weight": 2})[0] == 422
    for who in (("acme", "jane"), ("zeta", "omar")):
        assert ask(clients[who], "GET", f"mirrors/{name}")[0] == 404
        assert ask(clients[who], "POST", f"mirrors/{name}/stop", {})[0] == 404
    assert ask(clients["acme", "cleo"], "GET", f"mirrors/{name}")[0] == 200
    assert ask(clients["acme", "omar"], "POST", f"mirrors/{name}/stop", {})[1]["data"]["stopped_at"]


def test_leaderboard_and_author_answer_what_their_queries_do(house):
    context, _, clients = house
    posted(clients)
    board = ask(clients["acme", "omar"], "GET", "leaderboard")[1]["data"]
    assert board["band"] == ideas.league(desk_of(context))["band"]
    author = ask(clients["acme", "omar"], "GET", "authors/jane")[1]["data"]
    assert author["figures"] == ideas.author(desk_of(context), "jane")["figures"]
    assert "talk" not in author
    assert ask(clients["zeta", "omar"], "GET", "authors/jane")[0] == 404


def test_odd_numbers_of_the_form_are_refused_before_they_are_written_out():
    from callbacks.social._idea_forms import _said

    form = dict.fromkeys(
        ("instrument", "direction", "horizon", "chance", "target", "stop", "thesis", "context"), "x"
    )
    for odd in ("1e999999999", "1e-999999999", "nan", "inf", "x", ""):
        with pytest.raises(Exception, match="does not fit") as caught:
            _said(form | {"horizon": odd, "chance": "60", "target": "", "stop": ""})
        assert "horizon" in {error.field for error in caught.value.errors}
    said = _said(form | {"horizon": "20", "chance": "60%", "target": "1,250.5", "stop": ""})
    assert (said.horizon, said.probability, said.target, said.stop) == (
        20,
        Decimal("0.6"),
        Decimal("1250.5"),
        None,
    )
