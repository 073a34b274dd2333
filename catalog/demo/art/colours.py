"""Colours, and the palettes of the demo shop's pictures."""

from __future__ import annotations

from dataclasses import dataclass

Colour = tuple[int, int, int]

INK = (34, 26, 24)
WHITE = (255, 253, 248)
CREAM = (250, 240, 220)
CLAY = (58, 42, 38)
WOOD = (150, 92, 52)
STEEL = (196, 202, 208)
SILVER = (214, 218, 224)
GOLD = (224, 168, 56)
GREEN = (46, 125, 80)
RED = (196, 52, 44)
YELLOW = (244, 196, 60)
LEAF = (66, 128, 66)
CHERRY = (200, 36, 44)
ROAST = (86, 48, 30)


@dataclass(frozen=True, slots=True)
class Palette:
    """A wall that fades from `wall_light` to `wall_dark`, a halo on it, a cloth, a main colour and two accents."""

    wall_light: Colour
    wall_dark: Colour
    halo: Colour
    cloth: Colour
    main: Colour
    accent: Colour
    second: Colour


def _hex(text: str) -> Colour:
    return int(text[0:2], 16), int(text[2:4], 16), int(text[4:6], 16)


def _palette(colours: str) -> Palette:
    return Palette(*map(_hex, colours.split()))


PALETTES = {
    name: _palette(colours)
    for name, colours in {
        # name      wall light-dark   halo   cloth  main   accents
        "amber": "fbe3b0 e9b55c fff0cc fff6e4 c9741c a63f1d 2f6b55",
        "bark": "ead9c4 c6a27c f7ebdb fdf5ea 74452a b5502f 3d6b52",
        "chilli": "ffd9b8 ef9a6a ffebd6 fff4e6 b3261e e0902c 2e6b4f",
        "cream": "f3e6cf d9bf94 fff7e6 fffaf0 c9a05a a8652e 4c7a5e",
        "earth": "e8cdb2 c08a60 f8e6d2 fdf3e6 8a4f2e c0562f 2f5d62",
        "ember": "f2c9a1 c9754a fde3c4 fff1e0 b0452c e3a13b 35594a",
        "flag": "e2eddf a9cbb0 f6fbf2 fffdf6 2e7d50 f0bd3a c4342c",
        "forest": "cfe3cd 7fae8a e9f4e2 fbf8ea 2f6b4a c8762e a4342c",
        "gold": "fdeec2 efc766 fff8df fffaf0 d9a02c b03a2e 2c6b58",
        "harar": "f7d3c0 d97f66 ffe9dc fff5ea a92f35 e6a83a 24695c",
        "hibiscus": "fbd3d6 e28a97 ffeaea fff5f2 a3193f e07a3a 3c6b55",
        "jasmine": "d6ece6 8fc4b8 f0faf5 fffdf4 2c7a6b d4493c eab648",
        "lake": "cfe6f0 7fb2cc ecf7fb fbfaf2 2b7a95 e08a3c b23a3f",
        "leaf": "e0edc4 a9c77a f4fae2 fffcee 5f8f3a c9852f 9c3f2c",
        "meskel": "fdf0b4 f0cf54 fff9d8 fffdf2 3f8a4c e0a020 b8442f",
        "mitmita": "ffe0b0 f6b060 fff0d4 fff8ea e2601c b3261e 2f6b55",
        "night": "5a6a9c 232c52 8290c2 e9e4f2 3b4a82 f0b64a d9694a",
        "plum": "e6d2e6 b28bb5 f6eaf5 fdf6f6 7a3a78 d98a3c 3f7562",
        "saffron": "fde2ad f2b14e fff1d2 fff8ea d9851f a8412c 2d6660",
        "shiro": "f8e3b8 dcb070 fff3d8 fffaee d29a45 a8452a 3a6b4e",
        "silver": "59667a 2a3346 8792a6 e8e6e4 b9c0c9 d9a441 b0483c",
        "sunset": "ffd3bd f08a72 ffe8d8 fff4ea c93f3a f0a53c 7a3a68",
        "turmeric": "e5e3f4 a9a6d2 f8f6ff fdfbf4 f0ac14 c9542a 4a4f9c",
    }.items()
}


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """`one` with that share of `other` in it."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def lighter(colour: Colour, share: float = 0.25) -> Colour:
    """The colour in more light."""
    return mix(colour, (255, 250, 236), share)


def darker(colour: Colour, share: float = 0.25) -> Colour:
    """The colour in shade: warm, never grey."""
    return mix(colour, (38, 18, 26), share)


def rounded(colour: Colour) -> tuple[Colour, ...]:
    """How the colour runs from left to right over a round body lit from the left."""
    return (
        darker(colour, 0.25), lighter(colour, 0.10), lighter(colour, 0.34), colour,
        darker(colour, 0.16), darker(colour, 0.36), darker(colour, 0.48),
    )  # fmt: skip
