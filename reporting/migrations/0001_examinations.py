"""What the doctor found, hour by hour."""

import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Examination",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("began_at", models.DateTimeField()),
                (
                    "ended_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "violations",
                    models.JSONField(
                        default=dict,
                        help_text="By invariant, of those that are broken; at most a hundred of each are counted.",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["-ended_at"], name="examination_by_age")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ended_at__gte", models.F("began_at"))),
                        name="examination_ends_after_it_begins",
                    )
                ],
            },
        ),
    ]
