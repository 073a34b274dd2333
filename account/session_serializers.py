"""The bodies of /api/auth/sessions/ and /api/auth/reauthenticate/."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rest_framework import serializers

from account.models import Session
from account.serializers import OtpField, PasswordField
from account.sessions import LONGEST_SESSION, Device
from common.serializers import StrictSerializer


class DeviceSerializer(serializers.Serializer[Any]):
    """What a session was opened with."""

    name = serializers.CharField(
        read_only=True, help_text="For people, such as `Chrome on Android`."
    )
    user_agent = serializers.CharField(
        read_only=True, help_text="The first 200 characters of what the device calls itself."
    )


class SessionSerializer(serializers.ModelSerializer[Session]):
    """One place where a person is signed in."""

    id = serializers.UUIDField(source="public_id", read_only=True)
    device = serializers.SerializerMethodField()
    address = serializers.IPAddressField(
        read_only=True,
        allow_null=True,
        help_text="The IP address of the log-in or the last refresh.",
    )
    expires_at = serializers.SerializerMethodField(
        help_text="When it ends if it is not used before, or at the latest."
    )
    current = serializers.SerializerMethodField(help_text="Whether this call belongs to it.")

    class Meta:
        model = Session
        fields = ["id", "device", "address", "created_at", "last_used_at", "expires_at", "current"]
        read_only_fields = ["created_at", "last_used_at"]

    def get_device(self, session: Session) -> DeviceSerializer:
        name = Device(session.user_agent).name
        return {"name": name, "user_agent": session.user_agent}  # type: ignore[return-value]

    def get_expires_at(self, session: Session) -> datetime:
        return min(session.expires_at, session.created_at + LONGEST_SESSION)

    def get_current(self, session: Session) -> bool:
        return bool(session.pk == self.context["current"].pk)


class EndSessionsSerializer(StrictSerializer):
    """The query of `DELETE /api/auth/sessions/`."""

    all = serializers.BooleanField(
        required=False, default=False, help_text="Also end the session of this call."
    )


class ReauthenticationSerializer(StrictSerializer):
    """The password once more, or a code of the second factor, or both."""

    password = PasswordField(required=False)
    otp = OtpField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs:
            raise serializers.ValidationError(
                {"password": ["Give it, or an otp."]}, code="required"
            )
        return attrs


class ReauthenticatedSerializer(serializers.ModelSerializer[Session]):
    """When the password and the second factor were last given in this session."""

    class Meta:
        model = Session
        fields = ["authenticated_at", "second_factor_at"]
        read_only_fields = ["authenticated_at", "second_factor_at"]
