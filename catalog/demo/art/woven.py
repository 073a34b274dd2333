"""Pictures of what comes from the loom."""

from __future__ import annotations

from catalog.demo.art.canvas import Canvas, Point, smooth
from catalog.demo.art.colours import (
    CREAM,
    WHITE,
    Colour,
    Palette,
    darker,
    lighter,
)
from catalog.demo.art.scene import MIDDLE, hang_cloth, set_table, tibeb

_COTTON = (250, 246, 236)


def _colours(palette: Palette) -> tuple[Colour, Colour, Colour]:
    return palette.main, palette.accent, palette.second


def dress(canvas: Canvas, palette: Palette, detail: str) -> None:
    """A white dress with woven hem, cuffs and centre panel, on a hanger."""
    hang_cloth(canvas, palette)
    canvas.shadow((210, 690, 590, 742), alpha=0.3, blur=16)
    canvas.line([(MIDDLE, 92), (MIDDLE, 122)], 7, (120, 84, 58))
    canvas.line(smooth([(MIDDLE, 92), (416, 74), (402, 56), (384, 66)]), 6, (120, 84, 58))
    shade = (darker(_COTTON, 0.1), WHITE, _COTTON, darker(_COTTON, 0.14))
    for side in (-1, 1):
        sleeve = [
            (MIDDLE + side * 84, 146), (MIDDLE + side * 128, 168), (MIDDLE + side * 218, 372),
            (MIDDLE + side * 150, 404), (MIDDLE + side * 82, 270),
        ]  # fmt: skip
        canvas.polygon(sleeve, shade if side < 0 else shade[::-1], across=True)

        def cuff(on: Canvas, side: int = side) -> None:
            for step, colour in enumerate(
                (palette.main, palette.accent, palette.second, palette.main)
            ):
                near, far = 0.80 + step * 0.05, 0.84 + step * 0.05
                on.polygon(
                    [(MIDDLE + side * (128 + 90 * near), 168 + 204 * near),
                     (MIDDLE + side * (128 + 90 * far), 168 + 204 * far),
                     (MIDDLE + side * (82 + 68 * far), 270 + 134 * far),
                     (MIDDLE + side * (82 + 68 * near), 270 + 134 * near)],
                    colour,
                )  # fmt: skip

        canvas.within(sleeve, cuff)
    right: list[Point] = [(58, 128), (96, 150), (92, 250), (82, 326), (120, 470), (176, 690)]
    side_line = smooth(right)
    hem = smooth(
        [
            (MIDDLE + x, 690 + (7 if step % 2 else 16))
            for step, x in enumerate(range(-176, 177, 44))
        ],
        6,
    )
    outline = [(MIDDLE + x, y) for x, y in side_line] + hem[::-1]
    outline += [(MIDDLE - x, y) for x, y in reversed(side_line)]
    canvas.polygon(outline, shade, across=True)

    def ornament(on: Canvas) -> None:
        for fold in (-0.72, -0.44, -0.2, 0.22, 0.5, 0.76):
            on.line(
                [(MIDDLE + fold * 70, 340), (MIDDLE + fold * 170, 700)],
                9,
                darker(_COTTON, 0.2),
                alpha=0.5,
            )
        on.polygon([(362, 128), (438, 128), (434, 330), (448, 710), (352, 710), (366, 330)], WHITE)
        for row in range(13):
            y = 150 + row * 46
            colour, other = (
                (palette.main, palette.second) if row % 2 else (palette.accent, palette.main)
            )
            on.polygon(
                [(MIDDLE, y - 21), (MIDDLE + 27, y), (MIDDLE, y + 21), (MIDDLE - 27, y)], colour
            )
            on.polygon(
                [(MIDDLE, y - 12), (MIDDLE + 15, y), (MIDDLE, y + 12), (MIDDLE - 15, y)], WHITE
            )
            on.block((MIDDLE - 3.5, y - 8, MIDDLE + 3.5, y + 8), other)
            on.block((MIDDLE - 8, y - 3.5, MIDDLE + 8, y + 3.5), other)
        for edge in (-1, 1):
            on.line(
                [(MIDDLE + edge * 38, 128), (MIDDLE + edge * 34, 330), (MIDDLE + edge * 48, 710)],
                6,
                palette.main,
            )
        on.block((200, 318, 600, 336), palette.main)
        on.block((200, 336, 600, 342), palette.accent)
        tibeb(on, (200, 604, 600, 680), _colours(palette))

    canvas.within(outline, ornament)
    neck = smooth([(-58, 126), (-40, 172), (0, 196), (40, 172), (58, 126)])
    canvas.polygon([(MIDDLE + x, y) for x, y in neck], darker(palette.wall_light, 0.12))
    canvas.line([(MIDDLE + x, y) for x, y in neck], 9, palette.main)
    canvas.line(
        [(MIDDLE - 104, 146), (MIDDLE, 118), (MIDDLE + 104, 146)], 7, (120, 84, 58), alpha=0.55
    )


def shawl(canvas: Canvas, palette: Palette, detail: str) -> None:
    """A shawl hanging over a rod, its border and fringe to the front."""
    hang_cloth(canvas, palette)
    canvas.shadow((220, 640, 600, 744), alpha=0.22, blur=26)
    striped = detail == "stripes"
    ground = palette.main if striped else _COTTON
    canvas.block((110, 122, 690, 140), ((214, 160, 108), (150, 96, 58)), round_by=9)
    for end in (110, 690):
        canvas.disc((end, 131), 17, ((220, 170, 118), (140, 88, 54)))
    back = [(236, 116), (610, 116), (622, 590), (236, 590)]
    canvas.polygon(back, (darker(ground, 0.16), darker(ground, 0.26)))
    for step in range(38):
        canvas.line([(240 + step * 10, 588), (241 + step * 10, 622)], 3.4, darker(ground, 0.22))
    front = [(186, 112), (560, 112), (566, 664), (182, 664)]
    shade = [lighter(ground, 0.3), ground, lighter(ground, 0.34), ground, darker(ground, 0.09),
             lighter(ground, 0.26), ground, darker(ground, 0.12)]  # fmt: skip
    for step in range(42):
        x = 184 + step * 9.2
        colour = palette.accent if striped and step % 6 < 2 else darker(ground, 0.1)
        canvas.line([(x, 660), (x + (-2 if step % 2 else 3), 714)], 4.2, colour)
        canvas.disc((x + (-1 if step % 2 else 2), 678), 4.4, darker(colour, 0.1))
    canvas.polygon(front, shade, across=True)

    def ornament(on: Canvas) -> None:
        if striped:
            rows: list[tuple[float, float, Colour]] = []
            for step in range(5):
                rows += [
                    (210 + step * 90, 26, palette.accent),
                    (244 + step * 90, 8, CREAM),
                    (258 + step * 90, 8, palette.second),
                ]
            for y, tall, colour in rows:
                on.block((170, y, 580, y + tall), colour)
        else:
            tibeb(on, (170, 500, 580, 590), _colours(palette))
            for y, colour in (
                (470, palette.main),
                (482, palette.accent),
                (600, palette.accent),
                (612, palette.second),
                (624, palette.main),
            ):
                on.block((170, y, 580, y + 8), colour)
        for fold in range(7):
            x = 218 + fold * 53
            on.polygon(
                [(x, 112), (x + 13, 112), (x + 17, 664), (x - 3, 664)], (70, 50, 60), alpha=0.07
            )
            on.polygon(
                [(x + 24, 112), (x + 33, 112), (x + 37, 664), (x + 22, 664)], WHITE, alpha=0.16
            )

    canvas.within(front, ornament)
    canvas.polygon([(186, 112), (560, 112), (560, 134), (186, 134)], (WHITE, ground), alpha=0.5)


def folded(canvas: Canvas, palette: Palette, detail: str) -> None:
    """A pile of thick folded cotton with its border showing."""
    set_table(canvas, palette)
    canvas.shadow((120, 606, 690, 694))
    bold = palette.main[1] > palette.main[0]
    for layer in range(4):
        top = 546 - layer * 84
        inset = layer * 6
        box = (136 + inset, top, 664 - inset, top + 104)
        canvas.block(
            box, (WHITE, _COTTON, darker(_COTTON, 0.12), darker(_COTTON, 0.36)), round_by=46
        )
        left, _, right, _ = box
        outline = [(left + 46, top), (right - 46, top), (right, top + 52), (right - 46, top + 104),
                   (left + 46, top + 104), (left, top + 52)]  # fmt: skip

        def band(on: Canvas, top: float = top, layer: int = layer) -> None:
            if bold:
                for step, colour in enumerate(
                    (palette.main, palette.accent, palette.second, palette.accent, palette.main)
                ):
                    x = 420 + step * 28
                    on.block(
                        (x, top, x + 22, top + 104),
                        (lighter(colour, 0.2), colour, darker(colour, 0.35)),
                    )
            else:
                for x, width, colour in (
                    (448, 8, palette.accent),
                    (462, 46, palette.second),
                    (514, 8, palette.accent),
                ):
                    on.block(
                        (x, top, x + width, top + 104),
                        (lighter(colour, 0.25), colour, darker(colour, 0.35)),
                    )
                for step in range(9):
                    y = top + 6 + step * 11
                    on.polygon([(485, y), (499, y + 6), (485, y + 12), (471, y + 6)], CREAM)

        canvas.within(outline, band)
        for line in (34, 66):
            canvas.line(
                [(left + 12, top + line), (right - 40, top + line + 1)],
                3,
                darker(_COTTON, 0.3),
                alpha=0.4,
            )
    for step in range(16):
        x = 168 + step * 9
        canvas.line([(x, 640), (x - 3, 676)], 4, darker(_COTTON, 0.14))


def weave(canvas: Canvas, palette: Palette, detail: str) -> None:
    """A runner across a table, seen from above, its pattern close by."""
    hang_cloth(canvas, palette)
    canvas.shadow((150, 80, 676, 744), alpha=0.34, blur=22)
    canvas.block((150, 70, 650, 700), (WHITE, _COTTON, darker(_COTTON, 0.06)))
    for step in range(50):
        canvas.line([(154 + step * 10, 698), (153 + step * 10, 748)], 4, darker(_COTTON, 0.12))
    for row in range(210):
        canvas.block((150, 70 + row * 3, 650, 71 + row * 3), darker(_COTTON, 0.07))
    main, accent, second = _colours(palette)
    tibeb(canvas, (150, 116, 650, 176), (second, accent, main))
    for y, tall, colour in ((196, 14, main), (216, 6, accent), (556, 6, accent), (568, 14, main)):
        canvas.block((150, y, 650, y + tall), colour)
    cell = 10
    for row in range(31):
        for column in range(50):
            across, down = abs((column + 5) % 20 - 10), abs(row - 15)
            distance = across + down
            thread = _diamond_colour(distance, across, down, (main, accent, second))
            if thread:
                x, y = 150 + column * cell, 238 + row * cell
                canvas.block((x, y, x + cell - 1, y + cell - 1), thread)
    tibeb(canvas, (150, 604, 650, 664), (second, accent, main))


def _diamond_colour(
    distance: int, across: int, down: int, colours: tuple[Colour, Colour, Colour]
) -> Colour | None:
    main, accent, second = colours
    if distance <= 9:
        if across == 0 or down == 0:
            return accent if distance < 8 else main
        return second if distance <= 3 else (main if distance in {8, 9} else None)
    if distance in {12, 13}:
        return accent
    if distance in {16, 17}:
        return main
    return second if distance in {20, 21} else None


def cushion(canvas: Canvas, palette: Palette, detail: str) -> None:
    """A plump cushion with zigzags."""
    set_table(canvas, palette)
    canvas.shadow((150, 606, 660, 690))
    corners: list[Point] = [
        (160, 182), (280, 196), (400, 200), (520, 196), (640, 182), (626, 300), (622, 410), (626, 520), (640, 650),
        (520, 640), (400, 644), (280, 640), (160, 650), (174, 520), (178, 410), (174, 300), (160, 182),
    ]  # fmt: skip
    outline = smooth(corners, 8)
    canvas.polygon(outline, palette.main)

    def zigzags(on: Canvas) -> None:
        bands = (
            palette.cloth,
            palette.accent,
            palette.cloth,
            palette.second,
            palette.cloth,
            palette.accent,
            palette.cloth,
        )
        for step, colour in enumerate(bands):
            y = 232 + step * 60
            points = [(140 + turn * 40, y + (26 if turn % 2 else -10)) for turn in range(15)]
            on.line(points, 17 if step % 2 else 9, colour)
        on.polygon(
            outline,
            (
                (38, 18, 26),
                (90, 60, 60),
                (255, 255, 255),
                (255, 255, 255),
                (90, 60, 60),
                (38, 18, 26),
            ),
            across=True,
            alpha=0.10,
        )
        on.polygon(outline, (WHITE, WHITE, (120, 90, 90), (38, 18, 26)), alpha=0.15)

    canvas.within(outline, zigzags)
    canvas.line(outline, 6, darker(palette.main, 0.3), alpha=0.7)
    for x, y in ((160, 182), (640, 182), (160, 650), (640, 650)):
        lean = -1 if x < 400 else 1
        for strand in range(5):
            drop = 34 if y > 400 else 22
            canvas.line(
                [(x, y), (x + lean * (8 + strand * 7), y + drop - strand * 5)], 4, palette.accent
            )
        canvas.disc((x, y), 10, palette.second)
