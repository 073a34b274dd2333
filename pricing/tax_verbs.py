"""Taxes are written down: categories, dated rates, what is of which category, and who is exempt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Model, ProtectedError, QuerySet

from common.constraints import refusing
from common.errors import NotFound, invalid_field
from common.transactions import transaction_time
from pricing.basket import STANDARD
from pricing.models import TaxAssignment, TaxCategory, TaxExemption, TaxRate
from pricing.refusals import (
    BY_CONSTRAINT,
    NoSuchTaxAssignment,
    NoSuchTaxCategory,
    NoSuchTaxExemption,
    NoSuchTaxRate,
    TaxCategoryInUse,
    TaxRateEndsTooEarly,
    TaxRateHasBegun,
)

Row = TypeVar("Row", bound=Model)


def create_rate(*, fields: Mapping[str, Any]) -> TaxRate:
    """Write down a rate. One that holds already ends by itself only where it says so: end it first.

    Raises:
        TaxRatesOverlap, TaxRateEndsTooEarly
    """
    return _inserted(TaxRate(**fields))


def update_rate(*, rate_id: int, changes: Mapping[str, Any]) -> TaxRate:
    """Change a rate that is still to come, or end one that holds; not in the past, as orders have been placed by it.

    Raises:
        NoSuchTaxRate, TaxRateHasBegun, TaxRateEndsTooEarly, TaxRatesOverlap
    """
    with transaction.atomic():
        rate = lock_rate(rate_id)
        now = transaction_time()
        changed = {name: value for name, value in changes.items() if getattr(rate, name) != value}
        if rate.valid_from <= now and set(changed) - {"valid_until", "name"}:
            raise TaxRateHasBegun
        if "valid_until" in changed:
            ended = rate.valid_until is not None and rate.valid_until <= now
            if ended:
                raise TaxRateHasBegun("This rate has ended: it is history.")
            if changed["valid_until"] is not None and changed["valid_until"] < now:
                raise TaxRateEndsTooEarly
        return _changed(rate, changed)


def delete_rate(*, rate_id: int) -> None:
    """Delete a rate that is still to come.

    Raises:
        NoSuchTaxRate; TaxRateHasBegun: end it.
    """
    with transaction.atomic():
        rate = lock_rate(rate_id)
        if rate.valid_from <= transaction_time():
            raise TaxRateHasBegun
        rate.delete()


def create_category(*, fields: Mapping[str, Any]) -> TaxCategory:
    """Add a tax category. Until it has a rate, its goods are taxed as standard ones.

    Raises:
        TaxCategoryTaken
    """
    return _inserted(TaxCategory(**fields))


def update_category(*, code: str, changes: Mapping[str, Any]) -> TaxCategory:
    """Change a category's name or treatment, for quotes from now on.

    Raises:
        NoSuchTaxCategory, StandardIsTaxed
    """
    with transaction.atomic():
        return _changed(lock_category(code), changes)


def delete_category(*, code: str) -> None:
    """Delete a category that nothing is of.

    Raises:
        NoSuchTaxCategory, TaxCategoryInUse
    """
    with transaction.atomic():
        category = lock_category(code)
        if code == STANDARD:
            raise TaxCategoryInUse("The standard category stays.")
        try:
            category.delete()
        except ProtectedError:
            raise TaxCategoryInUse from None


def assign(*, code: str, fields: Mapping[str, Any]) -> TaxAssignment:
    """Say that a `product`, or everything in a `category` of the shop, is of a tax category.

    Raises:
        NoSuchTaxCategory, TaxAssigned; Invalid: neither or both are named.
    """
    if (fields.get("product") is None) == (fields.get("category") is None):
        raise invalid_field("product", "required", "Give either a product or a category.")
    with transaction.atomic():
        return _inserted(TaxAssignment(tax_category=lock_category(code), **fields))


def unassign(*, code: str, assignment_id: int) -> None:
    """Take an assignment back.

    Raises:
        NoSuchTaxAssignment
    """
    deleted, _ = TaxAssignment.objects.filter(pk=assignment_id, tax_category=code).delete()
    if not deleted:
        raise NoSuchTaxAssignment("There is no such assignment.")


def create_exemption(*, fields: Mapping[str, Any]) -> TaxExemption:
    """Write down a certificate of a `user` or a `group`; without `categories` it is for all.

    Raises:
        TaxRateEndsTooEarly; Invalid: neither or both are named, or a category is unknown.
    """
    if (fields.get("user") is None) == (fields.get("group") is None):
        raise invalid_field("user", "required", "Give either a user or a group.")
    _refuse_unknown(fields.get("categories", []))
    return _inserted(TaxExemption(**fields))


def update_exemption(*, exemption_id: int, changes: Mapping[str, Any]) -> TaxExemption:
    """Change what a certificate is for, or when it ends. Whose it is stays.

    Raises:
        NoSuchTaxExemption, TaxRateEndsTooEarly; Invalid: a category is unknown.
    """
    _refuse_unknown(changes.get("categories", []))
    with transaction.atomic():
        return _changed(lock_exemption(exemption_id), changes)


def delete_exemption(*, exemption_id: int) -> None:
    """Delete a certificate. Orders that were placed with it keep its number.

    Raises:
        NoSuchTaxExemption
    """
    with transaction.atomic():
        lock_exemption(exemption_id).delete()


def lock_rate(rate_id: int) -> TaxRate:
    """The rate, locked.

    Raises:
        NoSuchTaxRate
    """
    return _locked(TaxRate.objects.all(), rate_id, NoSuchTaxRate("There is no such tax rate."))


def lock_category(code: str) -> TaxCategory:
    """The category, locked.

    Raises:
        NoSuchTaxCategory
    """
    return _locked(
        TaxCategory.objects.all(), code, NoSuchTaxCategory("There is no such tax category.")
    )


def lock_exemption(exemption_id: int) -> TaxExemption:
    """The exemption, locked.

    Raises:
        NoSuchTaxExemption
    """
    return _locked(
        TaxExemption.objects.all(), exemption_id, NoSuchTaxExemption("There is no such exemption.")
    )


def _locked(rows: QuerySet[Row], pk: Any, refusal: NotFound) -> Row:
    found = rows.select_for_update(no_key=True).filter(pk=pk).first()
    if found is None:
        raise refusal
    return found


def _inserted(row: Row) -> Row:
    with refusing(BY_CONSTRAINT):
        row.save(force_insert=True)
    row.refresh_from_db()
    return row


def _changed(row: Row, changes: Mapping[str, Any]) -> Row:
    for name, value in changes.items():
        setattr(row, name, value)
    if changes:
        with refusing(BY_CONSTRAINT):
            row.save(update_fields=list(changes))
    return row


def _refuse_unknown(codes: Any) -> None:
    unknown = set(codes) - set(TaxCategory.objects.values_list("pk", flat=True)) if codes else None
    if unknown:
        detail = f"There is no such tax category: {min(unknown)}."
        raise invalid_field("categories", "does_not_exist", detail)
