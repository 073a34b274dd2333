"""The typefaces of documents: Noto Sans for every script that a customer's name may be written in.

They come as variable fonts (package `manimgx-fonts`, OFL 1.1), which PDF does not know. The weights that are printed are
made of them once and kept as files: two seconds for the four faces of every document, at the first of them. Faces of other
scripts are made when a text first needs them.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.metadata import version
from importlib.resources import as_file, files
from pathlib import Path

from django.conf import settings
from fontTools import subset
from fontTools.ttLib import TTFont
from fontTools.varLib import instancer

REGULAR, BOLD = 400, 700
PLAIN_TABLES = ["GPOS", "GSUB", "GDEF", "STAT", "MVAR", "HVAR"]
_RECIPE = 1  # grows when the faces are made otherwise


@dataclass(frozen=True, slots=True)
class Face:
    """One family of letters.

    Args:
        file: of the package; what stands before the bracket.
        is_shaped: its letters join or move by rules of the font, or run from right to left.
    """

    name: str
    file: str
    is_shaped: bool = False


LATIN = Face("latin", "NotoSans")
ETHIOPIC = Face("ethiopic", "NotoSansEthiopic")
# In the order in which they are asked for a letter that the two above do not have.
OTHERS = (
    Face("arabic", "NotoSansArabic", is_shaped=True),
    Face("hebrew", "NotoSansHebrew", is_shaped=True),
    Face("armenian", "NotoSansArmenian"),
    Face("georgian", "NotoSansGeorgian"),
    Face("devanagari", "NotoSansDevanagari", is_shaped=True),
    Face("bengali", "NotoSansBengali", is_shaped=True),
    Face("gujarati", "NotoSansGujarati", is_shaped=True),
    Face("gurmukhi", "NotoSansGurmukhi", is_shaped=True),
    Face("tamil", "NotoSansTamil", is_shaped=True),
    Face("telugu", "NotoSansTelugu", is_shaped=True),
    Face("kannada", "NotoSansKannada", is_shaped=True),
    Face("malayalam", "NotoSansMalayalam", is_shaped=True),
    Face("oriya", "NotoSansOriya", is_shaped=True),
    Face("sinhala", "NotoSansSinhala", is_shaped=True),
    Face("khmer", "NotoSansKhmer", is_shaped=True),
    Face("lao", "NotoSansLao", is_shaped=True),
    Face("myanmar", "NotoSansMyanmar", is_shaped=True),
    Face("thai", "NotoSansThai", is_shaped=True),
    Face("symbols", "NotoSansSymbols"),
    Face("emoji", "NotoEmoji"),
)


def faces_for(letters: Iterable[str]) -> tuple[list[Face], frozenset[str]]:
    """The faces, besides Latin and Ethiopic, that these letters need, and the letters that no face has."""
    missing = {letter for letter in set(letters) if ord(letter) not in _core_letters()}
    needed = []
    for face in OTHERS:
        if not missing:
            break
        here = {letter for letter in missing if ord(letter) in letters_of(face)}
        if here:
            needed.append(face)
            missing -= here
    return needed, frozenset(missing)


@lru_cache(maxsize=1)
def _core_letters() -> frozenset[int]:
    return letters_of(LATIN) | letters_of(ETHIOPIC)


@cache
def letters_of(face: Face) -> frozenset[int]:
    """The code points that a face has letters for."""
    with _source(face) as path, TTFont(path, lazy=True) as font:
        return frozenset(font.getBestCmap())


def _source(face: Face) -> AbstractContextManager[Path]:
    return as_file(files("manimgx_fonts") / f"{face.file}[wght].ttf")


@cache
def font_file(face: Face, weight: int) -> Path:
    """The static font of this face and weight; made when it is not there yet."""
    path = _folder() / f"{face.name}-{weight}.ttf"
    if not path.exists():
        _make(face, weight, path)
    return path


@lru_cache(maxsize=1)
def _folder() -> Path:
    """Where the faces are kept; a folder of this process alone where the shop's own cannot be written."""
    made_of = f"{version('manimgx-fonts')}-{version('fonttools')}-{_RECIPE}"
    folder = Path(settings.DATA_DIR) / "fonts" / made_of
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError:
        return Path(tempfile.mkdtemp(prefix="fonts-"))


def _make(face: Face, weight: int, path: Path) -> None:
    """Pin the weight; leave out what plain letters do not need. Whole or not at all, whoever else does it."""
    with _source(face) as source:
        font = TTFont(source, recalcTimestamp=False)
        options = subset.Options(notdef_outline=True, hinting=False, recalc_timestamp=False)
        options.glyph_names = False
        if not face.is_shaped:
            options.layout_features = []
            options.drop_tables += PLAIN_TABLES
        else:
            options.layout_features = ["*"]
        subsetter = subset.Subsetter(options)
        subsetter.populate(unicodes=list(font.getBestCmap()))
        subsetter.subset(font)
        instancer.instantiateVariableFont(font, {"wght": weight}, inplace=True)
        name = f"{face.file}-{weight}"  # two fonts of one name in one file confuse printers
        for place in (1, 4, 6):
            font["name"].setName(name, place, 3, 1, 0x409)
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".part")
    with os.fdopen(handle, "wb") as target:
        font.save(target)
    Path(temporary).replace(path)
