"""The OpenAPI document's settings (drf-spectacular)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

# Recorded by `make examples`, executed by tests/contract.
API_EXAMPLES = Path(__file__).resolve().parent / "examples"

DESCRIPTION = """\
Nexus is an e-commerce backend: catalogue, accounts, stock, an atomic checkout and payments through Chapa.

**Signing in.** `POST /api/auth/login/` gives an access token (10 minutes) and a refresh token (30 days, rotated at every
use). Press *Authorize* and paste the access token. Guests need no account: the answer to a guest's checkout carries an
`order_token`, and the header `X-Order-Token` then stands for the order's owner.

**Money** is `{"amount": "1250.00", "currency": "ETB"}`: a decimal string, never a float. **Times** are ISO 8601, UTC.

**Errors** are `application/problem+json` (RFC 9457) with a stable `code`, a `request_id` and, for invalid input, `errors`
that name each field.

**Retries.** Send an `Idempotency-Key` with every POST that creates or moves something; repeat the call with the same
key after a lost answer and you get the first answer again, never a second order.

**Lists** are cursor pages: follow `next`. `page_size` goes up to 100; `?count=true` adds the number of rows.
"""

SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Nexus",
    "DESCRIPTION": DESCRIPTION,
    "VERSION": "0.4.0",
    "OAS_VERSION": "3.1.0",
    "CONTACT": {"name": "The maintainers of Nexus"},
    "LICENSE": {"name": "MIT", "identifier": "MIT"},
    "SERVERS": [{"url": "/", "description": "This shop"}],
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {
        "deepLinking": True,
        "persistAuthorization": False,
        "displayRequestDuration": True,
        "docExpansion": "none",
    },
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_ADD_EXPLICIT_BLANK_NULL_CHOICE": False,
    "ENUM_NAME_OVERRIDES": {
        "CartStatus": "cart.models.Status.choices",
        "OrderStatus": "orders.models.Status.choices",
        "OrderPaymentStatus": "orders.models.PaymentStatus.choices",
        "FulfilmentStatus": "orders.models.FulfilmentStatus.choices",
        "ProductStatus": ["draft", "published", "archived"],
        "PaymentState": ["pending", "succeeded", "failed", "cancelled", "review"],
        "WebhookReceipt": ["received"],
        "TransferFormat": ["nexus", "shopify"],
        "TransferFileKind": ["csv", "jsonl"],
        "RemarkKind": ["rejected", "notice"],
        "AreaKind": "places.models.Kind.choices",
        "DeliveryKind": "pricing.models.DeliveryKind.choices",
        "AttributeKind": "catalog.models.attributes.Kind.choices",
        "LedgerAccountKind": "ledger.models.Kind.choices",
        "ShipmentKind": "fulfilment.models.ShipmentKind.choices",
        "ReturnReason": "fulfilment.models.ReturnReason.choices",
        "TransferState": ["waiting", "running", "done", "failed"],
        "TaxTreatment": ["taxed", "zero_rated", "exempt"],
    },
    "SORT_OPERATIONS": False,
    "SCHEMA_PATH_PREFIX": r"/api/",
    "PREPROCESSING_HOOKS": [],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "common.schema_examples.add_problems_and_examples",
    ],
    "TAGS": [
        {"name": "auth", "description": "Accounts: register, verify, sign in, reset, profile."},
        {"name": "places", "description": "Areas as a tree, and pickup points."},
        {"name": "delivery", "description": "How things travel, and what that costs."},
        {"name": "addresses", "description": "The address book of whoever is signed in."},
        {"name": "staff", "description": "Who works in the shop, and in which roles."},
        {"name": "keys", "description": "API keys: what programs may do."},
        {"name": "catalog", "description": "Categories, products, variants and images."},
        {
            "name": "stock",
            "description": "What there is, where it lies, what is promised, and how it changes.",
        },
        {
            "name": "imports and exports",
            "description": "The catalogue as files: from other shops, to spreadsheets, and back.",
        },
        {"name": "carts", "description": "What somebody intends to buy, what it costs, and why."},
        {"name": "orders", "description": "Checkout and what became of an order."},
        {
            "name": "documents",
            "description": "Invoices, receipts, credit notes and packing slips, as PDF.",
        },
        {"name": "payments", "description": "Paying an order through Chapa."},
        {"name": "ledger", "description": "What happened to money, in double entry."},
        {"name": "audit", "description": "Who did what, when and from where."},
    ],
}
