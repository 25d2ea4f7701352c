"""IBKR Flex elements to rows (FIELD_MAP section 2 and what follows it).

How it decides:

* Only rows at the level of executions are trades; Order, SymbolSummary, AssetSummary and Lot rows tell the
  same trades again and are kept raw only. Open positions are taken at SUMMARY level, or summed from lots.
* ``instrument_id`` is the symbol, with ``#conid`` where one file uses a symbol for several contracts.
* A cancelled or corrected trade (transactionType, or Ca and Co in the notes) is the next version of the one
  it refers to.
* Commission in another currency than the trade's stays in ``ext`` (flag COMMISSION_CURRENCY).
* A transfer of a position is a trade at its value beside an equal external flow, so cash stays as it was.
* Instruments and accounts are described from what the statement says of them (flag DERIVED).
"""

import json
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from app.sources._flex_text import amount, day, instant, negated, plain, unsigned

ASSETS = {
    "STK": "equity", "OPT": "option", "FOP": "option", "WAR": "option", "IOPT": "option", "FUT": "future",
    "CASH": "fx", "BOND": "bond", "BILL": "bond", "FUND": "fund", "CFD": "equity", "CMDTY": "commodity",
    "CRYPTO": "crypto", "IND": "index",
}  # fmt: skip
FLOWS = {
    "dividends": "dividend", "payment in lieu of dividends": "dividend", "withholding tax": "withholding",
    "871(m) withholding": "withholding", "broker interest paid": "interest", "broker interest received": "interest",
    "bond interest paid": "interest", "bond interest received": "interest", "other fees": "fee",
    "broker fees": "fee", "advisor fees": "fee", "commission adjustments": "fee", "sales tax": "tax",
}  # fmt: skip
ACTIONS = {
    "TC": "merger", "FS": "split", "RS": "split", "SO": "spin_off", "SD": "stock_dividend", "HD": "stock_dividend",
    "CD": "dividend", "IC": "identifier_change", "TO": "tender", "DW": "delisting", "RI": "rights_issue",
    "BC": "conversion", "BM": "maturity", "PI": "share_purchase", "OR": "asset_purchase", "PC": "purchase",
}  # fmt: skip
RAW_ONLY = frozenset({
    "Order", "SymbolSummary", "AssetSummary", "Lot", "FxTransaction", "StatementOfFundsLine", "CashReportCurrency",
    "FlexQueryResponse", "FlexStatements", "FlexStatement", "WashSale", "FxLot", "TransferLot", "SLBActivity",
    "InterestAccrualsCurrency", "ChangeInDividendAccrual", "OpenDividendAccrual", "ChangeInPositionValue",
    "DebitCardActivity", "SalesTax", "TransactionTax", "AccountInformation", "TradeTransfer", "SecurityInfo",
    "FlexElementSamples",
})  # fmt: skip
_RATIO = re.compile(r"(\d+(?:\.\d+)?) FOR (\d+(?:\.\d+)?)")
Row = dict[str, Any]


@dataclass(frozen=True)
class Element:
    """One element: ``line`` (record number), name, attributes in order, the account of its statement."""

    line: int
    tag: str
    given: Mapping[str, str]
    account: str | None
    statement: int
    identity: str = ""

    def get(self, *names: str) -> str | None:
        """Return the first of ``names`` that says something."""
        for name in names:
            value = self.given.get(name, "").strip()
            if value and value not in ("--", "N/A", "-"):
                return value
        return None


@dataclass
class Statement:
    """Collects rows by data set over the elements of one file."""

    account: str | None = None
    currency: str | None = None
    rows: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    unknown: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    contracts: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    bases: dict[str, str] = field(default_factory=dict)
    trades: dict[str, Row] = field(default_factory=dict)  # any id of a trade -> its latest version
    equity: set[tuple[str | None, str | None]] = field(default_factory=set)
    summaries: set[tuple[str | None, str | None]] = field(default_factory=set)
    described: dict[str, int] = field(default_factory=dict)

    def foresee(self, element: Element) -> None:
        """First pass: ambiguous symbols, base currencies, what is told at two levels."""
        if (symbol := element.get("symbol")) and (conid := element.get("conid")):
            self.contracts[symbol].add(conid)
        account = self._account(element)
        base = None
        if element.tag == "AccountInformation":
            base = element.get("currency")
        elif element.tag == "FxTransaction":
            base = element.get("functionalCurrency")
        elif element.tag == "ConversionRate":
            base = element.get("toCurrency")
        if base and account and (account not in self.bases or element.tag == "AccountInformation"):
            self.bases[account] = base
        if element.tag == "EquitySummaryByReportDateInBase":
            self.equity.add((account, element.get("reportDate")))
        if element.tag == "OpenPosition" and element.get("levelOfDetail") in (None, "SUMMARY"):
            self.summaries.add((account, element.get("conid", "symbol")))

    def take(self, element: Element) -> None:
        """Second pass: turn one element into rows."""
        readers = {
            "Trade": self._trade, "CashTransaction": self._cash, "OpenPosition": self._position,
            "ConversionRate": self._rate, "CorporateAction": self._action, "Transfer": self._transfer,
            "OptionEAE": self._option_event, "EquitySummaryByReportDateInBase": self._equity,
            "ChangeInNAV": self._change,
        }  # fmt: skip
        if element.tag in readers:
            readers[element.tag](element)
        elif element.tag not in RAW_ONLY:
            self.unknown[element.tag] += 1
        self._describe(element)

    def _account(self, element: Element) -> str | None:
        return element.get("accountId") or element.account or self.account

    def _instrument(self, element: Element) -> str | None:
        symbol = element.get("symbol")
        conid = element.get("conid")
        if symbol and conid and len(self.contracts[symbol]) > 1:
            return f"{symbol}#{conid}"
        return symbol

    def _row(self, dataset: str, element: Element, used: tuple[str, ...], **values: Any) -> Row:
        rest = [[k, v] for k, v in element.given.items() if k not in used and v not in ("", "--", "N/A")]
        row: Row = {
            "line": element.line,
            "account_id": self._account(element),
            "instrument_id": self._instrument(element),
        }
        row |= {
            "currency": element.get("currency"),
            "dq_flags": [],
            "ext": json.dumps(rest, ensure_ascii=False),
        }
        row |= values
        self.rows[dataset].append(row)
        return row

    def _trade(self, element: Element) -> None:
        if element.get("levelOfDetail") not in (None, "EXECUTION"):
            return
        notes = set((element.get("notes", "code") or "").split(";"))
        kind = element.get("transactionType")
        cancelled = kind == "TradeCancel" or "Ca" in notes
        corrected = kind == "TradeCorrect" or "Co" in notes
        own = element.get("ibExecID", "tradeID", "transactionID") or element.identity
        row = self._trade_row(element, own)
        origin = element.get("origTradeID", "origTransactionID")
        if origin == "0":
            origin = None
        before = self.trades.get(origin or "") or (self.trades.get(own) if cancelled or corrected else None)
        if cancelled or corrected:
            row["exec_status"] = "busted" if cancelled else "corrected"
            row["exec_ref_id"] = origin or own
            row["exec_id"] = before["exec_id"] if before else origin or own
            row["version"] = str(int(before["version"]) + 1) if before else "2"
            if before and cancelled:
                row["side"] = before["side"]
        for one in (own, element.get("tradeID"), element.get("transactionID"), row["exec_id"]):
            if one:
                self.trades[one] = row

    def _trade_row(self, element: Element, own: str) -> Row:
        currency, paid_in = element.get("currency"), element.get("ibCommissionCurrency")
        same = paid_in is None or paid_in == currency
        flags = [] if same or not amount(element.get("ibCommission")) else ["COMMISSION_CURRENCY"]
        when = element.get("dateTime")
        if when is None and element.get("tradeDate"):
            when = f"{element.get('tradeDate')};{element.get('tradeTime') or ''}".rstrip(";")
        stamp = instant(when)
        if stamp and stamp.endswith("T00:00:00") and not (when and ("00:00:00" in when or "000000" in when)):
            flags.append("TIME_OF_DAY_UNKNOWN")
        price = plain(element.get("tradePrice", "price"))
        if price is None and (price := _price(element)):
            flags.append("PRICE_DERIVED")
        used = (
            "symbol", "currency", "accountId", "quantity", "tradePrice", "taxes", "accruedInt", "dateTime", "tradeDate",
            "settleDateTarget", "exchange", "ibOrderID", "traderID", "buySell",
            *(("ibExecID",) if element.get("ibExecID") else ()), *(("ibCommission", "ibCommissionCurrency") if same else ()),
        )  # fmt: skip
        return self._row(
            "executions",
            element,
            used,
            exec_id=own,
            version="1",
            exec_status="new",
            order_id=element.get("ibOrderID"),
            trader_id=element.get("traderID"),
            side=_side(element),
            last_qty=unsigned(element.get("quantity")),
            last_px=price,
            commission=negated(element.get("ibCommission")) if same else None,
            taxes=negated(element.get("taxes")),
            accrued_interest=negated(element.get("accruedInt")),
            transact_time=stamp,
            trade_date=day(element.get("tradeDate", "dateTime")),
            settle_date=day(element.get("settleDateTarget", "settleDate")),
            venue=element.get("exchange"),
            broker="IBKR",
            dq_flags=flags,
        )

    def _cash(self, element: Element) -> None:
        if element.get("levelOfDetail") == "SUMMARY":
            return
        kind = (element.get("type") or "").lower()
        moved = plain(element.get("amount"))
        known = FLOWS.get(kind)
        if kind in ("deposits/withdrawals", "deposits & withdrawals", "deposits and withdrawals"):
            known = "withdrawal" if (moved or "").startswith("-") else "deposit"
        self._row(
            "cash_flows", element, ("accountId", "currency", "amount", "symbol", "transactionID"),
            flow_id=element.get("transactionID") or element.identity,
            date=day(element.get("settleDate", "dateTime", "reportDate")), kind=known or "other", amount=moved,
        )  # fmt: skip

    def _position(self, element: Element) -> None:
        lot = element.get("levelOfDetail") == "LOT"
        if lot and (self._account(element), element.get("conid", "symbol")) in self.summaries:
            return
        values = {
            "date": day(element.get("reportDate")), "source": "broker", "quantity": plain(element.get("position")),
            "avg_cost": plain(element.get("costBasisPrice")), "market_px": plain(element.get("markPrice")),
            "market_value": plain(element.get("positionValue")),
        }  # fmt: skip
        if lot:
            key = (self._account(element), self._instrument(element), values["date"])
            for row in self.rows["positions"]:
                if (row["account_id"], row["instrument_id"], row["date"]) == key:
                    _add_lot(row, values)
                    return
        used = (
            "accountId",
            "currency",
            "symbol",
            "reportDate",
            "position",
            "costBasisPrice",
            "markPrice",
            "positionValue",
        )
        self._row("positions", element, used, **values)

    def _rate(self, element: Element) -> None:
        self._row(
            "fx_rates", element, (), date=day(element.get("reportDate")), from_currency=element.get("fromCurrency"),
            to_currency=element.get("toCurrency"), rate=plain(element.get("rate")),
        )  # fmt: skip

    def _action(self, element: Element) -> None:
        code = element.get("type")
        words = element.get("description") or ""
        kind = ACTIONS.get(code or "") or (
            "split" if " SPLIT " in words.upper() else (code or "other").lower()
        )
        ratio = _RATIO.search(words) if kind in ("split", "stock_dividend") else None
        self._row(
            "corporate_actions", element, ("currency", "symbol"),
            ca_id=element.get("transactionID", "actionID") or element.identity, kind=kind,
            ex_date=day(element.get("dateTime", "reportDate")), pay_date=day(element.get("reportDate")),
            ratio=f"{Decimal(ratio[1]) / Decimal(ratio[2]):.12f}" if ratio and Decimal(ratio[2]) else None,
        )  # fmt: skip

    def _option_event(self, element: Element) -> None:
        kind = (element.get("transactionType") or "other").lower().replace(" ", "_")
        if kind in ("buy", "sell"):
            return  # the stock leg, which the Trades section tells too
        self._row(
            "corporate_actions", element, ("currency", "symbol", "date"),
            ca_id=element.get("tradeID", "transactionID") or element.identity, kind=kind, ex_date=day(element.get("date")),
        )  # fmt: skip

    def _transfer(self, element: Element) -> None:
        quantity, value = amount(element.get("quantity")), amount(element.get("positionAmount"))
        if not quantity or not value:
            return
        inward = quantity > 0 if element.get("direction") != "OUT" else False
        price = abs(value) / abs(quantity)
        when = day(element.get("date", "reportDate"))
        own = element.get("transactionID") or element.identity
        self._row(
            "executions", element, ("accountId", "currency", "symbol", "quantity"),
            exec_id=own, version="1", exec_status="new", side="buy" if inward else "sell", venue="TRANSFER",
            last_qty=f"{abs(quantity):f}", last_px=f"{price:.12f}", trade_date=when, transact_time=instant(element.get("date")),
            dq_flags=["TIME_OF_DAY_UNKNOWN"],
        )  # fmt: skip
        self._row(
            "cash_flows", element, ("accountId", "currency", "symbol"), flow_id=own, date=when,
            kind="deposit" if inward else "withdrawal", amount=f"{abs(value) if inward else -abs(value):f}", external="true",
        )  # fmt: skip

    def _equity(self, element: Element) -> None:
        account = self._account(element)
        self._row(
            "nav", element, (), date=day(element.get("reportDate")), nav=plain(element.get("total")),
            currency=element.get("currency") or self.bases.get(account or ""),
        )  # fmt: skip

    def _change(self, element: Element) -> None:
        account = self._account(element)
        if (account, element.get("toDate")) in self.equity:
            return
        daily = element.get("fromDate") == element.get("toDate")
        self._row(
            "nav", element, (), date=day(element.get("toDate")), nav=plain(element.get("endingValue")),
            flow=plain(element.get("depositsWithdrawals")) if daily else None,
            currency=element.get("currency") or self.bases.get(account or ""),
        )  # fmt: skip

    def _describe(self, element: Element) -> None:
        """Describe the instrument and account an element names, once, under its statement's record."""
        instrument, assets = self._instrument(element), element.get("assetCategory")
        own_line = element.tag in ("SecurityInfo", "AccountInformation")
        line = element.line if own_line else element.statement
        if instrument and assets and (element.get("currency") or element.tag == "SecurityInfo"):
            currency = element.get("currency") or self.bases.get(element.account or "")
            if f"i:{instrument}" not in self.described and currency:
                self.described[f"i:{instrument}"] = line
                self.rows["instruments"].append(_instrument_row(element, instrument, currency, line))
        account = self._account(element)
        base = self.bases.get(account or "") or self.currency
        if (
            account
            and base
            and f"a:{account}" not in self.described
            and element.tag not in ("FlexQueryResponse", "FlexStatements")
        ):
            self.described[f"a:{account}"] = line
            name = element.get("acctAlias", "name") if element.tag == "AccountInformation" else None
            self.rows["accounts"].append(
                {"line": line, "account_id": account, "name": name, "kind": "client", "base_currency": base,
                 "dq_flags": ["DERIVED"]}
            )  # fmt: skip


def _instrument_row(element: Element, instrument: str, currency: str, line: int) -> Row:
    strike = plain(element.get("strike"))
    multiplier = plain(element.get("multiplier"))
    return {
        "line": line,
        "instrument_id": instrument,
        "symbol": element.get("symbol"),
        "name": element.get("description")
        if element.tag in ("Trade", "OpenPosition", "SecurityInfo")
        else None,
        "asset_class": ASSETS.get(element.get("assetCategory") or "", "equity"),
        "currency": currency,
        "isin": element.get("isin")
        or (element.get("securityID") if element.get("securityIDType") == "ISIN" else None),
        "multiplier": multiplier if multiplier and Decimal(multiplier) > 0 else None,
        "underlying_id": element.get("underlyingSymbol"),
        "expiry": day(element.get("expiry")),
        "strike": strike,
        "put_call": {"P": "put", "C": "call"}.get(element.get("putCall") or ""),
        "ext": json.dumps([["conid", element.get("conid")]]) if element.get("conid") else None,
        "dq_flags": ["DERIVED"],
    }


def _add_lot(row: Row, values: Row) -> None:
    before, more = amount(row["quantity"]) or Decimal(0), amount(values["quantity"]) or Decimal(0)
    cost = before * (amount(row["avg_cost"]) or Decimal(0)) + more * (
        amount(values["avg_cost"]) or Decimal(0)
    )
    row["quantity"] = f"{before + more:f}"
    row["avg_cost"] = f"{cost / (before + more):.12f}" if before + more else None
    row["market_value"] = (
        f"{(amount(row['market_value']) or Decimal(0)) + (amount(values['market_value']) or Decimal(0)):f}"
    )


def _price(element: Element) -> str | None:
    """Work the price out of the money where a statement leaves it out: money / (quantity x multiplier)."""
    quantity, multiplier = amount(element.get("quantity")), amount(element.get("multiplier")) or Decimal(1)
    money = amount(element.get("tradeMoney", "proceeds"))
    cost = amount(element.get("cost"))
    if money is None and cost is not None and _side(element) in ("buy", "buy_cover"):
        money = abs(cost) - abs(amount(element.get("ibCommission")) or Decimal(0))  # cost includes it
    return f"{abs(money / quantity / multiplier):.12f}" if money and quantity and multiplier else None


def _side(element: Element) -> str | None:
    word = (element.get("buySell") or "").upper().partition(" ")[0]
    if word not in ("BUY", "SELL"):
        quantity = amount(element.get("quantity"))
        word = "" if not quantity else "SELL" if quantity < 0 else "BUY"
    effect = element.get("openCloseIndicator") if element.get("assetCategory") != "CASH" else None
    if word == "SELL":
        return "sell_short" if effect == "O" else "sell"
    return {"BUY": "buy_cover" if effect == "C" else "buy"}.get(word, element.get("buySell"))
