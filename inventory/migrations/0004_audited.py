"""Limits of stock and locations are in the audit log."""

from django.db import migrations

from audit import triggers


def install(apps, schema_editor):
    triggers.install(schema_editor.connection)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [
        ("inventory", "0003_constraints_of_locations"),
        ("audit", "0004_parts_of_order_lines"),
    ]

    operations = [migrations.RunPython(install, migrations.RunPython.noop, elidable=False)]
