"""What is recorded of the whole catalogue: attributes, brands, collections, words, prices and customer groups."""

from django.db import migrations

from audit import triggers


def install(apps, schema_editor):
    triggers.install(schema_editor.connection)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [
        ("audit", "0002_triggers"),
        ("account", "0008_customer_groups"),
        ("catalog", "0004_whole_model"),
    ]

    operations = [migrations.RunPython(install, migrations.RunPython.noop, elidable=False)]
