"""Addresses of orders. `…/payments/` and `…/cancel/` are served by `payments`, which knows about money in flight."""

from django.urls import path

from orders import document_views, views

urlpatterns = [
    path("orders/checkout/", views.CheckoutView.as_view(), name="checkout"),
    path("orders/", views.OrderListView.as_view(), name="orders"),
    path("orders/<uuid:public_id>/", views.OrderDetailView.as_view(), name="order"),
    path(
        "orders/<uuid:public_id>/history/", views.OrderHistoryView.as_view(), name="order-history"
    ),
    path(
        "orders/<uuid:public_id>/invoice.pdf", document_views.InvoiceView.as_view(), name="invoice"
    ),
    path(
        "orders/<uuid:public_id>/receipt.pdf", document_views.ReceiptView.as_view(), name="receipt"
    ),
    path(
        "orders/<uuid:public_id>/packing-slip.pdf",
        document_views.PackingSlipView.as_view(),
        name="packing-slip",
    ),
    path(
        "orders/<uuid:public_id>/documents/",
        document_views.DocumentListView.as_view(),
        name="order-documents",
    ),
    path(
        "orders/<uuid:public_id>/documents/<slug:number>.pdf",
        document_views.NumberedDocumentView.as_view(),
        name="order-document",
    ),
    path(
        "legal-details/", document_views.LegalDetailsListView.as_view(), name="legal-details-list"
    ),
    path(
        "legal-details/<int:details_id>/",
        document_views.LegalDetailsView.as_view(),
        name="legal-details",
    ),
]
