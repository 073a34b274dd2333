"""The doors of the fast path: what the views of products and the front door have in common."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers
from rest_framework.request import Request

from catalog.filters import ProductQuerySerializer
from catalog.reads.callers import VARY, context_of, group_of
from catalog.reads.context import Context
from catalog.reads.database import in_transaction
from catalog.reads.pages import Answer, changes_page, list_page, one_product
from catalog.reads.presentation import reshape_of
from catalog.reads.questions import (
    Parameters,
    as_parameters,
    ask,
    changes_since,
    plain_query,
)
from common.conditional import demand_state
from common.public_reads import cache_control


def answer_list(request: Request) -> HttpResponse:
    """`GET /api/products/` for everybody who does not see everything.

    Raises:
        rest_framework.exceptions.ValidationError, common.errors.Invalid: a parameter makes no sense.
    """
    parameters = as_parameters(request.query_params)
    query = plain_query(parameters)
    if query is None:
        serializer = ProductQuerySerializer(data=request.query_params)
        serializer.is_valid(raise_exception=True)
        query = dict(serializer.validated_data)
    path, checked = request.path, query
    seen = request.headers.get("If-None-Match", "")

    def read(context: Context) -> Answer:
        reshape = reshape_of(request.query_params, context)
        if checked.get("updated_since") is not None:
            found, following = changes_since(path, parameters, checked, context)
            return changes_page(found, following, context, reshape=reshape, if_none_match=seen)
        asked = ask(path, parameters, checked, context, reshape=reshape)
        return list_page(asked, context, if_none_match=seen)

    response = _response(request, read)
    assert response is not None, "a list is always there"
    return response


def answer_product(request: Request, key: str) -> HttpResponse | None:
    """`GET /api/products/{key}/` for everybody who does not see everything; None: there is no such product on sale.

    Raises:
        common.errors.Invalid: a parameter makes no sense.
    """
    seen = request.headers.get("If-None-Match", "")

    def read(context: Context) -> Answer | None:
        reshape = reshape_of(request.query_params, context)
        return one_product(key, context, if_none_match=seen, reshape=reshape)

    return _response(request, read)


def plain_answer(
    path: str,
    key: str,
    parameters: Parameters,
    *,
    accept_language: str,
    if_none_match: str,
    group: int | None,
) -> tuple[Answer, Context] | None:
    """The same for the front door: a common question; None when Django had better look at it.

    Args:
        group: id of the caller's customer group, if there is one.
    """
    query = plain_query(parameters)
    if query is None or (key and set(query) - {"attributes", "options", "currency"}):
        return None

    def read(context: Context) -> Answer | None:
        if key:
            return one_product(key, context, if_none_match=if_none_match)
        return list_page(
            ask(path, parameters, query, context), context, if_none_match=if_none_match
        )

    answer, context = _for_caller(
        read, lambda: context_of(query.get("currency", ""), accept_language, group)
    )
    return None if answer is None else (answer, context)


def _for_caller(
    read: Callable[[Context], Answer | None], caller: Callable[[], Context]
) -> tuple[Answer | None, Context]:
    """Read, and once more if the shop turns out to have other languages or price lists than this process knew of."""
    context = caller()
    answer = read(context)
    if not in_transaction() and (now := caller()) != context:
        return read(now), now
    return answer, context


def _response(request: Request, read: Callable[[Context], Answer | None]) -> HttpResponse | None:
    plain: HttpRequest = request._request
    group = group_of(request.user)
    answer, context = _for_caller(
        read,
        lambda: context_of(
            request.query_params.get("currency", ""),
            request.headers.get("Accept-Language", ""),
            group,
        ),
    )
    if answer is None:
        return None
    if (
        "If-Match" in plain.headers
    ):  # of a read: who wants another state than this gets nothing (RFC 9110, 13.1.1)
        demand_state(request, answer.etag.strip('"').partition(".")[0])
    response = HttpResponse(
        answer.body or b"",
        content_type="application/json",
        status=304 if answer.body is None else 200,
    )
    response["ETag"] = answer.etag
    response["Content-Language"] = context.content_language
    response["Cache-Control"] = cache_control(private="Authorization" in plain.headers)
    patch_vary_headers(response, VARY.split(", "))
    return response
