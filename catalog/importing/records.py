"""What a file says about products, in the shop's own words, and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

MAX_VARIANTS = 2048  # of one product
MAX_IMAGES = 250
MAX_WAITING = 10_000  # remarks kept between two reports; the rest is only counted


@dataclass(frozen=True, slots=True)
class Remark:
    """Something a person should know: a line of the file (from 1, the header's) and a sentence."""

    line: int
    text: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.text}"


@dataclass(slots=True)
class Remarks:
    """What was rejected, and what was taken but not as it stood, since the last report."""

    rejected: list[Remark] = field(default_factory=list)
    notices: list[Remark] = field(default_factory=list)
    unkept: int = 0

    def reject(self, line: int, reason: str) -> None:
        """This line is not imported."""
        self._keep(self.rejected, line, reason)

    def notice(self, line: int, text: str) -> None:
        """This line is imported, with a difference."""
        self._keep(self.notices, line, text)

    def add(self, other: Remarks) -> None:
        """Take over what somebody else remarked."""
        self.rejected += other.rejected
        self.notices += other.notices
        self.unkept += other.unkept

    def take(self) -> Remarks:
        """Hand over all of it, and begin anew."""
        taken = Remarks(self.rejected, self.notices, self.unkept)
        self.rejected, self.notices, self.unkept = [], [], 0
        return taken

    def _keep(self, remarks: list[Remark], line: int, text: str) -> None:
        if len(self.rejected) + len(self.notices) < MAX_WAITING:
            remarks.append(Remark(line, text))
        else:
            self.unkept += 1


@dataclass(slots=True)
class ImageRecord:
    """The address of a picture. None: the file does not say."""

    url: str
    alt: str = ""
    line: int = 0
    position: int | None = None
    variant_sku: str = ""
    translations: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class PriceRecord:
    """A price beside the regular one. `currency` is empty for the shop's own; times with a time zone.

    `valid_from` is None for "from now on", `valid_until` for "until further notice".
    """

    price_list: str
    currency: str
    amount: Decimal
    min_quantity: int = 1
    is_sale: bool = False
    valid_from: datetime | None = None
    valid_until: datetime | None = None


@dataclass(slots=True)
class VariantRecord:
    """A variant as the file has it. `sku` is never empty; None, or absent from `said`: the file does not say.

    `said` holds further columns: name, compare_at_price, barcode, weight_grams.
    """

    line: int
    sku: str
    options: list[dict[str, str]] | None
    price: Decimal | None
    said: dict[str, Any] = field(default_factory=dict)
    stock: int | None = None
    image_url: str = ""
    prices: list[PriceRecord] = field(default_factory=list)
    parts: dict[str, int] | None = None  # SKUs and pieces


@dataclass(frozen=True, slots=True)
class AttributeRecord:
    """A value of an attribute, as text; with a `kind` the attribute is declared where it is not known yet."""

    code: str
    value: str
    name: str = ""
    kind: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True)
class CollectionRecord:
    """A collection that holds the product; with a `name` it is made where it is not known yet."""

    slug: str
    name: str = ""
    position: int | None = None


@dataclass(slots=True)
class ProductRecord:
    """A product as the file has it. None, or absent from `said`: the file does not say, and what the shop has stays.

    `said` holds columns: name, description, brand, tags, is_published, translations, publish_from, publish_until. Without a
    slug its only variant's SKU says which product it is.
    """

    line: int
    slug: str
    said: dict[str, Any] = field(default_factory=dict)
    category: tuple[str, ...] = ()
    category_slugs: tuple[str, ...] = ()
    product_type: str | None = None
    attributes: list[AttributeRecord] | None = None
    collections: list[CollectionRecord] | None = None
    variants: list[VariantRecord] = field(default_factory=list)
    images: list[ImageRecord] = field(default_factory=list)
    is_expressly_published: bool = False

    @property
    def label(self) -> str:
        """How remarks name it."""
        return self.slug or (self.variants[0].sku if self.variants else "?")
