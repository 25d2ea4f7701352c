"""The page says what was measured, and of which models."""

from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl

from analytics.models._skill import Skill
from analytics.models.volatility import Volatility
from tests.bench._machine import Machine
from tests.bench.models import _real
from tests.bench.models._demo import Firm
from tests.bench.models._page import page

MACHINE = Machine(2, "Some CPU", 24.0, 0.5, datetime(2026, 11, 22, tzinfo=UTC), (("polars", "2.1.0"),))
SHOWN = Skill(0.0296, 0.0206, 0.04, 4.5e-8, 2014, 1.0, 1.03)
RIVAL = Skill(-0.01, -0.02, 0.01, 0.3, 2014, 1.0, 0.99).as_dict() | {"title": "GARCH(1,1)"}
DAYS = (date(2014, 12, 29), date(2022, 12, 28))


def test_a_record_on_real_prices_is_told_with_its_rivals_and_its_bands():
    one = _real.Tested(Volatility, SHOWN, {"garch": RIVAL}, ({"nominal": 0.9, "held": 0.895},), 9, *DAYS, 8.3)
    told = page([one], [], MACHINE)
    assert (
        "| volatility | EWMA with decay 0.94 | +2.96 % (2.06 to 4.00) | 4.5e-08 | 2014 | 9 | 8.3 | shown |"
        in told
    )
    assert "|  | GARCH(1,1) | -1.00 % (-2.00 to 1.00) | 0.3 | 2014 | 9 |  | none shown |" in told
    assert "| volatility | 90 % | 89.50 % |" in told
    assert str(Path.home()) not in told


def test_a_card_without_a_record_says_why():
    card = {
        "name": "alert_triage",
        "baseline": "score order",
        "metrics": Skill(None, None, None, None, 0, None, None).as_dict(),
        "folds": [],
        "seconds": None,
        "status": "silent",
        "reason": "only 0 days out of sample",
    }
    told = page([], [Firm("halyard", (card,))], MACHINE)
    assert "| alert_triage | score order | - |  | 0 | 0 |  | silent: only 0 days out of sample |" in told


def test_closes_alone_feed_the_models_of_prices_and_of_one_book():
    """Volume has no target without volumes; nobody trades or talks there."""
    assert set(_real.fed()) == {
        "book_volatility", "book_volatility_21d", "book_volatility_5d", "clusters", "pairs", "regimes", "return_range", "return_range_21d", "return_range_5d",
        "value_at_risk", "volatility", "volatility_21d", "volatility_5d",
    }  # fmt: skip


def test_the_book_holds_equal_parts_and_earns_the_mean_move():
    tables = _real.tables()
    closes = tables["prices"].sort("instrument_id", "date")
    moves = closes.with_columns(move=50_000 * pl.col("close").pct_change().over("instrument_id"))
    day = tables["books"]["date"][500]
    earned = moves.filter(date=day)["move"].sum()
    book = tables["books"].filter(date=day)
    assert abs(book["realised"][0] - earned) < 1e-6
    assert len(book["replay"][0]) == 500
    assert abs(book["replay"][0][-1] - earned) < 1e-6
