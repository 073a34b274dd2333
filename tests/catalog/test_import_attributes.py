"""What a file declares of attributes is held to the same rules as what staff declare."""

from __future__ import annotations

import pytest

from catalog import attributes
from catalog.attributes import Choice, Use
from catalog.importing import lookups
from catalog.models import AttributeChoice, Kind, Product
from tests.catalog.test_export import jsonl

pytestmark = pytest.mark.django_db


def described(slug: str, value: object, **fields: object) -> dict[str, object]:
    roast = {"code": "roast", "kind": "choice", "value": value}
    return {
        "slug": slug, "name": slug, "product_type": "Coffee", "attributes": [roast],
        "variants": [{"sku": slug, "price": "1"}], **fields,
    }  # fmt: skip


def test_a_choice_that_is_too_long_is_rejected(load):
    said = load(jsonl(described("a", "x" * 300), described("b", "dark")))
    assert "line 1: a: “" in said
    assert [product.slug for product in Product.objects.all()] == ["b"]


def test_a_code_that_is_too_long_is_rejected(load):
    long = described("a", "dark")
    long["attributes"][0]["code"] = "x" * 61  # type: ignore[index]
    assert "too long" in load(jsonl(long, described("b", "dark")))
    assert [product.slug for product in Product.objects.all()] == ["b"]


def test_a_file_makes_no_more_choices_than_staff_may(load, monkeypatch):
    monkeypatch.setattr(lookups, "MOST_CHOICES", 2)
    said = load(jsonl(*(described(name, name) for name in "abc")))
    assert "line 3: c: roast has 2 choices already" in said
    assert set(AttributeChoice.objects.values_list("value", flat=True)) == {"a", "b"}


@pytest.fixture
def coffee():
    roast = attributes.create_attribute(
        code="roast", name="Roast", kind=Kind.CHOICE, choices=[Choice("dark")]
    )
    attributes.create_type(name="Coffee", uses=[Use(roast, is_required=True)])
    return roast


def bare(**fields: object) -> str:
    """Without what its type requires."""
    return jsonl({**described("a", "dark"), "attributes": [], **fields})


def test_a_file_publishes_nothing_that_lacks_what_its_type_requires(load, coffee):
    assert "without roast" in load(bare(is_published=True))
    assert not Product.objects.get().is_published
    assert "without roast" in load(bare(is_published=True)), "nor the second time"
    assert not Product.objects.get().is_published
    load(jsonl(described("a", "dark", is_published=True)))
    assert Product.objects.get().is_published
    load(bare(is_published=True))
    assert Product.objects.get().is_published, "what it does not say stays"


def test_what_is_on_sale_does_not_get_a_type_that_it_cannot_meet(load, coffee):
    plain = {
        "slug": "a",
        "name": "a",
        "is_published": True,
        "variants": [{"sku": "a", "price": "1"}],
    }
    load(jsonl(plain))
    said = load(jsonl({**plain, "product_type": "Coffee"}), fails=True)
    assert "without roast" in said
    assert Product.objects.get().product_type is None


def test_a_requirement_that_came_later_does_not_stand_in_the_way(load, coffee):
    load(jsonl(described("a", "dark", is_published=True)))
    region = attributes.create_attribute(code="region", name="Region", kind=Kind.TEXT)
    uses = [Use(coffee, is_required=True), Use(region, is_required=True)]
    attributes.update_type(type_id=Product.objects.get().product_type_id, changes={"uses": uses})
    renamed = described("a", "dark", is_published=True, name="New")
    assert "1 updated" in load(jsonl(renamed))
    product = Product.objects.get()
    assert (product.name, product.is_published) == ("New", True)
