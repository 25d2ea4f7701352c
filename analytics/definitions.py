"""What each measure means, read from the function that computes it.

A function declares the measures it computes with ``@declares("sharpe_ratio")``; its docstring is the
definition. Nothing is written down a second time. One that computes several says ``name`` = formula of each.
"""

import functools
import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from analytics.registry import modules

Function = TypeVar("Function", bound=Callable[..., Any])
_DECLARED = "quarterdeck_measures"
# Sentences of a docstring that say something other than the definition itself.
_MARKS = {"Unit:": "unit", "None ": "undefined", "Source": "source", "Checked against": "checks"}
_SPLIT = re.compile(r"(?<=[.:])\s+(?=" + "|".join(_MARKS) + ")")
_SHORT = {
    "fx": "FX",
    "adv": "ADV",
    "var": "VaR",
    "es": "ES",
    "hhi": "HHI",
    "nav": "NAV",
    "pnl": "P&L",
    "bp": "bps",
    "lo": "(Lo)",
}
_SHORT |= {"opdyke": "(Opdyke)"}
# Measures called after people keep the capital inside a name too.
_SHORT |= {name: name.capitalize() for name in ("sharpe", "sortino", "treynor", "dietz", "jensen", "calmar")}
# What a docstring of several measures says of one; it ends with the sentence, the item or the paragraph.
_ENTRY = r"``{name}``(?: =|:)\s((?s:.+?))(?=[;.](?:\s|$)|\n\s*- ``|\n\s*\n|$)"
_SECTIONS = ("Args", "Returns", "Raises")


@dataclass(frozen=True)
class Definition:
    """A measure in words.

    ``formula`` what it is, ``unit`` and ``undefined`` (when there is no value) where the function says them,
    ``source`` and ``checks`` what it was taken from and compared with, ``parameters`` name to meaning.
    """

    name: str
    title: str
    formula: str
    unit: str = ""
    undefined: str = ""
    source: str = ""
    checks: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)


def declares(*names: str, **entries: str) -> Callable[[Function], Function]:
    """Mark a function as the definition of the measures ``names``.

    Args:
        names: Measures, under the names that its docstring uses.
        entries: Measures under another name: name to the one in the docstring.
    """

    def mark(function: Function) -> Function:
        setattr(function, _DECLARED, {name: name for name in names} | entries)
        return function

    return mark


def definition(name: str) -> Definition | None:
    """Return the definition of a measure; None where no function declares it."""
    function = declared().get(name)
    return None if function is None else read(name, function)


@functools.cache
def declared() -> dict[str, Callable[..., Any]]:
    """Map every declared measure to its function.

    Raises:
        ValueError: If two functions declare the same measure.
    """
    from analytics import compliance, portfolio, social, trading

    found: dict[str, Callable[..., Any]] = {}
    for module in (m for package in (trading, portfolio, compliance, social) for m in modules(package)):
        for function in vars(module).values():
            if getattr(function, "__module__", None) != module.__name__:
                continue
            for name in getattr(function, _DECLARED, ()):
                if name in found:
                    raise ValueError(f"{name!r} is declared by {found[name]} and {function}")
                found[name] = function
    return found


def title(name: str) -> str:
    """Return a measure's name as people read it."""
    text = " ".join(_SHORT.get(word, word) for word in name.split("_") if word)
    return text[:1].upper() + text[1:]


def _begun(words: str) -> str:
    # "mean(r) / sd(r)" is no sentence and stays as it is.
    return words[:1].upper() + words[1:] if re.match(r"[a-z]{3,}([ .,;:-]|$)", words) else words


def read(name: str, function: Callable[..., Any]) -> Definition:
    """Return what a function's docstring says of the measure ``name``."""
    body, sections = _parts(inspect.getdoc(function) or "")
    entry = getattr(function, _DECLARED, {}).get(name, name)
    own = _entry(entry, inspect.getdoc(function) or "")
    if own:
        # What is said of its neighbours is not said of it.
        kept = [part for part in re.split(r"(?<=\.)\s+", body) if not re.search(r"``\w+``(?: =|:)", part)]
        body = " ".join(kept)
    said = _said(body)
    returned = _said(
        sections.get("Returns", ""), plain="undefined" if "None" in sections.get("Returns", "") else "more"
    )
    source = said.get("source", "")
    pointed = re.search(r"as ``(\w+)``", source)
    module = inspect.getmodule(function)
    if pointed and module is not None and hasattr(module, pointed[1]):
        source = read(pointed[1], getattr(module, pointed[1])).source
    formula = _begun(re.sub(r"^Return ", "", said.get("plain", "")))
    return Definition(
        name=name,
        title=title(name),
        formula=f"{_begun(own)}. {formula}" if own else formula,
        unit=said.get("unit", "") or returned.get("unit", ""),
        undefined=said.get("undefined", "") or _absent(returned.get("undefined", "")),
        source=source,
        checks=said.get("checks", ""),
        parameters=_arguments(sections.get("Args", "")),
    )


def _entry(name: str, doc: str) -> str:
    """Return what a docstring of several measures says of one: ``name`` = ... or ``name``: ...."""
    found = re.search(_ENTRY.format(name=re.escape(name)), doc, re.DOTALL)
    return " ".join(found[1].replace("``", "").split()).rstrip(".;") if found else ""


def _parts(doc: str) -> tuple[str, dict[str, str]]:
    body: list[str] = []
    sections: dict[str, list[str]] = {}
    here = body
    for line in doc.splitlines():
        head = line.removesuffix(":")
        if line.endswith(":") and head in _SECTIONS:
            here = sections.setdefault(head, [])
        elif line and not line.startswith(" "):
            # Words at the margin after a section belong to the whole again.
            here = body
            body.append(line)
        else:
            here.append(line)
    return " ".join(filter(None, body)), {name: "\n".join(lines) for name, lines in sections.items()}


def _said(text: str, *, plain: str = "plain") -> dict[str, str]:
    """Sort the sentences of a text by what they say: unit, undefined, source, checks, or ``plain``."""
    found: dict[str, str] = {}

    def add(kind: str, words: str) -> None:
        if words:
            found[kind] = f"{found.get(kind, '')} {words}".strip()

    for part in _SPLIT.split(" ".join(text.split())):
        kind = next((kind for mark, kind in _MARKS.items() if part.startswith(mark)), plain)
        words = part.removeprefix("Unit: ").removeprefix("Source: ")
        if kind == "unit":
            words, _, rest = words.partition(". ")
            add(plain, rest)
            words = words.rstrip(".")
        add(kind, words)
    return {kind: words if kind == "source" else words.replace("``", "") for kind, words in found.items()}


def _absent(words: str) -> str:
    # "A ratio; None below 2 returns": what comes before says something else.
    return words[words.find("None ") :] if "None " in words else words


def _arguments(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    name = ""
    for line in text.splitlines():
        begun = re.match(r"^ {4}(\w+): (.*)$", line)
        if begun:
            name = begun[1]
            found[name] = begun[2]
        elif name and line.strip():
            found[name] += f" {line.strip()}"
    return {key: words.replace("``", "") for key, words in found.items()}
