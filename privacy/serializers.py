"""The bodies of privacy's doors."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from account.serializers import PasswordField
from common.serializers import StrictSerializer
from privacy.models import Export


class ErasureRequestSerializer(StrictSerializer):
    """Nothing is needed while the session is fresh; see the operation."""

    password = PasswordField(
        required=False, help_text="Needed when it was last given more than 15 minutes ago."
    )
    open_orders = serializers.ChoiceField(
        choices=["continue", "refuse"],
        required=False,
        help_text="`refuse`: answer 409 `open_orders` while orders are under way. Without it they do not stand in the way.",
    )


class ErasureAcceptedSerializer(serializers.Serializer[Any]):
    """The account is closed; the rest follows."""

    id = serializers.UUIDField(source="public_id", help_text="Of the request, for questions.")
    requested_at = serializers.DateTimeField()
    detail = serializers.SerializerMethodField()

    def get_detail(self, erasure: Any) -> str:
        return (
            "Your account is closed. Your data is erased within minutes; a last letter tells you."
        )


class ExportSerializer(serializers.ModelSerializer[Export]):
    """Where the copy of one's data stands."""

    id = serializers.UUIDField(source="public_id", read_only=True)
    state = serializers.SerializerMethodField()

    class Meta:
        model = Export
        fields = ["id", "state", "requested_at", "ready_at", "expires_at"]
        read_only_fields = ["requested_at", "ready_at", "expires_at"]

    def get_state(self, export: Export) -> str:
        """`waiting`, or `ready` to be fetched."""
        return "waiting" if export.ready_at is None else "ready"


class NoBodySerializer(StrictSerializer):
    """An empty body, or `{}`."""
