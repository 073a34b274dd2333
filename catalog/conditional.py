"""What `If-Match` is compared with in the catalogue.

A product's state is its `version`, which triggers keep; variants and pictures are parts of their product and share its
state.
"""

from __future__ import annotations

from catalog.models import Category, Product
from common.conditional import state_of


def product_state(product: Product) -> str:
    """The first part of the ETag of a product, its variants and its pictures."""
    return f"v{product.pk}-{product.version}"


def category_state(category: Category) -> str:
    """The first part of a category's ETag: the same for everybody and in every language."""
    return state_of(
        {f.attname: getattr(category, f.attname) for f in category._meta.concrete_fields}
    )
