"""Every callback of the app, replayed by those who should learn nothing from it."""

import json
from typing import Any

import pytest

from tests.tenancy.conftest import HERE
from tests.world import ROLES

pytestmark = pytest.mark.slow


def value_of(item: dict[str, Any], canary: str) -> Any:
    """Return what a browser, or somebody who would like to be one, sends for a property."""
    words = {
        "search": f"?account={canary}-ACC1&instrument={canary}-AAA&desk={canary}-desk1&alert={canary}&post={canary}-P1",
        "pathname": "/",
        "href": f"{HERE}/?account={canary}-ACC1",
        "data": None,
        "n_clicks": 1,
        "n_intervals": 1,
        "value": f"{canary}-ACC1",
        "getRowsRequest": {"startRow": 0, "endRow": 50, "filterModel": {}, "sortModel": []},
    }
    return words.get(item["property"])


def concrete(item_id: str, canary: str) -> Any:
    """Return an id a browser could send; wildcards get one of the other firm's ids."""
    if not item_id.startswith("{"):
        return item_id
    return {k: canary if isinstance(v, list) else v for k, v in json.loads(item_id).items()}


def body_of(callback: dict[str, Any], canary: str, value: Any = value_of) -> dict[str, Any]:
    """Return the body of a call; ``value`` makes the value of each property."""

    def sent(items: list[dict[str, Any]]) -> list[Any]:
        said = []
        for item in items:
            one = {
                "id": concrete(item["id"], canary),
                "property": item["property"],
                "value": concrete(item["id"], canary) if item["property"] == "id" else value(item, canary),
            }
            said.append([one] if '["ALL"]' in item["id"] else one)
        return said

    output = callback["output"]
    names = output[2:-2].split("...") if output.startswith("..") else [output]
    outputs = [dict(zip(("id", "property"), name.rsplit(".", 1), strict=True)) for name in names]
    for one in outputs:
        one["id"] = concrete(one["id"], canary)
        one["property"] = one["property"].partition("@")[0]
    inputs = sent(callback["inputs"])
    return {
        "output": output,
        "outputs": outputs if output.startswith("..") else outputs[0],
        "inputs": inputs,
        "state": sent(callback["state"]),
        "changedPropIds": [
            f"{i['id']}.{i['property']}"
            for i in inputs[:1]
            if isinstance(i, dict) and isinstance(i["id"], str)
        ],
    }


def call(client, body):
    return client.post(
        "/_dash-update-component",
        data=json.dumps(body),
        content_type="application/json",
        base_url=HERE,
        headers={"Origin": HERE},
    )


def test_nobody_replays_a_callback_anonymously(installation):
    callbacks = installation.server_side()
    assert len(callbacks) > 10
    for callback in callbacks:
        answer = call(installation.client(), body_of(callback, installation.one.canary))
        assert answer.status_code == 401, callback["output"]
    installation.counted("anonymous at callbacks", len(callbacks))


@pytest.mark.parametrize("role", ROLES)
def test_a_stranger_learns_nothing_from_callbacks(installation, role):
    canary = installation.one.canary
    client = installation.client(token=installation.other.tokens[role])
    for callback in installation.server_side():
        answer = call(client, body_of(callback, canary))
        assert answer.status_code < 500, (callback["output"], answer.text[:300])
        # Chips and links tell back what was asked for; names, texts and figures of ours must not appear.
        for secret in (f"{canary} ", f"{canary}-E1", f"{canary}-O1", f"{canary}-M1", f"{canary}-BBB"):
            assert secret not in answer.text, (callback["output"], secret)
        installation.counted("strangers at callbacks", 1)


@pytest.mark.parametrize(
    ("role", "theirs"), [("trader", "2"), ("portfolio_manager", "1")], ids=["trader", "manager"]
)
def test_a_colleague_of_another_desk_learns_nothing_of_it_from_callbacks(installation, role, theirs):
    canary = installation.one.canary
    client = installation.client(token=installation.one.tokens[role])

    def plain(item: dict[str, Any], _: str) -> Any:
        return "" if item["property"] == "search" else value_of(item, "x")

    for callback in installation.server_side():
        answer = call(client, body_of(callback, "x", plain))
        assert answer.status_code < 500, (callback["output"], answer.text[:300])
        for secret in (f"{canary}-ACC{theirs}", f"{canary}-O{theirs}", f"{canary}-E{theirs}"):
            assert secret not in answer.text, (callback["output"], secret)
        installation.counted("colleagues at callbacks", 1)


def test_the_owner_learns_something_from_callbacks(installation):
    canary = installation.one.canary
    client = installation.client(token=installation.one.tokens["compliance"])
    told = 0
    for callback in installation.server_side():
        answer = call(client, body_of(callback, canary))
        assert answer.status_code < 500, (callback["output"], answer.text[:300])
        told += f"{canary}-" in answer.text
        installation.counted("owner at callbacks", 1)
    assert told > 3


HOSTILE = (
    0, -1, 2**70, True, "", "x", "\u202e\u0000", "9" * 400, "2026-02-30", [], ["x"], [[None]], {}, {"x": 1},
    {"startRow": "x", "endRow": [], "filterModel": [], "sortModel": {}}, {"startRow": -5, "endRow": 10**12},
    {"startRow": 0, "endRow": 9, "filterModel": {"x": 1, "price": {"type": {}}}, "sortModel": [1, {"colId": []}]},
    {"points": [{"customdata": {}}]}, [{"id": {}}], "javascript:alert(1)", "../../etc/passwd",
)  # fmt: skip


def test_hostile_values_are_refused_not_broken_by(installation):
    """Each odd value in the place of every value of every callback: an answer, or a refusal, never a fault."""
    client = installation.client(token=installation.one.tokens["admin"])
    faults = []
    for callback in installation.server_side():
        for value in HOSTILE:
            answer = call(client, body_of(callback, "x", lambda *_, value=value: value))
            installation.counted("hostile callback values", 1)
            if answer.status_code >= 500:
                faults.append((callback["output"][:80], repr(value)[:60]))
    assert not faults, "\n".join(map(str, faults))


@pytest.mark.parametrize(
    "body",
    [
        {}, [], None, "x", 1, {"output": "os.path"}, {"output": "..", "inputs": []}, {"output": "a.b", "inputs": [{"id": "x"}]},
    ],
)  # fmt: skip
def test_malformed_bodies_are_refused_not_broken_by(installation, body):
    client = installation.client(token=installation.one.tokens["compliance"])
    assert 400 <= call(client, body).status_code < 500
