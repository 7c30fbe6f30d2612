"""Colours by meaning, each with a marker and a dash of its own, because colour alone tells some readers nothing.

The hues are those of Okabe and Ito (Color Universal Design, 2008, https://jfly.uni-koeln.de/color/). On dark paper they
are lighter; as small text they are darker, or lighter still, so that the contrast reaches WCAG 2.2's 4.5 to 1.
"""

from __future__ import annotations

from typing import NamedTuple


class Sign(NamedTuple):
    """How one thing is drawn: its colour on light and on dark paper, its marker and its dash (an SVG dash array)."""

    light: str
    dark: str
    marker: str = ""
    dash: str = ""

    @property
    def either(self) -> str:
        """A colour that can be seen on both, for a picture that does not know what paper it stands on."""
        return self.light


#: What is drawn, and how.
SIGNS = {
    "delivered": Sign("#0072b2", "#56b4e9", "▸"),
    "dropped": Sign("#d55e00", "#f0803c", "×", "1 4"),
    "good": Sign("#009e73", "#2fc99a", "●"),
    "leader": Sign("#c0699a", "#e79bc5", "★"),
    "cut": Sign("#85898e", "#8d9298", "", "2 3"),
    "down": Sign("#1a1a1a", "#f2f2f2", "▬"),
}

#: Small text in the colour of its meaning.
TEXT = {
    "ink": Sign("#1a1a1a", "#eceded"),
    "muted": Sign("#5a5e63", "#a9adb3"),
    "delivered-text": Sign("#00629b", "#7cc6f0"),
    "dropped-text": Sign("#a84700", "#f59a60"),
    "good-text": Sign("#00694c", "#4fd8ad"),
}

#: What everything stands on.
PAPER = {"surface": Sign("#ffffff", "#1e2023"), "sunken": Sign("#f3f4f6", "#15171a")}

#: What a user saw of one operation: its marker and its words.
OUTCOMES = {
    "good": ("✓", "good"),
    "slow": ("◔", "too late"),
    "refused": ("⊘", "refused"),
    "wrong": ("!", "wrong answer"),
    "never": ("×", "never answered"),
    "open": ("…", "not answered yet"),
}


def luminance(colour: str) -> float:
    """Relative luminance of ``#rrggbb``, 0 to 1 (WCAG 2.2, "relative luminance")."""
    channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, 1 to 21 (WCAG 2.2, "contrast ratio")."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)
