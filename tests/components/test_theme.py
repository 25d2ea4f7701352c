"""One set of colours, in two places: what plotly draws and what the style sheets say."""

import re
from pathlib import Path

import pytest

from components.theme import DARK, LIGHT, THEMES, theme

CSS = Path(__file__).resolve().parents[2] / "assets" / "10_theme"


def tokens_of(selector: str) -> dict[str, str]:
    text = (CSS / "00_tokens.css").read_text()
    block = re.search(re.escape(selector) + r" \{\n  color-scheme.*?\n\}", text, re.S)
    assert block
    return dict(re.findall(r"--qd-([a-z0-9-]+): (#[0-9A-F]{6});", block.group()))


@pytest.mark.parametrize(
    ("selector", "colours"), [('[data-bs-theme="dark"]', DARK), ('[data-bs-theme="light"]', LIGHT)]
)
def test_figures_and_sheets_use_the_same_colours(selector, colours):
    in_sheet = tokens_of(selector)
    assert {name: in_sheet[name] for name in colours} == colours


@pytest.mark.parametrize("name", ["dark", "light"])
def test_legends_have_the_colours_of_the_series(name):
    in_sheet = tokens_of(f'[data-bs-theme="{name}"]')
    assert tuple(in_sheet[f"series{place}"] for place in (1, 2, 3)) == theme(name).series[:3]


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("colours", [DARK, LIGHT])
@pytest.mark.parametrize(
    "words", ["text", "text2", "text3", "up", "down", "crit", "high", "med", "low", "ok", "accent"]
)
def test_words_stand_out_from_every_surface(colours, words):
    for surface in ("bg", "s1", "s2", "s3"):
        assert contrast(colours[words], colours[surface]) >= 4.5


def test_a_gain_and_a_loss_of_the_same_size_mirror_each_other():
    look = theme("dark")
    assert look.gain_loss(9, 1) == "#1D8EA3"
    assert look.gain_loss(-9, 1) == "#C4581F"
    assert look.gain_loss(0, 1) == "#232B36"
    assert look.gain_loss(0, 0) == "#232B36"


def test_an_unknown_theme_is_the_dark_one():
    assert theme(None) is theme("sepia") is THEMES["dark"]


def test_colours_are_named_in_the_tokens_alone():
    """A colour written elsewhere would not turn with the theme."""
    allowed = {"00_tokens.css", "95_print.css"}
    found = {
        path.name: stray
        for path in CSS.glob("*.css")
        if path.name not in allowed and (stray := re.findall(r"#[0-9A-Fa-f]{6}\b", path.read_text()))
    }
    assert found == {"50_states.css": ["#04060A"]}  # Bootstrap's backdrop takes a plain colour only
