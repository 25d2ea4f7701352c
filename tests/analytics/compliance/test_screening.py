"""Names against sanctions lists: hard pairs that must meet, near ones that must not, and blocks that hold."""

import pytest

from analytics.compliance._names import fold, name_of
from analytics.compliance.name_match import STRONG, Party, judge
from analytics.compliance.screening import screen


def person(name, **more):
    return Party((more.pop("key", name),), name, "person", **more)


def firm(name, **more):
    return Party((name,), name, "entity", **more)


def met(one, other):
    """The score of a pair, found through the blocks as in earnest; both ways round."""
    found = [screen([one], [other]), screen([other], [one])]
    assert len(found[0]) == len(found[1])
    return found[0][0].verdict["score"] if found[0] else None


@pytest.mark.parametrize(("ours", "listed"), [
    ("Vladimir Petrov", "Владимир Петров"),  # another alphabet
    ("Alexis Papadopoulos", "Αλέξης Παπαδόπουλος"),
    ("Sergei Ivanov", "Sergey Ivanoff"),  # other romanisations
    ("Muammar Gaddafi", "Moammar Qadhafi"),
    ("Yevgeny Prigov", "Evgeniy Prigov"),
    ("Yusuf Demir", "Yousef Demir"),
    ("Mohamed Ali Hassan", "Muhammad Hasan"),  # a middle name on one side
    ("Aleksandr Lukashov", "LUKASHOV, Alexander"),  # turned round
    ("Li Xiaoming", "Xiaoming Li"),
    ("Abdul al Rahman Nasser", "Abdulrahman Nasir"),  # cut otherwise
    ("J. Okonkwo", "John Okonkwo"),  # an initial
    ("José Ángel Núñez", "Jose Angel Nunez"),  # accents
    ("Søren Kjær", "Soren Kjaer"),
    ("Dr. Tomasz Łukaszewicz", "Tomasz Lukaszewicz"),  # a title
    ("Katarina Vesnovska", "Katarina Vensovska"),  # two letters exchanged
])  # fmt: skip
def test_one_person_written_in_two_ways_is_found(ours, listed):
    assert met(person(ours), person(listed)) is not None


@pytest.mark.parametrize(("ours", "listed"), [
    ("Harborline Shipping Co. Ltd", "HARBORLINE SHIPPING LLC"),
    ("Petroleum Trading S.p.A.", "Petroleum Trading"),
    ("Müller Sonnberg GmbH", "Mueller Sonnberg AG"),
    ("OOO Severnaya Logistika", "Severnaya Logistika"),
])  # fmt: skip
def test_legal_forms_do_not_hide_a_firm(ours, listed):
    assert met(firm(ours), firm(listed)) >= 90


@pytest.mark.parametrize(("ours", "listed"), [
    ("Ivan Petrov", "Igor Petrov"), ("Mario Rossi", "Maria Rossi"), ("Peter Danso", "Petra Danso"),
    ("Ali Hassan", "Ali Hussein"), ("Wei Zhang", "Wei Zheng"), ("Wei Zhang", "Wen Zhang"),
    ("Mohammed Ali Hassan", "Mohammed Omar Hassan"), ("Hassan", "Mohammed Hassan"), ("Robert King", "Robin King"),
    ("Samuel Adeyemi", "Samuel Adebayo"), ("Jack Tierney", "Jack Turner"), ("Diego Fuentes", "Diego Fuerte"),
    ("Olga Marin", "Olga Marinova"),
])  # fmt: skip
def test_near_names_of_two_people_do_not_meet(ours, listed):
    assert met(person(ours), person(listed)) is None


@pytest.mark.parametrize(("ours", "listed"), [
    ("Northgate Pension", "Northgate Shipping"), ("Corrib Insurance", "Carib Insurance"),
    ("Global Trading Group", "International Trading Holdings"), ("Marin Trust", "Marine Trust"),
])  # fmt: skip
def test_words_that_many_firms_share_do_not_make_a_match(ours, listed):
    assert met(firm(ours), firm(listed)) is None


def test_an_alias_is_found_and_named():
    listed = person("Anatoly Greshnev", aliases=("The Broker", "Tolya Gresh"))
    (found,) = screen([person("Tolya Gresh")], [listed])
    assert found.verdict["entry_name"] == "Tolya Gresh"
    assert "an alias of “Anatoly Greshnev”" in found.verdict["story"][0]


def test_a_person_is_never_a_vessel():
    assert met(person("Anna Maria"), Party(("v",), "Anna Maria", "vessel")) is None


@pytest.mark.parametrize(("ours", "listed", "says", "points"), [
    ("1962-03-14", "1962-03-14", "same", 10.0), ("1962-03-14", "1962", "near", 3.0),
    ("1962-03-14", "1962-14-03", "close", -3.0), ("1962-03-14", "1963-01-01", "close", -3.0),
    ("1962-03-14", "1981", "other", -18.0),
])  # fmt: skip
def test_the_date_of_birth_speaks_for_or_against(ours, listed, says, points):
    verdict = judge(person("Ivan Petrov", born=ours), person("Ivan Petroff", born=listed))
    base = judge(person("Ivan Petrov"), person("Ivan Petroff"))["name_score"]
    if base + points < 80:
        assert verdict is None
        return
    (evidence,) = verdict["evidence"]
    assert (evidence["says"], evidence["points"]) == (says, points)
    assert verdict["score"] == pytest.approx(min(100.0, base + points), abs=0.11)


def test_the_same_name_with_another_birthday_and_country_is_somebody_else():
    one = person("John Brown", born="1970-01-01", country="GB")
    assert judge(one, person("John Brown", born="1950", country="GB"))["score"] == 85.0
    assert judge(one, person("John Brown", born="1950", country="RU")) is None
    assert judge(one, person("John Brown"))["score"] >= STRONG


def test_a_name_in_a_script_that_is_not_romanised_meets_itself():
    assert met(person("محمد علي"), person("محمد علي")) == 100.0


def test_folding_keeps_letters_and_drops_the_rest():
    assert fold("  O'Brien-ØSTERGÅRD, Jr. ") == "obrien ostergard jr"
    assert name_of("S.p.A. Rossi").tokens == ("rossi",)
    assert name_of("Ltd").tokens == ("ltd",)  # nothing else is left of it


def test_each_of_many_finds_its_own_entry_and_no_other():
    first = ["Anton", "Bruno", "Carla", "Dmitri", "Erika", "Fatima", "Goran", "Helena"]
    last = ["Kovalenko", "Lindgren", "Mbeki", "Nakamura", "Oyelaran", "Pereira", "Quispe", "Rasmussen"]
    names = [f"{one} {other}" for one in first for other in last]
    parties = [person(name, key=f"p{n}") for n, name in enumerate(names)]
    listed = [person(name.upper(), key=f"e{n}") for n, name in enumerate(names)]
    found = screen(parties, listed)
    assert {(one.subject.key, one.entry.key) for one in found} == {
        ((f"p{n}",), (f"e{n}",)) for n in range(64)
    }
    assert screen(parties, listed) == found


def test_nothing_is_found_where_there_is_nothing():
    assert screen([], [person("A B")]) == screen([person("A B")], []) == []
