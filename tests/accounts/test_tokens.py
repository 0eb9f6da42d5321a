"""The colours of the product, measured: WCAG 2 contrast of every pair of text and ground, in both themes."""

import math
import re
from pathlib import Path

import pytest

TOKENS = Path(__file__).parents[2] / "static" / "css" / "tokens.css"
DARK_CHOSEN = '[data-theme="dark"] {'
DARK_ASKED = ':root:not([data-theme="light"]) {'

# text on ground: 4.5 : 1
TEXT = [
    *((ink, ground) for ink in ("ink", "ink-2", "ink-3") for ground in ("canvas", "surface", "sunken")),
    *((name, "surface") for name in ("accent", "accent-hover", "waiting", "risk", "danger", "solved", "bot", "note")),
    *((name, f"{name}-tint") for name in ("accent", "waiting", "risk", "danger", "solved", "bot", "note")),
    *(
        (ink, f"{name}-tint")
        for ink in ("ink", "ink-2")
        for name in ("waiting", "risk", "danger", "solved", "bot", "note")
    ),
    ("accent", "canvas"),
    ("on-accent", "accent"),
    ("on-accent", "accent-hover"),
    ("on-own-bubble", "own-bubble"),
    ("on-risk", "risk-solid"),
    ("on-danger", "danger-solid"),
    ("ink", "mark"),
]
# borders of controls, focus, icons: 3 : 1
SHAPES = [("line-strong", "surface"), ("line-strong", "canvas"), ("focus", "surface"), ("focus", "canvas")]


def block(opening: str) -> dict[str, str]:
    """The custom properties of the rule that begins with this selector."""
    text = TOKENS.read_text()
    start = text.index(opening) + len(opening)
    return dict(re.findall(r"--([\w-]+): ([^;]+);", text[start : text.index("}", start)]))


def colour(theme: dict[str, str], name: str) -> tuple[float, float, float]:
    """sRGB, linear, of a token (OKLCH by Björn Ottosson's matrices)."""
    value = theme[name]
    if alias := re.fullmatch(r"var\(--([\w-]+)\)", value):
        return colour(theme, alias[1])
    lightness, chroma, hue = map(float, re.fullmatch(r"oklch\(([\d.]+) ([\d.]+) ([\d.]+)\)", value).groups())
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )


def contrast(theme: dict[str, str], first: str, second: str) -> float:
    lights = sorted(
        sum(
            share * min(max(part, 0), 1)
            for share, part in zip((0.2126, 0.7152, 0.0722), colour(theme, name), strict=True)
        )
        for name in (first, second)
    )
    return (lights[1] + 0.05) / (lights[0] + 0.05)


@pytest.fixture(params=["light", "dark"])
def theme(request):
    light = block(":root {")
    return light if request.param == "light" else light | block(DARK_CHOSEN)


@pytest.mark.parametrize(("ink", "ground"), TEXT)
def test_text_can_be_read(theme, ink, ground):
    assert contrast(theme, ink, ground) >= 4.5


@pytest.mark.parametrize(("shape", "ground"), SHAPES)
def test_controls_can_be_seen(theme, shape, ground):
    assert contrast(theme, shape, ground) >= 3.0


def test_every_colour_lies_inside_srgb(theme):
    # a thousandth beyond is cut to the edge by every browser, and nobody sees it
    outside = [
        name
        for name, value in theme.items()
        if value.startswith("oklch(") and not all(-0.002 <= part <= 1.002 for part in colour(theme, name))
    ]
    assert outside == []


def test_the_dark_theme_is_the_same_asked_for_or_chosen():
    assert block(DARK_CHOSEN) == block(DARK_ASKED)


def test_the_dark_theme_names_every_colour_of_the_light_one():
    light = {name for name, value in block(":root {").items() if "oklch" in value or value.startswith("var(")}
    assert light == set(block(DARK_CHOSEN))
