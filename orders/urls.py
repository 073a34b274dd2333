"""Addresses of orders. `…/payments/` and `…/cancel/` are served by `payments`, which knows about money in flight."""

from django.urls import path

from orders import views

urlpatterns = [
    path("orders/checkout/", views.CheckoutView.as_view(), name="checkout"),
    path("orders/", views.OrderListView.as_view(), name="orders"),
    path("orders/<uuid:public_id>/", views.OrderDetailView.as_view(), name="order"),
    path(
        "orders/<uuid:public_id>/history/", views.OrderHistoryView.as_view(), name="order-history"
    ),
]
