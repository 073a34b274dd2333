"""What prices depend on beside the catalogue: taxes, promotions and their codes, delivery."""

from pricing.models.delivery import (
    DeliveryBooking,
    DeliveryFee,
    DeliveryKind,
    DeliveryMethod,
    DeliveryWindow,
)
from pricing.models.promotions import (
    Coupon,
    CouponUse,
    Promotion,
    PromotionAmount,
    PromotionGroup,
    PromotionTarget,
)
from pricing.models.taxes import (
    TaxAssignment,
    TaxCategory,
    TaxExemption,
    TaxRate,
    TsTzRange,
    tax_rate_at,
)

__all__ = [
    "Coupon",
    "CouponUse",
    "DeliveryBooking",
    "DeliveryFee",
    "DeliveryKind",
    "DeliveryMethod",
    "DeliveryWindow",
    "Promotion",
    "PromotionAmount",
    "PromotionGroup",
    "PromotionTarget",
    "TaxAssignment",
    "TaxCategory",
    "TaxExemption",
    "TaxRate",
    "TsTzRange",
    "tax_rate_at",
]
