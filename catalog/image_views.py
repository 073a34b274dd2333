"""The doors of a product's pictures."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.access import find_product, visible_products
from catalog.conditional import product_state
from catalog.doors import KEY, TAGS, CatalogView, checked
from catalog.images import (
    MAX_BYTES,
    InvalidImage,
    PicturesBusy,
    StorageUnavailable,
    add_image,
    bounded_read,
    delete_image,
    read_picture,
    update_image,
)
from catalog.inputs import ImageInputSerializer, ImageUploadSerializer
from catalog.models import Image, Product, Variant
from catalog.serializers import ImageSerializer
from catalog.views import hold_product
from common.conditional import honours_if_match, tagged
from common.errors import NotFound, invalid_field
from common.json import BodyTooLarge
from common.schema import refuses

IMAGE_ID = OpenApiParameter("image_id", int, OpenApiParameter.PATH, description="A picture.")
FORM_BYTES = 64 * 1024  # what the other fields of the form may add
TYPES = {"image/jpeg", "image/png", "image/webp", "application/octet-stream"}


class ImageListView(CatalogView):
    """The pictures of a product."""

    writes = "image"
    queryset = Image.objects.all()
    serializer_class = ImageSerializer
    parser_classes = [MultiPartParser]
    orderings = {"position": "position"}

    @extend_schema(
        operation_id="images_list",
        summary="List a product's pictures",
        description="In the shop's own order; the first is the one to show in lists.",
        tags=TAGS,
        parameters=[KEY],
        responses=ImageSerializer(many=True),
    )
    def get(self, request: Request, key: str) -> Response:
        product = find_product(visible_products(request), key)
        return self.page(Image.objects.filter(product=product))

    @refuses(InvalidImage, PicturesBusy, StorageUnavailable)
    @extend_schema(
        operation_id="images_create",
        summary="Add a picture",
        description=(
            "A JPEG or PNG file of at most 25 million pixels, or a WebP of 12.5 million, all frames together; 5 MB. It is "
            "drawn anew: at most 2000 pixels a side, as WebP, in sRGB, upright, without camera data. Smaller copies "
            "(`renditions`) follow within seconds."
        ),
        tags=TAGS,
        parameters=[KEY],
        request={"multipart/form-data": ImageUploadSerializer},
        responses={201: ImageSerializer},
    )
    def post(self, request: Request, key: str) -> Response:
        refuse_large_body(request)
        product = find_product(Product.objects.unarchived(), key)
        data = checked(ImageUploadSerializer, request.data)
        image = add_image(
            product=product,
            picture=read_picture(_content(data.pop("file"))),
            **_with_variant(product, data),
        )
        return Response(self.get_serializer(image).data, status.HTTP_201_CREATED)


class ImageView(CatalogView):
    """One picture."""

    writes = "image"
    queryset = Image.objects.all()
    serializer_class = ImageSerializer

    @extend_schema(
        operation_id="images_retrieve",
        summary="Show a picture's data",
        description="Where it is, what it shows, how large it is.",
        tags=TAGS,
        parameters=[KEY, IMAGE_ID],
    )
    def get(self, request: Request, key: str, image_id: int) -> Response:
        return self._answer(request, find_product(visible_products(request), key), image_id)

    @extend_schema(
        operation_id="images_change",
        summary="Change a picture's data",
        description=(
            "Alternative text and its translations, position, or the variant it shows. For another file, add a new picture."
        ),
        tags=TAGS,
        parameters=[KEY, IMAGE_ID],
        request=ImageInputSerializer,
    )
    @honours_if_match(hold_product)
    def patch(self, request: Request, key: str, image_id: int) -> Response:
        product = find_product(Product.objects.unarchived(), key)
        image = _image(product, image_id)
        data = checked(ImageInputSerializer, request.data, partial=True)
        update_image(image=image, changes=_with_variant(product, data))
        return self._answer(request, Product.objects.get(pk=product.pk), image_id)

    def _answer(self, request: Request, product: Product, image_id: int) -> Response:
        """The product is read before the picture: what changes between the two only makes the ETag too old."""
        shown = Response(self.get_serializer(_image(product, image_id)).data)
        return tagged(request, shown, product_state(product))

    @extend_schema(
        operation_id="images_delete",
        summary="Delete a picture",
        description="Its file goes too.",
        tags=TAGS,
        parameters=[KEY, IMAGE_ID],
        responses={204: None},
    )
    @honours_if_match(hold_product)
    def delete(self, request: Request, key: str, image_id: int) -> Response:
        product = find_product(Product.objects.unarchived(), key)
        delete_image(image=_image(product, image_id))
        return Response(status=status.HTTP_204_NO_CONTENT)


def refuse_large_body(request: Request) -> None:
    """Refuse by the announced length, before a byte of the form is read.

    Raises:
        BodyTooLarge.
    """
    announced = request.META.get("CONTENT_LENGTH") or "0"
    if not announced.isdigit() or int(announced) > MAX_BYTES + FORM_BYTES:
        raise BodyTooLarge("A picture may have 5 MB.")


def _content(file: Any) -> bytes:
    if file.content_type not in TYPES:
        raise InvalidImage("Send a JPEG, PNG or WebP picture.")
    content = bounded_read(file)
    if len(content) > MAX_BYTES:
        raise BodyTooLarge("A picture may have 5 MB.")
    return content


def _with_variant(product: Product, data: dict[str, Any]) -> dict[str, Any]:
    """The data with the variant it names, which must be one of the product's."""
    if "variant_id" not in data:
        return data
    variant_id = data.pop("variant_id")
    if variant_id is None:
        return {**data, "variant": None}
    variant = Variant.objects.live().filter(product=product, pk=variant_id).first()
    if variant is None:
        raise invalid_field("variant_id", "does_not_exist", "The product has no such variant.")
    return {**data, "variant": variant}


def _image(product: Product, image_id: int) -> Image:
    found = Image.objects.filter(product=product, pk=image_id).first()
    if found is None:
        raise NotFound("The product has no such picture.")
    return found
