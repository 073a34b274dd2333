"""The bodies of /api/keys/."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from account.api_keys import LONGEST_OVERLAP, OVERLAP, stands
from account.models import ApiKey
from account.scopes import SCOPES
from common.serializers import StrictSerializer

HOUR = 3600  # seconds


class ApiKeySerializer(serializers.Serializer[ApiKey]):
    """A key, without its secret: that is shown when it is made and never again."""

    id = serializers.UUIDField(source="public_id", read_only=True)
    name = serializers.CharField(read_only=True)
    scopes = serializers.ListField(child=serializers.CharField(), read_only=True)
    is_live = serializers.SerializerMethodField(help_text="Neither revoked nor expired.")
    prefixes = serializers.SerializerMethodField(
        help_text="How its secrets begin, the newest first; two while it is being rotated."
    )
    created_by = serializers.SerializerMethodField(help_text="The id of who made it.")
    created_at = serializers.DateTimeField(read_only=True)
    expires_at = serializers.DateTimeField(
        read_only=True, allow_null=True, help_text="Null: never."
    )
    last_used_at = serializers.DateTimeField(
        read_only=True, allow_null=True, help_text="Exact to a minute."
    )
    last_used_address = serializers.IPAddressField(read_only=True, allow_null=True)
    revoked_at = serializers.DateTimeField(read_only=True, allow_null=True)

    def get_is_live(self, key: ApiKey) -> bool:
        return stands(key)

    def get_prefixes(self, key: ApiKey) -> list[str]:
        newest = sorted(key.secrets.all(), key=lambda secret: secret.pk, reverse=True)
        return [secret.prefix for secret in newest]

    def get_created_by(self, key: ApiKey) -> str | None:
        return str(key.created_by.public_id) if key.created_by else None


class IssuedKeySerializer(ApiKeySerializer):
    """A key and its secret, this one time."""

    secret = serializers.CharField(
        read_only=True, help_text="Keep it now: it is not stored, and never shown again."
    )


class NewKeySerializer(StrictSerializer):
    """What a key is to be called, what it may do, and for how long."""

    name = serializers.CharField(max_length=100, help_text="Which program it is for.")
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=list(SCOPES)), min_length=1, max_length=len(SCOPES)
    )
    expires_at = serializers.DateTimeField(
        required=False, allow_null=True, help_text="Left out: in 365 days. Null: never."
    )

    def validate_name(self, value: str) -> str:
        """The name stands in histories and logs: one line of printable text."""
        if not value.isprintable():
            raise serializers.ValidationError("Use printable characters only.", code="invalid")
        return value


class RotationSerializer(StrictSerializer):
    """How long the present secret works on."""

    overlap_hours = serializers.IntegerField(
        min_value=0, max_value=int(LONGEST_OVERLAP.total_seconds()) // HOUR, required=False,
        default=int(OVERLAP.total_seconds()) // HOUR,
        help_text="Hours that the present secret works beside the new one; 0 ends it at once.",
    )  # fmt: skip


def shown(key: ApiKey, secret: str | None = None) -> dict[str, Any]:
    """A key as JSON; with its secret right after that was made."""
    body: dict[str, Any] = dict(ApiKeySerializer(key).data)
    return body if secret is None else {**body, "secret": secret}
