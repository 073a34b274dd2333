"""What a request did to the database, told so that two runs of the same request can be compared.

Values that differ by nature (ids, times, random strings) count as there or not there. What power, money and ownership are
made of counts exactly: booleans, numbers, amounts, choices, and which row a row belongs to.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.apps import apps
from django.db import connection, models

# What is written about every request, by way of counting or reporting it.
REPORTS = {"common.RateCounter", "sessions.Session", "contenttypes.ContentType"}
# Words that triggers take from rows that are here, with numbers of those rows that are no foreign keys.
DERIVED = {"catalog.SearchAlias"}


def tables() -> list[type[models.Model]]:
    """Every table of the shop, those of libraries and many-to-many relations included; views are not tables."""
    with connection.cursor() as cursor:
        there = set(connection.introspection.table_names(cursor))
    found = [
        model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.db_table in there
        and model._meta.app_label not in {"procrastinate", "audit"}
        and model._meta.label not in REPORTS | DERIVED
    ]
    return sorted(found, key=lambda model: model._meta.label)


Rows = dict[str, dict[Any, dict[str, Any]]]


def take() -> Rows:
    """Every row of every table, by primary key."""
    return {
        model._meta.label: {
            row[model._meta.pk.attname]: row
            for row in model._base_manager.values(*(f.attname for f in model._meta.concrete_fields))
        }
        for model in tables()
    }


def effect(before: Rows, after: Rows) -> Counter:
    """What was added, changed and removed, as countable facts."""
    facts: Counter = Counter()
    for model in tables():
        label = model._meta.label
        old, new = before[label], after[label]
        for key in old.keys() - new.keys():
            facts[(label, "removed", key)] += 1
        for key in new.keys() - old.keys():
            facts[(label, "added", _facts(model, new[key], {}, before))] += 1
        for key in old.keys() & new.keys():
            if changed := _facts(model, new[key], old[key], before):
                facts[(label, "changed", key, changed)] += 1
    return facts


def _facts(
    model: type[models.Model], row: dict[str, Any], old: dict[str, Any], before: Rows
) -> tuple:
    return tuple(
        (field.attname, _comparable(field, row[field.attname], before))
        for field in model._meta.concrete_fields
        if field.attname not in old or old[field.attname] != row[field.attname]
    )


def _comparable(field: models.Field, value: Any, before: Rows) -> Any:
    if value is None:
        return None
    if field.remote_field:
        known = before.get(field.remote_field.model._meta.label, {})
        return value if value in known else "a new row"
    if field.primary_key:
        return "an id"
    if isinstance(field, (models.BooleanField, models.IntegerField, models.DecimalField)):
        return str(value)
    if field.choices:
        return value
    return "empty" if value in ("", [], {}) else "something"


def holding(rows: Rows, marks: tuple[str, ...]) -> list[str]:
    """Where one of the marks is stored: `orders.Order.note`."""
    return sorted(
        {
            f"{label}.{column}"
            for label, table in rows.items()
            for row in table.values()
            for column, value in row.items()
            if value is not None and any(mark in str(value) for mark in marks)
        }
    )
