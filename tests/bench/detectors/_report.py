"""What was measured, in words: a table in the terminal and docs/benchmarks-detectors.md."""

from collections.abc import Sequence
from dataclasses import dataclass

from analytics.compliance.detector import Detector
from tests.bench._machine import Machine
from tests.bench.detectors._metrics import Share, Tally, ratio
from tests.bench.detectors._quality import DENSE, MEMBERS, THIN, Plan, Scores
from tests.bench.detectors._speed import Speed
from tests.bench.detectors._types import CONTROL, DENSE_OVER_THIN, REASONS, SPLIT_LOSS, number, target

NONE = "-"


@dataclass(frozen=True)
class Line:
    """One measured figure of one detector beside its goal."""

    what: str
    value: str
    goal: str
    met: bool | None  # None: no goal, or nothing to judge by


def lines(kind: type[Detector], scores: Scores) -> list[Line]:
    """Return every figure of a detector that has a goal or explains one."""
    asked, base = target(kind), scores.base
    every, severe = base.recall(), base.recall(0.5)
    kept = scores.split.recall().value
    loss = None if kept is None or every.value is None else every.value - kept
    steady = ratio(scores.dense.steadiness, scores.thin.steadiness)
    found = [
        _least("recall", every, asked.recall),
        _least("recall at severity 0.5 and above", severe, asked.severe),
        _least("precision", base.precision, asked.precision),
        *(
            [_least("recall of breaches in the rows", _breaches(scores), asked.recall)]
            if _breaches(scores).of
            else []
        ),
        Line(
            f"precision at {DENSE:g}/s over {THIN:g}/s",
            NONE
            if steady is None
            else f"{steady:.2f} ({_plain(scores.dense.precision)} over {_plain(scores.thin.precision)})",
            f"at least {DENSE_OVER_THIN}",
            None if steady is None else steady >= DENSE_OVER_THIN,
        ),
        Line(
            "recall lost by splitting",
            NONE if loss is None else f"{100 * loss:.1f} points",
            f"at most {100 * SPLIT_LOSS:.0f} points",
            None if loss is None else loss <= SPLIT_LOSS + 1e-9,
        ),
    ]
    for members in MEMBERS:
        share = scores.control.get(members)
        if share is not None and share.value is not None:
            met = share.value <= CONTROL
            found.append(
                Line(f"fills alerted, {members} members", _percent(share), f"at most {CONTROL:.1%}", met)
            )
    return found


def _breaches(scores: Scores) -> Share:
    played = (scores.base, scores.split, scores.thin, scores.dense)
    return Share(sum(one.breaches_found for one in played), sum(one.breaches for one in played))


def _least(what: str, share: Share, goal: float | None) -> Line:
    met = None if goal is None or share.value is None else share.value >= goal - 1e-12
    return Line(what, _share(share), NONE if goal is None else f"at least {goal:.2f}", met)


def _share(share: Share) -> str:
    if share.value is None:
        return NONE
    low, high = share.interval
    return f"{share.value:.3f} ({low:.2f}-{high:.2f}, {share.hits}/{share.of})"


def _plain(share: Share) -> str:
    return f"{share.hits}/{share.of}"


def _percent(share: Share) -> str:
    return NONE if share.value is None else f"{share.value:.2%} ({share.hits}/{share.of})"


def table(kinds: dict[str, type[Detector]], scores: dict[str, Scores]) -> list[str]:
    """Return the table of all detectors, a line each."""
    head = ["", "detector", "scenarios", "recall", "at 0.5+", "by severity", "precision", "other abuse", "of the rest", "look-alikes",
            "time to alert", f"{DENSE:g}/s over {THIN:g}/s", f"recall at {DENSE:g}/s", "lost by splitting",
            *(f"tape, {n} members" for n in MEMBERS), "missed"]  # fmt: skip
    rows = [_cells(head), _cells(["---"] * len(head))]
    for name, kind in sorted(kinds.items(), key=lambda item: (number(item[1]), item[1].code)):
        told = {line.what: line for line in lines(kind, scores[name])}
        rows.append(_cells(_row(name, kind, scores[name], told)))
    return rows


def _row(name: str, kind: type[Detector], scores: Scores, told: dict[str, Line]) -> list[str]:
    base = scores.base
    missed = [line.what for line in told.values() if line.met is False]
    if scores.failed:
        missed.append(f"failed: {scores.failed}")
    if not base.scenarios:
        missed.append("no scene planted")
    delay = base.delay
    return [
        kind.code, name, str(len(base.scenarios)), told["recall"].value,
        told["recall at severity 0.5 and above"].value, _by_severity(base), told["precision"].value,
        f"{base.other} of {base.alerts}", _share(base.unexplained),
        f"{base.own_alerted} of {base.own_lookalikes}",
        NONE if delay is None else _span(delay),
        told[f"precision at {DENSE:g}/s over {THIN:g}/s"].value, _plain(scores.dense.recall()),
        told["recall lost by splitting"].value,
        *(_percent(scores.control.get(n, Share(0, 0))) for n in MEMBERS),
        "; ".join(missed),
    ]  # fmt: skip


def _by_severity(tally: Tally) -> str:
    found = {one.severity: tally.recall(one.severity, one.severity) for one in tally.scenarios}
    return ", ".join(f"{severity:g}: {_plain(share)}" for severity, share in sorted(found.items())) or NONE


def _cells(values: Sequence[str]) -> str:
    return f"| {' | '.join(values)} |"


def _span(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def page(
    kinds: dict[str, type[Detector]],
    scores: dict[str, Scores],
    speed: Speed | None,
    plan: Plan,
    machine: Machine,
) -> str:
    """Return docs/benchmarks-detectors.md."""
    versions = ", ".join(
        f"{name} {found}" for name, found in machine.versions if name in {"Python", "polars", "numpy"}
    )
    tape = (
        "not run: no tape was handed in"
        if plan.bitstamp is None
        else f"{len(plan.control_seeds)} dealings each"
    )
    words = [
        "# Detector benchmarks",
        "",
        "Written by `make bench-detectors`. Days of the abuse gym: the demo's market and firms, planted abuse of",
        "every kind with look-alikes beside it, innocent flow of 200 members around it. No parameter was tuned on",
        "these seeds, and nobody looked at them before. The scenes were thought out by those who wrote the detectors, so",
        "the figures tell how well these patterns are found, and less of what nobody has thought of.",
        "Near-limit warnings of low score are counted apart. Whatever misses its goal is named in the last column.",
        "",
        f"- Played: {plan.words()}",
        f"- Seeds: {_seeds(plan.seeds)}; thin against dense: {_seeds(plan.dense_seeds)}",
        f"- Negative control (a real tape dealt at random): {tape}",
        f"- Machine: {machine.cores} cores, {machine.cpu}, {machine.memory_gb:.0f} GB memory, load at start {machine.load:.1f}",
        f"- Versions: {versions}",
        f"- Date: {machine.when:%Y-%m-%d}",
        "",
        "## Found and right",
        "",
        *table(kinds, scores),
        "",
        "Goals:",
        "",
        *(f"- {goal}" for goal in GOALS),
        "",
        "## Shortfalls",
        "",
        *shortfalls(kinds, scores),
        "",
        "## What the columns mean",
        "",
        "- *scenarios*: planted abuse of this type, severities 0.1 to 0.9 in equal parts.",
        "- An order-to-trade ratio that the background exceeds, unplanted, is counted from the rows: an alert on it is right,",
        "  and a miss of it counts in a recall of its own. Early warnings below a limit are no alerts.",
        "- *recall*: scenarios with at least one alert on the same people and instrument at the same time, with",
        "  its 95 % Wilson interval. *at 0.5+*: those of severity 0.5 and above.",
        "- *precision*: alerts that meet a scenario of this type, of all alerts. *other abuse*: alerts that meet",
        "  planted abuse of another type only; they count as wrong. *of the rest*: right of the others.",
        "- *look-alikes*: planted innocent look-alikes of this type that were alerted on.",
        "- *time to alert*: median from the first event of a scenario to the end of the first complete alert.",
        f"- *{DENSE:g}/s over {THIN:g}/s*: precision in flow of {DENSE:g} orders a second and instrument over that at {THIN:g}.",
        "  In brackets the alerts that are right of all alerts; silence on planted abuse counts as zero.",
        "- *lost by splitting*: recall lost when each scenario is dealt over two to five linked accounts.",
        "- *tape*: share of fills of a real tape named by an alert when its orders are dealt at random.",
        "",
        *([] if speed is None else speed.words()),
    ]
    return "\n".join(words).rstrip() + "\n"


GOALS = (
    "deterministic (D01, D07, D16-D19): recall 1.000 and precision at least 0.99",
    "order pattern (D04-D06, D08-D13): recall at least 0.95 from severity 0.5, at least 0.80 over all; precision at least 0.60",
    f"every detector: at least {DENSE_OVER_THIN} of its precision in dense flow",
    f"every detector: at most {100 * SPLIT_LOSS:.0f} points of recall lost by splitting",
    f"every detector of orders or fills: at most {CONTROL:.1%} of the tape's fills",
)


def shortfalls(kinds: dict[str, type[Detector]], scores: dict[str, Scores]) -> list[str]:
    """Return a line for each detector that misses a goal: which, by how much, and why where that is known."""
    rows = []
    for name, kind in sorted(kinds.items(), key=lambda item: (number(item[1]), item[1].code)):
        missed = [
            f"{line.what} {line.value}, goal {line.goal}"
            for line in lines(kind, scores[name])
            if line.met is False
        ]
        if missed:
            why = REASONS.get(name, "")
            rows.append(f"- **{kind.code} {name}**: {'; '.join(missed)}.{' ' if why else ''}{why}")
    return rows or ["None."]


def _seeds(seeds: Sequence[int]) -> str:
    return NONE if not seeds else f"{min(seeds)} to {max(seeds)} ({len(seeds)})"
