"""Addresses of prices and price lists, mounted at /api/. `key` is a product's id or slug."""

from __future__ import annotations

from django.urls import path

from catalog import price_list_views, price_views

_OF_VARIANT = "products/<slug:key>/variants/<int:variant_id>/prices/"

urlpatterns = [
    path(
        "products/<slug:key>/prices/",
        price_views.ProductPricesView.as_view(),
        name="product-prices",
    ),
    path(_OF_VARIANT, price_views.VariantPriceListView.as_view(), name="variant-prices"),
    path(
        f"{_OF_VARIANT}<int:price_id>/",
        price_views.VariantPriceView.as_view(),
        name="variant-price",
    ),
    path(
        f"{_OF_VARIANT}<int:price_id>/end/",
        price_views.EndPriceView.as_view(),
        name="variant-price-end",
    ),
    path("price-lists/", price_list_views.PriceListListView.as_view(), name="price-lists"),
    path("price-lists/<int:list_id>/", price_list_views.PriceListView.as_view(), name="price-list"),
    path(
        "price-lists/<int:list_id>/prices/",
        price_list_views.ListedPricesView.as_view(),
        name="price-list-prices",
    ),
]
