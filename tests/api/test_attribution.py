"""``GET /api/portfolio/attribution``: the answer the page draws, and refusals that name the field."""

import pytest

from app.actions import keys, orgs
from app.actions._roles import console
from app.desk import Desk
from app.factory import create_app
from app.gateway import limits
from app.jobs.derive import derive
from app.queries.attribution import LINKINGS, attribution
from app.scope import Identity, Scope
from tests.app._world import land
from tests.app.queries._classes import tables
from tests.tenancy.conftest import HERE
from tests.world import open_context

PATH = "/api/portfolio/attribution"


@pytest.fixture(scope="module")
def firm(tmp_path_factory):
    """Return how to ask, as a script and as the page does."""
    context = open_context(tmp_path_factory.mktemp("attribution"))
    orgs.create(context.database, console("acme"), slug="acme", name="Acme")
    land(context, "acme", **tables(commission=25.0))
    derive(context, "acme", cause="test")
    _, key = keys.create(
        context.database, console("acme"), name="k", role="risk", scopes=("read",), desks=None
    )
    budgets = limits.Budgets(**dict.fromkeys(limits.Budgets.__dataclass_fields__, "1000000/minute"))
    server = create_app(context=context, budgets=budgets).server
    server.json.strict = True

    def ask(query: str = ""):
        return server.test_client().get(
            PATH + query, base_url=HERE, headers={"Authorization": f"Bearer {key}"}
        )

    desk = Desk(context.lake, context.database, Identity("acme", "u", "U", "risk"), Scope(), None)
    return ask, desk


@pytest.mark.parametrize("model", ["bf", "bhb"])
@pytest.mark.parametrize("linking", LINKINGS)
def test_the_route_answers_what_the_page_draws(firm, model, linking):
    ask, desk = firm
    told = ask(f"?model={model}&linking={linking}").get_json()["data"]
    drawn = attribution(desk, model=model, linking=linking)
    for name in ("rows", "securities"):
        assert told[name] == drawn[name].to_dicts()
    assert told["metrics"] == drawn["metrics"]
    assert [row["active"] for row in told["course"]] == drawn["course"]["active"].to_list()
    assert told["benchmark"] == "MIX"


def test_the_drill_narrows_the_securities_to_a_class(firm):
    told = firm[0]("?segment=bond").get_json()["data"]
    assert {row["segment"] for row in told["securities"]} == {"bond"}
    assert {"bond", "commodity", "equity"} < {row["segment"] for row in told["rows"]}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("?model=x", "model"), ("?linking=x", "linking"), ("?group_by=x", "group_by"), ("?benchmark=DAX", "benchmark"),
        ("?sector=bond", "sector"), ("?model=bf&model=bhb", "model"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_by_name(firm, query, field):
    answer = firm[0](query)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.get_json()["errors"]] == [field]
