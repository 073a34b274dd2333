"""The doors that the gateway uses. No session, no redirect, no content negotiation: it is not a browser."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import orjson
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit.context import identify
from common.json import BodyTooLarge
from common.limits import Limit, throttle
from common.schema import TOO_LARGE, refuses
from payments import services
from payments.inbox import BadSignature, MalformedWebhook
from payments.serializers import CallbackSerializer, ReceivedSerializer, WebhookSerializer

log = logging.getLogger(__name__)

WEBHOOK_BYTES = 64 * 1024
CALLBACK_BYTES = 16 * 1024
RECEIVED = {"status": "received"}

CALLBACKS = Limit("chapa_callback", 300, timedelta(minutes=1))
CallbackThrottle = throttle(CALLBACKS, methods={"GET", "POST"})


class AnswerInJson(BaseContentNegotiation):
    """Answer in JSON whatever the caller says it accepts: a refusal over that would lose the event."""

    def select_parser(self, request: Any, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(self, request: Any, renderers: Any, format_suffix: Any = None) -> Any:
        return renderers[0], renderers[0].media_type


def read_body(request: Request, limit: int) -> bytes:
    """The raw bytes of the body.

    Raises:
        BodyTooLarge: more than `limit`, whatever Content-Length claims; nothing of it is kept.
    """
    length = request.headers.get("Content-Length", "")
    if length.isdecimal() and int(length) > limit:
        raise BodyTooLarge()
    body: bytes = request._request.read(limit + 1)
    if len(body) > limit:
        raise BodyTooLarge()
    return body


class _GatewayView(APIView):
    authentication_classes = []
    permission_classes = [AllowAny]
    content_negotiation_class = AnswerInJson

    def finalize_response(
        self, request: Request, response: Any, *args: Any, **kwargs: Any
    ) -> Response:
        answer: Response = super().finalize_response(request, response, *args, **kwargs)
        if answer.status_code == status.HTTP_401_UNAUTHORIZED:
            answer["WWW-Authenticate"] = "Chapa-Signature"  # RFC 9110: no 401 without a challenge
        return answer


class WebhookView(_GatewayView):
    """Chapa's webhook."""

    throttle_classes = []  # an event is received or forged, never too many

    @refuses(BadSignature, MalformedWebhook, TOO_LARGE)
    @extend_schema(
        operation_id="chapa_webhook",
        summary="Receive Chapa's webhook",
        description=(
            "For Chapa only. `x-chapa-signature` must be the hex HMAC-SHA256 of the raw body under the secret hash set in "
            "Chapa's dashboard (`chapa-signature` likewise for custom webhooks; its constant form proves nothing and is "
            "refused). The event is stored once and answered with 200, known or not; then Chapa's verify is asked, and only "
            "its answer moves a payment."
        ),
        tags=["payments"],
        parameters=[
            OpenApiParameter("x-chapa-signature", str, OpenApiParameter.HEADER),
            OpenApiParameter("chapa-signature", str, OpenApiParameter.HEADER),
        ],
        request=WebhookSerializer,
        responses={200: ReceivedSerializer},
    )
    def post(self, request: Request) -> Response:
        identify(kind="gateway", name="chapa")
        services.receive(body=read_body(request, WEBHOOK_BYTES), headers=request.headers)
        return Response(RECEIVED)


CALLBACK: dict[str, Any] = {
    "summary": "Receive Chapa's callback",
    "description": (
        "A hint without proof that something happened to a payment: it makes us ask Chapa, nothing else. The answer is the "
        "same whatever was sent."
    ),
    "tags": ["payments"],
    "responses": {200: ReceivedSerializer},
}


class CallbackView(_GatewayView):
    """Chapa's callback address. Documents and code disagree on method, place and name of the reference: all are read."""

    throttle_classes = [CallbackThrottle]

    @refuses(TOO_LARGE)
    @extend_schema(
        operation_id="chapa_callback",
        parameters=[
            OpenApiParameter("tx_ref", str, OpenApiParameter.QUERY),
            OpenApiParameter("trx_ref", str, OpenApiParameter.QUERY),
        ],
        **CALLBACK,
    )
    def get(self, request: Request) -> Response:
        return self._nudge(request)

    @refuses(TOO_LARGE)
    @extend_schema(operation_id="chapa_callback_post", request=CallbackSerializer, **CALLBACK)
    def post(self, request: Request) -> Response:
        return self._nudge(request)

    def _nudge(self, request: Request) -> Response:
        given = [request.query_params, _fields(read_body(request, CALLBACK_BYTES))]
        for name in ("trx_ref", "tx_ref"):
            for fields in given:
                if isinstance(reference := fields.get(name), str):
                    services.nudge(reference=reference)
                    return Response(RECEIVED)
        return Response(RECEIVED)


def _fields(body: bytes) -> dict[str, Any]:
    """The fields of a JSON object or a form, or nothing."""
    if not body:
        return {}
    try:
        data = orjson.loads(body)
        return data if isinstance(data, dict) else {}
    except orjson.JSONDecodeError:
        try:
            form = parse_qs(body.decode(), max_num_fields=50)
        except ValueError:
            return {}
        return {name: values[0] for name, values in form.items()}
