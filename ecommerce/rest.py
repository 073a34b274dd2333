"""The API's settings (Django REST framework): what every view does unless it says otherwise."""

from __future__ import annotations

from typing import Any

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "account.authentication.SessionTokenAuthentication",
        "account.key_authentication.ApiKeyAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["common.access.Nobody"],  # deny by default
    "DEFAULT_THROTTLE_CLASSES": ["common.limits.GeneralThrottle"],
    "DEFAULT_PARSER_CLASSES": ["common.json.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["common.json.ORJSONRenderer"],
    "DEFAULT_PAGINATION_CLASS": "common.pagination.KeysetPagination",
    "DEFAULT_METADATA_CLASS": "common.metadata.OptionsMetadata",
    "DEFAULT_SCHEMA_CLASS": "common.schema.NexusAutoSchema",
    "EXCEPTION_HANDLER": "common.problems.exception_handler",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "COERCE_DECIMAL_TO_STRING": True,
}
