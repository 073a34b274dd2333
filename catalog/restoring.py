"""Bringing back what was archived because orders refer to it."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Max
from django.db.models.functions import Now

from catalog.model_refusals import NotArchived
from catalog.models import Product, Variant
from catalog.refusals import NoSuchProduct, refusing_conflicts


def restore_product(*, product_id: int, slug: str = "") -> Product:
    """Bring an archived product back as a draft, with the variants that were archived with it.

    Variants that had been archived before stay so.

    Args:
        slug: another one than it had; its own by default.

    Raises:
        NoSuchProduct. NotArchived: it is there. SlugTaken, SkuTaken: its name or a SKU belongs to another by now.
    """
    with transaction.atomic():
        product = (
            Product.objects.select_for_update(no_key=True).defer("search").filter(pk=product_id)
        ).first()
        if product is None:
            raise NoSuchProduct("There is no such product.")
        if product.archived_at is None:
            raise NotArchived
        # Archiving a product archives its variants by one statement, the last that did so.
        variants = Variant.objects.filter(product=product)
        last = variants.aggregate(last=Max("archived_at"))["last"]
        product.slug = slug or product.slug
        product.archived_at = None
        product.updated_at = Now()
        with refusing_conflicts():
            product.save(update_fields=["slug", "archived_at", "updated_at"])
            variants.filter(archived_at=last).update(archived_at=None, updated_at=Now())
        product.refresh_from_db()
    return product
