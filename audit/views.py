"""The door of the audit log."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import generics
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from audit import people
from audit.filters import AuditFilter
from audit.models import AuditEntry
from audit.serializers import AuditEntrySerializer


class ReadsAudit(BasePermission):
    """Staff whose role grants the log."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        user: Any = request.user
        return bool(user.is_authenticated and user.has_perm("audit.view_auditentry"))


@extend_schema_view(
    get=extend_schema(
        operation_id="audit_list",
        summary="Read the audit log",
        description=(
            "Who did what, when and from where, newest first; for staff whose role grants it. Personal data and secrets "
            "are never in it by value, only that they changed. Entries of one request share its `request_id`."
        ),
        tags=["audit"],
    )
)
class AuditListView(generics.ListAPIView[AuditEntry]):
    """Entries of the log."""

    permission_classes = [ReadsAudit]
    serializer_class = AuditEntrySerializer
    filter_backends = [DjangoFilterBackend]
    filterset_class = AuditFilter
    orderings = {"-created_at": "-created_at", "created_at": "created_at"}
    default_ordering = "-created_at"
    queryset = AuditEntry.objects.all()

    def paginate_queryset(self, queryset: QuerySet[AuditEntry] | Any) -> Any:
        """A page, with the people on it."""
        return people.with_actors(super().paginate_queryset(queryset) or [])
