"""What the doors of promotions and taxes share."""

from __future__ import annotations

from typing import Any

from django.db.models import Model
from rest_framework import generics
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from account.step_up import SensitiveAction
from common.conditional import state_of
from common.public_doors import VERBS


class ManagesPricing(BasePermission):
    """The permission on the noun that the view names: `pricing.view_promotion` to read, and so on by method.

    A view whose rows are parts of something says with `verb` what changing them is to it.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        verb = "view"
        if request.method not in SAFE_METHODS:
            verb = getattr(view, "verb", "") or VERBS.get(request.method or "", "change")
        user: Any = request.user
        return bool(user.is_authenticated and user.has_perm(f"pricing.{verb}_{view.noun}"))


class PricingDoor(generics.GenericAPIView[Any]):
    """A door for staff. What is paid follows from what is written here: writing wants a fresh second factor."""

    noun: str
    permission_classes = [ManagesPricing, SensitiveAction]

    def page(self, rows: Any) -> Response:
        """One page of rows, as the view's serializer shows them."""
        shown = self.get_serializer(self.paginate_queryset(rows), many=True)
        return self.get_paginated_response(shown.data)


def row_state(row: Model, *besides: str) -> str:
    """The state of a row, for its ETag; without columns that others write."""
    return state_of(
        {
            field.attname: getattr(row, field.attname)
            for field in row._meta.concrete_fields
            if field.attname not in besides
        }
    )
