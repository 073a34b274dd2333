"""The catalogue as facts: what is sold, how it is described, grouped and priced."""

from catalog.models.attributes import (
    CODE_PATTERN,
    Attribute,
    AttributeChoice,
    AttributeValue,
    Kind,
    ProductType,
    TypeAttribute,
)
from catalog.models.categories import Category, CategoryQuerySet
from catalog.models.groupings import Brand, Collection, CollectionProduct
from catalog.models.media import Image
from catalog.models.naming import (
    NAME_LENGTH,
    NON_DIGIT,
    SKU_LENGTH,
    SLUG_LENGTH,
    SLUG_PATTERN,
    VARIANT_NAME_LENGTH,
    by_id_or_slug,
)
from catalog.models.prices import RETAIL, Offer, Price, PriceChange, PriceList
from catalog.models.products import Product, ProductQuerySet
from catalog.models.texts import Language, Term
from catalog.models.transfers import Transfer, TransferChunk
from catalog.models.variants import BundlePart, Variant, VariantQuerySet
from catalog.models.versions import CatalogMoment, CatalogTouch, CatalogVersion, Document
from catalog.models.words import SearchAlias, SearchWord

__all__ = [
    "CODE_PATTERN",
    "NAME_LENGTH",
    "NON_DIGIT",
    "RETAIL",
    "SKU_LENGTH",
    "SLUG_LENGTH",
    "SLUG_PATTERN",
    "VARIANT_NAME_LENGTH",
    "Attribute",
    "AttributeChoice",
    "AttributeValue",
    "Brand",
    "BundlePart",
    "CatalogMoment",
    "CatalogTouch",
    "CatalogVersion",
    "Category",
    "CategoryQuerySet",
    "Collection",
    "CollectionProduct",
    "Document",
    "Image",
    "Kind",
    "Language",
    "Offer",
    "Price",
    "PriceChange",
    "PriceList",
    "Product",
    "ProductQuerySet",
    "ProductType",
    "SearchAlias",
    "SearchWord",
    "Term",
    "Transfer",
    "TransferChunk",
    "TypeAttribute",
    "Variant",
    "VariantQuerySet",
    "by_id_or_slug",
]
