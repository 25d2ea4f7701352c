"""Wires pages/operations/pipeline.py."""

from typing import Any

from dash import Dash, Input, Output, no_update

from app.gateway.auth import current_context, current_identity
from app.jobs import wizard
from app.queries import operations
from callbacks._fill import Drawn, View, fill
from callbacks.operations import _wizard
from components.formats import plural
from components.ids import URL
from components.imports import datasets_table, imports_table, one_import, outcome

COUNTS = frozenset({"records", "accepted", "duplicate"})  # of an answer about an import

PAGE = "operations-pipeline"


def register(app: Dash) -> None:
    """Attach this page's callbacks to ``app``."""
    fill(app, PAGE, "imports", "Imports", ask=operations.imports, draw=_imports)
    fill(app, PAGE, "datasets", "Data sets", ask=operations.data_health, draw=_datasets)
    fill(app, PAGE, "import", "One import", ask=_one, draw=_detail)

    @app.callback(
        Output("upload-dataset", "options"),
        Output("upload-mapping", "options"),
        Input(URL, "pathname"),
        Input("wizard-said", "children"),
    )
    def offer(_: str | None, __: Any) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
        known = wizard.names(current_context(), current_identity())
        datasets = [{"label": "Recognise it", "value": "auto"}]
        datasets += [{"label": title, "value": name} for name, title in operations.dataset_titles().items()]
        mappings = [{"label": "None: our own columns", "value": "none"}]
        mappings += [{"label": f"{m['title']} ({m['origin']})", "value": m["name"]} for m in known]
        return datasets, mappings

    @app.callback(
        Output("upload-dataset", "value"),
        Output("upload-format", "value"),
        Input("upload-file", "data"),
        prevent_initial_call=True,
    )
    def recognise(file: dict[str, Any] | None) -> tuple[Any, Any]:
        if not isinstance(file, dict):
            return no_update, no_update
        return _wizard.recognise(file)

    @app.callback(
        Output("pipeline-result", "children"), Input("upload-answer", "data"), prevent_initial_call=True
    )
    def show_outcome(result: dict[str, Any] | None) -> Any:
        # What a browser keeps may be anything: only an answer of ours is drawn.
        known = isinstance(result, dict) and (result.get("status") == "failed" or set(result) >= COUNTS)
        return outcome(result) if known else None

    _wizard.register(app)


def _imports(answer: tuple[list[dict[str, Any]], int], _: View) -> Drawn:
    rows, total = answer
    return Drawn(imports_table(rows), "ready" if rows else "empty", sub=plural(total, "import"), fit="flush")


def _datasets(rows: list[dict[str, Any]], view: View) -> Drawn:
    return Drawn(datasets_table(rows, meant=view.state("dataset")), "ready" if rows else "empty", fit="flush")


def _one(desk: Any) -> tuple[dict[str, Any], Any, int] | None:
    import_id = desk.scope.extra.get("import")
    if not import_id:
        return None
    rows, total = operations.rejects(desk, import_id)
    return operations.one_import(desk, import_id), rows, total


def _detail(answer: tuple[dict[str, Any], Any, int] | None, _: View) -> Drawn:
    if answer is None:
        return Drawn("Choose an import below to see what it set aside.", "empty", fit="pad")
    return Drawn(one_import(*answer), fit="pad")
