"""Sheets set in type: every letter that was put in can be read from the file, on the page where it belongs."""

from __future__ import annotations

import subprocess
import sys
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from orders.documents import fonts
from orders.documents.pdf import clean, render
from orders.documents.sheet import Block, Column, Fact, Sheet, Table
from tests.orders.sheets import pages, sheet, table, text


def test_amharic_and_latin_letters_and_amounts_are_there() -> None:
    read = text(render(sheet()))
    for part in (
        "የሽያጭ ደረሰኝ / Invoice", "INV-2026-000123", "ቡና ቤት Buna House PLC", "TIN 0012345678",
        "ኅዳር 14 ቀን 2019 ዓ.ም.", "አበበ ቢቂላ", "የይርጋጨፌ ቡና Yirgacheffe 2", "SKU-0002", "2,500.00", "7,500.00 ETB",
    ):  # fmt: skip
        assert part in read


def test_the_faces_are_inside_the_file_and_only_their_letters() -> None:
    document = render(sheet())
    found = PdfReader(BytesIO(document)).pages[0]["/Resources"]["/Font"]
    names = {font.get_object()["/BaseFont"] for font in found.values()}
    assert {name.split("+")[-1] for name in names} == {
        "NotoSans-400", "NotoSans-700", "NotoSansEthiopic-400", "NotoSansEthiopic-700",
    }  # fmt: skip
    assert all("+" in name for name in names), "each is a subset"
    assert len(document) < 60_000


def test_equal_sheets_make_equal_bytes_also_in_another_process() -> None:
    once = render(sheet(30))
    assert render(sheet(30)) == once
    program = (
        "import django; from django.conf import settings\n"
        "import hashlib; from orders.documents.pdf import render; from tests.orders.sheets import sheet\n"
        "print(hashlib.sha256(render(sheet(30))).hexdigest())"
    )
    import hashlib

    other = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=True
    )
    assert other.stdout.strip() == hashlib.sha256(once).hexdigest()


def test_a_hundred_lines_carry_their_sum_from_page_to_page() -> None:
    read = pages(render(sheet(100)))
    assert len(read) > 2
    assert all("Description" in page for page in read if "SKU-" in page)
    shown = 0
    for place, page in enumerate(read):
        rows = page.count("SKU-")
        if place and rows:
            assert "Brought forward" in page
            assert f"{2500 * shown:,}.00" in page.split("SKU-")[0]
        shown += rows
        if rows and shown < 100:
            assert "Carried forward" in page
            assert f"{2500 * shown:,}.00" in page
        assert "INV-2026-000123" in page
        assert f"Page {place + 1} / {len(read)}" in " ".join(page.split())
    assert shown == 100
    assert "Carried forward" not in read[-1]
    assert "250,000.00 ETB" in read[-1]


def test_one_page_carries_nothing() -> None:
    assert "forward" not in text(render(sheet(3)))


def test_long_names_are_wrapped_and_never_cut() -> None:
    words = " ".join(f"word{place}" for place in range(60))
    unbroken, ethiopic = "W" * 300, "ረጅም" * 100
    made = sheet(
        parties=(Block("Buyer", (words, unbroken, ethiopic)),), table=table(5, name=unbroken)
    )
    read = text(render(made)).replace(" ", "")
    assert words.replace(" ", "") in read
    assert unbroken in read
    assert ethiopic in read


def test_every_page_of_a_test_shop_is_marked() -> None:
    document = render(sheet(60, mark="TEST"))
    assert len(pages(document)) > 1
    assert all("TEST" in page for page in pages(document))


def test_other_scripts_and_pictures() -> None:
    made = sheet(parties=(Block("Buyer", ("Дмитрий Ελλάδα", "😀 Ltd", "हिन्दी", "مرحبا", "שלום")),))
    read = text(render(made))
    assert "Дмитрий Ελλάδα" in read
    assert "😀" in read
    # The order of right-to-left letters in extracted text is the reader's own affair; that they are there is ours.
    for letter in "مرحباשלום":
        assert letter in read


def test_letters_nobody_has_show_that_they_are_missing() -> None:
    assert "��" in text(render(sheet(parties=(Block("Buyer", ("中文",)),))))


@pytest.mark.parametrize(
    ("given", "printed"),
    [
        ("a\u0000b\u0007c\u001bd", "abcd"),
        ("in\u202evoice\u202c", "invoice"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("\ud800lone", "lone"),
        ("e\u0301", "é"),
        ("Z" + "\u0335" * 50, "Z" + "\u0335" * 3),
        ("tab\tand\u00a0space", "tab and space"),
        ("<b>bold</b> **x** [a](http://b)", "<b>bold</b> **x** [a](http://b)"),
        ("=HYPERLINK()", "=HYPERLINK()"),
        ("two\nlines", "two\nlines"),
    ],
)
def test_what_cannot_be_printed_is_left_out_and_nothing_is_a_command(
    given: str, printed: str
) -> None:
    assert clean(given) == printed


def test_markup_makes_no_links_and_no_scripts() -> None:
    hostile = "[pay](http://evil.example) <a href=http://evil.example>x</a> /JS (app.alert) ) Tj ET"
    document = render(sheet(parties=(Block("Buyer", (hostile,)),), footer=hostile))
    reader = PdfReader(BytesIO(document))
    assert "[pay](http://evil.example)" in text(document)
    assert all("/Annots" not in page for page in reader.pages)
    assert "/OpenAction" not in reader.trailer["/Root"] or "JavaScript" not in str(
        reader.trailer["/Root"]["/OpenAction"]
    )


def test_placeholders_in_names_stay_names() -> None:
    assert "{nb}" in text(render(sheet(parties=(Block("Buyer", ("{nb} trading",)),))))


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=120), st.text(max_size=120))
def test_no_text_breaks_a_document(name: str, product: str) -> None:
    document = render(sheet(parties=(Block(name, (product, name)),), table=table(2, name=product)))
    assert "INV-2026-000123" in text(document)


def test_an_empty_sheet_is_a_page() -> None:
    bare = Sheet(
        title="", number="X-1", language="en", issued_at=sheet().issued_at, issuer=(),
        table=Table((Column("", 1),), ()),
    )  # fmt: skip
    assert "X-1" in text(render(bare))


def test_many_sums_do_not_run_off_the_page() -> None:
    sums = tuple(Fact(f"sum {place}", "1.00") for place in range(12))
    for rows in range(10, 24):
        read = text(render(sheet(rows, sums=sums)))
        assert all(f"sum {place}" in read for place in range(12))


def test_faces_are_made_once_and_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "_folder", lambda: tmp_path)
    fonts.font_file.cache_clear()
    try:
        made = fonts.font_file(fonts.ETHIOPIC, fonts.REGULAR)
        assert [path.name for path in tmp_path.iterdir()] == [made.name]
        first = made.stat().st_mtime_ns
        fonts.font_file.cache_clear()
        assert fonts.font_file(fonts.ETHIOPIC, fonts.REGULAR).stat().st_mtime_ns == first
    finally:
        fonts.font_file.cache_clear()


def test_a_folder_that_cannot_be_written_is_replaced(settings, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    settings.DATA_DIR = blocked
    fonts._folder.cache_clear()
    try:
        assert fonts._folder().is_dir()
        assert tmp_path not in fonts._folder().parents
    finally:
        fonts._folder.cache_clear()
