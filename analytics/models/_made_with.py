"""What a trained model hangs on beside its data: code, libraries and seeds."""

import ast
import platform
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from importlib.abc import InspectLoader
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Any

from analytics.models import _skill
from analytics.models._base import Model

LIBRARIES = ("numpy", "scipy", "polars", "scikit-learn", "arch", "skops")


def made_with(kind: type[Model]) -> dict[str, Any]:
    """Return what training again must share for the same predictions, to the last bit, from the same data.

    Returns:
        ``code``: SHA-256, shortened, of the sources of the model and of all that it imports of this product;
        ``libraries`` (name to version, Python among them) and ``seeds`` (what is drawn to its seed).
    """
    return {
        "code": code_of(kind.__module__),
        "libraries": libraries(),
        "seeds": {"bootstrap of the skill": _skill.SEED} | dict(kind.seeds),
    }


@cache
def libraries() -> dict[str, str]:
    """Return the libraries that models compute with, and their versions; those not installed are left out."""
    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


@cache
def code_of(module: str) -> str:
    """Return a digest of the sources of a module and of every module of ``analytics`` that it imports, however deep."""
    digest, seen, waiting = sha256(), set[str](), [module, _skill.__name__]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += _imported(name)
    for name in sorted(seen):
        digest.update(f"{name}\n".encode() + (_source(name) or b""))
    return digest.hexdigest()[:16]


def _imported(module: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(_source(module) or b"")):
        if isinstance(node, ast.Import):
            names = [one.name for one in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            # ``from package import module`` names the module last.
            names = [node.module, *(f"{node.module}.{one.name}" for one in node.names)]
        else:
            continue
        yield from (name for name in names if name.startswith("analytics.") and _source(name) is not None)


@cache
def _source(module: str) -> bytes | None:
    """Return the source of a module; None where there is none of that name."""
    try:
        spec = find_spec(module)
    except ModuleNotFoundError:  # a name within a module is no module itself
        return None
    loader = spec.loader if spec is not None else None
    source = loader.get_source(module) if isinstance(loader, InspectLoader) else None
    return None if source is None else source.encode()
