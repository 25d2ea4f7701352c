"""One order's page: what it cost against which price, and why; its life on the price; alerts that name it."""

from datetime import timedelta
from typing import Any

import polars as pl

from analytics.datasets import ACCOUNTS, DAILY_NAV, FX_RATES, ORDER_EVENTS, PEOPLE
from analytics.trading.orders import order_states, with_fills
from app.desk import Desk
from app.queries import _order_parts as parts
from app.queries._course import course
from app.queries._money import number
from app.queries._order_expected import expected
from app.queries._order_measures import duration, measures, norms_of, weighted
from app.queries._order_shortfall import instrument, shortfall
from app.queries._order_tree import READS, Tree, market_of, tree
from app.queries.compliance import alerts
from app.storage.cache import cached

MOST = 2_000  # events and orders of one tree that are answered
_LEAST_ROOM = timedelta(minutes=5)
_MOST_ROOM = timedelta(minutes=45)
_FILL = (
    "exec_id", "order_id", "transact_time", "side", "last_qty", "last_px", "currency", "notional", "venue",
    "liquidity", "broker", "commission", "fees", "taxes", "decision_px", "arrival_px", "vwap_px", "twap_px",
    "close_px", "previous_close_px", "mid_px", "slippage_bp", "effective_spread_bp", "quoted_spread_bp",
    "realised_spread_bp", "impact_bp",
)  # fmt: skip


@cached(*READS, ACCOUNTS, PEOPLE, FX_RATES)
def order_cost(desk: Desk, order_id: str) -> dict[str, Any]:
    """Return what an order cost, the orders cut from it included; the scope's dates do not matter.

    Returns:
        ``order`` (its state, with ``symbol``, ``name``, ``currency``, ``account_name``, ``trader_name``),
        ``window`` (its instants and the market's prices at them), ``benchmarks`` (passports of slippage in bp,
        positive = cost, with ``price``), ``shortfall`` (``paper``, ``parts``, ``total``: passports in bp with
        ``amount`` in ``currency``, which sum exactly), ``markouts`` and ``measures`` (passports), ``inputs`` (what its expected cost rests on), ``fills``,
        ``events`` and ``children`` (frames, oldest first).

    Raises:
        NotFound: If no order of this id is in what the asker may see.
    """
    found = tree(desk, order_id)
    market = market_of(desk, found)
    window = parts.priced_window(found, market)
    fills = parts.measured_fills(desk, found, market)
    told = None
    if fills.is_empty() and found.events.filter(pl.col("event_type") == "fill").height:
        told = parts.EVENTS_ONLY
    against = parts.benchmarks(window, fills)
    arrival = next(one["value"] for one in against if one["name"] == "arrival")
    states = _states(desk, found)
    horizons = [name for name in fills.columns if name.startswith("markout_")]
    return {
        "order": _head(desk, found, states, window),
        "window": {name: value for name, value in window.items() if name != "order_id"},
        "benchmarks": against,
        "shortfall": shortfall(desk, found, window, fills, told),
        "markouts": parts.markouts(fills),
        "measures": measures(desk, found, window=window, fills=fills, told=told),
        "inputs": {
            "filled_qty": number(fills["last_qty"].sum()) if fills.height else None,
            **norms_of(desk, found),
            "quoted_spread_bp": weighted(fills, "quoted_spread_bp"),
            "duration_seconds": duration(window),
            "cost_bp": arrival,
            "passive": bool(fills.height) and fills["liquidity"].eq_missing("maker").all(),
        },
        "fills": fills.select(*_FILL, *horizons),
        "events": found.events.select(*ORDER_EVENTS.columns, "dq_flags").head(MOST),
        "children": states.filter(pl.col("order_id") != order_id).head(MOST),
    }


@cached(*READS, ACCOUNTS, PEOPLE, FX_RATES, DAILY_NAV)
def order_tca(desk: Desk, order_id: str) -> dict[str, Any]:
    """Return ``order_cost`` with, among its ``measures``, ``expected_cost`` and ``cost_z``.

    These two are judged against the orders of the scope's period, which takes longer where nobody asked before.
    """
    found = order_cost(desk, order_id)
    judged = expected(desk, order_id, found["inputs"], fills=found["order"]["executions"])
    return found | {"measures": [*found["measures"], *judged]}


@cached(*READS)
def order_course(desk: Desk, order_id: str) -> dict[str, Any]:
    """Return the price over an order's life with some time around it.

    Returns:
        ``instrument_id``, ``start``, ``end``, ``kind`` and ``rows`` (``_course.course``), ``fills`` (exec_id,
        side, time, price, quantity), ``limits`` (order_id, time, until, limit_px: one row per limit that
        stood), ``marks`` (order_id, event_type, time, limit_px, reason: what happened to it but fills and
        acknowledgements). Floats: they are only drawn.

    Raises:
        NotFound: If no order of this id is in what the asker may see.
    """
    found = tree(desk, order_id)
    room = min(_MOST_ROOM, max(_LEAST_ROOM, (found.last - found.first) / 5))
    begin, finish = found.first - room, found.last + room
    kind, rows = course(desk, found.instrument_id, begin, finish)
    limit = pl.col("limit_px").cast(pl.Float64)
    said = found.events.filter(~pl.col("event_type").is_in(["ack", "fill", "correct", "bust", "restate"]))
    own = said.filter(pl.col("order_id") == order_id)
    shown = said if own["limit_px"].null_count() == own.height else own
    marks = said.select("order_id", "event_type", "reason", time="transact_time", limit_px=limit)
    return {
        "instrument_id": found.instrument_id,
        "start": begin,
        "end": finish,
        "kind": kind,
        "rows": rows.to_dicts(),
        "limits": _limits(shown, found).to_dicts(),
        "marks": marks.head(MOST).to_dicts(),
        "fills": found.fills.select(
            "exec_id",
            "order_id",
            "side",
            time="transact_time",
            price=pl.col("last_px").cast(pl.Float64),
            quantity=pl.col("last_qty").cast(pl.Float64),
        ).to_dicts(),
    }


def alerts_on(desk: Desk, order_id: str) -> list[dict[str, Any]]:
    """Return the alerts whose evidence names an order, one cut from it, or a fill of them; worst first.

    Raises:
        Forbidden: If the role does not read surveillance.
        NotFound: If no order of this id is in what the asker may see.
    """
    everywhere = desk.with_scope(
        start=None, end=None, desk=(), account=(), trader=(), instrument=(), order=None, limit=100
    )
    everything = alerts(everywhere, limit=100_000)["rows"]
    found = tree(desk, order_id)
    orders = {order_id, *found.events["order_id"]}
    fills = set(found.fills["exec_id"])
    return [
        alert
        for alert in everything
        if orders & set(alert["evidence"].get("order_ids") or ())
        or fills & set(alert["evidence"].get("exec_ids") or ())
    ]


def _states(desk: Desk, found: Tree) -> pl.DataFrame:
    events = with_fills(found.events.lazy(), found.fills.lazy())
    return desk.collect(order_states(events).sort("first_time", "order_id"))


def _head(desk: Desk, found: Tree, states: pl.DataFrame, window: dict[str, Any]) -> dict[str, Any]:
    """Return the order's own state, with what its children filled counted as its own."""
    own = states.filter(pl.col("order_id") == found.order_id)
    first = found.fills.row(0, named=True) if found.fills.height else {}
    described = ("account_id", "trader_id", "desk", "strategy", "venue")
    if own.height:
        order = own.row(0, named=True)
    else:
        order = dict.fromkeys(states.columns) | {"order_id": found.order_id, "side": window["side"]}
        order |= {name: first.get(name) for name in described}
    filled = found.fills["last_qty"].sum() if found.fills.height else order["filled_qty"]
    ordered, status = window["order_qty"], order["status"]
    if ordered is not None and filled is not None and filled >= ordered:
        status = "filled"
    elif status == "open" and filled:
        status = "partial"
    unit = instrument(desk, found)
    people = desk.rows(PEOPLE, scoped=False).filter(pl.col("person_id") == order["trader_id"])
    accounts = desk.rows(ACCOUNTS, scoped=False).filter(pl.col("account_id") == order["account_id"])
    account = desk.collect(accounts.select("name", "desk").head(1)).to_dicts()
    return order | {
        "parent_order_id": found.parent_id,
        "instrument_id": found.instrument_id,
        "symbol": unit["symbol"],
        "name": unit["name"],
        "currency": unit["currency"] or first.get("currency"),
        "order_qty": ordered,
        "filled_qty": filled,
        "fill_rate": float(filled) / float(ordered) if ordered and filled is not None else None,
        "status": status,
        "desk": order["desk"] or (account[0]["desk"] if account else None),
        "account_name": account[0]["name"] if account else None,
        "trader_name": (desk.collect(people.select("name").head(1))["name"].to_list() or [None])[0],
        "children": states.height - own.height,
        "executions": found.fills.height,
    }


def _limits(said: pl.DataFrame, found: Tree) -> pl.DataFrame:
    """Return from when until when each limit stood."""
    everything = with_fills(found.events.lazy(), found.fills.lazy())
    # An order nobody ended stands until the last thing that is known of the whole.
    working = pl.col("status").is_in(["open", "partial"])
    stood = order_states(everything).select(
        "order_id", stood=pl.when(working).then(pl.lit(found.last)).otherwise("last_time")
    )
    standing = (
        said.lazy()
        .sort("transact_time_ns", "event_seq")
        .join(stood, on="order_id", how="left", maintain_order="left")
        .with_columns(
            until=pl.coalesce(pl.col("transact_time").shift(-1).over("order_id"), "stood"),
            limit=pl.col("limit_px").forward_fill().over("order_id").cast(pl.Float64),
        )
    )
    ends = pl.col("event_type").is_in(["cancel", "expire", "reject"])
    kept = standing.filter(~ends, pl.col("limit").is_not_null())
    return kept.select("order_id", "side", "until", time="transact_time", limit_px="limit").collect()
