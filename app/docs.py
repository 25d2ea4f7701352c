"""The reference pages, written from the code: ``make docs``."""

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analytics.compliance import detectors
from analytics.compliance.detector import Detector
from analytics.datasets import DATASETS
from analytics.registry import modules, subclasses
from app import jobs, sources
from app.config import PREFIX, Settings
from app.context import Context
from app.sources._base import Source

if TYPE_CHECKING:
    from flask import Flask

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = ROOT / "docs" / "reference"

Part = dict[str, str]


def parts(context: Context) -> dict[str, list[Part]]:
    """Return every part the registries find: kind to rows of name and title."""
    from analytics import insights, models
    from app.factory import create_app

    dash = create_app(context=context)
    pages = [module.PAGE for module in _pages()]
    return {
        "datasets": [_part(d.name, d.title) for d in DATASETS.values()],
        "sources": [_part(s.name, s.title) for s in subclasses(sources, Source).values()],  # type: ignore[type-abstract]
        "detectors": [_part(d.name, d.title) for d in subclasses(detectors, Detector).values()],  # type: ignore[type-abstract]
        "models": _declared(models),
        "insights": _declared(insights),
        "pages": [_part(page.path, page.title) for page in sorted(pages, key=lambda p: p.order)],
        "routes": routes(dash.server),
        "jobs": [_part(m.JOB.kind, m.JOB.title) for m in modules(jobs) if hasattr(m, "JOB")],
        "settings": settings(),
    }


def routes(server: "Flask") -> list[Part]:
    """Return every documented REST route with its summary."""
    spec = server.api_doc  # type: ignore[attr-defined]
    return [
        _part(f"{method.upper()} {path}", operation.get("summary", ""))
        for path, operations in sorted(spec["paths"].items())
        for method, operation in sorted(operations.items())
    ]


def settings() -> list[Part]:
    """Return every setting with its sentence."""
    return [
        _part(PREFIX + name.upper(), field.description or "") for name, field in Settings.model_fields.items()
    ]


def datasets_page() -> str:
    """Return the data set reference as Markdown."""
    lines = [
        "# Data sets",
        "",
        "Headers of CSV, Parquet and NDJSON files. Bold: required. `*`: part of the key.",
        "",
    ]
    for dataset in DATASETS.values():
        kind = " (derived or kept by Quarterdeck; not importable)" if dataset.derived else ""
        lines += [
            f"## {dataset.name}",
            "",
            f"{dataset.title}{kind}.",
            "",
            "| column | type | unit | meaning |",
            "|---|---|---|---|",
        ]
        for name, column in dataset.columns.items():
            shown = f"**{name}**" if column.required else name
            star = "*" if name in dataset.key else ""
            values = f" One of: {', '.join(column.values)}." if column.values else ""
            lines.append(f"| {shown}{star} | {column.dtype} | {column.unit or ''} | {column.doc}{values} |")
        lines.append("")
    return "\n".join(lines)


def list_page(title: str, intro: str, rows: list[Part]) -> str:
    """Return one list of parts as Markdown."""
    head = [f"# {title}", "", intro, "", "| name | what it is |", "|---|---|"]
    return "\n".join([*head, *(f"| `{row['name']}` | {row['title']} |" for row in rows), ""])


def main() -> None:
    """Write docs/reference."""
    from app.factory import create_app

    # A home of its own: the pages describe the code, not somebody's installation.
    with tempfile.TemporaryDirectory() as home:
        context = Context.open(Settings.load(home=home, database_url="", lake_url="", redis_url=""))
        found = parts(context)
        spec = create_app(context=context).server.api_doc
    REFERENCE.mkdir(parents=True, exist_ok=True)
    (REFERENCE / "datasets.md").write_text(datasets_page())
    intro = "Environment variables or lines of `.env`; each also as `NAME_FILE`."
    (REFERENCE / "settings.md").write_text(list_page("Settings", intro, found["settings"]))
    for kind in ("sources", "detectors", "models", "insights", "pages", "routes", "jobs"):
        intro = "What `python app.py list` finds. Written by `make docs`."
        (REFERENCE / f"{kind}.md").write_text(list_page(kind.capitalize(), intro, found[kind]))
    (REFERENCE / "openapi.json").write_text(json.dumps(spec, indent=1, sort_keys=True) + "\n")


def _part(name: str, title: str) -> Part:
    return {"name": name, "title": title}


def _declared(package: Any) -> list[Part]:
    """Return the named classes or constants that a room's modules declare."""
    found = {}
    for module in modules(package):
        for thing in vars(module).values():
            name, title = getattr(thing, "name", None), getattr(thing, "title", None)
            if (
                isinstance(name, str)
                and isinstance(title, str)
                and getattr(thing, "__module__", "") == module.__name__
            ):
                found[name] = _part(name, title)
    return [found[name] for name in sorted(found)]


def _pages() -> list[Any]:
    import pages

    return [module for module in modules(pages, deep=True) if hasattr(module, "PAGE")]


if __name__ == "__main__":
    main()
