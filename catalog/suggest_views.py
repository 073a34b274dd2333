"""The door of suggestions: what a search box shows while somebody types."""

from __future__ import annotations

from typing import Any

from django.db import connection
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.reads.callers import context_of
from catalog.search import suggestions
from common.public_reads import ConditionalReads

MOST = 10
GROUPS = ("words", "products", "categories", "brands")


class SuggestQuerySerializer(serializers.Serializer[Any]):
    """The query of suggestions."""

    q = serializers.CharField(
        max_length=200, allow_blank=True, default="", help_text="What is typed so far, in any script."
    )  # fmt: skip
    limit = serializers.IntegerField(
        min_value=1, max_value=MOST, default=5, help_text="At most so many of each kind."
    )


class SuggestedSerializer(serializers.Serializer[Any]):
    """Something that has a page of its own."""

    id = serializers.IntegerField()
    slug = serializers.CharField()
    name = serializers.CharField()


class SuggestionsSerializer(serializers.Serializer[Any]):
    """Suggestions, the likeliest first."""

    words = serializers.ListField(
        child=serializers.CharField(), help_text="What is typed, with its last word completed."
    )
    products = SuggestedSerializer(many=True)
    categories = SuggestedSerializer(many=True)
    brands = SuggestedSerializer(many=True)


class SuggestView(ConditionalReads):
    """Suggestions for a search box."""

    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="products_suggest",
        summary="Suggest while somebody types",
        description=(
            "Completed words, products, categories and brands that begin as `q` does, in any script; when nothing does, "
            "what looks like it. Only what is on sale is suggested. Names are in the language of `Accept-Language`."
        ),
        tags=["catalog"],
        parameters=[SuggestQuerySerializer],
        responses=SuggestionsSerializer,
    )
    def get(self, request: Request) -> Response:
        query = SuggestQuerySerializer(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        context = context_of("", request.headers.get("Accept-Language", ""))
        sql, params = suggestions(
            query.validated_data["q"],
            language=context.language,
            most=query.validated_data["limit"],
        )
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            found = cursor.fetchone()
        return Response(
            {group: rows or [] for group, rows in zip(GROUPS, found, strict=True)},
            headers={"Content-Language": context.content_language, "Vary": "Accept-Language"},
        )
