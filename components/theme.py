"""The tokens as literal colours, one set per theme: plotly cannot read CSS variables.

assets/10_theme/00_tokens.css holds the same values; a test keeps the two equal.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

FONT = "Inter, system-ui, Segoe UI, Roboto, Arial, sans-serif"

DARK: dict[str, str] = {
    "bg": "#0A0D11", "s1": "#10141A", "s2": "#161B23", "s3": "#1E2530", "pop": "#181E27",
    "line": "#212935", "line2": "#2E3847", "ctl": "#5D6979",
    "text": "#E7EBF1", "text2": "#AAB4C2", "text3": "#8894A5",
    "accent": "#6EA8FF", "fill": "#2B68D8", "up": "#2FB8CE", "down": "#FF7F45",
    "crit": "#FF6B86", "high": "#FFA94D", "med": "#E8CE5A", "low": "#93A6C0",
    "ok": "#55C98E", "brass": "#D9B25F",
}  # fmt: skip
LIGHT: dict[str, str] = {
    "bg": "#F3F5F8", "s1": "#FFFFFF", "s2": "#F7F8FA", "s3": "#EBEEF3", "pop": "#FFFFFF",
    "line": "#E2E6EC", "line2": "#CDD4DD", "ctl": "#84909F",
    "text": "#11161D", "text2": "#465262", "text3": "#5B6878",
    "accent": "#1A5FD0", "fill": "#1F62D6", "up": "#00738A", "down": "#B33D0B",
    "crit": "#C4214B", "high": "#A34F00", "med": "#766000", "low": "#4E6480",
    "ok": "#18774B", "brass": "#8A6412",
}  # fmt: skip

_SERIES = {
    "dark": ("#6EA8FF", "#E8C547", "#D86C98", "#8FA845", "#5FDCCB", "#B394FF"),
    "light": ("#1F62D6", "#A07C10", "#A31B5B", "#5A7410", "#0B857F", "#6F4FD0"),
}
_GAIN_LOSS = {
    "dark": ("#C4581F", "#7D4426", "#232B36", "#1C5F70", "#1D8EA3"),
    "light": ("#C8501A", "#E9B494", "#F1F3F6", "#9CCBD5", "#0B7C93"),
}


def _parts(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


@dataclass(frozen=True)
class Theme:
    """One theme's colours for figures."""

    name: str

    @property
    def tokens(self) -> dict[str, str]:
        """Token name to hex colour."""
        return LIGHT if self.name == "light" else DARK

    def __getitem__(self, token: str) -> str:
        return self.tokens[token]

    @property
    def series(self) -> tuple[str, ...]:
        """Colours of data series; at most three by colour alone."""
        return _SERIES[self.name]

    def faded(self, token: str, alpha: float) -> str:
        """Return a token's colour with an opacity."""
        red, green, blue = _parts(self[token])
        return f"rgba({red},{green},{blue},{alpha})"

    def gain_loss(self, value: float, limit: float) -> str:
        """Return the colour of a gain or loss on the diverging scale, clipped at ``limit`` each way."""
        stops = _GAIN_LOSS[self.name]
        place = min(max((value + limit) / (2 * limit), 0.0), 1.0) * (len(stops) - 1) if limit else 2.0
        left = min(int(place), len(stops) - 2)
        part = place - left
        mixed = (
            round(a + (b - a) * part)
            for a, b in zip(_parts(stops[left]), _parts(stops[left + 1]), strict=True)
        )
        return "#{:02X}{:02X}{:02X}".format(*mixed)

    def sign(self, value: float | None) -> str:
        """Return the token name for the sign of an amount."""
        return "text2" if not value else "up" if value > 0 else "down"

    @property
    def template(self) -> dict[str, Any]:
        """The plotly template."""
        return _template(self.name)


THEMES = {name: Theme(name) for name in ("dark", "light")}


def theme(name: str | None) -> Theme:
    """Return a theme by name; dark when the name is unknown."""
    return THEMES.get(name or "", THEMES["dark"])


@lru_cache(maxsize=2)
def _template(name: str) -> dict[str, Any]:
    t = LIGHT if name == "light" else DARK
    axis: dict[str, Any] = {
        "showline": False,
        "zeroline": False,
        "gridcolor": t["line"],
        "gridwidth": 1,
        "ticks": "",
        "automargin": True,
        "tickfont": {"size": 11, "color": t["text3"]},
        "title": {"font": {"size": 11, "color": t["text3"]}, "standoff": 6},
        "linecolor": t["line2"],
        "zerolinecolor": t["line2"],
        # Zero has no sign.
        "labelalias": {"+0": "0", "+0%": "0%", "+0.0": "0.0", "+0.0%": "0.0%", "+0.00": "0.00"},
    }
    spikes = {
        "showspikes": True,
        "spikemode": "across",
        "spikethickness": 1,
        "spikedash": "solid",
        "spikecolor": t["ctl"],
        "spikesnap": "cursor",
    }
    return {
        "layout": {
            "font": {"family": FONT, "size": 12, "color": t["text2"]},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "colorway": list(_SERIES[name]),
            "margin": {"l": 8, "r": 12, "t": 8, "b": 8},
            "showlegend": False,
            "hovermode": "x unified",
            "dragmode": "zoom",
            "separators": ".,",
            "xaxis": {**axis, "showgrid": False, **spikes},
            "yaxis": {**axis, "showgrid": True},
            "transition": {"duration": 0},
            "hoverlabel": {
                "bgcolor": t["pop"],
                "bordercolor": t["line2"],
                "align": "left",
                "font": {"size": 12, "color": t["text"], "family": FONT},
            },
            "annotationdefaults": {"font": {"size": 11, "color": t["text2"]}, "showarrow": False},
        }
    }
