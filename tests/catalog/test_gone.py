"""What was deleted between being found and being locked: a 404, not a fault of ours."""

from __future__ import annotations

import pytest

from catalog import attributes, bundles, categories, groupings, services, texts
from catalog.images import update_image
from catalog.models import Image
from common.actors import SYSTEM
from common.errors import NotFound, Refusal
from tests import factories

pytestmark = pytest.mark.django_db
NOBODY = 2**40
VERBS = [
    lambda: attributes.update_attribute(attribute_id=NOBODY, changes={"name": "A"}),
    lambda: attributes.update_type(type_id=NOBODY, changes={"name": "A"}),
    lambda: categories.update_category(category_id=NOBODY, changes={"name": "A"}),
    lambda: groupings.update_brand(brand_id=NOBODY, changes={"name": "A"}),
    lambda: groupings.update_collection(collection_id=NOBODY, changes={"name": "A"}),
    lambda: groupings.set_products(collection_id=NOBODY, product_ids=[]),
    lambda: services.update_product(product_id=NOBODY, changes={"name": "A"}, by=SYSTEM),
    lambda: services.update_variant(variant_id=NOBODY, changes={"sku": "A"}, by=SYSTEM),
    lambda: services.delete_variant(variant_id=NOBODY),
    lambda: texts.update_language(code="xx", changes={"name": "A"}),
    lambda: texts.update_term(term_id=NOBODY, changes={"text": "A"}),
]  # fmt: skip


@pytest.mark.parametrize("verb", VERBS)
def test_what_is_gone_is_not_found(verb):
    with pytest.raises(NotFound):
        verb()


def test_a_bundle_that_is_gone_is_refused():
    with pytest.raises(Refusal, match="There is no variant"):
        bundles.set_parts(variant_id=NOBODY, parts=[])


def test_a_picture_is_read_again_under_its_lock():
    """Two translators who began with the same picture: neither takes the other's words away."""
    texts.create_language(code="om", name="Oromoo")
    product = factories.variant().product
    image = Image.objects.create(product=product, source_url="https://pictures.example/1.jpg")
    first, second = Image.objects.get(pk=image.pk), Image.objects.get(pk=image.pk)
    update_image(image=first, changes={"translations": {"am": {"alt": "ቡና"}}})
    update_image(image=second, changes={"translations": {"om": {"alt": "Buna"}}})
    image.refresh_from_db()
    assert image.translations == {"am": {"alt": "ቡና"}, "om": {"alt": "Buna"}}
    image.delete()
    with pytest.raises(NotFound):
        update_image(image=second, changes={"alt": "Coffee"})
