"""How a search is read, how products are found by it, and how what was found is marked in texts."""

from importlib import import_module

from django.db import migrations

_LEXEMES = import_module("catalog.migrations.0007_lexemes")
SEPARATORS, LONGEST = _LEXEMES.SEPARATORS, _LEXEMES.LONGEST

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
CREATE FUNCTION catalog_expected_share(query tsquery) RETURNS float8
LANGUAGE plpgsql VOLATILE STRICT AS $$
DECLARE
    plan json;
BEGIN
    EXECUTE format('EXPLAIN (FORMAT JSON) SELECT FROM catalog_product WHERE search @@ %L::tsquery', query) INTO plan;
    RETURN (plan #>> '{{0,Plan,Plan Rows}}')::float8
        / greatest((SELECT reltuples FROM pg_class WHERE oid = 'catalog_product'::regclass), 1);
END $$;
CREATE FUNCTION catalog_read_search(words text, OUT levels tsquery[], OUT widest tsquery)
LANGUAGE plpgsql STABLE STRICT SET jit = off SET enable_seqscan = off SET enable_indexscan = on AS $$
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
    IF catalog_expected_share(asked[6]::tsquery) < 0.05 THEN
        PERFORM set_config('enable_indexscan', 'off', true);
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
# Planned anew for every search: how common its words are, as ANALYZE has seen it, decides between the index of words and a walk
# in the order of the answer. Left alone, the planner takes LIMIT for a reason to walk, and walks a million products to learn
# that no other has the word. With `most`, level after level until there are so many.
FIND = """
CREATE FUNCTION catalog_find_products(words text, on_sale boolean, most integer)
RETURNS TABLE (product_id bigint, relevance numeric)
LANGUAGE plpgsql STABLE ROWS 1000 SET jit = off SET enable_seqscan = off SET enable_indexscan = off SET enable_bitmapscan = on AS $$
DECLARE
    asked  record;
    wanted text := CASE WHEN on_sale THEN ' AND p.is_published AND p.archived_at IS NULL'
        ' AND (p.publish_from IS NULL OR p.publish_from <= now()) AND (p.publish_until IS NULL OR p.publish_until > now())'
        ELSE '' END;
    better tsquery;
    count  integer := 0;
    added  integer;
    known  float8 := 0;
    share  float8;
    walks  boolean;
BEGIN
    SELECT * INTO asked FROM catalog_read_search(words);
    IF asked.widest IS NULL THEN
        RETURN;
    END IF;
    -- Several words meet seldom: one look at the index is cheaper than level after level.
    IF most IS NULL OR cardinality(catalog_search_words(catalog_fold_words(words))) > 1 THEN
        RETURN QUERY EXECUTE format(
            'SELECT p.id, catalog_relevance_in(%L::tsquery[], p.search, p.name_words) FROM catalog_product p'
            ' WHERE p.search @@ %L::tsquery %s', asked.levels, asked.widest, wanted
        );
        RETURN;
    END IF;
    FOR level IN 1..8 LOOP
        CONTINUE WHEN asked.levels[level] IS NULL;
        EXIT WHEN count >= most;
        share := catalog_expected_share(asked.levels[level]);
        walks := share - known >= 0.05;
        known := share;
        PERFORM set_config('enable_indexscan', CASE WHEN walks THEN 'on' ELSE 'off' END, true),
                set_config('enable_bitmapscan', CASE WHEN walks THEN 'off' ELSE 'on' END, true);
        RETURN QUERY EXECUTE format(
            'SELECT p.id, (%s - p.name_words / 1000.0)::numeric(12, 6) FROM catalog_product p WHERE p.search @@ %L::tsquery %s'
            ' ORDER BY p.name_words, p.id DESC LIMIT %s',
            10 - level, asked.levels[level] && coalesce(!!better, ''::tsquery), wanted, most - count
        );
        GET DIAGNOSTICS added = ROW_COUNT;
        count := count + added;
        better := coalesce(better || asked.levels[level], asked.levels[level]);
    END LOOP;
END $$
"""
UNDO_READ = """
DROP FUNCTION catalog_find_products(text, boolean, integer);
DROP FUNCTION catalog_relevance_in(tsquery[], tsvector, smallint);
DROP FUNCTION catalog_read_search(text);
DROP FUNCTION catalog_expected_share(tsquery);
DROP FUNCTION catalog_word_misspelt(text, text);
DROP FUNCTION catalog_word_levels(text);
DROP FUNCTION catalog_quote_skeleton(text, text, integer);
DROP FUNCTION catalog_aliases(text, text[]);
DROP FUNCTION catalog_search_words(text)
"""
# A text with the words that were searched for in <mark>, all else escaped: safe HTML. Null when no word is one of them. A long
# text is cut: `around` words before and after the first.
HIGHLIGHT = rf"""
CREATE FUNCTION catalog_marks(words text, OUT beginnings text[], OUT skeletons text[], OUT whole text[])
LANGUAGE plpgsql STABLE STRICT AS $$
DECLARE
    folded text[] := catalog_search_words(catalog_fold_words(words));
    near   boolean := (SELECT levels[7] IS NOT NULL OR levels[8] IS NOT NULL FROM catalog_read_search(words));
BEGIN
    beginnings := ARRAY(SELECT word FROM unnest(folded) word WHERE word !~ '^[ -~]$');
    skeletons := ARRAY(
        SELECT mark || skeleton FROM unnest(folded) word, LATERAL (VALUES
            ('~', catalog_latin_skeletons(word)), ('^', catalog_ethiopic_skeletons(word)),
            (CASE WHEN near THEN '^' END, catalog_latin_skeletons(word)), (CASE WHEN near THEN '~' END, catalog_ethiopic_skeletons(word))
        ) of (mark, skeleton) WHERE mark IS NOT NULL AND skeleton ~ '^[a-z]{{2,}}$');
    whole := ARRAY(SELECT word FROM unnest(folded) word WHERE word ~ '^[ -~]$')
        || ARRAY(SELECT correction FROM unnest(folded) word, catalog_corrections(word) WHERE near)
        || ARRAY(SELECT lexeme[1]
                   FROM unnest(folded) typed, catalog_searchalias alias, regexp_matches(alias.meaning, $q$'([^']+)'$q$, 'g') lexeme
                  WHERE alias.kind = 't' AND alias.word >= typed COLLATE "C" AND alias.word < (typed || U&'\+10FFFF') COLLATE "C");
END $$;
CREATE FUNCTION catalog_highlight(value text, beginnings text[], skeletons text[], whole text[], around integer) RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE AS $$
    WITH pieces AS (
        SELECT at, piece[1] AS piece, catalog_fold_words(piece[1]) AS folded
          FROM regexp_matches(value, '({SEPARATORS}|[^{SEPARATORS[1:-2]}]+)', 'g') WITH ORDINALITY found (piece, at)
    ), told AS (
        SELECT at, replace(replace(replace(replace(replace(
                   piece, '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), '"', '&quot;'), '''', '&#x27;') AS safe,
               coalesce(folded = ANY (whole), false)
               OR EXISTS (SELECT FROM unnest(beginnings) word
                           WHERE starts_with(folded, word) OR starts_with(folded, 'የ' || word) OR folded = substring(word, '^የ(..+)$'))
               OR coalesce('~' || catalog_ethiopic_skeletons(folded) = ANY (skeletons), false)
               OR coalesce('~' || catalog_ethiopic_skeletons(substring(folded, '^የ(..+)$')) = ANY (skeletons), false)
               OR coalesce('^' || catalog_latin_skeletons(folded) = ANY (skeletons), false) AS is_marked
          FROM pieces
    ), cut AS (
        SELECT min(at) FILTER (WHERE is_marked) AS first, max(at) AS last FROM told
    )
    SELECT CASE WHEN min(cut.first) > 2 * around THEN '…' ELSE '' END
           || string_agg(CASE WHEN is_marked THEN '<mark>' || safe || '</mark>' ELSE safe END, '' ORDER BY at)
           || CASE WHEN min(cut.last) > min(cut.first) + 2 * around THEN '…' ELSE '' END
      FROM told, cut
     WHERE at BETWEEN cut.first - 2 * around + 1 AND cut.first + 2 * around
$$;
CREATE FUNCTION catalog_plain_text(html text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN btrim(regexp_replace(replace(replace(replace(replace(replace(replace(
    regexp_replace(left(html, 20000), '<[^>]*>', ' ', 'g'),
    '&lt;', '<'), '&gt;', '>'), '&quot;', '"'), '&#x27;', ''''), '&nbsp;', ' '), '&amp;', '&'), '\s+', ' ', 'g'))
"""
UNDO_HIGHLIGHT = """
DROP FUNCTION catalog_plain_text(text);
DROP FUNCTION catalog_highlight(text, text[], text[], text[], integer);
DROP FUNCTION catalog_marks(text)
"""


class Migration(migrations.Migration):
    dependencies = [("catalog", "0007_vocabulary")]

    operations = [
        migrations.RunSQL(";".join([READ, RELEVANCE, FIND]), UNDO_READ),
        migrations.RunSQL(HIGHLIGHT, UNDO_HIGHLIGHT),
    ]
