"""/api/addresses/: one's own address book."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import generics, status
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from account import addresses
from account.address_serializers import AddressBookSerializer
from account.models import Address
from account.views import caller
from common.conditional import honours_if_match, state_of, tagged
from common.schema import refuses


@extend_schema_view(
    get=extend_schema(
        operation_id="addresses_list",
        summary="Your address book",
        description="Your own addresses, newest first.",
        tags=["addresses"],
    )
)
class AddressListView(generics.ListAPIView[Address]):
    """One's own addresses."""

    permission_classes = [IsAuthenticated]
    serializer_class = AddressBookSerializer
    orderings = {"-created_at": "-created_at", "created_at": "created_at"}
    default_ordering = "-created_at"
    filter_backends = []
    queryset = Address.objects.none()

    def get_queryset(self) -> QuerySet[Address]:
        return caller(self.request).addresses.all()

    @refuses(addresses.EmptyAddress, addresses.TooManyAddresses)
    @extend_schema(
        operation_id="addresses_create",
        summary="Add an address",
        description=(
            "Nothing is compulsory but that the address says where it is: a city, a street, a landmark or a pin. A"
            " postcode is never needed. Your first address becomes the default; `is_default` moves that to another one."
        ),
        tags=["addresses"],
        request=AddressBookSerializer,
        responses={201: AddressBookSerializer},
    )
    def post(self, request: Request) -> Response:
        body = AddressBookSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        address = addresses.add_address(user=caller(request), fields=body.validated_data)
        return Response(AddressBookSerializer(address).data, status=status.HTTP_201_CREATED)


def _state(address: Address) -> str:
    return state_of(AddressBookSerializer(address).data)


def _hold(view: APIView, public_id: UUID) -> str:
    return _state(addresses.lock_for_edit(user=caller(view.request), address_id=public_id))


class AddressDetailView(APIView):
    """One of one's own addresses; anybody else's is a 404."""

    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="addresses_retrieve",
        summary="Read an address",
        description="One of your own addresses.",
        tags=["addresses"],
        responses={200: AddressBookSerializer},
    )
    def get(self, request: Request, public_id: UUID) -> Response:
        address = addresses.find_address(user=caller(request), address_id=public_id)
        return _shown(request, address)

    @refuses(addresses.EmptyAddress)
    @extend_schema(
        operation_id="addresses_replace",
        summary="Replace an address",
        description="What is left out becomes empty; only `is_default` stays as it is. Orders keep the copy they have.",
        tags=["addresses"],
        request=AddressBookSerializer,
        responses={200: AddressBookSerializer},
    )
    @honours_if_match(_hold)
    def put(self, request: Request, public_id: UUID) -> Response:
        return self._change(request, public_id, partial=False)

    @refuses(addresses.EmptyAddress)
    @extend_schema(
        operation_id="addresses_update",
        summary="Change an address",
        description="What is left out stays. Orders keep the copy they have.",
        tags=["addresses"],
        request=AddressBookSerializer,
        responses={200: AddressBookSerializer},
    )
    @honours_if_match(_hold)
    def patch(self, request: Request, public_id: UUID) -> Response:
        return self._change(request, public_id, partial=True)

    @extend_schema(
        operation_id="addresses_delete",
        summary="Delete an address",
        description="Orders keep the copy they have.",
        tags=["addresses"],
        responses={204: None},
    )
    @honours_if_match(_hold)
    def delete(self, request: Request, public_id: UUID) -> Response:
        addresses.delete_address(user=caller(request), address_id=public_id)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _change(self, request: Request, public_id: UUID, *, partial: bool) -> Response:
        user: Any = caller(request)
        addresses.find_address(user=user, address_id=public_id)  # 404 before any complaint
        body = AddressBookSerializer(data=request.data, partial=partial)
        body.is_valid(raise_exception=True)
        address = addresses.change_address(
            user=user, address_id=public_id, fields=body.validated_data
        )
        return _shown(request, address)


def _shown(request: Request, address: Address) -> Response:
    return tagged(request, Response(AddressBookSerializer(address).data), _state(address))
