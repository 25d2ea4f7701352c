"""Every key figure on every page says what it is: its definition, its value's basis and the data it rests on."""

import json

import pytest

from tests.tenancy.conftest import HERE
from tests.tenancy.test_callbacks import body_of, call

# Plain counts and ages: their words say all there is to say.
COUNTS = {
    "limits", "breached", "warned", "unacknowledged",  # compliance/limits
    "restricted", "ending", "requests",  # compliance/lists
    "open-alerts", "social-attention", "data-freshness",  # overview
    "ideas_open", "ideas_ended", "authors",  # social/ideas
}  # fmt: skip
PAGES = {
    "overview-master", "portfolio-positions", "portfolio-performance", "portfolio-risk", "portfolio-attribution",
    "portfolio-what-if", "trading-pnl", "trading-execution-quality", "trading-order", "compliance-limits",
}  # fmt: skip
# No limit is set in this firm: there is a definition, and nothing measured.
NO_LIMITS = ("compliance-limits", "nearest")


def nodes(made):
    """Yield the properties of every component in an answer."""
    if isinstance(made, list):
        for one in made:
            yield from nodes(one)
    elif isinstance(made, dict):
        yield made.get("props", {})
        for one in made.values():
            yield from nodes(one)


def answered(client, callback, values):
    body = body_of(callback, "", lambda item, _: values.get(item["id"], values.get(item["property"])))
    answer = call(client, body)
    assert answer.status_code == 200, answer.data[:500]
    return answer.get_json()["response"]


def strips(installation):
    """Map the key of each page to the callback that fills its strip of key figures."""
    found = {}
    for callback in installation.server_side():
        first = callback["output"].strip(".").split("...")[0]
        if first.endswith("--kpis.children"):
            found[first.removesuffix("--kpis.children")] = callback
    return found


@pytest.fixture(scope="module")
def tiles(installation):
    """Return page and tile of every key figure that risk sees: data-kpi to its properties' text."""
    client = installation.client(token=installation.one.tokens["risk"])
    order = f"{installation.one.canary}-O1"
    found = {}
    for page, callback in strips(installation).items():
        made = answered(client, callback, {f"{page}--id": order, "search": ""})
        shown = next(iter(made.values()))["children"]
        for props in nodes(shown):
            if "data-kpi" in props:
                inner = [p["data-passport"] for p in nodes(props.get("children")) if "data-passport" in p]
                found[page, props["data-kpi"]] = inner[0] if inner else None
    return found


def test_pages_with_figures_are_all_walked(tiles):
    seen = {page for page, _ in tiles}
    assert seen >= PAGES, sorted(seen)


def test_every_figure_has_a_passport_or_is_a_count(tiles):
    assert {name for name, what in tiles.items() if what is None and name[1] not in COUNTS} == set()


def test_every_passport_answers_with_definition_basis_and_versions(installation, tiles):
    client = installation.client(token=installation.one.tokens["risk"])
    (panel,) = [c for c in installation.server_side() if "passport-body.children" in c["output"]]
    silent = {}
    for name, what in tiles.items():
        if what is None:
            continue
        made = answered(client, panel, {"passport-asked": {"what": what, "at": 1}, "search": ""})
        said = json.dumps(made)
        parts = ["Definition", "Data versions"]
        if name != NO_LIMITS:
            parts.append("observation")
        lacking = [part for part in parts if part not in said]
        if lacking:
            silent[name] = (what, lacking)
    assert silent == {}


@pytest.mark.parametrize("card", ["benchmarks", "measures", "markouts"])
def test_every_row_of_an_order_opens_its_own_record(installation, card):
    client = installation.client(token=installation.one.tokens["risk"])
    order = f"{installation.one.canary}-O1"
    callbacks = installation.server_side()
    (panel,) = [one for one in callbacks if "passport-body.children" in one["output"]]
    (filled,) = [one for one in callbacks if f"trading-order--{card}.children" in one["output"]]
    made = answered(client, filled, {"trading-order--id": order, "search": ""})
    asked = [props["data-passport"] for props in nodes(list(made.values())) if "data-passport" in props]
    assert len(set(asked)) == len(asked) > 3
    for what in asked:
        said = json.dumps(answered(client, panel, {"passport-asked": {"what": what, "at": 1}, "search": ""}))
        assert "observation" in said, what


ROUTES = {
    "/api/portfolio/risk": "metrics", "/api/portfolio/risk/summary": "metrics",
    "/api/portfolio/risk/backtest": "metrics", "/api/portfolio/performance": "metrics",
    "/api/portfolio/attribution": "metrics", "/api/portfolio/exposure": "metrics",
    "/api/portfolio/stress": "metrics", "/api/portfolio/what-if": "metrics", "/api/trading/tca": "summary",
    "/api/trading/pnl": "metrics", "/api/trading/pnl/explain": "metrics", "/api/trading/pnl/identity": "metrics",
    "/api/trading/tca/{order}": "measures",
}  # fmt: skip


@pytest.mark.parametrize("route", ROUTES)
def test_scripts_get_the_same_records(installation, route):
    client = installation.client(token=installation.one.tokens["risk"])
    path = route.format(order=f"{installation.one.canary}-O1")
    answer = client.get(path, base_url=HERE).get_json()
    records = answer["data"][ROUTES[route]]
    # Without positions of a year there is no scenario to tell; every other list is never empty.
    assert records or route == "/api/portfolio/stress"
    for record in records:
        assert set(record) >= {"name", "value", "unit", "low", "high", "n", "convention", "reason"}
        assert record["value"] is not None or record["reason"]
