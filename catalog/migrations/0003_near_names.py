"""Names that look like what was typed, more forgiving than pg_trgm's own threshold of 0.6: `jebna` is to find `jebena`.

The threshold belongs to the function, so that no connection setting has to agree with it (poolers drop those). Best first, and
no more than anybody would look at.
"""

from django.db import migrations

# Only an owner of everything may name a parameter of a library that this session has not loaded: load it.
LOAD = "SELECT show_trgm('')"
NEAR_NAMES = """
CREATE FUNCTION catalog_near_names(words text) RETURNS SETOF bigint
LANGUAGE sql STABLE ROWS 20
SET pg_trgm.word_similarity_threshold = 0.4
AS $$
    SELECT id FROM catalog_product
     WHERE catalog_fold(words) <% folded_name
     ORDER BY word_similarity(catalog_fold(words), folded_name) DESC, id
     LIMIT 200
$$
"""


class Migration(migrations.Migration):
    dependencies = [("catalog", "0002_availability")]

    operations = [
        migrations.RunSQL(LOAD, migrations.RunSQL.noop),
        migrations.RunSQL(NEAR_NAMES, "DROP FUNCTION catalog_near_names(text)"),
    ]
