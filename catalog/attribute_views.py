"""The doors of attributes and product types: for staff, as customers meet them on products."""

from __future__ import annotations

from typing import Any

from django.db.models import Model, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from catalog import attributes
from catalog.attribute_inputs import (
    AttributeInputSerializer,
    AttributeSerializer,
    ProductTypeInputSerializer,
    ProductTypeSerializer,
)
from catalog.doors import TAGS, StaffView, checked, row_state
from catalog.model_refusals import (
    AttributeInUse,
    ChoiceInUse,
    CodeTaken,
    NameTaken,
    ProductTypeInUse,
)
from catalog.models import Attribute, ProductType
from common.conditional import honours_if_match, tagged
from common.errors import NotFound
from common.idempotency import idempotent
from common.schema import refuses


def _attribute(attribute_id: int) -> Attribute:
    found = Attribute.objects.prefetch_related("choices").filter(pk=attribute_id).first()
    if found is None:
        raise NotFound("There is no such attribute.")
    return found


def _attribute_state(attribute: Attribute) -> str:
    return row_state(attribute, *attribute.choices.order_by("position", "pk"))


def _hold_attribute(view: Any, attribute_id: int) -> str:
    attributes.change_definitions()
    return _attribute_state(_attribute(attribute_id))


class AttributeListView(StaffView):
    """What can be said of products."""

    writes = "attribute"
    queryset: QuerySet[Model] = Attribute.objects.all()
    serializer_class = AttributeSerializer
    orderings = {"code": "code", "-code": "-code", "name": "name", "-name": "-name"}

    @extend_schema(
        operation_id="attributes_list",
        summary="List attributes",
        description="With their choices. For staff who see products.",
        tags=TAGS,
        responses=AttributeSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        return self.page(Attribute.objects.prefetch_related("choices"))

    @refuses(CodeTaken)
    @extend_schema(
        operation_id="attributes_create",
        summary="Add an attribute",
        description="Products have it once a product type names it.",
        tags=TAGS,
        request=AttributeInputSerializer,
        responses={201: AttributeSerializer},
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        made = attributes.create_attribute(**checked(AttributeInputSerializer, request.data))
        return Response(self.get_serializer(_attribute(made.pk)).data, status.HTTP_201_CREATED)


class AttributeView(StaffView):
    """One attribute."""

    writes = "attribute"
    queryset: QuerySet[Model] = Attribute.objects.all()
    serializer_class = AttributeSerializer

    @extend_schema(
        operation_id="attributes_retrieve",
        summary="Show an attribute",
        description="For staff who see products.",
        tags=TAGS,
    )
    def get(self, request: Request, attribute_id: int) -> Response:
        return self._answer(request, attribute_id)

    @refuses(CodeTaken, AttributeInUse, ChoiceInUse)
    @extend_schema(
        operation_id="attributes_replace",
        summary="Replace an attribute",
        description="All fields; choices stay when left out.",
        tags=TAGS,
        request=AttributeInputSerializer,
    )
    @honours_if_match(_hold_attribute)
    def put(self, request: Request, attribute_id: int) -> Response:
        return self._change(request, attribute_id, partial=False)

    @refuses(CodeTaken, AttributeInUse, ChoiceInUse)
    @extend_schema(
        operation_id="attributes_change",
        summary="Change an attribute",
        description=(
            "Only the fields given. Code and kind stay as they are while products have values. `choices` are all of them: "
            "one that is missing goes, unless a product has it; one that names `was` is renamed on all products."
        ),
        tags=TAGS,
        request=AttributeInputSerializer,
    )
    @honours_if_match(_hold_attribute)
    def patch(self, request: Request, attribute_id: int) -> Response:
        return self._change(request, attribute_id, partial=True)

    @refuses(AttributeInUse)
    @extend_schema(
        operation_id="attributes_delete",
        summary="Delete an attribute",
        description="Only one that no product has a value of and no type names.",
        tags=TAGS,
        responses={204: None},
    )
    @honours_if_match(_hold_attribute)
    def delete(self, request: Request, attribute_id: int) -> Response:
        attributes.delete_attribute(attribute_id=_attribute(attribute_id).pk)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _change(self, request: Request, attribute_id: int, *, partial: bool) -> Response:
        _attribute(attribute_id)
        changes = checked(AttributeInputSerializer, request.data, partial=partial)
        attributes.update_attribute(attribute_id=attribute_id, changes=changes)
        return self._answer(request, attribute_id)

    def _answer(self, request: Request, attribute_id: int) -> Response:
        attribute = _attribute(attribute_id)
        shown = Response(self.get_serializer(attribute).data)
        return tagged(request, shown, _attribute_state(attribute))


# --- product types ----------------------------------------------------------------------------


def _types() -> QuerySet[ProductType]:
    return ProductType.objects.prefetch_related("attributes__attribute")


def _type(type_id: int) -> ProductType:
    found = _types().filter(pk=type_id).first()
    if found is None:
        raise NotFound("There is no such product type.")
    return found


def _type_state(product_type: ProductType) -> str:
    return row_state(product_type, *product_type.attributes.order_by("position", "pk"))


def _hold_type(view: Any, type_id: int) -> str:
    attributes.change_definitions()
    return _type_state(_type(type_id))


class ProductTypeListView(StaffView):
    """Kinds of products."""

    writes = "producttype"
    queryset: QuerySet[Model] = ProductType.objects.all()
    serializer_class = ProductTypeSerializer
    orderings = {"name": "name", "-name": "-name"}

    @extend_schema(
        operation_id="product_types_list",
        summary="List product types",
        description="With their attributes in order. For staff who see products.",
        tags=TAGS,
        responses=ProductTypeSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        return self.page(_types())

    @refuses(NameTaken)
    @extend_schema(
        operation_id="product_types_create",
        summary="Add a product type",
        description="`attributes` are named by code, in the order in which products show them.",
        tags=TAGS,
        request=ProductTypeInputSerializer,
        responses={201: ProductTypeSerializer},
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        made = attributes.create_type(**checked(ProductTypeInputSerializer, request.data))
        return Response(self.get_serializer(_type(made.pk)).data, status.HTTP_201_CREATED)


class ProductTypeView(StaffView):
    """One product type."""

    writes = "producttype"
    queryset: QuerySet[Model] = ProductType.objects.all()
    serializer_class = ProductTypeSerializer

    @extend_schema(
        operation_id="product_types_retrieve",
        summary="Show a product type",
        description="For staff who see products.",
        tags=TAGS,
    )
    def get(self, request: Request, type_id: int) -> Response:
        return self._answer(request, type_id)

    @refuses(NameTaken, AttributeInUse)
    @extend_schema(
        operation_id="product_types_replace",
        summary="Replace a product type",
        description="Attributes stay when left out.",
        tags=TAGS,
        request=ProductTypeInputSerializer,
    )
    @honours_if_match(_hold_type)
    def put(self, request: Request, type_id: int) -> Response:
        return self._change(request, type_id, partial=False)

    @refuses(NameTaken, AttributeInUse)
    @extend_schema(
        operation_id="product_types_change",
        summary="Change a product type",
        description=(
            "Only the fields given. `attributes` are all of them; one that is missing goes, unless products of the type "
            "have values of it. A new requirement is asked of products when they are published or described the next time."
        ),
        tags=TAGS,
        request=ProductTypeInputSerializer,
    )
    @honours_if_match(_hold_type)
    def patch(self, request: Request, type_id: int) -> Response:
        return self._change(request, type_id, partial=True)

    @refuses(ProductTypeInUse)
    @extend_schema(
        operation_id="product_types_delete",
        summary="Delete a product type",
        description="Only one that no product is of; archived products let go of it.",
        tags=TAGS,
        responses={204: None},
    )
    @honours_if_match(_hold_type)
    def delete(self, request: Request, type_id: int) -> Response:
        attributes.delete_type(type_id=_type(type_id).pk)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _change(self, request: Request, type_id: int, *, partial: bool) -> Response:
        _type(type_id)
        changes = checked(ProductTypeInputSerializer, request.data, partial=partial)
        attributes.update_type(type_id=type_id, changes=changes)
        return self._answer(request, type_id)

    def _answer(self, request: Request, type_id: int) -> Response:
        product_type = _type(type_id)
        shown = Response(self.get_serializer(product_type).data)
        return tagged(request, shown, _type_state(product_type))
