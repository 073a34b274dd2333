"""The audit log in the admin: to find and to export, never to change."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit import people
from audit.exporting import FORMATS
from audit.filters import about
from audit.models import AuditEntry
from audit.tables import AUDITED


class TableFilter(admin.SimpleListFilter):
    """What kind of thing was changed."""

    title = "what"
    parameter_name = "table"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return sorted(
            ((table, spec.noun.replace("_", " ")) for table, spec in AUDITED.items()),
            key=lambda pair: pair[1],
        )

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[AuditEntry]
    ) -> QuerySet[AuditEntry]:
        return queryset.filter(target_table=self.value()) if self.value() else queryset


class SideFilter(admin.SimpleListFilter):
    """Which sort of entry it is."""

    title = "sort of entry"
    parameter_name = "sort"
    PREFIXES = {
        "security": ["security."],
        "actions": ["api.", "admin."],
    }  # fmt: skip

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("security", "security"),
            ("actions", "requests of staff and keys"),
            ("changes", "changed rows"),
        ]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[AuditEntry]
    ) -> QuerySet[AuditEntry]:
        if self.value() == "changes":
            return queryset.exclude(target_id="")
        chosen = Q()
        for prefix in self.PREFIXES.get(self.value() or "", []):
            chosen |= Q(action__startswith=prefix)
        return queryset.filter(chosen)


class AuditChangeList(ChangeList):
    """A page of entries with the people on it, by one more query."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = people.with_actors(self.result_list)


@admin.register(AuditEntry)
class AuditEntryAdmin(admin.ModelAdmin):
    """Who did what, when and from where."""

    list_display = ["created_at", "who", "address", "action", "target", "outcome", "what_changed"]
    list_filter = ["created_at", SideFilter, TableFilter, "actor_kind", "outcome"]
    search_fields = ["target_id"]  # shows the box; get_search_results does the search
    search_help_text = (
        "A row's number, public id, slug or SKU; an action; a request id; a user's e-mail address; or who acted,"
        " by the id of a user or an API key."
    )
    ordering = ["-created_at", "-id"]
    list_per_page = 50
    show_full_result_count = False
    change_list_template = "admin/audit/auditentry/change_list.html"
    fields = [
        "created_at", "who", "address", "request", "action", "target", "outcome", "changes_shown", "details_shown",
    ]  # fmt: skip

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: AuditEntry | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: AuditEntry | None = None) -> bool:
        return False

    def has_export_permission(self, request: HttpRequest) -> bool:
        """Taking the log away is more than reading it."""
        return self.has_view_permission(request) and request.user.has_perm(
            "audit.export_auditentry"
        )

    # --- finding --------------------------------------------------------------------------------

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return AuditChangeList

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> AuditEntry | None:
        entry = super().get_object(request, object_id, from_field)
        return people.with_actors([entry])[0] if entry else None

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[AuditEntry], search_term: str
    ) -> tuple[QuerySet[AuditEntry], bool]:
        """Exact matches, each of which an index can answer: the log is long."""
        term = search_term.strip()
        if not term:
            return queryset, False
        found = about(term) | Q(action=term) | Q(request_id=term)
        if "@" in term and (user_id := people.id_of_email(term)):
            found |= Q(actor_id=user_id) | Q(target_table="account_user", target_id=str(user_id))
        found |= _done_by(term)
        return queryset.filter(found), False

    # --- showing --------------------------------------------------------------------------------

    @admin.display(description="who")
    def who(self, entry: AuditEntry) -> str:
        """The kind of actor, and which."""
        name = str(entry.actor) if entry.actor else entry.actor_name
        gone = f"user {entry.actor_id}" if entry.actor_id and not entry.actor else ""
        return " ".join(part for part in (entry.get_actor_kind_display(), name or gone) if part)

    @admin.display(description="on what")
    def target(self, entry: AuditEntry) -> str | SafeString:
        """The row, with everything that ever happened to it one click away."""
        key = entry.target_public_id or entry.target_id
        spec = AUDITED.get(entry.target_table)
        label = f"{spec.noun.replace('_', ' ') if spec else entry.target_table} {key}".strip()
        if not key:
            return label
        listed = reverse("admin:audit_auditentry_changelist", query={"q": key})
        return format_html('<a href="{}">{}</a>', listed, label)

    @admin.display(description="what changed")
    def what_changed(self, entry: AuditEntry) -> str:
        """The names of the columns; their values are on the entry's own page."""
        return ", ".join(sorted(entry.changes))[:120] or str(entry.details.get("route", ""))

    @admin.display(description="request")
    def request(self, entry: AuditEntry) -> str | SafeString:
        """Its id, with everything else that it did."""
        if not entry.request_id:
            return ""
        listed = reverse("admin:audit_auditentry_changelist", query={"q": entry.request_id})
        return format_html('<a href="{}">{}</a>', listed, entry.request_id)

    @admin.display(description="changes")
    def changes_shown(self, entry: AuditEntry) -> SafeString:
        """By column."""
        return _pretty(entry.changes)

    @admin.display(description="details")
    def details_shown(self, entry: AuditEntry) -> SafeString:
        """What else was written down."""
        return _pretty(entry.details)

    # --- taking away ----------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        export = path(
            "export/", self.admin_site.admin_view(self.export), name="audit_auditentry_export"
        )
        return [export, *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().changelist_view(
            request,
            {
                **(extra_context or {}),
                "may_export": self.has_export_permission(request),
                "narrowed": request.GET.urlencode(),
            },
        )

    def export(self, request: HttpRequest) -> StreamingHttpResponse:
        """What the list shows with these filters, whole, as `?as=csv` or `?as=jsonl`."""
        if not self.has_export_permission(request):
            raise PermissionDenied
        query = request.GET.copy()
        wanted = (query.pop("as", None) or ["csv"])[-1]
        if wanted not in FORMATS:
            raise Http404
        request.GET = query  # type: ignore[assignment]
        entries = self.get_changelist_instance(request).get_queryset(request)
        content_type, write = FORMATS[wanted]
        return StreamingHttpResponse(
            write(entries),
            content_type=content_type,
            headers={"Content-Disposition": f'attachment; filename="audit.{wanted}"'},
        )


def _done_by(term: str) -> Q:
    """What somebody did, if `term` is the id of a user or an API key."""
    try:
        return people.done_by(UUID(term)) or Q()
    except ValueError:
        return Q()


def _pretty(value: dict[str, Any]) -> SafeString:
    text = json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True) if value else ""
    return format_html("<pre>{}</pre>", text)
