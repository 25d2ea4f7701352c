"""The feed over REST: who reads what, what may be written, what compliance takes out of sight, all on record."""

import json

import polars as pl
import pytest

from analytics.datasets import MESSAGES, POSTS
from app.actions import posts as acting
from app.jobs import relay
from app.storage.collect import collect
from app.storage.records.jobs import Job as JobRecord
from app.storage.records.rooms import RoomPostVersion
from tests.app._world import desk_of, land
from tests.tenancy._routes import bearer
from tests.tenancy.conftest import HERE
from tests.world import ROLES

ROOT = "/api/social"
WHY = "Names a client who asked not to be named."


def ask(installation, path, body=None, *, who="trader", of=None, key=False, method=None):
    firm = of or installation.one
    client = installation.client(token=None if key else firm.tokens[who])
    headers = {"Origin": HERE} | (bearer(firm.keys[who]) if key else {})
    given = {"json": body} if body is not None else {}
    way = method or ("GET" if body is None else "POST")
    return client.open(ROOT + path, method=way, base_url=HERE, headers=headers, **given)


def write(installation, text, *, who="trader", **more):
    answer = ask(installation, "/posts", {"text": text, **more}, who=who)
    assert answer.status_code == 201, answer.text[:500]
    return answer.get_json()["data"]


def seen(installation, name, *, who, of=None):
    rows = ask(installation, "/posts?limit=1000", who=who, of=of).get_json()["data"]
    listed = {row["post_id"] for row in rows}
    alone = ask(installation, f"/posts/{name}", who=who, of=of).status_code
    assert (alone == 200) == (name in listed)
    return alone == 200


def trail(installation):
    client = installation.client(token=installation.one.tokens["auditor"])
    rows = client.get("/api/compliance/audit?limit=1000", base_url=HERE).get_json()["data"]
    return [(row["action"], row["object_id"]) for row in rows]


def stored(installation, dataset, column, name):
    rows = installation.context.lake.scan(installation.one.slug, dataset)
    return collect(rows.filter(pl.col(column).str.starts_with(name))).to_dicts()


@pytest.fixture(scope="module", autouse=True)
def named(installation):
    """Give the firm two instruments whose symbols are as short as symbols are."""
    c = installation.one.canary
    land(installation.context, installation.one.slug, instruments=f"""
        instrument_id symbol asset_class currency
        {c}-QZA QZA equity USD
        {c}-QZB QZB equity USD
    """)  # fmt: skip


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """Let tests write faster than people do; one test looks at the limit itself."""
    monkeypatch.setattr(acting, "PER_MINUTE", 10_000)


def test_a_post_is_there_at_once_for_readers_and_for_surveillance_and_on_record(installation):
    c = installation.one.canary
    made = write(installation, "Long $QZA into the print, $QZA and $NOSUCH look cheap")
    assert made["instrument_ids"] == [f"{c}-QZA"]
    assert made["unknown_cashtags"] == ["NOSUCH"]
    assert made["relevance"] == pytest.approx([1 - 0.3 * 5 / 53], abs=1e-4)
    assert "$NOSUCH" in made["note"]
    for who in ("portfolio_manager", "risk", "compliance", "auditor", "trader"):
        assert seen(installation, made["post_id"], who=who), who
    found = ask(installation, f"/posts?instrument={c}-QZA", who="risk").get_json()["data"]
    assert found[0]["post_id"] == made["post_id"]
    assert stored(installation, POSTS, "post_id", made["post_id"])[0]["instrument_ids"] == [f"{c}-QZA"]
    (told,) = stored(installation, MESSAGES, "message_id", made["post_id"])
    assert (told["sender_id"], told["recipient_ids"]) == (f"{c}-jane", ["everybody"])
    assert ("post.write", made["post_id"]) in trail(installation)
    with installation.context.database.session(installation.one.slug) as session:
        assert "refresh" in {
            job.kind for job in session.query(JobRecord).filter_by(org=installation.one.slug)
        }


def test_a_stranger_sees_nothing_and_foreign_looks_like_unknown(installation):
    made = write(installation, "For us only, $QZB")
    other = installation.other
    for who in set(ROLES) - {"admin"}:
        assert not seen(installation, made["post_id"], who=who, of=other)
    for path, body in (
        (f"/posts/{made['post_id']}/hide", {"reason": WHY}),
        ("/posts", {"text": "yes", "in_reply_to": made["post_id"]}),
    ):
        foreign = ask(installation, path, body, who="compliance", of=other)
        unknown = ask(
            installation,
            path.replace(made["post_id"], "post_0"),
            body | ({"in_reply_to": "post_0"} if "text" in body else {}),
            who="compliance",
            of=other,
        )
        assert (foreign.status_code, foreign.get_json()["detail"]) == (404, unknown.get_json()["detail"])
    assert ask(installation, "/posts", who="admin").status_code == 403
    assert ask(installation, "/posts", {"text": "I only read"}, who="auditor").status_code == 403


def test_a_desks_room_is_closed_to_another_desk_and_open_to_supervision(installation):
    c = installation.one.canary
    body = {"name": "First desk", "kind": "desk", "desk": f"{c}-desk1"}
    room = ask(installation, "/rooms", body).get_json()["data"]["room_id"]
    assert ask(installation, "/rooms", body | {"name": "ＦＩＲＳＴ desk"}).status_code == 409  # a look-alike
    assert ask(installation, "/rooms", body | {"name": "Not mine", "desk": f"{c}-desk2"}).status_code == 422
    assert ask(installation, "/rooms", {"name": "Whole firm", "kind": "firm"}).status_code == 403
    made = write(installation, "Working a large $QZA order", room_id=room)
    assert {who: seen(installation, made["post_id"], who=who) for who in ("trader", "portfolio_manager", "risk", "compliance")} == {
        "trader": True, "portfolio_manager": False, "risk": True, "compliance": True,
    }  # fmt: skip
    assert ask(installation, f"/rooms/{room}", who="portfolio_manager").status_code == 404
    assert ask(installation, f"/posts?room={room}", who="portfolio_manager").status_code == 404
    refused = ask(
        installation, "/posts", {"text": "Me too", "in_reply_to": made["post_id"]}, who="portfolio_manager"
    )
    assert refused.status_code == 404
    assert stored(installation, POSTS, "post_id", made["post_id"]) == []  # not said to the whole firm
    assert len(stored(installation, MESSAGES, "message_id", made["post_id"])) == 1


def test_a_room_of_members_is_for_its_list_and_reading_it_is_on_record(installation):
    boss = installation.one.people
    body = {"name": "Project heron", "kind": "members", "members": [boss["risk"].user_id]}
    room = ask(installation, "/rooms", body).get_json()["data"]["room_id"]
    made = write(installation, "Only the three of us", room_id=room)
    assert seen(installation, made["post_id"], who="risk")
    assert not seen(installation, made["post_id"], who="portfolio_manager")
    assert ask(installation, f"/rooms/{room}/members", {"members": []}, who="risk").status_code == 403
    assert ask(installation, f"/rooms/{room}/members", {"members": ["u_nobody"]}).status_code == 422
    assert ask(installation, f"/rooms/{room}/members", {"members": []}).status_code == 200
    assert not seen(installation, made["post_id"], who="risk")
    assert seen(installation, made["post_id"], who="compliance")
    assert ask(installation, f"/rooms/{room}/close", {}).status_code == 200
    assert ask(installation, "/posts", {"text": "Too late", "room_id": room}).status_code == 409
    assert {("feed.read", "rooms"), ("room.open", room), ("room.members", room), ("room.close", room)} <= set(
        trail(installation)
    )


def test_a_thread_is_for_who_may_see_what_it_is_about(installation):
    c = installation.one.canary
    made = write(installation, "Why so slow?", context_kind="order", context_id=f"{c}-O1")
    reply = write(installation, "Thin book", in_reply_to=made["post_id"], who="risk")
    assert (reply["context_kind"], reply["context_id"], reply["thread_id"]) == (
        "order",
        f"{c}-O1",
        made["post_id"],
    )
    found = ask(installation, f"/posts/{reply['post_id']}").get_json()["data"]["thread"]
    assert [row["post_id"] for row in found] == [made["post_id"], reply["post_id"]]
    assert not seen(installation, reply["post_id"], who="portfolio_manager")  # the order is of another desk
    foreign = {"text": "And mine?", "context_kind": "order", "context_id": f"{c}-O2"}
    assert ask(installation, "/posts", foreign).status_code == 404
    assert ask(installation, "/posts", foreign | {"context_id": "none"}).status_code == 404
    imported = write(installation, "So it was", in_reply_to=f"{c}-P1")
    listed = ask(installation, f"/posts?post={imported['post_id']}").get_json()["data"]
    assert [row["post_id"] for row in listed] == [f"{c}-P1", imported["post_id"]]


def test_what_threads_are_about_is_said_once_and_is_one_of_the_kinds(installation):
    for about in ("evil:1", "order", "order:", ":O1"):
        answer = ask(installation, f"/posts?about={about}")
        assert (answer.status_code, answer.get_json()["errors"][0]["field"]) == (422, "about"), about
    twice = {"text": "x y", "about": "order:O1", "context_kind": "order", "context_id": "O1"}
    answer = ask(installation, "/posts", twice)
    assert (answer.status_code, answer.get_json()["errors"][0]["field"]) == (422, "about")


def test_talk_about_an_alert_never_reaches_traders(installation):
    client = installation.client(token=installation.one.tokens["compliance"])
    alert = client.get("/api/compliance/alerts?limit=1", base_url=HERE).get_json()["data"][0]["alert_id"]
    body = {"context_kind": "alert", "context_id": alert}
    made = write(installation, "Looks like a wash to me", who="compliance", **body)
    assert {who: seen(installation, made["post_id"], who=who) for who in ("trader", "portfolio_manager", "risk", "auditor")} == {
        "trader": False, "portfolio_manager": False, "risk": False, "auditor": True,
    }  # fmt: skip
    real = ask(installation, "/posts", {"text": "What is it?", **body})
    unknown = ask(installation, "/posts", {"text": "What is it?", **body, "context_id": "none"})
    assert (real.status_code, real.get_json()["detail"]) == (404, unknown.get_json()["detail"])
    assert stored(installation, MESSAGES, "message_id", made["post_id"]) == []
    assert stored(installation, POSTS, "post_id", made["post_id"]) == []


def test_every_version_is_kept_and_surveyed_and_only_the_author_edits(installation):
    c = installation.one.canary
    made = write(installation, "Buy $QZA now")
    name = made["post_id"]
    assert ask(installation, f"/posts/{name}/edit", {"text": "Not mine"}, who="risk").status_code == 404
    now = ask(installation, f"/posts/{name}/edit", {"text": "I like $QZB"}).get_json()["data"]
    assert (now["version"], now["text"], now["instrument_ids"]) == (2, "I like $QZB", [f"{c}-QZB"])
    assert ask(installation, f"/posts/{name}/edit", {"text": "I like $QZB"}).status_code == 409
    told = stored(installation, MESSAGES, "message_id", name)
    assert [row["text"] for row in sorted(told, key=lambda row: row["message_id"])] == [
        "Buy $QZA now",
        "I like $QZB",
    ]
    versions = {
        who: len(ask(installation, f"/posts/{name}", who=who).get_json()["data"]["versions"])
        for who in ("risk", "compliance", "trader")
    }
    assert versions == {"risk": 0, "compliance": 2, "trader": 2}
    # The sentiment of the instruments follows the words as they stand.
    assert [
        row["text"]
        for row in ask(installation, f"/posts?instrument={c}-QZB").get_json()["data"]
        if row["post_id"] == name
    ] == ["I like $QZB"]


def test_a_hidden_post_is_gone_for_readers_and_kept_for_those_who_supervise(installation):
    c = installation.one.canary
    made = write(installation, "Our client Heron sells $QZA")
    name = made["post_id"]
    for who in ("trader", "risk", "portfolio_manager", "auditor"):
        assert ask(installation, f"/posts/{name}/hide", {"reason": WHY}, who=who).status_code == 403
    assert (
        ask(installation, f"/posts/{name}/hide", {"reason": WHY}, who="compliance", key=True).status_code
        == 403
    )
    assert ask(installation, f"/posts/{name}/hide", {"reason": "no"}, who="compliance").status_code == 422
    hidden = ask(installation, f"/posts/{name}/hide", {"reason": WHY}, who="compliance").get_json()["data"]
    assert (hidden["hidden"], hidden["hidden_reason"]) == (True, WHY)
    assert {who: seen(installation, name, who=who) for who in ("trader", "risk", "portfolio_manager", "compliance", "auditor")} == {
        "trader": False, "risk": False, "portfolio_manager": False, "compliance": True, "auditor": True,
    }  # fmt: skip
    assert ask(installation, f"/posts/{name}/edit", {"text": "Never said"}).status_code == 404
    for who, there in (
        ("trader", False),
        ("risk", False),
        ("compliance", True),
    ):  # whatever else reads the table
        desk = desk_of(installation.context, installation.one.slug, who)
        held = desk.collect(desk.rows(POSTS).select("post_id"))["post_id"]
        assert ((name in held), (f"{c}-P1" in held)) == (there, True), who
    assert ask(installation, f"/posts/{name}/hide", {"reason": WHY}, who="compliance").status_code == 409
    assert len(stored(installation, MESSAGES, "message_id", name)) == 1  # surveillance keeps it
    assert (
        ask(
            installation, f"/posts/{name}/restore", {"reason": "The client agreed to it."}, who="compliance"
        ).status_code
        == 200
    )
    assert seen(installation, name, who="risk")
    mine = write(installation, "My own words", who="compliance")["post_id"]
    assert ask(installation, f"/posts/{mine}/hide", {"reason": WHY}, who="compliance").status_code == 403
    assert {("post.hide", name), ("post.restore", name), ("post.refused", mine)} <= set(trail(installation))
    assert ask(installation, f"/posts/{name}", method="DELETE").status_code == 405


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x" * 10_000, "is 10,000 characters long; at most 4,000 fit"),
        ("", "says nothing"),
        ("  \n\t ", "says nothing"),
        ("\u200b", "cannot be seen"),
        ("buy\u202eyub", "turns the reading direction (U+202E) at place 4"),
        ("in\u200bsider", "a character that cannot be seen (U+200B) at place 3"),
        ("ring \x07 the bell", "a control character (U+0007)"),
        ("nul \x00", "a control character (U+0000)"),
        ("half \ud83d", "half a character"),
        ("a" + "\u0301" * 40, "marks on one letter"),
    ],
)
def test_what_cannot_be_read_honestly_is_refused_in_words(installation, text, said):
    client = installation.client(token=installation.one.tokens["trader"])
    headers = {"Origin": HERE, "Content-Type": "application/json"}
    answer = client.post(ROOT + "/posts", data=json.dumps({"text": text}), base_url=HERE, headers=headers)
    assert answer.status_code == 422, answer.text[:300]
    told = answer.get_json()["errors"]
    # Half a character is no text at all: the body is refused before anybody reads it.
    assert told[0]["field"].endswith("body" if "half" in text else "text")
    assert said in told[0]["message"] or "half" in text


@pytest.mark.parametrize(
    "text",
    [
        "<script>window.__x=1</script>",
        "<img src=x onerror=window.__x=1>",
        "[click](javascript:window.__x=1)",
        "javascript:alert(1)",
        "=HYPERLINK(1)",
        "{{7*7}} ${7*7} <%= 7 %>",
        "👩‍👩‍👧 up 3% 🏴󠁧󠁢󠁥󠁮󠁧󠁿 🇩🇪",
        "עברית ועוד, العربية",
    ],
)
def test_markup_is_kept_as_the_words_it_is(installation, text):
    made = write(installation, text)
    assert made["text"] == text
    assert ask(installation, f"/posts/{made['post_id']}", who="risk").get_json()["data"]["text"] == text


def test_faster_than_a_person_writes_is_refused_with_a_time_to_wait(installation, monkeypatch):
    monkeypatch.setattr(acting, "PER_MINUTE", 2)
    said = [ask(installation, "/posts", {"text": f"Number {i}"}, who="portfolio_manager") for i in range(3)]
    assert [one.status_code for one in said] == [201, 201, 429]
    assert int(said[2].headers["Retry-After"]) == 60
    assert "At most 2 posts a minute" in said[2].get_json()["detail"]
    assert ask(installation, "/posts", {"text": "Somebody else may"}, who="risk").status_code == 201


def test_a_preview_says_how_a_text_is_read_and_keeps_nothing(installation):
    c = installation.one.canary
    before = ask(installation, "/posts?show=own&limit=1000").get_json()["data"]
    found = ask(installation, "/posts/preview", {"text": "$QZA is great, $GONE is not"}).get_json()["data"]
    assert found["cashtags"] == [
        {"symbol": "QZA", "instrument_id": f"{c}-QZA"},
        {"symbol": "GONE", "instrument_id": None},
    ]
    assert found["unknown_cashtags"] == ["GONE"]
    assert (found["misfit"], found["longest"]) == (None, 4000)
    assert (found["instrument_ids"], found["relevance"]) == ([f"{c}-QZA"], [1.0])
    assert ask(installation, "/posts?show=own&limit=1000").get_json()["data"] == before


def test_follows_belong_to_who_follows(installation):
    c = installation.one.canary
    for kind, name in (("author", f"{c}-jane"), ("instrument", f"{c}-BBB")):
        assert ask(installation, "/follows", {"kind": kind, "id": name}, who="risk").status_code == 201
        assert ask(installation, "/follows", {"kind": kind, "id": name}, who="risk").status_code == 201
    mine = ask(installation, "/follows", who="risk").get_json()["data"]
    assert {(row["kind"], row["id"]) for row in mine} == {("author", f"{c}-jane"), ("instrument", f"{c}-BBB")}
    assert ask(installation, "/follows", who="compliance").get_json()["data"] == []
    made = write(installation, "Followed words", who="trader")
    shown = ask(installation, "/posts?show=following&limit=1000", who="risk").get_json()["data"]
    assert made["post_id"] in {row["post_id"] for row in shown}
    assert {row["author_id"] for row in shown if f"{c}-BBB" not in row["instrument_ids"]} == {f"{c}-jane"}
    assert ask(installation, "/follows", {"kind": "author", "id": f"{c}-jane"}).status_code == 409  # himself
    for kind, name in (
        ("author", "nobody"),
        ("room", "room_0"),
        ("instrument", f"{installation.other.canary}-AAA"),
    ):
        assert ask(installation, "/follows", {"kind": kind, "id": name}, who="risk").status_code == 404
    for way in (
        {"path": f"/follows?kind=author&id={c}-jane"},
        {"path": "/follows", "body": {"kind": "instrument", "id": f"{c}-BBB"}},
    ):
        gone = ask(installation, **way, who="risk", method="DELETE")
        assert gone.get_json().get("data", gone.get_json()).get("followed") is True, gone.text
    assert ask(installation, "/follows", {}, who="risk", method="DELETE").status_code == 422
    assert ask(installation, "/follows", who="risk").get_json()["data"] == []
    assert (
        ask(installation, "/follows", {"kind": "author", "id": f"{c}-jane"}, who="auditor").status_code == 403
    )


def test_what_could_not_be_passed_on_is_passed_on_once(installation, monkeypatch):
    slug, context = installation.one.slug, installation.context
    made = write(installation, "Passed on late")
    with context.database.session(slug, write=True) as session:
        # As if the process had died between the table and the record that says so.
        session.get(RoomPostVersion, (made["post_id"], 1)).relayed = False
    assert relay.JOB.due(context, slug)
    assert relay.relay_all(context, slug) == {"passed": 1}
    assert not relay.JOB.due(context, slug)
    assert len(stored(installation, MESSAGES, "message_id", made["post_id"])) == 1
    assert len(stored(installation, POSTS, "post_id", made["post_id"])) == 1
