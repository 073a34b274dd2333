"""How a search is read: aliases, the vocabulary that misspellings are compared with, and the tsqueries of a search."""

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

# One tsquery per level, each found by the index alone, the first the strictest:
#   1  all words as they are spelt, in names            5  or in descriptions, folded
#   2  names that have words beginning so               6  or as the other script spells them
#   3  folded, in names, brand, tags, SKUs, options,    and only when nothing on sale is found by these
#      attributes, and translations of these            7  or with one letter wrong, or the vowels
#   4  or in the names of category and collections      8  or with two letters wrong
# Levels that add nothing are null; `widest` is the last that is not. A single ASCII letter is no beginning of a word: too much begins with it.
READ = rf"""
CREATE FUNCTION catalog_search_words(value text) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(word), '{{}}')
      FROM (SELECT left(word, {LONGEST}) AS word FROM regexp_split_to_table(value, '{SEPARATORS}') word WHERE word <> '' LIMIT 12) few
$$;
CREATE FUNCTION catalog_aliases(beginning text, kinds text[]) RETURNS text
LANGUAGE sql STABLE STRICT AS $$
    WITH RECURSIVE meant AS (
        SELECT DISTINCT alias.kind, alias.source, alias.meaning FROM catalog_searchalias alias
         WHERE alias.word >= beginning COLLATE "C" AND alias.word < (beginning || U&'\+10FFFF') COLLATE "C" AND alias.kind = ANY (kinds)
         LIMIT 200
    ), shelves AS (
        SELECT source AS id FROM meant WHERE kind = 'c'
         UNION
        SELECT child.id FROM catalog_category child JOIN shelves ON child.parent_id = shelves.id
    )
    SELECT string_agg(meaning, ' | ') FROM (
        SELECT '(' || meaning || ')' AS meaning FROM meant WHERE kind IN ('t', 'b')
         UNION
        SELECT meaning FROM meant WHERE kind = 'k'
           AND EXISTS (SELECT FROM catalog_collection shown WHERE shown.id = meant.source AND shown.is_published)
         UNION
        SELECT catalog_quote_lexeme('@c' || id) FROM shelves
    ) meanings
$$;
CREATE FUNCTION catalog_quote_skeleton(mark text, skeleton text, beginning integer) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE WHEN skeleton ~ '^[a-z]{{2,}}$'
            THEN catalog_quote_lexeme(mark || skeleton) || CASE WHEN char_length(skeleton) >= beginning THEN ':*' ELSE '' END END;
CREATE FUNCTION catalog_word_levels(typed text) RETURNS text[]
LANGUAGE plpgsql STABLE STRICT AS $$
DECLARE
    start text := CASE WHEN typed ~ '^[ -~]$' THEN '' ELSE ':*' END;
    part  text[];
BEGIN
    part[3] := concat_ws(' | ', catalog_quote_lexeme(typed) || start, catalog_aliases(typed, '{{t,b}}'));
    part[4] := concat_ws(' | ', part[3], CASE WHEN start <> '' THEN catalog_aliases(typed, '{{c,k}}') END);
    part[5] := concat_ws(' | ', part[4], catalog_quote_lexeme('-' || typed) || start);
    part[6] := concat_ws(' | ', part[5], catalog_quote_lexeme(substring(typed, '^የ([\u1200-\u135a]{{2,}})$')), coalesce(
        catalog_quote_skeleton('~', catalog_latin_skeletons(typed), 3),
        catalog_quote_skeleton('^', catalog_ethiopic_skeletons(typed), 4)));
    RETURN part;
END $$;
CREATE FUNCTION catalog_word_misspelt(typed text, part text) RETURNS text[]
LANGUAGE plpgsql STABLE STRICT AS $$
DECLARE
    near text := concat_ws(' | ', part, (
        SELECT catalog_quote_lexeme(mark || skeleton)
          FROM (VALUES ('^', catalog_latin_skeletons(typed)), ('~', catalog_ethiopic_skeletons(typed))) of (mark, skeleton)
         WHERE skeleton ~ '^[a-z]{{3,}}$'));
    far  text;
BEGIN
    SELECT concat_ws(' | ', near, string_agg(catalog_quote_lexeme(correction), ' | ') FILTER (WHERE distance = 1)),
           string_agg(catalog_quote_lexeme(correction), ' | ') FILTER (WHERE distance > 1)
      INTO near, far
      FROM catalog_corrections(typed);
    RETURN ARRAY[near, concat_ws(' | ', near, far)];
END $$;
CREATE FUNCTION catalog_read_search(words text, OUT levels tsquery[], OUT widest tsquery)
LANGUAGE plpgsql STABLE STRICT AS $$
DECLARE
    asked  text[] := array_fill(NULL::text, ARRAY[8]);
    folded text[] := catalog_search_words(catalog_fold_words(words));
    typed  text;
    part   text[];
    found  boolean;
BEGIN
    FOREACH typed IN ARRAY catalog_search_words(catalog_as_spelt(words)) LOOP
        typed := catalog_quote_lexeme('=' || typed) || CASE WHEN typed ~ '^[ -~]$' THEN '#' ELSE '' END;
        asked[1] := concat_ws(' & ', asked[1], rtrim(typed, '#'));
        asked[2] := concat_ws(' & ', asked[2], CASE WHEN typed LIKE '%#' THEN rtrim(typed, '#') ELSE typed || ':*' END);
    END LOOP;
    FOREACH typed IN ARRAY folded LOOP
        part := catalog_word_levels(typed);
        FOR i IN 3..6 LOOP
            asked[i] := concat_ws(' & ', asked[i], '(' || part[i] || ')');
        END LOOP;
    END LOOP;
    IF asked[6] IS NULL OR asked[2] IS NULL THEN
        RETURN;
    END IF;
    EXECUTE format(
        'SELECT EXISTS (SELECT FROM catalog_product WHERE search @@ %L::tsquery AND is_published AND archived_at IS NULL'
        ' AND (publish_from IS NULL OR publish_from <= now()) AND (publish_until IS NULL OR publish_until > now()))', asked[6]
    ) INTO found;
    IF NOT found THEN
        FOREACH typed IN ARRAY folded LOOP
            part := catalog_word_misspelt(typed, (catalog_word_levels(typed))[6]);
            asked[7] := concat_ws(' & ', asked[7], '(' || part[1] || ')');
            asked[8] := concat_ws(' & ', asked[8], '(' || part[2] || ')');
        END LOOP;
    END IF;
    FOR i IN 1..8 LOOP
        IF asked[i] IS NOT NULL AND (i = 1 OR asked[i] IS DISTINCT FROM asked[i - 1]) THEN
            widest := asked[i]::tsquery;
            levels[i] := widest;
        END IF;
    END LOOP;
END $$
"""
# 8.998: level 1, a name of two words. Nothing but the product and the words counts.
RELEVANCE = f"""
CREATE FUNCTION catalog_relevance_in(levels tsquery[], search tsvector, name_words smallint) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ((CASE {" ".join(f"WHEN search @@ levels[{i}] THEN {9 - i}" for i in range(1, 9))} ELSE 0 END)
        + 1 - name_words / 1000.0)::numeric(12, 6)
"""
UNDO_READ = """
DROP FUNCTION catalog_relevance_in(tsquery[], tsvector, smallint);
DROP FUNCTION catalog_read_search(text);
DROP FUNCTION catalog_word_misspelt(text, text);
DROP FUNCTION catalog_word_levels(text);
DROP FUNCTION catalog_quote_skeleton(text, text, integer);
DROP FUNCTION catalog_aliases(text, text[]);
DROP FUNCTION catalog_search_words(text)
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
        migrations.RunSQL(READ + ";" + RELEVANCE, UNDO_READ),
    ]
