"""What products are found by: folded words, words as they are spelt, Latin skeletons of Ethiopic words; and how a search is read.

`Product.search` holds lexemes without positions. Their first character says what they are; no word begins with one of these:

    coffee      a word, folded, of the names in every language, brand, tags, SKUs, options and attributes
    =Coffee     a word of a name as it is spelt, in lower case only
    -coffee     a word of a description, folded
    ~bon        the skeleton of an Ethiopic word (ቡና), for who types `buna`
    ^bon        the skeleton of a Latin word (buna), for who types ቡና
    @c7 @k7 @b7 its category, collections, brand by id: their names are looked up when somebody searches, so that
                renaming a category of 900,000 products rewrites one row

So the index alone knows how well a product matches (`catalog_read_search` gives one tsquery per level, each wider than the one
before), and nothing has to be ranked row by row.
"""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import migrations, models
from django.db.models import F, Func, Q

# --- Ethiopic ---------------------------------------------------------------------------------
# The block is regular: eight orders (vowels) to a consonant.
ORDERS = 8
HOMOPHONES = {
    0x1210: 0x1200,
    0x1280: 0x1200,
    0x12B8: 0x1200,
    0x1220: 0x1230,
    0x12D0: 0x12A0,
    0x1340: 0x1338,
}
# Letters that readers take for one beside these: ሃ for ሀ, ኣ for አ, and the labialised forms that have two spellings.
ALIKE = dict(
    zip(
        "ሃሓኃኻኣዓኧሇኇሗዃዏቇኯጏኈኊኌኍዀዂዄዅቈቊቌቍኰኲኴኵጐጒጔጕዉ፩፪፫፬፭፮፯፰፱",
        "ሀሀሀሀአአአሆሆኋኋዎቆኮጎሆሂሄሁሆሂሄሁቆቁቄቁኮኩኬኩጎጉጌጉው123456789",
        strict=True,
    )
)
FOLDED = {
    chr(base + order): chr(to + order) for base, to in HOMOPHONES.items() for order in range(ORDERS)
} | ALIKE
# Consonants as Latin spellings of Amharic have them: q is k, c is ch, x is sh; ejectives are not told apart.
CONSONANTS = dict(
    zip(
        range(0x1200, 0x1358, 8),
        "hlhmsrsxkkkkbvtchhnn*kkhhw*zjyddjgggtcpssfp",
        strict=True,
    )
)
ROUNDED = (1, 6)  # the orders u and o, the only vowels that all Latin spellings agree upon
_LATIN = {
    chr(base + order): letter.upper() if order in ROUNDED and letter not in "w*" else letter
    for base, letter in CONSONANTS.items()
    for order in range(ORDERS)
} | {chr(base + order): "O" for base in (0x12A0, 0x12D0) for order in ROUNDED}
SILENT = "".join(letter for letter, latin in _LATIN.items() if latin == "*")
SKELETON = {letter: latin for letter, latin in _LATIN.items() if latin != "*"}

# What parts words: ASCII and general punctuation, marks of direction, Ethiopic punctuation. Spelt out, as what `\W` means
# depends on the database's locale.
SEPARATORS = (
    r"[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00a9\u00ab-\u00b4\u00b6-\u00b9\u00bb-\u00bf\u00d7\u00f7"
    r"\u02b9-\u02c1\u060c\u061b\u061f\u1360-\u1368\u2000-\u206f\u3000-\u303f]+"
)
LONGEST = 60  # letters of a word that count

SPELLING = """
CREATE FUNCTION catalog_as_spelt(value text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN lower(CASE WHEN octet_length(value) = char_length(value) THEN value ELSE normalize(value, NFKC) END)
"""
# More than catalog_fold makes equal (which stays as it is: the column `folded_name` depends on it): all homophones and
# labialised forms, marks of gemination, digits.
FOLDING = rf"""
CREATE FUNCTION catalog_fold_words(value text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE WHEN octet_length(value) = char_length(value) THEN lower(value) ELSE translate(
    regexp_replace(lower(normalize(value, NFKD)), '[\u0300-\u036f\u135d-\u135f\ufe00-\ufe0f]', '', 'g'),
    '{"".join(FOLDED)}', '{"".join(FOLDED.values())}'
) END
"""
# What remains of words when their vowels go, all but u and o (written o): buna, bunna and ቡና are `bon`; injera, enjera and
# እንጀራ `njr`. Of a text of folded words with single spaces between; words of another script are left out, or left as they are.
SKELETONS = rf"""
CREATE FUNCTION catalog_ethiopic_skeletons(words text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE WHEN octet_length(words) = char_length(words) THEN '' ELSE replace(regexp_replace(
    lower(regexp_replace(
        translate(regexp_replace(words, '[a-z]+', '', 'g'), '{"".join(SKELETON) + SILENT}', '{"".join(SKELETON.values())}'),
        '([A-Z])', '\1o', 'g'
    )), '(?<=[a-z])y', '', 'g'), 'oo', 'o') END;
CREATE FUNCTION catalog_latin_skeletons(words text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN regexp_replace(regexp_replace(
    regexp_replace(
        translate(
            replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(
                replace(replace(replace(replace(replace(words,
                'tch', '1'), 'ch', '1'), 'sh', '2'), 'ph', 'f'), 'th', 't'), 'kh', 'h'), 'gh', 'g'), 'zh', 'j'),
                'dj', 'j'), 'ts', 's'), 'tz', 's'), 'gn', 'n'), 'x', 'ks'), 'wo', 'w'), 'wu', 'w'), 'gw', 'g'), 'qu', 'k'),
            'qcu12', 'kkocx'
        ),
        '([a-z])\1+', '\1', 'g'
    ), '[aei]|(?<=[a-z])y|h(?= |$)', '', 'g'), 'oo+', 'o', 'g')
"""
# የቡና (of coffee) is found as ቡና too. HTML's tags and entities are no words. A description counts up to 50,000 characters: a vector has its limits.
LEXEMES = rf"""
CREATE FUNCTION catalog_texts_of(translations jsonb, field text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN translations = '{{}}' OR jsonb_typeof(translations) <> 'object' THEN '' ELSE (
    SELECT coalesce(string_agg(CASE jsonb_typeof(texts.value)
               WHEN 'object' THEN texts.value ->> field
               WHEN 'string' THEN texts.value #>> '{{}}'
           END, ' '), '') FROM jsonb_each(translations) texts
) END;
CREATE FUNCTION catalog_only_words(value text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN regexp_replace(value, '{SEPARATORS}', ' ', 'g');
CREATE FUNCTION catalog_with_stems(words text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE WHEN octet_length(words) = char_length(words) THEN words
            ELSE regexp_replace(' ' || words, ' የ([\u1200-\u135a]{{2,}})', ' የ\1 \1', 'g') END;
CREATE FUNCTION catalog_marked(words text, mark text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN ' ' || mark || replace(words, ' ', ' ' || mark);
CREATE FUNCTION catalog_described_by(html text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN catalog_only_words(catalog_fold_words(regexp_replace(left(html, 50000), '<[^>]*>|&#?[a-zA-Z0-9]+;', ' ', 'g')));
CREATE FUNCTION catalog_lexemes(
    name text, description text, translations jsonb, brand text, tags text[], sku_list text, further_words text,
    tokens text[], category_id bigint, brand_id bigint
) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (
    SELECT array_to_tsvector(ARRAY(
               SELECT left(word, {LONGEST}) FROM string_to_table(every, ' ') word WHERE word NOT IN ('', '=', '-')
                UNION ALL
               SELECT '~' || left(word, {LONGEST}) FROM string_to_table(catalog_ethiopic_skeletons(main), ' ') word
                WHERE word ~ '^[a-z]{{2,}}$'
                UNION ALL
               SELECT '^' || left(word, {LONGEST}) FROM string_to_table(catalog_latin_skeletons(main), ' ') word
                WHERE word ~ '^[a-z]{{2,}}$'
           ))
      FROM (
        SELECT main, concat_ws(' ', main,
                   catalog_only_words(catalog_fold_words(concat_ws(' ', sku_list, further_words, (
                       SELECT string_agg(substr(token, strpos(token, '=') + 1), ' ')
                         FROM unnest(tokens) token WHERE token LIKE 'o:%'
                   )))),
                   catalog_marked(catalog_only_words(catalog_as_spelt(names)), '='),
                   catalog_marked(catalog_described_by(description), '-'),
                   catalog_marked(catalog_described_by(nullif(catalog_texts_of(translations, 'description'), '')), '-'),
                   (SELECT string_agg('@k' || substr(token, 3), ' ') FROM unnest(tokens) token WHERE token LIKE 'c:%'),
                   '@c' || category_id,
                   '@b' || brand_id
               ) AS every
          FROM (
            SELECT names,
                   catalog_with_stems(catalog_only_words(catalog_fold_words(
                       concat_ws(' ', names, brand, array_to_string(tags, ' '))))) AS main
              FROM (SELECT concat_ws(' ', name, catalog_texts_of(translations, 'name')) AS names OFFSET 0) texts
            OFFSET 0
          ) folded
        OFFSET 0
      ) lexemes
);
CREATE FUNCTION catalog_count_words(value text) RETURNS smallint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN least(cardinality(string_to_array(btrim(catalog_only_words(value)), ' ')), 999)::smallint
"""
UNDO_LEXEMES = """
DROP FUNCTION catalog_count_words(text);
DROP FUNCTION catalog_lexemes(text, text, jsonb, text, text[], text, text, text[], bigint, bigint);
DROP FUNCTION catalog_described_by(text);
DROP FUNCTION catalog_marked(text, text);
DROP FUNCTION catalog_with_stems(text);
DROP FUNCTION catalog_only_words(text);
DROP FUNCTION catalog_texts_of(jsonb, text);
DROP FUNCTION catalog_latin_skeletons(text);
DROP FUNCTION catalog_ethiopic_skeletons(text);
DROP FUNCTION catalog_fold_words(text);
DROP FUNCTION catalog_as_spelt(text)
"""

# Attributes, as words: texts, choices, numbers with and without their unit, the year of a date, the name of what is true.
# Locks are those of 0002_availability: products in the order of their ids, after everything else.
FURTHER_WORDS = """
CREATE FUNCTION catalog_refresh_further_words(ids bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF cardinality(ids) = 0 THEN
        RETURN;
    END IF;
    PERFORM FROM catalog_product WHERE id = ANY (ids) ORDER BY id FOR NO KEY UPDATE;
    UPDATE catalog_product product SET further_words = fresh.words
      FROM (
          SELECT parent.id, coalesce(string_agg(CASE attribute.kind
                     WHEN 'number' THEN trim_scale(said.number) || ' ' || attribute.unit || ' ' || trim_scale(said.number) || attribute.unit
                     WHEN 'choice' THEN choice.value
                     WHEN 'boolean' THEN CASE WHEN said.boolean THEN attribute.name END
                     WHEN 'date' THEN to_char(said.date, 'YYYY')
                     ELSE said.text
                 END, ' ' ORDER BY attribute.id), '') AS words
            FROM catalog_product parent
            LEFT JOIN catalog_attributevalue said ON said.product_id = parent.id
            LEFT JOIN catalog_attribute attribute ON attribute.id = said.attribute_id
            LEFT JOIN catalog_attributechoice choice ON choice.id = said.choice_id
           WHERE parent.id = ANY (ids)
           GROUP BY parent.id
      ) fresh
     WHERE product.id = fresh.id AND product.further_words <> fresh.words;
END $$;
CREATE FUNCTION catalog_values_changed_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM catalog_refresh_further_words(ARRAY(SELECT DISTINCT product_id FROM new_rows));
    ELSIF TG_OP = 'DELETE' THEN
        PERFORM catalog_refresh_further_words(ARRAY(SELECT DISTINCT product_id FROM old_rows));
    ELSE
        PERFORM catalog_refresh_further_words(ARRAY(
            SELECT product_id FROM new_rows UNION SELECT product_id FROM old_rows));
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION catalog_attribute_changed_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM catalog_refresh_further_words(ARRAY(
        SELECT DISTINCT product_id FROM catalog_attributevalue
         WHERE CASE TG_ARGV[0] WHEN 'choice' THEN choice_id = NEW.id ELSE attribute_id = NEW.id END));
    RETURN NULL;
END $$;
CREATE TRIGGER words_follow_new_values AFTER INSERT ON catalog_attributevalue
REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION catalog_values_changed_words();
CREATE TRIGGER words_follow_changed_values AFTER UPDATE ON catalog_attributevalue
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION catalog_values_changed_words();
CREATE TRIGGER words_follow_deleted_values AFTER DELETE ON catalog_attributevalue
REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION catalog_values_changed_words();
CREATE TRIGGER words_follow_choices AFTER UPDATE OF value ON catalog_attributechoice
FOR EACH ROW WHEN (OLD.value <> NEW.value) EXECUTE FUNCTION catalog_attribute_changed_words('choice');
CREATE TRIGGER words_follow_attributes AFTER UPDATE OF name, unit ON catalog_attribute
FOR EACH ROW WHEN ((OLD.name, OLD.unit) <> (NEW.name, NEW.unit)) EXECUTE FUNCTION catalog_attribute_changed_words('attribute')
"""
UNDO_FURTHER_WORDS = """
DROP TRIGGER words_follow_attributes ON catalog_attribute;
DROP TRIGGER words_follow_choices ON catalog_attributechoice;
DROP TRIGGER words_follow_deleted_values ON catalog_attributevalue;
DROP TRIGGER words_follow_changed_values ON catalog_attributevalue;
DROP TRIGGER words_follow_new_values ON catalog_attributevalue;
DROP FUNCTION catalog_attribute_changed_words();
DROP FUNCTION catalog_values_changed_words();
DROP FUNCTION catalog_refresh_further_words(bigint[])
"""

# One rewrite of the table for both columns. The release before this one reads `search` too: of what it asks, everything but the
# words of descriptions is found until it is replaced.
COLUMNS = """
SET LOCAL statement_timeout = 0;
SET LOCAL lock_timeout = 0;
ALTER TABLE catalog_product
    DROP COLUMN search,
    ADD COLUMN search tsvector GENERATED ALWAYS AS (catalog_lexemes(
        name::text, description, translations, brand::text, tags::text[], sku_list, further_words, tokens::text[], category_id, brand_id
    )) STORED,
    ADD COLUMN name_words smallint GENERATED ALWAYS AS (catalog_count_words(name::text)) STORED;
CREATE INDEX product_search ON catalog_product USING gin (search);
CREATE INDEX on_sale_by_name_words ON catalog_product (name_words, id DESC) WHERE is_published AND archived_at IS NULL
"""
UNDO_COLUMNS = """
ALTER TABLE catalog_product
    DROP COLUMN name_words,
    DROP COLUMN search,
    ADD COLUMN search tsvector GENERATED ALWAYS AS (catalog_search_vector(name, brand, tags::text[], sku_list, description)) STORED;
CREATE INDEX product_search ON catalog_product USING gin (search)
"""
_OLD_SEARCH = Func(
    F("name"), F("brand"), F("tags"), F("sku_list"), F("description"),
    function="catalog_search_vector", output_field=SearchVectorField(),
)  # fmt: skip
_LEXEMES = Func(
    F("name"), F("description"), F("translations"), F("brand"), F("tags"), F("sku_list"), F("further_words"), F("tokens"),
    F("category"), F("brand_ref"), function="catalog_lexemes", output_field=SearchVectorField(),
)  # fmt: skip
_NAME_WORDS = Func(
    F("name"), function="catalog_count_words", output_field=models.SmallIntegerField()
)


class Migration(migrations.Migration):
    dependencies = [("catalog", "0006_tokens")]

    operations = [
        migrations.RunSQL(";".join([SPELLING, FOLDING, SKELETONS, LEXEMES]), UNDO_LEXEMES),
        migrations.RunSQL(FURTHER_WORDS, UNDO_FURTHER_WORDS),
        migrations.SeparateDatabaseAndState(
            [migrations.RunSQL(COLUMNS, UNDO_COLUMNS)],
            [
                migrations.RemoveIndex("product", "product_search"),
                migrations.RemoveField("product", "search"),
                migrations.AddField(
                    "product",
                    "search",
                    models.GeneratedField(
                        expression=_LEXEMES, output_field=SearchVectorField(), db_persist=True
                    ),
                ),
                migrations.AddField(
                    "product",
                    "name_words",
                    models.GeneratedField(
                        expression=_NAME_WORDS,
                        output_field=models.SmallIntegerField(),
                        db_persist=True,
                    ),
                ),
                migrations.AddIndex("product", GinIndex(fields=["search"], name="product_search")),
                migrations.AddIndex(
                    "product",
                    models.Index(
                        F("name_words"),
                        F("id").desc(),
                        condition=Q(is_published=True, archived_at__isnull=True),
                        name="on_sale_by_name_words",
                    ),
                ),
            ],
        ),
    ]
