"""The mapping wizard: suggest, edit, preview, save."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dash import ALL, Dash, Input, Output, State, ctx, no_update

from app.errors import QuarterdeckError
from app.gateway.auth import current_context, current_identity
from app.jobs import wizard
from app.queries import operations
from components.intake import columns_form, preview
from components.states import banner

MEDIA = {"csv": "text/csv", "ndjson": "application/x-ndjson", "parquet": "application/vnd.apache.parquet",
         "flex": "application/xml", "fix": "text/plain"}  # fmt: skip


def recognise(file: dict[str, Any]) -> tuple[Any, Any]:
    """Return the data set and media type that the beginning of a file looks like; no change when unsure."""
    with _kept(file) as path:
        found = wizard.recognise(path, filename=str(file.get("name", ""))) if path else None
    if found is None:
        return no_update, no_update
    kind, dataset = found
    return dataset or "auto", MEDIA.get(kind, "auto")


def register(app: Dash) -> None:
    """Attach the wizard's callbacks."""

    @app.callback(
        Output("wizard", "hidden"),
        Output("wizard-spec", "data"),
        Output("wizard-name", "value"),
        Input("upload-map", "n_clicks"),
        Input("wizard-apply", "n_clicks"),
        Input({"wizard": "source", "column": ALL}, "value"),
        Input({"wizard": "constant", "column": ALL}, "value"),
        Input("wizard-dataset", "value"),
        Input("wizard-zone", "value"),
        Input("wizard-decimal", "value"),
        Input("wizard-formats", "value"),
        State("wizard-spec", "data"),
        State("wizard-json", "value"),
        State("upload-file", "data"),
        State("upload-mapping", "value"),
        prevent_initial_call=True,
    )
    def edit(
        _: Any, __: Any, sources: Any, constants: Any, dataset: str | None, zone: str | None, decimal: str | None,
        formats: str | None, held: dict[str, Any] | None, text: str | None, file: dict[str, Any] | None, named: str | None,
    ) -> tuple[Any, Any, Any]:  # fmt: skip
        if ctx.triggered_id == "upload-map":
            spec = _begin(file, named)
            return False, spec, spec.get("name", "")
        if not held:
            return no_update, no_update, no_update
        if ctx.triggered_id == "wizard-apply":
            try:
                spec = json.loads(text or "{}")
            except ValueError as error:
                return False, held | {"_error": f"This is not JSON: {error}"}, no_update
            return False, spec | {"_headers": held.get("_headers", [])}, no_update
        spec = _edited(held, ctx.inputs_list[2], ctx.inputs_list[3], sources, constants)
        spec |= {
            "zone": zone or None,
            "decimal": decimal or ".",
            "formats": [f for f in (formats or "").split("|") if f],
        }
        if ctx.triggered_id == "wizard-dataset" and dataset and spec.get("rules"):
            spec["rules"][0] = {"dataset": dataset, "columns": {}}
        return (no_update, no_update, no_update) if spec == held else (False, spec, no_update)

    @app.callback(
        Output("wizard-columns", "children"),
        Output("wizard-json", "value"),
        Output("wizard-dataset", "options"),
        Output("wizard-dataset", "value"),
        Output("wizard-zone", "value"),
        Output("wizard-decimal", "value"),
        Output("wizard-formats", "value"),
        Output("wizard-rows", "children"),
        Input("wizard-spec", "data"),
        Input("wizard-preview", "n_clicks"),
        State("upload-file", "data"),
        prevent_initial_call=True,
    )
    def draw(spec: dict[str, Any] | None, _: Any, file: dict[str, Any] | None) -> tuple[Any, ...]:
        if not spec:
            return (no_update,) * 8
        shown = {name: value for name, value in spec.items() if not name.startswith("_")}
        rule = (shown.get("rules") or [{}])[0]
        dataset = str(rule.get("dataset") or "executions")
        chosen = {
            n: ({"source": c} if isinstance(c, str) else c) for n, c in (rule.get("columns") or {}).items()
        }
        form = columns_form(dataset, operations.columns_of(dataset), spec.get("_headers", []), chosen)
        options = [{"label": title, "value": name} for name, title in operations.dataset_titles().items()]
        rows = banner("err", spec["_error"]) if spec.get("_error") else _previewed(shown, file)
        return (
            form, json.dumps(shown, indent=1), options, dataset, shown.get("zone") or "", shown.get("decimal", "."),
            "|".join(shown.get("formats") or ()), rows,
        )  # fmt: skip

    @app.callback(
        Output("wizard-said", "children"),
        Output("upload-mapping", "value"),
        Input("wizard-save", "n_clicks"),
        State("wizard-name", "value"),
        State("wizard-spec", "data"),
        prevent_initial_call=True,
    )
    def save(_: Any, name: str | None, spec: dict[str, Any] | None) -> tuple[Any, Any]:
        shown = {key: value for key, value in (spec or {}).items() if not key.startswith("_")}
        try:
            saved = wizard.save(current_context(), current_identity(), name=(name or "").strip(), spec=shown)
        except QuarterdeckError as error:
            return _told(error), no_update
        return f"Saved as {saved}. Import now reads the file through it.", saved.partition("@")[0]


def _begin(file: dict[str, Any] | None, named: str | None) -> dict[str, Any]:
    """Return the mapping that was chosen, else one guessed from the file's headers."""
    with _kept(file) as path:
        if path is None:
            return {
                "_error": "Choose a CSV file first: the wizard reads its headers.",
                "name": "",
                "rules": [],
            }
        try:
            spec = (
                wizard.spec_of(current_context(), current_identity(), named)
                if named
                else wizard.suggest(path)
            )
            return spec | {"_headers": wizard.headers(path, spec)}
        except QuarterdeckError as error:
            return {"_error": _told(error), "name": "", "rules": []}


def _edited(
    held: dict[str, Any], source_ids: Any, constant_ids: Any, sources: Any, constants: Any
) -> dict[str, Any]:
    """Put what the form says into the first rule; what only the JSON can say stays."""
    spec = json.loads(json.dumps(held))
    spec.pop("_error", None)
    if not spec.get("rules"):
        return spec
    columns = spec["rules"][0].setdefault("columns", {})
    pairs = [(i["id"]["column"], "source", v) for i, v in zip(source_ids, sources, strict=True)]
    pairs += [(i["id"]["column"], "constant", v) for i, v in zip(constant_ids, constants, strict=True)]
    for name, key, value in pairs:
        part = columns.get(name, {})
        part = {"source": part} if isinstance(part, str) else dict(part)
        if value:
            part[key] = value
        else:
            part.pop(key, None)
        if part:
            columns[name] = part
        else:
            columns.pop(name, None)
    return spec


def _previewed(spec: dict[str, Any], file: dict[str, Any] | None) -> Any:
    with _kept(file) as path:
        if path is None:
            return banner("info", "Choose a CSV file to see how it reads.")
        try:
            found = wizard.preview(
                current_identity(), path, filename=str((file or {}).get("name", "")), spec=spec
            )
        except QuarterdeckError as error:
            return banner("err", _told(error))
    return preview(found.records, found.rows, found.rejects.to_dicts(), found.warnings)


def _told(error: QuarterdeckError) -> str:
    return " ".join([error.detail, *(f"{e.field}: {e.message}" for e in error.errors[:5])])


@contextmanager
def _kept(file: dict[str, Any] | None) -> Iterator[Path | None]:
    """Hold the beginning of the chosen file, as the browser sent it, on disk for a moment."""
    head = (file or {}).get("head")
    if not isinstance(head, str) or not head:
        yield None
        return
    with tempfile.NamedTemporaryFile("w", suffix=".csv", encoding="utf-8", newline="") as kept:
        kept.write(head)
        kept.flush()
        yield Path(kept.name)
