"""What products say by the attributes of their types."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from catalog.models import Attribute, AttributeValue, Kind, Product, TypeAttribute
from common.errors import Invalid

TEXT_LENGTH = 1000
# So many that a JSON number is exact for every reader (a double), and is written the same by PostgreSQL and Python.
MOST_DIGITS, MOST_DECIMALS = 14, 4
_COLUMNS = ("text", "number", "choice_id", "boolean", "date")

Error = dict[str, Any]


def shown_values(product: Product) -> dict[str, Any]:
    """A product's values by code, as they are read and written."""
    rows = product.attribute_values.select_related("attribute", "choice")
    return {row.attribute.code: shown_value(row) for row in rows}


def shown_value(row: AttributeValue) -> str | bool | int | float:
    """A value as JSON has it: numbers as numbers, dates as `2025-10-01`, choices and texts as they are written."""
    if row.choice is not None:
        return row.choice.value
    if row.number is not None:
        return (
            int(row.number) if row.number == row.number.to_integral_value() else float(row.number)
        )
    if row.boolean is not None:
        return row.boolean
    return row.date.isoformat() if row.date is not None else str(row.text)


def write_values(*, product: Product, given: Mapping[str, Any], replace: bool) -> bool:
    """Set what a product says; `None` removes. What its type does not have goes in any case.

    Whoever calls has called `hold_definitions`, and locked the product if it is not new.

    Args:
        replace: what is not given is removed, too.

    Returns:
        Whether anything differed.

    Raises:
        Invalid: naming `attributes.<code>` for each that is unknown, not of the product's type, or not of its kind.
    """
    uses = _uses_of(product.product_type_id)
    wanted: dict[int, dict[str, Any]] = {}
    removed: set[int] = set()
    errors: list[Error] = []
    for code, value in given.items():
        if (use := uses.get(code)) is None:
            errors.append(_unknown(code, product))
        elif value is None:
            removed.add(use.attribute_id)
        else:
            try:
                wanted[use.attribute_id] = _read(use.attribute, value)
            except Invalid as refusal:
                errors += refusal.errors
    if errors:
        raise Invalid(errors[0]["detail"], errors=errors)
    allowed = {use.attribute_id for use in uses.values()}
    return _store(product, wanted, removed, keep=set() if replace else allowed)


def refuse_missing_values(product: Product) -> None:
    """A published product says everything that its type requires.

    Raises:
        Invalid: naming `attributes.<code>` for each that is missing.
    """
    if not product.is_published or product.product_type_id is None:
        return
    required = TypeAttribute.objects.filter(
        product_type_id=product.product_type_id, is_required=True
    ).order_by("position", "attribute_id")
    said = product.attribute_values.values("attribute")
    missing = required.exclude(attribute__in=said).select_related("attribute")
    errors = [
        _error(use.attribute.code, "required", f"A published product needs {use.attribute.name}.")
        for use in missing
    ]
    if errors:
        raise Invalid(errors[0]["detail"], errors=errors)


def _uses_of(type_id: int | None) -> dict[str, TypeAttribute]:
    if type_id is None:
        return {}
    rows = TypeAttribute.objects.filter(product_type_id=type_id).select_related("attribute")
    return {use.attribute.code: use for use in rows.prefetch_related("attribute__choices")}


def _store(
    product: Product, wanted: dict[int, dict[str, Any]], removed: set[int], *, keep: set[int]
) -> bool:
    present = {row.attribute_id: row for row in product.attribute_values.all()}
    gone = [
        row.pk
        for attribute, row in present.items()
        if attribute not in wanted and (attribute in removed or attribute not in keep)
    ]
    new = [
        AttributeValue(product=product, attribute_id=attribute, **columns)
        for attribute, columns in wanted.items()
        if attribute not in present
    ]
    changed = []
    for attribute, columns in wanted.items():
        row = present.get(attribute)
        if row is not None and {name: getattr(row, name) for name in _COLUMNS} != columns:
            for name, value in columns.items():
                setattr(row, name, value)
            changed.append(row)
    if gone:
        AttributeValue.objects.filter(pk__in=gone).delete()
    AttributeValue.objects.bulk_update(changed, list(_COLUMNS))
    AttributeValue.objects.bulk_create(new)
    return bool(gone or changed or new)


def _read(attribute: Attribute, value: Any) -> dict[str, Any]:
    """The columns of a value, all but one of them empty."""
    columns: dict[str, Any] = dict.fromkeys(_COLUMNS)
    if attribute.kind == Kind.NUMBER:
        columns["number"] = exact_number(attribute.code, value)
    elif attribute.kind == Kind.BOOLEAN:
        if not isinstance(value, bool):
            raise _invalid(attribute.code, "Give true or false.")
        columns["boolean"] = value
    elif attribute.kind == Kind.DATE:
        columns["date"] = _date(attribute.code, value)
    elif attribute.kind == Kind.CHOICE:
        choices = list(attribute.choices.all())
        found = next((choice for choice in choices if choice.value == value), None)
        if found is None:
            some = ", ".join(choice.value for choice in choices[:20])
            raise _invalid(attribute.code, f"Choose one of: {some}.", code="invalid_choice")
        columns["choice_id"] = found.pk
    else:
        text = value.replace("\x00", "").strip() if isinstance(value, str) else ""
        if not text or len(text) > TEXT_LENGTH:
            raise _invalid(attribute.code, f"Give a text of 1 to {TEXT_LENGTH} characters.")
        columns["text"] = text
    return columns


def exact_number(code: str, value: Any) -> Decimal:
    """A number that every reader of JSON reads as it is written.

    Raises:
        Invalid: naming `attributes.<code>`: no number, or one of too many digits.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float, str, Decimal)):
        raise _invalid(code, "Give a number.")
    try:
        number = Decimal(text) if len(text := str(value).strip()) <= 60 else Decimal("NaN")
    except InvalidOperation:
        raise _invalid(code, "Give a number.") from None
    if not number.is_finite():
        raise _invalid(code, "Give a number.")
    digits, exponent = number.normalize().as_tuple()[1:]
    decimals = max(-int(exponent), 0)
    if decimals > MOST_DECIMALS or max(len(digits) + max(int(exponent), 0), decimals) > MOST_DIGITS:
        raise _invalid(
            code, f"At most {MOST_DIGITS} digits, {MOST_DECIMALS} of them behind the point."
        )
    return number + 0  # no negative zero


def _date(code: str, value: Any) -> date:
    if isinstance(value, date):
        return value
    try:
        if isinstance(value, str) and len(value) == 10:
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise _invalid(code, "Give a date such as 2025-10-01.")


def _unknown(code: str, product: Product) -> Error:
    if product.product_type_id is None:
        return _error(code, "unknown_attribute", "A product without a type has no attributes.")
    return _error(code, "unknown_attribute", "Products of this type have no such attribute.")


def _invalid(attribute: str, detail: str, *, code: str = "invalid") -> Invalid:
    return Invalid(detail, errors=[_error(attribute, code, detail)])


def _error(attribute: str, code: str, detail: str) -> Error:
    return {"field": f"attributes.{attribute}", "code": code, "detail": detail}
