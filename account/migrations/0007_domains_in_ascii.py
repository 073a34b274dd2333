"""Addresses of 0.1.0 whose domain is in letters of its own get the spelling that browsers send, where nobody else has it.

Safe while 0.1.0 still runs: it finds them by what browsers send.
"""

from __future__ import annotations

from typing import Any

from django.db import migrations

from account.identifiers import email_key, with_ascii_domain


def spell_out(apps: Any, schema_editor: Any) -> None:
    users = apps.get_model("account", "User").objects
    for user in users.filter(email__regex=r"@.*[^\x01-\x7f]").iterator():
        key = email_key(user.email)
        if not users.filter(email_key=key).exclude(pk=user.pk).exists():
            users.filter(pk=user.pk).update(email=with_ascii_domain(user.email), email_key=key)


class Migration(migrations.Migration):
    dependencies = [("account", "0006_codes_for_known_devices")]

    operations = [
        migrations.RunPython(spell_out, migrations.RunPython.noop),
        migrations.AlterModelOptions(name="apikey", options={"verbose_name": "API key"}),
    ]
