"""The chart of accounts, and the triggers by which entries balance and stay."""

from django.db import migrations

from ledger import triggers

CHART = [
    ("gateway.chapa", "Chapa", "asset"),
    ("cash.courier", "Cash with couriers", "asset"),
    ("bank", "Bank", "asset"),
    ("customers.prepaid", "Money of customers", "liability"),
    ("refunds.due", "Refunds due", "liability"),
    ("tax.vat", "VAT", "liability"),
    ("sales", "Sales of goods", "income"),
    ("sales.delivery", "Delivery", "income"),
    ("sales.discounts", "Discounts", "income"),
    ("sales.returns", "Returns", "income"),
    ("fees.gateway", "Fees of gateways", "expense"),
    ("variance", "Differences", "expense"),
    ("legacy", "Settled elsewhere", "equity"),
]


def install(apps, schema_editor):
    account = apps.get_model("ledger", "Account")
    account.objects.bulk_create(
        [account(code=code, name=name, kind=kind) for code, name, kind in CHART],
        ignore_conflicts=True,
    )
    triggers.install(schema_editor.connection)


def uninstall(apps, schema_editor):
    triggers.uninstall(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_accounts_and_entries")]

    operations = [migrations.RunPython(install, uninstall, elidable=False)]
