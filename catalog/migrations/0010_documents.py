"""Products as bytes, ready to be sent: written by whoever first needs one, and true as long as its versions are."""

from django.db import migrations, models

# Not logged: after a crash the table is empty, and fills again. Bodies of some thousand bytes stay in the row, uncompressed: a
# page of twenty is then twenty rows and nothing else. 8160 is the most PostgreSQL allows.
UNLOGGED = """
ALTER TABLE catalog_document SET UNLOGGED;
ALTER TABLE catalog_document SET (toast_tuple_target = 8160);
ALTER TABLE catalog_document ALTER COLUMN body SET STORAGE EXTERNAL;
CREATE FUNCTION catalog_documents_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM catalog_document WHERE product_id IN (SELECT id FROM old_rows);
    RETURN NULL;
END $$;
CREATE TRIGGER documents_follow_deleted_products AFTER DELETE ON catalog_product
REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION catalog_documents_deleted()
"""


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0009_begun_prices"),
    ]

    operations = [
        migrations.CreateModel(
            name="Document",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("product_id", models.BigIntegerField()),
                (
                    "context",
                    models.CharField(help_text="Price list, currency and language.", max_length=40),
                ),
                ("version", models.BigIntegerField()),
                ("shared", models.BigIntegerField()),
                (
                    "valid_until",
                    models.DateTimeField(help_text="When a price of it begins or ends by itself."),
                ),
                ("body", models.BinaryField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("product_id", "context"), name="document_is_unique_in_context"
                    )
                ],
            },
        ),
        migrations.RunSQL(UNLOGGED, migrations.RunSQL.noop),
    ]
