"""The catalogue that benchmarks measure: the same every time, and shaped as it says."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict

import pytest

from benchmarks import goods
from benchmarks.goods import COLUMNS, Catalogue

SIZE = 2_000


def lines(catalogue: Catalogue, first: int = 1, last: int = SIZE) -> dict[str, list[str]]:
    found = defaultdict(list)
    for table, line in catalogue.rows(first, last):
        found[table].append(line)
    return found


def column(catalogue: Catalogue, table: str, name: str) -> list[str]:
    place = COLUMNS[table].split(", ").index(name)
    return [line.rstrip("\n").split("\t")[place] for line in lines(catalogue)[table]]


def test_the_bytes_are_those_of_this_edition():
    """If this fails on purpose, raise `goods.EDITION`, so that folders are filled anew."""
    text = "".join(f"{table}\t{line}" for table, line in Catalogue(SIZE).rows(1, SIZE))
    assert (goods.EDITION, hashlib.sha256(text.encode()).hexdigest()[:16]) == (
        1,
        "4c9fc7cf5943977a",
    )


def test_any_part_can_be_made_alone():
    whole = lines(Catalogue(SIZE))
    halves = lines(Catalogue(SIZE), 1, 777), lines(Catalogue(SIZE), 778, SIZE)
    assert whole == {table: halves[0][table] + halves[1][table] for table in whole}


@pytest.mark.parametrize("shape", goods.SHAPES)
def test_every_line_has_its_columns(shape):
    for table, rows in lines(Catalogue(SIZE, shape)).items():
        assert {line.count("\t") for line in rows} == {COLUMNS[table].count(",")}, table
        assert all(line.endswith("\n") and line.count("\n") == 1 for line in rows), table


@pytest.mark.parametrize("shape", goods.SHAPES)
def test_numbers_are_unique_and_variants_numbered_without_gaps(shape):
    catalogue = Catalogue(SIZE, shape)
    variants = column(catalogue, "catalog_variant", "id")
    assert sorted(map(int, variants)) == list(range(1, len(variants) + 1))
    for table in ("catalog_product", "catalog_image", "catalog_attributevalue", "inventory_stockitem"):  # fmt: skip
        numbers = column(catalogue, table, "id")
        assert len(set(numbers)) == len(numbers), table


def test_each_word_is_in_one_product_in_a_hundred_and_begins_no_other():
    names = column(Catalogue(SIZE), "catalog_product", "name")
    for word in goods.WORDS:
        assert sum(word in name.lower() for name in names) == SIZE // 100
    assert len({len(word) for word in goods.WORDS}) == 1
    assert len(set(goods.WORDS)) == 100


def test_the_chosen_tag_is_on_five_thousand():
    for size in (10_000, 100_000, 1_000_000):
        every = Catalogue(size).every
        assert size // every == goods.CHOSEN


def test_shapes():
    leaves = Counter(column(Catalogue(SIZE, "one-category"), "catalog_product", "category_id"))
    assert 0.85 < leaves.most_common(1)[0][1] / SIZE < 0.95
    assert set(column(Catalogue(SIZE, "flat-prices"), "catalog_variant", "price")) == {"100.00"}
    counts = column(Catalogue(SIZE, "big-variants"), "catalog_product", "variant_count")
    assert max(map(int, counts)) == goods.BIG_VARIANTS
    options = lines(Catalogue(SIZE, "big-variants"), SIZE, SIZE)["catalog_variant"]
    assert len({line.split("\t")[4] for line in options}) == goods.BIG_VARIANTS


def test_names_are_of_several_alphabets():
    names = column(Catalogue(SIZE), "catalog_product", "name")
    assert any("ቡና" in name for name in names)
    assert any(set(goods.EMOJI) & set(name) for name in names)
    assert any(name.isascii() for name in names)
