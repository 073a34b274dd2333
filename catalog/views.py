"""The doors of products."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from catalog import services
from catalog.access import (
    find_product,
    reads_as_customer,
    sees_everything,
    staff_actor,
    visible_products,
)
from catalog.conditional import product_state
from catalog.doors import KEY, PRICES, TAGS, CatalogView, checked
from catalog.field_access import permitted, refuse_opening_stock, shown_of_product
from catalog.filters import (
    ORDERINGS,
    ProductQuerySerializer,
    StatusQuerySerializer,
    narrow,
    ordering_of,
)
from catalog.inputs import (
    NewProductInputSerializer,
    ProductInputSerializer,
    RestoreInputSerializer,
)
from catalog.model_refusals import NeverShown, NotArchived
from catalog.models import Product, by_id_or_slug
from catalog.price_refusals import BUNDLING, PartOfBundle
from catalog.reads.doors import answer_list, answer_product
from catalog.reads.presentation import ListPresentationSerializer, PresentationSerializer
from catalog.reads.rendering import LISTED_VARIANTS
from catalog.reads.schema import ONE_PRODUCT, PRODUCT_PAGE
from catalog.refusals import (
    CompareAtBelowPrice,
    NoSuchProduct,
    OptionsTaken,
    SeveralVariants,
    SkuTaken,
    SlugTaken,
)  # fmt: skip
from catalog.restoring import restore_product
from catalog.serializers import ProductSerializer
from catalog.services import (
    NewProduct,
    NewVariant,
    create_product,
    delete_product,
    update_product,
)
from common.conditional import honours_if_match, tagged
from common.idempotency import idempotent
from common.schema import FORBIDDEN, NOT_SIGNED_IN, refuses
from inventory.refusals import BelowReserved, StockMoved


class ProductListView(CatalogView):
    """Products, narrowed and sorted."""

    queryset = Product.objects.all()
    serializer_class = ProductSerializer
    orderings = ORDERINGS
    default_ordering = "-created_at"

    @refuses(NOT_SIGNED_IN, FORBIDDEN)
    @extend_schema(
        operation_id="products_list",
        summary="List products",
        description=(
            "What is on sale, newest first; in a search, best match first. `price` is that of the cheapest variant. "
            "Staff see exact `stock`, and other products with `status`."
        ),
        tags=TAGS,
        parameters=[ProductQuerySerializer, ListPresentationSerializer],
        responses={200: PRODUCT_PAGE},
    )
    def get(self, request: Request) -> Response | HttpResponse:
        if reads_as_customer(request):
            return answer_list(request)
        query = checked(ProductQuerySerializer, request.query_params)
        words, ordering = query.get("search", ""), request.query_params.get("ordering")
        self.default_ordering = ordering_of(ordering, words)
        products = narrow(visible_products(request, query.get("status", "published")), query)
        if (ordering or self.default_ordering) == "relevance":
            products = products.with_relevance(words)
        return self.page(products.for_display(most_variants=LISTED_VARIANTS))

    @refuses(SlugTaken, SkuTaken, OptionsTaken, CompareAtBelowPrice, *BUNDLING, NeverShown)
    @extend_schema(
        operation_id="products_create",
        summary="Add a product",
        description=(
            "For staff with the permission to add products. A simple product in one call, with `price` and `stock`; or "
            "one with `variants`. A draft unless `is_published`."
        ),
        tags=TAGS,
        request=NewProductInputSerializer,
        responses={201: ProductSerializer},
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        new = _new_product(checked(NewProductInputSerializer, request.data))
        refuse_opening_stock(request.user, (variant.stock for variant in new.variants))
        product = create_product(new=new, by=staff_actor(request))
        return Response(_shown(self, product.pk), status.HTTP_201_CREATED)


def hold_product(view: Any, key: str, **part: int) -> str:
    """Lock a product, whose variant or picture `part` may name, and give its state."""
    product = find_product(Product.objects.unarchived(), key)
    return product_state(services.lock_for_edit(product_id=product.pk))


class ProductView(CatalogView):
    """One product."""

    sensitive_fields = PRICES

    queryset = Product.objects.all()
    serializer_class = ProductSerializer

    @refuses(NOT_SIGNED_IN, FORBIDDEN)
    @extend_schema(
        operation_id="products_retrieve",
        summary="Show a product",
        description="By id or slug. Staff see drafts too, and archived products with `status=archived`.",
        tags=TAGS,
        responses={200: ONE_PRODUCT},
        parameters=[KEY, PresentationSerializer, StatusQuerySerializer],
    )
    def get(self, request: Request, key: str) -> Response | HttpResponse:
        if reads_as_customer(request):
            if (answer := answer_product(request, key)) is not None:
                return answer
            if not sees_everything(request):
                raise NoSuchProduct("There is no such product.")
        asked = checked(StatusQuerySerializer, request.query_params.dict()).get("status")
        product = find_product(visible_products(request, asked).for_display(), key)
        return self._answer(request, product)

    @refuses(
        SlugTaken,
        SkuTaken,
        SeveralVariants,
        *BUNDLING,
        CompareAtBelowPrice,
        BelowReserved,
        StockMoved,
        NeverShown,
    )
    @extend_schema(
        operation_id="products_replace",
        summary="Replace a product",
        description=(
            "All fields; those left out return to their defaults, except slug, SKU, stock, publication, product type, "
            "attributes and translations, which stay. A product can be sent back as it was read."
        ),
        tags=TAGS,
        parameters=[KEY],
        request=ProductInputSerializer,
    )
    @honours_if_match(hold_product)
    def put(self, request: Request, key: str) -> Response:
        return self._change(request, key, partial=False)

    @refuses(
        SlugTaken,
        SkuTaken,
        SeveralVariants,
        *BUNDLING,
        CompareAtBelowPrice,
        BelowReserved,
        StockMoved,
        NeverShown,
    )
    @extend_schema(
        operation_id="products_change",
        summary="Change a product",
        description=(
            "Only the fields given; of `attributes` and `translations` what is not named stays, and null removes. Price, "
            "compare-at price, SKU and stock are those of its only variant; with several variants, change the variant."
        ),
        tags=TAGS,
        parameters=[KEY],
        request=ProductInputSerializer,
    )
    @honours_if_match(hold_product)
    def patch(self, request: Request, key: str) -> Response:
        return self._change(request, key, partial=True)

    @refuses(PartOfBundle)
    @extend_schema(
        operation_id="products_delete",
        summary="Delete a product",
        description="What orders refer to is archived instead; its slug and SKUs become free either way.",
        tags=TAGS,
        parameters=[KEY],
        responses={204: None},
    )
    @honours_if_match(hold_product)
    def delete(self, request: Request, key: str) -> Response:
        delete_product(product_id=find_product(Product.objects.unarchived(), key).pk)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _change(self, request: Request, key: str, *, partial: bool) -> Response:
        product = find_product(Product.objects.unarchived(), key)
        given = checked(ProductInputSerializer, request.data, partial=partial)
        changes = permitted(
            request.user,
            self.as_written(product, given),
            model="product",
            current=lambda: shown_of_product(product),
        )
        update_product(
            product_id=product.pk, changes=changes, by=staff_actor(request), replace=not partial
        )
        return self._answer(request, Product.objects.for_display().get(pk=product.pk))

    def _answer(self, request: Request, product: Product) -> Response:
        return tagged(request, Response(self.get_serializer(product).data), product_state(product))


class MayRestore(BasePermission):
    """Who may change products."""

    def has_permission(self, request: Request, view: Any) -> bool:
        user: Any = request.user
        return bool(user.is_authenticated and user.has_perm("catalog.change_product"))


class RestoreView(CatalogView):
    """The way back for an archived product."""

    permission_classes = [MayRestore]
    queryset = Product.objects.all()
    serializer_class = ProductSerializer

    @refuses(NotArchived, SlugTaken, SkuTaken)
    @extend_schema(
        operation_id="products_restore",
        summary="Restore an archived product",
        description=(
            "As a draft, with the variants that were archived with it. When its slug belongs to another product by now, "
            "give a new `slug`; when a SKU does, change the other variant's."
        ),
        tags=TAGS,
        parameters=[KEY],
        request=RestoreInputSerializer,
        responses=ProductSerializer,
    )
    def post(self, request: Request, key: str) -> Response:
        given = checked(RestoreInputSerializer, request.data)
        archived = Product.objects.filter(archived_at__isnull=False)
        # Of several with this slug the last; one that is there says so, rather than that there is none.
        among = (
            archived if archived.filter(**by_id_or_slug(key)).exists() else Product.objects.all()
        )
        product = restore_product(product_id=find_product(among, key).pk, **given)
        return Response(_shown(self, product.pk))


def _shown(view: CatalogView, product_id: int) -> Any:
    return view.get_serializer(Product.objects.for_display().get(pk=product_id)).data


def _new_product(data: dict[str, Any]) -> NewProduct:
    """A checked body as the verb wants it; a simple product's own price, SKU and stock make its only variant."""
    data.pop("expected_stock", None)  # nothing was there before
    only = {
        name: data.pop(name)
        for name in ("price", "compare_at_price", "sku", "stock", "parts")
        if name in data
    }
    variants = [new_variant(variant) for variant in data.pop("variants", [])]
    return NewProduct(**data, variants=variants or [NewVariant(**only)])


def new_variant(data: dict[str, Any]) -> NewVariant:
    """A checked body as the verb wants it; a new variant has nothing on the shelf but what it opens with."""
    data = {key: value for key, value in data.items() if key not in {"position", "expected_stock"}}
    on_hand = data.pop("on_hand", 0)
    data.setdefault("stock", on_hand)
    return NewVariant(**data)
