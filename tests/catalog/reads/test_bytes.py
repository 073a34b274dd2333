"""PostgreSQL writes the very bytes that the serializer would: field by field, letter by letter, in every language."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.utils import timezone

from catalog import texts
from catalog.models import (
    Attribute,
    AttributeChoice,
    AttributeValue,
    BundlePart,
    Category,
    Image,
    Product,
    ProductType,
    Term,
    TypeAttribute,
)  # fmt: skip
from catalog.prices import lowest_in_30_days
from catalog.reads.context import Context
from catalog.reads.rendering import LISTED_VARIANTS, render
from catalog.serializers import ProductSerializer
from common.json import ORJSONRenderer
from tests import factories

pytestmark = pytest.mark.django_db

NASTY = 'Tab\t "quoted" \\ back / slash <b>&amp;</b> \u2028 \x7f \x01 ቡና ☕️ 👩‍🌾 é e\u0301 \u202e'
TRANSLATED = {"am": {"name": "የይርጋጨፌ ቡና", "description": "<p>ጥሩ ነው</p>", "alt": "ሥዕል"}}


@pytest.fixture
def goods(settings):
    settings.PUBLIC_URL = "https://shop.example"
    shelf = Category.objects.create(name="Coffee & “Tea”", slug="coffee", translations=TRANSLATED)
    kind = ProductType.objects.create(name="Coffee")
    said = {
        "roast": ("choice", ""), "weight": ("number", "g"), "organic": ("boolean", ""), "harvest": ("date", ""),
        "story": ("text", ""),
    }  # fmt: skip
    attributes = {}
    for position, (code, (of_kind, unit)) in enumerate(said.items()):
        attributes[code] = Attribute.objects.create(
            code=code, name=code.title(), kind=of_kind, unit=unit
        )
        TypeAttribute.objects.create(
            product_type=kind, attribute=attributes[code], position=9 - position
        )
    dark = AttributeChoice.objects.create(attribute=attributes["roast"], value="Dark")
    for text, word in {"Dark": "ጥቁር", "Weight": "ክብደት", "g": "ግራም", "Size": "መጠን", "Small": "ትንሽ", "new": "አዲስ",
                       "Abay": "ዓባይ"}.items():  # fmt: skip
        Term.objects.create(text=text, translations={"am": word})
    rich = Product.objects.create(
        name=NASTY.replace("\x01", ""), slug="rich", description=NASTY, brand="Abay", tags=["new", 'o"ld'], category=shelf,
        product_type=kind, translations=TRANSLATED, is_published=True, published_at=timezone.now(),
        created_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), updated_at=datetime(2026, 1, 2, 3, 4, 5, 60, tzinfo=UTC),
    )  # fmt: skip
    for code, value in {"roast": {"choice": dark}, "weight": {"number": Decimal("250.500000")},
                        "organic": {"boolean": True}, "harvest": {"date": "2025-10-01"},
                        "story": {"text": NASTY}}.items():  # fmt: skip
        AttributeValue.objects.create(product=rich, attribute=attributes[code], **value)
    small = [{"name": "Size", "value": "Small"}, {"name": "Grind", "value": 'fi"ne'}]
    one = factories.variant(product=rich, options=small, price="99.9", compare_at_price=Decimal("120"), stock=1,
                            weight_grams=250, barcode="47\\11", name="Small", position=3)  # fmt: skip
    factories.variant(
        product=rich, options=[{"name": "Size", "value": "Big"}], price="150", stock=0, position=1
    )
    Image.objects.create(product=rich, file="products/1/a-b.webp", alt=NASTY, width=800, height=600, variant=one,
                         translations=TRANSLATED, position=2,
                         renditions=[{"width": 200, "height": 150, "format": "webp", "name": "r/a.webp"},
                                     {"width": 200, "height": 150, "format": "jpeg", "name": "r/a.jpg"}])  # fmt: skip
    Image.objects.create(product=rich, source_url='https://elsewhere.shop/?a="b"&c=é', position=1)
    plain = Product.objects.create(name="Plain", slug="plain", is_published=True)
    part = factories.variant(product=plain, options=[], price="0", stock=3)
    kit = Product.objects.create(name="Kit", slug="kit", is_published=True)
    bundle = factories.variant(product=kit, stock=0, price="5")
    BundlePart.objects.create(variant=bundle, stock_item=part.stock_item, quantity=2)
    many = Product.objects.create(name="Many", slug="many", is_published=True)
    for number in range(LISTED_VARIANTS + 3):
        factories.variant(product=many, price=str(200 - number), stock=number % 2, position=number,
                          options=[{"name": "Size", "value": str(number)}])  # fmt: skip
    return [rich, plain, kit, many]


def by_the_serializer(products, language: str, listed: bool) -> dict[int, bytes]:
    rows = list(Product.objects.filter(pk__in=[one.pk for one in products]).for_display())
    codes = texts.codes()
    reader = texts.reader(language, written_in=codes[0], texts=texts.words_of(rows))
    lowest = lowest_in_30_days(
        [variant.pk for row in rows for variant in row.live_variants], price_list=1, currency="ETB"
    )
    shown = {}
    for row in rows:
        cheapest = min(row.live_variants, key=lambda v: (v.price, v.position, v.pk))
        row.lowest_price = lowest[cheapest.pk]
        if listed:
            row.live_variants_all = row.live_variants
        data = ProductSerializer(row, context={"sees_everything": False, "reader": reader}).data
        if listed:
            data["variants"] = data["variants"][:LISTED_VARIANTS]
        shown[row.pk] = ORJSONRenderer().render(data)
    return shown


@pytest.mark.parametrize("listed", [True, False], ids=["in a list", "by itself"])
@pytest.mark.parametrize("language", ["en", "am"])
def test_the_same_bytes(goods, language, listed):
    context = Context(
        currency="ETB", language="" if language == "en" else language, content_language=language
    )
    ours = render([one.pk for one in goods], context, whole=not listed)
    theirs = by_the_serializer(goods, language, listed)
    assert ours.keys() == theirs.keys()
    for pk, body in theirs.items():
        assert ours[pk].decode() == body.decode()


def test_the_schema_knows_every_field(goods):
    import json

    from drf_spectacular.generators import SchemaGenerator

    schema = SchemaGenerator().get_schema(request=None, public=True)["components"]["schemas"]
    context = Context(currency="ETB")
    for body in render([one.pk for one in goods], context).values():
        shown = json.loads(body)
        assert shown.keys() <= schema["Product"]["properties"].keys()
        assert all(
            variant.keys() <= schema["Variant"]["properties"].keys()
            for variant in shown["variants"]
        )
        assert all(
            image.keys() <= schema["Image"]["properties"].keys() for image in shown["images"]
        )
