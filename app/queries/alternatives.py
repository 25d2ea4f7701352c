"""Other explanations of an alert, and what the records say for or against each."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import polars as pl

from analytics.compliance.detector import all_detectors
from analytics.datasets import ACCOUNTS, EXECUTIONS, INSTRUMENTS, MESSAGES, NEWS, ORDER_EVENTS, POSTS
from app.desk import Desk
from app.queries._stretches import months
from app.queries.compliance import alert
from app.queries.evidence import evidence
from app.storage.cache import cached

FOR, AGAINST, OPEN = "for", "against", "open"
NEWS_BEFORE = timedelta(hours=2)
HEDGE_AROUND = timedelta(minutes=5)
LONG = timedelta(days=1)  # beyond this nearly everybody trades something else, and news is always near


@cached(ACCOUNTS, EXECUTIONS, INSTRUMENTS, MESSAGES, NEWS, ORDER_EVENTS, POSTS, records=("alerts",))
def alternatives(desk: Desk, alert_id: str) -> dict[str, Any]:
    """Return what else may explain an alert.

    Returns:
        ``known``: sentences of the detector on what it takes for the pattern by mistake; ``checks``: name,
        ``question``, ``answer`` and ``leans`` (``for``: the records support this explanation, ``against``: they do
        not, ``open``: they do not say). A check that does not fit the alert is left out.

    Raises:
        Forbidden: If the role does not read surveillance.
        NotFound: If there is no such alert here, or it is about the one who asks.
    """
    found, behind = alert(desk, alert_id), evidence(desk, alert_id)
    kind = all_detectors().get(found["detector"])
    checks = [
        *_market_making(desk, found, behind),
        *_pulled_by_others(behind),
        *_for_clients(behind),
        *_news(found, behind),
        *_hedge(desk, found, behind),
    ]
    return {"known": list(kind.false_positives) if kind else [], "checks": checks}


def _check(name: str, question: str, answer: str, leans: str) -> dict[str, str]:
    return {"name": name, "question": question, "answer": answer, "leans": leans}


def _accounts(found: Mapping[str, Any], behind: Mapping[str, pl.DataFrame]) -> list[str]:
    named = {actor["id"] for actor in found["actors"] if actor["kind"] == "account"}
    seen = {*behind["orders"]["account_id"].drop_nulls(), *behind["executions"]["account_id"].drop_nulls()}
    return sorted(named | seen)


def _market_making(
    desk: Desk, found: Mapping[str, Any], behind: Mapping[str, pl.DataFrame]
) -> list[dict[str, str]]:
    accounts = _accounts(found, behind)
    if not accounts:
        return []
    rows = desk.rows(ACCOUNTS, dated=False, scoped=False).filter(pl.col("account_id").is_in(accounts))
    kinds = dict(
        desk.collect(rows.select("account_id", "kind").unique("account_id", keep="last")).iter_rows()
    )
    makers = [name for name in accounts if kinds.get(name) == "mm"]
    said = (
        f"{', '.join(makers)} is kept as a market maker's account."
        if makers
        else f"None of its {len(accounts)} accounts is kept as a market maker's."
        if len(accounts) > 1
        else f"{accounts[0]} is not kept as a market maker's account."
    )
    return [_check("market_making", "Was it market making?", said, FOR if makers else AGAINST)]


def _pulled_by_others(behind: Mapping[str, pl.DataFrame]) -> list[dict[str, str]]:
    pulled = behind["events"].filter(pl.col("event_type") == "cancel")
    if pulled.is_empty():
        return []
    by = dict(pulled.group_by(pl.col("cancel_by").fill_null("unknown")).len().iter_rows())
    # An order that asked to be filled at once or not at all ended as whoever entered it had asked.
    own, unknown = by.get("user", 0) + by.get("ioc", 0), by.get("unknown", 0)
    others = pulled.height - own - unknown
    said = f"{own} of {pulled.height} withdrawals were made or asked for by whoever entered the order"
    said += f", {others} by the venue, self-match prevention or the end of the day" if others else ""
    said += f"; of {unknown} nobody is named." if unknown else "."
    leans = FOR if others > pulled.height / 2 else OPEN if unknown > pulled.height / 2 else AGAINST
    return [_check("withdrawn_by_others", "Were the orders taken out by somebody else?", said, leans)]


def _for_clients(behind: Mapping[str, pl.DataFrame]) -> list[dict[str, str]]:
    events = behind["events"]
    if events.is_empty():
        return []
    orders = events.group_by("order_id").agg(
        client=pl.col("client_id").is_not_null().any(), agency=(pl.col("capacity") == "agency").any()
    )
    clients = orders.filter(pl.col("client") | pl.col("agency").fill_null(value=False)).height
    said = (
        f"{clients} of {orders.height} orders name a client or an agency capacity: ask for the instruction."
        if clients
        else f"None of its {orders.height} orders names a client."
    )
    return [_check("instruction", "Had a client asked for it?", said, FOR if clients else AGAINST)]


def _news(found: Mapping[str, Any], behind: Mapping[str, pl.DataFrame]) -> list[dict[str, str]]:
    start, end = found["window"]["start"], found["window"]["end"]
    if start is None or end is None or end - start > LONG or not found["instrument_ids"]:
        return []
    before = behind["news"].filter(pl.col("published_time").is_between(start - NEWS_BEFORE, end))
    if before.is_empty():
        said = "No story on the instrument came out in the two hours before."
        return [_check("news", "Was there news to trade on?", said, AGAINST)]
    last = before.tail(1).row(0, named=True)
    more = f" and {before.height - 1} more" if before.height > 1 else ""
    said = f"“{last['headline']}” came out at {last['published_time']:%H:%M} UTC{more}."
    return [_check("news", "Was there news to trade on?", said, FOR)]


def _hedge(desk: Desk, found: Mapping[str, Any], behind: Mapping[str, pl.DataFrame]) -> list[dict[str, str]]:
    accounts, start, end = _accounts(found, behind), found["window"]["start"], found["window"]["end"]
    if not accounts or start is None or end is None or end - start > LONG or not found["instrument_ids"]:
        return []
    rows = desk.executions(dated=False, scoped=False).filter(
        pl.col("account_id").is_in(accounts),
        ~pl.col("instrument_id").is_in(found["instrument_ids"]),
        months(start - HEDGE_AROUND, end + HEDGE_AROUND),
        pl.col("transact_time").is_between(start - HEDGE_AROUND, end + HEDGE_AROUND),
    )
    others = desk.collect(
        rows.group_by("instrument_id").len().sort("len", "instrument_id", descending=[True, False])
    )
    if others.is_empty():
        said = "The same accounts traded nothing else from five minutes before to five minutes after."
        return [_check("hedge", "Was it the leg of a hedge?", said, AGAINST)]
    names = ", ".join(others["instrument_id"].head(4))
    said = f"The same accounts traded {names} within five minutes of it ({others['len'].sum()} fills): compare the legs."
    return [_check("hedge", "Was it the leg of a hedge?", said, OPEN)]
