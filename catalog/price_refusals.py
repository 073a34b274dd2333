"""What the verbs of prices, price lists and bundles refuse."""

from __future__ import annotations

from collections.abc import Mapping

from common.errors import Conflict, Invalid, NotFound, OneField, Refusal


class PriceOverlaps(OneField, Conflict):
    """The variant has such a price for a part of that time: end that one first."""

    code = "price_overlaps"
    title = "Another price holds for a part of that time"
    field = "valid_from"


class PriceHasBegun(Conflict):
    """A price that has begun is history: it can be ended, and another added."""

    code = "price_has_begun"
    title = "This price has begun: end it, and add another"


class PriceHasNotBegun(Conflict):
    """A price that is still to come is not ended: delete it, or give it an end."""

    code = "price_has_not_begun"
    title = "This price has not begun: delete it"


class PriceHasEnded(Conflict):
    """The price has ended already."""

    code = "price_has_ended"
    title = "This price has ended"


class BeginsInThePast(OneField, Invalid):
    """Prices cannot be written into the past: leave `valid_from` out to begin now."""

    code = "begins_in_the_past"
    title = "A price cannot begin in the past: leave valid_from out to begin now"
    field = "valid_from"


class EndsTooEarly(OneField, Invalid):
    """A price ends after it begins, and not in the past."""

    code = "ends_too_early"
    title = "A price ends after it begins, and not in the past"
    field = "valid_until"


class SaleAboveRegular(OneField, Invalid):
    """A reduction is not above the price that it reduces; there has to be one."""

    code = "sale_above_regular"
    title = "A sale price is not above the regular price"
    field = "price"


class RetailStays(Conflict):
    """The retail list is everybody's: it belongs to no group, and stays."""

    code = "retail_list_stays"
    title = "The retail list is everybody's"


class PriceListTaken(OneField, Conflict):
    """Another price list has this name."""

    code = "price_list_taken"
    title = "Another price list has this name"
    field = "name"


class GroupHasPriceList(OneField, Conflict):
    """The group has a price list already."""

    code = "group_has_price_list"
    title = "The group has a price list already"
    field = "group"


class NoSuchPriceList(OneField, Invalid):
    """A body or query names a price list that does not exist."""

    code = "does_not_exist"
    title = "There is no such price list"
    field = "price_list"


class NoSuchPriceListHere(NotFound):
    """There is no such price list."""


class NoSuchPrice(NotFound):
    """The variant has no such price."""


class NoSuchPart(OneField, Invalid):
    """A part of a bundle is not a variant of this shop (any more)."""

    code = "does_not_exist"
    title = "There is no such variant"
    field = "parts"


class NestedBundle(OneField, Invalid):
    """A bundle is made neither of bundles nor of itself, and what is a part of a bundle is none."""

    code = "nested_bundle"
    title = "A bundle is not made of bundles"
    field = "parts"


class BundleHasStock(OneField, Conflict):
    """A bundle is sold out of the stock of its parts: it has none of its own, and nobody is promised any."""

    code = "bundle_has_stock"
    title = "A bundle has no stock of its own"
    field = "stock"


class PartOfBundle(Conflict):
    """A bundle on sale needs this variant: take it out of the bundle first."""

    code = "part_of_bundle"
    title = "A bundle needs this variant"


BUNDLING = (
    NestedBundle,
    BundleHasStock,
    NoSuchPart,
)  # what writing the parts of a variant may meet
BY_CONSTRAINT: Mapping[str, type[Refusal]] = {
    "one_price_at_a_time": PriceOverlaps,
    "begun_price_is_history": PriceHasBegun,
    "price_ends_after_it_begins": EndsTooEarly,
    "price_list_name_is_unique": PriceListTaken,
    "catalog_pricelist_group_id_key": GroupHasPriceList,
    "bundle_part_is_no_bundle": NestedBundle,
}
