"""The doors of taxes."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from common.conditional import honours_if_match, tagged
from common.idempotency import idempotent
from common.public_doors import checked
from common.schema import refuses
from pricing import tax_verbs as verbs
from pricing.doors import PricingDoor, row_state
from pricing.models import TaxAssignment, TaxCategory, TaxExemption, TaxRate
from pricing.refusals import (
    NoSuchTaxAssignment,
    NoSuchTaxCategory,
    NoSuchTaxExemption,
    NoSuchTaxRate,
    StandardIsTaxed,
    TaxAssigned,
    TaxCategoryInUse,
    TaxCategoryTaken,
    TaxRateEndsTooEarly,
    TaxRateHasBegun,
    TaxRatesOverlap,
)
from pricing.tax_inputs import (
    TaxAssignmentInputSerializer,
    TaxAssignmentSerializer,
    TaxCategoryChangeSerializer,
    TaxCategoryInputSerializer,
    TaxCategorySerializer,
    TaxExemptionChangeSerializer,
    TaxExemptionInputSerializer,
    TaxExemptionSerializer,
    TaxRateFilterSerializer,
    TaxRateInputSerializer,
    TaxRateSerializer,
)

TAGS = ["taxes"]
CODE = OpenApiParameter("code", str, OpenApiParameter.PATH, description="A tax category's code.")


class TaxDoor(PricingDoor):
    """Taxes are one business: the right to it is that to tax rates."""

    noun = "taxrate"

    def answer(self, request: Request, row: Any) -> Response:
        """One row, with its ETag."""
        return tagged(request, Response(self.get_serializer(row).data), row_state(row))

    def made(self, row: Any) -> Response:
        """A row that was made."""
        return Response(self.get_serializer(row).data, status.HTTP_201_CREATED)


# --- rates ------------------------------------------------------------------------------------


def _hold_rate(view: Any, rate_id: int) -> str:
    return row_state(verbs.lock_rate(rate_id))


class TaxRateListView(TaxDoor):
    """All rates, of all times."""

    queryset = TaxRate.objects.all()
    serializer_class = TaxRateSerializer
    orderings = {"-valid_from": "-valid_from", "valid_from": "valid_from"}
    default_ordering = "-valid_from"

    @extend_schema(
        operation_id="tax_rates_list",
        summary="List tax rates",
        description="Of all categories, areas and times, the latest first.",
        tags=TAGS,
        parameters=[TaxRateFilterSerializer],
        responses=TaxRateSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        asked = checked(TaxRateFilterSerializer, request.query_params.dict())
        return self.page(TaxRate.objects.filter(**asked))

    @refuses(TaxRatesOverlap, TaxRateEndsTooEarly)
    @extend_schema(
        operation_id="tax_rates_create",
        summary="Write down a tax rate",
        description=(
            "Of a category, everywhere or in one area and all below it; the narrowest area that has a rate decides. Two"
            " rates cannot hold for the same at once: end the other first."
        ),
        tags=TAGS,
        request=TaxRateInputSerializer,
        responses={201: TaxRateSerializer},
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        return self.made(verbs.create_rate(fields=checked(TaxRateInputSerializer, request.data)))


class TaxRateView(TaxDoor):
    """One rate."""

    queryset = TaxRate.objects.all()
    serializer_class = TaxRateSerializer

    @extend_schema(
        operation_id="tax_rates_retrieve",
        summary="Show a tax rate",
        description="By id.",
        tags=TAGS,
    )
    def get(self, request: Request, rate_id: int) -> Response:
        found = TaxRate.objects.filter(pk=rate_id).first()
        if found is None:
            raise NoSuchTaxRate("There is no such tax rate.")
        return self.answer(request, found)

    @refuses(TaxRateHasBegun, TaxRateEndsTooEarly, TaxRatesOverlap)
    @extend_schema(
        operation_id="tax_rates_change",
        summary="Change or end a tax rate",
        description="One that holds can only be ended, with `valid_until`: orders were placed by it.",
        tags=TAGS,
        request=TaxRateInputSerializer,
    )
    @honours_if_match(_hold_rate)
    def patch(self, request: Request, rate_id: int) -> Response:
        changes = checked(TaxRateInputSerializer, request.data, partial=True)
        return self.answer(request, verbs.update_rate(rate_id=rate_id, changes=changes))

    @refuses(TaxRateHasBegun)
    @extend_schema(
        operation_id="tax_rates_delete",
        summary="Delete a tax rate that is still to come",
        description="One that has begun is history: end it.",
        tags=TAGS,
        responses={204: None},
    )
    @honours_if_match(_hold_rate)
    def delete(self, request: Request, rate_id: int) -> Response:
        verbs.delete_rate(rate_id=rate_id)
        return Response(status=status.HTTP_204_NO_CONTENT)


# --- categories -------------------------------------------------------------------------------


def _hold_category(view: Any, code: str) -> str:
    return row_state(verbs.lock_category(code))


def _category(code: str) -> TaxCategory:
    found = TaxCategory.objects.filter(pk=code).first()
    if found is None:
        raise NoSuchTaxCategory("There is no such tax category.")
    return found


class TaxCategoryListView(TaxDoor):
    """All tax categories."""

    verb = "change"
    queryset = TaxCategory.objects.all()
    serializer_class = TaxCategorySerializer
    orderings = {"name": "name"}
    default_ordering = "name"

    @extend_schema(
        operation_id="tax_categories_list",
        summary="List tax categories",
        description="What has no other is `standard`.",
        tags=TAGS,
        responses=TaxCategorySerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        return self.page(TaxCategory.objects.all())

    @refuses(TaxCategoryTaken)
    @extend_schema(
        operation_id="tax_categories_create",
        summary="Add a tax category",
        description="Its goods are taxed as standard ones until it has a rate, unless it is not taxed at all.",
        tags=TAGS,
        request=TaxCategoryInputSerializer,
        responses={201: TaxCategorySerializer},
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        given = checked(TaxCategoryInputSerializer, request.data)
        return self.made(verbs.create_category(fields=given))


class TaxCategoryView(TaxDoor):
    """One tax category."""

    verb = "change"
    queryset = TaxCategory.objects.all()
    serializer_class = TaxCategorySerializer

    @extend_schema(
        operation_id="tax_categories_retrieve",
        summary="Show a tax category",
        description="By code.",
        tags=TAGS,
        parameters=[CODE],
    )
    def get(self, request: Request, code: str) -> Response:
        return self.answer(request, _category(code))

    @refuses(StandardIsTaxed)
    @extend_schema(
        operation_id="tax_categories_change",
        summary="Change a tax category",
        description="Its name, or how it is treated from now on.",
        tags=TAGS,
        parameters=[CODE],
        request=TaxCategoryChangeSerializer,
    )
    @honours_if_match(_hold_category)
    def patch(self, request: Request, code: str) -> Response:
        changes = checked(TaxCategoryChangeSerializer, request.data, partial=True)
        return self.answer(request, verbs.update_category(code=code, changes=changes))

    @refuses(TaxCategoryInUse)
    @extend_schema(
        operation_id="tax_categories_delete",
        summary="Delete a tax category",
        description="Only one that nothing is of.",
        tags=TAGS,
        parameters=[CODE],
        responses={204: None},
    )
    @honours_if_match(_hold_category)
    def delete(self, request: Request, code: str) -> Response:
        verbs.delete_category(code=code)
        return Response(status=status.HTTP_204_NO_CONTENT)


class TaxAssignmentListView(TaxDoor):
    """What is of a tax category."""

    verb = "change"
    queryset = TaxAssignment.objects.all()
    serializer_class = TaxAssignmentSerializer
    orderings = {"-created_at": "-created_at"}
    default_ordering = "-created_at"

    @refuses(NoSuchTaxCategory)
    @extend_schema(
        operation_id="tax_assignments_list",
        summary="List what is of a tax category",
        description="Products, and categories of the shop with all below them; the nearest has the last word.",
        tags=TAGS,
        parameters=[CODE],
        responses=TaxAssignmentSerializer(many=True),
    )
    def get(self, request: Request, code: str) -> Response:
        return self.page(TaxAssignment.objects.filter(tax_category=_category(code)))

    @refuses(TaxAssigned)
    @extend_schema(
        operation_id="tax_assignments_create",
        summary="Put something into a tax category",
        description="A product, or a category of the shop.",
        tags=TAGS,
        parameters=[CODE],
        request=TaxAssignmentInputSerializer,
        responses={201: TaxAssignmentSerializer},
    )
    @idempotent()
    def post(self, request: Request, code: str) -> Response:
        given = checked(TaxAssignmentInputSerializer, request.data)
        return self.made(verbs.assign(code=code, fields=given))


class TaxAssignmentView(TaxDoor):
    """One assignment."""

    verb = "change"
    queryset = TaxAssignment.objects.all()
    serializer_class = TaxAssignmentSerializer

    @refuses(NoSuchTaxAssignment)
    @extend_schema(
        operation_id="tax_assignments_delete",
        summary="Take something out of a tax category",
        description="It is then of the category of what it belongs to, or of the standard one.",
        tags=TAGS,
        parameters=[CODE],
        responses={204: None},
    )
    def delete(self, request: Request, code: str, assignment_id: int) -> Response:
        verbs.unassign(code=code, assignment_id=assignment_id)
        return Response(status=status.HTTP_204_NO_CONTENT)


# --- exemptions -------------------------------------------------------------------------------


def _hold_exemption(view: Any, exemption_id: int) -> str:
    return row_state(verbs.lock_exemption(exemption_id))


class TaxExemptionListView(TaxDoor):
    """Who is exempt."""

    verb = "change"
    queryset = TaxExemption.objects.all()
    serializer_class = TaxExemptionSerializer
    orderings = {"-created_at": "-created_at"}
    default_ordering = "-created_at"

    @extend_schema(
        operation_id="tax_exemptions_list",
        summary="List tax exemptions",
        description="Of customers and groups, of all times, the latest first.",
        tags=TAGS,
        responses=TaxExemptionSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        return self.page(TaxExemption.objects.select_related("user"))

    @refuses(TaxRateEndsTooEarly)
    @extend_schema(
        operation_id="tax_exemptions_create",
        summary="Write down an exemption",
        description="A certificate of a customer or of a group. Prices that include tax are charged without it.",
        tags=TAGS,
        request=TaxExemptionInputSerializer,
        responses={201: TaxExemptionSerializer},
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        given = checked(TaxExemptionInputSerializer, request.data)
        return self.made(verbs.create_exemption(fields=given))


class TaxExemptionView(TaxDoor):
    """One exemption."""

    verb = "change"
    queryset = TaxExemption.objects.all()
    serializer_class = TaxExemptionSerializer

    @extend_schema(
        operation_id="tax_exemptions_retrieve",
        summary="Show an exemption",
        description="By id.",
        tags=TAGS,
    )
    def get(self, request: Request, exemption_id: int) -> Response:
        found = TaxExemption.objects.select_related("user").filter(pk=exemption_id).first()
        if found is None:
            raise NoSuchTaxExemption("There is no such exemption.")
        return self.answer(request, found)

    @refuses(TaxRateEndsTooEarly)
    @extend_schema(
        operation_id="tax_exemptions_change",
        summary="Change an exemption",
        description="What it is for, or when it ends; for quotes from now on.",
        tags=TAGS,
        request=TaxExemptionChangeSerializer,
    )
    @honours_if_match(_hold_exemption)
    def patch(self, request: Request, exemption_id: int) -> Response:
        changes = checked(TaxExemptionChangeSerializer, request.data, partial=True)
        changed = verbs.update_exemption(exemption_id=exemption_id, changes=changes)
        return self.answer(request, changed)

    @extend_schema(
        operation_id="tax_exemptions_delete",
        summary="Delete an exemption",
        description="Orders that were placed with it keep the certificate's number.",
        tags=TAGS,
        responses={204: None},
    )
    @honours_if_match(_hold_exemption)
    def delete(self, request: Request, exemption_id: int) -> Response:
        verbs.delete_exemption(exemption_id=exemption_id)
        return Response(status=status.HTTP_204_NO_CONTENT)
