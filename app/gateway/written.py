"""What callbacks draw, written as JSON in one pass.

Dash cleans a tree of components by rebuilding it, testing every value for a dozen libraries, and writes it then: a
third of what a card of rows costs. Here each drawing is written straight away; Dash puts it into its answer as it is.
"""

import functools
from collections.abc import Callable
from datetime import date, time
from decimal import Decimal
from typing import Any

import orjson
from dash import Dash
from dash.development.base_component import Component

_OPTIONS = orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_PASSTHROUGH_DATETIME


class WritingDash(Dash):
    """Dash whose callbacks hand over their drawings written."""

    def callback(self, *args: Any, **kwargs: Any) -> Callable[..., Any]:
        """Register a callback as Dash does."""
        register = super().callback(*args, **kwargs)

        def wrap(function: Callable[..., Any]) -> Any:
            @functools.wraps(function)
            def drawn(*values: Any, **named: Any) -> Any:
                return written(function(*values, **named))

            return register(drawn)

        return wrap


def written(answer: Any) -> Any:
    """Return the answer of a callback with its components written; an answer without any is returned as it is.

    Lists and tuples of the answer are its outputs, or a list of components: both are looked through one level deep.
    """
    if isinstance(answer, Component):
        return fragment(answer)
    if isinstance(answer, list | tuple) and any(isinstance(one, Component | list | tuple) for one in answer):
        return [fragment(one) if _drawn(one) else one for one in answer]
    return answer


def _drawn(one: Any) -> bool:
    return isinstance(one, Component) or (
        isinstance(one, list | tuple) and any(isinstance(part, Component) for part in one)
    )


def fragment(drawing: Any) -> orjson.Fragment:
    """Return a component, or a list of them, as JSON that is put into an answer untouched.

    Raises:
        TypeError: If a part of it is nothing that JSON knows.
    """
    return orjson.Fragment(orjson.dumps(drawing, default=_plain, option=_OPTIONS))


def _plain(value: Any) -> Any:
    if isinstance(value, Component):
        return _component(value)
    if isinstance(value, date | time):  # and datetime, which is a date
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    for way in ("to_plotly_json", "tolist"):  # figures and patches; arrays of texts
        if hasattr(value, way):
            return getattr(value, way)()
    raise TypeError(f"{type(value).__name__} cannot be drawn")


def _component(one: Component) -> Any:
    kind = type(one)
    if kind.to_plotly_json is not Component.to_plotly_json:
        return one.to_plotly_json()  # type: ignore[no-untyped-call]
    held = one.__dict__
    names, wild = _known(kind, tuple(held["_valid_wildcard_attributes"]), held["_prop_names"])
    return {
        "props": {name: value for name, value in held.items() if name in names or name.startswith(wild)},
        "type": one._type,  # noqa: SLF001 - what Dash writes
        "namespace": one._namespace,  # noqa: SLF001
    }


_KNOWN: dict[type, tuple[frozenset[str], tuple[str, ...]]] = {}


def _known(kind: type, wild: tuple[str, ...], names: list[str]) -> tuple[frozenset[str], tuple[str, ...]]:
    """Return the names of a kind of component's properties, which all of them share, and how other ones begin."""
    found = _KNOWN.get(kind)
    if found is None:
        found = _KNOWN[kind] = frozenset(names), wild
    return found
