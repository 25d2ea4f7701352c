"""Stress tests of a small book: by hand, by original days, turned round, kept; and where nothing is known."""

from datetime import date

import pytest

from analytics.portfolio.scenarios import Shocks
from analytics.portfolio.stress import EPISODES
from app.actions import scenarios
from app.errors import Conflict, Forbidden, Invalid, NotFound
from app.jobs.derive import derive
from app.queries import portfolio, stress
from app.scope import Identity, Scope
from tests.app._world import context_of, desk_of, land
from tests.app.queries._firm import FIRM
from tests.app.queries._long import SHIFT, firm_of, values


@pytest.fixture(scope="module")
def long_firm(module_database, tmp_path_factory):
    return firm_of(tmp_path_factory.mktemp("home"), module_database)


@pytest.fixture
def desk(long_firm):
    return desk_of(long_firm, role="risk")


def worth(desk) -> dict[str, float]:
    return dict(values(desk).iter_rows())


def asked(**more):
    return stress.Asked("x", **more)


def test_shocks_add_up_by_hand(desk):
    shocks = Shocks(instrument={"AAA": -0.5}, sector={"Tech": 0.1})
    found = stress.scenario(desk, asked(shocks=shocks))
    held = worth(desk)
    expected = {"AAA": -0.5 * held["AAA"], "BBB": 0.1 * held["BBB"], "CCC": 0.1 * held["CCC"]}
    assert {row["instrument_id"]: row["pnl"] for row in found["by_position"]} == pytest.approx(expected)
    assert found["pnl"] == pytest.approx(sum(expected.values()))
    assert found["pnl_nav"] == pytest.approx(found["pnl"] / portfolio.totals(desk)[0]["nav"])
    assert {row["sector"]: row["pnl"] for row in found["by_sector"]} == pytest.approx(
        {"Energy": expected["AAA"], "Tech": expected["BBB"] + expected["CCC"]}
    )
    assert [row["instrument_id"] for row in found["worst"]] == ["AAA", "CCC"]


def test_a_market_move_goes_through_each_beta(desk):
    found = stress.scenario(desk, asked(shocks=Shocks(factor={"market": -0.1})))
    moves = {row["instrument_id"]: row["return"] for row in found["by_position"]}
    assert moves == pytest.approx({"AAA": -0.05, "BBB": -0.1, "CCC": -0.15}, abs=0.01)


def test_twice_the_shock_is_twice_the_loss_and_splitting_the_scope_adds_up(desk):
    once, twice = (
        stress.scenario(desk, asked(shocks=Shocks(sector={"Tech": move})))["pnl"] for move in (-0.1, -0.2)
    )
    assert twice == pytest.approx(2 * once)
    parts = [
        stress.scenario(desk.with_scope(account=(account,)), asked(shocks=Shocks(sector={"Tech": -0.1})))[
            "pnl"
        ]
        for account in ("A1", "A2")
    ]
    assert sum(parts) == pytest.approx(once)


def test_an_episode_is_replayed_on_the_days_prices_were_really_made(desk):
    found = stress.named(desk, "rates_2022")
    told = found["replayed"]
    assert told["from"] <= date(2022, 1, 3)
    assert told["to"] <= date(2022, 10, 12)
    assert told["kept_from"] - told["from"] == told["kept_to"] - told["to"] == SHIFT
    assert told["instruments"] == 3
    assert (found["covered"], found["proxied"], found["missing"]) == (1, 0, 0)


def test_an_episode_without_prices_goes_through_the_market_and_says_so(desk):
    found = stress.named(desk, "covid_2020")
    assert (found["covered"], found["proxied"]) == (0, 1)
    assert found["replayed"] is None
    assert {row["how"] for row in found["by_position"]} == {"market"}
    market = next(one.market for one in EPISODES if one.name == "covid_2020")
    moves = {row["instrument_id"]: row["return"] for row in found["by_position"]}
    assert moves["BBB"] == pytest.approx(market, abs=0.05)


def test_the_loss_turned_round_loses_it(desk):
    found = stress.scenario(desk, asked(shocks=Shocks(sector={"Energy": -0.1}), loss=5000.0))["reverse"]
    again = stress.scenario(desk, asked(shocks=Shocks.of(found["shocks"])))
    assert again["pnl"] == pytest.approx(-5000)
    assert sum(move["pnl"] for move in found["likeliest"]["moves"]) == pytest.approx(-5000, rel=1e-6)
    assert found["likeliest"]["distance"] > 0


def test_a_loss_in_shares_of_net_asset_value(desk):
    found = stress.scenario(desk, asked(loss=0.1, of_nav=True))
    assert found["reverse"]["loss"] == pytest.approx(0.1 * portfolio.totals(desk)[0]["nav"])
    assert found["pnl"] is None


def test_the_catalogue_tells_what_one_scenario_tells(desk):
    found = stress.catalogue(desk)
    assert [row["id"] for row in found["scenarios"] if row["kind"] == "episode"] == [e.name for e in EPISODES]
    for row in found["scenarios"]:
        assert stress.named(desk, row["id"])["pnl"] == pytest.approx(row["pnl"])
    assert found["liquidity"]["rows"][0]["days"] == pytest.approx(300 / (0.2 * 1_000_000))
    assert found["reverse"]["loss"] > 0


def test_shocks_of_nothing_held_are_named_and_unknown_words_refused(desk):
    found = stress.scenario(desk, asked(shocks=Shocks(sector={"Banks": -0.1})))
    assert (found["pnl"], found["unused"]) == (0, ["sector:Banks"])
    for wrong in (
        asked(episode="tulips_1637"), asked(), asked(episode="covid_2020", loss=1.0),
        asked(shocks=Shocks(factor={"oil": 0.1})), asked(episode="covid_2020", shocks=Shocks(sector={"Tech": 1.0})),
    ):  # fmt: skip
        with pytest.raises(Invalid):
            stress.scenario(desk, wrong)
    with pytest.raises(NotFound):
        stress.named(desk, "tulips_1637")


def test_shocks_in_an_address_read_back():
    found = stress.shocks_of("instrument:XETR:SAP:-0.3;factor:market:-0.1")
    assert (found.instrument, found.factor) == ({"XETR:SAP": -0.3}, {"market": -0.1})
    for wrong in (
        "sector:Tech",
        "sector:Tech:x",
        "moon:x:0.1",
        "sector::0.1",
        "sector:Tech:nan",
        "sector:Tech:-2",
    ):
        with pytest.raises(Invalid):
            stress.shocks_of(wrong)


def test_a_kept_scenario_joins_the_catalogue_of_everybody(long_firm, desk):
    keeper = Identity("acme", "u_pm", "Petra", "portfolio_manager")
    body = asked(shocks=Shocks(sector={"Tech": -0.25})).as_dict()
    made = scenarios.save(long_firm.database, keeper, kind="stress", name="Tech falls", body=body)
    mine = next(row for row in stress.catalogue(desk)["scenarios"] if row["id"] == made.id)
    assert (mine["kind"], mine["name"]) == ("own", "Tech falls")
    assert stress.named(desk, made.id)["pnl"] == pytest.approx(mine["pnl"])
    with pytest.raises(Conflict):
        scenarios.save(long_firm.database, keeper, kind="stress", name="tech FALLS", body=body)
    colleague = Identity("acme", "u_other", "Otto", "portfolio_manager")
    with pytest.raises(NotFound):
        scenarios.remove(long_firm.database, colleague, made.id)
    with pytest.raises(Forbidden):
        scenarios.remove(long_firm.database, Identity("acme", "u_t", "T", "trader"), made.id)
    scenarios.remove(long_firm.database, keeper, made.id)
    assert made.id not in {row["id"] for row in stress.catalogue(desk)["scenarios"]}


def test_a_desk_sees_its_own_book_only(long_firm):
    mine = desk_of(long_firm, role="trader", desks=("D2",))
    found = stress.scenario(mine, asked(shocks=Shocks(sector={"Energy": -0.5, "Tech": -0.1})))
    assert [row["instrument_id"] for row in found["by_position"]] == ["CCC"]
    assert found["pnl"] > 0


def test_nothing_held_traders_and_too_little_history_are_told(long_firm, tmp_path, sqlite_database):
    nobody = stress.catalogue(desk_of(context_of(tmp_path, sqlite_database), org="zenith"))
    assert (nobody["scenarios"], nobody["liquidity"]["rows"]) == ([], [])
    assert nobody["reasons"]["scenarios"]
    by_trader = stress.catalogue(desk_of(long_firm, scope=Scope(trader=("T1",))))
    assert by_trader["reasons"]["scenarios"].endswith("not by trader.")
    empty = stress.scenario(
        desk_of(long_firm, scope=Scope(trader=("T1",))), asked(shocks=Shocks(sector={"Tech": -0.1}))
    )
    assert (empty["pnl"], empty["reason"]) == (None, by_trader["reasons"]["scenarios"])


def test_a_book_without_betas_does_not_guess_the_market(tmp_path, sqlite_database):
    young = context_of(tmp_path, sqlite_database)
    land(young, "acme", **FIRM)
    derive(young, "acme", cause="test")
    found = stress.scenario(desk_of(young), asked(shocks=Shocks(factor={"market": -0.1})))
    assert found["pnl"] is None
    assert found["missing"] == 2
    assert "beta" in found["reason"]
