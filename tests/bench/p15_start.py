"""A process of its own: imports, create_app on an empty installation whose schema is there, the first page
(sign-in), the first answer of the overview; resident memory after each. Against a process with a Dash app of
one empty page. Every round starts both anew.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.bench._measure import Bench, Row

TITLE = "Start and memory"
ROOT = Path(__file__).resolve().parents[2]


def measure(bench: Bench) -> list[Row]:
    home = bench.firm.context.settings.root
    found: dict[str, list[dict[str, float]]] = {"ours": [], "bare": []}
    for number in range(bench.sizes.rounds + 1):
        for kind, each in found.items():
            told = _start(kind, home)
            if number:  # the first round fills the disk's cache
                each.append(told)
    ours = {name: statistics.median(told[name] for told in found["ours"]) for name in found["ours"][0]}
    bare = {name: statistics.median(told[name] for told in found["bare"]) for name in found["bare"][0]}
    start = ours["import"] + ours["create"] + ours["page"]
    other = bare["import"] + bare["create"] + bare["page"]
    note = (
        f"imports {ours['import']:.2f} s, create_app {ours['create']:.2f} s, first page {ours['page']:.2f} s"
    )
    return [
        Row("Start to first page", start, "s", goal=5, note=note),
        Row("the same", start / other, "x", start, other, "a bare Dash app"),
        Row(
            "Memory at the first page",
            ours["memory"],
            "MB",
            goal=450,
            note=f"a bare Dash app {bare['memory']:.0f} MB",
        ),
        Row("First overview, nothing kept", ours["overview"], "s"),
        Row("Memory after it", ours["memory after"], "MB", goal=450),
    ]


def _start(kind: str, home: Path) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.p15_start", kind, str(home)],
        cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=True, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return told


def _memory() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _lap(told: dict[str, float], name: str, began: float) -> float:
    now = time.perf_counter()
    told[name] = now - began
    return now


def _bare() -> dict[str, float]:
    told: dict[str, float] = {}
    began = time.perf_counter()
    from dash import Dash, html

    began = _lap(told, "import", began)
    app = Dash("bare", use_async=False)
    app.layout = html.Div()
    began = _lap(told, "create", began)
    app.server.test_client().get("/")
    _lap(told, "page", began)
    return told | {"memory": _memory()}


def _ours(home: str) -> dict[str, float]:
    told: dict[str, float] = {}
    began = time.perf_counter()
    from app.context import Context
    from app.factory import create_app

    began = _lap(told, "import", began)
    from tests.bench._firm import identity_of, settings_of

    began = time.perf_counter()
    context = Context.open(settings_of(Path(home)))
    app: Any = create_app(context=context)
    began = _lap(told, "create", began)
    answered = app.server.test_client().get("/sign-in", headers={"Host": "localhost"})
    if answered.status_code != 200:
        raise AssertionError(f"the first page answered {answered.status}")
    began = _lap(told, "page", began)
    told["memory"] = _memory()
    from app.desk import Desk
    from app.queries.overview import overview
    from app.scope import Scope

    overview(Desk(context.lake, context.database, identity_of(), Scope(), None))
    _lap(told, "overview", began)
    return told | {"memory after": _memory()}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_bare() if sys.argv[1] == "bare" else _ours(sys.argv[2])) + "\n")
