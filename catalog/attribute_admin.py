"""Attributes and product types in the admin, by the verbs that the API calls."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest

from catalog import attributes
from catalog.admin_parts import PartOfParent, kept_rows
from catalog.attributes import Choice, Use
from catalog.described_forms import told
from catalog.models import Attribute, Kind, ProductType, TypeAttribute
from common.admin import RefusalsAsMessages

_RENAMED = "->"


class AttributeForm(forms.ModelForm):
    """An attribute; its choices one per line."""

    lines = forms.CharField(
        label="Choices", required=False, widget=forms.Textarea(attrs={"rows": 8, "cols": 40}),
        help_text=f"Of a choice: one per line, in order. To rename one: Old {_RENAMED} New.",
    )  # fmt: skip

    class Meta:
        model = Attribute
        fields = ["code", "name", "kind", "unit", "is_filterable"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is not None:
            rows = self.instance.choices.order_by("position", "pk")
            self.initial["lines"] = "\n".join(rows.values_list("value", flat=True))

    def clean_lines(self) -> list[Choice]:
        found = []
        for line in filter(None, (part.strip() for part in self.cleaned_data["lines"].split("\n"))):
            was, renamed, value = (part.strip() for part in line.partition(_RENAMED))
            if renamed and not (was and value):
                raise ValidationError(f"To rename a choice write: Old {_RENAMED} New.")
            if len(value or was) > 255:
                raise ValidationError("A choice has at most 255 characters.")
            found.append(Choice(value=value, was=was) if renamed else Choice(value=was))
        return found

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("lines") and cleaned.get("kind") != Kind.CHOICE:
            self.add_error("lines", "Only a choice has choices.")
        return cleaned


@admin.register(Attribute)
class AttributeAdmin(RefusalsAsMessages):
    """What can be said of products."""

    form = AttributeForm
    list_display = ["name", "code", "kind", "unit", "is_filterable"]
    list_filter = ["kind", "is_filterable"]
    search_fields = ["name", "code"]
    ordering = ["name"]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        changes = told(form, everything=not change)
        if "lines" in changes:
            changes["choices"] = changes.pop("lines")
        if change:
            attributes.update_attribute(attribute_id=obj.pk, changes=changes)
        else:
            obj.pk = attributes.create_attribute(**changes).pk

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        attributes.delete_attribute(attribute_id=obj.pk)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for attribute in queryset:
            attributes.delete_attribute(attribute_id=attribute.pk)

    def lines(self, attribute: Attribute) -> str:
        """For those who only look."""
        return ", ".join(
            attribute.choices.order_by("position", "pk").values_list("value", flat=True)
        )


class TypeAttributeInline(PartOfParent):
    """Which attributes products of the type have, in order."""

    model = TypeAttribute
    parent = "producttype"
    fields = ["position", "attribute", "is_required"]
    ordering = ["position", "pk"]
    verbose_name_plural = "attributes"


@admin.register(ProductType)
class ProductTypeAdmin(RefusalsAsMessages):
    """Kinds of products."""

    inlines = [TypeAttributeInline]
    list_display = ["name", "its_attributes"]
    search_fields = ["name"]
    ordering = ["name"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).prefetch_related("attributes__attribute")

    @admin.display(description="attributes")
    def its_attributes(self, product_type: ProductType) -> str:
        uses = sorted(product_type.attributes.all(), key=lambda use: (use.position, use.pk))
        return ", ".join(use.attribute.name for use in uses)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:
            attributes.update_type(type_id=obj.pk, changes=told(form))
        else:  # its attributes follow from the inline, in the same transaction
            obj.pk = attributes.create_type(**told(form, everything=True)).pk

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        uses = [Use(row["attribute"], row["is_required"]) for row in kept_rows(formset)]
        attributes.update_type(type_id=form.instance.pk, changes={"uses": uses})

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        attributes.delete_type(type_id=obj.pk)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for product_type in queryset:
            attributes.delete_type(type_id=product_type.pk)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """What a type names goes with it; whether anything refuses, the verb says."""
        allowed = self.has_delete_permission(request)
        return [str(obj) for obj in objs], {}, set() if allowed else {"product type"}, []
