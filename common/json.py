"""JSON in and out, by orjson: strict, bounded and fast."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings
from django.utils.functional import Promise
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer

from common.money import Money

MAX_DEPTH = 32


class BodyTooLarge(APIException):
    """The request body exceeds the limit; nothing of it was read further."""

    status_code = 413
    default_code = "body_too_large"
    default_detail = "The request body is too large."


def too_deep(body: bytes) -> bool:
    """Whether brackets nest deeper than MAX_DEPTH, outside of strings. Linear, no recursion."""
    depth = 0
    in_string = escaped = False
    for byte in body:
        if in_string:
            if escaped:
                escaped = False
            elif byte == 0x5C:
                escaped = True
            elif byte == 0x22:
                in_string = False
        elif byte == 0x22:
            in_string = True
        elif byte in b"[{":
            depth += 1
            if depth > MAX_DEPTH:
                return True
        elif byte in b"]}":
            depth -= 1
    return False


class StrictJSONParser(BaseParser):
    """Read a JSON body of bounded size and depth.

    Raises:
        BodyTooLarge: over DATA_UPLOAD_MAX_MEMORY_SIZE bytes, whatever Content-Length claims.
        ParseError: not UTF-8 JSON, or nested too deep.
    """

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        limit: int = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        body = stream.read(limit + 1)
        if len(body) > limit:
            raise BodyTooLarge()
        if body.count(b"[") + body.count(b"{") > MAX_DEPTH and too_deep(body):
            raise ParseError("The JSON is nested too deep.")
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise ParseError(f"Not valid JSON: {error}.") from None


def _default(value: Any) -> Any:
    if isinstance(value, Money):
        return value.as_json()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, (UUID, Promise)):
        return str(value)
    raise TypeError(type(value).__name__)


# Money is a dataclass, and orjson would write its fields rather than ask us.
_OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS | orjson.OPT_PASSTHROUGH_DATACLASS


def dumps(data: Any) -> bytes:
    """The bytes of an answer: deterministic for equal data, times with a `Z`."""
    return orjson.dumps(data, default=_default, option=_OPTIONS)


class ORJSONRenderer(BaseRenderer):
    """Write an answer's JSON."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None
    ) -> bytes:
        return b"" if data is None else dumps(data)
