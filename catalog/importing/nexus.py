"""Our own format: a row per variant; what is said once per product stands in the first row of its slug (docs/import.md)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial

from catalog.importing.reading import FileRefused, Row, Table
from catalog.importing.records import (
    BadValue,
    ImageRecord,
    ProductRecord,
    Remarks,
    VariantRecord,
    is_picture_address,
    read_compare_at,
    read_flag,
    read_price,
    read_stock,
    read_tags,
    read_weight,
    stable_sku,
)
from catalog.models import NAME_LENGTH, SKU_LENGTH
from catalog.slugs import is_slug

COLUMNS = (
    "slug", "name", "description", "brand", "category", "tags", "is_published", "sku", "options", "price",
    "compare_at_price", "stock", "barcode", "weight_grams", "images",
)  # fmt: skip
MAX_OPTIONS = 5


def recognises(columns: Sequence[str]) -> bool:
    """Whether a header is ours."""
    return {"slug", "name", "price"} <= set(columns)


class NexusReader:
    """Records out of a file of our own format."""

    KEY = "slug"

    def __init__(self, table: Table, remarks: Remarks) -> None:
        """Look at the header.

        Raises:
            FileRefused: slug, name or price is missing.
        """
        if not recognises(table.columns):
            raise FileRefused(f"{table.path} needs the columns slug, name and price.")
        self.table, self.remarks = table, remarks

    def key(self, row: Row) -> str:
        """What holds the rows of one product together."""
        return row["slug"].casefold()

    def record(self, rows: Sequence[Row]) -> ProductRecord | None:
        """The product of these rows, or None (with remarks) when there is nothing to import."""
        slug = self.key(rows[0])
        if not is_slug(slug):
            return self._reject_all(rows, f"“{slug[:80]}” is not a slug")
        first = next((row for row in rows if row["name"]), None)
        if first is None:
            return self._reject_all(rows, f"{slug}: no row has a name")
        product = self._product(slug, first)
        for row in rows:
            self._read_variant(product, row)
            self._read_images(product, row)
        return product if product.variants else None

    def _reject_all(self, rows: Sequence[Row], reason: str) -> ProductRecord | None:
        for row in rows:
            self.remarks.reject(row.line, reason)
        return None

    def _given(self, row: Row, column: str) -> str | None:
        return row[column] if column in self.table.columns else None

    def _product(self, slug: str, row: Row) -> ProductRecord:
        note = partial(self.remarks.notice, row.line)
        if len(row["name"]) > NAME_LENGTH:
            note(f"the name has {len(row['name'])} characters: cut to {NAME_LENGTH}")
        tags, brand = self._given(row, "tags"), self._given(row, "brand")
        path = [part.strip()[:NAME_LENGTH] for part in row["category"].split(">")]
        return ProductRecord(
            line=row.line,
            slug=slug,
            name=row["name"][:NAME_LENGTH],
            description=self._given(row, "description"),
            brand=None if brand is None else brand[:NAME_LENGTH],
            tags=None if tags is None else read_tags(tags, note=note),
            category=tuple(part for part in path if part),
            is_published=read_flag(row["is_published"]),
        )

    def _read_variant(self, product: ProductRecord, row: Row) -> None:
        note = partial(self.remarks.notice, row.line)
        try:
            options = _options(row["options"])
            price = read_price(row["price"])
        except BadValue as problem:
            reason = str(problem) if row["price"] else "no price"
            self.remarks.reject(row.line, f"{product.slug}: {reason}")
            return
        if (twin := next((v for v in product.variants if v.options == options), None)) is not None:
            self.remarks.reject(row.line, f"{product.slug}: the same options as line {twin.line}")
            return
        stock, barcode = self._given(row, "stock"), self._given(row, "barcode")
        sku = row["sku"] if len(row["sku"]) <= SKU_LENGTH else ""
        product.variants.append(
            VariantRecord(
                line=row.line,
                sku=sku or stable_sku(product.slug, options),
                options=options,
                price=price,
                compare_at_price=read_compare_at(row["compare_at_price"], price=price, note=note),
                stock=None if stock is None else read_stock(stock, note=note),
                barcode=None if barcode is None else barcode[:64],
                weight_grams=read_weight(row["weight_grams"]),
            )
        )

    def _read_images(self, product: ProductRecord, row: Row) -> None:
        for url in row["images"].split():
            if not is_picture_address(url):
                self.remarks.notice(row.line, f"picture left out: “{url[:80]}” is no web address")
            elif all(image.url != url for image in product.images):
                product.images.append(ImageRecord(url=url, line=row.line))


def _options(text: str) -> list[dict[str, str]]:
    """`Size=Large; Colour=Red` as options.

    Raises:
        BadValue: it is not written so.
    """
    options: list[dict[str, str]] = []
    for part in filter(None, (part.strip() for part in text.split(";"))):
        match = re.fullmatch(r"([^=]{1,100})=(.{1,255})", part)
        name = match[1].strip() if match else ""
        if not match or not name or any(option["name"] == name for option in options):
            raise BadValue(f"“{part[:60]}” is not an option such as Size=Large")
        options.append({"name": name, "value": match[2].strip()})
    if len(options) > MAX_OPTIONS:
        raise BadValue(f"{len(options)} options: at most {MAX_OPTIONS}")
    return options
