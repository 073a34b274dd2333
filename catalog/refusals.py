"""What the catalogue's verbs refuse, and which constraint says so when two writers meet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from common.constraints import refusing
from common.errors import Conflict, Invalid, NotFound, OneField, Refusal


class NoSuchProduct(NotFound):
    """No product, or one this caller may not see."""


class SlugTaken(OneField, Conflict):
    """Another product (or category) has this slug."""

    code = "slug_taken"
    title = "This slug is taken"
    field = "slug"


class SkuTaken(OneField, Conflict):
    """Another variant has this SKU."""

    code = "sku_taken"
    title = "This SKU is taken"
    field = "sku"


class OptionsTaken(OneField, Conflict):
    """The product has a variant with these options already."""

    code = "options_taken"
    title = "The product has a variant with these options"
    field = "options"


class CompareAtBelowPrice(OneField, Invalid):
    """A price before the reduction must not be below the price."""

    code = "compare_at_below_price"
    title = "The compare-at price must not be below the price"
    field = "compare_at_price"


class SeveralVariants(OneField, Conflict):
    """Price, SKU and stock belong to the variants of this product."""

    code = "several_variants"
    title = "This product has several variants: change the variant"
    field = "price"


class LastVariant(Conflict):
    """A product keeps at least one variant."""

    code = "last_variant"
    title = "A product keeps at least one variant: delete the product instead"


class CategoryInUse(Conflict):
    """Products or categories are below it."""

    code = "category_in_use"
    title = "This category still has products or categories in it"


class CategoryCycle(OneField, Invalid):
    """A category cannot be below itself."""

    code = "category_cycle"
    title = "A category cannot be below itself"
    field = "parent"


class CategoryTooDeep(OneField, Invalid):
    """The tree has a limited depth."""

    code = "category_too_deep"
    title = "Categories nest at most 10 deep"
    field = "parent"


class NoSuchCategory(OneField, Invalid):
    """A body or query names a category that does not exist."""

    code = "does_not_exist"
    title = "There is no such category"
    field = "category"


_BY_CONSTRAINT: dict[str, type[OneField]] = {
    "product_slug_is_unique_unless_archived": SlugTaken,
    "category_slug_is_unique": SlugTaken,
    "variant_sku_is_unique_unless_archived": SkuTaken,
    "variant_options_are_unique_in_product": OptionsTaken,
    "compare_at_price_is_not_below_price": CompareAtBelowPrice,
}


@contextmanager
def refusing_conflicts(further: Mapping[str, type[Refusal]] | None = None) -> Iterator[None]:
    """Run a write in a savepoint; a constraint that refuses it speaks as one of the refusals above, or of `further`.

    Looking first would not do: the other writer may commit in between. The constraint has the last word.
    """
    with refusing({**_BY_CONSTRAINT, **(further or {})}):
        yield
