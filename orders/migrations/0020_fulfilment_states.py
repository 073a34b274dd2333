from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("orders", "0009_notes_and_drafts")]

    operations: list[object] = []
