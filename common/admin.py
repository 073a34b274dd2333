"""What the admin pages of all apps share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from common.errors import Refusal


class RefusalsAsMessages(admin.ModelAdmin):
    """A verb's refusal is shown to the person and the page again; the admin's transaction has kept nothing."""

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._told(request, super().changeform_view, *args, **kwargs)

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._told(request, super().delete_view, *args, **kwargs)

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._told(request, super().changelist_view, *args, **kwargs)

    def _told(self, request: HttpRequest, view: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            answer: HttpResponse = view(request, *args, **kwargs)
        except Refusal as refusal:
            self.message_user(request, refusal.detail, messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())
        return answer


class RowsOfParent(admin.TabularInline):
    """Rows that are part of another: who may change that (`parent`, such as `places.pickuppoint`) may change them."""

    extra = 0
    parent: str

    def _may(self, request: HttpRequest, *verbs: str) -> bool:
        app, _, model = self.parent.partition(".")
        return any(request.user.has_perm(f"{app}.{verb}_{model}") for verb in verbs)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, "add", "change")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, "add", "change")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, "add", "change")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, "view")


def rows_of(formset: Any, *names: str) -> list[dict[str, Any]]:
    """The rows of a formset that stay, as a verb takes them."""
    formset.save(commit=False)  # sets what the history says was added, changed and deleted
    return [
        {name: form.cleaned_data[name] for name in names}
        for form in formset.forms
        if form not in formset.deleted_forms and form.cleaned_data
    ]


AMHARIC = "am__"  # what a form's fields in Amharic begin with


def with_amharic(form: Any, texts: Mapping[str, int]) -> Any:
    """The form with a field for each text in Amharic; other languages are the API's business."""
    fields = {
        f"{AMHARIC}{name}": forms.CharField(
            label=f"{name.capitalize()} (አማርኛ)",
            required=False,
            max_length=longest,
            widget=forms.TextInput(attrs={"size": 80, "lang": "am"}),
        )
        for name, longest in texts.items()
    }
    return type(f"{form.__name__}InAmharic", (_InAmharic, form), {**fields, "Meta": form.Meta})


class _InAmharic(forms.ModelForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        shown = (self.instance.translations or {}).get("am", {})
        self.initial.update({f"{AMHARIC}{name}": text for name, text in shown.items()})


def changes_of(form: Any, *, everything: bool) -> dict[str, Any]:
    """What a verb is told: the fields that were changed, or all; what is Amharic as translations."""
    names = list(form.cleaned_data) if everything else form.changed_data
    own = {name: form.cleaned_data[name] for name in names if not name.startswith(AMHARIC)}
    amharic = {
        name.removeprefix(AMHARIC): form.cleaned_data[name] or None
        for name in names
        if name.startswith(AMHARIC)
    }
    return {**own, "translations": {"am": amharic}} if amharic else own
