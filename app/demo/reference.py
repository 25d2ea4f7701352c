"""Who and what: the reference, price and cash files of a firm."""

import json
from datetime import date

import numpy as np
import polars as pl

from analytics.datasets import (
    ACCOUNTS,
    BENCHMARKS,
    CASH_FLOWS,
    CORPORATE_ACTIONS,
    FX_RATES,
    INSTRUMENTS,
    PEOPLE,
    POSITIONS,
    PRICES,
    QUOTES,
)
from app.demo.basket import basket
from app.demo.firm import ListEntry, Login
from app.demo.firms import FirmPlan, Person
from app.demo.history import Trades
from app.demo.ledger import conform, instant
from app.demo.market import Market
from app.demo.microstructure import Quotes
from app.demo.pressure import Pressure
from app.demo.universe import BENCHMARK, INDEX_FUND, STOCKS, SYMBOLS, TICK

_SIGN_INS = {
    "trader": "trader", "portfolio_manager": "pm", "risk": "risk", "compliance": "compliance",
    "surveillance": "surveillance", "auditor": "auditor", "admin": "admin",
}  # fmt: skip
_ROLES = {"surveillance": "compliance"}  # a second pair of eyes
SYNTHETIC = "open,high,low,volume"


def instruments() -> pl.DataFrame:
    """Return the instruments file."""
    rows = [
        {
            "instrument_id": stock.symbol, "symbol": stock.symbol, "name": stock.name,
            "asset_class": stock.asset_class, "currency": "USD", "mic": stock.mic, "isin": stock.isin,
            "sector": stock.sector, "industry": stock.industry, "country": "US", "multiplier": 1,
            "price_unit_factor": 1, "tick_size": TICK, "lot_size": 1, "issuer": stock.name,
        }
        for stock in STOCKS
    ]  # fmt: skip
    return conform(pl.DataFrame(rows), INSTRUMENTS)


def accounts(plan: FirmPlan) -> pl.DataFrame:
    """Return the accounts file."""
    rows = [
        {
            "account_id": book.account_id, "name": book.name, "desk": book.desk, "kind": book.kind,
            "base_currency": book.currency, "owner_id": book.owner, "link_group": book.link_group,
            "benchmark_id": BENCHMARK, "strategy": book.strategy, "pad": book.kind == "personal",
        }
        for book in plan.books
    ]  # fmt: skip
    return conform(pl.DataFrame(rows, infer_schema_length=None), ACCOUNTS)


def people(plan: FirmPlan, lists: tuple[ListEntry, ...]) -> pl.DataFrame:
    """Return the people file, with the insider lists each is on."""
    inside = {person: f"{e.instrument_id} {e.reason}".lower() for e in lists for person in e.person_ids}
    rows = [
        {
            "person_id": person.person_id, "name": person.name, "desk": person.desk, "role": person.role,
            "manager_id": person.manager, "email": f"{person.person_id}@{plan.slug}.demo",
            "insider_lists": [inside[person.person_id]] if person.person_id in inside else None,
        }
        for person in plan.people
    ]  # fmt: skip
    return conform(pl.DataFrame(rows, infer_schema_length=None), PEOPLE)


def logins(plan: FirmPlan) -> tuple[Login, ...]:
    """Return who signs in: one person of each role, and a second one of compliance."""
    first = {role: next(p for p in plan.people if p.role == role) for role in _SIGN_INS}
    return tuple(
        Login(
            f"{short}@{plan.slug}.demo",
            first[role].name,
            _ROLES.get(role, role),
            _desks(first[role]),
            first[role].person_id,
        )
        for role, short in _SIGN_INS.items()
    )


def _desks(person: Person) -> tuple[str, ...] | None:
    return (person.desk,) if person.desk else None


def prices(market: Market) -> pl.DataFrame:
    """Return the prices file: the source's closes with the original dates beside them."""
    count = len(SYMBOLS)
    frame = pl.DataFrame(
        {
            "instrument_id": list(SYMBOLS) * len(market.sessions),
            "date": _each(market.sessions, count),
            "adj_basis": ["split_div"] * (count * len(market.sessions)),
            "open": market.open.reshape(-1),
            "high": market.high.reshape(-1),
            "low": market.low.reshape(-1),
            "close": market.close.reshape(-1),
            "volume": market.volume.reshape(-1),
            "currency": ["USD"] * (count * len(market.sessions)),
            "ext": _each(tuple(_note(day) for day in market.originals), count),
        }
    )
    return conform(frame, PRICES)


def benchmarks(market: Market) -> pl.DataFrame:
    """Return the benchmark file: the real index level, and a basket of the stocks with its weights."""
    rows = {"benchmark_id": [BENCHMARK] * len(market.sessions), "date": market.sessions}
    index = pl.DataFrame({**rows, "level": market.index_level})
    return conform(pl.concat([index, basket(market)], how="diagonal"), BENCHMARKS)


def fx_rates(market: Market) -> pl.DataFrame:
    """Return the currency rates file: a simulated path, one row a day and direction."""
    there = pl.DataFrame({"date": market.sessions, "rate": market.eur_usd})
    back = there.with_columns(rate=(1 / pl.col("rate")).round(10))
    return conform(
        pl.concat(
            [
                there.with_columns(from_currency=pl.lit("EUR"), to_currency=pl.lit("USD")),
                back.with_columns(from_currency=pl.lit("USD"), to_currency=pl.lit("EUR")),
            ]
        ),
        FX_RATES,
        decimals=10,
    )


def cash_flows(trades: Trades) -> pl.DataFrame:
    """Return the cash file."""
    rows = [
        {
            "account_id": flow.account_id, "flow_id": f"F{number:06d}", "date": flow.day, "kind": flow.kind,
            "amount": flow.amount, "currency": flow.currency, "external": flow.external,
            "instrument_id": flow.instrument_id,
        }
        for number, flow in enumerate(trades.cash, 1)
    ]  # fmt: skip
    return conform(pl.DataFrame(rows, infer_schema_length=None), CASH_FLOWS)


def broker_positions(executions: pl.DataFrame, market: Market) -> pl.DataFrame:
    """Return what the broker says is held at the last close; two lines differ from the firm's own books.

    Real statements do: a late booking and a wrong account leave breaks for the reconciliation to find.
    """
    bought = pl.col("side").is_in(["buy", "buy_cover"])
    signed = pl.when(bought).then(pl.col("last_qty")).otherwise(-pl.col("last_qty"))
    held = executions.group_by("account_id", "instrument_id").agg(quantity=signed.sum())
    held = held.filter(pl.col("quantity") != 0).sort("account_id", "instrument_id").with_row_index("row")
    breaks = {7: 100, held.height // 2: -250}
    late = pl.col("row").replace_strict(breaks, default=0, return_dtype=pl.Int64)
    last = pl.DataFrame({"instrument_id": SYMBOLS, "market_px": market.close[-1]})
    frame = held.join(last, on="instrument_id", how="left", maintain_order="left").with_columns(
        quantity=pl.col("quantity").cast(pl.Float64) + late,
        date=pl.lit(market.sessions[-1]),
        source=pl.lit("broker"),
        currency=pl.lit("USD"),
    )
    value = (pl.col("quantity") * pl.col("market_px")).round(2)
    return conform(frame.with_columns(market_value=value), POSITIONS)


def corporate_actions(trades: Trades, market: Market) -> pl.DataFrame:
    """Return the corporate actions file: the tracker's distributions."""
    rows = [
        {
            "instrument_id": INDEX_FUND, "ca_id": f"DIV-{market.sessions[dividend.ex_session]}",
            "kind": "dividend", "ex_date": market.sessions[dividend.ex_session],
            "pay_date": market.sessions[dividend.pay_session], "cash_amount": dividend.per_share,
            "currency": "USD",
        }
        for dividend in trades.dividends
    ]  # fmt: skip
    schema = {name: column.dtype for name, column in CORPORATE_ACTIONS.columns.items()}
    return conform(pl.DataFrame(rows), CORPORATE_ACTIONS) if rows else pl.DataFrame(schema=schema)


def quotes_file(quotes: Quotes, pressure: Pressure | None = None) -> pl.DataFrame:
    """Return the quotes file, with what ``pressure`` did to them."""
    blocks = len(quotes.time)
    symbols = pl.Series(list(SYMBOLS) * (blocks // len(SYMBOLS)))
    frame = pl.DataFrame(
        {
            "instrument_id": symbols.gather([n for n in range(blocks) for _ in range(quotes.per_block)]),
            "time": quotes.time.reshape(-1),
            "bid_px": quotes.bid.reshape(-1),
            "bid_qty": quotes.bid_qty.reshape(-1),
            "ask_px": quotes.ask.reshape(-1),
            "ask_qty": quotes.ask_qty.reshape(-1),
        }
    )
    if pressure is not None and pressure.shifts:
        block = pl.Series(np.repeat(np.arange(blocks), quotes.per_block))
        width = len(SYMBOLS)
        places = {n: (quotes.first_session + n // width, n % width) for n in range(blocks)}
        frame = pressure.bend(frame, block, places)
    frame = frame.sort("time", "instrument_id", maintain_order=True)
    return conform(
        frame.with_columns(transact_time=instant("time"), seq=pl.int_range(1, pl.len() + 1)), QUOTES
    )


def _each(values: tuple[date, ...] | tuple[str, ...], count: int) -> pl.Series:
    return pl.Series(values).gather([n for n in range(len(values)) for _ in range(count)])


def _note(original: date) -> str:
    return json.dumps([["original_date", original.isoformat()], ["synthetic", SYNTHETIC]])
