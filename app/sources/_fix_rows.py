"""FIX messages to order events and executions (FIELD_MAP sections 1 and 2).

How it decides:

* Times 60 and 52 are UTC, as the standard says.
* An order's id is the root of its ClOrdID chain (11, 41) scoped by session (49/56, either way round) and
  day, because OrderID (37) changes per message with some brokers.
* Where the answer (8 with 150=4 or 5, or 9) to a cancel or replace request is in the same file, the answer
  is the event and the request is kept raw only; without an answer the request is the event.
* A correction or bust keeps the exec_id of the execution it refers to (19) with the next version; its own
  id stays in ``ext``.
* Without an account (1) the one the user named is used, else the client's CompID, flagged ACCOUNT_ASSUMED.
"""

import json
import re
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from app.sources._fix_parse import Message
from app.sources._values import parse_decimal

ADMIN = frozenset("012345A")
SIDES = {"1": "buy", "2": "sell", "3": "buy", "4": "sell", "5": "sell_short", "6": "sell_short"}
ORDER_TYPES = {
    "1": "market", "2": "limit", "3": "stop", "4": "stop_limit", "5": "market_on_close", "6": "with_or_without",
    "7": "limit_or_better", "8": "limit_with_or_without", "9": "on_basis", "B": "limit_on_close",
    "D": "previously_quoted", "E": "previously_indicated", "I": "funari", "J": "market_if_touched",
    "K": "market_with_leftover", "P": "pegged",
}  # fmt: skip
TIMES_IN_FORCE = {
    "0": "day", "1": "gtc", "2": "opg", "3": "ioc", "4": "fok", "5": "gtx", "6": "gtd", "7": "atc",
}  # fmt: skip
LIQUIDITY = {"1": "maker", "2": "taker", "4": "auction"}
CAPACITY = {"A": "agency", "P": "principal", "R": "riskless"}
EXEC_TYPES = {
    "0": "ack", "A": "ack", "1": "fill", "2": "fill", "F": "fill", "3": "expire", "C": "expire", "4": "cancel",
    "5": "replace", "8": "reject", "D": "restate", "7": "restate", "9": "restate", "B": "restate",
    "G": "correct", "H": "bust", "L": "trigger",
}  # fmt: skip
# Tags that a column carries; every other field goes to ext in order.
_CARRIED = frozenset({"1", "11", "14", "15", "17", "19", "30", "31", "32", "34", "38", "40", "41", "44", "52",
                      "54", "55", "58", "59", "60", "64", "75", "76", "99", "109", "151", "159", "880"})  # fmt: skip
_STAMP = re.compile(r"(\d{4})(\d{2})(\d{2})-(\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)Z?")
_DAY = re.compile(r"(\d{4})(\d{2})(\d{2})(?:-[0-9:.]+)?")  # some brokers write a time into a date

Row = dict[str, Any]


@dataclass
class _Order:
    root: str
    facts: dict[str, str] = field(default_factory=dict)  # symbol, side, quantity, account as last told
    filled: Decimal = Decimal(0)
    money: Decimal = Decimal(0)


@dataclass
class Book:
    """What a pass over the messages of one file remembers."""

    account: str | None = None
    currency: str | None = None
    orders: dict[tuple[str, str, str], _Order] = field(default_factory=dict)
    answered: set[tuple[str, str]] = field(default_factory=set)  # (session, ClOrdID)
    last_seq: dict[tuple[str, str], int] = field(default_factory=dict)
    seen: set[tuple[str, str, str]] = field(default_factory=set)
    taken: dict[tuple[str, int], int] = field(default_factory=lambda: defaultdict(int))
    executions: dict[str, tuple[str, int, Row]] = field(default_factory=dict)  # any id -> root, version, row
    events: list[Row] = field(default_factory=list)
    fills: list[Row] = field(default_factory=list)
    repeats: list[int] = field(default_factory=list)  # lines of resent messages
    untabled: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def foresee(self, message: Message) -> None:
        """First pass: note which requests get an answer."""
        kind = message.get("35")
        if kind == "9" or (kind == "8" and message.get("150", "39") in ("4", "5")):
            for tag in ("11", "41"):
                if one := message.get(tag):
                    self.answered.add((_session(message), one))

    def take(self, message: Message) -> None:
        """Second pass: turn one message into rows."""
        kind = message.get("35") or ""
        flags = [*message.problems, *self._sequence(message)]
        if self._resent(message):
            self.repeats.append(message.line)
            return
        if kind in ("D", "G", "F"):
            if kind != "D" and (_session(message), message.get("11") or "") in self.answered:
                return
            self._event(message, {"D": "new", "G": "replace", "F": "cancel"}[kind], flags)
        elif kind == "s":
            for part in _sides(message, count="552", first="54"):
                self._event(part, "new", flags)
        elif kind == "9":
            self._event(message, "reject", flags)
        elif kind == "8":
            self._report(message, flags)
        elif kind == "AE":
            for number, part in enumerate(_sides(message, count="552", first="54"), 1):
                self._trade_capture(part, number, flags)
        elif kind not in ADMIN:
            self.untabled[kind] += 1

    def _sequence(self, message: Message) -> list[str]:
        number = message.get("34") or ""
        if not number.isdecimal() or message.get("43") == "Y":
            return []
        way = (message.get("49") or "", message.get("56") or "")
        before = self.last_seq.get(way)
        self.last_seq[way] = int(number)
        return ["SEQ_GAP"] if before is not None and int(number) > before + 1 else []

    def _resent(self, message: Message) -> bool:
        key = (message.get("49") or "", message.get("56") or "", message.get("34") or "")
        again = message.get("43") == "Y" and key in self.seen
        self.seen.add(key)
        return again

    def _order(self, message: Message) -> tuple[_Order, str]:
        session, day = _session(message), (message.get("60", "52") or "")[:8]
        own, origin = message.get("11"), message.get("41")
        found = self.orders.get((session, day, own)) if own else None
        if found is None and origin and message.get("35") != "D":
            found = self.orders.get((session, day, origin))
        if found is None:
            root = (
                (origin if origin and message.get("35") != "D" else own)
                or message.get("37", "548", "571")
                or ""
            )
            if root and not own:
                root += message.first.get("_side", "")
            found = _Order(f"{session}:{day}:{root}" if root else "")
        for one in (own, origin if message.get("35") != "D" else None):
            if one:
                self.orders.setdefault((session, day, one), found)
        return found, found.root

    def _common(self, message: Message, flags: list[str]) -> tuple[_Order, Row]:
        order, order_id = self._order(message)
        flags = list(flags)
        symbol = message.get("55")
        if symbol in (None, "[N/A]"):
            symbol = message.get("48") or symbol
        elif suffix := message.get("65"):
            symbol = f"{symbol}.{suffix}"
        told = {
            "symbol": symbol,
            "side": message.get("54"),
            "quantity": message.get("38"),
            "account": message.get("1"),
        }
        carried = [name for name, value in told.items() if not value and order.facts.get(name)]
        order.facts |= {name: value for name, value in told.items() if value}
        facts = order.facts
        if any(name != "account" for name in carried):
            flags.append("CARRIED_FORWARD")
        account = facts.get("account") or self.account
        if not account:
            account = message.get("56" if message.get("35") in ("8", "9", "AE") else "49")
            flags.append("ACCOUNT_ASSUMED")
        side = facts.get("side")
        when = message.get("60")
        if when is None:
            flags.append("TIME_FROM_SENDING")
        row = {
            "line": message.line,
            "order_id": order_id or None,
            "account_id": account,
            "instrument_id": facts.get("symbol"),
            "side": SIDES.get(side, side) if side else None,
            "transact_time": _instant(when or message.get("52")),
            "trader_id": _party(message, "11", "36", "12")
            or message.get("50" if (message.get("35") or "") in ("D", "G", "F", "s") else "57"),
            "venue": message.get("30"),
            "capacity": CAPACITY.get(message.get("528", "47") or ""),
            "liquidity": LIQUIDITY.get(message.get("851") or ""),
            "match_id": message.get("880"),
            "last_qty": message.get("32"),
            "last_px": message.get("31"),
            "exec_id": message.get("17"),
            "ext": _ext(message),
            "dq_flags": flags,
        }
        return order, row

    def _event(self, message: Message, kind: str, flags: list[str]) -> None:
        order, row = self._common(message, flags)
        self.events.append(self._event_row(message, kind, order, row))

    def _event_row(self, message: Message, kind: str, order: _Order, row: Row) -> Row:
        market = message.get("40") in ("1", "5")
        return row | {
            "event_type": kind,
            "event_seq": self._event_seq(message, row["order_id"]),
            "received_time": _instant(message.get("52")),
            "client_id": message.get("109") or _party(message, "3", "24"),
            "algo_id": message.get("847"),
            "ord_type": _word(ORDER_TYPES, message.get("40")),
            "time_in_force": _word(TIMES_IN_FORCE, message.get("59")),
            # Brokers write 0 for "no limit" on market orders.
            "limit_px": _unless_zero(message.get("44"), when=market),
            "stop_px": _unless_zero(message.get("99"), when=message.get("40") not in ("3", "4")),
            "order_qty": order.facts.get("quantity"),
            "display_qty": message.get("1138", "210", "111"),
            "cum_qty": message.get("14"),
            "leaves_qty": message.get("151"),
            "prev_order_id": message.get("41"),
            "reason": message.get("58"),
        }

    def _event_seq(self, message: Message, order_id: str | None) -> str | None:
        """Number events: MsgSeqNum in tens, answers after requests, restarts of a session after both.

        Both sides of a session count from 1 for themselves, so the number alone is not unique.
        """
        number = message.get("34") or ""
        if not number.isdecimal():
            number = str(message.line)
        seq = int(number) * 10 + (5 if message.get("35") in ("8", "9") else 0)
        repeat = self.taken[(order_id or "", seq)]
        self.taken[(order_id or "", seq)] += 1
        return str(seq + min(repeat, 4))

    def _report(self, message: Message, flags: list[str]) -> None:
        transaction = message.get("20")
        if transaction == "3" or message.get("150") == "I":
            return
        kind = EXEC_TYPES.get(message.get("150", "39") or "")
        kind = {"1": "bust", "2": "correct"}.get(transaction or "", kind)
        if kind is None:
            return
        order, row = self._common(message, flags)
        if not order.facts.get("quantity"):
            # A report need not repeat OrderQty: what is done and what is left make it up.
            parts = [_number(message.get(tag)) for tag in ("14", "151")]
            total = sum((p for p in parts if p is not None), Decimal(0))
            if total > 0:
                order.facts["quantity"] = f"{total:f}"
        if kind in ("fill", "correct", "bust"):
            row["dq_flags"] = row["dq_flags"] + self._average(message, order, kind)
            self._execution(message, kind, row)
        self.events.append(self._event_row(message, kind, order, row))

    def _average(self, message: Message, order: _Order, kind: str) -> list[str]:
        quantity, price = _number(message.get("32")), _number(message.get("31"))
        average, total = _number(message.get("6")), _number(message.get("14"))
        if kind != "fill" or quantity is None or price is None:
            return []
        order.filled += quantity
        order.money += quantity * price
        if not average or not total or total != order.filled:
            return []  # fills from before this log: nothing to compare with
        expected = order.money / order.filled
        exponent = average.normalize().as_tuple().exponent
        step = Decimal(1).scaleb(int(exponent)) if isinstance(exponent, int) else Decimal(0)
        return ["AVGPX_MISMATCH"] if abs(average - expected) > max(step, expected * Decimal("1e-4")) else []

    def _execution(self, message: Message, kind: str, row: Row) -> None:
        own, refers = message.get("17"), message.get("19")
        made = {name: value for name, value in row.items() if name not in ("received_time",)}
        made |= {
            "currency": message.get("15") or self.currency,
            "dq_flags": row["dq_flags"]
            + (["CURRENCY_ASSUMED"] if not message.get("15") and self.currency else []),
            "commission": _commission(message),
            "fees": _sum(message, "137"),
            "accrued_interest": message.get("159"),
            "trade_date": _date(message.get("75")),
            "settle_date": _date(message.get("64")),
            "broker": message.get("76") or _party(message, "1"),
        }
        if kind == "fill":
            made |= {"exec_status": "new", "version": "1"}
            if own:
                self.executions.setdefault(own, (own, 1, made))
        else:
            root, version, before = self.executions.get(refers or own or "", (refers or own, 1, {}))
            made |= {
                "exec_id": root,
                "version": str(version + 1),
                "exec_status": "busted" if kind == "bust" else "corrected",
                "exec_ref_id": refers,
            }
            for name in ("last_qty", "last_px", "currency"):
                if not _number(made[name]) if name != "currency" else not made[name]:
                    made[name] = before.get(name)
            for one in (own, refers, root):
                if one:
                    self.executions[one] = (root or one, version + 1, made)
        self.fills.append(made)

    def _trade_capture(self, message: Message, number: int, flags: list[str]) -> None:
        _, row = self._common(message, flags)
        kind = {"1": "bust", "2": "correct"}.get(message.get("487") or "", "fill")
        if message.get("150") == "H":
            kind = "bust"
        if not row["exec_id"]:
            report = message.get("571", "1003", "818")
            row["exec_id"] = f"{report}-{number}" if report else None
        row["match_id"] = row["match_id"] or message.get("571")
        self._execution(message, kind, row)
        if kind == "fill":
            self.fills[-1]["exec_id"] = row["exec_id"]


def _sides(message: Message, *, count: str, first: str) -> list[Message]:
    """Split a message with a group of sides into one message a side; what comes before belongs to all."""
    tags = [tag for tag, _ in message.fields]
    if count not in tags:
        return [message]
    start = tags.index(count) + 1
    begins = [i for i in range(start, len(tags)) if tags[i] == first]
    made = []
    for number, (at, stop) in enumerate(zip(begins, [*begins[1:], len(tags)], strict=True), 1):
        fields = (*message.fields[at:stop], *message.fields[:start])
        values: dict[str, str] = {"_side": f"-{number}"}
        for tag, value in fields:
            values.setdefault(tag, value)
        made.append(Message(message.line, message.text, message.fields, message.problems, values))
    return made or [message]


def _session(message: Message) -> str:
    return "-".join(sorted((message.get("49") or "", message.get("56") or "")))


def _party(message: Message, *roles: str) -> str | None:
    """Return the PartyID (448) of the first role (452) that the message has."""
    found: dict[str, str] = {}
    current = None
    for tag, value in message.fields:
        if tag == "448":
            current = value
        elif tag == "452" and current:
            found.setdefault(value, current)
    return next((found[role] for role in roles if role in found), None)


def _commission(message: Message) -> str | None:
    value, kind = message.get("12"), message.get("13") or "3"
    if value is None or kind == "3":
        return value
    amount, quantity = _number(value), _number(message.get("32"))
    if kind == "1" and amount is not None and quantity is not None:
        return f"{amount * quantity:f}"
    return None  # a percentage or points: stays in ext


def _sum(message: Message, tag: str) -> str | None:
    found = [_number(value) for name, value in message.fields if name == tag]
    known = [value for value in found if value is not None]
    return f"{sum(known, Decimal(0)):f}" if known else None


def _number(text: str | None) -> Decimal | None:
    return parse_decimal(text, rounding=True)[0] if text else None


def _unless_zero(text: str | None, *, when: bool) -> str | None:
    return None if when and text and _number(text) == 0 else text


def _word(table: dict[str, str], code: str | None) -> str | None:
    return table.get(code, code) if code else None


def _instant(text: str | None) -> str | None:
    match = _STAMP.fullmatch(text or "")
    return f"{match[1]}-{match[2]}-{match[3]}T{match[4]}Z" if match else text


def _date(text: str | None) -> str | None:
    match = _DAY.fullmatch(text or "")
    return f"{match[1]}-{match[2]}-{match[3]}" if match else text


def _ext(message: Message) -> str:
    rest = [[tag, value] for tag, value in message.fields if tag not in _CARRIED]
    return json.dumps(rest, ensure_ascii=False, separators=(",", ":"))
