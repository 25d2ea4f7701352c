"""Order-to-trade ratio: far more orders than trades, counted as the venues must count them."""

import operator
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

import polars as pl

from analytics.compliance._features import with_group
from analytics.compliance._order_lives import at_ns, parent_orders, whose
from analytics.compliance._shared import Shared, computed, once
from analytics.compliance._spans import settled
from analytics.compliance.alerts import Metric, Told, flattened, listed
from analytics.compliance.detector import Detector, Tables
from analytics.compliance.parameters import Parameters, parameter
from analytics.text import formatted

_SENT = ("new", "replace", "cancel")
# Taken out by the market, not by a message of the member: these do not count.
_BY_MARKET = ("venue", "eod", "smp")
_ANY = "*"
_KEYS = ("actor_group", "account_kind", "venue", "instrument_id", "day")


@dataclass(frozen=True)
class OrderToTradeParameters(Parameters):
    """Which ratio each venue allows, and how many orders each message counts for."""

    limits: str = parameter(
        "* * 100 2000; * mm 2500 50000",
        unit="rows of venue, account kind, limit in number, limit in volume",
        rationale="Every venue sets its own; the most specific row holds. Makers quote both sides all day.",
    )
    weights: str = parameter(
        "* 1 1 2; quote 2 2 4; oco 2 2 4; peg 1 1 2",
        unit="rows of order type or time in force, weight of a new order, a cancellation, an amendment",
        rationale="The Annex of RTS 9: an amendment is a cancellation and a new order, a quote has two sides.",
    )
    soft_share: float = parameter(
        0.8,
        unit="fraction of the limit",
        low=0.1,
        high=1,
        rationale="Time to act before the limit is passed.",
    )
    minimum_messages: int = parameter(
        330,
        unit="orders",
        low=1,
        high=100_000,
        rationale="A ratio over a handful is none: at a limit of 100, three trades are owed on 300 orders, and "
        "one more or less decides nothing. On a real tape dealt at random to 200 members 180 to 310 orders exceed "
        "it by chance; 1 is the bare rule.",
    )
    count_every_fill: bool = parameter(
        default=True,
        unit="yes/no",
        rationale="A partial execution counts as a transaction; if no, an order counts once.",
    )

    def __post_init__(self) -> None:
        """Check both tables as well."""
        super().__post_init__()
        for name, width in (("limits", 4), ("weights", 4)):
            rows = _rows(getattr(self, name))
            if not rows or any(len(row) != width or not _numbers(row[width - (2 if name == "limits" else 3) :])
                               for row in rows):  # fmt: skip
                raise ValueError(f"{name} must be rows of {width} words parted by ';'")
        if not any(row[:2] == [_ANY, _ANY] for row in _rows(self.limits)):
            raise ValueError("limits must have a row '* *' that holds for all the rest")
        if not any(row[0] == _ANY for row in _rows(self.weights)):
            raise ValueError("weights must have a row '*' that holds for all the rest")


class OrderToTrade(Detector):
    """Orders, amendments and cancellations outnumber trades by more than the venue allows.

    Rule (RTS 9 Art. 3 and its Annex): per member, venue, instrument and session, auctions included, the
    ratio is orders / transactions - 1, once in volume and once in number; above either limit it is
    exceeded, at the limit it is not. Without any trade, it is exceeded once the orders outnumber the limit.
    The member is the group of linked owners; market-making accounts are counted apart, by limits of their
    own. Sessions of few orders are not judged. Cancellations by the market do not count. Parent orders are not sent to a venue. The session is
    the day in UTC. Linear: one grouping.
    """

    name = "order_to_trade"
    code = "D07"
    title = "Order-to-trade ratio exceeded"
    version = "1.1.0"
    description = "Far more orders, amendments and cancellations than trades in one instrument and session."
    regulation = ("RTS 9 (2017/566) Art. 3 and Annex", "MAR Art. 16(2), Reg. 2016/957")
    inputs = ("order_events",)
    helpful = ("accounts",)
    false_positives = (
        "Market makers under an obligation to quote, where the account is not marked as one",
        "Venues that count pegged, immediate or mass-quote messages otherwise",
        "Patient orders in a quiet name that are amended all day and never met",
    )
    in_parts = True
    Params = OrderToTradeParameters

    def episodes(self, tables: Tables, params: OrderToTradeParameters) -> pl.LazyFrame:
        """Return members' sessions near or above a limit."""
        sent = _sent(tables, params)
        totals = sent.group_by(_KEYS).agg(
            orders=pl.col("weight").sum(),
            order_volume=pl.col("volume").sum(),
            fills=pl.col("trades").sum(),
            filled_orders=pl.col("filled_orders").sum(),
            trade_volume=pl.col("traded").sum(),
            first_ns=pl.col("first_ns").min(),
            last_ns=pl.col("last_ns").max(),
            accounts=pl.col("account_id").unique().sort(),
        )
        trades = pl.col("fills") if params.count_every_fill else pl.col("filled_orders")
        enough = totals.filter(pl.col("orders") >= params.minimum_messages)
        held = _with_limits(enough.with_columns(trades=trades), params)
        some = pl.col("trades") > 0
        judged = held.with_columns(
            number_ratio=pl.when(some).then(pl.col("orders") / pl.col("trades") - 1),
            volume_ratio=pl.when(some).then(pl.col("order_volume") / pl.col("trade_volume") - 1),
        ).with_columns(
            number_share=pl.when(some).then("number_ratio").otherwise("orders") / pl.col("number_limit"),
            volume_share=pl.col("volume_ratio") / pl.col("volume_limit"),
        )
        share = pl.max_horizontal("number_share", "volume_share")
        near = judged.with_columns(share=share).filter(
            (pl.col("share") > 1) | (pl.col("share") >= params.soft_share)
        )
        return _with_evidence(near, tables).with_columns(
            window_start=at_ns(pl.col("first_ns")),
            window_end=at_ns(pl.col("last_ns")),
            first_seq=formatted("{}.{}.{}", "first_ns", "venue", "account_kind"),
            last_seq=formatted("{}.0", "last_ns"),
        )

    def tell(self, episode: Mapping[str, Any], params: OrderToTradeParameters) -> Told:
        """Score by how far beyond the limit; below it, as an early warning."""
        share, trades = episode["share"], episode["trades"]
        exceeded = share > 1
        where = f" on {episode['venue']}" if episode["venue"] else ""
        limit, volume_limit = episode["number_limit"], episode["volume_limit"]
        story = [
            (
                f"On {episode['window_start']:%Y-%m-%d}, {whose(episode['accounts'])} sent orders counted as "
                f"{episode['orders']:,.0f} in {episode['instrument_id']}{where}, and {_trades(trades)} came of them."
            ),
            (
                f"That is a ratio of {episode['number_ratio']:,.1f} in number and {episode['volume_ratio']:,.1f} "
                f"in volume; the limits are {limit:,.0f} and {volume_limit:,.0f}."
            )
            if trades
            else (
                f"Without a trade there is no ratio: the orders are held against the {limit:,.0f} that one "
                "trade would allow."
            ),
            f"Messages of {episode['account_kind']} accounts are counted apart from those of other kinds."
            if episode["account_kind"] != "other"
            else "An amendment counts as a cancellation and a new order; what the market took out does not count.",
            "Suspected excess: check whether the venue counts these order types otherwise or has granted more."
            if exceeded
            else f"Early warning: {share:.0%} of the limit is used.",
        ]
        # A warning stays of low severity: nothing has been exceeded.
        score = 60 + 40 * min(1.0, (share - 1) / 9) if exceeded else 20 + 19 * share
        return Told(
            score=score,
            metrics=[
                Metric("orders", float(episode["orders"]), None, "orders"),
                Metric("trades", float(trades), None, "trades"),
                Metric("number_ratio", episode["number_ratio"], limit, "orders per trade, less one"),
                Metric("volume_ratio", episode["volume_ratio"], volume_limit, "volume per volume, less one"),
                Metric("share_of_limit", share, 1.0, "fraction of the limit"),
            ],
            story=story,
            actors=[("account", name) for name in episode["accounts"]],
            order_ids=episode["order_ids"],
        )


def _sent(tables: Tables, params: OrderToTradeParameters) -> pl.LazyFrame:
    """Return one row per account, venue, instrument, day, order type and kind of message, weighed.

    Where no other limits will be tried on the same rows, owners who send too little in a name are left out at once.
    """
    weight = _weight(params)
    if isinstance(tables, Shared) and tables.features is not None:
        rows = once(tables, "messages", lambda: _messages(tables["order_events"], tables), kept=True)
    else:
        rows = computed(_messages(_talkative(tables, weight, params.minimum_messages), tables)).lazy()
    kinds = tables["accounts"].select("account_id", "kind").unique("account_id", keep="any")
    return (
        with_group(rows, tables)
        .join(kinds, on="account_id", how="left")
        .with_columns(
            account_kind=pl.when(pl.col("kind") == "mm").then(pl.lit("mm")).otherwise(pl.lit("other")),
            weight=pl.col("messages") * weight,
            volume=pl.col("volume") * weight,
        )
    )


def _counted() -> pl.Expr:
    """Tell which events count as messages of the member."""
    return pl.col("event_type").is_in(_SENT) & ~pl.col("cancel_by").is_in(_BY_MARKET).fill_null(value=False)


def _talkative(tables: Tables, weight: pl.Expr, least: float) -> pl.LazyFrame:
    """Return the events of owners and names in which ``least`` was sent, on all days and venues together.

    Where less was, no session can hold it; two numbers an event tell, and most fall away here.
    """
    events, account = tables["order_events"], pl.col("account_id")
    cell = account.hash(1) ^ pl.col("instrument_id").hash(2)
    sent = settled(
        events.filter(_counted())
        .group_by(cell=cell)
        .agg(pl.col("account_id", "instrument_id").first(), sent=weight.sum())
    )
    owner = ["actor_group", "instrument_id"]
    enough = pl.col("sent").sum().over(owner) >= least * (1 - 1e-9)  # sums of floats may round the other way
    cells = computed(with_group(sent, tables).filter(enough).select("cell"))["cell"]
    return events.clear() if cells.is_empty() else events.filter(cell.is_in(cells.implode()))


def _messages(sent: pl.LazyFrame, tables: Tables) -> pl.LazyFrame:
    """Return one row per account, venue, instrument, day, order type and kind of message, counted."""
    kind, qty, counted = pl.col("event_type"), pl.col("order_qty").cast(pl.Float64), _counted()
    filled = kind == "fill"
    keys = ["account_id", "instrument_id", "ord_type", "time_in_force", "event_type", "venue", "day"]
    events = (
        sent.filter(kind.is_in([*_SENT, "fill"]))
        .join(parent_orders(tables), on="order_id", how="anti")
        .with_columns(pl.col("venue").fill_null(""), day=pl.col("transact_time").dt.date())
    )
    # One number for all seven: far cheaper to group by.
    numbers = [pl.col(name).hash(seed) for seed, name in enumerate(keys, 1)]
    cell = reduce(operator.xor, numbers)
    # Sums alone stream; how many orders were filled is asked of the fills, which are few.
    orders = events.filter(filled).group_by(cell=cell).agg(filled_orders=pl.col("order_id").n_unique())
    return (
        events.group_by(cell=cell)
        .agg(
            pl.col(keys).first(),
            messages=counted.sum(),
            volume=pl.when(counted).then(qty).sum(),
            trades=filled.sum(),
            traded=pl.when(filled).then(pl.col("last_qty").cast(pl.Float64)).sum(),
            first_ns=pl.col("transact_time_ns").min(),
            last_ns=pl.col("transact_time_ns").max(),
        )
        .join(orders, on="cell", how="left")
        .drop("cell")
        .with_columns(pl.col("filled_orders").fill_null(0))
    )


def _weight(params: OrderToTradeParameters) -> pl.Expr:
    """Return the orders that one message of a row counts for."""
    table = {row[0]: [float(n) for n in row[1:]] for row in _rows(params.weights)}
    chosen = [_by_event(table[_ANY])]
    for name, weights in table.items():
        if name != _ANY:
            named = (pl.col("ord_type") == name) | (pl.col("time_in_force") == name)
            chosen.insert(0, pl.when(named.fill_null(value=False)).then(_by_event(weights)))
    return pl.coalesce(chosen)


def _by_event(weights: list[float]) -> pl.Expr:
    new, cancelled, amended = weights
    kind = pl.col("event_type")
    return pl.when(kind == "replace").then(amended).when(kind == "cancel").then(cancelled).otherwise(new)


def _with_limits(totals: pl.LazyFrame, params: OrderToTradeParameters) -> pl.LazyFrame:
    """Add number_limit and volume_limit: the row that names venue and kind, else venue, else kind."""
    rows = sorted(_rows(params.limits), key=lambda row: (row[0] == _ANY, row[1] == _ANY))
    limits = []
    for place in (2, 3):
        found = []
        for row in rows:
            venue = pl.lit(value=True) if row[0] == _ANY else pl.col("venue") == row[0]
            kind = pl.lit(value=True) if row[1] == _ANY else pl.col("account_kind") == row[1]
            found.append(pl.when(venue & kind).then(pl.lit(float(row[place]))))
        limits.append(pl.coalesce(found))
    return totals.with_columns(number_limit=limits[0], volume_limit=limits[1])


def _with_evidence(near: pl.LazyFrame, tables: Tables) -> pl.LazyFrame:
    """Add the ids of the orders: a second look, for the few sessions that are near a limit."""
    chosen = near.select(*_KEYS, account_id="accounts").explode("account_id")
    by = ["account_id", "instrument_id", "venue", "day"]
    if isinstance(tables, Shared) and tables.features is not None:
        # Limits are tried one after another: the first ids of every session are asked for once.
        first = once(
            tables,
            "session_orders",
            lambda: _entered(tables).group_by(by).agg(order_ids=listed("order_id")),
            kept=True,
        )
        asked, ids = first.join(chosen, on=by, how="inner"), flattened("order_ids")
    else:
        asked, ids = _entered(tables).join(chosen, on=by, how="inner"), listed("order_id")
    orders = asked.group_by(_KEYS).agg(order_ids=ids)
    return near.join(orders, on=list(_KEYS), how="left").with_columns(
        order_ids=pl.col("order_ids").fill_null([])
    )


def _entered(tables: Tables) -> pl.LazyFrame:
    entered = tables["order_events"].filter(pl.col("event_type") == "new")
    day = pl.col("transact_time").dt.date()
    return entered.select(
        "account_id", "instrument_id", "order_id", venue=pl.col("venue").fill_null(""), day=day
    )


def _rows(table: str) -> list[list[str]]:
    return [row.split() for row in table.split(";") if row.strip()]


def _numbers(words: list[str]) -> bool:
    try:
        return all(float(word) > 0 for word in words)
    except ValueError:
        return False


def _trades(n: int) -> str:
    return "no trade" if n == 0 else "one trade" if n == 1 else f"{n:,} trades"
