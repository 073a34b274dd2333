"""QR codes."""

from __future__ import annotations

from io import BytesIO

import segno


def qr_svg(url: str) -> str:
    """A QR code as the text of an SVG picture, black on white, with its quiet zone."""
    out = BytesIO()
    code = segno.make(url, error="m")
    code.save(
        out,
        kind="svg",
        xmldecl=False,
        svgclass=None,
        lineclass=None,
        border=4,
        scale=5,
        light="#fff",
    )
    return out.getvalue().decode().strip()
