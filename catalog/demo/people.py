"""The demo shop's two people, and the file that says how to log in as them.

The users are committed first and the file follows. A crash in between leaves users whose passwords nobody knows: the next
run finds no file, sets new passwords and writes it. When the file is there and the users are not (a new database), they get
the passwords of the file.
"""

from __future__ import annotations

import json
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from account.models import User
from common.ids import readable_code

MODE = 0o600


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody to log in as."""

    role: str
    email: str
    first_name: str
    last_name: str
    phone: str
    owns_shop: bool = False


PEOPLE = (
    Person("customer", "customer@nexus-demo.shop", "Hana", "Tesfaye", "+251911234567"),
    Person("staff", "owner@nexus-demo.shop", "Dawit", "Alemu", "+251911765432", owns_shop=True),
)


def settle_people(file: Path) -> int:
    """Make sure that the people exist and that `file` (mode 0600) logs in as them.

    Returns:
        How many users and files were made or changed; 0 when all was well.
    """
    written = _read(file)
    logins = {
        person.role: {
            "email": person.email,
            "password": _known(written, person) or _new_password(),
        }
        for person in PEOPLE
    }
    changes = 0
    with transaction.atomic():
        for person in PEOPLE:
            changes += _settle(person, logins[person.role]["password"])
    if written != logins or stat.S_IMODE(file.stat().st_mode) != MODE:
        _write(file, logins)
        changes += 1
    return changes


def _settle(person: Person, password: str) -> bool:
    user = User.objects.with_email(person.email).select_for_update(no_key=True).first()
    if user is None:
        _create(person, password)
        return True
    changed = []
    if not user.check_password(password):
        user.set_password(password)
        changed.append("password")
    if user.email_verified_at is None:
        user.email_verified_at = timezone.now()
        changed.append("email_verified_at")
    if person.owns_shop and not (user.is_staff and user.is_superuser):
        user.is_staff = user.is_superuser = True
        changed += ["is_staff", "is_superuser"]
    if changed:
        user.save(update_fields=changed)
    return bool(changed)


def _create(person: Person, password: str) -> None:
    create = User.objects.create_superuser if person.owns_shop else User.objects.create_user
    create(
        person.email,
        password,
        first_name=person.first_name,
        last_name=person.last_name,
        phone=person.phone,
        email_verified_at=timezone.now(),
    )


def _new_password() -> str:
    """A hundred random bits that can be typed."""
    return "-".join(readable_code(5).lower() for _ in range(4))


def _read(file: Path) -> Any:
    try:
        return json.loads(file.read_text())
    except (FileNotFoundError, ValueError):
        return None


def _known(written: Any, person: Person) -> str:
    """The person's password in the file; empty when the file does not say."""
    login = written.get(person.role) if isinstance(written, dict) else None
    if not isinstance(login, dict) or login.get("email") != person.email:
        return ""
    password = login.get("password")
    return password if isinstance(password, str) else ""


def _write(file: Path, logins: dict[str, dict[str, str]]) -> None:
    """Put the file in place whole, never readable by others."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, MODE), "w") as opened:
        json.dump(logins, opened, indent=2)
        opened.write("\n")
        opened.flush()
        os.fsync(opened.fileno())
    draft.replace(file)
