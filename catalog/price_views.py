"""The doors of prices: what the caller pays, and what staff write."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, status
from rest_framework.exceptions import NotAuthenticated, PermissionDenied
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from account.step_up import SensitiveAction
from catalog import price_verbs
from catalog.access import find_product, visible_products
from catalog.doors import KEY, CatalogView, checked
from catalog.field_access import CHANGES_PRICES
from catalog.models import Price, PriceList, Product, Variant, VariantQuerySet
from catalog.price_refusals import (
    BeginsInThePast,
    EndsTooEarly,
    NoSuchPrice,
    NoSuchPriceList,
    PriceHasBegun,
    PriceHasEnded,
    PriceHasNotBegun,
    PriceOverlaps,
    SaleAboveRegular,
)
from catalog.price_serializers import (
    EndPriceSerializer,
    PriceChangeInputSerializer,
    PriceFilterSerializer,
    PriceInputSerializer,
    PriceSerializer,
    PricesQuerySerializer,
    VariantPricesSerializer,
)
from catalog.prices import (
    currency_key,
    lowest_in_30_days,
    price_list_of,
    prices_of,
    tiers_of,
)
from common.conditional import honours_if_match, state_of, tagged
from common.errors import NotFound
from common.idempotency import idempotent
from common.money import Money
from common.schema import FORBIDDEN, NOT_SIGNED_IN, refuses

TAGS = ["prices"]
SEES_PRICES = "catalog.view_price"
VARIANT_ID = OpenApiParameter("variant_id", int, OpenApiParameter.PATH, description="A variant.")
PRICE_ID = OpenApiParameter("price_id", int, OpenApiParameter.PATH, description="A price.")


class ManagesPrices(BasePermission):
    """Reading price lists needs the right to see them, everything else the right to change prices."""

    def has_permission(self, request: Request, view: Any) -> bool:
        needed = SEES_PRICES if request.method in SAFE_METHODS else CHANGES_PRICES
        return bool(request.user.is_authenticated and request.user.has_perm(needed))


class PriceDoor(generics.GenericAPIView[Any]):
    """What the doors of prices for staff share."""

    permission_classes = [ManagesPrices, SensitiveAction]

    def page(self, rows: Any) -> Response:
        """One page of rows, as the view's serializer shows them."""
        chosen = self.paginate_queryset(rows)
        return self.get_paginated_response(self.get_serializer(chosen, many=True).data)


# --- what the caller pays ---------------------------------------------------------------------


class ProductPricesView(CatalogView):
    """What a product costs this caller."""

    queryset = Variant.objects.all()
    serializer_class = VariantPricesSerializer
    orderings = {"position": "position"}

    @refuses(NOT_SIGNED_IN, FORBIDDEN, NoSuchPriceList)
    @extend_schema(
        operation_id="product_prices",
        summary="Show what a product costs",
        description=(
            "For each variant what the caller pays, in a currency, for a quantity, now or at any other moment. It is the"
            " same rule that a checkout charges by. Staff may look through another price list."
        ),
        tags=TAGS,
        parameters=[KEY, PricesQuerySerializer],
        responses=VariantPricesSerializer(many=True),
    )
    def get(self, request: Request, key: str) -> Response:
        query = checked(PricesQuerySerializer, request.query_params.dict())
        product = find_product(visible_products(request), key)
        price_list = _list_to_look_through(request, query.get("price_list"))
        chosen = self.paginate_queryset(Variant.objects.live().filter(product=product)) or []
        shown = _prices_shown(
            chosen,
            price_list=price_list,
            currency=query.get("currency", settings.SHOP_CURRENCY),
            quantity=query["quantity"],
            at=query.get("at"),
        )
        return self.get_paginated_response(self.get_serializer(shown, many=True).data)


def _list_to_look_through(request: Request, asked: int | None) -> int:
    if asked is None:
        return price_list_of(request.user)
    if not request.user.is_authenticated:
        raise NotAuthenticated
    if not request.user.has_perm(SEES_PRICES):
        raise PermissionDenied
    if not PriceList.objects.filter(pk=asked).exists():
        raise NoSuchPriceList
    return asked


def _prices_shown(
    variants: list[Any], *, price_list: int, currency: str, quantity: int, at: datetime | None
) -> list[dict[str, Any]]:
    """Three statements, however many variants there are."""
    ids = [variant.pk for variant in variants]
    asked: dict[str, Any] = {"price_list": price_list, "currency": currency}
    prices = prices_of(ids, quantities=dict.fromkeys(ids, quantity), at=at, **asked)
    tiers = tiers_of(ids, at=at, **asked)
    lowest = {} if at else lowest_in_30_days(ids, **asked)

    def money(amount: Decimal | None) -> Money | None:
        return None if amount is None else Money(amount, currency)

    return [
        {
            "variant_id": variant.pk,
            "sku": variant.sku,
            "price": money(price.amount if price else None),
            "regular_price": money(price.regular if price else None),
            "compare_at_price": money(price.compare_at if price else None),
            "is_sale": bool(price and price.is_sale),
            "valid_until": price.valid_until if price else None,
            "tiers": [
                {"min_quantity": step, "price": money(tier.amount)}
                for step, tier in tiers.get(variant.pk, [])
            ],
            "lowest_price_30_days": money(lowest.get(variant.pk)),
        }
        for variant in variants
        for price in [prices.get(variant.pk)]
    ]


# --- the prices of one variant ----------------------------------------------------------------


class VariantPriceListView(PriceDoor):
    """The prices of a variant, of all lists and times."""

    queryset = Price.objects.all()
    serializer_class = PriceSerializer
    orderings = {"-valid_from": "-valid_from", "valid_from": "valid_from"}
    default_ordering = "-valid_from"

    @extend_schema(
        operation_id="variant_prices_list",
        summary="List a variant's prices",
        description="In price lists, of all times, the latest first. The variant's own regular price is not among them.",
        tags=TAGS,
        parameters=[KEY, VARIANT_ID, PriceFilterSerializer],
        responses=PriceSerializer(many=True),
    )
    def get(self, request: Request, key: str, variant_id: int) -> Response:
        variant = find_variant(key, variant_id)
        return self.page(narrowed(request, Price.objects.filter(variant=variant)))

    @refuses(PriceOverlaps, BeginsInThePast, EndsTooEarly, SaleAboveRegular, NoSuchPriceList)
    @extend_schema(
        operation_id="variant_prices_create",
        summary="Add a price",
        description=(
            "To the retail list or another one: for a currency, from a quantity on, for a time, or as a sale. Of all prices"
            " that apply to a customer the lowest is paid. Two such prices cannot hold at once: 409 `price_overlaps`."
        ),
        tags=TAGS,
        parameters=[KEY, VARIANT_ID],
        request=PriceInputSerializer,
        responses={201: PriceSerializer},
    )
    @idempotent()
    def post(self, request: Request, key: str, variant_id: int) -> Response:
        variant = find_variant(key, variant_id)
        data = checked(PriceInputSerializer, request.data)
        price_list_id, amount = data.pop("price_list"), data.pop("price")
        new = price_verbs.NewPrice(variant_id=variant.pk, amount=amount, **data)
        price = price_verbs.add_price(new=new, price_list_id=price_list_id)
        return Response(self.get_serializer(price).data, status.HTTP_201_CREATED)


def _state(price: Price) -> str:
    return state_of({f.attname: getattr(price, f.attname) for f in price._meta.concrete_fields})


def _hold(view: Any, key: str, variant_id: int, price_id: int) -> str:
    return _state(price_verbs.lock_price(_find_price(key, variant_id, price_id).pk))


class VariantPriceView(PriceDoor):
    """One price."""

    queryset = Price.objects.all()
    serializer_class = PriceSerializer

    @extend_schema(
        operation_id="variant_prices_retrieve",
        summary="Show a price",
        description="Of any time.",
        tags=TAGS,
        parameters=[KEY, VARIANT_ID, PRICE_ID],
    )
    def get(self, request: Request, key: str, variant_id: int, price_id: int) -> Response:
        return self._answer(request, _find_price(key, variant_id, price_id))

    @refuses(PriceHasBegun, PriceOverlaps, BeginsInThePast, EndsTooEarly, SaleAboveRegular)
    @extend_schema(
        operation_id="variant_prices_change",
        summary="Change a price that is still to come",
        description="Only the fields given. A price that has begun is history: end it, and add another.",
        tags=TAGS,
        parameters=[KEY, VARIANT_ID, PRICE_ID],
        request=PriceChangeInputSerializer,
    )
    @honours_if_match(_hold)
    def patch(self, request: Request, key: str, variant_id: int, price_id: int) -> Response:
        price = _find_price(key, variant_id, price_id)
        changes = checked(PriceChangeInputSerializer, request.data, partial=True)
        if "price" in changes:
            changes["amount"] = changes.pop("price")
        changed = price_verbs.change_price(price_id=price.pk, changes=changes)
        return self._answer(request, changed)

    @refuses(PriceHasBegun)
    @extend_schema(
        operation_id="variant_prices_delete",
        summary="Delete a price that is still to come",
        description="A price that has begun is history: end it.",
        tags=TAGS,
        parameters=[KEY, VARIANT_ID, PRICE_ID],
        responses={204: None},
    )
    @honours_if_match(_hold)
    def delete(self, request: Request, key: str, variant_id: int, price_id: int) -> Response:
        price_verbs.delete_price(price_id=_find_price(key, variant_id, price_id).pk)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _answer(self, request: Request, price: Price) -> Response:
        return tagged(request, Response(self.get_serializer(price).data), _state(price))


class EndPriceView(PriceDoor):
    """The end of a price."""

    queryset = Price.objects.all()
    serializer_class = PriceSerializer

    @refuses(PriceHasNotBegun, PriceHasEnded, PriceHasBegun, EndsTooEarly)
    @extend_schema(
        operation_id="variant_prices_end",
        summary="End a price",
        description="Now, or sooner than it would have ended. It stays in the history.",
        tags=TAGS,
        parameters=[KEY, VARIANT_ID, PRICE_ID],
        request=EndPriceSerializer,
        responses={200: PriceSerializer},
    )
    @idempotent()
    def post(self, request: Request, key: str, variant_id: int, price_id: int) -> Response:
        price = _find_price(key, variant_id, price_id)
        ended = price_verbs.end_price(
            price_id=price.pk, at=checked(EndPriceSerializer, request.data).get("at")
        )
        return Response(self.get_serializer(ended).data)


def narrowed(request: Request, prices: QuerySet[Price]) -> QuerySet[Price]:
    """The prices that the query asks for."""
    query = checked(PriceFilterSerializer, request.query_params.dict())
    if "currency" in query:
        prices = prices.filter(currency=currency_key(query["currency"]))
    if "price_list" in query:
        prices = prices.filter(price_list_id=query["price_list"])
    begun = Q(valid_from__lte=Now())
    ended = Q(valid_until__isnull=False, valid_until__lte=Now())
    of_status = {"future": ~begun, "current": begun & ~ended, "ended": ended}
    return prices.filter(of_status[query["status"]]) if "status" in query else prices


def find_variant(key: str, variant_id: int) -> Variant:
    """A live variant of an unarchived product.

    Raises:
        catalog.refusals.NoSuchProduct, NotFound
    """
    variants: VariantQuerySet = Variant.objects.live()
    product = find_product(Product.objects.unarchived(), key)
    found = variants.filter(product=product, pk=variant_id).first()
    if found is None:
        raise NotFound("The product has no such variant.")
    return found


def _find_price(key: str, variant_id: int, price_id: int) -> Price:
    price = Price.objects.filter(variant=find_variant(key, variant_id), pk=price_id).first()
    if price is None:
        raise NoSuchPrice("The variant has no such price.")
    return price
