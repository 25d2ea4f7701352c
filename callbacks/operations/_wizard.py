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

_WAYS = ("source", "constant", "template")


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

    # One callback for edit and drawing: the form's values are both its inputs and its outputs, and a
    # circle through two callbacks would never be run.
    @app.callback(
        Output("wizard", "hidden"),
        Output("wizard-spec", "data"),
        Output("wizard-name", "value"),
        Output("wizard-columns", "children"),
        Output("wizard-json", "value"),
        Output("wizard-dataset", "options"),
        Output("wizard-dataset", "value"),
        Output("wizard-zone", "value"),
        Output("wizard-decimal", "value"),
        Output("wizard-formats", "value"),
        Output("wizard-rows", "children"),
        Input("upload-map", "n_clicks"),
        Input("wizard-apply", "n_clicks"),
        Input("wizard-preview", "n_clicks"),
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
        _: Any, __: Any, ___: Any, sources: Any, constants: Any, dataset: str | None, zone: str | None,
        decimal: str | None, formats: str | None, held: dict[str, Any] | None, text: str | None,
        file: dict[str, Any] | None, named: str | None,
    ) -> tuple[Any, ...]:  # fmt: skip
        asked = ctx.triggered_id
        if asked == "upload-map":
            spec = _begin(file, named)
            return (False, spec, spec.get("name", ""), *_form(spec), _rows(spec, file))
        if not held:
            return (no_update,) * 11
        if asked == "wizard-apply":
            spec = _parsed(text, held)
            form = (no_update,) * 7 if spec.get("_error") else _form(spec)
            return (no_update, spec, no_update, *form, _rows(spec, file))
        spec, replaced = _edited(held, ctx.inputs_list[3], ctx.inputs_list[4], sources, constants)
        spec |= {
            "zone": zone or None,
            "decimal": decimal or ".",
            "formats": [f for f in (formats or "").split("|") if f],
        }
        if asked == "wizard-dataset" and dataset and spec.get("rules"):
            spec["rules"][0] = {"dataset": dataset, "columns": {}}
            return (no_update, spec, no_update, *_form(spec), _rows(spec, file))
        if replaced:
            return (no_update, spec, no_update, *_form(spec), _rows(spec, file))
        if spec == held and asked != "wizard-preview":
            return (no_update,) * 11
        # What is being edited is left as it stands: drawn anew it would lose the cursor.
        form = (no_update, json.dumps(_shown(spec), indent=1), *(no_update,) * 5)
        return (no_update, spec, no_update, *form, _rows(spec, file))

    @app.callback(
        Output("wizard-said", "children"),
        Output("upload-mapping", "value"),
        Input("wizard-save", "n_clicks"),
        State("wizard-name", "value"),
        State("wizard-spec", "data"),
        prevent_initial_call=True,
    )
    def save(_: Any, name: str | None, spec: dict[str, Any] | None) -> tuple[Any, Any]:
        try:
            saved = wizard.save(
                current_context(), current_identity(), name=(name or "").strip(), spec=_shown(spec or {})
            )
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
                if named and named != "none"
                else wizard.suggest(path)
            )
            return _normal(spec) | {"_headers": wizard.headers(path, spec)}
        except QuarterdeckError as error:
            return {"_error": _told(error), "name": "", "rules": []}


def _normal(spec: dict[str, Any]) -> dict[str, Any]:
    """Spell a mapping as the form does, so that what nobody changed compares equal."""
    rules = [
        rule
        | {
            "columns": {
                name: {"source": part} if isinstance(part, str) else part
                for name, part in rule.get("columns", {}).items()
            }
        }
        for rule in spec.get("rules") or []
    ]
    return {"zone": None, "decimal": ".", "formats": []} | spec | {"rules": rules}


def _shown(spec: dict[str, Any]) -> dict[str, Any]:
    """Return the mapping itself, without what the wizard remembers beside it."""
    return {name: value for name, value in spec.items() if not name.startswith("_")}


def _parsed(text: str | None, held: dict[str, Any]) -> dict[str, Any]:
    try:
        found = json.loads(text or "{}")
    except ValueError as error:
        return held | {"_error": f"This is not JSON: {error}"}
    if not _shaped(found):
        return held | {"_error": "A mapping is a JSON object with rules, each with columns, and formats."}
    return _normal(found) | {"_headers": held.get("_headers", [])}


def _shaped(found: Any) -> bool:
    """Whether the form can show it; whether it can work, the preview says."""
    if not isinstance(found, dict):
        return False
    rules, formats = found.get("rules") or [], found.get("formats") or []
    return (
        isinstance(rules, list)
        and isinstance(formats, list | tuple)
        and all(isinstance(one, str) for one in formats)
        and all(isinstance(rule, dict) and isinstance(rule.get("columns", {}), dict) for rule in rules)
        and all(isinstance(part, str | dict) for rule in rules for part in rule.get("columns", {}).values())
    )


def _form(spec: dict[str, Any]) -> tuple[Any, ...]:
    """Return the form's parts: columns, JSON, data sets, data set, zone, decimal mark, date formats."""
    rule = (spec.get("rules") or [{}])[0]
    dataset = str(rule.get("dataset") or "executions")
    columns = columns_form(
        dataset, operations.columns_of(dataset), spec.get("_headers", []), rule.get("columns") or {}
    )
    options = [{"label": title, "value": name} for name, title in operations.dataset_titles().items()]
    return (
        columns, json.dumps(_shown(spec), indent=1), options, dataset, spec.get("zone") or "",
        spec.get("decimal") or ".", "|".join(spec.get("formats") or ()),
    )  # fmt: skip


def _rows(spec: dict[str, Any], file: dict[str, Any] | None) -> Any:
    return banner("err", spec["_error"]) if spec.get("_error") else _previewed(_shown(spec), file)


def _edited(
    held: dict[str, Any], source_ids: Any, constant_ids: Any, sources: Any, constants: Any
) -> tuple[dict[str, Any], bool]:
    """Put what the form says into the first rule; what only the JSON can say stays.

    Returns:
        The mapping, and whether a choice replaced another way to fill the same column.
    """
    spec = json.loads(json.dumps(held))
    spec.pop("_error", None)
    replaced = False
    if not spec.get("rules"):
        return spec, replaced
    columns = spec["rules"][0].setdefault("columns", {})
    chosen = set()
    pairs = [(i["id"]["column"], "source", v) for i, v in zip(source_ids, sources, strict=True)]
    pairs += [(i["id"]["column"], "constant", v) for i, v in zip(constant_ids, constants, strict=True)]
    for name, key, value in pairs:
        if name in chosen:
            continue
        part = dict(columns.get(name, {}))
        if value and value != part.get(key):
            # Each column is filled in one way: the newest choice counts.
            dropped = [part.pop(other) for other in _WAYS if other != key and other in part]
            replaced = replaced or bool(dropped)
            chosen.add(name)
            part[key] = value
        elif not value:
            part.pop(key, None)
        if part:
            columns[name] = part
        else:
            columns.pop(name, None)
    return spec, replaced


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
