from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("orders", "0008_past_sales")]

    operations: list[object] = []
