"""A label in type: one page of A6. Pure: the same label gives the same bytes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from fpdf import FPDF

from orders.documents.fonts import BOLD, ETHIOPIC, LATIN, REGULAR, faces_for, font_file
from orders.documents.pdf import clean

WIDTH, HEIGHT, MARGIN = 105.0, 148.0, 7.0  # millimetres
LINES = 9  # of an address; longer ones are cut, as paper ends


def draw(
    *,
    title: str,
    barcode: str,
    to: Mapping[str, Any],
    below: Sequence[str],
    at: datetime,
    time: str = "",
) -> bytes:
    """Set a label in type.

    Args:
        to: `name`, `company`, `phone`, `lines`, `note` of whoever gets it. below: carrier, tracking.
        at: aware; the file's creation date. time: when it was promised, as it is printed; empty: no particular time.
    """
    texts = [
        title,
        settings.SHOP_NAME,
        time,
        to["name"],
        to["company"],
        to["phone"],
        to["note"],
        *to["lines"],
        *below,
    ]
    needed, unknown = faces_for(clean("".join(texts)).replace("\n", ""))
    pdf = FPDF(format=(WIDTH, HEIGHT))
    pdf.set_creation_date(at)
    pdf.set_margin(MARGIN)
    pdf.set_auto_page_break(False)
    for face in (LATIN, ETHIOPIC):
        pdf.add_font(face.name, "", font_file(face, REGULAR))
        pdf.add_font(face.name, "B", font_file(face, BOLD))
    for face in needed:
        pdf.add_font(face.name, "", font_file(face, REGULAR))
    pdf.set_fallback_fonts([ETHIOPIC.name, *(face.name for face in needed)], exact_match=False)
    pdf.set_text_shaping(True)
    pdf.add_page()

    def write(text: str, size: float, *, style: str = "", most: int = 2) -> None:
        pdf.set_font(LATIN.name, style, size)
        shown = clean(text, unknown).replace("\n", " ").strip()
        if not shown:
            return
        height = size * 0.5
        lines: Any = pdf.multi_cell(0, height, shown, dry_run=True, output="LINES", align="L")
        for line in lines[:most]:
            pdf.cell(0, height, line, new_x="LMARGIN", new_y="NEXT")

    write(settings.SHOP_NAME, 9)
    write(title, 15, style="B", most=1)
    write(time, 11, style="B", most=1)
    pdf.ln(2)
    pdf.line(MARGIN, pdf.get_y(), WIDTH - MARGIN, pdf.get_y())
    pdf.ln(3)
    write(to["name"], 14, style="B")
    write(to["company"], 10)
    write(to["phone"], 15, style="B", most=1)
    pdf.ln(1)
    for line in to["lines"][: LINES - 1 if time else LINES]:
        write(line, 11)
    write(to["note"], 8, most=3)
    pdf.set_y(HEIGHT - 34)
    for line in below:
        write(line, 9, most=1)
    if re.fullmatch(r"[0-9A-Z-]{1,16}", barcode):
        pdf.code39(f"*{barcode}*", x=MARGIN, y=HEIGHT - MARGIN - 12, w=0.9, h=12)
    return bytes(pdf.output())
