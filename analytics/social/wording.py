"""What a person may write: length, and characters that say something to whoever reads them.

Text is kept as written and shown as text, so markup needs no rule here. Refused is what deceives a reader or
slips past a lexicon: characters that turn the reading direction, that cannot be seen, that pile up.
"""

import re
import unicodedata

LONGEST = 4000  # characters of one post
_PILE = 6  # marks on one letter; real scripts need fewer
_JOINERS = {"\u200c", "\u200d"}
_FLAG = "\U0001f3f4"  # a black flag: the tags behind it name the region
_WHAT = {
    "Cc": "a control character",
    "Cf": "a character that cannot be seen",
    "Cs": "half a character",
    "Co": "a character without a meaning of its own",
    "Zl": "a line separator",
    "Zp": "a paragraph separator",
}
_TURNS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_LINES = re.compile(r"\n{3,}")


def tidied(text: str) -> str:
    """Return a text in NFC form, with plain line ends, at most one empty line in a row, nothing around it."""
    composed = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    return _LINES.sub("\n\n", "\n".join(line.rstrip() for line in composed.split("\n"))).strip()


def misfit(text: str, *, longest: int = LONGEST) -> str | None:
    """Return in words why a tidied text may not be posted; None where it may.

    Args:
        text: As ``tidied`` returns it.
        longest: Characters allowed.
    """
    if len(text) > longest:
        return f"is {len(text):,} characters long; at most {longest:,} fit"
    pile = 0
    for place, letter in enumerate(text):
        kind = unicodedata.category(letter)
        pile = pile + 1 if kind in {"Mn", "Me"} else 0
        if pile > _PILE:
            return f"has more than {_PILE} marks on one letter"
        if kind in _WHAT and letter not in "\n\t" and not _joins(text, place):
            what = "a character that turns the reading direction" if letter in _TURNS else _WHAT[kind]
            return f"holds {what} (U+{ord(letter):04X}) at place {place + 1}"
    if not any(unicodedata.category(letter)[0] in "LNSP" for letter in text):
        return "says nothing"
    return None


def shown(text: str) -> str:
    """Return a text of others for the screen: what ``misfit`` refuses is made visible as ``⟨U+202E⟩``."""
    parts, pile = [], 0
    for place, letter in enumerate(text):
        kind = unicodedata.category(letter)
        pile = pile + 1 if kind in {"Mn", "Me"} else 0
        if pile > _PILE:
            continue
        seen = kind not in _WHAT or letter in "\n\t" or _joins(text, place)
        parts.append(letter if seen else f"⟨U+{ord(letter):04X}⟩")
    return "".join(parts)


def _joins(text: str, place: int) -> bool:
    """Whether an unseen character joins two that need it: parts of an emoji, letters of some scripts."""
    letter = text[place]
    if letter in _JOINERS:
        before, after = text[:place][-1:], text[place + 1 :][:1]
        return bool(before and after) and not before.isascii() and not after.isascii()
    return 0xE0020 <= ord(letter) <= 0xE007F and _FLAG in text[max(0, place - 8) : place]
