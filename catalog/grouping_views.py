"""The doors of brands and collections."""

from __future__ import annotations

from typing import Any

from django.db.models import Model, QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from catalog import groupings
from catalog.access import sees_everything
from catalog.doors import AS_WRITTEN, KEY, TAGS, CatalogView, StaffView, checked, row_state
from catalog.grouping_inputs import (
    BrandInputSerializer,
    BrandSerializer,
    CollectionInputSerializer,
    CollectionSerializer,
    EntriesInputSerializer,
    EntryInputSerializer,
    EntrySerializer,
)
from catalog.model_refusals import BrandInUse, NameTaken
from catalog.models import Brand, Collection, CollectionProduct, Term, by_id_or_slug
from catalog.refusals import SlugTaken
from common.conditional import honours_if_match, tagged
from common.errors import NotFound
from common.idempotency import idempotent
from common.schema import refuses
from common.transactions import lock_row

PRODUCT_ID = OpenApiParameter("product_id", int, OpenApiParameter.PATH, description="A product.")
NO_BRAND, NO_COLLECTION = "There is no such brand.", "There is no such collection."


def _brand(key: str) -> Brand:
    found = Brand.objects.filter(**by_id_or_slug(key)).first()
    if found is None:
        raise NotFound(NO_BRAND)
    return found


def _brand_state(brand: Brand) -> str:
    return row_state(brand, *Term.objects.filter(text=brand.name))


def _hold_brand(view: Any, key: str) -> str:
    found = _brand(key)
    return _brand_state(lock_row(Brand.objects.all(), found.pk, missing=NO_BRAND))


class BrandListView(CatalogView):
    """Who makes the products."""

    writes = "brand"
    queryset: QuerySet[Model] = Brand.objects.all()
    serializer_class = BrandSerializer
    orderings = {"name": "name", "-name": "-name"}

    @extend_schema(
        operation_id="brands_list",
        summary="List brands",
        description="Every brand that a product names has its row. `?brand=` of the product list takes its id or slug.",
        tags=TAGS,
        parameters=[AS_WRITTEN],
        responses=BrandSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        rows = list(self.paginate_queryset(Brand.objects.all()) or ())
        context = self.get_serializer_context()
        if context["sees_everything"]:
            context["brand_translations"] = groupings.brand_translations(rows)
        shown = self.get_serializer(rows, many=True, context=context)
        return self.get_paginated_response(shown.data)

    @refuses(NameTaken, SlugTaken)
    @extend_schema(
        operation_id="brands_create",
        summary="Add a brand",
        description="A product's `brand` makes one, too.",
        tags=TAGS,
        request=BrandInputSerializer,
        responses={201: BrandSerializer},
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        made = groupings.create_brand(**checked(BrandInputSerializer, request.data))
        return Response(self.get_serializer(made).data, status.HTTP_201_CREATED)


class BrandView(CatalogView):
    """One brand."""

    writes = "brand"
    queryset: QuerySet[Model] = Brand.objects.all()
    serializer_class = BrandSerializer

    @extend_schema(
        operation_id="brands_retrieve",
        summary="Show a brand",
        description="By id or slug.",
        tags=TAGS,
        parameters=[KEY, AS_WRITTEN],
    )
    def get(self, request: Request, key: str) -> Response:
        return self._answer(request, _brand(key))

    @refuses(NameTaken, SlugTaken)
    @extend_schema(
        operation_id="brands_replace",
        summary="Replace a brand",
        description="All fields; slug and translations stay when left out.",
        tags=TAGS,
        parameters=[KEY],
        request=BrandInputSerializer,
    )
    @honours_if_match(_hold_brand)
    def put(self, request: Request, key: str) -> Response:
        return self._change(request, key, partial=False)

    @refuses(NameTaken, SlugTaken)
    @extend_schema(
        operation_id="brands_change",
        summary="Change a brand",
        description="Only the fields given. A new name is the new name on all its products.",
        tags=TAGS,
        parameters=[KEY],
        request=BrandInputSerializer,
    )
    @honours_if_match(_hold_brand)
    def patch(self, request: Request, key: str) -> Response:
        return self._change(request, key, partial=True)

    @refuses(BrandInUse)
    @extend_schema(
        operation_id="brands_delete",
        summary="Delete a brand",
        description="Only one that no product has; archived products let go of it.",
        tags=TAGS,
        parameters=[KEY],
        responses={204: None},
    )
    @honours_if_match(_hold_brand)
    def delete(self, request: Request, key: str) -> Response:
        groupings.delete_brand(brand_id=_brand(key).pk)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _change(self, request: Request, key: str, *, partial: bool) -> Response:
        brand = _brand(key)
        given = checked(BrandInputSerializer, request.data, partial=partial)
        changes = self.as_written(brand, given)
        if changes.get("name") == self.reader([brand], language=self.asked_language).word(
            brand.name
        ):
            del changes["name"]  # read in another language, and not rewritten
        changed = groupings.update_brand(brand_id=brand.pk, changes=changes, replace=not partial)
        return self._answer(request, changed)

    def _answer(self, request: Request, brand: Brand) -> Response:
        return tagged(request, Response(self.get_serializer(brand).data), _brand_state(brand))


# --- collections ------------------------------------------------------------------------------


def _collections(request: Request) -> QuerySet[Collection]:
    """What the caller may see."""
    rows = Collection.objects.all()
    return rows if sees_everything(request) else rows.filter(is_published=True)


def _collection(rows: QuerySet[Collection], key: str) -> Collection:
    found = rows.filter(**by_id_or_slug(key)).first()
    if found is None:
        raise NotFound(NO_COLLECTION)
    return found


def _hold_collection(view: Any, key: str, product_id: int = 0) -> str:
    found = _collection(Collection.objects.all(), key)
    return row_state(lock_row(Collection.objects.all(), found.pk, missing=NO_COLLECTION))


class CollectionListView(CatalogView):
    """Collections by hand."""

    writes = "collection"
    queryset: QuerySet[Model] = Collection.objects.all()
    serializer_class = CollectionSerializer
    orderings = {"position": "position", "name": "name", "-name": "-name"}

    @extend_schema(
        operation_id="collections_list",
        summary="List collections",
        description=(
            "Those that are published, in the shop's order; staff see all. Their products: `GET /api/products/?collection=`."
        ),
        tags=TAGS,
        parameters=[AS_WRITTEN],
        responses=CollectionSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        return self.page(_collections(request))

    @refuses(SlugTaken)
    @extend_schema(
        operation_id="collections_create",
        summary="Add a collection",
        description="Empty at first. Without a `slug` one is made from the name.",
        tags=TAGS,
        request=CollectionInputSerializer,
        responses={201: CollectionSerializer},
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        made = groupings.create_collection(**checked(CollectionInputSerializer, request.data))
        return Response(self.get_serializer(made).data, status.HTTP_201_CREATED)


class CollectionView(CatalogView):
    """One collection."""

    writes = "collection"
    queryset: QuerySet[Model] = Collection.objects.all()
    serializer_class = CollectionSerializer

    @extend_schema(
        operation_id="collections_retrieve",
        summary="Show a collection",
        description="By id or slug.",
        tags=TAGS,
        parameters=[KEY, AS_WRITTEN],
    )
    def get(self, request: Request, key: str) -> Response:
        return self._answer(request, _collection(_collections(request), key))

    @refuses(SlugTaken)
    @extend_schema(
        operation_id="collections_replace",
        summary="Replace a collection",
        description="All fields; slug and translations stay when left out. Its products stay.",
        tags=TAGS,
        parameters=[KEY],
        request=CollectionInputSerializer,
    )
    @honours_if_match(_hold_collection)
    def put(self, request: Request, key: str) -> Response:
        return self._change(request, key, partial=False)

    @refuses(SlugTaken)
    @extend_schema(
        operation_id="collections_change",
        summary="Change a collection",
        description="Only the fields given.",
        tags=TAGS,
        parameters=[KEY],
        request=CollectionInputSerializer,
    )
    @honours_if_match(_hold_collection)
    def patch(self, request: Request, key: str) -> Response:
        return self._change(request, key, partial=True)

    @extend_schema(
        operation_id="collections_delete",
        summary="Delete a collection",
        description="Its products stay what they are.",
        tags=TAGS,
        parameters=[KEY],
        responses={204: None},
    )
    @honours_if_match(_hold_collection)
    def delete(self, request: Request, key: str) -> Response:
        found = _collection(Collection.objects.all(), key)
        groupings.delete_collection(collection_id=found.pk)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _change(self, request: Request, key: str, *, partial: bool) -> Response:
        found = _collection(Collection.objects.all(), key)
        given = checked(CollectionInputSerializer, request.data, partial=partial)
        changed = groupings.update_collection(
            collection_id=found.pk, changes=self.as_written(found, given), replace=not partial
        )
        return self._answer(request, changed)

    def _answer(self, request: Request, collection: Collection) -> Response:
        shown = Response(self.get_serializer(collection).data)
        return tagged(request, shown, row_state(collection))


class CollectionProductsView(StaffView):
    """What is in a collection, in order."""

    writes = "collection"
    queryset: QuerySet[Model] = CollectionProduct.objects.all()
    serializer_class = EntrySerializer
    orderings = {"position": "position"}
    verb = "change"

    @extend_schema(
        operation_id="collection_products_list",
        summary="List a collection's products",
        description="In its order, drafts too. For staff who see products; the public asks `/api/products/?collection=`.",
        tags=TAGS,
        parameters=[KEY],
        responses=EntrySerializer(many=True),
    )
    def get(self, request: Request, key: str) -> Response:
        found = _collection(Collection.objects.all(), key)
        rows = CollectionProduct.objects.filter(collection=found, product__archived_at=None)
        rows = rows.select_related("product")
        return self.page(rows.defer("product__search", "product__description"))

    @extend_schema(
        operation_id="collection_products_set",
        summary="Set a collection's products",
        description="These, in this order, and no others.",
        tags=TAGS,
        parameters=[KEY],
        request=EntriesInputSerializer,
        responses={204: None},
    )
    @honours_if_match(_hold_collection)
    def put(self, request: Request, key: str) -> Response:
        found = _collection(Collection.objects.all(), key)
        given = checked(EntriesInputSerializer, request.data)
        groupings.set_products(collection_id=found.pk, product_ids=given["products"])
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        operation_id="collection_products_add",
        summary="Add a product to a collection",
        description="Behind the others, or at a `position`; one that is there is moved.",
        tags=TAGS,
        parameters=[KEY],
        request=EntryInputSerializer,
        responses={200: EntrySerializer, 201: EntrySerializer},
    )
    @idempotent()
    def post(self, request: Request, key: str) -> Response:
        found = _collection(Collection.objects.all(), key)
        given = checked(EntryInputSerializer, request.data)
        is_new = groupings.add_product(
            collection_id=found.pk, product_id=given["product"], position=given["position"]
        )
        entry = found.entries.select_related("product").get(product=given["product"])
        code = status.HTTP_201_CREATED if is_new else status.HTTP_200_OK
        return Response(self.get_serializer(entry).data, code)


class CollectionProductView(StaffView):
    """One product of a collection."""

    writes = "collection"
    verb = "change"
    queryset: QuerySet[Model] = CollectionProduct.objects.all()

    @extend_schema(
        operation_id="collection_products_remove",
        summary="Take a product out of a collection",
        description="The product stays what it is.",
        tags=TAGS,
        parameters=[KEY, PRODUCT_ID],
        responses={204: None},
    )
    @honours_if_match(_hold_collection)
    def delete(self, request: Request, key: str, product_id: int) -> Response:
        found = _collection(Collection.objects.all(), key)
        if not groupings.remove_product(collection_id=found.pk, product_id=product_id):
            raise NotFound("The product is not in this collection.")
        return Response(status=status.HTTP_204_NO_CONTENT)
