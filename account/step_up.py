"""Sensitive doors: they want the password, or the second factor, to have been given lately. For people; keys have scopes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from django.utils import timezone
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from account import second_factor
from account.models import Session, User
from account.second_factor import SecondFactorMissing, needs_set_up
from common.errors import Kind, Refusal

RECENT = timedelta(minutes=15)  # how long a password or code that was given opens sensitive doors


class ReauthenticationRequired(Refusal):
    """The last proof of identity is older than 15 minutes: give the password to `POST /api/auth/reauthenticate/`."""

    kind = Kind.FORBIDDEN
    code = "reauthentication_required"
    title = "Prove once more who you are"


class StepUp(BasePermission):
    """Base of what sensitive doors ask beside a permission. It lets everybody through who is no person of the shop's staff:
    whether they may do it is not its question.
    """

    refusals: ClassVar[tuple[type[Refusal], ...]] = ()
    reads = False

    def concerns(self, method: str | None, view: Any) -> bool:
        """Whether this method of the door is sensitive."""
        return self.reads or method not in SAFE_METHODS

    def has_permission(self, request: Request, view: APIView) -> bool:
        user: Any = request.user
        if isinstance(user, User) and self.concerns(request.method, view):
            session = request.auth
            if isinstance(session, Session):
                self.check(request, user, session)
        return True

    def check(self, request: Request, user: User, session: Session) -> None:
        """Refuse, or not."""
        raise NotImplementedError


class RecentProof(StepUp):
    """A password or code was given in this session in the last 15 minutes."""

    refusals = (ReauthenticationRequired,)

    def check(self, request: Request, user: User, session: Session) -> None:
        if session.authenticated_at < timezone.now() - RECENT:
            raise ReauthenticationRequired(
                "Give your password to POST /api/auth/reauthenticate/, or sign in again; then repeat this call."
            )


class SensitiveAction(StepUp):
    """The second factor was given in the last 12 hours, by people who have one or need one."""

    refusals = (SecondFactorMissing,)

    def check(self, request: Request, user: User, session: Session) -> None:
        given = session.second_factor_at
        if given is not None and given > timezone.now() - second_factor.FRESH:
            return
        if second_factor.of(user) is not None:
            raise SecondFactorMissing(
                "Give a code of your authenticator app to POST /api/auth/reauthenticate/ as `otp`,"
                " then repeat this call."
            )
        if second_factor.is_compulsory(user):
            raise needs_set_up()


class SensitiveRead(SensitiveAction):
    """The same for what is read: exports."""

    reads = True


class SensitiveFields(SensitiveAction):
    """The same, but only for changes that send one of the fields the view names in `sensitive_fields`."""

    def concerns(self, method: str | None, view: Any) -> bool:
        return method in {"PUT", "PATCH"} and bool(_sensitive_fields(view))

    def check(self, request: Request, user: User, session: Session) -> None:
        sent = request.data
        named = _sensitive_fields(request.parser_context["view"])
        if isinstance(sent, dict) and not named.isdisjoint(sent):
            super().check(request, user, session)


def _sensitive_fields(view: Any) -> frozenset[str]:
    found: frozenset[str] = getattr(view, "sensitive_fields", frozenset())
    return found
