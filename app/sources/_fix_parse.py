"""Find FIX messages in a log, cut them into fields, and write fields back as a message."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import simplefix

SOH = "\x01"
_START = re.compile(r"(?<![0-9])8=FIXT?\.[0-9]\.[0-9](?P<sep>\x01|\||\^A|<SOH>|;)")
# Fields whose value may hold the separator: data tag to the tag with its length.
_DATA = {
    "96": "95", "91": "90", "213": "212", "349": "348", "351": "350", "353": "352", "355": "354",
    "357": "356", "359": "358", "361": "360", "363": "362", "365": "364", "446": "445", "619": "618",
    "622": "621", "89": "93",
}  # fmt: skip


@dataclass(frozen=True)
class Message:
    """One record of a log.

    ``text`` is verbatim, with whatever the log wrote around the message; ``fields`` are (tag, value) in
    order with repeats, empty where the line holds no message; ``problems`` are dq flags.
    """

    line: int
    text: str
    fields: tuple[tuple[str, str], ...] = ()
    problems: tuple[str, ...] = ()
    first: dict[str, str] = field(default_factory=dict)

    def get(self, *tags: str) -> str | None:
        """Return the first non-empty value of the first of ``tags`` that has one."""
        for tag in tags:
            if value := self.first.get(tag):
                return value
        return None


def messages(text: str) -> Iterator[Message]:
    """Yield every message, and every line that holds none, in order.

    A message runs from ``8=FIX`` to its checksum, or to the end of the line where it has none. Text before
    it on its line (a log's time stamp) and after it stays with its record.
    """
    starts = list(_START.finditer(text))
    cursor = 0
    line = 1
    for number, match in enumerate(starts):
        begin = text.rfind("\n", cursor, match.start()) + 1 or cursor
        begin = max(begin, cursor)
        yield from _chatter(text[cursor:begin], line)
        line += text.count("\n", cursor, begin)
        limit = starts[number + 1].start() if number + 1 < len(starts) else len(text)
        end = _end(text, match, limit)
        newline = text.find("\n", end, limit)
        stop = newline if newline >= 0 else limit if number + 1 == len(starts) else end
        whole = text[begin:stop].strip("\r\n")
        pairs, problems = _cut(text[match.start() : end], match["sep"])
        first: dict[str, str] = {}
        for tag, value in pairs:
            first.setdefault(tag, value)
        yield Message(line, whole, tuple(pairs), tuple(problems), first)
        line += text.count("\n", begin, stop)
        cursor = stop
    yield from _chatter(text[cursor:], line)


def _chatter(text: str, line: int) -> Iterator[Message]:
    for offset, one in enumerate(text.split("\n")):
        if one.strip(" \t\r\x01|"):
            yield Message(line + offset, one.rstrip("\r"))


def _end(text: str, match: re.Match[str], limit: int) -> int:
    sep = re.escape(match["sep"])
    checksum = re.compile(rf"{sep}10=[0-9]{{0,3}}(?:{sep}|(?=\s)|\Z)").search(text, match.start(), limit)
    if checksum is not None:
        return checksum.end()
    newline = text.find("\n", match.start(), limit)
    return newline if newline >= 0 else limit


def _cut(text: str, sep: str) -> tuple[list[tuple[str, str]], list[str]]:
    pairs: list[tuple[str, str]] = []
    problems: list[str] = []
    lengths: dict[str, str] = {}
    parts = text.rstrip("\r\n").split(sep)
    if parts and parts[-1] == "":
        parts.pop()
    at = 0
    while at < len(parts):
        tag, equals, value = parts[at].partition("=")
        at += 1
        if not equals or not tag.isdecimal():
            if pairs:  # a separator inside a text: glue it back rather than lose it
                pairs[-1] = (pairs[-1][0], pairs[-1][1] + sep + tag + equals + value)
            problems.append("FIELD_BAD")
            continue
        wanted = lengths.get(_DATA.get(tag, ""), "")
        while wanted.isdecimal() and len(value.encode()) < int(wanted) and at < len(parts):
            value += sep + parts[at]
            at += 1
        lengths[tag] = value
        pairs.append((tag, value))
    return pairs, sorted({*problems, *_frame_problems(pairs)})


def _frame_problems(pairs: Sequence[tuple[str, str]]) -> Iterator[str]:
    if not pairs or pairs[-1][0] != "10":
        yield "CHECKSUM_BAD"
        yield "BODYLENGTH_BAD"
        return
    head = [SOH.join(f"{t}={v}" for t, v in part) + SOH for part in (pairs[:2], pairs[2:-1])]
    body = len(head[1].encode()) if len(pairs) > 3 else 0
    if pairs[1][0] != "9" or pairs[1][1] != str(body):
        yield "BODYLENGTH_BAD"
    total = sum((head[0] + (head[1] if len(pairs) > 3 else "")).encode()) % 256
    if pairs[-1][1] != f"{total:03d}":
        yield "CHECKSUM_BAD"


def decode(record: str) -> list[tuple[str, str]]:
    """Return the (tag, value) pairs of the one message in a verbatim record, in order, with repeats."""
    return [pair for message in messages(record) for pair in message.fields]


def encode(pairs: Sequence[tuple[str, str]], *, repair: bool = False) -> bytes:
    """Write (tag, value) pairs as one SOH-separated message.

    Args:
        pairs: Every field in order, BodyLength and CheckSum included.
        repair: Compute BodyLength and CheckSum anew instead of keeping what is given.
    """
    message = simplefix.FixMessage()
    for tag, value in pairs:
        if not (repair and tag in ("9", "10")):
            message.append_pair(tag, value)
    written: bytes = message.encode(raw=not repair)
    return written
