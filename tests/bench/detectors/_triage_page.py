"""How the queue of alerts was sorted, as a section of docs/benchmarks-detectors.md."""

from collections.abc import Mapping, Sequence

from tests.bench._machine import Machine
from tests.bench.detectors._triage import WORTH, Ranked

TITLE = "## Alert triage"
BEFORE = "## Speed"  # what it stands before, on a page that had none
NONE = "-"
_HELD_OUT = 1_000  # seeds from here on are never tuned on
_WHY = (
    "An alert of another detector on the same scene is not worth it in either reading: who opens a concentration alert on the account",
    "of a cherry-picker is told nothing of cherry-picking. *meets* is how the tables above count what is right.",
    "It takes some alerts that are about something else: another account of the same trader or owner, alerted on in the same name on the",
    "same day. On days 1 to 20 and 541 to 550 there were 21 such alerts: none was about an account of the scene, and in 18 of them another",
    "alert did name the scene. Whoever reads them cannot but close them, and it is readers' endings that the ranking learns from. *names*",
    "leaves these out, and is what the product is asked for.",
    "",
    "*names* was not there from the start. The first reading was *meets*; on days 501 to 520 it found 0.970 in the first tenth and 0.994 in",
    "the first four, what was missed was looked at, and *names* was made. Days 521 to 530, played after that, gave 0.979 and 1.000 (*meets*:",
    "0.959 and 0.997, one beyond). Both are told here, so that the choice costs nobody the other figure.",
)


def section(
    figures: Mapping[str, Ranked], learnt: Sequence[int], judged: Sequence[int], machine: Machine
) -> str:
    """Return the section.

    Args:
        figures: By each of ``WORTH``.
        learnt: Seeds of the days that were only learnt from.
        judged: Seeds of the days ranked, in their order.
        machine: For the date.
    """
    open_to = "" if min(judged) >= _HELD_OUT else ", open to tuning"
    lines = [
        TITLE,
        "",
        'Written by `make bench-detectors ARGS="--part triage"`. All detectors are set so sensitively that one alert of fifteen is worth',
        "escalation, and `alert_triage` sorts the queue: each day by a model that has learnt from the days before it alone. Intervals: 95 %,",
        "by resampling whole scenes (everything raised about one scene, by any detector).",
        "",
        f"- Learnt from: days of seeds {_spans(learnt)}, then each judged day once it is over",
        f"- Judged: days of seeds {_spans(judged)}{open_to}",
        f"- Date: {machine.when:%Y-%m-%d}",
        "",
        "| reading | alerts | worth it | in the first tenth | in the first four tenths | beyond | calibration error | by score: tenth | by score: four tenths |  |",
        "|---|---|---|---|---|---|---|---|---|---|",
        *(_row(name, one) for name, one in figures.items()),
        "",
        "Goals: all that is worth it in the first four tenths of the queue, at least 0.9 of it in the first tenth, expected calibration",
        "error at most 0.05. *by score*: the same where the detectors' own score sorts.",
        "",
        "What counts as worth it:",
        "",
        *(f"- *{name}*: {words}." for name, words in WORTH.items()),
        "",
        *_WHY,
    ]
    return "\n".join(lines) + "\n"


def found(page: str) -> str | None:
    """Return the section of a page; None where it has none."""
    start, end = _place(page)
    return page[start:end].strip() + "\n" if end > start else None


def put(page: str, made: str) -> str:
    """Return the page with the section in the place of its older self, else before ``BEFORE``, else at the end."""
    start, end = _place(page)
    parts = (page[:start].strip(), made.strip(), page[end:].strip())
    return "\n\n".join(part for part in parts if part) + "\n"


def _place(page: str) -> tuple[int, int]:
    """Return where the section starts and ends, the same twice where it would stand."""
    start = page.find(f"{TITLE}\n")
    if start >= 0:
        after = page.find("\n## ", start)
        return start, len(page) if after < 0 else after + 1
    start = page.find(f"{BEFORE}\n")
    start = len(page) if start < 0 else start
    return start, start


def _row(name: str, one: Ranked) -> str:
    by = [NONE if (share := one.by_score[top]) is None else f"{share:.3f}" for top in ("0.1", "0.4")]
    cells = [
        name, f"{one.alerts:,}", f"{one.worth:,}", *(_span(three) for three in (one.first, one.four)), str(one.missed),
        _span(one.ece), *by, "met" if one.met else "missed",
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |"


def _span(three: tuple[float, float, float]) -> str:
    return f"{three[0]:.3f} ({three[1]:.3f}-{three[2]:.3f})"


def _spans(seeds: Sequence[int]) -> str:
    """Say ``1 to 3, 7`` of 1, 2, 3, 7."""
    runs: list[list[int]] = []
    for seed in seeds:
        if runs and seed == runs[-1][-1] + 1:
            runs[-1].append(seed)
        else:
            runs.append([seed])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs)
