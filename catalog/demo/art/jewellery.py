"""Pictures of silver and beads."""

from __future__ import annotations

import math

from catalog.demo.art.canvas import Canvas, moved, smooth
from catalog.demo.art.colours import (
    GOLD,
    INK,
    RED,
    SILVER,
    WHITE,
    YELLOW,
    Palette,
    darker,
    lighter,
    mix,
    rounded,
)
from catalog.demo.art.scene import MIDDLE, hang_cloth

_METAL = (WHITE, SILVER, (150, 158, 170), SILVER)


def cross(canvas: Canvas, palette: Palette, detail: str) -> None:
    """A pierced processional cross as a pendant on its cord."""
    hang_cloth(canvas, palette)
    cord = smooth(
        [(196, -10), (250, 120), (340, 196), (400, 206), (460, 196), (550, 120), (604, -10)]
    )
    canvas.line([(x + 6, y + 10) for x, y in cord], 9, INK, alpha=0.3)
    canvas.line(cord, 9, (48, 38, 40))
    canvas.shadow((230, 250, 590, 740), alpha=0.34, blur=26)
    canvas.ring((372, 180, 428, 244), 10, SILVER)
    centre = (MIDDLE, 440)
    dark = palette.wall_dark
    for turn in range(4):
        arm = smooth(
            [(-30, -60), (-40, -120), (-104, -176), (-70, -196), (-30, -186), (0, -214)], 8
        )
        shape = [*arm, *[(-x, y) for x, y in reversed(arm)]]
        canvas.polygon(moved(shape, centre, turn=90 * turn), _METAL)
        canvas.polygon(
            moved(
                smooth(
                    [
                        (0, -186),
                        (-38, -160),
                        (-24, -122),
                        (0, -136),
                        (24, -122),
                        (38, -160),
                        (0, -186),
                    ],
                    6,
                ),
                centre,
                turn=90 * turn,
            ),
            dark,
        )
        canvas.polygon(
            moved([(0, -170), (-12, -152), (0, -134), (12, -152)], centre, turn=90 * turn), SILVER
        )
        for side in (-1, 1):
            loop = moved([(side * 96, -182)], centre, turn=90 * turn)[0]
            canvas.disc(loop, 17, _METAL)
            canvas.disc(loop, 7, dark)
    canvas.disc(centre, 148, _METAL)
    canvas.disc(centre, 128, dark)
    for turn in range(8):
        canvas.polygon(
            moved([(-15, 0), (-7, -136), (7, -136), (15, 0)], centre, turn=45 * turn), _METAL
        )
        petal = smooth([(0, -62), (-24, -92), (0, -122), (24, -92), (0, -62)], 6)
        canvas.line(moved(petal, centre, turn=45 * turn + 22.5), 8, SILVER)
    canvas.disc(centre, 62, _METAL)
    canvas.disc(centre, 50, darker(SILVER, 0.3))
    for turn in range(4):
        canvas.polygon(
            moved([(-7, 0), (-17, -46), (17, -46), (7, 0)], centre, turn=90 * turn), WHITE
        )
    canvas.block((370, 640, 430, 690), rounded(SILVER), round_by=6, across=True)
    canvas.block((358, 686, 442, 704), rounded(SILVER), round_by=6, across=True)
    canvas.disc((MIDDLE, 212), 19, _METAL)
    canvas.disc((MIDDLE, 212), 9, (48, 38, 40))


def earrings(canvas: Canvas, palette: Palette, detail: str) -> None:
    """Two rosettes of silver wire with drops."""
    hang_cloth(canvas, palette)
    for x, y in ((268, 380), (532, 400)):
        canvas.shadow((x - 110, y - 70, x + 130, y + 250), alpha=0.25, blur=20)
        hook = smooth(
            [
                (x, y - 108),
                (x - 4, y - 178),
                (x + 26, y - 216),
                (x + 58, y - 186),
                (x + 54, y - 120),
            ]
        )
        canvas.line(hook, 7, SILVER)
        canvas.disc((x, y), 112, _METAL)
        canvas.disc((x, y), 100, mix(palette.main, (60, 40, 66), 0.45))
        for turn in range(12):
            petal = smooth([(0, -30), (-21, -62), (0, -96), (21, -62), (0, -30)], 6)
            canvas.line(moved(petal, (x, y), turn=30 * turn), 5, (224, 228, 234))
            grain = moved([(0, -68)], (x, y), turn=30 * turn)[0]
            canvas.disc(grain, 8, _METAL)
            canvas.disc(moved([(0, -112)], (x, y), turn=30 * turn)[0], 10, _METAL)
        canvas.disc((x, y), 31, _METAL)
        canvas.disc(
            (x, y), 20, (lighter(palette.accent, 0.4), palette.accent, darker(palette.accent, 0.4))
        )
        canvas.disc((x - 6, y - 7), 5, WHITE, alpha=0.8)
        for step, drop in enumerate((-56, 0, 56)):
            length = 196 if step == 1 else 164
            canvas.line([(x + drop * 0.7, y + 100), (x + drop, y + length)], 4, SILVER)
            pear = smooth([(0, -18), (-15, 8), (0, 26), (15, 8), (0, -18)], 6)
            canvas.polygon(moved(pear, (x + drop, y + length + 14)), _METAL)


def necklace(canvas: Canvas, palette: Palette, detail: str) -> None:
    """Many strands of beads, laid in a ring."""
    hang_cloth(canvas, palette)
    canvas.shadow((110, 120, 700, 730), alpha=0.3, blur=28)
    canvas.disc((MIDDLE, 410), 150, palette.halo)
    colours = (RED, YELLOW, WHITE, (64, 148, 190), palette.main, (40, 122, 92), GOLD)
    for strand in range(7):
        radius = 150 + strand * 22
        count = round(math.tau * radius / 23)
        for step in range(count):
            angle = math.tau * step / count - math.pi / 2
            gap = abs(math.degrees(angle + math.pi / 2)) % 360
            if min(gap, 360 - gap) < 9:
                continue
            colour = colours[strand] if (step // 5) % 3 else colours[(strand + 3) % 7]
            at = (MIDDLE + radius * math.cos(angle), 410 + radius * math.sin(angle))
            canvas.disc((at[0] + 2, at[1] + 4), 12, darker(palette.wall_dark, 0.35))
            canvas.disc(at, 11.5, darker(colour, 0.22))
            canvas.disc((at[0] - 1.5, at[1] - 1.5), 9, colour)
            canvas.disc((at[0] - 4, at[1] - 4), 3, lighter(colour, 0.8))
    for side in (-1, 1):
        plate = [
            (MIDDLE + side * 22, 112),
            (MIDDLE + side * 46, 106),
            (MIDDLE + side * 56, 272),
            (MIDDLE + side * 28, 268),
        ]
        canvas.polygon(plate, ((250, 222, 150), GOLD, darker(GOLD, 0.35)))
    canvas.disc((MIDDLE, 168), 27, ((250, 222, 150), GOLD, darker(GOLD, 0.35)))
    canvas.disc((MIDDLE, 168), 12, darker(palette.wall_light, 0.15))
