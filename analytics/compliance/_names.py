"""Names as screening compares them: one alphabet, no titles and legal forms, sounds rather than letters."""

import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache

from anyascii import anyascii
from rapidfuzz.distance import OSA, Indel, JaroWinkler


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Letters that do not decompose into a plain one; the usual romanisations of passports and lists.
_SPECIAL = str.maketrans({
    "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ı": "i", "ħ": "h", "ŋ": "n",
    "ə": "a", "й": "y", "ё": "yo", "ї": "yi", "ў": "u", "ѓ": "g", "ќ": "k",
})  # fmt: skip
_LETTERS = str.maketrans({
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ж": "zh", "з": "z", "и": "i", "к": "k", "л": "l",
    "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f", "х": "kh", "ц": "ts",
    "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ы": "y", "ь": "", "э": "e", "ю": "yu", "я": "ya", "і": "i", "є": "ye",
    "ґ": "g", "ј": "j", "љ": "lj", "њ": "nj", "ћ": "c", "ђ": "d", "џ": "dz",
    "α": "a", "β": "v", "γ": "g", "δ": "d", "ε": "e", "ζ": "z", "η": "i", "θ": "th", "ι": "i", "κ": "k", "λ": "l",
    "μ": "m", "ν": "n", "ξ": "x", "ο": "o", "π": "p", "ρ": "r", "σ": "s", "ς": "s", "τ": "t", "υ": "y", "φ": "f",
    "χ": "ch", "ψ": "ps", "ω": "o",
})  # fmt: skip
_TITLES = _words(
    "mr mrs ms miss dr prof sir dame lord lady sheikh sheik shaykh hajj hajji haji mullah maulvi imam gen general"
    " col colonel maj major capt captain adm admiral president minister jr sr"
)
_LEGAL = _words(
    "ltd limited llc llp lp plc inc incorporated corp corporation co company gmbh ag kg kgaa se sa sas sarl srl spa"
    " bv nv oy oyj ab asa aps ooo oao pao zao ao jsc ojsc pjsc cjsc fze fzc fzco fz dmcc pte pty sdn bhd kk tbk pt"
    " sl slu lda ltda sro doo ead ood eood kft zrt rt"
)
# What stands between names, or in half of all firms' names: little is said by sharing it.
_PARTICLES = _words(
    "al el ul ad ar as ash bin ibn ben bint abu ould van von der den de del della di da dos das la le du the of"
    " and y e i"
)
_COMMON = _words(
    "holding holdings group trading international general bank fund capital partners investment investments shipping"
    " maritime marine export import industries industrial services enterprise enterprises global energy oil trust"
    " management asset assets finance financial technologies technology logistics development"
)
_SOUNDS = (
    ("shch", "s"), ("sch", "s"), ("tch", "c"), ("sh", "s"), ("zh", "s"), ("ch", "c"), ("ph", "f"), ("kh", "k"),
    ("gh", "k"), ("th", "t"), ("dh", "d"), ("ck", "k"), ("ts", "s"), ("tz", "s"), ("dz", "s"), ("x", "ks"), ("q", "k"),
    ("c", "k"), ("g", "k"), ("w", "f"), ("v", "f"), ("z", "s"), ("d", "t"),
)  # fmt: skip
_BEGINS = {"c": "k", "q": "k", "g": "k", "w": "f", "v": "f", "z": "s", "d": "t"}  # letters of one sound
_VOWELS = re.compile(r"[aiu]+")
_OPEN = str.maketrans("eyow", "iiuu")
_AGREE, _SPOKEN = (
    (0.5, 0.65, 0.99),
    (0.4, 0.75, 0.88, 0.95),
)  # shares of vowels that agree, and what each gives
_UMLAUT = re.compile(r"([aou])e")
_SILENT = re.compile(r"[aeiouyhj]")
_DOUBLED = re.compile(r"(.)\1+")
_SYLLABIC = re.compile("[\u3400-\u9fff\uac00-\ud7a3]+")  # Chinese characters and Korean syllables
_TWO_LETTERED = _words("欧阳 歐陽 司马 司馬 诸葛 諸葛 上官 司徒 东方 東方 皇甫 夏侯 남궁 황보 선우 독고")
_LONGEST_PERSON = 4  # characters of a name of a person
# Arabic: letters that stand for vowels, "servant of" names as they are romanised, and the article, written on.
_ARABIC = str.maketrans(
    {"\u0627": "a", "\u0639": "a", "\u0648": "u", "\u064a": "i", "\u0629": "a", "\u0649": "a"}
)
_SERVANTS = (
    ("\u0639\u0628\u062f \u0627\u0644\u0644\u0647", "abdullah"),
    ("\u0639\u0628\u062f \u0627\u0644", "abdul "),
)
_ARTICLE = re.compile("(?<![\u0621-\u064a])\u0627\u0644(?=[\u0621-\u064a]{3})")
_WRITTEN_VOWEL = re.compile("[aeiou]")
_UNVOWELLED = 0.88  # what equal consonants give where one name does not write its vowels
_NO_WORD = re.compile(r"[^\w]+|_")
_SLIP, _LONG = 4, 7  # letters from which one slip, and more than one, still leave a token alike
_FULL = 3  # letters from which a token is a name rather than an initial


@dataclass(frozen=True)
class Name:
    """A name as compared: its tokens in their order, without titles and legal forms."""

    said: str
    tokens: tuple[str, ...]

    @property
    def solid(self) -> str:
        """The tokens written as one word."""
        return "".join(self.tokens)

    @property
    def bag(self) -> str:
        """The consonants it sounds of in the order of the alphabet: the same however it is cut or turned."""
        told = [token for token in self.tokens if token not in _PARTICLES] or self.tokens
        return "".join(sorted("".join(sound(token) or token for token in told)))


def fold(text: str) -> str:
    """Return ``text`` in lower-case Latin letters and digits, words parted by one blank.

    Cyrillic and Greek are romanised as passports do; other scripts by their usual reading: Chinese characters
    in Mandarin (Japanese names in kanji therefore meet only names in kanji), Arabic and Hebrew without the
    vowels they do not write. Up to four Chinese or Korean characters in a row are a family name and a given
    one, more are one word.
    """
    plain = unicodedata.normalize("NFKC", text)
    if not plain.isascii():
        for written, usual in _SERVANTS:
            plain = plain.replace(written, usual)
        plain = _ARTICLE.sub(" ", _SYLLABIC.sub(_family_first, plain)).casefold().translate(_SPECIAL)
        plain = unicodedata.normalize("NFKD", plain.translate(_LETTERS))
        plain = "".join(c for c in plain if not unicodedata.combining(c)).translate(_LETTERS)
        plain = plain.translate(_ARABIC)
        plain = plain if plain.isascii() else anyascii(unicodedata.normalize("NFC", plain))
    plain = plain.casefold().replace("'", "").replace("`", "")
    return _NO_WORD.sub(" ", plain).strip()


def _family_first(found: re.Match[str]) -> str:
    run = found.group()
    if not 2 <= len(run) <= _LONGEST_PERSON:
        return f" {run} "
    cut = 2 if len(run) > 2 and run[:2] in _TWO_LETTERED else 1
    return f" {run[:cut]} {run[cut:]} "


def name_of(text: str) -> Name:
    """Return the name that ``text`` holds. ``Last, First`` counts as ``First Last``."""
    last, comma, first = text.partition(",")
    turned = (
        comma and first.strip() and fold(first) not in _LEGAL and fold(first).replace(" ", "") not in _LEGAL
    )
    words = fold(f"{first} {last}" if turned else text).split()
    kept = [word for word in _without_legal(words) if word not in _TITLES]
    return Name(text, tuple(kept or words))


def _without_legal(words: list[str]) -> list[str]:
    """Drop legal forms, also those spelled with dots: ``s p a``."""
    found: list[str] = []
    at = 0
    while at < len(words):
        end = at
        while end < len(words) and len(words[end]) == 1:
            end += 1
        if end - at >= 2 and "".join(words[at:end]) in _LEGAL:
            at = end
            continue
        if words[at] not in _LEGAL:
            found.append(words[at])
        at += 1
    return found


@lru_cache(maxsize=262144)
def weight(token: str) -> float:
    """Return how much a token says: 1 a name, less an initial, a particle, a word of many firms."""
    if token in _PARTICLES:
        return 0.2
    if len(token) == 1:
        return 0.5
    return 0.4 if token in _COMMON else 1.0


@lru_cache(maxsize=262144)
def sound(token: str) -> str:
    """Return the consonants that a token sounds of, the same for usual romanisations of one name."""
    heard = token
    for written, spoken in _SOUNDS:
        heard = heard.replace(written, spoken)
    return _DOUBLED.sub(r"\1", _SILENT.sub("", heard))


@lru_cache(maxsize=262144)
def _vowels(token: str) -> str:
    """Return the vowels that a token sounds of: e, i, y as one, o, u, w as one, neighbours as their last."""
    return "".join(group[-1] for group in _VOWELS.findall(token.translate(_OPEN)))


def _plain(token: str) -> str:
    return _UMLAUT.sub(r"\1", token) if "e" in token else token


@lru_cache(maxsize=524288)
def alike(one: str, other: str) -> tuple[float, str]:
    """Return how alike two tokens are (0..1) and how: same, initial, sound, spelling, or nothing.

    The same consonants count by how far the vowels agree: Mohamed is Muhammad, Hassan is not Hussein.
    """
    if one == other:
        return 1.0, "same"
    if min(len(one), len(other)) == 1:
        return (0.8, "initial") if one[0] == other[0] else (0.0, "")
    if one.endswith("a") != other.endswith("a") and sound(one) == sound(other):
        return 0.5, "spelling"  # Maria is not Mario, nor Petra Peter
    if _plain(one) == _plain(other):
        return 0.97, "spelling"  # Mueller is Muller
    heard = sound(one)
    if len(heard) >= 2 and heard == sound(other):
        if not (_WRITTEN_VOWEL.search(one) and _WRITTEN_VOWEL.search(other)):
            return _UNVOWELLED, "sound"  # Arabic and Hebrew leave vowels out
        return _SPOKEN[
            bisect_right(_AGREE, Indel.normalized_similarity(_vowels(one), _vowels(other)))
        ], "sound"
    short = min(len(one), len(other))
    if short >= 5 and OSA.distance(one, other) == 1:
        return 0.92, "spelling"
    if short >= 4 and sorted(one) == sorted(other) and OSA.distance(one, other) == 1:
        return 0.9, "spelling"  # two letters exchanged
    if short >= 7 and JaroWinkler.similarity(one, other) >= 0.93:
        return 0.9, "spelling"
    return 0.0, ""


def keys(name: Name, *, listed: bool = False) -> set[str]:
    """Return what two names must share one of to be compared at all.

    Two sounds together; a sound with another token as it is spelled, one letter left out (which a slip of one
    letter keeps) or its beginning or end (which more slips in a long one keep); a sound with an initial; all
    consonants in one, however the name is cut; and the sound of a name's only distinctive token, also with one
    consonant missing. Only the first six tokens count.

    Args:
        name: The name.
        listed: Whether it is of the list: initials of one side meet names of the other.
    """
    told = [one for one in name.tokens if len(one) == 1 or one not in _PARTICLES][:6] or list(name.tokens[:6])
    heard = [sound(token) or token for token in told]
    strong = [one for token, one in zip(told, heard, strict=True) if token not in _COMMON]
    found = {f"1{name.bag}", "1" + "".join(sorted(sound("".join(told))))}
    if len(strong) == 1:
        (one,) = strong
        found.add(f"1{one}")
        found.update(f"1{one[:cut]}{one[cut + 1 :]}" for cut in range(len(one)) if len(one) >= 4)
    for place, one in enumerate(heard):
        for later, two in enumerate(heard):
            if later > place and min(len(told[place]), len(told[later])) > 1:
                found.add("2" + "|".join(sorted((one, two))))
            if later != place and len(told[place]) > 1:
                found.update(f"{sort}{one}|{rest}" for sort, rest in _spelled(told[later], listed=listed))
    return found


@lru_cache(maxsize=262144)
def _spelled(token: str, *, listed: bool) -> tuple[tuple[str, str], ...]:
    letter = _BEGINS.get(token[0], token[0])
    if len(token) == 1:
        return (("3", f"a{letter}"), ("3", f"b{letter}"))
    found = [("3", f"{'b' if listed else 'a'}{letter}")]
    if len(token) >= _SLIP:
        found += [("4", token), *(("4", token[:at] + token[at + 1 :]) for at in range(len(token)))]
    if len(token) >= _LONG:
        found += [("5", f"{token[:3]}-"), ("5", f"-{token[-3:]}")]
    return tuple(dict.fromkeys(found))


def is_full(token: str) -> bool:
    """Whether a token is a name of its own: no initial, particle or word of many firms."""
    return len(token) >= _FULL and weight(token) == 1.0


def is_common(token: str) -> bool:
    """Whether many names hold the token."""
    return token in _COMMON or token in _PARTICLES
