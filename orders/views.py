"""The doors of orders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

import django_filters
from django.db.models import QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import generics, status
from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from account.actors import person_of
from common.conditional import tagged
from common.errors import NotFound
from common.idempotency import idempotent
from common.schema import FORBIDDEN, TOO_MANY, refuses
from inventory.refusals import TooMuchReserved
from orders import throttles
from orders.access import (
    HoldsOrder,
    PlacesOrders,
    actor_of,
    count_guess,
    order_state,
    orders_of,
)
from orders.checkout import (
    ChooseVariant,
    CodeNotApplied,
    Contact,
    EmptyCart,
    Item,
    NoSuchMethod,
    NoSuchPoint,
    NotDelivered,
    NotForSale,
    OutOfStock,
    PriceChanged,
    PurchaseLimit,
    Wishes,
    WrongCurrency,
    checkout,
    checkout_cart,
    choice_of,
)
from orders.models import Order, OrderEvent, Source, Status
from orders.serializers import (
    CheckoutSerializer,
    OrderEventSerializer,
    OrderSerializer,
    PlacedOrderSerializer,
)
from orders.tokens import reveal_order_token
from places.refusals import NoSuchArea
from pricing.asking import Choice
from pricing.delivery_refusals import DeliveryWindowFull, DeliveryWindowUnavailable
from pricing.quoting import TotalTooLarge
from pricing.redemptions import CouponUsedUp


def find_order(request: Request, public_id: UUID) -> Order:
    """The order of that id, if the caller may see it.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    order = orders_of(request).filter(public_id=public_id).first()
    if order is None:
        count_guess(request)
        raise NotFound("There is no such order, or it is not yours.")
    return order


CART_TOKEN_HEADER = "X-Cart-Token"  # noqa: S105


def _area_of(data: Mapping[str, Any]) -> str:
    return str(data.get("shipping_address", {}).get("area", ""))


class CheckoutView(APIView):
    """Placing an order."""

    permission_classes = [PlacesOrders]
    throttle_classes = throttles.CHECKOUT

    @refuses(
        NotForSale,
        ChooseVariant,
        OutOfStock,
        PurchaseLimit,
        TooMuchReserved,
        PriceChanged,
        CodeNotApplied,
        CouponUsedUp,
        EmptyCart,
        WrongCurrency,
        NotDelivered,
        NoSuchMethod,
        NoSuchPoint,
        NoSuchArea,
        DeliveryWindowUnavailable,
        DeliveryWindowFull,
        TotalTooLarge,
        NotFound,
        FORBIDDEN,
    )
    @extend_schema(
        operation_id="checkout",
        summary="Place an order",
        description=(
            "Turns items, or a cart, into an order at today's prices and sets their stock aside: all of it or none, in one "
            "transaction. A cart becomes one order, however often it is tried. Prices are those of the caller's price "
            "list, for the quantity ordered, in `currency`. Guests "
            "give an `email` or a `phone` and receive an `order_token`. With `expected_total` a price that moved is "
            "refused. With an `Idempotency-Key` a repeated call gives the same order again. Unpaid, the order ends at "
            "`expires_at`. Next: `POST /api/orders/{id}/payments/`."
        ),
        tags=["orders"],
        request=CheckoutSerializer,
        responses={201: PlacedOrderSerializer},
    )
    @idempotent(reveal=reveal_order_token)
    def post(self, request: Request) -> Response:
        serializer = CheckoutSerializer(data=request.data, context={"request": request})
        serializer.is_valid(raise_exception=True)
        data = serializer.validated_data
        said: dict[str, Any] = {
            "contact": Contact(email=data.get("email", ""), phone=data.get("phone", "")),
            "wishes": Wishes(
                shipping_address=data.get("shipping_address", {}),
                delivery=data.get("delivery", {}),
                payment_method=data.get("payment_method", ""),
            ),
            "expected_total": data.get("expected_total"),
            "by": actor_of(request, permission="orders.add_order"),
        }
        choice = choice_of(data.get("delivery", {}))
        if "cart" in data:
            order = checkout_cart(
                cart_id=data["cart"],
                user=person_of(request.user),
                token=request.headers.get(CART_TOKEN_HEADER, "")[:200],
                expected_currency=data.get("expected_currency", ""),
                choice=choice if choice != Choice() else None,
                area=_area_of(data),
                **said,
            )
        else:
            order = checkout(
                items=[Item(**item) for item in data["items"]],
                owner=person_of(request.user),
                currency=data.get("currency", ""),
                codes=data.get("codes", []),
                choice=choice if choice.area else replace(choice, area=_area_of(data)),
                **said,
            )
        body: dict[str, Any] = OrderSerializer(order).data
        if order.token_hash:
            body["order_token"] = order.token_hash  # `reveal_order_token` puts the token here
        return Response(body, status=status.HTTP_201_CREATED)


class OrderFilter(django_filters.FilterSet):
    """Narrowing a list of orders."""

    status = django_filters.ChoiceFilter(choices=Status.choices)
    source = django_filters.ChoiceFilter(
        choices=Source.choices, help_text="`history`: imported from before."
    )
    number = django_filters.CharFilter(max_length=16, lookup_expr="iexact")
    created_after = django_filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="gte")
    created_before = django_filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="lt")

    class Meta:
        model = Order
        fields: list[str] = []


@refuses(TOO_MANY)
@extend_schema_view(
    get=extend_schema(
        operation_id="orders_list",
        summary="List orders",
        description=(
            "A customer's own orders, newest first; with `X-Order-Token` the order it stands for; for staff whose role "
            "grants it, all orders."
        ),
        tags=["orders"],
    )
)
class OrderListView(generics.ListAPIView[Order]):
    """Orders the caller may see."""

    permission_classes = [HoldsOrder]
    serializer_class = OrderSerializer
    filter_backends = [DjangoFilterBackend]
    filterset_class = OrderFilter
    orderings = {"-created_at": "-created_at", "created_at": "created_at"}
    default_ordering = "-created_at"
    queryset = Order.objects.none()

    def get_queryset(self) -> QuerySet[Order]:
        return orders_of(self.request).for_reading()

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        if not request.user.is_authenticated and not orders_of(request).exists():
            count_guess(request)
            raise NotAuthenticated("This order token stands for no order.")
        return super().list(request, *args, **kwargs)


class OrderDetailView(APIView):
    """One order."""

    permission_classes = [HoldsOrder]

    @refuses(TOO_MANY)
    @extend_schema(
        operation_id="orders_retrieve",
        summary="Read an order",
        description="The order with its lines and the attempts to pay it. Somebody else's order is a 404.",
        tags=["orders"],
        responses={200: OrderSerializer},
    )
    def get(self, request: Request, public_id: UUID) -> Response:
        order = find_order(request, public_id)
        return tagged(request, Response(OrderSerializer(order).data), order_state(order))


@refuses(TOO_MANY)
@extend_schema_view(
    get=extend_schema(
        operation_id="orders_history",
        summary="Read an order's history",
        description="Every move of the order, oldest first, with who made it.",
        tags=["orders"],
    )
)
class OrderHistoryView(generics.ListAPIView[OrderEvent]):
    """What happened to one order."""

    permission_classes = [HoldsOrder]
    serializer_class = OrderEventSerializer
    orderings = {"created_at": "created_at", "-created_at": "-created_at"}
    default_ordering = "created_at"
    filter_backends = []
    queryset = OrderEvent.objects.none()

    def get_queryset(self) -> QuerySet[OrderEvent]:
        return find_order(self.request, self.kwargs["public_id"]).history.all()
