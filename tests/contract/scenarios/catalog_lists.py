"""Lists of products: filters, facets, parts of an answer, copies."""

from __future__ import annotations

from tests.contract.recorder import Recorder
from tests.contract.scenarios.catalog import STAFF_ONLY


def lists(s: Recorder) -> None:
    """Narrow a list, count by what, and keep a copy."""
    s.call(
        "products_list", "facets", "How many products each further choice would leave",
        query={"category": "coffee", "facets": "true", "page_size": 1, "fields": "id,name"}, status=200,
        untold=STAFF_ONLY,
    )  # fmt: skip
    s.call(
        "products_list", "fields", "Only some fields, of the product and of its variants",
        query={"fields": "name,price,variants.sku", "page_size": 2}, status=200,
    )  # fmt: skip
    s.call(
        "products_list", "expand", "The category in full, and the collections",
        query={"fields": "name,category,collections", "expand": "category,collections", "page_size": 1},
        status=200,
    )  # fmt: skip
    s.call(
        "products_list", "several", "These products only, as of a wish list",
        query={"ids": f"{s.world.jebena.pk},{s.world.berbere.pk}", "fields": "id,name,in_stock"}, status=200,
    )  # fmt: skip
    s.call(
        "products_list", "unknown_field", "A field that there is not",
        query={"fields": "name,password"}, status=400, code="invalid",
    )  # fmt: skip
    s.call(
        "products_list", "changes", "For copies: what has changed since a moment, and what went",
        query={"updated_since": "2000-01-01T00:00:00Z", "fields": "id,name", "page_size": 2}, status=200,
    )  # fmt: skip


STORIES = [lists]
