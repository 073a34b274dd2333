"""What the admin's forms of the catalogue read and check, beyond what the constraints say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError

from catalog import categories, services
from catalog.categories import refuse_bad_move
from catalog.conditional import category_state, product_state
from catalog.described_forms import initial_of, missing_values
from catalog.images import MAX_BYTES, InvalidImage, bounded_read, read_picture
from catalog.models import Category, Image, Product, ProductType, Variant
from common.errors import Refusal
from inventory.services import MAX_ON_HAND


class _StateField(forms.CharField):
    """Which state the page showed. It is no part of what was changed."""

    widget = forms.HiddenInput

    def has_changed(self, initial: Any, data: Any) -> bool:
        return False


class _EditorForm(forms.ModelForm):
    """A page that is saved only over what it showed: the second of two editors is told, and overwrites nothing."""

    state = _StateField(required=False, label="")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "slug" in self.fields:
            self.fields["slug"].required = False
        if self.instance.pk is not None:
            self.initial["state"] = self.state_of(self.instance)
            self.initial.update(initial_of(self.instance, self.fields))

    def state_of(self, row: Any) -> str:
        """What `If-Match` is compared with, too."""
        raise NotImplementedError

    def locked(self) -> Any:
        """The row as it is now, locked until the page is saved: the admin checks and saves in one transaction."""
        raise NotImplementedError

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        shown = cleaned.pop("state", "")
        if self.instance.pk is not None and shown and shown != self.state_of(self.locked()):
            raise ValidationError(
                "Somebody has changed this since you opened the page. Nothing was saved: open the page again, and make your "
                "changes there.",
                code="precondition_failed",
            )
        return cleaned


class CategoryForm(_EditorForm):
    """A category; without a slug it gets one made from its name."""

    class Meta:
        model = Category
        fields = ["name", "slug", "parent", "position", "description"]

    def state_of(self, row: Category) -> str:
        return category_state(row)

    def locked(self) -> Category:
        return categories.lock_for_edit(category_id=self.instance.pk)

    def clean_parent(self) -> Category | None:
        parent: Category | None = self.cleaned_data["parent"]
        if self.instance.pk is not None:
            try:
                refuse_bad_move(self.instance, parent)
            except Refusal as refusal:
                raise ValidationError(refusal.detail, code=refusal.code) from None
        return parent


class ProductForm(_EditorForm):
    """A product; without a slug it gets one made from its name."""

    class Meta:
        model = Product
        fields = [
            "name", "slug", "category", "product_type", "brand", "tags", "is_published", "publish_from",
            "publish_until", "description",
        ]  # fmt: skip

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        kind: ProductType | None = self.instance.product_type
        if kind is not None and "product_type" in self.fields:
            required = kind.attributes.filter(is_required=True)
            names = dict(required.values_list("attribute__code", "attribute__name"))
            for field, missing in missing_values(self, names).items():
                self.add_error(field, missing)
        return cleaned

    def state_of(self, row: Product) -> str:
        return product_state(row)

    def locked(self) -> Product:
        return services.lock_for_edit(product_id=self.instance.pk)

    def clean_slug(self) -> str:
        slug: str = self.cleaned_data["slug"]
        others = Product.objects.unarchived().filter(slug=slug).exclude(pk=self.instance.pk)
        if slug and others.exists():
            raise ValidationError("Another product has this slug.", code="slug_taken")
        return slug


class VariantForm(forms.ModelForm):
    """A variant with its stock; options are written `Size=Large; Colour=Red`."""

    choices = forms.CharField(
        label="Options", required=False, max_length=2000,
        help_text="Such as Size=Large; Colour=Red. Empty for a simple product.",
    )  # fmt: skip
    stock = forms.IntegerField(
        min_value=0, max_value=MAX_ON_HAND, required=False, help_text="Pieces that can be sold.",
        show_hidden_initial=True,  # what is sold while the page is open is no change of it
    )  # fmt: skip

    class Meta:
        model = Variant
        fields = ["sku", "name", "price", "compare_at_price", "weight_grams", "barcode"]

    locks: ClassVar[Mapping[str, frozenset[str]]] = {"new": frozenset(), "present": frozenset()}
    field_order = ["sku", "choices", "name", "price", "compare_at_price", "stock"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "sku" in self.fields:
            self.fields["sku"].required = False
        if self.instance.pk is not None:
            self.initial["choices"] = written_options(self.instance)
            self.initial["stock"] = self.instance.available
        # A disabled field keeps its value, whatever is posted.
        for name in self.locks["new" if self.instance.pk is None else "present"]:
            if name in self.fields:
                self.fields[name].disabled = True

    def clean_sku(self) -> str:
        sku: str = self.cleaned_data["sku"]
        others = Variant.objects.live().filter(sku=sku).exclude(pk=self.instance.pk)
        if sku and others.exists():
            raise ValidationError("Another variant has this SKU.", code="sku_taken")
        return sku

    def clean_choices(self) -> list[dict[str, str]]:
        options: list[dict[str, str]] = []
        for part in filter(
            None, (part.strip() for part in self.cleaned_data["choices"].split(";"))
        ):
            name, sign, value = (piece.strip() for piece in part.partition("="))
            if not (sign and name and value) or len(name) > 100 or len(value) > 255:
                raise ValidationError("Write options such as Size=Large; Colour=Red.")
            if any(option["name"] == name for option in options):
                raise ValidationError(f"{name} is named twice.")
            options.append({"name": name, "value": value})
        return options

    def changes(self) -> dict[str, Any]:
        """What the verb is told: the fields that were changed."""
        names = {"choices": "options"}
        changed = {names.get(name, name): self.cleaned_data[name] for name in self.changed_data}
        if not changed.get("sku", "kept"):
            del changed["sku"]  # blank: it keeps the one it has
        if changed.get("stock", 0) is None:
            del changed["stock"]
        seen = self.data.get(self.add_initial_prefix("stock"), "")
        if "stock" in changed and self.instance.pk is not None and seen.isdigit():
            changed["expected_stock"] = int(seen)
        return {name: value for name, value in changed.items() if name != "DELETE"}


def written_options(variant: Variant) -> str:
    """A variant's options as people write them: `Size=Large; Colour=Red`."""
    return "; ".join(f"{option['name']}={option['value']}" for option in variant.options)


class VariantFormSet(forms.BaseInlineFormSet):
    """A product's variants, of which it keeps at least one."""

    def clean(self) -> None:
        super().clean()
        if any(self.errors):
            return
        kept = [
            form.cleaned_data["choices"]
            for form in self.forms
            if form not in self.deleted_forms and (form.instance.pk or form.has_changed())
        ]
        if not kept:
            raise ValidationError("A product keeps at least one variant.")
        if any(kept.count(options) > 1 for options in kept):
            raise ValidationError("Two variants have the same options.")


class ImageForm(forms.ModelForm):
    """A picture: a new file, or changes to what is said about one."""

    upload = forms.FileField(
        required=False, help_text="JPEG, PNG or WebP, up to 5 MB.", label="Picture"
    )

    class Meta:
        model = Image
        fields = ["alt", "position"]

    def clean_upload(self) -> Any:
        """The picture, drawn anew; None when no file was chosen."""
        file = self.cleaned_data["upload"]
        if file is None:
            if self.instance.pk is None and self.has_changed():
                raise ValidationError("Choose a picture.")
            return None
        if self.instance.pk is not None:
            raise ValidationError("Add a new picture and delete this one.")
        if file.size > MAX_BYTES:
            raise ValidationError("A picture may have 5 MB.")
        try:
            return read_picture(bounded_read(file))
        except InvalidImage as refusal:
            raise ValidationError(refusal.detail, code=refusal.code) from None
