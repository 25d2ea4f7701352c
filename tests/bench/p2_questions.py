"""Five questions of the dashboard over the last 30 days, computed by the application's own queries with no
answer kept, against reading alone (the columns of the rows in scope, by the same reader) and against DuckDB
asking the same of the same Parquet files. DuckDB computes in floating point, is handed the list of files and
looks up neither the published version nor entitlements; it returns Arrow. Answers are compared to 1e-9.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import duckdb
import polars as pl

from analytics.datasets import DAILY_POSITIONS, EXECUTIONS, ORDER_EVENTS, Dataset
from analytics.trading.orders import order_to_trade, with_fills
from app.desk import Desk
from app.queries import trading
from app.queries._book import daily_pnl, holdings
from tests.bench._firm import Firm
from tests.bench._measure import Bench, Row, alternate, pair

TITLE = "Dashboard questions, uncached"

CHANGES = """
WITH changes AS (
    SELECT *, coalesce(exec_ref_id, exec_id) AS root FROM executions WHERE exec_status <> 'new' OR version > 1
), newest AS (SELECT root, max(version) AS version FROM changes GROUP BY root),
replaced AS (SELECT DISTINCT exec_ref_id AS exec_id FROM changes WHERE exec_ref_id <> exec_id),
standing AS (
    SELECT e.* FROM executions e
    LEFT JOIN newest n ON n.root = CASE WHEN exec_status = 'new' THEN exec_id ELSE coalesce(exec_ref_id, exec_id) END
    ANTI JOIN replaced r ON r.exec_id = e.exec_id
    WHERE e.transact_time >= $start AND e.transact_time < $after AND (n.version IS NULL OR e.version >= n.version)
      AND e.exec_status <> 'busted'
)"""
POSITIONS = """
SELECT p.account_id, p.instrument_id, a.desk, i.symbol, i.sector, p.quantity, p.avg_cost, p.market_px,
       p.market_value::DOUBLE AS value, p.unrealised_pnl, p.pnl
FROM daily_positions p LEFT JOIN instruments i USING (instrument_id) LEFT JOIN accounts a USING (account_id)
WHERE p.date = $end AND p.quantity <> 0 ORDER BY abs(value) DESC, p.account_id, p.instrument_id"""
PNL = """
SELECT p.date, a.desk, sum(p.pnl_base::DOUBLE) AS pnl, sum(p.realised_pnl::DOUBLE) AS realised,
       sum(p.costs::DOUBLE) AS costs, sum(p.income::DOUBLE) AS income
FROM daily_positions p LEFT JOIN accounts a USING (account_id) WHERE p.date BETWEEN $start AND $end
GROUP BY ALL ORDER BY ALL"""
MOVERS = """
SELECT p.instrument_id, i.symbol, sum(p.pnl_base::DOUBLE) AS pnl, sum(p.realised_pnl::DOUBLE) AS realised,
       sum(p.costs::DOUBLE) AS costs, sum(p.income::DOUBLE) AS income
FROM daily_positions p LEFT JOIN instruments i USING (instrument_id) WHERE p.date BETWEEN $start AND $end
GROUP BY ALL ORDER BY pnl DESC"""
SLIPPAGE = (
    CHANGES
    + """, priced AS (
    SELECT s.venue, last_qty::DOUBLE * last_px::DOUBLE * coalesce(i.multiplier::DOUBLE, 1) AS w,
           CASE WHEN arrival_px > 0 THEN CASE WHEN side IN ('buy', 'buy_cover') THEN 1 ELSE -1 END
               * (last_px::DOUBLE / arrival_px::DOUBLE - 1) * 10000 END AS s
    FROM standing s LEFT JOIN instruments i USING (instrument_id)
)
SELECT venue, count(*) AS executions, sum(w) AS notional, sum(w * s) / sum(w) AS slippage, sum(w * w) AS ww,
       sum(w * w * s) AS wws, sum(w * w * s * s) AS wwss FROM priced GROUP BY venue ORDER BY notional DESC"""
)
RATIO = (
    CHANGES
    + """, events AS (
    SELECT order_id, event_type FROM order_events WHERE transact_time >= $start AND transact_time < $after
), told AS (SELECT DISTINCT order_id FROM events WHERE event_type = 'fill'),
untold AS (SELECT DISTINCT order_id FROM events ANTI JOIN told USING (order_id)),
everything AS (
    SELECT event_type FROM events UNION ALL SELECT 'fill' FROM standing SEMI JOIN untold USING (order_id)
)
SELECT count(*) FILTER (event_type IN ('new', 'replace', 'cancel')) AS messages,
       count(*) FILTER (event_type = 'fill') AS trades FROM everything"""
)


@dataclass(frozen=True)
class Question:
    """One question, both ways, and what has to be read for it."""

    name: str
    ask: Callable[[Desk], Any]
    sql: str
    reads: tuple[tuple[Dataset, tuple[str, ...]], ...]
    figure: Callable[[Any], float]  # one number of our answer
    column: str  # of theirs that sums to it


def _ratio(desk: Desk) -> pl.DataFrame:
    return desk.collect(order_to_trade(with_fills(desk.order_events(), desk.executions())))


_BOOK = ("account_id", "instrument_id", "date")
_STANDING = ("exec_id", "version", "exec_status", "exec_ref_id", "transact_time")
QUESTIONS = (
    Question(
        "Positions now",
        holdings,
        POSITIONS,
        (
            (
                DAILY_POSITIONS,
                (*_BOOK, "quantity", "avg_cost", "market_px", "market_value", "unrealised_pnl", "pnl"),
            ),
        ),
        lambda found: found["market_value"].cast(float).sum(),
        "value",
    ),
    Question(
        "P&L by desk and day",
        lambda desk: daily_pnl(desk, "desk"),
        PNL,
        ((DAILY_POSITIONS, (*_BOOK, "pnl_base", "realised_pnl", "costs", "income")),),
        lambda found: found["booked"].cast(float).sum(),
        "pnl",
    ),
    Question(
        "Slippage by venue",
        trading.venues,
        SLIPPAGE,
        (
            (
                EXECUTIONS,
                (
                    *_STANDING,
                    "venue",
                    "side",
                    "instrument_id",
                    "last_qty",
                    "last_px",
                    "arrival_px",
                    "currency",
                ),
            ),
        ),
        lambda found: found["slippage_bp"].sum(),
        "slippage",
    ),
    Question(
        "Order-to-trade ratio",
        _ratio,
        RATIO,
        ((ORDER_EVENTS, ("order_id", "event_type", "transact_time")), (EXECUTIONS, (*_STANDING, "order_id"))),
        lambda found: found["trades"].sum(),
        "trades",
    ),
    Question(
        "Top movers",
        lambda desk: trading.pnl(desk, group_by="instrument"),
        MOVERS,
        ((DAILY_POSITIONS, (*_BOOK, "pnl_base", "realised_pnl", "costs", "income")),),
        lambda found: found["pnl"].cast(float).sum(),
        "pnl",
    ),
)


def measure(bench: Bench) -> list[Row]:
    firm = bench.firm
    duck = _duck(firm)
    rows, scans, ducks = [], [], []
    for question in QUESTIONS:
        sides = {
            "ours": lambda q=question: q.ask(firm.desk()),
            "the scan alone": lambda q=question: _scan(firm.desk(), q.reads),
            "DuckDB": lambda q=question: _asked(duck, q.sql, firm),
        }
        _compare(question, sides["ours"](), sides["DuckDB"]())
        seconds = alternate(sides, rounds=bench.sizes.rounds, repeat=2)
        rows.append(pair(question.name, seconds, "the scan alone"))
        rows.append(pair(question.name, seconds, "DuckDB"))
        scans.append(rows[-2].value)
        ducks.append(rows[-1].value)
    duck.close()
    rows.append(Row("Geometric mean of the five", _mean(scans), against="the scan alone", goal=2.0))
    rows.append(Row("Geometric mean of the five", _mean(ducks), against="DuckDB", goal=1.0))
    return rows


def _mean(values: Sequence[float]) -> float:
    return math.exp(sum(map(math.log, values)) / len(values))


def _scan(desk: Desk, reads: Sequence[tuple[Dataset, tuple[str, ...]]]) -> None:
    for dataset, columns in reads:
        desk.collect(desk.rows(dataset).select(columns))


def _duck(firm: Firm) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    for name in ("executions", "order_events", "daily_positions", "instruments", "accounts"):
        files = ", ".join(f"'{path}'" for path in firm.files(name))
        connection.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet([{files}])")
    return connection


def _asked(connection: duckdb.DuckDBPyConnection, sql: str, firm: Firm) -> Any:
    given = {"start": f"{firm.start}", "end": f"{firm.end}", "after": f"{firm.end + timedelta(days=1)}"}
    for name, value in given.items():
        kind = "DATE" if name == "end" or "p.date" in sql else "TIMESTAMPTZ"
        sql = sql.replace(f"${name}", f"{kind} '{value}'")
    return connection.sql(sql).to_arrow_table()


def _compare(question: Question, ours: Any, theirs: Any) -> None:
    mine, other = question.figure(ours), sum(filter(None, theirs[question.column].to_pylist()))
    if not math.isclose(mine, other, rel_tol=1e-9):
        raise AssertionError(f"{question.name}: {mine} is not {other}")
