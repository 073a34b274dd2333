"""The doors of payments that customers, guests and staff use. The gateway's are in `gateway_views`."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from common.idempotency import (
    conversation_key,
    fingerprint_of,
    honours_key,
    idempotent,
    idempotent_conversation,
    principal,
    read_key,
)
from common.limits import Limit, throttle
from common.schema import FORBIDDEN, TOO_MANY, refuses
from orders.access import HoldsOrder, actor_of
from orders.models import CancelReason, Order, WrongOrderState
from orders.serializers import OrderSerializer
from payments import services
from payments.access import find_order_to_act_on, find_payment, find_payment_to_act_on
from payments.serializers import NothingSerializer, PaymentSerializer, StartPaymentSerializer
from payments.start import (
    CurrencyNotTaken,
    OrderAlreadyPaid,
    OrderNotPayable,
    PaymentInReview,
    PaymentRefused,
    PaymentStarting,
)

MAY_CANCEL = "orders.cancel_order"
MAY_START = "payments.add_payment"
MAY_CHECK = "payments.check_payment"


def _named_in_path(request: Request) -> str:
    """What limits count, per caller: naming an order with another token uses up nothing of what its holder may do."""
    return f"{principal(request)}|{request.parser_context['kwargs']['public_id']}"


MINUTE = timedelta(minutes=1)
StartThrottle = throttle(Limit("payment_start", 20, MINUTE), by=_named_in_path)
CheckThrottle = throttle(Limit("payment_check", 30, MINUTE), by=_named_in_path)
CancelThrottle = throttle(Limit("order_cancel", 20, MINUTE), by=_named_in_path)


class StartPaymentView(APIView):
    """Paying an order."""

    permission_classes = [HoldsOrder]
    throttle_classes = [StartThrottle]

    @refuses(
        OrderAlreadyPaid,
        OrderNotPayable,
        CurrencyNotTaken,
        PaymentInReview,
        PaymentStarting,
        PaymentRefused,
        services.PaymentUnavailable,
        FORBIDDEN,
    )
    @extend_schema(
        operation_id="payments_start",
        summary="Start to pay an order",
        description=(
            "Opens a checkout page at the gateway and answers with its `checkout_url`: send the customer's browser there. "
            "Called again while that page is open, it answers with the same one; after a failed attempt, with a new one. "
            "There is never more than one live page per order. Afterwards the customer comes back to `/pay/return/{id}/` "
            "(at `FRONTEND_URL` if that is set), and `POST /api/payments/{id}/check/` tells what became of it. "
            "503 `payment_unavailable` means that the gateway cannot be reached: the order is kept, try again."
        ),
        tags=["payments"],
        request=StartPaymentSerializer,
        responses={201: PaymentSerializer},
    )
    @idempotent_conversation
    def post(self, request: Request, public_id: UUID) -> Response:
        order = find_order_to_act_on(request, public_id, permission=MAY_START)
        serializer = StartPaymentSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        payment = services.start(
            order_id=order.pk,
            method=serializer.validated_data["method"],
            by=actor_of(request, permission=MAY_START),
            idempotency_key=conversation_key(request),
            fingerprint=fingerprint_of(request),
        )
        return Response(PaymentSerializer(payment).data, status=status.HTTP_201_CREATED)


class PaymentView(APIView):
    """One payment."""

    permission_classes = [HoldsOrder]

    @refuses(TOO_MANY)
    @extend_schema(
        operation_id="payments_retrieve",
        summary="Read a payment",
        description=(
            "Where the payment stands as far as we know, without asking the gateway. `failed` is not final: while the "
            "checkout page is open the customer may try again there. Somebody else's payment is a 404."
        ),
        tags=["payments"],
        responses={200: PaymentSerializer},
    )
    def get(self, request: Request, public_id: UUID) -> Response:
        payment = find_payment(request, public_id)
        return Response(PaymentSerializer(payment).data)


class CheckPaymentView(APIView):
    """Asking the gateway now."""

    permission_classes = [HoldsOrder]
    throttle_classes = [CheckThrottle]

    @refuses(services.PaymentUnavailable, FORBIDDEN)
    @extend_schema(
        operation_id="payments_check",
        summary="Ask the gateway about a payment now",
        description=(
            "For the page the customer returns to: asks the gateway what became of the payment, moves payment and order "
            "accordingly, and answers with the payment. Harmless to repeat, and not needed for the money to be found: "
            "webhooks and a schedule of checks find it too."
        ),
        tags=["payments"],
        request=None,
        responses={200: PaymentSerializer},
    )
    def post(self, request: Request, public_id: UUID) -> Response:
        payment = find_payment_to_act_on(request, public_id, permission=MAY_CHECK)
        NothingSerializer(data=request.data).is_valid(raise_exception=True)
        settled = services.settle(payment_id=payment.pk, source="check")
        return Response(PaymentSerializer(settled).data)


class CancelOrderView(APIView):
    """Cancelling an order that is not paid."""

    permission_classes = [HoldsOrder]
    throttle_classes = [CancelThrottle]

    @refuses(
        OrderAlreadyPaid,
        PaymentInReview,
        PaymentStarting,
        WrongOrderState,
        services.PaymentUnavailable,
        FORBIDDEN,
    )
    @extend_schema(
        operation_id="orders_cancel",
        summary="Cancel an order",
        description=(
            "Ends a pending order and frees its stock. If a checkout page is open at the gateway it is closed first and the "
            "gateway is asked a last time: when the money turns out to be there, the order is paid and the answer is 409 "
            "`order_already_paid`. When the gateway cannot be reached nothing changes: 503 `payment_unavailable`."
        ),
        tags=["orders"],
        request=None,
        responses={200: OrderSerializer},
    )
    @honours_key
    def post(self, request: Request, public_id: UUID) -> HttpResponse:
        read_key(request)  # a malformed key is refused before anything is done
        NothingSerializer(data=request.data).is_valid(raise_exception=True)
        order = find_order_to_act_on(request, public_id, permission=MAY_CANCEL)
        by = actor_of(request, permission=MAY_CANCEL)
        services.close_payments(order_id=order.pk, source=f"{by.kind} cancels")
        answer: HttpResponse = self._end(request, order)
        return answer

    @idempotent()
    def _end(self, request: Request, order: Order) -> Response:
        by = actor_of(request, permission=MAY_CANCEL)
        cancelled = services.cancel_closed_order(
            order_id=order.pk,
            by=by,
            reason=CancelReason.STAFF if by.kind in {"staff", "key"} else CancelReason.CUSTOMER,
        )
        return Response(OrderSerializer(cancelled).data)
