"""What every picture shares: a wall with a halo, a cloth with a woven border, and patterns."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from functools import cache

from PIL import Image

from catalog.demo.art.canvas import Box, Canvas, Point, arc, moved, smooth
from catalog.demo.art.colours import (
    CHERRY,
    LEAF,
    ROAST,
    WHITE,
    Colour,
    Palette,
    darker,
    lighter,
    mix,
)

TABLE = 590  # where the cloth begins
MIDDLE = 400


def set_table(canvas: Canvas, palette: Palette) -> None:
    """Wall, halo and a cloth whose border is woven."""
    canvas.block((0, 0, 800, 660), (palette.wall_light, palette.wall_light, palette.wall_dark))
    canvas.disc((MIDDLE, 370), 300, palette.halo, alpha=0.35)
    canvas.disc((MIDDLE, 370), 245, palette.halo, alpha=0.55)
    edge = arc((MIDDLE, TABLE + 1988), 2000, -102, -78, 48)
    canvas.polygon(
        [*edge, (820, 800), (-20, 800)],
        (lighter(palette.cloth, 0.4), palette.cloth, darker(palette.cloth, 0.10)),
    )
    tibeb(canvas, (0, 700, 800, 772), (palette.main, palette.accent, palette.second))


def hang_cloth(canvas: Canvas, palette: Palette) -> None:
    """A plain wall for things that are laid out and seen from above."""
    canvas.block((0, 0, 800, 800), (palette.wall_light, palette.wall_light, palette.wall_dark))
    canvas.disc((MIDDLE, MIDDLE), 340, palette.halo, alpha=0.35)
    canvas.disc((MIDDLE, MIDDLE), 285, palette.halo, alpha=0.5)


def tibeb(canvas: Canvas, box: Box, colours: Sequence[Colour], *, rows: int = 9) -> None:
    """A woven border: stepped diamonds with a cross inside, between two selvedges."""
    canvas.tile(box, _tibeb(tuple(colours), rows))


@cache
def _tibeb(colours: tuple[Colour, ...], rows: int) -> Image.Image:
    """Two diamonds, one pixel to the thread."""
    repeat = rows + 3
    woven = Image.new("RGBA", (2 * repeat, rows + 4))
    for column in range(woven.width):
        for row in (0, rows + 3):
            woven.putpixel((column, row), colours[0])
        for row in range(rows):
            if thread := _thread(column, row, rows, colours):
                woven.putpixel((column, row + 2), thread)
    return woven


def _thread(column: int, row: int, rows: int, colours: tuple[Colour, ...]) -> Colour | None:
    """The colour of one thread; None where the ground shows."""
    middle = (rows - 1) // 2
    repeat = rows + 3
    along = abs(column % repeat - repeat // 2)
    distance = along + abs(row - middle)
    first, inner, core = colours if column < repeat else (colours[0], colours[2], colours[1])
    if distance == middle:
        return first
    if distance == middle - 2:
        return inner
    if distance <= max(0, middle - 4) + 1:
        return core
    if along == middle + 1 and distance == 2 * middle + 1:
        return inner
    return None


# --- what grows -------------------------------------------------------------------------------

_LEAF_SHAPE: list[Point] = [(0, 0), (22, -20), (60, -27), (100, -16), (132, 0)]


def leaf(
    canvas: Canvas, at: Point, *, turn: float, scale: float = 1, colour: Colour = LEAF
) -> None:
    """A leaf that points to the right before it is turned."""
    upper = smooth(_LEAF_SHAPE)
    lower = [(x, -y) for x, y in upper]
    canvas.polygon(moved(upper, at, turn=turn, scale=scale), (lighter(colour, 0.22), colour))
    canvas.polygon(moved(lower, at, turn=turn, scale=scale), (colour, darker(colour, 0.28)))
    spine = moved([(4, 0), (124, 0)], at, turn=turn, scale=scale)
    canvas.line(spine, 2.5 * scale, lighter(colour, 0.45))


def cherry(canvas: Canvas, at: Point, radius: float, colour: Colour = CHERRY) -> None:
    """A coffee cherry."""
    x, y = at
    canvas.disc(at, radius, (lighter(colour, 0.22), colour, darker(colour, 0.45)))
    canvas.ellipse(
        (x - radius * 0.55, y - radius * 0.62, x - radius * 0.05, y - radius * 0.22),
        WHITE,
        alpha=0.55,
    )
    canvas.disc((x + radius * 0.15, y + radius * 0.72), radius * 0.14, darker(colour, 0.6))


def bean(canvas: Canvas, at: Point, length: float, *, turn: float, colour: Colour = ROAST) -> None:
    """A coffee bean with its crease."""
    shape = [
        (math.cos(a) * length / 2, math.sin(a) * length / 3)
        for a in (math.tau * step / 28 for step in range(28))
    ]
    canvas.polygon(
        moved(shape, at, turn=turn), (lighter(colour, 0.25), colour, darker(colour, 0.35))
    )
    crease = smooth(
        [(-length * 0.46, 0), (-length * 0.16, -length * 0.06), (length * 0.16, length * 0.06),
         (length * 0.46, 0)], 6,
    )  # fmt: skip
    canvas.line(moved(crease, at, turn=turn), max(2.0, length * 0.07), darker(colour, 0.62))


@cache
def scattered(count: int, box: Box, *, seed: str, apart: float) -> list[tuple[float, float, float]]:
    """Places inside the ellipse of `box`, each with an angle; never closer together than `apart`; back to front."""
    dice = random.Random(seed)  # noqa: S311 - it decorates
    left, top, right, bottom = box
    places: list[tuple[float, float, float]] = []
    for _ in range(count * 40):
        if len(places) == count:
            break
        radius, angle = math.sqrt(dice.random()), dice.random() * math.tau
        x = (left + right) / 2 + radius * math.cos(angle) * (right - left) / 2
        y = (top + bottom) / 2 + radius * math.sin(angle) * (bottom - top) / 2
        if all(math.hypot(x - p, (y - q) * 1.4) >= apart for p, q, _ in places):
            places.append((x, y, dice.uniform(0, 180)))
    return sorted(places, key=lambda place: place[1])


def coffee_branch(canvas: Canvas, at: Point, *, flip: bool = False) -> None:
    """Leaves and a cluster of ripe cherries."""
    x, y = at
    side = -1 if flip else 1
    for turn, scale in ((-62, 0.95), (-24, 1.05), (12, 0.9)):
        leaf(canvas, at, turn=turn if not flip else 180 - turn, scale=scale)
    for dx, dy, radius in ((6, 14, 25), (44, 22, 23), (22, -18, 24), (62, -8, 20)):
        cherry(canvas, (x + side * dx, y + dy), radius)


def beans_on_table(
    canvas: Canvas, box: Box, count: int, *, seed: str, colour: Colour = ROAST
) -> None:
    """Beans strewn over the cloth, each with its shadow."""
    for x, y, turn in scattered(count, box, seed=seed, apart=40):
        canvas.shadow((x - 20, y + 2, x + 22, y + 18), alpha=0.3, blur=5)
        bean(canvas, (x, y), 44, turn=turn, colour=mix(colour, (120, 70, 40), (turn % 30) / 100))
