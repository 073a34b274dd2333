"""The doors of promotions and their codes."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from common.conditional import honours_if_match, tagged
from common.idempotency import idempotent
from common.public_doors import checked
from common.schema import refuses
from pricing import coupon_verbs, promotion_verbs
from pricing.codes import normalised
from pricing.doors import PricingDoor, row_state
from pricing.models import Coupon, CouponUse, Promotion
from pricing.promotion_inputs import (
    CouponBatchAnswerSerializer,
    CouponBatchSerializer,
    CouponChangeSerializer,
    CouponFilterSerializer,
    CouponInputSerializer,
    CouponSerializer,
    PromotionFilterSerializer,
    PromotionInputSerializer,
    PromotionSerializer,
)
from pricing.refusals import (
    CouponCodeTaken,
    LimitBelowUses,
    NoSuchCoupon,
    NoSuchPromotion,
    NotACode,
    PromotionEndsTooEarly,
    PromotionInUse,
)

TAGS = ["promotions"]


def _with_uses(rows: QuerySet[Any], column: str) -> QuerySet[Any]:
    """Annotate `uses_now`, counted: the counter is kept only where there is a limit."""
    counted = (
        CouponUse.objects.filter(**{column: OuterRef("pk"), "state": CouponUse.State.ACTIVE})
        .values(column)
        .annotate(n=Count("*"))
        .values("n")
    )
    annotated: QuerySet[Any] = rows.annotate(uses_now=Coalesce(Subquery(counted), 0))
    return annotated


def _promotions() -> QuerySet[Promotion]:
    rows = _with_uses(Promotion.objects.all(), "promotion")
    return rows.prefetch_related("amounts", "group_rows", "targets")


def _promotion(promotion_id: int) -> Promotion:
    found = _promotions().filter(pk=promotion_id).first()
    if found is None:
        raise NoSuchPromotion("There is no such promotion.")
    return found


def _state(promotion: Promotion) -> str:
    return f"p{promotion.pk}-{promotion.version}"


def _hold(view: Any, promotion_id: int) -> str:
    return _state(promotion_verbs.lock_promotion(promotion_id))


class PromotionListView(PricingDoor):
    """All promotions."""

    noun = "promotion"
    queryset = Promotion.objects.all()
    serializer_class = PromotionSerializer
    orderings = {"-created_at": "-created_at", "name": "name", "valid_from": "valid_from"}
    default_ordering = "-created_at"

    @extend_schema(
        operation_id="promotions_list",
        summary="List promotions",
        description="Of all times, the latest first.",
        tags=TAGS,
        parameters=[PromotionFilterSerializer],
        responses=PromotionSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        asked = checked(PromotionFilterSerializer, request.query_params.dict())
        return self.page(_promotions().filter(**{k: v for k, v in asked.items() if v is not None}))

    @refuses(PromotionEndsTooEarly)
    @extend_schema(
        operation_id="promotions_create",
        summary="Make a promotion",
        description=(
            "A percentage or an amount off, free delivery, or pieces reduced when others are bought; for everybody or for"
            " groups, above a threshold, for a time, with a code or without. It holds at once, unless `valid_from` or"
            " `is_active` say otherwise."
        ),
        tags=TAGS,
        request=PromotionInputSerializer,
        responses={201: PromotionSerializer},
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        made = promotion_verbs.create_promotion(
            fields=checked(PromotionInputSerializer, request.data)
        )
        return Response(self.get_serializer(_promotion(made.pk)).data, status.HTTP_201_CREATED)


class PromotionView(PricingDoor):
    """One promotion."""

    noun = "promotion"
    queryset = Promotion.objects.all()
    serializer_class = PromotionSerializer

    @extend_schema(
        operation_id="promotions_retrieve",
        summary="Show a promotion",
        description="With what it is about, its amounts, and how often it is used.",
        tags=TAGS,
    )
    def get(self, request: Request, promotion_id: int) -> Response:
        return self._answer(request, promotion_id)

    @refuses(PromotionEndsTooEarly, LimitBelowUses)
    @extend_schema(
        operation_id="promotions_change",
        summary="Change a promotion",
        description="Only the fields given, for quotes from now on. Orders keep what they were given.",
        tags=TAGS,
        request=PromotionInputSerializer,
    )
    @honours_if_match(_hold)
    def patch(self, request: Request, promotion_id: int) -> Response:
        changes = checked(PromotionInputSerializer, request.data, partial=True)
        promotion_verbs.update_promotion(promotion_id=promotion_id, changes=changes)
        return self._answer(request, promotion_id)

    @refuses(PromotionInUse)
    @extend_schema(
        operation_id="promotions_delete",
        summary="Delete a promotion",
        description="Only one that was never used, with its codes. Take others back with `is_active`.",
        tags=TAGS,
        responses={204: None},
    )
    @honours_if_match(_hold)
    def delete(self, request: Request, promotion_id: int) -> Response:
        promotion_verbs.delete_promotion(promotion_id=promotion_id)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _answer(self, request: Request, promotion_id: int) -> Response:
        promotion = _promotion(promotion_id)
        return tagged(request, Response(self.get_serializer(promotion).data), _state(promotion))


# --- codes ------------------------------------------------------------------------------------


def _coupons(promotion_id: int) -> QuerySet[Coupon]:
    if not Promotion.objects.filter(pk=promotion_id).exists():
        raise NoSuchPromotion("There is no such promotion.")
    return _with_uses(Coupon.objects.filter(promotion_id=promotion_id), "coupon")


def _coupon(promotion_id: int, coupon_id: int) -> Coupon:
    found = _coupons(promotion_id).filter(pk=coupon_id).first()
    if found is None:
        raise NoSuchCoupon("The promotion has no such code.")
    return found


def _coupon_state(coupon: Coupon) -> str:
    return row_state(coupon, "uses")


def _hold_coupon(view: Any, promotion_id: int, coupon_id: int) -> str:
    return _coupon_state(coupon_verbs.lock_coupon(promotion_id, coupon_id))


class CouponListView(PricingDoor):
    """The codes of a promotion."""

    noun = "promotion"
    verb = "change"
    queryset = Coupon.objects.all()
    serializer_class = CouponSerializer
    orderings = {"-created_at": "-created_at", "code": "code"}
    default_ordering = "-created_at"

    @refuses(NoSuchPromotion)
    @extend_schema(
        operation_id="coupons_list",
        summary="List a promotion's codes",
        description="The latest first. `code` finds one however it is typed.",
        tags=TAGS,
        parameters=[CouponFilterSerializer],
        responses=CouponSerializer(many=True),
    )
    def get(self, request: Request, promotion_id: int) -> Response:
        asked = checked(CouponFilterSerializer, request.query_params.dict())
        if "code" in asked:
            asked["code"] = normalised(asked["code"])
        rows = _coupons(promotion_id)
        return self.page(rows.filter(**{k: v for k, v in asked.items() if v is not None}))

    @refuses(CouponCodeTaken, NotACode)
    @extend_schema(
        operation_id="coupons_create",
        summary="Add a code",
        description="From then on the promotion needs one of its codes.",
        tags=TAGS,
        request=CouponInputSerializer,
        responses={201: CouponSerializer},
    )
    @idempotent()
    def post(self, request: Request, promotion_id: int) -> Response:
        given = checked(CouponInputSerializer, request.data)
        made = coupon_verbs.create_coupon(
            promotion_id=promotion_id, code=given.pop("code"), fields=given
        )
        shown = self.get_serializer(_coupon(promotion_id, made.pk)).data
        return Response(shown, status.HTTP_201_CREATED)


class CouponBatchView(PricingDoor):
    """Many codes at once."""

    noun = "promotion"
    verb = "change"
    queryset = Coupon.objects.all()
    serializer_class = CouponBatchAnswerSerializer

    @refuses(NotACode)
    @extend_schema(
        operation_id="coupons_generate",
        summary="Make many codes",
        description="Random ones that nobody guesses or misreads, for one use each unless `limit` says otherwise.",
        tags=TAGS,
        request=CouponBatchSerializer,
        responses={201: CouponBatchAnswerSerializer},
    )
    @idempotent()
    def post(self, request: Request, promotion_id: int) -> Response:
        given = checked(CouponBatchSerializer, request.data)
        made = coupon_verbs.generate_coupons(
            promotion_id=promotion_id, count=given.pop("count"), prefix=given.pop("prefix"),
            fields=given,
        )  # fmt: skip
        codes = [coupon.code for coupon in made]
        return Response({"count": len(codes), "codes": codes}, status.HTTP_201_CREATED)


class CouponView(PricingDoor):
    """One code."""

    noun = "promotion"
    verb = "change"
    queryset = Coupon.objects.all()
    serializer_class = CouponSerializer

    @refuses(NoSuchPromotion)
    @extend_schema(
        operation_id="coupons_retrieve",
        summary="Show a code",
        description="And how often it is used.",
        tags=TAGS,
    )
    def get(self, request: Request, promotion_id: int, coupon_id: int) -> Response:
        return self._answer(request, promotion_id, coupon_id)

    @refuses(LimitBelowUses)
    @extend_schema(
        operation_id="coupons_change",
        summary="Change a code",
        description="Its limits, or take it back with `is_active`.",
        tags=TAGS,
        request=CouponChangeSerializer,
    )
    @honours_if_match(_hold_coupon)
    def patch(self, request: Request, promotion_id: int, coupon_id: int) -> Response:
        changes = checked(CouponChangeSerializer, request.data, partial=True)
        coupon_verbs.update_coupon(promotion_id=promotion_id, coupon_id=coupon_id, changes=changes)
        return self._answer(request, promotion_id, coupon_id)

    @refuses(PromotionInUse)
    @extend_schema(
        operation_id="coupons_delete",
        summary="Delete a code",
        description="Only one that was never used.",
        tags=TAGS,
        responses={204: None},
    )
    @honours_if_match(_hold_coupon)
    def delete(self, request: Request, promotion_id: int, coupon_id: int) -> Response:
        coupon_verbs.delete_coupon(promotion_id=promotion_id, coupon_id=coupon_id)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _answer(self, request: Request, promotion_id: int, coupon_id: int) -> Response:
        coupon = _coupon(promotion_id, coupon_id)
        return tagged(request, Response(self.get_serializer(coupon).data), _coupon_state(coupon))
