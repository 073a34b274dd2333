"""What a search is read with: aliases, and the vocabulary that misspellings are compared with."""

from importlib import import_module

import django.contrib.postgres.indexes
from django.db import migrations, models

_LEXEMES = import_module("catalog.migrations.0007_lexemes")
SEPARATORS, LONGEST = _LEXEMES.SEPARATORS, _LEXEMES.LONGEST

# A term's translation means the term's words; a name of a category, collection or brand means the row.
ALIASES = rf"""
CREATE FUNCTION catalog_quote_lexeme(lexeme text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN '''' || replace(replace(lexeme, '\', '\\'), '''', '''''') || '''';
CREATE FUNCTION catalog_set_aliases(of_kind text, of_row bigint, names text, stands_for text) RETURNS void
LANGUAGE sql AS $$
    DELETE FROM catalog_searchalias WHERE kind = of_kind AND source = of_row;
    INSERT INTO catalog_searchalias (kind, source, word, meaning)
    SELECT DISTINCT of_kind, of_row, left(word, {LONGEST}), stands_for
      FROM regexp_split_to_table(catalog_fold_words(names), '{SEPARATORS}') word
     WHERE word <> '' AND stands_for IS NOT NULL
$$;
CREATE FUNCTION catalog_set_term_aliases(term bigint, wording text, translations jsonb) RETURNS void
LANGUAGE sql AS $$
    SELECT catalog_set_aliases('t', term, catalog_texts_of(translations, 'name'), (
        SELECT string_agg(catalog_quote_lexeme(left(word, {LONGEST})), ' & ')
          FROM regexp_split_to_table(catalog_fold_words(wording), '{SEPARATORS}') word WHERE word <> ''
    ))
$$;
CREATE FUNCTION catalog_set_row_aliases(of_kind text, of_row bigint, name text, translations jsonb) RETURNS void
LANGUAGE sql AS $$
    SELECT catalog_set_aliases(
        of_kind, of_row, concat_ws(' ', name, catalog_texts_of(translations, 'name')),
        catalog_quote_lexeme('@' || of_kind || of_row)
    )
$$;
CREATE FUNCTION catalog_alias_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        DELETE FROM catalog_searchalias WHERE kind = TG_ARGV[0] AND source = OLD.id;
    ELSIF TG_ARGV[0] = 't' THEN
        PERFORM catalog_set_term_aliases(NEW.id, NEW.text, NEW.translations);
    ELSE
        PERFORM catalog_set_row_aliases(TG_ARGV[0], NEW.id, NEW.name, NEW.translations);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER search_knows_terms AFTER INSERT OR DELETE OR UPDATE OF text, translations ON catalog_term
FOR EACH ROW EXECUTE FUNCTION catalog_alias_changed('t');
CREATE TRIGGER search_knows_categories AFTER INSERT OR DELETE OR UPDATE OF name, translations ON catalog_category
FOR EACH ROW EXECUTE FUNCTION catalog_alias_changed('c');
CREATE TRIGGER search_knows_collections AFTER INSERT OR DELETE OR UPDATE OF name, translations ON catalog_collection
FOR EACH ROW EXECUTE FUNCTION catalog_alias_changed('k');
CREATE TRIGGER search_knows_brands AFTER INSERT OR DELETE OR UPDATE OF name, translations ON catalog_brand
FOR EACH ROW EXECUTE FUNCTION catalog_alias_changed('b');
CREATE FUNCTION catalog_rebuild_search_aliases() RETURNS void LANGUAGE sql AS $$
    DELETE FROM catalog_searchalias;
    SELECT catalog_set_term_aliases(id, text, translations) FROM catalog_term;
    SELECT catalog_set_row_aliases('c', id, name, translations) FROM catalog_category;
    SELECT catalog_set_row_aliases('k', id, name, translations) FROM catalog_collection;
    SELECT catalog_set_row_aliases('b', id, name, translations) FROM catalog_brand
$$;
SELECT catalog_rebuild_search_aliases()
"""
UNDO_ALIASES = """
DROP TRIGGER search_knows_brands ON catalog_brand;
DROP TRIGGER search_knows_collections ON catalog_collection;
DROP TRIGGER search_knows_categories ON catalog_category;
DROP TRIGGER search_knows_terms ON catalog_term;
DROP FUNCTION catalog_rebuild_search_aliases();
DROP FUNCTION catalog_alias_changed();
DROP FUNCTION catalog_set_row_aliases(text, bigint, text, jsonb);
DROP FUNCTION catalog_set_term_aliases(bigint, text, jsonb);
DROP FUNCTION catalog_set_aliases(text, bigint, text, text);
DROP FUNCTION catalog_quote_lexeme(text)
"""

# Written without a unique constraint and never counted: nobody waits for anybody because both sell coffee. A word that no
# product has any more finds nothing; catalog_prune_search_words removes it.
VOCABULARY = """
CREATE FUNCTION catalog_note_words(vectors tsvector[]) RETURNS void LANGUAGE sql AS $$
    INSERT INTO catalog_searchword (word)
    SELECT found.word
      FROM (SELECT DISTINCT word FROM unnest(vectors) vector, unnest(tsvector_to_array(vector)) word) found
     WHERE found.word ~ '^[^-=~^@0-9][^0-9]{1,39}$'
       AND NOT EXISTS (SELECT FROM catalog_searchword known WHERE known.word = found.word COLLATE "C")
$$;
CREATE FUNCTION catalog_refresh_search_words(ids bigint[]) RETURNS void LANGUAGE sql AS $$
    SELECT catalog_note_words(ARRAY(SELECT search FROM catalog_product WHERE id = ANY (ids)))
$$;
CREATE FUNCTION catalog_new_products_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM catalog_note_words(ARRAY(SELECT search FROM new_rows));
    RETURN NULL;
END $$;
CREATE FUNCTION catalog_changed_products_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM catalog_note_words(ARRAY[NEW.search]);
    RETURN NULL;
END $$;
CREATE TRIGGER vocabulary_follows_new_products AFTER INSERT ON catalog_product
REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION catalog_new_products_words();
CREATE TRIGGER vocabulary_follows_changed_products AFTER UPDATE ON catalog_product
FOR EACH ROW WHEN (OLD.search IS DISTINCT FROM NEW.search) EXECUTE FUNCTION catalog_changed_products_words();
CREATE FUNCTION catalog_prune_search_words() RETURNS bigint LANGUAGE sql AS $$
    WITH gone AS (
        DELETE FROM catalog_searchword known
         WHERE NOT EXISTS (SELECT FROM catalog_product WHERE search @@ catalog_quote_lexeme(known.word)::tsquery)
            OR EXISTS (SELECT FROM catalog_searchword twin WHERE twin.word = known.word AND twin.id < known.id)
        RETURNING 1
    )
    SELECT count(*) FROM gone
$$;
SET LOCAL statement_timeout = 0;
INSERT INTO catalog_searchword (word)
SELECT DISTINCT word FROM catalog_product, unnest(tsvector_to_array(search)) word WHERE word ~ '^[^-=~^@0-9][^0-9]{1,39}$'
"""
UNDO_VOCABULARY = """
DROP FUNCTION catalog_prune_search_words();
DROP TRIGGER vocabulary_follows_changed_products ON catalog_product;
DROP TRIGGER vocabulary_follows_new_products ON catalog_product;
DROP FUNCTION catalog_changed_products_words();
DROP FUNCTION catalog_new_products_words();
DROP FUNCTION catalog_refresh_search_words(bigint[]);
DROP FUNCTION catalog_note_words(tsvector[])
"""

# Wrong, missing, added and swapped letters (optimal string alignment).
DISTANCE = """
CREATE FUNCTION catalog_typing_distance(a text, b text) RETURNS integer
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    x text[] := string_to_array(a, NULL);
    y text[] := string_to_array(b, NULL);
    n integer := coalesce(cardinality(x), 0);
    m integer := coalesce(cardinality(y), 0);
    before_last integer[];
    last_row integer[] := ARRAY(SELECT generate_series(0, m));
    this_row integer[];
    best integer;
BEGIN
    FOR i IN 1..n LOOP
        this_row := ARRAY[i];
        FOR j IN 1..m LOOP
            best := least(last_row[j + 1] + 1, this_row[j] + 1, last_row[j] + (x[i] <> y[j])::integer);
            IF i > 1 AND j > 1 AND x[i] = y[j - 1] AND x[i - 1] = y[j] THEN
                best := least(best, before_last[j - 1] + 1);
            END IF;
            this_row := this_row || best;
        END LOOP;
        before_last := last_row;
        last_row := this_row;
    END LOOP;
    RETURN last_row[m + 1];
END $$
"""
# Short words share few trigrams with their misspellings, so their threshold is lower; two wrong letters are one too many in a
# word of four. The threshold belongs to the function: poolers drop connection settings.
LOAD = "SELECT show_trgm('')"  # only an owner of everything may name a parameter of a library that is not loaded
CORRECTIONS = """
CREATE FUNCTION catalog_corrections(misspelt text) RETURNS TABLE (correction text, distance integer)
LANGUAGE plpgsql STABLE STRICT ROWS 10
SET pg_trgm.similarity_threshold = 0.3 AS $$
DECLARE
    letters integer := char_length(misspelt);
BEGIN
    IF letters > 40 OR letters < (CASE WHEN octet_length(misspelt) = letters THEN 3 ELSE 2 END) THEN
        RETURN;
    END IF;
    PERFORM set_config('pg_trgm.similarity_threshold', CASE WHEN letters <= 4 THEN '0.14' WHEN letters <= 6 THEN '0.2' ELSE '0.3' END, true);
    RETURN QUERY
    WITH likely AS (
        (SELECT known.word::text FROM catalog_searchword known WHERE known.word % misspelt
          ORDER BY similarity(known.word, misspelt) DESC, known.word LIMIT 80)
         UNION
        SELECT known.word::text FROM catalog_searchword known WHERE known.word = ANY (ARRAY(
            SELECT left(misspelt, i - 1) || substr(misspelt, i + 1, 1) || substr(misspelt, i, 1) || substr(misspelt, i + 2)
              FROM generate_series(1, letters - 1) i
        ))
    ), far AS (
        SELECT likely.word, catalog_typing_distance(misspelt, likely.word) AS letters_wrong FROM likely
         WHERE char_length(likely.word) BETWEEN letters - 2 AND letters + 2
    )
    SELECT far.word, far.letters_wrong FROM far
     WHERE far.letters_wrong BETWEEN 1 AND CASE WHEN letters <= 4 THEN 1 ELSE 2 END
     ORDER BY far.letters_wrong, similarity(far.word, misspelt) DESC, far.word LIMIT 10;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("catalog", "0007_lexemes")]

    operations = [
        migrations.CreateModel(
            name="SearchWord",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("word", models.CharField(db_collation="C", max_length=60)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["word"], name="search_word"),
                    django.contrib.postgres.indexes.GinIndex(
                        django.contrib.postgres.indexes.OpClass(
                            models.F("word"), name="gin_trgm_ops"
                        ),
                        name="search_word_trigrams",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SearchAlias",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        help_text="t: term, c: category, k: collection, b: brand.", max_length=1
                    ),
                ),
                ("source", models.BigIntegerField(help_text="The id of its row.")),
                ("word", models.CharField(db_collation="C", help_text="Folded.", max_length=60)),
                (
                    "meaning",
                    models.TextField(
                        help_text="As tsquery writes it: `'dark' & 'roast'`, `'@c7'`."
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["word"], name="search_alias"),
                    models.Index(fields=["kind", "source"], name="search_alias_source"),
                ],
            },
        ),
        migrations.RunSQL(ALIASES, UNDO_ALIASES),
        migrations.RunSQL(VOCABULARY, UNDO_VOCABULARY),
        migrations.RunSQL(DISTANCE, "DROP FUNCTION catalog_typing_distance(text, text)"),
        migrations.RunSQL(LOAD, migrations.RunSQL.noop),
        migrations.RunSQL(CORRECTIONS, "DROP FUNCTION catalog_corrections(text)"),
    ]
