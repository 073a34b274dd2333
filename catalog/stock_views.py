"""The doors of stock. They are the catalogue's, as people look for a SKU; what they call is inventory's."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import models
from django.db.models import F, Prefetch, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, status
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.access import staff_actor
from catalog.doors import checked
from catalog.low_stock import running_low
from catalog.models import Product, by_id_or_slug
from catalog.stock_serializers import (
    CountInputSerializer,
    LimitsInputSerializer,
    MovementInputSerializer,
    MovementSerializer,
    ReservationQuerySerializer,
    ReservationSerializer,
    StockItemSerializer,
    StockQuerySerializer,
    TransferInputSerializer,
)
from common.conditional import honours_if_match, tagged, takes_if_match, unchanged
from common.errors import NotFound, invalid_field
from common.idempotency import idempotent
from common.schema import refuses
from inventory import services
from inventory.locations import default_location, named_location
from inventory.models import Location, Movement, Reservation, StockItem, StockLevel
from inventory.refusals import BackordersInUse, BelowReserved, NotThere, StockMoved

TAGS = ["stock"]
ITEM_ID = OpenApiParameter(
    "item_id", int, OpenApiParameter.PATH, description="A stock item; `GET /api/stock/?sku=` finds it."
)  # fmt: skip


class ByPermission(BasePermission):
    """Reading needs the right that the view names in `sees`, everything else the one in `writes`."""

    def has_permission(self, request: Request, view: Any) -> bool:
        needed = view.sees if request.method in SAFE_METHODS else view.writes
        if isinstance(needed, dict):
            # A method that the door does not have is refused as such to whoever may use one of the others.
            needed = needed.get(request.method or "", next(iter(needed.values())))
        return bool(request.user.is_authenticated and request.user.has_perm(needed))


class StockDoor(generics.GenericAPIView[Any]):
    """What the doors of stock share."""

    permission_classes = [ByPermission]
    queryset: QuerySet[Any] = StockItem.objects.all()
    serializer_class: Any = StockItemSerializer
    sees = "inventory.view_stockitem"
    writes: str | dict[str, str] = "inventory.change_stockitem"

    def get_serializer_context(self) -> dict[str, Any]:
        context = dict(super().get_serializer_context())
        if not getattr(self, "swagger_fake_view", False):
            context["default_location"] = default_location().code
        return context

    def page(self, rows: Any) -> Response:
        """One page of rows, as the view's serializer shows them."""
        chosen = self.paginate_queryset(rows)
        return self.get_paginated_response(self.get_serializer(chosen, many=True).data)

    def shown(self, item_id: int) -> Any:
        """An item as it is answered."""
        return StockItemSerializer(_find(item_id), context=self.get_serializer_context()).data


def state_of_item(pk: int, version: int, on_hand: int) -> str:
    """The first part of an item's ETag: what staff edit, and what is on the shelf. Reservations come and go without it."""
    return f"s{pk}-{version}-{on_hand}"


def _hold(view: Any, item_id: int) -> str:
    shelf = services.hold(item_id)
    version = StockItem.objects.values_list("version", flat=True).get(pk=item_id)
    return state_of_item(item_id, version, shelf.on_hand)


def _items(rows: QuerySet[StockItem]) -> QuerySet[StockItem]:
    """With all that is shown of them, for a page of any length in two statements."""
    owed = (
        Reservation.objects.filter(stock_item=models.OuterRef("pk"), state=Reservation.State.OWED)
        .order_by()
        .values("stock_item")
        .annotate(pieces=Sum("quantity"))
        .values("pieces")
    )
    levels = StockLevel.objects.select_related("location").order_by("location__priority", "pk")
    return (
        rows.select_related("variant__product")
        .only(
            *(field.attname for field in StockItem._meta.concrete_fields),
            "variant__sku", "variant__stock_item_id", "variant__product__slug", "variant__product__name",
        )
        .prefetch_related(Prefetch("levels", queryset=levels))
        .annotate(owed=Coalesce(Subquery(owed), Value(0)))
    )  # fmt: skip


def _find(item_id: int) -> StockItem:
    found = _items(StockItem.objects.filter(pk=item_id)).first()
    if found is None:
        raise NotFound("There is no such stock item.")
    return found


def _exists(item_id: int) -> int:
    if not StockItem.objects.filter(pk=item_id).exists():
        raise NotFound("There is no such stock item.")
    return item_id


def _named(given: dict[str, Any], field: str) -> Location | None:
    return named_location(given[field], field=field) if field in given else None


class StockListView(StockDoor):
    """What there is of everything."""

    orderings = {"id": "id", "-id": "-id", "on_hand": "on_hand", "-on_hand": "-on_hand"}
    default_ordering = "id"

    @extend_schema(
        operation_id="stock_list",
        summary="List stock",
        description="On hand, promised, owed, where it lies, and the limits of each. `low=true`: what runs low.",
        tags=TAGS,
        parameters=[StockQuerySerializer],
        responses=StockItemSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        asked = checked(StockQuerySerializer, request.query_params)
        rows = running_low() if asked.get("low") else StockItem.objects.all()
        if asked.get("low") is False:
            rows = rows.exclude(pk__in=running_low())
        if "sku" in asked:
            rows = rows.filter(variant__sku=asked["sku"], variant__archived_at__isnull=True)
        if "product" in asked:
            products = Product.objects.filter(**by_id_or_slug(asked["product"])).values("pk")
            rows = rows.filter(variant__product__in=products, variant__archived_at__isnull=True)
        if "location" in asked:
            place = named_location(asked["location"], field="location")
            here = StockLevel.objects.filter(location=place, on_hand__gt=0).values("stock_item")
            rows = (
                rows.filter(on_hand__gt=F("elsewhere"))
                if place.is_default
                else rows.filter(pk__in=here)
            )
        return self.page(_items(rows))


class StockItemView(StockDoor):
    """One stock item."""

    @extend_schema(
        operation_id="stock_retrieve",
        summary="Show the stock of one thing",
        description="By the stock item's id.",
        tags=TAGS,
        parameters=[ITEM_ID],
    )
    def get(self, request: Request, item_id: int) -> Response:
        return self._answer(request, item_id)

    @refuses(BackordersInUse)
    @extend_schema(
        operation_id="stock_change",
        summary="Change limits",
        description=(
            "Back-orders, purchase limits and the alarm; only the fields given. How much there is changes by movements,"
            " counts and transfers."
        ),
        tags=TAGS,
        parameters=[ITEM_ID],
        request=LimitsInputSerializer,
    )
    @honours_if_match(_hold)
    def patch(self, request: Request, item_id: int) -> Response:
        given = checked(LimitsInputSerializer, request.data)
        services.set_limits(stock_item_id=item_id, changes=given)
        return self._answer(request, item_id)

    def _answer(self, request: Request, item_id: int) -> Response:
        item = _find(item_id)
        shown = Response(self.get_serializer(item).data)
        return tagged(request, shown, state_of_item(item.pk, item.version, item.on_hand))


class StockMovementsView(StockDoor):
    """What changed, and what changes."""

    serializer_class = MovementSerializer
    sees = "inventory.view_movement"
    queryset = Movement.objects.all()
    orderings = {"id": "id", "-id": "-id"}
    default_ordering = "-id"

    @extend_schema(
        operation_id="stock_movements_list",
        summary="List changes of stock",
        description="Every one there ever was, the newest first; they add up to what is on hand.",
        tags=TAGS,
        parameters=[ITEM_ID],
        responses=MovementSerializer(many=True),
    )
    def get(self, request: Request, item_id: int) -> Response:
        rows = Movement.objects.filter(stock_item=_exists(item_id))
        return self.page(rows.select_related("location"))

    @refuses(BelowReserved, NotThere)
    @extend_schema(
        operation_id="stock_movements_create",
        summary="Receive, return, damage or correct",
        description=(
            "A difference, never a total, so that nothing sold meanwhile is overwritten. What is received goes first to"
            " those who are owed it. Answers with the item as it is then."
        ),
        tags=TAGS,
        parameters=[ITEM_ID],
        request=MovementInputSerializer,
        responses={201: StockItemSerializer},
    )
    @idempotent()
    def post(self, request: Request, item_id: int) -> Response:
        given = checked(MovementInputSerializer, request.data)
        services.adjust(
            stock_item_id=_exists(item_id), quantity=given["quantity"], reason=given["reason"],
            location=_named(given, "location"), note=given["note"], by=staff_actor(request),
        )  # fmt: skip
        return Response(self.shown(item_id), status.HTTP_201_CREATED)


class StockCountsView(StockDoor):
    """What was counted."""

    @refuses(StockMoved, BelowReserved)
    @extend_schema(
        operation_id="stock_counts_create",
        summary="Record a count",
        description=(
            "Stock on hand becomes what was counted, by a movement of the difference. Say what you read before you counted,"
            " as `expected_on_hand` (409 `stock_moved` if it is something else by now) or as `If-Match` (412). Answers with"
            " the item as it is then."
        ),
        tags=TAGS,
        parameters=[ITEM_ID],
        request=CountInputSerializer,
        responses={201: StockItemSerializer},
    )
    @idempotent()
    @takes_if_match
    def post(self, request: Request, item_id: int) -> Response:
        given = checked(CountInputSerializer, request.data)
        if "expected_on_hand" not in given and "If-Match" not in request.headers:
            raise invalid_field(
                "expected_on_hand", "required", "Say what you read before you counted, here or as If-Match."
            )  # fmt: skip
        with unchanged(request, partial(_hold, self, item_id)):
            services.count(
                stock_item_id=item_id, on_hand=given["on_hand"], expected=given.get("expected_on_hand"),
                location=_named(given, "location"), note=given["note"], by=staff_actor(request),
            )  # fmt: skip
        return Response(self.shown(item_id), status.HTTP_201_CREATED)


class StockTransfersView(StockDoor):
    """What moves from one location to another."""

    @refuses(NotThere)
    @extend_schema(
        operation_id="stock_transfers_create",
        summary="Move pieces to another location",
        description="How many there are in all stays. Answers with the item as it is then.",
        tags=TAGS,
        parameters=[ITEM_ID],
        request=TransferInputSerializer,
        responses={201: StockItemSerializer},
    )
    @idempotent()
    def post(self, request: Request, item_id: int) -> Response:
        given = checked(TransferInputSerializer, request.data)
        services.transfer(
            stock_item_id=_exists(item_id), pieces=given["quantity"],
            source=named_location(given["from"], field="from"), target=named_location(given["to"], field="to"),
            note=given["note"], by=staff_actor(request),
        )  # fmt: skip
        return Response(self.shown(item_id), status.HTTP_201_CREATED)


class StockReservationsView(StockDoor):
    """What is promised, and was."""

    serializer_class = ReservationSerializer
    sees = "inventory.view_reservation"
    queryset = Reservation.objects.all()
    orderings = {"id": "id", "-id": "-id"}
    default_ordering = "-id"

    @extend_schema(
        operation_id="stock_reservations_list",
        summary="List reservations",
        description="`active`: not paid yet. `owed`: paid, and not there yet. `committed`: sold. `released`: given back.",
        tags=TAGS,
        parameters=[ITEM_ID, ReservationQuerySerializer],
        responses=ReservationSerializer(many=True),
    )
    def get(self, request: Request, item_id: int) -> Response:
        asked = checked(ReservationQuerySerializer, request.query_params)
        return self.page(Reservation.objects.filter(stock_item=_exists(item_id), **asked))
