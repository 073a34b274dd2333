"""Answers to public reads of products: from a checked question to bytes and their ETag."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson
from django.conf import settings

from catalog.models.naming import by_id_or_slug
from catalog.reads import freshness as now
from catalog.reads import store
from catalog.reads.context import Context
from catalog.reads.database import in_transaction, rows
from catalog.reads.finding import Found, Wanted, find
from catalog.reads.freshness import VERSIONS, Freshness, scopes_of
from catalog.reads.rendering import LISTED_VARIANTS, document_key, render
from catalog.reads.store import Entry
from catalog.sync import Changes

Reshape = Callable[[list[bytes]], list[bytes]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent.

    Attributes:
        body: None when the caller has it already.
    """

    body: bytes | None
    etag: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A checked question for a list.

    Attributes:
        key: whatever makes two answers differ, beside the context: path, filters, place.
        category: id or slug.
        wanted: without its shelves, which depend on the tree of categories.
        links: `next` and `previous` of a page.
        further: what else stands in the answer, such as a count.
    """

    key: str
    category: str
    wanted: Callable[[tuple[int, ...] | None], Wanted]
    links: Callable[[Found], tuple[str | None, str | None]]
    further: Callable[[Wanted, Context], dict[str, Any]] | None = None
    reshape: Reshape | None = None


def list_page(asked: Asked, context: Context, *, if_none_match: str = "") -> Answer:
    """One page of a list.

    One statement when it is kept and still true, or when the caller has it; otherwise the page is found in one statement
    more, and what nobody has rendered yet in a third.
    """
    if in_transaction():
        entry = _fill(asked, context)
        etag = f'W/"{hashlib.sha256(entry.body).hexdigest()[:32]}"'  # versions grow at commit
        return Answer(None if _names(if_none_match, etag) else entry.body, etag)
    key = f"{context.key}|{asked.key}"
    kept = store.get(key)
    if kept is not None or if_none_match:
        scopes = kept.scopes if kept else asked.wanted(_shelves(asked)).scopes
        fresh = now.freshness(scopes)
        now.renewed(fresh.shared)
        etag = _weak(asked, context, fresh)
        if _names(if_none_match, etag):
            return Answer(None, etag)
        if kept is not None and kept.freshness == fresh:
            return Answer(kept.body, etag)
    with store.filler(key, fresh=partial(_still_true, key)) as found:
        if found is None:
            found = _fill(asked, context)
            store.put(key, found)
    return Answer(found.body, _weak(asked, context, found.freshness))


def _still_true(key: str) -> Entry | None:
    kept = store.get(key)
    return kept if kept and kept.freshness == now.freshness(kept.scopes) else None


def _shelves(asked: Asked) -> tuple[int, ...] | None:
    return now.shared().below(asked.category) if asked.category else None


def _fill(asked: Asked, context: Context) -> Entry:
    while True:
        shelves = _shelves(asked)
        wanted = asked.wanted(shelves)
        page = find(wanted, context)
        if in_transaction():
            break
        now.renewed(page.freshness.shared)
        if _shelves(asked) == shelves:  # the tree of categories was as this process knew it
            break
    following, previous = asked.links(page)
    body = _joined(page, wanted, context, asked.reshape)
    parts = [
        b'{"results":[',
        body,
        b'],"next":',
        orjson.dumps(following),
        b',"previous":',
        orjson.dumps(previous),
    ]
    if asked.further is not None:
        for name, value in asked.further(wanted, context).items():
            parts += [b",", orjson.dumps(name), b":", orjson.dumps(value)]
    parts.append(b"}")
    return Entry(b"".join(parts), page.freshness, tuple(wanted.scopes))


def _joined(
    page: Found,
    wanted: Wanted,
    context: Context,
    reshape: Reshape | None,
) -> bytes:
    """The page's documents in order; what is not known yet is rendered in one statement."""
    ids = [pk for pk, _ in page.rows]
    documents = {} if in_transaction() else page.documents
    missing = [pk for pk in ids if pk not in documents]
    if missing:
        documents = documents | render(missing, context)
    pieces = [documents[pk] for pk in ids if pk in documents]
    return b",".join(reshape(pieces) if reshape else pieces)


def changes_page(
    found: Changes,
    following: str | None,
    context: Context,
    *,
    reshape: Reshape | None = None,
    if_none_match: str = "",
) -> Answer:
    """A page of changes: what products are now, the ids of those that are not shown any more, and when to ask again from."""
    documents = render(found.shown, context) if found.shown else {}
    pieces = [documents[pk] for pk in found.shown if pk in documents]
    shown = b",".join(reshape(pieces) if reshape else pieces)
    tail = {"next": following, "previous": None, "removed": found.removed, "until": found.until}
    body = b'{"results":[' + shown + b"]," + orjson.dumps(tail, option=orjson.OPT_UTC_Z)[1:]
    etag = f'W/"{hashlib.sha256(body).hexdigest()[:32]}"'
    return Answer(None if _names(if_none_match, etag) else body, etag)


# --- one product --------------------------------------------------------------------------------

_ONE = f"""
    SELECT p.id, p.version, p.variant_count, document.body, now_is.shared
      FROM ({VERSIONS}) now_is
      JOIN catalog_product p ON p.COLUMN = %(key)s
      JOIN catalog_offer o ON o.product_id = p.id AND o.price_list_id = %(price_list)s AND o.currency = %(currency)s
       AND o.valid_from <= now() AND o.valid_until > now()
      LEFT JOIN catalog_document document
             ON document.product_id = p.id AND document.version = p.version AND document.shared = now_is.shared
            AND document.valid_until > now()
            AND document.context = CASE WHEN p.variant_count > {LISTED_VARIANTS} THEN %(whole)s ELSE %(document)s END
     WHERE p.is_published AND p.archived_at IS NULL
"""  # noqa: S608


def one_product(
    key: str,
    context: Context,
    *,
    if_none_match: str = "",
    reshape: Reshape | None = None,
) -> Answer | None:
    """A product on sale, by id or slug; None when there is none. One statement, or two when nobody has rendered it yet."""
    ((column, value),) = by_id_or_slug(key).items()
    typed = "id" if column == "pk" else "slug"
    found = rows(_ONE.replace("COLUMN", typed), {
        **context.parameters, "key": value, "scopes": scopes_of(()),
        "document": document_key(context, whole=False), "whole": document_key(context, whole=True),
    })  # fmt: skip
    if not found:
        return None
    pk, version, variants, body, shared = found[0]
    if not in_transaction():
        now.renewed(shared)
    if body is None or in_transaction():
        body = render([pk], context, whole=variants > LISTED_VARIANTS).get(pk)
        if body is None:
            return None
    if reshape is not None:
        (body,) = reshape([body])
    etag = f'"v{pk}-{version}.{hashlib.sha256(body).hexdigest()[:24]}"'
    return Answer(None if _names(if_none_match, etag) else body, etag)


# --- validators ---------------------------------------------------------------------------------


def _weak(asked: Asked, context: Context, fresh: Freshness) -> str:
    """An ETag that says what a list is true of, so that it can be compared without reading the list."""
    manner = document_key(context, whole=False)
    text = f"{manner}|{asked.key}|{fresh}|{settings.SHOP_CURRENCY}"
    return f'W/"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


def _names(if_none_match: str, etag: str) -> bool:
    """Whether the header names this ETag (RFC 9110, 13.1.2: weakly compared)."""
    if if_none_match.strip() == "*":
        return True
    opaque = etag.removeprefix("W/")
    return any(tag.strip().removeprefix("W/") == opaque for tag in if_none_match.split(","))
