"""Addresses of shipments and returns, below their order; staff find all returns at `returns/`."""

from django.urls import path

from fulfilment import paper_views as papers
from fulfilment import return_views as returns
from fulfilment import shipment_views as shipments

_SHIPMENT = "orders/<uuid:public_id>/shipments/<uuid:shipment_id>/"
_RETURN = "returns/<uuid:return_id>/"

urlpatterns = [
    path("orders/<uuid:public_id>/shipments/", shipments.ShipmentListView.as_view()),
    path(_SHIPMENT, shipments.ShipmentView.as_view()),
    path(f"{_SHIPMENT}sent/", shipments.SentView.as_view()),
    path(f"{_SHIPMENT}ready/", shipments.ReadyView.as_view()),
    path(f"{_SHIPMENT}code/", shipments.CodeView.as_view()),
    path(f"{_SHIPMENT}handover/", shipments.HandOverView.as_view()),
    path(f"{_SHIPMENT}delivered/", shipments.DeliveredView.as_view()),
    path(f"{_SHIPMENT}cancel/", shipments.CancelView.as_view()),
    path(f"{_SHIPMENT}label.pdf", papers.LabelView.as_view()),
    path(f"{_SHIPMENT}packing-slip.pdf", papers.ShipmentSlipView.as_view()),
    path("orders/<uuid:public_id>/returns/", returns.OrderReturnsView.as_view()),
    path("returns/", returns.ReturnListView.as_view()),
    path(_RETURN, returns.ReturnView.as_view()),
    path(f"{_RETURN}approve/", returns.ApproveView.as_view()),
    path(f"{_RETURN}refuse/", returns.RefuseView.as_view()),
    path(f"{_RETURN}receive/", returns.ReceiveView.as_view()),
    path(f"{_RETURN}close/", returns.CloseView.as_view()),
]
