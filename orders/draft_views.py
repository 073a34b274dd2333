"""The doors of drafts: orders that staff write down for customers on the telephone."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import django_filters
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from account.actors import staff_actor
from common.conditional import honours_if_match, tagged
from common.errors import NotFound
from common.idempotency import idempotent
from common.public_doors import checked
from common.schema import FORBIDDEN, refuses
from inventory.refusals import TooMuchReserved
from orders import drafts
from orders.asked import NotForSale, OutOfStock, PurchaseLimit
from orders.checkout import CodeNotApplied, NoSuchMethod, NoSuchPoint, NotDelivered, PriceChanged
from orders.draft_serializers import (
    DraftInputSerializer,
    DraftQuoteSerializer,
    DraftSerializer,
    PlaceSerializer,
    fields_of,
)
from orders.models import DraftClosed, DraftOrder, DraftStatus, Order
from orders.serializers import OrderSerializer
from places.refusals import NoSuchArea
from pricing.delivery_refusals import DeliveryWindowFull, DeliveryWindowUnavailable
from pricing.quoting import TotalTooLarge
from pricing.redemptions import CouponUsedUp

TAGS = ["drafts"]


class ManagesDrafts(BasePermission):
    """The permission on drafts: to see them, to begin one, to change and close it."""

    def has_permission(self, request: Request, view: Any) -> bool:
        verb = "view" if request.method in SAFE_METHODS else getattr(view, "verb", "change")
        user: Any = request.user
        return bool(user.is_authenticated and user.has_perm(f"orders.{verb}_draftorder"))


class DraftDoor(generics.GenericAPIView[Any]):
    """What the doors of drafts share."""

    permission_classes = [ManagesDrafts]
    serializer_class = DraftSerializer
    queryset = DraftOrder.objects.select_related("customer", "order")

    def find(self, draft_id: UUID) -> DraftOrder:
        """The draft of that id.

        Raises:
            NotFound
        """
        found: DraftOrder | None = self.get_queryset().filter(public_id=draft_id).first()
        if found is None:
            raise NotFound("There is no such draft.")
        return found

    def written(self, currency: str) -> dict[str, Any]:
        """The checked body, if the caller may write all that is in it: prices and customers have permissions of their own.

        Raises:
            PermissionDenied, rest_framework.exceptions.ValidationError
        """
        data = checked(DraftInputSerializer, self.request.data)
        user: Any = self.request.user
        priced = any("unit_price" in item for item in data.get("items", []))
        if priced and not user.has_perm("orders.change_order"):
            raise PermissionDenied
        if data.get("customer") and not user.has_perm("account.view_user"):
            raise PermissionDenied
        return fields_of(data, currency)


def draft_state(draft: DraftOrder) -> str:
    """The state of a draft, for its ETag."""
    return f"{draft.public_id.hex}-{draft.version}"


def _hold(view: Any, draft_id: UUID) -> str:
    return draft_state(drafts.lock_draft(draft_id))


class DraftFilter(django_filters.FilterSet):
    """Narrowing drafts."""

    status = django_filters.ChoiceFilter(choices=DraftStatus.choices)

    class Meta:
        model = DraftOrder
        fields: list[str] = []


class DraftListView(DraftDoor):
    """All drafts."""

    verb = "add"
    filter_backends = [DjangoFilterBackend]
    filterset_class = DraftFilter
    orderings = {"-created_at": "-created_at", "created_at": "created_at"}
    default_ordering = "-created_at"

    @extend_schema(
        operation_id="drafts_list",
        summary="List drafts",
        description="Newest first. Drafts that nobody touches for 30 days are deleted.",
        tags=TAGS,
        responses=DraftSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @refuses(FORBIDDEN)
    @extend_schema(
        operation_id="drafts_create",
        summary="Begin a draft",
        description=(
            "For a customer on the telephone: an account, or a guest by e-mail or telephone. Nothing is reserved yet. A"
            " price that is agreed instead of the shop's wants `orders.change_order` and a reason."
        ),
        tags=TAGS,
        request=DraftInputSerializer,
        responses={201: DraftSerializer},
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        fields = self.written(settings.SHOP_CURRENCY)
        draft = drafts.create_draft(fields=fields, by=staff_actor(request.user))
        return Response(self.get_serializer(draft).data, status.HTTP_201_CREATED)


class DraftView(DraftDoor):
    """One draft."""

    @extend_schema(operation_id="drafts_retrieve", summary="Show a draft", description="By id.", tags=TAGS)  # fmt: skip
    def get(self, request: Request, draft_id: UUID) -> Response:
        return self._answer(request, self.find(draft_id))

    @refuses(DraftClosed, FORBIDDEN)
    @extend_schema(
        operation_id="drafts_change",
        summary="Change a draft",
        description="Only the fields given; `items` replaces all of them.",
        tags=TAGS,
        request=DraftInputSerializer,
    )
    @honours_if_match(_hold)
    def patch(self, request: Request, draft_id: UUID) -> Response:
        changes = self.written(self.find(draft_id).currency)
        return self._answer(request, drafts.change_draft(draft_id=draft_id, changes=changes))

    @refuses(DraftClosed)
    @extend_schema(
        operation_id="drafts_discard",
        summary="Throw a draft away",
        description="It stays in the list as `discarded`, without its customer.",
        tags=TAGS,
        responses={204: None},
    )
    @honours_if_match(_hold)
    def delete(self, request: Request, draft_id: UUID) -> Response:
        drafts.discard_draft(draft_id=draft_id, by=staff_actor(request.user))
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _answer(self, request: Request, draft: DraftOrder) -> Response:
        return tagged(request, Response(self.get_serializer(draft).data), draft_state(draft))


class DraftQuoteView(DraftDoor):
    """What a draft would cost."""

    @refuses(NoSuchMethod, NoSuchPoint, NoSuchArea, TotalTooLarge)
    @extend_schema(
        operation_id="drafts_quote",
        summary="Price a draft",
        description="At today's prices, with promotions, codes, delivery and tax; and what stands in its way.",
        tags=TAGS,
        responses=DraftQuoteSerializer,
    )
    def get(self, request: Request, draft_id: UUID) -> Response:
        draft = self.find(draft_id)
        shown = drafts.quote_draft(draft)
        return Response(DraftQuoteSerializer(shown, currency=draft.currency).data)


class DraftPlaceView(DraftDoor):
    """Making a draft an order."""

    @refuses(
        DraftClosed, NotForSale, OutOfStock, PurchaseLimit, PriceChanged, CodeNotApplied,
        NotDelivered, NoSuchMethod, NoSuchPoint, NoSuchArea, DeliveryWindowUnavailable, DeliveryWindowFull,
        CouponUsedUp, TooMuchReserved, TotalTooLarge, FORBIDDEN,
    )  # fmt: skip
    @extend_schema(
        operation_id="drafts_place",
        summary="Make a draft an order",
        description=(
            "A pending order at today's prices, its stock set aside. The customer is sent the link to pay it. Placed again,"
            " it is the same order, with 200."
        ),
        tags=TAGS,
        request=PlaceSerializer,
        responses={201: OrderSerializer, 200: OrderSerializer},
    )
    @idempotent()
    def post(self, request: Request, draft_id: UUID) -> Response:
        data = checked(PlaceSerializer, request.data)
        expected = data.get("expected_total")
        order, is_new = drafts.place_draft(
            draft_id=draft_id,
            by=staff_actor(request.user),
            expected_total=expected.amount if expected else None,
        )
        fresh = Order.objects.for_reading().get(pk=order.pk)
        code = status.HTTP_201_CREATED if is_new else status.HTTP_200_OK
        return Response(OrderSerializer(fresh).data, code)
