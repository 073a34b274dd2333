"""Who may do what with the catalogue: the public reads it, staff write by permission."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from rest_framework.exceptions import NotAuthenticated, PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from account import actors
from catalog.field_access import may_change_something
from catalog.models import Product, ProductQuerySet, by_id_or_slug
from catalog.refusals import NoSuchProduct
from common.actors import Actor

_VERBS = {"POST": "add", "PUT": "change", "PATCH": "change", "DELETE": "delete"}


def sees_everything(request: Request) -> bool:
    """Whether the caller sees drafts, archived products and exact stock."""
    return bool(request.user.is_authenticated and request.user.has_perm("catalog.view_product"))


# What only the list that customers see can do; staff who ask for it see that list, without stock.
_OF_CUSTOMERS = ("currency", "expand", "facets", "fields", "highlight", "updated_since")


def reads_as_customer(request: Request) -> bool:
    """Whether the answer is what customers see: for them, and for staff who ask for what only that answer can do."""
    if request.query_params.get("status") not in {None, "published"}:
        return False
    asks = any(name in request.query_params for name in _OF_CUSTOMERS)
    return asks or not sees_everything(request)


def visible_products(request: Request, status: str | None = None) -> ProductQuerySet:
    """What the caller may see, of one status.

    Args:
        status: published, draft, archived or all; None means what there is to work with: published products for the
            public, drafts too for staff. Only staff may ask for more.

    Raises:
        NotAuthenticated, PermissionDenied: drafts and archived products are not for this caller.
    """
    if status == "published" or (status is None and not sees_everything(request)):
        return Product.objects.on_sale()
    if not sees_everything(request):
        raise PermissionDenied if request.user.is_authenticated else NotAuthenticated
    if status == "archived":
        return Product.objects.filter(archived_at__isnull=False)
    if status == "draft":
        return Product.objects.unarchived().filter(is_published=False)
    return Product.objects.all() if status == "all" else Product.objects.unarchived()


def find_product(products: ProductQuerySet, key: str) -> Product:
    """The product of that id or slug among `products`.

    Raises:
        NoSuchProduct: there is none.
    """
    found = products.filter(**by_id_or_slug(key)).order_by("-pk").first()
    if found is None:
        raise NoSuchProduct("There is no such product.")
    return found


def staff_actor(request: Request | HttpRequest) -> Actor:
    """The signed-in member of staff, or the program behind an API key, for histories."""
    return actors.staff_actor(request.user)


class SeesEverything(BasePermission):
    """Who sees drafts, archived products and exact stock."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return sees_everything(request)


class WriteByPermission(BasePermission):
    """The permission on the model that the view names in `writes`. Being staff grants nothing by itself.

    What a method means follows from HTTP; a view whose rows are parts of another says so with `verb`.

    Who may change only prices or only stock gets in, too: `catalog.field_access` looks at each field.
    """

    def has_permission(self, request: Request, view: APIView) -> bool:
        verb = getattr(view, "verb", "") or _VERBS.get(request.method or "")
        if verb is None:
            return True  # the view answers 405
        user: Any = request.user
        if not user.is_authenticated:
            return False
        model = getattr(view, "writes", "product")
        if verb == "change" and model in {"product", "variant"}:
            return may_change_something(user, model)
        return bool(user.has_perm(f"catalog.{verb}_{model}"))
