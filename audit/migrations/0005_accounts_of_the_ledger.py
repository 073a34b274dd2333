"""What is recorded of the chart of accounts. Entries and postings are a log themselves."""

from django.db import migrations

from audit import triggers


def install(apps, schema_editor):
    triggers.install(schema_editor.connection)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("audit", "0004_parts_of_order_lines"), ("ledger", "0002_chart_and_balance")]

    operations = [migrations.RunPython(install, migrations.RunPython.noop, elidable=False)]
