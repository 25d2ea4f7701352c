"""Which of a person's trades a message is about: measured on made-up days whose answer is known."""

import random

import polars as pl

from analytics.compliance._message_links import linked, named, names_of, spoken
from analytics.datasets import ACCOUNTS, EXECUTIONS, MESSAGES
from analytics.social.instruments import symbols_of

NAMES = {
    "AAPL": "Apple", "MSFT": "Microsoft", "KO": "Coca Cola", "ALL": "Allstate", "XOM": "Exxon Mobil", "PFE": "Pfizer",
    "GE": "General Electric", "CAT": "Caterpillar",
}  # fmt: skip
INSTRUMENTS = pl.DataFrame(
    {"instrument_id": [f"I:{one}" for one in NAMES], "symbol": list(NAMES), "name": list(NAMES.values())}
)
SAID = (
    "{v} {n} {s} for us before he starts", "{s}: {v} {n} and say nothing", "${s} {v} about {n}, quietly",
    "{v} {n} {word}, all of it on the other account", "{v} {n} {low} now", "on it, {v} {n} of the {word} stock",
    "{v} some {s} now", "{s} now, {n}",
)  # fmt: skip
DAY = 1_795_000_000_000_000_000
MINUTE = 60 * 10**9
CASES = 240


def frame(dataset, rows):
    given = pl.DataFrame(rows, infer_schema_length=None)
    missing = [pl.lit(None, t).alias(c) for c, t in dataset.schema.items() if c not in given.columns]
    casts = [pl.col(c).cast(t) for c, t in dataset.schema.items() if c in given.columns]
    return given.with_columns(*casts, *missing)


def days():
    """Messages and trades: each message's own trade, and others by the same trader in the same hours."""
    rng = random.Random(11)
    messages, trades, truth = [], [], {}
    for case in range(CASES):
        symbol = rng.choice(list(NAMES))
        side, size = rng.choice(("buy", "sell")), rng.choice((2_000, 5_000, 12_000, 40_000))
        at = DAY + case * 30 * 24 * 60 * MINUTE
        word = NAMES[symbol].split()[0]
        # A symbol that is a word, or of two letters, is not typed in small letters by itself.
        line = rng.choice(
            [s for s in SAID if "{low}" not in s or (len(symbol) > 2 and symbol not in {"ALL", "CAT"})]
        )
        if symbol == "ALL":
            line = rng.choice([s for s in SAID if "${s}" in s or "{word}" in s])
        verb = side if rng.random() < 0.7 else {"buy": "load", "sell": "dump"}[side]
        amount = f"{size // 1000}k" if rng.random() < 0.5 else f"{size}"
        text = line.format(
            v=verb, n=amount, s=symbol, low=symbol.lower(), word=word if rng.random() < 0.5 else word.lower()
        )
        messages.append({"message_id": f"M{case}", "thread_id": f"t{case}", "sender_id": "x", "recipient_ids": [f"p{case}"],
                         "text": text, "transact_time_ns": at})  # fmt: skip
        truth[f"M{case}"] = f"O{case}-own"
        other = rng.choice([one for one in NAMES if one != symbol])
        flip = {"buy": "sell", "sell": "buy"}[side]
        # (which, symbol, side, size, minutes after)
        made = [
            ("own", symbol, side, size * rng.uniform(0.7, 1.1), rng.uniform(2, 60)),
            ("name", other, side, size, rng.uniform(1, 20)),
            ("side", symbol, flip, size * rng.uniform(0.7, 1.1), rng.uniform(1, 90)),
            ("size", symbol, side, size * rng.choice((0.1, 6.0)), rng.uniform(1, 90)),
            ("time", symbol, side, size * rng.uniform(0.7, 1.1), rng.uniform(300, 900)),
            ("done", symbol, side, size * rng.uniform(0.5, 1.1), -rng.uniform(5, 25)),
        ]
        trades += [
            {"exec_id": f"E{case}-{which}", "order_id": f"O{case}-{which}", "account_id": "A", "trader_id": f"p{case}",
             "instrument_id": f"I:{one}", "side": way, "last_qty": round(n), "last_px": 10,
             "transact_time_ns": at + int(after * MINUTE)}
            for which, one, way, n, after in made
        ]  # fmt: skip
    return frame(MESSAGES, messages), frame(EXECUTIONS, trades), truth


def test_nine_of_ten_messages_are_linked_to_the_trade_they_are_about():
    messages, trades, truth = days()
    accounts = pl.DataFrame(schema=ACCOUNTS.schema).lazy()
    said = spoken(messages, messages, INSTRUMENTS)
    found = linked(said, trades.lazy(), accounts, before=1800.0, after=86_400.0, tau=7200.0)
    best = dict(found.select("message_id", "order_id").iter_rows())
    right = sum(best.get(one) == order for one, order in truth.items())
    assert right / CASES >= 0.9, f"{right} of {CASES}"


def test_symbols_in_small_letters_count_unless_they_are_words():
    symbols, names = symbols_of(INSTRUMENTS), names_of(INSTRUMENTS)
    assert named("buy 5k aapl", symbols, names) == ["I:AAPL"]
    assert named("take all of it, the cat is out", symbols, names) == []
    assert named("ko is what we call it, ge too", symbols, names) == []
    assert named("coca is bid", symbols, names) == ["I:KO"]
