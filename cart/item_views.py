"""The doors of what is in a cart: its lines and its codes."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cart import throttles
from cart.access import KeepsCarts, cart_of, own_carts_of
from cart.codes import add_code, remove_code
from cart.items import add_item, remove_item, set_quantity
from cart.refusals import (
    CartFull,
    CartMerged,
    CartOrdered,
    ChooseVariant,
    NotForSale,
    TooManyCodes,
    TooManyPieces,
    UnknownCode,
)
from cart.serializers import (
    CartCodeSerializer,
    CartCodeToForgetSerializer,
    CartQuantitySerializer,
    CartSerializer,
    NewCartItemSerializer,
)
from cart.views import CART_TOKEN, TAGS, answer, hold_state, shown
from common.conditional import honours_if_match, takes_if_match, unchanged
from common.idempotency import idempotent
from common.public_doors import checked
from common.schema import TOO_MANY, refuses, takes_body


class CartItemListView(APIView):
    """Putting something into a cart."""

    permission_classes = [KeepsCarts]

    @refuses(
        NotForSale, ChooseVariant, CartFull, TooManyPieces, CartOrdered, CartMerged, TOO_MANY
    )  # fmt: skip
    @extend_schema(
        operation_id="carts_items_add",
        summary="Put something into a cart",
        description=(
            "A variant, or a product that comes in one variant only. What is in the cart already grows by `quantity`: 200"
            " instead of 201. Stock is not asked here: the answer's `problems` tell what is short."
        ),
        tags=TAGS,
        parameters=[CART_TOKEN],
        request=NewCartItemSerializer,
        responses={200: CartSerializer, 201: CartSerializer},
    )
    @idempotent()
    @takes_if_match
    def post(self, request: Request, cart_id: UUID) -> Response:
        mine = own_carts_of(request)
        cart_of(request, cart_id, mine)
        given = checked(NewCartItemSerializer, request.data)
        with unchanged(request, partial(hold_state, self, cart_id)):
            added = add_item(cart_id=cart_id, among=mine, **given)
        code = status.HTTP_201_CREATED if added.is_new else status.HTTP_200_OK
        return Response(shown(request, added.cart), status=code)


class CartItemView(APIView):
    """One line of a cart."""

    permission_classes = [KeepsCarts]

    @refuses(CartOrdered, CartMerged, TOO_MANY)
    @extend_schema(
        operation_id="carts_items_update",
        summary="Change how many pieces a line has",
        description="Whatever there were before; 0 takes the line out. The price shown from now on is today's.",
        tags=TAGS,
        parameters=[CART_TOKEN],
        request=CartQuantitySerializer,
        responses={200: CartSerializer},
    )
    @honours_if_match(hold_state)
    def patch(self, request: Request, cart_id: UUID, item_id: UUID) -> Response:
        mine = own_carts_of(request)
        cart_of(request, cart_id, mine)
        given = checked(CartQuantitySerializer, request.data)
        cart = set_quantity(cart_id=cart_id, among=mine, item_id=item_id, **given)
        return answer(request, cart)

    @refuses(CartOrdered, CartMerged, TOO_MANY)
    @extend_schema(
        operation_id="carts_items_remove",
        summary="Take a line out of a cart",
        tags=TAGS,
        parameters=[CART_TOKEN],
        responses={204: None},
    )
    @honours_if_match(hold_state)
    def delete(self, request: Request, cart_id: UUID, item_id: UUID) -> Response:
        mine = own_carts_of(request)
        cart_of(request, cart_id, mine)
        remove_item(cart_id=cart_id, among=mine, item_id=item_id)
        return Response(status=status.HTTP_204_NO_CONTENT)


class CouponView(APIView):
    """Codes of a cart."""

    permission_classes = [KeepsCarts]

    def get_throttles(self) -> list[Any]:
        return [throttle() for throttle in throttles.CODES] + super().get_throttles()

    @refuses(UnknownCode, TooManyCodes, CartOrdered, CartMerged)
    @extend_schema(
        operation_id="carts_coupon_add",
        summary="Use a code",
        description=(
            "Keeps the code with the cart. Whether it takes anything off is in the totals, and if not, why not in"
            " `GET .../quote/`. Tries are limited: who guesses gets 429."
        ),
        tags=TAGS,
        parameters=[CART_TOKEN],
        request=CartCodeSerializer,
        responses={200: CartSerializer},
    )
    @idempotent()
    @takes_if_match
    def post(self, request: Request, cart_id: UUID) -> Response:
        mine = own_carts_of(request)
        cart_of(request, cart_id, mine)
        given = checked(CartCodeSerializer, request.data)
        with unchanged(request, partial(hold_state, self, cart_id)):
            cart = add_code(cart_id=cart_id, among=mine, code=given["code"])
        return Response(shown(request, cart))

    @refuses(CartOrdered, CartMerged, TOO_MANY)
    @extend_schema(
        operation_id="carts_coupon_remove",
        summary="Forget a code",
        description="The one in the body, or all of them. Harmless when it is not there.",
        tags=TAGS,
        parameters=[CART_TOKEN],
        request=CartCodeToForgetSerializer,
        responses={204: None},
    )
    @honours_if_match(hold_state)
    @takes_body
    def delete(self, request: Request, cart_id: UUID) -> Response:
        mine = own_carts_of(request)
        cart_of(request, cart_id, mine)
        given = checked(CartCodeToForgetSerializer, request.data or {})
        remove_code(cart_id=cart_id, among=mine, code=given.get("code", ""))
        return Response(status=status.HTTP_204_NO_CONTENT)
