"""Dash's browser side, made quick where it waits for itself.

Whenever the address, the theme or the data change, Dash notes every callback that hears of it, those of all pages,
and drops doubles by comparing each with each. Its deep comparison finds two callbacks different only after their
common parts: two hundred of them took it a second of a browser's time, on every first page and every change of view.
Two callbacks whose own functions differ are never equal: asked first, that answers the same, some fifty times sooner.
"""

import functools
from collections.abc import Callable
from typing import Any

from flask import Flask, Response

_ENDPOINT = "/_dash-component-suites/<string:package_name>/<path:fingerprinted_path>"
_RENDERER = "dash-renderer/build/dash_renderer."
# The first line of Ramda's `equals` as the pinned Dash is built, and the question that goes after it.
EQUALS = b"function Mt(t,e,r,n){if(_t(t,e))return!0;"
SOONER = b"if(t&&e&&t.getInputs!==e.getInputs)return!1;"


def install(server: Flask) -> None:
    """Let ``server``, on which Dash is set up, send the quick renderer."""
    serve: Callable[..., Any] = server.view_functions[_ENDPOINT]

    @functools.wraps(serve)
    def served(package_name: str, fingerprinted_path: str) -> Any:
        answer = serve(package_name, fingerprinted_path)
        if (
            package_name == "dash"
            and fingerprinted_path.startswith(_RENDERER)
            and isinstance(answer, Response)
            and answer.status_code == 200
        ):
            answer.set_data(quick(answer.get_data()))
        return answer

    server.view_functions[_ENDPOINT] = served


@functools.cache
def quick(renderer: bytes) -> bytes:
    """Return a renderer with the sooner question; one that is built in another way as it is."""
    return renderer.replace(EQUALS, EQUALS + SOONER) if renderer.count(EQUALS) == 1 else renderer
