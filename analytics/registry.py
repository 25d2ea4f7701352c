"""One file, one feature: import every module of a package and collect what it declares."""

import importlib
import pkgutil
from types import ModuleType
from typing import TypeVar

T = TypeVar("T")


def modules(package: ModuleType, *, deep: bool = False) -> list[ModuleType]:
    """Import and return the public modules of ``package``, sorted by dotted name.

    Args:
        package: The package whose files are features.
        deep: Also walk into sub-packages (pages and callbacks live in folders).

    Names that start with ``_`` are private and skipped.
    """
    found = []
    for info in sorted(pkgutil.iter_modules(package.__path__), key=lambda m: m.name):
        if info.name.startswith("_"):
            continue
        module = importlib.import_module(f"{package.__name__}.{info.name}")
        if info.ispkg:
            found.extend(modules(module, deep=True) if deep else [])
        else:
            found.append(module)
    return found


def subclasses(package: ModuleType, base: type[T]) -> dict[str, type[T]]:
    """Map ``name`` to each concrete subclass of ``base`` defined in ``package``.

    Raises:
        ValueError: If two classes carry the same name.
    """
    found: dict[str, type[T]] = {}
    for module in modules(package):
        for obj in vars(module).values():
            if not (isinstance(obj, type) and issubclass(obj, base)):
                continue
            if obj.__module__ != module.__name__ or getattr(obj, "__abstractmethods__", None):
                continue
            name = obj.name  # type: ignore[attr-defined]
            if name in found:
                raise ValueError(
                    f"{name!r} is declared by both {found[name].__module__} and {module.__name__}"
                )
            found[name] = obj
    return found
