"""What products of a file name by words: categories, product types, attributes, collections, price lists.

What is missing is made where the file says enough about it. What was found is kept for the run; whoever rolls back calls
`forget`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db import models

from catalog import attributes
from catalog.attributes import MOST_ATTRIBUTES, MOST_CHOICES, Choice, Use
from catalog.categories import create_category
from catalog.groupings import create_collection
from catalog.importing.records import AttributeRecord, CollectionRecord
from catalog.importing.values import BadValue, Note
from catalog.models import (
    NAME_LENGTH,
    RETAIL,
    Attribute,
    AttributeChoice,
    Category,
    Collection,
    CollectionProduct,
    Kind,
    PriceList,
    ProductType,
    TypeAttribute,
)
from catalog.refusals import SlugTaken
from catalog.slugs import slug_from

CODE_LENGTH = 60
Path = tuple[str, ...]


@dataclass(slots=True)
class KnownType:
    """A product type: its attributes' codes, and (with their ids) those that published products must have."""

    pk: int
    codes: set[str]
    required: dict[str, int]
    attribute_ids: set[int]


@dataclass(slots=True)
class KnownAttribute:
    """An attribute, and its choices' ids."""

    pk: int
    kind: str
    choices: dict[str, int]


@dataclass(slots=True)
class Lookups:
    """Words to ids."""

    _categories: dict[int, tuple[int | None, str, str]] = field(default_factory=dict)
    _children: dict[tuple[int | None, str], int] = field(default_factory=dict)
    _slugs: dict[str, int] = field(default_factory=dict)
    _types: dict[str, KnownType] = field(default_factory=dict)
    _attributes: dict[str, KnownAttribute] = field(default_factory=dict)
    _collections: dict[str, int] = field(default_factory=dict)
    _ends: dict[int, int] = field(default_factory=dict)
    _price_lists: dict[str, int] = field(default_factory=dict)

    def forget(self) -> None:
        """What was found may be gone, what was made is."""
        for known in (
            self._categories, self._children, self._slugs, self._types, self._attributes, self._collections,
            self._ends, self._price_lists,
        ):  # fmt: skip
            known.clear()

    # --- categories -----------------------------------------------------------------------------

    def path_of(self, category_id: int | None) -> Path:
        """The names from the root to a category."""
        self._load_categories()
        names: list[str] = []
        while category_id is not None and len(names) <= Category.MAX_DEPTH:
            parent, name, _ = self._categories[category_id]
            names.insert(0, name)
            category_id = parent
        return tuple(names)

    def category(self, path: Path, slugs: Path = ()) -> int:
        """The category at the end of a path of names, made if need be.

        One that stands elsewhere counts, if its slug is the one that is named, or (for a single name) made from the name.
        """
        self._load_categories()
        path = path[: Category.MAX_DEPTH]
        named = slugs[len(path) - 1] if len(slugs) >= len(path) else ""
        here: int | None = None
        found = 0
        for name in path:
            child = self._children.get((here, name))
            if child is None:
                break
            here, found = child, found + 1
        if found == len(path) and here is not None:
            return here
        elsewhere = named or (slug_from(path[0], fallback="category") if len(path) == 1 else "")
        if elsewhere in self._slugs:
            return self._slugs[elsewhere]
        for depth in range(found, len(path)):
            slug = slugs[depth] if len(slugs) > depth else ""
            here = self._make_category(path[depth], slug, here)
        assert here is not None
        return here

    def _make_category(self, name: str, slug: str, parent: int | None) -> int:
        above = Category.objects.get(pk=parent) if parent is not None else None
        try:
            made = create_category(
                name=name, slug=slug or slug_from(name, fallback="category"), parent=above
            )
        except SlugTaken:
            rival = Category.objects.filter(name=name, parent_id=parent).order_by("pk").first()
            made = rival or create_category(name=name, parent=above)
        self._note_category(made.pk, made.parent_id, made.name, made.slug)
        return made.pk

    def _load_categories(self) -> None:
        if not self._categories:
            rows = Category.objects.order_by("-pk").values_list("pk", "parent_id", "name", "slug")
            for row in rows:  # of twins, the older counts
                self._note_category(*row)

    def _note_category(self, pk: int, parent: int | None, name: str, slug: str) -> None:
        self._categories[pk] = (parent, name, slug)
        self._children[parent, name] = pk
        self._slugs[slug] = pk

    # --- attributes -----------------------------------------------------------------------------

    def product_type(self, name: str) -> KnownType:
        """The product type of that name, made if need be."""
        if name not in self._types:
            row = ProductType.objects.filter(name=name).first() or attributes.create_type(name=name)
            self._note_type(row)
        return self._types[name]

    def type_of(self, type_id: int) -> KnownType:
        """A product type by its id."""
        known = next((known for known in self._types.values() if known.pk == type_id), None)
        return known or self._note_type(ProductType.objects.get(pk=type_id))

    def _note_type(self, row: ProductType) -> KnownType:
        uses = list(
            TypeAttribute.objects.filter(product_type=row).values_list(
                "attribute__code", "is_required", "attribute_id"
            )
        )
        known = KnownType(
            row.pk,
            codes={code for code, _, _ in uses},
            required={code: attribute for code, needed, attribute in uses if needed},
            attribute_ids={attribute for _, _, attribute in uses},
        )
        self._types[row.name] = known
        return known

    def declare(self, record: AttributeRecord, of: KnownType) -> None:
        """See to it that products of the type can say this.

        Raises:
            BadValue: the attribute, its choice, or that the type has it, is not known, and the file does not declare it.
        """
        if len(record.code) > CODE_LENGTH:
            raise BadValue(f"“{record.code[:60]}…” is too long to be an attribute's code")
        known = self._attributes.get(record.code) or self._find_attribute(record)
        if record.code not in of.codes:
            if not record.kind:
                raise BadValue(f"its product type has no attribute “{record.code[:60]}”")
            rows = TypeAttribute.objects.filter(product_type_id=of.pk).select_related("attribute")
            if len(of.codes) >= MOST_ATTRIBUTES:
                raise BadValue(f"its product type has {MOST_ATTRIBUTES} attributes already")
            uses = [Use(row.attribute, row.is_required) for row in rows.order_by("position", "pk")]
            uses.append(Use(Attribute.objects.get(pk=known.pk)))
            attributes.update_type(type_id=of.pk, changes={"uses": uses})
            of.codes.add(record.code)
            of.attribute_ids.add(known.pk)
        if known.kind == Kind.CHOICE and record.value not in known.choices:
            if not record.kind or len(record.value) > NAME_LENGTH:
                raise BadValue(f"“{record.value[:60]}” is no choice of {record.code}")
            present = AttributeChoice.objects.filter(attribute_id=known.pk)
            values = list(present.order_by("position", "pk").values_list("value", flat=True))
            if len(values) >= MOST_CHOICES:
                raise BadValue(f"{record.code} has {MOST_CHOICES} choices already: is it a text?")
            choices = [Choice(value) for value in [*values, record.value]]
            attributes.update_attribute(attribute_id=known.pk, changes={"choices": choices})
            known.choices = dict(present.values_list("value", "pk"))

    def attribute(self, code: str) -> KnownAttribute:
        """An attribute that was declared before."""
        return self._attributes[code]

    def _find_attribute(self, record: AttributeRecord) -> KnownAttribute:
        row = Attribute.objects.filter(code=record.code).first()
        if row is None:
            if record.kind not in Kind.values:
                raise BadValue(f"there is no attribute “{record.code[:60]}”")
            row = attributes.create_attribute(
                code=record.code,
                name=record.name or record.code,
                kind=record.kind,
                unit=record.unit if record.kind == Kind.NUMBER else "",
            )
        elif record.kind and record.kind != row.kind:
            raise BadValue(
                f"the attribute {record.code} is of kind {row.kind} here, not {record.kind[:20]}"
            )
        choices = dict(row.choices.values_list("value", "pk"))
        known = self._attributes[record.code] = KnownAttribute(row.pk, row.kind, choices)
        return known

    # --- collections and price lists --------------------------------------------------------------

    def collection(self, record: CollectionRecord) -> int:
        """The collection of that slug, made if the file names it.

        Raises:
            BadValue: there is none.
        """
        if record.slug not in self._collections:
            row = Collection.objects.filter(slug=record.slug).first()
            if row is None:
                if not record.name:
                    raise BadValue(f"there is no collection “{record.slug}”")
                row = create_collection(name=record.name, slug=record.slug)
            self._collections[record.slug] = row.pk
        return self._collections[record.slug]

    def next_position(self, collection_id: int) -> int:
        """Behind everything in a collection."""
        if collection_id not in self._ends:
            entries = CollectionProduct.objects.filter(collection_id=collection_id)
            last = entries.aggregate(last=models.Max("position"))["last"]
            self._ends[collection_id] = -1 if last is None else last
        self._ends[collection_id] += 1
        return self._ends[collection_id]

    def price_list(self, name: str, *, note: Note) -> int:
        """The price list of that name; nameless: the retail list. One that is missing is made, for no group yet."""
        if not name:
            return RETAIL
        if name not in self._price_lists:
            row, made = PriceList.objects.get_or_create(name=name)
            if made:
                note(f"the price list “{name}” is new: give it a customer group")
            self._price_lists[name] = row.pk
        return self._price_lists[name]
