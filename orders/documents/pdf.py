"""A sheet as a PDF file: A4, as many pages as it takes. Pure: the same sheet gives the same bytes."""

from __future__ import annotations

import logging
import re
import unicodedata
from typing import Any, Literal

from fpdf import FPDF
from fpdf.enums import MethodReturnValue

from orders.documents.fonts import BOLD, ETHIOPIC, LATIN, REGULAR, faces_for, font_file
from orders.documents.sheet import Block, Fact, Sheet, Table

MARGIN, WIDTH, BOTTOM = 15.0, 180.0, 277.0  # millimetres, of A4's 210 × 297
BODY, SMALL, TITLE = 8.5, 7.0, 15.0  # points
LINE, SMALL_LINE = 4.3, 3.5
PAD = 1.2
INK, GREY, PALE, RULE = (25, 25, 25), (105, 105, 105), (243, 243, 241), (190, 190, 190)
# One letter may carry so many combining marks; more are a picture, and would cover the lines above.
MAX_MARKS = 3
# Stands for the number of pages, and can stand in no text: `clean` lets no private letter through.
PAGES = "\ue000"

# Invisible signs that turn text around, join or vary letters: names need none of them, and impostors do.
_INVISIBLE = re.compile(
    "[\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\U000e0000-\U000e0fff]"
)
Align = Literal["L", "R", "C"]

# It warns of tables in a font that it leaves out, which is what it is asked to do.
logging.getLogger("fontTools").setLevel(logging.ERROR)


def render(sheet: Sheet) -> bytes:
    """Set a sheet in type.

    Letters that no typeface has become �; control characters and invisible signs are left out; nothing in a text is a
    command, a link or markup.
    """
    return _Page(sheet).draw()


def clean(text: str, unknown: frozenset[str] = frozenset()) -> str:
    """The text as it can be printed: composed, without what is invisible. Line breaks stay."""
    composed = _INVISIBLE.sub("", unicodedata.normalize("NFC", text).replace("\t", " "))
    kept: list[str] = []
    marks = 0
    for letter in composed:
        kind = unicodedata.category(letter)
        marks = marks + 1 if kind in {"Mn", "Me"} else 0
        if letter == "\n":
            kept.append(letter)
        elif kind in {"Cc", "Cs"} or marks > MAX_MARKS:
            continue
        elif kind == "Zs":
            kept.append(" ")
        else:
            kept.append("\ufffd" if letter in unknown or kind in {"Co", "Cn"} else letter)
    return "".join(kept)


class _Canvas(FPDF):
    """A page whose head and foot are drawn by whoever owns it."""

    def __init__(self, owner: _Page) -> None:
        super().__init__(format="A4")
        self.owner = owner

    def header(self) -> None:
        self.owner.head()

    def footer(self) -> None:
        self.owner.foot()


class _Page:
    """The state of one drawing."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        pdf = self.pdf = _Canvas(self)
        needed, self.unknown = faces_for(clean("".join(sorted(sheet.letters()))).replace("\n", ""))
        for face in (LATIN, ETHIOPIC):
            pdf.add_font(face.name, "", font_file(face, REGULAR))
            pdf.add_font(face.name, "B", font_file(face, BOLD))
        for face in needed:
            pdf.add_font(face.name, "", font_file(face, REGULAR))
        pdf.set_fallback_fonts([ETHIOPIC.name, *(face.name for face in needed)], exact_match=False)
        if any(face.is_shaped for face in needed):
            pdf.set_text_shaping(True)
        pdf.alias_nb_pages(PAGES)
        pdf.set_auto_page_break(False)
        pdf.set_margin(0)
        pdf.c_margin = 0
        pdf.set_creation_date(sheet.issued_at)
        pdf.set_title(sheet.number)
        pdf.set_author(self.clean(sheet.issuer[0]) if sheet.issuer else "")
        pdf.set_producer("Nexus")
        pdf.set_lang(sheet.language)

    def draw(self) -> bytes:
        """All of it."""
        sheet = self.sheet
        self.pdf.add_page()
        y = self._letterhead(MARGIN)
        y = self._facts_and_parties(y + 5)
        y = self._table(sheet.table, y + 5)
        y = self._sums(y + 3)
        for note in sheet.notes:
            y = self._paragraph(note, y + 3, size=BODY)
        if sheet.footer:
            self._paragraph(sheet.footer, y + 5, size=SMALL, color=GREY)
        return bytes(self.pdf.output())

    def clean(self, text: str) -> str:
        return clean(text, self.unknown)

    # --- every page -------------------------------------------------------------------------------

    def head(self) -> None:
        """The mark across the page, and from the second page on what it belongs to."""
        if self.sheet.mark:
            self._font(60, bold=True, color=(236, 214, 214))
            with self.pdf.rotation(52, 105, 148):
                self._line(self.clean(self.sheet.mark), 0, 138, 210, "C", height=20)
        if self.pdf.page_no() > 1:
            self._font(SMALL, color=GREY)
            self._line(f"{self.clean(self.sheet.title)}  {self.sheet.number}", MARGIN, 8, WIDTH)

    def foot(self) -> None:
        """Number and page."""
        self._font(SMALL, color=GREY)
        self._line(self.sheet.number, MARGIN, 285, WIDTH)
        page = f"{self.sheet.page} {self.pdf.page_no()} / {PAGES}"
        self._line(page, MARGIN, 285, WIDTH, "R")

    # --- the first page ---------------------------------------------------------------------------

    def _letterhead(self, y: float) -> float:
        sheet, half = self.sheet, WIDTH / 2 - 4
        self._font(TITLE, bold=True)
        right = y
        for part in self._wrapped(sheet.title, half):
            self._line(part, MARGIN + WIDTH - half, right, half, "R", height=7)
            right += 7
        self._font(11)
        self._line(sheet.number, MARGIN + WIDTH - half, right, half, "R", height=6)
        right += 6
        left = y
        if sheet.issuer:
            self._font(12, bold=True)
            for part in self._wrapped(sheet.issuer[0], half):
                self._line(part, MARGIN, left, half, height=6)
                left += 6
            self._font(BODY)
            left = self._lines(sheet.issuer[1:], MARGIN, left + 0.5, half)
        y = max(left, right) + 2
        self._rule(y)
        return y

    def _facts_and_parties(self, y: float) -> float:
        sheet = self.sheet
        columns: list[Block | tuple[Fact, ...]] = [*sheet.parties]
        if sheet.facts:
            columns.append(sheet.facts)
        width = WIDTH / max(len(columns), 1)
        lowest = y
        for place, column in enumerate(columns):
            x, below = MARGIN + place * width, y
            if isinstance(column, Block):
                self._font(SMALL, color=GREY)
                below = self._lines([column.title], x, below, width - 5, height=SMALL_LINE)
                self._font(BODY)
                below = self._lines(column.lines, x, below + 0.5, width - 5)
            else:
                for fact in column:
                    self._font(SMALL, color=GREY)
                    below = self._lines([fact.name], x, below, width, height=SMALL_LINE)
                    self._font(BODY, bold=fact.is_strong)
                    below = self._lines([fact.value], x, below, width) + 0.8
            lowest = max(lowest, below)
        return lowest

    # --- the table --------------------------------------------------------------------------------

    def _table(self, table: Table, y: float) -> float:
        widths = _widths(table, WIDTH)
        if y > BOTTOM - 40:
            y = self._next_page()
        y = self._titles(table, MARGIN, y, widths)
        carried = 9.0 if table.running else 0.0
        for place, row in enumerate(table.rows):
            cells = self._cells(row, widths)
            height = max(_height(cell) for cell in cells) + 2 * PAD
            if y + height > BOTTOM - carried:
                if table.running and place:
                    self._carried(self.sheet.carried, table.running[place - 1], y)
                y = self._titles(table, MARGIN, self._next_page(), widths)
                if table.running and place:
                    y = self._carried(self.sheet.brought, table.running[place - 1], y)
            self._row(table, cells, MARGIN, y, widths)
            y += height
            self._rule(y)
        return y

    def _titles(self, table: Table, x: float, y: float, widths: list[float]) -> float:
        self._font(SMALL, bold=True)
        wrapped = [
            [
                line
                for part in column.title.split("\n")
                for line in self._wrapped(part, width - 2 * PAD)
            ]
            for column, width in zip(table.columns, widths, strict=True)
        ]
        height = max(len(lines) for lines in wrapped) * SMALL_LINE + 2 * PAD
        self.pdf.set_fill_color(*PALE)
        self.pdf.rect(x, y, sum(widths), height, style="F")
        for column, width, lines in zip(table.columns, widths, wrapped, strict=True):
            align: Align = "R" if column.is_number else "L"
            for place, line in enumerate(lines):
                top = y + PAD + place * SMALL_LINE
                self._line(line, x + PAD, top, width - 2 * PAD, align, height=SMALL_LINE)
            x += width
        return y + height

    def _cells(
        self, row: tuple[str, ...], widths: list[float]
    ) -> list[tuple[list[str], list[str]]]:
        """Of each cell the lines in plain letters, and those in small ones."""
        cells = []
        for text, width in zip(row, widths, strict=True):
            plain, _, small = text.partition("\n")
            self._font(BODY)
            lines = self._wrapped(plain, width - 2 * PAD)
            self._font(SMALL)
            cells.append((lines, self._wrapped(small, width - 2 * PAD) if small else []))
        return cells

    def _row(
        self, table: Table, cells: list[tuple[list[str], list[str]]],
        x: float, y: float, widths: list[float],
    ) -> None:  # fmt: skip
        for column, width, (plain, small) in zip(table.columns, widths, cells, strict=True):
            align: Align = "R" if column.is_number else "L"
            top = y + PAD
            self._font(BODY)
            for line in plain:
                self._line(line, x + PAD, top, width - 2 * PAD, align)
                top += LINE
            self._font(SMALL, color=GREY)
            for line in small:
                self._line(line, x + PAD, top, width - 2 * PAD, align, height=SMALL_LINE)
                top += SMALL_LINE
            x += width

    def _carried(self, word: str, amount: str, y: float) -> float:
        self._font(BODY, bold=True)
        self._line(word, MARGIN + PAD, y + PAD, WIDTH - 45)
        self._line(self.clean(amount), MARGIN, y + PAD, WIDTH - PAD, "R")
        y += LINE + 2 * PAD
        self._rule(y)
        return y

    # --- below it ---------------------------------------------------------------------------------

    def _sums(self, y: float) -> float:
        sums, breakdown = self.sheet.sums, self.sheet.breakdown
        needed = max(len(sums) * 9.0, (len(breakdown.rows) + 2) * 6.5 if breakdown else 0)
        if y + needed > BOTTOM:
            y = self._next_page()
        left, right = y, y
        if breakdown:
            widths = _widths(breakdown, WIDTH * 0.46)
            left = self._titles(breakdown, MARGIN, left, widths)
            for row in breakdown.rows:
                cells = self._cells(row, widths)
                self._row(breakdown, cells, MARGIN, left, widths)
                left += max(_height(cell) for cell in cells) + PAD
        x, width = MARGIN + WIDTH * 0.5, WIDTH * 0.5 - PAD
        for fact in sums:
            self._font(BODY + fact.is_strong, bold=fact.is_strong)
            names = self._wrapped(fact.name, width * 0.62)
            self._line(self.clean(fact.value), x, right, width, "R")
            for name in names:
                self._line(name, x, right, width)
                right += LINE
            right += 1
        return max(left, right)

    def _paragraph(self, text: str, y: float, *, size: float, color: Any = INK) -> float:
        height = LINE if size == BODY else SMALL_LINE
        for paragraph in text.split("\n"):
            self._font(size, color=color)
            for line in self._wrapped(paragraph, WIDTH):
                if y + height > BOTTOM:
                    y = self._next_page()
                    self._font(size, color=color)
                self._line(line, MARGIN, y, WIDTH, height=height)
                y += height
        return y

    # --- strokes ----------------------------------------------------------------------------------

    def _next_page(self) -> float:
        self.pdf.add_page()
        return MARGIN

    def _font(self, size: float, *, bold: bool = False, color: Any = INK) -> None:
        self.pdf.set_font(LATIN.name, "B" if bold else "", size)
        self.pdf.set_text_color(*color)

    def _wrapped(self, text: str, width: float) -> list[str]:
        """The lines of a text at this width, in the present letters; words that are too long are broken."""
        text = self.clean(text).replace("\n", " ").strip()
        if self.pdf.get_string_width(text) <= width:
            return [text]
        found: Any = self.pdf.multi_cell(
            width, LINE, text, dry_run=True, output=MethodReturnValue.LINES, align="L"
        )
        return [line.strip() for line in found]

    def _lines(
        self, texts: Any, x: float, y: float, width: float, *, height: float = LINE
    ) -> float:
        for text in texts:
            for line in self._wrapped(text, width):
                self._line(line, x, y, width, height=height)
                y += height
        return y

    def _line(
        self, text: str, x: float, y: float, width: float, align: Align = "L",
        *, height: float = LINE,
    ) -> None:  # fmt: skip
        # In a context of its own: after a text that begins with a letter of another face, fpdf2 (2.8.9) takes the font for
        # chosen that it has chosen inside the text only, and sets the next one in the wrong letters.
        with self.pdf.local_context():
            self.pdf.set_xy(x, y)
            self.pdf.cell(width, height, text, align=align)

    def _rule(self, y: float) -> None:
        self.pdf.set_draw_color(*RULE)
        self.pdf.set_line_width(0.15)
        self.pdf.line(MARGIN, y, MARGIN + WIDTH, y)


def _widths(table: Table, width: float) -> list[float]:
    whole = sum(column.share for column in table.columns)
    return [width * column.share / whole for column in table.columns]


def _height(cell: tuple[list[str], list[str]]) -> float:
    return len(cell[0]) * LINE + len(cell[1]) * SMALL_LINE
