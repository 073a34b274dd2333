"""The doors of stock locations."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.doors import checked
from catalog.stock_serializers import LocationInputSerializer, LocationSerializer
from catalog.stock_views import TAGS, StockDoor
from common.conditional import honours_if_match, tagged
from common.idempotency import idempotent
from common.schema import refuses
from common.transactions import lock_row
from inventory import locations
from inventory.models import Location
from inventory.refusals import LocationCodeTaken, LocationInUse

CODE = OpenApiParameter("location", str, OpenApiParameter.PATH, description="A location's code.")


def _state(location: Location) -> str:
    return f"l{location.pk}-{location.version}"


def _hold(view: Any, location: str) -> str:
    found = locations.find_location(location)
    return _state(lock_row(Location.objects.all(), found.pk, missing=locations.NO_LOCATION))


class LocationDoor(StockDoor):
    """What the doors of locations share."""

    queryset = Location.objects.all()
    serializer_class = LocationSerializer
    sees = "inventory.view_location"
    writes = {
        "POST": "inventory.add_location",
        "PATCH": "inventory.change_location",
        "DELETE": "inventory.delete_location",
    }


class LocationListView(LocationDoor):
    """All locations."""

    orderings = {"code": "code", "name": "name", "priority": "priority"}
    default_ordering = "priority"

    @extend_schema(
        operation_id="stock_locations_list",
        summary="List locations",
        description="Where pieces may lie. Sales take from the default one first, then in this order.",
        tags=TAGS,
        responses=LocationSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        return self.page(Location.objects.all())

    @refuses(LocationCodeTaken)
    @extend_schema(
        operation_id="stock_locations_create",
        summary="Open a location",
        description="Nothing is there yet: receive something, or move it there.",
        tags=TAGS,
        request=LocationInputSerializer,
        responses={201: LocationSerializer},
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        made = locations.create_location(**checked(LocationInputSerializer, request.data))
        return Response(self.get_serializer(made).data, status.HTTP_201_CREATED)


class LocationView(LocationDoor):
    """One location."""

    @extend_schema(
        operation_id="stock_locations_retrieve",
        summary="Show a location",
        description="By its code.",
        tags=TAGS,
        parameters=[CODE],
    )
    def get(self, request: Request, location: str) -> Response:
        return self._answer(request, locations.find_location(location))

    @refuses(LocationCodeTaken, LocationInUse)
    @extend_schema(
        operation_id="stock_locations_change",
        summary="Change a location",
        description="Only the fields given. What still holds pieces cannot be closed.",
        tags=TAGS,
        parameters=[CODE],
        request=LocationInputSerializer,
    )
    @honours_if_match(_hold)
    def patch(self, request: Request, location: str) -> Response:
        found = locations.find_location(location)
        given = checked(LocationInputSerializer, request.data, partial=True)
        changed = locations.update_location(location_id=found.pk, changes=given)
        return self._answer(request, changed)

    @refuses(LocationInUse)
    @extend_schema(
        operation_id="stock_locations_delete",
        summary="Delete a location",
        description="Only one where nothing ever was; close the others.",
        tags=TAGS,
        parameters=[CODE],
        responses={204: None},
    )
    @honours_if_match(_hold)
    def delete(self, request: Request, location: str) -> Response:
        locations.delete_location(location_id=locations.find_location(location).pk)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _answer(self, request: Request, location: Location) -> Response:
        return tagged(request, Response(self.get_serializer(location).data), _state(location))
