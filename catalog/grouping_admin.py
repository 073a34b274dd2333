"""Brands and collections in the admin, by the verbs that the API calls."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from catalog import groupings
from catalog.admin_parts import PartOfParent, kept_rows
from catalog.described_forms import initial_of, told, with_texts
from catalog.models import Brand, Collection, CollectionProduct
from common.admin import RefusalsAsMessages

MOST_ENTRIES = 200  # of a collection, on one page


class _GroupForm(forms.ModelForm):
    """A brand or collection; without a slug it gets one made from its name."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "slug" in self.fields:
            self.fields["slug"].required = False
        if self.instance.pk is not None:
            self.initial.update(initial_of(self.instance, self.fields))


class BrandForm(_GroupForm):
    """A brand."""

    class Meta:
        model = Brand
        fields = ["name", "slug", "description"]


class CollectionForm(_GroupForm):
    """A collection."""

    class Meta:
        model = Collection
        fields = ["name", "slug", "is_published", "position", "description"]


class _GroupAdmin(RefusalsAsMessages):
    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        if self.has_change_permission(request, obj) or self.has_add_permission(request):
            kwargs["form"] = with_texts(self.form, locked=False)
        return super().get_form(request, obj, change, **kwargs)

    def changes_in(self, form: Any, *, change: bool) -> dict[str, Any]:
        """What the verb is told."""
        changes = told(form, everything=not change)
        if not changes.get("slug", "kept"):
            del changes["slug"]
        return changes


@admin.register(Brand)
class BrandAdmin(_GroupAdmin):
    """Who makes products."""

    form = BrandForm
    list_display = ["name", "slug", "products"]
    search_fields = ["name", "slug"]
    ordering = ["name"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = (
            super().get_queryset(request).annotate(product_count=Count("products"))
        )
        return rows

    def products(self, brand: Any) -> int:
        return int(brand.product_count)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        changes = self.changes_in(form, change=change)
        if change:
            groupings.update_brand(brand_id=obj.pk, changes=changes)
        else:
            obj.pk = groupings.create_brand(**changes).pk

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        groupings.delete_brand(brand_id=obj.pk)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for brand in queryset:
            groupings.delete_brand(brand_id=brand.pk)


class EntryInline(PartOfParent):
    """Products of the collection, in order."""

    model = CollectionProduct
    parent = "collection"
    fields = ["position", "product"]
    autocomplete_fields = ["product"]
    ordering = ["position", "pk"]
    verbose_name = "product"
    verbose_name_plural = "products"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Archived products wait in their places, and are nobody's business here."""
        rows: QuerySet[Any] = super().get_queryset(request).filter(product__archived_at=None)
        return rows


@admin.register(Collection)
class CollectionAdmin(_GroupAdmin):
    """Products put together by hand."""

    form = CollectionForm
    list_display = ["name", "slug", "position", "is_published", "products"]
    list_filter = ["is_published"]
    search_fields = ["name", "slug"]
    ordering = ["position", "name"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request).annotate(product_count=Count("entries"))
        return rows

    def products(self, collection: Any) -> int:
        return int(collection.product_count)

    def get_inlines(self, request: HttpRequest, obj: Any) -> list[Any]:
        """A page holds so many; beyond, the API orders them."""
        many = obj is not None and obj.entries.count() > MOST_ENTRIES
        return [] if many else [EntryInline]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        changes = self.changes_in(form, change=change)
        if change:
            groupings.update_collection(collection_id=obj.pk, changes=changes)
        else:
            obj.pk = groupings.create_collection(**changes).pk

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        ids = [row["product"].pk for row in kept_rows(formset)]
        groupings.set_products(collection_id=form.instance.pk, product_ids=ids)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        groupings.delete_collection(collection_id=obj.pk)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for collection in queryset:
            groupings.delete_collection(collection_id=collection.pk)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Its products stay what they are."""
        allowed = self.has_delete_permission(request)
        return [str(obj) for obj in objs], {}, set() if allowed else {"collection"}, []
