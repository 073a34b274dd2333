"""The doors of areas and pickup points."""

from __future__ import annotations

from typing import Any

from django.db.models import Model, Q, QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from common.conditional import honours_if_match, tagged
from common.idempotency import idempotent
from common.public_doors import AS_WRITTEN, PublicDoor, checked
from common.schema import refuses
from common.transactions import lock_row
from places import pickup, services
from places.inputs import (
    AreaInputSerializer,
    AreaQuerySerializer,
    AreaSerializer,
    PickupPointInputSerializer,
    PickupPointSerializer,
    PickupQuerySerializer,
)
from places.models import Area, PickupPoint
from places.refusals import (
    AreaCodeStays,
    AreaCodeTaken,
    AreaInUse,
    AreaNameTaken,
    HoursOverlap,
    NoSuchAreaHere,
    PickupSlugTaken,
    WrongLevel,
)

TAGS = ["places"]
AREA_KEY = OpenApiParameter("key", str, OpenApiParameter.PATH, description="An id or a code.")
POINT_KEY = OpenApiParameter("key", str, OpenApiParameter.PATH, description="An id or a slug.")


# --- areas ------------------------------------------------------------------------------------


def area_state(area: Area) -> str:
    """The first part of an area's ETag."""
    return f"a{area.pk}-{area.version}"


def _hold_area(view: Any, key: str) -> str:
    found = services.find_area(key, archived=True)
    return area_state(lock_row(Area.objects.all(), found.pk, missing=services.NO_AREA))


class AreaListView(PublicDoor):
    """The country's areas."""

    noun = "places.area"
    queryset: QuerySet[Model] = Area.objects.all()
    serializer_class = AreaSerializer
    orderings = {"name": "name", "-name": "-name", "code": "code", "level": "level"}

    @extend_schema(
        operation_id="areas_list",
        summary="List areas",
        description=(
            "Regions, zones, cities, sub-cities, woredas and kebeles, each with its path. Begin with `kind=region` and"
            " `kind=chartered_city`, go on with `parent`; or let people type: `search`. Archived areas are for staff."
        ),
        tags=TAGS,
        parameters=[AreaQuerySerializer, AS_WRITTEN],
        responses=AreaSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        asked = checked(AreaQuerySerializer, request.query_params)
        rows = services.for_display()
        archived = asked["archived"] if self.sees_everything else False
        if archived is not None:
            rows = rows.filter(is_active=False) if archived else rows.in_use()
        if "parent" in asked:
            rows = rows.filter(parent=asked["parent"])
        if "within" in asked:
            rows = rows.below(asked["within"].pk)
        if "kind" in asked:
            rows = rows.filter(kind=asked["kind"])
        if asked.get("search"):
            rows = rows.matching(asked["search"])
        return self.page(rows)

    @refuses(AreaCodeTaken, AreaNameTaken, WrongLevel)
    @extend_schema(
        operation_id="areas_create",
        summary="Add an area",
        description="A region lies in none; everything else in an area of a higher level.",
        tags=TAGS,
        request=AreaInputSerializer,
        responses={201: AreaSerializer},
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        made = services.create_area(**checked(AreaInputSerializer, request.data))
        return Response(self.get_serializer(_shown(made)).data, status.HTTP_201_CREATED)


class AreaView(PublicDoor):
    """One area."""

    noun = "places.area"
    queryset: QuerySet[Model] = Area.objects.all()
    serializer_class = AreaSerializer

    @extend_schema(
        operation_id="areas_retrieve",
        summary="Show an area",
        description="By id or code, with its path.",
        tags=TAGS,
        parameters=[AREA_KEY, AS_WRITTEN],
    )
    def get(self, request: Request, key: str) -> Response:
        rows = services.for_display()
        if not self.sees_everything:
            rows = rows.in_use()
        found = rows.filter(**services.by_key(key)).first()
        if found is None:
            raise NoSuchAreaHere(services.NO_AREA)
        return self._answer(request, found)

    @refuses(AreaCodeStays, AreaNameTaken, WrongLevel)
    @extend_schema(
        operation_id="areas_change",
        summary="Change an area",
        description=(
            "Only the fields given. Put into another area, it takes along what is in it. `is_active: false` archives it:"
            " neither it nor what is in it can be chosen any more; orders keep what they have."
        ),
        tags=TAGS,
        parameters=[AREA_KEY],
        request=AreaInputSerializer,
    )
    @honours_if_match(_hold_area)
    def patch(self, request: Request, key: str) -> Response:
        found = services.find_area(key, archived=True)
        changes = checked(AreaInputSerializer, request.data, partial=True)
        return self._answer(
            request, _shown(services.update_area(area_id=found.pk, changes=changes))
        )

    @refuses(AreaInUse)
    @extend_schema(
        operation_id="areas_delete",
        summary="Delete an area",
        description="Only one that nothing refers to. Archive the others.",
        tags=TAGS,
        parameters=[AREA_KEY],
        responses={204: None},
    )
    @honours_if_match(_hold_area)
    def delete(self, request: Request, key: str) -> Response:
        services.delete_area(area_id=services.find_area(key, archived=True).pk)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _answer(self, request: Request, area: Area) -> Response:
        return tagged(request, Response(self.get_serializer(area).data), area_state(area))


def _shown(area: Area) -> Area:
    """A row that was just written, as answers show it."""
    return services.for_display().get(pk=area.pk)


# --- pickup points ----------------------------------------------------------------------------


def point_state(point: PickupPoint) -> str:
    """The first part of a pickup point's ETag."""
    return f"p{point.pk}-{point.version}"


def _hold_point(view: Any, key: str) -> str:
    found = pickup.find_pickup_point(key, archived=True)
    return point_state(lock_row(PickupPoint.objects.all(), found.pk, missing=pickup.NO_POINT))


class PickupPointListView(PublicDoor):
    """Where parcels wait."""

    noun = "places.pickuppoint"
    queryset: QuerySet[Model] = PickupPoint.objects.all()
    serializer_class = PickupPointSerializer
    orderings = {"position": "position", "name": "name", "-name": "-name"}

    @extend_schema(
        operation_id="pickup_points_list",
        summary="List pickup points",
        description="In the shop's order; with `near`, the nearest first. Archived ones are for staff.",
        tags=TAGS,
        parameters=[PickupQuerySerializer, AS_WRITTEN],
        responses=PickupPointSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        asked = checked(PickupQuerySerializer, request.query_params)
        rows = PickupPoint.objects.for_display()
        archived = asked["archived"] if self.sees_everything else False
        if archived is not None:
            rows = rows.filter(is_active=not archived)
        if "area" in asked:
            area = asked["area"].pk
            rows = rows.filter(Q(area=area) | Q(area__in=Area.objects.below(area)))
        if "near" in asked:
            rows = rows.with_distance(*asked["near"])
            self.orderings = {**self.orderings, "distance": "distance"}
            self.default_ordering = "distance"
        return self.page(rows)

    @refuses(PickupSlugTaken, HoursOverlap, pickup.PointSaysNotWhere)
    @extend_schema(
        operation_id="pickup_points_create",
        summary="Add a pickup point",
        description="With its opening hours, by weekday; a lunch break makes two spans.",
        tags=TAGS,
        request=PickupPointInputSerializer,
        responses={201: PickupPointSerializer},
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        made = pickup.create_pickup_point(**checked(PickupPointInputSerializer, request.data))
        return Response(self.get_serializer(made).data, status.HTTP_201_CREATED)


class PickupPointView(PublicDoor):
    """One pickup point."""

    noun = "places.pickuppoint"
    queryset: QuerySet[Model] = PickupPoint.objects.all()
    serializer_class = PickupPointSerializer

    @extend_schema(
        operation_id="pickup_points_retrieve",
        summary="Show a pickup point",
        description="By id or slug.",
        tags=TAGS,
        parameters=[POINT_KEY, AS_WRITTEN],
    )
    def get(self, request: Request, key: str) -> Response:
        found = pickup.find_pickup_point(key, archived=self.sees_everything)
        return self._answer(request, found)

    @refuses(PickupSlugTaken, HoursOverlap, pickup.PointSaysNotWhere)
    @extend_schema(
        operation_id="pickup_points_change",
        summary="Change a pickup point",
        description="Only the fields given; `opening_hours` are all there are then. `is_active: false` archives it.",
        tags=TAGS,
        parameters=[POINT_KEY],
        request=PickupPointInputSerializer,
    )
    @honours_if_match(_hold_point)
    def patch(self, request: Request, key: str) -> Response:
        found = pickup.find_pickup_point(key, archived=True)
        changes = checked(PickupPointInputSerializer, request.data, partial=True)
        changed = pickup.update_pickup_point(point_id=found.pk, changes=changes)
        return self._answer(request, changed)

    @extend_schema(
        operation_id="pickup_points_delete",
        summary="Delete a pickup point",
        description="Orders keep what they need of it.",
        tags=TAGS,
        parameters=[POINT_KEY],
        responses={204: None},
    )
    @honours_if_match(_hold_point)
    def delete(self, request: Request, key: str) -> Response:
        found = pickup.find_pickup_point(key, archived=True)
        pickup.delete_pickup_point(point_id=found.pk)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _answer(self, request: Request, point: PickupPoint) -> Response:
        return tagged(request, Response(self.get_serializer(point).data), point_state(point))
