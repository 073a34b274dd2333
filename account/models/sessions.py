"""Signed-in devices."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from account.models.people import User
from common.ids import uuid7


class Session(models.Model):
    """One signed-in device: the family of refresh tokens that descend from one log-in.

    Only the newest refresh token of the family is good. `refresh_jti` is its id; each use replaces it.
    """

    class RevokeReason(models.TextChoices):
        """Why a session ended before its time."""

        LOGOUT = "logout", "logged out"
        REPLAY = "replay", "a used refresh token came back"
        PASSWORD = "password", "the password was changed"
        RESET = "reset", "the password was reset"
        OWNER = "owner", "ended by its owner"
        STAFF = "staff", "ended by staff"
        DISABLED = "disabled", "the account was disabled"
        ERASED = "erased", "the account was erased"

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sessions")
    refresh_jti = models.UUIDField(default=uuid7)
    previous_jti = models.UUIDField(
        null=True, blank=True, help_text="The token that `refresh_jti` replaced, for lost replies."
    )
    rotated_at = models.DateTimeField(null=True, blank=True)
    reply_seen = models.BooleanField(
        default=False, db_default=False, help_text="The answer to the last refresh has arrived."
    )
    authenticated_at = models.DateTimeField(
        db_default=Now(), help_text="When a password or code was last given in this session."
    )
    by_code = models.BooleanField(
        default=False, db_default=False, help_text="Opened with a code sent to a telephone."
    )
    second_factor_at = models.DateTimeField(null=True, blank=True)
    password_mark = models.CharField(max_length=64)
    created_at = models.DateTimeField(db_default=Now())
    last_used_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoke_reason = models.CharField(max_length=16, blank=True, choices=RevokeReason.choices)
    user_agent = models.CharField(max_length=200, blank=True)
    address = models.GenericIPAddressField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True, revoke_reason="")
                | (Q(revoked_at__isnull=False) & ~Q(revoke_reason="")),
                name="revoked_session_has_a_reason",
            ),
        ]
        indexes = [
            models.Index(
                fields=["user"], condition=Q(revoked_at__isnull=True), name="live_session_of_user"
            ),
            models.Index(fields=["expires_at"], name="session_expiry"),
        ]

    def __str__(self) -> str:
        return str(self.public_id)
