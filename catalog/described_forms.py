"""Fields of the admin's forms that no model has: translations by language, and typed values of attributes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms

from catalog.attribute_values import MOST_DECIMALS, MOST_DIGITS, TEXT_LENGTH, shown_values
from catalog.groupings import brand_translations
from catalog.models import Brand, Kind, Language, Product, ProductType
from catalog.texts import HTML, OF_GROUP

TEXT, VALUE, WORD = "text", "value", "word"  # what such fields begin with
_SIGN = "__"


def further_languages() -> list[Language]:
    """All languages but the one in which the catalogue is written."""
    return list(Language.objects.order_by("position", "code"))[1:]


def with_texts(form: Any, *, locked: bool) -> Any:
    """The form with a field for each text in each further language."""
    fields = {
        _SIGN.join((TEXT, language.code, name)): forms.CharField(
            label=f"{name.capitalize()} ({language.name})",
            required=False,
            max_length=longest,
            disabled=locked,
            widget=forms.Textarea(attrs={"rows": 3, "cols": 80, "lang": language.code})
            if name in HTML
            else forms.TextInput(attrs={"size": 80, "lang": language.code}),
        )
        for language in further_languages()
        for name, longest in OF_GROUP.items()
    }
    return type(f"{form.__name__}WithTexts", (form,), {**fields, "Meta": form.Meta})


def with_values(form: Any, product_type: ProductType, *, locked: bool) -> Any:
    """The form with a field for each attribute of the type."""
    uses = product_type.attributes.select_related("attribute").order_by("position", "attribute")
    fields = {
        _SIGN.join((VALUE, use.attribute.code)): _field(
            use.attribute, is_required=use.is_required, locked=locked
        )
        for use in uses.prefetch_related("attribute__choices")
    }
    return type(f"{form.__name__}WithValues", (form,), {**fields, "Meta": form.Meta})


def initial_of(row: Any, names: Iterable[str]) -> dict[str, Any]:
    """What such fields of a row show at first."""
    found: dict[str, Any] = {}
    own = {name for name in names if name.startswith((TEXT + _SIGN, VALUE + _SIGN))}
    if any(name.startswith(TEXT) for name in own):
        texts = brand_translations([row])[row.pk] if isinstance(row, Brand) else row.translations
        for code, translated in texts.items():
            for name, text in translated.items():
                found[_SIGN.join((TEXT, code, name))] = text
    if isinstance(row, Product) and any(name.startswith(VALUE) for name in own):
        for code, value in shown_values(row).items():
            found[_SIGN.join((VALUE, code))] = value
    return {name: value for name, value in found.items() if name in own}


def told(form: Any, *, everything: bool = False) -> dict[str, Any]:
    """What the verb is told: the fields that were changed, or all; translations and attributes as it wants them."""
    names = list(form.cleaned_data) if everything else form.changed_data
    changes: dict[str, Any] = {}
    texts: dict[str, dict[str, str | None]] = {}
    values: dict[str, Any] = {}
    for name in names:
        value = form.cleaned_data[name]
        if name.startswith(TEXT + _SIGN):
            _, code, field = name.split(_SIGN)
            texts.setdefault(code, {})[field] = value or None
        elif name.startswith(VALUE + _SIGN):
            values[name.partition(_SIGN)[2]] = None if value == "" else value
        else:
            changes[name] = value
    if texts:
        changes["translations"] = texts
    if values and "product_type" not in form.changed_data:
        changes["attributes"] = values  # of the type that the page showed
    return changes


def missing_values(form: Any, required: Mapping[str, str]) -> dict[str, str]:
    """For a page that publishes: by field, what is still to be said."""
    data = form.cleaned_data
    if not data.get("is_published") or "product_type" in form.changed_data:
        return {}
    return {
        field: f"A published product needs {name}."
        for code, name in required.items()
        if (field := _SIGN.join((VALUE, code))) in form.fields and data.get(field) in (None, "")
    }


def _field(attribute: Any, *, is_required: bool, locked: bool) -> forms.Field:
    more: dict[str, Any] = {
        "label": f"{attribute.name} ({attribute.unit})" if attribute.unit else attribute.name,
        "required": False,
        "disabled": locked,
        "help_text": "Needed to publish." if is_required else "",
    }
    if attribute.kind == Kind.NUMBER:
        return forms.DecimalField(max_digits=MOST_DIGITS, decimal_places=MOST_DECIMALS, **more)
    if attribute.kind == Kind.BOOLEAN:
        return forms.NullBooleanField(**more)
    if attribute.kind == Kind.DATE:
        return forms.DateField(widget=forms.DateInput(attrs={"type": "date"}), **more)
    if attribute.kind == Kind.CHOICE:
        rows = sorted(attribute.choices.all(), key=lambda choice: (choice.position, choice.pk))
        choices = [("", "---------"), *((row.value, row.value) for row in rows)]
        return forms.ChoiceField(choices=choices, **more)
    return forms.CharField(max_length=TEXT_LENGTH, **more)
