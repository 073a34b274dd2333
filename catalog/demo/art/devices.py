"""Pictures of things with a plug, a battery or a solar panel."""

from __future__ import annotations

import math

from catalog.demo.art.canvas import Canvas, arc, smooth
from catalog.demo.art.colours import (
    CREAM,
    INK,
    RED,
    ROAST,
    STEEL,
    WHITE,
    Colour,
    Palette,
    darker,
    lighter,
    mix,
    rounded,
)
from catalog.demo.art.scene import MIDDLE, bean, beans_on_table, scattered, set_table, tibeb

_DARK = (52, 54, 64)
_LIT = (120, 224, 160)


def mitad(canvas: Canvas, palette: Palette, detail: str) -> None:
    """The injera stove: a round body on feet, a domed lid lifted behind it, an injera on the plate."""
    set_table(canvas, palette)
    canvas.shadow((70, 622, 730, 700))
    lid = smooth(
        [(118, 470), (140, 300), (260, 176), (400, 146), (540, 176), (660, 300), (682, 470)]
    )
    canvas.polygon(lid, (lighter(STEEL, 0.5), STEEL, darker(STEEL, 0.3)))
    canvas.polygon(
        smooth([(168, 470), (186, 330), (280, 230), (330, 206), (250, 300), (214, 470)]),
        WHITE,
        alpha=0.35,
    )
    canvas.block((350, 112, 450, 156), rounded(_DARK), round_by=18, across=True)
    for foot in (196, 570):
        canvas.block((foot, 620, foot + 34, 676), rounded(_DARK), round_by=8, across=True)
    canvas.block((76, 500, 724, 640), rounded(STEEL), round_by=34, across=True)
    canvas.ellipse((76, 420, 724, 580), rounded(lighter(STEEL, 0.3)), across=True)
    canvas.ellipse((104, 432, 696, 566), (70, 50, 46))
    canvas.ellipse((120, 438, 680, 556), ((226, 200, 164), (206, 172, 130)))
    for x, y, turn in scattered(150, (134, 444, 666, 550), seed="injera", apart=17):
        eye = 4 + turn % 5
        canvas.ellipse((x - eye, y - eye * 0.4, x + eye, y + eye * 0.4), (172, 132, 96))
    canvas.block((316, 592, 484, 626), _DARK, round_by=14)
    canvas.disc((350, 609), 10, RED)
    for step in range(3):
        canvas.disc((388 + step * 32, 609), 6, lighter(_DARK, 0.35))
    tibeb(canvas, (524, 588, 664, 628), (palette.second, palette.accent, palette.second))
    for lean in (-90, 0, 90):
        steam = smooth(
            [
                (MIDDLE + lean, 426),
                (MIDDLE + lean + 18, 372),
                (MIDDLE + lean - 14, 318),
                (MIDDLE + lean + 10, 262),
            ]
        )
        canvas.line(steam, 11, WHITE, alpha=0.5)


def grinder(canvas: Canvas, palette: Palette, detail: str) -> None:
    """A grinder with a clear hopper full of beans."""
    set_table(canvas, palette)
    canvas.shadow((220, 626, 600, 692))
    hopper = [(268, 160), (532, 160), (490, 330), (310, 330)]
    canvas.polygon(hopper, (lighter(palette.halo, 0.4), palette.halo), alpha=0.7)

    def beans(on: Canvas) -> None:
        on.block((260, 214, 540, 340), darker(ROAST, 0.5))
        for x, y, turn in scattered(46, (272, 204, 528, 350), seed="hopper", apart=27):
            bean(on, (x, y), 42, turn=turn)

    canvas.within(hopper, beans)
    canvas.polygon([(288, 166), (320, 166), (338, 326), (318, 326)], WHITE, alpha=0.35)
    canvas.block((252, 132, 548, 166), rounded(_DARK), round_by=14, across=True)
    canvas.block((372, 108, 428, 136), rounded(_DARK), round_by=12, across=True)
    canvas.block((282, 326, 518, 520), rounded(palette.main), round_by=26, across=True)
    canvas.block((270, 322, 530, 350), rounded(_DARK), round_by=10, across=True)
    canvas.disc((MIDDLE, 434), 56, darker(palette.main, 0.5))
    canvas.disc((MIDDLE, 431), 50, (lighter(STEEL, 0.6), STEEL, darker(STEEL, 0.25)))
    for tick in range(18):
        (x, y), (p, q) = (
            (MIDDLE + r * math.cos(a), 432 + r * math.sin(a))
            for a in (math.radians(135 + tick * 15.9),)
            for r in (62, 70)
        )
        canvas.line([(x, y), (p, q)], 3, CREAM, alpha=0.85)
    canvas.line([(MIDDLE, 431), (432, 404)], 7, _DARK)
    canvas.block((300, 512, 500, 552), rounded(_DARK), round_by=8, across=True)
    canvas.block((290, 548, 510, 650), rounded((224, 230, 232)), round_by=16, across=True)
    canvas.block((304, 584, 496, 640), rounded(ROAST), round_by=10, across=True)
    canvas.block((306, 560, 326, 640), WHITE, round_by=8, alpha=0.4)
    canvas.block((266, 644, 534, 674), rounded(_DARK), round_by=12, across=True)
    beans_on_table(canvas, (560, 640, 700, 692), 7, seed="grinder")
    beans_on_table(canvas, (120, 650, 230, 692), 4, seed="grinder-left")


def kettle(canvas: Canvas, palette: Palette, detail: str) -> None:
    """A steel kettle on its base, steaming from a long spout."""
    set_table(canvas, palette)
    canvas.shadow((190, 630, 620, 694))
    handle = smooth([(520, 262), (620, 268), (652, 370), (634, 500), (566, 566)])
    canvas.line(handle, 40, _DARK)
    canvas.line([(x - 6, y - 6) for x, y in handle], 10, lighter(_DARK, 0.25))
    spout = [
        *smooth([(280, 530), (210, 480), (186, 380), (120, 300)]),
        *smooth([(148, 282), (222, 350), (262, 420), (300, 440)]),
    ]
    canvas.polygon(spout, (lighter(STEEL, 0.5), STEEL, darker(STEEL, 0.3)))
    outline = canvas.turned(
        410, [(96, 232), (120, 270), (146, 380), (170, 500), (176, 600), (166, 630)], rounded(STEEL)
    )

    def band(on: Canvas) -> None:
        on.block((200, 500, 620, 592), palette.main)
        tibeb(on, (200, 508, 620, 584), (palette.cloth, palette.accent, palette.cloth))
        on.polygon(outline, (INK, WHITE, INK, INK), across=True, alpha=0.16)

    canvas.within(outline, band)
    canvas.line(smooth([(332, 286), (306, 380), (286, 480)]), 16, WHITE, alpha=0.55)
    canvas.ellipse((312, 208, 508, 256), rounded(lighter(STEEL, 0.3)), across=True)
    canvas.turned(410, [(22, 166), (30, 186), (18, 206), (80, 226)], rounded(_DARK))
    canvas.block((222, 626, 598, 668), rounded(_DARK), round_by=16, across=True)
    canvas.disc((410, 648), 8, _LIT)
    for lean in (0, 34):
        canvas.line(
            smooth([(118 + lean, 280), (96 + lean, 224), (124 + lean, 170), (100 + lean, 112)]),
            12,
            WHITE,
            alpha=0.55,
        )


def lantern(canvas: Canvas, palette: Palette, detail: str) -> None:
    """A glowing lantern with a solar panel on its head."""
    set_table(canvas, palette)
    canvas.shadow((240, 630, 580, 692))
    canvas.glow((MIDDLE, 420), 330, (255, 236, 150), alpha=0.8)
    canvas.line(arc((MIDDLE, 250), 128, 180, 360, 40), 16, _DARK)
    canvas.turned(
        MIDDLE,
        [(112, 312), (124, 400), (124, 480), (112, 560)],
        ((250, 214, 110), (255, 248, 206), (255, 255, 240), (255, 246, 196), (246, 196, 84)),
    )
    canvas.ellipse((352, 352, 448, 520), (255, 255, 236), alpha=0.9)
    for x in (-92, -34, 34, 92):
        canvas.line(
            smooth([(MIDDLE + x, 306), (MIDDLE + x * 1.12, 436), (MIDDLE + x, 566)]),
            9,
            darker(palette.main, 0.35),
        )
    canvas.turned(MIDDLE, [(88, 222), (112, 252), (146, 286), (140, 316)], rounded(palette.second))
    canvas.ellipse((312, 196, 488, 248), ((70, 92, 150), (32, 44, 92)))
    for step in range(1, 4):
        x = 312 + step * 44
        canvas.line([(x, 206), (x, 238)], 2, (150, 170, 214), alpha=0.8)
    canvas.line([(320, 222), (480, 222)], 2, (150, 170, 214), alpha=0.8)
    outline = canvas.turned(
        MIDDLE, [(132, 552), (146, 586), (146, 636), (126, 664)], rounded(palette.second)
    )
    canvas.within(
        outline,
        lambda on: tibeb(on, (240, 588, 560, 636), (palette.main, palette.cloth, palette.main)),
    )
    canvas.line(smooth([(520, 640), (580, 668), (630, 650), (668, 672)]), 8, _DARK)
    canvas.shadow((650, 610, 760, 692), alpha=0.3, blur=8)
    canvas.block((668, 540, 742, 684), rounded(_DARK), round_by=12, across=True)
    canvas.block((675, 552, 735, 668), ((120, 190, 220), (60, 120, 170)), round_by=5)
    canvas.polygon(
        [(710, 576), (690, 618), (704, 618), (698, 650), (722, 604), (706, 604)], (255, 226, 110)
    )


def power_bank(canvas: Canvas, palette: Palette, detail: str) -> None:
    """An upright power bank with its level in lights, and a cable."""
    set_table(canvas, palette)
    canvas.shadow((240, 630, 600, 694))
    cable = smooth(
        [
            (470, 150),
            (480, 90),
            (580, 84),
            (640, 180),
            (620, 340),
            (660, 480),
            (720, 560),
            (690, 640),
            (600, 664),
        ]
    )
    canvas.line([(x + 4, y + 8) for x, y in cable], 14, INK, alpha=0.3)
    canvas.line(cable, 13, palette.accent)
    body = (272, 150, 528, 668)
    canvas.block((280, 156, 544, 672), darker(_DARK, 0.5), round_by=44)
    canvas.block(body, (lighter(_DARK, 0.26), _DARK, darker(_DARK, 0.1)), round_by=42)
    canvas.block((284, 190, 304, 630), WHITE, round_by=10, alpha=0.14)
    canvas.block((440, 128, 500, 172), rounded(STEEL), round_by=8, across=True)
    canvas.block((330, 140, 400, 156), (22, 22, 28), round_by=8)
    tibeb(canvas, (272, 462, 528, 540), (palette.accent, palette.second, CREAM))
    for light in range(4):
        x = 340 + light * 40
        colour = _LIT if light < 3 else lighter(_DARK, 0.2)
        if light < 3:
            canvas.glow((x, 250), 26, _LIT, alpha=0.6)
        canvas.disc((x, 250), 9, colour)
    bolt = [(416, 300), (366, 386), (398, 386), (380, 446), (438, 356), (404, 356)]
    canvas.polygon(bolt, ((255, 232, 140), palette.accent))
    canvas.block((560, 644, 616, 684), rounded(STEEL), round_by=8, across=True)


def protector(canvas: Canvas, palette: Palette, detail: str) -> None:
    """A plug-in box with a gauge, a socket and lights."""
    set_table(canvas, palette)
    canvas.shadow((200, 626, 620, 692))
    white = (244, 244, 240)
    canvas.block((226, 122, 590, 672), darker(white, 0.4), round_by=56)
    canvas.block((214, 112, 580, 664), (WHITE, white, darker(white, 0.12)), round_by=54)
    canvas.block((252, 150, 542, 322), _DARK, round_by=24)
    canvas.block((262, 160, 532, 312), ((36, 60, 66), (20, 34, 40)), round_by=18)
    centre = (397, 296)
    for start, colour in (
        (200, RED),
        (228, (240, 190, 60)),
        (252, _LIT),
        (292, (240, 190, 60)),
        (316, RED),
    ):
        end = {200: 226, 228: 250, 252: 290, 292: 314, 316: 340}[start]
        canvas.line(arc(centre, 112, start, end, 14), 13, colour)
    needle = arc(centre, 94, 276, 276, 1)[0]
    canvas.line([centre, needle], 7, WHITE)
    canvas.disc(centre, 13, WHITE)
    canvas.disc((397, 472), 112, darker(white, 0.18))
    canvas.disc((397, 468), 106, (darker(white, 0.16), white))
    canvas.disc((397, 470), 86, (darker(white, 0.34), darker(white, 0.12)))
    for x in (364, 430):
        canvas.disc((x, 470), 15, (34, 34, 40))
    for y in (396, 544):
        canvas.block((386, y - 7, 408, y + 7), STEEL, round_by=4)
    for step, colour in enumerate((_LIT, (240, 190, 60), RED)):
        x = 340 + step * 57
        if step == 0:
            canvas.glow((x, 620), 30, _LIT, alpha=0.7)
        canvas.disc((x, 620), 11, colour if step == 0 else mix(colour, white, 0.45))
    bolt = [(652, 300), (606, 382), (636, 382), (618, 446), (676, 358), (644, 358)]
    canvas.polygon(bolt, (lighter(palette.accent, 0.4), palette.accent), alpha=0.9)
    canvas.polygon(
        [(x - 500, y + 40) for x, y in bolt],
        (lighter(palette.accent, 0.4), palette.accent),
        alpha=0.9,
    )


def speaker(canvas: Canvas, palette: Palette, detail: str) -> None:
    """A cylinder with a perforated front and a woven band; sound around it."""
    set_table(canvas, palette)
    for step in range(3):
        for side in (0, 180):
            waves = arc((MIDDLE, 380), 210 + step * 44, side - 32, side + 32, 24)
            canvas.line(waves, 9, palette.accent, alpha=0.8 - step * 0.22)
    canvas.shadow((220, 624, 590, 694))
    outline = canvas.turned(
        MIDDLE, [(132, 154), (147, 184), (148, 400), (146, 620), (128, 660)], rounded(_DARK)
    )

    def front(on: Canvas) -> None:
        for row in range(34):
            for column in range(15):
                angle = math.pi * (column + (0.5 if row % 2 else 0)) / 15
                x = MIDDLE - 146 * math.cos(angle)
                on.disc((x, 196 + row * 11), 2.9, mix(_DARK, INK, 0.75))
        on.block((240, 566, 560, 634), palette.accent)
        tibeb(on, (240, 570, 560, 630), (palette.main, CREAM, palette.second))
        on.polygon(outline, (INK, WHITE, INK, INK), across=True, alpha=0.14)

    canvas.within(outline, front)
    canvas.ellipse((268, 118, 532, 190), rounded(lighter(_DARK, 0.2)), across=True)
    canvas.ellipse((286, 126, 514, 180), _DARK)
    for x, wide in ((342, 13), (400, 20), (458, 13)):
        canvas.ellipse(
            (x - wide, 153 - wide * 0.4, x + wide, 153 + wide * 0.4), lighter(_DARK, 0.5)
        )
    canvas.line(smooth([(524, 200), (588, 244), (600, 330), (590, 372)]), 13, palette.second)
    canvas.disc((590, 374), 13, palette.second)


def earbuds(canvas: Canvas, palette: Palette, detail: str) -> None:
    """Two earbuds above their open case."""
    set_table(canvas, palette)
    canvas.shadow((180, 620, 630, 694))
    white = (248, 248, 244)
    canvas.block((206, 392, 594, 560), (darker(white, 0.12), darker(white, 0.3)), round_by=70)
    canvas.block((226, 404, 574, 560), darker(white, 0.22), round_by=56)
    for side in (-1, 1):
        x = MIDDLE + side * 70
        canvas.glow((x + side * 20, 250), 150, WHITE, alpha=0.45)
        canvas.ellipse(
            (x + side * 92 - 30, 176, x + side * 92 + 30, 254), (lighter(_DARK, 0.3), _DARK)
        )
        canvas.line([(x, 232), (x - side * 6, 430)], 44, (WHITE, white, darker(white, 0.22)))
        canvas.ellipse(
            (x + side * 34 - 66, 166, x + side * 34 + 66, 284), (WHITE, white, darker(white, 0.25))
        )
        canvas.line([(x - side * 8, 290), (x - side * 13, 410)], 8, WHITE)
        canvas.block((x - 9, 246, x + 9, 300), palette.main, round_by=9)
        canvas.block((x - 9, 246, x + 9, 262), palette.second, round_by=8)
    canvas.block((196, 500, 604, 672), rounded(white), round_by=76, across=True)
    canvas.block((196, 500, 604, 534), (darker(white, 0.3), white), round_by=16)
    canvas.within(
        [(210, 560), (590, 560), (590, 630), (210, 630)],
        lambda on: tibeb(on, (212, 566, 588, 624), (palette.main, palette.accent, palette.second)),
    )
    canvas.glow((MIDDLE, 548), 20, _LIT, alpha=0.8)
    canvas.disc((MIDDLE, 548), 6, _LIT)


def radio(canvas: Canvas, palette: Palette, detail: str) -> None:
    """A portable radio with a handle, a speaker, a dial and an aerial."""
    set_table(canvas, palette)
    colour: Colour = palette.main
    canvas.shadow((90, 624, 710, 696))
    canvas.line([(590, 290), (716, 66)], 8, (lighter(STEEL, 0.5), darker(STEEL, 0.3)))
    canvas.disc((716, 66), 10, STEEL)
    canvas.line(
        smooth([(200, 290), (204, 208), (240, 196), (560, 196), (596, 208), (600, 290)], 8),
        24,
        _DARK,
    )
    canvas.block((112, 276, 696, 676), darker(colour, 0.55), round_by=48)
    canvas.block(
        (104, 268, 688, 666), (lighter(colour, 0.2), colour, darker(colour, 0.2)), round_by=46
    )
    canvas.block((128, 292, 664, 642), CREAM, round_by=30)
    canvas.disc((272, 450), 134, darker(CREAM, 0.22))
    canvas.disc((272, 447), 126, (72, 52, 50))
    for ring in range(7):
        for hole in range(max(1, ring * 6)):
            angle = math.tau * hole / max(1, ring * 6)
            canvas.disc(
                (272 + ring * 18 * math.cos(angle), 447 + ring * 18 * math.sin(angle)),
                5.4,
                (128, 100, 88),
            )
    canvas.block((430, 322, 640, 412), ((60, 48, 46), (40, 32, 32)), round_by=12)
    for tick in range(19):
        tall = 24 if tick % 3 == 0 else 13
        canvas.line([(446 + tick * 10, 346), (446 + tick * 10, 346 + tall)], 2.4, (255, 214, 140))
    canvas.line([(446, 388), (626, 388)], 2.4, (255, 214, 140))
    canvas.line([(548, 332), (548, 402)], 5, RED)
    for x, radius in ((478, 40), (592, 40)):
        canvas.disc((x + 2, 480), radius + 4, darker(CREAM, 0.35))
        canvas.disc(
            (x, 476),
            radius,
            (lighter(palette.accent, 0.3), palette.accent, darker(palette.accent, 0.35)),
        )
        canvas.disc(
            (x, 476), radius * 0.62, (lighter(palette.accent, 0.1), lighter(palette.accent, 0.35))
        )
        canvas.line(
            [(x, 476), (x + radius * 0.4, 476 - radius * 0.4)], 6, darker(palette.accent, 0.5)
        )
    tibeb(canvas, (430, 556, 640, 608), (palette.main, palette.accent, palette.second))
    for x in (170, 596):
        canvas.block((x, 660, x + 46, 682), _DARK, round_by=8)
