"""The doors of categories."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from catalog import categories
from catalog.categories import create_category, delete_category, update_category
from catalog.conditional import category_state
from catalog.doors import AS_WRITTEN, KEY, TAGS, CatalogView, checked
from catalog.inputs import CategoryInputSerializer
from catalog.models import Category, by_id_or_slug
from catalog.refusals import CategoryCycle, CategoryInUse, CategoryTooDeep, SlugTaken
from catalog.serializers import CategorySerializer
from common.conditional import honours_if_match, tagged
from common.errors import NotFound
from common.idempotency import idempotent
from common.schema import refuses

TREE = OpenApiParameter(
    "tree", bool, description="All categories at once, as a tree: `children` within `results`."
)


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
        parameters=[TREE, AS_WRITTEN],
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
        parameters=[KEY, AS_WRITTEN],
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
        given = checked(CategoryInputSerializer, request.data, partial=partial)
        changed = update_category(
            category_id=category.pk, changes=self.as_written(category, given), replace=not partial
        )
        return self._answer(request, changed)

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
