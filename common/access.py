"""What a door does that says nothing about who may pass: it stays shut."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request


class Nobody(BasePermission):
    """The default of every view. One that forgets to name its permissions is open to nobody, staff and owners included."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return False
