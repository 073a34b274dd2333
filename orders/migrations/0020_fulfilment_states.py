"""Some of an order's goods may have left, or all have come back."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orders", "0009_notes_and_drafts")]

    operations = [
        migrations.AlterField(
            model_name="order",
            name="fulfilment_status",
            field=models.CharField(
                choices=[
                    ("unfulfilled", "Unfulfilled"),
                    ("partial", "some of them have left"),
                    ("fulfilled", "Fulfilled"),
                    ("returned", "all of them have come back"),
                    ("cancelled", "Cancelled"),
                ],
                default="unfulfilled",
                max_length=12,
            ),
        ),
    ]
