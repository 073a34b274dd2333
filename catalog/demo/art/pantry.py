"""Pictures of what is eaten and drunk."""

from __future__ import annotations

import math

from catalog.demo.art.canvas import Canvas, Point, arc, moved, smooth
from catalog.demo.art.colours import (
    CHERRY,
    CREAM,
    GOLD,
    LEAF,
    ROAST,
    WHITE,
    WOOD,
    Colour,
    Palette,
    darker,
    lighter,
    mix,
    rounded,
)
from catalog.demo.art.scene import (
    MIDDLE,
    bean,
    beans_on_table,
    cherry,
    coffee_branch,
    hang_cloth,
    leaf,
    scattered,
    set_table,
    tibeb,
)


def coffee_bag(canvas: Canvas, palette: Palette, detail: str) -> None:
    """A paper bag with a woven band and an emblem, beside cherries or beans."""
    set_table(canvas, palette)
    canvas.shadow((215, 622, 610, 690))
    colour = palette.main
    front = [(284, 216), (264, 330), (258, 652), (524, 660), (522, 330), (514, 216)]
    gusset = [(514, 216), (522, 330), (524, 660), (580, 634), (574, 330), (536, 216)]
    canvas.polygon(gusset, (darker(colour, 0.3), darker(colour, 0.52)), across=True)
    canvas.polygon(
        [(525, 250), (548, 330), (552, 648), (524, 660), (522, 330)], darker(colour, 0.2)
    )
    canvas.polygon(
        front,
        (darker(colour, 0.12), lighter(colour, 0.16), colour, darker(colour, 0.1)),
        across=True,
    )
    canvas.polygon([(284, 216), (536, 216), (530, 132), (290, 132)], (lighter(colour, 0.2), colour))
    canvas.polygon(
        [(284, 216), (536, 216), (538, 232), (281, 232)], darker(colour, 0.55), alpha=0.5
    )
    canvas.block((274, 160, 546, 184), (lighter(palette.accent, 0.25), palette.accent), round_by=6)
    for x in (274, 530):
        canvas.block((x, 156, x + 16, 190), darker(palette.accent, 0.18), round_by=5)
    canvas.disc((392, 380), 92, lighter(palette.cloth, 0.3))
    canvas.ring((308, 296, 476, 464), 4, palette.accent)
    bean(canvas, (392, 380), 112, turn=-58, colour=ROAST)
    label = [(261, 524), (523, 528), (523, 606), (259, 602)]

    def band(on: Canvas) -> None:
        on.block((250, 500, 550, 620), palette.cloth)
        tibeb(on, (250, 536, 536, 596), (palette.accent, colour, palette.second))

    canvas.within(label, band)
    canvas.polygon([(296, 236), (322, 236), (310, 652), (276, 652)], WHITE, alpha=0.12)
    canvas.block((356, 244, 428, 258), darker(colour, 0.35), round_by=7)
    if detail == "cherries":
        canvas.shadow((540, 640, 690, 676), alpha=0.3)
        coffee_branch(canvas, (596, 650))
        cherry(canvas, (216, 664), 24)
        cherry(canvas, (176, 676), 20)
    else:
        beans_on_table(canvas, (580, 628, 735, 692), 9, seed="right")
        beans_on_table(canvas, (100, 640, 235, 690), 5, seed="left")


def sack(canvas: Canvas, palette: Palette, detail: str) -> None:
    """A jute sack with a rolled rim, full of beans."""
    set_table(canvas, palette)
    jute, green = (206, 170, 116), (142, 152, 96)
    canvas.shadow((180, 610, 640, 690))
    profile: list[Point] = [(168, 330), (205, 420), (222, 540), (214, 620), (176, 662)]
    outline = canvas.turned(MIDDLE, profile, rounded(jute))

    def threads(on: Canvas) -> None:
        for step in range(34):
            x = 178 + step * 13.5
            on.line([(x, 330), (x + (x - MIDDLE) * 0.1, 670)], 1.6, darker(jute, 0.4), alpha=0.28)
        for step in range(26):
            y = 338 + step * 13.0
            on.line([(170, y), (MIDDLE, y + 16), (630, y)], 1.6, darker(jute, 0.45), alpha=0.22)
        tibeb(on, (170, 484, 630, 564), (palette.main, palette.accent, palette.second))

    canvas.within(outline, threads)
    canvas.ellipse((218, 262, 582, 392), rounded(lighter(jute, 0.12)), across=True)
    canvas.ellipse((240, 274, 560, 374), darker(jute, 0.55))
    dome = [(250, 322), (300, 268), (MIDDLE, 240), (500, 268), (550, 322)]
    mound = [*smooth(dome), *arc((MIDDLE, 322), 150, 0, 180, 20)[1:-1]]
    squashed = [(x, y if y <= 322 else 322 + (y - 322) * 0.32) for x, y in mound]
    canvas.polygon(squashed, darker(green, 0.45))

    def beans(on: Canvas) -> None:
        for x, y, turn in scattered(64, (252, 246, 548, 372), seed="sack", apart=25):
            bean(on, (x, y), 40, turn=turn, colour=mix(green, (176, 168, 110), (turn % 40) / 50))

    canvas.within(squashed, beans)
    for step in range(5):
        x, y = (146, 672) if step == 0 else (610 + step * 26, 664 + (step % 2) * 16)
        canvas.shadow((x - 18, y + 2, x + 20, y + 16), alpha=0.3, blur=5)
        bean(canvas, (x, y), 40, turn=step * 47, colour=green)
    if detail == "wild":
        coffee_branch(canvas, (640, 640))


def heap(canvas: Canvas, palette: Palette, detail: str) -> None:
    """A tall cone of ground spice on a clay dish."""
    set_table(canvas, palette)
    clay = (150, 84, 56)
    spice = palette.main
    canvas.shadow((150, 610, 660, 692))
    canvas.turned(MIDDLE, [(232, 556), (222, 600), (160, 648), (120, 666)], rounded(clay))
    canvas.ellipse((168, 520, 632, 594), rounded(lighter(clay, 0.15)), across=True)
    canvas.ellipse((184, 528, 616, 584), darker(clay, 0.42))
    side: list[Point] = [(4, 200), (40, 262), (104, 376), (164, 486), (198, 560)]
    left = [(MIDDLE - half, y) for half, y in smooth(side)]
    right = [(MIDDLE + half, y) for half, y in smooth(side)]
    foot = [(MIDDLE + 198 * math.cos(a), 560 + 20 * math.sin(a)) for a in _half_turn()]
    cone = [*left, *reversed(foot), *reversed(right)]
    canvas.polygon(cone, rounded(spice), across=True)

    def grain(on: Canvas) -> None:
        for x, y, turn in scattered(420, (196, 170, 604, 640), seed="grain", apart=7):
            tone = lighter(spice, 0.25) if turn < 80 else darker(spice, 0.22)
            on.disc((x, y), 2.2 if turn < 120 else 3.0, tone)
        for fall in (-120, -70, -18, 46, 104):
            on.line(
                smooth([(MIDDLE + fall * 0.1, 226), (MIDDLE + fall * 0.55, 400),
                        (MIDDLE + fall * 1.25, 574)], 8),
                5, darker(spice, 0.35), alpha=0.16,
            )  # fmt: skip
        on.polygon(
            [(MIDDLE - 8, 206), (MIDDLE + 6, 206), (MIDDLE - 62, 580), (MIDDLE - 122, 580)],
            lighter(spice, 0.6), alpha=0.16,
        )  # fmt: skip

    canvas.within(cone, grain)
    _pods(canvas, palette)


def _half_turn() -> list[float]:
    return [math.pi * step / 24 for step in range(25)]


def _pods(canvas: Canvas, palette: Palette) -> None:
    """Two dried chillies, or leaves for what is green, in front of the dish."""
    if palette.main[1] > palette.main[0]:
        leaf(canvas, (560, 680), turn=-16, scale=0.9)
        leaf(canvas, (566, 682), turn=14, scale=0.75)
        return
    for at, turn in (((590, 668), -14.0), ((566, 690), 8.0)):
        colour = mix(palette.main, CHERRY, 0.6)
        canvas.shadow((at[0], at[1] + 4, at[0] + 130, at[1] + 24), alpha=0.28, blur=6)
        upper = smooth([(0, -12), (40, -17), (92, -8), (136, 10)])
        lower = smooth([(136, 10), (92, 12), (40, 13), (0, 10)])
        canvas.polygon(
            moved([*upper, *lower], at, turn=turn),
            (lighter(colour, 0.3), colour, darker(colour, 0.4)),
        )
        canvas.line(
            moved(smooth([(2, 0), (-14, -2), (-28, -12)], 6), at, turn=turn), 7, (96, 110, 52)
        )


def seeds(canvas: Canvas, palette: Palette, detail: str) -> None:
    """A woven dish, seen from above, with pods, grains, sticks or tears of resin."""
    hang_cloth(canvas, palette)
    canvas.shadow((104, 130, 716, 742), alpha=0.4, blur=24)
    straw = (214, 172, 104)
    for ring in range(9):
        radius = 300 - ring * 13
        tone = palette.main if ring in {2, 3} else palette.accent if ring == 6 else straw
        canvas.disc((MIDDLE, MIDDLE), radius, (lighter(tone, 0.22), tone, darker(tone, 0.28)))
        for notch in range(72):
            angle = math.tau * notch / 72 + ring * 0.04
            inner, outer = radius - 12, radius - 1
            canvas.line(
                [(MIDDLE + inner * math.cos(angle), MIDDLE + inner * math.sin(angle)),
                 (MIDDLE + outer * math.cos(angle + 0.03), MIDDLE + outer * math.sin(angle + 0.03))],
                1.6, darker(tone, 0.38),
            )  # fmt: skip
    canvas.disc((MIDDLE, MIDDLE), 184, darker(straw, 0.52))
    draw = {"pods": _pod, "grains": _grain, "sticks": _stick, "tears": _tear}[detail]
    count, apart = {"pods": (34, 42), "grains": (330, 13), "sticks": (30, 40), "tears": (64, 32)}[
        detail
    ]
    for x, y, turn in scattered(count, (234, 234, 566, 566), seed=detail, apart=apart):
        draw(canvas, (x, y), turn, palette.main)


def _pod(canvas: Canvas, at: Point, turn: float, colour: Colour) -> None:
    shape = smooth([(-44, 0), (-22, -21), (14, -20), (44, 0), (14, 20), (-22, 21), (-44, 0)], 6)
    tone = mix((164, 106, 62), colour, (turn % 50) / 120)
    canvas.polygon(moved(shape, (at[0] + 3, at[1] + 5), turn=turn), darker(tone, 0.75), alpha=0.4)
    canvas.polygon(moved(shape, at, turn=turn), (lighter(tone, 0.3), tone, darker(tone, 0.35)))
    for off in (-9, 0, 9):
        rib = smooth([(-36, off * 0.4), (0, off), (36, off * 0.4)], 6)
        canvas.line(moved(rib, at, turn=turn), 2, darker(tone, 0.45), alpha=0.7)


def _grain(canvas: Canvas, at: Point, turn: float, colour: Colour) -> None:
    tone = mix((46, 42, 48), (24, 22, 26), (turn % 60) / 60)
    shape = [(-10, 0), (-3, -6), (9, -3), (10, 2), (-2, 6)]
    canvas.polygon(moved(shape, at, turn=turn * 2), tone)
    canvas.line(moved([(-5, -2), (5, -2)], at, turn=turn * 2), 1.6, (150, 150, 168), alpha=0.8)


def _stick(canvas: Canvas, at: Point, turn: float, colour: Colour) -> None:
    tone = mix((84, 58, 44), (48, 34, 30), (turn % 50) / 50)
    line = smooth([(-52, 0), (-18, 5), (18, -4), (52, 2)], 6)
    canvas.line(moved(line, (at[0] + 3, at[1] + 6), turn=turn), 17, (26, 16, 14), alpha=0.4)
    canvas.line(moved(line, at, turn=turn), 16, tone)
    for step in range(11):
        for off in (-4, 3):
            place = moved([(-48 + step * 9.6, off)], at, turn=turn)[0]
            canvas.disc(place, 2.6, lighter(tone, 0.35), alpha=0.8)


def _tear(canvas: Canvas, at: Point, turn: float, colour: Colour) -> None:
    tone = mix((246, 222, 160), (222, 170, 84), (turn % 60) / 60)
    size = 17 + turn % 9
    shape = smooth(
        [(-size, 2), (-size * 0.4, -size * 0.8), (size * 0.6, -size * 0.6), (size, 3),
         (size * 0.3, size * 0.8), (-size * 0.6, size * 0.6), (-size, 2)], 5,
    )  # fmt: skip
    canvas.polygon(moved(shape, (at[0] + 2, at[1] + 4), turn=turn), (60, 34, 18), alpha=0.4)
    canvas.polygon(moved(shape, at, turn=turn), (lighter(tone, 0.5), tone, darker(tone, 0.22)))
    canvas.disc((at[0] - size * 0.25, at[1] - size * 0.3), size * 0.2, WHITE, alpha=0.75)


def herb(canvas: Canvas, palette: Palette, detail: str) -> None:
    """Stems tied into a bunch."""
    hang_cloth(canvas, palette)
    canvas.shadow((230, 560, 600, 740), alpha=0.25, blur=28)
    flowers = palette.main[2] > palette.main[1]
    stems = [(-150, 140, 0.86), (150, 150, 0.9), (-82, 92, 0.97), (92, 98, 0.95), (0, 70, 1.0)]
    for lean, top, scale in stems:
        stem = smooth(
            [
                (MIDDLE + lean * 0.12, 640),
                (MIDDLE + lean * 0.4, 420),
                (MIDDLE + lean * 1.2, top + 40),
            ]
        )
        canvas.line(stem, 7, darker(LEAF, 0.3))
        for step in range(5, len(stem) - 1, 2):
            x, y = stem[step]
            for side in (-1, 1):
                turn = -90 + side * 52 + lean * 0.12
                if flowers and step > len(stem) * 0.45:
                    for bud in range(2):
                        spot = (x + side * (9 + bud * 9), y - bud * 5)
                        tone = lighter(palette.main, 0.15 + 0.18 * bud)
                        canvas.disc(spot, 11 - bud * 3, (lighter(tone, 0.3), darker(tone, 0.2)))
                else:
                    leaf(canvas, (x, y), turn=turn, scale=0.52 * scale,
                         colour=mix(LEAF, palette.main, 0.3))  # fmt: skip
        x, y = stem[-1]
        leaf(
            canvas,
            (x, y + 6),
            turn=-90 + lean * 0.12,
            scale=0.5,
            colour=mix(LEAF, palette.main, 0.3),
        )
    for spread in range(-5, 6):
        canvas.line(
            [(MIDDLE + spread * 5, 600), (MIDDLE + spread * 15, 716)], 7, darker(LEAF, 0.35)
        )
    for turn in range(5):
        canvas.block(
            (352, 590 + turn * 10, 448, 599 + turn * 10),
            rounded(GOLD if turn % 2 else CREAM), round_by=4, across=True,
        )  # fmt: skip


def tea_glass(canvas: Canvas, palette: Palette, detail: str) -> None:
    """A waisted glass on a saucer, leaves or petals beside it."""
    set_table(canvas, palette)
    canvas.shadow((196, 610, 620, 684))
    canvas.ellipse((208, 588, 592, 672), rounded(CREAM), across=True)
    canvas.ring((208, 588, 592, 672), 6, palette.accent)
    canvas.ellipse((268, 604, 532, 654), darker(CREAM, 0.14))
    glass: list[Point] = [(118, 250), (108, 350), (84, 430), (96, 530), (104, 610), (88, 636)]
    tea: list[Point] = [(109, 318), (102, 372), (78, 430), (89, 530), (96, 600), (80, 620)]
    canvas.turned(MIDDLE, glass, WHITE, alpha=0.42)
    canvas.turned(MIDDLE, tea, rounded(palette.main), alpha=0.94)
    canvas.ellipse((291, 296, 509, 340), (lighter(palette.main, 0.25), palette.main))
    canvas.ring((281, 226, 519, 276), 5, WHITE, alpha=0.85)
    canvas.line(
        smooth([(300, 276), (308, 350), (330, 430), (322, 520), (318, 596)]), 11, WHITE, alpha=0.5
    )
    canvas.line(smooth([(496, 290), (488, 356), (466, 430)]), 5, WHITE, alpha=0.35)
    for lean in (-34, 4, 40):
        steam = smooth(
            [
                (MIDDLE + lean, 214),
                (MIDDLE + lean + 20, 168),
                (MIDDLE + lean - 12, 120),
                (MIDDLE + lean + 14, 66),
            ]
        )
        canvas.line(steam, 11, WHITE, alpha=0.5)
    if palette.main[0] > 150 and palette.main[1] < 60:
        for turn in (-150, -110, -70, -30, 10):
            leaf(canvas, (636, 664), turn=turn, scale=0.55, colour=palette.main)
        canvas.disc((636, 664), 13, GOLD)
    else:
        leaf(canvas, (590, 672), turn=-30, scale=0.95)
        leaf(canvas, (594, 676), turn=6, scale=0.85)
        leaf(canvas, (200, 684), turn=196, scale=0.7)


def honey_jar(canvas: Canvas, palette: Palette, detail: str) -> None:
    """A jar under a cloth cap, honeycomb behind it, a dipper in front."""
    set_table(canvas, palette)
    honey = (246, 232, 196) if detail == "white" else (236, 156, 36)
    for column, row in ((0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (-1, 1), (2, 1), (0, 2), (1, 2)):
        x, y = 486 + column * 84 + (row % 2) * 42, 168 + row * 73
        cell = arc((x, y), 44, 30, 390, 6)
        canvas.polygon(cell, lighter((240, 176, 60), 0.1), alpha=0.75)
        canvas.polygon(
            arc((x, y), 35, 30, 390, 6), (darker((240, 176, 60), 0.22), (246, 196, 92)), alpha=0.85
        )
    canvas.shadow((180, 616, 600, 686))
    jar: list[Point] = [(126, 262), (150, 292), (170, 350), (174, 520), (168, 630), (140, 660)]
    canvas.turned(380, jar, rounded(honey))
    canvas.turned(380, [(150, 318), (162, 350), (166, 380)], WHITE, alpha=0.18)
    canvas.line(smooth([(246, 330), (232, 400), (236, 560), (250, 620)]), 16, WHITE, alpha=0.42)
    canvas.block((238, 420, 522, 560), palette.cloth, round_by=12)
    tibeb(canvas, (238, 428, 522, 474), (palette.main, palette.accent, palette.second))
    for column in range(3):
        canvas.polygon(arc((332 + column * 48, 518), 26, 30, 390, 6), (GOLD, darker(GOLD, 0.2)))
    cap = smooth([(216, 292), (252, 206), (380, 178), (508, 206), (544, 292)])
    frill = [(544 - step * 20.5, 292 + (14 if step % 2 else 0)) for step in range(17)]
    canvas.polygon([*cap, *frill], rounded(palette.accent), across=True)
    for fold in range(9):
        crease = 246 + fold * 33.5
        canvas.line(
            [(crease, 290), (MIDDLE - 20 + (crease - 380) * 0.75, 244)],
            3,
            darker(palette.accent, 0.4),
            alpha=0.5,
        )
    canvas.block((256, 240, 504, 252), rounded(GOLD), round_by=5, across=True)
    canvas.shadow((556, 660, 740, 690), alpha=0.3)
    canvas.line([(640, 654), (742, 560)], 13, (lighter(WOOD, 0.3), WOOD))
    for groove in range(5):
        centre = (592 + groove * 13, 690 - groove * 12)
        radius = (22, 30, 33, 30, 22)[groove]
        canvas.line(
            [(centre[0] - radius * 0.7, centre[1] - radius * 0.7),
             (centre[0] + radius * 0.7, centre[1] + radius * 0.7)],
            11, (lighter(WOOD, 0.3), darker(WOOD, 0.2)),
        )  # fmt: skip
