"""Every callback of the app, replayed by those who should learn nothing from it."""

from typing import Any

import pytest

from tests.tenancy.conftest import HERE, Installation
from tests.world import ROLES


def value_of(item: dict[str, Any], canary: str) -> Any:
    """Return what a browser, or somebody who would like to be one, sends for a property."""
    prop = item["property"]
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
    return words.get(prop)


def concrete(item_id: str, canary: str) -> Any:
    """Return an id a browser could send; wildcards get one of the other firm's ids."""
    import json

    if not item_id.startswith("{"):
        return item_id
    return {k: canary if isinstance(v, list) else v for k, v in json.loads(item_id).items()}


def body_of(callback: dict[str, Any], canary: str) -> dict[str, Any]:
    def sent(items: list[dict[str, Any]]) -> list[Any]:
        return [
            {"id": concrete(i["id"], canary), "property": i["property"], "value": value_of(i, canary)}
            for i in items
        ]

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
        "changedPropIds": [f"{i['id']}.{i['property']}" for i in inputs[:1] if isinstance(i["id"], str)],
    }


def server_side(installation: Installation) -> list[dict[str, Any]]:
    return [c for c in installation.dependencies if not c.get("clientside_function")]


def test_nobody_replays_a_callback_anonymously(installation):
    callbacks = server_side(installation)
    assert len(callbacks) > 10
    for callback in callbacks:
        answer = installation.client().post(
            "/_dash-update-component",
            json=body_of(callback, installation.one.canary),
            base_url=HERE,
            headers={"Origin": HERE},
        )
        assert answer.status_code == 401, callback["output"]


@pytest.mark.parametrize("role", ROLES)
def test_a_stranger_learns_nothing_from_callbacks(installation, role):
    canary = installation.one.canary
    client = installation.client(token=installation.other.tokens[role])
    for callback in server_side(installation):
        answer = client.post(
            "/_dash-update-component", json=body_of(callback, canary), base_url=HERE, headers={"Origin": HERE}
        )
        assert answer.status_code < 500, (callback["output"], answer.data[:300])
        # Chips and links tell back what was asked for; names, texts and figures of ours must not appear.
        for secret in (f"{canary} ", f"{canary}-E1", f"{canary}-O1", f"{canary}-M1", f"{canary}-BBB"):
            assert secret.encode() not in answer.data, (callback["output"], secret)


def test_the_owner_learns_something_from_callbacks(installation):
    canary = installation.one.canary
    client = installation.client(token=installation.one.tokens["compliance"])
    told = 0
    for callback in server_side(installation):
        answer = client.post(
            "/_dash-update-component", json=body_of(callback, canary), base_url=HERE, headers={"Origin": HERE}
        )
        assert answer.status_code < 500, (callback["output"], answer.data[:300])
        told += f"{canary}-".encode() in answer.data
    assert told > 3


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        None,
        "x",
        1,
        {"output": "os.path"},
        {"output": "..", "inputs": []},
        {"output": "a.b", "inputs": [{"id": "x"}]},
    ],
)
def test_malformed_bodies_are_refused_not_broken_by(installation, body):
    client = installation.client(token=installation.one.tokens["compliance"])
    answer = client.post("/_dash-update-component", json=body, base_url=HERE, headers={"Origin": HERE})
    assert 400 <= answer.status_code < 500
