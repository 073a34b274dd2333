"""What the verbs of promotions, codes and taxes refuse."""

from __future__ import annotations

from collections.abc import Mapping

from common.errors import Conflict, Invalid, NotFound, OneField, Refusal


class NoSuchPromotion(NotFound):
    """There is no such promotion."""


class NoSuchCoupon(NotFound):
    """The promotion has no such code."""


class PromotionInUse(Conflict):
    """It has been used, and stands in the books: take it back with `is_active`."""

    code = "promotion_in_use"
    title = "This has been used: deactivate it"


class LimitBelowUses(OneField, Conflict):
    """It has been used more often than the new limit allows."""

    code = "limit_below_uses"
    title = "It has been used more often already"
    field = "limit"


class CouponCodeTaken(OneField, Conflict):
    """A code stands for one promotion."""

    code = "coupon_code_taken"
    title = "This code is taken"
    field = "code"


class NotACode(OneField, Invalid):
    """A code has three to forty letters and digits, with dots, dashes and low lines between them."""

    code = "not_a_code"
    title = "Give 3 to 40 letters and digits"
    field = "code"


class PromotionEndsTooEarly(OneField, Invalid):
    """It ends after it begins."""

    code = "ends_too_early"
    title = "It has to end after it begins"
    field = "valid_until"


class NoSuchTaxRate(NotFound):
    """There is no such tax rate."""


class NoSuchTaxCategory(NotFound):
    """There is no such tax category."""


class NoSuchTaxExemption(NotFound):
    """There is no such exemption."""


class NoSuchTaxAssignment(NotFound):
    """There is no such assignment."""


class TaxRatesOverlap(OneField, Conflict):
    """A category has one rate at a time in an area: end the other first."""

    code = "tax_rates_overlap"
    title = "Another rate holds at that time"
    field = "valid_from"


class TaxRateHasBegun(Conflict):
    """A rate that has begun is history: end it, and add the next."""

    code = "tax_rate_has_begun"
    title = "This rate has begun: end it, and add another"


class TaxRateEndsTooEarly(OneField, Invalid):
    """It ends after it begins, and not in the past."""

    code = "ends_too_early"
    title = "It has to end after it begins, and not in the past"
    field = "valid_until"


class TaxCategoryTaken(OneField, Conflict):
    """Another category has this code."""

    code = "tax_category_taken"
    title = "Another tax category has this code"
    field = "code"


class TaxCategoryInUse(Conflict):
    """Rates, goods or deliveries are of this category, or it is the standard one."""

    code = "tax_category_in_use"
    title = "This tax category is in use"


class StandardIsTaxed(OneField, Invalid):
    """Standard goods are taxed; what is not is of another category."""

    code = "standard_is_taxed"
    title = "The standard category is taxed"
    field = "treatment"


class TaxAssigned(OneField, Conflict):
    """It has a tax category already: remove that first."""

    code = "tax_assigned"
    title = "It has a tax category already"
    field = "product"


BY_CONSTRAINT: Mapping[str, type[Refusal]] = {
    "promotion_ends_after_it_begins": PromotionEndsTooEarly,
    "promotion_is_used_within_its_limit": LimitBelowUses,
    "coupon_is_used_within_its_limit": LimitBelowUses,
    "coupon_code_is_unique": CouponCodeTaken,
    "coupon_code_is_normalised": NotACode,
    "one_tax_rate_at_a_time": TaxRatesOverlap,
    "tax_rate_ends_after_it_begins": TaxRateEndsTooEarly,
    "tax_exemption_ends_after_it_begins": TaxRateEndsTooEarly,
    "pricing_taxcategory_pkey": TaxCategoryTaken,
    "standard_goods_are_taxed": StandardIsTaxed,
    "pricing_taxassignment_product_id_key": TaxAssigned,
    "pricing_taxassignment_category_id_key": TaxAssigned,
}
