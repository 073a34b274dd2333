"""API keys: how other programs sign in. The secret is shown once; the shop keeps its SHA-256."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from account import security_letters
from account.models import ApiKey, ApiKeySecret, User
from account.scopes import SCOPES, permissions_of
from audit.services import record
from common.errors import Conflict, Invalid, Kind, NotFound, Refusal

# Fixed, so that scanners of repositories and logs recognise a secret that got out.
MARK = "nxk_"
SHOWN = 12  # characters of the secret that lists show: the mark and eight of its own
LIFETIME = timedelta(days=365)  # unless another is asked for
OVERLAP = timedelta(hours=24)
LONGEST_OVERLAP = timedelta(days=30)
NOTED_EVERY = timedelta(minutes=1)  # so that a busy key does not write a row at each call


class ScopeNotAllowed(Refusal):
    """A key can be given no more than its maker may do."""

    kind = Kind.FORBIDDEN
    code = "scope_not_allowed"
    title = "You may not give these scopes"


class UnknownScope(Invalid):
    """There is no such scope."""

    code = "unknown_scope"
    title = "There is no such scope"


class ExpiryInThePast(Invalid):
    """A key that has ended before it begins."""

    code = "expiry_in_the_past"
    title = "The expiry has to be in the future"


class KeyHasEnded(Conflict):
    """The key was revoked or has expired: make a new one."""

    code = "api_key_ended"
    title = "This key has ended"


@dataclass(frozen=True, slots=True)
class Issued:
    """A key with the secret that is shown this one time."""

    key: ApiKey
    secret: str


class KeyPrincipal:
    """The program behind a key, where a request has its user. No person: it owns nothing and has no profile."""

    pk = None
    id = None
    is_authenticated = True
    is_anonymous = False
    is_active = True
    is_staff = True
    is_superuser = False

    def __init__(self, key: ApiKey) -> None:
        self.key = key
        self.permissions = permissions_of(key.scopes)
        self.principal = f"key:{key.public_id}"  # whose Idempotency-Keys are whose

    def __str__(self) -> str:
        return self.key.name

    def get_username(self) -> str:
        """The key's name."""
        return self.key.name

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """Whether one of the key's scopes holds the permission."""
        return perm in self.permissions

    def has_perms(self, perms: Iterable[str], obj: Any = None) -> bool:
        """Whether its scopes hold all of them."""
        return all(map(self.has_perm, perms))

    def has_module_perms(self, app_label: str) -> bool:
        """Keys never see the admin."""
        return False


def create(
    *, name: str, scopes: Sequence[str], by: User, expires_at: datetime | None = None
) -> Issued:
    """Let a program in.

    Args:
        expires_at: None means never; the door's default is `LIFETIME` from now.

    Raises:
        UnknownScope, ScopeNotAllowed, ExpiryInThePast
    """
    _refuse_scopes(scopes, by)
    if expires_at is not None and expires_at <= timezone.now():
        raise ExpiryInThePast(
            errors=[_at("expires_at", ExpiryInThePast.code, ExpiryInThePast.title)]
        )
    with transaction.atomic():
        key = ApiKey.objects.create(
            name=name, scopes=sorted(set(scopes)), created_by=by, expires_at=expires_at
        )
        key.refresh_from_db()
        issued = Issued(key, _new_secret(key))
        _tell(key, "created", by, "was made")
        return issued


def rotate(*, key_id: UUID, by: User, overlap: timedelta = OVERLAP) -> Issued:
    """A new secret for the same key. The present one works on for `overlap`, an older one no longer.

    Raises:
        NotFound, KeyHasEnded
    """
    with transaction.atomic():
        key = _lock(key_id)
        if not stands(key):
            raise KeyHasEnded("Make a new key.")
        key.secrets.filter(expires_at__isnull=False).delete()
        key.secrets.update(expires_at=timezone.now() + overlap)
        issued = Issued(key, _new_secret(key))
        _tell(key, "rotated", by, "was given a new secret", overlap_seconds=overlap.total_seconds())
        return issued


def revoke(*, key_id: UUID, by: User | None) -> ApiKey:
    """End a key. It counts at the next call; revoking it again changes nothing.

    Args:
        by: None is an operator on the command line.

    Raises:
        NotFound
    """
    with transaction.atomic():
        key = _lock(key_id)
        if key.revoked_at is None:
            ApiKey.objects.filter(pk=key.pk).update(revoked_at=Now())
            key.refresh_from_db()
            _tell(key, "revoked", by, "was revoked")
        return key


def find_live(*, secret: str, address: str | None) -> ApiKey | None:
    """The key that this secret opens now, if any; notes when and from where it was used. One query, rarely two.

    The look-up is by digest: how long it takes tells nothing about the secret.
    """
    found = ApiKeySecret.objects.select_related("key").filter(digest=digest(secret)).first()
    now = timezone.now()
    if found is None or (found.expires_at is not None and found.expires_at <= now):
        return None
    if not stands(found.key, now):
        return None
    last = found.key.last_used_at
    if last is None or last <= now - NOTED_EVERY:
        _stale(found.key, now).update(last_used_at=now, last_used_address=address)
    return found.key


def stands(key: ApiKey, now: datetime | None = None) -> bool:
    """Neither revoked nor expired."""
    now = now or timezone.now()
    return key.revoked_at is None and (key.expires_at is None or now < key.expires_at)


def digest(secret: str) -> str:
    """What is stored of a secret: 256 random bits need neither salt nor a slow hash."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _tell(key: ApiKey, verb: str, by: User | None, what: str, **details: Any) -> None:
    record(
        action=f"security.api_key_{verb}",
        target=f"api_key:{key.public_id}",
        details={"scopes": key.scopes, **details},
    )
    security_letters.post_key_changed(key=key, by=by, what=what)


def _stale(key: ApiKey, now: datetime) -> Any:
    return ApiKey.objects.filter(pk=key.pk).filter(
        Q(last_used_at=None) | Q(last_used_at__lte=now - NOTED_EVERY)
    )


def _new_secret(key: ApiKey) -> str:
    secret = MARK + secrets.token_urlsafe(40)
    ApiKeySecret.objects.create(key=key, prefix=secret[:SHOWN], digest=digest(secret))
    return secret


def _lock(key_id: UUID) -> ApiKey:
    key = ApiKey.objects.select_for_update(no_key=True).filter(public_id=key_id).first()
    if key is None:
        raise NotFound("There is no such key.")
    return key


def _refuse_scopes(scopes: Sequence[str], by: User) -> None:
    unknown = [index for index, name in enumerate(scopes) if name not in SCOPES]
    if unknown:
        raise UnknownScope(
            f"Choose from {', '.join(SCOPES)}.",
            errors=[_at(f"scopes.{i}", UnknownScope.code, UnknownScope.title) for i in unknown],
        )
    beyond = [i for i, name in enumerate(scopes) if not by.has_perms(SCOPES[name].permissions)]
    if beyond:
        raise ScopeNotAllowed(
            "A key can do no more than you may do yourself.",
            errors=[
                _at(f"scopes.{i}", ScopeNotAllowed.code, ScopeNotAllowed.title) for i in beyond
            ],
        )


def _at(field: str, code: str, detail: str) -> dict[str, Any]:
    return {"field": field, "code": code, "detail": detail}
