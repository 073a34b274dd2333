"""What a bundle was made of when it was sold. The release before this one writes no bundles: its lines get an empty list."""

from django.db import migrations, models
from django.db.models import Value


class Migration(migrations.Migration):
    dependencies = [("orders", "0002_redaction")]

    operations = [
        migrations.AddField(
            model_name="orderline",
            name="parts",
            field=models.JSONField(
                blank=True,
                db_default=Value([], models.JSONField()),
                default=list,
                help_text="Of a bundle, as it was sold: variant, SKU, stock item and pieces in one.",
            ),
        ),
    ]
