"""`manage.py import_areas`: the shipped areas, and a shop's own file."""

from __future__ import annotations

import csv
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from places import importing, services
from places.models import LEVELS, Area

pytestmark = pytest.mark.django_db


def load(path=None, *options):
    out = StringIO()
    call_command(
        "import_areas", *([str(path)] if path else []), *options, stdout=out, stderr=StringIO()
    )
    return out.getvalue()


@pytest.fixture
def file(tmp_path):
    def write(*lines):
        path = tmp_path / "areas.csv"
        path.write_text(
            "code,parent,kind,name,name_am,aliases\n" + "\n".join(lines), encoding="utf-8"
        )
        return path

    return write


def test_the_shipped_areas_are_whole_and_come_once():
    assert load().startswith("Areas: 192 added, 0 changed, 0 there already, 0 rejected.")
    assert load().startswith("Areas: 0 added, 0 changed, 192 there already, 0 rejected.")
    assert load(None, "--update").startswith("Areas: 0 added, 0 changed, 192 there already")
    kinds = {kind: Area.objects.filter(kind=kind).count() for kind in LEVELS}
    assert (kinds["region"], kinds["chartered_city"], kinds["sub_city"]) == (12, 2, 11)
    assert str(services.resolve("ET-AA-BOLE")) == "Bole, Addis Ababa"
    assert all(row.translations["am"]["name"] for row in Area.objects.all())


def test_the_shipped_file_has_letters_where_they_belong():
    """A Latin letter in an Amharic name, or the other way round, looks right and is found by nobody."""
    with importing.SHIPPED.open(encoding="utf-8") as rows:
        for row in csv.DictReader(rows):
            amharic = [sign for sign in row["name_am"] if sign.isalpha()]
            assert amharic or row["kind"] == "woreda"
            assert all("\u1200" <= sign <= "\u137f" for sign in amharic), row
            assert (row["name"] + row["aliases"] + row["code"]).isascii(), row


def test_bad_rows_are_named_and_the_rest_is_taken(file):
    said = load(
        file(
            "ET-AA,,chartered_city,Addis Ababa,አዲስ አበባ,",
            "ET-AA-X,ET-NOWHERE,sub_city,X,,",
            "no code,,region,X,,",
            "ET-Y,,island,Y,,",
            "ET-Z,,region,,,",
            "ET-Q,,zone,Q,,",
            "ET-AA,,chartered_city,Again,,",
            "ET-AA-BOLE,et-aa,sub_city,Bole,ቦሌ,",
            "ET-AA-BOLE-2,ET-AA,sub_city,Bole,,",
        )
    )
    assert said.splitlines() == [
        "Rejected: line 3: There is no area ET-NOWHERE to lie in.",
        "Rejected: line 4: no code is no code such as ET-AA-BOLE.",
        "Rejected: line 5: The kind is one of region, chartered_city, zone, city, sub_city, woreda, kebele.",
        "Rejected: line 6: A name has 1 to 120 characters.",
        "Rejected: line 7: A zone lies in another area: name it.",
        "Rejected: line 10: An area of this kind and name is there already",
        "Areas: 2 added, 0 changed, 1 there already, 6 rejected.",
    ]
    assert services.resolve("ET-AA-BOLE").places[-1].names == {"am": "ቦሌ"}


def test_what_staff_have_changed_stays_unless_asked(file):
    load(path := file("ET-AA,,chartered_city,Addis Ababa,አዲስ አበባ,"))
    services.update_area(area_id=Area.objects.get().pk, changes={"name": "Our city"})
    load(path)
    assert Area.objects.get().name == "Our city"
    assert "1 changed" in load(path, "--update")
    assert Area.objects.get().name == "Addis Ababa"


def test_files_that_are_none(file, tmp_path):
    lacking, binary = tmp_path / "a.csv", tmp_path / "b.csv"
    lacking.write_text("code,name\nET-AA,Addis\n")
    binary.write_bytes(b"\xff\xfe\x00")
    for path, said in (
        (lacking, "no column parent, kind"), (binary, "codec"), (tmp_path / "missing.csv", "No such file"),
        (file("nothing"), "no area could be taken"),
    ):  # fmt: skip
        with pytest.raises(CommandError, match=said):
            load(path)
