"""The shape of the code base, kept by tests."""

import ast
import re
import subprocess
from pathlib import Path

import polars as pl
import pytest

import callbacks
import pages
from analytics.compliance import detectors
from analytics.compliance.alerts import ALERT_SCHEMA
from analytics.compliance.detector import Detector
from analytics.datasets import DATASETS
from analytics.registry import modules, subclasses
from app.config import PREFIX, Settings

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("app", "analytics", "pages", "components", "callbacks")
LONGEST = 400
# Pages that only say something have nothing to wire.
STATIC_PAGES = {"pages.not_found"}
# One card of another page, in a file of its own.
PARTS = {"portfolio.stress"}


def sources(*rooms: str) -> list[Path]:
    return [
        p for room in rooms or ROOMS for p in sorted((ROOT / room).rglob("*.py")) if "versions" not in p.parts
    ]


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def test_no_module_is_longer_than_400_lines():
    files = [*sources(*ROOMS, "tests"), *(ROOT / "assets").glob("[12]0_*/*")]
    long = {str(p.relative_to(ROOT)): n for p in files if (n := len(p.read_text().splitlines())) > LONGEST}
    assert long == {}


def test_every_detector_names_its_source_and_reports_empty_tables_as_gaps():
    found = subclasses(detectors, Detector)  # type: ignore[type-abstract]
    assert found
    for name, kind in found.items():
        assert kind.title, name
        assert kind.regulation, name
        said = kind().detect({}).collect()
        assert dict(said.schema) == ALERT_SCHEMA, name
        assert set(said["kind"]) == {"data_gap"}, name


def test_every_page_has_its_callbacks_and_the_reverse():
    laid_out = {
        m.__name__.partition(".")[2] for m in modules(pages, deep=True) if m.__name__ not in STATIC_PAGES
    }
    wired = {m.__name__.partition(".")[2] for m in modules(callbacks, deep=True)}
    shell_only = {name for name in wired if name.startswith("shell")}
    assert laid_out == wired - shell_only - PARTS


def test_page_paths_are_unique():
    paths = [m.PAGE.path for m in modules(pages, deep=True)]
    assert len(paths) == len(set(paths))


def test_only_the_graph_helper_makes_graphs():
    """Plotly's own graph offers to send the chart to a server of another firm."""
    users = [p for p in sources() if re.search(r"\bdcc\.Graph\(", p.read_text())]
    assert [str(p.relative_to(ROOT)) for p in users] == ["components/graph.py"]


def test_nothing_is_pickled():
    users = [
        p
        for p in sources()
        if re.search(r"^\s*(import|from) (pickle|joblib|shelve|marshal|dill)\b", p.read_text(), re.M)
    ]
    assert users == []


def test_answers_are_cached_by_the_one_wrapper():
    """A bare Flask-Caching decorator answers one organisation with another's rows."""
    bare = re.compile(r"@cache\.(cached|memoize)|@lru_cache\(.*desk")
    assert [str(p) for p in sources() if bare.search(p.read_text())] == []


def test_text_is_put_together_by_what_does_not_panic():
    """``pl.format`` panics on some columns that lie in pieces; ``analytics.text.formatted`` does not use it."""
    assert [str(p) for p in sources() if re.search(r"pl\.format\(", p.read_text())] == []


def test_few_modules_ask_for_a_whole_organisation():
    """What is read past the entitlements is narrowed where it is read; the cache asks only where nothing narrows."""
    users = {str(p.relative_to(ROOT)) for p in sources() if re.search(r"\.whole\(\)", p.read_text())}
    assert users == {"app/queries/_fills.py", "app/queries/_tca_orders.py", "app/storage/cache.py"}


def test_nothing_connects_or_reads_at_import():
    calls = re.compile(
        r"^(?!\s|def |class |@|#|\"|')[A-Za-z_]+ = .*(open\(|create_engine|connect\(|read_text\(|Settings\.load)",
        re.M,
    )
    found = [str(p.relative_to(ROOT)) for p in sources() if calls.search(p.read_text())]
    assert found == ["app/wsgi.py"]  # what gunicorn imports is there to start


def test_no_error_is_swallowed():
    """An ``except`` whose whole body is ``pass`` or ``continue`` hides what went wrong."""
    found = []
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.ExceptHandler)
                and len(node.body) == 1
                and isinstance(node.body[0], ast.Pass)
            ):
                broad = node.type is None or (
                    isinstance(node.type, ast.Name) and node.type.id in {"Exception", "BaseException"}
                )
                found += [f"{path.relative_to(ROOT)}:{node.lineno}"] if broad else []
    assert found == []


def test_every_setting_is_explained():
    missing = [name for name, field in Settings.model_fields.items() if not field.description]
    assert missing == []
    page = (ROOT / "docs" / "reference" / "settings.md").read_text()
    assert [n for n in Settings.model_fields if f"`{PREFIX}{n.upper()}`" not in page] == []


def test_every_dataset_column_says_what_it_means():
    silent = [f"{d.name}.{n}" for d in DATASETS.values() for n, c in d.columns.items() if not c.doc]
    assert silent == []
    for dataset in DATASETS.values():
        assert set(dataset.key) <= set(dataset.schema), dataset.name
        money = [n for n, t in dataset.schema.items() if isinstance(t, pl.Decimal)]
        assert all(dataset.schema[n] == pl.Decimal(38, 12) for n in money), dataset.name


@pytest.mark.parametrize(
    "needle",
    ["/work" + "/main", "/" + "tmp/plan", "files.python" + "hosted", "pypi" + ".org", "registry." + "npmjs"],
)
def test_no_path_or_host_of_a_machine_is_in_the_tree(needle):
    guilty = []
    for path in tracked():
        if path.suffix in {".png", ".woff2", ".gz", ".ico", ".parquet"}:
            continue
        if needle in path.read_text(errors="ignore"):
            guilty.append(str(path.relative_to(ROOT)))
    assert guilty == []


def test_no_asset_comes_from_another_host():
    pattern = re.compile(r"(?:@import|url\()\s*['\"]?(?:https?:)?//", re.I)
    guilty = [
        p
        for p in tracked()
        if p.suffix in {".css", ".js"} and "00_vendor" not in p.parts and pattern.search(p.read_text())
    ]
    vendor = [
        p
        for p in (ROOT / "assets" / "00_vendor").rglob("*.css")
        if re.search(r"@import|url\(['\"]?(?:https?:)?//", p.read_text())
    ]
    assert guilty + vendor == []


def test_every_journey_is_marked_as_one():
    found = (ROOT / "tests" / "journeys").glob("test_*.py")
    assert [path.name for path in found if "pytestmark = pytest.mark.journey" not in path.read_text()] == []
