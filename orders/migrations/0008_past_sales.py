from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("orders", "0007_rules_of_changes")]

    operations: list[object] = []
