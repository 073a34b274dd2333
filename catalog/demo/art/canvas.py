"""A square sheet to draw shaded shapes on, in units of 800 to the side."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from PIL import Image, ImageDraw, ImageFilter

from catalog.demo.art.colours import INK, Colour

SIDE = 800
_FINE = 2  # drawn twice as large and reduced, which smooths every edge
_QUALITY = 80

Point = tuple[float, float]
Box = tuple[float, float, float, float]
_Place = Callable[[Point], Point]
Paint = Colour | Sequence[Colour]  # several colours: a gradient through all of them


class Canvas:
    """What is drawn later covers what was drawn before."""

    def __init__(self) -> None:
        self.image = Image.new("RGB", (SIDE * _FINE, SIDE * _FINE))

    # --- shapes ---------------------------------------------------------------------------------

    def polygon(
        self, points: Sequence[Point], paint: Paint, *, across: bool = False, alpha: float = 1
    ) -> None:
        """A filled polygon; a gradient runs downwards, or `across` from left to right."""
        self._stamp(
            _box_of(points),
            paint,
            across,
            alpha,
            lambda pen, place, ink: pen.polygon([place(point) for point in points], fill=ink),
        )

    def ellipse(self, box: Box, paint: Paint, *, across: bool = False, alpha: float = 1) -> None:
        """A filled ellipse inside `box`."""
        self._stamp(
            box,
            paint,
            across,
            alpha,
            lambda pen, place, ink: pen.ellipse(_corners(box, place), fill=ink),
        )

    def disc(self, centre: Point, radius: float, paint: Paint, *, alpha: float = 1) -> None:
        """A filled circle."""
        x, y = centre
        self.ellipse((x - radius, y - radius, x + radius, y + radius), paint, alpha=alpha)

    def block(
        self, box: Box, paint: Paint, *, round_by: float = 0, across: bool = False, alpha: float = 1
    ) -> None:
        """A filled rectangle, its corners rounded by that radius."""
        if round_by == 0 and alpha == 1 and not isinstance(paint[0], int):
            left, top, right, bottom = self._pixels(box)
            self.image.paste(
                _gradient((right - left, bottom - top), paint, across=across), (left, top)
            )
            return
        self._stamp(
            box,
            paint,
            across,
            alpha,
            lambda pen, place, ink: pen.rounded_rectangle(
                _corners(box, place), round_by * _FINE, fill=ink
            ),
        )

    def line(
        self, points: Sequence[Point], width: float, paint: Paint, *, alpha: float = 1
    ) -> None:
        """A line with round joints and ends."""
        half = width / 2
        left, top, right, bottom = _box_of(points)

        def trace(pen: ImageDraw.ImageDraw, place: _Place, ink: Any) -> None:
            placed = [place(point) for point in points]
            pen.line(placed, fill=ink, width=round(width * _FINE), joint="curve")
            for x, y in (placed[0], placed[-1]):
                radius = half * _FINE
                pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=ink)

        box = (left - half, top - half, right + half, bottom + half)
        self._stamp(box, paint, False, alpha, trace)

    def tile(self, box: Box, pattern: Image.Image) -> None:
        """Fill `box` with a small picture, as high as the box, repeated to both sides of the middle."""
        left, top, right, bottom = self._pixels(box)
        thread = max(1, round((bottom - top) / pattern.height))
        enlarged = pattern.resize(
            (pattern.width * thread, pattern.height * thread), Image.Resampling.NEAREST
        )
        row = Image.new("RGBA", (right - left, enlarged.height))
        start = (row.width - enlarged.width) // 2 % enlarged.width - enlarged.width
        for x in range(start, row.width, enlarged.width):
            row.paste(enlarged, (x, 0))
        self.image.paste(row, (left, top), row)

    def ring(self, box: Box, width: float, paint: Paint, *, alpha: float = 1) -> None:
        """The outline of an ellipse, drawn inwards from `box`."""
        self._stamp(
            box,
            paint,
            False,
            alpha,
            lambda pen, place, ink: pen.ellipse(
                _corners(box, place), outline=ink, width=round(width * _FINE)
            ),
        )

    def turned(
        self, centre: float, profile: Sequence[Point], paint: Paint, *, alpha: float = 1
    ) -> list[Point]:
        """A body as from a potter's wheel: `profile` gives half its width at each height, from top to bottom.

        Returns:
            Its outline.
        """
        side = smooth(profile)
        outline = [(centre - half, y) for half, y in side]
        outline += [(centre + half, y) for half, y in reversed(side)]
        self.polygon(outline, paint, across=True, alpha=alpha)
        return outline

    # --- light ----------------------------------------------------------------------------------

    def glow(self, centre: Point, radius: float, colour: Colour, *, alpha: float = 0.6) -> None:
        """Light that fades outwards."""
        size = round(radius * 2 * _FINE)
        fading = Image.radial_gradient("L").resize((size, size))
        strength = fading.point(
            [round(max(0, 1 - i / 180) ** 1.6 * alpha * 255) for i in range(256)]
        )
        corner = (round((centre[0] - radius) * _FINE), round((centre[1] - radius) * _FINE))
        self.image.paste(colour, (*corner, corner[0] + size, corner[1] + size), strength)

    def shadow(self, box: Box, *, alpha: float = 0.38, blur: float = 14) -> None:
        """A soft elliptic shadow."""
        coarse = 4
        margin = blur * 2.5
        left, top, right, bottom = box
        size = (
            round((right - left + 2 * margin) / coarse),
            round((bottom - top + 2 * margin) / coarse),
        )
        mask = Image.new("L", size)
        inner = margin / coarse
        ImageDraw.Draw(mask).ellipse(
            (inner, inner, size[0] - inner, size[1] - inner), fill=round(alpha * 255)
        )
        mask = mask.filter(ImageFilter.GaussianBlur(blur / coarse))
        full = (size[0] * coarse * _FINE, size[1] * coarse * _FINE)
        mask = mask.resize(full, Image.Resampling.BILINEAR)
        corner = (round((left - margin) * _FINE), round((top - margin) * _FINE))
        self.image.paste(INK, (*corner, corner[0] + full[0], corner[1] + full[1]), mask)

    # --- layers ---------------------------------------------------------------------------------

    def within(self, outline: Sequence[Point], draw: Callable[[Canvas], None]) -> None:
        """Whatever `draw` does shows only inside the polygon."""
        area = self._pixels(_box_of(outline))
        left, top = area[:2]
        untouched = self.image.copy()
        draw(self)
        drawn = self.image.crop(area)
        mask = Image.new("L", drawn.size)
        ImageDraw.Draw(mask).polygon(
            [(x * _FINE - left, y * _FINE - top) for x, y in outline], fill=255
        )
        self.image = untouched
        self.image.paste(drawn, (left, top), mask)

    def webp(self) -> bytes:
        """The finished picture, 800 pixels a side."""
        out = io.BytesIO()
        self.image.reduce(_FINE).save(out, "WEBP", quality=_QUALITY, method=2)
        return out.getvalue()

    # --- steps ----------------------------------------------------------------------------------

    def _pixels(self, box: Box) -> tuple[int, int, int, int]:
        return (
            math.floor(box[0] * _FINE), math.floor(box[1] * _FINE),
            math.ceil(box[2] * _FINE) + 1, math.ceil(box[3] * _FINE) + 1,
        )  # fmt: skip

    def _stamp(
        self,
        box: Box,
        paint: Paint,
        across: bool,
        alpha: float,
        trace: Callable[[ImageDraw.ImageDraw, _Place, Any], None],
    ) -> None:
        if alpha == 1 and isinstance(paint[0], int):
            pen = ImageDraw.Draw(self.image)
            trace(pen, lambda at: (at[0] * _FINE, at[1] * _FINE), paint)
            return
        left, top, right, bottom = self._pixels(box)
        size = (right - left, bottom - top)
        mask = Image.new("L", size)
        trace(ImageDraw.Draw(mask), lambda at: (at[0] * _FINE - left, at[1] * _FINE - top), 255)
        if alpha < 1:
            mask = mask.point([round(value * alpha) for value in range(256)])
        ink = paint if isinstance(paint[0], int) else _gradient(size, paint, across=across)
        self.image.paste(ink, (left, top, right, bottom), mask)  # type: ignore[arg-type]


def smooth(points: Sequence[Point], steps: int = 12) -> list[Point]:
    """A curve through the points (Catmull-Rom)."""
    padded = [points[0], *points, points[-1]]
    curve: list[Point] = []
    for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        curve += [_between(a, b, c, d, step / steps) for step in range(steps)]
    return [*curve, points[-1]]


def arc(centre: Point, radius: float, start: float, end: float, steps: int = 32) -> list[Point]:
    """Points on a circle from one angle to another, in degrees, 0 to the right and 90 down."""
    x, y = centre
    angles = [math.radians(start + (end - start) * step / steps) for step in range(steps + 1)]
    return [(x + radius * math.cos(angle), y + radius * math.sin(angle)) for angle in angles]


def moved(points: Iterable[Point], by: Point, *, turn: float = 0, scale: float = 1) -> list[Point]:
    """Points turned around the origin (degrees), scaled, then moved."""
    cos, sin = math.cos(math.radians(turn)) * scale, math.sin(math.radians(turn)) * scale
    return [(by[0] + x * cos - y * sin, by[1] + x * sin + y * cos) for x, y in points]


def _between(a: Point, b: Point, c: Point, d: Point, t: float) -> Point:
    def along(p: float, q: float, r: float, s: float) -> float:
        return 0.5 * (
            2 * q
            + (r - p) * t
            + (2 * p - 5 * q + 4 * r - s) * t**2
            + (3 * q - p - 3 * r + s) * t**3
        )

    return along(a[0], b[0], c[0], d[0]), along(a[1], b[1], c[1], d[1])


def _box_of(points: Sequence[Point]) -> Box:
    across, down = zip(*points, strict=True)
    return min(across), min(down), max(across), max(down)


def _corners(box: Box, place: _Place) -> tuple[float, float, float, float]:
    return (*place((box[0], box[1])), *place((box[2], box[3])))


def _gradient(size: tuple[int, int], paint: Paint, *, across: bool) -> Image.Image:
    strip = Image.new("RGB", (len(paint), 1))
    strip.putdata(list(paint))
    # From the middle of the first pixel to that of the last, so that the ends are the colours given.
    inner = (0.5, 0, len(paint) - 0.5, 1)
    length = size[0] if across else size[1]
    blended = strip.resize((length, 1), Image.Resampling.BILINEAR, box=inner)
    if not across:
        blended = blended.transpose(Image.Transpose.ROTATE_270)
    return blended.resize(size, Image.Resampling.NEAREST)
