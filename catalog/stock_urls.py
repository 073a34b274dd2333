"""Addresses of stock, mounted at /api/stock/."""

from __future__ import annotations

from django.urls import path

from catalog import location_views, stock_views

_ITEM = "<int:item_id>/"

urlpatterns = [
    path("", stock_views.StockListView.as_view(), name="stock"),
    path("locations/", location_views.LocationListView.as_view(), name="stock-locations"),
    path(
        "locations/<slug:location>/", location_views.LocationView.as_view(), name="stock-location"
    ),
    path(_ITEM, stock_views.StockItemView.as_view(), name="stock-item"),
    path(f"{_ITEM}movements/", stock_views.StockMovementsView.as_view(), name="stock-movements"),
    path(f"{_ITEM}counts/", stock_views.StockCountsView.as_view(), name="stock-counts"),
    path(f"{_ITEM}transfers/", stock_views.StockTransfersView.as_view(), name="stock-transfers"),
    path(
        f"{_ITEM}reservations/",
        stock_views.StockReservationsView.as_view(),
        name="stock-reservations",
    ),
]
