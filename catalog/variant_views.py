"""The doors of a product's variants."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.access import find_product, staff_actor, visible_products
from catalog.conditional import product_state
from catalog.doors import KEY, PRICES, TAGS, CatalogView, checked
from catalog.field_access import permitted, refuse_opening_stock, shown_of_variant
from catalog.inputs import VariantBatchInputSerializer, VariantInputSerializer
from catalog.model_refusals import TooManyVariants
from catalog.models import Product, Variant, VariantQuerySet
from catalog.price_refusals import BUNDLING, PartOfBundle
from catalog.refusals import CompareAtBelowPrice, LastVariant, OptionsTaken, SkuTaken
from catalog.serializers import VariantSerializer, VariantsSerializer
from catalog.services import add_variant, add_variants, delete_variant, update_variant
from catalog.views import hold_product, new_variant
from common.conditional import honours_if_match, tagged
from common.errors import NotFound
from common.idempotency import idempotent
from common.schema import refuses
from inventory.refusals import BelowReserved, StockMoved

VARIANT_ID = OpenApiParameter("variant_id", int, OpenApiParameter.PATH, description="A variant.")


class VariantListView(CatalogView):
    """The variants of a product."""

    writes = "variant"
    queryset = Variant.objects.all()
    serializer_class = VariantSerializer
    orderings = {"position": "position"}

    @extend_schema(
        operation_id="variants_list",
        summary="List a product's variants",
        description="In the shop's own order. Staff see exact stock.",
        tags=TAGS,
        parameters=[KEY],
        responses=VariantSerializer(many=True),
    )
    def get(self, request: Request, key: str) -> Response:
        return self.page(_variants(find_product(visible_products(request), key)))

    @refuses(SkuTaken, OptionsTaken, CompareAtBelowPrice, *BUNDLING, TooManyVariants)
    @extend_schema(
        operation_id="variants_create",
        summary="Add a variant",
        description="Behind the others. Its options must differ from theirs.",
        tags=TAGS,
        parameters=[KEY],
        request=VariantInputSerializer,
        responses={201: VariantSerializer},
    )
    @idempotent()
    def post(self, request: Request, key: str) -> Response:
        product = find_product(Product.objects.unarchived(), key)
        new = new_variant(checked(VariantInputSerializer, request.data))
        refuse_opening_stock(request.user, [new.stock])
        variant = add_variant(product_id=product.pk, new=new, by=staff_actor(request))
        return Response(self.get_serializer(variant).data, status.HTTP_201_CREATED)


class VariantBatchView(CatalogView):
    """Many variants at once."""

    writes = "variant"
    queryset = Variant.objects.all()
    serializer_class = VariantSerializer

    @refuses(SkuTaken, OptionsTaken, CompareAtBelowPrice, *BUNDLING, TooManyVariants)
    @extend_schema(
        operation_id="variants_create_many",
        summary="Add several variants",
        description=(
            "Behind the others, in this order, all or none. A product has at most 2,048; a body at most 1 MB, so that very "
            "many come in portions."
        ),
        tags=TAGS,
        parameters=[KEY],
        request=VariantBatchInputSerializer,
        responses={201: VariantsSerializer},
    )
    @idempotent()
    def post(self, request: Request, key: str) -> Response:
        product = find_product(Product.objects.unarchived(), key)
        given = checked(VariantBatchInputSerializer, request.data)
        new = [new_variant(variant) for variant in given["variants"]]
        refuse_opening_stock(request.user, (variant.stock for variant in new))
        made = add_variants(product_id=product.pk, new=new, by=staff_actor(request))
        rows = _variants(product).filter(pk__in=[variant.pk for variant in made])
        shown = self.get_serializer(rows.order_by("position", "pk"), many=True).data
        return Response({"results": shown}, status.HTTP_201_CREATED)


class VariantView(CatalogView):
    """One variant."""

    writes = "variant"
    sensitive_fields = PRICES
    queryset = Variant.objects.all()
    serializer_class = VariantSerializer

    @extend_schema(
        operation_id="variants_retrieve",
        summary="Show a variant",
        description="Staff see exact stock.",
        tags=TAGS,
        parameters=[KEY, VARIANT_ID],
    )
    def get(self, request: Request, key: str, variant_id: int) -> Response:
        return self._answer(request, find_product(visible_products(request), key), variant_id)

    @refuses(SkuTaken, OptionsTaken, CompareAtBelowPrice, *BUNDLING, BelowReserved, StockMoved)
    @extend_schema(
        operation_id="variants_replace",
        summary="Replace a variant",
        description="All fields; name, SKU, options, position and stock stay when left out.",
        tags=TAGS,
        parameters=[KEY, VARIANT_ID],
        request=VariantInputSerializer,
    )
    @honours_if_match(hold_product)
    def put(self, request: Request, key: str, variant_id: int) -> Response:
        return self._change(request, key, variant_id, partial=False)

    @refuses(SkuTaken, OptionsTaken, CompareAtBelowPrice, *BUNDLING, BelowReserved, StockMoved)
    @extend_schema(
        operation_id="variants_change",
        summary="Change a variant",
        description=(
            "Only the fields given. `stock` sets the pieces that can be sold; `on_hand` records a count of the shelf and "
            "is refused below what open orders were promised."
        ),
        tags=TAGS,
        parameters=[KEY, VARIANT_ID],
        request=VariantInputSerializer,
    )
    @honours_if_match(hold_product)
    def patch(self, request: Request, key: str, variant_id: int) -> Response:
        return self._change(request, key, variant_id, partial=True)

    @refuses(LastVariant, PartOfBundle)
    @extend_schema(
        operation_id="variants_delete",
        summary="Delete a variant",
        description="Not the last one. What orders refer to is archived instead; its SKU becomes free either way.",
        tags=TAGS,
        parameters=[KEY, VARIANT_ID],
        responses={204: None},
    )
    @honours_if_match(hold_product)
    def delete(self, request: Request, key: str, variant_id: int) -> Response:
        product = find_product(Product.objects.unarchived(), key)
        delete_variant(variant_id=_variant(product, variant_id).pk)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _change(self, request: Request, key: str, variant_id: int, *, partial: bool) -> Response:
        product = find_product(Product.objects.unarchived(), key)
        variant = _variant(product, variant_id)
        changes = checked(VariantInputSerializer, request.data, partial=partial)
        if "stock" in changes:
            changes.pop("on_hand", None)
        changes = permitted(
            request.user, changes, model="variant", current=lambda: shown_of_variant(variant)
        )
        update_variant(variant_id=variant.pk, changes=changes, by=staff_actor(request))
        return self._answer(request, Product.objects.get(pk=product.pk), variant_id)

    def _answer(self, request: Request, product: Product, variant_id: int) -> Response:
        """The product is read before the variant: what changes between the two only makes the ETag too old."""
        shown = Response(self.get_serializer(_variant(product, variant_id)).data)
        return tagged(request, shown, product_state(product))


def _variants(product: Product) -> VariantQuerySet:
    return Variant.objects.live().filter(product=product).with_stock()


def _variant(product: Product, variant_id: int) -> Variant:
    found = _variants(product).filter(pk=variant_id).first()
    if found is None:
        raise NotFound("The product has no such variant.")
    return found
