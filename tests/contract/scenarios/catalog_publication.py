"""Products by the clock, in many variants, and back from the archive."""

from __future__ import annotations

from unittest import mock

from django.db import transaction

from catalog.models import Product
from catalog.services import delete_product
from common.actors import GUEST
from orders.checkout import Contact, Item, Wishes, checkout
from tests.contract.recorder import Recorder
from tests.contract.scenarios.catalog_model import KEY

PAST = {"publish_from": "2026-12-01T06:00:00Z", "publish_until": "2026-11-30T06:00:00Z"}


def archive(product: Product) -> None:
    """Somebody has ordered it; then it is deleted."""
    with transaction.atomic():
        checkout(
            items=[Item(quantity=1, product_id=product.pk)], owner=None,
            contact=Contact(phone="+251911234567"), wishes=Wishes(), expected_total=None, by=GUEST,
        )  # fmt: skip
    assert not delete_product(product_id=product.pk)


def publication(s: Recorder) -> None:
    """Begin, end, many variants at once, and restore."""
    token, jebena = s.world.staff_token, {"key": s.world.jebena.slug}
    berbere = {"key": s.world.berbere.pk}
    s.call(
        "products_change", "scheduled", "On sale from the first of December on", token=token, path=berbere,
        body={"publish_from": "2126-12-01T06:00:00Z"}, status=200,
    )  # fmt: skip
    whole = {"name": "Korarima", "price": "180.00"}
    for operation, path, body in (
        ("products_create", {}, whole),
        ("products_change", {"path": berbere}, {}),
        ("products_replace", {"path": berbere}, whole),
    ):
        s.call(
            operation, "too_early", "The publication ends before it begins", token=token, **path,
            body={**body, **PAST}, status=400, code="publish_until_too_early",
        )  # fmt: skip
    sizes = [
        {"options": [{"name": "Size", "value": size}], "price": price, "stock": 3}
        for size, price in (("Extra large", "980.00"), ("Giant", "1900.00"))
    ]
    s.call(
        "variants_create_many", "two", "Two sizes at once", token=token, path=jebena, key=KEY,
        body={"variants": sizes}, status=201,
    )  # fmt: skip
    small = {"options": [{"name": "Size", "value": "Small"}], "price": "500.00"}
    huge = {"options": [{"name": "Size", "value": "Huge"}], "price": "2500.00"}
    s.call(
        "variants_create_many", "options_taken", "There is a small one already", token=token, path=jebena,
        body={"variants": [small]}, status=409, code="options_taken",
    )  # fmt: skip
    s.call(
        "variants_create_many", "sku_taken", "Another variant has this SKU", token=token, path=jebena,
        body={"variants": [{**huge, "sku": "JBN-S"}]}, status=409, code="sku_taken",
    )  # fmt: skip
    s.call(
        "variants_create_many", "compare_at_below_price", "The price before must not be lower", token=token,
        path=jebena, body={"variants": [{**huge, "compare_at_price": "1.00"}]},
        status=400, code="compare_at_below_price",
    )  # fmt: skip
    s.call(
        "variants_create_many", "invalid", "Each mistake is named", token=token, path=jebena,
        body={"variants": [{"price": "-5"}]}, status=400, code="invalid",
    )  # fmt: skip
    with mock.patch("catalog.services.MAX_VARIANTS", 4):
        s.call(
            "variants_create_many", "too_many", "A product has at most 2,048", token=token, path=jebena,
            body={"variants": [huge]}, status=409, code="too_many_variants",
        )  # fmt: skip
        s.call(
            "variants_create", "too_many", "A product has at most 2,048", token=token, path=jebena,
            body=huge, status=409, code="too_many_variants",
        )  # fmt: skip
    archive(s.world.yirgacheffe)
    old = {"key": s.world.yirgacheffe.pk}
    s.call(
        "products_change", "takes_the_slug", "Its address is free", token=token, path=berbere,
        body={"slug": s.world.yirgacheffe.slug, "sku": "YRG-W-500"}, status=200,
    )  # fmt: skip
    s.call(
        "products_restore", "slug_taken", "Another product has its slug by now", token=token, path=old,
        body={}, status=409, code="slug_taken",
    )  # fmt: skip
    s.call(
        "products_restore", "sku_taken", "Another variant has its SKU by now", token=token, path=old,
        body={"slug": "yirgacheffe-2025"}, status=409, code="sku_taken",
    )  # fmt: skip
    s.call(
        "products_restore", "invalid", "Not a slug: digits alone are ids", token=token, path=old,
        body={"slug": "2025"}, status=400, code="invalid",
    )  # fmt: skip
    s.call(
        "products_change", "gives_it_back", "Its SKU is free again", token=token, path=berbere,
        body={"sku": "BRB-M-250"}, status=200,
    )  # fmt: skip
    s.call(
        "products_restore", "restore", "Back as a draft, under another slug", token=token, path=old,
        body={"slug": "yirgacheffe-2025"}, status=200,
    )  # fmt: skip
    s.call(
        "products_restore", "not_archived", "It is there", token=token, path=old, body={},
        status=409, code="not_archived",
    )  # fmt: skip


STORIES = [publication]
