"""The pages."""

from __future__ import annotations

from django.urls import path

from storefront import account_pages, order_pages, payment_pages, views

urlpatterns = [
    path("", views.home, name="home"),
    path("account/verify/", account_pages.verify, name="verify"),
    path("account/reset/", account_pages.reset, name="reset"),
    path("pay/order/<uuid:public_id>/", order_pages.pay_order, name="order-pay"),
    path("pay/return/<uuid:public_id>/", payment_pages.payment_return, name="payment-return"),
]
