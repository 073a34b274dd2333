"""What a query asks for: each filter, alone and with others, as SQL for the fast path and as a queryset for staff."""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal

import pytest
from django.db import connection
from django.http import QueryDict
from rest_framework.exceptions import ValidationError

from catalog.filters import ProductQuerySerializer, conditions, joined, named, narrow
from catalog.models import (
    Attribute,
    AttributeChoice,
    AttributeValue,
    Brand,
    Collection,
    CollectionProduct,
    Product,
)
from tests import factories

pytestmark = pytest.mark.django_db


def checked(text: str) -> dict:
    query = ProductQuerySerializer(data=QueryDict(text))
    query.is_valid(raise_exception=True)
    return dict(query.validated_data)


def by_sql(text: str) -> set[str]:
    """Names of products that meet the conditions of the fast path; both spellings of their parameters agree."""
    chosen = conditions(checked(text))
    start = "SELECT p.name FROM catalog_product p, LATERAL (SELECT p.min_price AS price) o WHERE "
    with connection.cursor() as cursor:
        sql, params = joined(chosen)
        cursor.execute(start + sql, params)
        found = {name for (name,) in cursor.fetchall()}
        sql, by_name = named(chosen)
        cursor.execute(start + sql, by_name)
        assert found == {name for (name,) in cursor.fetchall()}
    return found


def by_queryset(text: str) -> set[str]:
    return {row.name for row in narrow(Product.objects.all(), checked(text))}


def found(text: str) -> str:
    """The names, sorted and put together."""
    names = by_sql(text)
    assert names == by_queryset(text)
    return "".join(sorted(names))


def attribute(code: str, kind: str, **fields) -> Attribute:
    return Attribute.objects.create(code=code, name=code.title(), kind=kind, **fields)


@pytest.fixture
def shelf(db):
    """Five products, A to E, that differ in everything that can be asked for."""
    food = factories.category("Food", slug="food")
    beans = factories.category("Beans", slug="beans", parent=food)
    gifts = Collection.objects.create(name="Gifts", slug="gifts")
    hidden = Collection.objects.create(name="Hidden", slug="hidden", is_published=False)
    colour, weight = attribute("colour", "choice"), attribute("weight", "number", unit="g")
    organic, harvest = attribute("organic", "boolean"), attribute("harvest", "date")
    note, secret = attribute("note", "text"), attribute("secret", "number", is_filterable=False)
    red = AttributeChoice.objects.create(attribute=colour, value="Red")
    blue = AttributeChoice.objects.create(attribute=colour, value="ሰማያዊ")
    rows = {}
    for number, name in enumerate("ABCDE"):
        rows[name] = Product.objects.create(
            name=name, slug=f"p-{name.lower()}", is_published=True,
            category=[food, beans, beans, None, None][number],
            brand=["Abay", "Abay", "Omo", "Omo", ""][number],
            tags=[["new"], ["new", "ቡና"], [], ["a,b"], ["x=y"]][number],
        )  # fmt: skip
        size = ["S", "M", "L", "S", "M"][number]
        factories.variant(
            product=rows[name], price=str(100 * (number + 1)), stock=number % 2,
            options=[{"name": "Size", "value": size}, {"name": "Cut=2", "value": "a=b"}],
        )  # fmt: skip
    for name in "AC":
        CollectionProduct.objects.create(collection=gifts, product=rows[name])
    CollectionProduct.objects.create(collection=hidden, product=rows["D"])
    for name, attr, value in [
        ("A", colour, {"choice": red}), ("B", colour, {"choice": blue}), ("C", colour, {"choice": red}),
        ("A", weight, {"number": Decimal("250")}), ("B", weight, {"number": Decimal("250.5")}),
        ("C", weight, {"number": Decimal("1000")}), ("D", weight, {"number": Decimal("-5")}),
        ("A", organic, {"boolean": True}), ("B", organic, {"boolean": False}),
        ("A", harvest, {"date": dt.date(2025, 12, 31)}), ("B", harvest, {"date": dt.date(2026, 1, 1)}),
        ("A", note, {"text": "1..2"}), ("B", note, {"text": "1..2 and more"}),
        ("A", secret, {"number": Decimal(7)}),
    ]:  # fmt: skip
        AttributeValue.objects.create(product=rows[name], attribute=attr, **value)
    return rows


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", "ABCDE"), ("unknown=1", "ABCDE"),
        ("category=food", "ABC"), ("category=beans", "BC"), ("category=tea", ""), ("category=0", ""),
        ("min_price=200", "BCDE"), ("max_price=200", "AB"), ("min_price=200&max_price=300", "BC"),
        ("min_price=300&max_price=200", ""), ("in_stock=true", "BD"), ("in_stock=false", "ACE"),
        ("brand=abay", "AB"), ("brand=abay&brand=omo", "ABCD"), ("brand=abay,omo", "ABCD"),
        ("brand=nobody", ""), ("brand=nobody&brand=omo", "CD"), ("brand=", "ABCDE"),
        ("brand=99999999999999999999", ""),
        ("collection=gifts", "AC"), ("collection=hidden", ""), ("collection=gifts,hidden", "AC"),
        ("tag=new", "AB"), ("tag=new&tag=ቡና", "B"), ("tag=a,b", "D"), ("tag=x%3Dy", "E"), ("tag=NEW", ""),
        ("attr.colour=Red", "AC"), ("attr.colour=Red&attr.colour=ሰማያዊ", "ABC"), ("attr.colour=red", ""),
        ("attr.weight=250", "A"), ("attr.weight=250.00", "A"), ("attr.weight=250.50", "B"),
        ("attr.weight=1e3", ""), ("attr.weight=-5.0", "D"),
        ("attr.weight=250..1000", "ABC"), ("attr.weight=250.1..", "BC"), ("attr.weight=..250", "AD"),
        ("attr.weight=..250&attr.weight=1000", "ACD"), ("attr.weight=900..&attr.weight=..0", "CD"),
        ("attr.weight=9..1", ""), ("attr.secret=7", ""), ("attr.secret=1..9", ""),
        ("attr.organic=true", "A"), ("attr.organic=false", "B"), ("attr.organic=maybe", ""),
        ("attr.harvest=2026-01-01", "B"), ("attr.harvest=..2025-12-31", "A"),
        ("attr.harvest=2025-01-01..2026-12-31", "AB"),
        ("attr.note=1..2", "A"), ("attr.note=..", ""), ("attr.nothing=x", ""), ("attr.=x", "ABCDE"),
        ("option.Size=S", "AD"), ("option.Size=S&option.Size=M", "ABDE"), ("option.size=S", ""),
        ("option.Cut%3D2=a%3Db&option.Size=L", "C"),
        ("attr.colour=Red&attr.weight=250", "A"), ("attr.colour=Red&option.Size=L&brand=omo", "C"),
        ("search=Abay", "AB"),
    ],
)  # fmt: skip
def test_each_filter(shelf, text, names):
    assert found(text) == names


def test_ids(shelf):
    ids = [shelf[name].pk for name in "AC"]
    assert found(f"ids={ids[0]},{ids[1]}") == "AC"
    assert found(f"ids={ids[0]}&ids={ids[1]},{ids[1]}") == "AC"
    assert found(f"ids={ids[0]}&max_price=50") == ""
    assert found(f"brand={Brand.objects.get(name='Omo').pk}") == "CD"
    assert found(f"collection={Collection.objects.get(slug='gifts').pk}") == "AC"


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("&".join(f"brand=b{n}" for n in range(51)), "brand"),
        ("brand=" + "x" * 121, "brand"), ("brand=%00", "brand"), ("tag=" + "x" * 101, "tag"),
        ("ids=" + ",".join(map(str, range(101))), "ids"), ("ids=a", "ids"), ("ids=-1", "ids"),
        ("ids=9223372036854775808", "ids"), ("ids=1.5", "ids"),
        ("&".join(f"attr.a=b{n}" for n in range(51)), "attr.a"),
        ("&".join(f"attr.a{n}=b" for n in range(21)), "attr."),
        ("&".join(f"option.a{n}=b" for n in range(21)), "option."),
        ("attr.a=" + "x" * 401, "attr.a"), ("attr." + "x" * 300 + "=1", "attr." + "x" * 95),
        ("attr.a=%00", "attr."), ("option.%00=a", "option."),
        ("attr.a=2026-02-30..", "attr.a"), ("attr.a=1..2026-01-01", "attr.a"),
        ("updated_since=yesterday", "updated_since"), ("updated_since=2026-13-01", "updated_since"),
        ("min_price=-1", "min_price"), ("in_stock=maybe", "in_stock"),
    ],
)  # fmt: skip
def test_a_wrong_value_names_its_parameter(text, field):
    with pytest.raises(ValidationError) as refusal:
        checked(text)
    assert field in refusal.value.detail


@pytest.mark.parametrize(
    "text",
    ["attr.a=1..2..3", "attr.a=...", "attr.a=" + "9" * 30 + "..", "option.a=%25s", "attr.%25s=%25",
     "tag=%25s", "attr.a=%27%3B--", "option.%F0%9F%98%80=%E2%80%AE", "brand=,,,", "ids=", "updated_since="],
)  # fmt: skip
def test_odd_but_harmless_values(shelf, text):
    found(text)


@pytest.mark.parametrize("seed", range(25))
def test_both_forms_of_a_filter_mean_the_same(shelf, seed):
    dice = random.Random(seed)
    choices = [
        "category=food", "category=beans", "min_price=150", "max_price=450", "in_stock=true", "in_stock=false",
        "brand=abay", "brand=omo", "tag=new", "collection=gifts", "attr.colour=Red", "attr.weight=..250",
        "attr.weight=250.5", "attr.weight=100..", "attr.organic=true", "attr.harvest=2025-06-01..",
        "option.Size=S", "option.Size=M", "option.Cut%3D2=a%3Db", "updated_since=2020-01-01", "search=A",
    ]  # fmt: skip
    for _ in range(12):
        text = "&".join(dice.sample(choices, dice.randint(1, 4)))
        assert by_sql(text) == by_queryset(text), text


def test_a_queryset_may_be_part_of_another(shelf):
    """The table of products then goes by another name."""
    inner = narrow(Product.objects.all(), checked("brand=abay&option.Size=S&max_price=400"))
    assert [row.name for row in Product.objects.filter(pk__in=inner.values("pk"))] == ["A"]
    assert inner.count() == 1
    assert not inner.exclude(name="A").exists()
