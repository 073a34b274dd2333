"""Pictures of what stands around the coffee and the injera: clay, cups, baskets."""

from __future__ import annotations

import math
from collections.abc import Sequence

from catalog.demo.art.canvas import Canvas, Point, arc, smooth
from catalog.demo.art.colours import (
    CLAY,
    GREEN,
    RED,
    ROAST,
    WHITE,
    WOOD,
    YELLOW,
    Colour,
    Palette,
    darker,
    lighter,
    rounded,
)
from catalog.demo.art.scene import MIDDLE, beans_on_table, hang_cloth, set_table

_STRAW = (222, 184, 116)


def _smoke(canvas: Canvas, x: float, bottom: float, leans: Sequence[float]) -> None:
    for lean in leans:
        curl = smooth(
            [
                (x + lean * 0.4, bottom),
                (x + lean + 18, bottom - 52),
                (x + lean - 14, bottom - 104),
                (x + lean + 12, bottom - 164),
            ]
        )
        canvas.line(curl, 11, WHITE, alpha=0.5)


def jebena(canvas: Canvas, palette: Palette, detail: str) -> None:
    """The coffee pot: round belly, long neck, spout and handle, on a ring of plaited straw."""
    set_table(canvas, palette)
    canvas.shadow((220, 618, 600, 694))
    canvas.turned(390, [(118, 636), (136, 652), (132, 672), (112, 684)], rounded(palette.accent))
    for stitch in range(13):
        x = 264 + stitch * 20.2
        canvas.line([(x, 648), (x + 8, 674)], 4, darker(palette.accent, 0.35))
    handle = smooth([(414, 214), (520, 232), (576, 318), (566, 420), (520, 470)])
    canvas.line(handle, 30, darker(CLAY, 0.3))
    canvas.line([(x - 4, y - 4) for x, y in handle], 12, lighter(CLAY, 0.14))
    spout = [
        *smooth([(300, 470), (232, 400), (196, 322)]),
        *smooth([(226, 308), (262, 366), (330, 410)]),
    ]
    canvas.polygon(spout, (lighter(CLAY, 0.16), CLAY, darker(CLAY, 0.3)))
    canvas.ellipse((192, 302, 230, 326), darker(CLAY, 0.6))
    body: list[Point] = [
        (34, 150), (30, 186), (29, 260), (36, 330), (92, 392), (158, 470), (172, 540), (140, 612), (84, 656),
    ]  # fmt: skip
    outline = canvas.turned(390, body, rounded(lighter(CLAY, 0.06)))

    def ornament(on: Canvas) -> None:
        for y, tall in ((346, 10), (360, 5)):
            on.block((200, y, 600, y + tall), lighter(CLAY, 0.22), alpha=0.5)
        for step in range(12):
            x = 226 + step * 30
            on.line([(x, 510), (x + 15, 486), (x + 30, 510)], 4, lighter(CLAY, 0.4), alpha=0.55)
        on.block((200, 518, 600, 523), lighter(CLAY, 0.4), alpha=0.4)

    canvas.within(outline, ornament)
    shine = smooth([(296, 430), (262, 490), (258, 560)])
    canvas.line(shine, 16, WHITE, alpha=0.22)
    canvas.line([(372, 176), (370, 320)], 8, WHITE, alpha=0.18)
    canvas.ellipse((350, 134, 430, 164), rounded(lighter(CLAY, 0.12)), across=True)
    for lean in (-16, -6, 5, 15):
        canvas.line([(390 + lean * 0.6, 150), (390 + lean, 98)], 9, _STRAW)
    canvas.block((374, 118, 406, 128), palette.main, round_by=4)
    _smoke(canvas, 206, 290, (-6, 22))
    _cup(canvas, 640, 620, 0.8)
    beans_on_table(canvas, (110, 650, 220, 692), 4, seed="jebena")


def _cup(canvas: Canvas, x: float, y: float, scale: float, *, full: bool = True) -> None:
    """A sini on its saucer; `y` is where its foot stands."""

    def at(dx: float, dy: float) -> Point:
        return x + dx * scale, y + dy * scale

    canvas.shadow((*at(-100, 8), *at(110, 52)), alpha=0.3, blur=9)
    canvas.ellipse((*at(-98, -8), *at(98, 44)), rounded(WHITE), across=True)
    canvas.ring((*at(-98, -8), *at(98, 44)), 3 * scale, GREEN)
    canvas.ellipse((*at(-56, 4), *at(56, 32)), darker(WHITE, 0.16))
    profile = [
        (half * scale, y + dy * scale)
        for half, dy in ((76, -96), (72, -60), (56, -14), (38, 8), (34, 22))
    ]
    outline = canvas.turned(x, profile, rounded(WHITE))

    def bands(on: Canvas) -> None:
        for dy, colour in ((-66, GREEN), (-54, YELLOW), (-42, RED)):
            points = [
                (x + 84 * scale * math.cos(a), y + (dy + 12 * math.sin(a)) * scale)
                for a in (math.pi * step / 20 for step in range(21))
            ]
            on.line(points, 10 * scale, colour)

    canvas.within(outline, bands)
    canvas.ellipse((*at(-76, -114), *at(76, -78)), darker(WHITE, 0.06))
    if full:
        canvas.ellipse((*at(-68, -109), *at(68, -81)), (darker(ROAST, 0.5), ROAST))
        canvas.ring((*at(-68, -109), *at(68, -81)), 4 * scale, lighter(ROAST, 0.3), alpha=0.7)


def cups(canvas: Canvas, palette: Palette, detail: str) -> None:
    """Three cups on a round tray, the middle one steaming."""
    set_table(canvas, palette)
    canvas.shadow((90, 610, 720, 704))
    canvas.ellipse((96, 548, 704, 690), darker(palette.main, 0.45))
    canvas.ellipse((96, 534, 704, 676), rounded(palette.main), across=True)
    canvas.ellipse((120, 546, 680, 664), lighter(palette.main, 0.12))
    canvas.ring((134, 552, 666, 658), 4, palette.second)
    _cup(canvas, 400, 536, 1.2)
    _cup(canvas, 252, 608, 1.25)
    _cup(canvas, 556, 608, 1.25)
    _smoke(canvas, 400, 392, (-30, 4, 36))


def rekebot(canvas: Canvas, palette: Palette, detail: str) -> None:
    """The carved table with a row of cups."""
    set_table(canvas, palette)
    wood = WOOD
    canvas.shadow((120, 640, 690, 704))
    for x in (176, 300, 474, 598):
        canvas.polygon(
            [(x, 520), (x + 34, 520), (x + 26, 676), (x + 8, 676)], rounded(wood), across=True
        )
    canvas.block((140, 436, 660, 548), (lighter(wood, 0.12), wood, darker(wood, 0.25)), round_by=10)
    for panel in range(4):
        centre = 208 + panel * 128
        canvas.block((centre - 52, 454, centre + 52, 530), darker(wood, 0.34), round_by=8)
        for turn in range(4):
            petal = [
                (
                    centre + 30 * math.cos(a) * (1 if turn % 2 else 0.35),
                    492 + 30 * math.sin(a) * (0.35 if turn % 2 else 1),
                )
                for a in (math.tau * step / 20 for step in range(20))
            ]
            canvas.polygon(petal, lighter(wood, 0.28))
        canvas.disc((centre, 492), 9, darker(wood, 0.45))
    canvas.ellipse((104, 360, 696, 462), darker(wood, 0.4))
    canvas.ellipse((104, 346, 696, 448), rounded(lighter(wood, 0.12)), across=True)
    canvas.ring((122, 354, 678, 438), 4, darker(wood, 0.3), alpha=0.7)
    for x, y, scale in (
        (300, 372, 0.78),
        (500, 372, 0.78),
        (212, 404, 0.82),
        (400, 408, 0.88),
        (588, 404, 0.82),
    ):
        _cup(canvas, x, y, scale)


def burner(canvas: Canvas, palette: Palette, detail: str) -> None:
    """A pierced brazier with glowing coals and smoke."""
    set_table(canvas, palette)
    clay = (166, 92, 60)
    canvas.shadow((230, 630, 590, 692))
    _smoke(canvas, 400, 372, (-64, -16, 34, 80))
    _smoke(canvas, 404, 236, (-28, 26))
    canvas.turned(
        MIDDLE, [(70, 520), (62, 560), (104, 640), (124, 668)], rounded(darker(clay, 0.1))
    )
    outline = canvas.turned(
        MIDDLE, [(168, 388), (172, 420), (140, 490), (84, 536), (66, 548)], rounded(clay)
    )
    canvas.ellipse((232, 350, 568, 426), rounded(lighter(clay, 0.18)), across=True)
    canvas.ellipse((250, 360, 550, 416), (48, 26, 24))
    canvas.glow((400, 392), 150, (255, 132, 40), alpha=0.75)
    for step, (x, y) in enumerate(
        (
            (300, 388),
            (352, 376),
            (410, 372),
            (468, 380),
            (334, 400),
            (392, 398),
            (450, 400),
            (500, 390),
        )
    ):
        size = 24 + step % 3 * 4
        canvas.ellipse((x - size, y - size * 0.62, x + size, y + size * 0.62),
                       ((255, 176, 72), (226, 84, 34), (74, 34, 30)))  # fmt: skip

    def ornament(on: Canvas) -> None:
        for step in range(9):
            x = 248 + step * 38
            on.polygon([(x, 440), (x + 13, 456), (x, 474), (x - 13, 456)], darker(clay, 0.62))
        on.block((220, 426, 580, 431), darker(clay, 0.35), alpha=0.7)
        on.block((220, 484, 580, 489), darker(clay, 0.35), alpha=0.7)

    canvas.within(outline, ornament)
    for x, y, size in ((610, 660, 17), (644, 676, 13), (580, 684, 12), (196, 674, 15)):
        canvas.shadow((x - size, y, x + size, y + size), alpha=0.3, blur=5)
        canvas.disc((x, y), size, ((252, 236, 186), (226, 176, 92)))


def pot(canvas: Canvas, palette: Palette, detail: str) -> None:
    """A round clay stew pot with a lid."""
    set_table(canvas, palette)
    clay = (72, 48, 42)
    canvas.shadow((170, 622, 640, 694))
    for side in (-1, 1):
        ear = arc((MIDDLE + side * 212, 452), 46, 0, 360, 40)
        canvas.line(ear, 24, darker(clay, 0.2))
        canvas.line(arc((MIDDLE + side * 212, 450), 48, 190, 300, 20), 8, lighter(clay, 0.2))
    outline = canvas.turned(
        MIDDLE, [(196, 372), (218, 430), (226, 510), (194, 606), (120, 668)], rounded(clay)
    )

    def band(on: Canvas) -> None:
        for step in range(17):
            x = 160 + step * 30
            on.line([(x, 452), (x + 15, 424), (x + 30, 452)], 5, (206, 120, 74))
        on.block((160, 462, 640, 468), (206, 120, 74))
        on.block((160, 408, 640, 413), (206, 120, 74))

    canvas.within(outline, band)
    canvas.line(smooth([(222, 470), (212, 530), (244, 610)]), 16, WHITE, alpha=0.16)
    canvas.ellipse((192, 338, 608, 408), rounded(lighter(clay, 0.1)), across=True)
    canvas.turned(
        MIDDLE,
        [(20, 252), (84, 276), (166, 316), (198, 362), (180, 382)],
        rounded(lighter(clay, 0.07)),
    )
    canvas.turned(MIDDLE, [(26, 214), (34, 230), (22, 258)], rounded(clay))
    canvas.line(smooth([(300, 300), (252, 332), (232, 352)]), 9, WHITE, alpha=0.2)
    _smoke(canvas, 240, 320, (-20, 14))
    _smoke(canvas, 556, 322, (-10, 22))


def _coil_colour(row: int, column: int, palette: Palette) -> Colour:
    """Bands of diamonds over the coils of a basket."""
    phase = row % 8
    if phase == 0:
        return palette.main
    distance = abs(phase - 4) + abs(column % 8 - 4)
    if distance <= 1:
        return palette.second
    if distance <= 3:
        return palette.accent if distance == 3 else palette.main
    return _STRAW


def _coiled(
    canvas: Canvas, outline: Sequence[Point], top: float, bottom: float, palette: Palette
) -> None:
    """Cover a round body with the stitches of a coiled basket; light falls from the left."""

    def stitches(on: Canvas) -> None:
        rows = round((bottom - top) / 11)
        for row in range(rows):
            y = top + row * 11
            wide = [x for x, height in outline if abs(height - y) < 12] or [x for x, _ in outline]
            half = (max(wide) - min(wide)) / 2 + 4
            for column in range(44):
                start, end = (math.pi * (column + edge) / 44 for edge in (0, 1))
                left, right = MIDDLE - half * math.cos(start), MIDDLE - half * math.cos(end)
                shade = abs(column / 44 - 0.32) ** 1.3
                colour = darker(_coil_colour(row, column, palette), min(0.62, shade * 1.1))
                sag = 8 * math.sin((start + end) / 2)
                on.block((left, y + sag, right + 0.6, y + sag + 10), colour, round_by=2)

    canvas.polygon(outline, darker(_STRAW, 0.6))
    canvas.within(outline, stitches)


def mesob(canvas: Canvas, palette: Palette, detail: str) -> None:
    """The dining basket: hourglass foot, wide tray and pointed lid."""
    set_table(canvas, palette)
    canvas.shadow((210, 636, 600, 696))
    parts: list[list[Point]] = [
        [(70, 500), (64, 540), (104, 616), (146, 676)],
        [(222, 404), (220, 436), (150, 484), (70, 516)],
        [(8, 92), (26, 140), (92, 222), (190, 318), (232, 396), (224, 412)],
    ]
    for profile in parts:
        side = smooth(profile)
        outline = [(MIDDLE - half, y) for half, y in side]
        bow = [(MIDDLE - side[-1][0] * math.cos(a), side[-1][1] + 9 * math.sin(a))
               for a in (math.pi * step / 16 for step in range(17))]  # fmt: skip
        outline += bow + [(MIDDLE + half, y) for half, y in reversed(side)]
        _coiled(canvas, outline, profile[0][1] - 10, profile[-1][1] + 12, palette)
    rim = [
        (MIDDLE - 230 * math.cos(a), 404 + 12 * math.sin(a))
        for a in (math.pi * s / 24 for s in range(25))
    ]
    canvas.line(rim, 15, darker(palette.main, 0.15))
    for step in range(1, 24, 2):
        canvas.disc(rim[step], 4.5, palette.accent)
    canvas.disc((MIDDLE, 88), 15, (lighter(palette.main, 0.3), darker(palette.main, 0.3)))


def plate(canvas: Canvas, palette: Palette, detail: str) -> None:
    """A flat coiled basket seen from above, with a star or rings."""
    hang_cloth(canvas, palette)
    canvas.shadow((104, 128, 716, 748), alpha=0.42, blur=24)
    rings, stitches = 18, 96
    for ring in range(rings, 0, -1):
        radius = 300 * ring / rings
        canvas.disc((MIDDLE, MIDDLE), radius, darker(_STRAW, 0.5))
        for stitch in range(stitches):
            colour = _ray_colour(ring, stitch, palette, detail)
            start, end = (math.tau * (stitch + edge) / stitches for edge in (0.05, 0.97))
            light = 0.5 + 0.5 * math.cos(start - math.radians(225))
            colour = darker(lighter(colour, 0.16 * light), 0.24 * (1 - light))
            inner = radius - 300 / rings + 1.5
            canvas.polygon(
                [(MIDDLE + r * math.cos(a), MIDDLE + r * math.sin(a))
                 for r, a in ((inner, start), (radius - 1.2, start), (radius - 1.2, end), (inner, end))],
                colour,
            )  # fmt: skip
    canvas.disc((MIDDLE, MIDDLE), 15, (lighter(palette.main, 0.3), palette.main))


def _ray_colour(ring: int, stitch: int, palette: Palette, detail: str) -> Colour:
    if detail == "rings":
        band = {
            4: palette.main,
            5: palette.main,
            9: palette.accent,
            13: palette.main,
            14: palette.main,
        }
        if ring in {10, 11, 12} and (stitch // 2 + ring) % 6 < 2:
            return palette.second
        return palette.main if ring == 18 else band.get(ring, _STRAW)
    if ring >= 17:
        return palette.main if stitch % 4 < 2 else palette.accent
    turn = abs(stitch % 12 - 6)
    if ring <= 4:
        return palette.accent if turn > 6 - ring * 1.2 else palette.main
    if turn >= (ring - 4) * 0.5:
        return palette.main
    if turn >= (ring - 4) * 0.5 - 1.4:
        return palette.accent
    if ring in {14, 15} and turn <= 2:
        return palette.second
    return _STRAW
