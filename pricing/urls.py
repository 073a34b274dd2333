"""Addresses of promotions and taxes, mounted at /api/."""

from __future__ import annotations

from django.urls import path

from pricing import promotion_views, tax_views

_CODES = "promotions/<int:promotion_id>/coupons/"
_CATEGORY = "tax-categories/<slug:code>/"

urlpatterns = [
    path("promotions/", promotion_views.PromotionListView.as_view(), name="promotions"),
    path(
        "promotions/<int:promotion_id>/", promotion_views.PromotionView.as_view(), name="promotion"
    ),
    path(_CODES, promotion_views.CouponListView.as_view(), name="coupons"),
    path(f"{_CODES}batch/", promotion_views.CouponBatchView.as_view(), name="coupon-batch"),
    path(f"{_CODES}<int:coupon_id>/", promotion_views.CouponView.as_view(), name="coupon"),
    path("tax-rates/", tax_views.TaxRateListView.as_view(), name="tax-rates"),
    path("tax-rates/<int:rate_id>/", tax_views.TaxRateView.as_view(), name="tax-rate"),
    path("tax-categories/", tax_views.TaxCategoryListView.as_view(), name="tax-categories"),
    path(_CATEGORY, tax_views.TaxCategoryView.as_view(), name="tax-category"),
    path(
        f"{_CATEGORY}assignments/",
        tax_views.TaxAssignmentListView.as_view(),
        name="tax-assignments",
    ),
    path(
        f"{_CATEGORY}assignments/<int:assignment_id>/",
        tax_views.TaxAssignmentView.as_view(),
        name="tax-assignment",
    ),
    path("tax-exemptions/", tax_views.TaxExemptionListView.as_view(), name="tax-exemptions"),
    path(
        "tax-exemptions/<int:exemption_id>/",
        tax_views.TaxExemptionView.as_view(),
        name="tax-exemption",
    ),
]
