"""The doors of languages and words."""

from __future__ import annotations

from typing import Any

from django.db.models import Model, QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from catalog import texts
from catalog.attribute_inputs import (
    LanguageChangeSerializer,
    LanguageInputSerializer,
    LanguageSerializer,
    TermBatchInputSerializer,
    TermInputSerializer,
    TermSerializer,
    TermsSerializer,
)
from catalog.doors import TAGS, CatalogView, StaffView, checked, row_state
from catalog.model_refusals import LanguageInUse, LanguageTaken, TermTaken
from catalog.models import Language, Term
from common.conditional import honours_if_match, tagged
from common.errors import NotFound
from common.idempotency import idempotent
from common.schema import refuses
from common.transactions import lock_row

CODE = OpenApiParameter(
    "code", str, OpenApiParameter.PATH, description="A language tag: `am`, `pt-br`."
)
NO_LANGUAGE, NO_WORD = "There is no such language.", "There is no such word."
WORD = OpenApiParameter("text", str, description="The word itself; without it, all.")


def _language(code: str) -> Language:
    found = Language.objects.filter(pk=code.lower()).first()
    if found is None:
        raise NotFound(NO_LANGUAGE)
    return found


def _hold_language(view: Any, code: str) -> str:
    return row_state(lock_row(Language.objects.all(), _language(code).pk, missing=NO_LANGUAGE))


class LanguageListView(CatalogView):
    """Languages in which the shop can be read."""

    writes = "language"
    queryset: QuerySet[Model] = Language.objects.all()
    serializer_class = LanguageSerializer
    orderings = {"position": "position"}

    @extend_schema(
        operation_id="languages_list",
        summary="List languages",
        description="`Accept-Language` chooses among them; the catalogue is written in the first.",
        tags=TAGS,
        responses=LanguageSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        return self.page(Language.objects.all())

    @refuses(LanguageTaken)
    @extend_schema(
        operation_id="languages_create",
        summary="Add a language",
        description="Behind the others, unless a `position` is given.",
        tags=TAGS,
        request=LanguageInputSerializer,
        responses={201: LanguageSerializer},
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        made = texts.create_language(**checked(LanguageInputSerializer, request.data))
        return Response(self.get_serializer(made).data, status.HTTP_201_CREATED)


class LanguageView(CatalogView):
    """One language."""

    writes = "language"
    queryset: QuerySet[Model] = Language.objects.all()
    serializer_class = LanguageSerializer

    @extend_schema(
        operation_id="languages_retrieve",
        summary="Show a language",
        description="By its tag.",
        tags=TAGS,
        parameters=[CODE],
    )
    def get(self, request: Request, code: str) -> Response:
        return self._answer(request, _language(code))

    @extend_schema(
        operation_id="languages_change",
        summary="Change a language",
        description=(
            "Name and position. Whichever has the lowest position is the language the catalogue is written in."
        ),
        tags=TAGS,
        parameters=[CODE],
        request=LanguageChangeSerializer,
    )
    @honours_if_match(_hold_language)
    def patch(self, request: Request, code: str) -> Response:
        language = _language(code)
        changes = checked(LanguageChangeSerializer, request.data, partial=True)
        return self._answer(request, texts.update_language(code=language.pk, changes=changes))

    @refuses(LanguageInUse)
    @extend_schema(
        operation_id="languages_delete",
        summary="Delete a language",
        description="Only one that nothing is translated into, and never the first.",
        tags=TAGS,
        parameters=[CODE],
        responses={204: None},
    )
    @honours_if_match(_hold_language)
    def delete(self, request: Request, code: str) -> Response:
        texts.delete_language(code=_language(code).pk)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _answer(self, request: Request, language: Language) -> Response:
        return tagged(request, Response(self.get_serializer(language).data), row_state(language))


# --- words ------------------------------------------------------------------------------------


def _term(term_id: int) -> Term:
    found = Term.objects.filter(pk=term_id).first()
    if found is None:
        raise NotFound(NO_WORD)
    return found


def _hold_term(view: Any, term_id: int) -> str:
    return row_state(lock_row(Term.objects.all(), _term(term_id).pk, missing=NO_WORD))


class TermListView(StaffView):
    """Words that products share."""

    writes = "term"
    queryset: QuerySet[Model] = Term.objects.all()
    serializer_class = TermSerializer
    orderings = {"text": "text", "-text": "-text"}

    @extend_schema(
        operation_id="terms_list",
        summary="List translated words",
        description=(
            "Options and their values, tags, names of attributes, choices, units and brands, as other languages have them. "
            "For staff who see products."
        ),
        tags=TAGS,
        parameters=[WORD],
        responses=TermSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        rows = Term.objects.all()
        if (text := request.query_params.get("text")) is not None:
            rows = rows.filter(text=text.replace("\x00", ""))
        return self.page(rows)

    @refuses(TermTaken)
    @extend_schema(
        operation_id="terms_create",
        summary="Translate a word",
        description='`{"text": "Red", "translations": {"am": "ቀይ"}}`: wherever products say so.',
        tags=TAGS,
        request=TermInputSerializer,
        responses={201: TermSerializer},
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        made = texts.create_term(**checked(TermInputSerializer, request.data))
        return Response(self.get_serializer(made).data, status.HTTP_201_CREATED)

    @extend_schema(
        operation_id="terms_put",
        summary="Translate many words",
        description=(
            "Adds those that are new and replaces the translations of the others, all or none; words that are not named "
            "stay."
        ),
        tags=TAGS,
        request=TermBatchInputSerializer,
        responses=TermsSerializer,
    )
    def put(self, request: Request) -> Response:
        given = checked(TermBatchInputSerializer, request.data)
        rows = texts.put_terms(terms=given["terms"])
        rows = list(Term.objects.filter(text__in=[row.text for row in rows]).order_by("text"))
        return Response({"results": self.get_serializer(rows, many=True).data})


class TermView(StaffView):
    """One word."""

    writes = "term"
    queryset: QuerySet[Model] = Term.objects.all()
    serializer_class = TermSerializer

    @extend_schema(
        operation_id="terms_retrieve",
        summary="Show a translated word",
        description="For staff who see products.",
        tags=TAGS,
    )
    def get(self, request: Request, term_id: int) -> Response:
        return self._answer(request, _term(term_id))

    @refuses(TermTaken)
    @extend_schema(
        operation_id="terms_change",
        summary="Change a translated word",
        description="Languages that are not named stay, and null removes.",
        tags=TAGS,
        request=TermInputSerializer,
    )
    @honours_if_match(_hold_term)
    def patch(self, request: Request, term_id: int) -> Response:
        _term(term_id)
        changes = checked(TermInputSerializer, request.data, partial=True)
        return self._answer(request, texts.update_term(term_id=term_id, changes=changes))

    @extend_schema(
        operation_id="terms_delete",
        summary="Delete a translated word",
        description="It is shown as it is written from then on.",
        tags=TAGS,
        responses={204: None},
    )
    @honours_if_match(_hold_term)
    def delete(self, request: Request, term_id: int) -> Response:
        texts.delete_term(term_id=_term(term_id).pk)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _answer(self, request: Request, term: Term) -> Response:
        return tagged(request, Response(self.get_serializer(term).data), row_state(term))
