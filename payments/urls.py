"""Addresses of payments, and those of orders that need to know about money in flight."""

from django.urls import path

from payments import gateway_views, views

urlpatterns = [
    path(
        "orders/<uuid:public_id>/payments/",
        views.StartPaymentView.as_view(),
        name="order-payments",
    ),
    path("orders/<uuid:public_id>/cancel/", views.CancelOrderView.as_view(), name="order-cancel"),
    path("payments/chapa/webhook/", gateway_views.WebhookView.as_view(), name="chapa-webhook"),
    path("payments/chapa/callback/", gateway_views.CallbackView.as_view(), name="chapa-callback"),
    path("payments/<uuid:public_id>/", views.PaymentView.as_view(), name="payment"),
    path(
        "payments/<uuid:public_id>/check/", views.CheckPaymentView.as_view(), name="payment-check"
    ),
]
