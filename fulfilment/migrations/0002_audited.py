"""Changes of shipments and returns are recorded."""

from django.db import migrations

from audit import triggers


def install(apps, schema_editor):
    triggers.install(schema_editor.connection)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [
        ("fulfilment", "0001_shipments_and_returns"),
        ("audit", "0005_accounts_of_the_ledger"),
    ]

    operations = [migrations.RunPython(install, migrations.RunPython.noop, elidable=False)]
