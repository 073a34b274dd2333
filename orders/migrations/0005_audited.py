"""Changes of the shop's legal details are recorded."""

from django.db import migrations

from audit import triggers


def install(apps, schema_editor):
    triggers.install(schema_editor.connection)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("orders", "0004_documents"), ("audit", "0004_parts_of_order_lines")]

    operations = [migrations.RunPython(install, migrations.RunPython.noop, elidable=False)]
