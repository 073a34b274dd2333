"""Pictures of oils, butters and soaps."""

from __future__ import annotations

import math

from catalog.demo.art.canvas import Canvas, arc, moved, smooth
from catalog.demo.art.colours import (
    CREAM,
    GOLD,
    INK,
    WHITE,
    Palette,
    darker,
    lighter,
    rounded,
)
from catalog.demo.art.scene import MIDDLE, beans_on_table, leaf, scattered, set_table, tibeb


def bottle(canvas: Canvas, palette: Palette, detail: str) -> None:
    """A glass bottle with a dropper, leaves or seeds beside it."""
    set_table(canvas, palette)
    green = palette.main[1] > palette.main[0]
    glass = (58, 110, 62) if green else (140, 74, 26)
    canvas.shadow((236, 626, 590, 688))
    outline = canvas.turned(
        MIDDLE,
        [(46, 300), (48, 326), (92, 356), (124, 400), (126, 520), (126, 640), (104, 664)],
        rounded(glass),
    )

    def oil(on: Canvas) -> None:
        on.block((260, 420, 540, 680), rounded(darker(glass, 0.25)), across=True, alpha=0.55)
        on.ellipse((270, 404, 530, 438), lighter(glass, 0.25), alpha=0.6)

    canvas.within(outline, oil)
    canvas.block((274, 470, 526, 620), palette.cloth)
    tibeb(canvas, (274, 478, 526, 526), (palette.main, palette.accent, palette.second))
    emblem = smooth([(0, -36), (-22, 2), (0, 30), (22, 2), (0, -36)], 6)
    canvas.polygon(moved(emblem, (MIDDLE, 574)), (lighter(GOLD, 0.4), GOLD, darker(GOLD, 0.2)))
    canvas.polygon([(274, 470), (300, 470), (300, 620), (274, 620)], INK, alpha=0.12)
    canvas.polygon([(490, 470), (526, 470), (526, 620), (490, 620)], INK, alpha=0.16)
    canvas.line(smooth([(300, 396), (290, 430), (290, 462)]), 11, WHITE, alpha=0.5)
    canvas.block((344, 236, 456, 306), rounded((52, 46, 48)), round_by=8, across=True)
    for ridge in range(9):
        canvas.line(
            [(354 + ridge * 11.5, 246), (354 + ridge * 11.5, 298)], 3, (96, 88, 90), alpha=0.6
        )
    canvas.turned(
        MIDDLE, [(26, 120), (40, 138), (42, 176), (34, 214), (36, 238)], rounded((88, 80, 84))
    )
    if green:
        for turn in (-38.0, -4.0, 26.0):
            leaf(canvas, (566, 664), turn=turn, scale=0.95)
        leaf(canvas, (232, 676), turn=200, scale=0.8)
    else:
        for x, y, turn in scattered(26, (560, 640, 700, 690), seed="seed", apart=13):
            canvas.polygon(
                moved([(-9, 0), (-2, -6), (9, -2), (6, 5)], (x, y), turn=turn), (38, 34, 38)
            )
        for step in range(7):
            petal = smooth([(0, -8), (-17, -38), (0, -66), (17, -38), (0, -8)], 6)
            canvas.polygon(
                moved(petal, (190, 650), turn=step * 360 / 7), ((196, 214, 244), (122, 150, 214))
            )
        canvas.disc((190, 650), 16, ((128, 160, 110), (70, 108, 72)))


def tub(canvas: Canvas, palette: Palette, detail: str) -> None:
    """An open tub of whipped butter, its lid leaning on it, shea nuts in front."""
    set_table(canvas, palette)
    canvas.shadow((170, 618, 690, 694))
    canvas.disc((560, 526), 134, rounded(darker(palette.accent, 0.1)))
    canvas.disc((553, 522), 124, (lighter(palette.accent, 0.28), palette.accent))
    canvas.ring((453, 422, 653, 622), 5, lighter(palette.accent, 0.5))
    for step in range(6):
        petal = smooth([(0, -12), (-26, -50), (0, -84), (26, -50), (0, -12)], 6)
        canvas.polygon(moved(petal, (553, 522), turn=60 * step), lighter(palette.accent, 0.42))
    body = [(196, 412), (200, 500), (196, 600), (172, 664)]
    outline = canvas.turned(350, body, rounded((246, 238, 222)))

    def label(on: Canvas) -> None:
        on.block((140, 480, 560, 620), palette.second)
        tibeb(on, (140, 506, 560, 594), (CREAM, GOLD, lighter(palette.second, 0.5)))
        on.polygon(outline, (INK, WHITE, WHITE, INK), across=True, alpha=0.10)

    canvas.within(outline, label)
    canvas.ellipse((154, 366, 546, 458), rounded((236, 226, 206)), across=True)
    canvas.ellipse((170, 374, 530, 448), (214, 190, 142))
    swirl = smooth(
        [
            (180, 412),
            (220, 360),
            (286, 330),
            (330, 268),
            (352, 250),
            (366, 276),
            (420, 336),
            (486, 366),
            (520, 412),
        ]
    )
    bottom = [
        (350 + 170 * math.cos(a), 412 + 32 * math.sin(a))
        for a in (math.pi * s / 20 for s in range(21))
    ]
    canvas.polygon([*swirl, *bottom], ((255, 250, 230), (248, 232, 190), (232, 206, 150)))
    for y, half in ((398, 150), (366, 106), (330, 62), (296, 26)):
        canvas.line(
            smooth([(350 - half, y), (350, y + 24), (350 + half, y - 8)]),
            6,
            (226, 198, 140),
            alpha=0.7,
        )
    for x, foot, turn in ((600, 668, 12.0), (660, 660, -30.0), (634, 688, 50.0)):
        nut = smooth([(-32, 0), (0, -23), (32, 0), (0, 23), (-32, 0)], 6)
        canvas.shadow((x - 28, foot + 4, x + 30, foot + 26), alpha=0.3, blur=6)
        canvas.polygon(
            moved(nut, (x, foot), turn=turn), ((190, 126, 74), (122, 70, 40), (78, 42, 28))
        )
        canvas.ellipse((x - 16, foot - 10, x + 2, foot), (236, 190, 140), alpha=0.6)


def soap(canvas: Canvas, palette: Palette, detail: str) -> None:
    """Two bars and one across them, tied with yarn."""
    set_table(canvas, palette)
    canvas.shadow((130, 616, 690, 696))
    brown = (132, 84, 56)

    def bar(x: float, y: float, wide: float) -> None:
        canvas.polygon(
            [(x, y), (x + 46, y - 62), (x + wide + 46, y - 62), (x + wide, y)],
            (lighter(brown, 0.42), lighter(brown, 0.2)),
        )
        canvas.polygon([(x + wide, y), (x + wide + 46, y - 62), (x + wide + 46, y + 56), (x + wide, y + 122)],
                       (darker(brown, 0.25), darker(brown, 0.42)))  # fmt: skip
        canvas.block(
            (x, y, x + wide, y + 122),
            (lighter(brown, 0.16), brown, darker(brown, 0.12)),
            round_by=10,
        )
        for dx, dy, _ in scattered(
            46, (x + 10, y + 8, x + wide - 10, y + 114), seed=f"soap{wide:.0f}", apart=14
        ):
            canvas.disc((dx, dy), 3.2, darker(brown, 0.5))

    bar(130, 536, 250)
    bar(404, 536, 236)
    bar(248, 396, 290)
    canvas.block((360, 396, 424, 518), palette.cloth)
    tibeb(canvas, (360, 428, 424, 488), (palette.main, palette.accent, palette.second))
    canvas.polygon([(360, 396), (406, 334), (470, 334), (424, 396)], darker(palette.cloth, 0.08))
    emblem = arc((MIDDLE - 8, 364), 16, 0, 360, 24)
    canvas.line([(x + 20, y) for x, y in emblem], 4, palette.accent)
    for x, y, radius in (
        (620, 330, 40),
        (676, 262, 26),
        (596, 236, 17),
        (170, 300, 30),
        (214, 226, 19),
        (652, 388, 14),
    ):
        canvas.disc((x, y), radius, WHITE, alpha=0.28)
        canvas.ring((x - radius, y - radius, x + radius, y + radius), 3, WHITE, alpha=0.8)
        canvas.ellipse(
            (x - radius * 0.6, y - radius * 0.65, x - radius * 0.1, y - radius * 0.3),
            WHITE,
            alpha=0.85,
        )
    beans_on_table(canvas, (90, 664, 240, 694), 4, seed="soap-left")
    beans_on_table(canvas, (600, 668, 720, 694), 3, seed="soap-right")
