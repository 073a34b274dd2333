"""From a description of a picture to the picture."""

from __future__ import annotations

from collections.abc import Callable

from catalog.demo.art import care, ceremony, devices, handmade, jewellery, pantry, woven
from catalog.demo.art.canvas import Canvas
from catalog.demo.art.colours import PALETTES, Palette
from catalog.demo.goods import Drawing

MOTIFS: dict[str, Callable[[Canvas, Palette, str], None]] = {
    motif.__name__: motif
    for motif in (
        pantry.coffee_bag, pantry.sack, pantry.heap, pantry.seeds, pantry.herb, pantry.tea_glass, pantry.honey_jar,
        ceremony.jebena, ceremony.cups, ceremony.rekebot, ceremony.burner, ceremony.pot, ceremony.mesob, ceremony.plate,
        woven.dress, woven.shawl, woven.folded, woven.weave, woven.cushion,
        jewellery.cross, jewellery.earrings, jewellery.necklace, handmade.satchel, handmade.wallet, handmade.krar,
        handmade.gebeta, handmade.stool, handmade.candles, care.bottle, care.tub, care.soap,
        devices.mitad, devices.grinder, devices.kettle, devices.lantern, devices.power_bank, devices.protector,
        devices.speaker, devices.earbuds, devices.radio,
    )
}  # fmt: skip


def draw(drawing: Drawing) -> bytes:
    """The picture as WebP, 800 pixels a side. The same drawing always gives the same bytes."""
    canvas = Canvas()
    MOTIFS[drawing.motif](canvas, PALETTES[drawing.palette], drawing.detail)
    return canvas.webp()
