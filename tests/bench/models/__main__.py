"""Measure every model on real prices and on the demo, tell the tables, and write docs/benchmarks-models.md."""

import argparse
import sys
from pathlib import Path

from analytics.models._base import all_models
from tests.bench._machine import Machine
from tests.bench.models import _demo, _page, _real

TARGET = Path(__file__).resolve().parents[3] / "docs" / "benchmarks-models.md"


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m tests.bench.models", description=__doc__)
    made.add_argument("--models", help="names with commas between; all when left out")
    made.add_argument("--part", choices=("real", "demo"), help="one part only; the page is then not written")
    made.add_argument(
        "--home", type=Path, help="a home whose organisations are read; a new demo when left out"
    )
    made.add_argument("--out", type=Path, help="where to write; docs/benchmarks-models.md after a whole run")
    return made


def main(argv: list[str]) -> int:
    asked = parser().parse_args(argv)
    names = set(asked.models.split(",")) if asked.models else None
    if names and (unknown := names - set(all_models())):
        parser().error(f"no model is called {', '.join(sorted(unknown))}")
    machine = Machine.look()
    real = list(_real.measure(names, _say)) if asked.part in {None, "real"} else []
    firms: list[_demo.Firm] = []
    if asked.part in {None, "demo"}:
        with _demo.home_of(asked.home, _say) as home:
            firms = list(_demo.firms(home))
    told = _page.page(real, firms, machine)
    sys.stdout.write(told)
    target = asked.out or (None if asked.models or asked.part else TARGET)
    if target is not None:
        target.write_text(told)
    return 0


def _say(words: str) -> None:
    sys.stderr.write(f"{words}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
