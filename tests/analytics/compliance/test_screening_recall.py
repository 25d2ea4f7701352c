"""Blocks lose nobody: against comparing each with each, on names that were changed on purpose."""

import random

import pytest

from analytics.compliance import screening
from analytics.compliance.name_match import Party, judge
from analytics.compliance.screening import screen

FIRST = (
    "Ivan",
    "Sergey",
    "Dmitri",
    "Olga",
    "Anna",
    "John",
    "Peter",
    "Ahmed",
    "Mohammed",
    "Yusuf",
    "Wei",
    "Juan",
    "Carlos",
    "Fatima",
    "Karim",
    "Viktor",
)
SYLLABLES = (
    "ba",
    "ko",
    "mi",
    "ra",
    "zu",
    "ler",
    "ven",
    "tov",
    "gar",
    "nes",
    "dal",
    "hir",
    "pos",
    "kla",
    "bru",
    "sti",
)
CYRILLIC = str.maketrans(
    dict(zip("abdeghiklmnoprstuvyz", "\u0430\u0431\u0434\u0435\u0433\u0445\u0438\u043a\u043b\u043c\u043d\u043e\u043f\u0440\u0441\u0442\u0443\u0432\u0438\u0437", strict=True))
)  # fmt: skip


def a_name(rng):
    family = "".join(rng.choice(SYLLABLES) for _ in range(3)).capitalize()
    return f"{rng.choice(FIRST)} {family}"


def slipped(name, rng):
    # Two letters of the family name exchanged.
    first, last = name.split()
    at = rng.randrange(1, len(last) - 2)
    return f"{first} {last[:at]}{last[at + 1]}{last[at]}{last[at + 2 :]}"


def shortened(name, rng):
    at = rng.randrange(len(name) - 4, len(name) - 1)
    return name[:at] + name[at + 1 :]


CHANGES = {
    "same": lambda name, _: name,
    "turned": lambda name, _: ", ".join(reversed(name.split())).upper(),
    "exchanged letters": slipped,
    "a letter lost": shortened,
    "a middle name": lambda name, _: name.replace(" ", " Rustam "),
    "cyrillic": lambda name, _: name.lower().translate(CYRILLIC),
    "an initial": lambda name, _: f"{name[0]}. {name.split()[1]}",
    "written as one": lambda name, _: name.replace(" ", ""),
}  # fmt: skip


def planted():
    rng = random.Random(4)
    names = [a_name(rng) for _ in range(160)]
    listed = [Party((f"e{n}",), name, "person") for n, name in enumerate(names)]
    kinds = list(CHANGES)
    ours = [
        Party((f"p{n}", kinds[n % len(kinds)]), CHANGES[kinds[n % len(kinds)]](name, rng), "person")
        for n, name in enumerate(names)
    ]
    return ours, listed


def test_every_pair_that_each_with_each_finds_is_found_through_the_blocks():
    ours, listed = planted()
    whole = {(one.key, two.key) for one in ours for two in listed if judge(one, two) is not None}
    found = {(one.subject.key, one.entry.key) for one in screen(ours, listed)}
    assert found <= whole
    assert len(whole) >= 120
    assert len(found & whole) >= 0.99 * len(whole)


def test_planted_names_are_found_however_they_were_changed():
    ours, listed = planted()
    met = {(one.subject.key[0][1:], one.entry.key[0][1:]) for one in screen(ours, listed)}
    by_kind = {
        kind: sum((one.key[0][1:],) * 2 in met for one in ours if one.key[1] == kind) for kind in CHANGES
    }
    assert {kind: n for kind, n in by_kind.items() if n < 18} == {}, by_kind  # of 20 each


def test_parties_in_portions_are_found_as_in_one(monkeypatch):
    ours, listed = planted()
    whole = [(one.subject.key, one.entry.key, one.verdict) for one in screen(ours, listed)]
    monkeypatch.setattr(screening, "_AT_ONCE", 7)
    assert [(one.subject.key, one.entry.key, one.verdict) for one in screen(ours, listed)] == whole


@pytest.mark.parametrize(("ours", "listed"), [
    ("Mahmoud Hussein", "\u0645\u062d\u0645\u0648\u062f \u062d\u0633\u064a\u0646"),
    ("Abdulrahman Nasir", "\u0639\u0628\u062f \u0627\u0644\u0631\u062d\u0645\u0646 \u0627\u0644\u0646\u0627\u0635\u0631"),
    ("Abdullah Saleh", "\u0639\u0628\u062f \u0627\u0644\u0644\u0647 \u0635\u0627\u0644\u062d"),
    ("Xiaoming Li", "\u674e\u5c0f\u660e"),
    ("Ouyang Ming", "\u6b27\u9633\u660e"),
    ("Kim Jong Un", "\uae40\uc815\uc740"),
    ("Tanaka Taro", "\u305f\u306a\u304b \u305f\u308d\u3046"),
    ("Giorgi Beridze", "\u10d2\u10d8\u10dd\u10e0\u10d2\u10d8 \u10d1\u10d4\u10e0\u10d8\u10eb\u10d4"),
])  # fmt: skip
def test_a_name_meets_itself_in_another_script(ours, listed):
    assert screen([Party(("a",), ours, "person")], [Party(("b",), listed, "person")])


@pytest.mark.parametrize(("ours", "listed"), [
    ("Zhang Wei", "\u674e\u4f1f"), ("Omar Hassan", "\u0639\u0644\u064a \u062d\u0633\u0646"), ("Kim Min Ji", "\uae40\uc815\uc740"),
])  # fmt: skip
def test_another_name_in_another_script_does_not_meet(ours, listed):
    assert not screen([Party(("a",), ours, "person")], [Party(("b",), listed, "person")])
