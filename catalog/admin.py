"""The catalogue in the admin. Nothing is saved here: every change calls the verb that the API calls."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from catalog.access import staff_actor
from catalog.admin_forms import (
    CategoryForm,
    ImageForm,
    ProductForm,
    VariantForm,
    VariantFormSet,
    written_options,
)
from catalog.attribute_admin import ProductTypeAdmin as ProductTypeAdmin
from catalog.attribute_values import shown_values
from catalog.categories import create_category, delete_category, update_category
from catalog.described_forms import told, with_texts, with_values
from catalog.field_access import locks_for, may_change_something
from catalog.grouping_admin import CollectionAdmin as CollectionAdmin
from catalog.images import add_image, delete_image, update_image
from catalog.models import Category, Image, Product, Variant
from catalog.price_admin import PriceAdmin as PriceAdmin
from catalog.price_admin import PriceListAdmin as PriceListAdmin
from catalog.restoring import restore_product
from catalog.services import (
    NewProduct,
    NewVariant,
    add_variant,
    create_product,
    delete_product,
    delete_variant,
    update_product,
    update_variant,
)
from catalog.stock_admin import LocationAdmin as LocationAdmin
from catalog.stock_admin import StockItemAdmin as StockItemAdmin
from catalog.text_admin import TermAdmin as TermAdmin
from catalog.transfer_admin import TransferAdmin as TransferAdmin
from catalog.variant_admin import VariantAdmin as VariantAdmin
from common.admin import RefusalsAsMessages

MOST_ON_A_PAGE = 50  # variants


class EditorAdmin(RefusalsAsMessages):
    """Pages that are saved only over what they showed; those who only look have nothing to compare."""

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        if obj is None or self.has_change_permission(request, obj):
            locked = obj is not None and not self.has_edit_permission(request)
            kwargs["form"] = self.described(obj, locked=locked)
        return super().get_form(request, obj, change, **kwargs)

    def described(self, obj: Any, *, locked: bool) -> Any:
        """The form with its translations."""
        return with_texts(self.form, locked=locked)

    def has_edit_permission(self, request: HttpRequest) -> bool:
        """The row's own fields."""
        return self.has_change_permission(request)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        names = super().get_fields(request, obj)
        looks = obj is not None and not self.has_change_permission(request, obj)
        return [name for name in names if name != "state"] if looks else names


@admin.register(Category)
class CategoryAdmin(EditorAdmin):
    """The tree of categories."""

    form = CategoryForm
    list_display = ["name", "parent", "position", "slug"]
    list_select_related = ["parent"]
    search_fields = ["name", "slug"]
    ordering = [F("parent__position").asc(nulls_first=True), "parent_id", "position", "name"]
    autocomplete_fields = ["parent"]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:
            changes = told(form)
            if not changes.get("slug", "kept"):
                del changes["slug"]
            update_category(category_id=obj.pk, changes=changes)
        else:
            obj.pk = create_category(**told(form, everything=True)).pk

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        delete_category(category_id=obj.pk)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for category in queryset:
            delete_category(category_id=category.pk)


class VariantInline(admin.StackedInline):
    """Sizes and colours, with price and stock."""

    model = Variant
    form = VariantForm
    formset = VariantFormSet
    extra = 0
    min_num = 1
    fieldsets = [
        (None, {"fields": [("sku", "choices", "name"), ("price", "compare_at_price", "stock"),
                           ("weight_grams", "barcode")]}),
    ]  # fmt: skip

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Texts, prices and stock are three rights; the form locks what is not among the caller's."""
        return may_change_something(request.user, "variant")

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        locks = locks_for(request.user)
        form = type("LockedVariantForm", (VariantForm,), {"locks": locks})
        return super().get_formset(request, obj, **{"form": form, **kwargs})

    @admin.display(description="Options")
    def choices(self, variant: Variant) -> str:
        """For those who only look."""
        return written_options(variant)

    def stock(self, variant: Variant) -> int:
        """For those who only look."""
        return variant.available

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: Any = super().get_queryset(request)
        found: QuerySet[Any] = rows.live().with_stock().order_by("position", "pk")
        return found


class ImageInline(admin.TabularInline):
    """Pictures."""

    model = Image
    form = ImageForm
    extra = 0
    fields = ["preview", "upload", "alt", "position"]
    readonly_fields = ["preview"]
    ordering = ["position", "pk"]

    @admin.display(description="")
    def preview(self, image: Image) -> str:
        if not image.file:
            return image.source_url
        return format_html('<img src="{}" alt="{}" height="80">', image.file.url, image.alt)


@admin.register(Product)
class ProductAdmin(EditorAdmin):
    """Products, with variants, stock and pictures on one page."""

    form = ProductForm
    inlines = [VariantInline, ImageInline]
    list_display = [
        "name",
        "category",
        "min_price",
        "in_stock",
        "shown",
        "is_archived",
        "updated_at",
    ]
    list_filter = [
        "is_published",
        "in_stock",
        ("archived_at", admin.EmptyFieldListFilter),
        ("category", admin.RelatedOnlyFieldListFilter),
        ("product_type", admin.RelatedOnlyFieldListFilter),
    ]
    list_select_related = ["category"]
    list_per_page = 50
    search_fields = ["name", "slug", "sku_list"]
    ordering = ["-pk"]
    autocomplete_fields = ["category"]
    readonly_fields = [
        "min_price",
        "in_stock",
        "published_at",
        "archived_at",
        "created_at",
        "updated_at",
        "all_variants",
        "said",
    ]
    actions = ["publish", "unpublish", "restore"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer("search", "description")

    def has_edit_permission(self, request: HttpRequest) -> bool:
        """The product's own fields, publication among them; prices and stock have rights of their own."""
        return bool(request.user.has_perm("catalog.change_product"))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        own = [] if obj is None or self.has_edit_permission(request) else self.form.Meta.fields
        return [*self.readonly_fields, *own]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = may_change_something(request.user, "product")
        return allowed and (obj is None or obj.archived_at is None)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = super().has_delete_permission(request, obj)
        return allowed and (obj is None or obj.archived_at is None)

    def described(self, obj: Any, *, locked: bool) -> Any:
        """The form with its translations, and the attributes of its type."""
        form = super().described(obj, locked=locked)
        kind = None if obj is None else obj.product_type
        return form if kind is None else with_values(form, kind, locked=locked)

    def get_inlines(self, request: HttpRequest, obj: Any) -> list[Any]:
        """Very many variants have pages of their own."""
        many = obj is not None and obj.variant_count > MOST_ON_A_PAGE
        return [inline for inline in self.inlines if not (many and inline is VariantInline)]

    @admin.display(description="variants")
    def all_variants(self, product: Product) -> str:
        if product.pk is None:
            return "-"
        url = reverse("admin:catalog_variant_changelist")
        return format_html(
            '<a href="{}?product__id__exact={}">{} on pages of their own</a>',
            url, product.pk, product.variant_count,
        )  # fmt: skip

    @admin.display(description="attributes")
    def said(self, product: Product) -> str:
        if product.product_type_id is None:
            return "Choose a product type and save; its attributes are on the page then."
        values = shown_values(product).items()
        return ", ".join(f"{code}: {value}" for code, value in values) or "-"

    @admin.display(description="shown", ordering="is_published")
    def shown(self, product: Product) -> str:
        return "" if product.status == "archived" else product.status

    @admin.action(description="Restore from the archive, as drafts", permissions=["edit"])
    def restore(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for product in queryset.exclude(archived_at=None):
            restore_product(product_id=product.pk)

    @admin.display(boolean=True, description="archived")
    def is_archived(self, product: Product) -> bool:
        return product.archived_at is not None

    @admin.action(description="Publish", permissions=["edit"])
    def publish(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        self._set_published(request, queryset, published=True)

    @admin.action(description="Take off sale", permissions=["edit"])
    def unpublish(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        self._set_published(request, queryset, published=False)

    def _set_published(
        self, request: HttpRequest, queryset: QuerySet[Any], *, published: bool
    ) -> None:
        for product in queryset.filter(archived_at=None):
            changes = {"is_published": published}
            update_product(product_id=product.pk, changes=changes, by=staff_actor(request))

    # --- writing ------------------------------------------------------------------------------

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        by = staff_actor(request)
        if change:
            changes = told(form)
            if not changes.get("slug", "kept"):
                del changes["slug"]
            update_product(product_id=obj.pk, changes=changes, by=by)
        else:  # its variants follow from the inline, in the same transaction
            fields = told(form, everything=True)
            obj.pk = create_product(new=NewProduct(**fields, variants=()), by=by).pk

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        formset.save(commit=False)  # sets what the history says was added, changed and deleted
        save = _save_variant if formset.model is Variant else _save_image
        for row in formset.forms:
            if row in formset.deleted_forms:
                if row.instance.pk is not None:
                    _delete(row.instance)
            elif row.has_changed():
                save(request, form.instance, row)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        delete_product(product_id=obj.pk)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for product in queryset.filter(archived_at=None):
            delete_product(product_id=product.pk)

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[Any]]:
        """Nothing protects a product from deletion: what orders refer to is archived."""
        allowed = self.has_delete_permission(request)
        return [str(obj) for obj in objs], {}, set() if allowed else {"product"}, []


def _save_variant(request: HttpRequest, product: Product, form: VariantForm) -> None:
    by, changes = staff_actor(request), form.changes()
    if form.instance.pk is not None:
        update_variant(variant_id=form.instance.pk, changes=changes, by=by)
    else:
        form.instance.pk = add_variant(product_id=product.pk, new=NewVariant(**changes), by=by).pk


def _save_image(request: HttpRequest, product: Product, form: ImageForm) -> None:
    data = form.cleaned_data
    if form.instance.pk is not None:
        changes = {name: data[name] for name in form.changed_data if name in {"alt", "position"}}
        # The form's own instance has the new values already; the verb compares with what is stored.
        update_image(image=Image.objects.get(pk=form.instance.pk), changes=changes)
    elif data["upload"] is not None:
        position = data["position"] if "position" in form.changed_data else None
        image = add_image(
            product=product, picture=data["upload"], alt=data["alt"], position=position
        )
        form.instance.pk = image.pk


def _delete(row: Variant | Image) -> None:
    if isinstance(row, Variant):
        delete_variant(variant_id=row.pk)
    else:
        delete_image(image=row)
