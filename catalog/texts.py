"""The verbs of languages and words, and what a text is in another language.

Long texts have their translations beside them, in a column of their row; short words that many products share (options and
their values, tags, attributes, choices, units, brands) are `Term`s, found by their exact text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from django.db import connection, transaction

from catalog.model_refusals import BY_CONSTRAINT, LanguageInUse
from catalog.models import NAME_LENGTH, Brand, Language, Product, Term, Variant
from catalog.refusals import refusing_conflicts
from catalog.richtext import MAX_LENGTH, clean_html
from common.errors import Invalid
from common.transactions import lock_row

# What can be translated, with the longest a text may be. `description` is HTML.
OF_GROUP: Mapping[str, int] = {"name": NAME_LENGTH, "description": MAX_LENGTH}
OF_IMAGE: Mapping[str, int] = {"alt": 300}
HTML = frozenset({"description"})
MOST_TERMS = 1000  # in one call
LANGUAGE_PATTERN = r"^[a-z]{2,3}(-[a-z0-9]{2,8})*$"
_HAVE_TRANSLATIONS = (
    "catalog_category", "catalog_product", "catalog_brand", "catalog_collection", "catalog_image",
    "catalog_term",
)  # fmt: skip

Translations = Mapping[str, Mapping[str, str] | None] | None


class Translated(Protocol):
    """A row whose texts have translations."""

    translations: dict[str, dict[str, str]]


# --- languages --------------------------------------------------------------------------------


def codes() -> list[str]:
    """The shop's languages, the one in which the catalogue is written first."""
    rows = Language.objects.order_by("position", "code")
    return list(rows.values_list("code", flat=True))


def create_language(*, code: str, name: str, position: int | None = None) -> Language:
    """Add a language; behind the others, unless a position is given.

    Raises:
        LanguageTaken: the shop has it.
    """
    with transaction.atomic():
        if position is None:
            last = Language.objects.order_by("-position").values_list("position", flat=True)
            position = (last.first() or 0) + 1
        language = Language(code=code, name=name, position=position)
        with refusing_conflicts(BY_CONSTRAINT):
            language.save(force_insert=True)
    return language


def update_language(*, code: str, changes: Mapping[str, Any]) -> Language:
    """Change name or position. The language with the lowest position is the one the catalogue is written in."""
    with transaction.atomic():
        language = lock_row(Language.objects.all(), code, missing="There is no such language.")
        changed = [name for name, value in changes.items() if getattr(language, name) != value]
        for name in changed:
            setattr(language, name, changes[name])
        if changed:
            language.save(update_fields=changed)
    return language


def delete_language(*, code: str) -> None:
    """Remove a language that nothing is translated into.

    Raises:
        LanguageInUse: the catalogue is written in it, or something has a translation.
    """
    with transaction.atomic():
        present = list(Language.objects.select_for_update().order_by("position", "code"))
        if present and present[0].pk == code:
            raise LanguageInUse("The catalogue is written in this language.")
        with connection.cursor() as cursor:
            for table in _HAVE_TRANSLATIONS:
                cursor.execute(f"SELECT 1 FROM {table} WHERE translations ? %s LIMIT 1", [code])  # noqa: S608
                if cursor.fetchone():
                    raise LanguageInUse
        Language.objects.filter(pk=code).delete()


# --- words ------------------------------------------------------------------------------------


def create_term(*, text: str, translations: Mapping[str, str | None]) -> Term:
    """Say what a word is in other languages.

    Raises:
        TermTaken: the word is there. Invalid: unknown languages.
    """
    with transaction.atomic():
        term = Term(text=text, translations=merged_words({}, translations))
        with refusing_conflicts(BY_CONSTRAINT):
            term.save(force_insert=True)
    return term


def update_term(*, term_id: int, changes: Mapping[str, Any], replace: bool = False) -> Term:
    """Change a word's text or its translations; these are merged unless `replace`, and null removes.

    Raises:
        TermTaken, Invalid.
    """
    with transaction.atomic():
        term = lock_row(Term.objects.all(), term_id, missing="There is no such word.")
        new = dict(changes)
        if "translations" in new:
            present = {} if replace else term.translations
            new["translations"] = merged_words(present, new["translations"])
        changed = [name for name, value in new.items() if getattr(term, name) != value]
        for name in changed:
            setattr(term, name, new[name])
        if changed:
            with refusing_conflicts(BY_CONSTRAINT):
                term.save(update_fields=changed)
    return term


def delete_term(*, term_id: int) -> None:
    """Forget what a word is in other languages."""
    Term.objects.filter(pk=term_id).delete()


def put_terms(*, terms: Sequence[Mapping[str, Any]]) -> list[Term]:
    """Add or replace many words at once, by their texts; all or none.

    Raises:
        Invalid: naming each that is wrong, such as `3.translations.xx`.
    """
    known = codes()
    wanted: dict[str, dict[str, str]] = {}
    errors: list[dict[str, Any]] = []
    for number, term in enumerate(terms):
        try:
            wanted[term["text"]] = merged_words({}, term["translations"], known=known)
        except Invalid as refusal:
            errors += [{**entry, "field": f"{number}.{entry['field']}"} for entry in refusal.errors]
    if errors:
        raise Invalid(errors=errors)
    rows = [Term(text=text, translations=wanted[text]) for text in sorted(wanted)]
    with transaction.atomic():
        return Term.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["text"],
            update_fields=["translations"],
        )


def merged_words(
    present: Mapping[str, str],
    given: Mapping[str, str | None],
    *,
    known: Sequence[str] | None = None,
) -> dict[str, str]:
    """A word's translations with changes; null or blank removes.

    Raises:
        Invalid: naming `translations.<code>` for what is not a language of the shop, or too long.
    """
    known = codes() if known is None else known
    result, errors = dict(present), []
    for code, text in given.items():
        if code not in known[1:]:
            errors.append(_unknown(code, known))
        elif text is None or not (text := _tidy(text)):
            result.pop(code, None)
        elif len(text) > NAME_LENGTH:
            errors.append(_too_long(f"translations.{code}", NAME_LENGTH))
        else:
            result[code] = text
    if errors:
        raise Invalid(errors[0]["detail"], errors=errors)
    return result


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who reads in one language: what texts are to them."""

    language: str
    words: Mapping[str, str]

    def word(self, text: str) -> str:
        """A shared word; as it was written when nobody has translated it."""
        return self.words.get(text, text)

    def text(self, row: Any, field: str) -> str:
        """A text of a row; as it was written when nobody has translated it."""
        return str((row.translations.get(self.language) or {}).get(field) or getattr(row, field))


AS_WRITTEN = Reader(language="", words={})


def reader(language: str, *, written_in: str, texts: Iterable[str]) -> Reader:
    """Who reads `language`, with the words that will be met; one statement, and none for the language of the catalogue."""
    wanted = set(texts)
    if language == written_in or not wanted:
        return Reader(language, {})
    rows = Term.objects.filter(text__in=wanted, translations__has_key=language)
    return Reader(language, {row.text: row.translations[language] for row in rows})


def words_of(rows: Iterable[Any]) -> Iterator[str]:
    """The shared words that these rows show; products and variants are fetched for display."""
    for row in rows:
        if isinstance(row, Product):
            yield from (row.brand, *row.tags)
            for option in row.shown_options:
                yield from (option["name"], *option["values"])
            for said in row.shown_values:
                yield from (said.attribute.name, said.attribute.unit)
                if said.choice is not None:
                    yield said.choice.value
        elif isinstance(row, Variant):
            for choice in row.options:
                yield from (choice["name"], choice["value"])
        elif isinstance(row, Brand):
            yield row.name


# --- translations of one row ------------------------------------------------------------------


def merged(
    present: Mapping[str, Mapping[str, str]],
    given: Translations,
    *,
    fields: Mapping[str, int] = OF_GROUP,
) -> dict[str, dict[str, str]]:
    """A row's translations with changes: language by language and text by text; null or blank removes.

    Args:
        fields: what the row has to translate, with the longest each may be.

    Raises:
        Invalid: naming `translations.<code>` that is no further language of the shop, `translations.<code>.<field>` that
            is no text of this kind of row, or too long.
    """
    result = {code: dict(texts) for code, texts in present.items()}
    if not given:
        return result
    known, errors = codes(), []
    for code, texts in given.items():
        if texts is None:
            result.pop(code, None)
            continue
        if code not in known[1:]:
            errors.append(_unknown(code, known))
            continue
        kept = result.setdefault(code, {})
        for name, text in texts.items():
            place = f"translations.{code}.{name}"
            if name not in fields:
                detail = f"Only these have translations: {', '.join(fields)}."
                errors.append({"field": place, "code": "unknown_field", "detail": detail})
            elif text is not None and len(text) > fields[name]:
                errors.append(_too_long(place, fields[name]))
            elif cleaned := _cleaned(name, text):
                kept[name] = cleaned
            else:
                kept.pop(name, None)
    if errors:
        raise Invalid(errors[0]["detail"], errors=errors)
    return {code: texts for code, texts in sorted(result.items()) if texts}


def without_own_words(
    row: Translated, changes: Mapping[str, Any], *, language: str
) -> dict[str, Any]:
    """The changes without texts that are what the row shows in `language`.

    Who reads a row in another language and sends it back has not rewritten it.
    """
    shown = row.translations.get(language) or {}
    return {
        name: value
        for name, value in changes.items()
        if not (name in OF_GROUP and name in shown and shown[name] == value)
    }


def _cleaned(name: str, text: str | None) -> str:
    if text is None:
        return ""
    return clean_html(text) if name in HTML else _tidy(text)


def _tidy(text: str) -> str:
    return text.replace("\x00", "").strip()


def _unknown(code: str, known: Sequence[str]) -> dict[str, Any]:
    if code == known[0]:
        detail = "The catalogue is written in this language: change the text itself."
    else:
        detail = f"The shop has no such language. It has {', '.join(known)}."
    return {"field": f"translations.{code}", "code": "unknown_language", "detail": detail}


def _too_long(place: str, most: int) -> dict[str, Any]:
    return {"field": place, "code": "max_length", "detail": f"At most {most} characters."}
