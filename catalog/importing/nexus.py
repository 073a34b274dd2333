"""Our own format as CSV: a row per variant; what is said once per product stands in the first row of its slug (docs)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import orjson

from catalog.importing.described import product_of, slug_of
from catalog.importing.grouping import Group
from catalog.importing.reading import FileRefused, Row, Table
from catalog.importing.records import MAX_VARIANTS, ProductRecord, Remarks
from catalog.importing.values import BadValue, read_list, unguarded

# Cells of the product, cells of the variant; those in JSON cells hold lists or objects.
PRODUCT_COLUMNS = (
    "slug", "name", "description", "brand", "category", "product_type", "attributes", "collections", "tags",
    "is_published", "publish_from", "publish_until", "translations", "images",
)  # fmt: skip
VARIANT_COLUMNS = (
    "sku", "variant_name", "options", "price", "compare_at_price", "stock", "barcode", "weight_grams", "prices", "parts",
)  # fmt: skip
COLUMNS = (*PRODUCT_COLUMNS, *VARIANT_COLUMNS)


def recognises(columns: Sequence[str]) -> bool:
    """Whether a header is ours."""
    return {"slug", "name", "price"} <= set(columns) or (
        "sku" in columns and bool({"price", "stock"} & set(columns)) and not _is_shopifys(columns)
    )


def _is_shopifys(columns: Sequence[str]) -> bool:
    return bool({"handle", "url handle"} & set(columns))


class NexusReader:
    """Records out of a file of our own format."""

    KEY = "slug"

    def __init__(self, table: Table, remarks: Remarks) -> None:
        """Look at the header.

        Raises:
            FileRefused: slug, name or price is missing, or (without slugs) the SKU.
        """
        if not recognises(table.columns):
            raise FileRefused(f"{table.path} needs the columns slug, name and price.")
        self.table, self.remarks = table, remarks
        self._of_product = [name for name in PRODUCT_COLUMNS if name in table.columns]
        self._of_variant = [name for name in VARIANT_COLUMNS if name in table.columns]

    def key(self, row: Row) -> str:
        """What holds the rows of one product together: its slug; a row without one is known by its SKU."""
        if slug := row["slug"].casefold():
            return slug
        return f"\0{row['sku']}" if row["sku"] else ""

    def slug(self, key: str) -> str:
        """The address; none for a key that is a SKU."""
        return "" if key.startswith("\0") else key

    def record(self, group: Group) -> ProductRecord | None:
        """The product of these rows, or None (with remarks) when there is nothing to import."""
        rows, slug = group.rows, self.slug(group.key)
        try:
            slug_of(slug)
        except BadValue as problem:
            return self._reject(rows, str(problem))
        if group.excess or len(rows) > MAX_VARIANTS:
            count = len(rows) + group.excess
            return self._reject(rows[:1], f"{slug}: {count} variants: at most {MAX_VARIANTS}")
        first = next((row for row in rows if row["name"]), None)
        if first is None and slug:
            return self._reject(rows, f"{slug}: no row has a name")
        try:
            told = self._product(first or rows[0], by_sku=first is None)
            variants = []
            for row in rows:
                told["images"] += self._images(row)
                try:
                    variants.append((row.line, self._variant(row)))
                except BadValue as problem:
                    self.remarks.reject(row.line, f"{slug or row['sku']}: {problem}")
            line = (first or rows[0]).line
            return product_of(told | {"slug": slug}, variants, line=line, remarks=self.remarks)
        except BadValue as problem:
            return self._reject([first or rows[0]], f"{slug}: {problem}")

    def _reject(self, rows: Sequence[Row], reason: str) -> ProductRecord | None:
        for row in rows:
            self.remarks.reject(row.line, reason)
        return None

    def _product(self, row: Row, *, by_sku: bool) -> dict[str, Any]:
        told: dict[str, Any] = {"images": []}
        for name in self._of_product:
            text = unguarded(row[name])
            if name == "images" or (by_sku and not text):
                continue  # a row of one variant speaks of nothing else
            if name == "category":
                told[name] = read_list(text, separator=">")
            elif name == "tags":
                told[name] = read_list(text)
            elif name == "collections":
                told[name] = _json(text) if text.startswith("[") else read_list(text)
            elif name == "attributes":
                told[name] = _json(text) if text.startswith("[") else dict(read_pairs(text, name))
            elif name == "translations":
                told[name] = _json(text) if text else {}
            else:
                told[name] = text
        return told

    def _variant(self, row: Row) -> dict[str, Any]:
        told: dict[str, Any] = {}
        for name in self._of_variant:
            text = unguarded(row[name])
            if name == "options":
                told[name] = _json(text) if text.startswith("[") else [
                    {"name": option, "value": value} for option, value in read_pairs(text, name)
                ]  # fmt: skip
            elif name == "parts":
                told[name] = _json(text) if text.startswith("[") else [
                    {"sku": sku, "quantity": count} for sku, count in read_pairs(text, name)
                ]  # fmt: skip
            elif name == "prices":
                told[name] = _json(text) if text else []
            elif name == "variant_name":
                if text:
                    told["name"] = text
            elif name == "weight_grams":
                told[name] = text if re.fullmatch(r"\d{1,10}|", text) else ""
            else:
                told[name] = text
        return told

    def _images(self, row: Row) -> list[Any]:
        text = row["images"]
        if text.startswith("["):
            found = _json(text)
            return found if isinstance(found, list) else []
        return list(text.split())


def _json(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise BadValue(f"“{text[:60]}” is not JSON") from None


def read_pairs(text: str, column: str) -> list[tuple[str, str]]:
    """`Size=Large; Colour=Red` as pairs.

    Raises:
        BadValue: it is not written so.
    """
    pairs: list[tuple[str, str]] = []
    for part in filter(None, (part.strip() for part in text.split(";"))):
        name, equals, value = (word.strip() for word in part.partition("="))
        if not equals or not name or not value or any(name == known for known, _ in pairs):
            what = (
                "an option such as Size=Large"
                if column == "options"
                else f"{column} such as a=b; c=d"
            )
            raise BadValue(f"“{part[:60]}” is not {what}")
        pairs.append((name, value))
    return pairs
