"""Shopify's product exports: one product spread over rows that share a handle.

The first row of a handle holds what is said once; every row may hold a variant, a picture, or both. Both the classic column
names and those of the present template are understood, in any order.
"""

from __future__ import annotations

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
from catalog.slugs import is_slug, slug_from

# Our name for each column: theirs, old and new.
COLUMNS = {
    "handle": ("handle", "url handle"),
    "title": ("title",),
    "body": ("body (html)", "body html", "body", "description"),
    "vendor": ("vendor",),
    "type": ("type", "custom product type", "product type"),
    "taxonomy": ("product category", "standardized product type"),
    "tags": ("tags",),
    "published": ("published", "published on online store"),
    "status": ("status",),
    "sku": ("variant sku", "sku"),
    "grams": ("variant grams", "weight value (grams)"),
    "tracker": ("variant inventory tracker", "inventory tracker"),
    "stock": ("variant inventory qty", "inventory quantity", "variant inventory quantity"),
    "price": ("variant price", "price"),
    "compare_at": ("variant compare at price", "compare-at price", "compare at price"),
    "barcode": ("variant barcode", "barcode"),
    "image": ("image src", "product image url"),
    "image_position": ("image position",),
    "alt": ("image alt text",),
    "variant_image": ("variant image", "variant image url"),
}
OPTIONS = 3


def recognises(columns: Sequence[str]) -> bool:
    """Whether a header is Shopify's."""
    return any(name in columns for name in COLUMNS["handle"]) and "title" in columns


class ShopifyReader:
    """Records out of a Shopify export."""

    KEY = "handle"

    def __init__(self, table: Table, remarks: Remarks) -> None:
        """Look at the header.

        Raises:
            FileRefused: it is not that of a product export.
        """
        if not recognises(table.columns):
            raise FileRefused(
                f"{table.path} is not a Shopify product export: it has no columns Handle and Title."
            )
        self.table, self.remarks = table, remarks
        self.columns = {
            ours: next((name for name in theirs if name in table.columns), "")
            for ours, theirs in COLUMNS.items()
        }

    def key(self, row: Row) -> str:
        """What holds the rows of one product together."""
        return row[self.columns["handle"]].casefold()

    def record(self, rows: Sequence[Row]) -> ProductRecord | None:
        """The product of these rows, or None (with remarks) when there is nothing to import."""
        rejected = len(self.remarks.rejected)
        first = next((row for row in rows if self._cell(row, "title")), None)
        if first is None:
            for row in rows:
                self.remarks.reject(row.line, f"{self.key(row)}: no row of this handle has a title")
            return None
        product = self._product(first)
        names = [first[f"option{n} name"] for n in range(1, OPTIONS + 1)]
        for row in rows:
            self._read_row(product, row, names, is_first=row is first)
        if not product.variants:
            if len(self.remarks.rejected) == rejected:
                self.remarks.reject(first.line, f"{self.key(first)}: no variant with a price")
            return None
        return product

    # --- parts --------------------------------------------------------------------------------

    def _cell(self, row: Row, ours: str) -> str:
        return row[self.columns[ours]] if self.columns[ours] else ""

    def _has(self, ours: str) -> bool:
        return bool(self.columns[ours])

    def _product(self, row: Row) -> ProductRecord:
        handle, title = self.key(row), self._cell(row, "title")
        note = partial(self.remarks.notice, row.line)
        if len(title) > NAME_LENGTH:
            note(f"the title has {len(title)} characters: cut to {NAME_LENGTH}")
        slug = handle.lower() if is_slug(handle.lower()) else slug_from(handle, fallback="product")
        return ProductRecord(
            line=row.line,
            slug=slug,
            name=title[:NAME_LENGTH],
            description=self._cell(row, "body") if self._has("body") else None,
            brand=self._cell(row, "vendor")[:NAME_LENGTH] if self._has("vendor") else None,
            tags=read_tags(self._cell(row, "tags"), note=note) if self._has("tags") else None,
            category=self._category(row),
            is_published=self._is_published(row),
        )

    def _category(self, row: Row) -> tuple[str, ...]:
        """Its type; without one, the path in Shopify's taxonomy."""
        if own := self._cell(row, "type"):
            return (own[:NAME_LENGTH],)
        path = [part.strip()[:NAME_LENGTH] for part in self._cell(row, "taxonomy").split(">")]
        return tuple(part for part in path if part and part != "Uncategorized")

    def _is_published(self, row: Row) -> bool | None:
        if not self._has("published") and not self._has("status"):
            return None
        status = self._cell(row, "status").casefold()
        if status == "archived":
            self.remarks.notice(row.line, "archived there: imported as a draft")
        return status in {"", "active"} and read_flag(self._cell(row, "published")) is not False

    def _read_row(
        self, product: ProductRecord, row: Row, names: Sequence[str], *, is_first: bool
    ) -> None:
        values = [row[f"option{n} value"] for n in range(1, OPTIONS + 1)]
        has_variant = is_first or any(values) or any(
            self._cell(row, column) for column in ("price", "sku")
        )  # fmt: skip
        image = self._cell(row, "image")
        if has_variant:
            self._read_variant(product, row, _options(names, values))
        if image:
            self._add_image(product, row, image, self._cell(row, "alt"))
        if not has_variant and not image:
            self.remarks.reject(row.line, f"{self.key(row)}: neither a variant nor a picture")

    def _read_variant(
        self, product: ProductRecord, row: Row, options: list[dict[str, str]]
    ) -> None:
        handle, note = self.key(row), partial(self.remarks.notice, row.line)
        if (twin := next((v for v in product.variants if v.options == options), None)) is not None:
            self.remarks.reject(row.line, f"{handle}: the same options as line {twin.line}")
            return
        try:
            price = read_price(self._cell(row, "price"))
        except BadValue as problem:
            reason = str(problem) if self._cell(row, "price") else "no price"
            self.remarks.reject(row.line, f"{handle}: {reason}")
            return
        variant = VariantRecord(
            line=row.line,
            sku=self._sku(row, options),
            options=options,
            price=price,
            compare_at_price=read_compare_at(self._cell(row, "compare_at"), price=price, note=note),
            stock=self._stock(row),
            barcode=_plain_number(self._cell(row, "barcode"))[:64]
            if self._has("barcode")
            else None,
            weight_grams=read_weight(self._cell(row, "grams")) if self._has("grams") else None,
        )
        if url := self._cell(row, "variant_image"):
            self._add_image(product, row, url, "")
            variant.image_url = url
        product.variants.append(variant)

    def _sku(self, row: Row, options: list[dict[str, str]]) -> str:
        given = _plain_number(self._cell(row, "sku"))
        if len(given) > SKU_LENGTH:
            self.remarks.notice(row.line, f"the SKU has {len(given)} characters: one is generated")
            given = ""
        return given or stable_sku(self.key(row), options)

    def _stock(self, row: Row) -> int | None:
        if not self._has("stock"):
            return None
        text = self._cell(row, "stock")
        if not text and self._has("tracker") and not self._cell(row, "tracker"):
            self.remarks.notice(row.line, "stock is not tracked there: imported as 0")
        return read_stock(text, note=partial(self.remarks.notice, row.line))

    def _add_image(self, product: ProductRecord, row: Row, url: str, alt: str) -> None:
        if not is_picture_address(url):
            self.remarks.notice(row.line, f"picture left out: “{url[:80]}” is no web address")
            return
        known = next((image for image in product.images if image.url == url), None)
        if known is None:
            product.images.append(ImageRecord(url=url, alt=alt[:300], line=row.line))
        elif alt and not known.alt:
            known.alt = alt[:300]


def _options(names: Sequence[str], values: Sequence[str]) -> list[dict[str, str]]:
    """The choices that make a variant; Shopify writes “Title: Default Title” where there is none."""
    options: list[dict[str, str]] = []
    for number, value in enumerate(values):
        name = (names[number] or f"Option {number + 1}")[:100]
        if any(option["name"] == name for option in options):
            name = f"{name[:97]} {number + 1}"
        if value and (name.casefold(), value.casefold()) != ("title", "default title"):
            options.append({"name": name, "value": value[:255]})
    return options


def _plain_number(text: str) -> str:
    """Without the apostrophe by which spreadsheets keep a number's leading zeros."""
    return text.removeprefix("'")
