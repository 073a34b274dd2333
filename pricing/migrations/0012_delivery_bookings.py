"""Places in delivery windows, booked by orders."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("pricing", "0011_audited"),
    ]

    operations = [
        migrations.CreateModel(
            name="DeliveryBooking",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField(help_text="In the shop's own time zone.")),
                ("holder", models.UUIDField()),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "given_back_at",
                    models.DateTimeField(
                        blank=True, help_text="Empty: the place is taken.", null=True
                    ),
                ),
                (
                    "window",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="bookings",
                        to="pricing.deliverywindow",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["window", "day"], name="delivery_booking_by_window")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("holder",), name="an_order_books_one_delivery_window"
                    )
                ],
            },
        ),
    ]
