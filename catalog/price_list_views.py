"""The doors of price lists."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.doors import checked
from catalog.models import Price, PriceList, Variant
from catalog.price_lists import (
    create_price_list,
    delete_price_list,
    lock_price_list,
    update_price_list,
)
from catalog.price_refusals import (
    BeginsInThePast,
    EndsTooEarly,
    GroupHasPriceList,
    NoSuchPriceListHere,
    PriceListTaken,
    RetailStays,
    SaleAboveRegular,
)
from catalog.price_serializers import (
    PriceBatchAnswerSerializer,
    PriceBatchSerializer,
    PriceFilterSerializer,
    PriceListInputSerializer,
    PriceListSerializer,
    PriceSerializer,
)
from catalog.price_verbs import NewPrice, set_prices
from catalog.price_views import TAGS, PriceDoor, narrowed
from common.conditional import honours_if_match, state_of, tagged
from common.errors import invalid_field
from common.idempotency import idempotent
from common.money import Money
from common.schema import refuses


def _state(price_list: PriceList) -> str:
    return state_of([price_list.pk, price_list.name, price_list.group_id])


def _hold(view: Any, list_id: int) -> str:
    return _state(lock_price_list(list_id))


def _find(list_id: int) -> PriceList:
    found = PriceList.objects.select_related("group").filter(pk=list_id).first()
    if found is None:
        raise NoSuchPriceListHere("There is no such price list.")
    return found


class PriceListListView(PriceDoor):
    """All price lists."""

    queryset = PriceList.objects.all()
    serializer_class = PriceListSerializer
    orderings = {"name": "name", "-name": "-name"}
    default_ordering = "name"

    @extend_schema(
        operation_id="price_lists_list",
        summary="List price lists",
        description="The retail list, which is everybody's, and one for each group that pays prices of its own.",
        tags=TAGS,
        responses=PriceListSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        return self.page(PriceList.objects.select_related("group"))

    @refuses(PriceListTaken, GroupHasPriceList)
    @extend_schema(
        operation_id="price_lists_create",
        summary="Make a price list",
        description="For a customer group, or for none yet. Where it says nothing, retail prices hold.",
        tags=TAGS,
        request=PriceListInputSerializer,
        responses={201: PriceListSerializer},
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        price_list = create_price_list(**checked(PriceListInputSerializer, request.data))
        return Response(self.get_serializer(price_list).data, status.HTTP_201_CREATED)


class PriceListView(PriceDoor):
    """One price list."""

    queryset = PriceList.objects.all()
    serializer_class = PriceListSerializer

    @extend_schema(
        operation_id="price_lists_retrieve",
        summary="Show a price list",
        description="By id. Its prices are below it.",
        tags=TAGS,
    )
    def get(self, request: Request, list_id: int) -> Response:
        return self._answer(request, _find(list_id))

    @refuses(PriceListTaken, GroupHasPriceList, RetailStays)
    @extend_schema(
        operation_id="price_lists_change",
        summary="Change a price list",
        description="Its name, or whose it is. The retail list belongs to no group.",
        tags=TAGS,
        request=PriceListInputSerializer,
    )
    @honours_if_match(_hold)
    def patch(self, request: Request, list_id: int) -> Response:
        changes = checked(PriceListInputSerializer, request.data, partial=True)
        update_price_list(price_list_id=_find(list_id).pk, changes=changes)
        return self._answer(request, _find(list_id))

    @refuses(RetailStays)
    @extend_schema(
        operation_id="price_lists_delete",
        summary="Delete a price list",
        description="With all its prices, those of the past too; its group pays retail prices then.",
        tags=TAGS,
        responses={204: None},
    )
    @honours_if_match(_hold)
    def delete(self, request: Request, list_id: int) -> Response:
        delete_price_list(price_list_id=list_id)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _answer(self, request: Request, price_list: PriceList) -> Response:
        return tagged(request, Response(self.get_serializer(price_list).data), _state(price_list))


class ListedPricesView(PriceDoor):
    """The prices of a list."""

    queryset = Price.objects.all()
    serializer_class = PriceSerializer
    orderings = {"-valid_from": "-valid_from", "valid_from": "valid_from"}
    default_ordering = "-valid_from"

    @extend_schema(
        operation_id="price_list_prices_list",
        summary="List a price list's prices",
        description="Of all variants and times, the latest first.",
        tags=TAGS,
        parameters=[PriceFilterSerializer],
        responses=PriceSerializer(many=True),
    )
    def get(self, request: Request, list_id: int) -> Response:
        return self.page(narrowed(request, Price.objects.filter(price_list=_find(list_id))))

    @refuses(BeginsInThePast, EndsTooEarly, SaleAboveRegular)
    @extend_schema(
        operation_id="price_list_prices_set",
        summary="Set many prices of a list",
        description=(
            "Up to 1,000, all or none. Each holds for its time: what holds then ends or is cut off, what would begin then"
            " goes; a `price` of null only ends. What is so already stays, so that the call can be repeated."
        ),
        tags=TAGS,
        request=PriceBatchSerializer,
        responses={200: PriceBatchAnswerSerializer},
    )
    def put(self, request: Request, list_id: int) -> Response:
        entries = checked(PriceBatchSerializer, request.data)["prices"]
        wanted = _wanted(entries)
        ended = {place for place, entry in enumerate(entries) if entry["price"] is None}
        changed = set_prices(price_list_id=_find(list_id).pk, wanted=wanted, ended=ended)
        return Response({"changed": changed})


def _wanted(entries: list[dict[str, Any]]) -> list[NewPrice]:
    """Checked entries as the verb wants them; their variants are found with one statement."""
    live = Variant.objects.live()
    ids = [entry["variant_id"] for entry in entries if "variant_id" in entry]
    skus = [entry["sku"] for entry in entries if "sku" in entry]
    by_id = {pk: pk for pk in live.filter(pk__in=ids).values_list("pk", flat=True)} if ids else {}
    by_sku = dict(live.filter(sku__in=skus).values_list("sku", "pk")) if skus else {}
    wanted = []
    for place, entry in enumerate(entries):
        name = "sku" if "sku" in entry else "variant_id"
        found = (by_sku if name == "sku" else by_id).get(entry[name])
        if found is None:
            raise invalid_field(
                f"prices.{place}.{name}", "does_not_exist", "There is no such variant."
            )
        amount = entry["price"] or Money(Decimal(0), entry.get("currency", settings.SHOP_CURRENCY))
        rest = {key: entry[key] for key in ("is_sale", "min_quantity", "valid_from", "valid_until")}
        wanted.append(NewPrice(variant_id=found, amount=amount, **rest))
    return wanted
