"""Pictures of what tanners, carvers and chandlers make."""

from __future__ import annotations

import math

from catalog.demo.art.canvas import Box, Canvas, Point, moved, smooth
from catalog.demo.art.colours import (
    CREAM,
    GOLD,
    INK,
    WOOD,
    Colour,
    Palette,
    darker,
    lighter,
    mix,
    rounded,
)
from catalog.demo.art.scene import MIDDLE, hang_cloth, set_table, tibeb


def _stitches(canvas: Canvas, box: Box, colour: Colour) -> None:
    left, top, right, bottom = box
    for edge in (
        (left, top, right, top),
        (right, top, right, bottom),
        (right, bottom, left, bottom),
        (left, bottom, left, top),
    ):
        length = math.hypot(edge[2] - edge[0], edge[3] - edge[1])
        for step in range(int(length / 18)):
            near, far = (step * 18 + 4) / length, (step * 18 + 13) / length
            ends = [
                (edge[0] + (edge[2] - edge[0]) * at, edge[1] + (edge[3] - edge[1]) * at)
                for at in (near, far)
            ]
            canvas.line(ends, 3.2, colour)


def satchel(canvas: Canvas, palette: Palette, detail: str) -> None:
    """A leather bag with a flap, two straps and buckles."""
    set_table(canvas, palette)
    tan = mix(palette.main, (150, 84, 40), 0.55)
    canvas.shadow((140, 622, 680, 696))
    canvas.line(
        smooth([(176, 330), (190, 160), (290, 74), (400, 56), (510, 74), (610, 160), (624, 330)]),
        22,
        darker(tan, 0.3),
    )
    canvas.line(
        smooth([(330, 260), (350, 204), (400, 190), (450, 204), (470, 260)]), 26, darker(tan, 0.18)
    )
    canvas.block((140, 262, 660, 666), rounded(darker(tan, 0.08)), round_by=42, across=True)
    canvas.block((152, 600, 648, 660), darker(tan, 0.3), round_by=30, alpha=0.6)
    flap = [
        (136, 290),
        (150, 254),
        (180, 244),
        (620, 244),
        (650, 254),
        (664, 290),
        *smooth([(660, 470), (600, 522), (400, 534), (200, 522), (140, 470)]),
    ]
    canvas.polygon([(x, y + 10) for x, y in flap], darker(tan, 0.6), alpha=0.5)
    canvas.polygon(flap, (lighter(tan, 0.24), tan, darker(tan, 0.14)))
    _stitches(canvas, (164, 266, 636, 500), lighter(tan, 0.5))
    for x in (246, 554):
        canvas.block(
            (x - 27, 250, x + 27, 604), rounded(darker(tan, 0.2)), round_by=14, across=True
        )
        canvas.block(
            (x - 40, 520, x + 40, 580), ((252, 226, 156), GOLD, darker(GOLD, 0.35)), round_by=12
        )
        canvas.block((x - 26, 534, x + 26, 566), darker(tan, 0.25), round_by=6)
        canvas.line([(x - 4, 550), (x + 38, 550)], 6, (252, 226, 156))
        for hole in range(3):
            canvas.disc((x, 476 - hole * 34), 5, darker(tan, 0.6))
    tibeb(canvas, (300, 322, 500, 378), (lighter(tan, 0.5), darker(tan, 0.45), darker(tan, 0.45)))


def wallet(canvas: Canvas, palette: Palette, detail: str) -> None:
    """A wallet, half open, a card and a note showing."""
    set_table(canvas, palette)
    hide = palette.main
    canvas.shadow((150, 600, 680, 690))
    back = [(190, 250), (610, 212), (640, 560), (220, 610)]
    canvas.polygon(back, (darker(hide, 0.2), darker(hide, 0.45)))
    note = [(216, 196), (590, 162), (600, 300), (226, 330)]
    canvas.polygon(note, ((196, 216, 186), (150, 186, 150)))
    canvas.polygon([(232, 210), (576, 178), (580, 216), (236, 246)], (122, 162, 126), alpha=0.5)
    for step, colour in enumerate((palette.second, palette.accent, CREAM)):
        top = 256 + step * 36
        card = [(234, top + 36), (602, top), (612, top + 120), (244, top + 150)]
        canvas.polygon(card, (lighter(colour, 0.2), colour))
    front = [(176, 396), (622, 356), (654, 600), (646, 616), (226, 664), (212, 654)]
    canvas.polygon([(x, y - 7) for x, y in front], darker(hide, 0.6), alpha=0.5)
    canvas.polygon(front, (lighter(hide, 0.3), hide, darker(hide, 0.22)))
    for line in (
        [(194, 412), (606, 375)],
        [(606, 375), (634, 596)],
        [(634, 596), (228, 642)],
        [(228, 642), (194, 412)],
    ):
        (x, y), (p, q) = line
        for step in range(int(math.hypot(p - x, q - y) / 19)):
            length = math.hypot(p - x, q - y)
            near, far = (step * 19 + 3) / length, (step * 19 + 13) / length
            canvas.line(
                [(x + (p - x) * near, y + (q - y) * near), (x + (p - x) * far, y + (q - y) * far)],
                3.4,
                lighter(hide, 0.55),
            )
    mark = smooth(
        [
            (0, -46),
            (-18, -16),
            (-46, 0),
            (-18, 16),
            (0, 46),
            (18, 16),
            (46, 0),
            (18, -16),
            (0, -46),
        ],
        5,
    )
    canvas.line(moved(mark, (418, 508), turn=-6), 5, darker(hide, 0.4))
    canvas.disc((418, 508), 9, darker(hide, 0.4))


def krar(canvas: Canvas, palette: Palette, detail: str) -> None:
    """The lyre: two arms, a yoke, six strings and a skin-covered bowl."""
    set_table(canvas, palette)
    canvas.shadow((236, 632, 580, 692))
    for side in (-1, 1):
        arm = smooth(
            [(MIDDLE + side * 92, 520), (MIDDLE + side * 128, 340), (MIDDLE + side * 172, 108)]
        )
        canvas.line([(x + 5, y + 4) for x, y in arm], 26, darker(WOOD, 0.5))
        canvas.line(arm, 24, (lighter(WOOD, 0.2), WOOD))
        canvas.line([(x - 5, y) for x, y in arm], 6, lighter(WOOD, 0.45), alpha=0.6)
    canvas.line([(192, 118), (608, 118)], 30, darker(WOOD, 0.35))
    canvas.line([(192, 114), (608, 114)], 22, (lighter(WOOD, 0.25), WOOD))
    canvas.disc((MIDDLE, 520), 146, rounded(darker(WOOD, 0.1)))
    canvas.disc((MIDDLE, 516), 126, ((252, 238, 208), (232, 206, 160), (206, 168, 118)))
    for step in range(28):
        angle = math.tau * step / 28
        canvas.disc((MIDDLE + 135 * math.cos(angle), 518 + 135 * math.sin(angle)), 5, GOLD)
    for turn in range(8):
        canvas.disc(moved([(0, -34)], (MIDDLE, 484), turn=45 * turn)[0], 7, darker(WOOD, 0.5))
    canvas.disc((MIDDLE, 484), 13, darker(WOOD, 0.5))
    canvas.block((338, 572, 462, 586), rounded(darker(WOOD, 0.1)), round_by=7, across=True)
    for string in range(6):
        top = 268 + string * 53
        canvas.line([(top, 112), (345 + string * 22, 576)], 3, (250, 240, 214))
        canvas.line([(345 + string * 22, 580), (386 + string * 6, 640)], 2.4, (250, 240, 214))
        canvas.block(
            (top - 13, 96, top + 13, 132),
            rounded(palette.main if string % 2 else palette.accent),
            round_by=7,
            across=True,
        )
    for side in (-1, 1):
        tassel = (MIDDLE + side * 200, 118)
        for strand in range(7):
            canvas.line([tassel, (tassel[0] + side * 4 + (strand - 3) * 5, 206)], 4,
                        (palette.main, palette.accent, palette.second)[strand % 3])  # fmt: skip
        canvas.disc(tassel, 13, palette.second)


def gebeta(canvas: Canvas, palette: Palette, detail: str) -> None:
    """The board with three rows of hollows and seeds in them."""
    hang_cloth(canvas, palette)
    canvas.shadow((70, 196, 750, 636), alpha=0.42, blur=22)
    canvas.block((60, 196, 740, 618), darker(WOOD, 0.5), round_by=60)
    canvas.block((60, 182, 740, 600), (lighter(WOOD, 0.24), WOOD, darker(WOOD, 0.12)), round_by=60)
    for line in range(9):
        y = 206 + line * 46
        canvas.line(
            smooth([(84, y), (260, y + 9), (470, y - 8), (716, y + 6)]), 2.5, darker(WOOD, 0.25)
        )
    for row in range(3):
        for column in range(6):
            x, y = 135 + column * 106, 268 + row * 124
            canvas.disc((x, y), 47, darker(WOOD, 0.3))
            canvas.disc((x, y + 3), 43, (darker(WOOD, 0.62), darker(WOOD, 0.3)))
            count = (4, 3, 4, 2, 5, 3, 4, 0, 6, 3, 4, 1, 2, 4, 3, 4, 5, 3)[row * 6 + column]
            for seed in range(count):
                angle = seed * 2.4 + column + row
                reach = 0 if count == 1 else 19
                at: Point = (x + reach * math.cos(angle), y + 4 + reach * math.sin(angle))
                canvas.disc((at[0] + 1, at[1] + 4), 12, darker(WOOD, 0.75))
                tone = ((196, 204, 196), (232, 222, 196), (150, 166, 168))[(seed + column) % 3]
                canvas.disc(at, 12, (lighter(tone, 0.5), tone, darker(tone, 0.35)))


def stool(canvas: Canvas, palette: Palette, detail: str) -> None:
    """Three carved legs and a dished seat."""
    set_table(canvas, palette)
    canvas.shadow((170, 632, 640, 698))
    wood = (142, 86, 48)
    middle_leg = smooth([(370, 380), (376, 480), (362, 590), (350, 650)]) + smooth(
        [(452, 650), (438, 590), (424, 480), (430, 380)]
    )
    canvas.polygon(middle_leg, rounded(darker(wood, 0.3)), across=True)
    for side in (-1, 1):
        leg = smooth([(60, 370), (96, 470), (150, 590), (178, 676)]) + smooth(
            [(246, 672), (222, 570), (176, 460), (170, 360)]
        )
        canvas.polygon([(MIDDLE + side * x, y) for x, y in leg], rounded(wood), across=True)
        for ring in range(3):
            y = 612 + ring * 16
            groove = [
                (MIDDLE + side * (158 + ring * 10), y + 8),
                (MIDDLE + side * (228 + ring * 5), y),
            ]
            canvas.line(groove, 5, darker(wood, 0.45))
    canvas.turned(MIDDLE, [(252, 320), (262, 352), (232, 396), (120, 424)], rounded(wood))
    for step in range(13):
        x = 190 + step * 35
        sag = 14 * math.sin(math.pi * (step + 0.5) / 13)
        canvas.polygon(
            [(x, 356 + sag), (x + 14, 370 + sag), (x, 384 + sag), (x - 14, 370 + sag)],
            darker(wood, 0.42),
        )
    canvas.ellipse((146, 260, 654, 370), rounded(lighter(wood, 0.12)), across=True)
    canvas.ellipse((182, 276, 618, 360), (darker(wood, 0.4), wood, lighter(wood, 0.22)))
    for inset in (34, 74, 116):
        canvas.ring(
            (182 + inset, 276 + inset * 0.2, 618 - inset, 360 - inset * 0.2),
            2.5,
            darker(wood, 0.3),
            alpha=0.6,
        )


def candles(canvas: Canvas, palette: Palette, detail: str) -> None:
    """Three burning tapers in the dark, more of them in a bundle."""
    set_table(canvas, palette)
    canvas.block((0, 0, 800, 800), (20, 22, 54), alpha=0.30)
    wax = (222, 160, 62)
    for x, top in ((292, 270), (400, 190), (508, 300)):
        canvas.glow((x, top - 40), 190, (255, 190, 90), alpha=0.55)
    for x, top in ((292, 270), (400, 190), (508, 300)):
        canvas.shadow((x - 50, 626, x + 60, 660), alpha=0.4, blur=8)
        canvas.turned(x, [(46, 606), (54, 622), (50, 646), (30, 656)], rounded((168, 96, 62)))
        canvas.block((x - 23, top, x + 23, 620), rounded(wax), round_by=9, across=True)
        for drip, long in ((-17, 70), (4, 38), (15, 104)):
            canvas.line([(x + drip, top + 8), (x + drip, top + long)], 10, lighter(wax, 0.25))
        canvas.ellipse((x - 23, top - 8, x + 23, top + 10), (255, 222, 140))
        canvas.line([(x, top), (x + 1, top - 22)], 4, INK)
        flame = smooth(
            [
                (0, -110),
                (-12, -70),
                (-23, -36),
                (-12, -10),
                (0, -6),
                (12, -10),
                (23, -36),
                (12, -70),
                (0, -110),
            ],
            6,
        )
        canvas.polygon(
            moved(flame, (x, top - 4)), ((255, 244, 190), (255, 206, 84), (250, 140, 40))
        )
        canvas.polygon(moved(flame, (x, top - 8), scale=0.5), ((255, 255, 240), (255, 236, 150)))
    canvas.shadow((556, 650, 730, 694), alpha=0.4, blur=8)
    for step in range(5):
        y = 680 - (step % 3) * 19 - (8 if step > 2 else 0)
        canvas.line(
            [(566 + step * 4, y), (716 + step * 3, y - 22)],
            17,
            (lighter(wax, 0.35), darker(wax, 0.2)),
        )
    canvas.line([(628, 690), (638, 622)], 12, palette.second)
