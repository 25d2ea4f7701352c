"""What was measured, in words: lines in the terminal, a page in the documentation."""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.bench._machine import Machine
from tests.bench.models._demo import Firm
from tests.bench.models._real import Tested

HEAD = "| model | against | skill (95 % interval) | p | n | folds | s | |"
RULE = "|---|---|---|---|---|---|---|---|"


def page(real: Sequence[Tested], firms: Sequence[Firm], machine: Machine) -> str:
    """Return docs/benchmarks-models.md."""
    versions = ", ".join(f"{name} {found}" for name, found in machine.versions)
    words = [
        "# Model benchmarks",
        "",
        "Written by `make bench-models`. Skill is 1 - loss / loss of the baseline over the same days out of sample, with a 95 %",
        "block-bootstrap interval; where losses may be negative it is their difference in the unit named. n counts days; p is",
        "Diebold and Mariano's, two-sided. *Shown* where the whole interval lies above zero; elsewhere the baseline is served",
        "and the product says so.",
        "",
        f"- Machine: {machine.cores} cores, {machine.cpu}, {machine.memory_gb:.0f} GB memory, load at start {machine.load:.1f}",
        f"- Versions: {versions}",
        f"- Date: {machine.when:%Y-%m-%d}",
        "",
    ]
    if real:
        first = min((one.first for one in real if one.first is not None), default=None)
        last = max((one.last for one in real if one.last is not None), default=None)
        words += [
            "## On real prices",
            "",
            f"Closes of 20 US stocks, {first} to {last} tested, refitted once a year on what came before; value at risk of a book",
            "that holds them in equal parts. The source has closes only: no volumes, spreads, trades or posts. Seconds are of",
            "the processor, features and all folds together.",
            "",
            HEAD,
            RULE,
            *(row for one in real for row in _real(one)),
            "",
            *_bands(real),
        ]
    for firm in firms:
        words += [
            f"## On the demo organisation {firm.slug}",
            "",
            "As `demo` trains them; seconds on the clock, while the machine did other things too.",
            "",
            HEAD,
            RULE,
            *(row(card) for card in sorted(firm.cards, key=lambda card: str(card["name"]))),
            "",
        ]
    return "\n".join(words).rstrip() + "\n"


def row(card: Mapping[str, Any]) -> str:
    """Return the line of one model's card."""
    found = card["metrics"]
    seconds = card.get("seconds")
    return _cells(
        card["name"],
        card["baseline"],
        found,
        len(card["folds"]),
        seconds,
        _said(card["status"], card["reason"]),
    )


def _said(status: str, reason: str | None) -> str:
    if status == "ok":
        return "shown"
    told = "none shown" if reason and reason.startswith("no skill shown: the interval") else reason
    return f"{status}: {told}" if told else status


def _real(one: Tested) -> list[str]:
    kind, found = one.model, one.found.as_dict()
    words = [_cells(kind.name, kind.baseline_name, found, one.folds, one.seconds, _shown(found))]
    return words + [
        _cells("", str(rival["title"]), rival, one.folds, None, _shown(rival))
        for rival in one.rivals.values()
    ]


def _shown(found: Mapping[str, Any]) -> str:
    return "shown" if found["shown"] else "none shown"


def _cells(
    name: str, against: str | None, found: Mapping[str, Any], folds: int, seconds: float | None, said: str
) -> str:
    told = f"{seconds:.1f}" if seconds is not None else ""
    p = f"{found['p']:.2g}" if found["p"] is not None else ""
    return f"| {name} | {against or ''} | {_skill(found)} | {p} | {found['n']} | {folds} | {told} | {said} |"


def _skill(found: Mapping[str, Any]) -> str:
    if found["value"] is None:
        return "-"
    scale, unit = (100, " %") if found["unit"] == "fraction" else (1, f" {found['unit']}")
    value, low, high = (scale * found[name] for name in ("value", "low", "high"))
    return f"{value:+.2f}{unit} ({low:.2f} to {high:.2f})"


def _bands(real: Sequence[Tested]) -> list[str]:
    rows = [
        f"| {one.model.name} | {100 * band['nominal']:.0f} % | {100 * band['held']:.2f} % |"
        for one in real
        for band in one.bands
    ]
    if not rows:
        return []
    return ["How often bands held, over all days:", "", "| model | said | held |", "|---|---|---|", *rows, ""]
