"""Answers: one shape, an ETag that fits one identity, cursors that fit one question."""

import pytest

from app.desk import Desk
from app.errors import Invalid
from app.gateway.resource import cursor_of, paginate, position_of
from app.scope import Identity, Scope

WHO = "/api/things/who"
ALPHA = Identity("alpha", "u1", "n", "risk")
BETA = Identity("beta", "u2", "n", "risk")


def test_the_answer_has_the_shape_of_the_contract(house):
    response = house.client("compliance@alpha.example").get(f"{WHO}?account=A1&as_of=2026-11-20T16:00:00Z")
    assert response.json.keys() == {"data", "meta"}
    meta = response.json["meta"]
    assert meta.keys() == {"as_of", "scope", "versions", "next_cursor", "stale"}
    assert meta["as_of"] == "2026-11-20T16:00:00Z"
    assert meta["scope"] == "account=A1&as_of=2026-11-20T16%3A00%3A00Z"


def test_an_unchanged_answer_is_304_for_the_same_identity_only(house):
    client = house.client("compliance@alpha.example")
    tag = client.get(WHO).headers["ETag"]
    again = client.get(WHO, headers={"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["Cache-Control"] == "private, no-cache"
    for other in ("trader@alpha.example",):
        assert house.client(other).get(WHO, headers={"If-None-Match": tag}).status_code == 200
    beta = house.client("compliance@beta.example", org="beta")
    assert beta.get(WHO, headers={"If-None-Match": tag}).status_code == 200
    assert client.get(f"{WHO}?account=A1", headers={"If-None-Match": tag}).status_code == 200


def asked(house, query="", *, identity=ALPHA, path=WHO):
    """Return a context in which ``path`` is asked, and the desk of it."""
    scope = Scope.parse(query)
    desk = Desk(house.context.lake, house.context.database, identity, scope)
    return house.server.test_request_context(f"{path}?{query}"), desk


def test_pages_follow_one_another_without_gap_or_repeat(house):
    rows, seen, cursor = list(range(25)), [], ""
    while True:
        context, desk = asked(house, f"limit=10{cursor}")
        with context:
            page, following = paginate(desk, rows)
        seen += page
        if following is None:
            break
        cursor = f"&cursor={following}"
    assert seen == rows


def test_pages_by_position_take_one_row_more_to_know_of_the_next(house):
    context, desk = asked(house, "limit=2")
    with context:
        page, following = paginate(desk, ["a", "b", "c"], position=lambda row: [row])
        assert page == ["a", "b"]
        assert position_of(desk.identity, following) == ["b"]
        assert paginate(desk, ["a", "b"], position=lambda row: [row]) == (["a", "b"], None)


@pytest.mark.parametrize(
    "other",
    [
        {"identity": BETA},
        {"identity": Identity("alpha", "u1", "n", "trader", ("d",))},
        {"query": "account=A2"},
        {"path": "/api/things/other"},
    ],
)
def test_a_cursor_of_another_question_or_organisation_is_refused(house, other):
    context, desk = asked(house, "account=A1")
    with context:
        cursor = cursor_of(desk.identity, 10)
        assert position_of(desk.identity, cursor) == 10
    context, desk = asked(house, **({"query": "account=A1"} | other))
    with context, pytest.raises(Invalid) as refused:
        position_of(desk.identity, cursor)
    assert refused.value.errors[0].field == "cursor"


@pytest.mark.parametrize("cursor", ["", "x", "-1", "0", "é", "AAAA" * 20, "../..", "null", "a" * 3999, "%00"])
def test_a_made_up_cursor_is_refused(house, cursor):
    context, desk = asked(house)
    with context, pytest.raises(Invalid):
        position_of(desk.identity, cursor)
