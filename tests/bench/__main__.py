"""Run the measures, tell each as it finishes, and write docs/benchmarks.md after a whole run."""

import argparse
import importlib
import pkgutil
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import tests.bench
from tests.bench._machine import Machine
from tests.bench._measure import Bench, Row, Sizes
from tests.bench._report import Section, line, page

TARGET = Path(__file__).resolve().parents[2] / "docs" / "benchmarks.md"


def measures() -> list[str]:
    """Return the names of all measures in their order."""
    found = [m.name for m in pkgutil.iter_modules(tests.bench.__path__) if m.name.startswith("p")]
    return sorted(found, key=lambda name: int(name[1:].split("_")[0]))


def main(argv: list[str]) -> int:
    names = {name.split("_")[0]: name for name in measures()}
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(names)}; all when left out")
    parser.add_argument("--quick", action="store_true", help="little data, two rounds")
    parser.add_argument(
        "--rows", type=int, help="executions, and as many order events; instead of the usual number"
    )
    parser.add_argument("--out", type=Path, help="where to write; docs/benchmarks.md after a full run of all")
    asked = parser.parse_args(argv)
    unknown = [name for name in asked.names if name.lower() not in names]
    if unknown:
        parser.error(f"no measure is called {', '.join(unknown)}")
    chosen = [names[name.lower()] for name in asked.names] or list(names.values())
    sizes, machine = Sizes.named(quick=asked.quick), Machine.look()
    sizes = replace(sizes, rows=asked.rows) if asked.rows else sizes
    with tempfile.TemporaryDirectory(prefix="quarterdeck-bench-") as folder:
        bench = Bench(sizes, Path(folder))
        sections = [_run(name, bench) for name in chosen]
    out = asked.out or (None if asked.names or asked.quick or asked.rows else TARGET)
    if out is not None:
        out.write_text(page(sections, sizes, machine))
        _say(f"written: {out.name}")
    return 0


def _run(name: str, bench: Bench) -> Section:
    module = importlib.import_module(f"tests.bench.{name}")
    began = time.perf_counter()
    rows: list[Row] = module.measure(bench)
    seconds = time.perf_counter() - began
    label = name.split("_", maxsplit=1)[0].upper()
    for row in rows:
        _say(f"{label:4} {line(row)}")
    return Section(label, module.TITLE, " ".join((module.__doc__ or "").split()), tuple(rows), seconds)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
