"""`Product.tokens` says what can be filtered and counted, whoever changes what it comes from, by whatever door."""

from __future__ import annotations

import datetime as dt
import importlib
import json
from decimal import Decimal

import pytest
from django.db import ProgrammingError, connection

from catalog.models import (
    Attribute,
    AttributeChoice,
    AttributeValue,
    Collection,
    CollectionProduct,
    Product,
    Variant,
)
from tests import factories

pytestmark = pytest.mark.django_db


def coffee(**fields) -> Product:
    """A product without variants."""
    number = Product.objects.count()
    return Product.objects.create(
        name="Coffee", slug=f"coffee-no-{number}", is_published=True, **fields
    )


def tokens(row: Product) -> list[str]:
    """What the database says now, without brands."""
    row.refresh_from_db()
    return [token for token in row.tokens if not token.startswith("b:")]


def said(row: Product, code: str, kind: str, **value) -> AttributeValue:
    """A value of an attribute, which is made."""
    attribute, _ = Attribute.objects.get_or_create(
        code=code, defaults={"name": code.title(), "kind": kind}
    )
    return AttributeValue.objects.create(product=row, attribute=attribute, **value)


def execute(sql: str, *params) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)


def test_every_kind_of_attribute_has_its_spelling():
    row = coffee()
    said(row, "roast", "text", text="medium, sweet")
    said(row, "weight", "number", number=Decimal("250.500000"))
    said(row, "altitude", "number", number=Decimal("2000"))
    said(row, "organic", "boolean", boolean=True)
    said(row, "harvest", "date", date=dt.date(2026, 1, 5))
    colour = Attribute.objects.create(code="colour", name="Colour", kind="choice")
    red = AttributeChoice.objects.create(attribute=colour, value="ቀይ")
    AttributeValue.objects.create(product=row, attribute=colour, choice=red)

    assert tokens(row) == [
        "a:altitude=2000", "a:colour=ቀይ", "a:harvest=2026-01-05", "a:organic=true",
        "a:roast=medium, sweet", "a:weight=250.5",
    ]  # fmt: skip

    AttributeChoice.objects.filter(pk=red.pk).update(value="ቡናማ")
    assert "a:colour=ቡናማ" in tokens(row)
    Attribute.objects.filter(code="organic").update(code="is_organic")
    assert "a:is_organic=true" in tokens(row)
    Attribute.objects.filter(code="weight").update(is_filterable=False)
    assert not [token for token in tokens(row) if "weight" in token]
    Attribute.objects.filter(code="weight").update(is_filterable=True)
    execute("UPDATE catalog_attributevalue SET number = -0.10 WHERE number = 250.5")
    assert "a:weight=-0.1" in tokens(row)
    execute("DELETE FROM catalog_attributevalue")
    assert tokens(row) == []


def test_options_are_those_of_live_variants():
    row = coffee()
    small = factories.variant(
        product=row, options=[{"name": "Size", "value": "S"}, {"name": "Colour", "value": "Red"}]
    )
    large = factories.variant(product=row, options=[{"name": "Size", "value": "L"}])
    assert tokens(row) == ["o:Colour=Red", "o:Size=L", "o:Size=S"]

    Variant.objects.filter(pk=large.pk).update(archived_at="2026-01-01T00:00Z")
    assert tokens(row) == ["o:Colour=Red", "o:Size=S"]
    Variant.objects.filter(pk=small.pk).update(options=[{"name": "Size", "value": "M"}])
    assert tokens(row) == ["o:Size=M"]
    other = coffee()
    Variant.objects.filter(pk=small.pk).update(product=other)
    assert (tokens(row), tokens(other)) == ([], ["o:Size=M"])
    Variant.objects.filter(pk=small.pk).delete()
    assert tokens(other) == []


@pytest.mark.parametrize("options", [{}, "Size", None, [1], [{"name": "Size"}], [{"value": "L"}]])
def test_options_that_make_no_sense_make_no_token(options):
    row = coffee()
    made = factories.variant(product=row, options=[])
    execute("UPDATE catalog_variant SET options = %s::jsonb WHERE id = %s",
            json.dumps(options), made.pk)  # fmt: skip
    assert tokens(row) == []


def test_tags_and_collections():
    row, other = coffee(tags=["new", "ቡና"]), coffee()
    assert tokens(row) == ["t:new", "t:ቡና"]
    Product.objects.filter(pk=row.pk).update(tags=["new"])
    assert tokens(row) == ["t:new"]

    gifts = Collection.objects.create(name="Gifts", slug="gifts")
    entry = CollectionProduct.objects.create(collection=gifts, product=row)
    assert tokens(row) == [f"c:{gifts.pk}", "t:new"]
    CollectionProduct.objects.filter(pk=entry.pk).update(product=other)
    assert (tokens(row), tokens(other)) == (["t:new"], [f"c:{gifts.pk}"])
    gifts.delete()
    assert tokens(other) == []


def test_what_is_too_long_is_cut():
    row = coffee()
    said(row, "story", "text", text="x" * 5000)
    (token,) = tokens(row)
    assert token == ("a:story=" + "x" * 5000)[:400]


def test_nobody_writes_tokens_by_hand():
    row = coffee(tags=["new"])
    Product.objects.filter(pk=row.pk).update(tokens=["t:forged"])
    assert tokens(row) == ["t:new"]
    assert tokens(coffee(tokens=["t:forged"])) == []
    stale = Product.objects.get(pk=row.pk)
    said(row, "organic", "boolean", boolean=False)
    stale.name = "Renamed"
    stale.save()  # every column, the old tokens among them
    assert tokens(row) == ["a:organic=false", "t:new"]


def test_rows_that_do_not_differ_are_not_written():
    row = coffee(tags=["new"])
    made = factories.variant(product=row)
    said(row, "organic", "boolean", boolean=True)

    execute("""
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'tokens were written'; END $$;
        CREATE TRIGGER refuse BEFORE UPDATE OF tokens ON catalog_product
        FOR EACH ROW EXECUTE FUNCTION refuse()
    """)
    Variant.objects.filter(pk=made.pk).update(barcode="600")
    AttributeValue.objects.update(boolean=True)
    Attribute.objects.update(name="Bio")
    execute("SELECT catalog_refresh_tokens(ARRAY[%s]::bigint[])", row.pk)
    with pytest.raises(ProgrammingError, match="tokens were written"):  # the control
        AttributeValue.objects.update(boolean=False)


def test_one_statement_for_many_products():
    rows = [coffee() for _ in range(30)]
    attribute = Attribute.objects.create(code="organic", name="Organic", kind="boolean")
    AttributeValue.objects.bulk_create(
        AttributeValue(product=row, attribute=attribute, boolean=True) for row in rows
    )
    assert Product.objects.filter(tokens__contains=["a:organic=true"]).count() == 30


def test_the_backfill_says_what_the_triggers_say():
    row = coffee(tags=["new"])
    factories.variant(product=row, options=[{"name": "Size", "value": "L"}])
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE catalog_product DISABLE TRIGGER USER")
        cursor.execute("UPDATE catalog_product SET tokens = '{}'")
        cursor.execute("ALTER TABLE catalog_product ENABLE TRIGGER USER")
        assert tokens(row) == []
        cursor.execute(importlib.import_module("catalog.migrations.0006_tokens").BACKFILL)
    assert tokens(row) == ["o:Size=L", "t:new"]
