"""/api/carts/"""

from __future__ import annotations

from django.urls import path

from cart import item_views, views

urlpatterns = [
    path("", views.CartListView.as_view()),
    path("merge/", views.MergeView.as_view()),
    path("<uuid:cart_id>/", views.CartView.as_view()),
    path("<uuid:cart_id>/quote/", views.QuoteView.as_view()),
    path("<uuid:cart_id>/items/", item_views.CartItemListView.as_view()),
    path("<uuid:cart_id>/items/<uuid:item_id>/", item_views.CartItemView.as_view()),
    path("<uuid:cart_id>/coupon/", item_views.CouponView.as_view()),
]
