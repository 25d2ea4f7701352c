"""What the book would lose: episodes replayed, shocks, scenarios of the house, the loss turned round."""

from typing import Any

import polars as pl
from sqlalchemy import select

from analytics.datasets import (
    ACCOUNTS,
    BENCHMARKS,
    CORPORATE_ACTIONS,
    DAILY_NAV,
    DAILY_POSITIONS,
    FX_RATES,
    INSTRUMENTS,
    PRICES,
    QUOTES,
)
from analytics.portfolio.scenarios import KINDS, MARKET, Shocks
from analytics.portfolio.stress import EPISODES, liquidation_profile, liquidity_horizon
from app.desk import Desk
from app.errors import FieldError, Invalid, NotFound
from app.queries._money import currency
from app.queries._scenario import BY_NAME, HORIZON_DAYS, WORST, Asked, basis, outcome
from app.queries._universe import Book, liquidity
from app.storage.cache import cached
from app.storage.records.scenarios import Scenario

__all__ = ["HORIZON_DAYS", "WORST", "Asked", "catalogue", "named", "saved", "scenario", "shocks_of"]
READS = (
    DAILY_POSITIONS, DAILY_NAV, ACCOUNTS, INSTRUMENTS, FX_RATES, PRICES, CORPORATE_ACTIONS, BENCHMARKS, QUOTES,
)  # fmt: skip
PARTICIPATION = 0.2
REVERSE_NAV = 0.1  # the loss that reverse stress asks for when nothing is said: a tenth of net asset value


@cached(*READS, records=("scenarios",))
def catalogue(desk: Desk) -> dict[str, Any]:
    """Return every scenario there is with what it would make of the scope's book.

    Returns:
        ``scenarios``: one row each as ``scenario`` gives it, with ``kind`` (episode, shock, own) and ``id``,
        without positions; ``reverse``: the loss of ``REVERSE_NAV`` of net asset value turned round;
        ``liquidity``: ``rows`` (instrument_id, symbol, value, days, reason; slowest first), ``profile``
        (days, sold), ``participation``; ``sectors``, ``currencies`` and ``names`` held, ``currency``, ``date``, ``nav``,
        ``benchmark``, ``reasons``.
    """
    at = basis(desk)
    held, rows = at.book, at.rows
    asked = [("episode", episode.name, Asked(episode.title, episode.name)) for episode in EPISODES]
    asked += [("shock", name, one) for name, one in _standard(rows, currency(desk))]
    asked += [("own", one["id"], Asked.of(one["body"])) for one in saved(desk)]
    scenarios = [] if held.reason else [
        {"kind": kind, "id": name} | _without_positions(outcome(desk, at, one))
        for kind, name, one in asked
    ]  # fmt: skip
    reverse, reasons = None, {"scenarios": held.reason} if held.reason else {}
    if not (at.nav or 0) > 0:
        reasons["reverse"] = "There is no net asset value above zero in this view to lose a tenth of."
    elif not held.reason:
        turned = Asked("Tenth of net asset value", loss=REVERSE_NAV, of_nav=True)
        reverse = outcome(desk, at, turned)["reverse"]
    return {
        "scenarios": scenarios,
        "reverse": reverse,
        "liquidity": _liquidity(desk, held),
        "sectors": rows["sector"].drop_nulls().unique().sort().to_list(),
        "currencies": rows["currency"].drop_nulls().unique().sort().to_list(),
        "names": rows.select("instrument_id", "symbol").to_dicts(),
        "currency": currency(desk),
        "date": held.date,
        "nav": at.nav,
        "benchmark": at.benchmark,
        "reasons": reasons,
    }


def scenario(desk: Desk, asked: Asked) -> dict[str, Any]:
    """Return what one scenario would make of the scope's book.

    Args:
        desk: Whose book: holdings of the last session.
        asked: Which scenario.

    Returns:
        ``name``, ``episode``, ``shocks`` (factor to fraction), ``pnl`` (negative = loss; null with a
        ``reason``), ``pnl_nav`` (fraction), ``by_position`` (instrument_id, symbol, sector, value, return,
        pnl, how: history, market or shock), ``by_sector`` (sector, pnl), ``worst`` (up to five),
        ``covered`` (share of gross value told by its own history), ``proxied`` (share told through its beta
        to the market), ``missing`` (instruments told by neither), ``unused`` (shocks that nothing held is
        exposed to), ``replayed`` (days of an episode: from, to as they really were, and the days they stand
        on in the tables), ``reverse`` (see below), ``currency``, ``date``, ``nav``.

        ``reverse``: ``loss``, ``scale`` (of the shock asked about, or of a fall of the market by 10 %),
        ``shocks``, and ``likeliest``: of all joint moves of the instruments held with that loss the one
        nearest to no move over ``HORIZON_DAYS`` sessions, with ``distance`` (standard deviations),
        ``probability`` and ``moves``.

    Raises:
        Invalid: For an episode that is not known, a shock of nothing that could be held, a loss without
            net asset value.
    """
    _check(asked)
    return _scenario(desk, document=asked.as_dict())


@cached(*READS)
def _scenario(desk: Desk, *, document: dict[str, Any]) -> dict[str, Any]:
    at = basis(desk)
    more = {"benchmark": at.benchmark, "currency": currency(desk), "date": at.book.date, "nav": at.nav}
    return outcome(desk, at, Asked.of(document)) | more


def named(desk: Desk, scenario_id: str) -> dict[str, Any]:
    """Return the scenario of the catalogue with this id, as ``scenario`` does.

    Raises:
        NotFound: If the catalogue has none.
    """
    if scenario_id in BY_NAME:
        return scenario(desk, Asked(BY_NAME[scenario_id].title, scenario_id))
    at = basis(desk)
    offered = dict(_standard(at.rows, currency(desk))) | {
        one["id"]: Asked.of(one["body"]) for one in saved(desk)
    }
    if scenario_id not in offered:
        raise NotFound("There is no such scenario.")
    return scenario(desk, offered[scenario_id])


def shocks_of(text: str) -> Shocks:
    """Return the shocks that an address names: ``sector:Energy:-0.2;factor:market:-0.1``.

    Raises:
        Invalid: If it does not read.
    """
    flat: dict[str, float] = {}
    for part in filter(None, text.split(";")):
        name, _, move = part.rpartition(":")
        kind, _, what = name.partition(":")
        try:
            flat[name] = float(move)
        except ValueError:
            flat[name] = float("nan")
        if kind not in KINDS or not what or not -1 <= flat[name] <= 10:
            expected = "reads like sector:Energy:-0.2;factor:market:-0.1"
            raise Invalid("The shocks do not fit.", errors=[FieldError("shocks", expected, part[:80])])
    return Shocks.of(flat)


def saved(desk: Desk) -> list[dict[str, Any]]:
    """Return the organisation's own scenarios, oldest first: id, name, body, created_by_name."""
    query = select(Scenario).where(Scenario.kind == "stress", Scenario.disabled.is_(False))
    with desk.session() as session:
        rows = list(session.scalars(query.order_by(Scenario.created_at, Scenario.id)))
        return [
            {
                "id": one.id,
                "name": one.name,
                "body": one.body | {"name": one.name},
                "created_by_name": one.created_by_name,
                "created_by": one.created_by,
            }
            for one in rows
        ]


def _check(asked: Asked) -> None:
    errors = []
    if asked.episode is not None and asked.episode not in BY_NAME:
        errors.append(FieldError("episode", f"must be one of {', '.join(BY_NAME)}", asked.episode[:80]))
    flat = asked.shocks.flat()
    errors += [
        FieldError("shocks.factor", f"must be {MARKET}", name[:80])
        for name in asked.shocks.factor
        if name != MARKET
    ]
    if asked.episode is not None and flat:
        errors.append(FieldError("episode", "comes without shocks"))
    if asked.episode is None and not flat and asked.loss is None:
        errors.append(
            FieldError("shocks", f"name at least one shock by {', '.join(KINDS)}, an episode or a loss")
        )
    if asked.episode is not None and asked.loss is not None:
        errors.append(FieldError("reverse", "goes with shocks, not with an episode"))
    if errors:
        raise Invalid("The scenario does not fit.", errors=errors)


def _standard(rows: pl.DataFrame, to: str) -> list[tuple[str, Asked]]:
    """Return shocks that any book can be asked about, named after what it holds most of."""
    found = [
        (f"market_{'up' if move > 0 else 'down'}_{abs(round(move * 100))}",
         Asked(f"Market {'+' if move > 0 else '−'}{abs(round(move * 100))}%", shocks=Shocks(factor={MARKET: move})))
        for move in (-0.1, -0.2, 0.1)
    ]  # fmt: skip
    if rows.is_empty():
        return found
    sectors = (
        rows.drop_nulls("sector").group_by("sector").agg(pl.col("gross").sum()).sort("gross", descending=True)
    )
    if sectors.height > 1:
        sector = sectors["sector"][0]
        found.append(("sector_down_20", Asked(f"{sector} −20%", shocks=Shocks(sector={sector: -0.2}))))
    top = rows.row(0, named=True)
    move = -0.3 if top["value"] >= 0 else 0.3
    sign = "−" if move < 0 else "+"
    shocks = Shocks(instrument={top["instrument_id"]: move})
    found.append(("largest_name", Asked(f"{top['symbol']} {sign}30% overnight", shocks=shocks)))
    foreign = sorted({own for own in rows["currency"].drop_nulls() if own != to})
    if foreign:
        shocks = Shocks(currency=dict.fromkeys(foreign, -0.1))
        found.append(("currencies_down_10", Asked(f"Other currencies −10% against {to}", shocks=shocks)))
    return found


def _liquidity(desk: Desk, held: Book) -> dict[str, Any]:
    trades = liquidity(desk, held.instruments, day=held.date)
    # A long and a short of one name in two accounts are two trades: both have to be undone.
    sizes = held.held.group_by("instrument_id").agg(quantity=pl.col("quantity").cast(pl.Float64).abs().sum())
    rows = held.rows.select("instrument_id", "symbol", value="gross").join(
        sizes, on="instrument_id", how="left"
    )
    days = liquidity_horizon(rows.join(trades, on="instrument_id", how="left"), participation=PARTICIPATION)
    columns = ("instrument_id", "symbol", "quantity", "value", "adv", "days", "reason")
    return {
        "rows": days.select(columns)
        .sort("days", "instrument_id", descending=[True, False], nulls_last=False)
        .to_dicts(),
        "profile": liquidation_profile(days).to_dicts(),
        "participation": PARTICIPATION,
    }


def _without_positions(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name not in {"by_position", "reverse"}}
