"""A control: the same products through Django REST framework's ModelSerializer and CursorPagination, as most shops do it.

Nexus's tables, settings and server, but no middleware, no authentication and no fast path: what the difference buys.
"""

# ruff: noqa: I001
from __future__ import annotations

from ecommerce.wsgi import application as _ready  # noqa: F401 (it makes Django ready)

from django.core.handlers.wsgi import WSGIHandler
from django.test.utils import override_settings
from django.urls import path
from rest_framework import generics, serializers
from rest_framework.pagination import CursorPagination

from catalog.models import Category, Image, Product, Variant


class CategorySerializer(serializers.ModelSerializer):
    class Meta:
        model = Category
        fields = ["id", "slug", "name"]


class VariantSerializer(serializers.ModelSerializer):
    class Meta:
        model = Variant
        fields = ["id", "sku", "name", "options", "price", "compare_at_price", "barcode", "weight_grams"]  # fmt: skip


class ImageSerializer(serializers.ModelSerializer):
    class Meta:
        model = Image
        fields = ["id", "source_url", "alt", "width", "height", "position"]


class ProductSerializer(serializers.ModelSerializer):
    category = CategorySerializer()
    variants = VariantSerializer(many=True)
    images = ImageSerializer(many=True)

    class Meta:
        model = Product
        fields = [
            "id", "slug", "name", "description", "brand", "tags", "category", "min_price", "in_stock", "variants", "images",
            "created_at", "updated_at",
        ]  # fmt: skip


class Pages(CursorPagination):
    page_size = 20
    ordering = ("-created_at", "-id")


class Public:
    authentication_classes: list = []
    permission_classes: list = []
    throttle_classes: list = []
    serializer_class = ProductSerializer
    queryset = (
        Product.objects.on_sale()
        .select_related("category")
        .defer("search")
        .prefetch_related("variants", "images")
    )


class ProductList(Public, generics.ListAPIView):
    pagination_class = Pages


class ProductDetail(Public, generics.RetrieveAPIView):
    pass


urlpatterns = [
    path("api/products/", ProductList.as_view()),
    path("api/products/<int:pk>/", ProductDetail.as_view()),
]
override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=[]).enable()
application = WSGIHandler()
