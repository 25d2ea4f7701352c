"""What was measured, in words: a line in the terminal, a page in the documentation."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.bench._machine import Machine
from tests.bench._measure import Row, Sizes


@dataclass(frozen=True)
class Section:
    """One measure with its lines."""

    label: str
    title: str
    method: str
    rows: tuple[Row, ...]
    seconds: float


def line(row: Row) -> str:
    """Return one measured line as text."""
    times = f" ({_time(row.ours)} / {_time(row.other)})" if row.ours is not None else ""
    against = f" of {row.against}" if row.against else ""
    goal = (
        f"; goal {row.sense} {_number(row.goal, row.unit)}, {_verdict(row)}" if row.goal is not None else ""
    )
    note = f"; {row.note}" if row.note else ""
    return f"{row.what}: {_number(row.value, row.unit)}{against}{times}{goal}{note}"


def page(sections: Sequence[Section], sizes: Sizes, machine: Machine) -> str:
    """Return docs/benchmarks.md."""
    versions = ", ".join(f"{name} {found}" for name, found in machine.versions)
    words = [
        "# Benchmarks",
        "",
        "Written by the bench; `make bench` runs every measure of it. Every ratio is measured in one run: ours and the other side in turn on the same",
        f"data, median of {sizes.rounds} rounds after a warm one. Times depend on the machine and on what else it",
        "does; ratios travel better. *Ratio* is ours / other unless the line says faster, then other / ours.",
        "",
        f"- Machine: {machine.cores} cores, {machine.cpu}, {machine.memory_gb:.0f} GB memory, load at start {machine.load:.1f}",
        f"- Measured in this run: {', '.join(section.label for section in sections)}",
        f"- Data: {sizes.rows:,} executions and as many order events of one organisation over 250 sessions, seeded",
        f"- Versions: {versions}",
        f"- Date: {machine.when:%Y-%m-%d}",
        "",
        "| # | measured | ours | other side | other | ratio | goal | |",
        "|---|---|---|---|---|---|---|---|",
    ]
    words += [_cells(section.label, row) for section in sections for row in section.rows]
    words += ["", "## How", ""]
    for section in sections:
        words += [f"**{section.label} {section.title}.** {section.method}"]
        words += [f"- {row.what}: {row.note}" for row in section.rows if row.note]
        words += [""]
    return "\n".join(words).rstrip() + "\n"


def _cells(label: str, row: Row) -> str:
    goal = f"{row.sense} {_number(row.goal, row.unit)}" if row.goal is not None else ""
    cells = (
        label,
        row.what,
        _time(row.ours),
        row.against,
        _time(row.other),
        _number(row.value, row.unit),
        goal,
        _verdict(row),
    )
    return f"| {' | '.join(cells)} |"


def _verdict(row: Row) -> str:
    return {True: "met", False: "missed", None: ""}[row.met]


def _number(value: float | None, unit: str) -> str:
    if value is None:
        return ""
    size = abs(value)
    places = 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 0.1 else 4
    shown = f"{value:,.{places}f}"
    return f"{shown} {unit}" if unit and unit != "x" else f"{shown}{unit}"


def _time(seconds: float | None) -> str:
    if seconds is None:
        return ""
    if seconds < 1e-3:
        return f"{seconds * 1e6:.0f} us"
    return f"{seconds * 1e3:.1f} ms" if seconds < 1 else f"{seconds:.2f} s"
