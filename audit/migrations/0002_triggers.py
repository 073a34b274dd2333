"""The triggers that write the log.

Here and not in each app's migrations: what is recorded is one policy (`audit.tables`), and the apps below and above know
nothing of it. `install` follows the policy of the running code and can be repeated, so a change of policy is one more
migration like this. Not atomic: each table is locked for its own moment, and orders go on meanwhile.
"""

from django.db import migrations

from audit import triggers


def install(apps, schema_editor):
    triggers.install(schema_editor.connection)


def uninstall(apps, schema_editor):
    triggers.uninstall(schema_editor.connection)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [
        ("audit", "0001_log"),
        ("account", "0005_second_factors"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("catalog", "0003_near_names"),
        ("inventory", "0001_stock"),
        ("orders", "0002_redaction"),
        ("payments", "0002_webhook_redaction"),
        ("pricing", "0002_ethiopian_vat"),
    ]

    operations = [migrations.RunPython(install, uninstall, elidable=False)]
