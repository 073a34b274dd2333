"""The doors of categories and products."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, status
from rest_framework.permissions import SAFE_METHODS, AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from account.step_up import SensitiveFields
from catalog import categories, services
from catalog.access import (
    WriteByPermission,
    find_product,
    sees_everything,
    staff_actor,
    visible_products,
)
from catalog.categories import create_category, delete_category, update_category
from catalog.conditional import ConditionalReads, category_state, product_state
from catalog.field_access import permitted, refuse_opening_stock, shown_of_product
from catalog.filters import (
    ORDERINGS,
    ProductQuerySerializer,
    StatusQuerySerializer,
    narrow,
    ordering_of,
)
from catalog.inputs import (
    CategoryInputSerializer,
    NewProductInputSerializer,
    ProductInputSerializer,
)
from catalog.models import Category, Product, by_id_or_slug
from catalog.refusals import (
    CategoryCycle,
    CategoryInUse,
    CategoryTooDeep,
    CompareAtBelowPrice,
    OptionsTaken,
    SeveralVariants,
    SkuTaken,
    SlugTaken,
)  # fmt: skip
from catalog.serializers import CategorySerializer, ProductSerializer
from catalog.services import (
    NewProduct,
    NewVariant,
    create_product,
    delete_product,
    update_product,
)
from common.conditional import honours_if_match, tagged
from common.errors import NotFound
from common.idempotency import idempotent
from common.schema import FORBIDDEN, NOT_SIGNED_IN, refuses
from inventory.services import BelowReserved

KEY = OpenApiParameter("key", str, OpenApiParameter.PATH, description="An id or a slug.")
TREE = OpenApiParameter(
    "tree", bool, description="All categories at once, as a tree: `children` within `results`."
)
TAGS = ["catalog"]
PRICES = frozenset({"price", "compare_at_price"})  # changing them wants a fresh second factor


def checked(serializer_class: Any, data: Any, **kwargs: Any) -> dict[str, Any]:
    """The validated content of a body or query.

    Raises:
        rest_framework.exceptions.ValidationError: naming each field that is wrong.
    """
    serializer = serializer_class(data=data, **kwargs)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


class CatalogView(ConditionalReads, generics.GenericAPIView[Any]):
    """What the catalogue's doors share."""

    permission_classes = [WriteByPermission, SensitiveFields]

    def get_permissions(self) -> list[Any]:
        reading = self.request.method in SAFE_METHODS
        return [AllowAny()] if reading else list(super().get_permissions())

    def get_serializer_context(self) -> dict[str, Any]:
        context = dict(super().get_serializer_context())
        if not getattr(self, "swagger_fake_view", False):
            context["sees_everything"] = sees_everything(self.request)
        return context

    def page(self, rows: Any) -> Response:
        """One page of rows, as the view's serializer shows them."""
        chosen = self.paginate_queryset(rows)
        return self.get_paginated_response(self.get_serializer(chosen, many=True).data)


# --- categories -------------------------------------------------------------------------------


class CategoryListView(CatalogView):
    """All categories."""

    writes = "category"
    queryset = Category.objects.all()
    serializer_class = CategorySerializer
    orderings = {"position": "position", "name": "name", "-name": "-name"}

    @extend_schema(
        operation_id="categories_list",
        summary="List categories",
        description="Flat, each with its `parent`; or with `?tree=true` all of them at once as a tree.",
        tags=TAGS,
        parameters=[TREE],
        responses=CategorySerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        if request.query_params.get("tree") in {"true", "1"}:
            roots = self.get_serializer(_tree(), many=True).data
            return Response({"results": roots, "next": None, "previous": None})
        return self.page(Category.objects.all())

    @refuses(SlugTaken, CategoryTooDeep)
    @extend_schema(
        operation_id="categories_create",
        summary="Add a category",
        description="For staff with the permission to add categories. Without a `slug` one is made from the name.",
        tags=TAGS,
        request=CategoryInputSerializer,
        responses={201: CategorySerializer},
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        category = create_category(**checked(CategoryInputSerializer, request.data))
        return Response(self.get_serializer(category).data, status.HTTP_201_CREATED)


def _hold_category(view: Any, key: str) -> str:
    return category_state(categories.lock_for_edit(category_id=_category(key).pk))


class CategoryView(CatalogView):
    """One category."""

    writes = "category"
    queryset = Category.objects.all()
    serializer_class = CategorySerializer

    @extend_schema(
        operation_id="categories_retrieve",
        summary="Show a category",
        description="By id or slug.",
        tags=TAGS,
        parameters=[KEY],
    )
    def get(self, request: Request, key: str) -> Response:
        return self._answer(request, _category(key))

    @refuses(SlugTaken, CategoryCycle, CategoryTooDeep)
    @extend_schema(
        operation_id="categories_replace",
        summary="Replace a category",
        description="All fields; those left out return to their defaults, except the slug, which stays.",
        tags=TAGS,
        parameters=[KEY],
        request=CategoryInputSerializer,
    )
    @honours_if_match(_hold_category)
    def put(self, request: Request, key: str) -> Response:
        return self._change(request, key, partial=False)

    @refuses(SlugTaken, CategoryCycle, CategoryTooDeep)
    @extend_schema(
        operation_id="categories_change",
        summary="Change a category",
        description="Only the fields given. A new `parent` moves it with everything below it.",
        tags=TAGS,
        parameters=[KEY],
        request=CategoryInputSerializer,
    )
    @honours_if_match(_hold_category)
    def patch(self, request: Request, key: str) -> Response:
        return self._change(request, key, partial=True)

    @refuses(CategoryInUse)
    @extend_schema(
        operation_id="categories_delete",
        summary="Delete a category",
        description="Only an empty one: products and categories below it are moved or deleted first.",
        tags=TAGS,
        parameters=[KEY],
        responses={204: None},
    )
    @honours_if_match(_hold_category)
    def delete(self, request: Request, key: str) -> Response:
        delete_category(category_id=_category(key).pk)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _change(self, request: Request, key: str, *, partial: bool) -> Response:
        category = _category(key)
        changes = checked(CategoryInputSerializer, request.data, partial=partial)
        return self._answer(request, update_category(category_id=category.pk, changes=changes))

    def _answer(self, request: Request, category: Category) -> Response:
        shown = Response(self.get_serializer(category).data)
        return tagged(request, shown, category_state(category))


def _category(key: str) -> Category:
    found = Category.objects.filter(**by_id_or_slug(key)).first()
    if found is None:
        raise NotFound("There is no such category.")
    return found


def _tree() -> list[Category]:
    """The roots, each with `children_below`; one query however deep the tree."""
    nodes: dict[int, Any] = {row.pk: row for row in Category.objects.order_by("position", "pk")}
    roots: list[Category] = []
    for node in nodes.values():
        node.children_below = []
    for node in nodes.values():
        siblings = roots if node.parent_id is None else nodes[node.parent_id].children_below
        siblings.append(node)
    return roots


# --- products ---------------------------------------------------------------------------------


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
        parameters=[ProductQuerySerializer],
        responses=ProductSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        query = checked(ProductQuerySerializer, request.query_params.dict())
        words, ordering = query.get("search", ""), request.query_params.get("ordering")
        self.default_ordering = ordering_of(ordering, words)
        products = narrow(visible_products(request, query.get("status", "published")), query)
        if (ordering or self.default_ordering) == "relevance":
            products = products.with_relevance(words)
        return self.page(products.for_display())

    @refuses(SlugTaken, SkuTaken, OptionsTaken, CompareAtBelowPrice)
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
        parameters=[KEY, StatusQuerySerializer],
    )
    def get(self, request: Request, key: str) -> Response:
        asked = checked(StatusQuerySerializer, request.query_params.dict()).get("status")
        product = find_product(visible_products(request, asked).for_display(), key)
        return self._answer(request, product)

    @refuses(SlugTaken, SkuTaken, SeveralVariants, CompareAtBelowPrice, BelowReserved)
    @extend_schema(
        operation_id="products_replace",
        summary="Replace a product",
        description=(
            "All fields; those left out return to their defaults, except slug, SKU and stock, which stay. "
            "A product can be sent back as it was read."
        ),
        tags=TAGS,
        parameters=[KEY],
        request=ProductInputSerializer,
    )
    @honours_if_match(hold_product)
    def put(self, request: Request, key: str) -> Response:
        return self._change(request, key, partial=False)

    @refuses(SlugTaken, SkuTaken, SeveralVariants, CompareAtBelowPrice, BelowReserved)
    @extend_schema(
        operation_id="products_change",
        summary="Change a product",
        description=(
            "Only the fields given. Price, compare-at price, SKU and stock are those of its only variant; with several "
            "variants, change the variant."
        ),
        tags=TAGS,
        parameters=[KEY],
        request=ProductInputSerializer,
    )
    @honours_if_match(hold_product)
    def patch(self, request: Request, key: str) -> Response:
        return self._change(request, key, partial=True)

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
        changes = permitted(
            request.user,
            checked(ProductInputSerializer, request.data, partial=partial),
            model="product",
            current=lambda: shown_of_product(product),
        )
        update_product(product_id=product.pk, changes=changes, by=staff_actor(request))
        return self._answer(request, Product.objects.for_display().get(pk=product.pk))

    def _answer(self, request: Request, product: Product) -> Response:
        return tagged(request, Response(self.get_serializer(product).data), product_state(product))


def _shown(view: CatalogView, product_id: int) -> Any:
    return view.get_serializer(Product.objects.for_display().get(pk=product_id)).data


def _new_product(data: dict[str, Any]) -> NewProduct:
    """A checked body as the verb wants it; a simple product's own price, SKU and stock make its only variant."""
    only = {
        name: data.pop(name)
        for name in ("price", "compare_at_price", "sku", "stock")
        if name in data
    }
    variants = [new_variant(variant) for variant in data.pop("variants", [])]
    return NewProduct(**data, variants=variants or [NewVariant(**only)])


def new_variant(data: dict[str, Any]) -> NewVariant:
    """A checked body as the verb wants it; a new variant has nothing on the shelf but what it opens with."""
    data = {key: value for key, value in data.items() if key != "position"}
    on_hand = data.pop("on_hand", 0)
    data.setdefault("stock", on_hand)
    return NewVariant(**data)
