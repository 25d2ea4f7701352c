"""What was found without being asked for: change points, patterns, pairs and groups, each with its test."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from analytics.models.patterns import FALSE_DISCOVERY
from components.formats import day, number, percent, plural
from components.tables import table


def found_card(found: Mapping[str, Any]) -> html.Div | None:
    """Draw what a model found, of its ``calibration``; None where it gives chances or ranges instead."""
    if found.get("kind") == "changes":
        until = f"Looked at until {day(found['until'])}, {percent(found['level'])} test."
        changes = changes_list(found["changes"], test=found)
        return html.Div(
            [changes, html.P([until, " ", spread_words(found["spread"])], className="inset t2 t12")]
        )
    if found.get("kind") == "styles":
        return html.Div([_styles(found["kinds"])])
    if found.get("kind") == "groups":
        return html.Div([_groups(found)])
    if found.get("kind") == "traders":
        return html.Div(html.P(_traders(found), className="inset t2 t12"))
    if found.get("kind") == "pairs":
        return _pairs(found)
    if found.get("kind") == "planted":
        return _planted(found)
    if "patterns" in found:
        return html.Div([patterns_table(found["patterns"])])
    return None


def folds_table(folds: Sequence[Mapping[str, Any]], names: Mapping[str, str]) -> html.Div | None:
    """Draw what each fold found, newest first: taught until, and the figures that ``names`` names; None without any.

    Args:
        folds: Of a model card.
        names: Its ``figure_words``.
    """
    told = [fold for fold in folds if fold.get("figures")]
    kept = [name for name in names if any(fold["figures"].get(name) is not None for fold in told)]
    if not kept:
        return None
    rows = [
        [day(fold["taught_to"]), *(_figure(fold["figures"].get(name)) for name in kept)]
        for fold in reversed(told)
    ]
    heads = ["Taught until", *(_head(names[name]) for name in kept)]
    numeric = tuple(range(1, len(heads)))
    return html.Div([
        html.Div("Fold by fold", className="subhead"), table(heads, rows, numeric=numeric, label="Fold by fold"),
    ])  # fmt: skip


def _head(text: str) -> str:
    return text[:1].upper() + text[1:]


def _figure(value: float | None) -> str:
    return number(value, 0 if value is not None and float(value).is_integer() and abs(value) != 1 else 2)


def deciles_table(found: Mapping[str, Any]) -> html.Div | None:
    """Draw, by tenth of what was expected, what was expected and what came; None where a model has no such tenths."""
    if found.get("kind") != "deciles" or not found.get("bins"):
        return None
    rows = [
        [str(one["tenth"] + 1), number(one["said"], 2), number(one["seen"], 2), number(one["mean"], 2), number(one["n"])]
        for one in found["bins"]
    ]  # fmt: skip
    heads = ["Tenth", "Expected, bp", "Came, median", "Came, mean", "Orders"]
    return table(heads, rows, numeric=(1, 2, 3, 4), label="Expected and came, by tenth")


def _planted(found: Mapping[str, Any]) -> html.Div:
    rows = [
        ["Precision at k, one day in twenty moved", percent(found["precision_at_k"]),
         percent(found["precision_at_k_baseline"])],
        ["Moved days that would be told", percent(found["planted_told"]), ""],
        ["Ordinary days told, by construction", percent(found["ordinary_told"]), ""],
        ["Order of days alike over seeds (Spearman)", number(found["stability"], 3), ""],
        ["Oddest twentieth in common over seeds", percent(found["top_shared"]), ""],
    ]  # fmt: skip
    heads = ["Out of sample", "Model", "Sum of deviations"]
    return html.Div([table(heads, rows, numeric=(1, 2), label="Planted days found")])


def _styles(kinds: Mapping[str, Mapping[str, Any]]) -> html.Div:
    rows = [
        [who.capitalize() + "s", number(one["people"]), number(one["stability"], 2), number(one["needed"], 2),
         number(one["silhouette"], 2),
         _sizes(one)]
        for who, one in kinds.items()
    ]  # fmt: skip
    heads = ["Of", "With habits", "Adjusted Rand", "Needed", "Silhouette", "Sizes"]
    return table(heads, rows, numeric=(1, 2, 3, 4), label="Styles found")


def _sizes(one: Mapping[str, Any]) -> str:
    if not one["sizes"]:
        return "not stable: nothing is said"
    said = ", ".join(str(size) for size in one["sizes"])
    return f"{said}; {one['unlike']} unlike any" if one.get("unlike") else said


def _groups(found: Mapping[str, Any]) -> html.Div:
    told = f"Adjusted Rand {number(found['stability'], 2)} over days drawn anew, silhouette {number(found['silhouette'], 2)}"
    if "silhouette_sector" in found:
        told += f", of sectors {number(found['silhouette_sector'], 2)}, of random groups {number(found['silhouette_random'], 2)}"
    told += "."
    rows = [[place, ", ".join(group)] for place, group in enumerate(found["groups"], start=1)]
    return html.Div([
        html.P(told, className="inset t2 t12"), table(["Group", "Instruments"], rows, label="Groups found"),
    ])  # fmt: skip


def _pairs(found: Mapping[str, Any]) -> html.Div:
    said = plural(found["found"], "pair") if found["found"] else "Nothing found"
    told = f"{said} of {number(found['tried'])} tried, false discovery at most {percent(found['false_discovery'])}."
    rows = [
        [one["pair"], number(one["p"], 4), number(one["q"], 3), number(one["n"]), number(one["half_life"], 1),
         percent(one["skill_later"], plus=True), "found" if one["found"] else "chance"]
        for one in found["pairs"]
    ]  # fmt: skip
    heads = ["Nearest pairs", "p", "q", "Sessions", "Half-life", "Skill later", "Verdict"]
    return html.Div([
        html.P(told, className="inset t2 t12"), table(heads, rows, numeric=(1, 2, 3, 4, 5), label="Pairs tried"),
    ])  # fmt: skip


def _traders(found: Mapping[str, Any]) -> str:
    said = plural(found["found"], "trader") if found["found"] else "Nothing found"
    least = "" if found["least_p"] is None else f" The smallest p of all is {number(found['least_p'], 4)}."
    rate = percent(found["false_discovery"])
    return f"{said}: {plural(found['tried'], 'trader')} tried, false discovery at most {rate}.{least}"


def spread_words(told: Mapping[str, Any]) -> str:
    """Return whether quoted spreads are among a model's numbers, and if not why."""
    days = plural(told["days"], "day")
    if told["used"]:
        return f"Quoted spreads of {days} are among its numbers."
    return f"Spreads are not among its numbers: {days} of training have quotes, {told['needed']} are needed."


def patterns_table(patterns: Sequence[Mapping[str, Any]]) -> html.Div:
    """Draw every candidate with its correlation, p, q and n; those that count are marked, and none is said in words."""
    kept = [one for one in patterns if one["q"] <= FALSE_DISCOVERY]
    said = plural(len(kept), "pattern") if kept else "Nothing found"
    told = f"{said} of {number(len(patterns))} tried, false discovery at most {percent(FALSE_DISCOVERY)}."
    rows = [
        [one["words"], number(one["correlation"], 3, plus=True), number(one["p"], 4), number(one["q"], 3),
         number(one["n"]), "found" if one["q"] <= FALSE_DISCOVERY else "chance"]
        for one in sorted(patterns, key=lambda one: (one["q"], one["p"], one["words"]))
    ]  # fmt: skip
    heads = ["Pattern", "Rank correlation", "p", "q", "Days", "Verdict"]
    return html.Div([
        html.P(told, className="inset t2 t12"), table(heads, rows, numeric=(1, 2, 3, 4), label="Patterns tried"),
    ])  # fmt: skip


def tried_words(answer: Mapping[str, Any]) -> str:
    """Return how many patterns of each kind were tried and how many were found, of ``patterns.patterns``."""
    kinds = {"volume": "before volume", "pair": "pairs", "trader": "traders before prices"}
    tried = ", ".join(f"{number(n)} {kinds[kind]}" for kind, n in answer["tried"].items())
    said = plural(answer["found"], "pattern") + " found" if answer["found"] else "Nothing found"
    return f"{said}. Tried: {tried}"


def tried_table(rows: Sequence[Mapping[str, Any]]) -> html.Div:
    """Draw patterns of all kinds, those found first: effect, p, q, n and the verdict."""
    cells = [
        [_named(one), number(one["p"], 4), number(one["q"], 3), number(one["n"]),
         "found" if one["found"] else "not proven later" if one["passed"] else "chance"]
        for one in rows
    ]  # fmt: skip
    heads = ["Pattern", "p", "q", "Sessions", "Verdict"]
    return table(heads, cells, numeric=(1, 2, 3), label="Patterns tried")


def _named(one: Mapping[str, Any]) -> html.Div:
    # One column: two of words leave a phone no room for either.
    effect = f"{number(one['effect'], 2)} {one['effect_of']}"
    return html.Div([one["pattern"], html.Div(effect, className="t11 t2")], style={"whiteSpace": "normal"})


def p_words(p: float) -> str:
    """Return a p-value that never rounds to zero."""
    return "p below 0.001" if p < 0.001 else f"p {number(p, 3)}"


def changes_list(changes: Sequence[Mapping[str, Any]], *, test: Mapping[str, Any]) -> html.Ul | html.P:
    """Draw lasting changes: since when, what moved from where to where, and how sure.

    Args:
        changes: Of ``Regimes.changes``.
        test: level, least and sessions.
    """
    if not changes:
        looked = f" in {plural(test['sessions'], 'session')}" if test.get("sessions") else ""
        none = f"No lasting change found{looked}: none passed the test at {percent(test['level'])}."
        return html.P(none, className="inset t2 t12")
    return html.Ul([html.Li(change_words(one)) for one in changes], className="plainlist")


def change_words(change: Mapping[str, Any]) -> str:
    """Return one change as a sentence: its day, the two numbers that moved most, p and n."""
    moved = "; ".join(_moved(one) for one in change["moved"][:2])
    around = f"{number(change['before'])} sessions before, {number(change['after'])} after"
    return f"From {day(change['date'])}: {moved} ({p_words(change['p'])}, {around})"


def change_rows(changes: Sequence[Mapping[str, Any]]) -> list[list[Any]]:
    """Return changes as plain rows: day, what moved, before, after, p."""
    return [
        [one["date"], moved["words"], _in_unit(moved["before"], moved["unit"]),
         _in_unit(moved["after"], moved["unit"]), number(one["p"], 3)]
        for one in changes
        for moved in one["moved"]
    ]  # fmt: skip


def changes_table(changes: Sequence[Mapping[str, Any]]) -> html.Div:
    """Draw ``change_rows``."""
    heads = ["From", "What", "Before", "After", "p"]
    return table(heads, change_rows(changes), numeric=(2, 3, 4), label="Lasting changes")


def _moved(one: Mapping[str, Any]) -> str:
    return f"{one['words']} {_in_unit(one['before'], one['unit'])} to {_in_unit(one['after'], one['unit'])}"


def _in_unit(value: float, unit: str) -> str:
    return percent(value) if unit == "fraction" else f"{number(value, 2)}×"
