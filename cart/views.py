"""The doors of carts and their quotes. What is in a cart is changed in `cart.item_views`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.db.models import (
    Count,
    DecimalField,
    Exists,
    F,
    OuterRef,
    QuerySet,
    Subquery,
    Sum,
    Value,
)
from django.db.models.functions import Coalesce
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, status
from rest_framework.exceptions import NotAuthenticated
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from account.actors import person_of
from account.models import User
from cart import throttles
from cart.access import (
    KeepsCarts,
    SeesCarts,
    cart_of,
    cart_token_of,
    carts_of,
    count_guess,
    own_carts_of,
    sees_all_carts,
)
from cart.choosing import NO_DELIVERY, change_cart, chosen_delivery
from cart.merging import Merged, merge
from cart.models import Cart, CartItem, Status
from cart.reading import read_cart
from cart.refusals import CartMerged, CartOrdered, NothingToMerge, TooManyCarts
from cart.serializers import (
    CartChangesSerializer,
    CartListQuerySerializer,
    CartSerializer,
    CartSummarySerializer,
    MergedCartSerializer,
    NewCartSerializer,
    NothingSerializer,
    QuoteSerializer,
    QuoteTrialSerializer,
    StartedCartSerializer,
)
from cart.services import choice_of, discard_cart, hold_cart, open_cart
from cart.shapes import cart_json, cart_state, quote_json
from cart.tokens import reveal_cart_token
from common.conditional import honours_if_match, tagged
from common.idempotency import idempotent
from common.languages import Reading
from common.public_doors import checked
from common.schema import TOO_MANY, refuses
from pricing.asking import Choice
from pricing.quoting import TotalTooLarge

TAGS = ["carts"]
CART_TOKEN = OpenApiParameter(
    "X-Cart-Token", str, OpenApiParameter.HEADER,
    description="What stands for a guest's cart: the `cart_token` of the answer that started it.",
)  # fmt: skip


def reading_of(request: Request) -> Reading:
    """In which language the caller reads."""
    return Reading(request.headers.get("Accept-Language", ""))


def payer_of(request: Request, cart: Cart) -> User | None:
    """Whose prices a cart has: its owner's, and those of a customer who holds a guest's token."""
    return cart.owner or person_of(request.user)


def shown(request: Request, cart: Cart) -> dict[str, Any]:
    """A cart as it is answered."""
    view = read_cart(cart=cart, user=payer_of(request, cart))
    return cart_json(view, reading_of(request))


def answer(request: Request, cart: Cart) -> Response:
    """The cart, with the ETag that a change of it may name."""
    return tagged(request, Response(shown(request, cart)), cart_state(cart))


def hold_state(view: APIView, cart_id: UUID, **_: Any) -> str:
    """Lock the caller's cart, for `If-Match`."""
    return cart_state(hold_cart(cart_id=cart_id, among=own_carts_of(view.request)))


class CartListView(generics.GenericAPIView[Cart]):
    """Carts, and starting one."""

    serializer_class = CartSummarySerializer
    throttle_classes = throttles.NEW_CART
    queryset = Cart.objects.none()
    orderings = {
        "-updated_at": "-updated_at", "updated_at": "updated_at", "-created_at": "-created_at",
        "created_at": "created_at",
    }  # fmt: skip
    default_ordering = "-updated_at"

    def get_permissions(self) -> list[Any]:
        return [KeepsCarts()] if self.request.method == "POST" else [SeesCarts()]

    @refuses(TooManyCarts)
    @extend_schema(
        operation_id="carts_create",
        summary="Start a cart",
        description=(
            "A customer's belongs to them. A guest's answer carries a `cart_token`, only this once: send it as"
            " `X-Cart-Token` with every call about the cart, and with the log-in, which then merges the cart into the"
            " customer's own. Whoever comes without it finds no such cart."
        ),
        tags=TAGS,
        request=NewCartSerializer,
        responses={201: StartedCartSerializer},
    )
    @idempotent(reveal=reveal_cart_token)
    def post(self, request: Request) -> Response:
        given = checked(NewCartSerializer, request.data)
        cart = open_cart(user=person_of(request.user), currency=given.get("currency", ""))
        body = shown(request, cart)
        if cart.token_hash:
            body["cart_token"] = cart.token_hash  # `reveal_cart_token` puts the token here
        return Response(body, status=status.HTTP_201_CREATED)

    @refuses(TOO_MANY)
    @extend_schema(
        operation_id="carts_list",
        summary="List carts",
        description=(
            "A customer's own open carts, the latest first; with `X-Cart-Token` the one it stands for. Staff whose role"
            " grants it see everybody's; `?abandoned=true&ordering=updated_at`: those to write to first."
        ),
        tags=TAGS,
        parameters=[CartListQuerySerializer, CART_TOKEN],
        responses={200: CartSummarySerializer(many=True)},
    )
    def get(self, request: Request) -> Response:
        asked = checked(CartListQuerySerializer, request.query_params)
        mine = carts_of(request)
        if not request.user.is_authenticated and not mine.exists():
            count_guess(request)
            raise NotAuthenticated("This cart token stands for no cart.")
        rows = mine.filter(status=asked.get("status", Status.OPEN))
        if asked["abandoned"] is not None:
            gone = Cart.objects.abandoned().values("pk")
            rows = rows.filter(pk__in=gone) if asked["abandoned"] else rows.exclude(pk__in=gone)
        if "updated_before" in asked:
            rows = rows.filter(updated_at__lt=asked["updated_before"])
        if "updated_after" in asked:
            rows = rows.filter(updated_at__gte=asked["updated_after"])
        page = self.paginate_queryset(_summed(rows).select_related("owner"))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "sees_all": sees_all_carts(self.request)}


def _summed(rows: QuerySet[Cart]) -> QuerySet[Cart]:
    """With how much is in them, in the same statement."""
    amount = DecimalField(max_digits=24, decimal_places=2)
    items = CartItem.objects.filter(cart=OuterRef("pk")).order_by().values("cart")

    def of(expression: Any, field: Any = None) -> Any:
        inner = Subquery(items.annotate(found=expression).values("found"), output_field=field)
        return Coalesce(inner, Value(0), output_field=field)

    return rows.annotate(
        lines=of(Count("pk")),
        pieces=of(Sum("quantity")),
        is_abandoned=Exists(Cart.objects.abandoned().filter(pk=OuterRef("pk"))),
        value=of(Sum(F("quantity") * F("shown_price"), output_field=amount), amount),
    )


class CartView(APIView):
    """One cart."""

    permission_classes = [KeepsCarts]

    @refuses(TOO_MANY)
    @extend_schema(
        operation_id="carts_retrieve",
        summary="Read a cart",
        description=(
            "As it stands today: prices, what is left, and in each line's `problems` what has changed since it was put in."
            " Reading never fails because the catalogue moved. `GET .../quote/` explains the amounts."
        ),
        tags=TAGS,
        parameters=[CART_TOKEN],
        responses={200: CartSerializer},
    )
    def get(self, request: Request, cart_id: UUID) -> Response:
        return answer(request, cart_of(request, cart_id, carts_of(request)))

    @refuses(CartOrdered, CartMerged, TOO_MANY)
    @extend_schema(
        operation_id="carts_update",
        summary="Change a cart",
        description=(
            "How and where to (`delivery` replaces what was chosen; `null` forgets it), the currency, a note to the shop."
            " `accept_prices: true` says that the customer has seen today's prices."
        ),
        tags=TAGS,
        parameters=[CART_TOKEN],
        request=CartChangesSerializer,
        responses={200: CartSerializer},
    )
    @honours_if_match(hold_state)
    def patch(self, request: Request, cart_id: UUID) -> Response:
        mine = own_carts_of(request)
        cart_of(request, cart_id, mine)
        given = checked(CartChangesSerializer, request.data)
        accepts = given.pop("accept_prices", False)
        if "delivery" in given:
            chosen = given.pop("delivery")
            given |= chosen_delivery(**_said(chosen)) if chosen else NO_DELIVERY
        cart = change_cart(cart_id=cart_id, among=mine, changes=given, accepts_prices=accepts)
        return answer(request, cart)

    @refuses(CartOrdered, TOO_MANY)
    @extend_schema(
        operation_id="carts_delete",
        summary="Delete a cart",
        description="With all that is in it. One that was ordered stays.",
        tags=TAGS,
        parameters=[CART_TOKEN],
        responses={204: None},
    )
    @honours_if_match(hold_state)
    def delete(self, request: Request, cart_id: UUID) -> Response:
        mine = own_carts_of(request)
        cart_of(request, cart_id, mine)
        discard_cart(cart_id=cart_id, among=mine)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _said(chosen: dict[str, Any]) -> dict[str, Any]:
    """Without what was left empty."""
    return {name: value for name, value in chosen.items() if value not in (None, "")}


class QuoteView(APIView):
    """What a cart costs, and why."""

    permission_classes = [KeepsCarts]

    @refuses(TotalTooLarge, TOO_MANY)
    @extend_schema(
        operation_id="carts_quote",
        summary="Explain what a cart costs",
        description=(
            "Each line's way from its list price to its total, what promotions and codes took off, why others did not,"
            " delivery and taxes by rate. `expected_total` is what to send to the checkout. `delivery`, `area` and"
            " `pickup_point` try another delivery without keeping it. What cannot be had now is not in the totals."
        ),
        tags=TAGS,
        parameters=[QuoteTrialSerializer, CART_TOKEN],
        responses={200: QuoteSerializer},
    )
    def get(self, request: Request, cart_id: UUID) -> Response:
        cart = cart_of(request, cart_id, carts_of(request))
        view = read_cart(
            cart=cart, user=payer_of(request, cart), trial=_trial(cart, request.query_params)
        )
        if view.quote is None:
            raise TotalTooLarge("Split this into several orders.")
        return Response(quote_json(view, reading_of(request)))


def _trial(cart: Cart, query: Any) -> Choice | None:
    """The chosen delivery with what the query says instead; None: it says nothing.

    Raises:
        Invalid: naming what does not exist.
    """
    given = _said(checked(QuoteTrialSerializer, query))
    if not given:
        return None
    found = chosen_delivery(
        method=given.get("delivery", ""),
        area=given.get("area", ""),
        pickup_point=given.get("pickup_point", ""),
        field="",
    )
    choice = choice_of(cart) or Choice()
    if "delivery" in given:
        choice = replace(choice, method=found["delivery_method"])
    # What is tried is the fee; another method or area has other windows.
    choice = replace(choice, window=None, day=None)
    if "area" in given or "pickup_point" in given:
        choice = replace(choice, area=found["delivery_area"], pickup_point=found["pickup_point"])
    return choice


class MergeView(APIView):
    """What a guest has gathered becomes the customer's."""

    permission_classes = [IsAuthenticated]

    @refuses(NothingToMerge)
    @extend_schema(
        operation_id="carts_merge",
        summary="Merge a guest's cart into your own",
        description=(
            "What a log-in with `X-Cart-Token` does by itself, for whoever was signed in already. The guest's token stands"
            " for nothing afterwards; a second call is a 404."
        ),
        tags=TAGS,
        parameters=[CART_TOKEN],
        request=None,
        responses={200: MergedCartSerializer},
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        checked(NothingSerializer, request.data)
        user = person_of(request.user)
        done = merge(user=user, token=cart_token_of(request)) if user else None
        if done is None:
            raise NothingToMerge("No open cart of a guest belongs to this token.")
        return Response(merged_json(done))


def merged_json(done: Merged) -> dict[str, Any]:
    """What became of a guest's cart, as it is answered."""
    return {
        "id": str(done.cart.public_id),
        "dropped": [
            {"variant_id": variant, "quantity": quantity} for variant, quantity in done.dropped
        ],
        "dropped_codes": list(done.dropped_codes),
    }
