"""The verbs of attributes and product types.

They change rarely; what products say by them (`catalog.attribute_values`) all the time. Whoever writes values holds the
definitions still by a shared advisory lock, whoever changes definitions takes it alone; always as the first lock, as
definitions that change rewrite products by trigger.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import CharField, ProtectedError, Value
from django.db.models.functions import Cast, Concat

from catalog.model_refusals import BY_CONSTRAINT, AttributeInUse, ChoiceInUse, ProductTypeInUse
from catalog.models import (
    Attribute,
    AttributeChoice,
    AttributeValue,
    Kind,
    Product,
    ProductType,
    TypeAttribute,
)
from catalog.refusals import refusing_conflicts
from common.errors import invalid_field
from common.transactions import lock_row, require_transaction

MOST_CHOICES = 500
MOST_ATTRIBUTES = 100  # of one type
_DEFINITIONS = 0x6E78_6174_7472  # any number that is nobody else's


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice of an attribute; `was` is its present name when it is renamed."""

    value: str
    was: str = ""


@dataclass(frozen=True, slots=True)
class Use:
    """That products of a type have an attribute, in the order given."""

    attribute: Attribute
    is_required: bool = False


def hold_definitions() -> None:
    """Keep attributes and types as they are until the transaction ends. The first lock of all."""
    require_transaction()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [_DEFINITIONS])


def change_definitions() -> None:
    """Be the only one who changes attributes and types, until the transaction ends. The first lock of all."""
    require_transaction()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_DEFINITIONS])


# --- attributes -------------------------------------------------------------------------------


def create_attribute(
    *,
    code: str,
    name: str,
    kind: str,
    unit: str = "",
    is_filterable: bool = True,
    choices: Sequence[Choice] = (),
) -> Attribute:
    """Declare an attribute, with its choices if it is of that kind.

    Raises:
        CodeTaken; Invalid: a unit of something that is no number, choices of something else.
    """
    _refuse_what_kind_has_not(kind, unit=unit, choices=choices)
    with transaction.atomic():
        change_definitions()
        attribute = Attribute(
            code=code, name=name, kind=kind, unit=unit, is_filterable=is_filterable
        )
        with refusing_conflicts(BY_CONSTRAINT):
            attribute.save(force_insert=True)
        _set_choices(attribute, choices)
    return attribute


def update_attribute(*, attribute_id: int, changes: Mapping[str, Any]) -> Attribute:
    """Change an attribute. `choices` are all of them, in order; one that names `was` is renamed, with all its products.

    Raises:
        AttributeInUse: another code or kind, and products have values. ChoiceInUse: a missing choice that products have.
        CodeTaken, Invalid.
    """
    with transaction.atomic():
        change_definitions()
        attribute = lock_row(
            Attribute.objects.all(), attribute_id, missing="There is no such attribute."
        )
        changes = dict(changes)
        choices: Sequence[Choice] | None = changes.pop("choices", None)
        changed = [name for name, value in changes.items() if getattr(attribute, name) != value]
        if {"code", "kind"} & set(changed) and attribute.values.exists():
            raise AttributeInUse(
                "Products have values of this attribute: its code and kind stay as they are."
            )
        for name in changed:
            setattr(attribute, name, changes[name])
        if attribute.kind != Kind.CHOICE and choices is None:
            choices = ()
        _refuse_what_kind_has_not(attribute.kind, unit=attribute.unit, choices=choices or ())
        if changed:
            with refusing_conflicts(BY_CONSTRAINT):
                attribute.save(update_fields=changed)
        if choices is not None:
            _set_choices(attribute, choices)
    return attribute


def delete_attribute(*, attribute_id: int) -> None:
    """Remove an attribute that nobody uses.

    Raises:
        AttributeInUse: products have values of it, or types name it.
    """
    with transaction.atomic():
        change_definitions()
        try:
            Attribute.objects.filter(pk=attribute_id).delete()
        except ProtectedError as error:
            raise AttributeInUse from error


def _refuse_what_kind_has_not(kind: str, *, unit: str, choices: Sequence[Choice]) -> None:
    if unit and kind != Kind.NUMBER:
        raise invalid_field("unit", "not_of_this_kind", "Only numbers have a unit.")
    if choices and kind != Kind.CHOICE:
        raise invalid_field("choices", "not_of_this_kind", "Only a choice has choices.")
    values = [choice.value for choice in choices]
    if len(set(values)) < len(values):
        raise invalid_field("choices", "repeated", "Each choice is named once.")


def _set_choices(attribute: Attribute, wanted: Sequence[Choice]) -> None:
    """All choices, in order. Renamed are those that name what they were."""
    present = {choice.value: choice for choice in attribute.choices.all()}
    changed: list[AttributeChoice] = []
    released: list[str] = []  # names that choices had until now
    new: list[AttributeChoice] = []
    for position, choice in enumerate(wanted):
        row = present.pop(choice.was or choice.value, None)
        if row is None and choice.was:
            detail = f"There is no choice {choice.was}."
            raise invalid_field(f"choices.{position}.was", "does_not_exist", detail)
        if row is None:
            new.append(AttributeChoice(attribute=attribute, value=choice.value, position=position))
        elif (row.value, row.position) != (choice.value, position):
            if row.value != choice.value:
                released.append(row.value)
            row.value, row.position = choice.value, position
            changed.append(row)
    for gone in present.values():
        try:
            with transaction.atomic():
                gone.delete()
        except ProtectedError as error:
            detail = f"Products have {gone.value}: rename it, or change the products first."
            raise ChoiceInUse(detail) from error
    _write_choices(changed, released)
    AttributeChoice.objects.bulk_create(new)


def _write_choices(rows: Sequence[AttributeChoice], released: Collection[str]) -> None:
    """Names and positions. A name that passes from one choice to another is vacated first: two may swap theirs.

    A new name rewrites every product that has the choice, by trigger; so no more is renamed than has to be.
    """
    wanted = {row.value for row in rows}
    passing = wanted & set(released)
    if passing:
        AttributeChoice.objects.filter(pk__in=[row.pk for row in rows], value__in=passing).update(
            value=Concat(Value("\x01"), Cast("pk", CharField()))
        )
    AttributeChoice.objects.bulk_update(rows, ["value", "position"])


# --- product types ----------------------------------------------------------------------------


def find_type(key: Any) -> ProductType | None:
    """The product type of that id or name."""
    if isinstance(key, int):
        return ProductType.objects.filter(pk=key).first() if 0 < key < 2**63 else None
    return ProductType.objects.filter(name=key).first()


def create_type(*, name: str, uses: Sequence[Use] = ()) -> ProductType:
    """Declare a kind of products, and which attributes they have.

    Raises:
        NameTaken; Invalid: an attribute twice.
    """
    with transaction.atomic():
        change_definitions()
        product_type = ProductType(name=name)
        with refusing_conflicts(BY_CONSTRAINT):
            product_type.save(force_insert=True)
        _set_uses(product_type, uses)
    return product_type


def update_type(*, type_id: int, changes: Mapping[str, Any]) -> ProductType:
    """Change the name, or `uses`: all attributes, in order.

    Raises:
        NameTaken. AttributeInUse: an attribute would go, and products of the type have values of it.
    """
    with transaction.atomic():
        change_definitions()
        product_type = lock_row(
            ProductType.objects.all(), type_id, missing="There is no such product type."
        )
        if changes.get("name", product_type.name) != product_type.name:
            product_type.name = changes["name"]
            with refusing_conflicts(BY_CONSTRAINT):
                product_type.save(update_fields=["name"])
        if "uses" in changes:
            _set_uses(product_type, changes["uses"])
    return product_type


def delete_type(*, type_id: int) -> None:
    """Remove a type that no product is of. Archived products let go of it, and of its values.

    Raises:
        ProductTypeInUse
    """
    with transaction.atomic():
        change_definitions()
        archived = Product.objects.filter(product_type_id=type_id, archived_at__isnull=False)
        AttributeValue.objects.filter(product__in=archived).delete()
        archived.update(product_type=None)
        try:
            ProductType.objects.filter(pk=type_id).delete()
        except ProtectedError as error:
            raise ProductTypeInUse from error


def _set_uses(product_type: ProductType, wanted: Sequence[Use]) -> None:
    ids = [use.attribute.pk for use in wanted]
    if len(set(ids)) < len(ids):
        raise invalid_field("attributes", "repeated", "Each attribute is named once.")
    gone = product_type.attributes.exclude(attribute__in=ids)
    said = AttributeValue.objects.filter(
        product__product_type=product_type, attribute__in=gone.values("attribute")
    )
    if (value := said.select_related("attribute").first()) is not None:
        raise AttributeInUse(f"Products of this type have values of {value.attribute.code}.")
    gone.delete()
    TypeAttribute.objects.bulk_create(
        [
            TypeAttribute(
                product_type=product_type,
                attribute=use.attribute,
                is_required=use.is_required,
                position=position,
            )
            for position, use in enumerate(wanted)
        ],
        update_conflicts=True,
        unique_fields=["product_type", "attribute"],
        update_fields=["is_required", "position"],
    )
