"""Ethiopia's standard VAT rate, 15 % (Proclamation 1341/2024 and its predecessor of 2002)."""

from datetime import UTC, datetime
from decimal import Decimal

from django.db import migrations


def add_rate(apps, schema_editor):
    apps.get_model("pricing", "TaxRate").objects.create(
        name="VAT", rate=Decimal("0.15"), valid_from=datetime(2003, 1, 1, tzinfo=UTC)
    )


class Migration(migrations.Migration):
    dependencies = [("pricing", "0001_tax_rates")]
    operations = [migrations.RunPython(add_rate, migrations.RunPython.noop)]
