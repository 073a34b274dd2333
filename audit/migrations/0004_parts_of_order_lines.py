"""What bundles were made of when they were sold is recorded with the lines of orders."""

from django.db import migrations

from audit import triggers


def install(apps, schema_editor):
    triggers.install(schema_editor.connection)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("audit", "0003_whole_catalogue"), ("orders", "0003_parts_of_bundles")]

    operations = [migrations.RunPython(install, migrations.RunPython.noop, elidable=False)]
