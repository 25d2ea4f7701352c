"""What the market did: prices, bars, quotes, tape, book, currency rates, corporate actions, benchmarks."""

from analytics.datasets._base import EXT, Dataset, Unit, count, day, instant, number, statistic, text

_OHLCV = {
    "open": number("First price.", Unit.PRICE),
    "high": number("Highest price.", Unit.PRICE),
    "low": number("Lowest price.", Unit.PRICE),
    "close": number("Last price.", Unit.PRICE, required=True),
    "volume": number("Traded quantity.", Unit.QUANTITY),
    "vwap": number("Volume-weighted average price.", Unit.PRICE),
}

PRICES = Dataset(
    "prices",
    "Daily prices",
    {
        "instrument_id": text("Instrument.", required=True),
        "date": day("Session.", required=True),
        "adj_basis": text("What the price is adjusted for.", values=("raw", "split", "split_div"), default="raw"),
        **_OHLCV,
        "currency": text("Currency."),
        "ext": EXT,
    },
    key=("instrument_id", "date", "adj_basis"),
    day="date",
)  # fmt: skip

BARS = Dataset(
    "bars",
    "Intraday bars",
    {
        "instrument_id": text("Instrument.", required=True),
        "bar_start": instant("Start of the bar.", required=True),
        "freq": text("Length: 1m, 5m, 1h.", required=True),
        **_OHLCV,
        "trades": count("Number of trades."),
    },
    key=("instrument_id", "bar_start", "freq"),
    time="bar_start",
)

QUOTES = Dataset(
    "quotes",
    "Quotes",
    {
        "instrument_id": text("Instrument.", required=True),
        "transact_time": instant("When it was shown.", required=True),
        "seq": count("Order within the source.", required=True),
        "bid_px": number("Best bid.", Unit.PRICE, required=True),
        "bid_qty": number("Quantity at the bid.", Unit.QUANTITY),
        "ask_px": number("Best ask.", Unit.PRICE, required=True),
        "ask_qty": number("Quantity at the ask.", Unit.QUANTITY),
        "venue": text("Venue."),
    },
    key=("instrument_id", "transact_time", "seq"),
    time="transact_time",
)

TAPE = Dataset(
    "tape",
    "Market trades",
    {
        "instrument_id": text("Instrument.", required=True),
        "transact_time": instant("When it traded.", required=True),
        "seq": count("Order within the source.", required=True),
        "last_px": number("Price.", Unit.PRICE, required=True),
        "last_qty": number("Quantity.", Unit.QUANTITY, required=True),
        "side": text("Aggressor, where known.", values=("buy", "sell")),
        "venue": text("Venue."),
        "trade_id": text("Venue's trade id."),
        "ext": EXT,
    },
    key=("instrument_id", "transact_time", "seq"),
    time="transact_time",
)

BOOK_EVENTS = Dataset(
    "book_events",
    "Order book events",
    {
        "instrument_id": text("Instrument.", required=True),
        "transact_time": instant("When it happened.", required=True),
        "seq": count("Order within the source.", required=True),
        "action": text(
            "What happened.",
            required=True,
            values=("add", "modify", "reduce", "delete", "fill", "trade", "clear", "halt"),
        ),
        "book_order_id": text("Anonymous order id."),
        "side": text("Side of the book.", values=("buy", "sell")),
        "px": number("Price.", Unit.PRICE),
        "qty": number("Quantity: after the event for add and modify, of the event for the rest.", Unit.QUANTITY),
        "venue": text("Venue."),
        "ext": EXT,
    },
    key=("instrument_id", "transact_time", "seq"),
    time="transact_time",
)  # fmt: skip

FX_RATES = Dataset(
    "fx_rates",
    "Currency rates",
    {
        "date": day("Day.", required=True),
        "from_currency": text("One unit of this ...", required=True),
        "to_currency": text("... is worth `rate` of this.", required=True),
        "rate": number("Rate.", Unit.PRICE, required=True, positive=True),
    },
    key=("date", "from_currency", "to_currency"),
    day="date",
)

CORPORATE_ACTIONS = Dataset(
    "corporate_actions",
    "Corporate actions",
    {
        "instrument_id": text("Instrument.", required=True),
        "ca_id": text("Event id.", required=True),
        "kind": text("split, dividend, spin_off, merger, ...", required=True),
        "ex_date": day("Ex date.", required=True),
        "pay_date": day("Pay date."),
        "ratio": number("New shares per old share.", Unit.FRACTION),
        "cash_amount": number("Cash per share.", Unit.PRICE),
        "currency": text("Currency."),
        "ext": EXT,
    },
    key=("instrument_id", "ca_id"),
    day="ex_date",
)

BENCHMARKS = Dataset(
    "benchmarks",
    "Benchmarks",
    {
        "benchmark_id": text("Benchmark.", required=True),
        "date": day("Session.", required=True),
        "level": number("Index level.", Unit.PRICE),
        "weights": text("JSON object of instrument to weight at the close."),
        "return": statistic("Simple return, where no level is published.", Unit.FRACTION),
    },
    key=("benchmark_id", "date"),
    day="date",
)
