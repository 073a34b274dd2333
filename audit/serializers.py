"""Entries as the API shows them."""

from __future__ import annotations

from rest_framework import serializers

from audit.models import ActorKind, AuditEntry, Outcome


class ActorSerializer(serializers.Serializer[AuditEntry]):
    """Who acted. `user` of people who are signed in; `name` of keys, jobs, commands and database roles."""

    kind = serializers.ChoiceField(source="actor_kind", choices=ActorKind.choices)
    user = serializers.UUIDField(source="actor.public_id", default=None, allow_null=True)
    key = serializers.UUIDField(
        source="key.public_id", default=None, allow_null=True, help_text="Id of the API key; its name is beside it."
    )  # fmt: skip
    name = serializers.CharField(source="actor_name")


class TargetSerializer(serializers.Serializer[AuditEntry]):
    """What was acted on."""

    table = serializers.CharField(source="target_table")
    row = serializers.CharField(source="target_id")
    id = serializers.CharField(source="target_public_id", help_text="What the outside calls it.")


class AuditEntrySerializer(serializers.ModelSerializer[AuditEntry]):
    """One entry of the audit log."""

    actor = ActorSerializer(source="*")
    target = TargetSerializer(source="*")
    outcome = serializers.ChoiceField(choices=Outcome.choices)
    changes = serializers.DictField(
        help_text='By column: `{"from", "to"}`, or `{"changed": true}` for personal data and secrets.'
    )
    details = serializers.DictField()

    class Meta:
        model = AuditEntry
        fields = [
            "id", "created_at", "actor", "address", "request_id", "action", "target", "outcome", "changes", "details",
        ]  # fmt: skip
        read_only_fields = fields
