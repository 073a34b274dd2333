"""The doors of delivery: how things can travel, and how staff say so."""

from __future__ import annotations

from typing import Any

from django.db.models import Model, QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from account.step_up import SensitiveAction
from common.conditional import honours_if_match, tagged
from common.errors import invalid_field
from common.idempotency import idempotent
from common.money import has_minor_units_of
from common.public_doors import AS_WRITTEN, PublicDoor, WritesByPermission, checked
from common.schema import refuses
from common.transactions import lock_row
from places.refusals import NoSuchArea
from pricing import delivery_verbs as verbs
from pricing.delivery_inputs import (
    DeliveryFeesInputSerializer,
    DeliveryMethodInputSerializer,
    DeliveryMethodSerializer,
    DeliveryOptionSerializer,
    DeliveryOptionsQuerySerializer,
    DeliveryOptionsSerializer,
    DeliveryWindowsInputSerializer,
)
from pricing.delivery_options import delivery_options
from pricing.delivery_refusals import (
    DeliveryMethodCodeStays,
    DeliveryMethodCodeTaken,
    DeliveryWindowBooked,
    FeesOverlap,
    WindowsOverlap,
)
from pricing.models import DeliveryMethod

TAGS = ["delivery"]
KEY = OpenApiParameter("key", str, OpenApiParameter.PATH, description="An id or a code.")


def method_state(method: DeliveryMethod) -> str:
    """The first part of a method's ETag, of its fees and windows, too."""
    return f"d{method.pk}-{method.version}"


def _hold(view: Any, key: str) -> str:
    found = verbs.find_method(key, archived=True)
    return method_state(lock_row(DeliveryMethod.objects.all(), found.pk, missing=verbs.NO_METHOD))


class DeliveryDoor(PublicDoor):
    """What the doors of methods share. What is paid is a price: changing it wants a fresh second factor."""

    noun = "pricing.deliverymethod"
    queryset: QuerySet[Model] = DeliveryMethod.objects.all()
    serializer_class: Any = DeliveryMethodSerializer
    permission_classes = [WritesByPermission, SensitiveAction]

    def answer(self, request: Request, method: DeliveryMethod) -> Response:
        """A method, with the ETag of its state."""
        return tagged(request, Response(self.get_serializer(method).data), method_state(method))


class DeliveryOptionsView(PublicDoor):
    """How goods can travel to an area."""

    noun = "pricing.deliverymethod"
    serializer_class = DeliveryOptionsSerializer

    @refuses(NoSuchArea)
    @extend_schema(
        operation_id="delivery_options",
        summary="How can it be delivered?",
        description=(
            "Every method with its fee for goods of this weight and value, and the windows of the next seven days, without"
            " those that are full; or why it does not go there. The fee that counts is that of the quote."
        ),
        tags=TAGS,
        parameters=[DeliveryOptionsQuerySerializer],
    )
    def get(self, request: Request) -> Response:
        asked = checked(DeliveryOptionsQuerySerializer, request.query_params)
        if not has_minor_units_of(asked["value"], asked["currency"]):
            raise invalid_field("value", "invalid", f"{asked['currency']} has fewer decimals.")
        options = delivery_options(now=timezone.now(), **asked)
        context = {**self.get_serializer_context(), "value": asked["value"]}
        shown = DeliveryOptionSerializer(options, many=True, context=context)  # type: ignore[arg-type]
        return Response({"results": shown.data})


class DeliveryMethodListView(DeliveryDoor):
    """How things travel."""

    orderings = {"position": "position", "name": "name", "-name": "-name"}

    @extend_schema(
        operation_id="delivery_methods_list",
        summary="List delivery methods",
        description="In the shop's order, with all fees and windows. Archived ones are for staff.",
        tags=TAGS,
        parameters=[AS_WRITTEN],
        responses=DeliveryMethodSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        rows = verbs.for_display()
        return self.page(rows if self.sees_everything else rows.filter(is_active=True))

    @refuses(DeliveryMethodCodeTaken)
    @extend_schema(
        operation_id="delivery_methods_create",
        summary="Add a delivery method",
        description="Without fees; until it has some it is offered nowhere.",
        tags=TAGS,
        request=DeliveryMethodInputSerializer,
        responses={201: DeliveryMethodSerializer},
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        made = verbs.create_method(**checked(DeliveryMethodInputSerializer, request.data))
        return Response(self.get_serializer(made).data, status.HTTP_201_CREATED)


class DeliveryMethodView(DeliveryDoor):
    """One delivery method."""

    @extend_schema(
        operation_id="delivery_methods_retrieve",
        summary="Show a delivery method",
        description="By id or code, with all fees and windows.",
        tags=TAGS,
        parameters=[KEY, AS_WRITTEN],
    )
    def get(self, request: Request, key: str) -> Response:
        return self.answer(request, verbs.find_method(key, archived=self.sees_everything))

    @refuses(DeliveryMethodCodeStays)
    @extend_schema(
        operation_id="delivery_methods_change",
        summary="Change a delivery method",
        description="Only the fields given. `is_active: false` archives it: orders keep what they have.",
        tags=TAGS,
        parameters=[KEY],
        request=DeliveryMethodInputSerializer,
    )
    @honours_if_match(_hold)
    def patch(self, request: Request, key: str) -> Response:
        found = verbs.find_method(key, archived=True)
        changes = checked(DeliveryMethodInputSerializer, request.data, partial=True)
        return self.answer(request, verbs.update_method(method_id=found.pk, changes=changes))

    @extend_schema(
        operation_id="delivery_methods_delete",
        summary="Delete a delivery method",
        description="With its fees and windows. Orders keep what they need of it.",
        tags=TAGS,
        parameters=[KEY],
        responses={204: None},
    )
    @honours_if_match(_hold)
    def delete(self, request: Request, key: str) -> Response:
        verbs.delete_method(method_id=verbs.find_method(key, archived=True).pk)
        return Response(status=status.HTTP_204_NO_CONTENT)


class DeliveryFeesView(DeliveryDoor):
    """The fees of a method."""

    @refuses(FeesOverlap)
    @extend_schema(
        operation_id="delivery_fees_set",
        summary="Set a method's fees",
        description=(
            "These, and no others. Rows of one area and currency are one table; the most specific area of a destination that"
            " has one decides alone, so that two rows of a table may not be about the same parcel."
        ),
        tags=TAGS,
        parameters=[KEY],
        request=DeliveryFeesInputSerializer,
        responses={200: DeliveryMethodSerializer},
    )
    @honours_if_match(_hold)
    def put(self, request: Request, key: str) -> Response:
        found = verbs.find_method(key, archived=True)
        given = checked(DeliveryFeesInputSerializer, request.data)
        return self.answer(request, verbs.set_fees(method_id=found.pk, fees=given["fees"]))


class DeliveryWindowsView(DeliveryDoor):
    """The windows of a method."""

    @refuses(WindowsOverlap, DeliveryWindowBooked)
    @extend_schema(
        operation_id="delivery_windows_set",
        summary="Set a method's windows",
        description=(
            "These, and no others; one that stays keeps its id, and takes no fewer orders than have been placed for it. Of"
            " one that goes, orders keep what they were promised. Times are in the shop's own time zone."
        ),
        tags=TAGS,
        parameters=[KEY],
        request=DeliveryWindowsInputSerializer,
        responses={200: DeliveryMethodSerializer},
    )
    @honours_if_match(_hold)
    def put(self, request: Request, key: str) -> Response:
        found = verbs.find_method(key, archived=True)
        given = checked(DeliveryWindowsInputSerializer, request.data)
        changed = verbs.set_windows(method_id=found.pk, windows=given["windows"])
        return self.answer(request, changed)
