"""What the verbs of attributes, brands, collections, languages and words refuse."""

from __future__ import annotations

from collections.abc import Mapping

from catalog.refusals import SlugTaken
from common.errors import Conflict, Invalid, OneField, Refusal


class CodeTaken(OneField, Conflict):
    """Another attribute has this code."""

    code = "code_taken"
    title = "Another attribute has this code"
    field = "code"


class NameTaken(OneField, Conflict):
    """Another brand or product type has this name."""

    code = "name_taken"
    title = "This name is taken"
    field = "name"


class AttributeInUse(Conflict):
    """Products have values of this attribute, or types name it."""

    code = "attribute_in_use"
    title = "This attribute is in use"


class ChoiceInUse(OneField, Conflict):
    """Products have this choice; it can be renamed."""

    code = "choice_in_use"
    title = "Products have this choice"
    field = "choices"


class ProductTypeInUse(Conflict):
    """Products are of this type."""

    code = "product_type_in_use"
    title = "Products are of this type"


class BrandInUse(Conflict):
    """Products are of this brand."""

    code = "brand_in_use"
    title = "Products are of this brand"


class LanguageTaken(OneField, Conflict):
    """The shop has this language."""

    code = "language_taken"
    title = "The shop has this language"
    field = "code"


class LanguageInUse(Conflict):
    """The catalogue is written in this language, or something is translated into it."""

    code = "language_in_use"
    title = "There are translations into this language: remove them first"


class TermTaken(OneField, Conflict):
    """This word is there: change its translations."""

    code = "term_taken"
    title = "This word is there already"
    field = "text"


class NeverShown(OneField, Invalid):
    """A product's publication ends after it begins."""

    code = "publish_until_too_early"
    title = "The publication ends before it begins"
    field = "publish_until"


class TooManyVariants(OneField, Conflict):
    """A product has a limited number of variants."""

    code = "too_many_variants"
    title = "A product has at most 2,048 variants"
    field = "variants"


class NotArchived(Conflict):
    """Only an archived product is restored."""

    code = "not_archived"
    title = "This product is not archived"


BY_CONSTRAINT: Mapping[str, type[Refusal]] = {
    "attribute_code_is_unique": CodeTaken,
    "product_type_name_is_unique": NameTaken,
    "brand_name_is_unique": NameTaken,
    "brand_slug_is_unique": SlugTaken,
    "collection_slug_is_unique": SlugTaken,
    "catalog_language_pkey": LanguageTaken,
    "term_is_unique": TermTaken,
    "product_is_shown_for_some_time": NeverShown,
}
