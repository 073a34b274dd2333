"""Addresses of orders. `…/payments/` and `…/cancel/` are served by `payments`, which knows about money in flight."""

from django.urls import path

from orders import change_views, document_views, draft_views, views

urlpatterns = [
    path("orders/checkout/", views.CheckoutView.as_view(), name="checkout"),
    path("orders/", views.OrderListView.as_view(), name="orders"),
    path("orders/<uuid:public_id>/", views.OrderDetailView.as_view(), name="order"),
    path(
        "orders/<uuid:public_id>/history/", views.OrderHistoryView.as_view(), name="order-history"
    ),
    path("orders/drafts/", draft_views.DraftListView.as_view(), name="drafts"),
    path("orders/drafts/<uuid:draft_id>/", draft_views.DraftView.as_view(), name="draft"),
    path(
        "orders/drafts/<uuid:draft_id>/quote/",
        draft_views.DraftQuoteView.as_view(),
        name="draft-quote",
    ),
    path(
        "orders/drafts/<uuid:draft_id>/place/",
        draft_views.DraftPlaceView.as_view(),
        name="draft-place",
    ),
    path(
        "orders/<uuid:public_id>/edits/", change_views.OrderEditsView.as_view(), name="order-edits"
    ),
    path(
        "orders/<uuid:public_id>/cancel-lines/",
        change_views.CancelLinesView.as_view(),
        name="order-cancel-lines",
    ),
    path(
        "orders/<uuid:public_id>/notes/", change_views.OrderNotesView.as_view(), name="order-notes"
    ),
    path("refunds-due/", change_views.RefundsDueView.as_view(), name="refunds-due"),
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
