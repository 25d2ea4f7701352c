"""The same firm told otherwise, through the import job and the questions of the pages.

What changes must change exactly as it should, and nothing else.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from analytics.portfolio.performance_table import performance_table
from app.actions import orgs
from app.actions._roles import console
from app.desk import Desk
from app.jobs.derive import derive
from app.queries import execution_quality, performance, pnl, portfolio, risk, trading
from app.queries.attribution import attribution
from app.scope import Scope
from tests.acceptance._small_firm import (
    DAYS,
    Story,
    base,
    finer,
    free,
    larger,
    levered,
    mirrored,
    with_bystander,
    with_deposit,
)
from tests.world import bring, open_context

WHOLE = {"start": DAYS[0], "end": DAYS[-1]}
STORIES: dict[str, Story] = {
    "base": base(),
    "shuffled": replace(base(), shuffled=3),
    "in pieces": replace(base(), pieces=3),
    "larger": larger(base(), 1000),
    "finer": finer(base(), 10),
    "bystander": with_bystander(base()),
    "free": free(base()),
    "mirrored": mirrored(free(base())),
    "levered": levered(free(base()), 2),
    "deposit": with_deposit(free(base()), day=60),
}


@dataclass
class Firms:
    context: Any

    def desk(self, story: str, **scope: Any) -> Desk:
        slug = _slug(story)
        return Desk(
            self.context.lake,
            self.context.database,
            replace(console(slug), role="risk"),
            Scope(**(WHOLE | scope)),
        )


def _slug(story: str) -> str:
    return story.replace(" ", "-")


@pytest.fixture(scope="module")
def firms(tmp_path_factory) -> Firms:
    """Return every telling as an organisation, imported file by file."""
    folder = tmp_path_factory.mktemp("stories")
    context = open_context(folder / "home")
    for name, story in STORIES.items():
        slug = _slug(name)
        orgs.create(context.database, console(slug), slug=slug, name=name)
        for dataset, text in story.files().items():
            result = bring(context, console(slug), dataset, text, folder)
            assert (result.rejected, result.duplicate) == (0, 0), result.errors
        derive(context, slug, cause="test")
    return Firms(context)


def figures(desk: Desk) -> dict[str, float | None]:
    """Return the figures of every page as one flat table."""
    found: dict[str, float | None] = {}
    told = [*performance.performance(desk)["metrics"], *attribution(desk)["metrics"]]
    found |= {metric["name"]: metric["value"] for metric in told}
    for values, _ in (trading.kpis(desk), pnl.figures(desk), portfolio.totals(desk)):
        found |= {name: value for name, value in values.items() if not isinstance(value, list)}
    for record in risk.report(desk)["table"]:
        how = record["convention"]
        key = f"{record['name']} {how.get('method')} {how.get('confidence')} {how.get('days')}"
        found[f"var {key}"] = record["value"]
    for metric in execution_quality.passports(desk):
        found[f"tca {metric['name']}"] = metric["value"]
    return found


@pytest.fixture(scope="module")
def told(firms) -> dict[str, dict[str, float | None]]:
    return {name: figures(firms.desk(name)) for name in STORIES}


def check(
    found: dict[str, float | None], expected: dict[str, float | None], *, but: tuple[str, ...] = ()
) -> None:
    """Every figure is the one expected, to nine digits of the largest amount in sight."""
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        if name in but:
            continue
        if value is None:
            assert found[name] is None, name
        else:
            assert found[name] == pytest.approx(value, rel=1e-9, abs=1e-9), name


def test_there_is_something_to_compare(told):
    missing = {name for name, value in told["base"].items() if value is None}
    # What needs a year, quotes, or a nightly fit is not known of half a year of fills; everything else is.
    assert missing <= {
        "annualised_return", "calmar_ratio", "pain_ratio", "martin_ratio", "treynor_ratio", "m2",
        "alpha_compounded", "alpha_geometric",
        *(name for name in missing if name.startswith("tca ") or "filtered" in name),
    }  # fmt: skip
    assert len(told["base"]) > 70
    assert len([value for value in told["base"].values() if value]) > 45


def test_rows_in_another_order_change_nothing(told):
    check(told["shuffled"], told["base"])


def test_an_order_filled_in_pieces_costs_and_earns_the_same(told):
    counts = ("executions", "order_to_trade")
    check(told["in pieces"], told["base"], but=counts)
    assert told["in pieces"]["executions"] == 3 * told["base"]["executions"]


def test_a_thousand_times_the_money_is_a_thousand_times_the_amounts_and_the_same_ratios(told):
    amounts = {
        "net_pnl", "realised_pnl", "unrealised_pnl", "unrealised_change", "income", "notional", "commission",
        "nav", "gross_exposure", "net_exposure", "tca implementation_shortfall",
    }  # fmt: skip
    expected = {}
    for name, value in told["base"].items():
        scaled = name in amounts or name.startswith("var ")
        expected[name] = value * 1000 if scaled and value is not None else value
    check(told["larger"], expected, but=("costs", "residual"))


def test_prices_in_other_units_change_nothing(told):
    check(told["finer"], told["base"])


def test_an_instrument_of_no_weight_changes_nothing(told):
    check(told["bystander"], told["base"])


def test_buying_what_was_sold_turns_every_gain_round(told):
    once, back = told["free"], told["mirrored"]
    for name in (
        "net_pnl",
        "realised_pnl",
        "unrealised_pnl",
        "unrealised_change",
        "slippage_bp",
        "net_exposure",
    ):
        assert back[name] == pytest.approx(-once[name], rel=1e-9), name
    for name in ("notional", "gross_exposure", "executions", "fill_rate"):
        assert back[name] == pytest.approx(once[name], rel=1e-9), name
    assert once["slippage_bp"] == pytest.approx(told["base"]["slippage_bp"])


def test_the_tail_of_the_mirror_is_the_other_tail(firms, told):
    # What the long lost the short gained, day by day.
    long, short = (portfolio.risk(firms.desk(name))["pnl"]["pnl"].to_numpy() for name in ("free", "mirrored"))
    assert (long + short) == pytest.approx(0 * long, abs=1e-6)


def test_twice_the_positions_on_the_same_money_are_twice_the_risk_and_the_gain(told):
    once, twice = told["free"], told["levered"]
    for name in (
        "net_pnl",
        "realised_pnl",
        "gross_exposure",
        "notional",
        *(n for n in once if n.startswith("var ")),
    ):
        if once[name] is not None:
            assert twice[name] == pytest.approx(2 * once[name], rel=1e-9), name
    assert twice["slippage_bp"] == pytest.approx(once["slippage_bp"], rel=1e-9)
    assert twice["leverage"] > once["leverage"]


def test_a_deposit_at_fair_value_leaves_every_time_weighted_figure(told):
    once, later = told["free"], told["deposit"]
    two = np.array([0.01, -0.02])
    by_time = [metric["name"] for metric in performance_table(two, benchmark=two[::-1])]
    check({name: later[name] for name in by_time}, {name: once[name] for name in by_time})
    # On the day itself the money stands in cash when the day opens: a line moves, their sum does not.
    for name in ("portfolio_return", "benchmark_return", "active_return"):
        assert later[name] == pytest.approx(once[name], abs=1e-9), name
    assert later["nav"] > 1.9 * once["nav"]


@pytest.mark.parametrize("cut", [1, 40, 128])
def test_a_period_split_in_two_compounds_and_adds_up(firms, told, cut):
    first, second = ({"start": DAYS[0], "end": DAYS[cut]}, {"start": DAYS[cut + 1], "end": DAYS[-1]})
    halves = [
        {m["name"]: m["value"] for m in performance.performance(firms.desk("base", **span))["metrics"]}
        for span in (first, second)
    ]
    whole = (1 + halves[0]["total_return"]) * (1 + halves[1]["total_return"]) - 1
    assert whole == pytest.approx(told["base"]["total_return"], rel=1e-12)
    gains = [pnl.figures(firms.desk("base", **span))[0] for span in (first, second)]
    for name in ("net_pnl", "realised_pnl", "unrealised_change", "costs"):
        assert sum(one[name] for one in gains) == pytest.approx(
            float(pnl.figures(firms.desk("base"))[0][name]), abs=1e-6
        )
