from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("account", "0002_identity"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="address",
            name="pin_is_on_earth",
        ),
        migrations.AddIndex(
            model_name="address",
            index=models.Index(fields=["user", "-created_at", "-id"], name="address_of_user"),
        ),
        migrations.AddConstraint(
            model_name="address",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("latitude__isnull", True), ("longitude__isnull", True)),
                    models.Q(
                        ("latitude__gte", -90),
                        ("latitude__isnull", False),
                        ("latitude__lte", 90),
                        ("longitude__gte", -180),
                        ("longitude__isnull", False),
                        ("longitude__lte", 180),
                    ),
                    _connector="OR",
                ),
                name="pin_is_on_earth",
            ),
        ),
        migrations.AddConstraint(
            model_name="address",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("city", ""),
                    ("house_number", ""),
                    ("kebele", ""),
                    ("landmark", ""),
                    ("latitude__isnull", True),
                    ("line1", ""),
                    ("line2", ""),
                    ("postcode", ""),
                    ("region", ""),
                    ("street", ""),
                    ("sub_city", ""),
                    ("woreda", ""),
                    ("zone", ""),
                    _negated=True,
                ),
                name="address_says_where",
            ),
        ),
        migrations.AddConstraint(
            model_name="address",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("phone", ""), ("phone__regex", "^\\+[1-9][0-9]{6,14}$"), _connector="OR"
                ),
                name="address_phone_is_e164",
            ),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("erased_at__isnull", True),
                    models.Q(
                        ("email__isnull", True),
                        ("email_key__isnull", True),
                        ("first_name", ""),
                        ("is_active", False),
                        ("last_name", ""),
                        ("phone__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="erased_person_has_no_data",
            ),
        ),
    ]
