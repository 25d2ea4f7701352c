"""Guess a mapping from headers: shipped mappings first, then the names that brokers usually write."""

import re

from analytics.datasets import IMPORTABLE, Dataset
from app.errors import Invalid
from app.sources._mapping import Field, Mapping, Rule, shipped
from app.sources._records import read_records

# Our column to the headers seen in real files (FIELD_MAP section 2), letters and digits only.
USUAL: dict[str, tuple[str, ...]] = {
    "account_id": ("account", "accountid", "konto", "clientid", "clientaccountid", "portfolio"),
    "instrument_id": ("symbol", "ticker", "instrument", "isin", "asset", "pair", "security", "sedol", "figi"),
    "symbol": ("symbol", "ticker"),
    "side": ("side", "buysell", "action", "type", "direction", "transactiontype", "orderposition", "sida"),
    "last_qty": ("quantity", "qty", "amount", "noofshares", "shares", "units", "antal", "volume", "filledvolume"),
    "last_px": ("price", "tradeprice", "tprice", "priceshare", "pricepershare", "kurs", "fillprice", "averageprice"),
    "currency": ("currency", "ccy", "currencyprimary", "pricecurrency", "quote", "valuta", "fx"),
    "commission": ("commission", "ibcommission", "feescomm", "courtage", "brokerage", "costs"),
    "fees": ("fee", "fees"),
    "taxes": ("tax", "taxes", "stamp"),
    "transact_time": ("transacttime", "time", "timestamp", "datetime", "tradetime", "executiontime", "date",
                      "tradedate", "datum", "createdat", "tsutc"),
    "trade_date": ("tradedate", "date", "datum"),
    "settle_date": ("settledate", "valuedate", "valutadatum", "settlementdate"),
    "date": ("date", "day", "datum", "tradedate", "timeperiod"),
    "exec_id": ("execid", "id", "txid", "tradeid", "transactionid", "executionid"),
    "order_id": ("orderid", "order"),
    "venue": ("venue", "exchange", "mic", "marketidentifiercode", "marketname"),
    "open": ("open",),
    "high": ("high",),
    "low": ("low",),
    "close": ("close", "closeprice", "last", "price"),
    "volume": ("volume", "vol"),
    "vwap": ("vwap",),
    "text": ("text", "tweet", "message", "body", "content"),
    "author_id": ("author", "authorid", "user", "userid"),
    "post_id": ("messageid", "postid", "id", "tweetid"),
    "quantity": ("quantity", "position", "qty", "shares"),
    "amount": ("amount", "netamount", "total", "mutatie", "value"),
    "kind": ("type", "kind", "transactiontype", "action"),
}  # fmt: skip
_SIDES = {
    "buy": "buy", "b": "buy", "bought": "buy", "sell": "sell", "s": "sell", "sold": "sell", "köp": "buy",
    "sälj": "sell", "market buy": "buy", "market sell": "sell", "short": "sell_short", "cover": "buy_cover",
}  # fmt: skip
_CANDIDATES = ("executions", "prices", "posts", "cash_flows", "positions")


def guess(data: bytes, *, dataset: str | None = None) -> Mapping:
    """Guess a mapping for these bytes.

    Raises:
        Invalid: No header can be read.
    """
    encoding = "utf-8"
    try:
        data.decode()
    except UnicodeDecodeError:
        encoding = "cp1252"
    sample = b"\n".join(data.split(b"\n")[:200])
    delimiter = max(",;\t|", key=lambda mark: sample.partition(b"\n")[0].count(mark.encode()))
    records = read_records(
        sample if sample.count(b'"') % 2 == 0 else data, delimiter=delimiter, encoding=encoding
    )
    for mapping in shipped().values():
        if _fits(mapping, records.names, delimiter) and dataset in (None, mapping.rules[0].dataset):
            return mapping
    chosen = dataset or max(_CANDIDATES, key=lambda name: _score(IMPORTABLE[name], records.names))
    if chosen not in IMPORTABLE:
        raise Invalid(f"Unknown data set {chosen!r}.")
    columns = _columns(IMPORTABLE[chosen], records.names)
    return Mapping(
        name="new",
        title="New mapping",
        rules=(Rule(chosen, columns),),
        delimiter=delimiter,
        encoding=encoding,
        thousands="," if delimiter != "," or '"' in sample.decode(encoding, "replace") else "",
        formats=("%Y%m%d;%H%M%S", "%Y%m%d", "%m/%d/%Y"),
    )


def _fits(mapping: Mapping, header: list[str], delimiter: str) -> bool:
    read = {
        one.source for rule in mapping.rules for one in rule.columns.values() if one.source is not None
    } | {name for rule in mapping.rules for name in rule.when}
    named = {name for name in read if not name.startswith("@")}
    return mapping.delimiter == delimiter and bool(named) and named <= set(header)


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9åäöüé]", "", text.lower())


def _columns(dataset: Dataset, header: list[str]) -> dict[str, Field]:
    slugs = {_slug(name): name for name in reversed(header)}
    found: dict[str, Field] = {}
    for name in dataset.columns:
        source = slugs.get(_slug(name)) or next((slugs[u] for u in USUAL.get(name, ()) if u in slugs), None)
        if source is not None:
            found[name] = Field(source=source)
    if "side" in found and dataset.name == "executions":
        found["side"] = Field(source=found["side"].source, values=_SIDES)
        found["last_qty"] = (
            Field(source=found["last_qty"].source, number="abs") if "last_qty" in found else Field()
        )
    elif dataset.name == "executions" and "last_qty" in found:
        quantity = found["last_qty"].source
        found |= {
            "side": Field(source=quantity, sign=("buy", "sell")),
            "last_qty": Field(source=quantity, number="abs"),
        }
    if "exec_id" in dataset.columns and "exec_id" not in found:
        found["exec_id"] = Field(template="{raw}")
    if "account_id" in dataset.columns and "account_id" not in found:
        found["account_id"] = Field(constant="main")
    return {name: one for name, one in found.items() if one != Field()}


def _score(dataset: Dataset, header: list[str]) -> float:
    found = _columns(dataset, header)
    required = [name for name in dataset.required if name in found]
    return len(required) / max(len(dataset.required), 1)
