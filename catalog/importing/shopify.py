"""Shopify's product exports: one product spread over rows that share a handle.

The first row of a handle holds what is said once; every row may hold a variant, a picture, or both. Both the classic column
names and those of the present template are understood, in any order.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from catalog.importing.grouping import Group
from catalog.importing.reading import FileRefused, Row, Table
from catalog.importing.records import (
    MAX_IMAGES,
    MAX_VARIANTS,
    ImageRecord,
    ProductRecord,
    Remarks,
    VariantRecord,
)
from catalog.importing.values import (
    BadValue,
    Note,
    is_picture_address,
    read_compare_at,
    read_flag,
    read_list,
    read_price,
    read_stock,
    read_tags,
    read_weight,
    stable_sku,
    unguarded,
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
        """What holds the rows of one product together: its handle; a row without one is known by its SKU."""
        if handle := self._cell(row, "handle").casefold():
            return handle
        sku = self._cell(row, "sku")
        return f"\0{sku}" if sku else ""

    def slug(self, key: str) -> str:
        """The address that a handle becomes; none for a key that is a SKU."""
        if key.startswith("\0"):
            return ""
        return key if is_slug(key) else slug_from(key, fallback="product")

    def record(self, group: Group) -> ProductRecord | None:
        """The product of these rows, or None (with remarks) when there is nothing to import."""
        handle, rows = group.key.lstrip("\0"), group.rows
        remarks = Remarks()
        by_sku = group.key.startswith("\0")
        first = next((row for row in rows if self._cell(row, "title")), None)
        if first is None and not by_sku:
            for row in rows:
                self.remarks.reject(row.line, f"{handle}: no row of this handle has a title")
            return None
        parts = _Parts(self._product(group.key, first or rows[0], remarks), remarks)
        names = [rows[0][f"option{n} name"] for n in range(1, OPTIONS + 1)]
        if first is not None:
            names = [first[f"option{n} name"] for n in range(1, OPTIONS + 1)]
        for row in rows:
            self._read_row(parts, row, names, is_first=row is (first or rows[0]), by_sku=by_sku)
        product = parts.product
        if group.excess or len(product.variants) > MAX_VARIANTS:
            count = len(product.variants) + group.excess
            self.remarks.reject(rows[0].line, f"{handle}: {count} variants: at most {MAX_VARIANTS}")
            return None
        if not product.variants and not remarks.rejected:
            remarks.reject((first or rows[0]).line, f"{handle}: no variant with a price")
        self.remarks.add(remarks)
        _order_images(product, self.remarks)
        return product if product.variants else None

    # --- parts --------------------------------------------------------------------------------

    def _cell(self, row: Row, ours: str) -> str:
        return unguarded(row[self.columns[ours]]) if self.columns[ours] else ""

    def _has(self, ours: str) -> bool:
        return bool(self.columns[ours])

    def _product(self, key: str, row: Row, remarks: Remarks) -> ProductRecord:
        title = self._cell(row, "title")
        note = partial(remarks.notice, row.line)
        if len(title) > NAME_LENGTH:
            note(f"the title has {len(title)} characters: cut to {NAME_LENGTH}")
        product = ProductRecord(line=row.line, slug=self.slug(key), category=self._category(row))
        if title:
            product.said["name"] = title[:NAME_LENGTH]
        if key.startswith("\0") and not title:
            return product  # one variant's row, which speaks of nothing else
        if self._has("body"):
            product.said["description"] = self._cell(row, "body")
        if self._has("vendor"):
            product.said["brand"] = self._cell(row, "vendor")[:NAME_LENGTH]
        if self._has("tags"):
            product.said["tags"] = read_tags(self._cell(row, "tags"), note=note)
        if self._has("published") or self._has("status"):
            status, published = self._cell(row, "status").casefold(), self._cell(row, "published")
            if status == "archived":
                note("archived there: imported as a draft")
            shown = status in {"", "active"} and read_flag(published) is not False
            product.said["is_published"] = shown
            product.is_expressly_published = shown and status == "active"
        return product

    def _category(self, row: Row) -> tuple[str, ...]:
        """Its type; without one, the path in Shopify's taxonomy."""
        text = self._cell(row, "type") or self._cell(row, "taxonomy")
        path = [part[:NAME_LENGTH] for part in read_list(text, separator=" > ")]
        return tuple(part for part in path if part != "Uncategorized")

    def _read_row(
        self, parts: _Parts, row: Row, names: Sequence[str], *, is_first: bool, by_sku: bool
    ) -> None:
        values = [unguarded(row[f"option{n} value"]) for n in range(1, OPTIONS + 1)]
        has_variant = is_first or any(values) or any(
            self._cell(row, column) for column in ("price", "sku")
        )  # fmt: skip
        image = self._cell(row, "image")
        if has_variant:
            options = _options([unguarded(name) for name in names], values)
            self._read_variant(parts, row, options, by_sku=by_sku)
        if image:
            position = self._cell(row, "image_position")
            parts.add_image(
                row.line,
                image,
                self._cell(row, "alt"),
                int(position) if _is_position(position) else None,
            )
        if not has_variant and not image:
            parts.remarks.reject(row.line, f"{self.key(row)}: neither a variant nor a picture")

    def _read_variant(
        self, parts: _Parts, row: Row, options: list[dict[str, str]], *, by_sku: bool
    ) -> None:
        handle, note = self.key(row).lstrip("\0"), partial(parts.remarks.notice, row.line)
        if (twin := parts.twin_of(options, row.line)) is not None and not by_sku:
            parts.remarks.reject(row.line, f"{handle}: the same options as line {twin}")
            return
        price = None
        if self._cell(row, "price") or not by_sku:
            try:
                price = read_price(self._cell(row, "price"))
            except BadValue as problem:
                parts.forget(options)
                reason = str(problem) if self._cell(row, "price") else "no price"
                parts.remarks.reject(row.line, f"{handle}: {reason}")
                return
        variant = VariantRecord(
            line=row.line,
            sku=self._sku(row, options, note=note),
            options=None if by_sku and not options else options,
            price=price,
            stock=self._stock(row, note=note),
        )
        if self._has("compare_at"):
            variant.said["compare_at_price"] = read_compare_at(
                self._cell(row, "compare_at"), price=price, note=note
            )
        if self._has("barcode"):
            variant.said["barcode"] = _plain_number(self._cell(row, "barcode"))[:64]
        if self._has("grams") and (grams := read_weight(self._cell(row, "grams"))) is not None:
            variant.said["weight_grams"] = grams
        if url := self._cell(row, "variant_image"):
            parts.add_image(row.line, url, "", None)
            variant.image_url = url
        parts.product.variants.append(variant)

    def _sku(self, row: Row, options: list[dict[str, str]], *, note: Note) -> str:
        given = _plain_number(self._cell(row, "sku"))
        if len(given) > SKU_LENGTH:
            note(f"the SKU has {len(given)} characters: one is generated")
            given = ""
        return given or stable_sku(self.key(row), options)

    def _stock(self, row: Row, *, note: Note) -> int | None:
        if not self._has("stock"):
            return None
        text = self._cell(row, "stock")
        if not text and self._has("tracker") and not self._cell(row, "tracker"):
            note("stock is not tracked there: imported as 0")
        return read_stock(text, note=note)


class _Parts:
    """A product in the making, and what was met of it so far."""

    def __init__(self, product: ProductRecord, remarks: Remarks) -> None:
        self.product, self.remarks = product, remarks
        self._lines: dict[tuple[tuple[str, str], ...], int] = {}
        self._images: dict[str, ImageRecord] = {}

    def twin_of(self, options: list[dict[str, str]], line: int) -> int | None:
        """The line that had these options before, if any; else this one has them now."""
        key = tuple((option["name"], option["value"]) for option in options)
        before = self._lines.setdefault(key, line)
        return None if before == line else before

    def forget(self, options: list[dict[str, str]]) -> None:
        """The line with these options was none."""
        del self._lines[tuple((option["name"], option["value"]) for option in options)]

    def add_image(self, line: int, url: str, alt: str, position: int | None) -> None:
        """Another picture, or more about one that was met before."""
        if not is_picture_address(url):
            self.remarks.notice(line, f"picture left out: “{url[:80]}” is no web address")
            return
        known = self._images.get(url)
        if known is None:
            image = ImageRecord(url=url, alt=alt[:300], line=line, position=position)
            self._images[url] = image
            self.product.images.append(image)
            return
        known.alt = known.alt or alt[:300]
        if known.position is None:
            known.position = position


def _order_images(product: ProductRecord, remarks: Remarks) -> None:
    """By the positions the file gives; pictures without one stay behind the one they were met after."""
    last = 0
    keys = []
    for number, image in enumerate(product.images):
        last = image.position or last
        keys.append((last, number))
    product.images = [product.images[number] for _, number in sorted(keys)]
    if len(product.images) > MAX_IMAGES:
        remarks.notice(
            product.line, f"{len(product.images)} pictures: the first {MAX_IMAGES} are imported"
        )
        del product.images[MAX_IMAGES:]


def _is_position(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 7


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
