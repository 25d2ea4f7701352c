"""Bodies of Dash's callback route, checked against the callbacks that exist before Dash sees them."""

import json
from collections.abc import Mapping
from typing import Any

from dash._utils import split_callback_id, stringify_id
from flask import request
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

PATH = "/_dash-update-component"
_FIELDS = frozenset({"output", "outputs", "inputs", "state", "changedPropIds", "parsedChangedPropsIds"})
_WILDCARDS = {'["MATCH"]': "one", '["ALL"]': "many", '["ALLSMALLER"]': "many"}
_TEXT = frozenset({"pathname", "search", "href", "hash"})
_COUNT = frozenset({"n_clicks", "n_intervals", "n_submit", "n_blur", "n_dismiss"})
_FLAG = frozenset({"is_open", "disabled", "hidden", "is_loaded"})
_DOCUMENT = frozenset({"getRowsRequest", "clickData", "hoverData", "relayoutData"})
_MAX_TEXT = 8192
_MAX_DEPTH = 40


def check_body(callback_map: Mapping[str, Any]) -> str:
    """Check this request's body and return the output it asks for.

    Dash matches values to callbacks by position and believes the ids sent along; it answers 500 to
    what does not fit. Here the ids must be the declared ones, in the declared order.

    Raises:
        UnsupportedMediaType: If the body is not declared as JSON.
        BadRequest: If it is not a call of a callback that exists.
    """
    if not request.is_json:
        raise UnsupportedMediaType
    if set(request.args) - {"endId"}:
        # oldJob, cancelJob, cacheKey and the like belong to background callbacks; there are none. The
        # renderer adds endId, a token that Dash signed itself, to every call.
        raise BadRequest("parameters")
    body = request.get_json()
    if not isinstance(body, dict) or not set(body) <= _FIELDS:
        raise BadRequest("not a callback")
    if _depth(body) > _MAX_DEPTH:
        raise BadRequest("nested too deeply")
    output = body.get("output")
    declared = callback_map.get(output) if isinstance(output, str) else None
    if declared is None or "callback" not in declared:
        raise BadRequest("no such callback")
    assert isinstance(output, str)
    _check_items(body.get("inputs", []), declared["inputs"])
    _check_items(body.get("state", []), declared["state"])
    if not declared.get("no_output"):
        _check_outputs(body.get("outputs"), output)
    _check_changed(body.get("changedPropIds", []))
    return output


def _check_items(items: Any, declared: list[dict[str, Any]]) -> None:
    if not isinstance(items, list) or len(items) != len(declared):
        raise BadRequest("not the declared inputs")
    for item, spec in zip(items, declared, strict=True):
        kind = _kind(spec["id"])
        if kind == "many":
            if not isinstance(item, list):
                raise BadRequest("a list is declared")
            for each in item:
                _check_item(each, spec)
        else:
            _check_item(item, spec)


def _check_item(item: Any, spec: dict[str, Any]) -> None:
    if not isinstance(item, dict) or not set(item) <= {"id", "property", "value"}:
        raise BadRequest("not an input")
    if item.get("property") != spec["property"] or not _fits(item.get("id"), spec["id"]):
        raise BadRequest("not the declared input")
    if spec["property"] == "id" and item.get("value") != item["id"]:
        raise BadRequest("an id is not what it says it is")
    _check_value(spec["property"], item.get("value"))


def _check_value(name: str, value: Any) -> None:
    """Refuse values that no browser sends for a property of this name."""
    if value is None:
        return
    if name in _TEXT and (not isinstance(value, str) or len(value) > _MAX_TEXT or "\0" in value):
        raise BadRequest("text is expected")
    if name == "pathname" and not value.startswith("/"):
        raise BadRequest("a path is expected")
    if name in _DOCUMENT and not isinstance(value, dict):
        raise BadRequest("an object is expected")
    if name in _COUNT and (isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**53):
        raise BadRequest("a count is expected")
    if name in _FLAG and not isinstance(value, bool):
        raise BadRequest("true or false is expected")


def _check_outputs(outputs: Any, output: str) -> None:
    declared = split_callback_id(output)  # type: ignore[no-untyped-call]
    if isinstance(declared, list):
        if not isinstance(outputs, list) or len(outputs) != len(declared):
            raise BadRequest("not the declared outputs")
    else:
        declared, outputs = [declared], [outputs]
    for item, spec in zip(outputs, declared, strict=True):
        spec_id = spec["id"].replace("\\.", ".")
        for each in item if isinstance(item, list) and _kind(spec_id) == "many" else [item]:
            if (
                not isinstance(each, dict)
                or set(each) != {"id", "property"}
                or each["property"] not in {spec["property"], spec["property"].split("@", 1)[0]}
                or not _fits(each["id"], spec_id)
            ):
                raise BadRequest("not the declared output")


def _check_changed(changed: Any) -> None:
    if not isinstance(changed, list) or len(changed) > 1000:
        raise BadRequest("not a list of changed properties")
    for name in changed:
        if not isinstance(name, str) or "." not in name or len(name) > _MAX_TEXT:
            raise BadRequest("not a changed property")
        if name.startswith("{"):
            try:
                found = json.loads(name.rsplit(".", 1)[0])
            except ValueError as error:
                raise BadRequest("not a changed property") from error
            if not isinstance(found, dict):
                raise BadRequest("not a changed property")


def _kind(spec_id: str) -> str:
    """Return ``plain``, ``one`` (MATCH) or ``many`` (ALL) for a declared id."""
    if not spec_id.startswith("{"):
        return "plain"
    parts = json.loads(spec_id).values()
    kinds = {_WILDCARDS.get(json.dumps(part), "plain") for part in parts if isinstance(part, list)}
    return "many" if "many" in kinds else "one" if "one" in kinds else "plain"


def _fits(sent: Any, spec_id: str) -> bool:
    if not spec_id.startswith("{"):
        return bool(sent == spec_id)
    declared = json.loads(spec_id)
    if isinstance(sent, str):
        return sent == stringify_id(declared)
    if not isinstance(sent, dict) or set(sent) != set(declared):
        return False
    return all(
        isinstance(sent[name], str | int | float | bool)
        and (isinstance(wanted, list) or sent[name] == wanted)
        for name, wanted in declared.items()
    )


def _depth(value: Any) -> int:
    """Return how deep ``value`` is nested, without recursing."""
    depth, level = 0, [value]
    while level and depth <= _MAX_DEPTH:
        depth += 1
        level = [
            child
            for item in level
            if isinstance(item, dict | list)
            for child in (item.values() if isinstance(item, dict) else item)
            if isinstance(child, dict | list)
        ]
    return depth
