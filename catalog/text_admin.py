"""Languages and words in the admin, by the verbs that the API calls."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from catalog import texts
from catalog.described_forms import further_languages, told
from catalog.models import Language, Term
from common.admin import RefusalsAsMessages


@admin.register(Language)
class LanguageAdmin(RefusalsAsMessages):
    """Languages in which the shop can be read; the catalogue is written in the first."""

    fields = ["code", "name", "position"]
    list_display = ["name", "code", "position"]
    ordering = ["position", "code"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [] if obj is None else ["code"]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:
            texts.update_language(code=obj.pk, changes=told(form))
        else:
            texts.create_language(**told(form, everything=True))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        texts.delete_language(code=obj.pk)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for language in queryset:
            texts.delete_language(code=language.pk)


class TermForm(forms.ModelForm):
    """A word, and a field for each further language."""

    class Meta:
        model = Term
        fields = ["text"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for code, word in (self.instance.translations or {}).items():
            self.initial[f"word__{code}"] = word


@admin.register(Term)
class TermAdmin(RefusalsAsMessages):
    """Words that products share, in other languages."""

    form = TermForm
    list_display = ["text", "shown"]
    search_fields = ["text", "translations"]
    ordering = ["text"]

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        if self.has_change_permission(request, obj) or self.has_add_permission(request):
            fields = {
                f"word__{language.code}": forms.CharField(
                    label=language.name, required=False, max_length=255,
                    widget=forms.TextInput(attrs={"size": 60, "lang": language.code}),
                )
                for language in further_languages()
            }  # fmt: skip
            meta = {"Meta": TermForm.Meta}
            kwargs["form"] = type("TermFormWithWords", (TermForm,), {**fields, **meta})
        return super().get_form(request, obj, change, **kwargs)

    @admin.display(description="in other languages")
    def shown(self, term: Term) -> str:
        return ", ".join(f"{word} ({code})" for code, word in sorted(term.translations.items()))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        looks = obj is not None and not self.has_change_permission(request, obj)
        return ["shown"] if looks else []

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        changes = told(form, everything=not change)
        words = {
            name.partition("__")[2]: changes.pop(name) or None
            for name in list(changes)
            if name.startswith("word__")
        }
        if change:
            texts.update_term(term_id=obj.pk, changes={**changes, "translations": words})
        else:
            obj.pk = texts.create_term(translations=words, **changes).pk

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        texts.delete_term(term_id=obj.pk)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for term in queryset:
            texts.delete_term(term_id=term.pk)
